/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/model_impl.h"
#include "osteon/version.h"
#include "results/results_impl.h"

#include <ctype.h>
#include <hdf5_hl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 4096

int ost_writer_fail(const ost_writer_t *self, const char *name, ost_error_t *err)
{
    return ost_h5_fail(err, OST_ERR_IO, self->part, "cannot write '%s'", name);
}

static int describe(hid_t object, const char *units, const char *long_name)
{
    if (units != NULL && ost_h5_set_text(object, "units", units) != 0) return -1;
    return long_name != NULL ? ost_h5_set_text(object, "long_name", long_name) : 0;
}

/* Layout and fill value. Outputs are in chunks of the blocks that a cohort is run in, so that each is written once and
 * whole by the thread that computed it; a chunk that was never written reads as NaN. */
static hid_t make_creation(const ost_writer_t *self, hid_t type, size_t rank, const hsize_t *sizes)
{
    const double nan_value = NAN;
    const uint8_t not_run = OST_STATUS_NOT_RUN;
    const ost_experiment_t *e = self->plan->experiment;
    hid_t id = H5Pcreate(H5P_DATASET_CREATE);
    bool ok = id >= 0 && H5Pset_attr_creation_order(id, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0;
    if (ok && H5Tget_class(type) == H5T_FLOAT) ok = H5Pset_fill_value(id, H5T_NATIVE_DOUBLE, &nan_value) >= 0;
    if (ok && H5Tequal(type, H5T_STD_U8LE) > 0) ok = H5Pset_fill_value(id, H5T_NATIVE_UINT8, &not_run) >= 0;
    /* small ones get their place at once, so that none lies beyond what a killed run's file knows as its end */
    if (ok && rank <= 2) ok = H5Pset_alloc_time(id, H5D_ALLOC_TIME_EARLY) >= 0;
    if (ok && rank > 2) {
        hsize_t chunk[4] = { 1, 1, 1, 1 };
        chunk[rank - 2] = ost_chunk_subjects(e);
        chunk[rank - 1] = sizes[rank - 1];
        ok = H5Pset_chunk(id, (int) rank, chunk) >= 0;
        if (ok && e->compression > 0)
            ok = H5Pset_shuffle(id) >= 0 && H5Pset_deflate(id, (unsigned) e->compression) >= 0;
    }
    if (ok || id < 0) return id;
    H5Pclose(id);
    return -1;
}

hid_t ost_results_dataset(ost_writer_t *self, hid_t parent, const char *name, hid_t type, size_t rank,
    const ost_dimension_t *const *dims, const char *units, const char *long_name, ost_error_t *err)
{
    hsize_t sizes[4] = { 0 };
    for (size_t i = 0; i < rank; i++) sizes[i] = dims[i]->n;
    hid_t id = -1, create = make_creation(self, type, rank, sizes);
    hid_t space = rank > 0 ? H5Screate_simple((int) rank, sizes, NULL) : H5Screate(H5S_SCALAR);
    if (space >= 0 && create >= 0) {
        id = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    }
    bool ok = id >= 0 && describe(id, units, long_name) == 0;
    for (size_t i = 0; ok && i < rank; i++) {
        ok = dims[i]->scale < 0 || H5DSattach_scale(id, dims[i]->scale, (unsigned) i) >= 0;
    }
    if (!ok) {
        ost_writer_fail(self, name, err);
        if (id >= 0) H5Dclose(id);
        id = -1;
    }
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    return id;
}

int ost_results_coordinate(ost_writer_t *self, ost_dimension_t *dim, hid_t type, const void *values, const char *units,
    const char *long_name, ost_error_t *err)
{
    const ost_dimension_t *const dims[] = { dim };
    hid_t id = ost_results_dataset(self, self->file, dim->name, type, 1, dims, units, long_name, err);
    if (id < 0) return OST_ERR_IO;
    if ((values != NULL && H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) ||
        H5DSset_scale(id, dim->name) < 0) {
        H5Dclose(id);
        return ost_writer_fail(self, dim->name, err);
    }
    dim->scale = id;
    return 0;
}

static bool same_set(const ost_index_set_t *a, const ost_index_set_t *b)
{
    if (strcmp(a->name, b->name) != 0 || a->n_elements != b->n_elements) return false;
    for (size_t i = 0; i < a->n_elements; i++) {
        if (strcmp(a->elements[i], b->elements[i]) != 0) return false;
    }
    return true;
}

static ost_dimension_t *find_dimension(ost_writer_t *self, const ost_index_set_t *set)
{
    for (size_t i = OST_N_FIXED_DIMENSIONS; i < self->n_dimensions; i++) {
        if (same_set(self->dimensions[i].set, set)) return &self->dimensions[i];
    }
    return NULL;
}

/* arm, subject, time, and each index set that a variable uses; two sets of one name but other elements get a number. */
static int list_dimensions(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *experiment = plan->experiment;
    self->dimensions = calloc(OST_N_FIXED_DIMENSIONS + plan->n_variables, sizeof *self->dimensions);
    if (self->dimensions == NULL) return ost_no_memory(err);
    self->n_dimensions = OST_N_FIXED_DIMENSIONS;
    self->dimensions[OST_DIM_ARM] = (ost_dimension_t){ .name = "arm", .n = experiment->n_arms };
    self->dimensions[OST_DIM_SUBJECT] = (ost_dimension_t){ .name = "subject", .n = experiment->n_subjects };
    self->dimensions[OST_DIM_TIMES] = (ost_dimension_t){ .name = "time", .n = experiment->n_times };
    for (size_t v = 0; v < plan->n_variables; v++) {
        const ost_index_set_t *set = plan->variables[v].index_set;
        if (set == NULL || find_dimension(self, set) != NULL) continue;
        size_t n_same = 0;
        for (size_t i = OST_N_FIXED_DIMENSIONS; i < self->n_dimensions; i++) {
            n_same += strcmp(self->dimensions[i].set->name, set->name) == 0;
        }
        ost_dimension_t *dim = &self->dimensions[self->n_dimensions++];
        *dim = (ost_dimension_t){ .n = set->n_elements, .set = set };
        if (n_same == 0) snprintf(dim->name, sizeof dim->name, "%.60s", set->name);
        if (n_same > 0) snprintf(dim->name, sizeof dim->name, "%.60s_%zu", set->name, n_same + 1);
    }
    for (size_t i = 0; i < self->n_dimensions; i++) self->dimensions[i].scale = -1;
    return 0;
}

static int write_subjects(ost_writer_t *self, ost_error_t *err)
{
    ost_dimension_t *dim = &self->dimensions[OST_DIM_SUBJECT];
    int ret = ost_results_coordinate(self, dim, H5T_STD_I64LE, NULL, "1", "subject number", err);
    if (ret != 0) return ret;
    int64_t numbers[PIECE];
    hid_t space = H5Dget_space(dim->scale);
    bool ok = space >= 0;
    for (size_t first = 0; ok && first < dim->n; first += PIECE) {
        hsize_t start = first, count = dim->n - first < PIECE ? dim->n - first : PIECE;
        for (size_t i = 0; i < count; i++) numbers[i] = (int64_t) (self->plan->experiment->first_subject + first + i);
        hid_t memory = H5Screate_simple(1, &count, NULL);
        ok = memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL) >= 0 &&
             H5Dwrite(dim->scale, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, numbers) >= 0;
        if (memory >= 0) H5Sclose(memory);
    }
    if (space >= 0) H5Sclose(space);
    return ok ? 0 : ost_writer_fail(self, "subject", err);
}

