/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share: exit codes, option tables that drive both parsing and --help, messages, finding files. */
#ifndef OST_CLI_H
#define OST_CLI_H

#include "core/text.h"
#include "core/vocabulary.h"
#include "observe/match.h"
#include "osteon/version.h"
#include "results/measure.h"

#include <jansson.h>
#include <limits.h>
#include <stdatomic.h>

#ifndef OST_DATA_DIR
#define OST_DATA_DIR "/usr/local/share/osteon"
#endif

#define OST_EXIT_LIST(X)                                                                                               \
    X(OST_EXIT_OK, 0, "finished")                                                                                      \
    X(OST_EXIT_INPUT, 1, "wrong input: an experiment, a model or another file")                                        \
    X(OST_EXIT_USAGE, 2, "wrong usage: a command, an option or its value")                                             \
    X(OST_EXIT_FAILURES, 3, "finished, but some subjects failed (the file says which and why)")                        \
    X(OST_EXIT_IO, 4, "input or output failure: cannot write, disk full, damaged file")                                \
    X(OST_EXIT_MEMORY, 5, "out of memory")                                                                             \
    X(OST_EXIT_INTERRUPTED, 130, "interrupted; what was computed is kept")

enum {
#define OST_EXIT_ENUM(name, value, text) name = value,
    OST_EXIT_LIST(OST_EXIT_ENUM)
#undef OST_EXIT_ENUM
};

/* Kinds of files that commands write: X(MEMBER, ending of the name, what it is, how such a file begins: up to 16 bytes)
 */
#define OST_OUTPUTS(X)                                                                                                 \
    X(OST_OUTPUT_RESULT, ".h5", "a result file (HDF5)", "\211HDF")                                                     \
    X(OST_OUTPUT_DRAWS, ".csv", "a table of estimates (CSV)", "draw,")                                                 \
    X(OST_OUTPUT_STATISTICS, ".csv", "a table of statistics (CSV)", "variable,arm")                                    \
    X(OST_OUTPUT_INDICES, ".csv", "a table of indices (CSV)", "endpoint,input,")                                       \
    X(OST_OUTPUT_VALUES, ".csv", "a table of values (CSV)", "arm,s")                                                   \
    X(OST_OUTPUT_PEOPLE, ".csv", "a table of subjects (CSV)", "subject,")                                              \
    X(OST_OUTPUT_UNITS, ".csv", "a table of units (CSV)", "name,unit,mean")                                            \
    X(OST_OUTPUT_CHECKS, ".csv", "a table of checks (CSV)", "experiment,trial")                                        \
    X(OST_OUTPUT_REPORT, ".html", "a report (HTML)", "<!DOCTYPE html>")

typedef struct {
    const char *ending, *what, *head;
} ost_output_kind_t;

enum { OST_OUTPUTS(OST_MEMBER) };
extern const ost_output_kind_t ost_outputs[];
/* What is appended to the name of a file until it is whole. */
#define OST_CLI_PART ".part"

/* One option, and the member of its command's arguments that it sets. Without an argument it is a flag. One with an
 * argument is given once; "X,..." takes several. --set is given as often as there are entries to change. */
typedef struct {
    const char *name;
    const char *argument;  /* its value in --help; "a|b": one of these words; NULL for a flag */
    const char *text;      /* meaning, a phrase */
    size_t target;         /* OST_FLAG, OST_WORD, OST_NUMBER or OST_CHANGES */
    char letter;           /* 0 for none */
    uint64_t lower, upper; /* a whole number in this range; upper 0: a word */
    const char *path;      /* of the entry of the experiment that it changes; "": any, the value being path=value */
    const ost_output_kind_t *output; /* of the file to write that it names; NULL: it names none */
} ost_option_t;

/* Offset of a member that an option sets; does not compile where the member has another type. */
#define OST_FLAG(type, member) _Generic(((type *) 0)->member, bool : offsetof(type, member))
#define OST_WORD(type, member) _Generic(((type *) 0)->member, const char * : offsetof(type, member))
#define OST_NUMBER(type, member) _Generic(((type *) 0)->member, uint64_t : offsetof(type, member))
#define OST_CHANGES(type, member) _Generic(((type *) 0)->member, ost_text_list_t : offsetof(type, member))

