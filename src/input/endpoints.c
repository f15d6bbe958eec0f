/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes endpoints.csv and the models whose parameters it names; gives the words of sites and endpoints, outputs,
 * classes and errors. */
#include "input/endpoints.h"

#include "core/file.h"
#include "core/text.h"
#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const ost_measure_words[OST_N_MEASURES] = { OST_MEASURES(OST_WORD_OF) };
const char *const ost_class_words[OST_N_CLASSES] = { OST_CLASSES(OST_WORD_OF) };
const char *const ost_endpoint_kind_words[OST_N_ENDPOINT_KINDS] = { OST_ENDPOINT_KINDS(OST_WORD_OF) };

#define TEXT(heading, member, may_lack)                                                                                \
    {                                                                                                                  \
        .name = heading, .kind = OST_CSV_TEXT, .offset = offsetof(ost_endpoint_entry_t, member),                       \
        .is_optional = may_lack                                                                                        \
    }
enum { SITE, ENDPOINT, OUTPUT, CLASS };
static const ost_csv_column_t columns[] = {
    [SITE] = TEXT("site", site, false),
    [ENDPOINT] = TEXT("endpoint", endpoint, false),
    [OUTPUT] = TEXT("output", output, false),
    [CLASS] = { .name = "class",
        .kind = OST_CSV_WORD,
        .offset = offsetof(ost_endpoint_entry_t, endpoint_class),
        .words = ost_class_words,
        .n_words = OST_CLASS_LEVEL, /* which an empty field stands for */
        .empty = "" },
    TEXT("error", error, false),
    TEXT("also", also, true),
    TEXT("note", note, true),
    TEXT("stand_in", stand_in, true),
    TEXT("t_score", t_score[0], true),
    TEXT("t_score_men", t_score[1], true),
    { .name = "kind",
        .kind = OST_CSV_WORD,
        .offset = offsetof(ost_endpoint_entry_t, kind),
        .words = ost_endpoint_kind_words,
        .n_words = OST_N_ENDPOINT_KINDS,
        .empty = "",
        .is_optional = true },
};

/* The entries are not complete yet: those that are there stand before the row. */
static int check_entry(const void *user, ost_csv_t *csv, const size_t *field, void *row)
{
    const ost_endpoint_entry_t *entry = row;
    const char *word = csv->fields[field[CLASS]];
    char wrong[400];
    (void) user;
    if (entry->site[0] == '\0' && entry->endpoint[0] == '\0')
        return ost_csv_fail(csv, field[SITE], OST_ERR_NAME, "a site or an endpoint is expected");
    if (entry->output[0] != '\0' && entry->endpoint_class == OST_CLASS_LEVEL)
        return ost_csv_fail(csv, field[CLASS], OST_ERR_NAME, "class: %s",
            ost_words_wrong(ost_class_words, OST_CLASS_LEVEL, word, wrong, sizeof wrong));
    return 0;
}

static const ost_csv_table_t table = { columns, sizeof columns / sizeof columns[0], sizeof(ost_endpoint_entry_t),
    offsetof(ost_endpoint_entry_t, line), check_entry };

static int wrong(const ost_endpoint_dictionary_t *self, const ost_endpoint_entry_t *entry, int code, const char *name,
    const char *what, ost_error_t *err)
{
    bool is_own = (size_t) (entry - self->entries) < self->n_own;
    return ost_fail_at(err, code, is_own ? self->path : self->common, entry->line, 0, "'%s' %s", name, what);
}

/* Append the rows of a file. */
static int add_file(ost_endpoint_dictionary_t *self, const char *path, ost_error_t *err)
{
    void *rows;
    size_t n, first = self->n_entries;
    int ret = ost_csv_read_rows(&table, NULL, path, &self->memory, &rows, &n, err);
    if (ret < 0) return ret;
    self->entries = ost_memory_extend(&self->memory, self->entries, first, n, sizeof(*self->entries));
    if (self->entries == NULL) return ost_no_memory(err);
    memcpy(self->entries + first, rows, n * sizeof(*self->entries));
    self->n_entries += n;
    for (size_t i = first; i < self->n_entries; i++)
        for (size_t k = first; k < i; k++) {
            char what[96];
            const ost_endpoint_entry_t *a = &self->entries[k], *b = &self->entries[i];
            if (strcmp(a->site, b->site) != 0 || strcmp(a->endpoint, b->endpoint) != 0) continue;
            snprintf(what, sizeof(what), "is a duplicate of line %d", a->line);
            return ost_fail_at(
                err, OST_ERR_NAME, path, b->line, 0, "'%s' %s", b->site[0] != '\0' ? b->site : b->endpoint, what);
        }
    return 0;
}

