/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of osteon/session.h for R. What is simulated is simulated by other threads, which call nothing of R;
 * the main thread looks for Ctrl-C meanwhile. An error is returned as list(message, code, line, column), which R
 * signals, so that nothing is jumped over. */
#define _GNU_SOURCE
#define R_NO_REMAP
#include <R.h>
#include <R_ext/Rdynload.h>
#include <Rinternals.h>

#include <osteon/session.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL = 50000000 }; /* ns between looks for Ctrl-C */

/* A study with a session of its own. */
typedef struct {
    ost_session_t *session;
    ost_study_t *study;
    ost_call_t *call;
} handle_t;

/* What a study is made from, as C has it; the texts are R's. */
typedef struct {
    const char *path, *yaml; /* yaml NULL: read from the path */
    const char **model_paths, **model_texts, **set;
    size_t n_models, n_set;
} source_t;

static void close_handle(handle_t *self)
{
    ost_study_free(self->study);
    ost_session_free(self->session);
    ost_call_free(self->call);
    *self = (handle_t){ 0 };
}

/* A session with its models. @return 0 or a code */
static int open_session(handle_t *self, const source_t *source, int n_threads)
{
    *self = (handle_t){ .call = ost_call_new() };
    if (self->call == NULL) return OST_ERR_NO_MEMORY;
    int code = ost_call_threads(self->call, n_threads);
    if (code < 0) return code;
    self->session = ost_session_new(self->call);
    code = ost_call_code(self->call);
    for (size_t i = 0; i < source->n_models && code == 0; i++)
        code = ost_session_add_model(self->session, source->model_paths[i], source->model_texts[i], self->call);
    return code;
}

/* Plan in the place of the study before. @return 0 or a code */
static int plan(handle_t *self, const source_t *source)
{
    ost_study_free(self->study);
    self->study = ost_study_new(self->session, source->path, source->yaml, source->set, source->n_set, self->call);
    return ost_call_code(self->call);
}

/* ---- between R and C ---- */

/* What went wrong, as a list that R signals. @param row  "theta[3, ]: " of a batch, or "" */
static SEXP failure(ost_call_t *call, const char *row)
{
    static const char *const names[] = { "message", "code", "line", "column", "" };
    int line = 0, column = 0;
    const char *what = call != NULL ? ost_call_error(call, &line, &column) : "out of memory";
    char *text = R_alloc(strlen(row) + strlen(what) + 1, 1);
    sprintf(text, "%s%s", row, what);
    SEXP list = PROTECT(Rf_mkNamed(VECSXP, (const char **) names));
    SET_VECTOR_ELT(list, 0, Rf_ScalarString(Rf_mkCharCE(text, CE_UTF8)));
    SET_VECTOR_ELT(list, 1, Rf_ScalarInteger(call != NULL ? ost_call_code(call) : OST_ERR_NO_MEMORY));
    SET_VECTOR_ELT(list, 2, Rf_ScalarInteger(line));
    SET_VECTOR_ELT(list, 3, Rf_ScalarInteger(column));
    Rf_setAttrib(list, R_ClassSymbol, Rf_mkString("osteon_failure"));
    UNPROTECT(1);
    return list;
}

static const char **texts_of(SEXP strings, size_t *n)
{
    *n = (size_t) Rf_xlength(strings);
    const char **texts = (const char **) R_alloc(*n + 1, sizeof(*texts));
    for (size_t i = 0; i < *n; i++) texts[i] = Rf_translateCharUTF8(STRING_ELT(strings, (R_xlen_t) i));
    return texts;
}

static source_t source_of(SEXP path, SEXP yaml, SEXP set, SEXP model_paths, SEXP model_texts)
{
    source_t source = { .path = Rf_translateCharUTF8(STRING_ELT(path, 0)),
        .yaml = yaml != R_NilValue ? Rf_translateCharUTF8(STRING_ELT(yaml, 0)) : NULL };
    source.set = texts_of(set, &source.n_set);
    source.model_paths = texts_of(model_paths, &source.n_models);
    source.model_texts = texts_of(model_texts, &source.n_models);
    return source;
}

static void finalize(SEXP pointer)
{
    handle_t *handle = R_ExternalPtrAddr(pointer);
    if (handle == NULL) return;
    close_handle(handle);
    free(handle);
    R_ClearExternalPtr(pointer);
}

