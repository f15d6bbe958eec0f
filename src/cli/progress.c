/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a long command says of itself while it runs, on standard error; and the signals that end it early. */
#include "cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two reports, to a person and to a log. */
#define TERMINAL_PERIOD 0.1
#define LOG_PERIOD 3.0

static atomic_bool interrupted;

/* A second signal ends the program at once (SA_RESETHAND). */
static void on_signal(int signal_number)
{
    (void) signal_number;
    atomic_store(&interrupted, true);
}

const atomic_bool *ost_cli_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return &interrupted;
}

double ost_cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

bool ost_cli_progress_init(ost_cli_progress_t *self, const char *word, bool quiet)
{
    static const char *const words[] = { OST_PROGRESS_WORDS(OST_PROGRESS_WORD) };
    const size_t n = sizeof(words) / sizeof(words[0]);
    const char *from = word != NULL ? "--progress" : OST_PROGRESS_VARIABLE;
    char wrong[200];
    if (word == NULL) word = getenv(OST_PROGRESS_VARIABLE);
    size_t i = word != NULL && word[0] != '\0' ? ost_words_find(words, n, word) : OST_PROGRESS_AUTO;
    if (i == n) {
        ost_cli_message("%s: %s", from, ost_words_wrong(words, n, word, wrong, sizeof(wrong)));
        return false;
    }
    *self = (ost_cli_progress_t){ .kind = quiet ? OST_PROGRESS_NONE : (ost_cli_progress_kind_t) i,
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .last = ost_cli_seconds() };
    return true;
}

bool ost_cli_progress_is_due(ost_cli_progress_t *self)
{
    bool is_log = self->kind == OST_PROGRESS_JSON;
    double now = ost_cli_seconds();
    if (self->kind == OST_PROGRESS_NONE || (!is_log && !self->is_terminal)) return false;
    if (now - self->last < (is_log ? LOG_PERIOD : TERMINAL_PERIOD)) return false;
    self->last = now;
    return true;
}

static void print_json(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (text != NULL) fprintf(stderr, "%s\n", text);
    free(text);
}

void ost_cli_progress(ost_cli_progress_t *self, ost_cli_moment_t moment, json_t *object, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    bool is_line = self->kind == OST_PROGRESS_AUTO;
    if (self->kind == OST_PROGRESS_JSON) {
        print_json(object);
    } else if (is_line && self->is_terminal) {
        fputc('\r', stderr);
        if (moment == OST_PROGRESS_GOES_ON) vfprintf(stderr, fmt, args);
        fputs("\033[K", stderr);
        fflush(stderr);
    } else if (is_line && moment == OST_PROGRESS_ENDS) {
        vfprintf(stderr, fmt, args);
        fputc('\n', stderr);
    }
    va_end(args);
    json_decref(object);
}
