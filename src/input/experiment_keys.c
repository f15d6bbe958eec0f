/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/experiment_keys.h"

/* A key without members; one that is needed. */
#define KEY(...)                                                                                                       \
    {                                                                                                                  \
        __VA_ARGS__, .required = false                                                                                 \
    }
#define NEEDED(...)                                                                                                    \
    {                                                                                                                  \
        __VA_ARGS__, .required = true                                                                                  \
    }
#define MEMBERS(array) .members = array, .n_members = sizeof(array) / sizeof((array)[0])
#define TEXT OST_SCALAR(OST_FORM_TEXT)
#define WORD OST_SCALAR(OST_FORM_WORD)
#define FLAG OST_SCALAR(OST_FORM_FLAG)
#define COUNT OST_SCALAR(OST_FORM_COUNT)
#define NUMBER OST_SCALAR(OST_FORM_NUMBER)
#define QUANTITY OST_SCALAR(OST_FORM_QUANTITY)
#define TIME OST_SCALAR(OST_FORM_TIME)
#define FORMULA OST_SCALAR(OST_FORM_FORMULA)
#define LIST OST_YAML_SEQUENCE
#define MAP OST_YAML_MAPPING

static const ost_schema_t name_list[] = { KEY("-", TEXT, "a name", "") };

static const ost_schema_t quantities[] = { KEY("-", QUANTITY, "a quantity", "") };

static const ost_schema_t numbers[] = { KEY("-", NUMBER, "a number", "") };

static const ost_schema_t covariate[] = {
#define DISTRIBUTION(NAME, word) "|" #word
    KEY("distribution", WORD, &(OST_COVARIATE_DISTRIBUTIONS(DISTRIBUTION))[1], "how it differs between subjects"),
#undef DISTRIBUTION
#define ROW(NAME, word, largest, is_positive, expected, meaning) KEY(word, QUANTITY, expected, meaning),
    OST_DIST_KEYS(ROW)
#undef ROW
#define ROW(NAME, word, expected, meaning) { word, LIST, expected, meaning, false, MEMBERS(quantities) },
        OST_DIST_LISTS(ROW)
#undef ROW
            KEY("formula", TEXT, "an expression such as age - menopause_age", "computed from the covariates above it"),
    KEY("min", QUANTITY, "a quantity", "distributions are truncated here, formulas clamped"),
    KEY("max", QUANTITY, "a quantity", "distributions are truncated here, formulas clamped"),
    KEY("unit", TEXT, "a unit such as year", "of the result file; default: the one it is written with"),
};

static const ost_schema_t covariates[] = {
    { "COVARIATE", QUANTITY | MAP, "a fixed quantity, a distribution or a formula", "a property of each subject", false,
        MEMBERS(covariate) },
};

static const ost_schema_t people[] = {
    NEEDED("table", TEXT, "path of a CSV file",
        "its columns are named 'age [year]', 'aibl.k_C [1/d]' or 'smoker [no|yes]'"),
    KEY("rows", WORD, "in_order|drawn", "default in_order: subject k is row k; drawn: any row, by the seed"),
    KEY("weights", TEXT, "the name of a column", "chances of rows that are drawn, up to a factor; default: all alike"),
    { "ignore", LIST, "a list of columns", "that are left out", false, MEMBERS(name_list) },
};

static const ost_schema_t correlation[] = {
    { "of", LIST, "a list of covariates and parameters", "that are drawn, such as [age, bmi, aibl.k_C]", true,
        MEMBERS(name_list) },
    { "spearman", NUMBER | LIST, "a number such as 0.3, or a list",
        "correlation of ranks; of more than two names below the "
        "diagonal by rows",
        false, MEMBERS(numbers) },
    { "pearson", NUMBER | LIST, "a number such as 0.3, or a list",
        "instead: correlation of normal scores, as of etas; r = 2 sin(pi/6 spearman)", false, MEMBERS(numbers) },
};
static const ost_schema_t correlate[] = { { "-", MAP, "a mapping of 'of' and 'spearman' or 'pearson'", "", false,
    MEMBERS(correlation) } };

