/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small study and its result file with values that name their place, for the tests of writing and reading results. */
#ifndef OST_RESULTS_FIXTURE_H
#define OST_RESULTS_FIXTURE_H

#include "cohort/cohort.h"
#include "core/random.h"
#include "results/results.h"
#include "small_models.h"

#include <hdf5.h>
#include <unistd.h>

enum { N_SUBJECTS = 200, FIRST_SUBJECT = 1000, N_ARMS = 2, N_TIMES = 11, MAX_ROWS = 16 };

static const char experiment_text[] = "title: A study\n"
                                      "models: [bone, axis]\n"
                                      "population:\n"
                                      "  subjects: 200\n"
                                      "  seed: 18446744073709551615\n"
                                      "  first_subject: 1000\n"
                                      "  covariates:\n"
                                      "    age: {distribution: normal, mean: 60 y, sd: 6 y, min: 45 y, max: 80 y}\n"
                                      "    height: 1.62 m\n"
                                      "arms:\n"
                                      "  control: {label: \"Contr\xC3\xB4le\"}\n"
                                      "  treated: {label: A pill, regimen: [{drug: pill, dose: 1 mg, interval: 1 d}]}\n"
                                      "times: {to: 10 d, every: 1 d}\n";

typedef struct {
    char folder[64], path[96], part[104];
    ost_library_t library;
    ost_experiment_t e;
    ost_plan_t plan;
    ost_error_t err;
    ost_part_t whole; /* the plan as a journal takes it */
    ost_journal_t *journal;
} fixture_t;

static inline void open_fixture(fixture_t *f, const char *const *overrides, size_t n)
{
    *f = (fixture_t){ .folder = "/tmp/ost_results_XXXXXX" };
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/out.h5", f->folder);
    snprintf(f->part, sizeof f->part, "%s.part", f->path);
    open_library(&f->library);
    CU_ASSERT_EQUAL_FATAL(ost_experiment_parse(&f->e, "study.yaml", experiment_text, overrides, n, &f->err), 0);
    f->e.solver.isa = OST_ISA_BASE;
    CU_ASSERT_EQUAL_FATAL(ost_plan_build(&f->plan, &f->library, &f->e, &f->err), 0);
    CU_ASSERT_FATAL(f->plan.system->n_outputs <= MAX_ROWS);
}

static inline void close_fixture(fixture_t *f)
{
    ost_journal_close(f->journal);
    unlink(f->path);
    unlink(f->part);
    CU_ASSERT_EQUAL(rmdir(f->folder), 0);
    ost_plan_free(&f->plan);
    ost_experiment_free(&f->e);
    ost_library_free(&f->library);
}

static inline void must(const fixture_t *f, int ret)
{
    char buf[1024];
    if (ret != 0) fprintf(stderr, "\n%s\n", ost_error_format(&f->err, buf, sizeof buf));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
}

static enum { NAMES_PLACE, RANDOM, CONSTANT } kind_of_values;

/* Values that name their place, with noise in the last bytes, as a solver's have. Or such as no packing makes smaller,
 * of any size and sign; or all the same. */
static inline double value_at(size_t arm, uint64_t subject, size_t row, size_t time)
{
    if (kind_of_values == CONSTANT) return 1;
    if (kind_of_values == RANDOM) {
        double u = ost_random_uniform(arm, subject, (uint32_t) row, (uint32_t) time);
        return copysign(pow(2, 80 * u - 40) * (1 + 1e-9 * sin(1e9 * u)), sin(1e6 * u));
    }
    double noise = sin((double) (arm + 3 * subject + 1009 * row + 100003 * time));
    return (double) (arm + 1) * 1e4 + (double) row * 100 + (double) time + (double) subject / 1024 + 1e-4 * noise;
}

static inline double param_at(uint64_t subject, size_t i)
{
    return 1 + (double) i + (double) subject / 64;
}

/* Write subjects first .. first + n of the cohort; those whose position is a multiple of `fails` (0: none) fail in the
 * second arm, every other of them in the first as well. */
