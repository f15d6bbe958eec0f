/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published models against reference trajectories that other integrators made: one case is one file tests/published/
 * NAME.csv, and a new case is a new file. It begins with directives, one a line:
 *     # config PATH             the experiment, from the top folder: configs/published/NAME.yaml
 *     # set PATH=VALUE          as `osteon run --set`; any number of them, such as arms.rest={}
 *     # run RTOL ERROR          solve at this tolerance, and be wrong by at most ERROR of each column's maximum
 *                               within an arm; at least one, each is a run
 *     # ratio TIME            columns are ratios to the value at that time; or, with `change`, changes since then in
 *                             percent of it
 *     # against ARM           columns are ratios to that arm at the same time
 * Other lines that begin with '#' are comments. Then come a header and rows:
 *     arm,day,osteoclasts,bmd[total_hip]
 *     add_pth,20.16,0.9,1.01
 * The first column is the arm, the second the time, headed by its unit (day, h, year), the others are outputs in their
 * own units. An empty cell or nan is not compared. Rows may stand in any order, and arms have times of their own. The
 * test sets times, outputs and exact dosing itself. An output at the time of a dose is the value before it. */
#include "cohort/cohort.h"
#include "core/lanes.h"
#include "lang/kernel.h"
#include "lang/token.h"
#include "plan/plan.h"
#include "testlib.h"

#include <ctype.h>
#include <glob.h>
#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AS_IT_IS, RATIO, CHANGE, AGAINST };
enum { MAX_ROWS = 2000, MAX_COLUMNS = 64, MAX_SETS = 16, MAX_RUNS = 4, LINE_SIZE = 4096, TEXT_SIZE = 65536 };

typedef struct {
    double rtol, error;
} run_t;

typedef struct {
    char arm[64];
    double time, value[MAX_COLUMNS];
    size_t i_time;
} row_t;

typedef struct {
    const char *path;
    char config[LINE_SIZE], header[LINE_SIZE], sets[MAX_SETS][LINE_SIZE];
    run_t runs[MAX_RUNS];
    size_t n_sets, n_runs, n_columns, n_rows, n_times;
    char *unit, *column[MAX_COLUMNS];
    row_t rows[MAX_ROWS];
    double times[MAX_ROWS + 1]; /* [n_times] ascending, in `unit` */
    int measure;
    double base; /* time that a RATIO or a CHANGE refers to, in `unit` */
    size_t i_base;
    char against[64];
} reference_t;

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void read_directive(reference_t *self, char *line)
{
    run_t run;
    line[strcspn(line, "\r\n")] = '\0';
    if (sscanf(line, "# config %4000s", self->config) == 1) return;
    if (sscanf(line, "# ratio %lf", &self->base) == 1) {
        self->measure = RATIO;
    } else if (sscanf(line, "# change %lf", &self->base) == 1) {
        self->measure = CHANGE;
    } else if (sscanf(line, "# against %63s", self->against) == 1) {
        self->measure = AGAINST;
    } else if (sscanf(line, "# run %lf %lf", &run.rtol, &run.error) == 2) {
        CU_ASSERT_FATAL(self->n_runs < MAX_RUNS);
        self->runs[self->n_runs++] = run;
    } else if (strncmp(line, "# set ", 6) == 0) {
        CU_ASSERT_FATAL(self->n_sets < MAX_SETS);
        strcpy(self->sets[self->n_sets++], line + 6);
    }
}

static void read_header(reference_t *self, const char *line)
{
    strcpy(self->header, line);
    CU_ASSERT_STRING_EQUAL_FATAL(strtok(self->header, ",\r\n"), "arm");
    self->unit = strtok(NULL, ",\r\n");
    for (char *word = strtok(NULL, ",\r\n"); word != NULL; word = strtok(NULL, ",\r\n")) {
        CU_ASSERT_FATAL(self->n_columns < MAX_COLUMNS);
        self->column[self->n_columns++] = word;
    }
    CU_ASSERT_FATAL(self->n_columns > 0);
}

