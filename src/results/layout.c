/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result file consists of. Takes the plans of a journal, gives datasets to be filled. Of several plans, what has
 * arms and subjects has a dimension `model` in front, over the arms and elements of all; what belongs to a subject
 * alone is there once, for it is the same in all of them. Of a sweep, its dimensions stand in front (front.c). */
#include "core/text.h"
#include "results/results_impl.h"

#include <ctype.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const ost_dataset_t *find_dataset(const ost_writer_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_datasets; i++)
        if (strcmp(self->datasets[i].name, name) == 0) return &self->datasets[i];
    return NULL;
}

static bool same_set(const ost_index_set_t *a, const ost_index_set_t *b)
{
    if (strcmp(a->name, b->name) != 0 || a->n_elements != b->n_elements) return false;
    for (size_t i = 0; i < a->n_elements; i++) {
        if (strcmp(a->elements[i], b->elements[i]) != 0) return false;
    }
    return true;
}

/* "site"; "site_2" for the second of that name, but other elements, among the index sets of a plan. */
static void name_set(const ost_plan_t *plan, const ost_index_set_t *set, char *name, size_t size)
{
    size_t n_same = 0;
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_index_set_t *other = plan->outputs->variables[v].index_set;
        if (other == NULL || strcmp(other->name, set->name) != 0) continue;
        if (same_set(other, set)) break;
        size_t first = 0;
        while (plan->outputs->variables[first].index_set == NULL ||
               !same_set(plan->outputs->variables[first].index_set, other))
            first++;
        n_same += first == v;
    }
    if (n_same == 0) snprintf(name, size, "%.60s", set->name);
    if (n_same > 0) snprintf(name, size, "%.60s_%zu", set->name, n_same + 1);
}

static size_t find_text(const ost_dimension_t *dim, const char *text)
{
    size_t i = 0;
    while (i < dim->n && strcmp(dim->texts[i], text) != 0) i++;
    return i;
}

/* @return its place among the texts of the dimension, to which it is added if need be; SIZE_MAX: out of memory */
static size_t add_text(ost_dimension_t *dim, const char *text)
{
    size_t i = find_text(dim, text);
    if (i < dim->n) return i;
    const char **more = realloc(dim->texts, (dim->n + 1) * sizeof(*more));
    if (more == NULL) return SIZE_MAX;
    dim->texts = more;
    more[dim->n++] = text;
    return i;
}

static ost_dimension_t *find_dimension(ost_writer_t *self, const ost_plan_t *plan, const ost_index_set_t *set)
{
    char name[sizeof(self->dimensions->name)];
    size_t i = OST_N_FIXED_DIMENSIONS;
    name_set(plan, set, name, sizeof(name));
    while (i < self->n_dimensions && strcmp(self->dimensions[i].name, name) != 0) i++;
    if (i == self->n_dimensions) {
        self->dimensions[self->n_dimensions] = (ost_dimension_t){ .set = set->name, .scale = -1 };
        snprintf(self->dimensions[self->n_dimensions++].name, sizeof(name), "%s", name);
    }
    return &self->dimensions[i];
}

/* Arms and elements of a part, and where they go. */
static bool add_part(ost_writer_t *self, size_t p)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_experiment_t *e = plan->experiment;
    ost_target_t *target = &self->targets[p];
    bool ok = true;
    target->arm = ost_memory_list(&self->memory, e->n_arms, sizeof(*target->arm));
    target->element = ost_memory_list(&self->memory, plan->system->n_outputs, sizeof(*target->element));
    if (self->memory.failed) return false;
    for (size_t a = 0; a < e->n_arms && ok; a++) {
        target->arm[a] = add_text(&self->dimensions[OST_DIM_ARM], e->arms[a].name);
        ok = target->arm[a] != SIZE_MAX;
    }
    for (size_t v = 0; v < plan->outputs->n_variables && ok; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        if (variable->index_set == NULL) continue;
        ost_dimension_t *dim = find_dimension(self, plan, variable->index_set);
        for (size_t i = 0; i < variable->n_elements && ok; i++) {
            size_t to = target->element[variable->first + i] = add_text(dim, variable->index_set->elements[i]);
            ok = to != SIZE_MAX;
        }
    }
    return ok;
}

