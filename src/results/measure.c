/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file and endpoints; gives measures of its subjects. */
#include "results/measure.h"

#include "core/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ost_results_is_output(const char *output, const char *variable, const char *element)
{
    size_t n = strlen(variable), n_element = strlen(element);
    if (strncmp(output, variable, n) != 0) return false;
    if (n_element == 0) return output[n] == '\0';
    return output[n] == '[' && strncmp(output + n + 1, element, n_element) == 0 &&
           strcmp(output + n + 1 + n_element, "]") == 0;
}

long ost_results_time_index(const ost_results_t *self, double day)
{
    size_t i = ost_times_find(self->times, self->n_times, day);
    return i != SIZE_MAX ? (long) i : -1;
}

size_t ost_results_find_arm(const ost_results_t *self, const char *name)
{
    const size_t n = self->arms.n;
    const size_t a = name != NULL ? ost_words_find((const char *const *) self->arms.items, n, name) : n;
    return a < n ? a : SIZE_MAX;
}

int ost_results_read_measure(ost_results_t *self, const ost_endpoint_t *endpoint, const char *variable, size_t element,
    size_t arm, double *base, double *values, ost_error_t *err)
{
    bool is_level = endpoint->measure == OST_MEASURE_LEVEL;
    size_t n = self->n_subjects;
    long from = ost_results_time_index(self, endpoint->from), to = ost_results_time_index(self, endpoint->to);
    for (size_t i = 0; i < n; i++) values[i] = NAN;
    if (to < 0 || (from < 0 && !is_level)) return 0;
    int ret = ost_results_read(self, variable, arm, element, (size_t) to, values, err);
    if (ret == 0 && !is_level) ret = ost_results_read(self, variable, arm, element, (size_t) from, base, err);
    for (size_t i = 0; i < n && ret == 0; i++) values[i] = ost_endpoint_measure(endpoint, base[i], values[i]);
    return ret;
}

const char *ost_results_find_output(const ost_results_t *self, const char *output, size_t *element)
{
    char *const *variables = self->names.items;
    for (size_t i = 0; i < self->names.n; i++)
        for (*element = 0; *element < ost_results_n_elements(self, variables[i]); ++*element)
            if (ost_results_is_output(output, variables[i], ost_results_element(self, variables[i], *element)))
                return variables[i];
    return NULL;
}

const char *ost_results_nearest_output(const ost_results_t *self, const char *word, char *buf, size_t size)
{
    ost_text_list_t all = { 0 };
    int ret = 0;
    for (size_t i = 0; i < self->names.n && ret == 0; i++) {
        const char *name = self->names.items[i];
        const size_t n = ost_results_n_elements(self, name);
        ret = ost_text_list_add(&all, "%s", name);
        for (size_t e = 0; e < n && ret == 0 && ost_results_element(self, name, e)[0] != '\0'; e++)
            ret = ost_text_list_add(&all, "%s[%s]", name, ost_results_element(self, name, e));
    }
    const char *nearest = ost_nearest(word, (const char *const *) all.items, all.n);
    if (nearest != NULL) snprintf(buf, size, "%s", nearest);
    ost_text_list_free(&all);
    return nearest != NULL ? buf : NULL;
}

/* Whether the part self->i_model has a value of a variable at its first time. @param values  [n_subjects] */
static bool part_has(ost_results_t *self, const char *name, double *values)
{
    const size_t n = ost_results_n_elements(self, name);
    for (size_t i = 0; i < n * self->arms.n; i++) {
        if (ost_results_read(self, name, i / n, i % n, 0, values, NULL) < 0) return false;
        for (size_t k = 0; k < self->n_subjects; k++)
            if (!isnan(values[k])) return true;
    }
    return false;
}

/* Whether each of several models has a variable, which is NaN in those that lack it. */
static bool all_have(ost_results_t *self, const char *name)
{
    const size_t n = self->design.n_axes == 0 ? self->models.n : 0, i_model = self->i_model;
    double *values = n > 0 ? malloc(self->n_subjects * sizeof(*values)) : NULL;
    bool has = n == 0 || values != NULL;
    for (size_t m = 0; m < n && has; m++) {
        self->i_model = m;
        has = part_has(self, name, values);
    }
    self->i_model = i_model;
    free(values);
    return has;
}

