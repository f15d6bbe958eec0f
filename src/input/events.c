/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See events.h. Takes a table of dosing records as CSV; gives its rows, and the subjects as people. */
#include "input/events.h"

#include "core/vocabulary.h"
#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Subjects of a table, and doses of a row, at most: assumptions. */
#define MOST_SUBJECTS 1000000
#define MOST_DOSES 1000000

/* Columns that rows are read from, in the capitals that messages have. */
#define COLUMNS(X) X(ID) X(TIME) X(AMT) X(EVID) X(CMT) X(II) X(ADDL) X(RATE) X(SS)
#define MEMBER(NAME) COLUMN_##NAME,
enum { COLUMNS(MEMBER) N_COLUMNS };
#define WORD(NAME) #NAME,
static const char *const names[N_COLUMNS] = { COLUMNS(WORD) }; /* in letters of any case */
#undef WORD

const char *const ost_interpolation_names[OST_INTERPOLATION_NONE] = { OST_INTERPOLATIONS(OST_WORD_OF) };

typedef struct {
    ost_events_t *events;
    ost_people_t *people;
    const ost_people_source_t *source;
    ost_csv_t csv;
    size_t field[N_COLUMNS];              /* of the table, SIZE_MAX: there is no such column */
    size_t covariate[OST_CSV_MAX_FIELDS]; /* [n_covariates] field */
    size_t max_subjects;
    double id; /* of the subject that is read */
} reader_t;

/* At a column, or at the row where there is no such column. */
#define FAIL(self, column, why, ...)                                                                                   \
    ((self)->field[column] != SIZE_MAX ? ost_csv_fail(&(self)->csv, (self)->field[column], why, __VA_ARGS__)           \
                                       : OST_CSV_FAIL_ROW(&(self)->csv, why, __VA_ARGS__))

/* The number in a column; NAN where the table has no such column, or where the field is empty or '.'. */
static double number(reader_t *self, size_t field, const char *name)
{
    const char *text = field != SIZE_MAX ? ost_csv_word(&self->csv, field) : ".";
    if (strcmp(text, ".") == 0) return (double) NAN;
    if (strcmp(text, "NA") == 0 || strcmp(text, "NaN") == 0)
        ost_csv_fail(&self->csv, field, OST_ERR_SYNTAX,
            "%s: '%s' is not a number; a value that is missing is empty, or '.'", name, text);
    return ost_csv_number(&self->csv, field, name);
}

/* The number in a column; 0 where it is missing. */
static double number_or_0(reader_t *self, int column)
{
    const double value = number(self, self->field[column], names[column]);
    return isnan(value) ? 0 : value;
}

/* A whole number from 0 to `most`; `missing` where it is missing. @param expected  for the message */
static double whole(reader_t *self, int column, double most, double missing, const char *expected)
{
    double value = number(self, self->field[column], names[column]);
    char text[OST_NUMBER_SIZE] = "missing";
    if (isnan(value)) value = missing;
    if (!(value >= 0 && value <= most && value == floor(value)))
        FAIL(self, column, OST_ERR_VALUE, "%s is %s; expected %s", names[column],
            isnan(value) ? text : ost_text_number(value, text), expected);
    return self->csv.code == 0 ? value : 0;
}

/* Whether a column is read, a covariate or left out, as those of observations are. */
static bool is_known(const reader_t *self, const char *text)
{
    static const char *const observed[] = { "DV", "MDV" };
    const ost_text_list_t *ignore = &self->source->ignore;
    bool is = ost_words_find((const char *const *) ignore->items, ignore->n, text) < ignore->n;
    for (size_t i = 0; i < N_COLUMNS; i++) is |= strcasecmp(text, names[i]) == 0;
    for (size_t i = 0; i < sizeof(observed) / sizeof(observed[0]); i++) is |= strcasecmp(text, observed[i]) == 0;
    for (size_t i = 0; i < self->events->n_covariates; i++) is |= strcmp(self->events->covariates[i].column, text) == 0;
    return is;
}

