/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Median change of hip BMD in each arm of an experiment, from its first time to its last. C11 and C++:
 * cc bmd.c $(pkg-config --cflags --libs osteon) -o bmd && ./bmd atac.yaml population.subjects=1000 */
#include <osteon/session.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    size_t n_arms, n_subjects, n_outputs, n_times, hip;
    double *change; /* [n_arms][n_subjects] percent, NaN for a subject that failed */
} bmd_t;

static int keep(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    const bmd_t *self = (const bmd_t *) user;
    (void) covariates, (void) params, (void) status;
    for (size_t job = 0; job < self->n_arms * n; job++) {
        const double *bmd = outputs + (job * self->n_outputs + self->hip) * self->n_times;
        self->change[job / n * self->n_subjects + first + job % n] = 100 * (bmd[self->n_times - 1] / bmd[0] - 1);
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return x != x || y != y ? (x != x) - (y != y) : (x > y) - (x < y); /* NaN last */
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof(*x), by_value);
    while (n > 1 && x[n - 1] != x[n - 1]) n--;
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "Usage: %s EXPERIMENT.yaml [PATH=VALUE...]\n", argc > 0 ? argv[0] : "bmd");
        return 2;
    }
    size_t n_set = (size_t) argc - 2;
    ost_call_t *call = ost_call_new();
    ost_session_t *session = ost_session_new(call);
    ost_study_t *study = ost_study_new(session, argv[1], NULL, (const char *const *) argv + 2, n_set, call);
    bmd_t bmd = { ost_study_size(study, OST_AXIS_ARM), ost_study_size(study, OST_AXIS_SUBJECT),
        ost_study_size(study, OST_AXIS_OUTPUT), ost_study_size(study, OST_AXIS_TIME), 0, NULL };
    for (size_t i = 0; i < bmd.n_outputs; i++)
        if (strcmp(ost_study_text(study, OST_AXIS_OUTPUT, i, "name"), "bmd[total_hip]") == 0) bmd.hip = i;
    bmd.change = (double *) calloc(bmd.n_arms * bmd.n_subjects + 1, sizeof(double));
    int code = study != NULL ? ost_study_run(study, 0, bmd.n_subjects, keep, &bmd, call) : OST_ERR_ARGUMENT;
    if (code < 0) fprintf(stderr, "%s\n", ost_call_error(call, NULL, NULL));
    for (size_t arm = 0; code == 0 && arm < bmd.n_arms; arm++)
        printf("%s %.10f\n", ost_study_text(study, OST_AXIS_ARM, arm, "name"),
            median(bmd.change + arm * bmd.n_subjects, bmd.n_subjects));
    free(bmd.change);
    ost_study_free(study);
    ost_session_free(session);
    ost_call_free(call);
    return code != 0;
}
