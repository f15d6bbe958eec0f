/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a planned experiment and its observations; gives the files of PEtab 2.0.0
 * (petab.readthedocs.io/en/latest/v2/documentation_data_format.html). A change from a time on needs the value of then:
 * a parameter base_1_ of the models, which a condition sets at that time to the output's value. */
#include "observe/petab.h"

#include "core/memory.h"
#include "lang/sbml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE OST_SBML_NAME_SIZE
/* Bounds of a parameter whose range is open: this factor from its value (assumed); of an error that is not reported, in
 * the unit of the observation (assumed). */
#define FAR 1000.0
#define LEAST_ERROR 1e-3
#define LARGEST_ERROR 1e3

const char *const ost_petab_names[OST_PETAB_N_FILES] = { OST_PETAB_FILES(OST_WORD_OF) };

/* The value of an output at a time. */
typedef struct {
    uint32_t row;
    double t;
} base_t;

/* What is observed: each with a formula of its own. */
typedef struct {
    const ost_endpoint_t *of; /* the first endpoint of it */
    size_t base;              /* SIZE_MAX: none */
    char id[NAME_SIZE + 40];
    bool has_sigma; /* the error of some measurement is not reported */
} observable_t;

struct ost_petab {
    ost_memory_t memory;
    const ost_plan_t *plan;
    const ost_matched_t *matched;
    char (*params)[NAME_SIZE], (*outputs)[NAME_SIZE]; /* [n_params] and [of all models] in SBML */
    size_t *first_output;                             /* [n_blocks] among outputs */
    base_t *bases;                                    /* [n_bases] */
    size_t n_bases;
    observable_t *observables; /* [n_observables] */
    size_t n_observables;
    size_t *observable; /* [n_observations] */
    char **model;       /* [n_arms] text, NULL: nothing is observed in the arm */
    double *t_begin;    /* [n_arms] */
    double *values;     /* [n_covariates + n_params] of the subject */
};

static const char *number(double value, char *buf)
{
    return ost_text_number(value, buf);
}

/* The identifier of an arm: letters, digits and underscores. */
static const char *arm_id(const ost_petab_t *self, size_t arm, char buf[200])
{
    const char *name = self->plan->experiment->arms[arm].name;
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (name[n] == '\0' && strspn(name, "0123456789") == 0)
        snprintf(buf, 200, "%s", name);
    else
        snprintf(buf, 200, "arm_%zu", arm + 1);
    return buf;
}

/* The standard error that a row reports, NAN: none. */
static double error_of(const ost_evidence_row_t *row)
{
    if (row->interval == OST_INTERVAL_95CI && row->upper > row->lower) return (row->upper - row->lower) / (2 * 1.96);
    if (row->interval == OST_INTERVAL_SE && row->upper > 0) return row->upper;
    return row->interval == OST_INTERVAL_SD && row->upper > 0 && row->n > 1 ? row->upper / sqrt(row->n) : NAN;
}

static const char *output_id(const ost_petab_t *self, uint32_t row)
{
    const ost_outputs_t *outputs = self->plan->outputs;
    return self->outputs[self->first_output[outputs->block[row]] + outputs->index[row]];
}

/* Observations that are no values of one subject become unmatched. */
static int drop_others(const ost_petab_t *self, ost_matched_t *matched, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < matched->n_observations && ret == 0;) {
        const ost_endpoint_t *of = &matched->observations[i].endpoint;
        const char *why = of->versus != SIZE_MAX ? "PEtab has one model at a time, and no difference between arms"
                          : of->statistic != OST_STATISTIC_MEAN && of->statistic != OST_STATISTIC_MEDIAN
                              ? "PEtab has one subject, and no variability between subjects"
                              : NULL;
        if (why != NULL)
            ret = ost_matched_drop(matched, i, why, err);
        else
            i++;
    }
    if (ret == 0 && matched->n_observations == 0)
        return ost_fail(err, OST_ERR_VALUE, "%s: no observation of its evidence can be one of PEtab",
            OST_WHERE(self->plan->experiment));
    return ret;
}

static size_t find_base(ost_petab_t *self, const ost_endpoint_t *of)
{
    const base_t base = { (uint32_t) of->i_output, of->from };
    if (of->measure == OST_MEASURE_LEVEL) return SIZE_MAX;
    for (size_t i = 0; i < self->n_bases; i++)
        if (self->bases[i].row == base.row && self->bases[i].t == base.t) return i;
    self->bases[self->n_bases] = base;
    return self->n_bases++;
}

