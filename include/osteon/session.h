/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file session.h  The whole of osteon for other programs: text of models and experiments in; names, units and arrays
 *  out. For C11 and C++, and for languages that call C: three opaque handles, no struct crosses.
 *
 *  A session holds models, a study is an experiment planned with them, a call belongs to one calling thread. Values are
 *  in the units that ost_study_text() gives, times in days, and NaN where there is no value. Texts are UTF-8 and end
 *  with a zero byte. A function that can fail takes a call, which then holds the error as text (ost_call_error()) until
 *  its next use. With an argument that is NULL or out of range nothing is done: functions that return a code give
 *  OST_ERR_ARGUMENT, those that return a pointer NULL, those that return a size 0; the call then names the argument.
 *  Where NULL is allowed, it is said so. Codes are those of error.h, all negative.
 *
 *  Threads: once made, a study may be used by any number of threads at a time, each with a call of its own; so may a
 *  session by its const functions. The other functions of a session need it alone, but not its studies. */
#ifndef OSTEON_SESSION_H
#define OSTEON_SESSION_H

#include "osteon/error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
/** Leaves the shared library; all else is hidden. */
#define OST_API __attribute__((visibility("default")))
#else
#define OST_API
#endif

/** Raised when a change breaks programs that use this header; functions may be added without. The build reads it. */
#define OST_SESSION_VERSION 1

/** The models that are available: the built-in ones and those added. */
typedef struct ost_session ost_session_t;
/** A planned experiment; never changes. Its session must outlive it. Studies of one session share the histories before
 *  treatment of their subjects, where these are the same: each has the bits that it has alone. */
typedef struct ost_study ost_study_t;
/** Of one calling thread: the last error, the number of threads to use, and whether to stop. */
typedef struct ost_call ost_call_t;

/** @return OST_SESSION_VERSION of the library that runs; another than this header's means the wrong library */
OST_API int ost_session_version(void);

/** A new call. @return owned by the caller, to be freed with ost_call_free(); NULL if out of memory */
OST_API ost_call_t *ost_call_new(void);

/** Free a call. Accepts NULL. No other thread may use it any more, not even to stop it. */
OST_API void ost_call_free(ost_call_t *call);

/** Set how many threads ost_study_run() uses.
 *  @param n  0 (as in a new call): as many as the process may use; at most 65536
 *  @return 0 or OST_ERR_ARGUMENT */
OST_API int ost_call_threads(ost_call_t *call, int n);

/** Stop the ost_study_run() that uses this call, or the next one if none does: it returns 1, after the blocks of 64
 *  subjects that its threads have begun. From any thread, and from a signal handler.
 *  @return 0 or OST_ERR_ARGUMENT */
OST_API int ost_call_stop(ost_call_t *call);

/** What went wrong when the call was last used.
 *  @param[out] line, column  1-based place in the text that was read, 0 where there is none; either may be NULL
 *  @return "file:line:column: what, and the nearest valid name", "" if nothing did, NULL if call is NULL; valid until
 *  the next use of the call */
OST_API const char *ost_call_error(ost_call_t *call, int *line, int *column);

/** The code of that error (error.h): 0 if nothing went wrong, OST_ERR_ARGUMENT if call is NULL. Never an error itself.
 */
OST_API int ost_call_code(const ost_call_t *call);

/** A new session with the built-in models.
 *  @return owned by the caller, to be freed with ost_session_free(); NULL on error: OST_ERR_NO_MEMORY */
OST_API ost_session_t *ost_session_new(ost_call_t *call);

/** Free a session and its models, after all its studies. Accepts NULL. */
OST_API void ost_session_free(ost_session_t *session);

/** Read a model from text. Experiments then name it by its name, or by `path` if another model has that name.
 *  @param path  of the text, for messages, as "./own.model"; the file need not exist; copied
 *  @param text  of the model, see models/README.md; copied
 *  @return 0, OST_ERR_ARGUMENT, OST_ERR_NO_MEMORY, or what is wrong with the text, with line and column:
 * OST_ERR_SYNTAX, OST_ERR_NAME (also a path that the session has), OST_ERR_UNIT, OST_ERR_VALUE, OST_ERR_MODEL,
 * OST_ERR_LIMIT */
OST_API int ost_session_add_model(ost_session_t *session, const char *path, const char *text, ost_call_t *call);

/** @return how many models there are: built-in ones, then those added or read from the files that experiments name */
OST_API size_t ost_session_n_models(const ost_session_t *session);

/** A text of a model.
 *  @param i     < ost_session_n_models()
 *  @param what  "name", "kind" ("bone", "drug", ...), "title", or "text": the model as written
 *  @return valid as long as the session; NULL on error: OST_ERR_ARGUMENT, OST_ERR_NO_MEMORY */
