/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which part of the core's floating-point peak the right-hand side, the Jacobian, the outputs and a whole run reach.
 * Operations are counted as they are called: those of the models' programs in each kernel that the plan calls, so not
 * of what it skips; a stage of Rodas5P adds its sums and its solve over the states that move, a step its elimination.
 * Closed forms and what joins the blocks are not counted, and a division is one operation: shares are lower bounds. The
 * peak is that of a loop of products and sums on the same instruction set, timed in turns with the rest.
 * usage: bench-peak EXPERIMENT.yaml ISA */
#include "lang/program.h"
#include "plan/system.h"
#include "problem.h"
#include "solve/batch_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 15
#define PEAK_ROUNDS 20000
#define SUMMED 43 /* products a state in the sums of the stages of a step */
#define STAGES 8
#define JUDGED 10 /* operations a state when a step is judged */
#define DENSE 22  /* and at a point of its dense output */

double bench_peak_base(size_t n);
double bench_peak_avx2(size_t n);
double bench_peak_avx512(size_t n);

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* A kernel that counts what it is called for. */
typedef struct {
    ost_kernel_t kernel;
    const ost_kernel_t *real;
    const struct ost_programs *programs;
    ost_isa_t isa;
    double *flops;
} counting_kernel_t;

/* A system whose blocks have such kernels. */
typedef struct {
    ost_lane_plan_t lanes;
    const ost_system_t *real;
    ost_system_t system;
    ost_batch_t *batch; /* that runs it; NULL: none */
    counting_kernel_t *kernels;
    double flops, n_stages; /* of all lanes; after the first of each step */
} counting_t;

/* As exp and log of core/lanes_math.h are written. */
static double op_flops(uint32_t op, ost_isa_t isa)
{
    const bool has_tables = isa == OST_ISA_AVX512;
    if (op == OST_OP_EXP) return has_tables ? 21 : 34;
    if (op == OST_OP_LOG || op == OST_OP_LOG_FROM) return has_tables ? 30 : 37;
    return op != OST_OP_READ;
}

static void count(const counting_kernel_t *self, size_t program)
{
    const ost_program_t *of = &self->programs->program[program];
    double flops = 0;
    for (size_t i = 0; i < of->n_instr; i++) flops += op_flops(of->instr[i].op, self->isa);
    *self->flops += OST_LANE_COUNT * flops;
}

#define COUNTING(function, program, parameters, ...)                                                                   \
    static void count_##function(const ost_kernel_t *kernel, const ost_kernel_args_t *at, parameters)                  \
    {                                                                                                                  \
        const counting_kernel_t *self = (const void *) kernel;                                                         \
        count(self, program);                                                                                          \
        self->real->function(self->real, at, __VA_ARGS__);                                                             \
    }
#define AND ,
COUNTING(rhs, OST_RHS, double *f, f)
COUNTING(jacobian, OST_JACOBIAN, double *f AND double *entries, f, entries)
COUNTING(drive, OST_FIRST_DRIVE + 2 * i, size_t i AND double *value, i, value)
COUNTING(drive_jacobian, OST_FIRST_DRIVE + 2 * i + 1, size_t i AND double *entries, i, entries)
COUNTING(switches, OST_SWITCHES, double *g, g)
COUNTING(outputs, OST_OUTPUTS, double *y, y)

static double list_flops(const ost_op_list_t *list)
{
    double flops = 2 * (double) list->n_terms;
    for (size_t i = 0; i < list->n_ops; i++) flops += list->ops[i].scale != OST_STORE_PLAIN;
    return flops;
}

static double n_moving(const ost_batch_t *batch)
{
    double n = 0;
    for (size_t i = 0; i < batch->moving->n_moving; i++) n += batch->moving->span[i].end - batch->moving->span[i].first;
    return n;
}

static void count_stage(const void *lanes, const ost_point_t *at, double *f)
{
    counting_t *self = (counting_t *) (uintptr_t) lanes;
    self->real->rhs(lanes, at, f);
    if (self->batch == NULL) return;
    const ost_elimination_t *e = self->batch->moving->elimination;
    const double solves = STAGES * (list_flops(&e->forward) + list_flops(&e->backward) + 3 * (double) e->n_time),
                 sums = n_moving(self->batch) * (2 * SUMMED + 2 * STAGES + JUDGED);
    self->flops += OST_LANE_COUNT * (list_flops(&e->factor) + solves + sums) / (STAGES - 1);
    self->n_stages++;
}