static void read_row(reference_t *self, const char *line)
{
    CU_ASSERT_FATAL(self->n_rows < MAX_ROWS);
    row_t *row = &self->rows[self->n_rows++];
    size_t length = strcspn(line, ",");
    char *at;
    CU_ASSERT_FATAL(length < sizeof(row->arm));
    memcpy(row->arm, line, length);
    row->arm[length] = '\0';
    row->time = strtod(line + length + 1, &at);
    for (size_t i = 0; i < self->n_columns; i++) {
        const char *cell = at + 1;
        CU_ASSERT_EQUAL_FATAL(*at, ',');
        row->value[i] = strtod(cell, &at);
        if (at == cell) row->value[i] = NAN;
    }
    CU_ASSERT_FATAL(*at == '\n' || *at == '\r' || *at == '\0');
}

static size_t time_index(const reference_t *self, double time)
{
    size_t i = 0;
    while (self->times[i] != time) i++;
    return i;
}

static void find_times(reference_t *self)
{
    double all[MAX_ROWS + 1];
    size_t n = 0;
    for (size_t i = 0; i < self->n_rows; i++) all[n++] = self->rows[i].time;
    if (self->measure == RATIO || self->measure == CHANGE) all[n++] = self->base;
    qsort(all, n, sizeof(double), compare_doubles);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i] != all[i - 1]) self->times[self->n_times++] = all[i];
    for (size_t i = 0; i < self->n_rows; i++) self->rows[i].i_time = time_index(self, self->rows[i].time);
    if (self->measure == RATIO || self->measure == CHANGE) self->i_base = time_index(self, self->base);
}

static void read_reference(reference_t *self, const char *path)
{
    char line[LINE_SIZE];
    memset(self, 0, sizeof(*self));
    self->path = path;
    FILE *in = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    while (fgets(line, sizeof(line), in) != NULL) {
        if (line[0] == '#')
            read_directive(self, line);
        else if (self->unit == NULL)
            read_header(self, line);
        else
            read_row(self, line);
    }
    fclose(in);
    CU_ASSERT_FATAL(self->config[0] != '\0' && self->n_runs > 0 && self->n_rows > 0);
    find_times(self);
}

/* "times=[...]" and "outputs=[...]": what the file holds, and nothing else. */
static void write_wishes(const reference_t *self, char *times, char *outputs)
{
    size_t n = (size_t) snprintf(times, TEXT_SIZE, "times=[");
    for (size_t i = 0; i < self->n_times && n < TEXT_SIZE; i++)
        n += (size_t) snprintf(times + n, TEXT_SIZE - n, "%s%.17g %s", i > 0 ? ", " : "", self->times[i], self->unit);
    CU_ASSERT_FATAL(n + 2 < TEXT_SIZE);
    strcpy(times + n, "]");
    n = (size_t) snprintf(outputs, TEXT_SIZE, "outputs=[");
    for (size_t i = 0; i < self->n_columns; i++) {
        int length = (int) strcspn(self->column[i], "[");
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new &= strncmp(self->column[k], self->column[i], (size_t) length) != 0 ||
                      isalnum((unsigned char) self->column[k][length]) || self->column[k][length] == '_';
        if (is_new)
            n += (size_t) snprintf(outputs + n, TEXT_SIZE - n, "%s%.*s", i > 0 ? ", " : "", length, self->column[i]);
    }
    strcpy(outputs + n, "]");
}

/* Row of "bmd[total_hip]" or "ctx" among the outputs of the plan. */
static size_t output_row(const ost_plan_t *plan, const char *column)
{
    size_t length = strcspn(column, "[");
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        if (strlen(v->name) != length || strncmp(v->name, column, length) != 0) continue;
        if (column[length] == '\0' && v->index_set == NULL) return v->first;
        for (uint32_t k = 0; v->index_set != NULL && k < v->n_elements; k++) {
            char full[256];
            snprintf(full, sizeof(full), "%s[%s]", v->name, v->index_set->elements[k]);
            if (strcmp(full, column) == 0) return v->first + k;
        }
    }
    fprintf(stderr, "\nno output '%s'\n", column);
    CU_FAIL_FATAL("a column of a reference is no output of the models");
    return 0;
}

static size_t arm_index(const ost_experiment_t *experiment, const char *name)
{
    for (size_t a = 0; a < experiment->n_arms; a++)
        if (strcmp(experiment->arms[a].name, name) == 0) return a;
    fprintf(stderr, "\nno arm '%s'\n", name);
    CU_FAIL_FATAL("an arm of a reference is none of the experiment");
    return 0;
}

