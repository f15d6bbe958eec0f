/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file model.h  Models as osteon knows them after reading a `.model` text; see models/README.md for the notation.
 *  A model (block) is a set of ordinary differential equations with parameters that reads signals and drives signals.
 */
#ifndef OST_LANG_MODEL_H
#define OST_LANG_MODEL_H

#include "core/error.h"
#include "core/isa.h"
#include "core/memory.h"
#include "core/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Kinds of models: X(NAME, "word" of a `kind` statement, meaning). */
#define OST_MODEL_KINDS(X)                                                                                             \
    X(DRUG, "drug", "given in doses by a regimen; acts in the arms that give it")                                      \
    X(HORMONES, "hormones", "hormones of the body")                                                                    \
    X(BONE, "bone", "bone itself: what drugs must reach")                                                              \
    X(OBSERVATION, "observation", "what a scanner, an assay or a clinic reports")                                      \
    X(OTHER, "other", "anything else")

/** A member of the following. */
#define OST_MODEL_KIND(NAME, word, meaning) OST_KIND_##NAME,
/** Kind of a model. */
typedef enum { OST_MODEL_KINDS(OST_MODEL_KIND) OST_N_MODEL_KINDS } ost_model_kind_t;

/** The word of each kind, shape [OST_N_MODEL_KINDS]. */
extern const char *const ost_model_kind_words[OST_N_MODEL_KINDS];

/** Kinds of between-subject variability (BSV) of a parameter. */
typedef enum {
    OST_SPREAD_NONE,
    OST_SPREAD_LOGNORMAL,   /**< value x exp(sd z) */
    OST_SPREAD_NORMAL,      /**< value + sd z, sd in internal units of the parameter */
    OST_SPREAD_LOGITNORMAL, /**< logit^-1(logit(value) + sd z), for shares between 0 and 1 */
    OST_SPREAD_EXPONENTIAL, /**< value x e, e exponential with mean 1; as the threshold of a cumulative hazard */
    OST_SPREAD_CHOICE       /**< one of a few values, each with its share of the population */
} ost_spread_kind_t;

/** Between-subject variability (BSV) of a parameter: the `spread` of a model text. */
typedef struct {
    ost_spread_kind_t kind; /**< NONE: the same in all */
    double sd;              /**< of the kind's own scale; EXPONENTIAL: 1 */
    size_t n_choices;       /**< CHOICE only */
    double *share;          /**< [n_choices], sums to 1; owned by the model */
    double *choice;         /**< [n_choices], internal units; owned by the model */
} ost_spread_t;

/** A parameter or a covariate. Covariates have one value per subject, shared by every model that names them. */
typedef struct {
    char *name;          /**< "k_C", "T[lumbar_spine]" */
    char *text;          /**< meaning */
    char *source;        /**< citation with locator, or "assumed: why"; empty for a covariate */
    char *unit_text;     /**< as written */
    ost_unit_t unit;     /**< of the text */
    bool is_covariate;   /**< set by the person, not by the model */
    bool has_default;    /**< always true for a parameter */
    double value;        /**< default, internal units */
    double lower, upper; /**< allowed range, internal units, inclusive; -inf and inf where open */
    ost_spread_t spread; /**< between subjects */
    double prior_sd;     /**< SD of ln (or logit) of the typical value before fitting, 0 where none is given */
    int line;            /**< in the text */
} ost_param_t;

/** A state variable of a model. */
typedef struct {
    char *name, *text, *unit_text; /**< name, meaning, unit as written */
    ost_unit_t unit;               /**< of the text */
    double scale;                  /**< typical size, internal units, > 0: absolute tolerance = 1e-3 x rtol x scale */
    bool scale_is_unit;            /**< the text gives no scale and the state starts at 0: `scale` is 1 of its unit */
    bool may_be_negative;          /**< otherwise a negative value is a failure */
    int line, rate_line;           /**< in the text: of its declaration, and of its equation */
} ost_state_t;

/** A state that doses may go into; the first is where they go if a regimen names none. A model that takes no doses has
 * none. */
