/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key events; gives a table of events, the people of its IDs, and a regimen line for each compartment. */
#include "core/vocabulary.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void read_unit(ost_yaml_t *tree, const ost_yaml_node_t *node, char **text, ost_unit_t *unit)
{
    ost_field_text(tree, node, text);
    if (tree->code == 0) ost_yaml_locate(tree, node, ost_unit_parse(unit, *text, tree->err));
}

/* "drug.state", or "drug" alone. */
static void read_into(ost_compartment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    ost_field_text(tree, node, &self->drug);
    char *dot = self->drug != NULL ? strchr(self->drug, '.') : NULL;
    if (dot == NULL) return;
    if (dot == self->drug || dot[1] == '\0')
        ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "'%.60s' is not a model and its state, as in DRUG.depot", node->text);
    *dot = '\0';
    self->compartment = ost_yaml_copy(tree, dot + 1);
}

/* @param first  those before it */
static void read_compartment(
    ost_compartment_t *self, const ost_compartment_t *first, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const bool is_map = node->kind == OST_YAML_MAPPING;
    self->cmt = ost_yaml_copy(tree, node->key);
    self->at = node->key_at;
    self->bioavailability.value = 1;
    self->rate.value = ost_yaml_get(node, "rate") != NULL ? 0 : NAN;
    self->duration.value = ost_yaml_get(node, "duration") != NULL ? 0 : NAN;
    for (; first < self && self->cmt != NULL && first->cmt != NULL; first++) {
        char *end[2];
        const double number[] = { strtod(first->cmt, &end[0]), strtod(self->cmt, &end[1]) };
        if (*end[0] == '\0' && *end[1] == '\0' && number[0] == number[1])
            ost_yaml_fail_key(
                tree, node, OST_ERR_VALUE, "'%.40s' maps CMT %s again; expected each once", node->key, first->cmt);
    }
    read_into(self, tree, is_map ? ost_yaml_get(node, "into") : node);
}

static void read_covariate(ost_event_covariate_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const bool is_map = node->kind == OST_YAML_MAPPING;
    const ost_yaml_node_t *unit = is_map ? ost_yaml_get(node, "unit") : node;
    int how = OST_INTERPOLATION_NONE;
    self->at = node->key_at;
    ost_field_key(tree, node, false, &self->name);
    if (unit == NULL) ost_yaml_fail(tree, node, OST_ERR_NAME, "'unit' is missing here: a unit such as kg, or 1");
    self->column = ost_yaml_copy(tree, node->key);
    ost_field_text(tree, ost_yaml_get(node, "column"), &self->column);
    read_unit(tree, unit, &self->unit_text, &self->unit);
    ost_field_choice(tree, ost_yaml_get(node, "interpolation"), ost_interpolation_names, OST_INTERPOLATION_NONE, &how);
    self->interpolation = (ost_interpolation_t) how;
}

static void read_map(ost_events_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *cmt = ost_yaml_get(node, "cmt"), *covariates = ost_yaml_get(node, "covariates");
    if (cmt->n_members == 0)
        ost_yaml_fail(tree, cmt, OST_ERR_SYNTAX, "at least one number or word is needed, as in '1: DRUG.depot'");
    self->compartments = ost_yaml_list(tree, cmt, sizeof(*self->compartments), &self->n_compartments);
    for (size_t i = 0; i < self->n_compartments; i++)
        read_compartment(&self->compartments[i], self->compartments, tree, &cmt->members[i]);
    self->covariates = ost_yaml_list(tree, covariates, sizeof(*self->covariates), &self->n_covariates);
    for (size_t i = 0; i < self->n_covariates; i++) read_covariate(&self->covariates[i], tree, &covariates->members[i]);
}

void ost_experiment_event_table(ost_experiment_t *self, ost_yaml_t *tree, const ost_people_source_t *given)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "events"), *time = ost_yaml_get(node, "time"),
                          *population = ost_yaml_get(&tree->root, "population"),
                          *people = ost_yaml_get(population, "people"), *enroll = ost_yaml_get(population, "enroll");
    ost_events_t *events = &self->events;
    if (node == NULL) return;
    if (people != NULL || enroll != NULL)
        ost_yaml_fail(tree, people != NULL ? people : enroll, OST_ERR_VALUE,
            "subjects are the IDs of 'events.table' here; their covariates are columns of it, under "
            "'events.covariates'");
    events->is_given = true;
    read_unit(tree, time, &events->time_text, &events->time);
    if (!ost_dim_equal(events->time.dim, ost_dim_time))
        ost_yaml_fail(tree, time, OST_ERR_UNIT, "'%.40s' is not a unit of time, as hour or day are", events->time_text);
    read_unit(tree, ost_yaml_get(node, "amount"), &events->amount_text, &events->amount);
    read_map(events, tree, node);
    ost_experiment_rows(self, tree, ost_yaml_get(node, "table"), ost_yaml_get(node, "ignore"), NULL, given, true);
}

