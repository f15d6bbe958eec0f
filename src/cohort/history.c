/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See history.h. Takes what a block's run-ins begin with and end at; gives the end where a later run begins alike. The
 * comparison is of all bytes, so that a subject has the bits that it has alone. */
#include "cohort/history.h"

#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Bytes of all histories that are kept, an assumption: some 30,000 subjects of the flagship. */
#define MOST_BYTES ((size_t) 64 << 20)
/* Pieces of what the run-ins of a block begin with. */
enum { N_PIECES = 10 };

typedef struct {
    const void *bytes;
    size_t size;
} piece_t;

/* A block's. The size of a state that is 0 all along, as that of a drug before its first dose, changes no step. */
typedef struct {
    char *begin; /* [n_begin] what the run-ins begin with; owned; NULL: not there */
    size_t n_begin;
    double
        *end; /* [n_end] states at their end, of each subject, then the sizes of states, 0: of one that is 0; owned */
    size_t n_end;
    uint64_t steps;
} history_t;

struct ost_histories {
#ifdef _OPENMP
    omp_lock_t lock; /* of all below */
#endif
    size_t n_blocks, n_bytes;
    uint64_t n_shared; /* subjects */
    history_t *blocks; /* [n_blocks] */
};

ost_histories_t *ost_histories_new(uint64_t n_subjects)
{
    ost_histories_t *self = calloc(1, sizeof(*self));
    if (self == NULL) return NULL;
    self->n_blocks = (size_t) ((n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK);
    const size_t most = MOST_BYTES / (OST_COHORT_BLOCK * sizeof(double));
    if (self->n_blocks > most) self->n_blocks = most;
    self->blocks = calloc(self->n_blocks + 1, sizeof(*self->blocks));
#ifdef _OPENMP
    omp_init_lock(&self->lock);
#endif
    if (self->blocks != NULL) return self;
    ost_histories_delete(self);
    return NULL;
}

static void clear(history_t *self)
{
    free(self->begin);
    free(self->end);
    *self = (history_t){ 0 };
}

void ost_histories_delete(ost_histories_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_blocks && self->blocks != NULL; i++) clear(&self->blocks[i]);
#ifdef _OPENMP
    omp_destroy_lock(&self->lock);
#endif
    free(self->blocks);
    free(self);
}

uint64_t ost_histories_n_shared(const ost_histories_t *self)
{
    return self != NULL ? self->n_shared : 0;
}

static void lock(ost_histories_t *self, bool is_begin)
{
#ifdef _OPENMP
    if (is_begin)
        omp_set_lock(&self->lock);
    else
        omp_unset_lock(&self->lock);
#else
    (void) self;
    (void) is_begin;
#endif
}

/* What stands for the equations: models, sizes and options, as numbers. */
typedef struct {
    double rtol, atol_factor, h_max, h_min;
    uint64_t max_steps, stepper, isa, dosing, n, n_states, n_constants, n_inputs, n_linear, n_blocks;
} equations_t;

/* @param[out] equations  memory of the first piece */
static void list_pieces(
    const ost_worker_t *worker, size_t n, equations_t *equations, const ost_model_t **models, piece_t pieces[N_PIECES])
{
    const ost_plan_t *plan = worker->plan;
    const ost_system_t *system = plan->system;
    const ost_solver_options_t *solver = &worker->run->solver;
    memset(equations, 0, sizeof(*equations));
    *equations = (equations_t){ .rtol = solver->rtol,
        .atol_factor = solver->atol_factor,
        .h_max = solver->h_max,
        .h_min = solver->h_min,
        .max_steps = solver->max_steps,
        .stepper = (uint64_t) solver->stepper,
        .isa = (uint64_t) solver->isa,
        .dosing = (uint64_t) plan->experiment->dosing,
        .n = n,
        .n_states = system->n_states,
        .n_constants = system->n_constants,
        .n_inputs = system->n_inputs,
        .n_linear = system->n_linear,
        .n_blocks = plan->blocks->n };
    for (size_t b = 0; b < plan->blocks->n; b++) models[b] = plan->blocks->block[b].model;
    const piece_t all[N_PIECES] = {
        { equations, sizeof(*equations) },
        { models, plan->blocks->n * sizeof(*models) },
        { plan->inputs->hold, plan->blocks->n * sizeof(*plan->inputs->hold) },
        { worker->t_start, n * sizeof(double) },
        { worker->t_begin, n * sizeof(double) },
        { worker->x0, n * system->n_states * sizeof(double) },
        { worker->constants, n * system->n_constants * sizeof(double) },
        { worker->inputs, n * system->n_inputs * sizeof(double) },
        { worker->subject_status, n },
        { worker->n_breaks, n * sizeof(*worker->n_breaks) },
    };
    memcpy(pieces, all, sizeof(all));
}

