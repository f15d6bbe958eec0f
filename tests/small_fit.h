/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fit to trials of the small bone model, whose evidence is drawn around known parameters, for tests of the fit. */
#ifndef OST_SMALL_FIT_H
#define OST_SMALL_FIT_H

#include "analysis/fit_impl.h"
#include "core/random.h"
#include "small_trials.h"

#define N_TRIALS 6

static folder_t folder;
static ost_fit_t fit;
static atomic_bool asked_to_stop;
static ost_error_t err;

/* Random numbers of this program. */
static inline double draw(uint64_t i)
{
    return ost_random_normal(11, i, ost_random_purpose("tests"), 0);
}

static inline double lost(double rate, double years)
{
    return 100 * (exp(-rate * years) - 1);
}

/* What the evidence of a trial says: control and treated, spine and hip, at 24 and 60 months; its errors are drawn. */
static inline size_t put_trial(char *text, size_t size, int trial, const double *truth, double se, uint64_t seed)
{
    size_t n = 0;
    for (int i = 0; i < 8; i++) {
        double rate = truth[i & 1] + (i & 2 ? truth[2] : 0), years = i & 4 ? 5 : 2;
        n += (size_t) snprintf(text + n, size - n, "calibrate,T%d,%s,BMD_change,%s,%g,mean,%.8f,percent,,%g,se,,c,r,\n",
            trial, i & 2 ? "treated" : "control", i & 1 ? "TH" : "LS", 12 * years,
            lost(rate, years) + se * draw(seed + (uint64_t) (8 * trial + i)), se);
    }
    return n;
}

static inline void put_evidence(int n_trials, const double *truth, double se, uint64_t seed)
{
    static char text[65536];
    size_t n = (size_t) snprintf(text, sizeof(text), HEAD);
    for (int t = 0; t < n_trials; t++) n += put_trial(text + n, sizeof(text) - n, t, truth, se, seed);
    snprintf(text + n, sizeof(text) - n, "validate,T0,late,BMD_change,LS,24,mean,50,percent,,0.001,se,,c,r,\n");
    small_write(&folder, "evidence.csv", text);
}

static inline void put_trials(int n_trials)
{
    for (int t = 0; t < n_trials; t++) {
        char name[32], compare[512];
        snprintf(name, sizeof(name), "trial%d", t);
        snprintf(compare, sizeof(compare),
            "    - {arm: control, trial: T%d, trial_arm: control}\n    - {arm: treated, trial: T%d, trial_arm: "
            "treated}\n%s",
            t, t, t == 0 ? "    - {arm: treated, trial: T0, trial_arm: late}\n" : "");
        small_trial(&folder, name, FIXED, compare);
    }
}

#define PARAMETERS                                                                                                     \
    "parameters:\n  \"small.k[lumbar_spine]\": {prior: 0.03 1/y}\n  \"small.k[total_hip]\": {prior: 0.015 1/y}\n"      \
    "  small.g: {prior: 0.02 1/y}\n"

static inline int read_fit(const char *text)
{
    char path[128];
    small_write(&folder, "fit.yml", text);
    snprintf(path, sizeof(path), "%s", small_path(&folder, "fit.yml"));
    err = (ost_error_t){ 0 };
    return ost_fit_read(&fit, path, SMALL_ENDPOINTS, NULL, &asked_to_stop, &err);
}

static inline void must_read(const char *text)
{
    int ret = read_fit(text);
    CU_ASSERT_FATAL(small_ok(ret, &err));
}

static const ost_fit_options_t one_thread = { .n_threads = 1 };
static const double truth[3] = { 0.02, 0.01, 0.03 }; /* 1/y: spine, hip, push */

static inline void must_run(void)
{
    bool stopped = true;
    CU_ASSERT_FATAL(small_ok(ost_fit_run(&fit, &one_thread, &stopped, &err), &err));
    CU_ASSERT(!stopped);
}

static inline void close_fit(void)
{
    ost_fit_free(&fit);
    ost_fit_free(&fit);
    small_end(&folder);
}

typedef struct {
    int calls, stop_at;
    double objective, sum, lowest;
} watch_t;

static inline int watch(void *user, const char *what, size_t done, size_t all, double objective)
{
    watch_t *self = user;
    (void) what;
    CU_ASSERT(done <= all);
    self->objective = objective;
    self->sum += objective;
    self->lowest = fmin(self->lowest, objective);
    return ++self->calls >= self->stop_at;
}

#endif
