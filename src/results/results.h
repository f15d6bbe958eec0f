/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file results.h  Result files (HDF5 that xarray, netCDF4 and R open without help). */
#ifndef OST_RESULTS_RESULTS_H
#define OST_RESULTS_RESULTS_H

#include "journal/journal.h"

/** Write the result file `path` from a journal: all blocks that are in it, beside `path` until the file is whole and on
 *  the disk. Of several plans, outputs, `status` and counts have a dimension `model` in front. Arms and elements of
 *  indices are those of all models; NaN (`status`: not run) stands where a model has none. The subjects are the
 *  same in all: their covariates, and parameters by the names of their models, are there once.
 *  @return 0, OST_ERR_IO, OST_ERR_FORMAT (the journal was damaged since it was written) or OST_ERR_NO_MEMORY */
int ost_results_write(const ost_journal_t *journal, const char *path, ost_error_t *err) OST_MUST_CHECK;

/** A result file being read, a piece at a time. */
typedef struct ost_results ost_results_t;

/** Open for reading. @return 0, OST_ERR_IO, or OST_ERR_FORMAT (damaged, truncated, not osteon's) */
int ost_results_open(ost_results_t **self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Close and free. Accepts NULL. */
void ost_results_close(ost_results_t *self);
/** Number of models of a joined file, 0 of any other. */
size_t ost_results_n_models(const ost_results_t *self);
const char *ost_results_model(const ost_results_t *self, size_t i_model); /**< owned by self */
/** Of a joined file, the model that ost_results_read() reads of from now on; the first at the beginning. */
void ost_results_use_model(ost_results_t *self, size_t i_model);
size_t ost_results_n_arms(const ost_results_t *self);                       /**< number of arms */
size_t ost_results_n_subjects(const ost_results_t *self);                   /**< number of subjects */
size_t ost_results_n_times(const ost_results_t *self);                      /**< number of output times */
const double *ost_results_times(const ost_results_t *self);                 /**< [n_times] d, owned by self */
const char *ost_results_arm(const ost_results_t *self, size_t i_arm);       /**< owned by self */
const char *ost_results_arm_label(const ost_results_t *self, size_t i_arm); /**< owned by self */
/** Elements of variable `name` (3 for bmd at three sites), 0 if there is no such variable. */
size_t ost_results_n_elements(const ost_results_t *self, const char *name);
const char *ost_results_element(
    const ost_results_t *self, const char *name, size_t i_element); /**< "lumbar_spine"; "" for a scalar */
/** Unit of a variable as the model writes it, owned by self. NULL if there is no such variable. */
const char *ost_results_unit(const ost_results_t *self, const char *name);
/** Names of all variables. @param[out] n @return [n], owned by self */
const char *const *ost_results_variables(const ost_results_t *self, size_t *n);
/** Values of one variable, arm and element at one time for all subjects. @param[out] values [n_subjects], NaN where a
 * subject failed */
int ost_results_read(ost_results_t *self, const char *name, size_t i_arm, size_t i_element, size_t i_time,
    double *values, ost_error_t *err) OST_MUST_CHECK;
/** Names of the schedules, the subject-specific regimen lines ("zoledronic_acid";
 * "zoledronic_acid_2" for an arm's second line of it).
 * @param[out] n @return [n], owned by self */
const char *const *ost_results_schedules(const ost_results_t *self, size_t *n);
/** When each subject of an arm first began a schedule, or (`ended`) first ended it, d; NaN where never, or where the
 * arm has no such line. @param[out] values  [n_subjects] */
int ost_results_read_schedule(
    ost_results_t *self, size_t i_schedule, size_t i_arm, bool ended, double *values, ost_error_t *err) OST_MUST_CHECK;
/** A root attribute as text ("experiment", "overrides", "osteon_version", ...), NULL if absent; owned by self. */
const char *ost_results_attribute(const ost_results_t *self, const char *name);
/** The experiment that a result file was made from: its text, the overrides of then, the texts of models that are not
 *  built in, and the instruction set if this machine has it. To plan and run it gives the same values again.
 *  @param overrides  [n_overrides] as of ost_experiment_read, applied after those of the file
 *  @return 0, OST_ERR_FORMAT (a file without its experiment), or as ost_experiment_read */
int ost_results_experiment(const ost_results_t *self, const char *const *overrides, size_t n_overrides,
    ost_experiment_t *experiment, ost_error_t *err) OST_MUST_CHECK;
/** Whether a run with this identity would give what the file has. @return 0, or OST_ERR_VALUE, which names the first
 *  fact that differs; OST_ERR_NO_MEMORY */
int ost_results_compare(const ost_results_t *self, const ost_identity_t *identity, ost_error_t *err) OST_MUST_CHECK;
/** Number of failed subject-arms. */
uint64_t ost_results_failures(const ost_results_t *self);

#endif
