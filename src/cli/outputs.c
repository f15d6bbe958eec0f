/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the names of files that commands are to write; refuses, before anything is computed, those that cannot be
 * written or do not fit their kind. A slip of the hand (-o mine.yaml) must not cost an experiment. */
#include "results/arrays.h"
#include "sensitivity.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIND(NAME, ending, what, head) [NAME] = { ending, what, head },
const ost_output_kind_t ost_outputs[] = { OST_OUTPUTS(KIND) };
#define DIGITS "0123456789"
/* Names of shards that are listed one by one. */
#define MOST_NAMES 100

/* @return OST_EXIT_OK, or another exit code, having said why */
static int check_name(const char *option, const ost_output_kind_t *kind, const char *path)
{
    size_t n = strlen(path), n_ending = strlen(kind->ending);
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return OST_CLI_USAGE("%s: '%s' is a folder; name a file in it, such as %s%sNAME%s", option, path, path,
            ost_cli_ends_with(path, "/") ? "" : "/", kind->ending);
    if (n > n_ending && ost_cli_ends_with(path, kind->ending) && path[n - n_ending - 1] != '/') return OST_EXIT_OK;
    return OST_CLI_USAGE("%s: '%s' is not the name of %s, which ends in %s", option, path, kind->what, kind->ending);
}

/* @return 0, or the reason of the system why no file can be made at `path` */
static int folder_fault(const char *path, const char *folder)
{
    struct stat st;
    if (stat(folder, &st) != 0) return errno;
    if (!S_ISDIR(st.st_mode)) return ENOTDIR;
    if (access(folder, W_OK | X_OK) != 0) return errno;
    return strlen(ost_cli_base_name(path)) + strlen(OST_CLI_PART) > NAME_MAX ? ENAMETOOLONG : 0;
}

/* The folder is there and can be written to. */
static int check_folder(const char *option, const char *path)
{
    char copy[PATH_MAX];
    int n = snprintf(copy, sizeof(copy), "%s", path);
    int reason = n < PATH_MAX ? folder_fault(path, dirname(copy)) : ENAMETOOLONG;
    if (reason != 0) ost_cli_message("%s: %s: cannot be written: %s", option, path, strerror(reason));
    return reason == 0 ? OST_EXIT_OK : OST_EXIT_IO;
}

/* The place is free, or has a file that begins as those of this kind. */
static int check_replaced(const char *option, const ost_output_kind_t *kind, const char *path, bool force)
{
    char there[16];
    struct stat st;
    if (lstat(path, &st) != 0) return OST_EXIT_OK;
    if (!S_ISREG(st.st_mode)) {
        ost_cli_message("%s: %s: cannot be written: it is %s", option, path,
            S_ISLNK(st.st_mode) ? "a symbolic link" : "not a regular file");
        return OST_EXIT_IO;
    }
    if (force) return OST_EXIT_OK;
    FILE *file = fopen(path, "rb");
    size_t length = strlen(kind->head), n = file != NULL ? fread(there, 1, length, file) : 0;
    if (file != NULL) fclose(file);
    if (file != NULL && (n == 0 || (n == length && memcmp(there, kind->head, length) == 0))) return OST_EXIT_OK;
    bool is_shard = kind == &ost_outputs[OST_OUTPUT_RESULT] && ost_journal_is(path);
    if (!is_shard) ost_cli_message("%s: '%s' is there and is not %s; it is not overwritten", option, path, kind->what);
    return is_shard ? OST_EXIT_OK : OST_EXIT_USAGE;
}

int ost_cli_check_output(const char *option, const ost_output_kind_t *kind, const char *path, bool force)
{
    int code = check_name(option, kind, path);
    if (code == OST_EXIT_OK) code = check_folder(option, path);
    return code == OST_EXIT_OK ? check_replaced(option, kind, path, force) : code;
}

int ost_cli_write(const char *path, ost_cli_put_t put, const void *what, ost_error_t *err)
{
    char *part;
    if (asprintf(&part, "%s" OST_CLI_PART, path) < 0) return ost_no_memory(err);
    FILE *file = fopen(part, "w");
    int ret = file != NULL ? put(what, file, err) : 0;
    bool ok = file != NULL && !ferror(file);
    if (file != NULL) ok = fclose(file) == 0 && ok && ret == 0 && rename(part, path) == 0;
    int reason = errno;
    if (!ok) remove(part);
    free(part);
    if (ok || ret < 0) return ret;
    return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be written: %s", strerror(reason));
}

