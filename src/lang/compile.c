/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/program.h"

#include <stdlib.h>
#include <string.h>

/* All roots of all programs; `from[k]` is where those of program k begin. */
typedef struct {
    ost_node_t *node;
    ost_node_t **from;
    size_t *n;
    size_t n_programs, n_nodes;
} roots_t;

static int no_memory(const ost_model_t *model, ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory while compiling model '%s'", model->name);
}

/* Mark what the roots read: signals (OST_OP_READ), or states (OST_OP_STATE). */
static bool mark_uses(const ost_graph_t *g, const ost_node_t *roots, size_t n_roots, ost_op_t op, uint8_t *uses)
{
    bool *used = ost_graph_reachable(g, roots, n_roots);
    for (size_t i = 0; i < g->n_nodes && used != NULL; i++) {
        if (used[i] && g->nodes[i].op == op) uses[g->nodes[i].index] = 1;
    }
    free(used);
    return used != NULL;
}

static bool find_uses(ost_model_t *model)
{
    struct ost_model_impl *impl = model->impl;
    const size_t n = model->n_switches;
    model->drive_uses = ost_memory_list(&impl->memory, model->n_drives * model->n_reads, sizeof(*model->drive_uses));
    model->rate_uses = ost_memory_list(&impl->memory, model->n_reads, sizeof(*model->rate_uses));
    model->switch_states = ost_memory_list(&impl->memory, model->n_states, sizeof(*model->switch_states));
    bool ok = !impl->memory.failed && mark_uses(&impl->graph, impl->sw, n, OST_OP_READ, model->rate_uses);
    model->switches_read = ok && memchr(model->rate_uses, 1, model->n_reads) != NULL;
    ok = ok && mark_uses(&impl->graph, impl->rate, model->n_states, OST_OP_READ, model->rate_uses);
    ok = ok && mark_uses(&impl->graph, impl->sw, n, OST_OP_STATE, model->switch_states);
    for (size_t k = 0; k < model->n_drives && ok; k++)
        ok = mark_uses(&impl->graph, &impl->drive[k], 1, OST_OP_READ, &model->drive_uses[k * model->n_reads]);
    return ok;
}

/* Derivatives of all rates and drives by each state, signal and time; what is zero by structure is left out.
 * @param[out] entry  [model->n_jac], in `scratch` */
static bool make_jacobian(ost_model_t *model, ost_node_t **entry, ost_memory_t *scratch)
{
    struct ost_model_impl *impl = model->impl;
    size_t n_rows = model->n_states + model->n_drives, n_cols = model->n_states + model->n_reads + 1;
    ost_node_t *rows = ost_memory_list(scratch, n_rows, sizeof(*rows));
    ost_node_t *all = ost_memory_list(scratch, n_rows * n_cols, sizeof(*all));
    ost_jac_entry_t *jac = ost_memory_list(scratch, n_rows * n_cols, sizeof(*jac));
    *entry = ost_memory_list(scratch, n_rows * n_cols, sizeof(**entry));
    model->first_entry = ost_memory_list(&impl->memory, model->n_drives + 1, sizeof(*model->first_entry));
    if (scratch->failed || impl->memory.failed) return false;
    for (size_t i = 0; i < n_rows; i++)
        rows[i] = i < model->n_states ? impl->rate[i] : impl->drive[i - model->n_states];
    if (!ost_graph_jacobian(&impl->graph, rows, n_rows, model->n_states, model->n_reads, all)) return false;
    ost_node_t zero = ost_graph_const(&impl->graph, 0);
    size_t n = 0;
    for (size_t r = 0; r < n_rows; r++) {
        if (r >= model->n_states) model->first_entry[r - model->n_states] = (uint32_t) n;
        for (size_t c = 0; c < n_cols; c++) {
            if (all[r * n_cols + c] == zero) continue;
            (*entry)[n] = all[r * n_cols + c];
            jac[n++] = (ost_jac_entry_t){ (uint32_t) r, (uint32_t) c };
        }
    }
    model->first_entry[model->n_drives] = (uint32_t) n;
    model->n_jac = n;
    model->jac = ost_memory_list(&impl->memory, n, sizeof(*jac));
    if (model->jac != NULL && n > 0) memcpy(model->jac, jac, n * sizeof(*jac));
    return model->jac != NULL;
}

/* Whether any of `n_ops` operations is in what the node depends on. */
static int reaches(const ost_graph_t *g, ost_node_t node, const ost_op_t *ops, size_t n_ops)
{
    bool *used = ost_graph_reachable(g, &node, 1);
    int found = used == NULL ? -1 : 0;
    for (size_t i = 0; i < g->n_nodes && found == 0; i++)
        for (size_t k = 0; k < n_ops && used[i]; k++)
            if (g->nodes[i].op == ops[k]) found = 1;
    free(used);
    return found;
}

/* States whose rates are linear: what they are of time and conditions is nothing, and their exact derivatives by states
 * hold no state; and those derivatives that hold no signal either. */
