/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "core/isa.h"
#include "journal/identity.h"

#include <gsl/gsl_errno.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const ost_command_t *const commands[] = { &ost_command_run, &ost_command_compare, &ost_command_sweep,
    &ost_command_sensitivity, &ost_command_merge, &ost_command_verify, &ost_command_show, &ost_command_plot,
    &ost_command_export, &ost_command_report, &ost_command_check, &ost_command_plan, &ost_command_model,
    &ost_command_fit, &ost_command_validate, &ost_command_list, NULL };
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]) - 1)

static void print_help(void)
{
    printf("Usage: osteon COMMAND [OPTIONS]\n\nSimulate " OST_CLI_ABOUT ".\n\nCommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++) printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    printf(
        "\n'osteon COMMAND --help' shows the options of a command; 'osteon --version' the version.\n\nExit codes:\n");
#define PRINT_EXIT(name, value, text) printf("  %-4d %s\n", value, text);
    OST_EXIT_LIST(PRINT_EXIT)
#undef PRINT_EXIT
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) names[i] = commands[i]->name;
    return OST_CLI_USAGE("unknown %s '%s'%s%s%s; 'osteon --help' lists the commands",
        word[0] == '-' ? "option" : "command", word, OST_HINT(ost_nearest(word, names, N_COMMANDS)));
}

/* Output that was not written is a failure: a full disk behind a redirection, for example. */
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
    ost_commands = commands;
    gsl_set_error_handler_off();
    signal(SIGXFSZ, SIG_IGN); /* a file size limit then is an error of the write, with a message */
    /* Its exit handler crashes (1.10.8) on a file that could not be written out; all files are closed by then anyway.
     */
    H5dont_atexit();
    if (argc < 2) return OST_CLI_USAGE("a command is missing; 'osteon --help' lists them");
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
        printf("osteon " OST_VERSION " (%s), sources %s\n", ost_isa_name(ost_isa_best()), ost_sources);
        return flush_output(OST_EXIT_OK);
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0) return flush_output(ost_cli_run(commands[i], argc - 1, argv + 1));
    return unknown_command(argv[1]);
}