/* The first column that is not known; all of them are named. */
static void fail_unknown(reader_t *self, size_t field, const char *text)
{
    const ost_events_t *events = self->events;
    const char **all = ost_csv_list(&self->csv, N_COLUMNS + events->n_covariates, sizeof(*all));
    char unknown[240] = "";
    if (all == NULL) return;
    for (size_t i = field; i < self->csv.n_names; i++) {
        const char *other = ost_csv_word(&self->csv, i);
        const size_t n = strlen(unknown);
        if (!is_known(self, other)) snprintf(unknown + n, sizeof(unknown) - n, "%s%s", n > 0 ? ", " : "", other);
    }
    for (size_t i = 0; i < N_COLUMNS; i++) all[i] = names[i];
    for (size_t i = 0; i < events->n_covariates; i++) all[N_COLUMNS + i] = events->covariates[i].column;
    const char *near = ost_nearest(text, all, N_COLUMNS + events->n_covariates);
    ost_csv_fail(&self->csv, field, OST_ERR_NAME,
        "unknown column '%.80s'%s%s%s; name it under 'events.ignore' (ignore: [%s]), or under 'events.covariates' with "
        "its "
        "unit",
        text, OST_HINT(near), unknown);
}

/* What one field of the first record heads. */
static void read_head(reader_t *self, size_t field)
{
    const ost_events_t *events = self->events;
    const ost_text_list_t *ignore = &self->source->ignore;
    const char *text = ost_csv_word(&self->csv, field);
    if (ost_words_find((const char *const *) ignore->items, ignore->n, text) < ignore->n) return;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (strcasecmp(text, names[i]) != 0) continue;
        if (self->field[i] != SIZE_MAX) ost_csv_fail(&self->csv, field, OST_ERR_NAME, "duplicate column '%s'", text);
        self->field[i] = field;
        return;
    }
    for (size_t i = 0; i < events->n_covariates; i++) {
        if (strcmp(events->covariates[i].column, text) != 0) continue;
        if (self->covariate[i] != SIZE_MAX)
            ost_csv_fail(&self->csv, field, OST_ERR_NAME, "duplicate column '%.80s'", text);
        self->covariate[i] = field;
    }
    if (!is_known(self, text)) fail_unknown(self, field, text);
}

/* That a column is there which 'ignore' or 'covariates' names. */
static void check_listed(reader_t *self, const char *what, const char *name)
{
    const char *all[OST_CSV_MAX_FIELDS];
    char columns[OST_CSV_COLUMNS_SIZE];
    for (size_t i = 0; i < self->csv.n_names; i++) all[i] = ost_csv_word(&self->csv, i);
    if (ost_words_find(all, self->csv.n_names, name) == self->csv.n_names)
        OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME, "has no column '%.80s', which 'events.%s' names%s%s%s%s", name, what,
            OST_HINT(ost_nearest(name, all, self->csv.n_names)), ost_csv_columns(&self->csv, columns));
}

static void read_heads(reader_t *self)
{
    const ost_events_t *events = self->events;
    char columns[OST_CSV_COLUMNS_SIZE];
    for (size_t i = 0; i < N_COLUMNS; i++) self->field[i] = SIZE_MAX;
    for (size_t i = 0; i < events->n_covariates; i++) self->covariate[i] = SIZE_MAX;
    for (size_t i = 0; i < self->source->ignore.n; i++) check_listed(self, "ignore", self->source->ignore.items[i]);
    for (size_t i = 0; i < events->n_covariates; i++) check_listed(self, "covariates", events->covariates[i].column);
    for (size_t i = 0; i < self->csv.n_names; i++) read_head(self, i);
    for (int i = COLUMN_ID; i <= COLUMN_AMT; i++)
        if (self->field[i] == SIZE_MAX)
            OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME,
                "has no column '%s'; expected ID, TIME and AMT, and further ones of EVID, CMT, II, ADDL, RATE and SS%s",
                names[i], ost_csv_columns(&self->csv, columns));
    if (self->field[COLUMN_CMT] == SIZE_MAX && events->n_compartments > 1)
        OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME, "has no column 'CMT'; expected one, as 'events.cmt' has %zu keys%s",
            events->n_compartments, ost_csv_columns(&self->csv, columns));
}

/* Whether a field of CMT is a compartment: the number or word that `cmt` maps, its state, or its model and state. */
static bool is_of(const ost_compartment_t *self, const char *text)
{
    char *end, *own_end, whole[160];
    const double number = strtod(text, &end), own = strtod(self->cmt, &own_end);
    const char *state = self->compartment != NULL ? self->compartment : "";
    if (end != text && *end == '\0' && *own_end == '\0') return number == own;
    snprintf(whole, sizeof(whole), "%s%s%s", self->drug, state[0] != '\0' ? "." : "", state);
    return strcmp(text, self->cmt) == 0 || strcmp(text, whole) == 0 || strcmp(text, state) == 0;
}

