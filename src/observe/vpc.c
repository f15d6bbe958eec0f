/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See vpc.h. Takes observations and simulated subjects of an arm; gives bins with observed and simulated percentiles.
 */
#include "observe/vpc.h"

#include "core/random.h"
#include "observe/statistic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BINS 10
#define MOST_VALUES ((size_t) 1 << 27) /* of subjects at times: 1 GB, an assumption */

const double ost_vpc_percent[OST_N_VPC] = { 5, 50, 95 };

typedef struct {
    const ost_vpc_data_t *data;
    const ost_vpc_source_t *source;
    double *times; /* [n_times] of the data, ascending, each once */
    size_t n_times;
    size_t *i_time, *bin; /* [data->n] of each observation */
    double *simulated;    /* [n_parts][n_times][n_subjects] */
    size_t *present;      /* [n_present] subjects with a value */
    size_t n_present;
    size_t *subject; /* [n_persons] of the data set that is simulated */
    double *values;  /* [data->n] of a bin, and another of the sample */
    double *found;   /* [n_bins][OST_N_VPC][OST_VPC_DATA_SETS] */
} check_t;

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void find_times(check_t *self)
{
    const ost_vpc_data_t *data = self->data;
    memcpy(self->times, data->time, data->n * sizeof(*self->times));
    qsort(self->times, data->n, sizeof(*self->times), compare_doubles);
    for (size_t i = 0; i < data->n; i++)
        if (i == 0 || self->times[i] != self->times[self->n_times - 1]) self->times[self->n_times++] = self->times[i];
    for (size_t i = 0; i < data->n; i++) {
        const double *at = bsearch(&data->time[i], self->times, self->n_times, sizeof(*at), compare_doubles);
        self->i_time[i] = (size_t) (at - self->times);
    }
}

/* Bins of like numbers of observations, each with all observations of its times; their borders. */
static int make_bins(check_t *self, ost_vpc_arm_t *out, ost_error_t *err)
{
    const size_t n = self->data->n, n_most = self->n_times < MOST_BINS ? self->n_times : MOST_BINS;
    size_t *count = calloc(self->n_times, sizeof(*count)), *of_time = calloc(self->n_times, sizeof(*of_time));
    out->bins = calloc(n_most, sizeof(*out->bins));
    if (count == NULL || of_time == NULL || out->bins == NULL) {
        free(count);
        free(of_time);
        return ost_no_memory(err);
    }
    for (size_t i = 0; i < n; i++) count[self->i_time[i]]++;
    for (size_t t = 0, n_before = 0; t < self->n_times; n_before += count[t], t++) {
        size_t bin = n_most == self->n_times ? t : n_before * n_most / n;
        bool is_new = t == 0 || (bin >= out->n_bins && out->n_bins < n_most);
        if (is_new) out->bins[out->n_bins++].from = t == 0 ? self->times[0] : (self->times[t - 1] + self->times[t]) / 2;
        of_time[t] = out->n_bins - 1;
        out->bins[of_time[t]].n += count[t];
        out->bins[of_time[t]].at += (double) count[t] * self->times[t];
        out->bins[of_time[t]].to = t + 1 < self->n_times ? (self->times[t] + self->times[t + 1]) / 2 : self->times[t];
    }
    for (size_t b = 0; b < out->n_bins; b++) out->bins[b].at /= (double) out->bins[b].n;
    for (size_t i = 0; i < n; i++) self->bin[i] = of_time[self->i_time[i]];
    free(count);
    free(of_time);
    return 0;
}

static const double *simulated_at(const check_t *self, size_t part, size_t t)
{
    return self->simulated + (part * self->n_times + t) * self->source->n_subjects;
}

static int read_simulated(check_t *self, ost_error_t *err)
{
    const ost_vpc_source_t *source = self->source;
    const size_t n = source->n_subjects, n_rows = source->n_parts * self->n_times;
    if (n_rows > MOST_VALUES / n)
        return ost_fail(err, OST_ERR_LIMIT,
            "%zu times of %zu subjects and %zu draws are too many; round TIME, or take "
            "fewer subjects",
            self->n_times, n, source->n_parts);
    self->simulated = malloc(n_rows * n * sizeof(*self->simulated));
    self->present = malloc(n * sizeof(*self->present));
    if (self->simulated == NULL || self->present == NULL) return ost_no_memory(err);
    for (size_t k = 0; k < n_rows; k++) {
        int ret =
            source->read(source->user, k / self->n_times, self->times[k % self->n_times], self->simulated + k * n, err);
        if (ret < 0) return ret;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_rows && !isfinite(self->simulated[k * n + i])) k++;
        if (k < n_rows) self->present[self->n_present++] = i;
    }
    if (self->n_present == 0) return ost_fail(err, OST_ERR_VALUE, "no simulated subject has a value at these times");
    return 0;
}

