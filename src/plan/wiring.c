/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals of a plan: who drives and who reads each, and the order in which drives can be evaluated. */
#include "core/text.h"
#include "plan/plan_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSEEN, OPEN, DONE };

/* While wiring, signals are known by their index in the library. */
typedef struct {
    ost_plan_t *plan;
    ost_library_t *library;
    uint32_t *n_drivers, *n_readers; /* [n_library_signals] */
    int *state, *plan_index;         /* [n_library_signals] */
    uint32_t *stack, n_stack;        /* [n_library_signals] signals being visited */
    uint32_t *stack_block;           /* [n_library_signals] the block through which each of them is being visited */
    ost_error_t *err;
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

static int count_ends(wiring_t *self)
{
    for (size_t b = 0; b < self->plan->n_blocks; b++) {
        ost_block_t *block = &self->plan->blocks[b];
        const ost_model_t *model = block->model;
        for (size_t i = 0; i < model->n_reads; i++) {
            int s = signal_index(self, model, model->reads[i].name, model->reads[i].line);
            if (s < 0) return s;
            block->read_signal[i] = (uint32_t) s;
            self->n_readers[s]++;
        }
        for (size_t i = 0; i < model->n_drives; i++) {
            int s = signal_index(self, model, model->drives[i].name, model->drives[i].line);
            if (s < 0) return s;
            block->drive_signal[i] = (uint32_t) s;
            self->n_drivers[s]++;
        }
    }
    return 0;
}

static const char *library_signal_name(const void *from, size_t i)
{
    return ((const ost_library_t *) from)->signals.signal[i].name;
}

static int check_outside(const wiring_t *self)
{
    const ost_experiment_t *e = self->plan->experiment;
    for (size_t a = 0; a < e->n_arms; a++) {
        for (size_t i = 0; i < e->arms[a].n_inputs; i++) {
            const ost_drive_input_t *input = &e->arms[a].inputs[i];
            int s = ost_signals_find(&self->library->signals, input->signal);
            if (s < 0) {
                const char *near =
                    ost_nearest_of(input->signal, self->library, self->library->signals.n, library_signal_name);
                return OST_FAIL_AT(self->err, OST_ERR_NAME, e, input->location,
                    "arm '%s': there is no signal '%s'%s%s%s", e->arms[a].name, input->signal, OST_HINT(near));
            }
            const ost_signal_t *signal = &self->library->signals.signal[s];
            char given[64], due[64];
            if (!ost_dim_equal(input->dim, signal->unit.dim))
                return OST_FAIL_AT(self->err, OST_ERR_UNIT, e, input->location,
                    "arm '%s': signal '%s' has dimension %s (unit %s), the value given has %s", e->arms[a].name,
                    signal->name, ost_dim_format(signal->unit.dim, due, sizeof(due)), signal->unit_text,
                    ost_plan_given(input->dim, given, sizeof(given)));
            if (signal->combine == OST_COMBINE_FRACTION && !(input->value >= 0 && input->value <= 1))
                return OST_FAIL_AT(self->err, OST_ERR_VALUE, e, input->location,
                    "arm '%s': signal '%s' is a share between 0 and 1, the value given is %g", e->arms[a].name,
                    signal->name, input->value);
            if (self->n_readers[s] == 0)
                return OST_FAIL_AT(self->err, OST_ERR_MODEL, e, input->location,
                    "arm '%s': no model in the plan reads signal '%s'", e->arms[a].name, signal->name);
        }
    }
    return 0;
}

/* "denosumab, aibl" into buf: names of the models that drive (or else read) a signal. */
static char *models_at(const ost_plan_t *plan, uint32_t signal, bool drive, char *buf, size_t size)
{
    size_t n = 0;
    buf[0] = '\0';
    for (size_t b = 0; b < plan->n_blocks && n < size; b++) {
        const ost_block_t *block = &plan->blocks[b];
        const uint32_t *list = drive ? block->drive_signal : block->read_signal;
        for (size_t i = 0; i < (drive ? block->model->n_drives : block->model->n_reads); i++)
            if (list[i] == signal && n < size)
                n += (size_t) snprintf(buf + n, size - n, "%s%s", n > 0 ? ", " : "", block->model->name);
    }
    return buf;
}

/* Where the experiment names the last model that drives (or else reads) a signal. */
static ost_location_t end_location(const ost_plan_t *plan, uint32_t signal, bool drive)
{
    for (size_t b = plan->n_blocks; b-- > 0;) {
        const ost_block_t *block = &plan->blocks[b];
        const uint32_t *list = drive ? block->drive_signal : block->read_signal;
        for (size_t i = 0; i < (drive ? block->model->n_drives : block->model->n_reads); i++)
            if (list[i] == signal) return plan->impl->locations[b];
    }
    return (ost_location_t){ 0 };
}

static bool drives_signal(const ost_model_t *model, const void *signal)
{
    for (size_t i = 0; i < model->n_drives; i++)
        if (strcmp(model->drives[i].name, signal) == 0) return true;
    return false;
}

static bool feels_drug(const ost_model_t *model, const void *user)
{
    const ost_model_t *drug = user;
    for (size_t i = 0; i < model->n_reads && model->kind != OST_KIND_DRUG; i++)
        if (drives_signal(drug, model->reads[i].name)) return true;
    return false;
}

/* "'hormones', 'other'" into buf: built-in models that do. */
static char *builtin_models(const wiring_t *self, bool (*do_so)(const ost_model_t *model, const void *user),
    const void *user, char *buf, size_t size)
{
    size_t n = 0;
    buf[0] = '\0';
    for (size_t k = 0; k < self->library->n_builtins && n < size; k++) {
        const ost_model_t *model;
        ost_error_t ignored = { 0 };
        if (ost_library_get(self->library, self->library->builtins[k]->name, &model, &ignored) == 0 &&
            do_so(model, user))
            n += (size_t) snprintf(buf + n, size - n, "%s'%s'", n > 0 ? ", " : "", model->name);
    }
    return buf;
}

static int check_signal(const wiring_t *self, uint32_t s)
{
    const ost_plan_t *plan = self->plan;
    ost_signal_t copy = self->library->signals.signal[s], *signal = &copy; /* reading models may move the library's */
    const ost_drive_input_t *input = NULL;
    bool outside = has_outside(plan->experiment, signal->name, &input);
    char who[256];
    if (signal->combine == OST_COMBINE_ONE && self->n_drivers[s] + outside > 1) {
        models_at(plan, s, true, who, sizeof(who));
        if (outside)
            return OST_FAIL_AT(self->err, OST_ERR_MODEL, plan->experiment, input->location,
                "signal '%s' can have one driver only, and model %s drives it already", signal->name, who);
        return OST_FAIL_AT(self->err, OST_ERR_MODEL, plan->experiment, end_location(plan, s, true),
            "signal '%s' can have one driver only, and several models drive it: %s", signal->name, who);
    }
    if (signal->has_neutral || outside || self->n_drivers[s] > 0) return 0;
    char readers[256];
    builtin_models(self, drives_signal, signal->name, who, sizeof(who));
    models_at(plan, s, false, readers, sizeof(readers));
    return OST_FAIL_AT(self->err, OST_ERR_MODEL, plan->experiment, end_location(plan, s, false),
        "nothing drives signal '%s' [%s], which %s reads and which has no neutral value; %s%s", signal->name,
        signal->unit_text, readers, who[0] != '\0' ? "add a model that drives it: " : "no built-in model drives it",
        who);
}

static bool is_drug(const ost_plan_t *plan, size_t b)
{
    return plan->blocks[b].model->kind == OST_KIND_DRUG;
}

static const ost_regimen_t *doses_of(const ost_plan_t *plan, const ost_arm_t *arm, size_t b)
{
    for (size_t i = 0; i < arm->n_regimens; i++)
        if (ost_plan_block(plan, arm->regimens[i].drug) == (int) b) return &arm->regimens[i];
    return NULL;
}

/* A drug does so in the arms that give it. NULL stands for an arm that gives all of them. */
static bool acts(const ost_plan_t *plan, const ost_arm_t *arm, size_t b)
{
    return !is_drug(plan, b) || arm == NULL || doses_of(plan, arm, b) != NULL;
}

static bool drives_into(const ost_block_t *from, const ost_block_t *to)
{
    for (size_t i = 0; i < from->model->n_drives; i++)
        for (size_t k = 0; k < to->model->n_reads; k++)
            if (from->drive_signal[i] == to->read_signal[k]) return true;
    return false;
}

/* Which blocks reach bone in this arm, directly or through blocks that act in it; without a bone model in the plan,
 * which reach any model that is no drug. */
static void find_felt(const ost_plan_t *plan, const ost_arm_t *arm, bool *felt)
{
    bool has_bone = false, grows = true;
    for (size_t b = 0; b < plan->n_blocks; b++) has_bone |= plan->blocks[b].model->kind == OST_KIND_BONE;
    for (size_t b = 0; b < plan->n_blocks; b++)
        felt[b] = has_bone ? plan->blocks[b].model->kind == OST_KIND_BONE : !is_drug(plan, b);
    while (grows) {
        grows = false;
        for (size_t b = 0; b < plan->n_blocks; b++) {
            bool was_felt = felt[b];
            for (size_t k = 0; k < plan->n_blocks && !felt[b]; k++)
                felt[b] = k != b && felt[k] && acts(plan, arm, k) && drives_into(&plan->blocks[b], &plan->blocks[k]);
            grows |= felt[b] && !was_felt;
        }
    }
}

static int fail_unfelt(const wiring_t *self, const ost_arm_t *arm, size_t b)
{
    const ost_plan_t *plan = self->plan;
    const ost_model_t *model = plan->blocks[b].model;
    char signals[256] = "", others[256] = "", readers[256];
    size_t n = 0;
    for (size_t i = 0; i < model->n_drives && n < sizeof(signals); i++)
        n += (size_t) snprintf(signals + n, sizeof(signals) - n, "%s'%s'", i > 0 ? ", " : "", model->drives[i].name);
    n = 0;
    for (size_t k = 0; k < plan->n_blocks && n < sizeof(others); k++)
        if (k != b && acts(plan, arm, k))
            n += (size_t) snprintf(
                others + n, sizeof(others) - n, "%s%s", n > 0 ? ", " : "", plan->blocks[k].model->name);
    builtin_models(self, feels_drug, model, readers, sizeof(readers));
    return OST_FAIL_AT(self->err, OST_ERR_MODEL, plan->experiment,
        arm != NULL ? doses_of(plan, arm, b)->location : plan->impl->locations[b],
        "%s%s%sno model in the plan (%s) can feel drug '%s', which drives %s%s%s%s", arm != NULL ? "arm '" : "",
        arm != NULL ? arm->name : "", arm != NULL ? "': " : "", others, model->name, signals,
        readers[0] != '\0' ? " (" : "", readers, readers[0] != '\0' ? " would)" : "");
}

/* What an arm gives must reach bone, unless only drugs are in the plan (then it is a study of kinetics). */
static int check_drugs(const wiring_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    bool only_drugs = true, *felt = calloc(plan->n_blocks + 1, sizeof(*felt));
    if (felt == NULL) return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for the blocks of the plan");
    for (size_t b = 0; b < plan->n_blocks; b++) only_drugs &= is_drug(plan, b);
    int ret = 0;
    for (size_t a = 0; a <= e->n_arms && !only_drugs && ret == 0; a++) {
        const ost_arm_t *arm = a < e->n_arms ? &e->arms[a] : NULL;
        find_felt(plan, arm, felt);
        for (size_t b = 0; b < plan->n_blocks && ret == 0; b++)
            if (is_drug(plan, b) && plan->blocks[b].model->n_drives > 0 && acts(plan, arm, b) && !felt[b])
                ret = fail_unfelt(self, arm, b);
    }
    free(felt);
    return ret;
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
            self->plan->blocks[self->stack_block[i - 1]].model->name, signals[self->stack[i - 1]].name);
    return OST_FAIL_AT(self->err, OST_ERR_MODEL, self->plan->experiment,
        self->plan->impl->locations[self->stack_block[self->n_stack - 1]],
        "algebraic loop, no state lies between these signals: %s", text);
}

