/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes of states follow doses and rates of the typical subject, from state to state and from block to block. */
#include "plan/scales.h"

#include <math.h>
#include <string.h>

enum {
    N_LOOKS = 32,    /* steps of time over which what is 0 at first is looked at */
    N_SUBJECTS = 64, /* looked at where nothing flows into a state of the typical one */
};
/* Part of the subjects beyond either end of a covariate or parameter that is looked at: rarer ones are in no cohort. */
static const double BEYOND = 1e-9;

typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_doses_t *doses;
    const ost_plan_t *plan; /* the stages that subjects are drawn by */
    ost_break_finder_t *finder;
    double *covariates, *params; /* of one subject */
    double *breaks;              /* [n_breaks] of that subject, and the end */
    size_t n_breaks;
    double *size;   /* [blocks->n_states] 0 where not known yet; of one subject and arm */
    double *least;  /* [blocks->n_states] the smallest of the arms */
    double *signal; /* [wiring->n_signals] */
    double *reads;  /* of one block */
    double *work;   /* of one model */
    double t;       /* d */
} sizes_t;

static bool is_open(const sizes_t *self, size_t b, size_t i)
{
    return self->blocks->block[b].model->states[i].scale_is_unit;
}

/* The typical subject, with one covariate, or none for n_covariates, at a quantile of it. */
static void find_typical(sizes_t *self, size_t which, double quantile)
{
    const ost_experiment_t *e = self->e;
    double *covariates = self->covariates;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        covariates[i] =
            c->origin == OST_ORIGIN_VALUE    ? c->dist.a
            : c->origin == OST_ORIGIN_COLUMN ? self->e->people.values[c->column]
            : c->origin == OST_ORIGIN_FORMULA
                ? ost_clamp(ost_formula_value(c->formula, covariates), c->dist.lower, c->dist.upper)
                : ost_dist_quantile(&self->plan->population->covariates[i].dist, i == which ? quantile : 0.5);
    }
    for (size_t i = 0; i < self->blocks->n_params; i++) {
        const ost_param_rule_t *rule = &self->plan->population->params[i];
        self->params[i] = rule->covariate >= 0    ? covariates[rule->covariate]
                          : rule->formula != NULL ? ost_formula_value(rule->formula, covariates)
                                                  : rule->typical;
    }
}

static double at(const sizes_t *self, size_t b, ost_model_part_t part, size_t i, double t)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_point_t point = { self->params + block->first_param, self->size + block->first_state, self->reads,
        t };
    return ost_model_value(block->model, part, i, &point, self->work);
}

/* Where the forcing of the subject bends, from the beginning of its life on. */
static void find_breaks(sizes_t *self)
{
    const ost_experiment_t *e = self->e;
    double begin = self->doses->t_begin;
    if (e->start != NULL) begin = fmin(begin, ost_formula_value(e->start, self->covariates));
    /* those up to the limit will do here: a run fails its subject */
    int found = ost_break_finder_find(
        self->finder, self->params, begin, self->doses->t_end, e->solver.h_max, self->breaks, &self->n_breaks, NULL);
    (void) found;
    self->breaks[self->n_breaks] = self->doses->t_end;
}

/* What is given in an arm, and what a subject starts with. */
static void begin(sizes_t *self, const ost_arm_t *arm)
{
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_block_t *block = &self->blocks->block[b];
        for (size_t i = 0; i < block->model->n_states; i++) {
            double x0 = fabs(at(self, b, OST_MODEL_INITIAL, i, 0));
            self->size[block->first_state + i] = !is_open(self, b, i) ? block->model->states[i].scale
                                                 : isfinite(x0)       ? x0
                                                                      : 0;
        }
    }
    for (size_t k = 0; k < arm->n_regimens; k++) {
        const ost_dose_target_t *to = &self->doses->target[arm - self->e->arms][k];
        size_t i = to->state - self->blocks->block[to->block].first_state;
        double *size = &self->size[to->state];
        if (is_open(self, to->block, i)) *size = fmax(*size, fabs(arm->regimens[k].amount));
    }
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        const ost_signal_t *signal = &self->wiring->signals[s].signal;
        self->signal[s] = signal->has_neutral ? signal->neutral : signal->unit.factor;
        for (size_t k = 0; k < arm->n_inputs; k++)
            if (strcmp(arm->inputs[k].signal, signal->name) == 0) self->signal[s] = arm->inputs[k].value;
    }
}

