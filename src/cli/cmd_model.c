/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

static int run_model(const ost_command_t *self, int argc, char **argv)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    const ost_model_t *model;
    int code;
    const char *name = ost_cli_parse(self, argc, argv, NULL, &code);
    if (name == NULL) return code;
    if (ost_cli_ends_with(name, ".model") && !ost_cli_exists(name)) return OST_EXIT_INPUT;
    if (ost_library_init(&library, &err) < 0 || ost_library_get(&library, name, &model, &err) < 0) {
        code = ost_cli_fail(&err);
    } else {
        code = ost_model_print(model, stdout, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    }
    ost_library_free(&library);
    return code;
}

const ost_command_t ost_command_model = {
    .name = "model",
    .argument = "MODEL|FILE.model",
    .summary = "print a model: equations, parameters with units and sources",
    .about = "Print a model: equations, parameters with value, unit, range, spread and source, states, signals, "
             "outputs.",
    .notes = "'osteon list models' and 'osteon list drugs' print the names.",
    .run = run_model,
};
