/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/yaml.h"

#include "core/file.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct {
    ost_yaml_t *tree;
    yaml_parser_t parser;
    size_t n_nodes;
} builder_t;

static ost_location_t location_of(yaml_mark_t mark)
{
    return (ost_location_t){ (int) mark.line + 1, (int) mark.column + 1 };
}

static int refuse(const builder_t *self, ost_location_t at, int code, const char *fmt, ...) OST_PRINTF(4, 5);
static int refuse(const builder_t *self, ost_location_t at, int code, const char *fmt, ...)
{
    char what[sizeof self->tree->err->what];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return self->tree->code = ost_fail_at(self->tree->err, code, self->tree->path, at.line, at.column, "%s", what);
}

/* libyaml gives the byte but no line where the text is not UTF-8 or holds control characters. */
static ost_location_t location_of_byte(const char *text, size_t offset)
{
    ost_location_t at = { 1, 1 };
    for (size_t i = 0; i < offset && text[i] != '\0'; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char) text[i] & 0xC0u) != 0x80u) {
            at.column++;
        }
    }
    return at;
}

static int refuse_yaml(const builder_t *self, const char *text)
{
    const yaml_parser_t *parser = &self->parser;
    const char *problem = parser->problem ? parser->problem : "not readable";
    if (parser->error == YAML_MEMORY_ERROR) return ost_yaml_no_memory(self->tree);
    if (parser->error == YAML_READER_ERROR)
        return refuse(self, location_of_byte(text, parser->problem_offset), OST_ERR_SYNTAX,
            "not text in UTF-8: %s (character %d)", problem, parser->problem_value);
    ost_location_t at = location_of(parser->problem_mark);
    char context[128] = "";
    if (parser->context != NULL) {
        ost_location_t from = location_of(parser->context_mark);
        snprintf(context, sizeof context, " (%s that begins at %d:%d)", parser->context, from.line, from.column);
    }
    const char *hint = "";
    if (strstr(problem, "cannot start any token") != NULL) {
        hint = "; indent with blanks, not tabs, and quote text that begins with a special character";
    } else if (strstr(problem, "',' or") != NULL) {
        hint = "; inside { } a formula with [ ] or a comma needs quotes";
    }
    return refuse(self, at, OST_ERR_SYNTAX, "not valid YAML: %s%s%s", problem, context, hint);
}

void ost_yaml_remove(ost_yaml_node_t *self, ost_yaml_node_t *member)
{
    ost_yaml_node_free(member);
    memmove(member, member + 1, (size_t) (self->members + self->n_members - (member + 1)) * sizeof *member);
    self->n_members--;
}

ost_yaml_node_t *ost_yaml_append(ost_yaml_node_t *self, const char *key)
{
    if (self->n_members == self->max_members) {
        size_t max = self->max_members == 0 ? 4 : 2 * self->max_members;
        ost_yaml_node_t *members = realloc(self->members, max * sizeof *members);
        if (members == NULL) return NULL;
        self->members = members;
        self->max_members = max;
    }
    char *copy = NULL;
    if (key != NULL && (copy = ost_strdup(key)) == NULL) return NULL;
    ost_yaml_node_t *member = &self->members[self->n_members++];
    *member =
        (ost_yaml_node_t){ .kind = OST_YAML_SCALAR, .key = copy, .location = self->location, .key_at = self->location };
    return member;
}

static int next(builder_t *self, const char *text, yaml_event_t *event)
{
    if (!yaml_parser_parse(&self->parser, event)) return refuse_yaml(self, text);
    return 0;
}

static int check_event(builder_t *self, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse(self, location_of(event->start_mark), OST_ERR_SYNTAX,
            "'*%.60s': aliases are not used in experiments; write it out", (const char *) event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length) != NULL)
            return refuse(self, location_of(event->start_mark), OST_ERR_SYNTAX, "a zero byte (\\0) in text");
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor != NULL)
        return refuse(self, location_of(event->start_mark), OST_ERR_SYNTAX,
            "'&%.60s': anchors are not used in experiments; write it out", (const char *) anchor);
    if (tag != NULL)
        return refuse(self, location_of(event->start_mark), OST_ERR_SYNTAX,
            "'!%.60s': tags are not used in experiments; remove it", (const char *) tag);
    if (++self->n_nodes > OST_YAML_MAX_NODES)
        return refuse(self, location_of(event->start_mark), OST_ERR_LIMIT, "more than %d values", OST_YAML_MAX_NODES);
    return 0;
}

