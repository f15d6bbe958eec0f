/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/naive.h"
#include "small_trials.h"

static folder_t folder;
static ost_error_t err;
static ost_trials_t trials;
static ost_naive_t naive;

static const char classes[] = "class,meaning\nnone,no treatment\npushed,pushed\nlate,pushed late\n";
static const char arms[] = "trial,arm,class,minus\nT,control,none,\nU,control,none,\nU,other control,none,\n"
                           "T,treated,pushed,\nT,late,late,\nT,treated vs control,pushed,none\n"
                           "T,late vs control,late,none\nV,control,none,\nV,treated,pushed,\nV,late,late,\n"
                           "V,treated vs control,pushed,none\nV,late vs control,late,none\n";
/* Means of class none at the spine: -2 at 12 months; at 24 that of T (-6) and of U ((-10 - 4)/2). */
static const char rows[] = "calibrate,T,control,BMD_change,LS,12,mean,-2,percent,,,none,,,,\n"
                           "calibrate,T,control,BMD_change,LS,24,mean,-6,percent,,,none,,,,\n"
                           "calibrate,U,control,BMD_change,LS,24,mean,-10,percent,,,none,,,,\n"
                           "calibrate,U,other control,BMD_change,LS,24,mean,-4,percent,,,none,,,,\n"
                           "calibrate,T,control,BMD_change,TH,12,mean,-3,percent,,,none,,,,\n"
                           "calibrate,T,treated,BMD_change,LS,12,mean,4,percent,,,none,,,,\n"
                           "calibrate,T,treated vs control,BMD_difference,LS,60,mean,9,"
                           "percentage_points_between_arms,,,none,,,,\n"
                           "context,V,control,BMD_change,LS,12,mean,50,percent,,,none,,,,\n";
/* @param what  "validate,V,control,BMD_change,LS,6,mean,1,percent" */
static void read_with(const char *what, const ost_trials_options_t *asked)
{
    char text[4096];
    ost_trials_options_t options = *asked;
    options.folder = folder.path;
    options.endpoints = SMALL_ENDPOINTS;
    snprintf(text, sizeof(text), "%s%s%s%s", HEAD, rows, what, what[0] != '\0' ? ",,,none,,,,\n" : "");
    small_write(&folder, "evidence.csv", text);
    CU_ASSERT_FATAL(small_ok(ost_naive_read(&naive, &options, &err), &err));
    options.only_matched = true;
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
}

static void close_naive(void)
{
    ost_naive_free(&naive);
    ost_naive_free(&naive);
    ost_trials_free(&trials);
}

static void open_naive(void)
{
    small_begin(&folder);
    small_write(&folder, "classes.csv", classes);
    small_write(&folder, "arms.csv", arms);
    small_trial(&folder, "t", FIXED,
        "    - {arm: control, trial: T, trial_arm: control}\n    - {arm: treated, trial: T, trial_arm: treated}\n"
        "    - {arm: treated, trial: T, trial_arm: treated vs control, versus: control}\n");
    small_trial(&folder, "u", FIXED,
        "    - {arm: control, trial: U, trial_arm: control}\n    - {arm: control, trial: U, trial_arm: other "
        "control}\n");
}

/* Naive prediction of the last row of the table, which trial v compares.
 * @param options  further keys of its comparison */
static double predicted(const char *arm, const char *what, const char *options)
{
    char compare[256], row[256];
    double value = NAN;
    snprintf(compare, sizeof(compare), "    - {arm: treated, trial: %.1s, trial_arm: %s, endpoint: %.*s%s}\n", what,
        arm, (int) strcspn(strchr(what, ',') + 1, ","), strchr(what, ',') + 1, options);
    small_trial(&folder, "v", FIXED, compare);
    snprintf(row, sizeof(row), "validate,%.1s,%s,%s", what, arm, strchr(what, ',') + 1);
    read_with(row, &(ost_trials_options_t){ 0 });
    const ost_matched_t *matched = &trials.trials[2].matched;
    CU_ASSERT_FATAL(matched->n_observations > 0);
    const ost_observation_t *last = &matched->observations[matched->n_observations - 1];
    CU_ASSERT_EQUAL(last->row->role, OST_ROLE_VALIDATE);
    value = ost_naive_predict(&naive, &trials, last);
    close_naive();
    return value;
}

