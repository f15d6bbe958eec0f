/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one door (osteon/session.h): checks every argument, turns the engine's structs into texts and plain arrays. */
#include "osteon/session.h"

#include "cohort/cohort.h"
#include "core/text.h"
#include "plan/doubts.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 65536
#define N_AXES (OST_AXIS_SUBJECT + 1)
#define NO_ARGUMENT(err, name) ost_fail(err, OST_ERR_ARGUMENT, "argument '%s' is NULL or out of range", name)

struct ost_call {
    ost_error_t err;
    char text[sizeof(ost_error_t) + 32];
    int n_threads;
    atomic_bool stop;
};

struct ost_session {
    ost_library_t library;
    size_t n_studies;
    ost_histories_t *histories; /* that studies after the first share; NULL: none */
};

/* One element of an axis. */
typedef struct {
    char *name;              /* owned */
    const char *unit, *text; /* borrowed from the experiment or its models */
    const char *index;       /* name of the index set of an output, else ""; borrowed */
    double value;            /* reported unit, NAN where it has none */
    double factor;           /* reported = internal / factor */
    uint32_t row;            /* OST_AXIS_OUTPUT: among the system's outputs */
} element_t;

struct ost_study {
    ost_experiment_t experiment;
    ost_plan_t plan;
    element_t *element[N_AXES]; /* [n], NULL for OST_AXIS_SUBJECT */
    size_t n[N_AXES];
    bool is_plain;              /* the outputs are the system's, in its order */
    ost_histories_t *histories; /* of the session */
};

int ost_session_version(void)
{
    return OST_SESSION_VERSION;
}

ost_call_t *ost_call_new(void)
{
    return calloc(1, sizeof(ost_call_t));
}

void ost_call_free(ost_call_t *call)
{
    free(call);
}

static ost_error_t *begin(ost_call_t *call)
{
    call->err = (ost_error_t){ 0 };
    return &call->err;
}

int ost_call_threads(ost_call_t *call, int n)
{
    if (call == NULL) return OST_ERR_ARGUMENT;
    if (n < 0 || n > MAX_THREADS) return NO_ARGUMENT(begin(call), "n");
    begin(call);
    call->n_threads = n;
    return 0;
}

int ost_call_stop(ost_call_t *call)
{
    if (call == NULL) return OST_ERR_ARGUMENT;
    atomic_store(&call->stop, true);
    return 0;
}

int ost_call_code(const ost_call_t *call)
{
    return call != NULL ? call->err.code : OST_ERR_ARGUMENT;
}

const char *ost_call_error(ost_call_t *call, int *line, int *column)
{
    if (line != NULL) *line = call != NULL ? call->err.line : 0;
    if (column != NULL) *column = call != NULL ? call->err.column : 0;
    if (call == NULL) return NULL;
    return call->err.code == 0 ? "" : ost_error_format(&call->err, call->text, sizeof(call->text));
}

ost_session_t *ost_session_new(ost_call_t *call)
{
    if (call == NULL) return NULL;
    ost_error_t *err = begin(call);
    ost_session_t *self = calloc(1, sizeof(*self));
    if (self == NULL) ost_no_memory(err);
    if (self != NULL && ost_library_init(&self->library, err) == 0) return self;
    ost_session_free(self);
    return NULL;
}

void ost_session_free(ost_session_t *session)
{
    if (session == NULL) return;
    ost_histories_delete(session->histories);
    ost_library_free(&session->library);
    free(session);
}

int ost_session_add_model(ost_session_t *session, const char *path, const char *text, ost_call_t *call)
{
    if (call == NULL) return OST_ERR_ARGUMENT;
    ost_error_t *err = begin(call);
    if (session == NULL) return NO_ARGUMENT(err, "session");
    if (path == NULL) return NO_ARGUMENT(err, "path");
    if (text == NULL) return NO_ARGUMENT(err, "text");
    for (size_t i = 0; i < session->library.n_models; i++) {
        if (strcmp(session->library.models[i]->path, path) == 0)
            return ost_fail_at(err, OST_ERR_NAME, path, 0, 0, "the session has a model of this path");
    }
    const ost_model_t *model;
    return ost_library_read(&session->library, path, text, &model, err);
}

size_t ost_session_n_models(const ost_session_t *session)
{
    size_t n = 0;
    if (session == NULL) return 0;
    ost_library_builtin_names(&n);
    for (size_t i = 0; i < session->library.n_models; i++) n += !session->library.models[i]->is_builtin;
    return n;
}