static const ost_schema_t stratum[] = {
    NEEDED("if", TEXT, "a condition such as age < 65 [year]", "on outputs, covariates and time, at time 0"),
    NEEDED("quota", COUNT, "a whole number", "of subjects"),
};
static const ost_schema_t strata[] = {
    { "STRATUM", MAP, "a mapping of 'if' and 'quota'", "a subject is of the first whose condition holds", false,
        MEMBERS(stratum) },
};
static const ost_schema_t baseline[] = {
    NEEDED("output", TEXT, "an output such as t_score[total_hip]", "without errors of scans"),
    NEEDED("value", FORMULA, "a quantity such as -2.5, or a formula of the covariates", "of each subject at time 0"),
    NEEDED("solve", TEXT, "a parameter such as aibl.peak", "that is solved for it"),
};
static const ost_schema_t baselines[] = { { "-", MAP, "a mapping of output, value, solve", "", false,
    MEMBERS(baseline) } };

static const ost_schema_t population[] = {
    KEY("from", TEXT, "a ready population such as postmenopausal_women, or the path of an experiment",
        "whose covariates, eligibility, history and parameters are taken, where this one has none of the name"),
    KEY("subjects", COUNT, "a whole number", "how many; default 1, or all rows of 'people'"),
    KEY("seed", COUNT, "a whole number", "of all random numbers; default 1"),
    KEY("first_subject", COUNT, "a whole number", "number of the first one, to run a part of a cohort; default 0"),
    KEY("cohort", COUNT, "a whole number",
        "subjects of the whole cohort that these are of, which a latin_hypercube spreads; default: subjects"),
    KEY("sampling", WORD, "random|latin_hypercube",
        "default random; latin_hypercube: evenly spread, for means of few subjects"),
    KEY("variability", FLAG, "true or false", "whether model parameters differ between subjects; default true"),
    { "people", TEXT | MAP, "path of a CSV file, or a mapping of table, rows, ...",
        "a row for each subject; its columns replace covariates and parameters of their names", false,
        MEMBERS(people) },
    { "covariates", MAP, "a mapping of names to values", "drawn from top to bottom", false, MEMBERS(covariates) },
    { "correlate", LIST, "a list of correlations",
        "between covariates and parameters, by a Gaussian copula; distributions stay as they are", false,
        MEMBERS(correlate) },
    KEY("eligible", TEXT, "a condition such as t_score[total_hip] > -2",
        "on outputs, covariates and time, at time 0; the values of others are NaN; default: all are"),
    KEY("enroll", COUNT, "a whole number",
        "instead of subjects: they are drawn, in order, until so many are eligible and in a stratum"),
    { "strata", MAP, "a mapping of names to conditions and quotas", "kinds of subjects, and how many of each take part",
        false, MEMBERS(strata) },
    { "baseline", LIST, "a list of outputs and their values",
        "outputs that are given at time 0, by a parameter of each subject", false, MEMBERS(baselines) },
    KEY("dropout", FORMULA, "a time, or a formula of the covariates",
        "when a subject leaves: later values are NaN; default: never"),
};

static const ost_schema_t setting[] = {
    KEY("value", FORMULA, "a quantity, or a formula of the covariates such as 0.07 [1/d]*(age/60 [year])^0.3",
        "typical value, for all or of each subject"),
    KEY("spread", QUANTITY, "a number, or a quantity where the model's spread is normal",
        "between subjects, replaces the model's; 0 for none"),
};

static const ost_schema_t parameters[] = {
    { "MODEL.PARAMETER", FORMULA | MAP, "a quantity, a formula of the covariates, or a mapping of value and spread",
        "replaces what the model file says, as in aibl.T[lumbar_spine]", false, MEMBERS(setting) },
};

static const ost_schema_t run_in[] = {
    NEEDED("start", FORMULA, "a time, or a formula of the covariates that gives one",
        "when each subject's history (burn-in) before treatment begins, counted from time 0 (negative)"),
};

