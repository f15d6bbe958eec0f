/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file being written: layout.c creates all datasets, coordinates and attributes, write.c fills them from a
 * journal. */
#ifndef OST_RESULTS_RESULTS_IMPL_H
#define OST_RESULTS_RESULTS_IMPL_H

#include "journal/journal.h"
#include "results/h5.h"
#include "results/results.h"

enum { OST_DATASET_NAME_SIZE = 160 };

/* Subjects whose columns are written in one go, and lie in one chunk. */
#define OST_HELD_SUBJECTS ((size_t) 128 * OST_COHORT_BLOCK)

enum { OST_DIM_MODEL, OST_DIM_ARM, OST_DIM_SUBJECT, OST_DIM_TIMES, OST_N_FIXED_DIMENSIONS };
enum { OST_MAX_RANK = 5 };

/* Of several plans, the arms and the elements of an index set are those of all. */
typedef struct {
    char name[80];
    size_t n;
    const char **texts; /* [n] owned, the texts borrowed; NULL: numbers */
    const char *set;    /* name of the index set; borrowed */
    hid_t scale;        /* -1 until its coordinate is written */
} ost_dimension_t;

typedef struct {
    char name[OST_DATASET_NAME_SIZE];
    hid_t id;
    size_t rank;
} ost_dataset_t;

/* Where what a part has goes. */
typedef struct {
    hid_t *variables; /* [plan->outputs->n_variables] */
    hid_t *columns;   /* [n_columns]; -1: of a subject, and a part before this one has written it */
    size_t *arm;      /* [n_arms] among the arms of all */
    size_t *element;  /* [system.n_outputs] of each row, among the elements of all */
} ost_target_t;

typedef struct {
    const ost_journal_t *journal;
    const ost_part_t *parts; /* [n_parts] */
    size_t n_parts;
    char *path; /* of the file until it is whole; owned */
    hid_t file, text_type, transfer, parameters;
    ost_dimension_t *dimensions; /* [n_dimensions] */
    size_t n_dimensions;
    ost_dataset_t *datasets; /* [n_datasets] that are open */
    size_t n_datasets, max_datasets;
    ost_target_t *targets; /* [n_parts] */
} ost_writer_t;

/* All datasets, coordinates and attributes, and parameters that are the same for all; self->file was just created. */
int ost_results_layout(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* A dataset over dimensions of the file with its scales attached, units and long_name (NULL for none). It is closed
 * with the file. @return its id, or -1 with the error recorded */
hid_t ost_results_dataset(ost_writer_t *self, hid_t parent, const char *name, hid_t type, size_t rank,
    const ost_dimension_t *const *dims, const char *units, const char *long_name, ost_error_t *err);
/* A dataset over one dimension, written at once. */
typedef struct {
    const char *name;
    hid_t type;                    /* in the file and in memory */
    const void *values;            /* [dim->n]; NULL: written by the caller */
    const char *units, *long_name; /* NULL: none */
} ost_values_t;

/* @return its id, or -1 with the error recorded */
hid_t ost_results_values(ost_writer_t *self, const ost_dimension_t *dim, const ost_values_t *values, ost_error_t *err);
/* The coordinate variable of a dimension, which is named as it is. */
int ost_results_coordinate(
    ost_writer_t *self, ost_dimension_t *dim, const ost_values_t *values, ost_error_t *err) OST_MUST_CHECK;
int ost_writer_fail(const ost_writer_t *self, const char *name, ost_error_t *err);

/* Datasets of schedules: these and the schedule's name. */
#define OST_BEGAN "began_"
#define OST_ENDED "ended_"

/* Write the seal behind the bytes of a file that is complete. @return 0, OST_ERR_IO, OST_ERR_NO_MEMORY */
int ost_results_seal(int fd, const char *path, ost_error_t *err) OST_MUST_CHECK;

#endif
