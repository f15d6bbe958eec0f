/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the unit of a row of evidence; gives what it counts in, and the endpoints that it fits. */
#include "input/evidence_unit.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define YEAR "_per_year"

/* A unit, and its further spellings. Those of form OTHER are shown and compared with no output, unless the comparison
 * gives a unit. */
static const struct {
    const char *word, *also;
    ost_counted_t form;
} units[] = {
    { "percent", "%; pct; per cent", OST_COUNTED_PERCENT },
    { "percentage_points_between_arms", "percentage points; points; pp", OST_COUNTED_POINTS },
    { "percent_of_baseline", "% of baseline; pct_of_baseline", OST_COUNTED_FRACTION },
    { "T_score", "T-score; T score", OST_COUNTED_T_SCORE },
    { "T_score_change", "T-score_change; T-score change", OST_COUNTED_T_SCORE },
    { "percent_of_patients", "% of patients; pct_of_patients", OST_COUNTED_OTHER },
    { "per_100_participant_years", "", OST_COUNTED_OTHER },
    { "hazard_ratio", "HR", OST_COUNTED_OTHER },
    { "relative_hazard", "", OST_COUNTED_OTHER },
    { "relative_risk", "RR", OST_COUNTED_OTHER },
    { "risk_ratio", "", OST_COUNTED_OTHER },
    { "rate_ratio", "", OST_COUNTED_OTHER },
    { "odds_ratio", "OR", OST_COUNTED_OTHER },
    { "years", "", OST_COUNTED_OTHER },
    { "kg_per_m2", "kg/m2", OST_COUNTED_OTHER },
    { "nmolBCE_per_mmolCr", "nmol BCE/mmol Cr; nM BCE/mM Cr", OST_COUNTED_OTHER },
    { "log10_uNTX_nmolBCE_per_mmolCr", "", OST_COUNTED_OTHER },
};
enum { N_UNITS = sizeof(units) / sizeof(units[0]) };

/* Units of the levels of a class: one of each dimension that counts. */
static const char *const physical[OST_N_CLASSES][3] = {
    [OST_CLASS_BMD] = { "g_per_cm2" },
    [OST_CLASS_MARKER] = { "ng_per_mL", "nmol_per_L", "IU_per_L" },
    [OST_CLASS_HORMONE] = { "pg_per_mL", "pmol_per_L", "IU_per_L" },
};

/* "g_per_cm2" is g/cm2. @return 0 or OST_ERR_UNIT */
static int read_physical(ost_unit_t *self, const char *word, ost_error_t *err)
{
    char text[64];
    size_t n = 0, length = strlen(word);
    for (size_t i = 0; i < length && n + 1 < sizeof(text); n++) {
        bool per = strncmp(word + i, "_per_", 5) == 0;
        text[n] = word[i];
        if (per) text[n] = '/';
        i += per ? 5 : 1;
    }
    text[n] = '\0';
    return ost_unit_parse(self, text, err);
}

/* Characters of a unit before "per year", which may be spelt in several ways. */
static size_t without_year(const char *text)
{
    static const char *const ends[] = { YEAR, "/year", "/y", "/yr", " per year", "_per_y" };
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t length = strlen(ends[i]);
        if (n > length && strcmp(text + n - length, ends[i]) == 0) return n - length;
    }
    return n;
}

int ost_evidence_unit_parse(ost_evidence_unit_t *self, const char *text, char *word, ost_error_t *err)
{
    char stem[OST_EVIDENCE_WORD - sizeof(YEAR)];
    const char *names[N_UNITS], *year;
    size_t n = without_year(text);
    snprintf(stem, sizeof(stem), "%.*s", (int) n, text);
    *self = (ost_evidence_unit_t){ .form = OST_COUNTED_PHYSICAL, .per_year = text[n] != '\0' };
    year = self->per_year ? YEAR : "";
    for (size_t i = 0; i < N_UNITS; i++) {
        names[i] = units[i].word;
        if (strcmp(stem, units[i].word) != 0 && !ost_words_listed(units[i].also, stem)) continue;
        self->form = units[i].form;
        if (word != NULL) snprintf(word, OST_EVIDENCE_WORD, "%s%s", units[i].word, year);
        return 0;
    }
    if (word != NULL) snprintf(word, OST_EVIDENCE_WORD, "%s%s", stem, year);
    if (stem[0] != '\0' && read_physical(&self->unit, stem, NULL) == 0) return 0;
    const char *near = ost_nearest(stem, names, N_UNITS);
    return ost_fail(err, OST_ERR_UNIT,
        "unit: '%.60s' is neither a word for a unit of evidence nor a unit%s%s%s; expected %s, %s, %s, %s or a unit "
        "such "
        "as g/cm2",
        text, OST_HINT(near), names[0], names[1], names[2], names[3]);
}

