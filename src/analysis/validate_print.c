/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives its sums and the printed report. */
#include "analysis/fit_impl.h"
#include "analysis/validate.h"
#include "core/table.h"
#include "osteon/version.h"

#include <math.h>
#include <string.h>

#define INDENT "  "     /* of rows below the name of their arm */
#define FEW_TRIALS 4    /* up to so many, each says who was eligible */
#define FEW_ELIGIBLE 20 /* of more, those where fewer than 1 in so many was */

static ost_validation_sum_t sum_up(const ost_validation_t *self, ost_class_t of, ost_role_t role)
{
    ost_validation_sum_t sum = { .endpoint_class = of, .role = role };
    double n_with_sd = 0;
    for (size_t i = 0; i < self->n_checks; i++) {
        const ost_prediction_check_t *check = &self->checks[i];
        const ost_evidence_row_t *row = check->observation->row;
        if (check->observation->endpoint_class != of || ost_evidence_role(row) != role || isnan(check->estimate.value))
            continue;
        double residual = (check->estimate.value - row->value) * ost_observation_scale(check->observation);
        sum.n++;
        sum.coverage += check->inside;
        sum.bias += residual;
        sum.rmse += residual * residual;
        if (isnan(check->sd)) continue;
        n_with_sd++;
        sum.weighted += pow((check->estimate.value - row->value) / check->sd, 2);
    }
    sum.rmse = sqrt(sum.rmse / (double) sum.n);
    sum.weighted = sqrt(sum.weighted / n_with_sd);
    sum.bias /= (double) sum.n;
    sum.coverage /= (double) sum.n;
    return sum;
}

size_t ost_validation_sum(const ost_validation_t *self, ost_validation_sum_t *sums)
{
    size_t n = 0;
    for (int c = 0; c < OST_N_CLASSES; c++)
        for (int r = 0; r < OST_N_ROLES; r++) {
            sums[n] = sum_up(self, (ost_class_t) c, (ost_role_t) r);
            n += sums[n].n > 0;
        }
    return n;
}

/* Names of the trials that are simulated without the fit, where others are not. */
static void put_unfitted(const ost_validation_t *self, char *buf, size_t size)
{
    size_t n = 0;
    for (size_t t = 0; t < self->trials.n_trials; t++) {
        size_t used = strlen(buf);
        if (self->of_trial[t].is_fitted || n++ >= 5) continue;
        snprintf(buf + used, size - used, "%s%s", n == 1 ? "; without them, as they have other models: " : ", ",
            self->trials.trials[t].experiment.name);
    }
    if (n > 5) snprintf(buf + strlen(buf), size - strlen(buf), " and %zu more", n - 5);
}

char *ost_validation_basis(const ost_validation_t *self, char *buf, size_t size)
{
    char subjects[48] = "as many subjects as each trial says", draws[64] = "without uncertainty, so too narrow";
    bool is_fitted = false;
    for (size_t t = 0; t < self->trials.n_trials; t++) is_fitted = is_fitted || self->of_trial[t].is_fitted;
    if (self->n_subjects > 0)
        snprintf(subjects, sizeof(subjects), "%llu subjects", (unsigned long long) self->n_subjects);
    if (is_fitted && self->n_draws > 0)
        snprintf(draws, sizeof(draws), "their uncertainty from %zu draws", self->n_draws);
    if (is_fitted) {
        snprintf(buf, size, "osteon %s, %s in each arm; intervals: fitted parameters of %.400s, %s", OST_VERSION,
            subjects, self->parameters, draws);
        put_unfitted(self, buf, size);
    } else
        snprintf(buf, size, "osteon %s, %s in each arm; intervals: the models' own parameters %s%s", OST_VERSION,
            subjects, draws, self->parameters != NULL ? "; the fit that comes with osteon is of other models" : "");
    return buf;
}

/* The table of a trial: rows of one arm and role under its name. */
static int print_checks(const ost_validation_t *self, const ost_trial_t *trial, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    char cell[OST_CHECK_CELL];
    const ost_check_column_t *first = ost_check_next(NULL, OST_CHECK_PRINTED);
    snprintf(cell, sizeof(cell), INDENT "%s", first->heading);
    ost_table_column(&table, cell, true);
    for (const ost_check_column_t *c = first; (c = ost_check_next(c, OST_CHECK_PRINTED)) != NULL;)
        ost_table_column(&table, c->heading, c->kind == OST_CHECK_TEXT);
    const ost_prediction_check_t *checks = self->checks + trial->first_observation;
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        const ost_evidence_row_t *row = checks[i].observation->row;
        const ost_evidence_row_t *above = i > 0 ? checks[i - 1].observation->row : NULL;
        if (above == NULL || strcmp(above->trial, row->trial) != 0 || strcmp(above->arm, row->arm) != 0 ||
            above->role != row->role)
            ost_table_line(&table, "%s, %s (%s)", row->trial, row->arm, ost_role_words[row->role]);
        ost_table_cell(&table, INDENT "%s", ost_check_cell(&checks[i], first, cell));
        for (const ost_check_column_t *c = first; (c = ost_check_next(c, OST_CHECK_PRINTED)) != NULL;)
            ost_table_cell(&table, "%s", ost_check_cell(&checks[i], c, cell));
    }
    return ost_table_print(&table, out, err);
}

