/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The equations of a plan at one point: its right side against formulas written out by hand, its derivatives, inputs
 * that are held or wait for a first dose, outputs. */
#include "core/lanes.h"
#include "plan/system.h"
#include "small_models.h"

/* The system at one point in all lanes, with memory of its own for every row. */
typedef struct {
    const ost_system_t *system;
    ost_point_t at;
    double *t, *x, *p, *u, *mode, *scratch, *out;
} point_t;

static double *rows_new(size_t n)
{
    double *rows = aligned_alloc(64, (n + 1) * OST_LANES * sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    for (size_t i = 0; i < (n + 1) * OST_LANES; i++) rows[i] = 0;
    return rows;
}

/* Typical parameters and idle inputs in all lanes; states at their initial values. */
static void point_init(point_t *self, const ost_plan_t *plan)
{
    const ost_system_t *s = plan->system;
    size_t n_out = s->n_entries + s->n_states + s->n_outputs;
    *self = (point_t){ .system = s,
        .t = rows_new(1),
        .x = rows_new(s->n_states),
        .p = rows_new(s->n_constants),
        .u = rows_new(s->n_inputs),
        .mode = rows_new(s->n_switches),
        .scratch = rows_new(s->n_scratch),
        .out = rows_new(n_out) };
    self->at = (ost_point_t){
        .t = self->t, .x = self->x, .p = self->p, .u = self->u, .mode = self->mode, .scratch = self->scratch
    };
    double *params = rows_new(plan->blocks->n_params);
    for (size_t i = 0; i < plan->blocks->n_params; i++)
        for (int l = 0; l < OST_LANES; l++) params[i * OST_LANES + (size_t) l] = plan->population->params[i].typical;
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_lane_block_t *block = &((const ost_lane_plan_t *) plan->system->self)->blocks[b];
        block->kernel->prepare(block->kernel, params + plan->blocks->block[b].first_param * OST_LANES,
            self->p + block->first_hoisted * OST_LANES, self->x + block->first_state * OST_LANES, self->scratch);
    }
    for (size_t i = 0; i < s->n_inputs; i++)
        for (int l = 0; l < OST_LANES; l++) self->u[i * OST_LANES + (size_t) l] = plan->inputs->idle[i];
    free(params);
}

static void point_free(point_t *self)
{
    free(self->t);
    free(self->x);
    free(self->p);
    free(self->u);
    free(self->mode);
    free(self->scratch);
    free(self->out);
}

static void set(double *rows, size_t i, double value)
{
    for (int l = 0; l < OST_LANES; l++) rows[i * OST_LANES + (size_t) l] = value;
}

static double *rhs(point_t *self)
{
    self->system->rhs(self->system->self, &self->at, self->out);
    return self->out;
}

/* No block is held. */
static void release(point_t *self, const ost_plan_t *plan)
{
    for (size_t b = 0; b < plan->blocks->n; b++)
        if (plan->inputs->hold[b] >= 0) set(self->u, (size_t) plan->inputs->hold[b], 0);
}

static void test_layout(void)
{
    study_t s;
    full_study(&s);
    const ost_plan_t *plan = &s.plan;
    const ost_system_t *sys = plan->system;
    CU_ASSERT_EQUAL(plan->blocks->n, 6);
    CU_ASSERT_EQUAL(sys->n_states, 3 + 1 + 1 + 1 + 2 + 1);
    CU_ASSERT_EQUAL(plan->blocks->n_drives, 0 + 1 + 1 + 1 + 2 + 2);
    /* rows of their own: share (two drivers and an input), load (two drivers); the rest are aliases */
    CU_ASSERT_EQUAL(sys->n_algebraic, plan->blocks->n_drives + 2);
    CU_ASSERT_EQUAL(plan->wiring->n_signals, 5);
    CU_ASSERT_STRING_EQUAL(sys->state_names[state_index(plan, "bone.M[hip]")], "bone.M[hip]");
    ost_assert_close(sys->scale[state_index(plan, "axis.E")], 10, 0, 0);
    CU_ASSERT_TRUE(sys->positive[state_index(plan, "bone.C")]);
    CU_ASSERT_FALSE(sys->positive[state_index(plan, "source.S")]);
    /* each place of the Jacobian once, and within bounds */
    size_t n = sys->n_states + sys->n_algebraic;
    for (size_t i = 0; i < sys->n_entries; i++) {
        CU_ASSERT(sys->row[i] < n && sys->col[i] <= n);
        for (size_t k = 0; k < i; k++) CU_ASSERT_FALSE(sys->row[i] == sys->row[k] && sys->col[i] == sys->col[k]);
    }
    /* a signal is evaluated after those that its drivers use */
    int level = -1, tone = -1, load = -1;
    for (int i = 0; i < (int) plan->wiring->n_signals; i++) {
        if (strcmp(plan->wiring->signals[i].signal.name, "level") == 0) level = i;
        if (strcmp(plan->wiring->signals[i].signal.name, "tone") == 0) tone = i;
        if (strcmp(plan->wiring->signals[i].signal.name, "load") == 0) load = i;
    }
    CU_ASSERT(tone >= 0 && load >= 0 && level > tone && level > load);
    study_free(&s);
}

