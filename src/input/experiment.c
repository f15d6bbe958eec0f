/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment once it was read: what is left out of it, how its values are rounded, and its end. */
#include "input/experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) free(list[i]);
    free(list);
}

static void free_regimen(ost_regimen_t *self)
{
    free(self->drug);
    free(self->compartment);
    free(self->begin_if);
    free(self->end_if);
    ost_formula_delete(self->amount_formula);
    ost_formula_delete(self->start_formula);
    ost_formula_delete(self->interval_formula);
    ost_formula_delete(self->duration_formula);
    ost_formula_delete(self->stop_formula);
    ost_formula_delete(self->adherence);
    ost_formula_delete(self->inter_occasion);
}

void ost_experiment_drop_rules(ost_experiment_t *self)
{
    for (size_t a = 0; a < self->n_arms; a++) {
        ost_arm_t *arm = &self->arms[a];
        size_t n = 0;
        for (size_t i = 0; i < arm->n_regimens; i++) {
            ost_regimen_t *r = &arm->regimens[i];
            free(r->end_if);
            r->end_if = NULL;
            if (r->begin_if == NULL)
                arm->regimens[n++] = *r;
            else
                free_regimen(r);
        }
        arm->n_regimens = n;
    }
}

void ost_experiment_drop_eligible(ost_experiment_t *self)
{
    free(self->eligible);
    self->eligible = NULL;
}

int ost_kept_bits(const ost_experiment_t *self)
{
    int all = self->float64 ? 52 : 23;
    /* n bits after the leading one leave 2^-(n + 1); digits d promise 0.5 x 10^(1 - d) */
    int needed = (int) ceil((self->digits - 1) * log2(10));
    return self->digits > 0 && needed < all ? needed : -1;
}

double ost_experiment_overflow(const ost_experiment_t *self)
{
    int kept = ost_kept_bits(self), all = self->float64 ? 52 : 23, largest = self->float64 ? 1023 : 127;
    /* from half a last bit below the next power of two on, rounding is to that power */
    return ldexp(2 - ldexp(1, -1 - (kept >= 0 ? kept : all)), largest);
}

void ost_arm_free(ost_arm_t *self)
{
    for (size_t i = 0; i < self->n_regimens; i++) free_regimen(&self->regimens[i]);
    for (size_t i = 0; i < self->n_inputs; i++) free(self->inputs[i].signal);
    free(self->regimens);
    free(self->inputs);
    free(self->name);
    free(self->label);
}

void ost_experiment_free(ost_experiment_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_covariates; i++) ost_covariate_free(&self->covariates[i]);
    for (size_t i = 0; i < self->n_settings; i++) {
        free(self->settings[i].model);
        free(self->settings[i].param);
        free(self->settings[i].formula_text);
        ost_formula_delete(self->settings[i].formula);
    }
    for (size_t i = 0; i < self->n_arms; i++) ost_arm_free(&self->arms[i]);
    for (size_t i = 0; i < self->n_comparisons; i++) {
        ost_comparison_t *c = &self->comparisons[i];
        char *const texts[] = { c->arm, c->versus, c->trial, c->trial_arm, c->endpoint, c->site, c->output };
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) free(texts[k]);
    }
    for (size_t i = 0; i < self->n_endpoints; i++) {
        ost_asked_t *a = &self->endpoints[i];
        char *const texts[] = { a->name, a->output, a->arm, a->versus, a->statistic, a->from_text, a->to_text,
            a->limit_text };
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) free(texts[k]);
    }
    for (size_t i = 0; i < self->n_model_texts; i++) {
        free(self->model_texts[i].path);
        free(self->model_texts[i].text);
    }
    free(self->model_texts);
    ost_text_list_free(&self->left_out);
    ost_experiment_free_strata(self);
    ost_correlations_free(&self->correlations);
    ost_people_free(&self->people);
    ost_events_free(&self->events);
    ost_text_list_free(&self->warnings);
    ost_text_list_free(&self->drawn);
    free_texts(self->overrides, self->n_overrides);
    free(self->population);
    free(self->population_text);
    free_texts(self->models, self->n_models);
    free_texts(self->outputs, self->n_outputs);
    ost_formula_delete(self->start);
    ost_formula_delete(self->dropout);
    free(self->eligible);
    free(self->covariates);
    free(self->settings);
    free(self->arms);
    free(self->comparisons);
    free(self->endpoints);
    free(self->times);
    free(self->output_locations);
    free(self->model_locations);
    free(self->evidence_path);
    free(self->start_text);
    free(self->name);
    free(self->title);
    free(self->notes);
    free(self->path);
    free(self->text);
    memset(self, 0, sizeof *self);
}