/* A command: one word besides the options, or several. --help, the manual page and completion come from it. */
typedef struct {
    const char *name;     /* "run" */
    const char *argument; /* "EXPERIMENT|RESULT.h5"; "": the command takes none. "[TRIAL.yaml]" may be left out;
                             the word is "" then */
    bool takes_several;   /* of them */
    bool passes_on;       /* the whole line, as argv, to another program, which has options of its own */
    const char *summary;  /* a phrase for the list of commands */
    const char *about;    /* sentences above the options */
    const char *notes;    /* sentences below the options, or NULL */
    const ost_option_t *options;
    size_t n_options;
    const void *arguments; /* what options set, of the type that their targets name: as it is before */
    size_t n_bytes;        /* of it */
    /* @param words  its argument, of several all, up to NULL @param arguments  as options have set them @return an exit
     * code */
    int (*run)(char **words, void *arguments);
} ost_command_t;
#define OST_ARGUMENTS(type, ...) .arguments = &(const type){ __VA_ARGS__ }, .n_bytes = sizeof(type)
/* Options of a command at most; more do not compile. */
enum { OST_MAX_OPTIONS = 32 };
#define OST_N_OPTIONS(array) (sizeof(array) / sizeof((array)[0]))
#define OST_OPTIONS(array)                                                                                             \
    .options = (array),                                                                                                \
    .n_options = OST_N_OPTIONS(array) + 0 * sizeof(char[OST_N_OPTIONS(array) <= OST_MAX_OPTIONS ? 1 : -1])

/* All commands, closed by NULL; main() sets it. */
extern const ost_command_t *const *ost_commands;
extern const ost_command_t ost_command_run, ost_command_compare, ost_command_show, ost_command_plot, ost_command_check,
    ost_command_plan, ost_command_model, ost_command_fit, ost_command_validate, ost_command_merge, ost_command_verify,
    ost_command_list, ost_command_sweep, ost_command_sensitivity, ost_command_export, ost_command_report;

/* Options that commands share, by the type of their arguments. */
#define OST_OPTION(...)                                                                                                \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define OST_OPTIONS_PEOPLE(type)                                                                                       \
    { "subjects", "N", "number of subjects", .target = OST_CHANGES(type, overrides), .letter = 'n',                    \
        .path = "population.subjects" },                                                                               \
        { "people", "TABLE.csv", "a row for each subject: columns 'age [year]', 'aibl.k_C [1/d]', ...",                \
            .target = OST_CHANGES(type, overrides), .path = "population.people.table" },                               \
        { "ignore", "COLUMN,...", "columns of the table of people that are left out",                                  \
            .target = OST_CHANGES(type, overrides), .path = "population.people.ignore" },                              \
        { "events", "TABLE.csv",                                                                                       \
            "dosing records: columns ID, TIME, AMT, EVID, CMT, ..., which 'events' of the experiment explains",        \
            .target = OST_CHANGES(type, overrides), .path = "events.table" },                                          \
        OST_OPTION("seed", "S", "seed of all random numbers", .target = OST_CHANGES(type, overrides),                  \
            .path = "population.seed")
#define OST_OPTION_SET(type)                                                                                           \
    OST_OPTION("set", "PATH=VALUE", "change any entry, as in arms.anastrozole.regimen.0.dose='2 mg'",                  \
        .target = OST_CHANGES(type, overrides), .path = "")
#define OST_OPTION_OUTPUT(type, kind, name_of_argument, meaning)                                                       \
    OST_OPTION("output", name_of_argument, meaning, .target = OST_WORD(type, output), .letter = 'o',                   \
        .output = &ost_outputs[kind])
#define OST_OPTION_THREADS(type)                                                                                       \
    OST_OPTION("threads", "T", "threads (default: all this process may use)", .target = OST_NUMBER(type, n_threads),   \
        .letter = 't', .lower = 1, .upper = 4096)
#define OST_OPTION_ISA(type)                                                                                           \
    OST_OPTION("isa", "base|avx2|avx512", "instruction set (default: the widest)", .target = OST_WORD(type, isa))
