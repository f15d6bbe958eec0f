/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "problem.h"
#include "cohort/cohort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int __real_ost_batch_run(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs, ost_error_t *err);
int __wrap_ost_batch_run(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs, ost_error_t *err);

/* While jobs are being made, the problem that collects them: the linker sends the cohort's calls of the solver here
 * (--wrap), so that the jobs are the cohort's own. Run-ins, which have no outputs, are solved as usual. */
static bench_problem_t *collector;

static double *copy(const double *from, size_t n)
{
    double *to = malloc((n + 1) * sizeof(*to));
    if (to != NULL) memcpy(to, from, n * sizeof(*to));
    return to;
}

int __wrap_ost_batch_run(ost_batch_t *batch, ost_job_t *jobs, size_t n_jobs, ost_error_t *err)
{
    if (collector == NULL || n_jobs == 0 || jobs[0].y == NULL) return __real_ost_batch_run(batch, jobs, n_jobs, err);
    bench_problem_t *self = collector;
    const ost_system_t *system = self->plan.system;
    for (size_t i = 0; i < n_jobs; i++) {
        ost_job_t *job = &self->jobs[self->n_jobs++];
        *job = jobs[i];
        job->x0 = copy(jobs[i].x0, system->n_states);
        job->p = copy(jobs[i].p, system->n_constants);
        job->u0 = copy(jobs[i].u0, system->n_inputs);
        job->y = NULL;
        if (job->x0 == NULL || job->p == NULL || job->u0 == NULL)
            return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for job %zu", self->n_jobs - 1);
    }
    return 0;
}

/* Note the parameters of a block's subjects. */
static int keep_params(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    bench_problem_t *self = user;
    (void) err;
    size_t n = self->plan.blocks->n_params;
    memcpy(self->params + block->first * n, block->params, block->n_subjects * n * sizeof(double));
    return 0;
}

int bench_problem_init(bench_problem_t *self, const char *path, const char *const *overrides, size_t n_overrides,
    int isa, ost_error_t *err)
{
    *self = (bench_problem_t){ 0 };
    int ret = ost_library_init(&self->library, err);
    if (ret == 0) ret = ost_experiment_read(&self->experiment, path, overrides, n_overrides, err);
    if (ret < 0) return ret;
    if (self->experiment.n_arms != 1) return ost_fail(err, OST_ERR_VALUE, "%s: a bench has one arm", path);
    if (isa >= 0) self->experiment.solver.isa = (ost_isa_t) isa;
    ret = ost_plan_build(&self->plan, &self->library, &self->experiment, err);
    if (ret < 0) return ret;
    self->jobs = calloc(self->experiment.n_subjects, sizeof(*self->jobs));
    self->params = calloc(self->experiment.n_subjects * self->plan.blocks->n_params + 1, sizeof(double));
    if (self->jobs == NULL || self->params == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the jobs");
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = keep_params, .user = self };
    ost_cohort_summary_t summary = { 0 };
    collector = self;
    ret = ost_cohort_run(&self->plan, &options, &summary, err);
    collector = NULL;
    ost_cohort_summary_free(&summary);
    return ret;
}

