/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation of osteon's own fails, one after the other, in each command of the program and in each function of
 * osteon/session.h: an error and a message come of it, everything is given back, and no file has its final name. */
#include "failing_memory.h"

#include "cli/cli.h"
#include "osteon/session.h"
#include "small_fit.h"

#include <dirent.h>
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <hdf5.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define UNREACHABLE_BLOCKS() __lsan_do_recoverable_leak_check()
#else
#define UNREACHABLE_BLOCKS() 0
#endif

enum { MAX_WORDS = 20, MAX_FUNCTIONS_SEEN = 1 << 15, MAX_ALLOCATIONS = 1 << 20, MAX_STACKS = 1 << 20, MOST_ALIKE = 1 };

/* What is done again and again, each time with another allocation that fails. */
typedef struct {
    const char *name;
    const char *words[MAX_WORDS]; /* of a command; or */
    int (*use)(void);             /* functions, 0 or an error that is printed to stderr */
    const char *makes[2];         /* files that are there only when it was finished */
    unsigned one_in;              /* of a slow use, one in so many of these allocations; all with OST_MEMORY_ALL */
} use_t;

/* Shared with the processes that try. */
static struct {
    size_t n; /* allocation that fails now */
    size_t n_failed, n_faults;
    bool goes_on, is_done;
    bool seen[MAX_FUNCTIONS_SEEN];          /* functions in which an allocation failed */
    bool is_wanted[MAX_ALLOCATIONS];        /* of this use */
    unsigned char n_with_stack[MAX_STACKS]; /* allocations whose callers are the same, by a hash of these */
} * tried;

static const char experiment[] =
    "name: small\ntitle: A small cohort\nmodels: [./small.model, ./pill.model]\n"
    "population:\n  subjects: 70\n  seed: 3\n  eligible: \"age > 20 [y]\"\n  covariates: {age: "
    "{distribution: normal, mean: 60 y, sd: 5 y},\n"
    "    since: {formula: \"max(1 [y], age - 50 [y])\"}}\n"
    "arms:\n  control: {label: Control}\n  treated:\n    regimen:\n"
    "      - {drug: pill, dose: 5 mg, interval: 1 month, adherence: 80 %, stop: 6 month}\n"
    "    signals: [{signal: push, value: 1, start: 1 month, stop: 3 month}]\n"
    "times: {to: 12 month, every: 6 month}\n"
    "endpoints:\n  loss: {output: \"bmd[lumbar_spine]\", arm: treated, versus: control, to: 12 month}\n"
    "evidence:\n  table: evidence.csv\n  compare:\n    - {arm: control, trial: T0, trial_arm: control}\n"
    "    - {arm: treated, trial: T0, trial_arm: treated}\n";
/* Patients as they were dosed, with a covariate that changes in time. */
static const char dosed[] = "models: [./small.model, ./pill.model]\narms: {dosed: {}}\n"
                            "events: {table: doses.csv, time: day, amount: mg, cmt: {1: pill}, "
                            "covariates: {weight: {unit: kg, column: WT, interpolation: nocb}}}\n"
                            "parameters: {small.g: {value: '0.03 [1/y]*weight/(60 [kg])'}}\n";
static const char doses[] =
    "ID,TIME,AMT,EVID,II,SS,WT\n1,0,5,1,0,0,60\n1,30,.,2,0,0,70\n1,60,5,1,7,1,65\n1,90,.,0,0,0,65\n"
    "2,0,.,0,0,0,60\n";
/* More evidence, at a time of the result: a change, one in a unit of its own, a level. */
static const char observed[] = "calibrate,T0,control,BMD_change,LS,12,mean,-2,percent,,0.3,se,50,c,r,a note\n"
                               "validate,T0,treated,BMD_change_abs,TH,12,mean,-0.01,g/cm2,,0.003,se,,c,r,\n"
                               "context,T0,treated,BMD_level,LS,12,mean,0.97,g/cm2,,0.01,se,,c,r,\n"
                               "validate,T0,treated,marker_change,sCTX,12,mean,-1,percent,,0.3,se,,c,r,\n";
