/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "core/text.h"
#include "input/evidence.h"
#include "plan/doubts.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const ost_command_t *const *ost_commands;

void ost_cli_message(const char *fmt, ...)
{
    va_list args;
    char text[16000];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ost_text_disarm(text);
    fprintf(stderr, "osteon: %s\n", text);
}

int ost_cli_no_memory(void)
{
    ost_cli_message("out of memory");
    return OST_EXIT_MEMORY;
}

void ost_cli_warn(const ost_text_list_t *warnings)
{
    for (size_t i = 0; i < warnings->n; i++) ost_cli_message("warning: %s", warnings->items[i]);
}

int ost_cli_doubts(const ost_plan_t *plan, bool is_own, ost_text_list_t *said)
{
    ost_text_list_t warnings = { 0 };
    ost_error_t err = { 0 };
    if (is_own && ost_plan_check_columns(plan, &err) < 0) return ost_cli_fail(&err);
    int ret = ost_plan_doubts(plan, is_own, &warnings);
    if (ret == 0) ret = ost_endpoints_doubt(plan->experiment, &warnings);
    for (size_t i = 0; i < warnings.n && ret == 0; i++) {
        const char *text = warnings.items[i];
        if (said != NULL && ost_words_find((const char *const *) said->items, said->n, text) < said->n) continue;
        ost_cli_message("warning: %s", text);
        if (said != NULL) ret = ost_text_list_add(said, "%s", text);
    }
    ost_text_list_free(&warnings);
    return ret == 0 ? OST_EXIT_OK : ost_cli_no_memory();
}

const ost_variable_t *ost_cli_shown(const ost_plan_t *plan)
{
    const ost_variable_t *variables = plan->outputs->variables, *bmd = variables;
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        if (strcmp(variables[i].name, "scanned_bmd") == 0) return &variables[i];
        if (strcmp(variables[i].name, "bmd") == 0) bmd = &variables[i];
    }
    return bmd;
}

int ost_cli_fail(const ost_error_t *err)
{
    char text[1024];
    ost_cli_message("%s", ost_error_format(err, text, sizeof(text)));
    if (err->code == OST_ERR_NO_MEMORY) return OST_EXIT_MEMORY;
    return err->code == OST_ERR_IO || err->code == OST_ERR_FORMAT ? OST_EXIT_IO : OST_EXIT_INPUT;
}

int ost_cli_unknown(const char *option, const char *what, const char *word, const ost_text_list_t *names)
{
    ost_cli_message("--%s: the file has no %s'%s'%s%s%s; it has:", option, what, word,
        OST_HINT(ost_nearest(word, (const char *const *) names->items, names->n)));
    for (size_t i = 0; i < names->n; i++) fprintf(stderr, "  %s\n", names->items[i]);
    return OST_EXIT_USAGE;
}

char *ost_cli_thousands(uint64_t n, char buf[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);
    char *p = buf;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return buf;
}

char *ost_cli_plural(uint64_t n, const char *singular, char buf[64])
{
    char number[32];
    snprintf(buf, 64, "%s %s%s", ost_cli_thousands(n, number), singular, n == 1 ? "" : "s");
    return buf;
}

char *ost_cli_bytes(double n, char buf[32])
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    size_t i = 0;
    for (; n >= 1000 && i < 4; i++) n /= 1000;
    snprintf(buf, 32, i == 0 ? "%.0f %s" : "%.1f %s", n, units[i]);
    return buf;
}

int ost_cli_split(const char *option, const char *text, ost_text_list_t *words)
{
    for (const char *at = text, *end; at != NULL; at = *end == ',' ? end + 1 : NULL) {
        at += strspn(at, " ");
        end = at + strcspn(at, ",");
        int n = (int) (end - at);
        while (n > 0 && at[n - 1] == ' ') n--;
        if (n == 0) return OST_CLI_USAGE("--%s: '%s': a name is missing; names are separated by commas", option, text);
        if (ost_text_list_add(words, "%.*s", n, at) < 0) return ost_cli_no_memory();
        for (size_t i = 0; i + 1 < words->n; i++)
            if (strcmp(words->items[i], words->items[words->n - 1]) == 0)
                return OST_CLI_USAGE("--%s: duplicate '%s'", option, words->items[i]);
    }
    return OST_EXIT_OK;
}

bool ost_cli_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