static int build(builder_t *self, const char *text, ost_yaml_node_t *node, const yaml_event_t *event, int depth);

/* A key: scalar, non-empty, not seen before in this mapping. */
static int build_key(builder_t *self, ost_yaml_node_t *mapping, const yaml_event_t *event, ost_yaml_node_t **member)
{
    ost_location_t at = location_of(event->start_mark);
    int ret = check_event(self, event);
    if (ret != 0) return ret;
    if (event->type != YAML_SCALAR_EVENT) return refuse(self, at, OST_ERR_SYNTAX, "a key must be plain text");
    const char *key = (const char *) event->data.scalar.value;
    if (key[0] == '\0') return refuse(self, at, OST_ERR_SYNTAX, "an empty key");
    const ost_yaml_node_t *twin = ost_yaml_get(mapping, key);
    if (twin != NULL)
        return refuse(self, at, OST_ERR_NAME, "duplicate '%.100s'; the first is at %d:%d", key, twin->key_at.line,
            twin->key_at.column);
    if (mapping->n_members == OST_YAML_MAX_MEMBERS)
        return refuse(self, at, OST_ERR_LIMIT, "more than %u keys in one mapping", OST_YAML_MAX_MEMBERS);
    *member = ost_yaml_append(mapping, key);
    if (*member == NULL) return ost_yaml_no_memory(self->tree);
    (*member)->key_at = at;
    return 0;
}

static int build_members(builder_t *self, const char *text, ost_yaml_node_t *node, yaml_event_type_t end, int depth)
{
    for (;;) {
        yaml_event_t event;
        int ret = next(self, text, &event);
        if (ret != 0) return ret;
        if (event.type == end) {
            yaml_event_delete(&event);
            return 0;
        }
        ost_yaml_node_t *member = NULL;
        if (node->kind == OST_YAML_MAPPING) {
            ret = build_key(self, node, &event, &member);
            yaml_event_delete(&event);
            if (ret != 0 || (ret = next(self, text, &event)) != 0) return ret;
        } else {
            member = ost_yaml_append(node, NULL);
            if (member == NULL) ret = ost_yaml_no_memory(self->tree);
        }
        if (ret == 0) ret = build(self, text, member, &event, depth + 1);
        yaml_event_delete(&event);
        if (ret != 0) return ret;
    }
}

static int build(builder_t *self, const char *text, ost_yaml_node_t *node, const yaml_event_t *event, int depth)
{
    int ret = check_event(self, event);
    if (ret != 0) return ret;
    node->location = location_of(event->start_mark);
    if (depth > OST_YAML_MAX_DEPTH)
        return refuse(self, node->location, OST_ERR_LIMIT, "nested deeper than %d levels", OST_YAML_MAX_DEPTH);
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
        node->kind = OST_YAML_SEQUENCE;
        return build_members(self, text, node, YAML_SEQUENCE_END_EVENT, depth);
    case YAML_MAPPING_START_EVENT:
        node->kind = OST_YAML_MAPPING;
        return build_members(self, text, node, YAML_MAPPING_END_EVENT, depth);
    default:
        node->kind = OST_YAML_SCALAR;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        node->text = ost_strdup((const char *) event->data.scalar.value);
        return node->text != NULL ? 0 : ost_yaml_no_memory(self->tree);
    }
}

/* Stream: START, document (START, value, END), stream END. */
static int build_document(builder_t *self, const char *text)
{
    yaml_event_t event;
    int ret = next(self, text, &event);
    if (ret != 0) return ret;
    yaml_event_delete(&event);
    if ((ret = next(self, text, &event)) != 0) return ret;
    bool is_empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (is_empty) return refuse(self, (ost_location_t){ 1, 1 }, OST_ERR_SYNTAX, "there is nothing in it");
    if ((ret = next(self, text, &event)) != 0) return ret;
    ret = build(self, text, &self->tree->root, &event, 0);
    yaml_event_delete(&event);
    if (ret != 0 || (ret = next(self, text, &event)) != 0) return ret;
    yaml_event_delete(&event);
    if ((ret = next(self, text, &event)) != 0) return ret;
    if (event.type != YAML_STREAM_END_EVENT)
        ret =
            refuse(self, location_of(event.start_mark), OST_ERR_SYNTAX, "a second document begins; one file, one text");
    yaml_event_delete(&event);
    return ret;
}