static const char classes[] = "class,meaning\nnone,nothing\npushed,pushed\n";
static const char arms[] = "trial,arm,class,minus\nT0,control,none,\nT0,treated,pushed,\nT1,control,none,\n";
static const char fit_text[] =
    "trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS "exclude:\n  - {trial: T1, site: TH, reason: to see it named}\n";

static int total(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += isnan(values[i]) ? 0 : values[i];
    return isfinite(sum) ? 0 : 1;
}

static int sink(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    (void) user, (void) first, (void) covariates, (void) status;
    return total(outputs, n) + total(params, n);
}

/* @return code, after its message */
static int ended(int code, ost_call_t *call)
{
    if (code != 0) fprintf(stderr, "%s\n", ost_call_error(call, NULL, NULL));
    return code == ost_call_code(call) ? code : -1000;
}

/* A session from its first call to its last. */
static int run_session(void)
{
    static const char *const set[] = { "population.subjects=2", "population.seed=5" };
    ost_call_t *call = ost_call_new();
    if (call == NULL) fprintf(stderr, "out of memory\n");
    if (call == NULL) return OST_ERR_NO_MEMORY;
    double values[8];
    char yaml[64];
    ost_call_threads(call, 1);
    ost_session_t *session = ost_session_new(call);
    int code = session != NULL ? 0 : ended(ost_call_code(call), call);
    if (code == 0) code = ended(ost_session_add_model(session, "./small.model", small_bone, call), call);
    if (code == 0) code = ended(ost_session_add_model(session, "./pill.model", small_pill, call), call);
    if (code == 0 && ost_session_model(session, 0, "text", call) == NULL) code = ended(ost_call_code(call), call);
    ost_study_t *study = code == 0 ? ost_study_new(session, "small.yaml", experiment, set, 2, call) : NULL;
    if (code == 0 && study == NULL) code = ended(ost_call_code(call), call);
    if (study != NULL && ost_study_size(study, OST_AXIS_TIME) != 3) code = 1;
    if (study != NULL && ost_study_yaml(study, yaml, 64) == 0) {
        code = OST_ERR_NO_MEMORY;
        fprintf(stderr, "out of memory\n");
    }
    if (study != NULL && ost_study_text(study, OST_AXIS_ARM, 0, "name") == NULL) code = 1;
    if (study != NULL && ost_study_values(study, OST_AXIS_TIME, values) != 0) code = 1;
    if (code == 0) code = ended(ost_study_run(study, 0, 2, sink, NULL, call), call);
    ost_study_free(study);
    ost_session_free(session);
    ost_call_free(call);
    return code;
}

static const ost_command_t *const commands[] = { &ost_command_run, &ost_command_compare, &ost_command_sweep,
    &ost_command_sensitivity, &ost_command_merge, &ost_command_verify, &ost_command_show, &ost_command_export,
    &ost_command_report, &ost_command_check, &ost_command_plan, &ost_command_model, &ost_command_fit,
    &ost_command_validate, &ost_command_list, NULL };

static int run_words(const char *const *words)
{
    char *argv[MAX_WORDS + 1] = { 0 };
    int argc = 0;
    for (; words[argc] != NULL; argc++) argv[argc] = __real_strdup(words[argc]);
    int code = -1;
    for (const ost_command_t *const *c = commands; *c != NULL; c++)
        if (strcmp((*c)->name, argv[0]) == 0) code = ost_cli_run(*c, argc, argv);
    for (int i = 0; i < argc; i++) __real_free(argv[i]);
    return code;
}

static int use(const use_t *self)
{
    int code = self->use != NULL ? self->use() : run_words(self->words);
    fflush(stdout);
    fflush(stderr);
    return code;
}