#define OST_OPTION_SHARD(type)                                                                                         \
    OST_OPTION("shard", "I/N", "the I-th of N parts of the cohort; 'osteon merge' puts them together",                 \
        .target = OST_WORD(type, shard))
#define OST_OPTION_QUIET(type)                                                                                         \
    OST_OPTION("quiet", NULL, "no progress, no summary", .target = OST_FLAG(type, quiet), .letter = 'q')
#define OST_OPTION_FORCE(type)                                                                                         \
    OST_OPTION("force", NULL, "replace what is there, whatever it is", .target = OST_FLAG(type, force))
#define OST_OPTION_NO_PROBE(type)                                                                                      \
    OST_OPTION("no-probe", NULL, "leave out how large the run's own errors are; saves time where cohorts are small",   \
        .target = OST_FLAG(type, no_probe))
#define OST_OPTIONS_RESUME(type)                                                                                       \
    { "resume", NULL, "go on with what OUT.h5.part holds of this run; same results",                                   \
        .target = OST_FLAG(type, resume) },                                                                            \
        OST_OPTION("restart", NULL, "begin anew, whatever OUT.h5.part holds", .target = OST_FLAG(type, restart))

/* What the program simulates, for its help and its manual page. */
#define OST_CLI_ABOUT "bone remodelling of virtual patients under endocrine therapy and bone drugs"

/* Print the manual page for `man`, the completion of command lines for bash, the JSON Schema of experiments, and a line
 * for each of their keys. */
void ost_cli_print_man(void);
void ost_cli_print_bash(void);
void ost_cli_print_schema(void);
void ost_cli_print_keys(void);

/* Parse a command line and run the command; or print its help, or what is wrong. @return an exit code */
int ost_cli_run(const ost_command_t *self, int argc, char **argv);

/* "osteon: ..." to stderr, cut after 16,000 characters. */
void ost_cli_message(const char *fmt, ...) OST_PRINTF(1, 2);
/* The same of what ends the command, as wrong usage or wrong input: its exit code, so that `return OST_CLI_USAGE(...)`
 * works. */
#define OST_CLI_USAGE(...) (ost_cli_message(__VA_ARGS__), OST_EXIT_USAGE)
#define OST_CLI_INPUT(...) (ost_cli_message(__VA_ARGS__), OST_EXIT_INPUT)
/* "out of memory" to stderr. @return OST_EXIT_MEMORY */
int ost_cli_no_memory(void);
/* A message for each warning. */
void ost_cli_warn(const ost_text_list_t *warnings);
/* The warnings of a plan, and an error for columns without a use (plan/doubts.h). @param is_own  of the models that the
 * experiment names, not of others in their place, which may not need all of its covariates
 * @param said  what is not said again; takes what is; NULL: nothing. @return an exit code */
int ost_cli_doubts(const ost_plan_t *plan, bool is_own, ost_text_list_t *said);
/* The output that is looked at first: densities as scans show them, or as they are, else the first. */
const ost_variable_t *ost_cli_shown(const ost_plan_t *plan);
/* Print an error. @return its exit code */
int ost_cli_fail(const ost_error_t *err);

/* Say that a file has not what an option names, and what it has. @param what  "arm ", or "" @return OST_EXIT_USAGE */
int ost_cli_unknown(const char *option, const char *what, const char *word, const ost_text_list_t *names);

/* "1,234,567" written to buf. @return buf */
char *ost_cli_thousands(uint64_t n, char buf[32]);
/* "1,234 subjects" or "1 subject", of a singular that takes an s, written to buf. @return buf */
char *ost_cli_plural(uint64_t n, const char *singular, char buf[64]);
/* "34.1 MB" written to buf. @return buf */
char *ost_cli_bytes(double n, char buf[32]);

/* Whether `text` is one of the words of an option; *out stays for NULL. Says so if not. */
bool ost_cli_word(const char *option, const char *text, const char *const *words, size_t n, int *out);
/* The words of an option between commas, without blanks around them, each once. @return an exit code, having said what
 * is wrong */