/* A built-in model is read when it is asked for. */
static const ost_model_t *find_model(ost_library_t *library, size_t i, ost_error_t *err)
{
    size_t n;
    const ost_model_t *model = NULL;
    const char *const *names = ost_library_builtin_names(&n);
    if (i < n) return ost_library_get(library, names[i], &model, err) == 0 ? model : NULL;
    for (size_t k = 0; k < library->n_models; k++)
        if (!library->models[k]->is_builtin && i-- == n) return library->models[k];
    NO_ARGUMENT(err, "i");
    return NULL;
}

const char *ost_session_model(ost_session_t *session, size_t i, const char *what, ost_call_t *call)
{
    if (call == NULL) return NULL;
    ost_error_t *err = begin(call);
    if (session == NULL) NO_ARGUMENT(err, "session");
    const ost_model_t *model = session != NULL ? find_model(&session->library, i, err) : NULL;
    if (model == NULL) return NULL;
    if (what != NULL && strcmp(what, "name") == 0) return model->name;
    if (what != NULL && strcmp(what, "kind") == 0) return ost_model_kind_words[model->kind];
    if (what != NULL && strcmp(what, "title") == 0) return model->text;
    if (what != NULL && strcmp(what, "text") == 0) return ost_model_source(model);
    NO_ARGUMENT(err, "what");
    return NULL;
}

/* Append an element to an axis, which has room for it. @return it, NULL if out of memory */
static element_t *add(ost_study_t *self, ost_axis_t axis, const char *name, const char *unit, const char *text)
{
    element_t *made = &self->element[axis][self->n[axis]];
    *made = (element_t){ ost_strdup(name), unit, text != NULL ? text : "", "", NAN, 1, 0 };
    if (made->name == NULL) return NULL;
    self->n[axis]++;
    return made;
}

static bool add_outputs(ost_study_t *self)
{
    const ost_outputs_t *outputs = self->plan.outputs;
    self->is_plain = true;
    for (const ost_variable_t *v = outputs->variables; v < outputs->variables + outputs->n_variables; v++) {
        for (uint32_t row = v->first; row < v->first + v->n_elements; row++) {
            const ost_model_t *model = self->plan.blocks->block[outputs->block[row]].model;
            const ost_output_t *output = &model->outputs[outputs->index[row]];
            element_t *made = add(self, OST_AXIS_OUTPUT, output->name, output->unit_text, output->text);
            if (made == NULL) return false;
            made->row = row;
            if (v->index_set != NULL) made->index = v->index_set->name;
            if (row + 1 != self->n[OST_AXIS_OUTPUT]) self->is_plain = false;
        }
    }
    if (self->n[OST_AXIS_OUTPUT] != outputs->n_rows) self->is_plain = false;
    return true;
}

static bool add_params(ost_study_t *self, double *typical)
{
    const ost_blocks_t *blocks = self->plan.blocks;
    char name[256];
    ost_plan_typical(&self->plan, typical);
    for (size_t i = 0; i < blocks->n_params; i++) {
        const ost_param_t *param = ost_blocks_param(blocks, i);
        ost_blocks_param_name(blocks, i, name, sizeof(name));
        element_t *made = add(self, OST_AXIS_PARAM, name, param->unit_text, param->text);
        if (made == NULL) return false;
        made->factor = param->unit.factor;
        made->value = typical[i] / made->factor;
    }
    return true;
}

/* All axes of a planned study. @return false if out of memory */
static bool add_axes(ost_study_t *self)
{
    const ost_experiment_t *e = &self->experiment;
    const size_t n[] = { [OST_AXIS_ARM] = e->n_arms,
        [OST_AXIS_OUTPUT] = self->plan.outputs->n_rows,
        [OST_AXIS_TIME] = e->n_times,
        [OST_AXIS_PARAM] = self->plan.blocks->n_params,
        [OST_AXIS_COVARIATE] = e->n_covariates };
    for (int a = 0; a < OST_AXIS_SUBJECT; a++)
        if ((self->element[a] = calloc(n[a] + 1, sizeof(element_t))) == NULL) return false;
    self->n[OST_AXIS_SUBJECT] = (size_t) e->n_subjects;
    for (const ost_arm_t *arm = e->arms; arm < e->arms + e->n_arms; arm++)
        if (add(self, OST_AXIS_ARM, arm->name, "", arm->label) == NULL) return false;
    for (size_t i = 0; i < e->n_times; i++) {
        element_t *made = add(self, OST_AXIS_TIME, "", "d", "");
        if (made == NULL) return false;
        made->value = e->times[i];
    }
    for (const ost_covariate_t *c = e->covariates; c < e->covariates + e->n_covariates; c++) {
        element_t *made = add(self, OST_AXIS_COVARIATE, c->name, c->unit_text, "");
        if (made == NULL) return false;
        made->factor = c->unit.factor;
    }
    double *typical = calloc(n[OST_AXIS_PARAM] + 1, sizeof(double));
    bool ok = typical != NULL && add_params(self, typical) && add_outputs(self);
    free(typical);
    return ok;
}