static void add_step(ost_plan_t *plan, uint32_t block, size_t index)
{
    ost_lane_plan_t *lane = &plan->impl->lane;
    lane->steps[lane->n_steps++] = (ost_lane_step_t){ .block = block, .index = (uint32_t) index };
}

static int add_signal(wiring_t *self, uint32_t s)
{
    ost_plan_t *plan = self->plan;
    ost_plan_signal_t *signal = &plan->signals[plan->n_signals];
    size_t n = self->n_drivers[s] > 0 ? self->n_drivers[s] : 1;
    /* a copy: the library's array moves when a model read later brings signals of its own */
    plan->impl->signals[plan->n_signals] = self->library->signals.signal[s];
    *signal = (ost_plan_signal_t){
        .signal = &plan->impl->signals[plan->n_signals],
        .driver_block = calloc(n, sizeof(*signal->driver_block)),
        .driver_drive = calloc(n, sizeof(*signal->driver_drive)),
        .input = -1,
    };
    self->plan_index[s] = (int) plan->n_signals++;
    if (signal->driver_block == NULL || signal->driver_drive == NULL)
        return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for the signals of the plan");
    if (has_outside(plan->experiment, signal->signal->name, NULL)) signal->input = 0; /* numbered with the inputs */
    for (uint32_t b = 0; b < plan->n_blocks; b++) {
        for (uint32_t d = 0; d < plan->blocks[b].model->n_drives; d++) {
            if (plan->blocks[b].drive_signal[d] != s) continue;
            signal->driver_block[signal->n_drivers] = b;
            signal->driver_drive[signal->n_drivers++] = d;
        }
    }
    return 0;
}

