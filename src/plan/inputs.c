/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers the inputs: those that hold blocks, then infusions, then drives from outside; and sets their first values. */
#include "plan/inputs.h"

#include "plan/windows.h"

#include <math.h>
#include <string.h>

/* The inputs while they are made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_doses_t *doses;
    ost_inputs_t *inputs;
    double *idle;
    int32_t *hold, *ripple, *level, *outside;
    ost_infusion_t *infusions;
    uint32_t *lines;
    const uint32_t **infusion;
    ost_maker_t *make;
} builder_t;

/* States of a held block stand still and its drives are constant, so time may enter neither its equations nor a
 * condition. What it reads may change as well: before its first dose the cohort tests whether the block is at steady
 * state whatever it reads, after it the timeline tests whether anything that it reads changes. */
static bool can_be_held(const ost_model_t *model)
{
    if (model->n_doses == 0 || model->n_switches > 0) return false;
    for (size_t i = 0; i < model->n_jac; i++)
        if (model->jac[i].col == model->n_states + model->n_reads) return false;
    return true;
}

static bool is_linear(const ost_model_t *model)
{
    for (size_t i = 0; i < model->n_states; i++)
        if (!model->is_linear[i]) return false;
    return model->n_states <= OST_LINEAR_MAX;
}

static size_t count_lines(const ost_experiment_t *e)
{
    size_t n = 0;
    for (size_t a = 0; a < e->n_arms; a++) n += e->arms[a].n_regimens;
    return n;
}

/* The infusion number `ordinal` of `state` from number `first` on, n_infusions if there is none. */
static size_t find_infusion(const ost_inputs_t *self, size_t first, size_t state, size_t ordinal)
{
    size_t k = first;
    while (k < self->n_infusions && (self->infusions[k].state != state || ordinal-- > 0)) k++;
    return k;
}

/* @param n_of  [n_states] scratch: subject-specific infusions into each state that an arm has so far */
static void number_infusions(builder_t *self, bool subject_specific, size_t *n_of)
{
    ost_inputs_t *inputs = self->inputs;
    size_t line = 0;
    for (size_t a = 0; a < self->e->n_arms; a++) {
        self->infusion[a] = self->lines + line;
        memset(n_of, 0, self->blocks->n_states * sizeof(*n_of));
        for (size_t i = 0; i < self->e->arms[a].n_regimens; i++, line++) {
            const ost_dose_target_t *to = &self->doses->target[a][i];
            if (!to->is_infusion || to->is_subject_specific != subject_specific) continue;
            size_t first = subject_specific ? inputs->n_shared_infusions : 0;
            size_t k = find_infusion(inputs, first, to->state, subject_specific ? n_of[to->state]++ : 0);
            if (k == inputs->n_infusions)
                self->infusions[inputs->n_infusions++] =
                    (ost_infusion_t){ .state = to->state, .input = (uint32_t) inputs->n++ };
            self->lines[line] = self->infusions[k].input;
        }
    }
    if (!subject_specific) inputs->n_shared_infusions = inputs->n_infusions;
}

static void number(builder_t *self, size_t *n_of)
{
    ost_inputs_t *inputs = self->inputs;
    inputs->levels = -1;
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        self->hold[b] = can_be_held(model) ? (int32_t) inputs->n : -1;
        if (self->hold[b] >= 0) inputs->n += 1 + model->n_drives;
        bool has_ripple = self->hold[b] >= 0 && self->e->dosing == OST_DOSING_PERIODIC && is_linear(model);
        self->ripple[b] = has_ripple ? (int32_t) inputs->n : -1;
        self->level[b] = has_ripple ? self->ripple[b] + (int32_t) OST_RIPPLE_LEVELS(model->n_states) : -1;
        if (has_ripple) inputs->n += OST_RIPPLE_INPUTS(model->n_states, model->n_drives);
        if (has_ripple) inputs->levels = 0;
    }
    if (inputs->levels == 0) inputs->levels = (int32_t) inputs->n++;
    number_infusions(self, false, n_of);
    number_infusions(self, true, n_of);
    for (size_t s = 0; s < self->wiring->n_signals; s++)
        self->outside[s] = self->wiring->signals[s].has_outside ? (int32_t) inputs->n++ : -1;
}

