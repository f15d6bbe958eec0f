/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file being written: layout.c creates all datasets, coordinates and attributes, write.c fills them from a
 * journal. */
#ifndef OST_RESULTS_RESULTS_IMPL_H
#define OST_RESULTS_RESULTS_IMPL_H

#include "core/memory.h"
#include "journal/journal.h"
#include "results/arrays.h"
#include "results/h5.h"
#include "results/results.h"

enum { OST_DATASET_NAME_SIZE = 160 };

/* Subjects whose columns are written in one go, and lie in one chunk. */
#define OST_HELD_SUBJECTS ((size_t) 128 * OST_COHORT_BLOCK)

enum { OST_DIM_ARM, OST_DIM_SUBJECT, OST_DIM_QUANTILE, OST_DIM_TIMES, OST_N_FIXED_DIMENSIONS };

/* Root attribute of the file of a sweep: names of its axes, a line each; and of its endpoints */
#define OST_SWEEP_AXES "sweep_axes"
#define OST_SWEEP_ENDPOINTS "sweep_endpoints"
/* The same of a run that keeps quantiles. */
#define OST_RESULTS_ENDPOINTS "results_endpoints"

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
    hid_t *variables; /* [plan->outputs->n_variables]; of what keeps quantiles, [OST_N_SUMMARIES] of each */
    hid_t *columns;   /* [n_columns]; -1: of a subject, and a part before this one has written it */
    size_t *arm;      /* [n_arms] among the arms of all */
    size_t *element;  /* [system.n_outputs] of each row, among the elements of all */
} ost_target_t;

typedef struct {
    ost_memory_t memory;
    const ost_arrays_t *arrays;   /* of an analysis; or */
    const ost_journal_t *journal; /* of a run, with all that follows */
    const ost_part_t *parts;      /* [n_parts] */
    size_t n_parts;
    const ost_sweep_t *sweep;             /* NULL: none */
    ost_keep_t keep;                      /* of all parts */
    size_t n_plans;                       /* that parts have, one of a sweep */
    ost_dimension_t front[OST_MAX_FRONT]; /* [n_front] */
    size_t n_front;
    char *path; /* of the file until it is whole; owned */
    hid_t file, text_type, transfer, parameters;
    ost_dimension_t *dimensions; /* [n_dimensions] */
    size_t n_dimensions;
    ost_dataset_t *datasets; /* [n_datasets] that are open */
    size_t n_datasets;
    ost_target_t *targets; /* [n_plans] */
} ost_writer_t;

/* Find the dimensions in front; their coordinates. @return 0, OST_ERR_IO or OST_ERR_NO_MEMORY */
int ost_results_front(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
int ost_results_front_coordinates(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Where a part stands in them; and row i of variable v in it, arm after arm, of each element after element. */
ost_slab_t ost_results_front_place(const ost_writer_t *self, size_t part);
ost_slab_t ost_results_row(const ost_writer_t *self, size_t part, size_t v, size_t i);
/* "dose 1 mg" or the name of a model. @return buf */
const char *ost_results_part_name(const ost_writer_t *self, size_t part, char *buf, size_t size);
/* The endpoints of all points of a sweep, from the measures in the journal: value, 5th and 95th percentile between
 * subjects, number of subjects. @return 0, OST_ERR_IO, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_write_endpoints(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Quantiles, mean, SD and number over the subjects of each part, from the values in the journal. @return 0, OST_ERR_IO,
 * OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_write_summaries(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Datasets of a variable of a part, from its rank on; their ids go to the target of the part. @param set  dimension of
 * its elements, NULL: none @return 0, OST_ERR_IO or OST_ERR_NO_MEMORY */
int ost_results_define_summaries(
    ost_writer_t *self, size_t p, size_t v, const ost_dimension_t *set, ost_error_t *err) OST_MUST_CHECK;
/* The coordinate of quantiles. */
int ost_results_quantile_coordinate(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Whether a column has the dimensions in front: it differs between parts. */
bool ost_results_is_in_front(const ost_writer_t *self, const ost_column_t *column);

/* Read the design of a sweep, if the file is of one; its attributes are read. @return 0, OST_ERR_FORMAT,
 * OST_ERR_NO_MEMORY
 */
int ost_results_read_sweep(ost_results_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Dimensions in front of arms in a file being read; where a part stands in them; whether a dataset's sizes begin by
 * theirs. */
size_t ost_results_n_front(const ost_results_t *self);
ost_slab_t ost_results_front_at(const ost_results_t *self, size_t part);
bool ost_results_has_front(const ost_results_t *self, const hsize_t *sizes);
/* Where an arm and an element of the part self->i_model stand. @param name  variable; NULL: of no elements */
ost_slab_t ost_results_arm_at(const ost_results_t *self, const char *name, size_t i_arm, size_t i_element);

/* As ost_results_read_texts(), between ost_h5_enter() and ost_h5_leave(). */
int ost_results_texts(
    const ost_results_t *self, const char *name, ost_text_list_t *texts, ost_error_t *err) OST_MUST_CHECK;
/* Compare a file with a second one of the same experiment, whose blocks are those that are not left out.
 * @param out  with left_out; counts differences @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_differ(ost_recomputed_t *out, ost_results_t *then, const ost_results_t *now, const ost_experiment_t *e,
    ost_error_t *err) OST_MUST_CHECK;

/* Write the file `path` by a function, beside it until it is whole and on the disk. @param self  with what goes in, and
 * ids that are -1; what it owns is freed @return 0, OST_ERR_IO, or what the function returned */
int ost_writer_run(
    ost_writer_t *self, const char *path, int (*write)(ost_writer_t *, ost_error_t *), ost_error_t *err) OST_MUST_CHECK;
/* Ids of one that has none open. */
#define OST_WRITER_IDS .file = -1, .text_type = -1, .transfer = -1, .parameters = -1
/* Create self->path, with types. @param access  with further properties @return 0 or OST_ERR_IO */
int ost_writer_create(ost_writer_t *self, hid_t access, ost_error_t *err) OST_MUST_CHECK;
/* All datasets, coordinates and attributes, and parameters that are the same for all; self->file was just created. */
int ost_results_layout(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Attributes; NULL: none. @return 0, or -1 with HDF5's error stack set */
int ost_results_describe(hid_t object, const char *units, const char *long_name);
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

/* Attribute of a dataset that belongs to an output, whose name it has with an ending of OST_SUMMARIES. */
#define OST_SUMMARY_OF "summary_of"
/* Datasets beside an endpoint of a sweep: its name and these. */
#define OST_ENDPOINT_Q05 "_q05"
#define OST_ENDPOINT_Q95 "_q95"
#define OST_ENDPOINT_N "_n"
#define OST_ENDPOINT_SE "_se"
/* Datasets of schedules: these and the schedule's name. */
#define OST_BEGAN "began_"
#define OST_ENDED "ended_"

/* What a file was made from, as root attributes. @param path  for messages @return 0 or OST_ERR_IO */
int ost_results_write_facts(
    hid_t file, const char *path, const ost_identity_t *identity, ost_error_t *err) OST_MUST_CHECK;
/* Write the seal behind the bytes of a file that is complete. @return 0, OST_ERR_IO, OST_ERR_NO_MEMORY */
int ost_results_seal(int fd, const char *path, ost_error_t *err) OST_MUST_CHECK;

#endif