typedef struct {
    ost_param_t usual;         /**< one dose: value, range, unit and source; source NULL: the model does not say */
    char *interval, *duration; /**< between usual doses, and of each, "6 month"; NULL where the model does not say */
    char *shortest;            /**< interval that a label has, shorter than that; NULL: none */
    double interval_d, shortest_d; /**< interval; shortest, 0: none */
    uint32_t state;                /**< index of the dosed state; its dimension is the dose's */
} ost_dose_t;

/** A standard normal number, drawn anew for each person and each time at which outputs are evaluated. */
typedef struct {
    char *name, *text; /**< "scan[lumbar_spine]", meaning */
    int line;          /**< in the text */
} ost_noise_t;

/** A signal that a model reads. */
typedef struct {
    char *name; /**< of the signal */
    int line;   /**< in the text */
} ost_read_t;

/** A signal that a model drives. */
typedef struct {
    char *name;   /**< of the signal */
    int line;     /**< in the text */
    bool is_also; /**< a side effect: a drug that is felt by it alone is not felt */
} ost_drive_t;

/** An output of a model. */
typedef struct {
    char *name;             /**< "bmd[lumbar_spine]" */
    char *group;            /**< "bmd": one variable of the result file */
    char *index_set;        /**< "site", or NULL */
    uint32_t element;       /**< within the index set */
    char *text, *unit_text; /**< meaning, unit as written */
    ost_unit_t unit;        /**< of the text; results are in it */
    int line;               /**< in the text */
} ost_output_t;

/** An index set, such as site = lumbar_spine, total_hip. */
typedef struct {
    char *name; /**< "site" */
    size_t n_elements;
    char **elements; /**< [n_elements] names */
} ost_index_set_t;

/** One entry of a model's exact Jacobian. Rows: states, then n_states + drive. Columns: states, then n_states + read,
 *  then n_states + n_reads for time. Sorted by row, then column; each place once. */
typedef struct {
    uint32_t row, col; /**< 0-based */
} ost_jac_entry_t;

struct ost_kernel;
struct ost_model_impl; /* graph, programs, text; private */

/** A model, read-only after it was read. Every array is owned by the model. */
typedef struct {
    char *name, *text;           /**< name and title */
    ost_model_kind_t kind;       /**< OST_N_MODEL_KINDS only while the text is read */
    char *path;                  /**< file it came from, or "models/FOLDER/NAME.model" for a built-in one */
    bool is_builtin;             /**< runs emitted code */
    ost_index_set_t *index_sets; /**< [n_index_sets] */
    size_t n_index_sets;
    ost_param_t *params; /**< [n_params] covariates too */
    size_t n_params;
    ost_state_t *states; /**< [n_states] */
    size_t n_states;
    ost_noise_t *noises; /**< [n_noises] */
    size_t n_noises;
    ost_read_t *reads; /**< [n_reads] */
    size_t n_reads;
    ost_drive_t *drives; /**< [n_drives] */
    size_t n_drives;
    ost_output_t *outputs; /**< [n_outputs] */
    size_t n_outputs;
    ost_dose_t *doses; /**< [n_doses] */
    size_t n_doses;
    size_t n_switches, n_hoisted, n_scratch; /**< rows of a kernel, see lang/kernel.h */
    ost_jac_entry_t *jac;                    /**< [n_jac] */
    size_t n_jac;
    uint32_t *first_entry;  /**< [n_drives + 1] where the entries of each drive begin, after those of states */
    uint8_t *drive_uses;    /**< [n_drives][n_reads], 1 where the drive's expression reads that signal directly */
    uint8_t *rate_uses;     /**< [n_reads], 1 where an equation or a condition of a switch reads that signal directly */
    uint8_t *switch_states; /**< [n_states], 1 where a condition of a switch reads that state */
    bool switches_read;     /**< a condition reads a signal */
    /** [n_states], 1 where the rate is linear in the states, with coefficients that only parameters and signals enter.
     */
    uint8_t *is_linear;
    uint8_t *linear_uses; /**< [n_states][n_reads], 1 where the rate of a linear state reads that signal */
    uint8_t *is_constant; /**< [n_jac], 1 where the derivative of a rate by a state is of parameters alone */
    const struct ost_kernel *kernel[OST_N_ISA]; /**< NULL where this build has no such instruction set */
    struct ost_model_impl *impl;                /**< private */
} ost_model_t;