#define WORDS(...) .words = { __VA_ARGS__ }
#define FROM "--threads", "1", "--from", "fitted.csv"
#define VARIED "arms.treated.regimen.0.interval="
#define FILES "small.h5", "--quiet", "--threads", "1"
static const use_t uses[] = {
    { "session", .use = run_session },
    { "check", WORDS("check", "small.yaml", "--set", "population.subjects=3") },
    { "check_doubts", WORDS("check", "small.yaml", "--set", "outputs=[bmd]", "--set",
                          "population.covariates.spare={distribution: normal, mean: 1 y, sd: 1 y}") },
    { "check_drawn",
        WORDS("check", "small.yaml", "--set",
            "population.covariates.weight={distribution: choice, values: [60 kg, 70 kg], probabilities: [0.4, 0.6]}",
            "--set", "population.correlate=[{of: [age, weight], pearson: 0.5}]", "--set",
            "population.sampling=latin_hypercube") },
    { "check_model", WORDS("check", "small.model") },
    { "plan", WORDS("plan", "small.yaml") },
    { "dot", WORDS("plan", "small.yaml", "--dot") },
    { "plan_sbml",
        WORDS("plan", "small.yaml", "--sbml", "treated", "--set", "arms.treated.regimen.0.adherence=100 %") },
    { "plan_petab", WORDS("plan", "small.yaml", "--petab", "petab", "--set", "arms.treated.regimen.0.adherence=100 %"),
        .makes = { "petab/problem.yaml" } },
    { "model", WORDS("model", "small.model") },
    { "model_sbml", WORDS("model", "small.model", "--sbml") },
    { "model_latex", WORDS("model", "small.model", "--latex") },
    { "model_mrgsolve", WORDS("model", "small.model", "--mrgsolve") },
    { "list_models", WORDS("list", "models") },
    { "list_outputs", WORDS("list", "outputs") },
    { "list_configs", WORDS("list", "configs") },
    { "list_keys", WORDS("list", "keys") },
    { "list_schema", WORDS("list", "schema") },
    { "run", WORDS("run", "small.yaml", "--restart", "-o", FILES), .makes = { "small.h5" } },
    { "run_dosed", WORDS("run", "dosed.yml", "--restart", "-o", FILES), .makes = { "small.h5" } },
    { "run_enrolled",
        WORDS("run", "small.yaml", "--restart", "-o", FILES, "--set", "population.enroll=3", "--set",
            "population.strata={young: {if: \"age < 200 [y]\", quota: 3}}"),
        .makes = { "small.h5" } },
    { "run_unnamed", WORDS("run", "small.yaml", "--restart", "-q", "-t", "1"), .makes = { "small.h5" } },
    { "run_replacing", WORDS("run", "small.yaml", "--restart", "-o", "whole.h5", "-q", "-t", "1") },
    { "resume", WORDS("run", "small.yaml", "--resume", "-o", FILES), .makes = { "small.h5" } },
    { "resume_complete", WORDS("run", "small.yaml", "--resume", "-o", "whole.h5", "-q", "--threads", "1") },
    { "dry_run", WORDS("run", "small.yaml", "--dry-run", "-o", FILES), .makes = { "small.h5" } },
    { "subject", WORDS("run", "whole.h5", "--subject", "3", "--restart", "-o", FILES), .makes = { "small.h5" },
        .one_in = 4 },
    { "shard", WORDS("run", "small.yaml", "--shard", "1/2", "--restart", "-o", FILES), .makes = { "small.h5" } },
    { "merge", WORDS("merge", "one.h5", "two.h5", "-o", "small.h5", "--quiet"), .makes = { "small.h5" } },
    { "compare",
        WORDS("compare", "small.yaml", "--models", "./small.model,./other.model", "--allow-gaps", "--restart", "-o",
            FILES),
        .makes = { "small.h5" } },
    { "resume_compared", WORDS("compare", "small.yaml", "--models", "./small.model,./other.model", "--allow-gaps",
                             "--resume", "-o", "compared.h5", "-q", "--threads", "1") },
    { "sweep",
        WORDS("sweep", "small.yaml", "--vary", "population.covariates.age=60 y, 70 y", "--vary",
            VARIED "1 month..2 month : 2", "--restart", "-o", FILES),
        .makes = { "small.h5" } },
    { "sweep_points",
        WORDS("sweep", "small.yaml", "--vary", VARIED "1 month..2 month", "--design", "sobol", "--points", "2",
            "--restart", "-o", FILES),
        .makes = { "small.h5" } },
    { "sweep_table", WORDS("sweep", "small.yaml", "--table", "points.csv", "--restart", "-o", FILES),
        .makes = { "small.h5" } },
    { "show_sweep", WORDS("show", "swept.h5", "--csv", "small.csv"), .makes = { "small.csv" } },
    { "sensitivity",
        WORDS("sensitivity", "small.yaml", "--over", "small", "--by", "range", "--vary", VARIED "1 month..2 month",
            "--group", "all=small", "--trajectories", "2", "-q", "-t", "1", "--csv", "small.csv", "-o", "small.h5"),
        .makes = { "small.h5" } },
    { "sensitivity_posterior",
        WORDS("sensitivity", "small.yaml", "--parameters", "fitted.csv", "--trajectories", "2", "-t", "1") },
    { "sensitivity_sobol", WORDS("sensitivity", "small.yaml", "--by", "variability", "--method", "sobol", "--base",
                               "64", "-q", "-t", "1") },
    { "sensitivity_local",
        WORDS("sensitivity", "small.yaml", "--method", "local", "--vary", VARIED "1 month..2 month", "-q", "-t", "1") },
    { "verify", WORDS("verify", "whole.h5", "--share", "1 %", "--threads", "1"), .one_in = 4 },
    { "verify_unsealed", WORDS("verify", "unsealed.h5") },
    { "show_shard", WORDS("show", "one.h5") },
    { "show", WORDS("show", "whole.h5", "--evidence", "--versus", "control") },
    { "show_csv", WORDS("show", "whole.h5", "--csv", "small.csv"), .makes = { "small.csv" } },
    { "export", WORDS("export", "whole.h5", "--csv", "small.csv"), .makes = { "small.csv" } },
    { "export_some",
        WORDS("export", "compared.h5", "--csv", "small.csv", "--wide", "--arms", "control", "--every", "1 month",
            "--columns", "bmd"),
        .makes = { "small.csv" } },
    { "export_people", WORDS("export", "whole.h5", "--people", "small.csv"), .makes = { "small.csv" } },
    { "export_shard", WORDS("export", "one.h5", "--csv", "small.csv"), .makes = { "small.csv" } },
    { "report", WORDS("report", "whole.h5", "-o", "small.html", "--data", "data.csv", "--of", "bmd[total_hip]"),
        .makes = { "small.html" }, .one_in = 4 },
    { "report_compared", WORDS("report", "compared.h5", "-o", "small.html"), .makes = { "small.html" }, .one_in = 4 },
    { "report_draws", WORDS("report", "drawn.h5", "-o", "small.html"), .makes = { "small.html" }, .one_in = 4 },
    { "report_sweep", WORDS("report", "swept.h5", "-o", "small.html"), .makes = { "small.html" }, .one_in = 4 },
    { "report_inputs", WORDS("report", "inputs.h5", "-o", "small.html"), .makes = { "small.html" }, .one_in = 4 },
    { "fit", WORDS("fit", "fit.yml", "--threads", "1", "-o", "small.csv"), .makes = { "small.csv" }, .one_in = 4 },
    { "fit_draws", WORDS("fit", "fit.yml", FROM, "--draws", "4", "-o", "small.csv") }, /* has the estimate first */
    { "fit_normal", WORDS("fit", "fit.yml", FROM, "--draws", "4", "--normal", "-o", "small.csv") },
    { "fit_left_out", WORDS("fit", "fit.yml", FROM, "--leave-out", "T1"), .one_in = 4 },
    { "fit_each", WORDS("fit", "fit.yml", FROM, "--leave-out", "each") },
    { "fit_profile", WORDS("fit", "fit.yml", FROM, "--profile", "small.g") },
    { "validate",
        WORDS("validate", "--trials", ".", "--threads", "1", "--subjects", "2", "--parameters", "fitted.csv", "-o",
            "small.html", "--csv", "small.csv"),
        .makes = { "small.csv" }, .one_in = 4 },
};