/* By hand. */
static void test_line(void)
{
    static const struct {
        const char *arm, *row, *options;
        double value;
    } cases[] = {
        { "control", "V,BMD_change,LS,12,mean,7,percent", "", -2 },
        { "control", "V,BMD_change,LS,24,mean,7,percent", "", -6.5 },                       /* mean over trials */
        { "control", "V,BMD_change,LS,6,mean,7,percent", "", -1 },                          /* from 0 at month 0 */
        { "control", "V,BMD_change,LS,18,mean,7,percent", "", -4.25 },                      /* between months */
        { "control", "V,BMD_change,LS,36,mean,7,percent", "", -6.5 },                       /* beyond the last month */
        { "control", "T,BMD_change,LS,18,mean,7,percent", "", -5.25 },                      /* of U alone */
        { "control", "V,BMD_change,TH,24,mean,7,percent", "", -3 },                         /* beyond the only month */
        { "control", "V,BMD_change,FN,12,mean,7,percent", "", -3 },                         /* the hip's */
        { "treated", "V,BMD_change,FN,12,mean,7,percent", "", NAN },                        /* the class has no hip */
        { "late", "V,BMD_change,LS,12,mean,7,percent", "", NAN },                           /* the class has no row */
        { "unknown", "V,BMD_change,LS,12,mean,7,percent", "", NAN },                        /* the arm has no class */
        { "control", "V,BMD_level,LS,12,mean,1,g_per_cm2", "", NAN },                       /* no change */
        { "control", "V,BMD_rate,LS,36,mean,7,percent_per_year", ", from: 1 year", -3.25 }, /* over two years */
        { "control", "V,BMD_change_from_year2,LS,36,mean,7,percent", "", -2 }, /* months from the scan it counts from */
        { "treated vs control", "V,BMD_difference,LS,12,mean,7,percentage_points_between_arms", ", versus: control",
            4 + 2 },
        { "treated vs control", "V,BMD_difference,LS,24,mean,7,percentage_points_between_arms", ", versus: control",
            4 + 6.5 },
        { "late vs control", "V,BMD_difference,LS,12,mean,7,percentage_points_between_arms", ", versus: control", NAN },
    };
    open_naive();
    for (size_t i = 0; i < COUNT(cases); i++) {
        double value = predicted(cases[i].arm, cases[i].row, cases[i].options);
        CU_ASSERT_EQUAL(isnan(value), isnan(cases[i].value));
        if (!isnan(cases[i].value)) ost_assert_close(value, cases[i].value, 1e-9, 0);
    }
    small_end(&folder);
}

/* A row is predicted by the other trials alone, whichever of the trials are simulated. */
static void test_without_own_trial(void)
{
    static const double of_t[] = { -3.5, -7, NAN, NAN, NAN };
    open_naive();
    for (int alone = 0; alone < 2; alone++) {
        read_with("", &(ost_trials_options_t){ .only = alone ? "t" : NULL });
        CU_ASSERT_EQUAL(naive.n, 6); /* neither the difference nor the row of role context */
        const ost_matched_t *matched = &trials.trials[0].matched;
        CU_ASSERT_EQUAL_FATAL(matched->n_observations, 5);
        for (size_t i = 0; i < 5; i++) {
            double value = ost_naive_predict(&naive, &trials, &matched->observations[i]);
            if (isnan(of_t[i]))
                CU_ASSERT(isnan(value))
            else
                ost_assert_close(value, of_t[i], 1e-9, 0);
        }
        if (!alone)
            ost_assert_close(
                ost_naive_predict(&naive, &trials, &trials.trials[1].matched.observations[0]), -6, 1e-9, 0);
        close_naive();
    }
    small_end(&folder);
}

/* A row that was never to be fitted makes no class mean either, though its role became calibrate. */
static void test_frozen_row(void)
{
    open_naive();
    small_write(&folder, "frozen.csv",
        "trial,arm,endpoint,site,time_months,statistic,value,unit\nU,control,BMD_change,LS,24,mean,-10,percent\n");
    ost_assert_close(predicted("control", "V,BMD_change,LS,24,mean,7,percent", ""), (-6.0 - 4) / 2, 1e-9, 0);
    small_end(&folder);
}

static void test_sums(void)
{
    ost_naive_sum_t sums[5] = { 0 };
    open_naive();
    read_with("", &(ost_trials_options_t){ 0 });
    const ost_observation_t *of = trials.trials[0].matched.observations;
    const ost_naive_checked_t checked[] = {
        { &of[0], -1, true },  /* observed -2, naive -3.5 */
        { &of[1], -9, false }, /* observed -6, naive -7 */
        { &of[2], 50, true },  /* no naive line: left out of sums of both */
    };
    CU_ASSERT_EQUAL_FATAL(ost_naive_sum(sums, &naive, &trials, checked, 3, &err), 0);
    CU_ASSERT_EQUAL(sums[0].n, 3);
    CU_ASSERT_EQUAL(sums[0].n_inside, 2);
    CU_ASSERT_EQUAL(sums[0].n_compared, 2);
    ost_assert_close(sums[0].square, 1 + 9, 1e-9, 0);
    ost_assert_close(sums[0].naive_square, 1.5 * 1.5 + 1, 1e-9, 0);
    ost_assert_close(sums[0].size, 1 + 3, 1e-9, 0);
    ost_assert_close(sums[0].naive_size, 1.5 + 1, 1e-9, 0);
    ost_assert_close(sums[0].bias, (1 - 3 + 53) / 3.0, 1e-9, 0); /* of all three, observed -3 the last */
    ost_assert_close(sums[0].median, 3, 1e-9, 0);
    ost_assert_close(sums[0].rmse, sqrt((1 + 9 + 53 * 53) / 3.0), 1e-9, 0);
    ost_assert_close(sums[0].mae, (1 + 3 + 53) / 3.0, 1e-9, 0);
    CU_ASSERT_EQUAL(sums[4].n, 3);
    CU_ASSERT_EQUAL(sums[4].n_compared, 2);
    CU_ASSERT_EQUAL(sums[1].n + sums[2].n + sums[3].n, 0);
    close_naive();
    small_end(&folder);
}

