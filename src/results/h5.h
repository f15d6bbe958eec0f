/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HDF5 with every return checked: its messages are kept from the terminal, and its reason goes into our error. */
#ifndef OST_RESULTS_H5_H
#define OST_RESULTS_H5_H

#include "core/text.h"
#include "input/design.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* HDF5 (serial) has one state for the whole process, so there is one lock: held between enter and leave, not
 * recursive. Our handler notes there why a call failed; the caller's is put back then. */
typedef struct {
    H5E_auto2_t handler; /* the caller's */
    void *data;
    char reason[256]; /* of the last call that failed, or */
    bool is_ours;     /* of ost_h5_note_reason() */
} ost_h5_handler_t;

void ost_h5_enter(ost_h5_handler_t *saved);
void ost_h5_leave(const ost_h5_handler_t *saved);

/* "path: what: reason", the reason as HDF5 gave it ("No space left on device") since ost_h5_enter. @return code */
int ost_h5_fail(ost_error_t *err, int code, const char *path, const char *fmt, ...) OST_PRINTF(4, 5);
/* What of a result file cannot be read. @param ret  OST_ERR_NO_MEMORY, or another code: the file is damaged
 * @return OST_ERR_NO_MEMORY or OST_ERR_FORMAT */
int ost_h5_unreadable(ost_error_t *err, int ret, const char *path, const char *what);
/* A reason of our own, which those of later calls do not replace. */
void ost_h5_note_reason(const char *fmt, ...) OST_PRINTF(1, 2);

/* Attributes of a scalar or, with n > 1, of a list; text is UTF-8. What is there of that name is replaced. @return 0 or
 * -1 with HDF5's error stack set */
int ost_h5_set_text(hid_t object, const char *name, const char *text) OST_MUST_CHECK;
int ost_h5_set_doubles(hid_t object, const char *name, const double *values, size_t n) OST_MUST_CHECK;
int ost_h5_set_count(hid_t object, const char *name, uint64_t value) OST_MUST_CHECK;
int ost_h5_set_array(
    hid_t object, const char *name, hid_t file_type, hid_t type, const void *values, size_t n) OST_MUST_CHECK;

/* An attribute as text: as it is, numbers with all digits, lists with blanks. @param[out] text  owned by the caller;
 * NULL if the object lacks it, or it is of another kind, damaged or too large @return 0 or OST_ERR_NO_MEMORY */
int ost_h5_get_text(hid_t object, const char *name, char **text) OST_MUST_CHECK;

/* A dataset of the file itself: no link to another place or file, no data that stand elsewhere. @return -1 if there is
 * none */
hid_t ost_h5_open(hid_t file, const char *name);

/* Variable-length UTF-8 text, closed by the caller. */
hid_t ost_h5_text_type(void);

/* Length of a one-dimensional dataset, 0 if it is none. */
size_t ost_h5_length(hid_t dataset);
/* Append all texts of a one-dimensional dataset of at most `max`. @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY, with
 * which some may be there */
int ost_h5_read_texts(hid_t dataset, size_t max, ost_text_list_t *texts) OST_MUST_CHECK;
/* How values are written that HDF5 has to convert: with 64 KB to do it in, where it clears 1 MB of its own for each
 * dataset. @return for H5Pclose(), or -1 */
hid_t ost_h5_small_transfer(void);
/* Dimensions in front of arms: a model of several, the varied entries of a grid or the points of another design, and
 * draws; and of a dataset. */
enum { OST_MAX_FRONT = OST_MAX_GRID_AXES + 1, OST_MAX_RANK = OST_MAX_FRONT + 4 };
/* A part of a dataset: `count` from `start` on, dimension by dimension. */
typedef struct {
    size_t rank;
    hsize_t start[OST_MAX_RANK], count[OST_MAX_RANK];
} ost_slab_t;
/* Add a dimension. */
void ost_slab_add(ost_slab_t *self, hsize_t start, hsize_t count);
/* Numbers of a part of a dataset. Read into `to`, if all chunks in it unpack to as many bytes as their shape says, or,
 * if that is NULL, written from `from`. @param how  of ost_h5_small_transfer(), or H5P_DEFAULT. @return 0 or -1, also
 * if the dataset is of another rank or the id is not valid */
int ost_h5_transfer(hid_t dataset, hid_t how, const ost_slab_t *slab, double *to, const double *from) OST_MUST_CHECK;
/* The same of the dataset `name` of a file, between ost_h5_enter and ost_h5_leave of its own. @return 0, or the error
 */
int ost_h5_read(hid_t file, const char *path, const char *name, const ost_slab_t *slab, double *values,
    ost_error_t *err) OST_MUST_CHECK;

/* Close ids of any kind that were opened for reading, [n]; negative ones are passed over. */
void ost_h5_close(const hid_t *ids, size_t n);
#define OST_H5_CLOSE(...)                                                                                              \
    ost_h5_close((const hid_t[]){ __VA_ARGS__ }, sizeof((const hid_t[]){ __VA_ARGS__ }) / sizeof(hid_t))

#endif
