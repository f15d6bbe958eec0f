/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stages of a plan, each from those above it. Two that change places do not compile. */
#include "plan/plan.h"

#include "plan/kinetics.h"
#include "plan/rows.h"
#include "plan/scales.h"
#include "plan/system.h"

int ost_plan_build(ost_plan_t *self, ost_library_t *library, const ost_experiment_t *e, ost_error_t *err)
{
    ost_maker_t make = { 0 };
    const ost_blocks_t *blocks = ost_blocks_new(library, e, &make);
    const ost_population_t *population = ost_population_new(e, blocks, &make);
    const ost_wiring_t *wiring = ost_wiring_new(library, e, blocks, &make);
    const ost_doses_t *doses = ost_doses_new(e, blocks, &make);
    const ost_conditions_t *conditions = ost_conditions_new(e, blocks, &make);
    const ost_inputs_t *inputs = ost_inputs_new(e, blocks, wiring, doses, &make);
    const ost_schedules_t *schedules = ost_schedules_new(e, doses, conditions, inputs, &make);
    const ost_timeline_t *timeline = ost_timeline_new(e, blocks, population, wiring, doses, inputs, schedules, &make);
    const ost_outputs_t *outputs = ost_outputs_new(e, blocks, conditions, &make);
    const ost_layout_t *layout = ost_layout_new(e, blocks, inputs, schedules, timeline, &make);
    const ost_jacobian_t *jacobian = ost_jacobian_new(blocks, wiring, layout, &make);
    const ost_kinetics_t *kinetics = ost_kinetics_new(blocks, wiring, inputs, jacobian, &make);
    ost_forcing_t *forcing = ost_plan_forcing_new(blocks, wiring, jacobian, &make);
    const double *scale = ost_scales_new(e, blocks, population, wiring, doses, layout, forcing, &make);
    const ost_system_t *system =
        ost_system_new(e, blocks, wiring, inputs, kinetics, outputs, layout, jacobian, scale, &make);
    *self = (ost_plan_t){ e, &library->signals, blocks, population, wiring, doses, conditions, inputs, schedules,
        timeline, outputs, layout, jacobian, forcing, system, make.memory };
    if (system != NULL && ost_rows_check(self, &make.err) == 0) return 0;
    if (err != NULL) *err = make.err;
    ost_plan_free(self);
    return make.err.code;
}

void ost_plan_free(ost_plan_t *self)
{
    if (self == NULL) return;
    ost_forcing_free(self->forcing);
    ost_memory_free(&self->memory);
    *self = (ost_plan_t){ 0 };
}