static handle_t *handle_of(SEXP pointer)
{
    handle_t *handle = R_ExternalPtrAddr(pointer);
    if (handle == NULL) Rf_error("this study is of another session of R; make it anew");
    return handle;
}

static SEXP new_study(SEXP path, SEXP yaml, SEXP set, SEXP model_paths, SEXP model_texts, SEXP threads)
{
    const source_t source = source_of(path, yaml, set, model_paths, model_texts);
    handle_t *handle = calloc(1, sizeof(*handle));
    if (handle == NULL) return failure(NULL, "");
    SEXP pointer = PROTECT(R_MakeExternalPtr(handle, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(pointer, finalize, TRUE);
    int code = open_session(handle, &source, Rf_asInteger(threads));
    if (code == 0) code = plan(handle, &source);
    SEXP result = code == 0 ? pointer : failure(handle->call, "");
    UNPROTECT(1);
    return result;
}

static SEXP texts(SEXP pointer, SEXP axis, SEXP what)
{
    const ost_study_t *study = handle_of(pointer)->study;
    const ost_axis_t of = (ost_axis_t) Rf_asInteger(axis);
    const size_t n = ost_study_size(study, of);
    SEXP result = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t) n));
    for (size_t i = 0; i < n; i++) {
        const char *text = ost_study_text(study, of, i, CHAR(STRING_ELT(what, 0)));
        SET_STRING_ELT(result, (R_xlen_t) i, Rf_mkCharCE(text != NULL ? text : "", CE_UTF8));
    }
    UNPROTECT(1);
    return result;
}

static SEXP values(SEXP pointer, SEXP axis)
{
    const ost_study_t *study = handle_of(pointer)->study;
    const ost_axis_t of = (ost_axis_t) Rf_asInteger(axis);
    SEXP result = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) ost_study_size(study, of)));
    ost_study_values(study, of, REAL(result));
    UNPROTECT(1);
    return result;
}

static SEXP n_subjects(SEXP pointer)
{
    return Rf_ScalarReal((double) ost_study_size(handle_of(pointer)->study, OST_AXIS_SUBJECT));
}

static SEXP yaml_of(SEXP pointer)
{
    const ost_study_t *study = handle_of(pointer)->study;
    const size_t n = ost_study_yaml(study, NULL, 0);
    char *text = R_alloc(n + 1, 1);
    if (ost_study_yaml(study, text, n + 1) == 0) Rf_error("out of memory");
    return Rf_ScalarString(Rf_mkCharCE(text, CE_UTF8));
}

/* The path of the shared library. */
static SEXP library_path(void)
{
    Dl_info info = { 0 };
    int (*function)(void) = ost_session_version;
    void *address;
    memcpy(&address, &function, sizeof(address));
    return Rf_mkString(dladdr(address, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : "");
}

/* ---- work in other threads ---- */

/* The arrays that the blocks of a run are copied to. */
typedef struct {
    const ost_study_t *study;
    double *outputs, *covariates, *params; /* [arm][subject][output][time], [subject][covariate], [subject][param] */
    int *status;                           /* [arm][subject]; all but outputs may be NULL */
    atomic_ullong *done;
} arrays_t;

static int keep(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    const arrays_t *self = user;
    const ost_study_t *study = self->study;
    const size_t n_all = ost_study_size(study, OST_AXIS_SUBJECT), n_arms = ost_study_size(study, OST_AXIS_ARM);
    const size_t each = ost_study_size(study, OST_AXIS_OUTPUT) * ost_study_size(study, OST_AXIS_TIME);
    const size_t n_x = ost_study_size(study, OST_AXIS_COVARIATE), n_p = ost_study_size(study, OST_AXIS_PARAM);
    for (size_t a = 0; a < n_arms; a++) {
        memcpy(self->outputs + (a * n_all + first) * each, outputs + a * n * each, n * each * sizeof(double));
        for (size_t i = 0; i < n && self->status != NULL; i++) self->status[a * n_all + first + i] = status[a * n + i];
    }
    if (self->covariates != NULL) memcpy(self->covariates + first * n_x, covariates, n * n_x * sizeof(double));
    if (self->params != NULL) memcpy(self->params + first * n_p, params, n * n_p * sizeof(double));
    if (self->done != NULL) atomic_fetch_add(self->done, n);
    return 0;
}

/* What one or more threads work on. */
typedef struct {
    void (*work)(void *self);
    void (*stop)(void *self);
    void *self;
    atomic_ullong done;
    unsigned long long n; /* to be done */
    const char *what;     /* these are, for the progress line; NULL: none */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    size_t n_running;
} task_t;

static void *work_on(void *user)
{
    task_t *task = user;
    task->work(task->self);
    pthread_mutex_lock(&task->mutex);
    task->n_running--;
    pthread_cond_signal(&task->ended);
    pthread_mutex_unlock(&task->mutex);
    return NULL;
}

static void look_for_interrupt(void *unused)
{
    (void) unused;
    R_CheckUserInterrupt();
}

static void show_progress(task_t *task, int *shown)
{
    const unsigned long long done = atomic_load(&task->done);
    const int percent = (int) (100 * done / (task->n > 0 ? task->n : 1));
    if (task->what == NULL || percent <= *shown) return;
    *shown = percent;
    REprintf("\rosteon: %llu of %llu %s%s", done, task->n, task->what, done == task->n ? "\n" : "");
}

/* Until no thread works any more. @return whether Ctrl-C was pressed */
static int wait_for(task_t *task)
{
    int is_stopped = 0, shown = -1;
    pthread_mutex_lock(&task->mutex);
    while (task->n_running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&task->ended, &task->mutex, &until);
        pthread_mutex_unlock(&task->mutex);
        show_progress(task, &shown);
        if (!is_stopped && !R_ToplevelExec(look_for_interrupt, NULL)) {
            is_stopped = 1;
            task->stop(task->self);
        }
        pthread_mutex_lock(&task->mutex);
    }
    pthread_mutex_unlock(&task->mutex);
    show_progress(task, &shown);
    return is_stopped;
}