/* Visit what the signal is computed from, then append its drives and itself to the steps. */
static int visit(wiring_t *self, uint32_t s)
{
    if (self->state[s] == DONE) return 0;
    if (self->state[s] == OPEN) return fail_loop(self, s);
    ost_plan_t *plan = self->plan;
    self->state[s] = OPEN;
    self->stack[self->n_stack++] = s;
    for (uint32_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t d = 0; d < model->n_drives; d++) {
            if (plan->blocks[b].drive_signal[d] != s) continue;
            self->stack_block[self->n_stack - 1] = b;
            for (size_t k = 0; k < model->n_reads; k++) {
                if (!model->drive_uses[d * model->n_reads + k]) continue;
                int ret = visit(self, plan->blocks[b].read_signal[k]);
                if (ret < 0) return ret;
            }
            add_step(plan, b, d);
        }
    }
    self->n_stack--;
    self->state[s] = DONE;
    int ret = add_signal(self, s);
    if (ret < 0) return ret;
    const ost_plan_signal_t *signal = &plan->signals[self->plan_index[s]];
    if (signal->n_drivers == 1 && signal->input < 0) return 0;
    uint32_t own = (uint32_t) plan->impl->lane.n_signals++;
    if (signal->n_drivers > 0) add_step(plan, OST_NO_BLOCK, own);
    return 0;
}

