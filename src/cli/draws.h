/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment with draws of parameters: a sweep over the rows of a table that a fit wrote. */
#ifndef OST_CLI_DRAWS_H
#define OST_CLI_DRAWS_H

#include "sweep.h"

typedef struct {
    const char *parameters;   /* as --parameters names a table; NULL: none, which is an error unless repeats */
    uint64_t n_draws;         /* UINT64_MAX: all; 0: none, but the estimate */
    bool repeats;             /* the draws that the file records which is run */
    bool has_subject, is_dry; /* options that exclude draws */
} ost_draws_asked_t;

/* Draws of a table as what a sweep of the experiment varies last, or, where none is asked for or there, the estimate as
 * settings before the others. @param[in,out] sweep  n_drawn is 0 then @return an exit code */
int ost_cli_add_draws(
    const char *name, const ost_draws_asked_t *asked, ost_text_list_t *overrides, ost_sweep_asked_t *sweep, bool quiet);
/* Simulate and print the two intervals. @param how  of ost_cli_simulate() @return an exit code */
int ost_cli_run_draws(
    const char *name, const ost_draws_asked_t *asked, ost_text_list_t *overrides, int isa, const ost_simulation_t *how);

/* Options --parameters and --draws. @param type  has the members parameters and n_draws, UINT64_MAX where not given */
#define OST_OPTIONS_DRAWS(type)                                                                                        \
    { "parameters", "TABLE.csv",                                                                                       \
        "a table of draws that 'osteon fit' wrote, or 'flagship', which comes with osteon: the same subjects "         \
        "with each, for the uncertainty of results",                                                                   \
        .target = OST_WORD(type, parameters) },                                                                        \
    {                                                                                                                  \
        "draws", "N",                                                                                                  \
            "so many of the table's draws, at equal distances, or 0: its estimate alone; default: all it has",         \
            .target = OST_NUMBER(type, n_draws), .upper = OST_MAX_POINTS                                               \
    }

#endif
