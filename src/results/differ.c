/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that a result file holds against a second file of the same experiment: every dataset and every attribute of the
 * second one, but those of the session and of blocks that were not computed again. */
#include "observe/summary.h"
#include "results/results_impl.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Texts of a coordinate at most; a damaged file may claim anything. */
#define MAX_TEXTS (1u << 24)

typedef struct {
    ost_results_t *then;
    const ost_results_t *now;
    const ost_experiment_t *experiment;
    bool is_whole;   /* all blocks were computed again */
    bool is_exact;   /* by the build and the instruction set of then */
    bool is_foreign; /* then is of another build, which may describe its datasets otherwise */
    double *a, *b;   /* [values of a chunk] */
    ost_recomputed_t *out;
    int ret;
} differ_t;

/* A dataset as the second file has it. */
typedef struct {
    const char *name;
    hid_t then, now;
    size_t rank, n_front, subject; /* dimensions in front; which is that of subjects, SIZE_MAX: none */
    hsize_t sizes[OST_MAX_RANK];
    char dims[OST_MAX_RANK][80];
    bool has_time, has_quantiles, is_float32;
} pair_t;

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0) names++;
    return *names != NULL;
}

/* Whether an attribute, or a dataset, says the same in both files. */
static bool is_comparable(const differ_t *self, const char *name)
{
    static const char *const session[] = { "n_resumed", "threads", "seconds_wall", "seconds_cpu", "interrupted",
        "periodic_error_percent", "solver_error_percent", "n_periodic_probed", "n_solver_probed",
        "periodic_probed_share", NULL };
    static const char *const counts[] = { "n_done", "n_failed", "n_eligible", "failure", "failure_arm",
        "failure_subject", "failure_message", NULL };
    static const char *const steps[] = { "steps", "rejected", "rhs", "jacobians", "factorisations", "events",
        "switches_located", "doses_skipped", "run_in_steps", NULL };
    static const char *const solver[] = { "n_steps", "n_rejected", "isa", NULL };
    if (is_one_of(name, session)) return false;
    if (is_one_of(name, counts)) return self->is_whole;
    if (is_one_of(name, steps)) return self->is_whole && self->is_exact;
    return self->is_exact || !is_one_of(name, solver);
}

/* Count something of a part (n_parts: of none) that differs. */
static bool count_different(differ_t *self, size_t part)
{
    ost_recomputed_t *out = self->out;
    out->parts[part].n_unequal++;
    out->parts[part].n_different++;
    bool is_first = out->where[0] == '\0';
    if (is_first) out->i_first = part;
    return is_first;
}

/* Count and, if it is the first, say something that differs beside the values of parts. */
OST_PRINTF(2, 3) static void say_different(differ_t *self, const char *fmt, ...)
{
    va_list args;
    if (!count_different(self, self->out->n_parts)) return;
    va_start(args, fmt);
    vsnprintf(self->out->where, sizeof(self->out->where), fmt, args);
    va_end(args);
}

/* The hid_t's of one object in both files, for the visit of its attributes. */
typedef struct {
    differ_t *differ;
    const char *name;
    hid_t then;
} object_t;

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    object_t *self = user;
    char *then = NULL, *now = NULL;
    (void) info;
    if (!is_comparable(self->differ, name)) return 0;
    if (self->differ->is_foreign && strcmp(name, "units") != 0) return 0;
    int ret = ost_h5_get_text(object, name, &now);
    if (ret == 0 && now != NULL) ret = ost_h5_get_text(self->then, name, &then);
    const char *of = strcmp(self->name, ".") == 0 ? "the file" : self->name;
    if (ret == 0 && now != NULL && then == NULL)
        say_different(self->differ, "attribute '%.80s' of %.100s is not there", name, of);
    else if (ret == 0 && now != NULL && strcmp(then, now) != 0 && strlen(then) + strlen(now) < 80)
        say_different(self->differ, "attribute '%.80s' of %.100s: '%s' in the file, now '%s'", name, of, then, now);
    else if (ret == 0 && now != NULL && strcmp(then, now) != 0)
        say_different(self->differ, "attribute '%.80s' of %.100s", name, of);
    free(then);
    free(now);
    if (ret < 0) self->differ->ret = ret;
    return ret;
}

static herr_t keep_scale(hid_t dataset, unsigned axis, hid_t scale, void *name)
{
    (void) dataset;
    (void) axis;
    return H5DSget_scale_name(scale, name, sizeof(((pair_t *) NULL)->dims[0])) >= 0;
}

