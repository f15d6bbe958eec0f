/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment with draws of parameters: a sweep over the rows of a table that a fit wrote. */
#ifndef OST_CLI_DRAWS_H
#define OST_CLI_DRAWS_H

#include "cli.h"

typedef struct {
    const char *table;        /* NULL: none, which is an error unless repeats */
    size_t n_draws;           /* SIZE_MAX: all; 0: none, but the estimate */
    bool repeats;             /* the draws that the file records which is run */
    bool has_subject, is_dry; /* options that exclude draws */
} ost_draws_asked_t;

/* Simulate and print the two intervals. @param how  of ost_cli_simulate() @return an exit code */
int ost_cli_run_draws(
    const char *name, const ost_draws_asked_t *asked, ost_text_list_t *overrides, int isa, const ost_simulation_t *how);

#endif
