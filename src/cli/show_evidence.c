/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; gives the observations that its experiment names, in percent of the simulated baseline where
 * they are changes in a unit of their own. */
#include "show.h"

#include <math.h>
#include <stdlib.h>

/* The simulated level at the base of an observation, from the file; NAN where it is not there. */
static double baseline_of(show_t *self, const ost_endpoint_t *endpoint)
{
    double level = NAN;
    for (size_t v = 0; v < self->results->names.n; v++) {
        const char *name = self->results->names.items[v];
        ost_unit_t unit;
        for (size_t e = 0; e < ost_results_n_elements(self->results, name); e++) {
            if (!ost_cli_is_output(endpoint->output, name, ost_results_element(self->results, name, e)) ||
                ost_unit_parse(&unit, ost_results_variable(self->results, name)->unit, NULL) < 0 ||
                !ost_dim_equal(unit.dim, endpoint->unit_dim))
                continue;
            ost_endpoint_t at = *endpoint;
            at.factor = unit.factor / endpoint->unit;
            at.from = at.to;
            size_t arm = ost_cli_find_arm(self->results, self->experiment.arms[endpoint->arm].name);
            if (arm == SIZE_MAX ||
                ost_cli_read_measure(self->results, &at, name, e, arm, self->base, self->value, NULL) < 0)
                continue;
            ost_sample_t sample = ost_sample_of(self->value, self->n_subjects, self->work);
            level = ost_statistic(endpoint->statistic, &sample);
        }
    }
    return level;
}

int ost_show_load_evidence(show_t *self)
{
    ost_error_t err = { 0 };
    char message[1024];
    int code = OST_EXIT_OK, ret;
    if (ost_results_attribute(self->results, "experiment") == NULL) return code;
    if ((ret = ost_results_experiment(self->results, NULL, 0, &self->experiment, &err)) == 0)
        code = ost_cli_evidence(&self->experiment, &self->matched, &self->evidence);
    for (size_t i = self->matched.n_observations; i-- > 0 && ret == 0;) {
        const ost_endpoint_t *baseline = &self->matched.observations[i].baseline;
        if (baseline->output[0] != '\0')
            ret = ost_observation_convert(&self->matched, i, baseline_of(self, baseline), &err);
    }
    ost_cli_not_compared(&self->matched);
    if (ret < 0) ost_cli_message("without evidence: %s", ost_error_format(&err, message, sizeof(message)));
    return code;
}