int ost_cli_split(const char *option, const char *text, ost_text_list_t *words);
/* Make a folder of its own in that of temporary files ($TMPDIR). @return 0 or OST_ERR_IO */
#define OST_CLI_FOLDER_SIZE (PATH_MAX - 64)
int ost_cli_temporary_folder(char folder[OST_CLI_FOLDER_SIZE], ost_error_t *err) OST_MUST_CHECK;
/* What follows the last '/'. */
const char *ost_cli_base_name(const char *path);
bool ost_cli_ends_with(const char *text, const char *end);
/* Whether the file exists; says "no such file" if not. */
bool ost_cli_exists(const char *path);
/* Paths of the experiments that can be run by name. @return 0 or OST_ERR_NO_MEMORY */
int ost_cli_configs(ost_text_list_t *paths) OST_MUST_CHECK;

/* A folder or file of the configs that come with osteon. @param[out] path  owned by the caller, NULL if it is not there
 * @return an exit code */
int ost_cli_data_folder(const char *name, char **path);
/* A table of draws: a file, or else one that comes with osteon, by its name or its path in a clone, as flagship or
 * configs/fit/flagship.csv; a path that neither is stays. @param[out] path  owned by the caller @return an exit code */
int ost_cli_draws_table(const char *named, char **path);
/* Endpoints and arms that come with osteon, for evidence without its own; the fit of osteon's own models. */
#define OST_CLI_ENDPOINTS "evidence/endpoints.csv"
#define OST_CLI_ARMS "evidence/arms.csv"
#define OST_CLI_FIT "fit/flagship.csv"

/* Read an experiment from a YAML file, from the name of a file in configs/, or from what a result file or a journal
 * records (then `overrides` come after those it was made with). Prints what is wrong. @return an exit code */
int ost_cli_experiment(ost_experiment_t *self, const char *name, const ost_text_list_t *overrides);

/* Open a result file that may be a stranger's: a child process reads it first, as HDF5 can crash or run for ever on a
 * crafted one. @param with_values  it also looks at the check of each chunk @return as ost_results_open() and
 * ost_results_read_all(); OST_ERR_FORMAT if the child crashed or reached a limit of time or memory; OST_ERR_IO */
int ost_cli_open_result(ost_results_t **self, const char *path, bool with_values, ost_error_t *err) OST_MUST_CHECK;

/* Open a result file; or print how far the run of a journal is, who writes to it, and open what is there so far as one.
 * @param[out] self  NULL where no block is there, or with an error, which is printed @return an exit code */
int ost_cli_open(ost_results_t **self, const char *path);

/* All that a result file or a journal records. @param[out] self  free it in any case @return 0, or as
 * ost_journal_origin() and ost_cli_open_result() */
int ost_cli_origin(const char *path, ost_identity_t *self, ost_error_t *err) OST_MUST_CHECK;
/* The same with an exit code, having said why it cannot be read; nothing of a file that is not named as a result. */
int ost_cli_recorded(const char *path, ost_identity_t *self);
/* Models that `osteon compare` made a result file on, as its --models takes them. @param[out] models  owned by the
 * caller, NULL for a file that compare did not make */
int ost_cli_compared_models(const char *path, char **models);

/* Print the rows of the evidence that are not compared, and why; those with one reason together. */
void ost_cli_not_compared(const ost_matched_t *self);
/* Read the evidence table that an experiment names, and find its observations (ost_matched_find) at the times that the
 * experiment has without them; says which rows are there twice.
 * @return 0, OST_ERR_MISSING where there is no table, or another error: the table or a comparison is wrong, or no row
 * can be compared. After an error there are no observations */
int ost_cli_evidence(
    ost_experiment_t *experiment, ost_matched_t *self, ost_evidence_t *evidence, ost_error_t *err) OST_MUST_CHECK;

/* The table of the endpoints that an experiment asks for, of its result. @return 0 or an error */
int ost_cli_print_endpoints(
    ost_results_t *results, const ost_experiment_t *experiment, ost_error_t *err) OST_MUST_CHECK;

/* From now on a first SIGINT or SIGTERM sets what is returned, a second one ends the program; writing to a closed pipe
 * and beyond a limit of files are errors with a message. */
const atomic_bool *ost_cli_catch_signals(void);

