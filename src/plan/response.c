/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which blocks act on bone in each arm, and what is said about a drug that acts on none. */
#include "plan/response.h"

#include <stdio.h>
#include <string.h>

/* Numbers of the signals at both ends of each block. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const uint32_t *const *reads, *const *drives;
} ends_t;

char *ost_builtin_models(ost_library_t *library, ost_model_test_fn test, const void *user, char *buf, size_t size)
{
    size_t n = 0;
    buf[0] = '\0';
    for (size_t k = 0; k < library->n_builtins && n < size; k++) {
        const ost_model_t *model;
        ost_error_t ignored = { 0 };
        if (ost_library_get(library, library->builtins[k]->name, &model, &ignored) == 0 && test(model, user))
            n += (size_t) snprintf(buf + n, size - n, "%s'%s'", n > 0 ? ", " : "", model->name);
    }
    return buf;
}

bool ost_model_drives(const ost_model_t *model, const void *signal)
{
    for (size_t i = 0; i < model->n_drives; i++)
        if (strcmp(model->drives[i].name, signal) == 0) return true;
    return false;
}

static bool responds_to(const ost_model_t *model, const void *user)
{
    const ost_model_t *drug = user;
    for (size_t i = 0; i < model->n_reads && model->kind != OST_KIND_DRUG; i++)
        if (ost_model_drives(drug, model->reads[i].name)) return true;
    return false;
}

static bool is_drug(const ost_blocks_t *blocks, size_t b)
{
    return blocks->block[b].model->kind == OST_KIND_DRUG;
}

static const ost_regimen_t *doses_of(const ost_arm_t *arm, const ost_blocks_t *blocks, size_t b)
{
    for (size_t i = 0; i < arm->n_regimens; i++)
        if (ost_blocks_find(blocks, arm->regimens[i].drug) == (int) b) return &arm->regimens[i];
    return NULL;
}

/* A drug acts in the arms that give it. NULL stands for an arm that gives all of them. */
static bool acts(const ost_blocks_t *blocks, const ost_arm_t *arm, size_t b)
{
    return !is_drug(blocks, b) || arm == NULL || doses_of(arm, blocks, b) != NULL;
}

static bool drives_into(const ends_t *self, size_t from, size_t to)
{
    const ost_drive_t *drives = self->blocks->block[from].model->drives;
    for (size_t i = 0; i < self->blocks->block[from].model->n_drives; i++)
        for (size_t k = 0; !drives[i].is_also && k < self->blocks->block[to].model->n_reads; k++)
            if (self->drives[from][i] == self->reads[to][k]) return true;
    return false;
}

/* Which blocks reach bone in this arm, directly or through blocks that act in it; in a plan without a bone model, which
 * reach any model but a drug. */
static void find_reach(const ends_t *self, const ost_arm_t *arm, bool *reaches)
{
    const ost_blocks_t *blocks = self->blocks;
    bool has_bone = false, grows = true;
    for (size_t b = 0; b < blocks->n; b++) has_bone |= blocks->block[b].model->kind == OST_KIND_BONE;
    for (size_t b = 0; b < blocks->n; b++)
        reaches[b] = has_bone ? blocks->block[b].model->kind == OST_KIND_BONE : !is_drug(blocks, b);
    while (grows) {
        grows = false;
        for (size_t b = 0; b < blocks->n; b++) {
            bool did = reaches[b];
            for (size_t k = 0; k < blocks->n && !reaches[b]; k++)
                reaches[b] = k != b && reaches[k] && acts(blocks, arm, k) && drives_into(self, b, k);
            grows |= reaches[b] && !did;
        }
    }
}

static int fail_without_response(
    const ends_t *self, ost_library_t *library, const ost_arm_t *arm, size_t b, ost_error_t *err)
{
    const ost_blocks_t *blocks = self->blocks;
    const ost_model_t *model = blocks->block[b].model;
    char signals[256] = "", others[256] = "", readers[256];
    size_t n = 0;
    for (size_t i = 0; i < model->n_drives && n < sizeof(signals); i++)
        n += (size_t) snprintf(signals + n, sizeof(signals) - n, "%s'%s'", i > 0 ? ", " : "", model->drives[i].name);
    n = 0;
    for (size_t k = 0; k < blocks->n && n < sizeof(others); k++)
        if (k != b && acts(blocks, arm, k))
            n += (size_t) snprintf(
                others + n, sizeof(others) - n, "%s%s", n > 0 ? ", " : "", blocks->block[k].model->name);
    ost_builtin_models(library, responds_to, model, readers, sizeof(readers));
    return OST_FAIL_AT(err, OST_ERR_MODEL, self->e,
        arm != NULL ? doses_of(arm, blocks, b)->location : blocks->block[b].location,
        "%s%s%sno model in the plan (%s) responds to drug '%s', which drives %s%s%s%s", arm != NULL ? "arm '" : "",
        arm != NULL ? arm->name : "", arm != NULL ? "': " : "", others, model->name, signals,
        readers[0] != '\0' ? " (" : "", readers, readers[0] != '\0' ? " would)" : "");
}

int ost_response_check(const ost_experiment_t *e, ost_library_t *library, const ost_blocks_t *blocks,
    const uint32_t *const *reads, const uint32_t *const *drives, ost_error_t *err)
{
    const ends_t self = { e, blocks, reads, drives };
    bool only_drugs = true, *reaches = calloc(blocks->n + 1, sizeof(*reaches));
    if (reaches == NULL) return ost_no_memory(err);
    for (size_t b = 0; b < blocks->n; b++) only_drugs &= is_drug(blocks, b);
    int ret = 0;
    for (size_t a = 0; a <= e->n_arms && !only_drugs && ret == 0; a++) {
        const ost_arm_t *arm = a < e->n_arms ? &e->arms[a] : NULL;
        find_reach(&self, arm, reaches);
        for (size_t b = 0; b < blocks->n && ret == 0; b++)
            if (is_drug(blocks, b) && blocks->block[b].model->n_drives > 0 && acts(blocks, arm, b) && !reaches[b])
                ret = fail_without_response(&self, library, arm, b, err);
    }
    free(reaches);
    return ret;
}
