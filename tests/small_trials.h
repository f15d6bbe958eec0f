/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of a small bone model whose every observation is known, in a folder of their own, for tests of the analysis:
 * bmd = exp(-(k + g push) t), ctx and estradiol go with the spine and the hip. */
#ifndef OST_SMALL_TRIALS_H
#define OST_SMALL_TRIALS_H

#include "analysis/validate.h"
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define K_SPINE 0.02 /* 1/y */
#define K_HIP 0.01
#define G 0.03
#define SMALL_ENDPOINTS OST_SOURCE_DIR "/configs/evidence/endpoints.csv"
#define FIXED "variability: false"
#define HEAD                                                                                                           \
    "role,trial,arm,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,citation,reference,note\n"

static const char small_bone[] =
    "model small \"bone that is lost, more where it is pushed\"\nkind bone\n"
    "signal push [1] = 0 combine sum \"speeds the loss\"\nreads push\nindex site = lumbar_spine, total_hip\n"
    "param k[site] = 0.02, 0.01 [1/y] in 0.0001..0.5 spread 0.3 prior 0.5 \"loss\" @ \"assumed: test\"\n"
    "param g = 0.03 [1/y] in 0.0001..0.5 spread 0.3 prior 0.5 \"loss by push\" @ \"assumed: test\"\n"
    "param w = 0.4 [1] in 0..1 \"a share without prior\" @ \"assumed: test\"\n"
    "state B[site] = 1 [1] \"bone\"\nB[site]' = -(k[site] + g*push)*B[site]\n"
    "output bmd[site] [g/cm2] = 1 [g/cm2]*B[site] \"density\"\n"
    "output ctx [ng/mL] = 0.5 [ng/mL]*B[lumbar_spine] \"marker\"\n"
    "output estradiol [pmol/L] = (80 [pmol/L] + 0 [pmol/L]*w)*B[total_hip] \"hormone\"\n";
static const char small_pill[] =
    "model pill \"pushes\"\nkind drug\nstate A = 0 [mg] scale 1 \"amount\"\nA' = -0.1 [1/d]*A\ndose A\n"
    "drives push = A/10 [mg]\noutput amount [mg] = A \"amount\"\n";
/* a rate that trials choose their subjects by */
static const char choosy_bone[] =
    "model choosy \"bone that is lost\"\nkind bone\nindex site = lumbar_spine\n"
    "param k = 0.02 [1/y] in 0.0001..0.5 spread 0.3 prior 0.5 \"loss\" @ \"assumed: test\"\n"
    "state B = 1 [1] \"bone\"\nB' = -k*B\noutput bmd[site] [g/cm2] = 1 [g/cm2]*B \"density\"\n"
    "output rate [1/y] = k \"loss\"\n";
/* one site, feels nothing */
static const char other_bone[] =
    "model other \"bone at one site\"\nkind bone\nindex site = lumbar_spine\n"
    "param k = 0.1 [1/y] in 0.01..0.5 \"loss\" @ \"assumed: test\"\nstate B = 1 [1] \"bone\"\nB' = -k*B\n"
    "output bmd[site] [1] = B \"density\"\n";

typedef struct {
    char path[64];
    char file[128]; /* of the last small_path() */
} folder_t;

static inline const char *small_path(folder_t *self, const char *name)
{
    snprintf(self->file, sizeof(self->file), "%s/%s", self->path, name);
    return self->file;
}

static inline void small_write(folder_t *self, const char *name, const char *text)
{
    FILE *file = fopen(small_path(self, name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static inline void small_begin(folder_t *self)
{
    snprintf(self->path, sizeof(self->path), "/tmp/ost_trials_XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(self->path));
    small_write(self, "small.model", small_bone);
    small_write(self, "pill.model", small_pill);
    small_write(self, "other.model", other_bone);
}

static inline void small_end(const folder_t *self)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -r %s", self->path);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* A trial NAME.yaml of the arms control and treated, which is pushed from time 0.
 * @param people  lines under population; @param compare  the list */
static inline void small_trial(folder_t *self, const char *name, const char *people, const char *compare)
{
    char text[16384], file[64];
    snprintf(text, sizeof(text),
        "models: [./small.model]\npopulation: {%s}\narms:\n  control: {label: Control <1>}\n"
        "  treated: {signals: [{signal: push, value: 1}]}\ntimes: {to: 12 month, every: 6 month}\n"
        "evidence:\n  table: evidence.csv\n  compare:\n%s",
        people, compare);
    snprintf(file, sizeof(file), "%s.yaml", name);
    small_write(self, file, text);
}

static inline bool small_ok(int ret, const ost_error_t *err)
{
    char text[1024];
    if (ret < 0) fprintf(stderr, "\n%s\n", ost_error_format(err, text, sizeof(text)));
    return ret == 0;
}

static inline void small_read(folder_t *self, ost_trials_t *trials)
{
    ost_error_t err = { 0 };
    const ost_trials_options_t options = { .folder = self->path, .endpoints = SMALL_ENDPOINTS };
    CU_ASSERT_FATAL(small_ok(ost_trials_read(trials, &options, &err), &err));
}

#endif