static int list_dimensions(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->parts[0].plan->experiment;
    size_t most = OST_N_FIXED_DIMENSIONS;
    for (size_t p = 0; p < self->n_plans; p++) most += self->parts[p].plan->outputs->n_variables;
    self->dimensions = ost_memory_list(&self->memory, most, sizeof(*self->dimensions));
    if (self->dimensions == NULL) return ost_no_memory(err);
    self->n_dimensions = OST_N_FIXED_DIMENSIONS;
    self->dimensions[OST_DIM_ARM] = (ost_dimension_t){ .name = "arm", .scale = -1 };
    self->dimensions[OST_DIM_SUBJECT] = (ost_dimension_t){ .name = "subject", .n = e->n_subjects, .scale = -1 };
    self->dimensions[OST_DIM_QUANTILE] = (ost_dimension_t){ .name = "quantile", .n = OST_N_LEVELS, .scale = -1 };
    self->dimensions[OST_DIM_TIMES] = (ost_dimension_t){ .name = "time", .n = e->n_times, .scale = -1 };
    for (size_t p = 0; p < self->n_plans; p++)
        if (!add_part(self, p)) return ost_no_memory(err);
    return ost_results_front(self, err);
}

/* Numbers of subjects, a chunk at a time: memory does not grow with the cohort. */
static int write_subjects(ost_writer_t *self, ost_error_t *err)
{
    ost_dimension_t *dim = &self->dimensions[OST_DIM_SUBJECT];
    const ost_values_t values = { dim->name, H5T_NATIVE_INT64, NULL, "1", "subject number" };
    int64_t *numbers = ost_memory_list(&self->memory, OST_HELD_SUBJECTS, sizeof(*numbers));
    const hsize_t all = dim->n;
    hid_t file = H5Screate_simple(1, &all, NULL);
    int ret = numbers == NULL ? ost_no_memory(err) : ost_results_coordinate(self, dim, &values, err);
    for (hsize_t at = 0, n; at < all && ret == 0; at += n) {
        n = all - at < OST_HELD_SUBJECTS ? all - at : OST_HELD_SUBJECTS;
        for (hsize_t i = 0; i < n; i++)
            numbers[i] = (int64_t) (self->parts[0].plan->experiment->first_subject + at + i);
        hid_t memory = H5Screate_simple(1, &n, NULL);
        if (file < 0 || memory < 0 || H5Sselect_hyperslab(file, H5S_SELECT_SET, &at, NULL, &n, NULL) < 0 ||
            H5Dwrite(dim->scale, values.type, memory, file, H5P_DEFAULT, numbers) < 0)
            ret = ost_writer_fail(self, dim->name, err);
        OST_H5_CLOSE(memory);
    }
    OST_H5_CLOSE(file);
    return ret;
}

static int write_texts(ost_writer_t *self, ost_dimension_t *dim, const char *text, ost_error_t *err)
{
    return ost_results_coordinate(
        self, dim, &(ost_values_t){ dim->name, self->text_type, dim->texts, NULL, text }, err);
}

static int write_arm_labels(ost_writer_t *self, ost_error_t *err)
{
    const ost_dimension_t *dim = &self->dimensions[OST_DIM_ARM];
    const char **labels = ost_memory_list(&self->memory, dim->n, sizeof(*labels));
    if (labels == NULL) return ost_no_memory(err);
    for (size_t p = self->n_plans; p-- > 0;) {
        const ost_experiment_t *e = self->parts[p].plan->experiment;
        for (size_t a = 0; a < e->n_arms; a++) labels[self->targets[p].arm[a]] = e->arms[a].label;
    }
    hid_t id = ost_results_values(
        self, dim, &(ost_values_t){ "arm_label", self->text_type, labels, NULL, "treatment arm in words" }, err);
    return id < 0 ? OST_ERR_IO : 0;
}

