/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share: exit codes, option tables that drive both parsing and --help, messages, finding files. */
#ifndef OST_CLI_H
#define OST_CLI_H

#include "osteon/analysis.h"
#include "osteon/results.h"
#include "osteon/version.h"

#ifndef OST_DATA_DIR
#define OST_DATA_DIR "/usr/local/share/osteon"
#endif

#define OST_EXIT_LIST(X)                                                                                               \
    X(OST_EXIT_OK, 0, "finished")                                                                                      \
    X(OST_EXIT_INPUT, 1, "wrong input: an experiment, a model or another file")                                        \
    X(OST_EXIT_USAGE, 2, "wrong usage: a command, an option or its value")                                             \
    X(OST_EXIT_FAILURES, 3, "finished, but some subjects failed (the file says which and why)")                        \
    X(OST_EXIT_IO, 4, "input or output failure: cannot write, disk full, damaged file")                                \
    X(OST_EXIT_INTERRUPTED, 130, "interrupted; what was computed is kept")

enum {
#define OST_EXIT_ENUM(name, value, text) name = value,
    OST_EXIT_LIST(OST_EXIT_ENUM)
#undef OST_EXIT_ENUM
};

/* Strings owned by the list. */
typedef struct {
    char **items;
    size_t n;
} ost_text_list_t;

/* @return 0 or OST_ERR_NO_MEMORY */
int ost_text_list_add(ost_text_list_t *self, const char *fmt, ...) OST_PRINTF(2, 3) OST_MUST_CHECK;
void ost_text_list_free(ost_text_list_t *self);

/* One option. Exactly one of flag, value and overrides is set: overrides takes "path=VALUE", or VALUE as it is where
 * path is NULL. */
typedef struct {
    const char *name;
    char letter;          /* 0 for none */
    const char *argument; /* name of its value for --help, NULL for a flag */
    const char *text;
    bool *flag;
    const char **value;
    ost_text_list_t *overrides;
    const char *path;
} ost_option_t;

/* A command line: one word besides the options. */
typedef struct {
    const char *command;  /* "run" */
    const char *argument; /* "EXPERIMENT", or "" if there is none: ost_cli_parse() then returns "" */
    const char *about;    /* one line, for both helps */
    const char *notes;    /* more lines below the options, or NULL */
    const ost_option_t *options;
    size_t n_options;
} ost_syntax_t;

/* Options that commands which simulate share; overrides_: their ost_text_list_t *. */
#define OST_OPTIONS_PEOPLE(overrides_)                                                                                 \
    { .name = "subjects",                                                                                              \
        .letter = 'n',                                                                                                 \
        .argument = "N",                                                                                               \
        .text = "number of subjects",                                                                                  \
        .overrides = (overrides_),                                                                                     \
        .path = "population.subjects" },                                                                               \
    {                                                                                                                  \
        .name = "seed", .argument = "S", .text = "seed of all random numbers", .overrides = (overrides_),              \
        .path = "population.seed"                                                                                      \
    }
#define OST_OPTION_SET(overrides_)                                                                                     \
    {                                                                                                                  \
        .name = "set", .argument = "PATH=VALUE", .overrides = (overrides_),                                            \
        .text = "change any entry, as in arms.anastrozole.regimen.0.dose='2 mg'"                                       \
    }
#define OST_OPTION_THREADS(value_)                                                                                     \
    {                                                                                                                  \
        .name = "threads", .letter = 't', .argument = "T", .text = "threads (default: all this process may use)",      \
        .value = (value_)                                                                                              \
    }

/* Parse. @return the word, or NULL where the command ends here (help was printed, or usage was wrong and said so) with
 * *code set */
const char *ost_cli_parse(const ost_syntax_t *self, int argc, char **argv, int *code);