/* Functions that do without memory: messages are shorter, and a sweep integrates each history again. */
static const char *const hints[] = { "ost_cli_name_output", "ost_histories_new", "ost_histories_keep" };

/* Nothing is lost with power here, and a disk would take minutes. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return fd >= 0 ? 0 : -1;
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    return fd >= 0 ? 0 : -1;
}

static size_t n_open(void)
{
    size_t n = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files != NULL && readdir(files) != NULL) n++;
    closedir(files);
    return n + (size_t) H5Fget_obj_count((hid_t) H5F_OBJ_ALL, H5F_OBJ_ALL);
}

static bool has_said(const char *what)
{
    static char said[4096];
    FILE *file = fopen("stderr.txt", "r");
    size_t n = file != NULL ? fread(said, 1, sizeof(said) - 1, file) : 0;
    said[n] = '\0';
    if (file != NULL) fclose(file);
    return strstr(said, what) != NULL;
}

static void fault(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(const char *name, const char *fmt, ...)
{
    FILE *out = fopen("faults.txt", "a");
    char text[2048];
    va_list args;
    if (out == NULL) abort();
    va_start(args, fmt);
    vfprintf(out, fmt, args);
    va_end(args);
    fprintf(out, ": %s, allocation %zu%s: %s\n", name, tried->n, tried->goes_on ? " and all after it" : "",
        frames_text(memory.counted->frames, memory.counted->n_frames, text, sizeof(text)));
    fclose(out);
    tried->n_faults++;
}

/* Say who allocated what was not given back. */
static void find_lost(const use_t *self)
{
    char text[1024];
    memory.is_traced = true;
    failing_begin(tried->n, tried->goes_on);
    (void) use(self);
    failing_end();
    memory.is_traced = false;
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        if (memory.blocks[i].at != NULL && memory.blocks[i].owner[0] != NULL)
            fault(self->name, "lost the block of %s",
                frames_text(memory.blocks[i].owner, OWNER_FRAMES, text, sizeof(text)));
}

