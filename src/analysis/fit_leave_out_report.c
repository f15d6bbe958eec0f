/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes predictions of trials that were left out; prints them, and their sums beside those of class means. */
#include "analysis/fit.h"
#include "core/table.h"

#include <math.h>

static double simulated_of(const ost_fit_t *self, size_t i, double residual)
{
    const ost_observation_t *observation = ost_fit_observation(self, i);
    return observation->row->value + residual / ost_observation_scale(observation);
}

static bool is_inside(const ost_fit_t *self, size_t i, double residual, double sd)
{
    return fabs(residual) <=
           ost_fit_half_width(&self->residual_error[ost_fit_observation(self, i)->endpoint_class]) * sd;
}

static int print_rows(const ost_fit_t *self, const double *residuals, const double *sd, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<left out\t<arm\t<output\tmonth\tobserved\tsimulated\tsimulated - observed\tSD\t<check");
    for (size_t i = 0; i < self->n_rows; i++) {
        const ost_observation_t *observation = ost_fit_observation(self, i);
        const ost_evidence_row_t *row = observation->row;
        if (isnan(residuals[i])) continue;
        ost_table_row(&table, "%s\t%s\t%s\t%g\t%.3g\t%.3g\t%+.2f\t%.2f\t%s", row->trial, row->arm,
            observation->endpoint.output, row->time_months, row->value, simulated_of(self, i, residuals[i]),
            residuals[i], sd[i], is_inside(self, i, residuals[i], sd[i]) ? "inside" : "outside");
    }
    fputc('\n', out);
    return ost_table_print(&table, out, err);
}

static int print_steps(const ost_fit_step_t *steps, size_t n_steps, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    size_t n_far = 0;
    ost_table_columns(&table, "<one step without\trows\tlength\texpected fall\tfall\t<");
    for (size_t s = 0; s < n_steps; s++) {
        const bool is_linear = ost_fit_step_is_linear(&steps[s]);
        ost_table_row(&table, "%s\t%zu\t%.2f\t%.2f\t%.2f\t%s", steps[s].trial, steps[s].n, steps[s].length,
            steps[s].length * steps[s].length, steps[s].fall, is_linear ? "" : "<");
        n_far += !is_linear;
    }
    fputc('\n', out);
    int ret = ost_table_print(&table, out, err);
    ost_print_wrapped(out,
        "Each trial is left out by one Gauss-Newton step from the estimate, without a refit. length: of the step, in "
        "SD "
        "of the posterior without the trial. fall: of -2 log posterior without the trial; expected if the model were "
        "linear.");
    if (n_far > 0)
        ost_print_wrapped(out,
            "<: %zu of %zu steps leave the linear range (fall and expected fall differ by more than %g): "
            "--leave-out TRIAL refits without such a trial",
            n_far, n_steps, OST_FIT_LINEAR);
    return ret;
}

/* Sums of all rows of a class of endpoints. */
static void print_class(const ost_fit_t *self, ost_class_t of, const double *residuals, const double *sd, FILE *out)
{
    double n = 0, square = 0, bias = 0, weighted = 0, n_inside = 0;
    for (size_t i = 0; i < self->n_rows; i++) {
        if (isnan(residuals[i]) || ost_fit_observation(self, i)->endpoint_class != of) continue;
        n++;
        square += residuals[i] * residuals[i];
        bias += residuals[i];
        weighted += pow(residuals[i] / sd[i], 2);
        n_inside += is_inside(self, i, residuals[i], sd[i]);
    }
    if (n > 0)
        fprintf(out, "%s left out: n %.0f rmse %.2f bias %+.2f coverage %.2f weighted %.2f\n", ost_class_words[of], n,
            sqrt(square / n), bias / n, n_inside / n, sqrt(weighted / n));
}

/* BMD by class of treatment. */
static int print_by_treatment(
    const ost_fit_t *self, const double *residuals, const double *sd, FILE *out, ost_error_t *err)
{
    ost_memory_t memory = { 0 };
    ost_naive_checked_t *checked = ost_memory_list(&memory, self->n_rows, sizeof(*checked));
    ost_naive_sum_t *sums = ost_memory_list(&memory, self->trials.treatments.n_classes + 2, sizeof(*sums));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    size_t n = 0;
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        const ost_observation_t *observation = ost_fit_observation(self, i);
        if (isnan(residuals[i]) || observation->endpoint_class != OST_CLASS_BMD) continue;
        checked[n++] = (ost_naive_checked_t){ observation, simulated_of(self, i, residuals[i]),
            is_inside(self, i, residuals[i], sd[i]) };
    }
    if (ret == 0) ret = ost_naive_sum(sums, &self->naive, &self->trials, checked, n, err);
    if (ret == 0 && n > 0) {
        ret = ost_naive_print(sums, &self->trials.treatments, "BMD left out", out, err);
        ost_print_wrapped(out, "%s", OST_NAIVE_NOTE);
    }
    ost_memory_free(&memory);
    return ret;
}

int ost_fit_print_left_out(const ost_fit_t *self, const double *residuals, const double *sd,
    const ost_fit_step_t *steps, size_t n_steps, FILE *out, ost_error_t *err)
{
    int ret = print_rows(self, residuals, sd, out, err);
    if (ret == 0 && n_steps > 0) ret = print_steps(steps, n_steps, out, err);
    fputc('\n', out);
    for (int c = 0; c < OST_N_CLASSES; c++) print_class(self, (ost_class_t) c, residuals, sd, out);
    return ret == 0 ? print_by_treatment(self, residuals, sd, out, err) : ret;
}