static void read_compartment(reader_t *self, ost_event_row_t *row)
{
    const ost_events_t *events = self->events;
    char mapped[128] = "";
    size_t n = 0, i = 0;
    if (self->field[COLUMN_CMT] == SIZE_MAX || self->csv.code != 0) return;
    const char *text = ost_csv_word(&self->csv, self->field[COLUMN_CMT]);
    if (text[0] == '\0' || strcmp(text, ".") == 0)
        FAIL(self, COLUMN_CMT, OST_ERR_VALUE, "CMT of a dose is missing; expected a key of 'events.cmt'");
    while (i < events->n_compartments && !is_of(&events->compartments[i], text)) i++;
    row->compartment = (uint32_t) i;
    if (i < events->n_compartments) return;
    for (i = 0; i < events->n_compartments && n < sizeof(mapped); i++)
        n += (size_t) snprintf(mapped + n, sizeof(mapped) - n, "%s%s", i > 0 ? ", " : "", events->compartments[i].cmt);
    FAIL(self, COLUMN_CMT, OST_ERR_VALUE, "CMT is %.60s, which 'events.cmt' does not map; it maps %s", text, mapped);
}

static void read_rate(reader_t *self, ost_event_row_t *row)
{
    const ost_compartment_t *to = &self->events->compartments[row->compartment];
    const double rate = number_or_0(self, COLUMN_RATE);
    row->rate_kind = rate == 0    ? OST_RATE_BOLUS
                     : rate > 0   ? OST_RATE_GIVEN
                     : rate == -1 ? OST_RATE_MODELLED
                                  : OST_RATE_DURATION;
    if (rate < 0 && rate != -1 && rate != -2)
        FAIL(self, COLUMN_RATE, OST_ERR_VALUE,
            "RATE is %.10g; expected 0 (a bolus), a rate above 0, -1 (a modelled rate) or -2 (a modelled duration)",
            rate);
    const bool is_rate = row->rate_kind == OST_RATE_MODELLED;
    if (rate < 0 && isnan(is_rate ? to->rate.value : to->duration.value))
        FAIL(self, COLUMN_RATE, OST_ERR_VALUE,
            "RATE is %g, but 'events.cmt' has no %s of CMT %s; expected '{into: %s%s%s, %s}' there", rate,
            is_rate ? "rate" : "duration", to->cmt, to->drug, to->compartment != NULL ? "." : "",
            to->compartment != NULL ? to->compartment : "", is_rate ? "rate: 10 mg/h" : "duration: 2 hour");
    row->rate = rate > 0 ? rate * self->events->amount.factor / self->events->time.factor : 0;
}

/* SS, II and ADDL of a dose. */
static void check_series(reader_t *self, const ost_event_row_t *row)
{
    const bool is_infusion = row->rate_kind != OST_RATE_BOLUS;
    if (row->amount == 0 && is_infusion && row->steady == 0)
        FAIL(self, COLUMN_AMT, OST_ERR_VALUE,
            "AMT is 0 with RATE; expected an amount, or SS 1 for an infusion that has no end before this time");
    if (row->n_more > 0 && !(row->interval > 0))
        FAIL(self, COLUMN_ADDL, OST_ERR_VALUE, "ADDL is %u without II; expected the time between doses in II",
            row->n_more);
    if (row->steady == 0) return;
    if (row->amount == 0 && !is_infusion)
        FAIL(self, COLUMN_AMT, OST_ERR_VALUE, "AMT is 0 with SS; expected an amount, or RATE");
    if (row->amount == 0 && row->rate_kind == OST_RATE_DURATION)
        FAIL(self, COLUMN_RATE, OST_ERR_VALUE, "RATE is -2 of no amount; expected a rate, or -1");
    if (row->amount == 0 && row->interval > 0)
        FAIL(self, COLUMN_II, OST_ERR_VALUE,
            "II of an infusion without AMT; expected 0: it has no end before this time");
    if (row->amount > 0 && !(row->interval > 0))
        FAIL(self, COLUMN_II, OST_ERR_VALUE, "SS is %d without II; expected the time between doses", row->steady);
}

