/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "cohort/cohort.h"
#include "input/evidence.h"
#include "plan/doubts.h"
#include "plan/plan.h"

#include <unistd.h>

/* Subjects that are looked at until one takes part. */
enum { MOST_SCREENED = 640 };

static int check_model(const char *path, ost_library_t *library)
{
    ost_error_t err = { 0 };
    const ost_model_t *model;
    if (!ost_cli_exists(path)) return OST_EXIT_INPUT;
    if (ost_library_get(library, path, &model, &err) < 0) return ost_cli_fail(&err);
    printf("OK: %s: %s model '%s'; states %zu, parameters %zu, signals read %zu, driven %zu, outputs %zu\n", path,
        ost_model_kind_words[model->kind], model->name, model->n_states, model->n_params, model->n_reads,
        model->n_drives, model->n_outputs);
    return OST_EXIT_OK;
}

/* That a subject takes part: an error where the whole cohort is screened, else a warning. @return an exit code */
static int check_any(const ost_plan_t *plan)
{
    const ost_experiment_t *e = plan->experiment;
    ost_error_t err = { 0 };
    char text[1024];
    int ret = ost_cohort_find_any(plan, MOST_SCREENED, &err);
    if (ret == 0) return OST_EXIT_OK;
    if (ret != OST_ERR_VALUE || (!e->enrolls && e->n_subjects <= MOST_SCREENED)) return ost_cli_fail(&err);
    ost_cli_message("warning: %s", ost_error_format(&err, text, sizeof(text)));
    return OST_EXIT_OK;
}

static int check_experiment(const char *name, const ost_text_list_t *overrides)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_plan_t plan = { 0 };
    ost_matched_t matched = { 0 };
    ost_evidence_t evidence = { 0 };
    char a[64], b[64];
    const ost_experiment_t *e = &experiment;
    int code = ost_cli_experiment(&experiment, name, overrides);
    if (code == OST_EXIT_OK && (ost_library_init(&library, &err) < 0 || ost_plan_build(&plan, &library, e, &err) < 0 ||
                                   ost_columns_check(&plan, &err) < 0 || ost_endpoints_check(&plan, &err) < 0))
        code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK) code = ost_cli_doubts(&plan, true, NULL);
    if (code == OST_EXIT_OK) code = check_any(&plan);
    const size_t n_times = e->n_times;
    if (code == OST_EXIT_OK) {
        int ret = ost_cli_evidence(&experiment, &matched, &evidence, &err);
        if (ret == 0) ret = ost_matched_bind(&matched, &plan, &err);
        ost_cli_not_compared(&matched);
        if (ret < 0) code = ost_cli_fail(&err);
    }
    if (code == OST_EXIT_OK) {
        printf(
            "OK: %s: %s, %s, ", name, ost_cli_plural(e->n_arms, "arm", a), ost_cli_plural(e->n_subjects, "subject", b));
        printf("%s with %s, ", ost_cli_plural(plan.blocks->n, "model", a),
            ost_cli_plural(plan.system->n_states, "state", b));
        printf("%s at %s\n", ost_cli_plural(plan.outputs->n_variables, "output variable", a),
            ost_cli_plural(n_times, "time", b));
        ost_plan_print_defaults(&plan, stdout);
    }
    ost_matched_free(&matched);
    ost_plan_free(&plan);
    ost_experiment_free(&experiment);
    ost_evidence_free(&evidence);
    ost_library_free(&library);
    return code;
}

typedef struct {
    ost_text_list_t overrides;
} check_arguments_t;

static int run_check(char **words, void *arguments)
{
    const check_arguments_t *a = arguments;
    ost_library_t library = { 0 }; /* of all models: one may define a signal of those behind it */
    ost_error_t err = { 0 };
    int worst = ost_library_init(&library, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    for (char **word = words; *word != NULL && worst != OST_EXIT_MEMORY; word++) {
        bool is_model = ost_cli_ends_with(*word, ".model");
        int code = !is_model ? check_experiment(*word, &a->overrides)
                   : a->overrides.n > 0
                       ? OST_CLI_USAGE("check: --set changes an experiment, but '%s' is a model", *word)
                       : check_model(*word, &library);
        if (worst == OST_EXIT_OK || code == OST_EXIT_MEMORY) worst = code;
    }
    ost_library_free(&library);
    return worst;
}

static const ost_option_t options[] = { OST_OPTION_SET(check_arguments_t) };

const ost_command_t ost_command_check = {
    .name = "check",
    .argument = "EXPERIMENT|FILE.model...",
    .takes_several = true,
    .summary = "read and plan experiments or models, without running them",
    .about =
        "Read and plan experiments, or read models, without running them; say of each OK or what is wrong and where.",
    .notes = "A model may use signals that one in front of it defines.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(check_arguments_t, .overrides = { 0 }),
    .run = run_check,
};
