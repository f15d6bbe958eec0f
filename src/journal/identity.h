/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run was made from: everything that its results depend on, and what a result file says about it. Two runs with
 * the same facts give the same results. */
#ifndef OST_JOURNAL_IDENTITY_H
#define OST_JOURNAL_IDENTITY_H

#include "journal/columns.h"
#include "lang/token.h"
#include "plan/plan.h"

/* Version of the layout of result files; a reader refuses a newer one. */
#define OST_RESULTS_FORMAT 1
/* Facts of a plan that is compared with others: the name of its bone model, and arms that it is not run for, a line
 * each
 */
#define OST_COMPARED_MODELS "compared_models"
#define OST_ARMS_LEFT_OUT "arms_left_out"
/* Fact of an experiment that keeps other than all subjects, a word of OST_KEEPS. */
#define OST_RESULTS_KEEP "results_keep"
/* Facts of a sweep: kind of design, PATH=VALUES a line, points, seed of the design, what is kept; where there are draws
 * at each point, how many of the last entries are drawn. */
#define OST_SWEEP_DESIGN "sweep_design"
#define OST_SWEEP_VARY "sweep_vary"
#define OST_SWEEP_POINTS "sweep_points"
#define OST_SWEEP_SEED "sweep_seed"
#define OST_SWEEP_KEEP "sweep_keep"
#define OST_SWEEP_DRAWN "sweep_drawn"
/* Fact that tells builds of one version apart, and its value for this one: of the sources of engine and built-in
 * models, 16 hexadecimal digits, the same wherever they are built (src/fingerprint.cmake). */
#define OST_SOURCES_FACT "osteon_sources"
extern const char ost_sources[];
/* Name of the fact with the text of a user's own model. */
#define OST_MODEL_TEXT "model_text_%s"
enum { OST_MODEL_TEXT_SIZE = OST_NAME_SIZE + sizeof OST_MODEL_TEXT };

/* Facts of a population with a table of people: path and text. */
#define OST_PEOPLE_PATH "people_path"
#define OST_PEOPLE_TEXT "people_text"
#define OST_POPULATION "population"
#define OST_POPULATION_TEXT "population_text"

typedef enum { OST_FACT_TEXT, OST_FACT_COUNT, OST_FACT_NUMBER } ost_fact_kind_t;

typedef struct {
    ost_fact_kind_t kind;
    const char *name;
    char *text; /* a number with all its digits */
} ost_fact_t;

typedef struct {
    ost_memory_t memory; /* of all; failed: out of it at some time */
    ost_fact_t *facts;   /* [n] */
    size_t n;
} ost_identity_t;

/* The facts of a plan. @return 0 or OST_ERR_NO_MEMORY; free it in any case */
int ost_identity_init(ost_identity_t *self, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/* Add a fact, its text as printf makes it; a text, if it is not NULL; lines. Without memory they note it there. */
void ost_identity_add(ost_identity_t *self, ost_fact_kind_t kind, const char *name, const char *fmt, ...)
    OST_PRINTF(4, 5);
void ost_identity_text(ost_identity_t *self, const char *name, const char *text);
void ost_identity_lines(ost_identity_t *self, const char *name, const ost_text_list_t *lines);
/* Add what a sweep is made again from. @return 0 or OST_ERR_NO_MEMORY */
int ost_identity_add_sweep(ost_identity_t *self, const ost_sweep_t *sweep, ost_error_t *err) OST_MUST_CHECK;
/* NULL: there is no fact of that name. */
const char *ost_identity_get(const ost_identity_t *self, const char *name);
/* Add facts of another plan that is run beside this one: those that self lacks, and of the lists of models and arms the
 * lines that it lacks. @return 0 or OST_ERR_NO_MEMORY */
int ost_identity_join(ost_identity_t *self, const ost_identity_t *other, ost_error_t *err) OST_MUST_CHECK;
/* One "key = value" a line; a line feed in a value is written \n, a backslash twice. @return owned by the caller, NULL:
 * out of memory */
char *ost_identity_print(const ost_identity_t *self);
/* Such lines, of which all are taken as texts. @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY; free it in any case */
int ost_identity_read(ost_identity_t *self, const char *lines, size_t size, ost_error_t *err) OST_MUST_CHECK;
/* The experiment of a run with these facts: its text, the overrides of then, the texts of models that are not built in,
 * and the instruction set if this machine has it. @param path  of the file that has the facts; @param overrides
 * [n_overrides] applied after those of then @return 0, OST_ERR_FORMAT (no experiment among the facts), or as
 * ost_experiment_parse() */
int ost_identity_experiment(const ost_identity_t *self, const char *path, const char *const *overrides,
    size_t n_overrides, ost_experiment_t *experiment, ost_error_t *err) OST_MUST_CHECK;
/* Whether another version or another build of osteon has these facts. */
bool ost_identity_is_foreign(const ost_identity_t *self);
/* @param purpose  as in "cannot be resumed"; @param path  of the file that has `theirs`. @return 0, or OST_ERR_VALUE,
 * which names the first fact that differs */
int ost_identity_compare(const ost_identity_t *self, const ost_identity_t *theirs, const char *purpose,
    const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Accepts a zeroed one. */
void ost_identity_free(ost_identity_t *self);

#endif