typedef struct {
    size_t n;
    double *y; /* [n_arms][n_outputs][n_times] of the one subject */
} kept_t;

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    kept_t *self = user;
    CU_ASSERT_EQUAL_FATAL(block->n_subjects, 1);
    memcpy(self->y, block->y, self->n * sizeof(double));
    return 0;
}

/* What the columns of the reference say of output `o` in an arm at one of the times. */
static double measured(const reference_t *self, const ost_plan_t *plan, const double *y, size_t arm, size_t o, size_t i)
{
    size_t n = self->n_times, n_outputs = plan->system->n_outputs;
    const double *own = y + (arm * n_outputs + o) * n;
    switch (self->measure) {
    case RATIO:
        return own[i] / own[self->i_base];
    case CHANGE:
        return 100 * (own[i] / own[self->i_base] - 1);
    case AGAINST:
        return own[i] / y[(arm_index(plan->experiment, self->against) * n_outputs + o) * n + i];
    default:
        return own[i];
    }
}

/* Largest error within one arm and column, of the column's maximum there. */
static double column_error(const reference_t *self, const ost_plan_t *plan, const double *y, size_t column, size_t arm)
{
    double largest = 0, scale = 0;
    size_t o = output_row(plan, self->column[column]);
    for (size_t i = 0; i < self->n_rows; i++) {
        const row_t *row = &self->rows[i];
        double truth = row->value[column];
        if (isnan(truth) || arm_index(plan->experiment, row->arm) != arm) continue;
        double error = fabs(measured(self, plan, y, arm, o, row->i_time) - truth);
        scale = fmax(scale, fabs(truth));
        if (!(error <= largest)) largest = error;
    }
    return largest == 0 ? 0 : largest / scale;
}

static void compare(const reference_t *self, const ost_plan_t *plan, const double *y, const run_t *run)
{
    double worst = 0;
    const char *name = strrchr(self->path, '/') + 1;
    for (size_t a = 0; a < plan->experiment->n_arms; a++) {
        for (size_t i = 0; i < self->n_columns; i++) {
            double error = column_error(self, plan, y, i, a);
            if (!(error <= run->error))
                printf("\n%s, arm %s, %s, rtol %g: ", name, plan->experiment->arms[a].name, self->column[i], run->rtol);
            ost_assert_close(error, 0, 0, run->error);
            if (!(error <= worst)) worst = error;
        }
    }
    printf("\n    %-44s rtol %-6g off by %-8.2g of %g", name, run->rtol, worst, run->error);
}

static void must(int ret, ost_error_t *err, const char *path)
{
    char text[1024];
    if (ret < 0) fprintf(stderr, "\n%s: %s\n", path, ost_error_format(err, text, sizeof(text)));
    CU_ASSERT_FATAL(ret >= 0);
}

static void run_one(const reference_t *self, ost_library_t *library, const run_t *run)
{
    static char times[TEXT_SIZE], outputs[TEXT_SIZE];
    char path[2 * LINE_SIZE], rtol[64];
    const char *overrides[MAX_SETS + 4];
    size_t n = 0;
    ost_experiment_t experiment;
    ost_plan_t plan = { 0 };
    ost_cohort_summary_t summary;
    ost_error_t err = { 0 };
    snprintf(path, sizeof(path), "%s/%s", OST_SOURCE_DIR, self->config);
    snprintf(rtol, sizeof(rtol), "solver.rtol=%g", run->rtol);
    write_wishes(self, times, outputs);
    while (n < self->n_sets) {
        overrides[n] = self->sets[n];
        n++;
    }
    overrides[n++] = times;
    overrides[n++] = outputs;
    overrides[n++] = rtol;
    overrides[n++] = "solver.dosing=exact";
    must(ost_experiment_read(&experiment, path, overrides, n, &err), &err, self->path);
    must(ost_plan_build(&plan, library, &experiment, &err), &err, self->path);
    kept_t kept = { .n = experiment.n_arms * plan.system->n_outputs * experiment.n_times };
    kept.y = calloc(kept.n, sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(kept.y);
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = keep, .user = &kept };
    must(ost_cohort_run(&plan, &options, &summary, &err), &err, self->path);
    CU_ASSERT_EQUAL(summary.failures, 0);
    compare(self, &plan, kept.y, run);
    free(kept.y);
    ost_cohort_summary_free(&summary);
    ost_plan_free(&plan);
    ost_experiment_free(&experiment);
}