static void read_dose(reader_t *self, ost_event_row_t *row)
{
    read_compartment(self, row);
    const double amount = number(self, self->field[COLUMN_AMT], "AMT");
    if (!(amount >= 0))
        FAIL(self, COLUMN_AMT, OST_ERR_VALUE, "AMT of a dose is %s; expected 0 or more",
            isnan(amount) ? "missing" : "negative");
    if (self->csv.code != 0) return;
    read_rate(self, row);
    const double interval = number_or_0(self, COLUMN_II);
    if (interval < 0)
        FAIL(self, COLUMN_II, OST_ERR_VALUE, "II is %.10g; expected a time above 0, or 0 for none", interval);
    row->amount = amount * self->events->amount.factor;
    row->interval = interval * self->events->time.factor;
    row->n_more = (uint32_t) whole(self, COLUMN_ADDL, MOST_DOSES, 0, "a whole number of doses, up to a million");
    row->steady = (uint8_t) whole(self, COLUMN_SS, 2, 0, "0, 1 (at steady state) or 2 (its steady state is added)");
    ost_compartment_t *to = &self->events->compartments[row->compartment];
    to->largest = fmax(to->largest, row->amount);
    to->has_infusion |= row->rate_kind != OST_RATE_BOLUS;
    to->has_steady |= row->steady > 0;
    check_series(self, row);
}

/* What only doses have is 0, or missing, in other rows. */
static void check_other(reader_t *self, int kind)
{
    static const int columns[] = { COLUMN_AMT, COLUMN_RATE, COLUMN_II, COLUMN_ADDL, COLUMN_SS };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        const double value = number_or_0(self, columns[i]);
        if (value != 0)
            FAIL(self, columns[i], OST_ERR_VALUE, "%s is %.10g in a row with EVID %d; expected 0, or EVID 1",
                names[columns[i]], value, kind);
    }
}

/* The row's kind: EVID, or in a table without it whether there is an amount or a rate. */
static uint8_t read_kind(reader_t *self)
{
    if (self->field[COLUMN_EVID] != SIZE_MAX)
        return (uint8_t) whole(self, COLUMN_EVID, OST_ROW_RESET_DOSE, NAN,
            "0 (an observation), 1 (a dose), 2 (other), 3 (a reset) or 4 (a reset and a dose)");
    const double amount = number_or_0(self, COLUMN_AMT), rate = number_or_0(self, COLUMN_RATE);
    return amount != 0 || rate != 0 ? OST_ROW_DOSE : OST_ROW_OBSERVATION;
}

/* The row begins another subject. */
static void begin_subject(reader_t *self)
{
    ost_events_t *events = self->events;
    ost_people_t *people = self->people;
    if (people->n_rows == MOST_SUBJECTS) FAIL(self, COLUMN_ID, OST_ERR_LIMIT, "more than %d subjects", MOST_SUBJECTS);
    if (people->n_rows + 1 >= self->max_subjects) {
        const size_t more = 64 + people->n_rows, n_old = people->n_rows * people->n_columns,
                     n_more = more * people->n_columns;
        ost_memory_t *memory = self->csv.memory;
        events->first = ost_memory_extend(memory, events->first, people->n_rows, more + 1, sizeof(*events->first));
        people->values = ost_memory_extend(memory, people->values, n_old, n_more, sizeof(*people->values));
        people->places = ost_memory_extend(memory, people->places, n_old, n_more, sizeof(*people->places));
        if (memory->failed) ost_csv_no_memory(&self->csv);
        self->max_subjects = people->n_rows + more;
    }
    if (self->csv.code != 0) return;
    const size_t at = people->n_rows * people->n_columns;
    events->first[people->n_rows] = events->n_rows;
    people->values[at] = self->id;
    people->places[at] = self->csv.location[self->field[COLUMN_ID]];
    for (size_t i = 0; i < events->n_covariates; i++) {
        people->values[at + 1 + i] = NAN;
        people->places[at + 1 + i] = self->csv.location[self->covariate[i]];
    }
    people->n_rows++;
}

