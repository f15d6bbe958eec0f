/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; gives the observations that its experiment names, in percent of the simulated baseline where
 * they are changes in a unit of their own, and says whose they are. */
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define INDENT "    " /* of lines below a row */

/* The simulated level at the base of an observation, from the file. @param[out] level  NAN where it is not there
 * @return 0 or an error */
static int baseline_of(show_t *self, const ost_endpoint_t *endpoint, double *level, ost_error_t *err)
{
    *level = NAN;
    for (size_t v = 0; v < self->results->names.n; v++) {
        const char *name = self->results->names.items[v];
        ost_unit_t unit;
        for (size_t e = 0; e < ost_results_n_elements(self->results, name); e++) {
            if (!ost_results_is_output(endpoint->output, name, ost_results_element(self->results, name, e)) ||
                ost_unit_parse(&unit, ost_results_variable(self->results, name)->unit, NULL) < 0 ||
                !ost_dim_equal(unit.dim, endpoint->unit_dim))
                continue;
            ost_endpoint_t at = *endpoint;
            at.factor = unit.factor / endpoint->unit;
            at.from = at.to;
            size_t arm = ost_results_find_arm(self->results, self->experiment.arms[endpoint->arm].name);
            if (arm == SIZE_MAX) continue;
            int ret = ost_results_read_measure(self->results, &at, name, e, arm, self->base, self->value, err);
            if (ret < 0) return ret;
            ost_sample_t sample = ost_sample_of(self->value, self->n_subjects, self->work);
            *level = ost_statistic(endpoint->statistic, &sample);
        }
    }
    return 0;
}

/* Why an observation has no place in what is shown. @return false where it has one */
static bool is_left_out(const show_t *self, ost_observation_t *observation, char *why, size_t size)
{
    ost_endpoint_t *endpoint = &observation->endpoint;
    const ost_arm_t *arms = self->experiment.arms;
    const size_t arm[] = { endpoint->arm, endpoint->versus };
    size_t element;
    const char *variable = ost_results_find_output(self->results, endpoint->output, &element);
    for (int i = 0; i < 2; i++) {
        if (arm[i] == SIZE_MAX || ost_results_find_arm(self->results, arms[arm[i]].name) != SIZE_MAX) continue;
        snprintf(why, size, "the file has no arm '%s'", arms[arm[i]].name);
        return true;
    }
    if (variable == NULL) {
        snprintf(why, size, "the file has no output '%s'", endpoint->output);
        return true;
    }
    const char *unit = ost_results_variable(self->results, variable)->unit;
    if (!ost_endpoint_bind_unit(endpoint, unit, why, size)) return true;
    if (observation->baseline.output[0] != '\0' && !ost_endpoint_bind_unit(&observation->baseline, unit, why, size))
        return true;
    if (self->variable == NULL || strcmp(variable, self->variable) == 0) return false;
    snprintf(why, size, "this is of another variable: --variable %s shows it", variable);
    return true;
}

/* @return an exit code */
static int without_evidence(int ret, const ost_error_t *err)
{
    char message[1024];
    if (ret == OST_ERR_NO_MEMORY) return ost_cli_fail(err);
    if (ret < 0) ost_cli_message("without evidence: %s", ost_error_format(err, message, sizeof(message)));
    return ret < 0 && ret != OST_ERR_MISSING ? OST_EXIT_INPUT : OST_EXIT_OK;
}

int ost_show_read_evidence(show_t *self)
{
    ost_error_t err = { 0 };
    int ret;
    if (ost_results_attribute(self->results, "experiment") == NULL) return OST_EXIT_OK;
    if ((ret = ost_results_experiment(self->results, NULL, 0, &self->experiment, &err)) == 0)
        ret = ost_cli_evidence(&self->experiment, &self->matched, &self->evidence, &err);
    return without_evidence(ret, &err);
}

int ost_show_place_evidence(show_t *self)
{
    ost_error_t err = { 0 };
    int ret = 0;
    for (size_t i = 0; i < self->matched.n_observations && ret == 0;) {
        char why[sizeof(self->matched.unmatched->why)];
        bool is_left = is_left_out(self, &self->matched.observations[i], why, sizeof(why));
        if (is_left) ret = ost_matched_drop(&self->matched, i, why, &err);
        i += !is_left;
    }
    for (size_t i = self->matched.n_observations; i-- > 0 && ret == 0;) {
        const ost_endpoint_t *baseline = &self->matched.observations[i].baseline;
        double level;
        if (baseline->output[0] == '\0') continue;
        ret = baseline_of(self, baseline, &level, &err);
        if (ret == 0) ret = ost_observation_convert(&self->matched, i, level, &err);
    }
    if (ret != OST_ERR_NO_MEMORY) ost_cli_not_compared(&self->matched);
    return without_evidence(ret, &err);
}

/* Where an observed value comes from, as the table of evidence has it. */
static void add_details(show_t *self, ost_table_t *table, const ost_evidence_row_t *row)
{
    char address[256], n[32] = "";
    if (!isnan(row->n)) snprintf(n, sizeof(n), ", n %g", row->n);
    ost_table_line(table, INDENT "  %s:%d%s: %s%s%s", self->evidence.path, row->line, n, row->citation,
        row->reference[0] != '\0' ? "; " : "", ost_reference_address(row->reference, address, sizeof(address)));
    if (row->population[0] != '\0' || row->drug_regimen[0] != '\0')
        ost_table_line(table, INDENT "  %s; %s", row->population, row->drug_regimen);
    if (row->note[0] != '\0') ost_table_line(table, INDENT "  note: %s", row->note);
}

void ost_show_add_source(show_t *self, ost_table_t *table, const ost_evidence_row_t *row)
{
    ost_table_line(table, INDENT "%s, %s: %s, %s", row->trial, row->arm, ost_reported_words[row->statistic],
        ost_role_words[row->role]);
    if (self->with_sources) add_details(self, table, row);
}