/** How several drivers of a signal make one value. */
typedef enum {
    OST_COMBINE_ONE,     /**< one driver at most */
    OST_COMBINE_SUM,     /**< exposures add */
    OST_COMBINE_FRACTION /**< shares combine as 1 - (1 - a)(1 - b) */
} ost_combine_t;

/** A named quantity that blocks exchange. */
typedef struct {
    char *name, *text, *unit_text; /**< name, meaning, unit as written */
    ost_unit_t unit;               /**< of the text */
    bool has_neutral;              /**< otherwise something must drive it */
    double neutral;                /**< value when nothing drives it, internal units */
    ost_combine_t combine;         /**< rule for several drivers */
} ost_signal_t;

/** The signals that a library has. */
typedef struct {
    ost_signal_t *signal; /**< [n]; moves when a model that defines signals is read */
    size_t n;             /**< their number */
    ost_memory_t memory;  /**< of the texts of the built-in list; those of others are of their models */
} ost_signals_t;

/** The signals and the models known to this process. Not for use by two threads at a time until loading is done;
 *  read-only, and so shared freely, after that. */
typedef struct {
    ost_signals_t signals; /**< of the built-in list and of models read */
    ost_model_t **models;  /**< loaded ones */
    size_t n_models;
    const struct ost_builtin *const *builtins; /**< [n_builtins], static */
    size_t n_builtins;
} ost_library_t;

/** Start with the built-in signals; no model is read yet. */
int ost_library_init(ost_library_t *self, ost_error_t *err) OST_MUST_CHECK;
/** Free the library and its models. Accepts NULL and a zeroed one. */
void ost_library_free(ost_library_t *self);

/** A model by built-in name ("aibl") or by path (anything with a '/' or ending in ".model"); else one that was read
 *  before, by its name. Read once, then kept.
 *  @param[out] model  owned by the library
 *  @return 0, OST_ERR_NAME with the nearest built-in name, OST_ERR_IO, or whatever reading it gives (file:line:column)
 */
int ost_library_get(
    ost_library_t *self, const char *name_or_path, const ost_model_t **model, ost_error_t *err) OST_MUST_CHECK;

/** Whether a name is the path of a model rather than the name of one. */
bool ost_is_model_path(const char *name);

/** Read a model from text; `path` is used in messages. Kept by the library. */
int ost_library_read(ost_library_t *self, const char *path, const char *text, const ost_model_t **model,
    ost_error_t *err) OST_MUST_CHECK;

/** The names of all built-in models. @param[out] n  their number @return shape [n], static */
const char *const *ost_library_builtin_names(size_t *n);

/** Index of a signal by name, -1 if unknown. */
int ost_signals_find(const ost_signals_t *self, const char *name);

/** Print a model as a sheet: equations; parameters with value, unit, range, spread, source; states; signals; outputs.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_model_print(const ost_model_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;

/** Write a model as LaTeX: its equations, and a table of parameters and states; for \\usepackage{amsmath, longtable}.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_model_write_latex(const ost_model_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;

/** Write models as one model file of mrgsolve, in which they exchange signals as in a plan. Parameters, states and
 * outputs are in the units in which the models are written; parameters stand in the order of the models (a covariate
 * once), after them the signals that none of the models drives. Without between-subject variability.
 *  @param models  [n], borrowed
 *  @return 0, OST_ERR_MODEL where they cannot stand together, or OST_ERR_NO_MEMORY */
int ost_models_write_mrgsolve(const ost_signals_t *signals, const ost_model_t *const *models, size_t n, FILE *out,
    ost_error_t *err) OST_MUST_CHECK;

/** The usual regimen of a dose as an experiment has it, "dose: 60 mg, interval: 6 month", and its range after a "; ",
 * "" where the model does not say; written to buf. @return buf */
char *ost_dose_regimen(const ost_dose_t *self, char *buf, size_t size);

/** The text of a model as it was written. @return owned by the model */
const char *ost_model_source(const ost_model_t *self);

/** Index of a parameter by name (expanded, "T[lumbar_spine]"), -1 if unknown. */
int ost_model_param(const ost_model_t *self, const char *name);
/** Whether `name` is that of the BSV of a parameter: "T.spread", of all elements of T alike, as a model gives it; both
 * with the name of the model in front or without. @param param  expanded, "T[lumbar_spine]" */