static void count_outputs_of(const void *lanes, const ost_point_t *at, double *y)
{
    counting_t *self = (counting_t *) (uintptr_t) lanes;
    self->real->outputs(lanes, at, y);
    if (self->batch != NULL) self->flops += OST_LANE_COUNT * n_moving(self->batch) * DENSE;
}

/* @return false if out of memory */
static bool counting_init(counting_t *self, const ost_plan_t *plan, ost_isa_t isa)
{
    const ost_lane_plan_t *lanes = plan->system->self;
    *self = (counting_t){ .lanes = *lanes, .real = plan->system, .system = *plan->system };
    self->kernels = calloc(lanes->n_blocks, sizeof(*self->kernels));
    self->lanes.blocks = malloc(lanes->n_blocks * sizeof(*lanes->blocks));
    if (self->kernels == NULL || self->lanes.blocks == NULL) return false;
    for (size_t b = 0; b < lanes->n_blocks; b++) {
        const ost_kernel_t *real = lanes->blocks[b].kernel;
        self->kernels[b] = (counting_kernel_t){ .real = real,
            .programs = lanes->blocks[b].model->impl->programs,
            .isa = isa,
            .flops = &self->flops,
            .kernel = { real->prepare, count_rhs, count_jacobian, count_drive, count_drive_jacobian, count_switches,
                count_outputs, real->program } };
        self->lanes.blocks[b] = lanes->blocks[b];
        self->lanes.blocks[b].kernel = &self->kernels[b].kernel;
    }
    self->system.self = &self->lanes;
    self->system.rhs = count_stage;
    self->system.outputs = count_outputs_of;
    return true;
}

static void counting_free(counting_t *self)
{
    free(self->kernels);
    free(self->lanes.blocks);
}

typedef struct {
    const char *name;
    double flops; /* of one call, all lanes */
    size_t n_calls;
    double best; /* seconds of a call */
} part_t;

/* The first job at its start, in all lanes, with all blocks awake; and room for what is made of it. */
typedef struct {
    double *t, *x, *p, *u, *mode, *scratch, *f, *entries, *y;
    double *memory; /* of all of them */
} rows_t;

static bool rows_init(rows_t *self, const bench_problem_t *problem)
{
    const ost_system_t *system = problem->plan.system;
    const ost_job_t *job = &problem->jobs[0];
    double **rows[] = { &self->t, &self->x, &self->p, &self->u, &self->mode, &self->scratch, &self->f, &self->entries,
        &self->y };
    const double *from[9] = { NULL, job->x0, job->p, job->u0 };
    const size_t n[] = { 1, system->n_states, system->n_constants, system->n_inputs, system->n_switches,
        system->n_scratch, system->n_states, system->n_entries, system->n_outputs };
    size_t n_all = 0;
    for (int k = 0; k < 9; k++) n_all += n[k] * OST_LANE_COUNT;
    double *place = self->memory = aligned_alloc(64, n_all * sizeof(double));
    if (place == NULL) return false;
    for (int k = 0; k < 9; place += n[k] * OST_LANE_COUNT, k++) {
        *rows[k] = place;
        for (size_t i = 0; i < n[k] * OST_LANE_COUNT; i++) place[i] = from[k] != NULL ? from[k][i / OST_LANE_COUNT] : 0;
    }
    for (size_t b = 0; b < problem->plan.blocks->n; b++) { /* blocks sleep until their first dose */
        int32_t park = problem->plan.inputs->hold[b];
        if (park >= 0) memset(self->u + (size_t) park * OST_LANE_COUNT, 0, OST_LANE_COUNT * sizeof(double));
    }
    return true;
}

enum { RHS, JACOBIAN, OUTPUTS, RUN, N_PARTS };

/* One part, of the system that counts or of the real one. */
static void call(const ost_system_t *system, int part, const rows_t *rows)
{
    const ost_point_t at = {
        .t = rows->t, .x = rows->x, .p = rows->p, .u = rows->u, .mode = rows->mode, .scratch = rows->scratch
    };
    if (part == RHS) system->rhs(system->self, &at, rows->f);
    if (part == JACOBIAN) system->jacobian(system->self, &at, rows->f, rows->entries);
    if (part == OUTPUTS) system->outputs(system->self, &at, rows->y);
}