/* Shape and dimensions of the second file's dataset. @return false: it cannot be read */
static bool describe(const differ_t *self, pair_t *pair)
{
    hid_t space = H5Dget_space(pair->now), type = H5Dget_type(pair->now);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool ok = rank >= 0 && rank <= OST_MAX_RANK && type >= 0 &&
              (rank == 0 || H5Sget_simple_extent_dims(space, pair->sizes, NULL) == rank);
    pair->rank = ok ? (size_t) rank : 0;
    pair->subject = SIZE_MAX;
    pair->is_float32 = ok && H5Tget_size(type) == sizeof(float);
    OST_H5_CLOSE(space, type);
    for (size_t d = 0; d < pair->rank; d++) {
        if (H5DSis_scale(pair->now) > 0)
            snprintf(pair->dims[d], sizeof(pair->dims[d]), "%.79s", pair->name);
        else
            H5DSiterate_scales(pair->now, (unsigned) d, NULL, keep_scale, pair->dims[d]);
        if (strcmp(pair->dims[d], "subject") == 0) pair->subject = d;
    }
    for (size_t d = 0; d < pair->rank; d++) pair->has_quantiles |= strcmp(pair->dims[d], "quantile") == 0;
    pair->has_time = pair->rank > 1 && strcmp(pair->dims[pair->rank - 1], "time") == 0;
    size_t n_front = ost_results_n_front(self->now);
    bool is_in_front = n_front > 0 && pair->rank >= n_front && H5DSis_scale(pair->now) <= 0;
    for (size_t k = 0; k < n_front && is_in_front; k++)
        is_in_front = strcmp(pair->dims[k], ost_results_front_name(&self->now->design, k)) == 0;
    pair->n_front = is_in_front ? n_front : 0;
    return ok;
}

/* Append how a person calls a place along a dimension. @param is_index  of the elements of an output, "[total_hip]" */
static int name_place(const differ_t *self, const char *dim, hsize_t at, bool is_index, char *buf, size_t size)
{
    hid_t id = ost_h5_open(self->now->file, dim), type = id >= 0 ? H5Dget_type(id) : -1;
    ost_text_list_t texts = { 0 };
    const ost_slab_t place = { 1, { at }, { 1 } };
    double number;
    size_t n = strlen(buf);
    int ret = 0;
    if (type >= 0 && H5Tget_class(type) == H5T_STRING) {
        ret = ost_h5_read_texts(id, MAX_TEXTS, &texts);
        const char *text = ret == 0 && at < texts.n ? texts.items[at] : "?";
        if (n < size && is_index) snprintf(buf + n, size - n, "[%.60s]", text);
        if (n < size && !is_index) snprintf(buf + n, size - n, ", %s '%.60s'", dim, text);
    } else if (ost_h5_transfer(id, H5P_DEFAULT, &place, &number, NULL) == 0 && n < size) {
        snprintf(buf + n, size - n, ", %s %.10g", strcmp(dim, "time") == 0 ? "day" : dim, number);
    }
    ost_text_list_free(&texts);
    OST_H5_CLOSE(type, id);
    return ret == OST_ERR_NO_MEMORY ? ret : 0;
}

/* The first value that differs. @param at  [rank] */
static int name_value(differ_t *self, const pair_t *pair, const hsize_t *at, double then, double now)
{
    char *where = self->out->where;
    const size_t size = sizeof(self->out->where);
    int ret = 0;
    snprintf(where, size, "%.100s", pair->name);
    const bool is_scale = H5DSis_scale(pair->now) > 0;
    const size_t index = pair->has_time && pair->rank == pair->n_front + 4 ? pair->n_front + 1 : SIZE_MAX;
    if (index != SIZE_MAX) ret = name_place(self, pair->dims[index], at[index], true, where, size);
    for (size_t d = 0; d < pair->rank && ret == 0 && !is_scale; d++)
        if (d != index) ret = name_place(self, pair->dims[d], at[d], false, where, size);
    size_t n = strlen(where);
    if (n < size) snprintf(where + n, size - n, ": %.9g in the file, now %.9g", then, now);
    return ret;
}

