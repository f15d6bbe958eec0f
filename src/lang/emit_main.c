/* SPDX-License-Identifier: GPL-3.0-or-later */
/* osteon-emit OUTDIR signals.model NAME.model: the build tool that turns one built-in model into C. It writes
 * builtin_NAME.c, the entry of the table of built-in models, and kernel_NAME_lanes.c; of the signals, if both files are
 * one, the entry alone. Signals of other models are not available to it. Files whose content would not change are left
 * alone, so that nothing is compiled again for nothing. */
#include "core/file.h"
#include "lang/model_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 28 }; /* of a file, made ones included */

/* Here nothing is built in yet. */
const ost_builtin_t *const ost_builtins[1] = { NULL };
const size_t ost_n_builtins = 0;
const char *const ost_builtin_names[1] = { NULL };

/* Name and folder of a model file: "aibl" and "bone/" where signals.model lies above it; owned by the caller. */
static int split_path(const char *path, const char *signals, char **name, char **folder, ost_error_t *err)
{
    const char *slash = strrchr(path, '/'), *first = slash != NULL ? slash + 1 : path, *dot = strrchr(first, '.');
    const char *top = strrchr(signals, '/');
    size_t n_top = top != NULL ? (size_t) (top + 1 - signals) : 0;
    bool is_below = (size_t) (first - path) >= n_top && strncmp(path, signals, n_top) == 0;
    *name = strndup(first, dot != NULL ? (size_t) (dot - first) : strlen(first));
    *folder = is_below ? strndup(path + n_top, (size_t) (first - path) - n_top) : strdup("");
    return *name != NULL && *folder != NULL ? 0 : ost_no_memory(err);
}

static int write_if_changed(const char *folder, const char *file, const char *content, size_t n, ost_error_t *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    char *old;
    bool same = ost_file_read(&old, path, MOST_BYTES, NULL) == 0 && strlen(old) == n && memcmp(old, content, n) == 0;
    free(old);
    if (same) return 0;
    FILE *out = fopen(path, "wb");
    bool ok = out != NULL && fwrite(content, 1, n, out) == n;
    if (out != NULL && fclose(out) != 0) ok = false;
    return ok ? 0 : ost_fail(err, OST_ERR_IO, "cannot write '%s'", path);
}

static void put_string(FILE *out, const char *text)
{
    fputs("    \"", out);
    for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++) {
        if (*c == '\n') {
            fputs(c[1] == '\0' ? "\\n" : "\\n\"\n    \"", out);
        } else if (*c == '"' || *c == '\\' || *c == '?') {
            fprintf(out, "\\%c", *c);
        } else if (isprint(*c) && *c < 0x80) {
            putc(*c, out);
        } else {
            fprintf(out, "\\%03o", *c);
        }
    }
    putc('"', out);
}

/* Write OUTDIR/BEFORE NAME AFTER by a function. */
static int write_made(const char *folder, const char *before, const ost_builtin_t *builtin, const char *after,
    int (*make)(const ost_builtin_t *builtin, const ost_model_t *model, FILE *out, ost_error_t *err),
    const ost_model_t *model, ost_error_t *err)
{
    char file[512], *content = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&content, &n);
    if (out == NULL) return ost_no_memory(err);
    int ret = make(builtin, model, out, err);
    fclose(out);
    snprintf(file, sizeof(file), "%s%s%s", before, builtin->name, after);
    if (ret == 0) ret = write_if_changed(folder, file, content, n, err);
    free(content);
    return ret;
}

static int make_kernel(const ost_builtin_t *builtin, const ost_model_t *model, FILE *out, ost_error_t *err)
{
    (void) builtin;
    return ost_model_emit(model, out, err);
}

/* The entry of the table: name, folder, text, fingerprint, kernels; model NULL for the signals. */
static int make_entry(const ost_builtin_t *builtin, const ost_model_t *model, FILE *out, ost_error_t *err)
{
    (void) err;
    fputs("/* Written by osteon-emit. */\n#include \"lang/kernel.h\"\n\n", out);
    if (model != NULL) fprintf(out, "OST_ISA_EXTERN(const ost_kernel_t, ost_kernel_%s);\n", builtin->name);
    fprintf(out,
        "extern const ost_builtin_t ost_builtin_%1$s;\nconst ost_builtin_t ost_builtin_%1$s = {\n    \"%1$s\",\n"
        "    \"%2$s\",\n",
        builtin->name, builtin->folder);
    put_string(out, builtin->text);
    fprintf(out, ",\n    UINT64_C(0x%016llx),\n", (unsigned long long) (model != NULL ? model->impl->fingerprint : 0));
    if (model != NULL)
        fprintf(out, "    OST_ISA_TABLE(&ost_kernel_%s),\n};\n", builtin->name);
    else
        fputs("    { NULL, NULL, NULL },\n};\n", out);
    return 0;
}

static int emit(
    const char *folder, const char *signals, const ost_builtin_t *builtin, bool is_signals, ost_error_t *err)
{
    char path[512];
    const ost_builtin_t known = { .name = "signals", .text = signals }, *const table[] = { &known };
    const ost_model_t *model = NULL;
    ost_library_t library;
    int ret = ost_library_init_with(&library, table, 1, err);
    snprintf(path, sizeof(path), "models/%s%s.model", builtin->folder, builtin->name);
    if (ret == 0 && !is_signals) ret = ost_library_read(&library, path, builtin->text, &model, err);
    if (ret == 0 && !is_signals && strcmp(model->name, builtin->name) != 0)
        ret = ost_fail_at(err, OST_ERR_NAME, path, 1, 1, "model '%s' must stand in a file named '%s.model'",
            model->name, model->name);
    if (ret == 0 && !is_signals) ret = write_made(folder, "kernel_", builtin, "_lanes.c", make_kernel, model, err);
    if (ret == 0) ret = write_made(folder, "builtin_", builtin, ".c", make_entry, model, err);
    ost_library_free(&library);
    return ret;
}

int main(int argc, char **argv)
{
    ost_error_t err = { 0 };
    char message[1024], *name = NULL, *folder = NULL;
    if (argc != 4) {
        fputs("usage: osteon-emit OUTDIR signals.model NAME.model\n", stderr);
        return 2;
    }
    char *signals = NULL, *text = NULL;
    int ret = ost_file_read(&signals, argv[2], MOST_BYTES, &err);
    if (ret == 0) ret = ost_file_read(&text, argv[3], MOST_BYTES, &err);
    if (ret == 0) ret = split_path(argv[3], argv[2], &name, &folder, &err);
    if (ret == 0) {
        const ost_builtin_t builtin = { .name = name, .folder = folder, .text = text };
        ret = emit(argv[1], signals, &builtin, strcmp(argv[2], argv[3]) == 0, &err);
    }
    if (ret != 0) fprintf(stderr, "osteon-emit: %s\n", ost_error_format(&err, message, sizeof(message)));
    free(signals);
    free(text);
    free(name);
    free(folder);
    return ret == 0 ? 0 : 1;
}