int ost_endpoint_dictionary_read(
    ost_endpoint_dictionary_t *self, const char *evidence, const char *common, ost_error_t *err)
{
    struct stat beside, other;
    int ret = 0;
    *self = (ost_endpoint_dictionary_t){ 0 };
    self->path = ost_file_beside(&self->memory, evidence, "endpoints.csv");
    self->common = common != NULL ? ost_memory_text(&self->memory, common, strlen(common)) : NULL;
    if (self->memory.failed) return ost_no_memory(err);
    bool has_own = common == NULL || stat(self->path, &beside) == 0;
    if (has_own) ret = add_file(self, self->path, err);
    self->n_own = self->n_entries;
    if (ret < 0 || common == NULL) return ret;
    if (has_own && stat(common, &other) == 0 && beside.st_dev == other.st_dev && beside.st_ino == other.st_ino)
        return 0;
    return add_file(self, common, err);
}

/* @param[out] param  "MODEL.PARAMETER" of the library */
static int find_param(const ost_endpoint_dictionary_t *self, const ost_endpoint_entry_t *entry, ost_library_t *library,
    const char *name, const ost_param_t **param, ost_error_t *err)
{
    const ost_model_t *model;
    const char *dot = strchr(name, '.');
    char of[96];
    snprintf(of, sizeof of, "%.*s", dot != NULL ? (int) (dot - name) : 0, name);
    int ret = dot != NULL ? ost_library_get(library, of, &model, NULL) : OST_ERR_NAME;
    if (ret == OST_ERR_NO_MEMORY) return ost_no_memory(err);
    if (ret < 0)
        return wrong(self, entry, OST_ERR_NAME, name, "must be a parameter of a model, as in dxa.visit_cv", err);
    int k = ost_model_param(model, dot + 1);
    if (k < 0) return wrong(self, entry, OST_ERR_NAME, name, "is not a parameter of this model", err);
    *param = &model->params[k];
    return 0;
}

static int find_error(
    ost_endpoint_dictionary_t *self, ost_endpoint_entry_t *entry, ost_library_t *library, ost_error_t *err)
{
    ost_unit_t per_year;
    int ret = ost_unit_parse(&per_year, "1/y", err);
    char *names = ost_strdup(entry->error);
    if (names == NULL) return ost_no_memory(err);
    entry->n_errors = 0;
    for (char *rest = names, *name; ret == 0 && (name = strsep(&rest, " ")) != NULL;) {
        const ost_param_t *param;
        if (name[0] == '\0') continue;
        if ((ret = find_param(self, entry, library, name, &param, err)) < 0) break;
        const bool drifts = ost_dim_equal(param->unit.dim, per_year.dim);
        if (!drifts && !ost_dim_is_none(param->unit.dim))
            ret = wrong(self, entry, OST_ERR_UNIT, name, "must be a fraction, in % or in 1/y", err);
        else if (entry->n_errors == OST_MOST_ERROR_PARTS)
            ret = wrong(self, entry, OST_ERR_LIMIT, name, "is one parameter too many", err);
        else {
            ost_error_part_t *part = &entry->errors[entry->n_errors++];
            snprintf(part->name, sizeof(part->name), "%s", name);
            part->value = param->value;
            part->drifts = drifts;
        }
    }
    free(names);
    return ret;
}

/* Mean and SD of young adults, "MODEL.MEAN MODEL.SD". @param sex  0 female, 1 male */
static int find_t_score(
    ost_endpoint_dictionary_t *self, ost_endpoint_entry_t *entry, int sex, ost_library_t *library, ost_error_t *err)
{
    const ost_param_t *params[2] = { NULL, NULL };
    char names[2][96] = { "", "" };
    entry->young[sex] = entry->young_sd[sex] = NAN;
    if (entry->t_score[sex][0] == '\0') return 0;
    if (sscanf(entry->t_score[sex], "%95s %95s", names[0], names[1]) != 2)
        return wrong(self, entry, OST_ERR_NAME, entry->t_score[sex], "must be two parameters: mean and SD", err);
    for (int i = 0; i < 2; i++) {
        int ret = find_param(self, entry, library, names[i], &params[i], err);
        if (ret < 0) return ret;
    }
    if (!ost_dim_equal(params[0]->unit.dim, params[1]->unit.dim))
        return wrong(self, entry, OST_ERR_UNIT, entry->t_score[sex], "must be two parameters of one unit", err);
    entry->young[sex] = params[0]->value;
    entry->young_sd[sex] = params[1]->value;
    entry->young_dim = params[0]->unit.dim;
    return 0;
}

