/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See vpc.h. Takes observations and simulated subjects of an arm; gives bins with observed and simulated percentiles.
 */
#include "observe/vpc.h"

#include "core/memory.h"
#include "core/random.h"
#include "observe/statistic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BINS 10
#define MOST_TRIES 64                  /* for a subject that stays as long as a person, before all are looked at */
#define MOST_VALUES ((size_t) 1 << 27) /* of subjects at times: 1 GB, an assumption */

const double ost_vpc_percent[OST_N_VPC] = { 5, 50, 95 };

typedef struct {
    const ost_vpc_data_t *data;
    const ost_vpc_source_t *source;
    double *times; /* [n_times] of the data, ascending, each once */
    size_t n_times;
    size_t *i_time, *bin; /* [data->n] of each observation */
    double *simulated;    /* [n_parts][n_times][n_subjects] */
    size_t *present;      /* [n_present] subjects with a value, by their groups */
    size_t n_present;
    size_t *first;   /* [n_persons + 1] first of a person's observations in `own` */
    size_t *own;     /* [data->n] observations by person */
    size_t *subject; /* [n_persons] of the data set that is simulated */
    double *values;  /* [data->n] of a bin, and another of the sample */
    double *found;   /* [n_bins][OST_N_VPC][OST_VPC_DATA_SETS] */
    ost_memory_t memory;
} check_t;

static void find_times(check_t *self)
{
    const ost_vpc_data_t *data = self->data;
    memcpy(self->times, data->time, data->n * sizeof(*self->times));
    qsort(self->times, data->n, sizeof(*self->times), ost_compare_doubles);
    for (size_t i = 0; i < data->n; i++)
        if (i == 0 || self->times[i] != self->times[self->n_times - 1]) self->times[self->n_times++] = self->times[i];
    for (size_t i = 0; i < data->n; i++) {
        const double *at = bsearch(&data->time[i], self->times, self->n_times, sizeof(*at), ost_compare_doubles);
        self->i_time[i] = (size_t) (at - self->times);
    }
}

/* Bins of like numbers of observations, each with all observations of its times; their borders. */
static int make_bins(check_t *self, ost_vpc_arm_t *out, ost_error_t *err)
{
    const size_t n = self->data->n, n_most = self->n_times < MOST_BINS ? self->n_times : MOST_BINS;
    size_t *count = ost_memory_list(&self->memory, self->n_times, sizeof(*count));
    size_t *of_time = ost_memory_list(&self->memory, self->n_times, sizeof(*of_time));
    out->bins = calloc(n_most, sizeof(*out->bins));
    if (self->memory.failed || out->bins == NULL) return ost_no_memory(err);
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
    return 0;
}

/* The observations of each person. */
static void list_own(check_t *self)
{
    const ost_vpc_data_t *data = self->data;
    for (size_t i = 0; i < data->n; i++) self->first[data->person[i] + 1]++;
    for (size_t p = 0; p < data->n_persons; p++) self->first[p + 1] += self->first[p];
    for (size_t i = 0; i < data->n; i++) self->own[self->first[data->person[i]]++] = i;
    for (size_t p = data->n_persons; p > 0; p--) self->first[p] = self->first[p - 1];
    self->first[0] = 0;
}

static size_t group_of(const check_t *self, size_t i)
{
    return self->source->group_of_subject != NULL ? self->source->group_of_subject[self->present[i]] : 0;
}

