/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "lang/sbml.h"

#include <unistd.h>

typedef struct {
    bool mrgsolve, sbml, latex;
} model_arguments_t;

static int print(const ost_library_t *library, const ost_model_t *const *models, size_t n, const model_arguments_t *as)
{
    ost_error_t err = { 0 };
    int ret = 0;
    if (as->mrgsolve) ret = ost_models_write_mrgsolve(&library->signals, models, n, stdout, &err);
    if (as->sbml) ret = ost_models_write_sbml(&library->signals, models, n, NULL, stdout, &err);
    for (size_t i = 0; i < n && ret == 0 && !as->mrgsolve && !as->sbml; i++) {
        if (i > 0) fputs("\n\n", stdout);
        ret = as->latex ? ost_model_write_latex(models[i], stdout, &err) : ost_model_print(models[i], stdout, &err);
    }
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

static int run_model(char **words, void *arguments)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    size_t n_words = 0, n = 0;
    while (words[n_words] != NULL) n_words++;
    const ost_model_t **models = calloc(n_words + 1, sizeof(*models));
    if (models == NULL) return ost_cli_no_memory();
    int code = ost_library_init(&library, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    for (char **word = words; code == OST_EXIT_OK && *word != NULL; word++) {
        if (ost_cli_ends_with(*word, ".model") && !ost_cli_exists(*word)) {
            code = OST_EXIT_INPUT;
        } else if (ost_library_get(&library, *word, &models[n++], &err) < 0) {
            code = ost_cli_fail(&err);
        }
    }
    if (code == OST_EXIT_OK) code = print(&library, models, n, arguments);
    free(models);
    ost_library_free(&library);
    return code;
}

static const ost_option_t options[] = {
    { "mrgsolve", NULL, "as a model file of mrgsolve; several models as one, which exchange signals",
        .target = OST_FLAG(model_arguments_t, mrgsolve) },
    { "latex", NULL, "as LaTeX: equations as a paper prints them, tables of parameters and states",
        .target = OST_FLAG(model_arguments_t, latex) },
    { "sbml", NULL, "as SBML (Level 3 Version 2); several models as one, which exchange signals",
        .target = OST_FLAG(model_arguments_t, sbml) },
};

const ost_command_t ost_command_model = {
    .name = "model",
    .argument = "MODEL|FILE.model...",
    .takes_several = true,
    .summary = "print a model: equations, parameters with units and sources",
    .about = "Print a model: equations, parameters with value, unit, range, spread and source, states, signals, "
             "outputs.",
    .notes = "'osteon list models' and 'osteon list drugs' print the names.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(model_arguments_t, .sbml = false),
    .run = run_model,
};
