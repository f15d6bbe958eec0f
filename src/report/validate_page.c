/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives the report as one page without scripts or outside parts: it prints, and reads in grey and
 * by the colour-blind. */
#include "report/validate_page.h"

#include "report/html.h"
#include "report/page.h"

#include <math.h>

static void put_summary(const ost_validation_t *self, FILE *out)
{
    ost_validation_sum_t sums[OST_N_SUMS];
    size_t n = ost_validation_sum(self, sums);
    fputs("<table><thead><tr><th class='t'>endpoints</th><th class='t'>role</th><th>n</th><th>rmse</th><th>bias</th>"
          "<th>inside 90 %</th><th>weighted</th></tr></thead><tbody>\n",
        out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "<tr><td class='t'>%s</td><td class='t'>%s</td><td>%zu</td><td>%.2f</td><td>",
            ost_class_words[sums[i].endpoint_class], ost_role_words[sums[i].role], sums[i].n, sums[i].rmse);
        ost_html_number(out, "%+.2f", sums[i].bias);
        fprintf(out, "</td><td>%.0f %%</td><td>", 100 * sums[i].coverage);
        if (!isnan(sums[i].weighted)) fprintf(out, "%.2f", sums[i].weighted);
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table>\n<p class='note'>Errors of BMD, markers and hormones in percentage points, of levels in "
          "percent of the observed value, of yearly rates in points over all their years; weighted: in units of the "
          "prediction's own error. calibrate: may have been fitted; validate: never was; context: neither.",
        out);
    ost_replicates_t same = ost_validation_replicates(self, OST_CLASS_BMD);
    if (same.n_groups > 0)
        fprintf(out,
            " Trials of the same treatment differ among themselves: BMD by %.2f points (SD of %zu observations in %zu "
            "groups).",
            same.sd, same.n, same.n_groups);
    fputs("</p>\n", out);
}

static void put_head(const ost_validation_t *self, FILE *out)
{
    ost_html_begin("osteon: the model against trials", out);
    fprintf(
        out, "<h1>The model against %zu trial%s</h1>\n", self->trials.n_trials, self->trials.n_trials == 1 ? "" : "s");
    char basis[OST_BASIS_SIZE];
    fputs("<p>", out);
    ost_html_text(ost_validation_basis(self, basis, sizeof(basis)), out);
    fputs(". Observed values: ", out);
    ost_html_text(self->trials.evidence.path, out);
    fputs("; lines are those of this file.</p>\n", out);
}

static void put_index(const ost_validation_t *self, FILE *out)
{
    fprintf(out,
        "<div class='index'><a href='#overview'>Observed against predicted</a>\n%s"
        "<a href='#missed'>Missed by far, and why</a>\n",
        ost_page_has_means(self) ? "<a href='#treatments'>The model against class means</a>\n" : "");
    for (size_t t = 0; t < self->trials.n_trials; t++) {
        fprintf(out, "<a href='#t%zu'>", t);
        ost_html_text(self->trials.trials[t].experiment.title, out);
        fputs("</a>\n", out);
    }
    fputs("</div>\n", out);
}

void ost_validation_write_html(const ost_validation_t *self, FILE *out)
{
    put_head(self, out);
    ost_page_trust(self, out);
    put_index(self, out);
    ost_page_overview(self, out);
    put_summary(self, out);
    ost_page_treatments(self, out);
    ost_page_misses(self, out);
    fprintf(out,
        "<h2 id='trials'>Trials</h2>\n<p>Lines: mean of the simulated subjects; bands: 90 %% of them (none for outputs "
        "that a subject has or does not have, as a fracture). Marks: observed values, full if they may have been "
        "fitted "
        "(calibrate), open if they never were (validate, context). Thin bars: their 95 %% intervals; thick ones: 90 %% "
        "prediction "
        "intervals. " OST_PREDICTION_NOTE " A change "
        "from a later scan is drawn from the simulated line that it counts from. Differences between arms have panels "
        "of their own, without bands. month: as in the table of evidence, in brackets that of the simulation where it "
        "differs; 60-72 is a change from month 60 to month 72. n: subjects observed; of a source that gives none, %d "
        "are "
        "assumed where an SD needs it.</p>\n",
        OST_ASSUMED_N);
    for (size_t t = 0; t < self->trials.n_trials; t++) ost_page_trial(self, t, out);
    ost_html_end(out);
}
