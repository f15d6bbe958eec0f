/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the checks of a trial; gives where their observed values come from: each source once, with the lines of the
 * evidence table that it has. */
#include "report/html.h"
#include "report/page.h"

#include <string.h>

static bool is_same(const ost_evidence_row_t *a, const ost_evidence_row_t *b)
{
    return strcmp(a->citation, b->citation) == 0 && strcmp(a->reference, b->reference) == 0 &&
           strcmp(a->population, b->population) == 0 && strcmp(a->drug_regimen, b->drug_regimen) == 0;
}

static const ost_evidence_row_t *row_of(const ost_trial_t *trial, size_t i)
{
    return trial->matched.observations[i].row;
}

/* Whether no row before has the same source. */
static bool is_first(const ost_trial_t *trial, size_t i)
{
    size_t k = 0;
    while (k < i && !is_same(row_of(trial, k), row_of(trial, i))) k++;
    return k == i;
}

size_t ost_page_source(const ost_validation_t *self, size_t t, const ost_prediction_check_t *check)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    size_t n = 0;
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        n += is_first(trial, i);
        if (is_same(row_of(trial, i), check->observation->row)) break;
    }
    return n;
}

static void put_sentence(const char *before, const char *text, FILE *out)
{
    if (text[0] == '\0') return;
    fputs(before, out);
    ost_html_text(text, out);
}

static void put_source(const ost_evidence_row_t *row, FILE *out)
{
    char address[512];
    ost_html_text(row->citation[0] != '\0' ? row->citation : "no citation", out);
    if (ost_reference_address(row->reference, address, sizeof(address))[0] != '\0') {
        fprintf(out, ", <a%s href='", strcmp(address, row->reference) != 0 ? " class='short'" : "");
        ost_html_text(address, out);
        fputs("'>", out);
        ost_html_text(row->reference, out);
        fputs("</a>", out);
    } else {
        put_sentence(", ", row->reference, out);
    }
    put_sentence(". Subjects: ", row->population, out);
    put_sentence(". Treatment: ", row->drug_regimen, out);
    fputc('.', out);
}

/* The notes of the rows of a source, each once, behind the lines that it belongs to. */
static void put_notes(const ost_trial_t *trial, size_t first, FILE *out)
{
    size_t n = trial->matched.n_observations;
    for (size_t i = first; i < n; i++) {
        const ost_evidence_row_t *row = row_of(trial, i);
        bool is_new = row->note[0] != '\0' && is_same(row, row_of(trial, first));
        for (size_t k = first; k < i && is_new; k++)
            is_new = !is_same(row, row_of(trial, k)) || strcmp(row->note, row_of(trial, k)->note) != 0;
        if (!is_new) continue;
        int last = 0;
        for (size_t k = i; k < n; k++) {
            const ost_evidence_row_t *other = row_of(trial, k);
            if (!is_same(row, other) || strcmp(row->note, other->note) != 0 || other->line == last) continue;
            fprintf(out, "%s%d", last == 0 ? " Line " : ", ", other->line);
            last = other->line;
        }
        fputs(": ", out);
        ost_html_text(row->note, out);
        fputc('.', out);
    }
}

/* What the table has of values that were converted to the unit of their endpoint. */
static void put_conversions(const ost_trial_t *trial, size_t first, FILE *out)
{
    for (size_t i = first; i < trial->matched.n_observations; i++) {
        const ost_observation_t *observation = &trial->matched.observations[i];
        if (observation->row == observation->reported || !is_same(observation->row, row_of(trial, first))) continue;
        fprintf(out, " Line %d: reported as ", observation->reported->line);
        ost_html_number(out, "%g ", observation->reported->value);
        ost_html_name(observation->reported->unit, out);
        ost_html_number(out, ", compared as %.4g ", observation->row->value);
        ost_html_name(observation->row->unit, out);
        fputc('.', out);
    }
}

void ost_page_sources(const ost_validation_t *self, size_t t, FILE *out)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    size_t n = 0;
    if (trial->matched.n_observations == 0) return;
    fputs("<div><h3>Sources</h3><ol>", out);
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        if (!is_first(trial, i)) continue;
        fprintf(out, "<li id='s%zu-%zu'>", t, ++n);
        put_source(row_of(trial, i), out);
        put_notes(trial, i, out);
        put_conversions(trial, i, out);
        fputs("</li>\n", out);
    }
    fputs("</ol></div>", out);
}
