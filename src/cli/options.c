/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command line by its command's table of options: parsing into the command's arguments, --help, and what was wrong.
 */
#include "cli.h"
#include "core/table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_option(char letter, const char *name, const char *argument, const char *text)
{
    char left[64];
    int n = letter != 0 ? snprintf(left, sizeof(left), "-%c, ", letter) : snprintf(left, sizeof(left), "    ");
    snprintf(left + n, sizeof(left) - (size_t) n, "--%s%s%s", name, argument != NULL ? " " : "",
        argument != NULL ? argument : "");
    char item[72];
    snprintf(item, sizeof(item), "  %s", left);
    ost_print_item(stdout, item, 33, text);
}

static void print_help(const ost_command_t *self)
{
    printf("Usage: osteon %s%s%s%s\n\n%s\n\nOptions:\n", self->name, self->argument[0] != '\0' ? " " : "",
        self->argument, self->n_options > 0 ? " [OPTIONS]" : "", self->about);
    for (size_t i = 0; i < self->n_options; i++) {
        const ost_option_t *o = &self->options[i];
        print_option(o->letter, o->name, o->argument, o->text);
    }
    print_option('h', "help", NULL, "print this");
    if (self->notes != NULL) printf("\n%s\n", self->notes);
}

static bool read_count(const char *option, const char *text, uint64_t lower, uint64_t upper, uint64_t *out)
{
    if (ost_text_count(text, out) == 0 && *out >= lower && *out <= upper) return true;
    ost_cli_message("--%s: '%s' is not a whole number from %llu to %llu", option, text, (unsigned long long) lower,
        (unsigned long long) upper);
    return false;
}

/* Two values for one thing: which was meant? @param given  the option was given before @return false, having said so */
static bool is_first(
    const ost_command_t *self, const ost_option_t *option, const char *word, bool given, void *arguments)
{
    const char *path = option->path, *more = option->argument != NULL ? strstr(option->argument, ",...") : NULL;
    if (path != NULL) { /* the same entry may be changed by two options, as by --subjects and --set */
        const ost_text_list_t *changes = (const void *) ((char *) arguments + option->target);
        path = path[0] != '\0' ? path : word;
        size_t n = strcspn(path, "="), i = 0;
        while (i < changes->n && (strncmp(changes->items[i], path, n) != 0 || changes->items[i][n] != '=')) i++;
        if (i == changes->n) return true;
        ost_cli_message("%s: '%.*s' is changed twice, to '%s' and by --%s %s", self->name, (int) n, path,
            changes->items[i] + n + 1, option->name, word);
        return false;
    }
    if (given && option->argument != NULL)
        ost_cli_message("%s: --%s is given twice%s", self->name, option->name,
            more != NULL ? "; commas separate what belongs to one" : "");
    return !given || option->argument == NULL;
}

/* @return OST_EXIT_OK, or another exit code, having said why */
static int apply_option(const ost_option_t *option, const char *word, void *arguments)
{
    void *target = (char *) arguments + option->target;
    int ret = 0;
    if (option->argument == NULL)
        *(bool *) target = true;
    else if (option->upper > 0)
        return read_count(option->name, word, option->lower, option->upper, target) ? OST_EXIT_OK : OST_EXIT_USAGE;
    else if (option->path == NULL)
        *(const char **) target = word;
    else
        ret = ost_text_list_add(target,
            option->path[0] == '\0'                    ? "%s%s"
            : strstr(option->argument, ",...") != NULL ? "%s=[%s]"
                                                       : "%s=%s",
            option->path, word);
    return ret < 0 ? ost_cli_no_memory() : OST_EXIT_OK;
}

/* The long name that another command has for a letter, if this command has that too; else NULL. */
static const char *name_of_letter(const ost_command_t *self, int letter)
{
    for (size_t c = 0; ost_commands != NULL && ost_commands[c] != NULL; c++)
        for (size_t i = 0; i < ost_commands[c]->n_options; i++) {
            const ost_option_t *other = &ost_commands[c]->options[i];
            for (size_t k = 0; k < self->n_options && other->letter == letter; k++)
                if (strcmp(self->options[k].name, other->name) == 0) return other->name;
        }
    return NULL;
}

/* The first command that has an option of this name or the nearest to it, NULL for none. @param[out] option  its name
 */