/* The right side against formulas written out by hand, other values in each lane. */
static void test_rhs(void)
{
    study_t s;
    point_t p;
    full_study(&s);
    const ost_plan_t *plan = &s.plan;
    point_init(&p, plan);
    release(&p, plan);
    size_t body = state_index(plan, "pill.body"), skin = state_index(plan, "patch.skin");
    size_t e = state_index(plan, "axis.E"), c = state_index(plan, "bone.C"), w = state_index(plan, "relay.W");
    size_t tone = state_index(plan, "source.S"), share_input = 0;
    for (size_t i = 0; i < plan->wiring->n_signals; i++)
        if (plan->inputs->outside[i] >= 0) share_input = (size_t) plan->inputs->outside[i];
    for (size_t l = 0; l < OST_LANES; l++) {
        double z = (double) l;
        p.x[body * OST_LANES + l] = 1 + z;
        p.x[skin * OST_LANES + l] = 7 - 0.5 * z;
        p.x[tone * OST_LANES + l] = 0.1 * z - 0.3;
        p.u[share_input * OST_LANES + l] = 0.1 * z;
        p.t[l] = 3 * z;
    }
    const double *f = rhs(&p);
    for (size_t l = 0; l < OST_LANES; l++) {
        double z = (double) l, a = (1 + z) / (3 + z), sk = 7 - 0.5 * z, b = 0.5 * sk / (5 + sk);
        double share = 1 - (1 - a) * (1 - b) * (1 - 0.1 * z), load = (1 + z) / 2 + sk / 5;
        double t = (0.1 * z - 0.3) * exp(-3 * z / 50), level = 2 + t * t + 0.1 * load + 1;
        ost_assert_close(f[e * OST_LANES + l], 20 * (1 - share) - 20, 1e-13, 1e-13);
        ost_assert_close(f[w * OST_LANES + l], 0.3 * t, 1e-13, 1e-15);
        ost_assert_close(f[c * OST_LANES + l], 0.1 * (20.0 / 30 - (0.8 + load / (1 + load) * level) + 0.01), 1e-13, 0);
        ost_assert_close(f[body * OST_LANES + l], -0.5 * (1 + z), 1e-14, 0);
    }
    point_free(&p);
    study_free(&s);
}

/* Solve a x = b in place, n by n with m right sides, by elimination with row exchanges. */
static void dense_solve(double *a, double *b, size_t n, size_t m)
{
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k])) pivot = i;
        for (size_t j = 0; j < n && pivot != k; j++) {
            double swap = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = swap;
        }
        for (size_t j = 0; j < m && pivot != k; j++) {
            double swap = b[k * m + j];
            b[k * m + j] = b[pivot * m + j];
            b[pivot * m + j] = swap;
        }
        for (size_t i = 0; i < n; i++) {
            if (i == k) continue;
            double factor = a[i * n + k] / a[k * n + k];
            for (size_t j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
            for (size_t j = 0; j < m; j++) b[i * m + j] -= factor * b[k * m + j];
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) b[i * m + j] /= a[i * n + i];
}

