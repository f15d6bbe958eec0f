/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `osteon show` share. */
#ifndef OST_CLI_SHOW_H
#define OST_CLI_SHOW_H

#include "cli.h"
#include "core/table.h"
#include "results/results.h"

typedef struct {
    double from, to; /* months */
} span_t;

/* A unit of the times in tables. */
typedef struct {
    const char *name;
    double days;
} ost_show_unit_t;

typedef struct {
    ost_memory_t memory; /* of the lists of numbers */
    ost_results_t *results;
    const char *months, *variable, *versus_name, *columns, *csv; /* of the command line */
    bool with_sources;                                           /* of the evidence */
    bool is_journal;                                             /* of a run that may go on */
    size_t n_elements, n_subjects;
    size_t element; /* the only one that is shown, SIZE_MAX: all */
    size_t versus;  /* the arm that is subtracted from others, SIZE_MAX: none */
    ost_experiment_t experiment;
    ost_evidence_t evidence;
    ost_matched_t matched; /* observations, none where the file names no evidence */
    bool has_values;       /* no changes in percent, but values */
    const char *why;       /* has_values */
    double *base, *value;  /* [n_subjects] of the file; then `value` the measure */
    double *other;         /* [n_subjects] the measure of the arm `versus` */
    double *work;          /* [n_subjects] */
    double *medians;       /* [n_models], of those that have values */
    span_t *spans;
    size_t n_spans;
    const ost_show_unit_t *time_unit;        /* month, and what suits a shorter file */
    ost_statistic_t shown[OST_N_STATISTICS]; /* [n_shown] */
    size_t n_shown;
    ost_table_t table;
    size_t first_evidence; /* column of the table; the number of columns without evidence */
    bool has_intervals;    /* of observed values */
    FILE *csv_out;         /* rows of the CSV file so far; NULL where none is asked for */
    char *csv_text;
    size_t csv_size;
} show_t;

/* "model", or "point" of a sweep: what is in front of arms. */
const char *ost_show_part_word(const show_t *self);
/* Print why the first subject-arm failed, if one did. */
void ost_show_print_failure(const ost_results_t *results);
/* That self->variable is a covariate, which has no rows of its own. @return whether it is, and that was said */
bool ost_show_fail_covariate(const show_t *self);
/* Print what the file is of, above the table. */
void ost_show_print_head(const show_t *self, const char *path);
/* Say so where the interval from the 5th to the 95th percentile of so many subjects (`part` 0.9), or that of so many
 * draws, is much narrower than its name. @param word  "subject", "draw" */
void ost_show_print_few(uint64_t n, const char *word, double part);
/* Whether the endpoints of a sweep are shown: nothing else is asked for, or the file has nothing else. */
bool ost_show_is_of_points(const show_t *self);
/* Print, and write where --csv asks for it, every endpoint of a sweep at all points. @return an exit code */
int ost_show_points(show_t *self, const char *path);
/* Whether the file is of draws of parameters. */
bool ost_show_is_of_draws(const show_t *self);
/* Print, for each arm, element and interval of months, the median over draws of the median between subjects, the 95 %
 * interval of that over draws, and the 90 % interval between subjects; and the same of endpoints. @return 0 or an error
 */
int ost_show_print_draws(show_t *self, const char *path, ost_error_t *err);
/* The measure of the rows of the table, of the subjects that did not fail, of the part results->i_model. @return 0 or
 * an error */
int ost_show_sample(
    show_t *self, size_t arm, size_t element, span_t span, ost_sample_t *out, ost_error_t *err) OST_MUST_CHECK;
/* Whether the variable is shown as values: percent changes need baselines above zero, for all subjects, arms and
 * models.
 * @return 0 or an error */
int ost_show_find_baseline(show_t *self, ost_error_t *err) OST_MUST_CHECK;
/* The month of the output time that stands for one asked for, where these differ by more than roundings. */
double ost_show_month(const show_t *self, double month);
/* Say which times are shown in the place of those asked for. */
void ost_show_print_months(const show_t *self);
/* Choose the unit of times for the file. */
void ost_show_find_time_unit(show_t *self);
/* The time that stands for a month, in that unit. */
double ost_show_in_unit(const show_t *self, double month);
/* Add the column of times, "month". */
void ost_show_add_time_column(const show_t *self, ost_table_t *table);
/* Add the cell of an interval: its end, and its start where that is not the baseline. */
void ost_show_add_times(const show_t *self, ost_table_t *table, span_t span);
/* Read the evidence that the experiment in the file names. A file whose table is missing is still shown, without it.
 * @return an exit code, of what is wrong with the evidence */
int ost_show_read_evidence(show_t *self) OST_MUST_CHECK;
/* Keep the observations of the variable that is shown, of all where it is NULL, in its unit. @return an exit code */
int ost_show_place_evidence(show_t *self) OST_MUST_CHECK;
/* How many subjects had begun or ended each subject-specific dosing schedule by the months shown. @return 0 or an error
 */
int ost_show_print_schedules(const show_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Begin the CSV file that --csv asks for: its head. @return 0 or OST_ERR_NO_MEMORY */
int ost_show_csv_begin(show_t *self, ost_error_t *err) OST_MUST_CHECK;
/* A row of all statistics; of a difference between arms, those that it has. @param arm  as "a" or "a - b"
 * @param model  "" where the file has one model @param measure  of the row @param observation  NULL: none beside
 * it @param simulated  what it is compared with */
void ost_show_csv_row(show_t *self, const char *arm, size_t element, span_t span, const char *model,
    const char *measure, const ost_sample_t *of, const ost_observation_t *observation, double simulated);
/* Below the rows of a table, whose observation they have beside them. */
void ost_show_add_source(show_t *self, ost_table_t *table, const ost_evidence_row_t *row);
/* Print the observations of the variable that are no changes in percent. @return 0 or an error */
int ost_show_print_measures(show_t *self, ost_error_t *err) OST_MUST_CHECK;
/* The unit that the numbers of an observation are in, as a person writes it. @return buf */
char *ost_show_unit_of(const ost_observation_t *observation, char *buf, size_t size);
/* Write the file. @return 0, OST_ERR_IO or OST_ERR_NO_MEMORY */
int ost_show_csv_end(show_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Say what the values of a run do not contain, and which command gives it. @return 0 or OST_ERR_NO_MEMORY */
int ost_show_print_uncertainty(const show_t *self, ost_error_t *err);
/* The unit of the measures: that of the variable, or % of its baseline. */
const char *ost_show_unit(const show_t *self);

#endif