static const char *command_with(const char *name, const char **option)
{
    for (size_t c = 0; ost_commands != NULL && ost_commands[c] != NULL; c++) {
        *option = OST_NEAREST_IN(name, ost_commands[c]->options, ost_commands[c]->n_options, ost_option_t, name);
        if (*option != NULL) return ost_commands[c]->name;
    }
    return NULL;
}

static int wrong_option(const ost_command_t *self, int reason, const char *word, int letter)
{
    const char *names[OST_MAX_OPTIONS + 1];
    char bare[64], hint[160];
    for (size_t i = 0; i < self->n_options; i++) names[i] = self->options[i].name;
    names[self->n_options] = "help";
    const char *name = word;
    while (*name == '-') name++;
    snprintf(bare, sizeof(bare), "%.*s", (int) strcspn(name, "="), name);
    bool is_long = strncmp(word, "--", 2) == 0;
    for (size_t i = 0; i <= self->n_options && is_long; i++)
        if (strcmp(bare, names[i]) == 0)
            return OST_CLI_USAGE("%s: --%s %s", self->name, bare, reason == ':' ? "needs a value" : "takes no value");
    const char *option = is_long ? NULL : name_of_letter(self, letter), *command;
    const char *near = is_long ? ost_nearest(bare, names, self->n_options + 1) : NULL;
    snprintf(hint, sizeof(hint), "%s%s%s", OST_HINT(near));
    if (near == NULL && is_long && (command = command_with(bare, &option)) != NULL)
        snprintf(hint, sizeof(hint), " (--%s is an option of 'osteon %s')", option, command);
    else if (option != NULL)
        snprintf(hint, sizeof(hint), " (did you mean '--%s'?)", option);
    if (reason == ':') return OST_CLI_USAGE("%s: -%c needs a value", self->name, letter);
    if (!is_long) snprintf(bare, sizeof(bare), "%c", letter);
    return OST_CLI_USAGE("%s: unknown option %s%s%s; 'osteon %s --help' lists them", self->name, is_long ? "--" : "-",
        bare, hint, self->name);
}

/* Files that are to be written are looked at before anything else is done. */
static int check_outputs(const ost_command_t *self, const void *arguments)
{
    int code = OST_EXIT_OK;
    bool force = false;
    for (size_t i = 0; i < self->n_options; i++)
        if (strcmp(self->options[i].name, "force") == 0)
            force = *(const bool *) ((const char *) arguments + self->options[i].target);
    for (size_t i = 0; i < self->n_options && code == OST_EXIT_OK; i++) {
        const ost_option_t *o = &self->options[i];
        char name[40];
        if (o->output == NULL) continue;
        const char *path = *(const char *const *) (const void *) ((const char *) arguments + o->target);
        snprintf(name, sizeof(name), o->letter != 0 ? "-%.1s" : "--%s", o->letter != 0 ? &o->letter : o->name);
        if (path != NULL) code = ost_cli_check_output(name, o->output, path, force);
    }
    return code;
}

/* @return whether the command is to be run; else *code is the exit code */
static bool parse(const ost_command_t *self, int argc, char **argv, void *arguments, int *code)
{
    struct option table[OST_MAX_OPTIONS + 2] = { { 0 } };
    char letters[2 * OST_MAX_OPTIONS + 4] = ":h";
    bool given[OST_MAX_OPTIONS] = { false };
    size_t n_letters = 2;
    for (size_t i = 0; i < self->n_options; i++) {
        const ost_option_t *o = &self->options[i];
        int has = o->argument != NULL ? required_argument : no_argument;
        table[i] = (struct option){ .name = o->name, .has_arg = has, .val = 256 + (int) i };
        if (o->letter != 0) letters[n_letters++] = o->letter;
        if (o->letter != 0 && o->argument != NULL) letters[n_letters++] = ':';
    }
    table[self->n_options] = (struct option){ .name = "help", .has_arg = no_argument, .val = 'h' };
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, letters, table, NULL)) != -1;) {
        if (c == 'h') {
            print_help(self);
            *code = OST_EXIT_OK;
            return false;
        }
        if (c == '?' || c == ':') {
            *code = wrong_option(self, c, argv[optind - 1], optopt);
            return false;
        }
        for (size_t i = 0; i < self->n_options; i++) {
            if (c != 256 + (int) i && c != self->options[i].letter) continue;
            const ost_option_t *o = &self->options[i];
            *code =
                is_first(self, o, optarg, given[i], arguments) ? apply_option(o, optarg, arguments) : OST_EXIT_USAGE;
            if (*code != OST_EXIT_OK) return false;
            given[i] = true;
        }
    }
    size_t n_words = (size_t) (argc - optind), n_expected = self->argument[0] != '\0';
    const bool is_optional = self->argument[0] == '[';
    if (n_words == n_expected || (n_words == 0 && is_optional) || (n_words > n_expected && self->takes_several)) {
        *code = check_outputs(self, arguments);
        return *code == OST_EXIT_OK;
    }
    *code = OST_EXIT_USAGE;
    if (self->argument[0] == '\0')
        ost_cli_message("%s: takes options only, but '%s' is given", self->name, argv[optind]);
    else if (argc == optind)
        ost_cli_message(
            "%s: %s is missing; 'osteon %s --help' shows the usage", self->name, self->argument, self->name);
    else
        ost_cli_message(
            "%s: takes one %s, but '%s' follows '%s'", self->name, self->argument, argv[optind + 1], argv[optind]);
    return false;
}