static int write_arms(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *experiment = self->plan->experiment;
    ost_dimension_t *dim = &self->dimensions[OST_DIM_ARM];
    const char **texts = calloc(experiment->n_arms, sizeof *texts);
    if (texts == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < experiment->n_arms; i++) texts[i] = experiment->arms[i].name;
    int ret = ost_results_coordinate(self, dim, self->text_type, texts, NULL, "treatment arm", err);
    if (ret == 0) {
        for (size_t i = 0; i < experiment->n_arms; i++) texts[i] = experiment->arms[i].label;
        const ost_dimension_t *const dims[] = { dim };
        hid_t id = ost_results_dataset(
            self, self->file, "arm_label", self->text_type, 1, dims, NULL, "treatment arm in words", err);
        if (id < 0) ret = OST_ERR_IO;
        if (id >= 0 && H5Dwrite(id, self->text_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0) {
            ret = ost_writer_fail(self, "arm_label", err);
        }
        if (id >= 0 && H5Dclose(id) < 0 && ret == 0) ret = ost_writer_fail(self, "arm_label", err);
    }
    free(texts);
    return ret;
}

static int write_coordinates(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *experiment = self->plan->experiment;
    int ret = write_arms(self, err);
    if (ret == 0) ret = write_subjects(self, err);
    /* "d" and not "days": xarray would make nanoseconds of it */
    if (ret == 0) {
        ret = ost_results_coordinate(self, &self->dimensions[OST_DIM_TIMES], H5T_NATIVE_DOUBLE, experiment->times, "d",
            "time since the start of treatment", err);
    }
    for (size_t i = OST_N_FIXED_DIMENSIONS; i < self->n_dimensions && ret == 0; i++) {
        ret = ost_results_coordinate(self, &self->dimensions[i], self->text_type,
            (const void *) self->dimensions[i].set->elements, NULL, self->dimensions[i].set->name, err);
    }
    return ret;
}

/* "arm_label age bmi": what belongs to a subject or an arm becomes a coordinate of every variable. */
static char *coordinate_list(const ost_experiment_t *experiment)
{
    size_t size = sizeof "arm_label";
    for (size_t i = 0; i < experiment->n_covariates; i++) size += strlen(experiment->covariates[i].name) + 1;
    char *list = malloc(size);
    if (list == NULL) return NULL;
    size_t length = (size_t) snprintf(list, size, "arm_label");
    for (size_t i = 0; i < experiment->n_covariates; i++) {
        length += (size_t) snprintf(list + length, size - length, " %s", experiment->covariates[i].name);
    }
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

static int define_variables(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_dimension_t *d = self->dimensions;
    hid_t type = plan->experiment->float64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT; /* chunks are as memory is */
    const double nan_value = NAN;
    const int kept_bits = ost_kept_bits(plan->experiment);
    char *coordinates = coordinate_list(plan->experiment);
    int ret = coordinates == NULL ? ost_no_memory(err) : 0;
    for (size_t v = 0; v < plan->n_variables && ret == 0; v++) {
        const ost_variable_t *variable = &plan->variables[v];
        const ost_dimension_t *dims[4] = { &d[OST_DIM_ARM], &d[OST_DIM_SUBJECT], &d[OST_DIM_TIMES] };
        if (variable->index_set != NULL) {
            dims[1] = find_dimension(self, variable->index_set);
            dims[2] = &d[OST_DIM_SUBJECT];
            dims[3] = &d[OST_DIM_TIMES];
        }
        hid_t id = ost_results_dataset(self, self->file, variable->name, type, variable->index_set != NULL ? 4 : 3,
            dims, variable->unit_text, variable->text, err);
        self->variables[v] = id;
        if (id < 0) {
            ret = OST_ERR_IO;
        } else if (ost_h5_set_array(id, "_FillValue", type, H5T_NATIVE_DOUBLE, &nan_value, 1) != 0 ||
                   ost_h5_set_text(id, "coordinates", coordinates) != 0) {
            ret = ost_writer_fail(self, variable->name, err);
        } else if (kept_bits >= 0 && describe_rounding(id, kept_bits) != 0) {
            ret = ost_writer_fail(self, variable->name, err);
        }
    }
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

static int define_counts(ost_writer_t *self, ost_error_t *err)
{
    const ost_dimension_t *const dims[] = { &self->dimensions[OST_DIM_ARM], &self->dimensions[OST_DIM_SUBJECT] };
    self->status = ost_results_dataset(self, self->file, "status", H5T_STD_U8LE, 2, dims, NULL, "how it ended", err);
    if (self->status < 0) return OST_ERR_IO;
    if (describe_status(self->status) != 0) return ost_writer_fail(self, "status", err);
    self->n_steps =
        ost_results_dataset(self, self->file, "n_steps", H5T_STD_U32LE, 2, dims, "1", "accepted solver steps", err);
    if (self->n_steps < 0) return OST_ERR_IO;
    self->n_rejected =
        ost_results_dataset(self, self->file, "n_rejected", H5T_STD_U32LE, 2, dims, "1", "rejected solver steps", err);
    return self->n_rejected < 0 ? OST_ERR_IO : 0;
}

size_t ost_results_first_schedule(const ost_plan_t *plan, size_t i)
{
    size_t first = 0;
    while (strcmp(plan->schedules[first].name, plan->schedules[i].name) != 0) first++;
    return first;
}

/* When subjects began and ended regimen lines that they take each in their own way: of one name in all arms. */
static int define_schedules(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_dimension_t *const dims[] = { &self->dimensions[OST_DIM_ARM], &self->dimensions[OST_DIM_SUBJECT] };
    for (size_t i = 0; i < plan->n_schedules; i++) {
        size_t first = ost_results_first_schedule(plan, i);
        for (int ended = 0; ended < 2; ended++) {
            hid_t *ids = ended ? self->ended : self->began;
            char name[OST_COURSE_NAME_SIZE], text[OST_COURSE_NAME_SIZE];
            snprintf(name, sizeof name, "%s%.100s", ended ? OST_ENDED : OST_BEGAN, plan->schedules[i].name);
            snprintf(text, sizeof text, "when the subject first %s %.100s", ended ? "ended" : "began",
                plan->schedules[i].name);
            if (first == i)
                ids[i] = ost_results_dataset(self, self->file, name, H5T_IEEE_F64LE, 2, dims, "d", text, err);
            ids[i] = ids[first];
            if (ids[i] < 0) return OST_ERR_IO;
        }
    }
    return 0;
}

/* What the models say a covariate means, its name where they only compute with it. */
static const char *covariate_text(const ost_plan_t *plan, const char *name)
{
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        int i = ost_model_param(model, name);
        if (i >= 0 && model->params[i].is_covariate && model->params[i].text[0] != '\0') return model->params[i].text;
    }
    return name;
}

static int define_covariates(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *experiment = self->plan->experiment;
    const ost_dimension_t *const dims[] = { &self->dimensions[OST_DIM_SUBJECT] };
    for (size_t i = 0; i < experiment->n_covariates; i++) {
        const ost_covariate_t *covariate = &experiment->covariates[i];
        self->covariates[i] = ost_results_dataset(self, self->file, covariate->name, H5T_IEEE_F64LE, 1, dims,
            covariate->unit_text, covariate_text(self->plan, covariate->name), err);
        if (self->covariates[i] < 0) return OST_ERR_IO;
    }
    return 0;
}

/* Parameters of every block: (subject) where they vary, a scalar where they do not. */
static int define_parameters(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_dimension_t *const dims[] = { &self->dimensions[OST_DIM_SUBJECT] };
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            const ost_param_t *param = &model->params[k];
            size_t i = plan->blocks[b].first_param + k;
            char name[160];
            if (param->is_covariate) continue;
            ost_plan_param_name(plan, i, name, sizeof name);
            hid_t id = ost_results_dataset(self, self->parameters, name, H5T_IEEE_F64LE,
                ost_plan_param_varies(plan, i) ? 1 : 0, dims, param->unit_text, param->text, err);
            self->params[i] = id;
            if (id < 0) return OST_ERR_IO;
            if (ost_h5_set_text(id, "source", param->source) != 0) return ost_writer_fail(self, name, err);
        }
    }
    return 0;
}

