/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes classes.csv and arms.csv; gives the class of treatment of each arm. */
#include "input/treatments.h"

#include "core/file.h"
#include "core/vocabulary.h"
#include "input/csv.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT(heading, type, member)                                                                                    \
    {                                                                                                                  \
        .name = heading, .kind = OST_CSV_TEXT, .offset = offsetof(type, member)                                        \
    }
static const ost_csv_column_t class_columns[] = { TEXT("class", ost_treatment_class_t, name),
    TEXT("meaning", ost_treatment_class_t, meaning) };
static const ost_csv_table_t class_table = { class_columns, sizeof class_columns / sizeof class_columns[0],
    sizeof(ost_treatment_class_t), offsetof(ost_treatment_class_t, line), NULL };
static const ost_csv_column_t arm_columns[] = { TEXT("trial", ost_treated_arm_t, trial),
    TEXT("arm", ost_treated_arm_t, arm), TEXT("class", ost_treated_arm_t, name),
    TEXT("minus", ost_treated_arm_t, minus) };
static const ost_csv_table_t arm_table = { arm_columns, sizeof arm_columns / sizeof arm_columns[0],
    sizeof(ost_treated_arm_t), offsetof(ost_treated_arm_t, line), NULL };

/* @param[out] index  of the class. For an unknown word, as 'teriparatide', the error names the class whose
 * meaning contains it. */
static int find_class(
    const ost_treatments_t *self, const char *name, const char *path, int line, size_t *index, ost_error_t *err)
{
    char wrong[OST_WORDS_SIZE];
    const char **names = calloc(self->n_classes + 1, sizeof(*names));
    if (names == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < self->n_classes; i++) names[i] = self->classes[i].name;
    *index = ost_words_find(names, self->n_classes, name);
    ost_words_wrong(names, self->n_classes, name, wrong, sizeof(wrong));
    for (const ost_treatment_class_t *c = self->classes; c < self->classes + self->n_classes && name[0] != '\0'; c++)
        if (strstr(c->meaning, name) != NULL)
            snprintf(wrong, sizeof(wrong), "'%.60s' is not a class; '%.60s' is %.160s", name, c->name, c->meaning);
    free(names);
    return *index < self->n_classes ? 0 : ost_fail_at(err, OST_ERR_NAME, path, line, 0, "class: %s", wrong);
}

static int check(ost_treatments_t *self, const char *classes, const char *arms, ost_error_t *err)
{
    for (size_t i = 0; i < self->n_classes; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(self->classes[i].name, self->classes[k].name) == 0)
                return ost_fail_at(err, OST_ERR_VALUE, classes, self->classes[i].line, 0,
                    "class '%s' is in line %d too", self->classes[i].name, self->classes[k].line);
    for (size_t i = 0; i < self->n_arms; i++) {
        ost_treated_arm_t *arm = &self->arms[i];
        const ost_treated_arm_t *first = ost_treatments_find(self, arm->trial, arm->arm);
        if (first != arm)
            return ost_fail_at(err, OST_ERR_VALUE, arms, arm->line, 0, "trial '%s', arm '%s' is in line %d too",
                arm->trial, arm->arm, first->line);
        int ret = find_class(self, arm->name, arms, arm->line, &arm->of, err);
        arm->of_minus = SIZE_MAX;
        if (ret == 0 && arm->minus[0] != '\0') ret = find_class(self, arm->minus, arms, arm->line, &arm->of_minus, err);
        if (ret < 0) return ret;
    }
    return 0;
}

int ost_treatments_read(
    ost_treatments_t *self, const char *evidence, const char *otherwise, ost_memory_t *memory, ost_error_t *err)
{
    void *rows;
    const char *arms = ost_file_beside(memory, evidence, "arms.csv"), *classes = NULL;
    *self = (ost_treatments_t){ 0 };
    if (arms != NULL && access(arms, F_OK) != 0) {
        if (otherwise == NULL) return 0;
        arms = otherwise;
    }
    if (arms != NULL) classes = ost_file_beside(memory, arms, "classes.csv");
    if (classes != NULL && access(classes, F_OK) != 0 && otherwise != NULL)
        classes = ost_file_beside(memory, otherwise, "classes.csv");
    if (classes == NULL) return ost_no_memory(err);
    int ret = ost_csv_read_rows(&class_table, NULL, classes, memory, &rows, &self->n_classes, err);
    self->classes = rows;
    if (ret == 0) ret = ost_csv_read_rows(&arm_table, NULL, arms, memory, &rows, &self->n_arms, err);
    self->arms = rows;
    return ret == 0 ? check(self, classes, arms, err) : ret;
}

const ost_treated_arm_t *ost_treatments_find(const ost_treatments_t *self, const char *trial, const char *arm)
{
    for (size_t i = 0; i < self->n_arms; i++)
        if (strcmp(self->arms[i].trial, trial) == 0 && strcmp(self->arms[i].arm, arm) == 0) return &self->arms[i];
    return NULL;
}