/* Values of both files in self->a and self->b, of a piece from `start` on. */
static int compare_piece(differ_t *self, const pair_t *pair, size_t part, const ost_slab_t *at)
{
    double tolerance = OST_SAME_VALUE + (pair->is_float32 ? ldexp(1, -23) : 0);
    if (pair->has_quantiles && !self->is_exact) tolerance = 1.0 / OST_SUMMARY_BINS;
    size_t n = 1, n_row = pair->has_time ? (size_t) at->count[pair->rank - 1] : 0;
    for (size_t d = 0; d < pair->rank; d++) n *= (size_t) at->count[d];
    if (n_row == 0) n_row = n;
    double largest = 0; /* of a subject: a value near zero is as exact as the others */
    for (size_t i = 0; i < n; i++) {
        const double then = self->a[i], now = self->b[i];
        for (size_t t = i; i % n_row == 0 && t < i + n_row; t++) {
            if (t == i) largest = 0;
            if (isfinite(self->b[t])) largest = fmax(largest, fabs(self->b[t]));
        }
        self->out->parts[part].n_values++;
        if (then == now || (isnan(then) && isnan(now))) continue;
        if (fabs(now - then) <= tolerance * largest) {
            self->out->parts[part].n_unequal++;
            continue;
        }
        if (!count_different(self, part)) continue;
        hsize_t place[OST_MAX_RANK];
        for (size_t d = pair->rank, left = i; d-- > 0; left /= (size_t) at->count[d])
            place[d] = at->start[d] + left % at->count[d];
        int ret = name_value(self, pair, place, then, now);
        if (ret < 0) return ret;
    }
    return 0;
}

/* @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int read_piece(differ_t *self, const pair_t *pair, size_t part, const ost_slab_t *at)
{
    int ret;
    if (pair->rank == 0) {
        bool ok = H5Dread(pair->then, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, self->a) >= 0 &&
                  H5Dread(pair->now, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, self->b) >= 0;
        ret = ok ? 0 : OST_ERR_FORMAT;
    } else {
        ret = ost_h5_transfer(pair->then, H5P_DEFAULT, at, self->a, NULL);
        if (ret == 0) ret = ost_h5_transfer(pair->now, H5P_DEFAULT, at, self->b, NULL);
        if (ret != 0 && ret != OST_ERR_NO_MEMORY) ret = OST_ERR_FORMAT;
    }
    return ret == 0 ? compare_piece(self, pair, part, at) : ret;
}

/* The part of a place; n_parts where all parts share it. */
static size_t part_of(const differ_t *self, const pair_t *pair, const hsize_t *start)
{
    size_t part = 0;
    for (size_t k = 0; k < pair->n_front; k++) part = part * (size_t) pair->sizes[k] + (size_t) start[k];
    return pair->n_front > 0 || self->out->n_parts == 1 ? part : self->out->n_parts;
}

/* What has subjects: their blocks that were computed again, chunk by chunk; else all, or an endpoint at the points that
 * were. */
static int compare_numbers(differ_t *self, const pair_t *pair)
{
    const ost_recomputed_t *out = self->out;
    const size_t step = ost_chunk_subjects(self->experiment);
    const bool has_subjects = pair->subject != SIZE_MAX && H5DSis_scale(pair->now) <= 0;
    const bool is_endpoint = !has_subjects && pair->n_front > 0; /* or a quantile, ... */
    ost_slab_t at = { .rank = pair->rank };
    int ret = 0;
    for (bool more = true; more && ret == 0;) {
        for (size_t d = 0; d < pair->rank; d++) {
            hsize_t most = has_subjects && d == pair->subject  ? step
                           : has_subjects && d > pair->subject ? HSIZE_UNDEF
                                                               : 1;
            if (!has_subjects && d + 1 == pair->rank && !is_endpoint) most = step;
            at.count[d] = pair->sizes[d] - at.start[d] < most ? pair->sizes[d] - at.start[d] : most;
        }
        const size_t part = part_of(self, pair, at.start), of = part == out->n_parts ? 0 : part;
        const size_t i_block = has_subjects ? (size_t) at.start[pair->subject] / OST_COHORT_BLOCK : 0;
        bool is_left_out = (has_subjects || is_endpoint) && out->left_out[of * out->n_blocks + i_block];
        if (!is_left_out) ret = read_piece(self, pair, part, &at);
        size_t d = pair->rank;
        while (d > 0 && (at.start[d - 1] += at.count[d - 1]) >= pair->sizes[d - 1]) at.start[--d] = 0;
        more = d > 0;
    }
    return ret;
}