static int order_signals(wiring_t *self)
{
    ost_plan_t *plan = self->plan;
    for (uint32_t s = 0; s < self->library->signals.n; s++) {
        if (self->n_drivers[s] == 0 && self->n_readers[s] == 0) continue;
        int ret = check_signal(self, s);
        if (ret == 0) ret = visit(self, s);
        if (ret < 0) return ret;
    }
    for (size_t b = 0; b < plan->n_blocks; b++) { /* from the library's numbers to the plan's */
        ost_block_t *block = &plan->blocks[b];
        for (size_t i = 0; i < block->model->n_reads; i++)
            block->read_signal[i] = (uint32_t) self->plan_index[block->read_signal[i]];
        for (size_t i = 0; i < block->model->n_drives; i++)
            block->drive_signal[i] = (uint32_t) self->plan_index[block->drive_signal[i]];
    }
    return 0;
}

int ost_plan_wire(ost_plan_t *plan, ost_library_t *library, ost_error_t *err)
{
    size_t n = library->signals.n + 1;
    wiring_t self = {
        .plan = plan,
        .library = library,
        .n_drivers = calloc(n, sizeof(*self.n_drivers)),
        .n_readers = calloc(n, sizeof(*self.n_readers)),
        .state = calloc(n, sizeof(*self.state)),
        .plan_index = calloc(n, sizeof(*self.plan_index)),
        .stack = calloc(n, sizeof(*self.stack)),
        .stack_block = calloc(n, sizeof(*self.stack_block)),
        .err = err,
    };
    ost_lane_plan_t *lane = &plan->impl->lane;
    plan->signals = calloc(n, sizeof(*plan->signals));
    plan->impl->signals = calloc(n, sizeof(*plan->impl->signals));
    lane->steps = calloc(n + plan->n_drives, sizeof(*lane->steps));
    int ret = 0;
    if (self.n_drivers == NULL || self.n_readers == NULL || self.state == NULL || self.plan_index == NULL ||
        self.stack == NULL || self.stack_block == NULL || plan->signals == NULL || plan->impl->signals == NULL ||
        lane->steps == NULL)
        ret = ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the signals of the plan");
    if (ret == 0) ret = count_ends(&self);
    if (ret == 0) ret = check_outside(&self);
    if (ret == 0) ret = check_drugs(&self);
    if (ret == 0) ret = order_signals(&self);
    free(self.n_drivers);
    free(self.n_readers);
    free(self.state);
    free(self.plan_index);
    free(self.stack);
    free(self.stack_block);
    return ret;
}