/* Breaks of subject i, which follow the pieces. */
static piece_t breaks_of(const ost_worker_t *worker, size_t i)
{
    const size_t max = ost_forcing_max_breaks(worker->plan->forcing);
    return (piece_t){ worker->breaks + i * max, worker->n_breaks[i] * sizeof(double) };
}

static bool follows(const history_t *self, size_t *at, piece_t piece)
{
    bool is = piece.size <= self->n_begin - *at &&
              (piece.size == 0 || memcmp(self->begin + *at, piece.bytes, piece.size) == 0);
    *at += piece.size;
    return is;
}

static bool has_sizes(const history_t *self, const ost_system_t *system)
{
    const double *sizes = self->end + self->n_end - system->n_states;
    bool is = true;
    for (size_t x = 0; x < system->n_states; x++) is &= sizes[x] == 0 || sizes[x] == system->scale[x];
    return is;
}

bool ost_histories_find(ost_histories_t *self, ost_worker_t *worker, size_t i_block, size_t n)
{
    equations_t equations;
    const ost_model_t *models[OST_MAX_SHARED_MODELS];
    piece_t pieces[N_PIECES];
    size_t at = 0;
    if (i_block >= self->n_blocks || worker->plan->blocks->n > OST_MAX_SHARED_MODELS) return false;
    list_pieces(worker, n, &equations, models, pieces);
    lock(self, true);
    const history_t *history = &self->blocks[i_block];
    bool is_same = history->begin != NULL;
    for (size_t i = 0; i < N_PIECES && is_same; i++) is_same = follows(history, &at, pieces[i]);
    for (size_t i = 0; i < n && is_same; i++) is_same = follows(history, &at, breaks_of(worker, i));
    is_same = is_same && at == history->n_begin && has_sizes(history, worker->plan->system);
    if (is_same) memcpy(worker->x1, history->end, n * worker->plan->system->n_states * sizeof(double));
    if (is_same) worker->run_in_steps += history->steps;
    if (is_same) self->n_shared += n;
    lock(self, false);
    return is_same;
}

static void append(char **to, piece_t piece)
{
    if (piece.size > 0) memcpy(*to, piece.bytes, piece.size);
    *to += piece.size;
}

/* @param[out] end  [n + 1][n_states] */
static void fill_end(double *end, const ost_worker_t *worker, size_t n)
{
    const size_t n_states = worker->plan->system->n_states;
    double *sizes = end + n * n_states;
    memcpy(end, worker->x1, n * n_states * sizeof(*end));
    memset(sizes, 0, n_states * sizeof(*sizes));
    for (size_t i = 0; i < n * n_states; i++)
        if (worker->x0[i] != 0 || worker->x1[i] != 0) sizes[i % n_states] = worker->plan->system->scale[i % n_states];
}

void ost_histories_keep(ost_histories_t *self, const ost_worker_t *worker, size_t i_block, size_t n)
{
    equations_t equations;
    const ost_model_t *models[OST_MAX_SHARED_MODELS];
    piece_t pieces[N_PIECES];
    history_t made = { .n_end = (n + 1) * worker->plan->system->n_states, .steps = worker->run_in_steps };
    if (i_block >= self->n_blocks || worker->plan->blocks->n > OST_MAX_SHARED_MODELS) return;
    for (size_t i = 0; i < n; i++)
        if (worker->subject_status[i] != 0) return;
    list_pieces(worker, n, &equations, models, pieces);
    for (size_t i = 0; i < N_PIECES; i++) made.n_begin += pieces[i].size;
    for (size_t i = 0; i < n; i++) made.n_begin += breaks_of(worker, i).size;
    made.begin = malloc(made.n_begin);
    made.end = malloc(made.n_end * sizeof(double) + 1);
    char *to = made.begin;
    bool ok = made.begin != NULL && made.end != NULL;
    for (size_t i = 0; i < N_PIECES && ok; i++) append(&to, pieces[i]);
    for (size_t i = 0; i < n && ok; i++) append(&to, breaks_of(worker, i));
    if (ok) fill_end(made.end, worker, n);
    lock(self, true);
    history_t *history = &self->blocks[i_block];
    const size_t before = history->n_begin + history->n_end * sizeof(double);
    const size_t after = made.n_begin + made.n_end * sizeof(double);
    if (ok && self->n_bytes - before + after <= MOST_BYTES) {
        self->n_bytes += after - before;
        history_t replaced = *history;
        *history = made;
        made = replaced;
    }
    lock(self, false);
    clear(&made);
}