static bool is_same(const observable_t *self, const ost_endpoint_t *of, size_t base)
{
    return self->base == base && self->of->i_output == of->i_output && self->of->measure == of->measure &&
           self->of->factor == of->factor && self->of->per_year == of->per_year &&
           (!of->per_year || self->of->to - self->of->from == of->to - of->from);
}

static void add_observable(ost_petab_t *self, size_t i)
{
    const ost_observation_t *observation = &self->matched->observations[i];
    const ost_endpoint_t *of = &observation->endpoint;
    const size_t base = find_base(self, of);
    size_t k = 0, n_alike = 1;
    for (; k < self->n_observables && !is_same(&self->observables[k], of, base); k++)
        n_alike += self->observables[k].of->i_output == of->i_output && self->observables[k].of->measure == of->measure;
    observable_t *observable = &self->observables[k];
    self->observable[i] = k;
    if (k == self->n_observables) {
        char nth[24] = "";
        self->n_observables++;
        if (n_alike > 1) snprintf(nth, sizeof(nth), "_%zu", n_alike);
        *observable = (observable_t){ .of = of, .base = base };
        snprintf(observable->id, sizeof(observable->id), "observed_%s_%s%s", output_id(self, (uint32_t) of->i_output),
            ost_measure_words[of->measure], nth);
    }
    observable->has_sigma |= isnan(error_of(observation->row));
}

/* Names that models, parameters and outputs have in SBML. */
static int find_names(ost_petab_t *self, ost_error_t *err)
{
    const ost_blocks_t *blocks = self->plan->blocks;
    const ost_model_t **models = ost_memory_list(&self->memory, blocks->n, sizeof(*models));
    size_t n_outputs = 0;
    if (models == NULL) return ost_no_memory(err);
    for (size_t b = 0; b < blocks->n; b++) {
        models[b] = blocks->block[b].model;
        self->first_output[b] = n_outputs;
        n_outputs += models[b]->n_outputs;
    }
    self->params = ost_memory_list(&self->memory, blocks->n_params, sizeof(*self->params));
    self->outputs = ost_memory_list(&self->memory, n_outputs, sizeof(*self->outputs));
    if (self->memory.failed) return ost_no_memory(err);
    return ost_models_sbml_names(self->plan->signals, models, blocks->n, self->params, self->outputs, err);
}

/* The model of an arm in which something is observed. */
static int write_arm(ost_petab_t *self, size_t arm, ost_error_t *err)
{
    bool is_observed = false;
    size_t size;
    for (size_t i = 0; i < self->matched->n_observations; i++)
        is_observed |= self->matched->observations[i].endpoint.arm == arm;
    if (!is_observed) return 0;
    FILE *out = open_memstream(&self->model[arm], &size);
    if (out == NULL) return ost_no_memory(err);
    int ret = ost_plan_write_sbml(self->plan, arm, self->n_bases, &self->t_begin[arm], out, err);
    return fclose(out) != 0 && ret == 0 ? ost_no_memory(err) : ret;
}

int ost_petab_new(ost_petab_t **self, const ost_plan_t *plan, ost_matched_t *matched, ost_error_t *err)
{
    ost_petab_t *made = *self = calloc(1, sizeof(*made));
    if (made == NULL) return ost_no_memory(err);
    *made = (ost_petab_t){ .plan = plan, .matched = matched };
    int ret = drop_others(made, matched, err);
    if (ret < 0) return ret;
    const size_t n_arms = plan->experiment->n_arms, n = matched->n_observations;
    ost_memory_t *memory = &made->memory;
    made->first_output = ost_memory_list(memory, plan->blocks->n, sizeof(*made->first_output));
    made->bases = ost_memory_list(memory, n, sizeof(*made->bases));
    made->observables = ost_memory_list(memory, n, sizeof(*made->observables));
    made->observable = ost_memory_list(memory, n, sizeof(*made->observable));
    made->model = ost_memory_list(memory, n_arms, sizeof(*made->model));
    made->t_begin = ost_memory_list(memory, n_arms, sizeof(*made->t_begin));
    made->values =
        ost_memory_list(memory, plan->experiment->n_covariates + plan->blocks->n_params, sizeof(*made->values));
    if (memory->failed) return ost_no_memory(err);
    ret = ost_plan_subject(
        plan, plan->experiment->first_subject, made->values, made->values + plan->experiment->n_covariates, err);
    if (ret == 0) ret = find_names(made, err);
    for (size_t i = 0; i < n && ret == 0; i++) add_observable(made, i);
    for (size_t a = 0; a < n_arms && ret == 0; a++) ret = write_arm(made, a, err);
    return ret;
}