int ost_endpoint_dictionary_errors(ost_endpoint_dictionary_t *self, ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_entries && ret == 0; i++) {
        ret = find_error(self, &self->entries[i], library, err);
        for (int sex = 0; sex < 2 && ret == 0; sex++) ret = find_t_score(self, &self->entries[i], sex, library, err);
    }
    return ret;
}

/* Characters of a word before its remark: 2 of "LS (L2-L4)". */
static size_t without_remark(const char *text)
{
    size_t n = strlen(text);
    const char *open = n > 0 && text[n - 1] == ')' ? strchr(text, '(') : NULL;
    if (open != NULL) n = (size_t) (open - text);
    while (open != NULL && n > 0 && text[n - 1] == ' ') n--;
    return n;
}

/* Whether the first n characters of `text` are a word, spelt as `also` has it too. */
static bool is_spelt(const char *text, size_t n, const char *word, const char *also)
{
    char stem[OST_EVIDENCE_WORD];
    snprintf(stem, sizeof(stem), "%.*s", (int) n, text);
    return word[0] != '\0' && n < sizeof(stem) && (strcmp(stem, word) == 0 || ost_words_listed(also, stem));
}

static void spell(char *word, const char *canonical, const char *rest)
{
    if (word != NULL) snprintf(word, OST_EVIDENCE_WORD, "%s%s", canonical, rest);
}

static bool has_site(const ost_endpoint_entry_t *self, const char *text)
{
    return is_spelt(text, without_remark(text), self->site, self->endpoint[0] == '\0' ? self->also : "");
}

const ost_endpoint_entry_t *ost_endpoint_site(const ost_endpoint_dictionary_t *self, const char *text, char *word)
{
    for (size_t i = 0; i < self->n_entries; i++) {
        const ost_endpoint_entry_t *entry = &self->entries[i];
        if (!has_site(entry, text)) continue;
        spell(word, entry->site, text + without_remark(text));
        return entry;
    }
    return NULL;
}

/* "_from_year5" up to its n-th character. @return false where it is not a base */
static bool read_base(const char *text, size_t n, ost_base_t *base)
{
    static const char *const own[] = { "_after_stop", "_from_extension_baseline", "_transmenopause",
        "_from_third_infusion" };
    static const struct {
        const char *begins;
        double scale, shift;
        const char *then; /* a second number follows: the year at which it ends */
    } counted[] = { { "_from_year", 12, 0, NULL }, { "_from_month", 1, 0, NULL }, { "_in_year", 12, -12, NULL },
        { "_year", 12, 0, "_to_" } };
    *base = (ost_base_t){ 0, NAN };
    if (n == 0) return true;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strlen(own[i]) == n && strncmp(text, own[i], n) == 0) {
            base->months = NAN;
            return true;
        }
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        size_t length = strlen(counted[i].begins);
        char *end = NULL;
        if (strncmp(text, counted[i].begins, length) != 0 || strspn(text + length, "0123456789") == 0) continue;
        base->months = counted[i].scale * strtod(text + length, &end) + counted[i].shift;
        if (counted[i].shift < 0) base->until = base->months - counted[i].shift;
        if (counted[i].then != NULL && strncmp(end, counted[i].then, strlen(counted[i].then)) == 0)
            base->until = counted[i].scale * strtod(end + strlen(counted[i].then), &end);
        return end == text + n && base->months >= 0 && (counted[i].then == NULL || base->until > base->months);
    }
    return false;
}

/* @param[out] is_whole  the text is the entry's own word, without a base */
static bool has_endpoint(const ost_endpoint_entry_t *self, const char *text, ost_base_t *base, bool *is_whole)
{
    size_t n = without_remark(text), length = strlen(self->endpoint);
    *base = (ost_base_t){ 0, NAN };
    *is_whole = is_spelt(text, n, self->endpoint, self->also);
    if (*is_whole) return true;
    if (length == 0 || length > n || strncmp(text, self->endpoint, length) != 0) return false;
    if (read_base(text + length, n - length, base)) return true;
    *base = (ost_base_t){ 0, NAN };
    return self->kind == OST_ENDPOINT_ANY;
}

