/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See identity.h. Takes a plan, gives facts as texts, and compares them with those of an earlier run. */
#include "journal/identity.h"

#include "core/text.h"
#include "core/vocabulary.h"
#include "lang/model_impl.h"
#include "osteon/version.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void ost_identity_add(ost_identity_t *self, ost_fact_kind_t kind, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const ost_fact_t fact = { kind, ost_memory_text(&self->memory, name, strlen(name)),
        ost_memory_print(&self->memory, fmt, args) };
    va_end(args);
    ost_fact_t *facts = ost_memory_grow(&self->memory, self->facts, self->n, sizeof(*facts));
    if (facts == NULL || fact.name == NULL || fact.text == NULL) return;
    self->facts = facts;
    facts[self->n++] = fact;
}

void ost_identity_text(ost_identity_t *self, const char *name, const char *text)
{
    if (text != NULL) ost_identity_add(self, OST_FACT_TEXT, name, "%s", text);
}

void ost_identity_lines(ost_identity_t *self, const char *name, const ost_text_list_t *lines)
{
    char *text = ost_text_join((const char *const *) lines->items, lines->n, "\n");
    self->memory.failed |= text == NULL;
    ost_identity_text(self, name, text);
    free(text);
}

/* One line a model: name, kind, fingerprint of its programs, where it came from. */
static void add_models(ost_identity_t *self, const ost_plan_t *plan)
{
    ost_text_list_t lines = { 0 };
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        self->memory.failed |= ost_text_list_add(&lines, "%s %s %016" PRIx64 " %s", model->name,
                                   ost_model_kind_words[model->kind], model->impl->fingerprint, model->path) < 0;
    }
    ost_identity_lines(self, "models", &lines);
    ost_text_list_free(&lines);
}

static void add_own_models(ost_identity_t *self, const ost_plan_t *plan)
{
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        char name[OST_MODEL_TEXT_SIZE];
        snprintf(name, sizeof(name), OST_MODEL_TEXT, model->name);
        ost_identity_text(self, name, model->impl->text);
    }
}

int ost_identity_init(ost_identity_t *self, const ost_plan_t *plan, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    const ost_solver_options_t *solver = &e->solver;
    *self = (ost_identity_t){ 0 };
    ost_identity_text(self, "Conventions", "CF-1.10");
    ost_identity_text(self, "title", e->title);
    ost_identity_text(self, "source", "osteon " OST_VERSION);
    ost_identity_text(self, "osteon_version", OST_VERSION);
    ost_identity_text(self, OST_SOURCES_FACT, ost_sources);
    ost_identity_text(self, "name", e->name);
    ost_identity_text(self, "experiment", e->text);
    ost_identity_text(self, "experiment_path", e->path);
    ost_identity_lines(self, "overrides", &(ost_text_list_t){ e->overrides, e->n_overrides });
    add_models(self, plan);
    ost_identity_text(self, "isa", ost_isa_name(solver->isa));
    ost_identity_text(self, "stepper", ost_stepper_name(solver->stepper));
    ost_identity_text(self, "dosing", ost_dosing_name(e->dosing));
    ost_identity_text(self, "sampling", e->sampling == OST_SAMPLING_RANDOM ? "random" : "latin_hypercube");
    ost_identity_text(self, OST_RESULTS_KEEP, e->keep != OST_KEEP_SUBJECTS ? ost_keep_words[e->keep] : NULL);
    ost_identity_text(self, OST_PEOPLE_PATH, e->people.path);
    ost_identity_text(self, OST_PEOPLE_TEXT, e->people.path != NULL ? e->people.text : NULL);
    ost_identity_text(self, OST_POPULATION, e->population);
    ost_identity_text(self, OST_POPULATION_TEXT, e->population != NULL ? e->population_text : NULL);
    ost_identity_add(self, OST_FACT_COUNT, "osteon_format", "%d", OST_RESULTS_FORMAT);
    ost_identity_add(self, OST_FACT_COUNT, "seed", "%" PRIu64, e->seed);
    ost_identity_add(self, OST_FACT_COUNT, "n_subjects", "%" PRIu64, e->n_subjects);
    ost_identity_add(self, OST_FACT_COUNT, "first_subject", "%" PRIu64, e->first_subject);
    ost_identity_add(self, OST_FACT_COUNT, "max_steps", "%" PRIu64, solver->max_steps);
    ost_identity_add(self, OST_FACT_NUMBER, "rtol", "%.17g", solver->rtol);
    ost_identity_add(self, OST_FACT_NUMBER, "atol_factor", "%.17g", solver->atol_factor);
    ost_identity_add(self, OST_FACT_NUMBER, "h_max", "%.17g", solver->h_max);
    ost_identity_add(self, OST_FACT_NUMBER, "h_min", "%.17g", solver->h_min);
    add_own_models(self, plan);
    return self->memory.failed ? ost_no_memory(err) : 0;
}

