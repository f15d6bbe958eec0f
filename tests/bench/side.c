/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One side of a bench: integrate the subjects of an experiment with one solver for a given time on one core, and print
 * what was measured as a line of JSON. Built twice: bench-lanes with osteon's lanes, bench-scalar with one lane, which
 * also runs the peers. */
#include "cohort/cohort.h"
#include "input/experiment_keys.h"
#include "problem.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_OVERRIDES 32

typedef struct {
    const char *experiment, *y_path;
    const char *folder; /* export the jobs there and solve nothing */
    const char *solver; /* NULL: the experiment's */
    int isa;
    double seconds; /* at least, or `once` through all subjects */
    size_t least;   /* subjects that a lane or a peer solves however long it takes */
    bool once;
    int threads; /* run the whole cohort on so many, as `osteon run` does, but write nothing; 0: only solve its jobs */
    const char *overrides[MAX_OVERRIDES];
    size_t n_overrides;
} arguments_t;

typedef struct {
    double cpu;
    size_t n_subjects, n_kept, n_failed;
    ost_solver_stats_t stats;
} measured_t;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static const bench_peer_t *peer_of(const char *name)
{
    for (size_t i = 0; OST_LANE_COUNT == 1 && i < sizeof(bench_peers_gsl) / sizeof(bench_peers_gsl[0]); i++)
        if (strcmp(name, bench_peers_gsl[i].name) == 0) return &bench_peers_gsl[i];
    return OST_LANE_COUNT == 1 && strcmp(name, bench_peer_cvode.name) == 0 ? &bench_peer_cvode : NULL;
}

/* {"osteon": [...], "isas": [...], "peers": [...], "default": "..."} */
static void list(void)
{
    const char *sep = "";
    printf("{\"osteon\": [");
    for (size_t i = 0; i < sizeof(ost_stepper_names) / sizeof(ost_stepper_names[0]); i++) {
        if (ost_steppers[i].family != OST_FAMILY_LANES) continue;
        printf("%s\"%s\"", sep, ost_stepper_names[i]);
        sep = ", ";
    }
    sep = "], \"isas\": [";
    for (int isa = 0; isa <= (int) ost_isa_best(); isa++) {
        printf("%s\"%s\"", sep, ost_isa_name((ost_isa_t) isa));
        sep = ", ";
    }
    printf("], \"peers\": [");
    for (size_t i = 0; i < sizeof(bench_peers_gsl) / sizeof(bench_peers_gsl[0]); i++)
        printf("\"%s\", ", bench_peers_gsl[i].name);
    ost_solver_options_t options;
    ost_solver_options_default(&options);
    printf("\"%s\"], \"default\": \"%s\"}\n", bench_peer_cvode.name, ost_stepper_name(options.stepper));
}

/* Blocks of jobs, the cohort's size or smaller where few subjects are wanted, again and again until the time is up; the
 * first block's outputs are kept in y. */
static int run_osteon(const bench_problem_t *problem, const arguments_t *a, double *y, measured_t *m, ost_error_t *err)
{
    size_t n_y = problem->plan.system->n_outputs * problem->experiment.n_times, n = problem->n_jobs;
    size_t block = a->least * OST_LANE_COUNT < BENCH_BLOCK && !a->once ? a->least * OST_LANE_COUNT : BENCH_BLOCK;
    ost_batch_t *batch;
    ost_job_t jobs[BENCH_BLOCK];
    double *spare = malloc((BENCH_BLOCK * n_y + 1) * sizeof(double));
    int ret = ost_batch_new(&batch, problem->plan.system, &problem->experiment.solver, err);
    for (size_t first = 0, in_block; ret == 0 && spare != NULL; first += in_block) {
        if (a->once ? m->n_subjects >= n : m->n_subjects > 0 && m->cpu >= a->seconds) break;
        size_t begin = first % n;
        in_block = n - begin < block ? n - begin : block;
        memcpy(jobs, problem->jobs + begin, in_block * sizeof(*jobs));
        for (size_t i = 0; i < in_block; i++) jobs[i].y = (m->n_subjects == 0 ? y : spare) + i * n_y;
        double t = cpu_seconds();
        ret = ost_batch_run(batch, jobs, in_block, err);
        m->cpu += cpu_seconds() - t;
        if (m->n_subjects == 0) m->n_kept = in_block;
        m->n_subjects += in_block;
        for (size_t i = 0; i < in_block; i++) {
            ost_solver_stats_add(&m->stats, &jobs[i].stats);
            m->n_failed += jobs[i].status != 0;
        }
    }
    ost_batch_delete(batch);
    free(spare);
    return ret;
}