static int compare_texts(differ_t *self, const pair_t *pair)
{
    ost_text_list_t then = { 0 }, now = { 0 };
    int ret = ost_h5_read_texts(pair->then, MAX_TEXTS, &then);
    if (ret == 0) ret = ost_h5_read_texts(pair->now, MAX_TEXTS, &now);
    for (size_t i = 0; i < now.n && ret == 0; i++) {
        if (i < then.n && strcmp(then.items[i], now.items[i]) == 0) continue;
        say_different(
            self, "%.80s: '%.80s' in the file, now '%.80s'", pair->name, i < then.n ? then.items[i] : "", now.items[i]);
    }
    ost_text_list_free(&then);
    ost_text_list_free(&now);
    return ret;
}

static bool same_shape(const pair_t *pair)
{
    hid_t space = H5Dget_space(pair->then), a = H5Dget_type(pair->then), b = H5Dget_type(pair->now);
    hsize_t sizes[OST_MAX_RANK];
    bool is = space >= 0 && a >= 0 && H5Tget_class(a) == H5Tget_class(b) && H5Tget_size(a) == H5Tget_size(b) &&
              H5Sget_simple_extent_ndims(space) == (int) pair->rank;
    is = is && (pair->rank == 0 || H5Sget_simple_extent_dims(space, sizes, NULL) >= 0);
    for (size_t d = 0; d < pair->rank && is; d++) is = sizes[d] == pair->sizes[d];
    OST_H5_CLOSE(space, a, b);
    return is;
}

/* @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int compare_dataset(differ_t *self, pair_t *pair)
{
    if (!describe(self, pair)) return OST_ERR_FORMAT;
    if (!same_shape(pair)) {
        say_different(self, "%.100s has another shape or type", pair->name);
        return 0;
    }
    hid_t type = H5Dget_type(pair->now);
    bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
    OST_H5_CLOSE(type);
    return is_text ? compare_texts(self, pair) : compare_numbers(self, pair);
}

static herr_t visit_object(hid_t file, const char *name, const H5O_info_t *info, void *user)
{
    differ_t *self = user;
    const bool is_dataset = info->type == H5O_TYPE_DATASET;
    hsize_t index = 0;
    if (is_dataset && !is_comparable(self, name)) return 0;
    hid_t now = H5Oopen(file, name, H5P_DEFAULT);
    bool is_there = strcmp(name, ".") == 0 || H5Lexists(self->then->file, name, H5P_DEFAULT) > 0;
    hid_t then = !is_there    ? -1
                 : is_dataset ? ost_h5_open(self->then->file, name)
                              : H5Oopen(self->then->file, name, H5P_DEFAULT);
    object_t object = { self, name, then };
    pair_t pair = { .name = name, .then = then, .now = now };
    if (then < 0)
        say_different(self, "'%.100s' is not there", name);
    else if (now < 0 || H5Aiterate2(now, H5_INDEX_NAME, H5_ITER_NATIVE, &index, visit_attribute, &object) < 0)
        self->ret = self->ret < 0 ? self->ret : OST_ERR_FORMAT;
    else if (is_dataset)
        self->ret = compare_dataset(self, &pair);
    OST_H5_CLOSE(now, then);
    return self->ret;
}

int ost_results_differ(
    ost_recomputed_t *out, ost_results_t *then, const ost_results_t *now, const ost_experiment_t *e, ost_error_t *err)
{
    const char *isa = ost_results_attribute(then, "isa");
    const size_t n_values = ost_chunk_subjects(e) * (e->n_times > 0 ? e->n_times : 1);
    differ_t self = { .then = then, .now = now, .experiment = e, .is_whole = true, .out = out };
    self.is_foreign = ost_identity_is_foreign(&then->attributes);
    self.is_exact = !self.is_foreign && (isa == NULL || strcmp(isa, ost_isa_name(e->solver.isa)) == 0);
    for (size_t i = 0; i < out->n_parts * out->n_blocks; i++) self.is_whole &= !out->left_out[i];
    self.a = malloc(n_values * sizeof(*self.a));
    self.b = malloc(n_values * sizeof(*self.b));
    int ret = self.a == NULL || self.b == NULL ? ost_no_memory(err) : 0;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    if (ret == 0 && H5Ovisit2(now->file, H5_INDEX_NAME, H5_ITER_NATIVE, visit_object, &self, H5O_INFO_BASIC) < 0)
        ret = self.ret == OST_ERR_NO_MEMORY
                  ? ost_no_memory(err)
                  : ost_h5_fail(err, OST_ERR_FORMAT, then->path, "damaged: it cannot be compared");
    ost_h5_leave(&handler);
    free(self.a);
    free(self.b);
    return ret;
}