/* Covariates of the row. One that has no interpolation is the same in all rows of its subject. */
static void read_covariates(reader_t *self)
{
    ost_events_t *events = self->events;
    ost_people_t *people = self->people;
    const size_t at = (people->n_rows - 1) * people->n_columns + 1;
    for (size_t i = 0; i < events->n_covariates && self->csv.code == 0; i++) {
        const ost_event_covariate_t *c = &events->covariates[i];
        const ost_csv_head_t head = { .name = c->column, .unit_text = c->unit_text, .unit = c->unit };
        double *value = &events->values[events->n_rows * events->n_covariates + i], *first = &people->values[at + i];
        *value = number(self, self->covariate[i], c->column);
        if (isnan(*value)) continue;
        *value = ost_csv_quantity(&self->csv, self->covariate[i], &head);
        if (isnan(*first)) {
            *first = *value;
            people->places[at + i] = self->csv.location[self->covariate[i]];
        }
        if (c->interpolation == OST_INTERPOLATION_NONE && *value != *first)
            ost_csv_fail(&self->csv, self->covariate[i], OST_ERR_VALUE,
                "%s changes within ID %.10g, from %.10g to %.10g; expected one value, or 'interpolation: locf', 'nocb' "
                "or 'linear' of 'events.covariates.%s'",
                c->column, self->id, *first / c->unit.factor, *value / c->unit.factor, c->name);
    }
}

static void read_time(reader_t *self, ost_event_row_t *row, bool is_first)
{
    const ost_events_t *events = self->events;
    const double time = number(self, self->field[COLUMN_TIME], "TIME");
    if (isnan(time))
        FAIL(self, COLUMN_TIME, OST_ERR_VALUE, "TIME is missing; expected a number of %s", events->time_text);
    row->t = time * events->time.factor;
    if (!(fabs(row->t) <= OST_LONGEST_LIFE))
        FAIL(self, COLUMN_TIME, OST_ERR_VALUE,
            "TIME %.10g %s is more than %d years from time 0, longer than a human life; 'events.time' names its unit",
            time, events->time_text, OST_LIFE_YEARS);
    if (!is_first && !(row->t >= events->rows[events->n_rows - 1].t))
        FAIL(self, COLUMN_TIME, OST_ERR_VALUE,
            "TIME %.10g is before that of the row above, %.10g; rows of one ID stand in order of time, also after "
            "EVID 3 and 4",
            time, events->rows[events->n_rows - 1].t / events->time.factor);
}

static void read_row(reader_t *self)
{
    ost_events_t *events = self->events;
    const double id = number(self, self->field[COLUMN_ID], "ID");
    if (isnan(id) || id != floor(id) || fabs(id) > 1e15)
        FAIL(self, COLUMN_ID, OST_ERR_VALUE, "ID is %s; expected a whole number",
            isnan(id) ? "missing" : "not a whole number");
    if (self->csv.code != 0) return;
    ost_event_row_t *row = &events->rows[events->n_rows];
    *row = (ost_event_row_t){ .line = self->csv.record_line };
    bool is_first = events->n_rows == 0 || id != self->id;
    self->id = id;
    read_time(self, row, is_first);
    row->kind = read_kind(self);
    if (row->kind == OST_ROW_DOSE || row->kind == OST_ROW_RESET_DOSE)
        read_dose(self, row);
    else
        check_other(self, row->kind);
    if (is_first) begin_subject(self);
    read_covariates(self);
    events->n_rows += self->csv.code == 0;
}

typedef struct {
    double id;
    size_t subject;
} entry_t;

static int compare_ids(const void *a, const void *b)
{
    const entry_t *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->subject > y->subject) - (x->subject < y->subject);
}

/* Rows of one ID stand together. */
static void check_ids(reader_t *self)
{
    const ost_people_t *people = self->people;
    entry_t *ids = malloc(people->n_rows * sizeof(*ids));
    size_t wrong = SIZE_MAX;
    if (ids == NULL) ost_csv_no_memory(&self->csv);
    if (ids == NULL) return;
    for (size_t i = 0; i < people->n_rows; i++) ids[i] = (entry_t){ people->values[i * people->n_columns], i };
    qsort(ids, people->n_rows, sizeof(*ids), compare_ids);
    for (size_t i = 1; i < people->n_rows; i++)
        if (ids[i].id == ids[i - 1].id && ids[i].subject < wrong) wrong = ids[i].subject;
    free(ids);
    if (wrong == SIZE_MAX) return;
    const ost_location_t at = people->places[wrong * people->n_columns];
    ost_csv_fail_at(&self->csv, at, OST_ERR_VALUE,
        "ID %.10g has rows above, with other IDs between them; rows of one ID stand together",
        people->values[wrong * people->n_columns]);
}

