/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a result file as osteon wrote it, and does its experiment give these values? */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *share;
    uint64_t n_threads; /* 0: all */
    double part;        /* of the blocks */
    ost_results_t *results;
} verify_arguments_t;

static const char *conclusion(const ost_recomputed_t *found, const ost_part_t *part, const ost_identity_t *file)
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

/* Compute a share of the blocks of all plans again. */
static int recompute(const ost_part_t *parts, size_t n_parts, const void *arguments)
{
    const verify_arguments_t *a = arguments;
    ost_error_t err = { 0 };
    char blocks[64];
    int code = OST_EXIT_OK;
    for (size_t p = 0; p < n_parts && err.code == 0; p++) {
        ost_recomputed_t found;
        a->results->i_model = p;
        if (ost_results_recompute(a->results, parts, n_parts, p, a->part, (int) a->n_threads, &found, &err) < 0) break;
        const char *name = p < a->results->models.n ? a->results->models.items[p] : "";
        printf("recomputed: %s%s%s of %d subjects: %s\n", name, name[0] != '\0' ? ", " : "",
            ost_cli_plural(found.n_blocks, "block", blocks), OST_COHORT_BLOCK,
            conclusion(&found, &parts[p], &a->results->attributes));
        if (found.n_missing > 0)
            printf("  %s were not run: the run was interrupted\n", ost_cli_plural(found.n_missing, "block", blocks));
        if (found.n_different == 0) continue;
        printf("  %s of %s values, first: %s\n", ost_cli_thousands(found.n_different, (char[32]){ 0 }),
            ost_cli_thousands(found.n_values, (char[32]){ 0 }), found.where);
        code = OST_EXIT_IO;
    }
    return err.code != 0 ? ost_cli_fail(&err) : code;
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

static int run_verify(const ost_command_t *self, int argc, char **argv)
{
    verify_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    bool is_sealed;
    int code;
    const char *path = ost_cli_parse(self, argc, argv, &a, &code);
    if (path == NULL) return code;
    if (!read_share(a.share, &a.part)) return OST_EXIT_USAGE;
    if (ost_results_check_seal(path, &is_sealed, &err) < 0 || ost_cli_open_result(&a.results, path, true, &err) < 0)
        return ost_cli_fail(&err);
    if (is_sealed)
        printf("%s: as it was written (CRC-32C of all bytes)\n", path);
    else
        printf(
            "%s: sound (checks of all chunks), but without the seal that osteon writes: another program changed it, or "
            "it is of an earlier version; its values may have been changed: --share all compares them\n",
            path);
    bool is_recomputed = a.part > 0;
    if (is_recomputed && a.results->keeps_endpoints) {
        ost_cli_message("verify: --share: %s keeps endpoints alone, and no subjects; 'osteon sweep %s -o AGAIN.h5' "
                        "computes them again",
            path, path);
        code = OST_EXIT_USAGE;
    } else if (is_recomputed) {
        code = ost_cli_plan_recorded(path, true, recompute, &a);
    }
    ost_results_close(a.results);
    return is_recomputed ? code : OST_EXIT_OK;
}

static const ost_option_t options[] = {
    { .name = "share",
        .argument = "PERCENT|all",
        .text = "compute this share of the subjects again, as in --share '1 %', and compare",
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
    .notes = "Exit code 4 where it is damaged, or where values that are computed again differ; 0 where it is sound, "
             "with or\n"
             "without the seal. Without it, values may have been changed: --share all compares them.",
    OST_OPTIONS(options),
    .run = run_verify,
};