static bool find_linear(ost_model_t *model, const ost_node_t *entry)
{
    struct ost_model_impl *impl = model->impl;
    static const ost_op_t moving[] = { OST_OP_MODE, OST_OP_TIME, OST_OP_STATE, OST_OP_READ };
    model->is_linear = ost_memory_list(&impl->memory, model->n_states, sizeof(*model->is_linear));
    model->linear_uses = ost_memory_list(&impl->memory, model->n_states * model->n_reads, sizeof(*model->linear_uses));
    model->is_constant = ost_memory_list(&impl->memory, model->n_jac, sizeof(*model->is_constant));
    bool ok = !impl->memory.failed;
    for (size_t i = 0; i < model->n_states && ok; i++) {
        int moves = reaches(&impl->graph, impl->rate[i], moving, 2);
        ok = moves >= 0 &&
             mark_uses(&impl->graph, &impl->rate[i], 1, OST_OP_READ, &model->linear_uses[i * model->n_reads]);
        model->is_linear[i] = moves == 0;
    }
    for (size_t e = 0; e < model->n_jac && ok && model->jac[e].row < model->n_states; e++) {
        if (model->jac[e].col >= model->n_states) continue;
        int bends = reaches(&impl->graph, entry[e], moving, 3), moves = reaches(&impl->graph, entry[e], moving, 4);
        ok = bends >= 0 && moves >= 0;
        model->is_linear[model->jac[e].row] &= bends == 0;
        model->is_constant[e] = moves == 0;
    }
    return ok;
}

/* To the last program, or a new one. */
static void append(roots_t *roots, size_t program, const ost_node_t *nodes, size_t n)
{
    if (roots->n[program] == 0) roots->from[program] = roots->node + roots->n_nodes;
    if (n > 0) memcpy(roots->node + roots->n_nodes, nodes, n * sizeof(*nodes));
    roots->n[program] += n;
    roots->n_nodes += n;
}

static int make_programs(ost_model_t *model, const ost_node_t *entry, ost_memory_t *scratch, ost_error_t *err)
{
    struct ost_model_impl *impl = model->impl;
    size_t n_all = 3 * model->n_states + model->n_jac + model->n_switches + model->n_outputs + model->n_drives;
    roots_t roots = { .n_programs = OST_FIRST_DRIVE + 2 * model->n_drives };
    roots.node = ost_memory_list(scratch, n_all, sizeof(*roots.node));
    roots.from = ost_memory_list(scratch, roots.n_programs, sizeof(*roots.from));
    roots.n = ost_memory_list(scratch, roots.n_programs, sizeof(*roots.n));
    if (scratch->failed) return no_memory(model, err);
    append(&roots, OST_PREPARE, impl->initial, model->n_states);
    append(&roots, OST_RHS, impl->rate, model->n_states);
    append(&roots, OST_JACOBIAN, entry, model->first_entry[0]);
    append(&roots, OST_JACOBIAN, impl->rate, model->n_states);
    append(&roots, OST_SWITCHES, impl->sw, model->n_switches);
    append(&roots, OST_OUTPUTS, impl->output, model->n_outputs);
    for (size_t k = 0; k < model->n_drives; k++) {
        uint32_t first = model->first_entry[k];
        append(&roots, OST_FIRST_DRIVE + 2 * k, &impl->drive[k], 1);
        append(&roots, OST_FIRST_DRIVE + 2 * k + 1, &entry[first], model->first_entry[k + 1] - first);
    }
    for (size_t k = 0; k < roots.n_programs; k++) {
        bool is_derivative = k == OST_JACOBIAN || (k >= OST_FIRST_DRIVE && (k - OST_FIRST_DRIVE) % 2 == 1);
        if (!ost_graph_lower(&impl->graph, roots.from[k], roots.n[k], !is_derivative)) return no_memory(model, err);
    }
    return ost_programs_new(&impl->programs, &impl->graph, roots.from, roots.n, roots.n_programs, &impl->memory, err);
}

OST_ISA_EXTERN(const ost_kernel_t, ost_interpreter);

static int set_kernels(ost_model_t *model, const ost_builtin_t *builtin, ost_error_t *err)
{
    static const ost_kernel_t *const interpreters[] = OST_ISA_TABLE(&ost_interpreter);
    struct ost_model_impl *impl = model->impl;
    model->is_builtin = builtin != NULL && builtin->kernel[OST_ISA_BASE] != NULL;
    if (model->is_builtin && builtin->fingerprint != impl->fingerprint)
        return ost_fail(err, OST_ERR_MODEL,
            "model '%s': its compiled kernel was made from another text or by another compiler of models (fingerprint "
            "%016llx, expected %016llx): build osteon again",
            model->name, (unsigned long long) builtin->fingerprint, (unsigned long long) impl->fingerprint);
    for (int isa = 0; isa < OST_N_ISA; isa++) {
        if (interpreters[isa] != NULL) impl->interpreted[isa] = *interpreters[isa];
        impl->interpreted[isa].program = impl->programs;
        model->kernel[isa] = model->is_builtin ? builtin->kernel[isa] : ost_model_interpreted(model, (ost_isa_t) isa);
    }
    return 0;
}

int ost_model_compile(ost_model_t *model, const ost_builtin_t *builtin, ost_error_t *err)
{
    struct ost_model_impl *impl = model->impl;
    ost_memory_t scratch = { 0 };
    ost_node_t *entry = NULL;
    bool ok = !impl->graph.out_of_memory && find_uses(model) && make_jacobian(model, &entry, &scratch) &&
              find_linear(model, entry);
    int ret = ok ? make_programs(model, entry, &scratch, err) : no_memory(model, err);
    ost_memory_free(&scratch);
    if (ret != 0) return ret;
    model->n_hoisted = impl->programs->n_hoisted;
    model->n_scratch = impl->programs->n_scratch;
    impl->fingerprint = ost_programs_fingerprint(impl->programs);
    return set_kernels(model, builtin, err);
}

const ost_kernel_t *ost_model_interpreted(const ost_model_t *model, ost_isa_t isa)
{
    const ost_kernel_t *kernel = &model->impl->interpreted[isa];
    return kernel->rhs != NULL ? kernel : NULL;
}
