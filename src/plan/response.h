/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file response.h  Whether what an arm gives acts on bone. */
#ifndef OST_PLAN_RESPONSE_H
#define OST_PLAN_RESPONSE_H

#include "plan/blocks.h"

/** Whether a model reads or drives a certain thing, as `user` says. */
typedef bool (*ost_model_test_fn)(const ost_model_t *model, const void *user);

/** "'hormones', 'other'": the built-in models that pass the test, written to buf. @return buf */
char *ost_builtin_models(ost_library_t *library, ost_model_test_fn test, const void *user, char *buf, size_t size);
/** Whether the model drives the signal of that name. */
bool ost_model_drives(const ost_model_t *model, const void *signal);

/** Check that each drug that an arm gives reaches bone, directly or through blocks that act in that arm; a plan of
 * drugs alone is a study of kinetics, and passes.
 *  @param reads, drives  [blocks->n][n_reads], [blocks->n][n_drives] numbers of the signals
 *  @return 0 or OST_ERR_MODEL with the models that would respond */
int ost_response_check(const ost_experiment_t *e, ost_library_t *library, const ost_blocks_t *blocks,
    const uint32_t *const *reads, const uint32_t *const *drives, ost_error_t *err) OST_MUST_CHECK;

#endif