static int run_peer(const bench_problem_t *problem, const bench_peer_t *peer, const arguments_t *a, double *y,
    measured_t *m, ost_error_t *err)
{
    size_t n_y = problem->plan.system->n_outputs * problem->experiment.n_times, n = problem->n_jobs;
    bench_system_t system;
    void *solver = bench_system_init(&system, problem) == 0 ? peer->new (&system) : NULL;
    if (solver == NULL) return ost_fail(err, OST_ERR_VALUE, "%s: cannot be set up", peer->name);
    double *spare = malloc((n_y + 1) * sizeof(double));
    for (size_t i = 0; spare != NULL; i++) {
        if (a->once ? i >= n : i >= a->least && m->cpu >= a->seconds) break;
        ost_job_t job = problem->jobs[i % n];
        job.y = i < BENCH_BLOCK ? y + i * n_y : spare;
        double t = cpu_seconds();
        int status = peer->run(solver, &job);
        m->cpu += cpu_seconds() - t;
        m->n_subjects++;
        m->n_kept = i < BENCH_BLOCK ? i + 1 : m->n_kept;
        m->n_failed += status != 0;
        ost_solver_stats_add(&m->stats, &job.stats);
    }
    free(spare);
    peer->delete (solver);
    bench_system_free(&system);
    return 0;
}

static int report(const bench_problem_t *problem, const arguments_t *a, const measured_t *m, const double *y)
{
    const ost_plan_t *plan = &problem->plan;
    double n = (double) m->n_subjects;
    printf("{\"solver\": \"%s\", \"lanes\": %d, \"isa\": \"%s\", \"rtol\": %g, \"subjects\": %zu, \"failed\": %zu, "
           "\"cpu_s\": %.9g, \"steps\": %.6g, \"rejected\": %.6g, \"rhs\": %.6g, \"jacobians\": %.6g, \"kept\": %zu, "
           "\"states\": %zu, \"times\": %zu, \"outputs\": [",
        a->solver != NULL ? a->solver : ost_stepper_name(problem->experiment.solver.stepper), OST_LANE_COUNT,
        ost_isa_name(problem->experiment.solver.isa), problem->experiment.solver.rtol, m->n_subjects, m->n_failed,
        m->cpu, (double) m->stats.steps / n, (double) m->stats.rejected / n, (double) m->stats.rhs / n,
        (double) m->stats.jacobians / n, m->n_kept, plan->system->n_states, problem->experiment.n_times);
    for (size_t row = 0; row < plan->system->n_outputs; row++) {
        size_t v = 0;
        while (row < plan->outputs->variables[v].first ||
               row >= plan->outputs->variables[v].first + plan->outputs->variables[v].n_elements)
            v++;
        printf("%s\"%s\"", row == 0 ? "" : ", ", plan->outputs->variables[v].name);
    }
    printf("]}\n");
    if (a->y_path == NULL) return 0;
    FILE *file = fopen(a->y_path, "wb");
    size_t n_y = m->n_kept * plan->system->n_outputs * problem->experiment.n_times;
    bool ok = file != NULL && fwrite(y, sizeof(*y), n_y, file) == n_y;
    return (file == NULL || fclose(file) == 0) && ok ? 0 : -1;
}