bool ost_cli_exists(const char *path)
{
    char part[PATH_MAX];
    if (access(path, F_OK) == 0) return true;
    const int missing = errno;
    snprintf(part, sizeof(part), "%s.part", path);
    if (access(part, F_OK) == 0)
        ost_cli_message("%s is not finished: '%s' holds its finished blocks; the command that began it continues with "
                        "--resume",
            path, part);
    else
        ost_cli_message("%s: %s", path, strerror(missing));
    return false;
}

/* Where configs/ may be, besides the current folder: under the installed data, or beside the program, which stands in
 * the source tree's build/PRESET/ or in PREFIX/bin. */
static int config_folders(ost_text_list_t *folders)
{
    static const char *const beside[] = { "configs", "../configs", "../../configs", "../share/osteon/configs" };
    char program[PATH_MAX];
    int ret = ost_text_list_add(folders, "configs");
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length > 0) {
        program[length] = '\0';
        const char *folder = dirname(program);
        for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]) && ret == 0; i++)
            ret = ost_text_list_add(folders, "%s/%s", folder, beside[i]);
    }
    if (ret == 0) ret = ost_text_list_add(folders, "%s/configs", OST_DATA_DIR);
    return ret;
}

bool ost_cli_plot_command(char *command, size_t size)
{
    static const char name[] = "osteon-plot";
    char program[PATH_MAX];
    for (const char *folder = getenv("PATH"); folder != NULL; folder = strchr(folder, ':')) {
        folder += *folder == ':';
        snprintf(command, size, "%.*s/%s", (int) strcspn(folder, ":"), folder, name);
        if (access(command, X_OK) == 0) return snprintf(command, size, "%s", name) > 0;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length <= 0) return false;
    program[length] = '\0';
    int n = snprintf(command, size, "%s/%s", dirname(program), name);
    return n > 0 && (size_t) n < size && access(command, X_OK) == 0;
}

int ost_cli_temporary_folder(char folder[OST_CLI_FOLDER_SIZE], ost_error_t *err)
{
    const char *in = getenv("TMPDIR");
    const int n = snprintf(folder, OST_CLI_FOLDER_SIZE, "%s/osteon-XXXXXX", in != NULL && in[0] != '\0' ? in : "/tmp");
    if (n < OST_CLI_FOLDER_SIZE && mkdtemp(folder) != NULL) return 0;
    return ost_fail_at(err, OST_ERR_IO, folder, 0, 0, "cannot be created: %s",
        strerror(n < OST_CLI_FOLDER_SIZE ? errno : ENAMETOOLONG));
}

const char *ost_cli_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The first folder that has a name hides the others. */
static int add_new_name(ost_text_list_t *paths, const char *path)
{
    for (size_t i = 0; i < paths->n; i++)
        if (strcmp(ost_cli_base_name(paths->items[i]), ost_cli_base_name(path)) == 0) return 0;
    char resolved[PATH_MAX];
    bool shorten = path[0] == '/' && realpath(path, resolved) != NULL;
    return ost_text_list_add(paths, "%s", shorten ? resolved : path);
}

int ost_cli_configs(ost_text_list_t *paths)
{
    ost_text_list_t folders = { 0 };
    int ret = config_folders(&folders);
    for (size_t i = 0; i < folders.n && ret == 0; i++) {
        char pattern[PATH_MAX + 32];
        glob_t found;
        snprintf(pattern, sizeof(pattern), "%s/{,*/}*.yaml", folders.items[i]);
        if (glob(pattern, GLOB_BRACE, NULL, &found) != 0) continue;
        for (size_t j = 0; j < found.gl_pathc && ret == 0; j++) {
            bool is_fit = strncmp(found.gl_pathv[j] + strlen(folders.items[i]), "/fit/", 5) == 0;
            if (!is_fit) ret = add_new_name(paths, found.gl_pathv[j]);
        }
        globfree(&found);
    }
    ost_text_list_free(&folders);
    return ret;
}

int ost_cli_data_folder(const char *name, char **path)
{
    ost_text_list_t folders = { 0 };
    int ret = config_folders(&folders);
    *path = NULL;
    for (size_t i = 0; i < folders.n && ret == 0 && *path == NULL; i++) {
        char found[PATH_MAX], resolved[PATH_MAX];
        snprintf(found, sizeof(found), "%s/%s", folders.items[i], name);
        if (access(found, R_OK) != 0) continue;
        const char *text = found[0] == '/' ? realpath(found, resolved) : found;
        if (text != NULL && (*path = strdup(text)) == NULL) ret = OST_ERR_NO_MEMORY;
    }
    ost_text_list_free(&folders);
    return ret == 0 ? OST_EXIT_OK : ost_cli_no_memory();
}