static int write_coordinates(ost_writer_t *self, ost_error_t *err)
{
    ost_dimension_t *d = self->dimensions;
    /* "d" and not "days": xarray would make nanoseconds of it */
    const ost_values_t times = { d[OST_DIM_TIMES].name, H5T_NATIVE_DOUBLE, self->parts[0].plan->experiment->times, "d",
        "time since the start of treatment" };
    int ret = ost_results_front_coordinates(self, err);
    if (ret == 0 && self->keep == OST_KEEP_ENDPOINTS) return 0;
    if (ret == 0) ret = write_texts(self, &d[OST_DIM_ARM], "treatment arm", err);
    if (ret == 0) ret = write_arm_labels(self, err);
    if (ret == 0 && self->keep == OST_KEEP_SUBJECTS) ret = write_subjects(self, err);
    if (ret == 0 && self->keep == OST_KEEP_QUANTILES) ret = ost_results_quantile_coordinate(self, err);
    if (ret == 0) ret = ost_results_coordinate(self, &d[OST_DIM_TIMES], &times, err);
    for (size_t i = OST_N_FIXED_DIMENSIONS; i < self->n_dimensions && ret == 0; i++)
        ret = write_texts(self, &d[i], d[i].set, err);
    return ret;
}

/* "arm_label age bmi": what belongs to a subject or an arm becomes a coordinate of every variable. */
static char *coordinate_list(const ost_experiment_t *experiment)
{
    const char **names = malloc((experiment->n_covariates + 1) * sizeof(*names));
    if (names == NULL) return NULL;
    names[0] = "arm_label";
    for (size_t i = 0; i < experiment->n_covariates; i++) names[i + 1] = experiment->covariates[i].name;
    char *list = ost_text_join(names, experiment->n_covariates + 1, " ");
    free(names);
    return list;
}

/* In netCDF-4's words, and the error itself. */
static int describe_rounding(hid_t id, int kept_bits)
{
    const double error = ldexp(1, -kept_bits - 1);
    if (ost_h5_set_doubles(id, "rounding_relative_error", &error, 1) != 0) return -1;
    return ost_h5_set_array(
        id, "_QuantizeBitRoundNumberOfSignificantBits", H5T_STD_I32LE, H5T_NATIVE_INT, &kept_bits, 1);
}

static size_t with_front(const ost_writer_t *self, const ost_dimension_t **dims)
{
    for (size_t k = 0; k < self->n_front; k++) dims[k] = &self->front[k];
    return self->n_front;
}

/* Dimensions of what has arms: those in front, arm, then those given. @return their number */
static size_t with_arms(const ost_writer_t *self, const ost_dimension_t **dims, const ost_dimension_t *a,
    const ost_dimension_t *b, const ost_dimension_t *c)
{
    const ost_dimension_t *const all[] = { &self->dimensions[OST_DIM_ARM], a, b, c };
    size_t n = with_front(self, dims);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] != NULL) dims[n++] = all[i];
    return n;
}

static int describe_variable(ost_writer_t *self, size_t p, size_t v, hid_t id, const char *coordinates)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_variable_t *variable = &plan->outputs->variables[v];
    const double nan_value = NAN;
    const int kept_bits = ost_kept_bits(plan->experiment);
    hid_t type = plan->experiment->float64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT;
    if (ost_h5_set_array(id, "_FillValue", type, H5T_NATIVE_DOUBLE, &nan_value, 1) != 0) return -1;
    if (ost_h5_set_text(id, "coordinates", coordinates) != 0) return -1;
    if (kept_bits >= 0 && describe_rounding(id, kept_bits) != 0) return -1;
    if (!ost_journal_part(self->journal, p)->columns->is_relative[v]) return 0;
    char units[512], text[512];
    ost_units_differ(self->parts, self->n_parts, variable->name, units, sizeof(units));
    snprintf(text, sizeof(text), "%.400s, relative to its value at time 0", variable->text);
    if (ost_results_describe(id, "1", text) != 0) return -1;
    return ost_h5_set_text(id, "units_of_models", units);
}