static char *join_overrides(const ost_experiment_t *experiment)
{
    size_t size = 1;
    for (size_t i = 0; i < experiment->n_overrides; i++) size += strlen(experiment->overrides[i]) + 1;
    char *text = calloc(1, size);
    for (size_t i = 0, length = 0; text != NULL && i < experiment->n_overrides; i++) {
        length += (size_t) snprintf(text + length, size - length, "%s%s", i > 0 ? "\n" : "", experiment->overrides[i]);
    }
    return text;
}

/* One line a model: name, kind, fingerprint of its programs, where it came from. */
static char *list_models(const ost_plan_t *plan)
{
    size_t size = 1;
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        size += strlen(model->name) + strlen(ost_model_kind_words[model->kind]) + strlen(model->path) + 32;
    }
    char *text = calloc(1, size);
    for (size_t b = 0, length = 0; text != NULL && b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        length += (size_t) snprintf(text + length, size - length, "%s%s %s %016" PRIx64 " %s", b > 0 ? "\n" : "",
            model->name, ost_model_kind_words[model->kind], model->impl->fingerprint, model->path);
    }
    return text;
}

/* Of a file that is resumed, everything that says how it was made must be as it would be written now. */
static int differs(const ost_writer_t *self, const char *name, const char *theirs, const char *ours, ost_error_t *err)
{
    bool is_short = theirs != NULL && strlen(theirs) < 60 && strlen(ours) < 60 && strpbrk(theirs, "\n") == NULL;
    if (!is_short) {
        return ost_fail_at(err, OST_ERR_VALUE, self->source, 0, 0,
            "cannot be resumed: it was begun with another '%s' than this run has", name);
    }
    return ost_fail_at(err, OST_ERR_VALUE, self->source, 0, 0,
        "cannot be resumed: it was begun with %s '%s', but this run has '%s'", name, theirs, ours);
}