/* "osteon: ..." to stderr. */
void ost_cli_message(const char *fmt, ...) OST_PRINTF(1, 2);
/* Print an error. @return its exit code */
int ost_cli_fail(const ost_error_t *err);
/* " (did you mean 'run'?)" or "", written to buf. @return buf */
char *ost_cli_hint(char *buf, size_t size, const char *word, const char *const *names, size_t n_names);

/* Read a whole number in lower..upper. @return false if it is none, having said so */
bool ost_cli_count(const char *option, const char *text, uint64_t lower, uint64_t upper, uint64_t *out);
/* "1,234,567" written to buf. @return buf */
char *ost_cli_thousands(uint64_t n, char buf[32]);
/* "1,234 subjects" or "1 subject", of a singular that takes an s, written to buf. @return buf */
char *ost_cli_plural(uint64_t n, const char *singular, char buf[64]);
/* "34.1 MB" written to buf. @return buf */
char *ost_cli_bytes(double n, char buf[32]);

bool ost_cli_ends_with(const char *text, const char *end);
/* Whether the file exists; says "no such file" if not. */
bool ost_cli_exists(const char *path);
/* Paths of the experiments that can be run by name. @return 0 or OST_ERR_NO_MEMORY */
int ost_cli_configs(ost_text_list_t *paths) OST_MUST_CHECK;

/* The folder `name` of the configs that come with osteon. @return owned by the caller, NULL if it is not there */
char *ost_cli_data_folder(const char *name);

/* Read an experiment from a YAML file, from the name of a file in configs/, or from the attributes of a result file
 * (then `overrides` come after those it was made with). Prints what is wrong. @return an exit code */
int ost_cli_experiment(ost_experiment_t *self, const char *name, const ost_text_list_t *overrides);

/* Models that `osteon compare` made a result file on, as its --models takes them; owned by the caller, NULL if it is
 * none of its files. */
char *ost_cli_compared_models(const char *path);

/* Read the evidence table that the trial's experiment names, and find its figures (ost_figures_find). If it cannot be
 * read or lacks what is to be compared, say so and find none: an experiment runs without it. */
void ost_cli_evidence(ost_trial_t *self, ost_evidence_t *evidence);

/* How a plan is simulated into a file. */
typedef struct {
    const char *out, *heading; /* heading: a line above the summary, where it is one of several; NULL: it is alone */
    int n_threads;             /* 0: all */
    bool quiet, resume;
} ost_simulation_t;
/* Simulate with progress and summary. @return an exit code */
int ost_cli_simulate(const ost_plan_t *plan, const ost_simulation_t *how);
/* Say what was written and what to do with it. */
void ost_cli_written(const char *out);
/* How the files that osteon writes begin: results, tables of `fit`, reports of `validate`. */
#define OST_CLI_HDF5 "\211HDF"
#define OST_CLI_TABLE "draw,"
#define OST_CLI_HTML "<!DOCTYPE html>"
/* Whether `path` is free, or a file that begins with `head` (up to 16 bytes); says so if not. A slip of the hand
 * (-o mine.yaml) must not cost an experiment. */
bool ost_cli_may_replace(const char *path, const char *head);
/* Whether a file can be made at `path`, before the work that it is to hold. @return 0, OST_ERR_IO */
int ost_cli_check_output(const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Write a file beside, then put it in its place: an old one is whole until the end. @return 0, OST_ERR_IO */
int ost_cli_write(
    const char *path, void (*put)(const void *what, FILE *out), const void *what, ost_error_t *err) OST_MUST_CHECK;

int ost_cmd_run(int argc, char **argv);
int ost_cmd_compare(int argc, char **argv);
int ost_cmd_show(int argc, char **argv);
int ost_cmd_check(int argc, char **argv);
int ost_cmd_plan(int argc, char **argv);
int ost_cmd_model(int argc, char **argv);
int ost_cmd_fit(int argc, char **argv);
int ost_cmd_validate(int argc, char **argv);
int ost_cmd_list(int argc, char **argv);

#endif