/* @return 0, 1: stopped by Ctrl-C, -1: no thread could be started */
static int run_task(task_t *task, size_t n_threads)
{
    pthread_t *threads = calloc(n_threads, sizeof(*threads));
    size_t n = 0;
    if (threads == NULL) return -1;
    pthread_mutex_init(&task->mutex, NULL);
    pthread_cond_init(&task->ended, NULL);
    task->n_running = n_threads;
    while (n < n_threads && pthread_create(&threads[n], NULL, work_on, task) == 0) n++;
    pthread_mutex_lock(&task->mutex);
    task->n_running -= n_threads - n;
    pthread_mutex_unlock(&task->mutex);
    int is_stopped = wait_for(task);
    for (size_t i = 0; i < n; i++) pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&task->mutex);
    pthread_cond_destroy(&task->ended);
    free(threads);
    return n == 0 ? -1 : is_stopped;
}

static SEXP interrupted(void)
{
    SEXP result = PROTECT(Rf_ScalarLogical(1));
    Rf_setAttrib(result, R_ClassSymbol, Rf_mkString("osteon_interrupt"));
    UNPROTECT(1);
    return result;
}

/* ---- run ---- */

typedef struct {
    handle_t *handle;
    arrays_t arrays;
    int code;
} run_t;

static void work_run(void *user)
{
    run_t *self = user;
    const uint64_t n = ost_study_size(self->handle->study, OST_AXIS_SUBJECT);
    self->code = ost_study_run(self->handle->study, 0, n, keep, &self->arrays, self->handle->call);
}

static void stop_run(void *user)
{
    ost_call_stop(((run_t *) user)->handle->call);
}

static SEXP filled(R_xlen_t n)
{
    SEXP array = Rf_allocVector(REALSXP, n);
    for (R_xlen_t i = 0; i < n; i++) REAL(array)[i] = NA_REAL;
    return array;
}

/* list(outputs [time, output, subject, arm], covariates, parameters [.., subject], status [subject, arm]), plain
 * vectors */