/* Operations of a run of the jobs, without those of idle lanes. */
static int count_run(counting_t *counting, const bench_problem_t *problem, ost_job_t *jobs, size_t n_jobs,
    double *flops, ost_error_t *err)
{
    int ret = ost_batch_new(&counting->batch, &counting->system, &problem->experiment.solver, err);
    counting->flops = counting->n_stages = 0;
    if (ret == 0) ret = ost_batch_run(counting->batch, jobs, n_jobs, err);
    double attempts = 0;
    for (size_t i = 0; i < n_jobs; i++) attempts += (double) (jobs[i].stats.steps + jobs[i].stats.rejected);
    *flops = counting->flops * attempts * (STAGES - 1) / (OST_LANE_COUNT * counting->n_stages);
    ost_batch_delete(counting->batch);
    counting->batch = NULL;
    return ret;
}

static void copy_jobs(ost_job_t *jobs, const bench_problem_t *problem, size_t n_jobs, double *outputs, size_t n_y)
{
    memcpy(jobs, problem->jobs, n_jobs * sizeof(*jobs));
    for (size_t i = 0; i < n_jobs; i++) jobs[i].y = outputs + i * n_y;
}

static void print_shares(const part_t *parts, ost_isa_t isa, double peak)
{
    printf("{\"isa\": \"%s\", \"peak_gflops\": %.4g, \"share\": {", ost_isa_name(isa), 1e-9 * peak);
    for (int k = 0; k < N_PARTS; k++)
        printf("%s\"%s\": %.4g", k == 0 ? "" : ", ", parts[k].name, parts[k].flops / parts[k].best / peak);
    printf("}}\n");
}

static int measure(const bench_problem_t *problem, ost_isa_t isa, ost_error_t *err)
{
    const ost_system_t *system = problem->plan.system;
    double (*const peaks[])(size_t) = { bench_peak_base, bench_peak_avx2, bench_peak_avx512 };
    size_t n_y = system->n_outputs * problem->experiment.n_times, n_jobs = problem->n_jobs;
    if (n_jobs > BENCH_BLOCK) n_jobs = BENCH_BLOCK;
    ost_job_t jobs[BENCH_BLOCK];
    double *outputs = malloc(n_jobs * n_y * sizeof(double)), best_peak = 0;
    ost_batch_t *batch = NULL;
    counting_t counting;
    rows_t rows;
    if (!counting_init(&counting, &problem->plan, isa) || outputs == NULL || !rows_init(&rows, problem))
        return ost_no_memory(err);
    int ret = ost_batch_new(&batch, system, &problem->experiment.solver, err);
    if (ret != 0) return ret;
    part_t parts[N_PARTS] = { { "rhs", 0, 5000, INFINITY }, { "jacobian", 0, 5000, INFINITY },
        { "outputs", 0, 5000, INFINITY }, { "run", 0, 1, INFINITY } };
    for (int k = 0; k < RUN; k++) {
        counting.flops = 0;
        call(&counting.system, k, &rows);
        parts[k].flops = counting.flops;
    }
    copy_jobs(jobs, problem, n_jobs, outputs, n_y);
    ret = count_run(&counting, problem, jobs, n_jobs, &parts[RUN].flops, err);
    for (int round = 0; round < ROUNDS && ret == 0; round++) {
        double begin = seconds(), flops = peaks[isa](PEAK_ROUNDS);
        best_peak = fmax(best_peak, flops / (seconds() - begin));
        for (int k = 0; k < N_PARTS; k++) {
            copy_jobs(jobs, problem, n_jobs, outputs, n_y);
            begin = seconds();
            for (size_t i = 0; i < parts[k].n_calls && k < RUN; i++) call(system, k, &rows);
            if (k == RUN) ret = ost_batch_run(batch, jobs, n_jobs, err);
            parts[k].best = fmin(parts[k].best, (seconds() - begin) / (double) parts[k].n_calls);
        }
    }
    print_shares(parts, isa, best_peak);
    ost_batch_delete(batch);
    counting_free(&counting);
    free(rows.memory);
    free(outputs);
    return ret;
}

int main(int argc, char **argv)
{
    ost_error_t err = { 0 };
    char text[1024];
    int isa = argc == 3 ? ost_isa_from_name(argv[2]) : -1;
    if (isa < 0) {
        fprintf(stderr, "usage: %s EXPERIMENT.yaml ISA\n", argv[0]);
        return 2;
    }
    bench_problem_t problem;
    int ret = bench_problem_init(&problem, argv[1], NULL, 0, isa, &err);
    if (ret == 0) ret = measure(&problem, (ost_isa_t) isa, &err);
    bench_problem_free(&problem);
    if (ret < 0) fprintf(stderr, "%s: %s\n", argv[0], ost_error_format(&err, text, sizeof(text)));
    return ret < 0;
}
