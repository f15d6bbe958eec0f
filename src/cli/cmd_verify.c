/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a result file as osteon wrote it, and does its experiment give these values? */
#include "cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Points of a sweep that have a line each, an assumption. */
#define MOST_POINTS 20
#define FILE_AGAIN "/again.h5"

typedef struct {
    const char *share;
    uint64_t n_threads; /* 0: all */
    double part;        /* of the blocks, or points */
    ost_results_t *results;
} verify_arguments_t;

static const char *conclusion(const ost_recomputed_part_t *found, const ost_part_t *part, const ost_identity_t *file)
{
    const char *isa = ost_identity_get(file, "isa");
    if (found->n_unequal == 0) return "equal";
    if (ost_identity_is_foreign(file))
        return found->n_different > 0 ? "another build of osteon wrote other values"
                                      : "equal to 1e-9; another build of osteon wrote it";
    if (found->n_different > 0) return "different";
    bool is_same = isa != NULL && strcmp(isa, ost_isa_name(part->plan->experiment->solver.isa)) == 0;
    return is_same ? "equal to 1e-9, but not the same bits" : "equal to 1e-9, on another instruction set";
}

static void print_different(const ost_recomputed_t *self, size_t part, const ost_recomputed_part_t *found)
{
    char a[64], b[32];
    if (found->n_different == 0) return;
    if (part == self->n_parts)
        printf("  %s", ost_cli_plural(found->n_different, "difference", a));
    else
        printf("  %s of %s values", ost_cli_thousands(found->n_different, a), ost_cli_thousands(found->n_values, b));
    printf(self->i_first == part ? ", first: %s\n" : "\n", self->where);
}

/* A line for each part that was computed, one for all where they are many. @return whether the file is right */
static bool print_recomputed(const ost_recomputed_t *self, const ost_part_t *parts, const ost_results_t *results)
{
    ost_recomputed_part_t all = { 0 };
    char a[64], b[64];
    size_t n = 0;
    for (size_t p = 0; p < self->n_parts; p++) n += self->parts[p].n_blocks > 0 || self->parts[p].n_missing > 0;
    for (size_t p = 0; p <= self->n_parts; p++) {
        const ost_recomputed_part_t *found = &self->parts[p];
        const char *name = p < results->models.n ? results->models.items[p] : "";
        all.n_different += found->n_different;
        all.n_unequal += found->n_unequal;
        all.n_values += found->n_values;
        if (p == self->n_parts && found->n_different > 0) {
            puts("recomputed: coordinates and attributes: different");
            print_different(self, p, found);
        }
        if (p == self->n_parts || n > MOST_POINTS || (found->n_blocks == 0 && found->n_missing == 0)) continue;
        printf("recomputed: %s%s%s of %d subjects: %s\n", name, name[0] != '\0' ? ", " : "",
            ost_cli_plural(found->n_blocks, "block", a), OST_COHORT_BLOCK,
            conclusion(found, &parts[p], &results->attributes));
        if (found->n_missing > 0)
            printf("  %s were not run: the run was interrupted\n", ost_cli_plural(found->n_missing, "block", a));
        print_different(self, p, found);
    }
    if (n > MOST_POINTS) {
        printf("recomputed: %s, %s of %d subjects each: %s\n", ost_cli_plural(n, "point", a),
            ost_cli_plural(self->n_blocks, "block", b), OST_COHORT_BLOCK,
            conclusion(&all, parts, &results->attributes));
        if (self->i_first < self->n_parts) print_different(self, self->i_first, &all);
    }
    return all.n_different == 0;
}

/* What is computed again where the file has no values of single subjects, of which a share could be. */
static void print_kept(const ost_part_t *parts, const verify_arguments_t *a)
{
    const bool has_quantiles = a->results->keep == OST_KEEP_QUANTILES;
    if (a->results->keep == OST_KEEP_SUBJECTS || a->part == 0) return;
    printf("%s are of all subjects, whose own values the file does not have: all are computed again%s\n",
        has_quantiles ? "quantiles" : "endpoints",
        parts->sweep == NULL || a->part == 1 ? ""
        : has_quantiles                      ? ", at this share of the points and at the first"
                                             : ", at this share of the points");
    fflush(stdout);
}