int ost_cli_draws_table(const char *named, char **path)
{
    static const char ending[] = ".csv", folder[] = "configs/fit/";
    const char *at = strstr(named, folder), *name = at != NULL ? at + strlen(folder) : named;
    char found[PATH_MAX];
    *path = NULL;
    if (access(named, F_OK) != 0 && strchr(name, '/') == NULL) {
        snprintf(found, sizeof(found), "fit/%s%s", name, ost_cli_ends_with(name, ending) ? "" : ending);
        const int code = ost_cli_data_folder(found, path);
        if (code != OST_EXIT_OK) return code;
    }
    if (*path == NULL) *path = strdup(named);
    return *path != NULL ? OST_EXIT_OK : ost_cli_no_memory();
}

/* Without ".yaml". */
static const char *config_name(const void *paths, size_t i)
{
    char *path = ((char *const *) paths)[i];
    if (ost_cli_ends_with(path, ".yaml")) path[strlen(path) - strlen(".yaml")] = '\0';
    return ost_cli_base_name(path);
}

/* The path of the experiment called `name`, "ABCSG-18" or "abcsg18", if there is no file of that name. @return an exit
 * code, having said why */
static int find_config(const char *name, char **found)
{
    ost_text_list_t paths = { 0 };
    int ret = ost_cli_configs(&paths), code = OST_EXIT_OK;
    size_t i = 0;
    while (ret == 0 && i < paths.n && !ost_text_alike(config_name(paths.items, i), name)) i++;
    *found = NULL;
    if (ret < 0 || (i < paths.n && asprintf(found, "%s.yaml", paths.items[i]) < 0)) {
        *found = NULL;
        code = ost_cli_no_memory();
    } else if (i == paths.n) {
        code = OST_EXIT_INPUT;
        ost_cli_message(
            "%s: there is no such file, and no experiment of that name%s%s%s; 'osteon list configs' lists them", name,
            OST_HINT(ost_nearest_of(name, paths.items, paths.n, config_name)));
    }
    ost_text_list_free(&paths);
    return code;
}

int ost_cli_origin(const char *path, ost_identity_t *self, ost_error_t *err)
{
    ost_results_t *results = NULL;
    if (ost_journal_is(path)) return ost_journal_origin(path, self, err);
    int ret = ost_cli_open_result(&results, path, false, err);
    if (ret < 0) return ret;
    *self = results->attributes;
    results->attributes = (ost_identity_t){ 0 };
    ost_results_close(results);
    return 0;
}

/* Whether a file is named as a result, or is what a run writes to. */
static bool is_recorded(const char *path)
{
    return ost_journal_is(path) || ost_cli_ends_with(path, ".h5");
}