static inline int write_block(fixture_t *f, uint64_t first, size_t n, uint64_t fails)
{
    static double y[N_ARMS * N_SUBJECTS * MAX_ROWS * N_TIMES];
    static uint8_t status[N_ARMS * N_SUBJECTS];
    static uint32_t steps[N_ARMS * N_SUBJECTS], rejected[N_ARMS * N_SUBJECTS];
    static double covariates[N_SUBJECTS * 2], params[N_SUBJECTS * 64];
    static const char *messages[N_ARMS * N_SUBJECTS];
    static double errors[MAX_ROWS];
    static const uint64_t n_not_finite[MAX_ROWS] = { 0, 2 };
    size_t n_rows = f->plan.system->n_outputs, at = 0, n_failed = 0;
    for (size_t i = 0; i < MAX_ROWS; i++) errors[i] = 0.5 * (double) i;
    const ost_cohort_summary_t probed = {
        .periodic_error = errors, .solver_error = errors, .n_periodic_probed = 8, .n_solver_probed = 7
    };
    const ost_solver_stats_t stats = { .steps = 1000 + first, .rejected = n };
    for (size_t arm = 0; arm < N_ARMS; arm++) {
        for (size_t s = 0; s < n; s++) {
            bool fail = fails > 0 && (first + s) % (arm == 0 ? 2 * fails : fails) == 0;
            n_failed += fail;
            status[arm * n + s] = fail ? 8 : 0;
            messages[arm * n + s] = fail ? "step below 1e-12 d in state C" : NULL;
            steps[arm * n + s] = (uint32_t) (100 * arm + first + s);
            rejected[arm * n + s] = (uint32_t) (arm + 7);
            for (size_t row = 0; row < n_rows; row++) {
                for (size_t t = 0; t < N_TIMES; t++) y[at++] = fail ? NAN : value_at(arm, first + s, row, t);
            }
        }
    }
    for (size_t s = 0; s < n; s++) {
        covariates[2 * s] = (50 + (double) (first + s) / 8) * OST_DAYS_PER_YEAR;
        covariates[2 * s + 1] = 16.2;
        for (size_t i = 0; i < f->plan.blocks->n_params; i++)
            params[s * f->plan.blocks->n_params + i] = param_at(first + s, i);
    }
    const ost_cohort_block_t block = { .first = first,
        .n_subjects = n,
        .y = y,
        .status = status,
        .steps = steps,
        .rejected = rejected,
        .covariates = covariates,
        .params = params,
        .messages = messages,
        .stats = &stats,
        .run_in_steps = 1,
        .n_not_finite = n_not_finite,
        .failures = n_failed,
        .probed = first == 0 ? &probed : NULL };
    return ost_journal_block(f->journal, 0, &block, &f->err);
}

/* Open the journal beside the result. */
static inline int begin_with(fixture_t *f, ost_resume_t how)
{
    f->whole = (ost_part_t){ .plan = &f->plan };
    return ost_journal_open(&f->journal, f->path, &f->whole, 1, (ost_shard_t){ 0 }, how, &f->err);
}

static inline void begin(fixture_t *f)
{
    must(f, begin_with(f, OST_JOURNAL_RESTART));
}

/* Blocks of 64 out of order, the last one short. */
static inline void write_all(fixture_t *f, uint64_t fails)
{
    begin(f);
    must(f, write_block(f, 128, 64, fails));
    must(f, write_block(f, 192, 8, fails));
    must(f, write_block(f, 0, 64, fails));
    must(f, write_block(f, 64, 64, fails));
}

/* The result from the journal, which stays. */
static inline int finish(fixture_t *f)
{
    const ost_cohort_summary_t summary = { .seconds_wall = 2.5, .n_threads = 2 };
    int ret = ost_journal_end(f->journal, 0, &summary, &f->err);
    return ret == 0 ? ost_results_write(f->journal, f->path, &f->err) : ret;
}

static inline void end(fixture_t *f)
{
    must(f, finish(f));
    ost_journal_remove(f->journal);
    f->journal = NULL;
}

static inline void write_file(fixture_t *f)
{
    write_all(f, 0);
    end(f);
}

#endif