int ost_yaml_parse(ost_yaml_t *self, const char *path, const char *text, ost_error_t *err)
{
    memset(self, 0, sizeof *self);
    self->path = path;
    self->err = err;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3; /* byte order mark */
    size_t size = strlen(text);
    if (size > OST_YAML_MAX_BYTES)
        return self->code = ost_fail_at(
                   err, OST_ERR_LIMIT, path, 0, 0, "%zu bytes of text; the limit is %u", size, OST_YAML_MAX_BYTES);
    builder_t builder = { .tree = self };
    if (!yaml_parser_initialize(&builder.parser)) return ost_yaml_no_memory(self);
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *) text, size);
    int ret = build_document(&builder, text);
    yaml_parser_delete(&builder.parser);
    return ret;
}

/* The only event that can fail is one without memory: the tree holds UTF-8. */
static bool write_scalar(yaml_emitter_t *out, const char *text, bool quoted)
{
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *) (text != NULL ? text : ""), -1,
               !quoted, true, quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE) &&
           yaml_emitter_emit(out, &event);
}

static bool write_node(yaml_emitter_t *out, const ost_yaml_node_t *node)
{
    if (node->kind == OST_YAML_SCALAR) return write_scalar(out, node->text, node->quoted);
    bool is_mapping = node->kind == OST_YAML_MAPPING;
    yaml_event_t event;
    bool ok = is_mapping ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)
                         : yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    ok = ok && yaml_emitter_emit(out, &event);
    for (size_t i = 0; ok && i < node->n_members; i++)
        ok = (!is_mapping || write_scalar(out, node->members[i].key, false)) && write_node(out, &node->members[i]);
    ok = ok && (is_mapping ? yaml_mapping_end_event_initialize(&event) : yaml_sequence_end_event_initialize(&event));
    return ok && yaml_emitter_emit(out, &event);
}

int ost_yaml_write(const ost_yaml_t *self, char **text, ost_error_t *err)
{
    size_t size;
    yaml_emitter_t out;
    yaml_event_t event;
    *text = NULL;
    if (!yaml_emitter_initialize(&out)) return ost_no_memory(err);
    FILE *file = open_memstream(text, &size);
    bool ok = file != NULL;
    if (ok) {
        yaml_emitter_set_output_file(&out, file);
        yaml_emitter_set_unicode(&out, 1);
        yaml_emitter_set_width(&out, -1);
    }
    ok = ok && yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && yaml_emitter_emit(&out, &event);
    ok = ok && yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) && yaml_emitter_emit(&out, &event);
    ok = ok && write_node(&out, &self->root);
    ok = ok && yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&out, &event);
    ok = ok && yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&out, &event);
    yaml_emitter_delete(&out);
    if (file != NULL && fclose(file) != 0) ok = false;
    if (ok) return 0;
    free(*text);
    *text = NULL;
    return ost_no_memory(err);
}

void ost_yaml_node_free(ost_yaml_node_t *self)
{
    for (size_t i = 0; i < self->n_members; i++) ost_yaml_node_free(&self->members[i]);
    free(self->members);
    free(self->key);
    free(self->text);
    memset(self, 0, sizeof *self);
}

void ost_yaml_free(ost_yaml_t *self)
{
    if (self == NULL) return;
    ost_yaml_node_free(&self->root);
    ost_text_list_free(&self->warnings);
}

ost_yaml_node_t *ost_yaml_get(const ost_yaml_node_t *self, const char *key)
{
    for (size_t i = 0; self != NULL && self->kind == OST_YAML_MAPPING && i < self->n_members; i++)
        if (self->members[i].key != NULL && strcmp(self->members[i].key, key) == 0) return &self->members[i];
    return NULL;
}

bool ost_yaml_is_null(const ost_yaml_node_t *self)
{
    return self->kind == OST_YAML_SCALAR && !self->quoted &&
           (self->text == NULL || self->text[0] == '\0' || strcmp(self->text, "~") == 0 ||
               strcmp(self->text, "null") == 0);
}

/* @return length of the path of `node` below `at`, or -1 if it is not there; the way down is found by trying it all,
 * which only an error message pays for */
