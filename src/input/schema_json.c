/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A schema of YAML texts as a JSON Schema. It says less than the reader checks (no dimensions, no names of others), and
 * nothing that the reader would not. */
#include "input/schema.h"

#include <ctype.h>
#include <string.h>

#define DECIMAL "^[-+]?([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)([eE][-+]?[0-9]+)?"

/* What a scalar of each form may be; editors read YAML's numbers as such, and what they do not as strings. */
static const char *const forms[OST_N_FORMS] = {
    [OST_FORM_TEXT] = "\"type\": [\"string\", \"number\", \"boolean\"]",
    [OST_FORM_FLAG] = "\"type\": \"boolean\"",
    [OST_FORM_COUNT] = "\"type\": [\"integer\", \"string\"], \"minimum\": 0, \"pattern\": \"^[0-9]+$\"",
    [OST_FORM_NUMBER] = "\"type\": [\"number\", \"string\"], \"pattern\": \"" DECIMAL "( *%)?$\"",
    [OST_FORM_QUANTITY] = "\"type\": [\"number\", \"string\"], \"pattern\": \"" DECIMAL "( *[A-Za-z%/].*)?$\"",
    [OST_FORM_TIME] = "\"type\": \"string\", \"pattern\": \"" DECIMAL " *[A-Za-z].*$\"",
    [OST_FORM_FORMULA] = "\"type\": [\"number\", \"string\"]",
};

static void put_string(const char *text, size_t length, FILE *out)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) fprintf(out, text[i] == '"' || text[i] == '\\' ? "\\%c" : "%c", text[i]);
    fputc('"', out);
}

static void put_words(const char *words, FILE *out)
{
    const char *separator = "";
    fputs("\"enum\": [", out);
    for (const char *word = words; word[0] != '\0'; word += strspn(word, "|")) {
        size_t n = strcspn(word, "|");
        fputs(separator, out);
        if (isdigit((unsigned char) word[0]))
            fprintf(out, "%.*s", (int) n, word);
        else
            put_string(word, n, out);
        separator = ", ";
        word += n;
    }
    fputc(']', out);
}

static void put_node(const ost_schema_t *self, int depth, FILE *out);

static void put_member(const ost_schema_t *self, int depth, FILE *out)
{
    char text[512];
    if (self->kinds == 0) {
        fprintf(out, "{ \"description\": \"former name of %s\", \"deprecated\": true }", self->expects);
        return;
    }
    snprintf(text, sizeof text, "%s%s%s", self->expects, self->text[0] != '\0' ? ": " : "", self->text);
    fputs("{\n", out);
    fprintf(out, "%*s\"description\": ", depth + 2, "");
    put_string(text, strlen(text), out);
    fputs(",\n", out);
    put_node(self, depth + 2, out);
    fprintf(out, "\n%*s}", depth, "");
}

/* Keys of a mapping, and any name where the schema has one in capitals: with a dot if it has one. */
static void put_mapping(const ost_schema_t *self, int depth, FILE *out)
{
    const ost_schema_t *end = self->members + self->n_members, *open = NULL;
    const char *separator = ", \"required\": [";
    bool any = false;
    fputs("\"type\": [\"object\", \"null\"], \"additionalProperties\": false", out);
    for (const ost_schema_t *m = self->members; m < end; m++) {
        if (!m->required) continue;
        fputs(separator, out);
        put_string(m->key, strlen(m->key), out);
        separator = ", ";
        any = true;
    }
    fprintf(out, "%s,\n%*s\"properties\": {", any ? "]" : "", depth, "");
    separator = "\n";
    for (const ost_schema_t *m = self->members; m < end; m++) {
        if (isupper((unsigned char) m->key[0])) open = m;
        if (isupper((unsigned char) m->key[0]) || m->key[0] == '-') continue;
        fprintf(out, "%s%*s\"%s\": ", separator, depth + 2, "", m->key);
        put_member(m, depth + 2, out);
        separator = ",\n";
    }
    fputc('}', out);
    if (open == NULL) return;
    fprintf(out, ",\n%*s\"patternProperties\": {\"%s\": ", depth, "",
        strchr(open->key, '.') != NULL ? "^[^.]+\\\\.." : "^[A-Za-z][A-Za-z0-9_-]*$");
    put_member(open, depth, out);
    fputc('}', out);
}

static void put_list(const ost_schema_t *self, int depth, FILE *out)
{
    fputs("\"type\": [\"array\", \"null\"]", out);
    for (size_t i = 0; i < self->n_members; i++) {
        if (self->members[i].key[0] != '-') continue;
        fprintf(out, ",\n%*s\"items\": ", depth, "");
        put_member(&self->members[i], depth, out);
    }
}

static void put_kind(const ost_schema_t *self, unsigned kind, int depth, FILE *out)
{
    unsigned form = self->kinds >> 8;
    if (kind == OST_YAML_MAPPING)
        put_mapping(self, depth, out);
    else if (kind == OST_YAML_SEQUENCE)
        put_list(self, depth, out);
    else if (form == OST_FORM_WORD)
        put_words(self->expects, out);
    else
        fputs(forms[form], out);
}

static void put_node(const ost_schema_t *self, int depth, FILE *out)
{
    static const unsigned kinds[] = { OST_YAML_SCALAR, OST_YAML_SEQUENCE, OST_YAML_MAPPING };
    unsigned all = self->kinds & 0xff;
    const char *separator = "";
    bool is_one = (all & (all - 1)) == 0;
    fprintf(out, "%*s%s", depth, "", is_one ? "" : "\"anyOf\": [");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((all & kinds[i]) == 0) continue;
        fprintf(out, "%s%s", separator, is_one ? "" : "{");
        put_kind(self, kinds[i], depth, out);
        if (!is_one) fputc('}', out);
        separator = ", ";
    }
    if (!is_one) fputc(']', out);
}

void ost_schema_print_json(const ost_schema_t *self, const char *title, FILE *out)
{
    fprintf(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"%s\",\n", title);
    put_node(self, 2, out);
    fputs("\n}\n", out);
}
