/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the rows of an evidence table; warns of numbers that are most likely in another unit than they say. No row of
 * configs/evidence is warned of. */
#include "input/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* SD between subjects of a change of BMD in percent, and that which a difference between two arms amounts to with the n
 * of both: medians of 43 and 44 rows of configs/evidence that have an SE, SD or interval, points. The largest are 8.2
 * and 20.7. */
static const double usual_sd[] = { [OST_ENDPOINT_CHANGE] = 3.9, [OST_ENDPOINT_DIFFERENCE] = 9.5 };
/* Times these, and parts of them, from which it is worth a question (assumed). The smallest are 1.28, of subjects
 * chosen by their change, and 4.26. */
#define FAR 3
#define FAR_BELOW 4
/* Percent: no trial of configs/evidence has changes of BMD that are all below 0.7. */
#define SMALL 0.2
/* g/cm2: a third of a BMD; the largest change of configs/evidence is 0.02. */
#define LARGE 0.3
/* Months: every trial of configs/evidence has BMD at 5.5 or later. */
#define EARLY 5
/* Weeks of a quarter: no trial of configs/evidence has BMD at multiples of 13 months alone. */
#define QUARTER 13

static bool is_change(const ost_evidence_row_t *row)
{
    return strncmp(row->endpoint, "BMD_", 4) == 0 && row->kind == OST_ENDPOINT_CHANGE;
}

/* How many times the usual SD subjects differ by, by the interval of a row; NAN where that is not known. */
static double spread_of(const ost_evidence_row_t *row)
{
    const bool is_points = row->in.form == OST_COUNTED_PERCENT || row->in.form == OST_COUNTED_POINTS;
    if (strncmp(row->endpoint, "BMD_", 4) != 0 || !is_points || row->statistic == OST_REPORTED_SD ||
        (row->kind != OST_ENDPOINT_CHANGE && row->kind != OST_ENDPOINT_DIFFERENCE))
        return NAN;
    const double width = row->interval == OST_INTERVAL_95CI ? (row->upper - row->lower) / (2 * 1.96) : row->upper;
    if (row->interval == OST_INTERVAL_SD) return width / usual_sd[row->kind];
    const bool is_error = row->interval == OST_INTERVAL_SE || row->interval == OST_INTERVAL_95CI;
    return is_error ? width * sqrt(row->n) / usual_sd[row->kind] : NAN;
}

/* An interval by which subjects would differ far more or less than they do; the first of a trial. */
static int doubt_spread(ost_evidence_t *self, const ost_evidence_row_t *row)
{
    static const char *const questions[OST_N_INTERVALS][3] = {
        [OST_INTERVAL_SE] = { "SE", "is it an SD? ('interval' sd)", "are they fractions, as 0.055 for 5.5?" },
        [OST_INTERVAL_95CI] = { "95 % interval", "is it the value -+ SD?",
            "is it the value -+ SE, or a fraction, as 0.055 for 5.5?" },
        [OST_INTERVAL_SD] = { "SD", "is it in another unit?",
            "is it an SE ('interval' se), or a fraction, as 0.055 for 5.5?" },
    };
    const double spread = spread_of(row);
    const bool is_small = spread < 1.0 / FAR_BELOW;
    size_t n_more = 0;
    char more[48] = "";
    if (!(spread > FAR) && !is_small) return 0;
    for (const ost_evidence_row_t *other = self->rows; other < self->rows + self->n_rows; other++) {
        const double that = spread_of(other);
        const bool is_same = other != row && other->interval == row->interval && strcmp(other->trial, row->trial) == 0;
        if (!is_same || !(is_small ? that < 1.0 / FAR_BELOW : that > FAR)) continue;
        if (other < row) return 0;
        n_more++;
    }
    if (n_more > 0) snprintf(more, sizeof(more), " (and %zu more of the trial)", n_more);
    return ost_text_list_add(&self->warnings,
        "%s:%d: by its %s an SD between subjects (n = %g) of %.3g points, %.2g times the usual %.3g: %s%s", self->path,
        row->line, questions[row->interval][0], row->n, spread * usual_sd[row->kind], spread, usual_sd[row->kind],
        questions[row->interval][1 + is_small], more);
}

static int doubt_level(ost_evidence_t *self, const ost_evidence_row_t *row)
{
    if (!is_change(row) || row->in.form != OST_COUNTED_PHYSICAL || !(fabs(row->value) > LARGE)) return 0;
    return ost_text_list_add(&self->warnings,
        "%s:%d: a change by %g %s is as much as a BMD: is it a level? ('endpoint' BMD_level)", self->path, row->line,
        row->value, row->unit);
}

/* BMD of one trial, from its first row on. */
static int doubt_trial(ost_evidence_t *self, const ost_evidence_row_t *first)
{
    const char *path = self->path;
    double most = 0, last = 0;
    size_t n_changes = 0, n_times = 0, n_quarters = 0;
    int ret = 0;
    for (const ost_evidence_row_t *row = self->rows; row < self->rows + self->n_rows; row++) {
        if (strcmp(row->trial, first->trial) != 0 || strncmp(row->endpoint, "BMD_", 4) != 0) continue;
        if (row < first) return 0; /* done with that */
        if (is_change(row) && row->in.form == OST_COUNTED_PERCENT) {
            n_changes++;
            most = fmax(most, fabs(row->value));
        }
        if (!(row->time_months > 0)) continue;
        n_times++;
        n_quarters += fmod(row->time_months, QUARTER) == 0;
        last = fmax(last, row->time_months);
    }
    if (n_changes > 1 && most < SMALL)
        ret = ost_text_list_add(&self->warnings,
            "%s:%d: no change of BMD of '%s' exceeds %g percent: are they fractions, as 0.055 for 5.5?", path,
            first->line, first->trial, most);
    if (ret == 0 && n_times > 0 && last <= EARLY)
        ret = ost_text_list_add(&self->warnings,
            "%s:%d: BMD of '%s' is at month %g at the latest: is time_months in years?", path, first->line,
            first->trial, last);
    if (ret == 0 && n_times > 0 && n_quarters == n_times && last > QUARTER)
        ret = ost_text_list_add(&self->warnings,
            "%s:%d: BMD of '%s' is at multiples of 13 months, the last at month %g: is time_months in weeks?", path,
            first->line, first->trial, last);
    return ret;
}

int ost_evidence_doubt(ost_evidence_t *self)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        const ost_evidence_row_t *row = &self->rows[i];
        ret = doubt_spread(self, row);
        if (ret == 0) ret = doubt_level(self, row);
        if (ret == 0 && strncmp(row->endpoint, "BMD_", 4) == 0) ret = doubt_trial(self, row);
    }
    return ret;
}