/* BMD by class of treatment, in the roles that tell something of the model. */
static int print_by_treatment(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    size_t n = self->trials.treatments.n_classes;
    bool is_any = false;
    int ret = 0;
    for (int role = 0; role < OST_ROLE_CONTEXT && ret == 0; role++) {
        char what[32];
        const ost_naive_sum_t *sums = self->by_treatment[role];
        snprintf(what, sizeof(what), "%s %s", ost_class_words[OST_CLASS_BMD], ost_role_words[role]);
        if (sums[n + 1].n > 0) ret = ost_naive_print(sums, &self->trials.treatments, what, out, err);
        is_any = is_any || sums[n + 1].n_compared > 0;
    }
    char origin[600];
    if (is_any && ost_naive_origin(&self->naive, origin, sizeof(origin))[0] != '\0')
        ost_print_wrapped(out, "%s", origin);
    if (is_any) ost_print_wrapped(out, "%s", OST_NAIVE_NOTE);
    return ret;
}

/* Which classes of treatment the model predicts, a line for each degree of trust; nothing where of none there are
 * enough observations. @return 0 or OST_ERR_NO_MEMORY */
static int print_trust(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    const ost_treatments_t *treatments = &self->trials.treatments;
    bool is_first = true;
    int ret = 0;
    for (int trust = 0; trust < OST_N_TRUSTS && !(is_first && trust == OST_TRUST_FEW); trust++) {
        ost_text_list_t classes = { 0 };
        for (size_t i = 0; i < treatments->n_classes && ret == 0; i++) {
            const ost_naive_sum_t *sum = &self->by_treatment[OST_ROLE_VALIDATE][i];
            if (sum->n > 0 && ost_naive_trust(sum) == (ost_trust_t) trust)
                ret =
                    ost_text_list_add(&classes, "%s (%zu of %zu)", treatments->classes[i].name, sum->n_inside, sum->n);
        }
        if (classes.n > 0 && is_first)
            ost_print_wrapped(out, "\nWhich classes of treatment can be trusted? %s", OST_TRUST_NOTE);
        is_first = is_first && classes.n == 0;
        char begin[100];
        snprintf(begin, sizeof(begin), "- %s:", ost_trust_words[trust]);
        if (classes.n > 0 && ret == 0) ost_print_list(out, begin, &classes);
        ost_text_list_free(&classes);
    }
    return ret == 0 ? 0 : ost_no_memory(err);
}

static void print_unmatched(const ost_matched_t *matched, FILE *out)
{
    char text[OST_TOLD_SIZE];
    for (size_t i = 0; i < matched->n_unmatched; i++)
        if (ost_matched_told(matched, i, text, sizeof(text)) != NULL) ost_print_wrapped(out, "not compared: %s", text);
}

/* Who was eligible: in each of few trials; of more, in those where hardly any candidate was. @return 0 or
 * OST_ERR_NO_MEMORY */
static int print_eligible(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    ost_text_list_t few = { 0 };
    uint64_t n, n_candidates;
    size_t n_selecting = 0;
    char begin[160] = "eligible subjects:";
    int ret = 0;
    for (size_t t = 0; t < self->trials.n_trials; t++)
        n_selecting += ost_validation_eligible(&self->trials.trials[t], &n, &n_candidates);
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++) {
        const ost_trial_t *trial = &self->trials.trials[t];
        if (ost_validation_eligible(trial, &n, &n_candidates) &&
            (n_selecting <= FEW_TRIALS || n * FEW_ELIGIBLE < n_candidates))
            ret = ost_text_list_add(&few, "%s (%llu eligible of %llu candidates)", trial->experiment.name,
                (unsigned long long) n, (unsigned long long) n_candidates);
    }
    if (n_selecting > FEW_TRIALS)
        snprintf(begin, sizeof(begin),
            "%zu trials select their subjects (CSV and page have all); in %zu, fewer than 1 "
            "in %d candidates is eligible%s",
            n_selecting, few.n, FEW_ELIGIBLE, few.n > 0 ? ":" : "");
    if (n_selecting > 0 && ret == 0) ost_print_list(out, begin, &few);
    ost_text_list_free(&few);
    return ret == 0 ? 0 : ost_no_memory(err);
}

/* Which observations have no prediction, and why. */
static void print_without(const ost_validation_t *self, FILE *out)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_checks; i++) n += isnan(self->checks[i].estimate.value) != 0;
    if (n > 0)
        ost_print_wrapped(out,
            "%zu observations have no prediction, as no subject has a value: the output is 0 at baseline, or each "
            "failed",
            n);
}

