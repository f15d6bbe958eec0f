/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a finished sensitivity analysis; prints its tables and writes them as CSV. */
#include "sensitivity.h"

#include "core/table.h"
#include "input/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inputs whose first index is below this part of the largest have no row on a terminal: an assumption. */
#define HARDLY 0.001
/* Characters of a line from which a column of meanings is wide enough to be read beside those of indices. */
#define WIDE 130

/* Whether the analysis gives an index: samples of a sweep have no total. */
static bool has_index(const ost_analysis_t *self, size_t i)
{
    const bool lacks_total = self->is_given && self->n_levels == NULL;
    return ost_indices[i].method == self->design.kind && !(lacks_total && i == OST_INDEX_TOTAL);
}

/* Size of the first index, or, where it has no value, less than any. */
static double size_of(const ost_analysis_t *self, const ost_analysed_t *of, size_t g)
{
    size_t i = 0;
    while (i + 1 < OST_N_INDICES && !has_index(self, i)) i++;
    double x = of->indices[g * OST_N_INDICES + i].value;
    return isnan(x) ? -1 : fabs(x);
}

/* Order of the groups by the size of the first index, the largest first. @param[out] order  [n_groups] */
static void sort_groups(const ost_analysis_t *self, const ost_analysed_t *of, size_t *order)
{
    for (size_t g = 0; g < self->design.n_groups; g++) {
        size_t k = g;
        for (; k > 0 && size_of(self, of, order[k - 1]) < size_of(self, of, g); k--) order[k] = order[k - 1];
        order[k] = g;
    }
}

/* The factor that a group alone consists of; NULL: it has several. */
static const ost_factor_t *only_factor(const ost_analysis_t *self, size_t group)
{
    const ost_factor_t *found = NULL;
    for (size_t k = 0; k < self->factors.n; k++) {
        if (self->group[k] != group) continue;
        if (found != NULL) return NULL;
        found = &self->factors.factors[k];
    }
    return found;
}

/* What a group is of: the meaning of its factor, or the names of its factors. @return buf */
static const char *meaning_of(const ost_analysis_t *self, size_t group, char *buf, size_t size)
{
    const ost_factor_t *one = only_factor(self, group);
    size_t n = 0;
    if (one != NULL) return one->meaning;
    buf[0] = '\0';
    for (size_t k = 0; k < self->factors.n && n < size; k++)
        if (self->group[k] == group)
            n += (size_t) snprintf(buf + n, size - n, "%s%s", n > 0 ? ", " : "", self->factors.factors[k].name);
    return buf;
}

static void cell(ost_table_t *table, double x)
{
    if (isfinite(x))
        ost_table_cell(table, "%.3g", x);
    else
        ost_table_cell(table, "%s", "");
}

/* "0.42 to 0.79 mg", or, of a slope, "0.6, SD 0.1 mg" */
static void span_cell(const ost_analysis_t *self, const ost_factor_t *one, ost_table_t *table)
{
    const bool is_local = self->design.kind == OST_SENSITIVITY_LOCAL;
    char words[200] = "";
    size_t n = 0;
    for (size_t i = 0; one != NULL && one->unit == NULL && i < one->vary.texts.n && n < sizeof(words); i++)
        n += (size_t) snprintf(words + n, sizeof(words) - n, "%s%s", i > 0 ? ", " : "", one->vary.texts.items[i]);
    if (one == NULL || one->unit == NULL) {
        ost_table_cell(table, "%s", words);
        return;
    }
    const char *unit = strcmp(one->unit, "1") != 0 ? one->unit : "";
    ost_table_cell(table, is_local ? "%.3g, SD %.3g%s%s" : "%.3g to %.3g%s%s", is_local ? one->value : one->lower,
        is_local ? one->sd : one->upper, unit[0] != '\0' ? " " : "", unit);
}

/* @param below  the meaning stands in a line of its own */
static void add_row(const ost_analysis_t *self, const ost_analysed_t *of, size_t g, bool below, ost_table_t *table)
{
    const ost_factor_t *one = only_factor(self, g);
    const bool is_local = self->design.kind == OST_SENSITIVITY_LOCAL;
    char members[400];
    ost_table_cell(table, "%s", self->groups.items[g]);
    for (size_t i = 0, n = 0; i < OST_N_INDICES; i++) {
        const ost_index_t *x = &of->indices[g * OST_N_INDICES + i];
        if (!has_index(self, i)) continue;
        cell(table, x->value);
        if (n++ > 0) continue;
        if (is_local)
            cell(table, (x->upper - x->lower) / 2);
        else if (isnan(x->value) || self->n_levels != NULL)
            ost_table_cell(table, "%s", "");
        else
            ost_table_cell(table, "%.3g to %.3g", x->lower, x->upper);
    }
    span_cell(self, one, table);
    if (below)
        ost_table_line(table, "    %s", meaning_of(self, g, members, sizeof(members)));
    else
        ost_table_cell(table, "%s", meaning_of(self, g, members, sizeof(members)));
}

