/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file sweep_file.h  A sweep as a YAML file: experiment, vary, design, points, seed, keep. */
#ifndef OST_INPUT_SWEEP_FILE_H
#define OST_INPUT_SWEEP_FILE_H

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/** What a sweep file asks; texts are owned, NULL where the file does not say. */
typedef struct {
    ost_memory_t memory;     /**< of texts */
    char *experiment;        /**< name, or path as seen from the current folder */
    ost_text_list_t vary;    /**< PATH=VALUES */
    char *design, *keep;     /**< words */
    char *table;             /**< path of a table of points, as seen from the current folder */
    uint64_t n_points, seed; /**< of the design; 0: not said */
} ost_sweep_file_t;

/** Read a YAML file, if it is of a sweep: it has a key 'vary' or 'table' at its top. Free it in any case.
 *  @param keeps  [n_keeps] words that 'keep' may have @param[out] is_sweep  false: it is not; also where it cannot be
 *  read as YAML @return 0, or an error with its place: OST_ERR_NAME, OST_ERR_SYNTAX, OST_ERR_VALUE,
 *  OST_ERR_NO_MEMORY */
int ost_sweep_file_read(ost_sweep_file_t *self, const char *path, const char *const *keeps, size_t n_keeps,
    bool *is_sweep, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts a zeroed one. */
void ost_sweep_file_free(ost_sweep_file_t *self);

#endif