/* Fill rows that lie between two with values; SIZE_MAX: there is no such row on that side. */
static void fill_gap(ost_events_t *self, size_t i, size_t first, size_t end, size_t before, size_t after)
{
    const size_t n = self->n_covariates;
    const ost_interpolation_t how = self->covariates[i].interpolation;
    bool is_after = before == SIZE_MAX || (after != SIZE_MAX && how == OST_INTERPOLATION_NOCB);
    double x = self->values[(is_after ? after : before) * n + i], slope = 0, t = self->rows[first].t;
    if (before != SIZE_MAX && after != SIZE_MAX && how == OST_INTERPOLATION_LINEAR) {
        double span = self->rows[after].t - self->rows[before].t;
        t = self->rows[before].t;
        if (span > 0) slope = (self->values[after * n + i] - x) / span;
    }
    for (size_t row = first; row < end; row++) self->values[row * n + i] = x + slope * (self->rows[row].t - t);
}

/* Complete the covariates of all rows of a subject. */
static void fill_subject(reader_t *self, size_t s)
{
    ost_events_t *events = self->events;
    const ost_people_t *people = self->people;
    for (size_t i = 0; i < events->n_covariates && self->csv.code == 0; i++) {
        const size_t first = events->first[s], end = events->first[s + 1], at = s * people->n_columns + 1 + i;
        size_t before = SIZE_MAX;
        for (size_t row = first; row < end; row++) {
            if (isnan(events->values[row * events->n_covariates + i])) continue;
            fill_gap(events, i, before == SIZE_MAX ? first : before + 1, row, before, row);
            before = row;
        }
        if (before == SIZE_MAX)
            ost_csv_fail_at(&self->csv, people->places[at], OST_ERR_VALUE,
                "%s has no value for ID %.10g; expected one in a row at least", events->covariates[i].column,
                people->values[s * people->n_columns]);
        else
            fill_gap(events, i, before + 1, end, before, SIZE_MAX);
    }
}

/* ID, and the covariates. */
static void add_columns(reader_t *self)
{
    ost_people_t *people = self->people;
    const ost_events_t *events = self->events;
    static char id[] = "id", one[] = "1";
    people->columns = ost_csv_list(&self->csv, 1 + events->n_covariates, sizeof(*people->columns));
    for (size_t i = 0; i <= events->n_covariates && self->csv.code == 0; i++) {
        const ost_event_covariate_t *c = i > 0 ? &events->covariates[i - 1] : NULL;
        people->columns[i] = (ost_people_column_t){ .name = c != NULL ? c->name : id,
            .unit_text = c != NULL ? c->unit_text : one,
            .unit = c != NULL ? c->unit : (ost_unit_t){ .factor = 1 },
            .field = c != NULL ? self->covariate[i - 1] : self->field[COLUMN_ID] };
        people->columns[i].at = self->csv.location[people->columns[i].field];
        people->n_columns = i + 1;
    }
}

static void read_table(reader_t *self)
{
    ost_events_t *events = self->events;
    const size_t most = ost_csv_most_records(&self->csv, SIZE_MAX);
    read_heads(self);
    add_columns(self);
    events->rows = ost_csv_list(&self->csv, most, sizeof(*events->rows));
    events->values = ost_csv_list(&self->csv, most * events->n_covariates, sizeof(*events->values));
    while (ost_csv_next(&self->csv)) read_row(self);
    if (events->n_rows == 0)
        ost_csv_fail_at(
            &self->csv, (ost_location_t){ self->csv.line, 0 }, OST_ERR_VALUE, "has no row below its column names");
    if (self->csv.code != 0) return;
    events->first[self->people->n_rows] = events->n_rows;
    check_ids(self);
    for (size_t s = 0; s < self->people->n_rows; s++) fill_subject(self, s);
}

int ost_events_read(
    ost_events_t *self, ost_people_t *people, const ost_people_source_t *source, ost_memory_t *memory, ost_error_t *err)
{
    reader_t reader = { .events = self, .people = people, .source = source };
    if (ost_people_begin(people, source, memory, &reader.csv, err) == 0) read_table(&reader);
    ost_csv_close(&reader.csv);
    return reader.csv.code;
}

size_t ost_events_times(const ost_events_t *self, double *times)
{
    size_t n_all = 0, n = 0;
    for (size_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].kind == OST_ROW_OBSERVATION) times[n_all++] = self->rows[i].t;
    qsort(times, n_all, sizeof(*times), ost_compare_doubles);
    for (size_t i = 0; i < n_all; i++)
        if (n == 0 || times[i] > times[n - 1] + OST_SAME_TIME) times[n++] = times[i];
    return n;
}
