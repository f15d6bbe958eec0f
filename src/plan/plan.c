/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of an experiment: which models take part, then the steps of assembly in their order. */
#include "core/text.h"
#include "plan/plan_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ost_plan_build(ost_plan_t *self, ost_library_t *library, const ost_experiment_t *e, ost_error_t *err)
{
    ost_error_t why = { 0 };
    const ost_blocks_t *blocks = ost_blocks_new(library, e, &why);
    const ost_population_t *population = ost_population_new(e, blocks, &why);
    const ost_wiring_t *wiring = ost_wiring_new(library, e, blocks, &why);
    const ost_doses_t *doses = ost_doses_new(e, blocks, &why);
    const ost_conditions_t *conditions = ost_conditions_new(e, blocks, &why);
    const ost_inputs_t *inputs = ost_inputs_new(e, blocks, wiring, doses, &why);
    const ost_schedules_t *schedules = ost_schedules_new(e, doses, conditions, inputs, &why);
    const ost_timeline_t *timeline = ost_timeline_new(e, blocks, wiring, doses, inputs, schedules, &why);
    const ost_outputs_t *outputs = ost_outputs_new(e, blocks, conditions, &why);
    *self = (ost_plan_t){ e, blocks, population, wiring, doses, conditions, inputs, schedules, timeline, outputs,
        .impl = calloc(1, sizeof(*self->impl)) };
    int ret = why.code != 0 ? why.code : self->impl == NULL ? ost_no_memory(&why) : 0;
    if (ret == 0) ret = ost_plan_build_blocks(self, &why);
    if (ret == 0) ret = ost_plan_build_system(self, &why);
    if (ret == 0) return 0;
    if (err != NULL) *err = why;
    ost_plan_free(self);
    return ret;
}

static void free_lane_plan(ost_lane_plan_t *lane)
{
    for (size_t b = 0; lane->blocks != NULL && b < lane->n_blocks; b++) {
        free(lane->blocks[b].sig);
        free(lane->blocks[b].value);
        free(lane->blocks[b].mean_inputs);
        free(lane->blocks[b].mean_states);
        free(lane->blocks[b].noise_purpose);
        free(lane->blocks[b].drive_entry);
    }
    for (size_t s = 0; lane->signals != NULL && s < lane->n_signals; s++) free(lane->signals[s].driver_row);
    free(lane->blocks);
    free(lane->signals);
    free(lane->steps);
    free(lane->neutral);
}

static void free_impl(struct ost_plan_impl *impl, size_t n_states)
{
    free_lane_plan(&impl->lane);
    for (size_t i = 0; impl->state_names != NULL && i < n_states; i++) free(impl->state_names[i]);
    free(impl->state_names);
    free(impl->schedules);
    free(impl->row);
    free(impl->col);
    free(impl->scale);
    free(impl->positive);
    free(impl);
}

void ost_plan_free(ost_plan_t *self)
{
    if (self == NULL) return;
    for (size_t a = 0; self->experiment != NULL && a < self->experiment->n_arms; a++) {
        if (self->arm_series != NULL) free(self->arm_series[a]);
    }
    free(self->arm_series);
    if (self->impl != NULL) {
        free_impl(self->impl, self->system.n_states);
    }
    ost_outputs_free(self->outputs);
    ost_timeline_free(self->timeline);
    ost_schedules_free(self->schedules);
    ost_inputs_free(self->inputs);
    ost_conditions_free(self->conditions);
    ost_doses_free(self->doses);
    ost_wiring_free(self->wiring);
    ost_population_free(self->population);
    ost_blocks_free(self->blocks);
    *self = (ost_plan_t){ 0 };
}