/* One of another shape than that of the parts before it gets the name of its model as well. */
static int define_variable(ost_writer_t *self, size_t p, size_t v, const char *coordinates, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_variable_t *variable = &plan->outputs->variables[v];
    const ost_dimension_t *dims[OST_MAX_RANK], *d = self->dimensions;
    const ost_dimension_t *set = variable->index_set != NULL ? find_dimension(self, plan, variable->index_set) : NULL;
    size_t rank = with_arms(self, dims, set, &d[OST_DIM_SUBJECT], &d[OST_DIM_TIMES]);
    char name[OST_DATASET_NAME_SIZE];
    if (self->keep == OST_KEEP_QUANTILES) return ost_results_define_summaries(self, p, v, set, err);
    snprintf(name, sizeof(name), "%.78s", variable->name);
    const ost_dataset_t *there = find_dataset(self, name);
    if (there != NULL && there->rank != rank) {
        snprintf(name, sizeof(name), "%.78s_%.78s", variable->name, self->parts[p].name);
        there = NULL;
    }
    if (there != NULL) {
        self->targets[p].variables[v] = there->id;
        return 0;
    }
    hid_t type = plan->experiment->float64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT; /* chunks are as memory is */
    hid_t id = ost_results_dataset(self, self->file, name, type, rank, dims, variable->unit_text, variable->text, err);
    self->targets[p].variables[v] = id;
    if (id < 0) return OST_ERR_IO;
    return describe_variable(self, p, v, id, coordinates) == 0 ? 0 : ost_writer_fail(self, name, err);
}

static int define_variables(ost_writer_t *self, size_t p, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    char *coordinates = coordinate_list(plan->experiment);
    int ret = coordinates == NULL ? ost_no_memory(err) : 0;
    for (size_t v = 0; v < plan->outputs->n_variables && ret == 0; v++)
        ret = define_variable(self, p, v, coordinates, err);
    free(coordinates);
    return ret;
}

/* flag_meanings in the order of OST_ERR_LIST: "ok no_memory io ... not_run". */
static int describe_status(hid_t id)
{
    static const int codes[] = { 0,
#define OST_CODE(name, value, text) value,
        OST_ERR_LIST(OST_CODE)
#undef OST_CODE
    };
    enum { N_CODES = sizeof codes / sizeof codes[0] };
    uint8_t flags[N_CODES + 1];
    char meanings[512] = "ok";
    flags[0] = 0;
    for (size_t i = 1; i < N_CODES; i++) {
        flags[i] = (uint8_t) -codes[i];
        size_t length = strlen(meanings);
        const char *name = ost_error_name(codes[i]) + strlen("OST_ERR_");
        snprintf(meanings + length, sizeof meanings - length, " %s", name);
        for (char *c = meanings + length; *c != '\0'; c++) *c = (char) tolower((unsigned char) *c);
    }
    flags[N_CODES] = OST_STATUS_NOT_RUN;
    strncat(meanings, " not_run", sizeof meanings - strlen(meanings) - 1);
    if (ost_h5_set_array(id, "flag_values", H5T_STD_U8LE, H5T_NATIVE_UINT8, flags, N_CODES + 1) != 0) return -1;
    return ost_h5_set_text(id, "flag_meanings", meanings);
}

/* flag_meanings are the names of the strata, and "none". */
static int describe_strata(ost_writer_t *self, hid_t id, const ost_experiment_t *e, ost_error_t *err)
{
    const size_t n = e->n_strata + 1;
    const char **names = ost_memory_list(&self->memory, n, sizeof(*names));
    int32_t *flags = ost_memory_list(&self->memory, n, sizeof(*flags));
    if (self->memory.failed) return ost_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        names[i] = i == 0 ? "none" : e->strata[i - 1].name;
        flags[i] = (int32_t) i - 1;
    }
    char *meanings = ost_text_join(names, n, " ");
    if (meanings == NULL) return ost_no_memory(err);
    const bool ok = ost_h5_set_array(id, "flag_values", H5T_STD_I32LE, H5T_NATIVE_INT32, flags, n) == 0 &&
                    ost_h5_set_text(id, "flag_meanings", meanings) == 0;
    free(meanings);
    return ok ? 0 : ost_writer_fail(self, "stratum", err);
}

/* What the models say a covariate means, its name where they only compute with it. */
static const char *covariate_text(const ost_plan_t *plan, const char *name)
{
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        int i = ost_model_param(model, name);
        if (i >= 0 && model->params[i].is_covariate && model->params[i].text[0] != '\0') return model->params[i].text;
    }
    return name;
}

/* Whether the dosing table has values of a covariate that change in time, of which the file has that of the first row.
 */
static bool covariate_changes(const ost_experiment_t *e, const char *name)
{
    for (size_t i = 0; i < e->events.n_covariates; i++)
        if (strcmp(e->events.covariates[i].name, name) == 0)
            return e->events.covariates[i].interpolation != OST_INTERPOLATION_NONE;
    return false;
}