/* A signal that only the arms drive and that has no neutral value has to be driven from the beginning, and its idle
 * value is the first; with a run-in it must be the same in all arms, which share the run-in. */
static void find_first_value(builder_t *self, ost_windows_t *windows, const ost_signal_t *signal, double *first)
{
    const ost_experiment_t *e = self->e;
    for (size_t a = 0; a < e->n_arms && self->make->err.code == 0; a++) {
        const ost_arm_t *arm = &e->arms[a];
        const double t = self->doses->t_begin;
        ost_windows_collect(windows, arm, signal->name, t);
        const double value = ost_windows_value(windows, 0, t, signal->combine, NAN, e, arm);
        if (a == 0) *first = value;
        if (self->make->err.code != 0) return;
        if (isnan(value))
            OST_FAIL_AT(windows->err, OST_ERR_VALUE, e, arm->location,
                "arm '%s': signal '%s' has no neutral value, and nothing drives it at the start (day %g)", arm->name,
                signal->name, t);
        else if (e->start != NULL && value != *first)
            OST_FAIL_AT(windows->err, OST_ERR_VALUE, e, arm->location,
                "arms '%s' and '%s' start with different values of signal '%s', which has no neutral value for the "
                "run-in that they share",
                e->arms[0].name, arm->name, signal->name);
    }
}

static int set_idle(builder_t *self)
{
    ost_windows_t windows = { .err = &self->make->err };
    self->inputs->idle = self->idle = ost_maker_list(self->make, self->inputs->n, sizeof(*self->idle));
    if (self->idle == NULL) return self->make->err.code;
    for (size_t b = 0; b < self->blocks->n; b++) {
        if (self->hold[b] >= 0) self->idle[self->hold[b]] = 1;
        if (self->level[b] >= 0) self->idle[self->level[b] - 1] = 1; /* the factor */
    }
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        const ost_wired_t *signal = &self->wiring->signals[s];
        if (self->outside[s] < 0) continue;
        double *idle = &self->idle[self->outside[s]];
        *idle = ost_wired_idle(signal);
        if (isnan(*idle)) find_first_value(self, &windows, &signal->signal, idle);
    }
    free(windows.window);
    return self->make->err.code;
}

const ost_inputs_t *ost_inputs_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_doses_t *doses, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n = count_lines(e);
    builder_t self = { .e = e, .blocks = blocks, .wiring = wiring, .doses = doses, .make = make };
    self.inputs = ost_maker_list(make, 1, sizeof(*self.inputs));
    self.hold = ost_maker_list(make, blocks->n, sizeof(*self.hold));
    self.ripple = ost_maker_list(make, blocks->n, sizeof(*self.ripple));
    self.level = ost_maker_list(make, blocks->n, sizeof(*self.level));
    self.outside = ost_maker_list(make, wiring->n_signals, sizeof(*self.outside));
    self.infusions = ost_maker_list(make, n, sizeof(*self.infusions));
    self.lines = ost_maker_list(make, n, sizeof(*self.lines));
    self.infusion = ost_maker_list(make, e->n_arms, sizeof(*self.infusion));
    size_t *n_of = ost_maker_list(make, blocks->n_states, sizeof(*n_of));
    if (make->err.code != 0) return NULL;
    self.inputs->hold = self.hold;
    self.inputs->ripple = self.ripple;
    self.inputs->level = self.level;
    self.inputs->outside = self.outside;
    self.inputs->infusions = self.infusions;
    self.inputs->infusion = self.infusion;
    number(&self, n_of);
    return set_idle(&self) == 0 ? self.inputs : NULL;
}