OST_API const char *ost_session_model(ost_session_t *session, size_t i, const char *what, ost_call_t *call);

/** Read and plan an experiment; models that it names by a path are read from files.
 *  @param path   of its text, for messages, and where relative paths in it start; copied
 *  @param yaml   its text; NULL: read from the file `path`; copied
 *  @param set    [n_set] "path=value", as in "population.subjects=100" or "arms.control={}", applied to the text in
 * this order; may be NULL if n_set is 0; copied
 *  @return owned by the caller, to be freed with ost_study_free(); NULL on error: OST_ERR_ARGUMENT, OST_ERR_NO_MEMORY,
 *  OST_ERR_IO, OST_ERR_MISSING (no such file), or what is wrong with the text, with line and column: as for a model,
 *  and OST_ERR_MODEL if its models do not form a system */
OST_API ost_study_t *ost_study_new(
    ost_session_t *session, const char *path, const char *yaml, const char *const *set, size_t n_set, ost_call_t *call);

/** Free a study. Accepts NULL. */
OST_API void ost_study_free(ost_study_t *study);

/** What a study has several of. */
typedef enum {
    OST_AXIS_ARM,       /**< arms in the order of the experiment */
    OST_AXIS_OUTPUT,    /**< output rows: "bmd[lumbar_spine]" and "bmd[total_hip]" are two */
    OST_AXIS_TIME,      /**< times at which outputs are given */
    OST_AXIS_PARAM,     /**< parameters of all models: "aibl.k_C" */
    OST_AXIS_COVARIATE, /**< covariates of the population */
    OST_AXIS_SUBJECT    /**< subjects of the cohort: no texts */
} ost_axis_t;

/** @return how many there are */
OST_API size_t ost_study_size(const ost_study_t *study, ost_axis_t axis);

/** A text of one of them.
 *  @param i     < ost_study_size()
 *  @param what  "name", "unit" as reported ("1" for a number, "d" for times), "title": its meaning, or "index": of an
 *  output with elements the name of their set, "site" of "bmd[total_hip]"
 *  @return valid as long as the study, "" where there is no such text; NULL for a subject or a wrong argument */
OST_API const char *ost_study_text(const ost_study_t *study, ost_axis_t axis, size_t i, const char *what);

/** Their values: times in days since start of treatment, typical values of parameters, and the numbers of subjects,
 * from `first_subject` of the experiment on; NaN for the others.
 *  @param[out] values  [ost_study_size()]
 *  @return 0 or OST_ERR_ARGUMENT */
OST_API int ost_study_values(const ost_study_t *study, ost_axis_t axis, double *values);

/** The experiment as one YAML text that repeats it with the same session: with all `set` applied, without comments if
 *  there are any.
 *  @param[out] buf  [size], filled as far as it goes, with a zero byte at the end; may be NULL if size is 0
 *  @return bytes of the whole text without the zero byte; 0: out of memory */
OST_API size_t ost_study_yaml(const ost_study_t *study, char *buf, size_t size);

/** Takes a finished block of consecutive subjects; all arrays are borrowed for the call, NaN where there is no value.
 *  Called by one thread of a run at a time, blocks in any order; it may use the study, also run it, with another call.
 *  @param user        as given to ost_study_run()
 *  @param first       first subject of the block, counted from 0 in the cohort
 *  @param n           subjects, 1 to 64
 *  @param outputs     [arms][n][outputs][times]
 *  @param covariates  [n][covariates]
 *  @param params      [n][params]
 *  @param status      [arms][n] 0, or -code of the error that ended this subject in this arm: its outputs are NaN then
 *  @return 0; another number stops the run, and no block follows */
typedef int (*ost_sink_t)(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status);

/** Simulate subjects first .. first + n - 1 of a study in all arms. A subject's values depend on its number alone, not
 *  on which others are run, on threads or on blocks.
 *  @param first     first subject, counted from 0 in the cohort
 *  @param n         subjects; 0: none. first + n is at most 10^9, with `sampling: latin_hypercube` or `enroll` the
 *                   cohort, and where subjects are rows of a table, of people or of dosing records, these
 *  @param sink      receives the blocks; not NULL
 *  @param user      handed to it, may be NULL
 *  @return 0 also when single subjects failed, 1 if stopped, or OST_ERR_ARGUMENT, OST_ERR_NO_MEMORY, OST_ERR_MODEL (no
 *  method can integrate the system), OST_ERR_VALUE (too few candidates to enroll) */
OST_API int ost_study_run(
    const ost_study_t *study, uint64_t first, uint64_t n, ost_sink_t sink, void *user, ost_call_t *call);

#ifdef __cplusplus
}
#endif

#endif
