/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals of a plan: which blocks drive and read each, and the order in which drives can be evaluated. */
#include "plan/wiring.h"

#include "plan/response.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UNSEEN, OPEN, DONE };

/* While wiring, signals are known by their index in the library. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    ost_library_t *library;
    ost_wiring_t *wiring;
    ost_wired_t *signals;            /* of wiring */
    ost_driver_t *order;             /* of wiring */
    uint32_t **reads, **drives;      /* of wiring */
    uint32_t *n_drivers, *n_readers; /* [n_library_signals] */
    uint32_t *state, *plan_index;    /* [n_library_signals] */
    uint32_t *stack, n_stack;        /* [n_library_signals] signals being visited */
    uint32_t *stack_block;           /* [n_library_signals] the block through which each of them is being visited */
    ost_maker_t *make;
    ost_error_t *err; /* of make */
} wiring_t;

static int signal_index(const wiring_t *self, const ost_model_t *model, const char *name, int line)
{
    int s = ost_signals_find(&self->library->signals, name);
    if (s < 0)
        return ost_fail_at(
            self->err, OST_ERR_NAME, model->path, line, 0, "model '%s': there is no signal '%s'", model->name, name);
    return s;
}

static bool has_outside(const ost_experiment_t *e, const char *signal, const ost_drive_input_t **first)
{
    for (size_t a = 0; a < e->n_arms; a++) {
        for (size_t i = 0; i < e->arms[a].n_inputs; i++) {
            if (strcmp(e->arms[a].inputs[i].signal, signal) != 0) continue;
            if (first != NULL) *first = &e->arms[a].inputs[i];
            return true;
        }
    }
    return false;
}

static void count_ends(wiring_t *self)
{
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t i = 0; i < model->n_reads; i++) {
            int s = signal_index(self, model, model->reads[i].name, model->reads[i].line);
            if (s < 0) return;
            self->reads[b][i] = (uint32_t) s;
            self->n_readers[s]++;
        }
        for (size_t i = 0; i < model->n_drives; i++) {
            int s = signal_index(self, model, model->drives[i].name, model->drives[i].line);
            if (s < 0) return;
            self->drives[b][i] = (uint32_t) s;
            self->n_drivers[s]++;
        }
    }
}

static int check_outside(const wiring_t *self, const ost_arm_t *arm, const ost_drive_input_t *input)
{
    int s = ost_signals_find(&self->library->signals, input->signal);
    if (s < 0) {
        const char *near =
            OST_NEAREST_IN(input->signal, self->library->signals.signal, self->library->signals.n, ost_signal_t, name);
        return OST_FAIL_AT(self->err, OST_ERR_NAME, self->e, input->location, "arm '%s': there is no signal '%s'%s%s%s",
            arm->name, input->signal, OST_HINT(near));
    }
    const ost_signal_t *signal = &self->library->signals.signal[s];
    char why[OST_UNIT_MISSING_SIZE], differs[OST_DIM_MISMATCH_SIZE];
    if (ost_unit_missing(&signal->unit, signal->unit_text, input->is_plain, input->value, why) != NULL)
        return OST_FAIL_AT(self->err, OST_ERR_UNIT, self->e, input->location, "arm '%s': the value of signal '%s': %s",
            arm->name, signal->name, why);
    if (!ost_dim_equal(input->dim, signal->unit.dim))
        return OST_FAIL_AT(self->err, OST_ERR_UNIT, self->e, input->location, "arm '%s': the value of signal '%s' %s",
            arm->name, signal->name, ost_unit_mismatch(input->dim, &signal->unit, signal->unit_text, differs));
    if (signal->combine == OST_COMBINE_FRACTION && !(input->value >= 0 && input->value <= 1))
        return OST_FAIL_AT(self->err, OST_ERR_VALUE, self->e, input->location,
            "arm '%s': the value of signal '%s' is %g; expected a fraction from 0 to 1", arm->name, signal->name,
            input->value);
    if (self->n_readers[s] == 0)
        return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e, input->location,
            "arm '%s': no model in the plan reads signal '%s'", arm->name, signal->name);
    return 0;
}

