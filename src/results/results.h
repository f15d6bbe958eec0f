/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file results.h  Result files (HDF5 that xarray, netCDF4 and R open without help). */
#ifndef OST_RESULTS_RESULTS_H
#define OST_RESULTS_RESULTS_H

#include "core/text.h"
#include "core/vocabulary.h"
#include "journal/journal.h"

/** Write the result file `path` from a journal: all blocks that are in it, beside `path` until the file is whole and on
 *  the disk. Of several plans, outputs, `status` and counts have a dimension `model` in front, of a sweep those of its
 *  design, over which its endpoints are as well. Arms and elements of
 *  indices are those of all models; NaN (`status`: not run) stands where a model has none. The subjects are the
 *  same in all: their covariates, and parameters by the names of their models, are there once.
 *  @return 0, OST_ERR_IO, OST_ERR_FORMAT (the journal was damaged since it was written) or OST_ERR_NO_MEMORY */
int ost_results_write(const ost_journal_t *journal, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Bytes that a file takes for one part while it is written, besides those of the part's blocks in the journal. */
double ost_results_room(const ost_columns_t *columns, ost_keep_t keep);
/** The same of the whole file. */
#define OST_RESULTS_SPARE_BYTES (1 << 21)

/** What a file that keeps quantiles has of each output, over its arms, elements and times: X(MEMBER, ending of the
 *  dataset's name, whether it is of percent changes, meaning). */
#define OST_SUMMARIES(X)                                                                                               \
    X(OST_SUMMARY_QUANTILES, "", false, "quantiles between subjects")                                                  \
    X(OST_SUMMARY_MEAN, "_mean", false, "mean")                                                                        \
    X(OST_SUMMARY_SD, "_sd", false, "standard deviation between subjects")                                             \
    X(OST_SUMMARY_N, "_n", false, "subjects with a value")                                                             \
    X(OST_SUMMARY_CHANGES, "_change", true, "quantiles of the percent change from time 0")                             \
    X(OST_SUMMARY_CHANGE_MEAN, "_change_mean", true, "mean percent change from time 0")                                \
    X(OST_SUMMARY_CHANGE_SD, "_change_sd", true, "standard deviation of the percent change from time 0")               \
    X(OST_SUMMARY_CHANGE_N, "_change_n", true, "subjects with a percent change from time 0")
/** See OST_SUMMARIES. */
typedef enum { OST_SUMMARIES(OST_MEMBER) OST_N_SUMMARIES } ost_summary_kind_t;
/** Number of levels of the quantiles, and the places of those that `show` prints. */
enum { OST_N_LEVELS = 17, OST_LEVEL_Q05 = 3, OST_LEVEL_MEDIAN = 8, OST_LEVEL_Q95 = 13 };
/** Levels of the quantiles, ascending. */
extern const double ost_levels[OST_N_LEVELS];

/** A variable of a result file: an output of the models. */
typedef struct {
    char *unit;               /**< as the model writes it */
    ost_text_list_t elements; /**< "lumbar_spine", ...; none of a scalar */
    bool is_double;           /**< its values have the digits of a double, not those of a float */
} ost_results_variable_t;

/** A result file being read, a piece at a time. To be read only, but for i_model. */
typedef struct {
    char *path;                           /**< of the file */
    ost_text_list_t models, arms, labels; /**< models: of a joined file, or points of a sweep; labels: of arms */
    size_t i_model;                       /**< which of `models` ost_results_read() reads */
    ost_design_t design;                  /**< of a sweep: kind, points, names, units and values; else no axes */
    ost_text_list_t endpoints;            /**< names, of a sweep */
    ost_keep_t keep;                      /**< ENDPOINTS: it has neither arms, nor subjects, nor variables */
    bool is_analysis;                     /**< of `osteon sensitivity` (results/arrays.h): as with ENDPOINTS */
    size_t n_subjects, n_times;           /**< in the order of the last two dimensions of a variable */
    double *times;                        /**< [n_times] d */
    ost_text_list_t schedules;            /**< the subject-specific regimen lines ("zoledronic_acid";
                                               "zoledronic_acid_2" for an arm's second line of it) */
    ost_text_list_t names;                /**< of the variables */
    ost_results_variable_t *variables;    /**< [names.n] */
    ost_identity_t
        attributes; /**< of the root, as texts; ost_identity_compare() says whether a run would give the same */
    int64_t file;   /**< of HDF5 */
    struct {
        double *values; /**< [n_subjects][n_times] */
        size_t variable, model, arm, element, first_time, n_times;
    } cache; /**< of ost_results_read() */
} ost_results_t;

/** Open for reading. @return 0, OST_ERR_IO, or OST_ERR_FORMAT (damaged, truncated, not osteon's) */
int ost_results_open(ost_results_t **self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Close and free. Accepts NULL. */
void ost_results_close(ost_results_t *self);
/** A variable by its name, NULL if there is none; owned by self. */
const ost_results_variable_t *ost_results_variable(const ost_results_t *self, const char *name);
/** Name of dimension k in front of arms: of a varied entry of a grid, "draw", "point", or "model" of several models.
 *  @param design  NULL or without axes: no sweep @return borrowed of the design */
const char *ost_results_front_name(const ost_design_t *design, size_t k);
/** Elements of variable `name` (3 for bmd at three sites, 1 for a scalar), 0 if there is no such variable. */
size_t ost_results_n_elements(const ost_results_t *self, const char *name);
const char *ost_results_element(
    const ost_results_t *self, const char *name, size_t i_element); /**< "lumbar_spine"; "" for a scalar */
/** Values of one variable, arm and element at one time for all subjects. @param[out] values [n_subjects], NaN where a
 * subject failed */
int ost_results_read(ost_results_t *self, const char *name, size_t i_arm, size_t i_element, size_t i_time,
    double *values, ost_error_t *err) OST_MUST_CHECK;
/** Values of one variable, arm and element of n subjects from the `first` on, counted from 0, at all times.
 *  @param[out] values  [n][n_times] NaN where there is no value @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_block(ost_results_t *self, const char *name, size_t i_arm, size_t i_element, size_t first,
    size_t n, double *values, ost_error_t *err) OST_MUST_CHECK;
/** Status of a subject in an arm: X(NAME, "word"). */
#define OST_SUBJECT_STATUSES(X) X(OK, "ok") X(FAILED, "failed") X(NOT_ELIGIBLE, "not_eligible") X(NOT_RUN, "not_run")
/** A member of the following. */
#define OST_SUBJECT(NAME, word) OST_SUBJECT_##NAME,
/** Status of a subject in an arm. */
typedef enum { OST_SUBJECT_STATUSES(OST_SUBJECT) } ost_subject_status_t;
/** Status of n subjects from the `first` on. Who is not eligible has no value of any output. @param work  [n][n_times]
 *  @param[out] statuses  [n] @return as ost_results_read_block() */
int ost_results_read_subject_status(ost_results_t *self, size_t i_arm, size_t first, size_t n, double *work,
    uint8_t *statuses, ost_error_t *err) OST_MUST_CHECK;
/** What a file that keeps quantiles has of one variable, arm and element at all times. @param[out] values  [n_times],
 * of quantiles [OST_N_LEVELS][n_times]; NaN where there is none @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_summary(ost_results_t *self, const char *name, ost_summary_kind_t kind, size_t i_arm,
    size_t i_element, double *values, ost_error_t *err) OST_MUST_CHECK;
/** Append the names of what the file has one number of for each subject: subject_number and stratum where they were
 *  enrolled, covariates, then parameters that differ
 *  between subjects ("aibl.k_C"). @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_list_columns(const ost_results_t *self, ost_text_list_t *names, ost_error_t *err) OST_MUST_CHECK;
/** Values of one of these, or "subject", of n subjects from the `first` on. @param[out] values  [n], NaN
 *  of subjects that were not run
 *  @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_column(
    ost_results_t *self, const char *name, size_t first, size_t n, double *values, ost_error_t *err) OST_MUST_CHECK;
/** Unit and meaning of a variable, a coordinate, or one of the names above. @param[out] unit, meaning  owned by the
 *  caller; NULL where the file does not say @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_meaning(
    const ost_results_t *self, const char *name, char **unit, char **meaning, ost_error_t *err) OST_MUST_CHECK;
/** When each subject of an arm first began a schedule, or (`ended`) first ended it, d; NaN where never, or where the
 * arm has no such line. @param[out] values  [n_subjects] */
int ost_results_read_schedule(
    ost_results_t *self, size_t i_schedule, size_t i_arm, bool ended, double *values, ost_error_t *err) OST_MUST_CHECK;
/** Which values of an endpoint of a sweep. */
typedef enum {
    OST_ENDPOINT_VALUE,      /**< the statistic that was asked for */
    OST_ENDPOINT_LOWER,      /**< 5th percentile between subjects, of the difference where an arm is subtracted */
    OST_ENDPOINT_UPPER,      /**< 95th */
    OST_ENDPOINT_N_SUBJECTS, /**< with a value */
    OST_ENDPOINT_ERROR       /**< standard error by their number; NaN where it is not known, or the file is older */
} ost_endpoint_column_t;
/** An endpoint of a sweep at all points. @param[out] values  [design.n_points] NaN where no subject has one @param[out]
 * text, unit  what it is, its unit; owned by the caller, NULL where the file does not say; may be NULL
 *  @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_endpoint(ost_results_t *self, size_t i, ost_endpoint_column_t column, double *values, char **text,
    char **unit, ost_error_t *err) OST_MUST_CHECK;
/** An endpoint of a sweep with draws, at its points without these (ost_design_without_draws()).
 *  @param[out] values  [OST_N_DRAWN + 1][n_points] what ost_drawn() gives, and the subjects of the draw that has most
 *  @param[out] text, unit  as above, not NULL @return as above */
int ost_results_read_drawn(
    ost_results_t *self, size_t i, double *values, char **text, char **unit, ost_error_t *err) OST_MUST_CHECK;
/** The tables of an analysis as they were printed. @param[out] text  owned by the caller, NULL on error @return 0,
 *  OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_report(const ost_results_t *self, char **text, ost_error_t *err) OST_MUST_CHECK;
/** Comment behind the settings that --subject makes, in the attribute "overrides", before "6 of mine.h5". */
#define OST_SUBJECT_MARK " # subject "
/** The next change of the experiment that a file is of. @param[in,out] at  NULL: the first @param[out] text  [size] the
 *  change, or the subject whose settings --subject made in its place @return false after the last */
bool ost_results_next_change(const ost_results_t *self, const char **at, bool *is_subject, char *text, size_t size);
/** A root attribute as text ("experiment", "overrides", "osteon_version", ...), NULL if absent; owned by self. */
const char *ost_results_attribute(const ost_results_t *self, const char *name);
/** The experiment that a result file was made from: its text, the overrides of then, the texts of models that are not
 *  built in, and the instruction set if this machine has it. To plan and run it gives the same values again.
 *  @param overrides  [n_overrides] as of ost_experiment_read, applied after those of the file
 *  @return 0, OST_ERR_FORMAT (a file without its experiment), or as ost_experiment_read */
int ost_results_experiment(const ost_results_t *self, const char *const *overrides, size_t n_overrides,
    ost_experiment_t *experiment, ost_error_t *err) OST_MUST_CHECK;
/** Number of failed subject-arms. */
uint64_t ost_results_failures(const ost_results_t *self);
/** The subject that failed first, and what is said of it. @param[out] text  owned by the caller, NULL: none failed, or
 * a shard is not merged @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_first_failure(const ost_results_t *self, char **text, ost_error_t *err) OST_MUST_CHECK;

/** Whether all bytes of a result file are those that osteon wrote.
 *  @param[out] is_sealed  false: it has no seal, as another program changed the file, or an earlier osteon wrote it
 *  @return 0, OST_ERR_FORMAT (damaged), OST_ERR_IO or OST_ERR_NO_MEMORY */
int ost_results_check_seal(const char *path, bool *is_sealed, ost_error_t *err) OST_MUST_CHECK;

/** Bytes of all values that the file says that it holds, unpacked. */
double ost_results_n_bytes(const ost_results_t *self);
/** Read all structures of the file: groups, datasets, attributes, indices of chunks. @param with_values  also all
 * chunks, so that the check of each is looked at; else the first of each dataset. @return 0, OST_ERR_FORMAT (damaged,
 * or with a link), OST_ERR_NO_MEMORY */
int ost_results_read_all(const ost_results_t *self, bool with_values, ost_error_t *err) OST_MUST_CHECK;

/** Values that differ by less are equal but for the instruction set, relative to the largest of the subject's at all
 * times; besides the last bit of float32. */
#define OST_SAME_VALUE 1e-9
/** What computing a part again gave. */
typedef struct {
    size_t n_blocks, n_missing; /**< computed; left out, as the file is of a run that was interrupted before them */
    uint64_t n_values;          /**< compared */
    uint64_t n_unequal;         /**< not the same bits, or text */
    uint64_t n_different;       /**< by more than OST_SAME_VALUE */
} ost_recomputed_part_t;

/** What computing a file again gave. */
typedef struct {
    ost_recomputed_part_t *parts; /**< [n_parts + 1], the last of coordinates and attributes; owned */
    size_t n_parts, n_blocks;     /**< of each part */
    bool *left_out;               /**< [n_parts][n_blocks] not computed; owned */
    char where[320];              /**< the first difference, "" for none */
    size_t i_first;               /**< the part of that */
} ost_recomputed_t;

/** How to compute a file again. */
typedef struct {
    double share;      /**< 0 to 1: of the blocks, spread over the cohort; of a sweep of its points; 0: none */
    const char *again; /**< path of the second file, which is written, as its journal is; the caller removes both */
    int n_threads;     /**< 0: all */
    const atomic_bool *stop; /**< ends the run early once true; borrowed */
} ost_recompute_t;

/** Run blocks of all parts again into a second file, and compare all that the two hold: values of subjects, endpoints,
 *  coordinates, attributes, but those of the session. Unless the share is 0, at least one block is run. Free it in any
 * case.
 *  @return 0; 1: stopped; OST_ERR_FORMAT (the file cannot be read), or as ost_cohort_run() and ost_results_write() */
int ost_results_recompute(ost_recomputed_t *self, ost_results_t *results, const ost_part_t *parts, size_t n_parts,
    const ost_recompute_t *how, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts a zeroed one. */
void ost_recomputed_free(ost_recomputed_t *self);

#endif
