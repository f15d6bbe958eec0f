/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of observed data against a result file: what `osteon report --data` draws. */
#ifndef OST_CLI_PREDICTIVE_CHECK_H
#define OST_CLI_PREDICTIVE_CHECK_H

#include "cli.h"
#include "input/observed.h"
#include "observe/match.h"
#include "observe/vpc.h"

typedef struct {
    ost_memory_t memory;          /* of all lists */
    ost_results_t *results;       /* borrowed */
    const ost_matched_t *matched; /* observations of the file, borrowed */
    const char *output;           /* that DV observes, NULL: the only element of the default variable */
    const char *variable;         /* of it */
    char name[160];               /* "bmd[total_hip]" */
    size_t element;
    ost_observed_t observed;
    double *time, *value;               /* [observed.n] */
    size_t *person;                     /* [observed.n] */
    double *base, *other;               /* [n_subjects] */
    const ost_experiment_t *experiment; /* of the file, borrowed */
    size_t *row_of_subject; /* [n_subjects] of a table of doses, whose IDs are those of the data; else NULL */
    size_t *row_of_person;  /* [observed.n] of the persons of an arm, then of the next; NULL as well */
    size_t arm;             /* that is read */
    ost_vpc_t vpc;
    ost_text_list_t ignore, notes; /* columns that are left out; what a reader of the check must be told */
} ost_predictive_check_t;

/* Read the table `path` and compare with the file of an experiment; self has results, output and ignore. Free it in any
 * case. @return an exit code, having said what is wrong */
int ost_cli_predictive_check(
    ost_predictive_check_t *self, const ost_experiment_t *experiment, const char *path, uint64_t seed);
void ost_cli_predictive_check_free(ost_predictive_check_t *self);

#endif