void ost_petab_delete(ost_petab_t *self)
{
    if (self == NULL) return;
    for (size_t a = 0; self->model != NULL && a < self->plan->experiment->n_arms; a++) free(self->model[a]);
    ost_memory_free(&self->memory);
    free(self);
}

const char *ost_petab_model(const ost_petab_t *self, size_t arm, char name[300])
{
    char id[200];
    snprintf(name, 300, "%s.xml", arm_id(self, arm, id));
    return self->model[arm];
}

static void put_problem(const ost_petab_t *self, FILE *out)
{
    char id[200];
    fputs("# Written by osteon: one subject in each arm. parameters.tsv has the priors of the models.\n"
          "format_version: 2.0.0\nparameter_files: [parameters.tsv]\nmodel_files:\n",
        out);
    for (size_t a = 0; a < self->plan->experiment->n_arms; a++)
        if (self->model[a] != NULL) fprintf(out, "  %s: {location: %s.xml, language: sbml}\n", arm_id(self, a, id), id);
    fputs("measurement_files: [measurements.tsv]\nobservable_files: [observables.tsv]\n"
          "condition_files: [conditions.tsv]\nexperiment_files: [experiments.tsv]\n",
        out);
}

/* A parameter that has a prior: on the natural logarithm, where that of the model is. For one on the logit, which PEtab
 * does not have, the normal one that has its SD at the value to first order, cut at the bounds. */
static void put_parameter(const ost_petab_t *self, size_t i, FILE *out)
{
    const ost_param_t *param = ost_blocks_param(self->plan->blocks, i);
    const double typical = self->values[self->plan->experiment->n_covariates + i], unit = param->unit.factor;
    const bool is_logit = param->spread.kind == OST_SPREAD_LOGITNORMAL;
    char a[OST_NUMBER_SIZE], b[OST_NUMBER_SIZE], c[OST_NUMBER_SIZE];
    const double lower = isfinite(param->lower) ? param->lower : typical - FAR * fabs(typical),
                 upper = isfinite(param->upper) ? param->upper : typical + FAR * fabs(typical);
    fprintf(out, "%s\t%s\t%s\t%s\t%s\ttrue\t", self->params[i], param->text, number(lower / unit, a),
        number(upper / unit, b), number(typical / unit, c));
    if (!(typical > 0) || (is_logit && !(typical < 1)))
        fprintf(out, "uniform\t%s;%s\n", a, b);
    else
        fprintf(out, "%s\t%s;%s\n", is_logit ? "normal" : "log-normal",
            number(is_logit ? typical / unit : log(typical / unit), a),
            number(param->prior_sd * (is_logit ? typical * (1 - typical) / unit : 1), b));
}

static void put_parameters(const ost_petab_t *self, FILE *out)
{
    char a[OST_NUMBER_SIZE], b[OST_NUMBER_SIZE];
    fputs("parameterId\tparameterName\tlowerBound\tupperBound\tnominalValue\testimate\tpriorDistribution\t"
          "priorParameters\n",
        out);
    for (size_t i = 0; i < self->plan->blocks->n_params; i++) {
        const ost_param_t *param = ost_blocks_param(self->plan->blocks, i);
        if (!param->is_covariate && param->prior_sd > 0) put_parameter(self, i, out);
    }
    for (const observable_t *o = self->observables; o < self->observables + self->n_observables; o++)
        if (o->has_sigma)
            fprintf(out, "sigma_%s\tstandard error of a measurement that reports none\t%s\t%s\t1\ttrue\t\t\n", o->id,
                number(LEAST_ERROR, a), number(LARGEST_ERROR, b));
}

static void put_formula(const ost_petab_t *self, const observable_t *o, FILE *out)
{
    const ost_endpoint_t *of = o->of;
    const char *y = output_id(self, (uint32_t) of->i_output);
    char factor[OST_NUMBER_SIZE], years[OST_NUMBER_SIZE];
    const size_t base = o->base + 1;
    const bool is_percent = of->measure == OST_MEASURE_PERCENT || of->measure == OST_MEASURE_FRACTION;
    if (!is_percent && of->factor != 1) fprintf(out, "%s * ", number(of->factor, factor));
    if (of->measure == OST_MEASURE_LEVEL) fprintf(out, "%s", y);
    if (of->measure == OST_MEASURE_CHANGE) fprintf(out, "(%s - base_%zu_)", y, base);
    if (of->measure == OST_MEASURE_PERCENT) fprintf(out, "100 * (%s / base_%zu_ - 1)", y, base);
    if (of->measure == OST_MEASURE_FRACTION) fprintf(out, "100 * %s / base_%zu_", y, base);
    if (of->per_year) fprintf(out, " / %s", number((of->to - of->from) / OST_DAYS_PER_YEAR, years));
}

