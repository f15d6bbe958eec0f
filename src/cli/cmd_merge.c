/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shards of one run, each a journal, become one result file. The plans are made from what the first of them records. */
#include "cli.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct {
    const char *output;
    bool quiet;
} merge_arguments_t;

static int run_merge(const ost_command_t *self, int argc, char **argv)
{
    merge_arguments_t a = { 0 };
    ost_text_list_t shards = { 0 };
    char *models = NULL;
    int code;
    const char *first = ost_cli_parse(self, argc, argv, &a, &code);
    if (first == NULL) return code;
    code = OST_EXIT_USAGE;
    if (a.output == NULL) {
        ost_cli_message("merge: -o OUT.h5 is missing");
        goto out;
    }
    code = OST_EXIT_INPUT;
    for (char **word = argv + optind; *word != NULL; word++) {
        if (!ost_cli_exists(*word)) goto out;
        if (!ost_journal_is(*word)) {
            ost_cli_message(
                "%s: not a shard of a run ('osteon run EXPERIMENT --shard I/N -o OUT.h5' writes them)", *word);
            goto out;
        }
        if (ost_text_list_add(&shards, "%s", *word) < 0) {
            ost_cli_message("out of memory");
            goto out;
        }
    }
    const ost_simulation_t how = { .out = a.output, .quiet = a.quiet, .shards = &shards };
    models = ost_cli_compared_models(first);
    code = models != NULL ? ost_cli_compare(first, models, ost_cli_has_gaps(first), NULL, -1, &how)
                          : ost_cli_run(first, NULL, -1, &how);
out:
    free(models);
    ost_text_list_free(&shards);
    return code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(merge_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5)"),
    { .name = "quiet", .letter = 'q', .text = "no summary", .target = OST_FLAG(merge_arguments_t, quiet) },
};

const ost_command_t ost_command_merge = {
    .name = "merge",
    .argument = "SHARD...",
    .takes_several = true,
    .summary = "put the shards of a run together",
    .about =
        "Make one result file of the shards of a run or a comparison (--shard I/N), in any order. It has the values\n"
        "that one run of the whole cohort gives. What an interrupted shard left (OUT.h5.part) counts as well.",
    .notes = "The shards stay as they are. Missing subjects, or subjects that two files have, are an error that names\n"
             "the shards to run again.",
    OST_OPTIONS(options),
    .run = run_merge,
};