int ost_cli_recorded(const char *path, ost_identity_t *self)
{
    ost_error_t err = { 0 };
    *self = (ost_identity_t){ 0 };
    if (!is_recorded(path)) return OST_EXIT_OK;
    if (!ost_cli_exists(path)) return OST_EXIT_INPUT;
    return ost_cli_origin(path, self, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

int ost_cli_compared_models(const char *path, char **models)
{
    ost_identity_t recorded;
    int code = ost_cli_recorded(path, &recorded);
    const char *found = ost_identity_get(&recorded, OST_COMPARED_MODELS);
    *models = found != NULL ? strdup(found) : NULL;
    if (found != NULL && *models == NULL) code = ost_cli_no_memory();
    for (char *c = *models; c != NULL && *c != '\0'; c++)
        if (*c == '\n') *c = ',';
    ost_identity_free(&recorded);
    return code;
}

/* From YAML, or from what a result file or a journal records. */
static int read_experiment(
    ost_experiment_t *self, const char *path, const char *const *overrides, size_t n_overrides, ost_error_t *err)
{
    ost_identity_t origin = { 0 };
    if (!is_recorded(path)) return ost_experiment_read(self, path, overrides, n_overrides, err);
    int ret = ost_cli_origin(path, &origin, err);
    if (ret == 0) ret = ost_identity_experiment(&origin, path, overrides, n_overrides, self, err);
    ost_identity_free(&origin);
    return ret;
}

/* An experiment that can be read as it is was spoilt on the command line. */
static int locate_fault(const char *path, const ost_error_t *err)
{
    ost_experiment_t plain = { 0 };
    ost_error_t none;
    int code = ost_cli_fail(err);
    const bool is_of_table = err->line > 0 && strcmp(err->where, path) != 0; /* whoever names it */
    if (code == OST_EXIT_MEMORY || is_of_table) return code;
    int ret = read_experiment(&plain, path, NULL, 0, &none);
    ost_experiment_free(&plain);
    return ret == 0 ? OST_EXIT_USAGE : code;
}

int ost_cli_experiment(ost_experiment_t *self, const char *name, const ost_text_list_t *overrides)
{
    ost_error_t err = { 0 };
    char *found = NULL;
    *self = (ost_experiment_t){ 0 };
    if (ost_cli_ends_with(name, ".model"))
        return OST_CLI_INPUT("%s: a model, not an experiment; an experiment names it under 'models'", name);
    if (access(name, F_OK) != 0) {
        if (strchr(name, '/') != NULL || ost_cli_ends_with(name, ".yaml") || is_recorded(name)) {
            ost_cli_exists(name);
            return OST_EXIT_INPUT;
        }
        int missing = find_config(name, &found);
        if (missing != OST_EXIT_OK) return missing;
        name = found;
    }
    bool has = overrides != NULL && overrides->n > 0;
    int ret =
        read_experiment(self, name, has ? (const char *const *) overrides->items : NULL, has ? overrides->n : 0, &err);
    ost_cli_warn(&self->warnings);
    int code = ret == 0 ? OST_EXIT_OK : has ? locate_fault(name, &err) : ost_cli_fail(&err);
    free(found);
    return code;
}

void ost_cli_not_compared(const ost_matched_t *self)
{
    char text[OST_TOLD_SIZE];
    for (size_t i = 0; i < self->n_unmatched; i++)
        if (ost_matched_told(self, i, text, sizeof(text)) != NULL) ost_cli_message("not compared: %s", text);
}

int ost_cli_evidence(ost_experiment_t *e, ost_matched_t *self, ost_evidence_t *evidence, ost_error_t *err)
{
    ost_endpoint_dictionary_t dictionary = { 0 };
    ost_library_t library = { 0 };
    if (e->evidence_path == NULL || e->n_comparisons == 0) return 0;
    const size_t n_times = e->n_times;
    ost_memory_t memory = { 0 };
    const double *times = ost_memory_extend(&memory, e->times, n_times, 0, sizeof(*times));
    char *endpoints;
    const char *path = NULL;
    if (ost_cli_data_folder(OST_CLI_ENDPOINTS, &endpoints) == OST_EXIT_OK)
        path = ost_evidence_path(e->evidence_path, endpoints, &memory);
    int ret = path == NULL || times == NULL ? ost_no_memory(err) : ost_library_init(&library, err);
    if (ret == 0) ret = ost_endpoint_dictionary_read(&dictionary, path, endpoints, err);
    if (ret == 0) ret = ost_endpoint_dictionary_errors(&dictionary, &library, err);
    if (ret == 0) ret = ost_evidence_read(evidence, path, &dictionary, err);
    if (ret == 0) ret = ost_matched_find(self, e, evidence, &dictionary, &library, err);
    if (ret == 0) ret = ost_matched_find_unnamed(self, e, evidence, err);
    if (ret == OST_ERR_MISSING && e->evidence_location.line > 0 && access(path, F_OK) != 0)
        ret = OST_FAIL_AT(err, OST_ERR_MISSING, e, e->evidence_location,
            "evidence.table: %s: cannot be opened: No such file or directory", path);
    ost_endpoint_dictionary_free(&dictionary);
    ost_library_free(&library);
    free(endpoints);
    ost_cli_warn(&evidence->warnings);
    if (ret == 0 && self->n_observations == 0) {
        ost_cli_not_compared(self);
        ret = ost_fail(err, OST_ERR_NAME, "no row of the evidence can be compared");
    }
    if (ret == 0) ret = ost_matched_drop_times(self, times, n_times, err);
    ost_memory_free(&memory);
    if (ret < 0) self->n_observations = self->n_unmatched = 0;
    return ret;
}