static const ost_schema_t dose[] = {
    NEEDED("drug", TEXT, "the name of a drug", "'osteon list drugs' names them; or another model that takes doses"),
    NEEDED("dose", FORMULA, "a quantity such as 1 mg, or a formula of the covariates such as 0.2 [mg/kg]*weight",
        "amount of each dose"),
    KEY("compartment", TEXT, "the name of a state", "for a model that takes doses in several; default: the first"),
    KEY("into", 0, "compartment", ""),
    KEY("interval", FORMULA, "a time such as 1 day, or a formula of the covariates",
        "between doses; omitted: a single dose"),
    KEY("start", FORMULA, "a time, or a formula of the covariates", "of the first dose; default 0 day"),
    KEY("stop", FORMULA, "a time, or a formula of the covariates",
        "no dose at or after it; default: none, doses go on"),
    KEY("adherence", FORMULA, "a fraction such as 85 %, or a formula of the covariates",
        "chance that a dose is taken, each by itself; default: all are"),
    KEY("inter_occasion", FORMULA, "a number such as 20 %, or a formula of the covariates",
        "between-occasion variability: SD, on the log scale, of the factor by which each dose differs "
        "(bioavailability; median 1); none without 'variability'; default 0"),
    KEY("begin_if", TEXT, "a condition such as bmd[total_hip] < 0.7 [g/cm2]",
        "doses begin on the first visit where it holds; it may name outputs, covariates and time"),
    KEY("end_if", TEXT, "a condition",
        "doses end on the first visit after they began where it holds; with begin_if they may begin again"),
    KEY("visits", TIME, "a time such as 6 month", "between visits, from start on; where conditions are evaluated"),
    KEY("delay", TIME, "a time such as 2 week", "from the visit to the first dose; default none"),
    KEY("duration", FORMULA, "a time such as 15 min, or a formula of the covariates",
        "of an infusion; omitted: at once"),
    KEY("steady_state", FLAG, "true or false",
        "whether at the start the drug is at the steady state of these doses, as if given before for ever, with all "
        "else as at time 0; default false"),
    KEY("over", 0, "duration", ""),
};
static const ost_schema_t regimen[] = { { "-", MAP, "a mapping of drug, dose, interval, ...", "", false,
    MEMBERS(dose) } };

static const ost_schema_t signal_input[] = {
    NEEDED("signal", TEXT, "the name of a signal", "'osteon list signals' names them"),
    NEEDED("value", QUANTITY, "a quantity in the signal's unit", "combined with what else drives the signal"),
    KEY("start", TIME, "a time", "from when; default 0 day"),
    KEY("stop", TIME, "a time", "until when; default: without end"),
};
static const ost_schema_t signal_inputs[] = { { "-", MAP, "a mapping of signal, value, start, stop", "", false,
    MEMBERS(signal_input) } };

static const ost_schema_t arm[] = {
    KEY("label", TEXT, "text", "for display; default: the name"),
    { "regimen", LIST, "a list of doses", "drugs given in this arm", false, MEMBERS(regimen) },
    { "signals", LIST, "a list of signals", "signals driven from outside", false, MEMBERS(signal_inputs) },
};
static const ost_schema_t arms[] = {
    { "ARM", MAP, "a mapping of label, regimen, signals", "a treatment that every subject is simulated with", false,
        MEMBERS(arm) },
};

static const ost_schema_t compartment[] = {
    NEEDED("into", TEXT, "a model and its state, as anastrozole.depot", "where doses go; without a state its first"),
    KEY("lag", FORMULA, "a time, or a formula of the covariates", "from TIME to the dose's entry; default none"),
    KEY("bioavailability", FORMULA, "a fraction such as 80 %, or a formula of the covariates",
        "factor on AMT, at most 100 %, of a formula also more; default 1"),
    KEY("rate", FORMULA, "a quantity such as 10 mg/h, or a formula of the covariates", "of infusions with RATE -1"),
    KEY("duration", FORMULA, "a time, or a formula of the covariates", "of infusions with RATE -2"),
};
static const ost_schema_t compartments[] = {
    { "NUMBER", TEXT | MAP, "a model and its state, as anastrozole.depot, or a mapping of into, lag, ...",
        "what doses with this CMT go to", false, MEMBERS(compartment) },
};
#define INTERPOLATION(NAME, word) "|" word
static const ost_schema_t event_covariate[] = {
    NEEDED("unit", TEXT, "a unit such as kg, or 1", "of the column's numbers"),
    KEY("column", TEXT, "the name of a column", "of the table; default: the covariate's name"),
    KEY("interpolation", WORD, &(OST_INTERPOLATIONS(INTERPOLATION))[1],
        "of a covariate that changes in time: that of the row before, of the row after, or on a line between"),
};
#undef INTERPOLATION
static const ost_schema_t event_covariates[] = {
    { "COVARIATE", TEXT | MAP, "a unit such as kg, or a mapping of unit, column, interpolation",
        "a property of each subject, from a column of the table", false, MEMBERS(event_covariate) },
};
static const ost_schema_t events[] = {
    NEEDED("table", TEXT, "path of a CSV file",
        "columns ID, TIME, AMT, EVID, CMT, II, ADDL, RATE, SS, in capitals or not"),
    NEEDED("time", TEXT, "a unit such as hour", "of TIME and II, and of the times in RATE"),
    NEEDED("amount", TEXT, "a unit such as mg", "of AMT, and of the amounts in RATE"),
    { "cmt", MAP, "a mapping of numbers or words of CMT to states", "what doses go to", true, MEMBERS(compartments) },
    { "covariates", MAP, "a mapping of names to units", "covariates in columns of the table", false,
        MEMBERS(event_covariates) },
    { "ignore", LIST, "a list of columns", "that are left out", false, MEMBERS(name_list) },
    KEY("arm", TEXT, "the name of an arm above, or all", "that the rows act in; needed where there are several"),
};