static void check_all_outside(const wiring_t *self)
{
    for (size_t a = 0; a < self->e->n_arms; a++)
        for (size_t i = 0; i < self->e->arms[a].n_inputs && self->err->code == 0; i++)
            check_outside(self, &self->e->arms[a], &self->e->arms[a].inputs[i]);
}

/* "denosumab, aibl" into buf: names of the models that drive (or else read) a signal. @param[out] last  where the
 * experiment names the last of them */
static void models_at(const wiring_t *self, uint32_t signal, bool drive, char *buf, size_t size, ost_location_t *last)
{
    size_t n = 0;
    buf[0] = '\0';
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        const uint32_t *list = drive ? self->drives[b] : self->reads[b];
        for (size_t i = 0; i < (drive ? model->n_drives : model->n_reads); i++) {
            if (list[i] != signal) continue;
            *last = self->blocks->block[b].location;
            if (n < size) n += (size_t) snprintf(buf + n, size - n, "%s%s", n > 0 ? ", " : "", model->name);
        }
    }
}

static int check_signal(const wiring_t *self, uint32_t s)
{
    ost_signal_t copy = self->library->signals.signal[s], *signal = &copy; /* reading models may move the library's */
    const ost_drive_input_t *input = NULL;
    bool outside = has_outside(self->e, signal->name, &input);
    ost_location_t last = { 0 };
    char drivers[256], readers[256];
    if (signal->combine == OST_COMBINE_ONE && self->n_drivers[s] + outside > 1) {
        models_at(self, s, true, drivers, sizeof(drivers), &last);
        if (outside)
            return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e, input->location,
                "signal '%s' can have one driver only, and model %s drives it already", signal->name, drivers);
        return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e, last,
            "signal '%s' can have one driver only, and several models drive it: %s", signal->name, drivers);
    }
    if (signal->has_neutral || outside || self->n_drivers[s] > 0) return 0;
    ost_builtin_models(self->library, ost_model_drives, signal->name, drivers, sizeof(drivers));
    models_at(self, s, false, readers, sizeof(readers), &last);
    return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e, last,
        "nothing drives signal '%s' [%s], which %s reads and which has no neutral value; %s%s", signal->name,
        signal->unit_text, readers, drivers[0] != '\0' ? "add a model that drives it: " : "no built-in model drives it",
        drivers);
}

static int fail_loop(const wiring_t *self, uint32_t s)
{
    const ost_signal_t *signals = self->library->signals.signal;
    char text[400];
    uint32_t from = self->n_stack;
    while (self->stack[from - 1] != s) from--;
    /* from the last found to the first: each signal is computed from the one after it */
    size_t n = (size_t) snprintf(text, sizeof(text), "%s", signals[s].name);
    for (uint32_t i = self->n_stack; i >= from && n < sizeof(text); i--)
        n += (size_t) snprintf(text + n, sizeof(text) - n, " -> %s -> %s",
            self->blocks->block[self->stack_block[i - 1]].model->name, signals[self->stack[i - 1]].name);
    return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e,
        self->blocks->block[self->stack_block[self->n_stack - 1]].location,
        "algebraic loop without a state between these signals: %s", text);
}

static void add_step(wiring_t *self, uint32_t block, size_t index)
{
    self->order[self->wiring->n_order++] = (ost_driver_t){ .block = block, .drive = (uint32_t) index };
}

/* The signal, whose drives have their steps already; and the step of its own row, if it has one and drivers. */
static void add_signal(wiring_t *self, uint32_t s)
{
    size_t i = self->wiring->n_signals++;
    ost_wired_t *signal = &self->signals[i];
    ost_driver_t *drivers = ost_maker_list(self->make, self->n_drivers[s], sizeof(*drivers));
    *signal = (ost_wired_t){ .signal = self->library->signals.signal[s], .drivers = drivers };
    self->plan_index[s] = (uint32_t) i;
    if (drivers == NULL) return;
    signal->has_outside = has_outside(self->e, signal->signal.name, NULL);
    for (uint32_t b = 0; b < self->blocks->n; b++)
        for (uint32_t d = 0; d < self->blocks->block[b].model->n_drives; d++)
            if (self->drives[b][d] == s) drivers[signal->n_drivers++] = (ost_driver_t){ b, d };
    if (!ost_wired_has_row(signal)) {
        signal->row = self->blocks->block[drivers[0].block].first_drive + drivers[0].drive;
        return;
    }
    signal->row = (uint32_t) self->wiring->n_rows++;
    if (signal->n_drivers > 0) add_step(self, OST_NO_BLOCK, i);
}

