/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps: what is asked on a command line or recorded in a file, and the plans of all points. */
#ifndef OST_CLI_SWEEP_H
#define OST_CLI_SWEEP_H

#include "cli.h"

typedef struct {
    ost_design_kind_t kind;
    ost_text_list_t vary; /* PATH=VALUES */
    size_t n_drawn;       /* the last of these: parameters, with draws at each point */
    uint64_t n_points;    /* 0: not said */
    uint64_t seed;        /* of the design */
    ost_keep_t keep;      /* OST_N_KEEPS: as the experiment says */
} ost_sweep_asked_t;

/* What a result file or a journal records of a sweep. @param[out] is_sweep  whether it is of one @return an exit code
 */
int ost_cli_recorded_sweep(const char *path, ost_sweep_asked_t *asked, bool *is_sweep);
void ost_cli_sweep_free(ost_sweep_asked_t *self);
/* Plan an experiment as it is, make the points of the sweep, try those at the ends of what is varied, and act. The plan
 * of a point is made by its sweep's function. @param isa  -1: the experiment's @return an exit code */
int ost_cli_plan_sweep(const char *name, const ost_sweep_asked_t *asked, const ost_text_list_t *overrides, int isa,
    ost_cli_act_t act, const void *how);

#endif