static const ost_schema_t times[] = {
    KEY("from", TIME, "a time", "first output; default 0 day"),
    NEEDED("to", TIME, "a time such as 7 year", "last output, where a whole number of steps leads there"),
    NEEDED("every", TIME, "a time such as 1 month", "between outputs"),
    KEY("-", TIME, "a time such as 6 month", "instead: the outputs one by one"),
};

static const ost_schema_t solver[] = {
    { "stepper", WORD,
        &(""
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) "|" name
#include "solve/methods.def"
#undef OST_METHOD
            )[1],
        "default rodas5p; auto: least work; those of GSL are slow references", false, NULL, 0 },
    KEY("rtol", NUMBER, "a number, 1e-14 .. 0.1", "relative tolerance; default 1e-6"),
    KEY("atol_factor", NUMBER, "a number", "absolute tolerance = this x rtol x typical size; default 1e-3"),
    KEY("h_max", TIME, "a time", "longest step, twice that in a history; default 6 month"),
    KEY("h_min", TIME, "a time", "a shorter step is a failure; default 1e-12 d"),
    KEY("max_steps", COUNT, "a whole number", "of one subject in one arm; default 10000000"),
    KEY("dosing", WORD, "periodic|exact", "default periodic: mean effects once doses repeat themselves"),
};

static const ost_schema_t results[] = {
    KEY("keep", WORD, "subjects|quantiles",
        "outputs of all subjects (default), or quantiles, mean, SD and number between subjects, of values and of "
        "percent changes, with endpoints"),
    KEY("precision", WORD, "float32|float64", "of outputs in the result file; default float32"),
    KEY("compression", WORD, "0|1", "whether outputs are compressed (shuffle and deflate); default 1"),
    KEY("digits", COUNT, "a whole number, 1 .. 15",
        "outputs are rounded in binary to this many significant digits, which compress better; default: all"),
};

static const ost_schema_t comparison[] = {
    NEEDED("arm", TEXT, "the name of an arm above", "of this experiment"),
    NEEDED("trial", TEXT, "text", "as the table spells it"),
    NEEDED("trial_arm", TEXT, "text", "as the table spells it"),
    KEY("versus", TEXT, "the name of an arm above", "differences: the arm that is subtracted"),
    KEY("endpoint", TEXT, "text", "only rows of this endpoint"),
    KEY("site", TEXT, "text", "only rows of this site"),
    KEY("month", NUMBER, "a number", "only rows of this month"),
    KEY("output", TEXT, "an output such as bmd[total_hip]", "that the rows measure; default: by endpoint and site"),
    KEY("from", TIME, "a time", "of the baseline; default: by the endpoint's name, else 0"),
    KEY("to", TIME, "a time", "of the observation; default: the row's month"),
    KEY("unit", QUANTITY, "a quantity such as 3.67 pmol/L",
        "what 1 of the rows' values is; default: by the row's unit"),
};
static const ost_schema_t compare[] = { { "-", MAP, "a mapping of arm, trial, trial_arm", "", false,
    MEMBERS(comparison) } };