static void test_references(void)
{
    static reference_t reference;
    ost_library_t library;
    ost_error_t err = { 0 };
    glob_t files;
    CU_ASSERT_EQUAL_FATAL(glob(OST_SOURCE_DIR "/tests/published/*.csv", 0, NULL, &files), 0);
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        read_reference(&reference, files.gl_pathv[i]);
        for (size_t k = 0; k < reference.n_runs; k++) run_one(&reference, &library, &reference.runs[k]);
    }
    ost_library_free(&library);
    globfree(&files);
}

/* Eigenvalues, per day, of the Jacobian at a model's start with signals at their neutral values, as the sheets quote
 * them; `settings` of parameters, or of signals that have no neutral value, make that start one at rest. Each has to be
 * there to half a unit of its last digit. */
typedef struct {
    const char *model;
    struct {
        const char *name;
        double value;
    } settings[4];
    double last_digit;
    struct {
        double re, im;
    } at[9];
    size_t n;
} spectrum_t;

static const spectrum_t spectra[] = {
    { "komarova2003", { { 0 } }, 1e-14, { { -0.06, 0.02 }, { -0.06, -0.02 } }, 2 },
    { "komarova2003", { { "g_11", 1.1 } }, 1e-11, { { 0, 0.04 }, { 0, -0.04 } }, 2 },
    { "lemaire2004", { { "R_0", 7.73437744356e-4 }, { "B_0", 7.2833959295e-4 }, { "C_0", 9.1275283889e-4 } }, 1e-8,
        { { -0.25280355, 0.23300991 }, { -0.25280355, -0.23300991 }, { -0.08583786, 0 } }, 3 },
    { "pivonka2008", { { 0 } }, 1e-8, { { -0.36949406, 0 }, { -0.09249314, 0.1084565 }, { -0.09249314, -0.1084565 } },
        3 },
    { "jorg2022", { { "estradiol", 1 }, { "estradiol_reference", 1 } }, 1e-8,
        { { -0.1, 0 }, { -0.05002723, 0 }, { -0.02381741, 0 }, { -0.00901968, 0 }, { -0.00665466, 0 },
            { -0.00488903, 0 }, { -5.8005e-4, 0 }, { -1.07e-4, 0 }, { 0, 0 } },
        9 },
    { "ibandronate_pillai2004", { { 0 } }, 1e-3, { { -57.991, 0 }, { -12.932, 0 } }, 2 },
    { "ibandronate_pillai2004", { { 0 } }, 1e-4, { { -1.7949, 0 } }, 1 },
    { "ibandronate_pillai2004", { { 0 } }, 1e-6, { { -0.044256, 0 } }, 1 },
    { "pillai2004", { { 0 } }, 1e-12, { { -0.68, 0 } }, 1 },
};

