/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer's parts: results_layout.c creates everything that is known before the run,
 * results_block.c fills it with chunks of results_pack.c and columns of results_columns.c, results.c begins and ends
 * it. */
#ifndef OST_RESULTS_RESULTS_IMPL_H
#define OST_RESULTS_RESULTS_IMPL_H

#include "cohort/cohort.h"
#include "lang/token.h"
#include "results/h5.h"
#include "results/results.h"

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

/* Failure messages kept for the file: those of the first subjects, so that neither memory nor the choice depends on how
 * many fail or in which order blocks come. */
#define OST_MAX_FAILURES 1000

/* A block whose columns (results_columns.c) are yet to be written. */
typedef struct {
    uint64_t first;
    size_t n_subjects, slot;
} ost_held_t;
#define OST_MAX_HELD 128

typedef struct ost_column ost_column_t;

typedef struct ost_packer ost_packer_t;

/* Root attribute with the text of a user's own model. */
#define OST_MODEL_TEXT "model_text_%s"
enum { OST_MODEL_TEXT_SIZE = OST_NAME_SIZE + sizeof OST_MODEL_TEXT };

struct ost_writer {
    const ost_plan_t *plan; /* borrowed */
    char *path, *part;
    const char *source; /* of the two, the one that is resumed */
    hid_t file, text_type, parameters;
    ost_dimension_t *dimensions; /* [n_dimensions] */
    size_t n_dimensions;
    hid_t *variables, *covariates, *params; /* [plan->n_variables], [n_covariates], [plan->n_params]; -1 where none */
    hid_t status, n_steps, n_rejected;
    hid_t *began, *ended; /* [plan->n_schedules], shared by schedules of one name */
    ost_packer_t *idle;   /* list of those that no thread uses */
    bool resumes;         /* the file is there: what would be written of it is compared */
    bool *done;           /* [number of blocks] those of an earlier run, NULL if there was none */
    uint64_t n_resumed;   /* subjects of these */
    uint64_t n_done;      /* subjects */
    ost_column_t *columns;
    ost_held_t *held;    /* [OST_MAX_HELD] */
    double *held_values; /* [OST_MAX_HELD][n_columns][OST_COHORT_BLOCK] */
    double *row;         /* [OST_MAX_HELD * OST_COHORT_BLOCK] scratch */
    size_t n_columns, n_held;
    double t_checkpoint; /* s, of the last one */
    bool has_constants, is_broken, has_checkpoint;
    ost_failure_note_t *failures; /* the first ones by (position, arm) */
    size_t n_failures;
};

/* All datasets, coordinates, attributes known before the run; called once with self->file just created. */
int ost_results_layout(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;

/* Open what an earlier run left, and find out what it had done; self->file is open and its provenance is ours. */
int ost_results_reopen(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;

/* A dataset over dimensions of the file with its scales attached, units and long_name (NULL for none).
 * @return its id, or -1 with the error recorded */
hid_t ost_results_dataset(ost_writer_t *self, hid_t parent, const char *name, hid_t type, size_t rank,
    const ost_dimension_t *const *dims, const char *units, const char *long_name, ost_error_t *err);
/* A dimension of the file and its coordinate variable of the same name. `values` may be NULL: not written. */
int ost_results_coordinate(ost_writer_t *self, ost_dimension_t *dim, hid_t type, const void *values, const char *units,
    const char *long_name, ost_error_t *err) OST_MUST_CHECK;

/* Hand everything to the system, with room on the disk made sure of first. */
int ost_writer_flush(const ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Columns of a block: reserve room for what is held of them when the datasets are open, give it back, hold (and write
 * all, once in a while), write all that is held: columns, everything to the system, then status. */
int ost_writer_hold_new(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;
void ost_writer_hold_free(ost_writer_t *self);
int ost_writer_hold(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err) OST_MUST_CHECK;
int ost_writer_checkpoint(ost_writer_t *self, ost_error_t *err) OST_MUST_CHECK;

/* Subjects of a chunk: a block, or the whole cohort where it is smaller. */
size_t ost_chunk_subjects(const ost_experiment_t *e);
/* Bits after the leading one that rounding to results.digits keeps, -1 where nothing is rounded. */
int ost_kept_bits(const ost_experiment_t *e);
/* Scratch to make chunks with: take (NULL if out of memory), use by one thread, give back. */
ost_packer_t *ost_packer_take(ost_writer_t *writer);
void ost_packer_give_back(ost_packer_t *self, ost_writer_t *writer);
void ost_packer_delete(ost_packer_t *self); /* and those behind it in a list */
/* A row of a block, y[n_subjects] `stride` apart, as a chunk. @return [*size] bytes, in self until the next call */
const void *ost_packer_pack(ost_packer_t *self, const double *y, size_t stride, size_t n_subjects, size_t *size);

/* Datasets of schedules: these and the schedule's name. */
#define OST_BEGAN "began_"
#define OST_ENDED "ended_"
enum { OST_COURSE_NAME_SIZE = 160 };
/* The first schedule of the same name. */
size_t ost_results_first_schedule(const ost_plan_t *plan, size_t i);

int ost_writer_fail(const ost_writer_t *self, const char *name, ost_error_t *err);

#endif