/* Visit what the signal is computed from, then append its drives and itself to the steps. */
static void visit(wiring_t *self, uint32_t s)
{
    if (self->state[s] == OPEN) fail_loop(self, s);
    if (self->state[s] == DONE || self->err->code != 0) return;
    self->state[s] = OPEN;
    self->stack[self->n_stack++] = s;
    for (uint32_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t d = 0; d < model->n_drives; d++) {
            if (self->drives[b][d] != s) continue;
            self->stack_block[self->n_stack - 1] = b;
            for (size_t k = 0; k < model->n_reads && self->err->code == 0; k++)
                if (model->drive_uses[d * model->n_reads + k]) visit(self, self->reads[b][k]);
            if (self->err->code != 0) return;
            add_step(self, b, d);
        }
    }
    self->n_stack--;
    self->state[s] = DONE;
    add_signal(self, s);
}

static void order_signals(wiring_t *self)
{
    self->wiring->n_rows = self->blocks->n_drives;
    for (uint32_t s = 0; s < self->library->signals.n && self->err->code == 0; s++)
        if ((self->n_drivers[s] > 0 || self->n_readers[s] > 0) && check_signal(self, s) == 0) visit(self, s);
    for (size_t b = 0; b < self->blocks->n; b++) { /* from the library's numbers to the plan's */
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t i = 0; i < model->n_reads; i++) self->reads[b][i] = self->plan_index[self->reads[b][i]];
        for (size_t i = 0; i < model->n_drives; i++) self->drives[b][i] = self->plan_index[self->drives[b][i]];
    }
}

static void alloc(wiring_t *self)
{
    ost_maker_t *make = self->make;
    size_t n = self->library->signals.n, n_blocks = self->blocks->n;
    self->wiring = ost_maker_list(make, 1, sizeof(*self->wiring));
    self->signals = ost_maker_list(make, n, sizeof(*self->signals));
    self->order = ost_maker_list(make, n + self->blocks->n_drives, sizeof(*self->order));
    self->reads = ost_maker_list(make, n_blocks, sizeof(*self->reads));
    self->drives = ost_maker_list(make, n_blocks, sizeof(*self->drives));
    self->n_drivers = ost_maker_list(make, 6 * n, sizeof(*self->n_drivers));
    if (self->err->code != 0) return;
    self->n_readers = self->n_drivers + n;
    self->state = self->n_drivers + 2 * n;
    self->plan_index = self->n_drivers + 3 * n;
    self->stack = self->n_drivers + 4 * n;
    self->stack_block = self->n_drivers + 5 * n;
    for (size_t b = 0; b < n_blocks; b++) {
        self->reads[b] = ost_maker_list(make, self->blocks->block[b].model->n_reads, sizeof(**self->reads));
        self->drives[b] = ost_maker_list(make, self->blocks->block[b].model->n_drives, sizeof(**self->drives));
    }
    self->wiring->signals = self->signals;
    self->wiring->order = self->order;
    self->wiring->reads = (const uint32_t *const *) self->reads;
    self->wiring->drives = (const uint32_t *const *) self->drives;
}

const ost_wiring_t *ost_wiring_new(
    ost_library_t *library, const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    wiring_t self = { .e = e, .blocks = blocks, .library = library, .make = make, .err = &make->err };
    alloc(&self);
    if (make->err.code == 0) count_ends(&self);
    check_all_outside(&self);
    if (make->err.code == 0 &&
        ost_response_check(e, library, blocks, self.wiring->reads, self.wiring->drives, self.err) == 0)
        order_signals(&self);
    return make->err.code == 0 ? self.wiring : NULL;
}

double ost_wired_idle(const ost_wired_t *self)
{
    if (self->n_drivers > 0) return 0;
    return self->signal.has_neutral ? self->signal.neutral : NAN;
}