static SEXP run(SEXP pointer, SEXP progress)
{
    static const char *const names[] = { "outputs", "covariates", "parameters", "status", "" };
    handle_t *handle = handle_of(pointer);
    const ost_study_t *study = handle->study;
    R_xlen_t n[OST_AXIS_SUBJECT + 1];
    for (int a = 0; a <= OST_AXIS_SUBJECT; a++) n[a] = (R_xlen_t) ost_study_size(study, (ost_axis_t) a);
    const R_xlen_t n_jobs = n[OST_AXIS_ARM] * n[OST_AXIS_SUBJECT];
    SEXP list = PROTECT(Rf_mkNamed(VECSXP, (const char **) names));
    SET_VECTOR_ELT(list, 0, filled(n_jobs * n[OST_AXIS_OUTPUT] * n[OST_AXIS_TIME]));
    SET_VECTOR_ELT(list, 1, filled(n[OST_AXIS_SUBJECT] * n[OST_AXIS_COVARIATE]));
    SET_VECTOR_ELT(list, 2, filled(n[OST_AXIS_SUBJECT] * n[OST_AXIS_PARAM]));
    SET_VECTOR_ELT(list, 3, Rf_allocVector(INTSXP, n_jobs));
    run_t self = { .handle = handle };
    task_t task = { .work = work_run,
        .stop = stop_run,
        .self = &self,
        .n = (unsigned long long) n[OST_AXIS_SUBJECT],
        .what = Rf_asLogical(progress) == TRUE ? "subjects" : NULL };
    self.arrays = (arrays_t){ .study = study,
        .outputs = REAL(VECTOR_ELT(list, 0)),
        .covariates = REAL(VECTOR_ELT(list, 1)),
        .params = REAL(VECTOR_ELT(list, 2)),
        .status = INTEGER(VECTOR_ELT(list, 3)),
        .done = &task.done };
    const int ended = run_task(&task, 1);
    SEXP result = ended == 1      ? interrupted()
                  : ended < 0     ? failure(NULL, "")
                  : self.code < 0 ? failure(handle->call, "")
                                  : list;
    UNPROTECT(1);
    return result;
}

/* ---- batch ---- */

typedef struct {
    const source_t *source; /* without settings */
    const char **paths, **units;
    size_t n_entries, n_rows, n_threads, size; /* size: doubles of a row of y */
    size_t shape[OST_AXIS_SUBJECT + 1];
    const double *theta; /* [entry][row], as R has it */
    double *y;
    handle_t *handles; /* [n_threads] */
    atomic_size_t next, next_thread;
    atomic_bool stop;
    atomic_ullong *done;
    pthread_mutex_t mutex;
    size_t wrong_row; /* of the handle with the error; n_rows: none */
    handle_t *wrong;
    bool has_other_shape;
} batch_t;

/* "arms.treated.regimen.0.dose=2 mg" of each entry. @param texts  [n_entries][size] */
static void set_row(const batch_t *self, size_t row, char *texts_of_row, size_t size, const char **set)
{
    for (size_t k = 0; k < self->n_entries; k++) {
        char *text = texts_of_row + k * size;
        const char *unit = strcmp(self->units[k], "1") == 0 ? "" : self->units[k];
        snprintf(text, size, "%s=%.17g%s%s", self->paths[k], self->theta[k * self->n_rows + row],
            unit[0] != '\0' ? " " : "", unit);
        set[k] = text;
    }
}

static void fail_row(batch_t *self, size_t row, handle_t *handle, bool has_other_shape)
{
    pthread_mutex_lock(&self->mutex);
    if (row < self->wrong_row) {
        self->wrong_row = row;
        self->wrong = handle;
        self->has_other_shape = has_other_shape;
    }
    pthread_mutex_unlock(&self->mutex);
    atomic_store(&self->stop, true);
}

static bool has_shape(const batch_t *self, const ost_study_t *study)
{
    bool same = true;
    for (int a = 0; a <= OST_AXIS_SUBJECT; a++)
        same &= a == OST_AXIS_PARAM || ost_study_size(study, (ost_axis_t) a) == self->shape[a];
    return same;
}

static void work_batch(void *user)
{
    batch_t *self = user;
    handle_t *handle = &self->handles[atomic_fetch_add(&self->next_thread, 1)];
    size_t size = 64, row;
    for (size_t k = 0; k < self->n_entries; k++)
        if (strlen(self->paths[k]) + strlen(self->units[k]) + 64 > size)
            size = strlen(self->paths[k]) + strlen(self->units[k]) + 64;
    char *texts_of_row = malloc(self->n_entries * size + 1);
    const char **set = malloc((self->n_entries + 1) * sizeof(*set));
    source_t source = *self->source;
    source.set = set;
    source.n_set = self->n_entries;
    int code = texts_of_row == NULL || set == NULL ? OST_ERR_NO_MEMORY : open_session(handle, &source, 1);
    if (code < 0) fail_row(self, 0, handle, false);
    while (code >= 0 && !atomic_load(&self->stop) && (row = atomic_fetch_add(&self->next, 1)) < self->n_rows) {
        set_row(self, row, texts_of_row, size, set);
        code = plan(handle, &source);
        const bool is_other = code == 0 && !has_shape(self, handle->study);
        arrays_t arrays = { .study = handle->study, .outputs = self->y + row * self->size };
        if (code == 0 && !is_other)
            code = ost_study_run(handle->study, 0, self->shape[OST_AXIS_SUBJECT], keep, &arrays, handle->call);
        if (code < 0 || is_other) fail_row(self, row, handle, is_other);
        atomic_fetch_add(self->done, 1);
    }
    free(texts_of_row);
    free(set);
}

