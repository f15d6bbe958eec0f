/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which part of the core's floating-point peak the right-hand side, the Jacobian, the outputs and a whole run reach.
 * Operations are counted in the programs that osteon makes of the models: exp 33, log 45, a reciprocal 9, all others 1;
 * a step of Rodas5P adds its sums of stages, its elimination and eight solves. The peak is that of a loop of products
 * and sums on the same instruction set, timed in turns with the rest.
 * usage: bench-peak EXPERIMENT.yaml ISA */
#include "lang/program.h"
#include "problem.h"
#include "solve/elimination.h"

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

double bench_peak_base(size_t n);
double bench_peak_avx2(size_t n);
double bench_peak_avx512(size_t n);

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static double program_flops(const ost_program_t *program)
{
    double flops = 0;
    for (size_t i = 0; i < program->n_instr; i++) {
        const ost_instr_t *instr = &program->instr[i];
        flops += instr->op == OST_OP_EXP                                   ? 33
                 : instr->op == OST_OP_LOG || instr->op == OST_OP_LOG_FROM ? 45
                 : instr->op == OST_OP_DIV  ? (ost_operand_bank(instr->a) == OST_BANK_CONST ? 9 : 10)
                 : instr->op == OST_OP_READ ? 0
                                            : 1;
    }
    return flops;
}

/* Of all blocks, with the drives where `with_drives`. */
static double plan_flops(const ost_plan_t *plan, int program, bool with_drives)
{
    double flops = 0;
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        const struct ost_programs *programs = model->impl->programs;
        flops += program_flops(&programs->program[program]);
        for (size_t d = 0; with_drives && d < model->n_drives; d++)
            flops += program_flops(&programs->program[OST_FIRST_DRIVE + 2 * d]);
    }
    return flops;
}

static double list_flops(const ost_op_list_t *list)
{
    double flops = 2 * (double) list->n_terms;
    for (size_t i = 0; i < list->n_ops; i++)
        flops += list->ops[i].scale == OST_STORE_PIVOT ? 10 : list->ops[i].scale != OST_STORE_PLAIN;
    return flops;
}

static double step_flops(const ost_plan_t *plan, ost_error_t *err)
{
    ost_elimination_t e;
    double n = (double) plan->system->n_states;
    if (ost_elimination_init(&e, plan->system, err) != 0) return NAN;
    double solves = STAGES * (list_flops(&e.forward) + list_flops(&e.backward) + (double) e.n_time * 3);
    double flops = (STAGES - 1) * plan_flops(plan, OST_RHS, true) + plan_flops(plan, OST_JACOBIAN, true) +
                   list_flops(&e.factor) + solves + n * (2 * SUMMED + 2 * STAGES + JUDGED);
    ost_elimination_free(&e);
    return flops;
}

typedef struct {
    const char *name;
    double flops; /* of one call, all lanes */
    size_t n_calls;
    double best; /* seconds of a call */
} part_t;

static double *rows_new(size_t n)
{
    double *rows = aligned_alloc(64, (n + 1) * OST_LANE_COUNT * sizeof(double));
    if (rows != NULL) memset(rows, 0, (n + 1) * OST_LANE_COUNT * sizeof(double));
    return rows;
}

static void fill(double *rows, const double *values, size_t n)
{
    for (size_t i = 0; i < n * OST_LANE_COUNT; i++) rows[i] = values[i / OST_LANE_COUNT];
}

static int measure(const bench_problem_t *problem, ost_isa_t isa, ost_error_t *err)
{
    const ost_system_t *system = problem->plan.system;
    double (*const peaks[])(size_t) = { bench_peak_base, bench_peak_avx2, bench_peak_avx512 };
    double *t = rows_new(1), *x = rows_new(system->n_states), *p = rows_new(system->n_constants),
           *u = rows_new(system->n_inputs), *mode = rows_new(system->n_switches),
           *scratch = rows_new(system->n_scratch), *f = rows_new(system->n_states),
           *entries = rows_new(system->n_entries), *y = rows_new(system->n_outputs);
    size_t n_y = system->n_outputs * problem->experiment.n_times, n_jobs = problem->n_jobs;
    if (n_jobs > BENCH_BLOCK) n_jobs = BENCH_BLOCK;
    ost_job_t jobs[BENCH_BLOCK];
    double *outputs = malloc(n_jobs * n_y * sizeof(double)), best_peak = 0, run_flops = 0, lanes = OST_LANE_COUNT;
    ost_batch_t *batch = NULL;
    int ret = ost_batch_new(&batch, system, &problem->experiment.solver, err);
    if (ret != 0) return ret;
    fill(x, problem->jobs[0].x0, system->n_states);
    fill(p, problem->jobs[0].p, system->n_constants);
    fill(u, problem->jobs[0].u0, system->n_inputs);
    for (size_t b = 0; b < problem->plan.blocks->n; b++) { /* blocks sleep until their first dose */
        int32_t park = problem->plan.inputs->hold[b];
        if (park >= 0) memset(u + (size_t) park * OST_LANE_COUNT, 0, OST_LANE_COUNT * sizeof(double));
    }
    const ost_point_t at = { .t = t, .x = x, .p = p, .u = u, .mode = mode, .scratch = scratch };
    part_t parts[] = { { "rhs", lanes * plan_flops(&problem->plan, OST_RHS, true), 5000, INFINITY },
        { "jacobian", lanes * plan_flops(&problem->plan, OST_JACOBIAN, true), 5000, INFINITY },
        { "outputs", lanes * plan_flops(&problem->plan, OST_OUTPUTS, true), 5000, INFINITY },
        { "run", 0, 1, INFINITY } };
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds(), flops = peaks[isa](PEAK_ROUNDS);
        best_peak = fmax(best_peak, flops / (seconds() - begin));
        for (int k = 0; k < 4; k++) {
            memcpy(jobs, problem->jobs, n_jobs * sizeof(*jobs));
            for (size_t i = 0; i < n_jobs; i++) jobs[i].y = outputs + i * n_y;
            begin = seconds();
            for (size_t i = 0; i < parts[k].n_calls && k < 3; i++) {
                if (k == 0) system->rhs(system->self, &at, f);
                if (k == 1) system->jacobian(system->self, &at, f, entries);
                if (k == 2) system->outputs(system->self, &at, y);
            }
            if (k == 3) ret = ost_batch_run(batch, jobs, n_jobs, err);
            parts[k].best = fmin(parts[k].best, (seconds() - begin) / (double) parts[k].n_calls);
        }
    }
    double per_step = step_flops(&problem->plan, err), per_output = parts[2].flops / lanes;
    for (size_t i = 0; i < n_jobs; i++)
        run_flops += per_step * (double) (jobs[i].stats.steps + jobs[i].stats.rejected) +
                     per_output * (double) problem->experiment.n_times;
    parts[3].flops = run_flops;
    printf("{\"isa\": \"%s\", \"peak_gflops\": %.4g, \"step_flops\": %.6g, \"share\": {", ost_isa_name(isa),
        1e-9 * best_peak, per_step);
    for (int k = 0; k < 4; k++)
        printf("%s\"%s\": %.4g", k == 0 ? "" : ", ", parts[k].name, parts[k].flops / parts[k].best / best_peak);
    printf("}}\n");
    ost_batch_delete(batch);
    double *const owned[] = { t, x, p, u, mode, scratch, f, entries, y, outputs };
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) free(owned[i]);
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
