/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "osteon/isa.h"

#include <gsl/gsl_errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *about;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "run", "simulate an experiment, or repeat a result file", ost_cmd_run },
    { "compare", "simulate an experiment on several bone models", ost_cmd_compare },
    { "show", "print a result file beside the evidence its experiment names", ost_cmd_show },
    { "check", "read and plan an experiment or a model, without running it", ost_cmd_check },
    { "plan", "print or draw how blocks, signals and events of an experiment fit together", ost_cmd_plan },
    { "model", "print a model: equations, parameters with units and sources", ost_cmd_model },
    { "fit", "estimate parameters from the evidence of trials", ost_cmd_fit },
    { "validate", "hold the model against the figures of trials", ost_cmd_validate },
    { "list", "list models, drugs, signals, outputs, configs, or the keys of an experiment file", ost_cmd_list },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
    printf("Usage: osteon COMMAND [OPTIONS]\n\n"
           "Bone remodelling of virtual patients under endocrine therapy and bone drugs.\n\nCommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++) printf("  %-8s %s\n", commands[i].name, commands[i].about);
    printf(
        "\n'osteon COMMAND --help' shows the options of a command; 'osteon --version' the version.\n\nExit codes:\n");
#define PRINT_EXIT(name, value, text) printf("  %-4d %s\n", value, text);
    OST_EXIT_LIST(PRINT_EXIT)
#undef PRINT_EXIT
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    char hint[96];
    for (size_t i = 0; i < N_COMMANDS; i++) names[i] = commands[i].name;
    ost_cli_message("unknown %s '%s'%s; 'osteon --help' lists the commands", word[0] == '-' ? "option" : "command",
        word, ost_cli_hint(hint, sizeof(hint), word, names, N_COMMANDS));
    return OST_EXIT_USAGE;
}

/* What was printed must have arrived: a full disk behind a redirection is a failure, not a success. */
static int flush_output(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        ost_cli_message("cannot write to standard output");
        return code == OST_EXIT_OK ? OST_EXIT_IO : code;
    }
    return code;
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    /* Its exit handler crashes (1.10.8) on a file that could not be written out; all files are closed by then anyway.
     */
    H5dont_atexit();
    if (argc < 2) {
        ost_cli_message("a command is missing; 'osteon --help' lists them");
        return OST_EXIT_USAGE;
    }
    bool is_help = strcmp(argv[1], "help") == 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (is_help && argc == 2)) {
        print_help();
        return flush_output(OST_EXIT_OK);
    }
    if (is_help) { /* 'help run' is 'run --help' */
        static char option[] = "--help";
        argv[1] = argv[2];
        argv[2] = option;
        argc = 3;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("osteon " OST_VERSION " (%s)\n", ost_isa_name(ost_isa_best()));
        return flush_output(OST_EXIT_OK);
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return flush_output(commands[i].run(argc - 1, argv + 1));
    return unknown_command(argv[1]);
}