static void stop_batch(void *user)
{
    batch_t *self = user;
    atomic_store(&self->stop, true);
    for (size_t i = 0; i < self->n_threads; i++)
        if (self->handles[i].call != NULL) ost_call_stop(self->handles[i].call);
}

static SEXP wrong_row(const batch_t *self)
{
    char row[64];
    snprintf(row, sizeof(row), "theta[%zu, ]: ", self->wrong_row + 1);
    if (!self->has_other_shape) return failure(self->wrong->call, row);
    SEXP list = PROTECT(failure(NULL, row));
    char text[160];
    snprintf(text, sizeof(text), "%sgives other arms, outputs, times or subjects than the experiment", row);
    SET_VECTOR_ELT(list, 0, Rf_mkString(text));
    SET_VECTOR_ELT(list, 1, Rf_ScalarInteger(OST_ERR_ARGUMENT));
    UNPROTECT(1);
    return list;
}

/* y [time, output, subject, arm, row] as a plain vector. @param pointer  the study without changes; @param theta matrix
 * [row, entry] */
static SEXP batch(SEXP pointer, SEXP sources, SEXP paths, SEXP units, SEXP theta, SEXP threads, SEXP progress)
{
    const source_t source = source_of(VECTOR_ELT(sources, 0), VECTOR_ELT(sources, 1), VECTOR_ELT(sources, 2),
        VECTOR_ELT(sources, 3), VECTOR_ELT(sources, 4));
    batch_t self = { .source = &source, .theta = REAL(theta), .n_threads = (size_t) Rf_asInteger(threads) };
    self.paths = texts_of(paths, &self.n_entries);
    self.units = texts_of(units, &self.n_entries);
    self.n_rows = self.wrong_row = (size_t) Rf_nrows(theta);
    self.size = 1;
    for (int a = 0; a <= OST_AXIS_SUBJECT; a++) {
        self.shape[a] = ost_study_size(handle_of(pointer)->study, (ost_axis_t) a);
        if (a != OST_AXIS_PARAM && a != OST_AXIS_COVARIATE) self.size *= self.shape[a];
    }
    SEXP y = PROTECT(filled((R_xlen_t) (self.size * self.n_rows)));
    self.y = REAL(y);
    self.handles = (handle_t *) R_alloc(self.n_threads, sizeof(*self.handles));
    memset(self.handles, 0, self.n_threads * sizeof(*self.handles));
    pthread_mutex_init(&self.mutex, NULL);
    task_t task = { .work = work_batch,
        .stop = stop_batch,
        .self = &self,
        .n = self.n_rows,
        .what = Rf_asLogical(progress) == TRUE ? "rows" : NULL };
    self.done = &task.done;
    const int ended = run_task(&task, self.n_threads);
    SEXP result = PROTECT(ended == 1           ? interrupted()
                          : ended < 0          ? failure(NULL, "")
                          : self.wrong != NULL ? wrong_row(&self)
                                               : y);
    for (size_t i = 0; i < self.n_threads; i++) close_handle(&self.handles[i]);
    pthread_mutex_destroy(&self.mutex);
    UNPROTECT(2);
    return result;
}

#define METHOD(name, n)                                                                                                \
    {                                                                                                                  \
#name, (DL_FUNC) (name), n                                                                                     \
    }

void R_init_osteon(DllInfo *library)
{
    static const R_CallMethodDef methods[] = { METHOD(new_study, 6), METHOD(texts, 3), METHOD(values, 2),
        METHOD(n_subjects, 1), METHOD(yaml_of, 1), METHOD(library_path, 0), METHOD(run, 2), METHOD(batch, 7),
        { NULL, NULL, 0 } };
    R_registerRoutines(library, NULL, methods, NULL, NULL);
    R_useDynamicSymbols(library, FALSE);
}