/* Observations of a class that are missed by far, and whose they are. @return 0 or OST_ERR_NO_MEMORY */
static int print_missed(const ost_validation_t *self, ost_class_t of, FILE *out, ost_error_t *err)
{
    ost_text_list_t trials = { 0 };
    size_t n = 0, n_missed = 0;
    int ret = 0;
    for (size_t i = 0, of_trial = 0; i < self->n_checks && ret == 0; i++) {
        const ost_prediction_check_t *check = &self->checks[i];
        const char *trial = check->observation->row->trial;
        if (check->observation->endpoint_class != of) continue;
        n++;
        if (ost_is_missed(check)) n_missed++, of_trial++;
        size_t next = i + 1;
        while (next < self->n_checks && self->checks[next].observation->endpoint_class != of) next++;
        if (next < self->n_checks && strcmp(self->checks[next].observation->row->trial, trial) == 0) continue;
        if (of_trial > 0) ret = ost_text_list_add(&trials, "%s %zu", trial, of_trial);
        of_trial = 0;
    }
    char begin[160];
    snprintf(begin, sizeof(begin), "%s missed by more than %g points: %zu of %zu%s", ost_class_words[of],
        ost_miss_limit(of), n_missed, n, trials.n > 0 ? ":" : "");
    if (ret == 0 && n > 0 && isfinite(ost_miss_limit(of))) ost_print_list(out, begin, &trials);
    ost_text_list_free(&trials);
    return ret == 0 ? 0 : ost_no_memory(err);
}

/* How many rows of the frozen list are compared, and where roles differ from it. */
static void print_frozen(const ost_validation_t *self, FILE *out)
{
    const ost_evidence_t *evidence = &self->trials.evidence;
    size_t n_compared = 0, n_moved = 0, n_new = 0;
    if (evidence->n_frozen == 0) return;
    for (size_t i = 0; i < self->n_checks; i++) n_compared += self->checks[i].observation->row->is_frozen;
    for (size_t i = 0; i < evidence->n_rows; i++) {
        const ost_evidence_row_t *row = &evidence->rows[i];
        n_moved += row->is_frozen && row->role != OST_ROLE_VALIDATE;
        n_new += !row->is_frozen && row->role == OST_ROLE_VALIDATE;
    }
    if (n_compared == 0) return;
    ost_print_wrapped(out,
        "of the %zu rows that were never to be fitted (frozen.csv) %zu are compared; %zu have another role now and "
        "count as validate; %zu rows of role validate were added later",
        evidence->n_frozen, n_compared, n_moved, n_new);
}

int ost_validation_print(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    int ret = 0;
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++) {
        if (t > 0) fputc('\n', out);
        ret = print_checks(self, &self->trials.trials[t], out, err);
    }
    for (size_t t = 0; t < self->trials.n_trials; t++) print_unmatched(&self->trials.trials[t].matched, out);
    char basis[OST_BASIS_SIZE];
    fputc('\n', out);
    ost_print_wrapped(out, "%s", ost_validation_basis(self, basis, sizeof(basis)));
    if (ret == 0) ret = print_eligible(self, out, err);
    print_without(self, out);
    ost_validation_sum_t sums[OST_N_SUMS];
    size_t n = ost_validation_sum(self, sums);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s %s: n %zu rmse %.2f bias %+.2f coverage %.2f weighted %.2f\n",
            ost_class_words[sums[i].endpoint_class], ost_role_words[sums[i].role], sums[i].n, sums[i].rmse,
            sums[i].bias, sums[i].coverage, sums[i].weighted);
    if (n > 0)
        ost_print_wrapped(out,
            "month: as in the table of evidence, in brackets that of the simulation where it differs; 60-72 is a "
            "change "
            "from month 60 to month 72. n: observations. rmse and bias: of simulated - observed, in points (levels and "
            "SDs: in percent of the "
            "observed one). coverage: fraction inside their 90 %% prediction intervals. weighted: rmse in units of the "
            "predictions' SDs, 1 if these are right. " OST_PREDICTION_NOTE
            " --csv OUT.csv has each of them, and the source "
            "of every row; -o REPORT.html has charts and sources.");
    for (int c = 0; c < OST_N_CLASSES && ret == 0; c++) ret = print_missed(self, (ost_class_t) c, out, err);
    print_frozen(self, out);
    for (int c = 0; c < OST_N_CLASSES; c++) {
        ost_replicates_t same = ost_validation_replicates(self, (ost_class_t) c);
        if (same.n_groups > 0)
            ost_print_wrapped(out, "%s replicates: n %zu in %zu groups of trials that gave the same, sd %.2f",
                ost_class_words[c], same.n, same.n_groups, same.sd);
    }
    if (ret == 0) ret = print_by_treatment(self, out, err);
    return ret == 0 ? print_trust(self, out, err) : ret;
}