const ost_endpoint_entry_t *ost_endpoint_word(
    const ost_endpoint_dictionary_t *self, const char *text, ost_base_t *base, char *word)
{
    ost_base_t own;
    bool is_whole;
    for (size_t i = 0; i < self->n_entries; i++) {
        const ost_endpoint_entry_t *entry = &self->entries[i];
        if (!has_endpoint(entry, text, base != NULL ? base : &own, &is_whole)) continue;
        spell(word, is_whole ? entry->endpoint : text, is_whole ? text + without_remark(text) : "");
        return entry;
    }
    return NULL;
}

/* Whether an endpoint is one of a class and a kind alone, as "BMD_change". */
static bool is_plain(const ost_endpoint_entry_t *entry)
{
    char plain[64];
    snprintf(
        plain, sizeof(plain), "%s_%s", ost_class_words[entry->endpoint_class], ost_endpoint_kind_words[entry->kind]);
    return strcmp(plain, entry->endpoint) == 0;
}

char *ost_endpoint_unknown(
    const ost_endpoint_dictionary_t *self, bool is_site, const char *text, char *buf, size_t size)
{
    const char *near = is_site ? OST_NEAREST_IN(text, self->entries, self->n_entries, ost_endpoint_entry_t, site)
                               : OST_NEAREST_IN(text, self->entries, self->n_entries, ost_endpoint_entry_t, endpoint);
    if (text[0] == '\0') near = NULL;
    size_t used = (size_t) snprintf(buf, size, "%s: '%.60s' is not one of the words of %s%s%s%s",
        is_site ? "site" : "endpoint", text, self->n_own > 0 ? self->path : self->common, OST_HINT(near));
    for (size_t i = 0, k = 0; i < self->n_entries && near == NULL && used < size; i++) {
        const ost_endpoint_entry_t *entry = &self->entries[i];
        const int first = is_site ? (int) strcspn(entry->also, ";") : 0;
        const char *name = is_site ? entry->site : entry->endpoint;
        if (name[0] == '\0' || (is_site ? entry->output[0] == '\0' : !is_plain(entry))) continue;
        used += (size_t) snprintf(buf + used, size - used, "%s%s%s%.*s%s", k++ == 0 ? "; expected " : ", ", name,
            first > 0 ? " (" : "", first, entry->also, first > 0 ? ")" : "");
    }
    if (used < size) snprintf(buf + used, size - used, "; a new word needs a row there");
    return buf;
}

const ost_endpoint_entry_t *ost_endpoint_entry(
    const ost_endpoint_dictionary_t *self, const char *endpoint, const char *site)
{
    ost_base_t base;
    bool is_whole;
    for (size_t i = 0; i < self->n_entries; i++) {
        const ost_endpoint_entry_t *entry = &self->entries[i];
        if (entry->output[0] == '\0' || (entry->site[0] != '\0' && !has_site(entry, site))) continue;
        if (entry->endpoint[0] == '\0' || has_endpoint(entry, endpoint, &base, &is_whole)) return entry;
    }
    return NULL;
}

/* The next of the alternatives "a; b". @return false after the last */
static bool next_output(const char **rest, char buf[OST_EVIDENCE_WORD])
{
    *rest += strspn(*rest, "; ");
    size_t n = strcspn(*rest, ";");
    snprintf(buf, OST_EVIDENCE_WORD, "%.*s", (int) n, *rest);
    *rest += n;
    return n > 0;
}

char *ost_endpoint_output(
    const char *output, char *const *models, size_t n_models, ost_library_t *library, char buf[OST_EVIDENCE_WORD])
{
    const ost_model_t *model;
    char next[OST_EVIDENCE_WORD];
    buf[0] = '\0';
    for (const char *rest = output; next_output(&rest, next);) {
        memcpy(buf, next, sizeof(next));
        for (size_t i = 0; i < n_models; i++)
            if (ost_library_get(library, models[i], &model, NULL) == 0 && ost_model_has_output(model, buf)) return buf;
    }
    return buf;
}

const ost_endpoint_entry_t *ost_endpoint_entry_of_output(const ost_endpoint_dictionary_t *self, const char *output)
{
    char next[OST_EVIDENCE_WORD];
    for (size_t i = 0; i < self->n_entries; i++)
        for (const char *rest = self->entries[i].output; next_output(&rest, next);)
            if (strcmp(next, output) == 0) return &self->entries[i];
    return NULL;
}

void ost_endpoint_dictionary_free(ost_endpoint_dictionary_t *self)
{
    if (self == NULL) return;
    ost_memory_free(&self->memory);
    *self = (ost_endpoint_dictionary_t){ 0 };
}
