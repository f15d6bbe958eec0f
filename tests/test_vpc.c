/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Visual predictive checks: intervals against data sets of the model itself, of another one, and by hand. */
#include "observe/vpc.h"
#include "study_run.h"

static ost_error_t err;

/* Outputs of subjects `first` on of a run, at its output times. */
typedef struct {
    const result_t *of;
    size_t first, n;
} simulated_t;

static double at(const result_t *of, size_t subject, double time)
{
    return value(of, 0, subject, "bmd", 0, (size_t) (time / 10));
}

static int read_run(void *user, size_t part, double time, double *values, ost_error_t *e)
{
    const simulated_t *self = user;
    (void) part;
    (void) e;
    for (size_t i = 0; i < self->n; i++) values[i] = at(self->of, self->first + i, time);
    return 0;
}

enum { N_SIMULATED = 2000, N_SETS = 200, N_PERSONS = 40, N_VISITS = 3 };

/* Part of the observed percentiles inside, over all data sets, each of N_PERSONS of whom some miss a visit. */
static double coverage(const result_t *r, double shift)
{
    static const double visits[N_VISITS] = { 20, 50, 100 };
    static double time[N_PERSONS * N_VISITS], values[N_PERSONS * N_VISITS];
    static size_t person[N_PERSONS * N_VISITS];
    simulated_t simulated = { r, 0, N_SIMULATED };
    size_t n_inside = 0, n_all = 0;
    for (size_t set = 0; set < N_SETS; set++) {
        const ost_vpc_source_t source = {
            .read = read_run, .user = &simulated, .n_subjects = N_SIMULATED, .n_parts = 1, .seed = set + 1
        };
        ost_vpc_data_t data = { time, values, person, 0, N_PERSONS };
        for (size_t p = 0; p < N_PERSONS; p++)
            for (size_t v = 0; v < N_VISITS; v++) {
                if ((p + v) % 7 == 0) continue;
                time[data.n] = visits[v];
                values[data.n] = at(r, N_SIMULATED + set * N_PERSONS + p, visits[v]) + shift;
                person[data.n++] = p;
            }
        ost_vpc_arm_t arm;
        size_t n;
        CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &data, &source, &err), 0);
        CU_ASSERT_EQUAL(arm.n_bins, N_VISITS);
        n_inside += ost_vpc_inside(&arm, &n);
        n_all += n;
        free(arm.bins);
    }
    CU_ASSERT_EQUAL(n_all, N_SETS * N_VISITS * OST_N_VPC);
    return (double) n_inside / (double) n_all;
}

/* 200 data sets of the model give intervals that hold 90 % of their percentiles; of another model they do not. */
static void test_coverage(void)
{
    study_t study;
    result_t r;
    STUDY(&study, "bone", "axis");
    run(&r, &study, N_SIMULATED + N_SETS * N_PERSONS, 0);
    double own = coverage(&r, 0), other = coverage(&r, 0.05);
    printf("inside: %.1f %%, of another model %.1f %%\n", 100 * own, 100 * other);
    CU_ASSERT(fabs(own - 0.90) <= 0.04);
    CU_ASSERT(other < 0.75);
    free(r.y);
    study_free(&study);
}

/* Subject i of draw `part` has the value i + 100 part + time; some have none. */
typedef struct {
    size_t n;
    bool is_empty;
} counted_t;

static int read_counted(void *user, size_t part, double time, double *values, ost_error_t *e)
{
    const counted_t *self = user;
    (void) e;
    for (size_t i = 0; i < self->n; i++)
        values[i] = self->is_empty || i % 2 == 1 ? NAN : (double) i + 100 * (double) part + time;
    return 0;
}

/* More than ten times are joined into bins of like numbers; borders are between times. */
static void test_bins(void)
{
    enum { N = 60 };
    double time[N], values[N];
    size_t person[N];
    counted_t counted = { 20, false };
    const ost_vpc_source_t source = {
        .read = read_counted, .user = &counted, .n_subjects = 20, .n_parts = 1, .seed = 3
    };
    for (size_t i = 0; i < N; i++) {
        time[i] = (double) (i % 30);
        values[i] = 1000 + (double) i;
        person[i] = i / 30;
    }
    const ost_vpc_data_t data = { time, values, person, N, 2 };
    ost_vpc_arm_t arm;
    CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &data, &source, &err), 0);
    CU_ASSERT_EQUAL(arm.n_bins, 10);
    CU_ASSERT_EQUAL(arm.n_present, 10); /* of 20, half of whom have no value */
    for (size_t b = 0; b < arm.n_bins; b++) {
        CU_ASSERT_EQUAL(arm.bins[b].n, 6);
        ost_assert_close(arm.bins[b].at, 3 * (double) b + 1, 1e-14, 0);
        ost_assert_close(arm.bins[b].from, b == 0 ? 0 : 3 * (double) b - 0.5, 1e-14, 0);
        ost_assert_close(arm.bins[b].to, b == 9 ? 29 : 3 * (double) b + 2.5, 1e-14, 0);
        ost_assert_close(arm.bins[b].observed[OST_VPC_MEDIAN], 1016 + 3 * (double) b, 1e-14, 0);
    }
    free(arm.bins);
}