bool ost_cli_same_file(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

/* What a sweep or an analysis has besides the name of its experiment: neither another one nor a run takes its place
 * unasked, nor it that of a run. */
static const struct {
    const char *fact, *kind, *differs;
} asked[] = {
    { OST_SWEEP_VARY, "a sweep", "other values" },
    { OST_SWEEP_DESIGN, "a sweep", "another design" },
    { OST_SWEEP_POINTS, "a sweep", "another number of points" },
    { OST_SWEEP_SEED, "a sweep", "another design seed" },
    { OST_SWEEP_KEEP, "a sweep", "another --keep" },
    { OST_ANALYSIS_METHOD, "a sensitivity analysis", "another method" },
    { ANALYSIS_POINTS_OF, "a sensitivity analysis of a sweep", "other points" },
    { ANALYSIS_PARAMETERS, "a sensitivity analysis", "other inputs" },
    { ANALYSIS_INPUTS, "a sensitivity analysis", "other inputs" },
    { ANALYSIS_GROUPS, "a sensitivity analysis", "other groups" },
    { ANALYSIS_OF, "a sensitivity analysis", "other endpoints" },
    { ANALYSIS_POINTS, "a sensitivity analysis", "another number of points" },
    { ANALYSIS_LEVELS, "a sensitivity analysis", "another number of levels" },
    { ANALYSIS_SEED, "a sensitivity analysis", "another design seed" },
};

/* Whether a result may take the place of another one; else says what is there. */
static bool is_replaced(const char *path, const ost_identity_t *theirs, const ost_identity_t *ours)
{
    const char *was = ost_identity_get(theirs, "name"), *is = ost_identity_get(ours, "name");
    if (was == NULL || strcmp(was, is) != 0) {
        ost_cli_message("%s is there, a result of the experiment '%s', not of '%s'; --force replaces it", path,
            was != NULL ? was : "?", is);
        return false;
    }
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        const char *then = ost_identity_get(theirs, asked[i].fact), *now = ost_identity_get(ours, asked[i].fact);
        if (then == now || (then != NULL && now != NULL && strcmp(then, now) == 0)) continue;
        ost_cli_message("%s is there, %s of '%s'%s%s; name another file, or --force replaces it", path,
            then != NULL ? asked[i].kind : "a result", is,
            then == NULL  ? " that is not "
            : now == NULL ? ""
                          : " with ",
            then == NULL  ? asked[i].kind
            : now == NULL ? ""
                          : asked[i].differs);
        return false;
    }
    return true;
}

int ost_cli_check_replaced_by(const char *path, const ost_identity_t *ours, bool *is_earlier)
{
    ost_identity_t origin = { 0 };
    ost_error_t err = { 0 };
    *is_earlier = false;
    if (access(path, F_OK) != 0) return OST_EXIT_OK;
    int code = OST_EXIT_USAGE, ret = ost_cli_origin(path, &origin, &err);
    if (ret == OST_ERR_NO_MEMORY)
        code = ost_cli_fail(&err);
    else if (ret < 0)
        ost_cli_message("%s is there and is no result of osteon that can be read; --force replaces it", path);
    else if ((*is_earlier = is_replaced(path, &origin, ours)))
        code = OST_EXIT_OK;
    ost_identity_free(&origin);
    return code;
}

int ost_cli_check_replaced(const char *path, const ost_part_t *parts, size_t n_parts, bool force, bool *is_earlier)
{
    ost_identity_t ours = { 0 };
    ost_error_t err = { 0 };
    *is_earlier = false;
    if (force) return OST_EXIT_OK;
    int code = ost_parts_identity(&ours, parts, n_parts, &err) < 0 ? ost_cli_fail(&err)
                                                                   : ost_cli_check_replaced_by(path, &ours, is_earlier);
    ost_identity_free(&ours);
    return code;
}

void ost_cli_replaces(const char *path, const char *name)
{
    printf("replaces an earlier result of '%s': %s\n", name, path);
}

bool ost_cli_is_read(const char *command, const char *from, const char *out)
{
    if (out == NULL || !ost_cli_same_file(from, out)) return false;
    ost_cli_message("%s: -o: '%s' is what is read; name another file", command, out);
    return true;
}

bool ost_cli_needs_output(const char *command, const char *from, const ost_simulation_t *how)
{
    if (!how->dry_run && ost_cli_is_read(command, from, how->out)) return true;
    bool is_result = ost_cli_ends_with(from, ost_outputs[OST_OUTPUT_RESULT].ending);
    if (how->out != NULL || how->dry_run || (!is_result && how->shard.n == 0)) return false;
    ost_cli_message("%s: -o OUT.h5 is missing: %s", command,
        is_result ? "a result file is repeated into another one" : "each shard has a file of its own");
    return true;
}

