/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives the report as one page without scripts or outside parts: it prints, and reads in grey and
 * by the colour-blind. */
#include "report/validate_page.h"

#include "report/html.h"
#include "report/page.h"

#include <math.h>

/* A table of class `cells` becomes, where the screen is narrow, a block for each row whose cells name their column. */
static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#fff;max-width:1340px;margin:0 auto;padding:1em}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin:2em 0 .3em;border-top:1px solid #ccc;padding-top:1em}"
    "h3{font-size:1em;margin:.6em 0 .2em}p{max-width:60em}a{color:#0072b2}"
    "table{border-collapse:collapse;font-size:.86em;margin:.6em 0}th,td{padding:.18em .6em;text-align:right;"
    "border-bottom:1px solid #e4e4e4;vertical-align:top}td{white-space:nowrap}.t{text-align:left;white-space:normal}"
    "th{border-bottom:1px solid #888;font-weight:600;vertical-align:bottom}.out{font-weight:600}"
    "tr:target{background:#ffef9e}.why "
    "td{background:#f4f4f4}.why{break-after:avoid}.panels{display:flex;flex-wrap:wrap;gap:10px;"
    "align-content:flex-start}.tables{display:flex;flex-wrap:wrap;gap:0 "
    "40px}caption{text-align:left;font-weight:600;padding:.4em 0}.treatments "
    "td:first-child{white-space:nowrap}.treatments "
    "svg{vertical-align:middle}.overview{display:flex;flex-wrap:wrap;gap:0 30px}.overview .panels{flex:1 1 300px}"
    "figure{margin:0;max-width:100%}figcaption{font-size:.78em;font-weight:600;padding:.4em 0 .2em "
    ".5em;max-width:430px}"
    "svg{max-width:100%;height:auto;vertical-align:top}svg text{font:11px system-ui,sans-serif}"
    ".key span{display:inline-block;margin-right:1.2em}.key svg{vertical-align:middle}.index{max-width:none}.index "
    "a{margin-right:1em;"
    "white-space:nowrap}.note{color:#555;font-size:.86em}.about{display:grid;grid-template-columns:1fr 1fr;gap:0 2em;"
    "font-size:.82em;color:#444;overflow-wrap:anywhere}.about p,.about ul,.about ol{margin:.2em 0}"
    ".about ul,.about ol{padding-left:1.6em}"
    "@media(max-width:700px){body{padding:.6em}.about{grid-template-columns:1fr}.key span{display:block}"
    "table{font-size:.76em}th,td{padding:.18em .3em}.treatments{font-size:.7em}.treatments td:first-child{white-space:"
    "normal}.treatments th,.treatments td{padding:.18em .15em}"
    ".cells,.cells tbody{display:block}.cells thead{display:none}.cells tr{display:grid;"
    "grid-template-columns:repeat(4,1fr);border-bottom:1px solid #bbb;padding:.3em 0}.cells "
    "td{border:0;text-align:left;"
    "white-space:normal;padding:.1em .2em;overflow-wrap:anywhere}.cells td:first-child{grid-column:1/5;font-weight:600}"
    ".cells td:empty{display:none}.cells "
    "td[data-h]::before{content:attr(data-h);display:block;font-size:.9em;color:#666;"
    "font-weight:400}.cells td:first-child::before{display:none}}"
    "@page{margin:12mm}@media print{body{max-width:none;padding:0;font-size:10.5px}h2,h3{break-after:avoid}"
    "figure,tr,li{break-inside:avoid}.key{break-after:avoid;break-inside:avoid}.panels{display:block;orphans:1;widows:"
    "1}"
    ".panels figure{display:inline-block;width:49%;vertical-align:bottom}.overview{display:block}"
    ".overview>figure svg{width:62%}.overview .panels figure{width:32%}thead{display:table-header-group}"
    ".checks{font-size:.8em}th,td{padding:.15em .35em}tr:target{background:none}.index{display:none}"
    "a{color:inherit;text-decoration:none}.about a{color:#0072b2}a.short::after{content:' ('attr(href)')'}}";

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
    fprintf(out,
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'/><meta name='viewport' "
        "content='width=device-width,initial-scale=1'/><title>osteon: the model against "
        "trials</title><style>%s</style></head>"
        "<body>\n<h1>The model against %zu trial%s</h1>\n",
        style, self->trials.n_trials, self->trials.n_trials == 1 ? "" : "s");
    char basis[OST_BASIS_SIZE];
    fputs("<p>", out);
    ost_html_text(ost_validation_basis(self, basis, sizeof(basis)), out);
    fputs(". Observed values: ", out);
    ost_html_text(self->trials.evidence.path, out);
    fputs("; lines are those of this file.</p>\n<p class='index'><a href='#overview'>observed against predicted</a> <a "
          "href='#missed'>missed, and why</a> ",
        out);
    for (size_t t = 0; t < self->trials.n_trials; t++) {
        fprintf(out, "<a href='#t%zu'>", t);
        ost_html_text(self->trials.trials[t].experiment.name, out);
        fputs("</a> ", out);
    }
    fputs("</p>\n", out);
}

void ost_validation_write_html(const ost_validation_t *self, FILE *out)
{
    put_head(self, out);
    ost_page_overview(self, out);
    put_summary(self, out);
    ost_page_treatments(self, out);
    ost_page_misses(self, out);
    fputs(
        "<h2 id='trials'>Trials</h2>\n<p>Lines: mean of the simulated subjects; bands: 90 % of them (none for outputs "
        "that a subject has or does not have, as a fracture). Marks: observed values, full if they may have been "
        "fitted "
        "(calibrate), open if they never were (validate, context). Thick bars: 90 % prediction intervals. A change "
        "from a later scan is drawn from the simulated line that it counts from. Differences between arms have panels "
        "of their own, without bands.</p>\n",
        out);
    for (size_t t = 0; t < self->trials.n_trials; t++) ost_page_trial(self, t, out);
    fputs("</body></html>\n", out);
}
