/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/experiment_keys.h"

#define MEMBERS(array) .members = array, .n_members = sizeof(array) / sizeof((array)[0])
#define LEAF OST_YAML_SCALAR
#define LIST OST_YAML_SEQUENCE
#define MAP OST_YAML_MAPPING

static const ost_schema_t name_list[] = { { "-", LEAF, "a name", "", false, NULL, 0 } };

static const ost_schema_t covariate[] = {
#define WORD(NAME, word) " " #word
    { "distribution", LEAF, "one of" OST_COVARIATE_DISTRIBUTIONS(WORD), "how it differs between subjects", false, NULL,
        0 },
#undef WORD
#define KEY(NAME, word, largest, is_positive, expected, meaning) { word, LEAF, expected, meaning, false, NULL, 0 },
    OST_DIST_KEYS(KEY)
#undef KEY
        { "formula", LEAF, "an expression such as age - menopause_age", "computed from the covariates above it", false,
            NULL, 0 },
    { "min", LEAF, "a quantity", "distributions are truncated here, formulas clamped", false, NULL, 0 },
    { "max", LEAF, "a quantity", "distributions are truncated here, formulas clamped", false, NULL, 0 },
    { "unit", LEAF, "a unit such as year", "of the result file; default: the one it is written with", false, NULL, 0 },
};

static const ost_schema_t covariates[] = {
    { "COVARIATE", LEAF | MAP, "a fixed quantity, a distribution or a formula", "a property of each subject", false,
        MEMBERS(covariate) },
};

static const ost_schema_t population[] = {
    { "subjects", LEAF, "a whole number", "how many; default 1", false, NULL, 0 },
    { "seed", LEAF, "a whole number", "of all random numbers; default 1", false, NULL, 0 },
    { "first_subject", LEAF, "a whole number", "number of the first one, to run a part of a cohort; default 0", false,
        NULL, 0 },
    { "sampling", LEAF, "random or latin_hypercube",
        "default random; latin_hypercube: evenly spread, for means of few subjects", false, NULL, 0 },
    { "variability", LEAF, "true or false", "whether model parameters differ between subjects; default true", false,
        NULL, 0 },
    { "covariates", MAP, "a mapping of names to values", "drawn from top to bottom", false, MEMBERS(covariates) },
    { "eligible", LEAF, "a condition such as t_score[total_hip] > -2",
        "on outputs, covariates and time, at time 0; the values of others are NaN; default: all are", false, NULL, 0 },
    { "dropout", LEAF, "a time, or a formula of the covariates",
        "when a subject is no longer looked at: values after it are NaN; default: never", false, NULL, 0 },
};

static const ost_schema_t setting[] = {
    { "value", LEAF, "a quantity", "typical value", false, NULL, 0 },
    { "spread", LEAF, "a number, or a quantity where the model's spread is normal",
        "between subjects, replaces the model's; 0 for none", false, NULL, 0 },
};

static const ost_schema_t parameters[] = {
    { "MODEL.PARAMETER", LEAF | MAP, "a quantity, or a mapping of value and spread",
        "replaces what the model file says, as in aibl.T[lumbar_spine]", false, MEMBERS(setting) },
};

static const ost_schema_t run_in[] = {
    { "start", LEAF, "a time, or a formula of the covariates that gives one",
        "when each subject's life before treatment begins, counted from time 0 (negative)", true, NULL, 0 },
};