/* Parameters of every block: (subject) where they vary, a scalar where they do not, which is written at once.
 * @return its id, -1 with the error recorded */
static hid_t define_parameter(
    ost_writer_t *self, const char *name, const ost_param_t *param, bool varies, double value, ost_error_t *err)
{
    const ost_dimension_t *const dims[] = { &self->dimensions[OST_DIM_SUBJECT] };
    hid_t id = ost_results_dataset(
        self, self->parameters, name, H5T_IEEE_F64LE, varies ? 1 : 0, dims, param->unit_text, param->text, err);
    if (id < 0) return -1;
    if (ost_h5_set_text(id, "source", param->source) == 0 &&
        (varies || H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) >= 0)) {
        return id;
    }
    ost_writer_fail(self, name, err);
    return -1;
}

/* What holds a column, shared by parts that have one of that name: over (subject), or ([model,] arm, subject).
 * @return 0, or an error; *id -1: what is the same in all parts is there already */
static int define_column(
    ost_writer_t *self, const ost_plan_t *plan, const ost_column_t *column, hid_t *id, ost_error_t *err)
{
    const ost_dimension_t *subject = &self->dimensions[OST_DIM_SUBJECT], *dims[OST_MAX_RANK];
    const bool is_covariate = column->source == OST_COLUMN_COVARIATE;
    const ost_covariate_t *covariate = is_covariate ? &plan->experiment->covariates[column->index] : NULL;
    const bool ended = column->source == OST_COLUMN_ENDED, has_arm = column->arm >= 0;
    size_t rank = !has_arm && ost_results_is_in_front(self, column) ? with_front(self, dims) : 0;
    if (has_arm)
        rank = with_arms(self, dims, subject, NULL, NULL);
    else
        dims[rank++] = subject;
    char name[OST_DATASET_NAME_SIZE], text[300];
    ost_values_t to = { .name = name, .type = H5T_IEEE_F64LE, .units = "d", .long_name = text };
    switch (column->source) {
    case OST_COLUMN_COVARIATE:
        to = (ost_values_t){ covariate->name, H5T_IEEE_F64LE, NULL, covariate->unit_text, text };
        snprintf(text, sizeof(text), "%.200s%s", covariate_text(plan, covariate->name),
            covariate_changes(plan->experiment, covariate->name)
                ? ", at the first row of each subject; it changes in time"
                : "");
        break;
    case OST_COLUMN_NUMBER:
        to = (ost_values_t){ "subject_number", H5T_STD_U64LE, NULL, "1",
            "number of the subject among the candidates that the seed gives" };
        break;
    case OST_COLUMN_STRATUM:
        to = (ost_values_t){ "stratum", H5T_STD_I32LE, NULL, NULL, "stratum that the subject fills" };
        break;
    case OST_COLUMN_BEGAN: /* lines of one name in several arms share a dataset */
    case OST_COLUMN_ENDED: {
        const char *of = plan->schedules->line[ost_schedules_timed(plan->schedules, column->index)].name;
        snprintf(name, sizeof(name), "%s%.100s", ended ? OST_ENDED : OST_BEGAN, of);
        snprintf(text, sizeof(text), "when the subject first %s %.100s", ended ? "ended" : "began", of);
        break;
    }
    case OST_COLUMN_STEPS:
        to = (ost_values_t){ "n_steps", H5T_STD_U32LE, NULL, "1", "accepted solver steps" };
        break;
    case OST_COLUMN_REJECTED:
        to = (ost_values_t){ "n_rejected", H5T_STD_U32LE, NULL, "1", "rejected solver steps" };
        break;
    case OST_COLUMN_STATUS:
        to = (ost_values_t){ "status", H5T_STD_U8LE, NULL, NULL, "how it ended" };
        break;
    case OST_COLUMN_PARAM: /* by define_parameters() */
        return 0;
    case OST_COLUMN_MEASURE: /* of which endpoints are made */
        *id = -1;
        return 0;
    }
    const ost_dataset_t *there = find_dataset(self, to.name);
    *id = there != NULL && has_arm ? there->id : -1;
    if (there != NULL) return 0;
    *id = ost_results_dataset(self, self->file, to.name, to.type, rank, dims, to.units, to.long_name, err);
    if (*id < 0) return OST_ERR_IO;
    if (column->source == OST_COLUMN_STRATUM) return describe_strata(self, *id, plan->experiment, err);
    const bool is_described = column->source != OST_COLUMN_STATUS || describe_status(*id) == 0;
    return is_described ? 0 : ost_writer_fail(self, to.name, err);
}

