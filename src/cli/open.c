/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a result file, or the journal of a run that goes on, was stopped, or is of a shard: says how far that is, and
 * makes a result file of its finished blocks in the folder of temporary files, which is gone once it is closed. */
#include "core/table.h"
#include "sensitivity.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Whether the process that opened the journal runs: only its own machine can tell. */
static const char *describe_owner(const ost_journal_state_t *state)
{
    char host[64] = "";
    gethostname(host, sizeof(host) - 1);
    if (state->n_done == state->n_blocks) return "complete: by";
    if (strcmp(host, state->host) != 0) return "begun by";
    return kill((pid_t) state->pid, 0) == 0 || errno == EPERM ? "running:" : "stopped: it was";
}

static void print_state(const char *path, const char *title, const ost_journal_state_t *state)
{
    char blocks[32], all[32], since[32] = "?";
    struct tm t;
    time_t seconds = state->since;
    if (gmtime_r(&seconds, &t) != NULL) strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &t);
    ost_print_wrapped(stdout, "%s: %s", path, title != NULL ? title : "");
    if (state->since != 0)
        printf("%s process %lld on %s, since %s\n", describe_owner(state), (long long) state->pid, state->host, since);
    if (state->shard.n > 1) printf("shard %zu of %zu; ", state->shard.i, state->shard.n);
    printf("finished: %s of %s blocks of %d subjects (%.0f %%)\n", ost_cli_thousands(state->n_done, blocks),
        ost_cli_thousands(state->n_blocks, all), OST_COHORT_BLOCK,
        100 * (double) state->n_done / (double) (state->n_blocks > 0 ? state->n_blocks : 1));
}

/* Write and open the file, which then has no name. */
static int open_unnamed(ost_results_t **self, const ost_journal_t *journal, ost_error_t *err)
{
    char own[OST_CLI_FOLDER_SIZE], path[PATH_MAX];
    int ret = ost_cli_temporary_folder(own, err);
    if (ret < 0) return ret;
    snprintf(path, sizeof(path), "%s/so_far.h5", own);
    ret = ost_results_write(journal, path, err);
    if (ret == 0) ret = ost_results_open(self, path, err);
    unlink(path);
    rmdir(own);
    return ret;
}

typedef struct {
    ost_results_t **results;
    const char *path;
} opening_t;

static int open_journal(const ost_part_t *parts, size_t n_parts, const void *user)
{
    const opening_t *opening = user;
    ost_error_t err = { 0 };
    ost_journal_t *journal;
    if (ost_journal_watch(&journal, opening->path, parts, n_parts, &err) < 0) return ost_cli_fail(&err);
    const ost_journal_state_t state = ost_journal_state(journal);
    print_state(opening->path, parts[0].plan->experiment->title, &state);
    int ret = state.n_done > 0 ? open_unnamed(opening->results, journal, &err) : 0;
    ost_journal_close(journal);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

int ost_cli_open(ost_results_t **self, const char *path)
{
    const opening_t opening = { self, path };
    ost_error_t err = { 0 };
    *self = NULL;
    if (!ost_cli_exists(path)) return OST_EXIT_INPUT;
    if (!ost_journal_is(path))
        return ost_cli_open_result(self, path, false, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    bool is_analysis;
    int code = ost_analysis_is_journal(path, &is_analysis);
    if (code == OST_EXIT_OK)
        code =
            is_analysis ? ost_analysis_show_journal(path) : ost_cli_plan_recorded(path, false, open_journal, &opening);
    if (code == OST_EXIT_OK && *self != NULL) putchar('\n');
    return code;
}