static void test_wrong_tables(void)
{
    static const struct {
        const char *classes, *arms, *location, *what;
        int code;
    } cases[] = {
        { classes, "trial,arm,class,minus\nT,a,nome,\n", "arms.csv:2:", "(did you mean 'none'?)", OST_ERR_NAME },
        { classes, "trial,arm,class,minus\nT,a,none,pusht\n", "arms.csv:2:", "(did you mean 'pushed'?)", OST_ERR_NAME },
        { classes, "trial,arm,class,minus\nT,a,none,\nT,b,none,\nT,a,pushed,\n", "arms.csv:4:", "in line 2 too",
            OST_ERR_VALUE },
        { classes, "trial,arm,klass,minus\nT,a,none,\n", "arms.csv:1:", "column 'class' is missing", OST_ERR_NAME },
        { "class,meaning\nnone,a\nnone,b\n", arms, "classes.csv:3:", "in line 2 too", OST_ERR_VALUE },
        { NULL, arms, "classes.csv", "", OST_ERR_MISSING },
    };
    char path[128];
    open_naive();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        ost_treatments_t treatments;
        ost_memory_t memory = { 0 };
        small_write(&folder, "arms.csv", cases[i].arms);
        small_write(&folder, "classes.csv", cases[i].classes != NULL ? cases[i].classes : "");
        if (cases[i].classes == NULL) unlink(small_path(&folder, "classes.csv"));
        snprintf(path, sizeof(path), "%s", small_path(&folder, "evidence.csv"));
        CU_ASSERT_EQUAL(ost_treatments_read(&treatments, path, NULL, &memory, &err), cases[i].code);
        ost_error_format(&err, text, sizeof(text));
        ost_assert_contains(text, cases[i].location);
        ost_assert_contains(text, cases[i].what);
        ost_memory_free(&memory);
    }
    small_end(&folder);
}

/* Every observation that `osteon validate` shows has one class, two where it is a difference; every arm of the table is
 * one of the evidence, every class has an arm. */
static void test_shipped_classes(void)
{
    const ost_trials_options_t options = { .folder = OST_SOURCE_DIR "/configs/trials", .only_matched = true };
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    const ost_treatments_t *treatments = &trials.treatments;
    size_t n = 0;
    for (size_t t = 0; t < trials.n_trials; t++)
        for (size_t i = 0; i < trials.trials[t].matched.n_observations; i++, n++) {
            const ost_observation_t *of = &trials.trials[t].matched.observations[i];
            const ost_treated_arm_t *arm = ost_treatments_find(treatments, of->row->trial, of->row->arm);
            if (arm == NULL) printf("\nno class: %s, %s\n", of->row->trial, of->row->arm);
            CU_ASSERT_PTR_NOT_NULL_FATAL(arm);
            if ((arm->of_minus != SIZE_MAX) != (of->endpoint.versus != SIZE_MAX))
                printf("\nminus: %s, %s\n", arm->trial, arm->arm);
            CU_ASSERT_EQUAL(arm->of_minus != SIZE_MAX, of->endpoint.versus != SIZE_MAX);
        }
    CU_ASSERT(n > 300);
    for (size_t a = 0; a < treatments->n_arms; a++) {
        bool found = false;
        for (size_t i = 0; i < trials.evidence.n_rows; i++)
            found = found || (strcmp(trials.evidence.rows[i].trial, treatments->arms[a].trial) == 0 &&
                                 strcmp(trials.evidence.rows[i].arm, treatments->arms[a].arm) == 0);
        if (!found) printf("\nnot in the evidence: %s, %s\n", treatments->arms[a].trial, treatments->arms[a].arm);
        CU_ASSERT(found);
    }
    for (size_t c = 0; c < treatments->n_classes; c++) {
        bool found = false;
        for (size_t a = 0; a < treatments->n_arms; a++) found = found || treatments->arms[a].of == c;
        CU_ASSERT(found);
    }
    ost_trials_free(&trials);
}

static const ost_test_t tests[] = {
    { "line", test_line },
    { "without_own_trial", test_without_own_trial },
    { "frozen_row", test_frozen_row },
    { "sums", test_sums },
    { "wrong_tables", test_wrong_tables },
    { "shipped_classes", test_shipped_classes },
};

OST_TEST_MAIN("naive", tests)