static int put_text(ost_writer_t *self, const char *name, const char *text, ost_error_t *err)
{
    if (!self->resumes) return ost_h5_set_text(self->file, name, text) == 0 ? 0 : ost_writer_fail(self, name, err);
    char *theirs = ost_h5_get_text(self->file, name);
    int ret = theirs != NULL && strcmp(theirs, text) == 0 ? 0 : differs(self, name, theirs, text, err);
    free(theirs);
    return ret;
}

static int put_count(ost_writer_t *self, const char *name, uint64_t value, ost_error_t *err)
{
    char text[32];
    if (!self->resumes) return ost_h5_set_count(self->file, name, value) == 0 ? 0 : ost_writer_fail(self, name, err);
    snprintf(text, sizeof text, "%" PRIu64, value);
    return put_text(self, name, text, err);
}

static int put_double(ost_writer_t *self, const char *name, double value, ost_error_t *err)
{
    char text[32];
    if (!self->resumes) {
        return ost_h5_set_doubles(self->file, name, &value, 1) == 0 ? 0 : ost_writer_fail(self, name, err);
    }
    snprintf(text, sizeof text, "%.17g", value);
    return put_text(self, name, text, err);
}

static int write_provenance(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    const ost_solver_options_t *solver = &e->solver;
    char *overrides = join_overrides(e), *models = list_models(self->plan);
    int ret = overrides == NULL || models == NULL ? ost_no_memory(err) : 0;
    const struct {
        const char *name, *text;
    } texts[] = {
        { "Conventions", "CF-1.10" },
        { "title", e->title },
        { "source", "osteon " OST_VERSION },
        { "osteon_version", OST_VERSION },
        { "name", e->name },
        { "experiment", e->text },
        { "experiment_path", e->path },
        { "overrides", overrides },
        { "models", models },
        { "isa", ost_isa_name(solver->isa) },
        { "stepper", ost_stepper_name(solver->stepper) },
        { "dosing", ost_dosing_name(e->dosing) },
        { "sampling", e->sampling == OST_SAMPLING_RANDOM ? "random" : "latin_hypercube" },
    };
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "osteon_format", OST_RESULTS_FORMAT }, { "seed", e->seed }, { "n_subjects", e->n_subjects },
        { "first_subject", e->first_subject }, { "max_steps", solver->max_steps } };
    const struct {
        const char *name;
        double value;
    } numbers[] = { { "rtol", solver->rtol }, { "atol_factor", solver->atol_factor }, { "h_max", solver->h_max },
        { "h_min", solver->h_min } };
    for (size_t i = 0; ret == 0 && i < sizeof texts / sizeof texts[0]; i++) {
        ret = put_text(self, texts[i].name, texts[i].text, err);
    }
    for (size_t i = 0; ret == 0 && i < sizeof counts / sizeof counts[0]; i++) {
        ret = put_count(self, counts[i].name, counts[i].value, err);
    }
    for (size_t i = 0; ret == 0 && i < sizeof numbers / sizeof numbers[0]; i++) {
        ret = put_double(self, numbers[i].name, numbers[i].value, err);
    }
    for (size_t b = 0; ret == 0 && b < self->plan->n_blocks; b++) {
        const ost_model_t *model = self->plan->blocks[b].model;
        char name[OST_MODEL_TEXT_SIZE];
        snprintf(name, sizeof name, OST_MODEL_TEXT, model->name);
        if (model->impl->text != NULL) ret = put_text(self, name, model->impl->text, err);
    }
    free(overrides);
    free(models);
    return ret;
}

static int make_group(ost_writer_t *self)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    if (create >= 0 && H5Pset_link_creation_order(create, order) >= 0) {
        self->parameters = H5Gcreate2(self->file, "parameters", H5P_DEFAULT, create, H5P_DEFAULT);
    }
    if (create >= 0) H5Pclose(create);
    return self->parameters < 0 ? -1 : 0;
}

int ost_results_layout(ost_writer_t *self, ost_error_t *err)
{
    self->text_type = ost_h5_text_type();
    if (self->text_type < 0) return ost_writer_fail(self, "arm", err);
    int ret = write_provenance(self, err);
    if (ret == 0 && self->resumes) return ost_results_reopen(self, err);
    if (ret == 0 && make_group(self) != 0) ret = ost_writer_fail(self, "parameters", err);
    if (ret == 0) ret = list_dimensions(self, err);
    if (ret == 0) ret = write_coordinates(self, err);
    if (ret == 0) ret = define_variables(self, err);
    if (ret == 0) ret = define_counts(self, err);
    if (ret == 0) ret = define_schedules(self, err);
    if (ret == 0) ret = define_covariates(self, err);
    if (ret == 0) ret = define_parameters(self, err);
    return ret;
}