/* The first of those present whose group is not below. */
static size_t first_of_group(const check_t *self, size_t group)
{
    size_t low = 0, high = self->n_present;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (group_of(self, middle) < group)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_groups(const void *a, const void *b, void *user)
{
    const size_t i = *(const size_t *) a, k = *(const size_t *) b, *group = user;
    return group[i] != group[k] ? (group[i] > group[k]) - (group[i] < group[k]) : (i > k) - (i < k);
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
    self->simulated = ost_memory_list(&self->memory, n_rows * n, sizeof(*self->simulated));
    self->present = ost_memory_list(&self->memory, n, sizeof(*self->present));
    if (self->memory.failed) return ost_no_memory(err);
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
    if (source->group_of_subject != NULL)
        qsort_r(self->present, self->n_present, sizeof(*self->present), compare_groups,
            (void *) (uintptr_t) source->group_of_subject);
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

/* Whether a subject has values at all of the person's times. */
static bool stays(const check_t *self, size_t person, size_t part, size_t subject)
{
    for (size_t k = self->first[person]; k < self->first[person + 1]; k++)
        if (!isfinite(simulated_at(self, part, self->i_time[self->own[k]])[subject])) return false;
    return true;
}

/* The subject that stands for a person in a data set. */
static void choose(check_t *self, size_t set, size_t person)
{
    const ost_vpc_source_t *source = self->source;
    const uint32_t purpose = ost_random_purpose("predictive check");
    const size_t n_persons = self->data->n_persons, part = set % source->n_parts;
    const size_t *group = source->group_of_person;
    const size_t first = group != NULL ? first_of_group(self, group[person]) : 0;
    const size_t n = (group != NULL ? first_of_group(self, group[person] + 1) : self->n_present) - first;
    const size_t most = n > 1 ? MOST_TRIES : 1;
    self->subject[person] = SIZE_MAX;
    for (size_t k = 0; k < most && n > 0; k++) {
        const uint32_t draw = (uint32_t) (person + k * n_persons);
        const double u = ost_random_uniform(source->seed, set, purpose, draw);
        self->subject[person] = self->present[first + (size_t) (u * (double) n)];
        if (stays(self, person, part, self->subject[person])) return;
    }
    for (size_t k = 0; k < n; k++)
        if (stays(self, person, part, self->present[first + k])) {
            self->subject[person] = self->present[first + k];
            return;
        }
}

/* One data set: a subject for each person, at that person's times. */
static void simulate(check_t *self, size_t set, size_t n_bins)
{
    const ost_vpc_data_t *data = self->data;
    for (size_t p = 0; p < data->n_persons; p++) choose(self, set, p);
    for (size_t i = 0; i < data->n; i++) {
        const size_t p = data->person[i];
        self->values[i] = self->subject[p] != SIZE_MAX
                              ? simulated_at(self, set % self->source->n_parts, self->i_time[i])[self->subject[p]]
                              : NAN;
    }
    for (size_t b = 0; b < n_bins; b++) {
        double found[OST_N_VPC];
        percentiles(self, self->values, b, found);
        for (size_t k = 0; k < OST_N_VPC; k++) self->found[(b * OST_N_VPC + k) * OST_VPC_DATA_SETS + set] = found[k];
    }
}

static int compare(check_t *self, ost_vpc_arm_t *out, ost_error_t *err)
{
    double work[OST_VPC_DATA_SETS];
    self->found = ost_memory_list(&self->memory, out->n_bins * OST_N_VPC * OST_VPC_DATA_SETS, sizeof(*self->found));
    if (self->found == NULL) return ost_no_memory(err);
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
    return 0;
}

/* Count subjects of the persons' groups alone. */
static void count_groups(check_t *self)
{
    size_t n = 0;
    for (size_t p = 0; p < self->data->n_persons; p++) {
        const size_t group = self->source->group_of_person[p];
        n += first_of_group(self, group + 1) - first_of_group(self, group);
    }
    self->n_present = n;
}

int ost_vpc_run(ost_vpc_arm_t *self, const ost_vpc_data_t *data, const ost_vpc_source_t *source, ost_error_t *err)
{
    check_t check = { .data = data, .source = source };
    ost_memory_t *memory = &check.memory;
    *self = (ost_vpc_arm_t){ .data = *data };
    check.times = ost_memory_list(memory, data->n, sizeof(*check.times));
    check.i_time = ost_memory_list(memory, data->n, sizeof(*check.i_time));
    check.bin = ost_memory_list(memory, data->n, sizeof(*check.bin));
    check.subject = ost_memory_list(memory, data->n_persons, sizeof(*check.subject));
    check.first = ost_memory_list(memory, data->n_persons + 1, sizeof(*check.first));
    check.own = ost_memory_list(memory, data->n, sizeof(*check.own));
    check.values = ost_memory_list(memory, 3 * data->n, sizeof(*check.values));
    int ret = memory->failed ? ost_no_memory(err) : 0;
    if (ret == 0) find_times(&check);
    if (ret == 0) list_own(&check);
    if (ret == 0) ret = make_bins(&check, self, err);
    if (ret == 0) ret = read_simulated(&check, err);
    if (ret == 0) ret = compare(&check, self, err);
    if (ret == 0 && source->group_of_person != NULL) count_groups(&check);
    self->n_present = check.n_present;
    self->is_matched = source->group_of_person != NULL;
    ost_memory_free(memory);
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
