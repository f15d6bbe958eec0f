/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the blocks of a run; keeps the measures of endpoints and gives their estimates. */
#include "observe/endpoint.h"

#include <stdlib.h>

static double measure_of(const ost_endpoint_t *self, double from, double to)
{
    double value = to;
    switch (self->measure) {
    case OST_MEASURE_CHANGE:
        value = self->factor * (to - from);
        break;
    case OST_MEASURE_PERCENT:
        value = 100 * (to / from - 1);
        break;
    case OST_MEASURE_FRACTION:
        value = 100 * to / from;
        break;
    case OST_MEASURE_LEVEL:
    case OST_N_MEASURES:
        return self->factor * to;
    }
    return self->per_year ? value * OST_DAYS_PER_YEAR / (self->to - self->from) : value;
}

double ost_endpoint_measure(const ost_endpoint_t *self, double from, double to)
{
    const double value = measure_of(self, from, to);
    return self->is_below ? self->bound_limit - value : value - self->bound_limit;
}

double ost_endpoint_unlimited(const ost_endpoint_t *self, double measure)
{
    return self->is_below ? self->bound_limit - measure : measure + self->bound_limit;
}

int ost_collector_init(ost_collector_t *self, const ost_plan_t *plan, const ost_endpoint_t *endpoints, size_t n,
    size_t n_positions, ost_error_t *err)
{
    *self = (ost_collector_t){ plan, endpoints, n, n_positions, malloc((2 * n * n_positions + 1) * sizeof(double)) };
    return self->values != NULL ? 0 : ost_no_memory(err);
}

int ost_collector_sink(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    ost_collector_t *self = user;
    size_t n_times = self->plan->experiment->n_times, n_outputs = self->plan->system->n_outputs;
    for (size_t k = 0; k < 2 * self->n_endpoints; k++) {
        const ost_endpoint_t *endpoint = &self->endpoints[k / 2];
        size_t arm = k % 2 == 0 ? endpoint->arm : endpoint->versus;
        if (arm == SIZE_MAX) continue;
        double *to = self->values + k * self->n_positions + block->first;
        const double *y = block->y + (arm * block->n_subjects * n_outputs + endpoint->i_output) * n_times;
        for (size_t i = 0; i < block->n_subjects; i++, y += n_outputs * n_times)
            to[i] = ost_endpoint_measure(endpoint, y[endpoint->i_from], y[endpoint->i_to]);
    }
    return 0;
}

ost_estimate_t ost_collector_estimate(const ost_collector_t *self, size_t i, size_t first, size_t n, double *work)
{
    const double *values = self->values + 2 * i * self->n_positions + first;
    return ost_estimate(self->endpoints[i].statistic, values,
        self->endpoints[i].versus != SIZE_MAX ? values + self->n_positions : NULL, self->endpoints[i].is_ratio, n,
        work);
}

void ost_collector_free(ost_collector_t *self)
{
    free(self->values);
    self->values = NULL;
}