static int check_texts(const char *path, const char *const *set, size_t n_set, ost_error_t *err)
{
    if (path == NULL) return NO_ARGUMENT(err, "path");
    for (size_t i = 0; i < n_set; i++)
        if (set == NULL || set[i] == NULL) return NO_ARGUMENT(err, "set");
    return 0;
}

ost_study_t *ost_study_new(
    ost_session_t *session, const char *path, const char *yaml, const char *const *set, size_t n_set, ost_call_t *call)
{
    if (call == NULL) return NULL;
    ost_error_t *err = begin(call);
    int ret = session == NULL ? NO_ARGUMENT(err, "session") : check_texts(path, set, n_set, err);
    if (ret < 0) return NULL;
    ost_study_t *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        ost_no_memory(err);
        return NULL;
    }
    ret = yaml != NULL ? ost_experiment_parse(&self->experiment, path, yaml, set, n_set, err)
                       : ost_experiment_read(&self->experiment, path, set, n_set, err);
    if (ret == 0) ret = ost_plan_build(&self->plan, &session->library, &self->experiment, err);
    if (ret == 0) ret = ost_plan_check_columns(&self->plan, err);
    if (ret == 0 && !add_axes(self)) ret = ost_no_memory(err);
    if (ret < 0) {
        ost_study_free(self);
        return NULL;
    }
    /* what follows a first study may be the same subjects with other entries; without memory, nothing is shared */
    if (session->n_studies++ == 1) session->histories = ost_histories_new(self->experiment.n_subjects);
    self->histories = session->histories;
    return self;
}

void ost_study_free(ost_study_t *study)
{
    if (study == NULL) return;
    for (int a = 0; a < OST_AXIS_SUBJECT; a++) {
        for (size_t i = 0; i < study->n[a]; i++) free(study->element[a][i].name);
        free(study->element[a]);
    }
    ost_plan_free(&study->plan);
    ost_experiment_free(&study->experiment);
    free(study);
}

size_t ost_study_size(const ost_study_t *study, ost_axis_t axis)
{
    return study != NULL && (unsigned) axis < N_AXES ? study->n[axis] : 0;
}

const char *ost_study_text(const ost_study_t *study, ost_axis_t axis, size_t i, const char *what)
{
    if (what == NULL || axis == OST_AXIS_SUBJECT || i >= ost_study_size(study, axis)) return NULL;
    const element_t *element = &study->element[axis][i];
    if (strcmp(what, "name") == 0) return element->name;
    if (strcmp(what, "unit") == 0) return element->unit;
    if (strcmp(what, "index") == 0) return element->index;
    return strcmp(what, "title") == 0 ? element->text : NULL;
}

int ost_study_values(const ost_study_t *study, ost_axis_t axis, double *values)
{
    if (study == NULL || (unsigned) axis >= N_AXES || values == NULL) return OST_ERR_ARGUMENT;
    for (size_t i = 0; i < study->n[axis]; i++)
        values[i] =
            axis == OST_AXIS_SUBJECT ? (double) (study->experiment.first_subject + i) : study->element[axis][i].value;
    return 0;
}

size_t ost_study_yaml(const ost_study_t *study, char *buf, size_t size)
{
    char *yaml;
    ost_error_t err = { 0 };
    if (study == NULL || (buf == NULL && size > 0)) return 0;
    if (ost_experiment_yaml(&study->experiment, &yaml, &err) < 0) return 0; /* read before: only memory is missing */
    const int n = snprintf(buf, size, "%s", yaml);
    free(yaml);
    return (size_t) n;
}

/* A run, and the arrays that its sink gets. */
typedef struct {
    const ost_study_t *study;
    ost_call_t *call;
    ost_sink_t sink;
    void *user;
    uint64_t first;
    bool is_stopped;             /* by the sink */
    double *covariates, *params; /* [OST_COHORT_BLOCK][n] */
    double *outputs;             /* [n_arms][OST_COHORT_BLOCK][n][n_times] where the study is not plain */
} pass_t;

