/* SPDX-License-Identifier: GPL-3.0-or-later */
/* osteon-emit OUTDIR FILE.model...: the build tool that turns the built-in models into C. It writes one
 * kernel_NAME_lanes.c per model, and builtins.c with the texts and the table of kernels. Files whose content would not
 * change are left alone, so that nothing is compiled again for nothing. */
#include "lang/library.h"
#include "lang/model_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Here nothing is built in yet. */
const ost_builtin_t ost_builtins[1] = { 0 };
const size_t ost_n_builtins = 0;
const char *const ost_builtin_names[1] = { NULL };

typedef struct {
    char *name, *text;
    uint64_t fingerprint; /* 0 for the file of signals */
} source_t;

static char *read_text(const char *path, ost_error_t *err)
{
    FILE *in = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0, max = 0;
    int c = EOF;
    while (in != NULL && (c = getc(in)) != EOF) {
        if (n + 1 >= max) {
            max = 2 * max + 4096;
            char *longer = realloc(text, max);
            if (longer == NULL) break;
            text = longer;
        }
        text[n++] = (char) c;
    }
    if (in == NULL || ferror(in) || c != EOF || n == 0) {
        ost_fail(err, OST_ERR_IO, "cannot read '%s'", path);
        free(text);
        text = NULL;
    } else {
        text[n] = '\0';
    }
    if (in != NULL) fclose(in);
    return text;
}

/* "aibl" of "models/aibl.model"; owned by the caller. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *first = slash != NULL ? slash + 1 : path, *dot = strrchr(first, '.');
    return strndup(first, dot != NULL ? (size_t) (dot - first) : strlen(first));
}

static int write_if_changed(const char *folder, const char *file, const char *content, size_t n, ost_error_t *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    char *old = read_text(path, NULL);
    bool same = old != NULL && strlen(old) == n && memcmp(old, content, n) == 0;
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

static int emit_model(ost_library_t *library, source_t *source, const char *folder, ost_error_t *err)
{
    char path[512], *content = NULL;
    size_t n = 0;
    const ost_model_t *model = NULL;
    snprintf(path, sizeof(path), "models/%s.model", source->name);
    int ret = ost_library_read(library, path, source->text, &model, err);
    if (ret != 0) return ret;
    if (strcmp(model->name, source->name) != 0) {
        return ost_fail_at(err, OST_ERR_NAME, path, 1, 1, "model '%s' must stand in a file named '%s.model'",
            model->name, model->name);
    }
    source->fingerprint = model->impl->fingerprint;
    FILE *out = open_memstream(&content, &n);
    if (out == NULL) return ost_no_memory(err);
    ret = ost_model_emit(model, out, err);
    fclose(out);
    snprintf(path, sizeof(path), "kernel_%s_lanes.c", source->name);
    if (ret == 0) ret = write_if_changed(folder, path, content, n, err);
    free(content);
    return ret;
}

static void put_table(FILE *out, const source_t *sources, size_t n)
{
    fputs("/* The built-in models, written by osteon-emit. */\n#include \"lang/kernel.h\"\n\n"
          "#ifdef OST_HAVE_AVX2\n#define AVX2(kernel) kernel\n#else\n#define AVX2(kernel) NULL\n#endif\n"
          "#ifdef OST_HAVE_AVX512\n#define AVX512(kernel) kernel\n#else\n#define AVX512(kernel) NULL\n#endif\n\n",
        out);
    for (size_t i = 0; i < n; i++) {
        if (sources[i].fingerprint == 0) continue;
        fprintf(out, "extern const ost_kernel_t ost_kernel_%1$s_base, ost_kernel_%1$s_avx2, ost_kernel_%1$s_avx512;\n",
            sources[i].name);
    }
    fputs("\nconst ost_builtin_t ost_builtins[] = {\n", out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "    { \"%s\",\n", sources[i].name);
        put_string(out, sources[i].text);
        fprintf(out, ",\n    UINT64_C(0x%016llx),\n", (unsigned long long) sources[i].fingerprint);
        if (sources[i].fingerprint == 0) {
            fputs("    { NULL, NULL, NULL } },\n", out);
        } else {
            fprintf(out,
                "    { &ost_kernel_%1$s_base, AVX2(&ost_kernel_%1$s_avx2), AVX512(&ost_kernel_%1$s_avx512) } },\n",
                sources[i].name);
        }
    }
    fprintf(out, "};\nconst size_t ost_n_builtins = %zu;\n\nconst char *const ost_builtin_names[] = { ", n);
    for (size_t i = 0; i < n; i++) {
        if (sources[i].fingerprint != 0) fprintf(out, "\"%s\", ", sources[i].name);
    }
    fputs("NULL };\n", out);
}

static int emit_table(const source_t *sources, size_t n_sources, const char *folder, ost_error_t *err)
{
    char *content = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&content, &n);
    if (out == NULL) return ost_no_memory(err);
    put_table(out, sources, n_sources);
    fclose(out);
    int ret = write_if_changed(folder, "builtins.c", content, n, err);
    free(content);
    return ret;
}

static int emit_all(const char *folder, source_t *sources, size_t n, char *const *paths, ost_error_t *err)
{
    ost_library_t library = { 0 };
    ost_builtin_t signals = { .name = NULL };
    int ret = 0;
    for (size_t i = 0; i < n && ret == 0; i++) {
        sources[i].name = stem(paths[i]);
        sources[i].text = read_text(paths[i], err);
        if (sources[i].name == NULL || sources[i].text == NULL) return OST_ERR_IO;
        if (strcmp(sources[i].name, "signals") != 0) continue;
        signals.name = sources[i].name;
        signals.text = sources[i].text;
    }
    ret = ost_library_init_with(&library, &signals, signals.name != NULL ? 1 : 0, err);
    for (size_t i = 0; i < n && ret == 0; i++) {
        if (sources[i].name != signals.name) ret = emit_model(&library, &sources[i], folder, err);
    }
    if (ret == 0) ret = emit_table(sources, n, folder, err);
    ost_library_free(&library);
    return ret;
}

int main(int argc, char **argv)
{
    ost_error_t err = { 0 };
    char text[1024];
    if (argc < 3) {
        fputs("usage: osteon-emit OUTDIR FILE.model...\n", stderr);
        return 2;
    }
    size_t n = (size_t) argc - 2;
    source_t *sources = calloc(n, sizeof(*sources));
    int ret = sources == NULL ? ost_fail(&err, OST_ERR_NO_MEMORY, "out of memory")
                              : emit_all(argv[1], sources, n, argv + 2, &err);
    if (ret != 0) fprintf(stderr, "osteon-emit: %s\n", ost_error_format(&err, text, sizeof(text)));
    for (size_t i = 0; i < n && sources != NULL; i++) {
        free(sources[i].name);
        free(sources[i].text);
    }
    free(sources);
    return ret == 0 ? 0 : 1;
}