int ost_cli_run(const ost_command_t *self, int argc, char **argv)
{
    char nothing[] = "", *without[] = { nothing, NULL };
    int code = OST_EXIT_OK;
    if (self->passes_on) return self->run(argv, NULL);
    void *arguments = malloc(self->n_bytes + 1);
    if (arguments == NULL) return ost_cli_no_memory();
    if (self->n_bytes > 0) memcpy(arguments, self->arguments, self->n_bytes);
    if (parse(self, argc, argv, arguments, &code)) code = self->run(optind < argc ? argv + optind : without, arguments);
    for (size_t i = 0; i < self->n_options; i++)
        if (self->options[i].path != NULL) ost_text_list_free((void *) ((char *) arguments + self->options[i].target));
    free(arguments);
    return code;
}

bool ost_cli_resume(bool resume, bool restart, ost_resume_t *how)
{
    *how = restart ? OST_JOURNAL_RESTART : resume ? OST_JOURNAL_RESUME : OST_JOURNAL_NEW;
    if (resume && restart) ost_cli_message("--resume and --restart exclude each other");
    return !(resume && restart);
}

bool ost_cli_word(const char *option, const char *text, const char *const *words, size_t n, int *out)
{
    char wrong[400];
    size_t i = text != NULL ? ost_words_find(words, n, text) : (size_t) *out;
    if (i == n) ost_cli_message("--%s: %s", option, ost_words_wrong(words, n, text, wrong, sizeof(wrong)));
    *out = (int) i;
    return i < n;
}

bool ost_cli_shard(const char *text, ost_shard_t *shard)
{
    int n = 0;
    *shard = (ost_shard_t){ 0 };
    if (text == NULL) return true;
    if (strspn(text, "0123456789/") == strlen(text) && strlen(text) < 20 &&
        sscanf(text, "%zu/%zu%n", &shard->i, &shard->n, &n) == 2 && text[n] == '\0' && shard->i >= 1 &&
        shard->i <= shard->n) {
        return true;
    }
    ost_cli_message("--shard: '%s' is no part of a cohort, such as 2/8, the second of eight", text);
    return false;
}

bool ost_cli_isa(const char *text, int *isa)
{
    *isa = text != NULL ? ost_isa_from_name(text) : -1;
    if (text == NULL || *isa >= 0) return true;
    ost_cli_message(
        "--isa: '%s' is not available on this machine; the widest is '%s'", text, ost_isa_name(ost_isa_best()));
    return false;
}

bool ost_cli_simulation(const ost_simulation_arguments_t *a, ost_simulation_t *how, int *isa)
{
    *how = (ost_simulation_t){ .out = a->output,
        .n_threads = (int) a->n_threads,
        .quiet = a->quiet,
        .no_probe = a->no_probe,
        .dry_run = a->dry_run,
        .force = a->force };
    return ost_cli_isa(a->isa, isa) && ost_cli_resume(a->resume, a->restart, &how->resume) &&
           ost_cli_shard(a->shard, &how->shard) && ost_cli_progress_init(&how->progress, a->progress, a->quiet);
}