static bool is_physical_of(const ost_unit_t *unit, ost_class_t of)
{
    if (of == OST_CLASS_LEVEL) return true;
    for (size_t i = 0; i < 3 && physical[of][i] != NULL; i++) {
        ost_unit_t one;
        if (read_physical(&one, physical[of][i], NULL) == 0 && ost_dim_equal(one.dim, unit->dim)) return true;
    }
    return of == OST_CLASS_MARKER && ost_dim_is_none(unit->dim); /* per creatinine */
}

/* Forms that a kind of endpoint can be in, as bits. */
static const unsigned forms_of[OST_N_ENDPOINT_KINDS] = {
    [OST_ENDPOINT_ANY] = ~0u,
    [OST_ENDPOINT_CHANGE] = 1u << OST_COUNTED_PERCENT | 1u << OST_COUNTED_T_SCORE | 1u << OST_COUNTED_PHYSICAL,
    [OST_ENDPOINT_DIFFERENCE] =
        1u << OST_COUNTED_PERCENT | 1u << OST_COUNTED_POINTS | 1u << OST_COUNTED_T_SCORE | 1u << OST_COUNTED_PHYSICAL,
    [OST_ENDPOINT_RATE] = 1u << OST_COUNTED_PERCENT | 1u << OST_COUNTED_T_SCORE | 1u << OST_COUNTED_PHYSICAL,
    [OST_ENDPOINT_LEVEL] =
        1u << OST_COUNTED_FRACTION | 1u << OST_COUNTED_T_SCORE | 1u << OST_COUNTED_PHYSICAL | 1u << OST_COUNTED_OTHER,
    [OST_ENDPOINT_RATIO] = 1u << OST_COUNTED_PERCENT,
    [OST_ENDPOINT_OTHER] = ~0u,
};

bool ost_evidence_unit_fits(const ost_evidence_unit_t *self, ost_endpoint_kind_t kind, ost_class_t of, char *expected)
{
    const unsigned forms = forms_of[kind];
    const char *year = kind == OST_ENDPOINT_RATE ? YEAR : "";
    size_t used = 0;
    expected[0] = '\0';
    for (size_t i = 0; i < N_UNITS; i++) {
        if ((forms >> units[i].form & 1) == 0 || units[i].form == OST_COUNTED_OTHER) continue;
        if (units[i].form == OST_COUNTED_T_SCORE && (of != OST_CLASS_BMD || strcmp(units[i].word, "T_score") != 0))
            continue;
        used += (size_t) snprintf(
            expected + used, OST_WORDS_SIZE - used, "%s%s%s", used > 0 ? ", " : "", units[i].word, year);
    }
    for (size_t i = 0;
         i < 3 && (forms >> OST_COUNTED_PHYSICAL & 1) != 0 && physical[of][i] != NULL && used < OST_WORDS_SIZE; i++)
        used += (size_t) snprintf(
            expected + used, OST_WORDS_SIZE - used, "%s%s%s", used > 0 ? ", " : "", physical[of][i], year);
    if (kind == OST_ENDPOINT_ANY || kind == OST_ENDPOINT_OTHER) return true;
    if (self->per_year != (kind == OST_ENDPOINT_RATE) || (forms >> self->form & 1) == 0) return false;
    if (self->form == OST_COUNTED_T_SCORE) return of == OST_CLASS_BMD || of == OST_CLASS_LEVEL;
    return self->form != OST_COUNTED_PHYSICAL || is_physical_of(&self->unit, of);
}