int ost_identity_add_sweep(ost_identity_t *self, const ost_sweep_t *sweep, ost_error_t *err)
{
    const ost_design_t *design = sweep->design;
    ost_identity_text(self, OST_SWEEP_DESIGN, ost_design_words[design->kind]);
    ost_identity_lines(self, OST_SWEEP_VARY, &design->vary);
    ost_identity_add(self, OST_FACT_COUNT, OST_SWEEP_POINTS, "%zu", design->n_points);
    ost_identity_add(self, OST_FACT_COUNT, OST_SWEEP_SEED, "%" PRIu64, design->seed);
    if (design->n_drawn > 0 && design->kind != OST_DESIGN_DRAWS)
        ost_identity_add(self, OST_FACT_COUNT, OST_SWEEP_DRAWN, "%zu", design->n_drawn);
    ost_identity_text(self, OST_SWEEP_KEEP, ost_keep_words[sweep->keep]);
    return self->memory.failed ? ost_no_memory(err) : 0;
}

const char *ost_identity_get(const ost_identity_t *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++)
        if (strcmp(self->facts[i].name, name) == 0) return self->facts[i].text;
    return NULL;
}

/* Append the lines of `more` that a text lacks. @return owned by the caller, NULL: out of memory */
static char *join_lines(const char *text, const char *more)
{
    ost_text_list_t lines = { 0 }, others = { 0 };
    int ret = ost_text_list_split(&lines, text);
    if (ret == 0) ret = ost_text_list_split(&others, more);
    for (size_t i = 0; i < others.n && ret == 0; i++) {
        const size_t k = ost_words_find((const char *const *) lines.items, lines.n, others.items[i]);
        if (k == lines.n) ret = ost_text_list_add(&lines, "%s", others.items[i]);
    }
    char *joined = ret == 0 ? ost_text_join((const char *const *) lines.items, lines.n, "\n") : NULL;
    ost_text_list_free(&lines);
    ost_text_list_free(&others);
    return joined;
}

int ost_identity_join(ost_identity_t *self, const ost_identity_t *other, ost_error_t *err)
{
    static const char *const lists[] = { "models", OST_COMPARED_MODELS, OST_ARMS_LEFT_OUT };
    for (size_t i = 0; i < other->n; i++) {
        const ost_fact_t *theirs = &other->facts[i];
        const size_t k = ost_words_find(lists, sizeof(lists) / sizeof(lists[0]), theirs->name);
        size_t at = 0;
        while (at < self->n && strcmp(self->facts[at].name, theirs->name) != 0) at++;
        if (at == self->n) {
            ost_identity_add(self, theirs->kind, theirs->name, "%s", theirs->text);
        } else if (k < sizeof(lists) / sizeof(lists[0])) {
            char *joined = join_lines(self->facts[at].text, theirs->text);
            if (joined == NULL) return ost_no_memory(err);
            self->facts[at].text = ost_memory_text(&self->memory, joined, strlen(joined));
            free(joined);
        }
    }
    return self->memory.failed ? ost_no_memory(err) : 0;
}

char *ost_identity_print(const ost_identity_t *self)
{
    size_t size = 1;
    for (size_t i = 0; i < self->n; i++) size += strlen(self->facts[i].name) + 2 * strlen(self->facts[i].text) + 4;
    char *lines = malloc(size), *to = lines;
    if (lines == NULL) return NULL;
    for (size_t i = 0; i < self->n; i++) {
        to += sprintf(to, "%s = ", self->facts[i].name);
        for (const char *c = self->facts[i].text; *c != '\0'; c++) {
            if (*c == '\n' || *c == '\\') *to++ = '\\';
            *to++ = *c == '\n' ? 'n' : *c;
        }
        *to++ = '\n';
    }
    *to = '\0';
    return lines;
}

int ost_identity_read(ost_identity_t *self, const char *lines, size_t size, ost_error_t *err)
{
    *self = (ost_identity_t){ 0 };
    char *copy = strndup(lines, size), *rest = copy, *line;
    int ret = copy == NULL ? ost_no_memory(err) : 0;
    while (ret == 0 && (line = strsep(&rest, "\n")) != NULL && rest != NULL) {
        char *text = strstr(line, " = "), *to;
        if (text == NULL) {
            ret = ost_fail(err, OST_ERR_FORMAT, "a line without ' = '");
            break;
        }
        *text = '\0';
        text += strlen(" = ");
        to = text;
        for (const char *c = text; *c != '\0'; c++) {
            bool is_escape = *c == '\\' && c[1] != '\0';
            c += is_escape;
            *to++ = is_escape && *c == 'n' ? '\n' : *c;
        }
        *to = '\0';
        ost_identity_text(self, line, text);
    }
    free(copy);
    return ret == 0 && self->memory.failed ? ost_no_memory(err) : ret;
}