static const ost_schema_t dose[] = {
    { "drug", LEAF, "the name of a drug", "'osteon list drugs' names them; or another model that takes doses", true,
        NULL, 0 },
    { "dose", LEAF, "a quantity such as 1 mg", "amount of each dose", true, NULL, 0 },
    { "into", LEAF, "the name of a state", "for a model that takes doses in several; default: the first", false, NULL,
        0 },
    { "interval", LEAF, "a time such as 1 day", "between doses; omitted: a single dose", false, NULL, 0 },
    { "start", LEAF, "a time, or a formula of the covariates", "of the first dose; default 0 day", false, NULL, 0 },
    { "stop", LEAF, "a time, or a formula of the covariates", "no dose at or after it; default: none, doses go on",
        false, NULL, 0 },
    { "adherence", LEAF, "a share such as 85 %, or a formula of the covariates",
        "chance that a dose is taken, each by itself; default: all are", false, NULL, 0 },
    { "begin_if", LEAF, "a condition such as bmd[total_hip] < 0.7 [g/cm2]",
        "doses begin on the first visit where it holds; it may name outputs, covariates and time", false, NULL, 0 },
    { "end_if", LEAF, "a condition",
        "doses end on the first visit after they began where it holds; with begin_if they may begin again", false, NULL,
        0 },
    { "visits", LEAF, "a time such as 6 month", "between visits, from start on; where conditions are looked at", false,
        NULL, 0 },
    { "delay", LEAF, "a time such as 2 week", "from the visit to the first dose; default none", false, NULL, 0 },
    { "over", LEAF, "a time such as 15 min", "duration of an infusion; omitted: at once", false, NULL, 0 },
};
static const ost_schema_t regimen[] = { { "-", MAP, "a mapping of drug, dose, interval, ...", "", false,
    MEMBERS(dose) } };

static const ost_schema_t signal_input[] = {
    { "signal", LEAF, "the name of a signal", "'osteon list signals' names them", true, NULL, 0 },
    { "value", LEAF, "a quantity in the signal's unit", "combined with what else drives the signal", true, NULL, 0 },
    { "start", LEAF, "a time", "from when; default 0 day", false, NULL, 0 },
    { "stop", LEAF, "a time", "until when; default: without end", false, NULL, 0 },
};
static const ost_schema_t signal_inputs[] = { { "-", MAP, "a mapping of signal, value, start, stop", "", false,
    MEMBERS(signal_input) } };

static const ost_schema_t arm[] = {
    { "label", LEAF, "text", "for people; default: the name", false, NULL, 0 },
    { "regimen", LIST, "a list of doses", "drugs given in this arm", false, MEMBERS(regimen) },
    { "signals", LIST, "a list of signals", "signals driven from outside", false, MEMBERS(signal_inputs) },
};
static const ost_schema_t arms[] = {
    { "ARM", MAP, "a mapping of label, regimen, signals", "a treatment that every subject is simulated with", false,
        MEMBERS(arm) },
};

static const ost_schema_t times[] = {
    { "from", LEAF, "a time", "first output; default 0 day", false, NULL, 0 },
    { "to", LEAF, "a time such as 7 year", "last output", false, NULL, 0 },
    { "every", LEAF, "a time such as 1 month", "between outputs", false, NULL, 0 },
    { "-", LEAF, "a time such as 6 month", "instead: the outputs one by one", false, NULL, 0 },
};

static const ost_schema_t solver[] = {
#define EXPECTED_LANES(name) name ", "
#define EXPECTED_GSL(name) name ", "
#define EXPECTED_AUTO(name) "or " name
    { "stepper", LEAF,
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) EXPECTED_##family(name)
#include "solve/methods.def"
#undef OST_METHOD
        , "default rodas5p; auto: least work; those of GSL are slow references", false, NULL, 0 },
    { "rtol", LEAF, "a number, 1e-14 .. 0.1", "relative tolerance; default 1e-6", false, NULL, 0 },
    { "atol_factor", LEAF, "a number", "absolute tolerance = this x rtol x typical size; default 1e-3", false, NULL,
        0 },
    { "h_max", LEAF, "a time", "longest step; default 6 month", false, NULL, 0 },
    { "h_min", LEAF, "a time", "a shorter step is a failure; default 1e-12 d", false, NULL, 0 },
    { "max_steps", LEAF, "a whole number", "of one subject in one arm; default 10000000", false, NULL, 0 },
    { "dosing", LEAF, "periodic or exact", "default periodic: mean effects once doses repeat themselves", false, NULL,
        0 },
};

static const ost_schema_t results[] = {
    { "precision", LEAF, "float32 or float64", "of outputs in the result file; default float32", false, NULL, 0 },
    { "compression", LEAF, "0 or 1", "whether outputs are compressed (shuffle and deflate); default 1", false, NULL,
        0 },
    { "digits", LEAF, "a whole number, 1 .. 15",
        "outputs are rounded in binary to this many significant digits, which compress better; default: all", false,
        NULL, 0 },
};