/* With the signals eliminated, the entries must give the derivative of the right side by every state and by time. */
static void check_chain_rule(point_t *p, size_t lane)
{
    const ost_system_t *s = p->system;
    size_t nx = s->n_states, na = s->n_algebraic, n = nx + na;
    double *entries = rows_new(s->n_entries), *j = rows_new((n * (n + 1)) / OST_LANES + 1);
    double *a = rows_new(na * na / OST_LANES + 1), *b = rows_new(na * (nx + 1) / OST_LANES + 1);
    double *plus = rows_new(nx);
    s->jacobian(s->self, &p->at, p->out, entries);
    for (size_t i = 0; i < s->n_entries; i++) j[s->row[i] * (n + 1) + s->col[i]] = entries[i * OST_LANES + lane];
    for (size_t r = 0; r < na; r++) {
        for (size_t k = 0; k < na; k++) a[r * na + k] = (r == k) - j[(nx + r) * (n + 1) + nx + k];
        for (size_t k = 0; k < nx; k++) b[r * (nx + 1) + k] = j[(nx + r) * (n + 1) + k];
        b[r * (nx + 1) + nx] = j[(nx + r) * (n + 1) + n];
    }
    dense_solve(a, b, na, nx + 1);
    for (size_t k = 0; k <= nx; k++) {
        double *x = k < nx ? &p->x[k * OST_LANES + lane] : &p->t[lane], old = *x, h = 1e-5 * fmax(1, fabs(old));
        *x = old + h;
        memcpy(plus, rhs(p), nx * OST_LANES * sizeof(double));
        *x = old - h;
        const double *minus = rhs(p);
        *x = old;
        for (size_t r = 0; r < nx; r++) {
            double exact = j[r * (n + 1) + (k < nx ? k : n)];
            for (size_t i = 0; i < na; i++) exact += j[r * (n + 1) + nx + i] * b[i * (nx + 1) + k];
            double slope = (plus[r * OST_LANES + lane] - minus[r * OST_LANES + lane]) / (2 * h);
            ost_assert_close(exact, slope, 1e-7, 1e-8);
        }
    }
    free(entries);
    free(j);
    free(a);
    free(b);
    free(plus);
}

/* Sixty days of a daily pill in the second arm, averaged. */
static void study_on_pill(study_t *s)
{
    STUDY(s, "bone", "axis", "relay", "source");
    s->e.n_arms = 2;
    s->e.dosing = OST_DOSING_PERIODIC;
    give(s, 1, doses("pill", 4, 1, 0, 60));
}

/* An averaged drive is a function of time: its entries times the rates of the states are its own rate. */
static void test_ripple_in_time(void)
{
    study_t s;
    point_t p;
    study_on_pill(&s);
    must_plan(&s);
    point_init(&p, &s.plan);
    release(&p, &s.plan);
    const ost_system_t *system = s.plan.system;
    size_t b = (size_t) ost_blocks_find(s.plan.blocks, "pill"), first = s.plan.blocks->block[b].first_state;
    size_t n = s.plan.blocks->block[b].model->n_states, ripple = (size_t) s.plan.inputs->ripple[b];
    size_t drive = s.plan.blocks->block[b].first_drive, mean = s.plan.layout->integral[b];
    CU_ASSERT_FATAL(s.plan.inputs->ripple[b] >= 0);
    for (size_t i = 0; i < OST_RIPPLE_LEVELS(n); i++) set(p.u, ripple + i, 1 + 0.1 * (double) (i * i % 7));
    double *entries = rows_new(system->n_entries), rate[OST_LINEAR_MAX], slope = 0, exact = 0, once = 0, h = 1e-4;
    for (size_t i = 0; i < n; i++) set(p.x, first + i, 2 + (double) i);
    system->jacobian(system->self, &p.at, p.out, entries);
    once = p.out[mean * OST_LANES];
    for (size_t i = 0; i < n; i++) rate[i] = p.out[(first + i) * OST_LANES];
    for (size_t e = 0; e < system->n_entries; e++)
        if (system->row[e] == system->n_states + drive && system->col[e] < system->n_states)
            exact += entries[e * OST_LANES] * rate[system->col[e] - first];
    for (int side = 1; side >= -1; side -= 2) {
        for (size_t i = 0; i < n; i++) set(p.x, first + i, 2 + (double) i + side * h * rate[i]);
        slope += side * rhs(&p)[mean * OST_LANES] / (2 * h);
    }
    ost_assert_close(exact, slope, 1e-6, 0);
    set(p.u, ripple, 0);
    for (size_t i = 0; i < n; i++) set(p.x, first + i, 2 + (double) i);
    CU_ASSERT(fabs(rhs(&p)[mean * OST_LANES] / once - 1) > 1e-3);
    free(entries);
    point_free(&p);
    study_free(&s);
}

/* Rates of drives that are held at two levels are the mean of those at each, in the lanes where they are, and others do
 * not notice. */