/* Texts of a user's own models, among those of the fact `models`: "name kind fingerprint path" a line. */
static int find_texts(const ost_identity_t *self, ost_experiment_t *e, ost_error_t *err)
{
    ost_text_list_t lines = { 0 };
    int ret = ost_text_list_split(&lines, ost_identity_get(self, "models"));
    for (size_t i = 0; i < lines.n && ret == 0; i++) {
        char name[OST_NAME_SIZE], fact[OST_MODEL_TEXT_SIZE];
        const char *line = lines.items[i];
        int path_at = 0;
        if (sscanf(line, "%64s %*s %*s %n", name, &path_at) != 1 || path_at == 0 || line[path_at] == '\0') continue;
        snprintf(fact, sizeof(fact), OST_MODEL_TEXT, name);
        const char *text = ost_identity_get(self, fact);
        if (text == NULL) continue;
        ost_experiment_add_text(e, line + path_at, text);
    }
    ost_text_list_free(&lines);
    return ret == 0 && !e->memory.failed ? 0 : ost_no_memory(err);
}

int ost_identity_experiment(const ost_identity_t *self, const char *path, const char *const *overrides,
    size_t n_overrides, ost_experiment_t *experiment, ost_error_t *err)
{
    const char *text = ost_identity_get(self, "experiment"), *isa = ost_identity_get(self, "isa");
    const char *origin = ost_identity_get(self, "experiment_path");
    ost_experiment_texts_t texts = { .people = { .path = ost_identity_get(self, OST_PEOPLE_PATH),
                                         .text = ost_identity_get(self, OST_PEOPLE_TEXT) },
        .population = ost_identity_get(self, OST_POPULATION),
        .population_text = ost_identity_get(self, OST_POPULATION_TEXT) };
    ost_experiment_forget(&texts, overrides, n_overrides);
    ost_text_list_t all = { 0 };
    *experiment = (ost_experiment_t){ 0 };
    if (text == NULL)
        return ost_fail_at(err, OST_ERR_FORMAT, path, 0, 0, "has no attribute 'experiment', so it cannot be repeated");
    int ret = ost_text_list_split(&all, ost_identity_get(self, "overrides"));
    for (size_t i = 0; i < n_overrides && ret == 0; i++) ret = ost_text_list_add(&all, "%s", overrides[i]);
    if (ret < 0) {
        ost_no_memory(err);
    } else {
        ret = ost_experiment_parse_with(
            experiment, origin != NULL ? origin : path, text, &texts, (const char *const *) all.items, all.n, err);
    }
    ost_text_list_free(&all);
    if (ret == 0) ret = find_texts(self, experiment, err);
    if (ret == 0 && isa != NULL && ost_isa_from_name(isa) >= 0)
        experiment->solver.isa = (ost_isa_t) ost_isa_from_name(isa);
    return ret;
}

bool ost_identity_is_foreign(const ost_identity_t *self)
{
    const char *sources = ost_identity_get(self, OST_SOURCES_FACT);
    return sources == NULL || strcmp(sources, ost_sources) != 0;
}

/* A fact in one line: "a=1; b=2" of two lines. @return buf, NULL where it is too long for a message */
static const char *in_one_line(const char *text, char *buf, size_t size)
{
    size_t n = 0;
    for (; *text != '\0' && n + 3 < size; text++) {
        buf[n++] = *text == '\n' ? ';' : *text;
        if (*text == '\n') buf[n++] = ' ';
    }
    buf[n] = '\0';
    return *text == '\0' ? buf : NULL;
}

int ost_identity_compare(
    const ost_identity_t *self, const ost_identity_t *theirs, const char *purpose, const char *path, ost_error_t *err)
{
    for (size_t i = 0; i < self->n; i++) {
        const char *name = self->facts[i].name, *ours = self->facts[i].text, *text = ost_identity_get(theirs, name);
        if (text != NULL && strcmp(text, ours) == 0) continue;
        if (strcmp(name, OST_SOURCES_FACT) == 0)
            return ost_fail_at(err, OST_ERR_VALUE, path, 0, 0,
                "cannot be %s: it was begun by another build of osteon " OST_VERSION
                ", of sources %s; those of this program are %s",
                purpose, text != NULL ? text : "that it does not name", ours);
        char a[100], b[100];
        if (text != NULL && in_one_line(text, a, sizeof(a)) != NULL && in_one_line(ours, b, sizeof(b)) != NULL) {
            bool is_lacking = strcmp(name, "isa") == 0 && ost_isa_from_name(text) < 0;
            return ost_fail_at(err, OST_ERR_VALUE, path, 0, 0,
                "cannot be %s: it was begun with %s '%s', expected '%s'%s", purpose, name, a, b,
                is_lacking ? "; this machine does not have the former" : "");
        }
        return ost_fail_at(
            err, OST_ERR_VALUE, path, 0, 0, "cannot be %s: it was begun with another '%s'", purpose, name);
    }
    return 0;
}

void ost_identity_free(ost_identity_t *self)
{
    ost_memory_free(&self->memory);
    *self = (ost_identity_t){ 0 };
}
