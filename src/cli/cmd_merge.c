/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shards of one run, each a journal, become one result file. The plans are made from what the first of them records. */
#include "sensitivity.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
    const char *output;
    bool force, quiet;
    ost_text_list_t shards; /* borrowed */
} merge_arguments_t;

static int merge(const ost_part_t *parts, size_t n_parts, const void *arguments)
{
    const merge_arguments_t *how = arguments;
    ost_error_t err = { 0 };
    ost_journal_t *journal = NULL;
    uint64_t n_failed = 0, n_subjects = 0;
    char a[64], b[64];
    bool replaces;
    const char *name = parts[0].plan->experiment->name;
    int code = ost_cli_check_replaced(how->output, parts, n_parts, how->force, &replaces);
    if (code != OST_EXIT_OK) return code;
    int ret = ost_journal_gather(
        &journal, (const char *const *) how->shards.items, how->shards.n, parts, n_parts, (ost_shard_t){ 0 }, &err);
    if (ret == 0) ret = ost_results_write(journal, how->output, &err);
    for (size_t p = 0; p < n_parts && ret == 0; p++) {
        n_failed += ost_journal_part(journal, p)->sums.failures;
        n_subjects = ost_journal_part(journal, p)->sums.subjects;
    }
    ost_journal_close(journal);
    if (ret < 0) return ost_cli_fail(&err);
    if (replaces && !how->quiet) ost_cli_replaces(how->output, name);
    if (!how->quiet) {
        printf("merged: %s, %s", ost_cli_plural(how->shards.n, "shard", a), ost_cli_plural(n_subjects, "subject", b));
        printf(n_failed > 0 ? ", %s failed\n" : "\n", ost_cli_plural(n_failed, "subject-arm", a));
        ost_cli_written(how->output, true);
    }
    return n_failed > 0 ? OST_EXIT_FAILURES : OST_EXIT_OK;
}

/* What is not a journal may be a damaged result. @return an exit code */
static int refuse(const char *path)
{
    ost_results_t *results = NULL;
    ost_error_t err = { 0 };
    bool is_result = ost_cli_ends_with(path, ost_outputs[OST_OUTPUT_RESULT].ending);
    int ret = is_result ? ost_cli_open_result(&results, path, false, &err) : 0;
    ost_results_close(results);
    if (ret < 0 && ret != OST_ERR_IO) return ost_cli_fail(&err);
    return OST_CLI_INPUT("%s: not a shard of a run ('osteon run EXPERIMENT --shard I/N -o OUT.h5' writes them)", path);
}

/* All shards are open at once, and may be more than the usual 1024. */
static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void) !setrlimit(RLIMIT_NOFILE, &limit);
}

static int run_merge(char **words, void *arguments)
{
    merge_arguments_t *a = arguments;
    bool is_analysis = false;
    int code = a->output == NULL ? OST_CLI_USAGE("merge: -o OUT.h5 is missing") : OST_EXIT_OK;
    for (char **word = words; *word != NULL && code == OST_EXIT_OK; word++)
        if (!ost_cli_exists(*word))
            code = OST_EXIT_INPUT;
        else if (ost_cli_same_file(*word, a->output))
            code = OST_CLI_USAGE("merge: -o: '%s' is one of the shards; name another file", a->output);
        else if (!ost_journal_is(*word))
            code = refuse(*word);
        else
            a->shards.n++;
    a->shards.items = words;
    raise_open_files();
    if (code == OST_EXIT_OK) code = ost_analysis_is_journal(words[0], &is_analysis);
    if (code == OST_EXIT_OK)
        code = is_analysis ? ost_analysis_merge(&a->shards, a->output, a->force, a->quiet)
                           : ost_cli_plan_recorded(words[0], false, merge, a);
    return code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(merge_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5)"),
    OST_OPTION_FORCE(merge_arguments_t),
    { "quiet", NULL, "no summary", .target = OST_FLAG(merge_arguments_t, quiet), .letter = 'q' },
};

const ost_command_t ost_command_merge = {
    .name = "merge",
    .argument = "SHARD...",
    .takes_several = true,
    .summary = "put the shards of a run together",
    .about = "Make one result file of the shards of a run, comparison, sweep or sensitivity analysis (--shard I/N), in "
             "any order. It has the values\n"
             "that one run of the whole cohort gives. What an interrupted shard left (OUT.h5.part) counts as well.",
    .notes =
        "The shards stay as they are. Where a shard is missing or not finished, or two files have the same subjects,\n"
        "no file is written, and the message names them.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(merge_arguments_t, .output = NULL),
    .run = run_merge,
};
