/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives the key of its classes of treatment, and for each how far model and class means miss. */
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

#include <math.h>

size_t ost_page_series(const ost_validation_t *self, const ost_prediction_check_t *check)
{
    return check->treated != NULL ? check->treated->of : self->trials.treatments.n_classes;
}

static const char *name_of(const ost_validation_t *self, size_t series)
{
    const ost_treatments_t *treatments = &self->trials.treatments;
    return series < treatments->n_classes ? treatments->classes[series].name : "without class";
}

/* @param sum  NULL: how many are inside is not said */
static void put_mark(const ost_validation_t *self, size_t series, const ost_naive_sum_t *sum, FILE *out)
{
    const ost_treatments_t *treatments = &self->trials.treatments;
    fputs("<span title='", out);
    if (series < treatments->n_classes) ost_html_text(treatments->classes[series].meaning, out);
    fputs("'><svg width='16' height='14'>", out);
    ost_chart_mark(out, series, 8, 7, true);
    fputs("</svg> ", out);
    ost_html_text(name_of(self, series), out);
    if (sum != NULL) fprintf(out, " (%zu of %zu)", sum->n_inside, sum->n);
    fputs("</span>", out);
}

void ost_page_key(const ost_validation_t *self, FILE *out)
{
    bool is_any = false;
    for (size_t i = 0; i < self->n_checks; i++) is_any = is_any || self->checks[i].treated != NULL;
    if (!is_any) return;
    fputs("<p class='key'>", out);
    for (size_t series = 0; series <= self->trials.treatments.n_classes; series++) {
        size_t i = 0;
        while (i < self->n_checks && ost_page_series(self, &self->checks[i]) != series) i++;
        if (i < self->n_checks) put_mark(self, series, NULL, out);
    }
    fputs("</p>\n", out);
}

/* One error of the model and of class means: the smaller one is bold. */
static void put_errors(double model, double naive, FILE *out)
{
    fprintf(out, "<td data-h='model'%s>%.2f</td><td data-h='class means'%s>%.2f</td>",
        model < naive ? " class='out'" : "", model, naive < model ? " class='out'" : "", naive);
}

static void put_sum(const ost_validation_t *self, const ost_naive_sum_t *sum, size_t series, FILE *out)
{
    size_t n_classes = self->trials.treatments.n_classes;
    double n = (double) sum->n_compared;
    if (sum->n == 0) return;
    fputs("<tr><td class='t'>", out);
    if (series > n_classes)
        fputs("all", out);
    else
        put_mark(self, series, NULL, out);
    fprintf(out, "</td><td>%zu</td><td>%.0f %%</td><td>%.2f</td><td>%.2f</td><td>%zu</td>", sum->n,
        100 * (double) sum->n_inside / (double) sum->n, sum->rmse, sum->mae, sum->n_compared);
    if (sum->n_compared > 0) {
        put_errors(sqrt(sum->square / n), sqrt(sum->naive_square / n), out);
        put_errors(sum->size / n, sum->naive_size / n, out);
    } else {
        fputs("<td></td><td></td><td></td><td></td>", out);
    }
    fputs("</tr>\n", out);
}

static void put_sums(const ost_validation_t *self, ost_role_t role, FILE *out)
{
    size_t n_classes = self->trials.treatments.n_classes;
    fprintf(out,
        "<div><table class='treatments'><caption>BMD, %s</caption><thead><tr><th class='t' rowspan='2'>class of "
        "treatment</th><th rowspan='2'>n</th><th rowspan='2'>inside 90 %%</th><th colspan='2'>error of the model, "
        "points</th><th rowspan='2'>with class mean</th><th colspan='2'>their rmse</th><th colspan='2'>their mean "
        "absolute error</th></tr><tr><th>rmse</th><th>mean absolute</th><th>model</th><th>class "
        "means</th><th>model</th><th>class means</th></tr></thead><tbody>\n",
        ost_role_words[role]);
    for (size_t series = 0; series <= n_classes + 1; series++)
        put_sum(self, &self->by_treatment[role][series], series, out);
    fputs("</tbody></table></div>\n", out);
}

void ost_page_trust(const ost_validation_t *self, FILE *out)
{
    bool is_first = true;
    for (int trust = 0; trust < OST_N_TRUSTS && !(is_first && trust == OST_TRUST_FEW); trust++) {
        size_t n = 0;
        for (size_t i = 0; i < self->trials.treatments.n_classes; i++) {
            const ost_naive_sum_t *sum = &self->by_treatment[OST_ROLE_VALIDATE][i];
            if (sum->n == 0 || ost_naive_trust(sum) != (ost_trust_t) trust) continue;
            if (is_first)
                fputs("<h2 id='trust'>Which classes of treatment can be trusted?</h2>\n<table class='asked'>\n", out);
            is_first = false;
            if (n++ == 0) fprintf(out, "<tr><th>%s</th><td class='key'>", ost_trust_words[trust]);
            put_mark(self, i, sum, out);
        }
        if (n > 0) fputs("</td></tr>\n", out);
    }
    if (!is_first) fputs("</table>\n<p class='note'>" OST_TRUST_NOTE "</p>\n", out);
}

bool ost_page_has_means(const ost_validation_t *self)
{
    const size_t all = self->trials.treatments.n_classes + 1;
    bool is_any = false;
    for (int role = 0; role < OST_ROLE_CONTEXT; role++) is_any = is_any || self->by_treatment[role][all].n_compared > 0;
    return is_any;
}

void ost_page_treatments(const ost_validation_t *self, FILE *out)
{
    char origin[600];
    if (!ost_page_has_means(self)) return;
    fputs("<h2 id='treatments'>The model against class means</h2>\n<p>What the mean of the calibrate rows of other "
          "trials predicts, by class of treatment, site and month, beside the model: over all observations, and over "
          "those with such a mean. The smaller error is bold. ",
        out);
    ost_html_text(ost_naive_origin(&self->naive, origin, sizeof(origin)), out);
    fputs("</p>\n<div class='tables'>", out);
    for (int role = 0; role < OST_ROLE_CONTEXT; role++)
        if (self->by_treatment[role][self->trials.treatments.n_classes + 1].n > 0)
            put_sums(self, (ost_role_t) role, out);
    fputs("</div>\n", out);
}