void bench_problem_free(bench_problem_t *self)
{
    for (size_t i = 0; i < self->n_jobs; i++) {
        free((void *) (uintptr_t) self->jobs[i].x0);
        free((void *) (uintptr_t) self->jobs[i].p);
        free((void *) (uintptr_t) self->jobs[i].u0);
    }
    free(self->jobs);
    free(self->params);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

/* Which products the chain rule through the algebraic rows needs, found once: a[r][c] += a[r][k] * a[k][c] for each
 * algebraic k in order of evaluation, where both factors can be other than 0. */
static int find_substitutions(bench_system_t *self)
{
    const ost_system_t *system = self->system;
    size_t n = system->n_states, m = n + system->n_algebraic, width = self->width, n_room = 0;
    bool *filled = calloc(m * width, sizeof(*filled));
    if (filled == NULL) return -1;
    for (size_t e = 0; e < system->n_entries; e++) filled[self->location[e]] = true;
    for (size_t k = n; k < m; k++) {
        for (size_t r = 0; r < m; r++) {
            for (size_t c = 0; r != k && c < width && filled[r * width + k]; c++) {
                if (c == k || !filled[k * width + c]) continue;
                if (self->n_substitutions == n_room) {
                    n_room = 2 * n_room + 64;
                    void *more = realloc(self->substitutions, n_room * sizeof(*self->substitutions));
                    if (more == NULL) break;
                    self->substitutions = more;
                }
                filled[r * width + c] = true;
                self->substitutions[self->n_substitutions++] = (bench_substitution_t){ (uint32_t) (r * width + c),
                    (uint32_t) (r * width + k), (uint32_t) (k * width + c) };
            }
        }
    }
    free(filled);
    return 0;
}

int bench_system_init(bench_system_t *self, const bench_problem_t *problem)
{
    const ost_system_t *system = problem->plan.system;
    const ost_solver_options_t *options = &problem->experiment.solver;
    size_t n = system->n_states, m = n + system->n_algebraic;
    if (OST_LANE_COUNT != 1) return -1;
    *self = (bench_system_t){
        .system = system,
        .rtol = options->rtol,
        .width = m + 1,
        .atol = calloc(n + 1, sizeof(double)),
        .u = calloc(system->n_inputs + 1, sizeof(double)),
        .mode = calloc(system->n_switches + 1, sizeof(double)),
        .g = calloc(system->n_switches + 1, sizeof(double)),
        .scratch = calloc(system->n_scratch + 1, sizeof(double)),
        .entries = calloc(system->n_entries + 1, sizeof(double)),
        .f = calloc(n + 1, sizeof(double)),
        .matrix = calloc(m * (m + 1) + 1, sizeof(double)),
        .location = calloc(system->n_entries + 1, sizeof(uint32_t)),
    };
    if (self->atol == NULL || self->u == NULL || self->mode == NULL || self->g == NULL || self->scratch == NULL ||
        self->entries == NULL || self->f == NULL || self->matrix == NULL || self->location == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) self->atol[i] = options->atol_factor * options->rtol * fmin(system->scale[i], 1e200);
    for (size_t e = 0; e < system->n_entries; e++)
        self->location[e] = (uint32_t) (system->row[e] * self->width + system->col[e]);
    return find_substitutions(self);
}

void bench_system_free(bench_system_t *self)
{
    free(self->atol);
    free(self->u);
    free(self->mode);
    free(self->g);
    free(self->scratch);
    free(self->entries);
    free(self->f);
    free(self->matrix);
    free(self->location);
    free(self->substitutions);
}

void bench_system_start(bench_system_t *self, const ost_job_t *job)
{
    self->p = job->p;
    memcpy(self->u, job->u0, self->system->n_inputs * sizeof(*self->u));
    self->i_event = 0;
    while (self->i_event < job->n_events && job->events[self->i_event].t < job->t0) self->i_event++;
    self->n_rhs = self->n_jacobians = 0;
}

double bench_system_next_stop(const bench_system_t *self, const ost_job_t *job)
{
    return self->i_event < job->n_events ? fmin(job->events[self->i_event].t, job->t1) : job->t1;
}

bool bench_system_act(bench_system_t *self, const ost_job_t *job, double t, double *x)
{
    bool changed = false;
    for (; self->i_event < job->n_events && job->events[self->i_event].t <= t; self->i_event++) {
        const ost_event_t *event = &job->events[self->i_event];
        if (event->kind == OST_EVENT_STOP) continue;
        double *value = (event->kind == OST_EVENT_SET_INPUT ? self->u : x) + event->index, before = *value;
        *value = event->amount + (event->kind == OST_EVENT_ADD_STATE ? before : 0);
        changed |= *value != before;
    }
    return changed;
}

/* Conditions are to the peers what an `if` in a right-hand side is: looked at anew at each point. */
static ost_point_t point(const bench_system_t *self, const double *t, const double *x)
{
    ost_point_t at = { .t = t, .x = x, .p = self->p, .u = self->u, .mode = self->mode, .scratch = self->scratch };
    if (self->system->n_switches > 0) self->system->switches(self->system->self, &at, self->g);
    for (size_t i = 0; i < self->system->n_switches; i++) self->mode[i] = self->g[i] >= 0;
    return at;
}

void bench_system_rhs(bench_system_t *self, double t, const double *x, double *f)
{
    ost_point_t at = point(self, &t, x);
    self->system->rhs(self->system->self, &at, f);
    self->n_rhs++;
}

void bench_system_jacobian(bench_system_t *self, double t, const double *x)
{
    ost_point_t at = point(self, &t, x);
    double *a = self->matrix;
    self->system->jacobian(self->system->self, &at, self->f, self->entries);
    self->n_jacobians++;
    memset(a, 0, (self->width - 1) * self->width * sizeof(*a));
    for (size_t e = 0; e < self->system->n_entries; e++) a[self->location[e]] = self->entries[e];
    for (const bench_substitution_t *s = self->substitutions, *end = s + self->n_substitutions; s < end; s++)
        a[s->dst] += a[s->factor] * a[s->from];
}

void bench_system_output(bench_system_t *self, ost_job_t *job, size_t i, const double *x)
{
    double y[64];
    ost_point_t at = point(self, &job->t_out[i], x);
    self->system->outputs(self->system->self, &at, y);
    for (size_t o = 0; o < self->system->n_outputs; o++) job->y[o * job->n_out + i] = y[o];
}