static int define_parameters(ost_writer_t *self, size_t p, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    double *typical = ost_memory_list(&self->memory, plan->blocks->n_params, sizeof(*typical));
    if (typical == NULL) return ost_no_memory(err);
    ost_plan_typical(plan, typical);
    int ret = 0;
    size_t c = 0;
    while (c < columns->n_columns && columns->columns[c].source != OST_COLUMN_PARAM) c++;
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        for (size_t k = 0; k < model->n_params && ret == 0; k++) {
            const ost_param_t *param = &model->params[k];
            size_t i = plan->blocks->block[b].first_param + k;
            char name[OST_DATASET_NAME_SIZE];
            if (param->is_covariate) continue;
            bool varies = ost_plan_param_varies(plan, i);
            hid_t id = -1;
            ost_blocks_param_name(plan->blocks, i, name, sizeof(name));
            if (find_dataset(self, name) == NULL) {
                id = define_parameter(self, name, param, varies, typical[i] / param->unit.factor, err);
                ret = id < 0 ? OST_ERR_IO : 0;
            }
            if (varies) self->targets[p].columns[c++] = id;
        }
    }
    return ret;
}

static int define_part(ost_writer_t *self, size_t p, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    ost_target_t *target = &self->targets[p];
    target->variables =
        ost_memory_list(&self->memory, OST_N_SUMMARIES * plan->outputs->n_variables, sizeof(*target->variables));
    target->columns = ost_memory_list(&self->memory, columns->n_columns, sizeof(*target->columns));
    if (self->memory.failed) return ost_no_memory(err);
    int ret = self->keep != OST_KEEP_ENDPOINTS ? define_variables(self, p, err) : 0;
    for (size_t c = 0; c < columns->n_columns && ret == 0; c++)
        ret = define_column(self, plan, &columns->columns[c], &target->columns[c], err);
    return ret == 0 && self->parameters >= 0 ? define_parameters(self, p, err) : ret;
}

int ost_results_write_facts(hid_t file, const char *path, const ost_identity_t *identity, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < identity->n && ret == 0; i++) {
        const ost_fact_t *fact = &identity->facts[i];
        const double number = fact->kind == OST_FACT_NUMBER ? strtod(fact->text, NULL) : 0;
        if (fact->kind == OST_FACT_TEXT)
            ret = ost_h5_set_text(file, fact->name, fact->text);
        else if (fact->kind == OST_FACT_COUNT)
            ret = ost_h5_set_count(file, fact->name, strtoull(fact->text, NULL, 10));
        else
            ret = ost_h5_set_doubles(file, fact->name, &number, 1);
        if (ret != 0) ret = ost_h5_fail(err, OST_ERR_IO, path, "cannot write '%s'", fact->name);
    }
    return ret;
}

static int write_identity(ost_writer_t *self, ost_error_t *err)
{
    ost_identity_t identity;
    int ret = ost_parts_identity(&identity, self->parts, self->n_parts, err);
    if (ret == 0) ret = ost_results_write_facts(self->file, self->path, &identity, err);
    ost_identity_free(&identity);
    return ret;
}

static int make_group(ost_writer_t *self)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    if (create >= 0 && H5Pset_link_creation_order(create, order) >= 0)
        self->parameters = H5Gcreate2(self->file, "parameters", H5P_DEFAULT, create, H5P_DEFAULT);
    OST_H5_CLOSE(create);
    return self->parameters < 0 ? -1 : 0;
}

int ost_results_layout(ost_writer_t *self, ost_error_t *err)
{
    int ret = write_identity(self, err);
    if (ret == 0 && self->sweep == NULL && self->keep == OST_KEEP_SUBJECTS && make_group(self) != 0)
        ret = ost_writer_fail(self, "parameters", err);
    if (ret == 0) ret = list_dimensions(self, err);
    if (ret == 0) ret = write_coordinates(self, err);
    for (size_t p = 0; p < self->n_plans && ret == 0; p++) ret = define_part(self, p, err);
    return ret;
}