static void test_two_levels(void)
{
    study_t s;
    point_t p;
    study_on_pill(&s);
    must_plan(&s);
    point_init(&p, &s.plan);
    const size_t b = (size_t) ost_blocks_find(s.plan.blocks, "pill"), n = s.plan.system->n_states * OST_LANES;
    const size_t hold = (size_t) s.plan.inputs->hold[b], level = (size_t) s.plan.inputs->level[b];
    const size_t n_drives = s.plan.blocks->block[b].model->n_drives;
    double *high = rows_new(s.plan.system->n_states), *mean = rows_new(s.plan.system->n_states), differs = 0;
    for (size_t i = 0; i < n; i++) p.x[i] += 0.5 + 0.03 * (double) (i % 5);
    set(p.u, hold, 1);
    for (size_t d = 0; d < n_drives; d++) set(p.u, hold + 1 + d, 0.7);
    memcpy(high, rhs(&p), n * sizeof(double));
    for (size_t d = 0; d < n_drives; d++) set(p.u, hold + 1 + d, 0.1);
    memcpy(mean, rhs(&p), n * sizeof(double));
    for (size_t i = 0; i < n; i++) mean[i] = 0.5 * (mean[i] + high[i]);
    for (size_t d = 0; d < n_drives; d++) set(p.u, hold + 1 + d, 0.4);
    memcpy(high, rhs(&p), n * sizeof(double));
    for (size_t d = 0; d < n_drives; d++) set(p.u, level + d, 0.3);
    for (size_t l = 4; l < OST_LANES; l++) p.u[(size_t) s.plan.inputs->levels * OST_LANES + l] = 1;
    const double *f = rhs(&p);
    for (size_t i = 0; i < n; i++) {
        ost_assert_close(f[i], i % OST_LANES < 4 ? high[i] : mean[i], 0, i % OST_LANES < 4 ? 0 : 1e-12);
        differs = fmax(differs, fabs(mean[i] - high[i]));
    }
    CU_ASSERT(differs > 1e-3);
    free(high);
    free(mean);
    point_free(&p);
    study_free(&s);
}

static void test_chain_rule(void)
{
    study_t s;
    point_t p;
    study_on_pill(&s);
    give(&s, 1, doses("patch", 10, 30, 5, 100));
    drive(&s, 1, "share", 0.25, "1", 40, 50);
    must_plan(&s);
    CU_ASSERT_EQUAL(s.plan.timeline->arms[1].n_repeats, 1);
    CU_ASSERT_EQUAL(s.plan.system->n_states, 9 + 2); /* integrals of what the pill drives */
    point_init(&p, &s.plan);
    release(&p, &s.plan);
    for (size_t l = 0; l < OST_LANES; l++) {
        p.t[l] = 10;
        for (size_t i = 0; i < s.plan.system->n_states; i++)
            p.x[i * OST_LANES + l] += 0.5 + 0.1 * (double) l + 0.03 * (double) i;
    }
    /* pill held in some lanes at given means */
    size_t hold = (size_t) s.plan.inputs->hold[ost_blocks_find(s.plan.blocks, "pill")];
    for (size_t l = 4; l < OST_LANES; l++) {
        p.u[hold * OST_LANES + l] = 1;
        p.u[(hold + 1) * OST_LANES + l] = 0.4;
        p.u[(hold + 2) * OST_LANES + l] = 0.7;
    }
    check_chain_rule(&p, 0);
    check_chain_rule(&p, 3);
    check_chain_rule(&p, 6);
    /* and in all lanes, where its kernel is not called at all */
    for (size_t l = 0; l < OST_LANES; l++) p.u[hold * OST_LANES + l] = 1;
    check_chain_rule(&p, 1);
    point_free(&p);
    study_free(&s);
}

static void test_held(void)
{
    study_t s;
    point_t p;
    full_study(&s);
    point_init(&p, &s.plan);
    release(&p, &s.plan);
    size_t hold = (size_t) s.plan.inputs->hold[ost_blocks_find(s.plan.blocks, "pill")];
    size_t gut = state_index(&s.plan, "pill.gut"), body = state_index(&s.plan, "pill.body");
    size_t e = state_index(&s.plan, "axis.E");
    set(p.x, gut, 1);
    set(p.x, body, 2);
    set(p.u, hold + 1, 0.75);
    p.u[hold * OST_LANES + 2] = 1;
    p.x[gut * OST_LANES + 2] = NAN; /* states of a held block must not matter */
    const double *f = rhs(&p);
    ost_assert_close(f[gut * OST_LANES + 1], -3, 0, 0);
    ost_assert_close(f[gut * OST_LANES + 2], 0, 0, 0);
    ost_assert_close(f[body * OST_LANES + 2], 0, 0, 0);
    ost_assert_close(f[e * OST_LANES + 1], 20 * 0.5 - 20, 1e-14, 0);
    ost_assert_close(f[e * OST_LANES + 2], 20 * 0.25 - 20, 1e-14, 0);
    point_free(&p);
    study_free(&s);
}