static int find_path(const ost_yaml_node_t *at, const ost_yaml_node_t *node, char *buf, size_t size, size_t length)
{
    if (at == node) return (int) length;
    for (size_t i = 0; i < at->n_members; i++) {
        const ost_yaml_node_t *member = &at->members[i];
        const char *dot = length > 0 ? "." : "";
        int added = member->key != NULL ? snprintf(buf + length, size - length, "%s%s", dot, member->key)
                                        : snprintf(buf + length, size - length, "%s%zu", dot, i);
        size_t end = length + (added > 0 ? (size_t) added : 0);
        int found = find_path(member, node, buf, size, end < size ? end : size - 1);
        if (found >= 0) return found;
    }
    return -1;
}

/* "arms.anastrozole.regimen.0.dose" of a node in the tree, "" for the root; always terminated. @return buf */
static char *path_of(const ost_yaml_t *self, const ost_yaml_node_t *node, char *buf, size_t size)
{
    buf[0] = '\0';
    int length = find_path(&self->root, node, buf, size, 0);
    buf[length > 0 ? length : 0] = '\0';
    return buf;
}

static void fail_at(ost_yaml_t *self, const ost_yaml_node_t *node, ost_location_t at, int code, const char *what)
{
    char path[160];
    path_of(self, node, path, sizeof path);
    const char *colon = path[0] != '\0' ? ": " : "";
    if (node->origin != NULL)
        self->code = ost_fail_at(
            self->err, code, self->path, 0, 0, "in the setting '%.100s': %s%s%s", node->origin, path, colon, what);
    else
        self->code = ost_fail_at(self->err, code, self->path, at.line, at.column, "%s%s%s", path, colon, what);
}

static int fail(
    ost_yaml_t *self, const ost_yaml_node_t *node, ost_location_t at, int code, const char *fmt, va_list args)
{
    char what[512];
    if (self->code != 0) return self->code;
    vsnprintf(what, sizeof what, fmt, args);
    fail_at(self, node, at, code, what);
    return code;
}

int ost_yaml_fail(ost_yaml_t *self, const ost_yaml_node_t *node, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int ret = fail(self, node, node->location, code, fmt, args);
    va_end(args);
    return ret;
}

int ost_yaml_fail_key(ost_yaml_t *self, const ost_yaml_node_t *node, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int ret = fail(self, node, node->key_at, code, fmt, args);
    va_end(args);
    return ret;
}

int ost_yaml_take(ost_yaml_t *self, int code)
{
    if (self->code == 0 && code < 0) self->code = code;
    return self->code;
}

int ost_yaml_no_memory(ost_yaml_t *self)
{
    return self->code != 0 ? self->code : ost_yaml_take(self, ost_no_memory(self->err));
}

int ost_yaml_locate(ost_yaml_t *self, const ost_yaml_node_t *node, int code)
{
    if (code >= 0 || self->code != 0) return self->code;
    ost_location_t at = node->location;
    char what[sizeof self->err->what] = "";
    if (self->err != NULL) {
        memcpy(what, self->err->what, sizeof what);
        if (self->err->line == 1 && self->err->column > 0) at.column += self->err->column - 1 + (node->quoted ? 1 : 0);
    }
    fail_at(self, node, at, code, what);
    return code;
}

char *ost_yaml_copy(ost_yaml_t *self, const char *text)
{
    char *copy = self->code == 0 ? ost_memory_text(self->memory, text, strlen(text)) : NULL;
    if (copy == NULL) ost_yaml_no_memory(self);
    return copy;
}

char *ost_yaml_beside(ost_yaml_t *self, const char *base, const char *name)
{
    char *path = self->code == 0 ? ost_file_beside(self->memory, base, name) : NULL;
    if (path == NULL) ost_yaml_no_memory(self);
    return path;
}

void *ost_yaml_items(ost_yaml_t *self, size_t n, size_t size)
{
    void *items = self->code == 0 ? ost_memory_list(self->memory, n, size) : NULL;
    if (items == NULL) ost_yaml_no_memory(self);
    return items;
}

void *ost_yaml_list(ost_yaml_t *self, const ost_yaml_node_t *node, size_t size, size_t *n)
{
    const bool is_empty = node == NULL || node->n_members == 0;
    void *items = is_empty ? NULL : ost_yaml_items(self, node->n_members, size);
    *n = items != NULL ? node->n_members : 0;
    return items;
}