bool ost_names_spread(const char *name, const char *param);
/** Index of the parameter whose BSV, one with an SD, has this name, the first of an index; -1: none has. */
int ost_model_spread(const ost_model_t *self, const char *name);
/** Whether a BSV has an SD: it is not one of choices, or exponential. */
bool ost_spread_has_sd(ost_spread_kind_t kind);
/** The SD of its BSV as a parameter: value, unit and range, without texts and prior. Borrows from self. */
ost_param_t ost_param_of_spread(const ost_param_t *self);
/** A part of a model that has a value at a point. */
typedef enum { OST_MODEL_INITIAL, OST_MODEL_RATE, OST_MODEL_DRIVE } ost_model_part_t;
/** Where a part is evaluated, internal units. */
typedef struct {
    const double *params, *states, *reads; /**< [n_params], [n_states], [n_reads] */
    double t;                              /**< d */
} ost_model_point_t;
/** Initial value or rate of state i, or drive i, for one subject, in scalar arithmetic; conditions as they are at the
 * point. @param work  [ost_model_n_work()] @return internal units */
double ost_model_value(
    const ost_model_t *self, ost_model_part_t part, size_t i, const ost_model_point_t *at, double *work);
/** Initial values or rates of all states, in one go. @param[out] values  [n_states] as ost_model_value() gives them */
void ost_model_state_values(
    const ost_model_t *self, ost_model_part_t part, const ost_model_point_t *at, double *work, double *values);
/** How many numbers ost_model_value() and ost_model_state_values() work with. */
size_t ost_model_n_work(const ost_model_t *self);
/** The line of the text in which condition i of n_switches stands first. */
int ost_model_condition_line(const ost_model_t *self, size_t i);
/** Whether it has an output of that name; an element of an index, as in "t_score[total_hip]", is left aside. */
bool ost_model_has_output(const ost_model_t *self, const char *name);
/** A value within the range of a parameter, where it lies there but for the rounding of its unit (120 nmol/mmol is read
 * and declared by two roundings): then the end itself. @return NAN where it is outside */
double ost_param_within(const ost_param_t *self, double value);
/** Room for what ost_param_outside() writes. */
#define OST_OUTSIDE_SIZE 320
/** "5 kg is outside its range 1..2", in the parameter's unit. @param how  " is outside its range" @return buf */
char *ost_param_outside(const ost_param_t *self, double value, const char *how, char buf[OST_OUTSIDE_SIZE]);
/** The index set of that name; NULL if there is none, or for NULL. */
const ost_index_set_t *ost_model_index_set(const ost_model_t *self, const char *name);

/** A name that a formula or a condition may use: a scalar, or all elements of an index set. */
typedef struct {
    const char *name;           /**< "age" */
    ost_unit_t unit;            /**< of its values, which are in internal units */
    const char *unit_text;      /**< as written, NULL for none; for messages */
    const ost_index_set_t *set; /**< NULL: a scalar; borrowed for the call */
    bool is_plain;              /**< of numbers that were given without a unit */
} ost_name_t;

/** A small expression over named scalars ("age - age_at_menopause", "max(1 [y], age - 50 [y])"), in the model notation,
 * for covariate formulas. Evaluated in scalar arithmetic.
 */
typedef struct ost_formula ost_formula_t;
/** Read a formula.
 *  @param memory  that it becomes part of
 *  @param names  [n] names it may use
 *  @param[out] dim  dimension of the result
 *  @return 0, OST_ERR_SYNTAX, OST_ERR_NAME, OST_ERR_UNIT or OST_ERR_NO_MEMORY */
int ost_formula_new(ost_formula_t **self, ost_memory_t *memory, const char *text, const ost_name_t *names, size_t n,
    ost_dim_t *dim, ost_error_t *err) OST_MUST_CHECK;
/** Whether a formula holds numbers without a unit alone, as `if age > 60 [y] then 5 else 3`. */
bool ost_formula_is_plain(const ost_formula_t *self);
/** The value of a formula that uses no name; NAN: it uses some. */
double ost_formula_constant(const ost_formula_t *self);
/** Value of a formula. @param values [n] internal units @return value in internal units */
double ost_formula_value(const ost_formula_t *self, const double *values);

#endif
