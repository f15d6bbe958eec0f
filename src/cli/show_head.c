/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands above a table of `osteon show`. */
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ost_show_part_word(const show_t *self)
{
    if (self->results->design.n_axes == 0) return "model";
    return self->results->design.kind == OST_DESIGN_DRAWS ? "draw" : "point";
}

/* Characters of a change that are printed: most of what is longer are lists of times. */
#define MOST_OF_A_CHANGE 200

/* Changes by --set, which labels and evidence do not follow. */
static void print_changes(const show_t *self)
{
    char text[MOST_OF_A_CHANGE + 2];
    bool is_subject;
    for (const char *at = NULL; ost_results_next_change(self->results, &at, &is_subject, text, sizeof(text));) {
        const bool is_long = strlen(text) > MOST_OF_A_CHANGE;
        if (!is_subject) ost_print_wrapped(stdout, "changed: %.*s%s", MOST_OF_A_CHANGE, text, is_long ? "..." : "");
    }
}

/* "subject 6 of mine.h5", of the last --subject, or by the number in the seed's stream, written to buf. */
static void describe_subject(const show_t *self, char *buf, size_t size)
{
    char text[380];
    bool is_subject;
    snprintf(buf, size, "subject %llu of the cohort", (unsigned long long) self->experiment.first_subject);
    for (const char *at = NULL; ost_results_next_change(self->results, &at, &is_subject, text, sizeof(text));)
        if (is_subject) snprintf(buf, size, "subject %s", text);
}

void ost_show_print_failure(const ost_results_t *results)
{
    char *why = NULL;
    if (ost_results_first_failure(results, &why, NULL) == 0 && why != NULL)
        ost_print_wrapped(stdout, "the first that failed: %s", why);
    free(why);
}

void ost_show_print_head(const show_t *self, const char *path)
{
    char subjects[400], arms[64], models[64], failed[64], done[32];
    size_t n_models = self->results->models.n;
    const char *title = ost_results_attribute(self->results, "title");
    uint64_t n_done = strtoull(ost_results_attribute(self->results, "n_done"), NULL, 10);
    char part[64] = "";
    if (n_done < self->n_subjects)
        snprintf(part, sizeof(part), "%s %s of ", self->is_journal ? "so far" : "interrupted after",
            ost_cli_thousands(n_done, done));
    ost_cli_plural(self->n_subjects, "subject", subjects);
    if (self->n_subjects == 1 && (self->experiment.n_cohort > 0 || self->experiment.first_subject > 0))
        describe_subject(self, subjects, sizeof(subjects));
    const char *eligible = ost_results_attribute(self->results, "n_eligible");
    ost_print_wrapped(stdout, "%s: %s%s%s%s%s%s%s x %s%s%s, %s failed", path, title != NULL ? title : "",
        title != NULL ? "; " : "", part, subjects, eligible != NULL ? " (eligible: " : "",
        eligible != NULL ? eligible : "", eligible != NULL ? ")" : "",
        ost_cli_plural(self->results->arms.n, "arm", arms), n_models > 0 ? " x " : "",
        n_models > 0 ? ost_cli_plural(n_models, ost_show_part_word(self), models) : "",
        ost_cli_plural(ost_results_failures(self->results), "subject-arm", failed));
    ost_show_print_failure(self->results);
    print_changes(self);
    if (self->has_values)
        ost_print_wrapped(
            stdout, "%s [%s] (%s, so values instead of changes)", self->variable, ost_show_unit(self), self->why);
    else
        ost_print_wrapped(stdout,
            "%s: change from baseline in percent, each subject against itself (a-b: from %s a to %s b)", self->variable,
            self->time_unit->name, self->time_unit->name);
    ost_show_print_months(self);
    putchar('\n');
}

/* By so much an interval may hold less than its name says, an assumption. */
#define NARROWER 0.05

void ost_show_print_few(uint64_t n, const char *word, double part)
{
    char few[64];
    uint64_t enough = 1;
    if (n == 0 || ost_quantile_coverage((size_t) n, part) >= part - NARROWER) return;
    while (ost_quantile_coverage((size_t) enough, part) < part - NARROWER) enough++;
    ost_print_wrapped(stdout,
        "caution: an interval from %s holds %.0f %%, not %.0f %%, of all %ss on average; from %llu on it holds %.0f %%",
        ost_cli_plural(n, word, few), 100 * ost_quantile_coverage((size_t) n, part), 100 * part, word,
        (unsigned long long) enough, 100 * (part - NARROWER));
}

bool ost_show_fail_covariate(const show_t *self)
{
    ost_text_list_t columns = { 0 };
    bool is = false;
    if (ost_results_list_columns(self->results, &columns, NULL) == 0)
        for (size_t i = 0; i < columns.n; i++) is = is || strcmp(columns.items[i], self->variable) == 0;
    ost_text_list_free(&columns);
    if (is)
        ost_cli_message(
            "--variable: '%s' is one number of each subject, not an output over time; 'osteon export %s --csv "
            "OUT.csv --columns %s,%s' writes it",
            self->variable, self->results->path, ost_results_default_variable(self->results), self->variable);
    return is;
}
