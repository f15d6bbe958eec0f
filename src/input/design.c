/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See design.h. */
#include "input/design.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ost_design_words[OST_N_DESIGNS] = { OST_DESIGNS(OST_WORD_OF) };

size_t ost_design_n_dimensions(const ost_design_t *self)
{
    const size_t n = self->n_axes - self->n_drawn;
    return (self->kind == OST_DESIGN_GRID ? n : n > 0) + (self->n_drawn > 0);
}

size_t ost_design_dimension(const ost_design_t *self, size_t k)
{
    if (k >= self->n_axes - self->n_drawn) return ost_design_n_dimensions(self) - 1;
    return self->kind == OST_DESIGN_GRID ? k : 0;
}

size_t ost_design_length(const ost_design_t *self, size_t d)
{
    size_t k = 0;
    while (ost_design_dimension(self, k) != d) k++;
    return self->axes[k].texts.n;
}

size_t ost_design_place(const ost_design_t *self, size_t i, size_t d)
{
    for (size_t k = ost_design_n_dimensions(self); k-- > d + 1;) i /= ost_design_length(self, k);
    return i % ost_design_length(self, d);
}

size_t ost_design_index(const ost_design_t *self, size_t i, size_t k)
{
    return ost_design_place(self, i, ost_design_dimension(self, k));
}

size_t ost_design_n_draws(const ost_design_t *self)
{
    return self->n_drawn > 0 ? self->axes[self->n_axes - 1].texts.n : 1;
}

ost_design_t ost_design_without_draws(const ost_design_t *self)
{
    ost_design_t points = *self;
    points.n_axes -= self->n_drawn;
    points.n_drawn = 0;
    points.n_points /= ost_design_n_draws(self);
    return points;
}

int ost_design_setting(const ost_design_t *self, size_t i, size_t k, ost_text_list_t *settings)
{
    const ost_varied_t *axis = &self->axes[k];
    return ost_text_list_add(settings, "%s=%s", axis->path, axis->texts.items[ost_design_index(self, i, k)]);
}

char *ost_design_point(const ost_design_t *self, size_t i, char *buf, size_t size)
{
    size_t n = 0;
    const size_t n_varied = self->n_axes - self->n_drawn;
    buf[0] = '\0';
    for (size_t k = 0; k < n_varied && n < size; k++)
        n += (size_t) snprintf(buf + n, size - n, "%s%s %s", k > 0 ? ", " : "",
            self->axes[k].name != NULL ? self->axes[k].name : self->axes[k].path,
            self->axes[k].texts.items[ost_design_index(self, i, k)]);
    if (self->n_drawn > 0 && n < size)
        snprintf(buf + n, size - n, "%sdraw %zu", n_varied > 0 ? ", " : "", ost_design_index(self, i, n_varied));
    return buf;
}

/* The last n words of a path, "anastrozole_dose" of "arms.anastrozole.regimen.0.dose" for 2: without numbers, and the
 * lists that they number unless such a list is all there is. @return buf */
static char *last_words(const char *path, size_t n, char *buf, size_t size)
{
    const char *at = path + strlen(path), *end = at;
    size_t length = 0;
    bool is_list = false;
    buf[0] = '\0';
    for (size_t found = 0; at > path && found < n; end = at - 1) {
        at = end;
        while (at > path && at[-1] != '.') at--;
        size_t word = (size_t) (end - at);
        bool is_left_out = is_list || (word > 0 && strspn(at, "0123456789") >= word);
        is_list = !is_list && is_left_out && found > 0;
        if (word == 0 || is_left_out || length + word + 2 > size) continue;
        memmove(buf + word + (length > 0), buf, length + 1);
        memcpy(buf, at, word);
        if (length > 0) buf[word] = '_';
        length += word + (length > 0);
        buf[length] = '\0';
        found++;
    }
    for (char *c = buf; *c != '\0'; c++)
        if (!isalnum((unsigned char) *c)) *c = '_';
    while (length > 1 && buf[length - 1] == '_') buf[--length] = '\0';
    return buf;
}

/* Whether another axis before this one has the name. */
static bool is_of_other(const ost_design_t *self, size_t k, const char *name)
{
    for (size_t i = 0; i < k; i++)
        if (strcmp(self->axes[i].name, name) == 0) return true;
    return false;
}

int ost_design_name(
    ost_design_t *self, bool (*is_taken)(const void *user, const char *name), const void *user, ost_error_t *err)
{
    for (size_t k = 0; k < self->n_axes; k++) {
        char name[72] = "", longer[72];
        for (size_t n = 1; n <= 8; n++) {
            last_words(self->axes[k].path, n, longer, sizeof(longer));
            if (strcmp(longer, name) == 0) break; /* there are no further words */
            snprintf(name, sizeof(name), "%s", longer);
            if (name[0] != '\0' && !isdigit((unsigned char) name[0]) && !is_of_other(self, k, name) &&
                !is_taken(user, name))
                break;
        }
        if (name[0] == '\0' || is_of_other(self, k, name) || is_taken(user, name))
            snprintf(name, sizeof(name), "varied_%zu", k + 1);
        free(self->axes[k].name);
        if ((self->axes[k].name = ost_strdup(name)) == NULL) return ost_no_memory(err);
    }
    return 0;
}

bool ost_design_varies(const ost_design_t *self, const char *top)
{
    size_t n_top = strlen(top);
    for (size_t k = 0; k < self->n_axes; k++) {
        const char *path = self->axes[k].path;
        size_t n = strlen(path), n_both = n < n_top ? n : n_top;
        if (strncmp(path, top, n_both) == 0 && (n <= n_top ? top : path)[n_both] != '\0' &&
            (n <= n_top ? top : path)[n_both] != '.')
            continue;
        if (strncmp(path, top, n_both) == 0) return true;
    }
    return false;
}

void ost_design_free(ost_design_t *self)
{
    for (size_t k = 0; k < self->n_axes; k++) ost_axis_free(&self->axes[k]);
    free(self->axes);
    ost_text_list_free(&self->vary);
    *self = (ost_design_t){ 0 };
}