/* Percentiles of one bin of values. @param values  [n] by observation */
static void percentiles(check_t *self, const double *values, size_t bin, double out[OST_N_VPC])
{
    double *of_bin = self->values + self->data->n, *work = of_bin + self->data->n;
    size_t n = 0;
    for (size_t i = 0; i < self->data->n; i++)
        if (self->bin[i] == bin) of_bin[n++] = values[i];
    const ost_sample_t sample = ost_sample_of(of_bin, n, work);
    for (size_t k = 0; k < OST_N_VPC; k++)
        out[k] = sample.n > 0 ? ost_quantile(sample.x, sample.n, ost_vpc_percent[k] / 100) : NAN;
}

/* One data set: a subject for each person, at that person's times. */
static void simulate(check_t *self, size_t set, size_t n_bins)
{
    const ost_vpc_data_t *data = self->data;
    const uint32_t purpose = ost_random_purpose("predictive check");
    for (size_t p = 0; p < data->n_persons; p++) {
        double u = ost_random_uniform(self->source->seed, set, purpose, (uint32_t) p);
        self->subject[p] = self->present[(size_t) (u * (double) self->n_present)];
    }
    for (size_t i = 0; i < data->n; i++)
        self->values[i] =
            simulated_at(self, set % self->source->n_parts, self->i_time[i])[self->subject[data->person[i]]];
    for (size_t b = 0; b < n_bins; b++) {
        double found[OST_N_VPC];
        percentiles(self, self->values, b, found);
        for (size_t k = 0; k < OST_N_VPC; k++) self->found[(b * OST_N_VPC + k) * OST_VPC_DATA_SETS + set] = found[k];
    }
}

static int compare(check_t *self, ost_vpc_arm_t *out, ost_error_t *err)
{
    double *work = malloc(OST_VPC_DATA_SETS * sizeof(*work));
    self->found = malloc(out->n_bins * OST_N_VPC * OST_VPC_DATA_SETS * sizeof(*self->found));
    if (self->found == NULL || work == NULL) {
        free(work);
        return ost_no_memory(err);
    }
    for (size_t set = 0; set < OST_VPC_DATA_SETS; set++) simulate(self, set, out->n_bins);
    for (size_t b = 0; b < out->n_bins; b++) {
        ost_vpc_bin_t *bin = &out->bins[b];
        percentiles(self, self->data->value, b, bin->observed);
        for (size_t k = 0; k < OST_N_VPC; k++) {
            const ost_sample_t sample =
                ost_sample_of(self->found + (b * OST_N_VPC + k) * OST_VPC_DATA_SETS, OST_VPC_DATA_SETS, work);
            const bool is_any = sample.n > 0;
            bin->lower[k] = is_any ? ost_quantile(sample.x, sample.n, (1 - OST_VPC_PART) / 2) : NAN;
            bin->middle[k] = is_any ? ost_quantile(sample.x, sample.n, 0.5) : NAN;
            bin->upper[k] = is_any ? ost_quantile(sample.x, sample.n, (1 + OST_VPC_PART) / 2) : NAN;
        }
    }
    free(work);
    return 0;
}

int ost_vpc_run(ost_vpc_arm_t *self, const ost_vpc_data_t *data, const ost_vpc_source_t *source, ost_error_t *err)
{
    check_t check = { .data = data, .source = source };
    *self = (ost_vpc_arm_t){ .data = *data };
    check.times = malloc(data->n * sizeof(*check.times));
    check.i_time = malloc(data->n * sizeof(*check.i_time));
    check.bin = malloc(data->n * sizeof(*check.bin));
    check.subject = malloc(data->n_persons * sizeof(*check.subject));
    check.values = malloc(3 * data->n * sizeof(*check.values));
    int ret = check.times == NULL || check.i_time == NULL || check.bin == NULL || check.subject == NULL ||
                      check.values == NULL
                  ? ost_no_memory(err)
                  : 0;
    if (ret == 0) find_times(&check);
    if (ret == 0) ret = make_bins(&check, self, err);
    if (ret == 0) ret = read_simulated(&check, err);
    if (ret == 0) ret = compare(&check, self, err);
    self->n_present = check.n_present;
    free(check.times);
    free(check.i_time);
    free(check.bin);
    free(check.subject);
    free(check.values);
    free(check.simulated);
    free(check.present);
    free(check.found);
    return ret;
}

size_t ost_vpc_inside(const ost_vpc_arm_t *self, size_t *n)
{
    size_t n_inside = 0;
    *n = 0;
    for (size_t k = 0; k < self->n_bins * OST_N_VPC; k++) {
        const ost_vpc_bin_t *bin = &self->bins[k / OST_N_VPC];
        const double observed = bin->observed[k % OST_N_VPC];
        if (!isfinite(bin->lower[k % OST_N_VPC])) continue;
        n_inside += observed >= bin->lower[k % OST_N_VPC] && observed <= bin->upper[k % OST_N_VPC];
        ++*n;
    }
    return n_inside;
}

void ost_vpc_free(ost_vpc_t *self)
{
    for (size_t a = 0; a < self->n_arms; a++) free(self->arms[a].bins);
    free(self->arms);
    *self = (ost_vpc_t){ 0 };
}