void ost_cli_name_output(const ost_part_t *parts, char **path)
{
    const char *name = parts[0].plan->experiment->name, *suffix = parts[0].name != NULL    ? "_models"
                                                                  : parts[0].sweep != NULL ? "_sweep"
                                                                                           : "";
    if (asprintf(path, "%s%s%s", name, suffix, ost_outputs[OST_OUTPUT_RESULT].ending) < 0) *path = NULL;
    for (char *c = *path; c != NULL && *c != '\0'; c++)
        if (*c == '/') *c = '_';
}

int ost_cli_default_output(const ost_part_t *parts, char **path)
{
    ost_cli_name_output(parts, path);
    if (*path != NULL) return ost_cli_check_output("without -o", &ost_outputs[OST_OUTPUT_RESULT], *path, false);
    return ost_cli_no_memory();
}

/* Where in the name of a shard's file its number stands: the last one that is it, but for N of "I-of-N".
 * @param[out] behind  the number; @param[out] width  of the numbers, where zeros are before them @return NULL: its name
 * does not say */
static const char *find_number(const char *path, size_t number, const char **behind, int *width)
{
    const char *found = NULL, *ending = path + strlen(path) - strlen(ost_outputs[OST_OUTPUT_RESULT].ending);
    for (const char *at = path + strcspn(path, DIGITS), *end; at < ending; at = end + strcspn(end, DIGITS)) {
        end = at + strspn(at, DIGITS);
        bool is_total =
            (at - path >= 2 && strncmp(at - 2, "of", 2) == 0) || (at - path >= 3 && strncmp(at - 3, "of", 2) == 0);
        if (strtoul(at, NULL, 10) != number || end - at > 9 || is_total) continue;
        found = at;
        *behind = end;
        *width = *at == '0' ? (int) (end - at) : 1;
    }
    return found;
}

void ost_cli_print_merge(const char *path, ost_shard_t shard, const char *merged)
{
    char name[PATH_MAX], quoted[4 * PATH_MAX];
    int width = 1;
    const char *behind = path, *at = find_number(path, shard.i, &behind, &width);
    int n_before = at != NULL ? (int) (at - path) : 0;
    printf("next:    osteon merge");
    for (size_t i = 1; i <= shard.n && at != NULL && shard.n <= MOST_NAMES; i++) {
        snprintf(name, sizeof(name), "%.*s%0*zu%s", n_before, path, width, i, behind);
        printf(" %s", ost_cli_quoted(name, quoted, sizeof(quoted)));
    }
    if (at != NULL && shard.n > MOST_NAMES) { /* as bash takes it */
        snprintf(name, sizeof(name), "%.*s", n_before, path);
        if (n_before > 0) printf(" %s", ost_cli_quoted(name, quoted, sizeof(quoted)));
        printf("%s{%0*d..%zu}%s", n_before > 0 ? "" : " ", width, 1, shard.n,
            ost_cli_quoted(behind, quoted, sizeof(quoted)));
    }
    if (at == NULL) printf(" %s%s", ost_cli_quoted(path, quoted, sizeof(quoted)), shard.n > 1 ? " OTHERS" : "");
    printf(" -o %s\n", ost_cli_quoted(merged, quoted, sizeof(quoted)));
    if (at == NULL && shard.n == 2) printf("         OTHERS: the file of the other shard\n");
    if (at == NULL && shard.n > 2) printf("         OTHERS: the files of the other %zu shards\n", shard.n - 1);
}

char *ost_cli_quoted(const char *path, char *buf, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    size_t n = 0;
    const char *before = path[0] == '-' ? "./" : "";
    bool is_plain = path[0] != '\0' && strspn(path, plain) == strlen(path);
    if (is_plain || size < 8) {
        snprintf(buf, size, "%s%s", before, path);
        return buf;
    }
    n = (size_t) sprintf(buf, "'%s", before);
    for (const char *c = path; *c != '\0' && n + 6 < size; c++)
        if (*c == '\'')
            n += (size_t) sprintf(buf + n, "'\\''");
        else
            buf[n++] = *c;
    snprintf(buf + n, size - n, "'");
    return buf;
}

void ost_cli_written(const char *out, bool is_drawn)
{
    char size[32], path[PATH_MAX + 8], plot[PATH_MAX], command[PATH_MAX + 8];
    struct stat st;
    printf("written: %s (%s)\n", out, stat(out, &st) == 0 ? ost_cli_bytes((double) st.st_size, size) : "?");
    printf("next:    osteon show %s\n", ost_cli_quoted(out, path, sizeof(path)));
    if (is_drawn && ost_cli_plot_command(plot, sizeof(plot)))
        printf("         %s %s\n", ost_cli_quoted(plot, command, sizeof(command)), path);
}