/* How long a state would last without inflow, d. */
static double life(sizes_t *self, size_t b, size_t i)
{
    double *size = &self->size[self->blocks->block[b].first_state + i], before = *size, step = 1e-3 * before;
    double rate = at(self, b, OST_MODEL_RATE, i, self->t);
    *size = before + step;
    double loss = (rate - at(self, b, OST_MODEL_RATE, i, self->t)) / step;
    *size = before;
    return loss > 0 ? 1 / loss : INFINITY;
}

/* How long a state that starts above 0 would last at its first rate, d; 0 where it does not fall. */
static double empties(const sizes_t *self, size_t b, size_t k)
{
    const double rate = at(self, b, OST_MODEL_RATE, k, self->t);
    return rate < 0 ? self->size[self->blocks->block[b].first_state + k] / -rate : 0;
}

/* A rate or a drive at the first of evenly spaced times at which there is one; else the largest at breaks and between
 * them. Leaves the time in self->t. */
static double find_value(sizes_t *self, size_t b, ost_model_part_t part, size_t i)
{
    double begin = self->doses->t_begin, length = self->doses->t_end - begin, found = 0, t_found = begin;
    for (int k = 0; k <= N_LOOKS; k++) {
        self->t = begin + length * k / N_LOOKS;
        double value = at(self, b, part, i, self->t);
        if (isfinite(value) && value != 0) return value;
    }
    for (size_t k = 0; k < 2 * self->n_breaks; k++) {
        double t = k % 2 == 0 ? self->breaks[k / 2] : 0.5 * (self->breaks[k / 2] + self->breaks[k / 2 + 1]);
        double value = at(self, b, part, i, t);
        if (!isfinite(value) || !(fabs(value) > fabs(found))) continue;
        found = value;
        t_found = t;
    }
    self->t = t_found;
    return found;
}

/* What flows into a state while it, and where it comes from, last. */
static double filled(sizes_t *self, size_t b, size_t i)
{
    const ost_block_t *block = &self->blocks->block[b];
    double *size = self->size + block->first_state, rate = find_value(self, b, OST_MODEL_RATE, i), source = 0;
    if (rate == 0) return 0;
    for (size_t k = 0; k < block->model->n_states; k++) {
        double before = size[k];
        if (k == i || before == 0) continue;
        size[k] = 0;
        bool feeds = at(self, b, OST_MODEL_RATE, i, self->t) != rate;
        size[k] = before;
        if (feeds) source = fmax(source, is_open(self, b, k) ? life(self, b, k) : empties(self, b, k));
    }
    size[i] = fabs(rate); /* over a day, for the derivative */
    double lasts = fmin(life(self, b, i), source > 0 ? source : INFINITY);
    size[i] = 0;
    return fabs(rate) * (isfinite(lasts) ? lasts : 1);
}

static void look(sizes_t *self, size_t b)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_t *model = block->model;
    for (size_t i = 0; i < model->n_reads; i++) self->reads[i] = self->signal[self->wiring->reads[b][i]];
    for (size_t i = 0; i < model->n_states; i++) {
        double *size = &self->size[block->first_state + i];
        if (*size == 0) *size = filled(self, b, i);
    }
    for (size_t i = 0; i < model->n_drives; i++) {
        double value = find_value(self, b, OST_MODEL_DRIVE, i);
        if (value != 0) self->signal[self->wiring->drives[b][i]] = value;
    }
}

static size_t count_unknown(const double *size, size_t n_states)
{
    size_t n = 0;
    for (size_t x = 0; x < n_states; x++) n += size[x] == 0;
    return n;
}

/* Each round reaches the states behind those of the one before, in any order of blocks. */
static void settle(sizes_t *self)
{
    const ost_blocks_t *blocks = self->blocks;
    for (size_t n_still = 0, n = count_unknown(self->size, blocks->n_states); n > 0 && n_still <= blocks->n;) {
        for (size_t b = 0; b < blocks->n; b++) look(self, b);
        size_t n_left = count_unknown(self->size, blocks->n_states);
        n_still = n_left < n ? 0 : n_still + 1;
        n = n_left;
    }
}

/* Sizes that are not known yet from those of one subject: the smallest of the arms, as too small a scale costs steps
 * alone and too large a one digits. */
