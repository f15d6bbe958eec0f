/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file blocks.h  First stage of a plan: which models take part, and which of the plan's states, parameters and so on
 *  are each one's. */
#ifndef OST_PLAN_BLOCKS_H
#define OST_PLAN_BLOCKS_H

#include "plan/stage.h"

/** One model inside a plan. */
typedef struct {
    const ost_model_t *model;                                                    /**< borrowed from the library */
    ost_location_t location;                                                     /**< where the experiment names it */
    uint32_t first_state, first_param, first_hoisted, first_switch, first_drive; /**< among the plan's */
} ost_block_t;

/** The models of a plan: those of the experiment in its order, then drugs that only its arms name. */
typedef struct {
    const ost_block_t *block; /**< [n] */
    size_t n;
    size_t n_states;   /**< of all blocks */
    size_t n_params;   /**< of all blocks, covariates included */
    size_t n_hoisted;  /**< values computed once for each subject */
    size_t n_switches; /**< conditions of all blocks */
    size_t n_drives;   /**< of all blocks */
    size_t n_noises;   /**< of all blocks; where there are any, a last constant of the system is the subject's number */
    const uint32_t *of_param;        /**< [n_params] index of its block */
    ost_library_t *library;          /**< of the models; borrowed */
    const ost_text_list_t *left_out; /**< of the experiment; borrowed */
} ost_blocks_t;

/** @param library  may gain models. @return NULL on error: an unknown model or drug, two models of one name, none */
const ost_blocks_t *ost_blocks_new(ost_library_t *library, const ost_experiment_t *e, ost_maker_t *make);
/** Index of the block of that model name, -1 if there is none. */
int ost_blocks_find(const ost_blocks_t *self, const char *name);
/** Parameter i of the plan, as its model declares it. */
static inline const ost_param_t *ost_blocks_param(const ost_blocks_t *self, size_t i)
{
    const ost_block_t *block = &self->block[self->of_param[i]];
    return &block->model->params[i - block->first_param];
}
/** Size of what ost_blocks_elsewhere() says. */
#define OST_ELSEWHERE_SIZE 300
/** "; 't_score' is an output of 'dxa': add that to 'models'" for the first name in `text` that is an output of a
 * built-in model and of none here, else ""; of a model that the bone model leaves out, the signal that it lacks. For
 * messages: the library may gain models. @return buf */
char *ost_blocks_elsewhere(const ost_blocks_t *self, const char *text, char buf[OST_ELSEWHERE_SIZE]);
/** "aibl.k_C" of parameter i of the plan, written to buf. @return buf */
char *ost_blocks_param_name(const ost_blocks_t *self, size_t i, char *buf, size_t size);
/** Read the models whose texts the experiment brings along. @return 0 or the first error of ost_library_read() */
int ost_blocks_read_texts(const ost_experiment_t *e, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;

#endif