/* Inputs that are left out of a table, as they hardly matter: their number and names. @return 0 or OST_ERR_NO_MEMORY */
static int print_rest(const ost_analysis_t *self, const size_t *order, size_t first, FILE *out, ost_error_t *err)
{
    const size_t n = self->design.n_groups;
    char *names = NULL, left[64];
    size_t size = 0;
    if (first == n) return 0;
    FILE *list = open_memstream(&names, &size);
    if (list == NULL) return ost_no_memory(err);
    for (size_t i = first; i < n; i++) fprintf(list, "%s%s", i > first ? ", " : "", self->groups.items[order[i]]);
    const bool is_whole = fclose(list) == 0;
    if (is_whole)
        ost_print_wrapped(out, "%s below %g of the first: %s", ost_cli_plural(n - first, "input", left), HARDLY, names);
    free(names);
    return is_whole ? 0 : ost_no_memory(err);
}

static int print_endpoint(const ost_analysis_t *self, const ost_analysed_t *of, FILE *out, ost_error_t *err)
{
    const bool is_local = self->design.kind == OST_SENSITIVITY_LOCAL;
    ost_table_t table = { 0 };
    size_t *order = calloc(self->design.n_groups + 1, sizeof(*order)), n_shown = 0;
    if (order == NULL) return ost_no_memory(err);
    sort_groups(self, of, order);
    fputc('\n', out);
    ost_print_wrapped(out, "%s [%s]: %s", of->name, of->unit, of->text);
    if (self->design.kind == OST_SENSITIVITY_SOBOL && size_of(self, of, order[0]) < 0)
        fputs(self->n_levels != NULL ? "it is the same at all points of the grid, or lacks a value at one\n"
                                     : "it is the same at all points: there is no variance to divide\n",
            out);
    ost_table_columns(&table, "<input");
    for (size_t i = 0, n = 0; i < OST_N_INDICES; i++) {
        if (!has_index(self, i)) continue;
        ost_table_column(&table, ost_indices[i].heading, false);
        if (n++ == 0) ost_table_column(&table, is_local ? "+-" : "95 % interval", false);
    }
    ost_table_columns(&table, is_local ? "<at" : "<over");
    const bool below = !is_local && ost_table_width(out) < WIDE;
    if (!below) ost_table_columns(&table, "<meaning");
    for (; n_shown < self->design.n_groups; n_shown++) {
        if (size_of(self, of, order[n_shown]) <= HARDLY * size_of(self, of, order[0]) && n_shown > 0) break;
        add_row(self, of, order[n_shown], below, &table);
    }
    int ret = ost_table_print(&table, out, err);
    if (ret == 0) ret = print_rest(self, order, n_shown, out, err);
    free(order);
    return ret;
}

/* What the numbers mean. */
static void print_legend(const ost_analysis_t *self, FILE *out)
{
    fputc('\n', out);
    for (size_t i = 0; i < OST_N_INDICES; i++)
        if (has_index(self, i)) ost_print_item(out, ost_indices[i].heading, 13, ost_indices[i].meaning);
    if (self->design.kind == OST_SENSITIVITY_LOCAL)
        ost_print_item(out, "+-", 13, "difference between two steps, of which the value is extrapolated");
}

static void print_correlation(const ost_analysis_t *self, FILE *out)
{
    const ost_factors_t *factors = &self->factors;
    if (!ost_factors_are_correlated(factors)) return;
    ost_print_wrapped(out,
        "the draws of inputs are correlated, most of all those of %s and %s (%.2f): here each input is moved alone",
        factors->factors[factors->correlated[0]].name, factors->factors[factors->correlated[1]].name,
        factors->correlation);
}

/* Of points that were there. */
static void print_given(const ost_analysis_t *self, FILE *out)
{
    char inputs[64], points[64];
    ost_print_wrapped(
        out, "%s: %s", self->experiment.name, self->experiment.title != NULL ? self->experiment.title : "");
    ost_print_wrapped(out, "%s: %s, from %s of a sweep, design %s; %s", ost_sensitivity_words[self->design.kind],
        ost_cli_plural(self->factors.n, "input", inputs), ost_cli_plural(self->n_points, "point", points),
        ost_design_words[self->of_sweep],
        self->n_levels != NULL
            ? "each value of the grid counts as likely as the others, and indices are exact for these"
            : "these tell first orders; totals need points of their own, as 'osteon sensitivity "
              "EXPERIMENT --method sobol' simulates");
}