static void add_subject(sizes_t *self, double *scale)
{
    size_t n_states = self->blocks->n_states;
    for (size_t x = 0; x < n_states; x++) self->least[x] = INFINITY;
    find_breaks(self);
    for (size_t a = 0; a < self->e->n_arms; a++) {
        begin(self, &self->e->arms[a]);
        settle(self);
        for (size_t x = 0; x < n_states; x++)
            if (self->size[x] != 0) self->least[x] = fmin(self->least[x], self->size[x]);
    }
    for (size_t x = 0; x < n_states; x++)
        if (scale[x] == 0 && isfinite(self->least[x])) scale[x] = self->least[x];
}

static bool is_varied(const ost_plan_t *plan)
{
    for (size_t i = 0; i < plan->blocks->n_params; i++)
        if (ost_plan_param_varies(plan, i)) return true;
    return false;
}

/* The typical subject at the ends of each covariate and parameter: of states that are filled in few. */
static void add_ends(sizes_t *self, double *scale)
{
    const double ends[] = { BEYOND, 1 - BEYOND };
    size_t n_states = self->blocks->n_states;
    for (size_t i = 0; i < 2 * self->e->n_covariates && count_unknown(scale, n_states) > 0; i++) {
        if (self->e->covariates[i / 2].origin != OST_ORIGIN_DISTRIBUTION) continue;
        find_typical(self, i / 2, ends[i % 2]);
        add_subject(self, scale);
    }
    find_typical(self, self->e->n_covariates, 0.5);
    for (size_t i = 0; i < self->blocks->n_params; i++) {
        const ost_param_rule_t *rule = &self->plan->population->params[i];
        const ost_spread_t *spread = &ost_blocks_param(self->blocks, i)->spread;
        bool is_choice = rule->kind == OST_SPREAD_CHOICE;
        if (rule->covariate >= 0 || rule->kind == OST_SPREAD_NONE) continue;
        for (size_t k = 0; k < (is_choice ? spread->n_choices : 2) && count_unknown(scale, n_states) > 0; k++) {
            self->params[i] = is_choice ? spread->choice[k] : ost_dist_quantile(&rule->dist, ends[k]);
            add_subject(self, scale);
        }
        self->params[i] = rule->typical;
    }
}

static void fill_scales(sizes_t *self, double *scale)
{
    const ost_blocks_t *blocks = self->blocks;
    find_typical(self, self->e->n_covariates, 0.5);
    add_subject(self, scale);
    for (uint64_t s = 0; s < N_SUBJECTS && count_unknown(scale, blocks->n_states) > 0 && is_varied(self->plan); s++)
        if (ost_plan_draw(self->plan, s, (ost_moved_t){ 0 }, self->covariates, self->params, NULL) == 0)
            add_subject(self, scale);
    add_ends(self, scale);
    for (size_t b = 0; b < blocks->n; b++)
        for (size_t i = 0; i < blocks->block[b].model->n_states; i++) {
            double *size = &scale[blocks->block[b].first_state + i], unit = blocks->block[b].model->states[i].scale;
            if (is_open(self, b, i) && (*size == 0 || (unit >= 1e-3 * *size && unit <= 2 * *size))) *size = unit;
        }
}

const double *ost_scales_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_population_t *population,
    const ost_wiring_t *wiring, const ost_doses_t *doses, const ost_layout_t *layout, const ost_forcing_t *forcing,
    ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n_reads = 0, n_work = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        n_reads += blocks->block[b].model->n_reads;
        n_work += ost_model_n_work(blocks->block[b].model);
    }
    const ost_plan_t plan = { .experiment = e, .blocks = blocks, .population = population };
    sizes_t self = { e, blocks, wiring, doses, &plan,
        .covariates = ost_maker_list(make, e->n_covariates, sizeof(double)),
        .params = ost_maker_list(make, blocks->n_params, sizeof(double)),
        .breaks = ost_maker_list(make, ost_forcing_max_breaks(forcing) + 1, sizeof(double)),
        .size = ost_maker_list(make, blocks->n_states, sizeof(double)),
        .least = ost_maker_list(make, blocks->n_states, sizeof(double)),
        .signal = ost_maker_list(make, wiring->n_signals, sizeof(double)),
        .reads = ost_maker_list(make, n_reads, sizeof(double)), .work = ost_maker_list(make, n_work, sizeof(double)) };
    double *scale = ost_maker_list(make, layout->n_states, sizeof(double));
    if (make->err.code == 0 && ost_break_finder_new(&self.finder, forcing, &make->err) == 0) fill_scales(&self, scale);
    ost_break_finder_free(self.finder);
    if (make->err.code != 0) return NULL;
    for (size_t x = blocks->n_states; x < layout->n_states; x++) scale[x] = INFINITY;
    return scale;
}
