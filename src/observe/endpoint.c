/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes endpoints as they are asked for and a plan; gives the rows and times of the plan's output that they are. */
#include "observe/endpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Times closer than this are one visit, d. */
#define SAME_VISIT 0.5

size_t ost_endpoint_time(const ost_experiment_t *e, double t)
{
    for (size_t i = 0; i < e->n_times; i++)
        if (fabs(e->times[i] - t) <= SAME_VISIT) return i;
    return SIZE_MAX;
}

/* @return false, and why, if the output cannot be in the unit asked for */
static bool bind_unit(ost_endpoint_t *self, const ost_variable_t *variable, char *why, size_t size)
{
    ost_unit_t reported = { 0 };
    self->factor = 1;
    if (self->measure == OST_MEASURE_PERCENT || self->measure == OST_MEASURE_FRACTION || isnan(self->unit)) return true;
    self->factor = variable->factor / self->unit;
    if (ost_unit_parse(&reported, variable->unit_text, NULL) == 0 && ost_dim_equal(reported.dim, self->unit_dim))
        return true;
    char expected[64], asked[64];
    snprintf(why, size, "its unit is one of %s, that of output '%s' is %s (%s): give 'unit'",
        ost_dim_format(self->unit_dim, asked, sizeof(asked)), self->output, variable->unit_text,
        ost_dim_format(reported.dim, expected, sizeof(expected)));
    return false;
}

/* The variable and row of "bmd[total_hip]" among the plan's outputs. */
static const ost_variable_t *find_output(const ost_plan_t *plan, const char *output, size_t *row)
{
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        for (size_t k = 0; k < variable->n_elements; k++) {
            char name[192];
            if (variable->index_set == NULL)
                snprintf(name, sizeof(name), "%s", variable->name);
            else
                snprintf(name, sizeof(name), "%s[%s]", variable->name, variable->index_set->elements[k]);
            *row = variable->first + k;
            if (strcmp(name, output) == 0) return variable;
        }
    }
    return NULL;
}

bool ost_endpoint_bind(ost_endpoint_t *self, const ost_plan_t *plan, char *why, size_t size)
{
    const ost_variable_t *variable = find_output(plan, self->output, &self->i_output);
    if (variable == NULL) snprintf(why, size, "the models have no output '%s'", self->output);
    if (variable == NULL || !bind_unit(self, variable, why, size)) return false;
    self->i_to = ost_endpoint_time(plan->experiment, self->to);
    self->i_from = self->measure == OST_MEASURE_LEVEL ? self->i_to : ost_endpoint_time(plan->experiment, self->from);
    return true;
}