/* With one person and one time, the interval is that of the subjects; draws take turns. */
static void test_one_person(void)
{
    const double time = 5, observed = 12;
    const size_t person = 0;
    const ost_vpc_data_t data = { &time, &observed, &person, 1, 1 };
    counted_t counted = { 200, false };
    for (size_t n_draws = 1; n_draws <= 2; n_draws++) {
        const ost_vpc_source_t source = {
            .read = read_counted, .user = &counted, .n_subjects = 200, .n_parts = n_draws, .seed = 9
        };
        ost_vpc_arm_t arm;
        size_t n;
        CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &data, &source, &err), 0);
        for (size_t k = 0; k < OST_N_VPC; k++) {
            CU_ASSERT_EQUAL(arm.bins[0].observed[k], 12);
            ost_assert_close(arm.bins[0].lower[k], n_draws == 1 ? 5 + 10 : 5 + 20, 0, 8);
            ost_assert_close(arm.bins[0].upper[k], n_draws == 1 ? 5 + 188 : 5 + 280, 0, 8);
        }
        CU_ASSERT_EQUAL(ost_vpc_inside(&arm, &n), n_draws == 1 && arm.bins[0].lower[0] <= 12 ? 3 : 0);
        CU_ASSERT_EQUAL(n, 3);
        free(arm.bins);
    }
}

static void test_wrong(void)
{
    const double time = 5, observed = 12;
    const size_t person = 0;
    const ost_vpc_data_t data = { &time, &observed, &person, 1, 1 };
    counted_t counted = { 10, true };
    ost_vpc_source_t source = { .read = read_counted, .user = &counted, .n_subjects = 10, .n_parts = 1, .seed = 9 };
    ost_vpc_arm_t arm;
    CU_ASSERT_EQUAL(ost_vpc_run(&arm, &data, &source, &err), OST_ERR_VALUE);
    CU_ASSERT_STRING_EQUAL(err.what, "no simulated subject has a value at these times");
    free(arm.bins);
    source.n_parts = (size_t) 1 << 40;
    CU_ASSERT_EQUAL(ost_vpc_run(&arm, &data, &source, &err), OST_ERR_LIMIT);
    free(arm.bins);
}

/* Of 100 subjects those with an even number, whose values are 1000 less, leave after time 10; subject i has i. */
static int read_leaving(void *user, size_t part, double time, double *values, ost_error_t *e)
{
    (void) user;
    (void) e;
    for (size_t i = 0; i < 100; i++)
        values[i] = i % 2 == 1 ? (double) i : time > 10 ? NAN : (double) i - 1000 - (double) part;
    return 0;
}

/* A person who stays is not compared with subjects who leave; one who leaves is compared with all. */
static void test_leaving_counts_once(void)
{
    const double time[] = { 5, 20, 5, 20, 5, 5 }, observed[] = { 1, 1, 2, 2, 3, 4 };
    const size_t person[] = { 0, 0, 1, 1, 2, 3 };
    const ost_vpc_source_t source = { .read = read_leaving, .n_subjects = 100, .n_parts = 1, .seed = 3 };
    ost_vpc_arm_t arm;
    const ost_vpc_data_t stay = { time, observed, person, 4, 2 }, leave = { time + 4, observed + 4, person, 2, 1 };
    CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &stay, &source, &err), 0);
    for (size_t b = 0; b < 2; b++) CU_ASSERT(arm.bins[b].lower[OST_VPC_LOWER] >= 0);
    free(arm.bins);
    CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &leave, &source, &err), 0);
    CU_ASSERT(arm.bins[0].lower[OST_VPC_LOWER] < -900);
    free(arm.bins);
}

/* Persons with subjects of their own. */
static void test_groups(void)
{
    const double time[] = { 20, 20 }, observed[] = { 7, 7 };
    const size_t person[] = { 0, 1 }, of_person[] = { 33, 71 };
    size_t of_subject[100];
    for (size_t i = 0; i < 100; i++) of_subject[i] = i;
    const ost_vpc_source_t source = { .read = read_leaving,
        .n_subjects = 100,
        .n_parts = 4,
        .seed = 3,
        .group_of_subject = of_subject,
        .group_of_person = of_person };
    const ost_vpc_data_t data = { time, observed, person, 2, 2 };
    ost_vpc_arm_t arm;
    CU_ASSERT_EQUAL_FATAL(ost_vpc_run(&arm, &data, &source, &err), 0);
    CU_ASSERT(arm.is_matched);
    ost_assert_close(arm.bins[0].lower[OST_VPC_MEDIAN], 52, 1e-12, 0);
    ost_assert_close(arm.bins[0].upper[OST_VPC_MEDIAN], 52, 1e-12, 0);
    CU_ASSERT_EQUAL(arm.n_present, 2);
    free(arm.bins);
}

static const ost_test_t tests[] = {
    { "leaving_counts_once", test_leaving_counts_once },
    { "groups", test_groups },
    { "coverage", test_coverage },
    { "bins", test_bins },
    { "one_person", test_one_person },
    { "wrong", test_wrong },
};

OST_TEST_MAIN("vpc", tests)