/* What --progress takes, and the variable of the environment that is used without it. */
#define OST_PROGRESS_VARIABLE "OSTEON_PROGRESS"
#define OST_PROGRESS_WORDS(X)                                                                                          \
    X(OST_PROGRESS_AUTO, auto) /* a line that is drawn again on a terminal; elsewhere one line at the end */           \
    X(OST_PROGRESS_JSON, json) /* an object on a line of its own every few seconds */                                  \
    X(OST_PROGRESS_NONE, none)
#define OST_PROGRESS_WORD(NAME, word) #word,
#define OST_PROGRESS_ALTERNATIVE(NAME, word) "|" #word
typedef enum { OST_PROGRESS_WORDS(OST_MEMBER) } ost_cli_progress_kind_t;
#define OST_OPTION_PROGRESS(type)                                                                                      \
    OST_OPTION("progress", &OST_PROGRESS_WORDS(OST_PROGRESS_ALTERNATIVE)[1],                                           \
        "on standard error; default: " OST_PROGRESS_VARIABLE ", else auto: a line, off a terminal at the end",         \
        .target = OST_WORD(type, progress))

typedef struct {
    ost_cli_progress_kind_t kind;
    bool is_terminal; /* standard error */
    double last;      /* s, of the last report */
} ost_cli_progress_t;
typedef enum { OST_PROGRESS_GOES_ON, OST_PROGRESS_ENDS } ost_cli_moment_t;

/* @param word  of --progress, NULL for none @return false, having said so, if it or that of the environment is not
 * one of the words */
bool ost_cli_progress_init(ost_cli_progress_t *self, const char *word, bool quiet);
/* Of a clock that goes on steadily, s. */
double ost_cli_seconds(void);
/* Whether a report is due; it follows then. */
bool ost_cli_progress_is_due(ost_cli_progress_t *self);
/* Report, or end: a sentence for a person, an object for a program, whichever is wanted. @param object  taken over */
void ost_cli_progress(ost_cli_progress_t *self, ost_cli_moment_t moment, json_t *object, const char *fmt, ...)
    OST_PRINTF(4, 5);

/* How plans are simulated into a file. */
typedef struct {
    const char *out; /* NULL: by the name of the experiment */
    int n_threads;   /* 0: all */
    bool quiet;
    bool no_probe; /* leave the run's own errors at NAN */
    ost_resume_t resume;
    ost_shard_t shard; /* n 0: the whole cohort */
    ost_cli_progress_t progress;
    bool dry_run; /* print what would be done */
    bool force;   /* replace any file */
} ost_simulation_t;
/* What a command line says of that, and of the experiment: the first member of a command's arguments, so that options
 * of this type write to them. */
typedef struct {
    const char *output, *isa, *shard, *progress;
    uint64_t n_threads; /* 0: all */
    bool dry_run, force, no_probe, quiet, resume, restart;
    ost_text_list_t overrides;
} ost_simulation_arguments_t;
#define OST_OPTIONS_SIMULATION                                                                                         \
    OST_OPTION_THREADS(ost_simulation_arguments_t), OST_OPTION_ISA(ost_simulation_arguments_t),                        \
        OST_OPTION_SHARD(ost_simulation_arguments_t), OST_OPTIONS_RESUME(ost_simulation_arguments_t),                  \
        OST_OPTION_FORCE(ost_simulation_arguments_t), OST_OPTION_NO_PROBE(ost_simulation_arguments_t),                 \
        OST_OPTION_PROGRESS(ost_simulation_arguments_t)
/* @param[out] isa  -1: the experiment's @return whether all is right; says what is not */
bool ost_cli_simulation(const ost_simulation_arguments_t *arguments, ost_simulation_t *how, int *isa);
/* What is done with plans that are run by the same experiment. @param how  the command's own @return an exit code */
typedef int (*ost_cli_act_t)(const ost_part_t *parts, size_t n_parts, const void *how);
/* Plan an experiment by its name (ost_cli_experiment), and act on the plan. @param isa  -1: the experiment's
 * @return an exit code */
int ost_cli_plan(const char *name, const ost_text_list_t *overrides, int isa, ost_cli_act_t act, const void *how);
/* The same on several models. @param models  "one,two"; changed */
int ost_cli_plan_models(const char *name, char *models, bool allow_gaps, const ost_text_list_t *overrides, int isa,
    ost_cli_act_t act, const void *how);
