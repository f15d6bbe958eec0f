/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers the states, those of blocks as these are, and gives each repeat of the timeline its states and inputs. */
#include "plan/layout.h"

#include <math.h>
#include <stdio.h>

/* The layout while it is made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_inputs_t *inputs;
    const ost_schedules_t *exact;
    const ost_timeline_t *timeline;
    ost_layout_t *layout;
    uint32_t *integral, *mean_input, *mean_state;
    bool *positive;
    char **state_names, **switch_names;
    ost_series_t **series;
    ost_schedule_t *schedules;
    ost_maker_t *make;
} builder_t;

static void number_integrals(builder_t *self)
{
    size_t n = self->blocks->n_states;
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_block_t *block = &self->blocks->block[b];
        self->integral[b] = self->timeline->is_averaged[b] ? (uint32_t) n : OST_NO_STATE;
        if (!self->timeline->is_averaged[b]) continue;
        for (uint32_t i = 0; i < block->model->n_drives; i++) {
            self->mean_input[block->first_drive + i] = (uint32_t) self->inputs->hold[b] + 1 + i;
            self->mean_state[block->first_drive + i] = (uint32_t) n++;
        }
    }
    self->layout->n_states = n;
}

static void describe_block(builder_t *self, size_t b)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_t *model = block->model;
    for (size_t i = 0; i < model->n_states; i++) {
        size_t x = block->first_state + i;
        self->positive[x] = !model->states[i].may_be_negative;
        self->state_names[x] = ost_maker_join(self->make, model->name, ".", model->states[i].name, "");
    }
    for (size_t i = 0; i < model->n_switches; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%d", ost_model_condition_line(model, i));
        self->switch_names[block->first_switch + i] = ost_maker_join(self->make, "line ", line, " of ", model->name);
    }
    for (size_t i = 0; self->integral[b] != OST_NO_STATE && i < model->n_drives; i++) {
        size_t x = self->integral[b] + i;
        self->state_names[x] = ost_maker_join(self->make, model->name, ".integral(", model->drives[i].name, ")");
    }
}

static ost_series_t series_of(const builder_t *self, const ost_repeat_t *repeat)
{
    const ost_block_t *block = &self->blocks->block[repeat->block];
    return (ost_series_t){
        .interval = repeat->interval,
        .t_first = repeat->t_first,
        .t_last = repeat->t_last,
        /* its square is the relative error allowed in the means */
        .tolerance = fmin(3e-2, 30 * sqrt(self->e->solver.rtol)),
        .first_state = block->first_state,
        .n_states = (uint32_t) block->model->n_states,
        .hold_input = (uint32_t) self->inputs->hold[repeat->block],
        .ripple_input = self->inputs->ripple[repeat->block],
        .level_input = (uint32_t) self->inputs->levels,
        .n_means = block->model->n_drives,
        .mean_input = self->mean_input + block->first_drive,
        .mean_state = self->mean_state + block->first_drive,
    };
}

static int make_series(builder_t *self)
{
    const ost_timeline_t *timeline = self->timeline;
    for (size_t c = 0; c < self->exact->n; c++) {
        self->schedules[c] = self->exact->exact[c];
        self->schedules[c].series = timeline->repeat_of_schedule[c];
    }
    for (size_t a = 0; a < timeline->n_arms; a++) {
        const ost_arm_timeline_t *arm = &timeline->arms[a];
        self->series[a] = ost_maker_list(self->make, arm->n_repeats, sizeof(**self->series));
        if (self->series[a] == NULL) return self->make->err.code;
        for (size_t i = 0; i < arm->n_repeats; i++) self->series[a][i] = series_of(self, &arm->repeats[i]);
    }
    return 0;
}

const ost_layout_t *ost_layout_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_inputs_t *inputs,
    const ost_schedules_t *schedules, const ost_timeline_t *timeline, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    builder_t self = { e, blocks, inputs, schedules, timeline, .make = make };
    ost_layout_t *layout = self.layout = ost_maker_list(make, 1, sizeof(*layout));
    self.integral = ost_maker_list(make, blocks->n, sizeof(*self.integral));
    self.mean_input = ost_maker_list(make, blocks->n_drives, sizeof(*self.mean_input));
    self.mean_state = ost_maker_list(make, blocks->n_drives, sizeof(*self.mean_state));
    self.series = ost_maker_list(make, timeline->n_arms, sizeof(*self.series));
    self.schedules = ost_maker_list(make, schedules->n, sizeof(*self.schedules));
    if (make->err.code != 0) return NULL;
    number_integrals(&self);
    self.positive = ost_maker_list(make, layout->n_states, sizeof(*self.positive));
    self.state_names = ost_maker_list(make, layout->n_states, sizeof(*self.state_names));
    self.switch_names = ost_maker_list(make, blocks->n_switches, sizeof(*self.switch_names));
    if (make->err.code != 0) return NULL;
    for (size_t b = 0; b < blocks->n; b++) describe_block(&self, b);
    if (make->err.code != 0 || make_series(&self) < 0) return NULL;
    *layout = (ost_layout_t){ layout->n_states, self.integral, self.positive, (const char *const *) self.state_names,
        (const char *const *) self.switch_names, (const ost_series_t *const *) self.series, self.schedules };
    return layout;
}