/* Models whose parameters the table of draws does not have, so that they stay. @return 0 or OST_ERR_NO_MEMORY */
static int print_left_out(const ost_analysis_t *self, FILE *out, ost_error_t *err)
{
    const ost_blocks_t *blocks = self->plan.blocks;
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t b = 0; b < blocks->n && ret == 0; b++) {
        const ost_model_t *model = blocks->block[b].model;
        const size_t n = strlen(model->name);
        bool has = false, is_moved = false;
        for (size_t i = 0; i < model->n_params; i++) has = has || !model->params[i].is_covariate;
        for (size_t k = 0; k < self->factors.n; k++)
            is_moved = is_moved || (strncmp(self->factors.factors[k].name, model->name, n) == 0 &&
                                       self->factors.factors[k].name[n] == '.');
        if (has && !is_moved) ret = ost_text_list_add(&names, "%s", model->name);
    }
    if (ret == 0 && names.n > 0) {
        ost_print_list(out, "not moved, as the table has no parameter of these models:", &names);
        ost_print_wrapped(out, "  --over %s --by range moves one over its range", names.items[names.n - 1]);
    }
    ost_text_list_free(&names);
    return ret < 0 ? ost_no_memory(err) : 0;
}

static int print_what(const ost_analysis_t *self, FILE *out, ost_error_t *err)
{
    const ost_values_took_t *took = &self->took;
    const ost_isa_t isa = took->isa < OST_N_ISA ? (ost_isa_t) took->isa : self->experiment.solver.isa;
    char inputs[64], points[64], subjects[64], arms[64], threads[64], how[160] = "";
    if (self->design.kind == OST_SENSITIVITY_MORRIS)
        snprintf(how, sizeof(how), ", %zu trajectories of %zu levels", self->design.n, self->design.n_levels);
    if (self->design.kind == OST_SENSITIVITY_SOBOL) snprintf(how, sizeof(how), ", %zu base samples", self->design.n);
    ost_print_wrapped(
        out, "%s: %s", self->experiment.name, self->experiment.title != NULL ? self->experiment.title : "");
    ost_print_wrapped(out, "%s: %s%s%s%s", ost_sensitivity_words[self->design.kind],
        ost_cli_plural(self->factors.n, "input", inputs), self->without_parameters ? "" : ", parameters by ",
        self->without_parameters ? "" : ost_factor_source_words[self->source], how);
    ost_print_wrapped(out, "%s x %s x %s in %.2f s on %s (%s)", ost_cli_plural(self->n_points, "point", points),
        ost_cli_plural(took->n_subjects, "subject", subjects), ost_cli_plural(took->n_arms, "arm", arms),
        took->seconds_wall, ost_cli_plural(took->n_threads, "thread", threads), ost_isa_name(isa));
    if (self->factors.n_foreign > 0)
        fprintf(out, "%s of the table are no inputs here: of models that this experiment does not have, or a BSV\n",
            ost_cli_plural(self->factors.n_foreign, "parameter", inputs));
    print_correlation(self, out);
    return self->is_of_all && self->source == OST_SOURCE_POSTERIOR ? print_left_out(self, out, err) : 0;
}

int ost_analysis_print(const ost_analysis_t *self, FILE *out, ost_error_t *err)
{
    int ret = 0;
    if (self->is_given)
        print_given(self, out);
    else
        ret = print_what(self, out, err);
    for (size_t i = 0; i < self->n_endpoints && ret == 0; i++)
        ret = print_endpoint(self, &self->endpoints[i], out, err);
    if (ret == 0) print_legend(self, out);
    return ret;
}

/* A row for each endpoint and input, or group of inputs. */
int ost_analysis_put_csv(const void *what, FILE *out, ost_error_t *err)
{
    const ost_analysis_t *self = what;
    char members[400];
    (void) err;
    fputs("endpoint,input,unit,value,sd,from,to,", out);
    for (size_t i = 0; i < OST_N_INDICES; i++)
        if (ost_indices[i].method == self->design.kind)
            fprintf(out, "%s,%s_lower,%s_upper,", ost_indices[i].name, ost_indices[i].name, ost_indices[i].name);
    fputs("endpoint_unit,endpoint_meaning,input_meaning\r\n", out);
    for (size_t e = 0; e < self->n_endpoints; e++)
        for (size_t g = 0; g < self->design.n_groups; g++) {
            const ost_analysed_t *of = &self->endpoints[e];
            const ost_factor_t *one = only_factor(self, g);
            ost_csv_put(of->name, out);
            ost_csv_put(self->groups.items[g], out);
            ost_csv_put(one != NULL && one->unit != NULL ? one->unit : "", out);
            ost_csv_put_number(one != NULL ? one->value : NAN, out);
            ost_csv_put_number(one != NULL ? one->sd : NAN, out);
            ost_csv_put_number(one != NULL ? one->lower : NAN, out);
            ost_csv_put_number(one != NULL ? one->upper : NAN, out);
            for (size_t i = 0; i < OST_N_INDICES; i++) {
                const ost_index_t *x = &of->indices[g * OST_N_INDICES + i];
                if (ost_indices[i].method != self->design.kind) continue;
                ost_csv_put_number(x->value, out);
                ost_csv_put_number(x->lower, out);
                ost_csv_put_number(x->upper, out);
            }
            ost_csv_put(of->unit, out);
            ost_csv_put(of->text, out);
            ost_csv_write_text(meaning_of(self, g, members, sizeof(members)), out);
            fputs("\r\n", out);
        }
    return 0;
}