const char *ost_results_default_variable(ost_results_t *self)
{
    static const char *const preferred[] = { "scanned_bmd", "bmd" };
    for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++)
        if (ost_results_n_elements(self, preferred[i]) > 0 && (i > 0 || all_have(self, preferred[i])))
            return preferred[i];
    return self->names.items[0];
}

/* What a file that keeps no subjects has of its i-th endpoint. */
static int read_kept(ost_results_t *self, size_t i, ost_estimate_t *out, ost_error_t *err)
{
    double n = 0;
    *out = (ost_estimate_t){ .value = NAN, .error = NAN };
    if (i >= self->endpoints.n) return 0;
    int ret = ost_results_read_endpoint(self, i, OST_ENDPOINT_VALUE, &out->value, NULL, NULL, err);
    if (ret == 0) ret = ost_results_read_endpoint(self, i, OST_ENDPOINT_N_SUBJECTS, &n, NULL, NULL, err);
    if (ret == 0) ret = ost_results_read_endpoint(self, i, OST_ENDPOINT_ERROR, &out->error, NULL, NULL, err);
    out->n = (size_t) n;
    return ret;
}

/* Of all subjects: of one arm, or of the difference to that whose index is `versus`. @param work  [4][n_subjects] */
static int estimate_subjects(ost_results_t *self, const char *variable, size_t element, size_t arm, size_t versus,
    double *work, ost_results_estimate_t *out, ost_error_t *err)
{
    const ost_endpoint_t *endpoint = &out->endpoint;
    const size_t n = self->n_subjects;
    double *values = work, *other = versus != SIZE_MAX ? work + n : NULL, *base = work + 2 * n, *scratch = work + 3 * n;
    int ret = ost_results_read_measure(self, endpoint, variable, element, arm, base, values, err);
    if (ret == 0 && other != NULL)
        ret = ost_results_read_measure(self, endpoint, variable, element, versus, base, other, err);
    if (ret < 0) return ret;
    out->estimate = ost_estimate(endpoint->statistic, values, other, false, n, scratch);
    out->estimate.error = ost_standard_error(endpoint->statistic, values, other, n, scratch);
    if (other == NULL) return 0;
    for (size_t i = 0; i < n; i++) values[i] -= other[i];
    const ost_sample_t differences = ost_sample_of(values, n, scratch);
    out->estimate.sd = ost_statistic(OST_STATISTIC_SD, &differences);
    return 0;
}

int ost_results_estimate(ost_results_t *self, const ost_experiment_t *experiment, const ost_asked_t *asked,
    double *work, ost_results_estimate_t *out, ost_error_t *err)
{
    size_t element;
    size_t arm = ost_results_find_arm(self, asked->arm), versus = ost_results_find_arm(self, asked->versus);
    *out = (ost_results_estimate_t){ .estimate = { .value = NAN, .error = NAN, .sd = NAN } };
    int ret = ost_endpoint_asked(&out->endpoint, experiment, asked, err);
    const char *variable = ost_results_find_output(self, asked->output, &element);
    if (ret < 0 || variable == NULL || arm == SIZE_MAX || (asked->versus != NULL && versus == SIZE_MAX)) return ret;
    out->unit = ost_results_variable(self, variable)->unit;
    if (asked->measure >= OST_MEASURE_PERCENT || out->endpoint.statistic == OST_STATISTIC_FRACTION) out->unit = "%";
    if (self->keep != OST_KEEP_SUBJECTS)
        ret = read_kept(self, (size_t) (asked - experiment->endpoints), &out->estimate, err);
    else if (ost_endpoint_bind_unit(
                 &out->endpoint, ost_results_variable(self, variable)->unit, out->why, sizeof(out->why)))
        ret = estimate_subjects(self, variable, element, arm, versus, work, out, err);
    else /* in the unit of a model: its values are not in the file */
        snprintf(out->why, sizeof(out->why),
            "the models have '%.60s' in several units, and the file has it relative to its value at time 0; give a "
            "limit with 'measure: percent'",
            variable);
    return ret < 0 ? ret : 1;
}