static void remove_made(const use_t *self)
{
    for (size_t i = 0; i < 2 && self->makes[i] != NULL; i++) unlink(self->makes[i]);
}

/* With one allocation that fails. @return whether there was one more */
static bool try(const use_t *self)
{
    remove_made(self);
    CU_ASSERT_FATAL(freopen("stderr.txt", "w", stderr) != NULL && freopen("stdout.txt", "w", stdout) != NULL);
    size_t n_blocks = memory.n_blocks, n_files = n_open();
    failing_begin(tried->n, tried->goes_on);
    int code = use(self);
    bool has_failed = failing_end();
    for (int i = 0; i < memory.counted->n_frames; i++) {
        size_t function = function_of(memory.counted->frames[i]);
        if (function < n_functions) tried->seen[function] = true;
    }
    if (!has_failed) return false;
    tried->n_failed++;
    bool is_hint = false; /* of a message: what is nearest, how to go on */
    for (int i = 0; i < memory.counted->n_frames; i++) {
        size_t function = function_of(memory.counted->frames[i]);
        for (size_t k = 0; k < COUNT(hints) && function < n_functions; k++)
            is_hint |= strcmp(functions[function].name, hints[k]) == 0;
    }
    if (is_hint && code == 0) return true;
    if (code != (self->use != NULL ? OST_ERR_NO_MEMORY : OST_EXIT_MEMORY))
        fault(self->name, code == 0 ? "succeeded" : "has another code");
    if (code != 0 && !has_said("memory")) fault(self->name, "did not say why");
    for (size_t i = 0; i < 2 && self->makes[i] != NULL; i++)
        if (code != 0 && access(self->makes[i], F_OK) == 0) fault(self->name, "left %s", self->makes[i]);
    if (n_open() != n_files) fault(self->name, "left %zd files open", (ssize_t) (n_open() - n_files));
    if (memory.n_blocks != n_blocks) find_lost(self);
    return true;
}

/* Of allocations with the same callers the first few are made to fail, or all with OST_MEMORY_ALL. */
static void choose(size_t n, void *const *frames, int n_frames)
{
    uint64_t hash = 0;
    for (int i = 0; i < n_frames; i++) hash = (hash ^ (uintptr_t) frames[i]) * 0x9e3779b97f4a7c15u;
    unsigned char *n_alike = &tried->n_with_stack[hash >> 44];
    bool is_wanted = *n_alike < MOST_ALIKE || getenv("OST_MEMORY_ALL") != NULL;
    *n_alike = (unsigned char) (*n_alike + (*n_alike < MOST_ALIKE));
    if (n < MAX_ALLOCATIONS) tried->is_wanted[n] = is_wanted;
}