/* A drug is inactive until its first dose, and throughout in the arm without it. */
static void test_inactive(void)
{
    study_t s;
    full_study(&s);
    const ost_plan_t *plan = &s.plan;
    CU_ASSERT_EQUAL(plan->timeline->arms[0].n_events, 0);
    int32_t pill = plan->inputs->hold[ost_blocks_find(plan->blocks, "pill")];
    int32_t patch = plan->inputs->hold[ost_blocks_find(plan->blocks, "patch")];
    CU_ASSERT(pill >= 0 && patch >= 0 && plan->inputs->hold[0] == -1);
    ost_assert_close(plan->inputs->idle[pill], 1, 0, 0);
    const ost_event_t *e = plan->timeline->arms[1].events;
    CU_ASSERT(e[0].t == 0 && e[0].kind == OST_EVENT_SET_INPUT && e[0].index == (uint32_t) pill && e[0].amount == 0);
    CU_ASSERT(e[1].t == 0 && e[1].kind == OST_EVENT_ADD_STATE && e[1].amount == 4);
    size_t woken = 0;
    for (size_t i = 0; i < plan->timeline->arms[1].n_events; i++) {
        if (e[i].kind != OST_EVENT_SET_INPUT || e[i].index != (uint32_t) patch) continue;
        ost_assert_close(e[i].t, 5, 0, 0);
        CU_ASSERT(e[i + 1].kind == OST_EVENT_ADD_STATE || e[i + 1].t == 5);
        woken++;
    }
    CU_ASSERT_EQUAL(woken, 1);
    study_free(&s);
}

static void test_never_held(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "tide", "leftover");
    must_plan(&s);
    CU_ASSERT_EQUAL(s.plan.inputs->hold[2], -1); /* time enters its equation */
    CU_ASSERT(s.plan.inputs->hold[3] >= 0);      /* subject by subject, see the cohort */
    study_free(&s);
}

static void test_outputs(void)
{
    study_t s;
    point_t p;
    STUDY(&s, "pill", "bone", "axis");
    char *wanted[] = { text("hormone"), text("bmd"), text("pill_amount") };
    s.e.outputs = wanted;
    s.e.n_outputs = 3;
    must_plan(&s);
    const ost_plan_t *plan = &s.plan;
    CU_ASSERT_EQUAL(plan->system->n_outputs, 4);
    CU_ASSERT_EQUAL_FATAL(plan->outputs->n_variables, 3);
    CU_ASSERT_STRING_EQUAL(plan->outputs->variables[1].name, "bmd");
    CU_ASSERT_EQUAL(plan->outputs->variables[1].n_elements, 2);
    CU_ASSERT_STRING_EQUAL(plan->outputs->variables[1].index_set->elements[1], "hip");
    ost_assert_close(plan->outputs->variables[2].factor, 1e-3, 1e-15, 0);
    point_init(&p, plan);
    set(p.x, state_index(plan, "pill.body"), 3);
    set(p.x, state_index(plan, "bone.M[spine]"), 0.7);
    set(p.x, state_index(plan, "bone.M[hip]"), 0.9);
    set(p.x, state_index(plan, "axis.E"), 12);
    plan->system->outputs(plan->system->self, &p.at, p.out);
    ost_assert_close(p.out[output_row(plan, "bmd", 0) * OST_LANES], 0.7 * unit_of("g/cm2").factor, 1e-15, 0);
    ost_assert_close(p.out[output_row(plan, "bmd", 1) * OST_LANES + 7], 0.9 * unit_of("g/cm2").factor, 1e-15, 0);
    ost_assert_close(p.out[output_row(plan, "hormone", 0) * OST_LANES], 12, 1e-15, 0);
    ost_assert_close(p.out[output_row(plan, "pill_amount", 0) * OST_LANES], 3, 1e-15, 0);
    point_free(&p);
    study_free(&s);
}

static const ost_test_t tests[] = {
    { "layout", test_layout },
    { "rhs", test_rhs },
    { "chain_rule", test_chain_rule },
    { "ripple_in_time", test_ripple_in_time },
    { "two_levels", test_two_levels },
    { "held", test_held },
    { "inactive", test_inactive },
    { "never_held", test_never_held },
    { "outputs", test_outputs },
};

OST_TEST_MAIN("system", tests)
