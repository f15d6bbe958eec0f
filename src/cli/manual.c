/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What describes the program outside of it: the manual page and the completion of command lines in bash, from the
 * commands' tables to standard output. The build writes and installs them. */
#include "cli.h"
#include "input/experiment_keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text of a page: line ends become blanks, and what troff would interpret is escaped. */
static void put_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else if (*c == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*c == '\n' ? ' ' : *c);
    }
}

static void put_paragraph(const char *request, const char *text)
{
    printf("%s\n%s", request, text[0] == '.' ? "\\&" : "");
    put_text(text);
    putchar('\n');
}

static void put_option(char letter, const char *name, const char *argument, const char *text)
{
    fputs(".TP\n", stdout);
    if (letter != 0) printf("\\fB\\-%c\\fR, ", letter);
    fputs("\\fB\\-\\-", stdout);
    put_text(name);
    fputs("\\fR", stdout);
    if (argument != NULL) printf(" \\fI%s\\fR", argument);
    put_paragraph("", text);
}

void ost_cli_print_man(void)
{
    printf(".TH OSTEON 1 \"\" \"osteon %s\" \"User Commands\"\n.SH NAME\nosteon \\- simulate %s\n"
           ".SH SYNOPSIS\n\\fBosteon\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n",
        OST_VERSION, OST_CLI_ABOUT);
    for (const ost_command_t *const *c = ost_commands; *c != NULL; c++) {
        printf(".SS osteon %s %s", (*c)->name, (*c)->argument);
        put_paragraph("", (*c)->about);
        for (const ost_option_t *o = (*c)->options; o < (*c)->options + (*c)->n_options; o++)
            put_option(o->letter, o->name, o->argument, o->text);
        if ((*c)->notes != NULL) put_paragraph(".PP", (*c)->notes);
    }
    fputs(".SH OPTIONS\n", stdout);
    put_option('h', "help", NULL, "print the commands, or after a command its options");
    put_option(0, "version", NULL, "print the version and the widest instruction set of this machine");
    fputs(".SH EXIT STATUS\n", stdout);
#define PUT_EXIT(name, value, text) put_paragraph(".TP\n" #value, text);
    OST_EXIT_LIST(PUT_EXIT)
#undef PUT_EXIT
    put_paragraph(".SH FIGURES", "'osteon plot RESULT.h5' or 'osteon-plot RESULT.h5' draws a result file, with --help "
                                 "they print the options; it needs Python 3 with "
                                 "numpy, h5py, matplotlib and PyYAML.");
    put_paragraph(".SH FILES\n.TP\n" OST_DATA_DIR,
        "models, experiments that can be run by name, and the JSON Schema of experiment files");
}

static const char bash_functions[] =
    "# Completion of osteon in bash, printed by 'osteon list bash'.\n"
    "_osteon_add() { # _osteon_add COMPGEN_OPTIONS...: add what completes $word\n"
    "    local found\n"
    "    mapfile -t found < <(compgen \"$@\" -- \"$word\")\n"
    "    COMPREPLY+=(\"${found[@]}\")\n"
    "}\n"
    "_osteon_files() { # _osteon_files EXTENSION: files of that kind, and folders on the way\n"
    "    _osteon_add -f -X \"!*.$1\"\n"
    "    _osteon_add -d\n"
    "}\n"
    "_osteon_experiments() {\n"
    "    _osteon_add -W \"$(\"${COMP_WORDS[0]}\" list configs 2>/dev/null | sed -n 's/^  \\([^ ][^ ]*\\) .*/\\1/p')\"\n"
    "    _osteon_files yaml\n"
    "}\n"
    "_osteon_models() { # one, or the last of a list with commas\n"
    "    local before=''\n"
    "    [[ $word != *,* ]] || before=${word%,*},\n"
    "    word=${word##*,} _osteon_add -P \"$before\" -W \"$models\"\n"
    "    _osteon_files model\n"
    "}\n";

/* Bash commands that complete an argument such as "EXPERIMENT|RESULT.h5", one for each alternative. */
static void put_bash_argument(const char *argument)
{
    for (const char *word = argument + strspn(argument, "["); word[0] != '\0'; word += strspn(word, "|]")) {
        int n = (int) strcspn(word, "|]"), stem = (int) strcspn(word, ".|]");
        if (strncmp(word, "EXPERIMENT", (size_t) n) == 0)
            fputs(" _osteon_experiments;", stdout);
        else if (strncmp(word, "MODEL", strlen("MODEL")) == 0)
            fputs(" _osteon_models;", stdout);
        else if (strncmp(word, "DIR", (size_t) n) == 0)
            fputs(" _osteon_add -d;", stdout);
        else if (islower((unsigned char) word[0]))
            printf(" _osteon_add -W %.*s;", n, word);
        else if (n > stem && islower((unsigned char) word[stem + 1]))
            printf(" _osteon_files %.*s;", n - stem - 1, word + stem + 1);
        word += n;
    }
}

/* Cases of "command,word before": values of options, then options and the command's own argument. */
static void put_bash_command(const ost_command_t *command)
{
    for (size_t i = 0; i < command->n_options; i++) {
        const ost_option_t *o = &command->options[i];
        if (o->argument == NULL) continue;
        printf("    %s,--%s", command->name, o->name);
        if (o->letter != 0) printf(" | %s,-%c", command->name, o->letter);
        putchar(')');
        put_bash_argument(o->argument);
        puts(" ;;");
    }
    printf("    %s,*)\n        if [[ $word == -* ]]; then _osteon_add -W '--help", command->name);
    for (size_t i = 0; i < command->n_options; i++) printf(" --%s", command->options[i].name);
    fputs("'; else :;", stdout);
    put_bash_argument(command->argument);
    puts(" fi\n        ;;");
}

void ost_cli_print_bash(void)
{
    size_t n_models;
    const char *const *models = ost_library_builtin_names(&n_models);
    fputs(bash_functions, stdout);
    fputs("_osteon() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n    local commands='", stdout);
    for (const ost_command_t *const *c = ost_commands; *c != NULL; c++) printf("%s ", (*c)->name);
    fputs("help'\n    local models='", stdout);
    for (size_t i = 0; i < n_models; i++) printf("%s%s", i > 0 ? " " : "", models[i]);
    fputs("'\n    COMPREPLY=()\n"
          "    if ((COMP_CWORD == 1)); then\n        _osteon_add -W \"$commands --help --version\"\n        return\n   "
          " fi\n"
          "    case ${COMP_WORDS[1]},${COMP_WORDS[COMP_CWORD - 1]} in\n    help,*) _osteon_add -W \"$commands\" ;;\n",
        stdout);
    for (const ost_command_t *const *c = ost_commands; *c != NULL; c++) put_bash_command(*c);
    fputs("    esac\n}\ncomplete -o filenames -F _osteon osteon\n", stdout);
}

void ost_cli_print_schema(void)
{
    ost_schema_print_json(&ost_experiment_schema, "An experiment of osteon", stdout);
}

void ost_cli_print_keys(void)
{
    ost_schema_print(&ost_experiment_schema, stdout);
}