static const ost_schema_t evidence[] = {
    NEEDED("table", TEXT, "path of a CSV file", "observations of trials; relative to this file, or shipped"),
    { "compare", LIST, "a list", "rows of the table to compare with arms", false, MEMBERS(compare) },
};

#define MEASURE(NAME, word) "|" word
static const ost_schema_t endpoint[] = {
    NEEDED("output", TEXT, "an output such as bmd[total_hip]", "that is measured"),
    NEEDED("arm", TEXT, "the name of an arm above", "of this experiment"),
    KEY("versus", TEXT, "the name of an arm above", "the arm whose statistic is subtracted"),
    KEY("from", TIME, "a time", "one of `times`: baseline of the measure; default 0 day"),
    NEEDED("to", TIME, "a time", "one of `times`: end of the measure"),
    KEY("measure", WORD, &(OST_MEASURES(MEASURE))[1],
        "of each subject: percent change, difference, percent of baseline, or the value; default percent"),
    KEY("statistic", TEXT, "a statistic such as mean, median, sd, q05 or fraction",
        "over the subjects; default mean; fraction: percent of them above 0"),
    KEY("above", QUANTITY, "a quantity such as 3 %", "the percent of subjects whose measure is above it"),
    KEY("below", QUANTITY, "a quantity such as -5 %", "the percent of subjects whose measure is below it"),
};
#undef MEASURE
static const ost_schema_t endpoints[] = { { "NAME", MAP, "a mapping of output, arm, to, ...",
    "printed by 'osteon show'", false, MEMBERS(endpoint) } };

static const ost_schema_t plot[] = {
    { "variables", LIST, "a list of names",
        "outputs to draw, as ctx or bmd[total_hip], as scanned where it can be; default: bmd, or the first", false,
        MEMBERS(name_list) },
    KEY("panels", WORD, "variables|arms", "what each panel shows, the other being its lines; default variables"),
    KEY("show", WORD, "value|change|ratio", "values (default), or against time 0: percent change, or multiples"),
    KEY("time", WORD, "day|month|year", "of the axis; default: by its length"),
};

static const ost_schema_t experiment[] = {
    KEY("name", TEXT, "text", "short name; default: that of the file"),
    KEY("title", TEXT, "text", "one line for display; default: the name"),
    KEY("notes", TEXT, "text", "what is simulated, and what is assumed about the subjects; shown beside results"),
    { "models", LIST, "a list of names or paths", "drugs that arms name are added by themselves", true,
        MEMBERS(name_list) },
    { "population", MAP, "a mapping", "the virtual cohort; default: one typical subject", false, MEMBERS(population) },
    { "parameters", MAP, "a mapping of MODEL.PARAMETER to values", "changes to what the models say", false,
        MEMBERS(parameters) },
    { "run_in", MAP, "a mapping", "life before treatment, integrated once per subject; omitted: none", false,
        MEMBERS(run_in) },
    { "arms", MAP, "a mapping of names to arms", "the treatments to compare", true, MEMBERS(arms) },
    { "events", MAP, "a mapping of table, time, amount, cmt, ...", "a table of dosing records, one subject for each ID",
        false, MEMBERS(events) },
    { "times", LIST | MAP, "a mapping of from, to, every, or a list of times",
        "when outputs are kept; may be omitted only with 'events': times of its observations", false, MEMBERS(times) },
    { "outputs", LIST | TEXT, "a list of names, or all", "variables to keep; default: all", false, MEMBERS(name_list) },
    { "solver", MAP, "a mapping", "", false, MEMBERS(solver) },
    { "results", MAP, "a mapping", "", false, MEMBERS(results) },
    { "evidence", MAP, "a mapping", "trials to compare with", false, MEMBERS(evidence) },
    { "endpoints", MAP, "a mapping of names to endpoints", "what is asked of the run", false, MEMBERS(endpoints) },
    { "plot", MAP, "a mapping", "how osteon-plot draws it; omitted: change of BMD", false, MEMBERS(plot) },
};

const ost_schema_t ost_experiment_schema = { "", MAP, "a mapping of name, models, population, arms, times, ...", "",
    true, MEMBERS(experiment) };

const char *const ost_stepper_names[OST_N_STEPPERS] = {
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) name,
#include "solve/methods.def"
#undef OST_METHOD
};
const char *const ost_dosing_names[2] = { "periodic", "exact" };
