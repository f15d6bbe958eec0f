/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sensitivity analysis: what the files of `osteon sensitivity` share. */
#ifndef OST_CLI_SENSITIVITY_H
#define OST_CLI_SENSITIVITY_H

#include "analysis/evaluate.h"
#include "cli.h"

typedef struct {
    char *name, *text, *unit; /* "hip"; what it is; of its value; owned */
    const double *y;          /* [n_points] */
    ost_index_t *indices;     /* [n_groups][OST_N_INDICES]; owned */
} ost_analysed_t;

/* What is asked on the command line. */
typedef struct {
    const char *method, *by, *table, *output, *csv, *isa, *progress;
    uint64_t n_trajectories, n_levels, n_base, seed, n_threads; /* 0: not said */
    bool force, quiet;
    ost_text_list_t of, over, vary, group, overrides;
} ost_sensitivity_arguments_t;

/* An analysis with its results. */
typedef struct {
    char *table;    /* of draws that come with osteon; owned */
    size_t *chosen; /* [n_endpoints] of the experiment; owned */
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan; /* of the experiment as it is */
    ost_factors_t factors;
    ost_factor_source_t source;
    bool without_parameters; /* factors are entries of --vary alone */
    ost_sensitivity_t design;
    ost_text_list_t groups; /* names; a factor of its own has its own */
    size_t *group;          /* [factors.n] */
    size_t n_points;
    double *u, *y; /* [n_points][factors.n]; [n_endpoints][n_points] */
    bool is_given; /* points and values are those of a sweep: u has values of the factors; of words, their number */
    ost_design_kind_t of_sweep; /* how its points were chosen */
    size_t *n_levels;           /* [factors.n] of a grid, else NULL; owned */
    ost_analysed_t *endpoints;
    size_t n_endpoints;
    ost_evaluated_t took;
} ost_analysis_t;

/* Whether `text` is one of the words of an option; *out stays for NULL. Says so if not. */
bool ost_analysis_word(const char *option, const char *text, const char *const *words, size_t n, int *out);
/* Read and plan the experiment, find endpoints, inputs and groups, and make the points; self has its method. @param a
 * with further overrides afterwards @param isa  -1: the experiment's @return an exit code */
int ost_analysis_prepare(ost_analysis_t *self, const char *name, ost_sensitivity_arguments_t *a, int isa);
/* Whether the points of a sweep are analysed: what is named is its file, and nothing asks for points of another design.
 * @param[out] is @return an exit code */
int ost_analysis_is_given(const char *name, const ost_sensitivity_arguments_t *a, bool *is);
/* Prepare the analysis of a sweep. @return an exit code */
int ost_analysis_take_sweep(ost_analysis_t *self, const char *name, const ost_sensitivity_arguments_t *a);
/* Endpoints that are asked for, all of the experiment without a name; n_endpoints and chosen. @return an exit code */
int ost_analysis_choose(ost_analysis_t *self, const ost_text_list_t *of);
/* Of inputs whose correlation excludes parts of the variance. @return an exit code, having said why */
int ost_analysis_check_correlation(const ost_analysis_t *self, const char *what, const char *remedy);
/* Evaluate the points, unless they were, and make the indices. @return an exit code, INTERRUPTED without indices */
int ost_analysis_run(ost_analysis_t *self, const ost_sensitivity_arguments_t *a, ost_cli_progress_t *progress);
/* Accepts a zeroed one. */
void ost_analysis_free(ost_analysis_t *self);
/* Order of the groups by the size of the first index, the largest first. @param[out] order  [n_groups] */
void ost_analysis_sort(const ost_analysis_t *self, const ost_analysed_t *of, size_t *order);
/* The factor that a group alone consists of; NULL: it has several. */
const ost_factor_t *ost_analysis_factor(const ost_analysis_t *self, size_t group);
/* Print what was done, and a table for each endpoint. @return 0 or OST_ERR_NO_MEMORY */
int ost_analysis_print(const ost_analysis_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/* Write a result file: indices over (endpoint, input), points and values of the endpoints there. @return 0 or an error
 */
int ost_analysis_write(const ost_analysis_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Write as CSV: a function for ost_cli_write(). */
int ost_analysis_put_csv(const void *self, FILE *out, ost_error_t *err);

#endif