/* A formula of a compartment. */
static void read_formula(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim,
    const char *example, ost_event_formula_t *out)
{
    ost_experiment_own_of_row(self, tree, node, dim, example, &out->value, &out->formula);
    if (node != NULL && out->formula == NULL && !(out->value >= 0))
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.40s' is negative", node->text);
}

static void read_formulas(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *cmt = ost_yaml_get(ost_yaml_get(&tree->root, "events"), "cmt");
    const ost_dim_t rate = ost_dim_div(self->events.amount.dim, ost_dim_time);
    for (size_t i = 0; i < self->events.n_compartments; i++) {
        ost_compartment_t *c = &self->events.compartments[i];
        const ost_yaml_node_t *node = &cmt->members[i], *share = ost_yaml_get(node, "bioavailability");
        read_formula(self, tree, ost_yaml_get(node, "lag"), ost_dim_time, "2 hour", &c->lag);
        read_formula(self, tree, share, ost_dim_none, "80 %", &c->bioavailability);
        if (c->bioavailability.formula == NULL && c->bioavailability.value > 1)
            ost_yaml_fail(tree, share, OST_ERR_VALUE,
                "bioavailability is %.10g %%; expected at most 100 %%, as in '80 %%'", 100 * c->bioavailability.value);
        read_formula(self, tree, ost_yaml_get(node, "duration"), ost_dim_time, "2 hour", &c->duration);
        read_formula(self, tree, ost_yaml_get(node, "rate"), rate, "10 mg/h", &c->rate);
    }
}

/* Lines that stand for doses of rows, in an arm. */
static void add_lines(ost_experiment_t *self, ost_yaml_t *tree, ost_arm_t *arm)
{
    const ost_events_t *events = &self->events;
    const size_t n = arm->n_regimens + events->n_compartments;
    ost_regimen_t *lines = ost_yaml_items(tree, n, sizeof(*lines));
    if (lines == NULL) return;
    memcpy(lines, arm->regimens, arm->n_regimens * sizeof(*lines));
    arm->regimens = lines;
    for (size_t i = 0; i < events->n_compartments; i++) {
        const ost_compartment_t *from = &events->compartments[i];
        ost_regimen_t *line = &lines[arm->n_regimens++];
        *line = (ost_regimen_t){ .drug = ost_yaml_copy(tree, from->drug),
            .compartment = from->compartment != NULL ? ost_yaml_copy(tree, from->compartment) : NULL,
            .amount = from->largest,
            .dim = events->amount.dim,
            .start = INFINITY,
            .stop = INFINITY,
            .duration = from->has_infusion ? 1 : 0,
            .location = from->at,
            .rows_of = (int32_t) i + 1 };
        for (size_t row = 0; row < events->n_rows; row++) line->start = fmin(line->start, events->rows[row].t);
    }
}

/* The arm that the rows act in; "all" of them, unless an arm has that name. Of several it must be said. */
static void read_arm(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *events)
{
    static const char all[] = "all";
    const ost_yaml_node_t *node = ost_yaml_get(events, "arm");
    bool is_arm = false;
    for (size_t a = 0; a < self->n_arms; a++) is_arm = is_arm || strcmp(self->arms[a].name, all) == 0;
    if (node != NULL && node->kind == OST_YAML_SCALAR && strcmp(node->text, all) == 0 && !is_arm) return;
    ost_experiment_arm(self, tree, node, &self->events.arm);
    if (node != NULL || self->n_arms == 1) return;
    char list[OST_WORDS_SIZE];
    const char **names = ost_experiment_arm_names(self, tree);
    if (names != NULL)
        ost_yaml_fail(tree, events, OST_ERR_NAME,
            "'arm' is missing here: which of the arms the rows act in, %s, or all",
            ost_words_join(names, self->n_arms, list));
}

void ost_experiment_events(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "events");
    if (node == NULL || tree->code != 0) return;
    read_arm(self, tree, node);
    read_formulas(self, tree);
    for (size_t a = 0; a < self->n_arms && tree->code == 0; a++)
        if (self->events.arm == NULL || strcmp(self->events.arm, self->arms[a].name) == 0)
            add_lines(self, tree, &self->arms[a]);
}