/* The plans that a result file or a journal records. @param needs_isa  subjects are run, with the widest instruction
 * set where this machine lacks the recorded one; else that one is taken as it is */
int ost_cli_plan_recorded(const char *path, bool needs_isa, ost_cli_act_t act, const void *how);
/* Simulate with progress and a summary of each plan, under its name where there are several. @param how  an
 * ost_simulation_t */
int ost_cli_simulate(const ost_part_t *parts, size_t n_parts, const void *how);
/* Run blocks for two seconds, and print what all of them take: time, bytes, memory, in shards. @return an exit code */
int ost_cli_estimate(const ost_part_t *part, const ost_simulation_t *how);
/* An instruction set of this machine; NULL: -1. @return whether it is one; says so if not */
bool ost_cli_isa(const char *text, int *isa);
/* "2/8". @return whether it is a shard; says so if not */
bool ost_cli_shard(const char *text, ost_shard_t *shard);
/* What two options say of a journal that is there; both together are refused. @return whether they go together */
bool ost_cli_resume(bool resume, bool restart, ost_resume_t *how);
/* The command that draws a result file: its name where PATH has it, else its path beside the program. @return whether
 * there is one */
bool ost_cli_plot_command(char *command, size_t size);
/* Say what was written and what to do with it. */
void ost_cli_written(const char *out, bool is_drawn);
/* Whether a file of this kind can be made at `path`, before the work that it is to hold: its ending, its folder, and
 * what is there. ost_cli_run() asks this of every option that names a file to write. @param option  "-o"; @param
 * force  what is there may be replaced whatever it is
 * @return OST_EXIT_OK, or another exit code, having said why */
int ost_cli_check_output(const char *option, const ost_output_kind_t *kind, const char *path, bool force);
/* Whether -o is missing where its name cannot be that of the experiment; says so. @param from  what is run */
bool ost_cli_needs_output(const char *command, const char *from, const ost_simulation_t *how);
/* Whether two names are of one file, that is there. */
bool ost_cli_same_file(const char *a, const char *b);
/* Whether a result of these plans may take the place of what is at `path`: an earlier result of an experiment of the
 * same name, whatever its options, of a sweep only the same sweep, or anything with --force; says why not.
 * @param[out] is_earlier  such a result is there @return an exit code */
int ost_cli_check_replaced(const char *path, const ost_part_t *parts, size_t n_parts, bool force, bool *is_earlier);
/* The same of what has an identity, without --force. */
int ost_cli_check_replaced_by(const char *path, const ost_identity_t *ours, bool *is_earlier);
/* Whether the file to write is the one that is read; says so. @param out  NULL: none */
bool ost_cli_is_read(const char *command, const char *from, const char *out);
/* Say that an earlier result of the experiment `name` is replaced: once nothing can refuse that any more. */
void ost_cli_replaces(const char *path, const char *name);
/* The file of a result by the name of its experiment, NAME.h5 in the current folder; of several models NAME_models.h5.
 * @param[out] path  owned by the caller, NULL: out of memory */
void ost_cli_name_output(const ost_part_t *parts, char **path);
/* Where a result goes without -o. @param[out] path  owned by the caller, also on failure @return an exit code */
int ost_cli_default_output(const ost_part_t *parts, char **path);
/* The command that merges all shards into `merged`, with their names by that of one of them. */
void ost_cli_print_merge(const char *path, ost_shard_t shard, const char *merged);
/* A path as a shell takes it, in quotes where it needs them, written to buf. @return buf */
char *ost_cli_quoted(const char *path, char *buf, size_t size);
/* Writes what a file consists of. @return 0, or an error: nothing is put in its place then */
typedef int (*ost_cli_put_t)(const void *what, FILE *out, ost_error_t *err);
/* Write a file beside, then put it in its place: an old one is whole until the end. @return 0, OST_ERR_IO, or what
 * `put` returned */
int ost_cli_write(const char *path, ost_cli_put_t put, const void *what, ost_error_t *err) OST_MUST_CHECK;

#endif
