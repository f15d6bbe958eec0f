/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs of an experiment as tables, for programs that have the models as `osteon model ... --mrgsolve` writes them.
 */
#include "problem.h"

#include <stdio.h>
#include <string.h>

static FILE *open_table(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s.csv", folder, name);
    return fopen(path, "w");
}

/* Whether an earlier block has this covariate: it stands once in the text. */
static bool is_repeated(const ost_blocks_t *blocks, size_t b, const ost_param_t *param)
{
    for (size_t j = 0; j < b && param->is_covariate; j++)
        if (ost_model_param(blocks->block[j].model, param->name) >= 0) return true;
    return false;
}

static void put_subject(const bench_problem_t *problem, size_t i, FILE *params, FILE *start)
{
    const ost_blocks_t *blocks = problem->plan.blocks;
    const char *sep = "", *sep_x = "";
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_block_t *block = &blocks->block[b];
        for (size_t k = 0; k < block->model->n_params; k++) {
            const ost_param_t *param = &block->model->params[k];
            if (is_repeated(blocks, b, param)) continue;
            double value = problem->params[i * blocks->n_params + block->first_param + k];
            fprintf(params, "%s%.17g", sep, value / param->unit.factor);
            sep = ",";
        }
        for (size_t k = 0; k < block->model->n_states; k++, sep_x = ",")
            fprintf(start, "%s%.17g", sep_x,
                problem->jobs[i].x0[block->first_state + k] / block->model->states[k].unit.factor);
    }
    fputs("\n", params);
    fputs("\n", start);
}

/* The unit of a state that a dose goes into. */
static double factor_of(const ost_blocks_t *blocks, uint32_t state)
{
    size_t b = 0;
    while (b + 1 < blocks->n && state >= blocks->block[b + 1].first_state) b++;
    return blocks->block[b].model->states[state - blocks->block[b].first_state].unit.factor;
}

int bench_problem_export(const bench_problem_t *problem, const char *folder, ost_error_t *err)
{
    const ost_plan_t *plan = &problem->plan;
    const ost_blocks_t *blocks = plan->blocks;
    static const char *const names[] = { "models", "parameters", "start", "doses", "times", "atol", "captures" };
    enum { MODELS, PARAMETERS, START, DOSES, TIMES, ATOL, CAPTURES, N };
    FILE *table[N];
    bool ok = true;
    for (int k = 0; k < N; k++) ok = (table[k] = open_table(folder, names[k])) != NULL && ok;
    for (size_t b = 0; ok && b < blocks->n; b++) {
        const ost_model_t *m = blocks->block[b].model;
        fprintf(table[MODELS], "%s\n", m->is_builtin ? m->name : m->path);
        for (size_t k = 0; k < m->n_states; k++)
            fprintf(table[ATOL], "%.17g\n",
                plan->experiment->solver.atol_factor * problem->experiment.solver.rtol * m->states[k].scale /
                    m->states[k].unit.factor);
    }
    if (ok) fputs("ID,time,cmt,amt,evid\n", table[DOSES]);
    for (size_t i = 0; ok && i < problem->n_jobs; i++) {
        const ost_job_t *job = &problem->jobs[i];
        put_subject(problem, i, table[PARAMETERS], table[START]);
        for (size_t e = 0; e < job->n_events && job->events[e].t < job->t1; e++) {
            if (job->events[e].kind != OST_EVENT_ADD_STATE) continue; /* signals and infusions: bench.py */
            uint32_t state = job->events[e].index;
            fprintf(table[DOSES], "%zu,%.17g,%u,%.17g,1\n", i + 1, job->events[e].t, state + 1,
                job->events[e].amount / factor_of(blocks, state));
        }
    }
    for (size_t k = 0; ok && k < problem->experiment.n_times; k++)
        fprintf(table[TIMES], "%.17g\n", problem->experiment.times[k]);
    size_t n_outputs = 0;
    for (size_t b = 0; b < blocks->n; b++) n_outputs += blocks->block[b].model->n_outputs;
    for (size_t row = 0; ok && row < plan->system->n_outputs; row++) {
        size_t before = plan->outputs->index[row];
        for (size_t b = 0; b < plan->outputs->block[row]; b++) before += blocks->block[b].model->n_outputs;
        fprintf(table[CAPTURES], "%zu,%.17g\n", n_outputs - before, plan->outputs->factor[row]);
    }
    for (int k = 0; k < N; k++) ok = table[k] != NULL && !ferror(table[k]) && fclose(table[k]) == 0 && ok;
    return ok ? 0 : ost_fail(err, OST_ERR_IO, "%s: tables cannot be written", folder);
}
