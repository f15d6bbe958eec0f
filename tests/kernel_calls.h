/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_KERNEL_CALLS_H
#define OST_KERNEL_CALLS_H

#include "core/lanes.h"
#include "lang/kernel.h"
#include "lang/model.h"

/* Rates, and entries of all rows, of states and of drives, in the model's order. */
static inline void all_entries(
    const ost_model_t *model, const ost_kernel_t *kernel, const ost_kernel_args_t *at, double *f, double *entries)
{
    kernel->jacobian(kernel, at, f, entries);
    for (size_t i = 0; i < model->n_drives; i++)
        kernel->drive_jacobian(kernel, at, i, entries + (size_t) model->first_entry[i] * OST_LANES);
}

#endif
