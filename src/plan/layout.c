/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers the states, those of blocks as these are, and gives each repeat of the timeline its states and inputs. */
#include "plan/layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The layout while it is made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_inputs_t *inputs;
    const ost_schedules_t *exact;
    const ost_timeline_t *timeline;
    ost_layout_t *layout;
    uint32_t *integral, *mean_input, *mean_state;
    double *scale;
    bool *positive;
    char **state_names;
    ost_series_t **series;
    ost_schedule_t *schedules;
    ost_error_t *err;
} builder_t;

static char *join(const char *a, const char *sep, const char *b, const char *end)
{
    size_t size = strlen(a) + strlen(sep) + strlen(b) + strlen(end) + 1;
    char *text = malloc(size);
    if (text != NULL) snprintf(text, size, "%s%s%s%s", a, sep, b, end);
    return text;
}

static int number_integrals(builder_t *self)
{
    size_t n = self->blocks->n_states;
    self->layout->integral = self->integral = calloc(self->blocks->n + 1, sizeof(*self->integral));
    self->layout->mean_input = self->mean_input = calloc(self->blocks->n_drives + 1, sizeof(*self->mean_input));
    self->layout->mean_state = self->mean_state = calloc(self->blocks->n_drives + 1, sizeof(*self->mean_state));
    if (self->integral == NULL || self->mean_input == NULL || self->mean_state == NULL) return ost_no_memory(self->err);
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
    return 0;
}

static int describe_block(builder_t *self, size_t b)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_t *model = block->model;
    for (size_t i = 0; i < model->n_states; i++) {
        size_t x = block->first_state + i;
        self->scale[x] = model->states[i].scale;
        self->positive[x] = !model->states[i].may_be_negative;
        self->state_names[x] = join(model->name, ".", model->states[i].name, "");
        if (self->state_names[x] == NULL) return ost_no_memory(self->err);
    }
    for (size_t i = 0; self->integral[b] != OST_NO_STATE && i < model->n_drives; i++) {
        size_t x = self->integral[b] + i;
        self->scale[x] = INFINITY;
        self->state_names[x] = join(model->name, ".integral(", model->drives[i].name, ")");
        if (self->state_names[x] == NULL) return ost_no_memory(self->err);
    }
    return 0;
}

static int describe_states(builder_t *self)
{
    size_t n = self->layout->n_states + 1;
    self->layout->scale = self->scale = calloc(n, sizeof(*self->scale));
    self->layout->positive = self->positive = calloc(n, sizeof(*self->positive));
    self->state_names = calloc(n, sizeof(*self->state_names));
    self->layout->state_names = (const char *const *) self->state_names;
    if (self->scale == NULL || self->positive == NULL || self->state_names == NULL) return ost_no_memory(self->err);
    int ret = 0;
    for (size_t b = 0; b < self->blocks->n && ret == 0; b++) ret = describe_block(self, b);
    return ret;
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
        .park_input = (uint32_t) self->inputs->hold[repeat->block],
        .n_means = block->model->n_drives,
        .mean_input = self->mean_input + block->first_drive,
        .mean_state = self->mean_state + block->first_drive,
    };
}

static int make_series(builder_t *self)
{
    const ost_timeline_t *timeline = self->timeline;
    size_t n = self->exact->n;
    self->layout->schedules = self->schedules = calloc(n + 1, sizeof(*self->schedules));
    self->series = calloc(timeline->n_arms + 1, sizeof(*self->series));
    self->layout->series = (const ost_series_t *const *) self->series;
    if (self->schedules == NULL || self->series == NULL) return ost_no_memory(self->err);
    self->layout->n_arms = timeline->n_arms;
    for (size_t c = 0; c < n; c++) {
        self->schedules[c] = self->exact->exact[c];
        self->schedules[c].series = timeline->repeat_of_schedule[c];
    }
    for (size_t a = 0; a < timeline->n_arms; a++) {
        const ost_arm_timeline_t *arm = &timeline->arms[a];
        self->series[a] = calloc(arm->n_repeats + 1, sizeof(**self->series));
        if (self->series[a] == NULL) return ost_no_memory(self->err);
        for (size_t i = 0; i < arm->n_repeats; i++) self->series[a][i] = series_of(self, &arm->repeats[i]);
    }
    return 0;
}

const ost_layout_t *ost_layout_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_inputs_t *inputs,
    const ost_schedules_t *schedules, const ost_timeline_t *timeline, ost_error_t *err)
{
    if (err->code != 0) return NULL;
    ost_layout_t *layout = calloc(1, sizeof(*layout));
    builder_t self = { e, blocks, inputs, schedules, timeline, .layout = layout, .err = err };
    int ret = layout == NULL ? ost_no_memory(err) : number_integrals(&self);
    if (ret == 0) ret = describe_states(&self);
    if (ret == 0) ret = make_series(&self);
    if (ret == 0) return layout;
    ost_layout_free(layout);
    return NULL;
}

void ost_layout_free(const ost_layout_t *self)
{
    if (self == NULL) return;
    for (size_t x = 0; self->state_names != NULL && x < self->n_states; x++) ost_release(self->state_names[x]);
    for (size_t a = 0; a < self->n_arms; a++) ost_release(self->series[a]);
    ost_release(self->integral);
    ost_release(self->mean_input);
    ost_release(self->mean_state);
    ost_release(self->scale);
    ost_release(self->positive);
    ost_release(self->state_names);
    ost_release(self->series);
    ost_release(self->schedules);
    ost_release(self);
}