static double *lane_rows(size_t n)
{
    double *rows = aligned_alloc(64, (n + 1) * OST_LANES * sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    memset(rows, 0, (n + 1) * OST_LANES * sizeof(double));
    return rows;
}

static void set_row(double *rows, size_t i, double value)
{
    for (size_t l = 0; l < OST_LANES; l++) rows[i * OST_LANES + l] = value;
}

/* The Jacobian of the states by the states at the start. */
static gsl_matrix *jacobian_at_start(const ost_library_t *library, const ost_model_t *m, const spectrum_t *spectrum)
{
    const ost_kernel_t *kernel = m->kernel[OST_ISA_BASE];
    double *p = lane_rows(m->n_params), *h = lane_rows(m->n_hoisted), *x = lane_rows(m->n_states),
           *s = lane_rows(m->n_reads), *mode = lane_rows(m->n_switches), *t = lane_rows(1),
           *scratch = lane_rows(m->n_scratch), *f = lane_rows(m->n_states), *entries = lane_rows(m->n_jac);
    const double **reads = calloc(m->n_reads + 1, sizeof(*reads));
    gsl_matrix *jacobian = gsl_matrix_calloc(m->n_states, m->n_states);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reads);
    CU_ASSERT_PTR_NOT_NULL_FATAL(jacobian);
    for (size_t i = 0; i < m->n_params; i++) set_row(p, i, m->params[i].value);
    for (uint32_t i = 0; i < m->n_reads; i++) {
        reads[i] = s + i * OST_LANES;
        set_row(s, i, library->signals.signal[ost_signals_find(&library->signals, m->reads[i].name)].neutral);
    }
    for (size_t k = 0; k < 4 && spectrum->settings[k].name != NULL; k++) {
        const char *name = spectrum->settings[k].name;
        size_t read = 0;
        int i = ost_model_param(m, name);
        while (i < 0 && read < m->n_reads && strcmp(m->reads[read].name, name) != 0) read++;
        CU_ASSERT_FATAL(i >= 0 || read < m->n_reads);
        if (i >= 0) set_row(p, (size_t) i, spectrum->settings[k].value * m->params[i].unit.factor);
        if (i < 0) set_row(s, read, spectrum->settings[k].value);
    }
    const ost_kernel_args_t at = { t, x, h, reads, mode, scratch, NULL };
    kernel->prepare(kernel, p, h, x, scratch);
    kernel->switches(kernel, &at, mode);
    for (size_t i = 0; i < m->n_switches * OST_LANES; i++) mode[i] = mode[i] >= 0;
    kernel->jacobian(kernel, &at, f, entries);
    for (size_t i = 0; i < m->n_jac; i++)
        if (m->jac[i].row < m->n_states && m->jac[i].col < m->n_states)
            gsl_matrix_set(jacobian, m->jac[i].row, m->jac[i].col, entries[i * OST_LANES]);
    double *all[] = { p, h, x, s, mode, t, scratch, f, entries };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) free(all[i]);
    free(reads);
    return jacobian;
}

static void check_spectrum(const ost_library_t *library, const ost_model_t *m, const spectrum_t *spectrum)
{
    gsl_matrix *jacobian = jacobian_at_start(library, m, spectrum);
    gsl_vector_complex *found = gsl_vector_complex_alloc(m->n_states);
    gsl_eigen_nonsymm_workspace *space = gsl_eigen_nonsymm_alloc(m->n_states);
    gsl_eigen_nonsymm_params(0, 1, space); /* balanced: rates of the states differ by orders of magnitude */
    CU_ASSERT_EQUAL(gsl_eigen_nonsymm(jacobian, found, space), 0);
    for (size_t k = 0; k < spectrum->n; k++) {
        double nearest = INFINITY;
        for (size_t i = 0; i < m->n_states; i++) {
            gsl_complex z = gsl_vector_complex_get(found, i);
            nearest = fmin(nearest, hypot(GSL_REAL(z) - spectrum->at[k].re, GSL_IMAG(z) - spectrum->at[k].im));
        }
        if (!(nearest <= 0.71 * spectrum->last_digit)) printf("\n%s, eigenvalue %zu: ", m->name, k);
        ost_assert_close(nearest, 0, 0, 0.71 * spectrum->last_digit); /* both parts rounded by half a unit */
    }
    gsl_eigen_nonsymm_free(space);
    gsl_vector_complex_free(found);
    gsl_matrix_free(jacobian);
}

static void test_spectra(void)
{
    ost_library_t library;
    ost_error_t err = { 0 };
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    for (size_t i = 0; i < sizeof(spectra) / sizeof(spectra[0]); i++) {
        const ost_model_t *model = NULL;
        must(ost_library_get(&library, spectra[i].model, &model, &err), &err, spectra[i].model);
        check_spectrum(&library, model, &spectra[i]);
    }
    ost_library_free(&library);
}

static bool reads(const ost_model_t *m, const char *signal)
{
    for (size_t i = 0; i < m->n_reads; i++)
        if (strcmp(m->reads[i].name, signal) == 0) return true;
    return false;
}

/* Whether something that `from` drives is read by `to`. */
static bool reaches(const ost_model_t *from, const ost_model_t *to)
{
    for (size_t i = 0; i < from->n_drives; i++)
        if (!from->drives[i].is_also && reads(to, from->drives[i].name)) return true;
    return false;
}

/* Plan one dose of a drug on a bone model, with a hormone axis where it reads estradiol. @return whether it is felt;
 * what is not felt must be refused by both names */
