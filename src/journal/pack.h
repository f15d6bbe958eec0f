/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a block as chunks of a result file: bytes of one significance together (shuffle), then deflate, as HDF5's own
 * pipeline would make them. */
#ifndef OST_JOURNAL_PACK_H
#define OST_JOURNAL_PACK_H

#include "journal/columns.h"

/* Scratch of one thread. */
typedef struct ost_packer ost_packer_t;

/* Subjects of a chunk: a block, or the whole cohort where it is smaller. */
size_t ost_chunk_subjects(const ost_experiment_t *e);
/* A value as a result file has it: in its precision, rounded to its digits. */
double ost_packed_value(const ost_experiment_t *e, double x);
/* @return owned by the caller, NULL: out of memory */
ost_packer_t *ost_packer_new(const ost_experiment_t *e);
/* Accepts NULL. */
void ost_packer_delete(ost_packer_t *self);
/* A row of a block, y[n_subjects] `stride` apart, as values of a file; relative to that of time i_zero unless it is
 * SIZE_MAX; NaN where that is 0 or the ratio beyond the type. @return [subjects of a chunk][n_times] float or double,
 * NAN beyond n_subjects; in self until the next call
 */
const void *ost_packer_values(ost_packer_t *self, const double *y, size_t stride, size_t n_subjects, size_t i_zero);
/* The same as a chunk: shuffled and deflated where the experiment is compressed, with the check of HDF5's fletcher32
 * behind it. @return [*size] bytes, in self until the next call */
const void *ost_packer_pack(
    ost_packer_t *self, const double *y, size_t stride, size_t n_subjects, size_t i_zero, size_t *size);

/* The values of a chunk that ost_packer_pack() made. @param[out] y  [n_subjects][n_times] @return 0, OST_ERR_FORMAT (it
 * has other bytes) or OST_ERR_NO_MEMORY */
int ost_packer_unpack(ost_packer_t *self, const void *chunk, size_t size, size_t n_subjects, double *y) OST_MUST_CHECK;

#endif
