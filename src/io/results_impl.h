/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer's parts: results_layout.c creates everything that is known before the run, results.c fills it. */
#ifndef OST_IO_RESULTS_IMPL_H
#define OST_IO_RESULTS_IMPL_H

#include "io/h5.h"
#include "osteon/results.h"

/* Version of the layout; a reader refuses a newer one. */
#define OST_RESULTS_FORMAT 1
/* Value of `status` where a subject was not simulated. */
#define OST_STATUS_NOT_RUN 255

enum { OST_DIM_ARM, OST_DIM_SUBJECT, OST_DIM_TIMES, OST_N_FIXED_DIMENSIONS };

typedef struct {
    char name[80];
    size_t n;
    hid_t scale;                /* -1 until its coordinate is written */
    const ost_index_set_t *set; /* NULL for the fixed ones */
} ost_dimension_t;

typedef struct {
    uint64_t position; /* 0-based in the cohort */
    size_t arm;
    char *text; /* owned */
} ost_failure_note_t;

struct ost_writer {
    const ost_plan_t *plan; /* borrowed */
    char *path, *part;
    hid_t file, text_type, parameters;
    hid_t access;                /* property list: chunk cache of outputs */
    ost_dimension_t *dimensions; /* [n_dimensions] */
    size_t n_dimensions;
    hid_t *variables, *covariates, *params; /* [plan->n_variables], [n_covariates], [plan->n_params]; -1 where none */
    hid_t status, n_steps, n_rejected;
    void *buffer;
    size_t buffer_size;
    uint64_t n_done; /* subjects */
    bool has_constants, is_broken;
    ost_failure_note_t *failures; /* the first ones by (position, arm) */
    size_t n_failures;
};

/* All datasets, coordinates, attributes known before the run; called once with self->file just created. */
int ost_results_layout(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;

/* A dataset over dimensions of the file with its scales attached, units and long_name (NULL for none).
 * @return its id, or -1 with the error recorded */
hid_t ost_results_dataset(ost_writer_t *self, hid_t parent, const char *name, hid_t type, size_t rank,
    const ost_dimension_t *const *dims, const char *units, const char *long_name, ost_error_t *err);
/* A dimension of the file and its coordinate variable of the same name. `values` may be NULL: not written. */
int ost_results_coordinate(ost_writer_t *self, ost_dimension_t *dim, hid_t type, const void *values, const char *units,
    const char *long_name, ost_error_t *err) OST_MUST_CHECK;

int ost_writer_fail(const ost_writer_t *self, const char *name, ost_error_t *err);

#endif