static const ost_schema_t comparison[] = {
    { "arm", LEAF, "the name of an arm above", "of this experiment", true, NULL, 0 },
    { "trial", LEAF, "text", "as the table spells it", true, NULL, 0 },
    { "trial_arm", LEAF, "text", "as the table spells it", true, NULL, 0 },
    { "versus", LEAF, "the name of an arm above", "differences: the arm that is subtracted", false, NULL, 0 },
    { "endpoint", LEAF, "text", "only rows of this endpoint", false, NULL, 0 },
    { "site", LEAF, "text", "only rows of this site", false, NULL, 0 },
    { "month", LEAF, "a number", "only rows of this month", false, NULL, 0 },
    { "output", LEAF, "an output such as bmd[total_hip]", "what the rows show; default: by endpoint and site", false,
        NULL, 0 },
    { "from", LEAF, "a time", "of the baseline; default: by the endpoint's name, else 0", false, NULL, 0 },
    { "to", LEAF, "a time", "of the figure; default: the row's month", false, NULL, 0 },
    { "unit", LEAF, "a quantity such as 3.67 pmol/L", "what 1 of the rows' values is; default: by the row's unit",
        false, NULL, 0 },
};
static const ost_schema_t compare[] = { { "-", MAP, "a mapping of arm, trial, trial_arm", "", false,
    MEMBERS(comparison) } };

static const ost_schema_t evidence[] = {
    { "table", LEAF, "path of a CSV file", "trial figures; relative to this file", true, NULL, 0 },
    { "compare", LIST, "a list", "rows of the table to lay beside arms", false, MEMBERS(compare) },
};

static const ost_schema_t plot[] = {
    { "variables", LIST, "a list of names", "outputs to draw; default: bmd, or the first", false, MEMBERS(name_list) },
    { "panels", LEAF, "variables or arms", "what each panel shows, the other being its lines; default variables", false,
        NULL, 0 },
    { "show", LEAF, "value, change or ratio", "values (default), or against time 0: percent change, or multiples",
        false, NULL, 0 },
    { "time", LEAF, "day, month or year", "of the axis; default: by its length", false, NULL, 0 },
};

static const ost_schema_t experiment[] = {
    { "name", LEAF, "text", "short name; default: that of the file", false, NULL, 0 },
    { "title", LEAF, "text", "one line for people; default: the name", false, NULL, 0 },
    { "models", LIST, "a list of names or paths", "drugs that arms name are added by themselves", true,
        MEMBERS(name_list) },
    { "population", MAP, "a mapping", "the virtual people; default: one typical subject", false, MEMBERS(population) },
    { "parameters", MAP, "a mapping of MODEL.PARAMETER to values", "changes to what the models say", false,
        MEMBERS(parameters) },
    { "run_in", MAP, "a mapping", "life before treatment, integrated once per subject; omitted: none", false,
        MEMBERS(run_in) },
    { "arms", MAP, "a mapping of names to arms", "the treatments to compare", true, MEMBERS(arms) },
    { "times", LIST | MAP, "a mapping of from, to, every, or a list of times", "when outputs are kept", true,
        MEMBERS(times) },
    { "outputs", LIST, "a list of names", "variables to keep; omitted: all", false, MEMBERS(name_list) },
    { "solver", MAP, "a mapping", "", false, MEMBERS(solver) },
    { "results", MAP, "a mapping", "", false, MEMBERS(results) },
    { "evidence", MAP, "a mapping", "trials to compare with", false, MEMBERS(evidence) },
    { "plot", MAP, "a mapping", "how scripts/plot.py draws it; omitted: change of BMD", false, MEMBERS(plot) },
};

const ost_schema_t ost_experiment_schema = { "", MAP, "a mapping of name, models, population, arms, times, ...", "",
    true, MEMBERS(experiment) };

const char *const ost_stepper_names[OST_N_STEPPERS] = {
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) name,
#include "solve/methods.def"
#undef OST_METHOD
};
const char *const ost_dosing_names[2] = { "periodic", "exact" };