static bool plan_drug(ost_library_t *library, const ost_model_t *bone, const ost_model_t *drug)
{
    char text[512];
    ost_experiment_t experiment;
    ost_plan_t plan = { 0 };
    ost_error_t err = { 0 };
    const char *unit = drug->states[drug->doses[0].state].unit_text;
    snprintf(text, sizeof(text),
        "models: [%s%s]\narms: {treated: {regimen: [{drug: %s, dose: 1 %s}]}}\ntimes: [1 day]\noutputs: [%s]\n",
        reads(bone, "estradiol") ? "hormones, " : "", bone->name, drug->name, strcmp(unit, "1") == 0 ? "" : unit,
        bone->outputs[0].group);
    must(ost_experiment_parse(&experiment, "test.yaml", text, NULL, 0, &err), &err, text);
    int ret = ost_plan_build(&plan, library, &experiment, &err);
    if (ret < 0) {
        char names[2][OST_NAME_SIZE + 16];
        snprintf(names[0], sizeof(names[0]), "%s) responds to", bone->name);
        snprintf(names[1], sizeof(names[1]), "responds to drug '%s'", drug->name);
        CU_ASSERT_EQUAL(ret, OST_ERR_MODEL);
        for (int i = 0; i < 2; i++) ost_assert_contains(err.what, names[i]);
    }
    ost_plan_free(&plan);
    ost_experiment_free(&experiment);
    return ret == 0;
}

/* Every drug on every bone model; the pairs below are what the sheets say. */
static void test_drugs(void)
{
    static const char *const felt[][2] = { { "lemaire2004", "teriparatide" }, { "pivonka2008", "denosumab_marathe" },
        { "peterson2012", "anastrozole" }, { "jorg2022", "zoledronic_acid" }, { "nelson2026", "anastrozole" },
        { "pillai2004", "ibandronate_pillai2004" }, { "mori2018", "zoledronic_acid_mori2018" } };
    static const char *const refused[][2] = { { "komarova2003", "denosumab" }, { "lemaire2004", "anastrozole" },
        { "pivonka2008", "alendronate" }, { "peterson2012", "zoledronic_acid" }, { "jorg2022", "tamoxifen" },
        { "nelson2026", "denosumab" }, { "pillai2004", "denosumab" }, { "pillai2004_kpd", "anastrozole" },
        { "mori2018", "teriparatide" } };
    ost_library_t library;
    ost_error_t err = { 0 };
    const ost_model_t *axis, *bone, *drug;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    must(ost_library_get(&library, "hormones", &axis, &err), &err, "hormones");
    for (size_t i = 0; i < sizeof(felt) / sizeof(felt[0]) + sizeof(refused) / sizeof(refused[0]); i++) {
        bool is_felt = i < sizeof(felt) / sizeof(felt[0]);
        const char *const *pair = is_felt ? felt[i] : refused[i - sizeof(felt) / sizeof(felt[0])];
        must(ost_library_get(&library, pair[0], &bone, &err), &err, pair[0]);
        must(ost_library_get(&library, pair[1], &drug, &err), &err, pair[1]);
        CU_ASSERT_EQUAL(plan_drug(&library, bone, drug), is_felt);
    }
    for (size_t b = 0; b < library.n_builtins; b++) {
        if (ost_library_get(&library, library.builtins[b]->name, &bone, NULL) < 0 || bone->kind != OST_KIND_BONE)
            continue;
        bool has_axis = reads(bone, "estradiol");
        for (size_t d = 0; d < library.n_builtins; d++) {
            if (ost_library_get(&library, library.builtins[d]->name, &drug, NULL) < 0 || drug->kind != OST_KIND_DRUG)
                continue;
            bool expected = reaches(drug, bone) || (has_axis && reaches(drug, axis) && reaches(axis, bone));
            if (plan_drug(&library, bone, drug) != expected) {
                printf("\n%s on %s: ", drug->name, bone->name);
                CU_FAIL("felt where it should not be, or the other way round");
            }
        }
    }
    ost_library_free(&library);
}

static const ost_test_t tests[] = {
    { "references", test_references },
    { "drugs", test_drugs },
    { "spectra", test_spectra },
};
OST_TEST_MAIN("published", tests)
