/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the words of osteon-plot, a program of its own, which takes this one's place. */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int run_plot(char **argv, void *arguments)
{
    char program[PATH_MAX];
    (void) arguments;
    if (!ost_cli_plot_command(program, sizeof(program)))
        return OST_CLI_INPUT("plot: osteon-plot is neither on PATH nor beside this program");
    argv[0] = program;
    execvp(program, argv);
    ost_cli_message("plot: %s: %s", program, strerror(errno));
    return OST_EXIT_IO;
}

const ost_command_t ost_command_plot = {
    .name = "plot",
    .argument = "RESULT.h5",
    .passes_on = true,
    .summary = "draw a result: osteon-plot, whose options 'osteon plot --help' prints",
    .about = "Draw a result: the same as osteon-plot.",
    .run = run_plot,
};
