/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sensitivity analysis: what the files of `osteon sensitivity` share. */
#ifndef OST_CLI_SENSITIVITY_H
#define OST_CLI_SENSITIVITY_H

#include "analysis/evaluate.h"
#include "cli.h"
#include "core/memory.h"
#include "journal/values.h"

typedef struct {
    char *name, *text, *unit; /* "hip"; what it is; of its value */
    const double *y;          /* [n_points] */
    ost_index_t *indices;     /* [n_groups][OST_N_INDICES] */
} ost_analysed_t;

/* What is asked on the command line. */
typedef struct {
    ost_identity_t recorded; /* of a file that is repeated, to which words point */
    const char *method, *by, *table, *output, *csv, *shard, *isa, *progress;
    uint64_t n_trajectories, n_levels, n_base, seed, n_threads; /* 0: not said */
    bool force, quiet, resume, restart;
    ost_text_list_t of, over, vary, group, overrides;
} ost_sensitivity_arguments_t;

/* An analysis with its results. */
typedef struct {
    ost_memory_t memory; /* of all arrays */
    char *table;         /* of draws, named or those that come with osteon; owned */
    size_t *chosen;      /* [n_endpoints] of the experiment */
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan; /* of the experiment as it is */
    ost_factors_t factors;
    ost_factor_source_t source;
    bool is_of_all;          /* no parameters are named */
    bool without_parameters; /* factors are entries of --vary alone */
    ost_sensitivity_t design;
    ost_text_list_t groups; /* names; a factor of its own has its own */
    size_t *group;          /* [factors.n] */
    size_t n_points;
    double *u, *y; /* [n_points][factors.n]; [n_endpoints][n_points] */
    bool is_given; /* points and values are those of a sweep: u has values of the factors; of words, their number */
    ost_design_kind_t of_sweep; /* how its points were chosen */
    size_t *n_levels;           /* [factors.n] of a grid, else NULL */
    ost_analysed_t *endpoints;
    size_t n_endpoints;
    ost_identity_t identity; /* facts of the plan and what is asked, as result file and journal have them */
    ost_values_t kept;       /* what the journal has */
    ost_values_took_t took;  /* of all sessions that it has, or of this one */
    ost_values_log_t *log;   /* open for writing; NULL: none */
    bool *done;              /* [n_points] */
} ost_analysis_t;

/* Facts of an analysis besides OST_ANALYSIS_METHOD. */
#define ANALYSIS_OF "analysis_of"
#define ANALYSIS_OVER "analysis_over"
#define ANALYSIS_VARY "analysis_vary"
#define ANALYSIS_GROUPS "analysis_groups"
#define ANALYSIS_TABLE "analysis_table"
#define ANALYSIS_PARAMETERS "analysis_parameters"
#define ANALYSIS_SEED "analysis_seed"
#define ANALYSIS_TRAJECTORIES "analysis_trajectories"
#define ANALYSIS_LEVELS "analysis_levels"
#define ANALYSIS_BASE "analysis_base_samples"
#define ANALYSIS_POINTS "analysis_points"
#define ANALYSIS_INPUTS "analysis_inputs"
#define ANALYSIS_POINTS_OF "analysis_points_of" /* of an analysis of a sweep: its design */

/* How points are run. */
typedef struct {
    const char *output; /* NULL: no journal */
    ost_shard_t shard;  /* n 0: all points */
    ost_resume_t resume;
    int n_threads;
    ost_cli_progress_t progress;
} ost_analysis_how_t;

/* Read and plan the experiment, find endpoints, inputs and groups, and make the points; self has its method. @param a
 * with further overrides afterwards @param isa  -1: the experiment's @return an exit code */
int ost_analysis_prepare(ost_analysis_t *self, const char *name, ost_sensitivity_arguments_t *a, int isa);
/* Whether the points of a sweep are analysed: what is named is its file; options that ask for other points are refused.
 * @param[out] is @return an exit code */
int ost_analysis_is_given(const char *name, const ost_sensitivity_arguments_t *a, bool *is);
/* Prepare the analysis of a sweep. @return an exit code */
int ost_analysis_take_sweep(ost_analysis_t *self, const char *name, const ost_sensitivity_arguments_t *a);
/* Endpoints that are asked for, all of the experiment without a name; n_endpoints and chosen. @return an exit code */
int ost_analysis_choose(ost_analysis_t *self, const ost_text_list_t *of);
/* Of inputs whose correlation excludes parts of the variance. @return an exit code, having said why */
int ost_analysis_check_correlation(const ost_analysis_t *self, const char *what, const char *remedy);
/* Evaluate the points, unless they were, and make the indices, unless of a shard. @return an exit code, INTERRUPTED
 * without indices */
int ost_analysis_run(ost_analysis_t *self, ost_analysis_how_t *how);
/* Indices of every endpoint. @return an exit code */
int ost_analysis_make_indices(ost_analysis_t *self);
/* Note what is asked, from which the points are made again. @return an exit code */
int ost_analysis_note(ost_analysis_t *self, const ost_sensitivity_arguments_t *a);
/* Whether the result may take the place of what is there; says which it is. @return an exit code */
int ost_analysis_check_replaced(const ost_analysis_t *self, const char *output, bool quiet);
/* Begin the facts with those of the plan, by what makes the points. @return 0 or OST_ERR_NO_MEMORY */
int ost_analysis_identify(ost_analysis_t *self, const char *parameters, ost_error_t *err) OST_MUST_CHECK;
/* Memory of what a journal has: `kept`. @return 0 or OST_ERR_NO_MEMORY */
int ost_analysis_prepare_kept(ost_analysis_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Open the journal of an analysis, with the points that it has. @param[out] is_complete  all that is asked for is there
 * already, and said so @return an exit code */
int ost_analysis_open(ost_analysis_t *self, const ost_analysis_how_t *how, bool *is_complete);
/* Of the result file or a journal of an analysis: take what was asked where `a` does not say it: endpoints, inputs,
 * points of the method. Other files leave it as it is. @return an exit code */
int ost_analysis_recall(const char *path, ost_sensitivity_arguments_t *a);
void ost_analysis_free_arguments(ost_sensitivity_arguments_t *self);
/* Whether a file is the journal of an analysis. @return an exit code */
int ost_analysis_is_journal(const char *path, bool *is);
/* Make the result file of the shards of an analysis. @return an exit code */
int ost_analysis_merge(const ost_text_list_t *shards, const char *output, bool force, bool quiet);
/* Say how many points the journal of an analysis has. @return an exit code */
int ost_analysis_show_journal(const char *path);
/* Accepts a zeroed one. */
void ost_analysis_free(ost_analysis_t *self);
/* Print what was done, and a table for each endpoint. @return 0 or OST_ERR_NO_MEMORY */
int ost_analysis_print(const ost_analysis_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/* Write a result file: indices over (endpoint, input), points and values of the endpoints there. @return 0 or an error
 */
int ost_analysis_write(const ost_analysis_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Write as CSV: a function for ost_cli_write(). */
int ost_analysis_put_csv(const void *self, FILE *out, ost_error_t *err);

#endif