static void to_reported(double *to, const double *from, size_t n, const element_t *element, size_t n_elements)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_elements; k++) to[i * n_elements + k] = from[i * n_elements + k] / element[k].factor;
}

/* The rows of the outputs that were asked for, of all arms and subjects. */
static const double *select_rows(const pass_t *self, const double *y, size_t n_jobs)
{
    const ost_study_t *study = self->study;
    size_t n_outputs = study->n[OST_AXIS_OUTPUT], n_times = study->n[OST_AXIS_TIME];
    if (study->is_plain) return y;
    for (size_t i = 0; i < n_jobs; i++, y += study->plan.outputs->n_rows * n_times)
        for (size_t k = 0; k < n_outputs; k++)
            memcpy(self->outputs + (i * n_outputs + k) * n_times, y + study->element[OST_AXIS_OUTPUT][k].row * n_times,
                n_times * sizeof(double));
    return self->outputs;
}

static int pass(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    pass_t *self = user;
    const ost_study_t *study = self->study;
    (void) err;
    if (self->is_stopped) return 0;
    size_t n = block->n_subjects, n_covariates = study->n[OST_AXIS_COVARIATE], n_params = study->n[OST_AXIS_PARAM];
    to_reported(self->covariates, block->covariates, n, study->element[OST_AXIS_COVARIATE], n_covariates);
    to_reported(self->params, block->params, n, study->element[OST_AXIS_PARAM], n_params);
    const double *outputs = select_rows(self, block->y, study->n[OST_AXIS_ARM] * n);
    self->is_stopped = self->sink(self->user, self->first + block->first, n, outputs, self->covariates, self->params,
                           block->status) != 0;
    return 0;
}

static int is_to_stop(void *user, const ost_progress_t *progress)
{
    (void) progress;
    const pass_t *self = user;
    return self->is_stopped || atomic_load(&self->call->stop);
}

static int run(pass_t *self, uint64_t n, ost_error_t *err)
{
    const ost_study_t *study = self->study;
    size_t n_y = study->is_plain ? 0 : study->n[OST_AXIS_ARM] * study->n[OST_AXIS_OUTPUT] * study->n[OST_AXIS_TIME];
    self->covariates = malloc((OST_COHORT_BLOCK * study->n[OST_AXIS_COVARIATE] + 1) * sizeof(double));
    self->params = malloc((OST_COHORT_BLOCK * study->n[OST_AXIS_PARAM] + 1) * sizeof(double));
    self->outputs = malloc((OST_COHORT_BLOCK * n_y + 1) * sizeof(double));
    ost_cohort_summary_t summary = { 0 };
    const ost_cohort_options_t options = { .n_threads = self->call->n_threads,
        .first = self->first,
        .n = n,
        .histories = study->histories,
        .no_probe = true,
        .sink = pass,
        .progress = is_to_stop,
        .stop = &self->call->stop,
        .user = self };
    int ret = self->covariates == NULL || self->params == NULL || self->outputs == NULL
                  ? ost_no_memory(err)
                  : ost_cohort_run(&study->plan, &options, &summary, err);
    if (ret == 0 && (summary.interrupted || self->is_stopped)) ret = 1;
    ost_cohort_summary_free(&summary);
    free(self->covariates);
    free(self->params);
    free(self->outputs);
    return ret;
}

/* Subjects that there are from the first one on. */
static uint64_t count_subjects(const ost_experiment_t *e)
{
    if (e->enrolls || e->sampling == OST_SAMPLING_LATIN_HYPERCUBE) return e->n_subjects;
    return ost_people_are_rows(&e->people) ? e->people.n_rows - e->first_subject : OST_MAX_SUBJECTS;
}

int ost_study_run(const ost_study_t *study, uint64_t first, uint64_t n, ost_sink_t sink, void *user, ost_call_t *call)
{
    if (call == NULL) return OST_ERR_ARGUMENT;
    ost_error_t *err = begin(call);
    if (study == NULL) return NO_ARGUMENT(err, "study");
    const uint64_t end = count_subjects(&study->experiment);
    if (first > end) return NO_ARGUMENT(err, "first");
    if (n > end - first) return NO_ARGUMENT(err, "n");
    if (sink == NULL) return NO_ARGUMENT(err, "sink");
    pass_t self = { .study = study, .call = call, .sink = sink, .user = user, .first = first };
    int ret = atomic_load(&call->stop) ? 1 : n > 0 ? run(&self, n, err) : 0;
    atomic_store(&call->stop, false);
    return ret;
}
