/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "osteon/random.h"
#include "osteon/results.h"
#include "osteon/version.h"
#include "small_models.h"

#include <errno.h>
#include <hdf5.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
    ost_writer_t *writer;
} fixture_t;

static void open_fixture(fixture_t *f, const char *const *overrides, size_t n)
{
    *f = (fixture_t){ .folder = "/tmp/ost_results_XXXXXX" };
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/out.h5", f->folder);
    snprintf(f->part, sizeof f->part, "%s.part", f->path);
    open_library(&f->library);
    CU_ASSERT_EQUAL_FATAL(ost_experiment_parse(&f->e, "study.yaml", experiment_text, overrides, n, &f->err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_plan_build(&f->plan, &f->library, &f->e, &f->err), 0);
    CU_ASSERT_FATAL(f->plan.system.n_outputs <= MAX_ROWS);
}

static void close_fixture(fixture_t *f)
{
    ost_writer_delete(f->writer);
    unlink(f->path);
    unlink(f->part);
    CU_ASSERT_EQUAL(rmdir(f->folder), 0);
    ost_plan_free(&f->plan);
    ost_experiment_free(&f->e);
    ost_library_free(&f->library);
}

static void must(const fixture_t *f, int ret)
{
    char buf[1024];
    if (ret != 0) fprintf(stderr, "\n%s\n", ost_error_format(&f->err, buf, sizeof buf));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
}

/* Values that name their place. */
static double value_at(size_t arm, uint64_t subject, size_t row, size_t time)
{
    return (double) (arm + 1) * 1e4 + (double) row * 100 + (double) time + (double) subject / 1024;
}

static double param_at(uint64_t subject, size_t i)
{
    return 1 + (double) i + (double) subject / 64;
}

/* Write subjects first .. first + n of the cohort; those whose number is a multiple of `fails` (0: none) fail in the
 * second arm. */
static int write_block(fixture_t *f, uint64_t first, size_t n, uint64_t fails)
{
    static double y[N_ARMS * N_SUBJECTS * MAX_ROWS * N_TIMES];
    static uint8_t status[N_ARMS * N_SUBJECTS];
    static uint32_t steps[N_ARMS * N_SUBJECTS], rejected[N_ARMS * N_SUBJECTS];
    static double covariates[N_SUBJECTS * 2], params[N_SUBJECTS * 64];
    static const char *messages[N_ARMS * N_SUBJECTS];
    size_t n_rows = f->plan.system.n_outputs, at = 0;
    for (size_t arm = 0; arm < N_ARMS; arm++) {
        for (size_t s = 0; s < n; s++) {
            bool fail = fails > 0 && arm == 1 && (first + s) % fails == 0;
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
        for (size_t i = 0; i < f->plan.n_params; i++) params[s * f->plan.n_params + i] = param_at(first + s, i);
    }
    const ost_cohort_block_t block = { .first = first,
        .n_subjects = n,
        .y = y,
        .status = status,
        .steps = steps,
        .rejected = rejected,
        .covariates = covariates,
        .params = params,
        .messages = messages };
    return ost_writer_block(f->writer, &block, &f->err);
}

/* Blocks of 64 out of order, the last one short. */
static void write_all(fixture_t *f, uint64_t fails)
{
    must(f, ost_writer_new(&f->writer, f->path, &f->plan, &f->err));
    must(f, write_block(f, 128, 64, fails));
    must(f, write_block(f, 192, 8, fails));
    must(f, write_block(f, 0, 64, fails));
    must(f, write_block(f, 64, 64, fails));
}

static int finish(fixture_t *f)
{
    static double errors[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++) errors[i] = 0.5 * (double) i;
    ost_cohort_summary_t summary = { .subjects = N_SUBJECTS,
        .failures = 3,
        .seconds_wall = 2.5,
        .n_threads = 2,
        .isa = OST_ISA_BASE,
        .stats = { .steps = 12345, .rejected = 67 },
        .periodic_error = errors,
        .n_periodic_probed = 8 };
    return ost_writer_finish(f->writer, &summary, &f->err);
}

static void write_file(fixture_t *f)
{
    write_all(f, 0);
    must(f, finish(f));
    ost_writer_delete(f->writer);
    f->writer = NULL;
}

static void check_values(fixture_t *f, double rtol)
{
    ost_results_t *results;
    double values[N_SUBJECTS];
    must(f, ost_results_open(&results, f->path, &f->err));
    size_t n_wrong = 0, n_read = 0;
    for (size_t v = 0; v < f->plan.n_variables; v++) {
        const ost_variable_t *variable = &f->plan.variables[v];
        CU_ASSERT_EQUAL_FATAL(ost_results_n_elements(results, variable->name), variable->n_elements);
        CU_ASSERT_STRING_EQUAL(ost_results_unit(results, variable->name), variable->unit_text);
        for (size_t i = 0; i < N_ARMS * variable->n_elements * N_TIMES; i++) {
            size_t arm = i % N_ARMS, element = i / N_ARMS % variable->n_elements,
                   time = i / N_ARMS / variable->n_elements;
            must(f, ost_results_read(results, variable->name, arm, element, time, values, &f->err));
            for (uint64_t s = 0; s < N_SUBJECTS; s++) {
                double right = value_at(arm, s, variable->first + element, time);
                n_wrong += !(fabs(values[s] - right) <= rtol * right);
                n_read++;
            }
        }
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT_EQUAL(n_read, f->plan.system.n_outputs * N_ARMS * N_TIMES * N_SUBJECTS);
    ost_results_close(results);
}

static void test_round_trip(void)
{
    static const struct {
        const char *override;
        double rtol;
    } cases[] = { { "results={precision: float64}", 0 }, { "results={precision: float32}", 6e-8 },
        { "results={precision: float64, compression: 1}", 0 }, { "results={compression: 9}", 6e-8 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        fixture_t f;
        open_fixture(&f, &cases[i].override, 1);
        write_file(&f);
        check_values(&f, cases[i].rtol);
        CU_ASSERT_NOT_EQUAL(access(f.part, F_OK), 0);
        close_fixture(&f);
    }
}

static void test_what_it_says(void)
{
    fixture_t f;
    ost_results_t *results;
    double values[N_SUBJECTS];
    const char *overrides[] = { "solver.rtol=1e-5", "title=Another" };
    open_fixture(&f, overrides, 2);
    write_file(&f);
    must(&f, ost_results_open(&results, f.path, &f.err));
    CU_ASSERT_EQUAL(ost_results_n_arms(results), N_ARMS);
    CU_ASSERT_EQUAL(ost_results_n_subjects(results), N_SUBJECTS);
    CU_ASSERT_EQUAL_FATAL(ost_results_n_times(results), N_TIMES);
    ost_assert_close(ost_results_times(results)[10], 10, 0, 0);
    CU_ASSERT_STRING_EQUAL(ost_results_arm(results, 1), "treated");
    CU_ASSERT_STRING_EQUAL(ost_results_arm_label(results, 0), "Contr\xC3\xB4le");
    CU_ASSERT_EQUAL(ost_results_n_elements(results, "bmd"), 2);
    CU_ASSERT_STRING_EQUAL(ost_results_element(results, "bmd", 1), "hip");
    CU_ASSERT_STRING_EQUAL(ost_results_element(results, "bmd", 2), "");
    CU_ASSERT_STRING_EQUAL(ost_results_element(results, "cells", 0), "");
    CU_ASSERT_EQUAL(ost_results_n_elements(results, "bone"), 0);
    CU_ASSERT_PTR_NULL(ost_results_unit(results, "bone"));
    CU_ASSERT_STRING_EQUAL(ost_results_unit(results, "bmd"), "g/cm2");
    size_t n;
    const char *const *names = ost_results_variables(results, &n);
    CU_ASSERT_EQUAL_FATAL(n, f.plan.n_variables);
    for (size_t i = 0; i < n; i++) CU_ASSERT_STRING_EQUAL(names[i], f.plan.variables[i].name);
    const char *const attributes[][2] = { { "experiment", experiment_text },
        { "overrides", "solver.rtol=1e-5\ntitle=Another" }, { "osteon_version", OST_VERSION },
        { "seed", "18446744073709551615" }, { "n_subjects", "200" }, { "first_subject", "1000" },
        { "rtol", "1.0000000000000001e-05" }, { "title", "Another" }, { "steps", "12345" }, { "rejected", "67" },
        { "isa", "base" }, { "threads", "2" }, { "seconds_wall", "2.5" }, { "stepper", "rodas4" },
        { "dosing", "periodic" }, { "experiment_path", "study.yaml" }, { "n_done", "200" },
        { "Conventions", "CF-1.10" } };
    for (size_t i = 0; i < COUNT(attributes); i++) {
        const char *found = ost_results_attribute(results, attributes[i][0]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, attributes[i][1]);
    }
    ost_assert_contains(ost_results_attribute(results, "models"), "pill drug ");
    CU_ASSERT_PTR_NULL(ost_results_attribute(results, "history"));
    CU_ASSERT_EQUAL(ost_results_failures(results), 3);
    CU_ASSERT_EQUAL(ost_results_read(results, "bmdd", 0, 0, 0, values, &f.err), OST_ERR_NAME);
    ost_assert_contains(f.err.what, "did you mean 'bmd'?");
    CU_ASSERT_EQUAL(ost_results_read(results, "bmd", 2, 0, 0, values, &f.err), OST_ERR_VALUE);
    CU_ASSERT_EQUAL(ost_results_read(results, "bmd", 0, 2, 0, values, &f.err), OST_ERR_VALUE);
    CU_ASSERT_EQUAL(ost_results_read(results, "cells", 0, 0, N_TIMES, values, &f.err), OST_ERR_VALUE);
    ost_results_close(results);
    ost_results_close(NULL);
    close_fixture(&f);
}

/* A whole dataset by HDF5 itself. @return number of values */
static hssize_t read_raw(hid_t file, const char *name, hid_t type, void *values, size_t max)
{
    hid_t id = H5Dopen2(file, name, H5P_DEFAULT);
    CU_ASSERT_FATAL(id >= 0);
    hid_t space = H5Dget_space(id);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    CU_ASSERT_FATAL(n > 0 && (size_t) n <= max);
    CU_ASSERT_FATAL(H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Sclose(space);
    H5Dclose(id);
    return n;
}

static void test_people_and_counts(void)
{
    fixture_t f;
    double values[N_SUBJECTS];
    uint32_t counts[N_ARMS * N_SUBJECTS];
    uint8_t status[N_ARMS * N_SUBJECTS];
    int64_t numbers[N_SUBJECTS];
    open_fixture(&f, NULL, 0);
    write_file(&f);
    hid_t file = H5Fopen(f.path, H5F_ACC_RDONLY, H5P_DEFAULT);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(read_raw(file, "age", H5T_NATIVE_DOUBLE, values, N_SUBJECTS), N_SUBJECTS);
    ost_assert_close(values[77], 50 + 77 / 8.0, 1e-15, 0);
    CU_ASSERT_EQUAL(read_raw(file, "height", H5T_NATIVE_DOUBLE, values, N_SUBJECTS), N_SUBJECTS);
    ost_assert_close(values[199], 1.62, 1e-15, 0);
    CU_ASSERT_EQUAL(read_raw(file, "subject", H5T_NATIVE_INT64, numbers, N_SUBJECTS), N_SUBJECTS);
    CU_ASSERT_EQUAL(numbers[0], FIRST_SUBJECT);
    CU_ASSERT_EQUAL(numbers[199], FIRST_SUBJECT + 199);
    read_raw(file, "n_steps", H5T_NATIVE_UINT32, counts, COUNT(counts));
    CU_ASSERT_EQUAL(counts[N_SUBJECTS + 130], 230);
    read_raw(file, "n_rejected", H5T_NATIVE_UINT32, counts, COUNT(counts));
    CU_ASSERT_EQUAL(counts[N_SUBJECTS - 1], 7);
    CU_ASSERT_EQUAL(counts[N_SUBJECTS], 8);
    read_raw(file, "status", H5T_NATIVE_UINT8, status, COUNT(status));
    for (size_t i = 0; i < COUNT(status); i++) CU_ASSERT_EQUAL(status[i], 0);
    CU_ASSERT_FALSE(H5Lexists(file, "failure", H5P_DEFAULT) > 0);
    size_t n_varying = 0, n_constant = 0;
    for (size_t b = 0; b < f.plan.n_blocks; b++) {
        const ost_model_t *model = f.plan.blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = f.plan.blocks[b].first_param + k;
            char name[160];
            snprintf(name, sizeof name, "parameters/%s.%s", model->name, model->params[k].name);
            if (model->params[k].is_covariate) {
                CU_ASSERT_FALSE(H5Lexists(file, name, H5P_DEFAULT) > 0);
                continue;
            }
            hssize_t n = read_raw(file, name, H5T_NATIVE_DOUBLE, values, N_SUBJECTS);
            if (ost_plan_param_varies(&f.plan, i)) {
                CU_ASSERT_EQUAL(n, N_SUBJECTS);
                ost_assert_close(values[150], param_at(150, i) / model->params[k].unit.factor, 1e-15, 0);
                n_varying++;
            } else {
                CU_ASSERT_EQUAL(n, 1);
                ost_assert_close(values[0], param_at(128, i) / model->params[k].unit.factor, 1e-15, 0);
                n_constant++;
            }
        }
    }
    CU_ASSERT(n_varying >= 5 && n_constant >= 1);
    H5Fclose(file);
    close_fixture(&f);
}

/* The messages of a file. @return their number */
static size_t read_failures(const fixture_t *f, int64_t *subjects, char first[128], char first_arm[64])
{
    hid_t file = H5Fopen(f->path, H5F_ACC_RDONLY, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    CU_ASSERT_FATAL(file >= 0 && type >= 0);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    static char *texts[2000];
    hssize_t n = read_raw(file, "failure_subject", H5T_NATIVE_INT64, subjects, 2000);
    const char *const names[] = { "failure_message", "failure_arm" };
    for (size_t k = 0; k < 2; k++) {
        CU_ASSERT_EQUAL(read_raw(file, names[k], type, texts, 2000), n);
        snprintf(k == 0 ? first : first_arm, k == 0 ? 128 : 64, "%s", texts[0]);
        hsize_t size = (hsize_t) n;
        hid_t space = H5Screate_simple(1, &size, NULL);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
        H5Sclose(space);
    }
    H5Tclose(type);
    H5Fclose(file);
    return (size_t) n;
}

static void test_failures(void)
{
    fixture_t f;
    int64_t subjects[2000];
    char message[128], arm[64];
    double values[N_SUBJECTS];
    ost_results_t *results;
    open_fixture(&f, NULL, 0);
    write_all(&f, 50);
    must(&f, finish(&f));
    CU_ASSERT_EQUAL_FATAL(read_failures(&f, subjects, message, arm), 4);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(subjects[i], FIRST_SUBJECT + 50 * i);
    CU_ASSERT_STRING_EQUAL(message, "step below 1e-12 d in state C");
    CU_ASSERT_STRING_EQUAL(arm, "treated");
    must(&f, ost_results_open(&results, f.path, &f.err));
    must(&f, ost_results_read(results, "cells", 1, 0, 3, values, &f.err));
    for (size_t s = 0; s < N_SUBJECTS; s++) CU_ASSERT_EQUAL(isnan(values[s]) != 0, s % 50 == 0);
    must(&f, ost_results_read(results, "cells", 0, 0, 3, values, &f.err));
    for (size_t s = 0; s < N_SUBJECTS; s++) CU_ASSERT_FALSE(isnan(values[s]));
    ost_results_close(results);
    close_fixture(&f);
}

/* Of many failures the file keeps the first 1000 by subject, whatever the order of the blocks. */
static void test_failures_beyond_the_limit(void)
{
    fixture_t f;
    int64_t subjects[2000];
    char message[128], arm[64];
    const char *override = "population.subjects=2000";
    open_fixture(&f, &override, 1);
    must(&f, ost_writer_new(&f.writer, f.path, &f.plan, &f.err));
    for (size_t i = 0; i < 10; i++) must(&f, write_block(&f, (9 - i) * 200, 200, 1));
    must(&f, finish(&f));
    CU_ASSERT_EQUAL_FATAL(read_failures(&f, subjects, message, arm), 1000);
    size_t n_wrong = 0;
    for (int i = 0; i < 1000; i++) n_wrong += subjects[i] != FIRST_SUBJECT + i;
    CU_ASSERT_EQUAL(n_wrong, 0);
    close_fixture(&f);
}

static void test_gaps_of_a_stopped_run(void)
{
    static const char *const overrides[] = { "results={precision: float32}", "results={precision: float64}",
        "results={compression: 1}" };
    for (size_t k = 0; k < COUNT(overrides); k++) {
        fixture_t f;
        double values[N_SUBJECTS];
        uint8_t status[N_ARMS * N_SUBJECTS];
        ost_results_t *results;
        open_fixture(&f, &overrides[k], 1);
        must(&f, ost_writer_new(&f.writer, f.path, &f.plan, &f.err));
        must(&f, write_block(&f, 128, 64, 0));
        must(&f, finish(&f));
        must(&f, ost_results_open(&results, f.path, &f.err));
        CU_ASSERT_STRING_EQUAL(ost_results_attribute(results, "n_done"), "64");
        for (size_t i = 0; i < 3; i++) {
            must(&f, ost_results_read(results, i < 2 ? "bmd" : "cells", 1, i % 2, 10, values, &f.err));
            for (size_t s = 0; s < N_SUBJECTS; s++) CU_ASSERT_EQUAL(isnan(values[s]) == 0, s >= 128 && s < 192);
        }
        ost_results_close(results);
        hid_t file = H5Fopen(f.path, H5F_ACC_RDONLY, H5P_DEFAULT);
        read_raw(file, "status", H5T_NATIVE_UINT8, status, COUNT(status));
        for (size_t i = 0; i < COUNT(status); i++) {
            size_t s = i % N_SUBJECTS;
            CU_ASSERT_EQUAL(status[i], s >= 128 && s < 192 ? 0 : 255);
        }
        H5Fclose(file);
        close_fixture(&f);
    }
}

static void test_unfinished(void)
{
    fixture_t f;
    ost_results_t *results;
    open_fixture(&f, NULL, 0);
    FILE *old = fopen(f.part, "w"); /* left over by another run */
    CU_ASSERT_PTR_NOT_NULL_FATAL(old);
    fputs("rubbish", old);
    fclose(old);
    old = fopen(f.path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(old);
    fputs("the old result", old);
    fclose(old);
    write_all(&f, 0);
    CU_ASSERT_EQUAL(write_block(&f, 193, 8, 0), OST_ERR_VALUE);
    ost_assert_contains(f.err.what, "does not fit a cohort of 200");
    ost_writer_delete(f.writer);
    f.writer = NULL;
    CU_ASSERT_EQUAL(access(f.part, F_OK), 0);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.part, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "did not finish");
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT); /* untouched */
    write_file(&f);
    check_values(&f, 6e-8);
    close_fixture(&f);
    ost_writer_delete(NULL);
}

static int count_calls(hid_t stack, void *user)
{
    (void) stack;
    ++*(int *) user;
    return 0;
}

static void test_unwritable(void)
{
    fixture_t f;
    int n_calls = 0;
    void *user = NULL;
    H5E_auto2_t handler = NULL;
    open_fixture(&f, NULL, 0);
    H5Eset_auto2(H5E_DEFAULT, count_calls, &n_calls);
    char path[160];
    const struct {
        const char *format, *reason;
    } cases[] = { { "%s/nowhere/out.h5", "cannot be created: No such file or directory" },
        { "%s/in.h5/out.h5", "cannot be created: Not a directory" }, { "%s", "cannot be written: it is a folder" },
        { "/dev/null%.0s", "cannot be written: it is no ordinary file" },
        { "/proc/ost%.0s.h5", "cannot be created: No such file or directory" } };
    snprintf(path, sizeof path, "%s/in.h5", f.folder);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char at[160];
        snprintf(at, sizeof at, cases[i].format, f.folder);
        CU_ASSERT_EQUAL(ost_writer_new(&f.writer, at, &f.plan, &f.err), OST_ERR_IO);
        ost_assert_contains(f.err.what, cases[i].reason);
        ost_assert_contains(f.err.where, at);
        CU_ASSERT_PTR_NULL(f.writer);
    }
    unlink(path);
    /* HDF5 prints nothing, and the program's own handler is as it was */
    H5Eget_auto2(H5E_DEFAULT, &handler, &user);
    CU_ASSERT(handler == count_calls && user == &n_calls);
    CU_ASSERT_EQUAL(n_calls, 0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    close_fixture(&f);
}

enum { WENT_WELL = 10, REFUSED = 11, WENT_WRONG = 12 };

static const char *disk_override;

/* Write a result on the disk at `folder`, in a process of its own so that what HDF5 does at its end counts too. */
static int write_on(const char *folder, const char *fill_up)
{
    fixture_t f;
    open_fixture(&f, &disk_override, 1);
    rmdir(f.folder);
    snprintf(f.folder, sizeof f.folder, "%s", folder);
    snprintf(f.path, sizeof f.path, "%s/out.h5", folder);
    snprintf(f.part, sizeof f.part, "%s.part", f.path);
    int ret = ost_writer_new(&f.writer, f.path, &f.plan, &f.err);
    if (ret == 0 && fill_up != NULL) {
        FILE *file = fopen(fill_up, "w");
        static char zeros[4096];
        while (file != NULL && fwrite(zeros, 1, sizeof zeros, file) == sizeof zeros && fflush(file) == 0) continue;
        if (file != NULL) fclose(file);
    }
    for (size_t i = 0; ret == 0 && i < 4; i++) ret = write_block(&f, i * 50, 50, 0);
    if (ret == 0) ret = finish(&f);
    ost_writer_delete(f.writer);
    ost_plan_free(&f.plan);
    ost_experiment_free(&f.e);
    ost_library_free(&f.library);
    if (ret == 0) return WENT_WELL;
    bool ok = ret == OST_ERR_IO && (strstr(f.err.what, "No space left on device") || strstr(f.err.what, "MB left"));
    if (!ok) fprintf(stderr, "\n%s: %s\n", f.err.where, f.err.what);
    return ok && access(f.part, F_OK) != 0 ? REFUSED : WENT_WRONG;
}

static int in_child(int (*run)(const char *, const char *), const char *a, const char *b)
{
    fflush(NULL);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        int code = run(a, b);
        H5close(); /* as at the end of a program; not exit(), because HDF5 leaks what it read of a damaged file */
        _exit(code);
    }
    int state = 0;
    CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

static void test_full_disk(void)
{
    char folder[] = "/tmp/ost_disk_XXXXXX", fill_up[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(fill_up, sizeof fill_up, "%s/other", folder);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=2m") != 0) {
        fprintf(stderr, "\nSKIPPED: a small disk cannot be made here: %s\n", strerror(errno));
        CU_PASS("skipped");
        rmdir(folder);
        return;
    }
    umount(folder);
    int n_refused = 0;
    static const char *const overrides[] = { "results={precision: float64}", "results={compression: 1}" };
    for (size_t i = 0; i < COUNT(overrides); i++) {
        disk_override = overrides[i];
        CU_ASSERT_EQUAL(mount("tmpfs", folder, "tmpfs", 0, "size=2m"), 0);
        CU_ASSERT_EQUAL(in_child(write_on, folder, NULL), WENT_WELL);
        CU_ASSERT_EQUAL(in_child(write_on, folder, fill_up), REFUSED); /* full during the run */
        CU_ASSERT_EQUAL(umount(folder), 0);
        for (int kb = 4; kb < 200; kb += 28) { /* full at any stage */
            char size[32];
            snprintf(size, sizeof size, "size=%dk", kb);
            CU_ASSERT_EQUAL(mount("tmpfs", folder, "tmpfs", 0, size), 0);
            int result = in_child(write_on, folder, NULL);
            if (result != REFUSED && result != WENT_WELL) fprintf(stderr, "\n%s, %s: %d\n", overrides[i], size, result);
            CU_ASSERT(result == REFUSED || result == WENT_WELL);
            n_refused += result == REFUSED;
            CU_ASSERT_EQUAL(umount(folder), 0);
        }
    }
    CU_ASSERT(n_refused >= 5 && n_refused < 16);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static char *load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    *size = (size_t) st.st_size;
    char *data = malloc(*size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_EQUAL_FATAL(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

static void save(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* Open and read all of it; REFUSED is OST_ERR_FORMAT. */
static int read_everything(const char *path, const char *unused)
{
    ost_error_t err = { 0 };
    ost_results_t *results;
    (void) unused;
    int ret = ost_results_open(&results, path, &err);
    size_t n = 0;
    const char *const *names = ret == 0 ? ost_results_variables(results, &n) : NULL;
    double *values = ret == 0 ? calloc(ost_results_n_subjects(results), sizeof *values) : NULL;
    for (size_t v = 0; ret == 0 && values != NULL && v < n; v++) {
        for (size_t i = 0; ret == 0 && i < ost_results_n_elements(results, names[v]); i++) {
            ret = ost_results_read(results, names[v], 0, i, 0, values, &err);
        }
    }
    free(values);
    ost_results_close(results);
    if (ret != 0 && (ret != OST_ERR_FORMAT || strcmp(err.where, path) != 0)) {
        fprintf(stderr, "\n%d: %s: %s\n", ret, err.where, err.what);
        return WENT_WRONG;
    }
    return ret == 0 ? WENT_WELL : REFUSED;
}

static void test_cut_short(void)
{
    fixture_t f;
    size_t size, n_wrong = 0;
    open_fixture(&f, NULL, 0);
    write_file(&f);
    char *data = load(f.path, &size);
    CU_ASSERT_EQUAL(in_child(read_everything, f.path, NULL), WENT_WELL);
    for (int i = 0; i < 60; i += 2) {
        size_t length = i < 20   ? (size_t) i * 7
                        : i < 40 ? size - 1 - (size_t) (i - 20) * 13
                                 : size * (size_t) (i - 39) / 22;
        save(f.path, data, length);
        n_wrong += in_child(read_everything, f.path, NULL) != REFUSED;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    free(data);
    close_fixture(&f);
}

enum { N_BITS = 25, CRASH_LIKE = 99 };

typedef struct {
    char *data;
    size_t size;
    uint32_t first; /* number of the first bit */
} damage_t;
static damage_t damage;

/* N_BITS files, each with one wrong bit. @return how many were refused, or CRASH_LIKE */
static int read_damaged(const char *path, const char *unused)
{
    int n_refused = 0;
    for (uint32_t i = damage.first; i < damage.first + N_BITS; i++) {
        double u = ost_random_uniform(9, i, 1, 0);
        size_t at = (size_t) (u * (double) (i < 50 ? 2048 : damage.size));
        char bit = (char) (1 << (i % 8));
        damage.data[at] = (char) (damage.data[at] ^ bit);
        save(path, damage.data, damage.size);
        int result = read_everything(path, unused);
        if (result == WENT_WRONG) {
            fprintf(stderr, "\nbit %u of byte %zu\n", i % 8, at);
            return CRASH_LIKE;
        }
        n_refused += result == REFUSED;
        damage.data[at] = (char) (damage.data[at] ^ bit);
    }
    return n_refused;
}

/* One wrong bit: read, where it is in a value, or refused, but never a crash. */
static void test_wrong_bits(void)
{
    fixture_t f;
    int n_refused = 0;
    open_fixture(&f, NULL, 0);
    write_file(&f);
    damage.data = load(f.path, &damage.size);
    for (damage.first = 0; damage.first < 500; damage.first += N_BITS) {
        int result = in_child(read_damaged, f.path, NULL);
        if (result < 0 || result > N_BITS) fprintf(stderr, "\nbits from number %u on: %d\n", damage.first, result);
        CU_ASSERT(result >= 0 && result <= N_BITS);
        n_refused += result;
    }
    CU_ASSERT(n_refused > 50);
    free(damage.data);
    close_fixture(&f);
}

static void test_foreign_files(void)
{
    fixture_t f;
    ost_results_t *results;
    open_fixture(&f, NULL, 0);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_IO);
    ost_assert_contains(f.err.what, "No such file");
    CU_ASSERT_PTR_NULL(results);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.folder, &f.err), OST_ERR_IO);
    ost_assert_contains(f.err.what, "Is a directory");
    save(f.path, "", 0);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    save(f.path, experiment_text, sizeof experiment_text);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "it is not HDF5");
    hid_t file = H5Fcreate(f.path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "not written by osteon");
    write_file(&f);
    file = H5Fopen(f.path, H5F_ACC_RDWR, H5P_DEFAULT);
    const uint64_t newer = 99;
    hid_t attribute = H5Aopen(file, "osteon_format", H5P_DEFAULT);
    CU_ASSERT(H5Awrite(attribute, H5T_NATIVE_UINT64, &newer) >= 0);
    H5Aclose(attribute);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "newer than this one");
    write_file(&f);
    file = H5Fopen(f.path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT(H5Ldelete(file, "arm_label", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "'arm_label' cannot be read");
    close_fixture(&f);
}

/* An attribute above 64 KB goes elsewhere in the file; two index sets of one name become two dimensions. */
static void test_large_text(void)
{
    fixture_t f;
    ost_results_t *results;
    open_fixture(&f, NULL, 0);
    size_t size = 300000;
    char *long_text = malloc(size + 1), *short_text = f.e.text;
    CU_ASSERT_PTR_NOT_NULL_FATAL(long_text);
    memset(long_text, '#', size);
    long_text[size] = '\0';
    f.e.text = long_text;
    write_file(&f);
    must(&f, ost_results_open(&results, f.path, &f.err));
    CU_ASSERT_STRING_EQUAL(ost_results_attribute(results, "experiment"), long_text);
    ost_results_close(results);
    f.e.text = short_text;
    free(long_text);
    close_fixture(&f);
}

/* xarray, netCDF4 and ncdump, where they are installed. */
static void test_other_readers(void)
{
    static const char *const overrides[] = { "results={precision: float32}", "results={compression: 1}" };
    for (size_t i = 0; i < COUNT(overrides); i++) {
        fixture_t f;
        char command[512];
        open_fixture(&f, &overrides[i], 1);
        write_all(&f, 60);
        must(&f, finish(&f));
        snprintf(command, sizeof command, "%s/tests/read_results.py %s", OST_SOURCE_DIR, f.path);
        int state = system(command);
        CU_ASSERT(WIFEXITED(state) && (WEXITSTATUS(state) == 0 || WEXITSTATUS(state) == 77));
        if (WIFEXITED(state) && WEXITSTATUS(state) == 77) fprintf(stderr, "\nSKIPPED: xarray or netCDF4 is missing\n");
        close_fixture(&f);
    }
}

static const ost_test_t tests[] = {
    { "round_trip", test_round_trip },
    { "what_it_says", test_what_it_says },
    { "people_and_counts", test_people_and_counts },
    { "failures", test_failures },
    { "failures_beyond_the_limit", test_failures_beyond_the_limit },
    { "gaps_of_a_stopped_run", test_gaps_of_a_stopped_run },
    { "unfinished", test_unfinished },
    { "unwritable", test_unwritable },
    { "full_disk", test_full_disk },
    { "cut_short", test_cut_short },
    { "wrong_bits", test_wrong_bits },
    { "foreign_files", test_foreign_files },
    { "large_text", test_large_text },
    { "other_readers", test_other_readers },
};

OST_TEST_MAIN("results", tests)