static void put_observables(const ost_petab_t *self, FILE *out)
{
    fputs("observableId\tobservableName\tobservableFormula\tnoiseFormula\tnoiseDistribution\tnoisePlaceholders\n", out);
    for (const observable_t *o = self->observables; o < self->observables + self->n_observables; o++) {
        const ost_outputs_t *outputs = self->plan->outputs;
        const ost_output_t *output =
            &self->plan->blocks->block[outputs->block[o->of->i_output]].model->outputs[outputs->index[o->of->i_output]];
        fprintf(out, "%s\t%s, %s\t", o->id, output->text, ost_measure_words[o->of->measure]);
        put_formula(self, o, out);
        fprintf(out, "\terror_%s\tnormal\terror_%s\n", o->id, o->id);
    }
}

static void put_measurements(const ost_petab_t *self, FILE *out)
{
    char id[200], a[OST_NUMBER_SIZE], b[OST_NUMBER_SIZE], c[OST_NUMBER_SIZE];
    fputs("observableId\texperimentId\tmeasurement\ttime\tnoiseParameters\tmodelId\tdatasetId\n", out);
    for (size_t i = 0; i < self->matched->n_observations; i++) {
        const ost_observation_t *observation = &self->matched->observations[i];
        const ost_endpoint_t *of = &observation->endpoint;
        const observable_t *o = &self->observables[self->observable[i]];
        const double error = error_of(observation->row);
        fprintf(out, "%s\t%s\t%s\t%s\t", o->id, arm_id(self, of->arm, id), number(observation->row->value, a),
            number(of->to - self->t_begin[of->arm], b));
        if (isnan(error))
            fprintf(out, "sigma_%s", o->id);
        else
            fputs(number(error, c), out);
        fprintf(out, "\t%s\t%s: %s, line %d\n", id, ost_role_words[observation->row->role], observation->row->trial,
            observation->row->line);
    }
}

/* Whether base i is the first of its time: conditions are named by it. */
static bool is_first(const ost_petab_t *self, size_t i)
{
    bool is = true;
    for (size_t k = 0; k < i; k++) is &= self->bases[k].t != self->bases[i].t;
    return is;
}

static void put_conditions(const ost_petab_t *self, FILE *out)
{
    fputs("conditionId\ttargetId\ttargetValue\n", out);
    for (size_t i = 0; i < self->n_bases; i++)
        for (size_t k = i; is_first(self, i) && k < self->n_bases; k++)
            if (self->bases[k].t == self->bases[i].t)
                fprintf(out, "keep_%zu\tbase_%zu_\t%s\n", i + 1, k + 1, output_id(self, self->bases[k].row));
}

static int compare_bases(const void *a, const void *b)
{
    const base_t *x = *(const base_t *const *) a, *y = *(const base_t *const *) b;
    return (x->t > y->t) - (x->t < y->t);
}

static void put_experiments(const ost_petab_t *self, FILE *out)
{
    char id[200], a[OST_NUMBER_SIZE];
    const base_t **order = calloc(self->n_bases + 1, sizeof(*order));
    size_t n = 0;
    fputs("experimentId\ttime\tconditionId\n", out);
    for (size_t i = 0; i < self->n_bases && order != NULL; i++)
        if (is_first(self, i)) order[n++] = &self->bases[i];
    if (n > 0) qsort(order, n, sizeof(*order), compare_bases);
    for (size_t arm = 0; arm < self->plan->experiment->n_arms; arm++) {
        if (self->model[arm] == NULL) continue;
        if (n == 0 || order[0]->t > self->t_begin[arm]) fprintf(out, "%s\t0\t\n", arm_id(self, arm, id));
        for (size_t i = 0; i < n; i++)
            fprintf(out, "%s\t%s\tkeep_%zu\n", arm_id(self, arm, id), number(order[i]->t - self->t_begin[arm], a),
                (size_t) (order[i] - self->bases) + 1);
    }
    free(order);
}

void ost_petab_put(const ost_petab_t *self, size_t file, FILE *out)
{
    static void (*const put[OST_PETAB_N_FILES])(const ost_petab_t *, FILE *) = {
#define PUT(NAME, name, function) function,
        OST_PETAB_FILES(PUT)
#undef PUT
    };
    put[file](self, out);
}