static void choose_all(const use_t *self)
{
    memset(tried->is_wanted, 0, sizeof(tried->is_wanted));
    pid_t child = fork();
    if (child == 0) {
        remove_made(self);
        if (freopen("stdout.txt", "w", stdout) == NULL) _exit(1);
        failing_begin(0, false);
        memory.watch = choose;
        int code = use(self);
        _exit(memory.counted->n < MAX_ALLOCATIONS && code == 0 ? 0 : 1);
    }
    int status;
    CU_ASSERT_FATAL(waitpid(child, &status, 0) == child);
    if (status != 0) fault(self->name, "fails without a reason");
    unsigned k = 0;
    for (size_t n = 0; n < MAX_ALLOCATIONS && self->one_in > 0 && getenv("OST_MEMORY_ALL") == NULL; n++)
        if (tried->is_wanted[n]) tried->is_wanted[n] = k++ % self->one_in == 0;
}

/* In a process of its own, which goes on until it ends or crashes. */
static void try_all(const use_t *self, bool goes_on)
{
    tried->goes_on = goes_on;
    tried->is_done = false;
    tried->n = 1;
    while (!tried->is_done) {
        pid_t child = fork();
        CU_ASSERT_FATAL(child >= 0);
        if (child == 0) {
            do
                while (tried->n < MAX_ALLOCATIONS && !tried->is_wanted[tried->n]) tried->n++;
            while (tried->n < MAX_ALLOCATIONS && try(self) && tried->n++ > 0);
            tried->is_done = true;
            tried->n_faults += UNREACHABLE_BLOCKS() != 0;
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (status != 0) fault(self->name, "crashed (%d)", status);
        if (status != 0) system("cp stderr.txt crash.txt");
        tried->n += status != 0;
    }
}

/* What the uses begin with: a whole result, its two shards, a fit. */
static bool prepare(void)
{
    static const char *const words[][MAX_WORDS] = { { "run", "small.yaml", "-q", "-o", "whole.h5" },
        { "compare", "small.yaml", "--models", "./small.model,./other.model", "--allow-gaps", "-q", "-o",
            "compared.h5" },
        { "sweep", "small.yaml", "--vary", VARIED "1 month, 2 month", "--keep", "endpoints", "-q", "-o", "swept.h5" },
        { "run", "small.yaml", "--shard", "1/2", "-q", "-o", "one.h5" },
        { "run", "small.yaml", "--shard", "2/2", "-q", "-o", "two.h5" },
        { "fit", "fit.yml", "-o", "fitted.csv", "--draws", "4" },
        { "run", "small.yaml", "--parameters", "fitted.csv", "--draws", "2", "-q", "-o", "drawn.h5" },
        { "sensitivity", "small.yaml", "--by", "range", "--trajectories", "2", "-q", "-o", "inputs.h5" } };
    for (size_t i = 0; i < COUNT(words); i++)
        if (run_words(words[i]) != 0) return false;
    return system("head -c -24 whole.h5 >unsealed.h5") == 0; /* the seal is the last 24 bytes */
}

static void test_each(void)
{
    CU_ASSERT_FATAL(functions_read("ost_cohort_run", (uintptr_t) ost_cohort_run));
    tried = mmap(NULL, sizeof(*tried), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    small_begin(&folder);
    put_evidence(2, truth, 0.3, 1);
    FILE *evidence = fopen(small_path(&folder, "evidence.csv"), "a");
    CU_ASSERT_FATAL(evidence != NULL && fputs(observed, evidence) >= 0 && fclose(evidence) == 0);
    small_write(&folder, "classes.csv", classes);
    small_write(&folder, "arms.csv", arms);
    put_trials(2);
    small_write(&folder, "small.yaml", experiment);
    small_write(&folder, "dosed.yml", dosed);
    small_write(&folder, "doses.csv", doses);
    small_write(&folder, "fit.yml", fit_text);
    small_write(&folder, "points.csv", "arms.treated.regimen.0.dose [mg]\n2\n");
    small_write(&folder, "data.csv", "ID,TIME [month],DV [%],ARM\n1,12,-1,treated\n");
    CU_ASSERT_FATAL(chdir(folder.path) == 0);
    omp_set_num_threads(1);
    const char *only = getenv("OST_MEMORY_ONLY");
    pid_t child = fork();
    if (child == 0) _exit(freopen("stdout.txt", "w", stdout) != NULL && prepare() ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL_FATAL(status, 0);
    for (size_t i = 0; i < COUNT(uses); i++) {
        if (only != NULL && strcmp(only, uses[i].name) != 0) continue;
        size_t before = tried->n_failed;
        choose_all(&uses[i]);
        try_all(&uses[i], false);
        if (getenv("OST_MEMORY_ALL") != NULL) try_all(&uses[i], true);
        printf("%s: %zu\n", uses[i].name, tried->n_failed - before);
        fflush(stdout);
    }
    CU_ASSERT_EQUAL(system("test ! -f faults.txt || cat faults.txt"), 0);
    CU_ASSERT_EQUAL(tried->n_faults, 0);
    CU_ASSERT_EQUAL(chdir("/"), 0);
    small_end(&folder);
}

#ifdef __SANITIZE_ADDRESS__ /* elsewhere a function that ends in a call is not among the callers */
/* Of the functions that commands call, and those of osteon/session.h: which allocate, by themselves or through calls
 * that are not through pointers. */
static const char functions_that_allocate[] =
    "{ nm -u " OST_CLI_LIBRARY "; sed 's/^/U /' " OST_SOURCE_DIR "/tests/abi.txt;"
    "  objdump -d --no-show-raw-insn /proc/$PPID/exe; } | awk '\n"
    "$1 == \"U\" { is_called[$2] }\n"
    "/^[0-9a-f]+ </ { sub(/^0+/, \"\", $1); gsub(/[<>:]/, \"\", $2); f = $1; name[f] = $2; next }\n"
    "$2 == \"call\" || $2 == \"jmp\" { callers[$3] = callers[$3] \" \" f }\n"
    "END {\n"
    "    for (f in name) if (name[f] ~ /^__wrap_.*(alloc|str|printf)/) found[queue[++n] = f]\n"
    "    for (i = 1; i <= n; i++)\n"
    "        for (k = split(callers[queue[i]], c); k > 0; k--) if (!(c[k] in found)) found[queue[++n] = c[k]]\n"
    "    for (f in found) if (name[f] ~ /^ost_/ && name[f] in is_called) print name[f]\n"
    "}'";

/* Their allocations are made before, here: models that were read already, and room for cells. */
static const char *const had[] = { "ost_draws_check", "ost_experiment_drop_outputs", "ost_table_skip_to" };

/* No function is forgotten: each that allocates was among the callers of an allocation that failed. */
static void test_functions(void)
{
    FILE *names = popen(functions_that_allocate, "r");
    char name[128];
    size_t n = 0, n_forgotten = 0;
    CU_ASSERT_FATAL(names != NULL && tried != NULL);
    for (; fscanf(names, "%127s", name) == 1; n++) {
        size_t i = 0;
        bool is_had = false;
        for (size_t k = 0; k < COUNT(had); k++) is_had |= strcmp(had[k], name) == 0;
        while (i < n_functions && strcmp(functions[i].name, name) != 0) i++;
        if (is_had || (i < n_functions && tried->seen[i])) continue;
        printf("%s: none of its allocations failed\n", name);
        n_forgotten++;
    }
    pclose(names);
    CU_ASSERT(n > 50);
    if (getenv("OST_MEMORY_ONLY") == NULL) CU_ASSERT_EQUAL(n_forgotten, 0);
}
#endif

int main(int argc, char **argv)
{
    static const ost_test_t tests[] = {
        { "each", test_each },
#ifdef __SANITIZE_ADDRESS__
        { "functions", test_functions },
#endif
    };
    ost_commands = commands;
    gsl_set_error_handler_off();
    H5dont_atexit();
    return ost_test_main(argc, argv, "memory", tests, COUNT(tests));
}
