/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes of states follow doses and rates of the typical subject, from state to state and from block to block. */
#include "plan/scales.h"

#include <math.h>
#include <string.h>

/* Times at which rates that are 0 at first are looked at. */
enum { N_LOOKS = 32 };

typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_doses_t *doses;
    const ost_population_t *population;
    double *params; /* [blocks->n_params] of the typical subject */
    double *size;   /* [blocks->n_states] 0 where not known yet */
    double *signal; /* [wiring->n_signals] */
    double *reads;  /* of one block */
    double t;       /* d */
} sizes_t;

static bool is_open(const sizes_t *self, size_t b, size_t i)
{
    return self->blocks->block[b].model->states[i].scale_is_unit;
}

static void find_params(sizes_t *self, double *covariates)
{
    const ost_experiment_t *e = self->e;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        covariates[i] = c->origin == OST_ORIGIN_VALUE ? c->a
                        : c->origin == OST_ORIGIN_FORMULA
                            ? ost_clamp(ost_formula_value(c->formula, covariates), c->lower, c->upper)
                            : ost_dist_quantile(&self->population->covariates[i].dist, 0.5);
    }
    for (size_t i = 0; i < self->blocks->n_params; i++) {
        const ost_param_rule_t *rule = &self->population->params[i];
        self->params[i] = rule->covariate >= 0 ? covariates[rule->covariate] : rule->typical;
    }
}

static double at(const sizes_t *self, size_t b, ost_model_part_t part, size_t i, double t)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_point_t point = { self->params + block->first_param, self->size + block->first_state, self->reads,
        t };
    return ost_model_value(block->model, part, i, &point);
}

/* What is given, and what a subject starts with. */
static void begin(sizes_t *self)
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
    for (size_t a = 0; a < self->e->n_arms; a++) {
        const ost_arm_t *arm = &self->e->arms[a];
        for (size_t k = 0; k < arm->n_regimens; k++) {
            const ost_dose_target_t *to = &self->doses->target[a][k];
            size_t i = to->state - self->blocks->block[to->block].first_state;
            double *size = &self->size[to->state];
            if (is_open(self, to->block, i)) *size = fmax(*size, fabs(arm->regimens[k].amount));
        }
    }
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        const ost_signal_t *signal = &self->wiring->signals[s].signal;
        self->signal[s] = signal->has_neutral ? signal->neutral : signal->unit.factor;
        for (size_t a = 0; a < self->e->n_arms; a++)
            for (size_t k = 0; k < self->e->arms[a].n_inputs; k++)
                if (strcmp(self->e->arms[a].inputs[k].signal, signal->name) == 0)
                    self->signal[s] = self->e->arms[a].inputs[k].value;
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

/* The rate of a state at 0, at the first of some times at which there is one. */
static double inflow(sizes_t *self, size_t b, size_t i)
{
    double begin = self->doses->t_begin, length = self->doses->t_end - begin;
    for (int k = 0; k <= N_LOOKS; k++) {
        self->t = begin + length * k / N_LOOKS;
        double rate = at(self, b, OST_MODEL_RATE, i, self->t);
        if (isfinite(rate) && rate != 0) return rate;
    }
    return 0;
}

/* What flows into a state while it, and where it comes from, last. */
static double filled(sizes_t *self, size_t b, size_t i)
{
    const ost_block_t *block = &self->blocks->block[b];
    double *size = self->size + block->first_state, rate = inflow(self, b, i), source = 0;
    if (rate == 0) return 0;
    for (size_t k = 0; k < block->model->n_states; k++) {
        double before = size[k];
        if (k == i || before == 0 || !is_open(self, b, k)) continue;
        size[k] = 0;
        bool feeds = at(self, b, OST_MODEL_RATE, i, self->t) != rate;
        size[k] = before;
        if (feeds) source = fmax(source, life(self, b, k));
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
        double value = at(self, b, OST_MODEL_DRIVE, i, self->doses->t_begin);
        if (isfinite(value) && value != 0) self->signal[self->wiring->drives[b][i]] = value;
    }
}

static size_t count_unknown(const sizes_t *self)
{
    size_t n = 0;
    for (size_t x = 0; x < self->blocks->n_states; x++) n += self->size[x] == 0;
    return n;
}

const double *ost_scales_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_population_t *population,
    const ost_wiring_t *wiring, const ost_doses_t *doses, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n_reads = 0;
    for (size_t b = 0; b < blocks->n; b++)
        n_reads = blocks->block[b].model->n_reads > n_reads ? blocks->block[b].model->n_reads : n_reads;
    sizes_t self = { e, blocks, wiring, doses, population,
        .params = ost_maker_list(make, blocks->n_params, sizeof(double)),
        .size = ost_maker_list(make, blocks->n_states, sizeof(double)),
        .signal = ost_maker_list(make, wiring->n_signals, sizeof(double)),
        .reads = ost_maker_list(make, n_reads, sizeof(double)) };
    double *covariates = ost_maker_list(make, e->n_covariates, sizeof(double));
    if (make->err.code != 0) return NULL;
    find_params(&self, covariates);
    begin(&self);
    /* each round reaches the states behind those of the one before, in any order of blocks */
    for (size_t n_still = 0, n = count_unknown(&self); n > 0 && n_still <= blocks->n;) {
        for (size_t b = 0; b < blocks->n; b++) look(&self, b);
        size_t n_left = count_unknown(&self);
        n_still = n_left < n ? 0 : n_still + 1;
        n = n_left;
    }
    for (size_t b = 0; b < blocks->n; b++)
        for (size_t i = 0; i < blocks->block[b].model->n_states; i++) {
            double *size = &self.size[blocks->block[b].first_state + i];
            double unit = blocks->block[b].model->states[i].scale;
            if (is_open(&self, b, i) && (*size == 0 || (unit >= 1e-3 * *size && unit <= 2 * *size))) *size = unit;
        }
    return self.size;
}
