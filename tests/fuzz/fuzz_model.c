/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a model text and as a formula: reading must end with a consistent model or with an error that says
 * where.
 *
 *     clang -fsanitize=fuzzer,address,undefined ...                   fuzzes: ./fuzz_model -dict=model.dict CORPUS
 *     cc -DOST_REPLAY ...                                             replays: ./fuzz_model FILE...
 */
#include "lang/model_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const ost_builtin_t table[] = { { .name = "signals",
    .text = "signal estradiol [pmol/L] combine one \"plasma estradiol\"\n"
            "signal bisphosphonate [1] = 0 combine sum \"exposure\"\n" } };
static const ost_builtin_t *const tables[] = { table };

static void require(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "violated: %s\n", what);
    abort();
}

static bool is_filled(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void check_model(const ost_model_t *m)
{
    require(
        is_filled(m->name) && is_filled(m->text) && m->kind < OST_N_MODEL_KINDS, "a model has name, title and kind");
    for (size_t i = 0; i < m->n_params; i++) {
        const ost_param_t *p = &m->params[i];
        require(is_filled(p->name) && is_filled(p->text) && is_filled(p->unit_text), "a parameter is described");
        require(p->is_covariate || is_filled(p->source), "a parameter has a source");
        require(!p->has_default || (p->value >= p->lower && p->value <= p->upper), "a default is within its range");
        double total = 0;
        for (size_t k = 0; k < p->spread.n_choices; k++) total += p->spread.share[k];
        require(p->spread.n_choices == 0 || fabs(total - 1) < 1e-9, "shares sum to 1");
    }
    for (size_t i = 0; i < m->n_states; i++) {
        require(m->states[i].scale > 0, "a state has a scale");
        require(is_filled(m->states[i].text) && is_filled(m->states[i].unit_text), "a state is described");
        require(m->impl->rate[i] < m->impl->graph.n_nodes, "a state has an equation");
        require(!m->impl->graph.nodes[m->impl->initial[i]].varies, "an initial value is constant");
        require(!m->impl->graph.nodes[m->impl->rate[i]].noisy, "an equation has no noise");
    }
    for (size_t i = 0; i < m->n_drives; i++)
        require(!m->impl->graph.nodes[m->impl->drive[i]].noisy, "a drive has no noise");
    for (size_t i = 0; i < m->n_switches; i++)
        require(!m->impl->graph.nodes[m->impl->sw[i]].noisy, "a switch has no noise");
    for (size_t i = 0; i < m->n_noises; i++)
        require(is_filled(m->noises[i].name) && is_filled(m->noises[i].text), "a noise is described");
    for (size_t i = 0; i < m->n_jac; i++)
        require(m->jac[i].row < m->n_states + m->n_drives && m->jac[i].col <= m->n_states + m->n_reads, "Jacobian");
    FILE *null = fopen("/dev/null", "w");
    if (null == NULL) return;
    require(ost_model_print(m, null, NULL) == 0, "a model is printed");
    fclose(null);
}

static void check_formula(const char *text)
{
    static const ost_name_t names[] = { { .name = "x", .unit = { .factor = 0.01 }, .unit_text = "%" },
        { .name = "age", .unit = { .dim = { .sixths = { 6 } }, .factor = 1 } } };
    static const double values[] = { 2, 3 };
    ost_memory_t memory = { 0 };
    ost_formula_t *formula;
    ost_dim_t dim;
    ost_error_t err = { 0 };
    int ret = ost_formula_new(&formula, &memory, text, names, 2, &dim, &err);
    require((ret == 0) == (formula != NULL) && ret == err.code, "a formula or an error");
    if (ret == 0) (void) ost_formula_value(formula, values);
    ost_memory_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    ost_library_t library;
    ost_error_t err = { 0 };
    const ost_model_t *model;
    if (text == NULL || ost_library_init_with(&library, tables, 1, &err) != 0) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    int ret = ost_library_read(&library, "fuzz.model", text, &model, &err);
    require((ret == 0) == (model != NULL) && ret == err.code, "a model or an error");
    if (ret == 0) check_model(model);
    if (ret != 0) require(is_filled(err.what), "an error says what");
    if (ret != 0 && ret != OST_ERR_LIMIT) require(err.line > 0 && err.column > 0, "an error says where");
    ost_library_free(&library);
    check_formula(text);
    free(text);
    return 0;
}

#ifdef OST_REPLAY
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        static uint8_t data[1 << 21];
        FILE *file = fopen(argv[i], "rb");
        size_t n = file != NULL ? fread(data, 1, sizeof(data), file) : 0;
        if (file == NULL) {
            fprintf(stderr, "%s: cannot be opened\n", argv[i]);
            return 2;
        }
        fclose(file);
        LLVMFuzzerTestOneInput(data, n);
    }
    printf("%d texts read\n", argc - 1);
    return 0;
}
#endif