/* The cohort from drawing its people to finished outputs. */
static int run_cohort(const arguments_t *a, ost_error_t *err)
{
    ost_library_t library;
    ost_experiment_t experiment = { 0 };
    ost_plan_t plan = { 0 };
    const ost_cohort_options_t options = { .n_threads = a->threads };
    ost_cohort_summary_t summary = { 0 };
    int ret = ost_library_init(&library, err);
    if (ret == 0) ret = ost_experiment_read(&experiment, a->experiment, a->overrides, a->n_overrides, err);
    if (ret == 0 && a->isa >= 0) experiment.solver.isa = (ost_isa_t) a->isa;
    if (ret == 0) ret = ost_plan_build(&plan, &library, &experiment, err);
    if (ret == 0) ret = ost_cohort_run(&plan, &options, &summary, err);
    if (ret == 0)
        printf("{\"subjects\": %zu, \"failed\": %zu, \"threads\": %d, \"cpu_s\": %.9g, \"wall_s\": %.9g}\n",
            (size_t) summary.subjects, (size_t) summary.failures, summary.n_threads, summary.seconds_cpu,
            summary.seconds_wall);
    ost_cohort_summary_free(&summary);
    ost_plan_free(&plan);
    ost_experiment_free(&experiment);
    ost_library_free(&library);
    return ret;
}

static bool parse(arguments_t *a, int argc, char **argv)
{
    *a = (arguments_t){ .isa = -1, .seconds = 1, .least = 8 };
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (word[0] != '-' && a->experiment == NULL) {
            a->experiment = word;
            continue;
        }
        if (strcmp(word, "--once") == 0) {
            a->once = true;
            continue;
        }
        if (value == NULL) return false;
        i++;
        if (strcmp(word, "--solver") == 0)
            a->solver = value;
        else if (strcmp(word, "--isa") == 0)
            a->isa = ost_isa_from_name(value);
        else if (strcmp(word, "--seconds") == 0)
            a->seconds = strtod(value, NULL);
        else if (strcmp(word, "--least") == 0)
            a->least = (size_t) strtoul(value, NULL, 10);
        else if (strcmp(word, "--cohort") == 0)
            a->threads = (int) strtol(value, NULL, 10);
        else if (strcmp(word, "--export") == 0)
            a->folder = value;
        else if (strcmp(word, "--y") == 0)
            a->y_path = value;
        else if (strcmp(word, "--set") == 0 && a->n_overrides + 1 < MAX_OVERRIDES)
            a->overrides[a->n_overrides++] = value;
        else
            return false;
    }
    return a->experiment != NULL;
}

static int run_side(const arguments_t *a, const bench_peer_t *peer, ost_error_t *err)
{
    bench_problem_t problem;
    measured_t m = { 0 };
    double *y = NULL;
    int ret = bench_problem_init(&problem, a->experiment, a->overrides, a->n_overrides, a->isa, err);
    if (ret == 0 && a->folder != NULL) {
        ret = bench_problem_export(&problem, a->folder, err);
    } else if (ret == 0) {
        y = malloc((BENCH_BLOCK * problem.plan.system->n_outputs * problem.experiment.n_times + 1) * sizeof(*y));
        if (y == NULL) ret = ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the outputs");
    }
    bool solves = a->folder == NULL;
    if (ret == 0 && solves)
        ret = peer != NULL ? run_peer(&problem, peer, a, y, &m, err) : run_osteon(&problem, a, y, &m, err);
    if (ret == 0 && solves && report(&problem, a, &m, y) < 0)
        ret = ost_fail(err, OST_ERR_IO, "%s: not written", a->y_path);
    free(y);
    bench_problem_free(&problem);
    return ret;
}

int main(int argc, char **argv)
{
    arguments_t a;
    ost_error_t err = { 0 };
    char stepper[80], text[1024];
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    if (!parse(&a, argc, argv)) {
        fprintf(stderr,
            "usage: %s --list | EXPERIMENT.yaml [--solver NAME] [--isa NAME] [--seconds S | --once | --cohort "
            "THREADS | --export FOLDER]\n"
            "       [--set PATH=VALUE]... [--y FILE]\n",
            argv[0]);
        return 2;
    }
    gsl_set_error_handler_off();
    const bench_peer_t *peer = a.solver != NULL ? peer_of(a.solver) : NULL;
    if (a.solver != NULL) snprintf(stepper, sizeof(stepper), "solver.stepper=%s", a.solver);
    if (a.solver != NULL && peer == NULL) a.overrides[a.n_overrides++] = stepper;
    int ret = a.threads > 0 ? run_cohort(&a, &err) : run_side(&a, peer, &err);
    if (ret < 0) fprintf(stderr, "%s: %s\n", argv[0], ost_error_format(&err, text, sizeof(text)));
    return ret < 0;
}