/* Compute a share of the blocks of all plans again, in a folder of its own. */
static int recompute(const ost_part_t *parts, size_t n_parts, const void *arguments)
{
    const verify_arguments_t *a = arguments;
    char folder[OST_CLI_FOLDER_SIZE], again[PATH_MAX], path[PATH_MAX + 8];
    static const char *const endings[] = { "", OST_CLI_PART, ".new" };
    ost_recomputed_t found = { 0 };
    ost_error_t err = { 0 };
    if (ost_cli_temporary_folder(folder, &err) < 0) return ost_cli_fail(&err);
    snprintf(again, sizeof(again), "%s" FILE_AGAIN, folder);
    const ost_recompute_t how = {
        .share = a->part, .again = again, .n_threads = (int) a->n_threads, .stop = ost_cli_catch_signals()
    };
    print_kept(parts, a);
    int ret = ost_results_recompute(&found, a->results, parts, n_parts, &how, &err);
    int code = ret < 0 ? ost_cli_fail(&err) : ret > 0 ? OST_EXIT_INTERRUPTED : OST_EXIT_OK;
    if (ret == 0 && !print_recomputed(&found, parts, a->results)) code = OST_EXIT_IO;
    ost_recomputed_free(&found);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", again, endings[i]);
        unlink(path);
    }
    rmdir(folder);
    return code;
}

/* "1 %", "all". @return whether it is a share; says so if not */
static bool read_share(const char *text, double *share)
{
    char *end;
    *share = 0;
    if (text == NULL) return true;
    *share = strcmp(text, "all") == 0 ? 1 : strtod(text, &end) / 100;
    bool is_percent = strcmp(text, "all") == 0 || (end != text && strcmp(end + strspn(end, " "), "%") == 0);
    if (is_percent && *share > 0 && *share <= 1) return true;
    ost_cli_message("--share: '%s' is no share of a cohort, such as '1 %%' or 'all'", text);
    return false;
}

static int run_verify(char **words, void *arguments)
{
    verify_arguments_t *a = arguments;
    const char *path = words[0];
    ost_error_t err = { 0 };
    bool is_sealed;
    if (!read_share(a->share, &a->part)) return OST_EXIT_USAGE;
    if (!ost_cli_exists(path)) return OST_EXIT_INPUT;
    if (ost_results_check_seal(path, &is_sealed, &err) < 0 || ost_cli_open_result(&a->results, path, true, &err) < 0)
        return ost_cli_fail(&err);
    if (is_sealed)
        printf("%s: as it was written (CRC-32C of all bytes)\n", path);
    else
        printf("%s: checks of all chunks are right, but it is without the seal that osteon writes: another program "
               "changed it, or "
               "it is of an earlier version; its values may have been changed: --share all compares them\n",
            path);
    const bool is_analysis = a->results->is_analysis;
    int code = OST_EXIT_OK;
    bool is_recomputed =
        a->part > 0 || (!is_sealed && !is_analysis && !ost_identity_is_foreign(&a->results->attributes));
    if (is_recomputed && is_analysis) {
        code = OST_CLI_USAGE(
            "verify: --share: %s has indices alone, and no subjects; 'osteon sensitivity' computes them again", path);
    } else if (is_recomputed) {
        code = ost_cli_plan_recorded(path, true, recompute, a);
    }
    ost_results_close(a->results);
    return code;
}

static const ost_option_t options[] = {
    { "share", "PERCENT|all",
        "compute this share of the subjects again, or of the points of a sweep, as in --share '1 %', and compare",
        .target = OST_WORD(verify_arguments_t, share) },
    OST_OPTION_THREADS(verify_arguments_t),
};

const ost_command_t ost_command_verify = {
    .name = "verify",
    .argument = "RESULT.h5",
    .summary = "check a result file, and compute a part of it again",
    .about =
        "Check that a result file is as osteon wrote it, and with --share that its experiment gives the same values\n"
        "on this machine with this version.",
    .notes =
        "Exit code 4 where it is damaged, or where what is computed again differs; 0 where it is sound, "
        "with or\n"
        "without the seal. Without it, coordinates and attributes are compared with those that the experiment gives, "
        "and\nvalues may have been changed: --share all compares them. What is computed again is written to $TMPDIR.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(verify_arguments_t, .share = NULL),
    .run = run_verify,
};
