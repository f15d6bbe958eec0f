/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/file.h"
#include "core/text.h"
#include "lang/model_impl.h"
#include "lang/reader.h"
#include "lang/token.h"

#include <stdlib.h>
#include <string.h>

static const char signals_name[] = "signals";

int ost_library_init(ost_library_t *self, ost_error_t *err)
{
    return ost_library_init_with(self, ost_builtins, ost_n_builtins, err);
}

int ost_library_init_with(ost_library_t *self, const ost_builtin_t *const *table, size_t n, ost_error_t *err)
{
    *self = (ost_library_t){ .builtins = table, .n_builtins = n };
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i]->name, signals_name) == 0)
            return ost_signals_read(&self->signals, "models/signals.model", table[i]->text, err);
    }
    return 0;
}

void ost_library_free(ost_library_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_models; i++) {
        ost_model_free(self->models[i]);
        free(self->models[i]);
    }
    free(self->models);
    free(self->signals.signal);
    ost_memory_free(&self->signals.memory);
    *self = (ost_library_t){ 0 };
}

const char *const *ost_library_builtin_names(size_t *n)
{
    *n = 0;
    while (ost_builtin_names[*n] != NULL) (*n)++;
    return ost_builtin_names;
}

static int read_model(ost_library_t *self, const char *path, const char *text, const ost_builtin_t *builtin,
    const ost_model_t **model, ost_error_t *err)
{
    ost_model_t **models = realloc(self->models, (self->n_models + 1) * sizeof(ost_model_t *));
    if (models == NULL) return ost_no_memory(err);
    self->models = models;
    ost_model_t *made = malloc(sizeof(*made));
    if (made == NULL) return ost_no_memory(err);
    int ret = ost_model_read(made, &self->signals, path, text, builtin, err);
    if (ret != 0) {
        ost_model_free(made);
        free(made);
        return ret;
    }
    models[self->n_models++] = made;
    *model = made;
    return 0;
}

int ost_library_read(
    ost_library_t *self, const char *path, const char *text, const ost_model_t **model, ost_error_t *err)
{
    *model = NULL;
    return read_model(self, path, text, NULL, model, err);
}

bool ost_is_model_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 6 && strcmp(name + n - 6, ".model") == 0);
}

/* "ibandronate_iv' or 'ibandronate_oral" for "ibandronate": names that go on after the word. @return NULL for none */
static char *join_beginning(const char *word, const char *const *names, size_t n)
{
    const char **found = malloc((n + 1) * sizeof(*found));
    size_t n_word = strlen(word), n_found = 0;
    for (size_t i = 0; found != NULL && i < n; i++)
        if (strncmp(names[i], word, n_word) == 0 && names[i][n_word] == '_') found[n_found++] = names[i];
    char *joined = n_found > 0 ? ost_text_join(found, n_found, "' or '") : NULL;
    free(found);
    return joined;
}

static int unknown_model(const ost_library_t *self, const char *name, ost_error_t *err)
{
    const char **names = malloc((self->n_builtins + self->n_models + 1) * sizeof(*names));
    size_t n = 0;
    for (size_t i = 0; names != NULL && i < self->n_builtins; i++) {
        if (strcmp(self->builtins[i]->name, signals_name) != 0) names[n++] = self->builtins[i]->name;
    }
    for (size_t i = 0; names != NULL && i < self->n_models; i++) names[n++] = self->models[i]->name;
    char *whole = names != NULL ? join_beginning(name, names, n) : NULL;
    const char *nearest = whole != NULL ? whole : names != NULL ? ost_nearest(name, names, n) : NULL;
    int ret = nearest != NULL
                  ? ost_fail(err, OST_ERR_NAME, "unknown model '%s' (did you mean '%s'?)", name, nearest)
                  : ost_fail(err, OST_ERR_NAME,
                        "unknown model '%s'; 'osteon list' shows the models there are, 'osteon list drugs' the drugs, "
                        "by generic names; a file is named by its path, as in ./%s.model",
                        name, name);
    free(names);
    free(whole);
    return ret;
}

/* A user's own model that was read before, by its path or by its name. */
static const ost_model_t *find_own(const ost_library_t *self, const char *word, bool by_path)
{
    for (size_t i = 0; i < self->n_models; i++) {
        const ost_model_t *loaded = self->models[i];
        if (loaded->impl->source == NULL && strcmp(by_path ? loaded->path : loaded->name, word) == 0) return loaded;
    }
    return NULL;
}

static int get_builtin(ost_library_t *self, const ost_builtin_t *builtin, const ost_model_t **model, ost_error_t *err)
{
    for (size_t i = 0; i < self->n_models && *model == NULL; i++) {
        if (self->models[i]->impl->source == builtin) *model = self->models[i];
    }
    if (*model != NULL) return 0;
    char path[2 * OST_NAME_SIZE + 32];
    snprintf(path, sizeof(path), "models/%s%s.model", builtin->folder != NULL ? builtin->folder : "", builtin->name);
    return read_model(self, path, builtin->text, builtin, model, err);
}

int ost_library_get(ost_library_t *self, const char *name_or_path, const ost_model_t **model, ost_error_t *err)
{
    bool by_path = ost_is_model_path(name_or_path);
    *model = NULL;
    for (size_t i = 0; i < self->n_builtins && !by_path; i++) {
        const ost_builtin_t *builtin = self->builtins[i];
        if (strcmp(builtin->name, name_or_path) == 0 && strcmp(builtin->name, signals_name) != 0)
            return get_builtin(self, builtin, model, err);
    }
    *model = find_own(self, name_or_path, by_path);
    if (*model != NULL) return 0;
    if (!by_path) return unknown_model(self, name_or_path, err);
    char *text;
    int ret = ost_file_read(&text, name_or_path, OST_MAX_TEXT, err);
    if (ret == OST_ERR_MISSING) ret = OST_ERR_IO;
    if (ret == OST_ERR_IO && err != NULL) err->code = ret;
    if (ret == 0) ret = read_model(self, name_or_path, text, NULL, model, err);
    free(text);
    return ret;
}
