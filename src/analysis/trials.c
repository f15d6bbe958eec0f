/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes folders of trials; gives estimates of their observations. */
#include "analysis/trials_impl.h"
#include "core/memory.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Paths of all *.yaml of a folder, sorted, or that of a file. */
static int list_folder(ost_text_list_t *paths, const char *folder, ost_error_t *err)
{
    DIR *dir = opendir(folder);
    int ret = 0;
    if (dir == NULL && errno == ENOTDIR) return ost_text_list_add(paths, "%s", folder) < 0 ? ost_no_memory(err) : 0;
    if (dir == NULL)
        return ost_fail_at(
            err, OST_ERR_NAME, folder, 0, 0, "this folder of trials cannot be read: %s", strerror(errno));
    for (struct dirent *entry; ret == 0 && (entry = readdir(dir)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0 || entry->d_name[0] == '.') continue;
        ret = ost_text_list_add(paths, "%s/%s", folder, entry->d_name);
    }
    closedir(dir);
    if (paths->n > 0) qsort(paths->items, paths->n, sizeof(*paths->items), compare_names);
    return ret < 0 ? ost_no_memory(err) : 0;
}

/* "sabre" of "configs/trials/sabre.yaml". @param[out] n  characters of the name */
static const char *name_of(const char *path, size_t *n)
{
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    *n = strcspn(file, ".");
    return file;
}

/* @param n  characters of the name */
static bool is_named(const char *path, const char *name, size_t n)
{
    char asked[64], own[64];
    size_t length;
    const char *file = name_of(path, &length);
    snprintf(asked, sizeof(asked), "%.*s", (int) n, name);
    snprintf(own, sizeof(own), "%.*s", (int) length, file);
    return ost_text_alike(own, asked);
}

/* Whether one of the names "sabre,zofast" is that of the path. */
static bool is_wanted(const char *path, const char *names)
{
    if (names == NULL) return true;
    for (size_t n;; names += n + 1) {
        n = strcspn(names, ",");
        if (is_named(path, names, n)) return true;
        if (names[n] == '\0') return false;
    }
}

/* Whether each name that is asked for is that of a path, and there is one. */
static int check_names(const ost_trials_options_t *options, const ost_text_list_t *paths, ost_error_t *err)
{
    ost_text_list_t names = { 0 };
    int ret = 0;
    if (paths->n == 0) return ost_fail_at(err, OST_ERR_NAME, options->folder, 0, 0, "no trial (*.yaml) is there");
    for (const char *name = options->only; name != NULL && ret == 0;) {
        size_t length = strcspn(name, ","), k = 0, n;
        char missing[64];
        while (k < paths->n && !is_named(paths->items[k], name, length)) k++;
        snprintf(missing, sizeof(missing), "%.*s", (int) length, name);
        name = name[length] != '\0' ? name + length + 1 : NULL;
        if (k < paths->n) continue;
        for (size_t i = 0; i < paths->n && ret == 0; i++) {
            const char *own = name_of(paths->items[i], &n);
            ret = ost_text_list_add(&names, "%.*s", (int) n, own);
        }
        const char *const *known = (const char *const *) names.items, *near = ost_nearest(missing, known, names.n);
        char *all = near == NULL && names.n <= 12 ? ost_text_join(known, names.n, ", ") : NULL;
        ret = ost_fail_at(err, OST_ERR_NAME, options->folder, 0, 0, "there is no trial '%s'%s%s%s%s%s",
            missing[0] != '\0' ? missing : " ", OST_HINT(near), all != NULL ? "; there are " : "",
            all != NULL ? all : "");
        free(all);
    }
    ost_text_list_free(&names);
    return ret;
}

static int read_tables(ost_trials_t *self, const char *path, const ost_trials_options_t *options, ost_error_t *err)
{
    int ret = ost_endpoint_dictionary_read(&self->dictionary, path, options->endpoints, err);
    if (ret == 0) ret = ost_endpoint_dictionary_errors(&self->dictionary, &self->library, err);
    if (ret == 0) ret = ost_evidence_read(&self->evidence, path, &self->dictionary, err);
    if (ret == 0) ret = ost_treatments_read(&self->treatments, path, options->arms, &self->memory, err);
    return ret == 0 ? ost_misses_read(&self->misses, &self->evidence, &self->memory, err) : ret;
}

static int read_evidence(
    ost_trials_t *self, const ost_experiment_t *e, const ost_trials_options_t *options, ost_error_t *err)
{
    const char *path = options->evidence != NULL ? options->evidence : e->evidence_path;
    const char *first = self->trials[0].experiment.evidence_path;
    if (path == NULL)
        return ost_fail_at(err, OST_ERR_NAME, e->path, 0, 0, "a trial needs an evidence table: 'evidence: table:'");
    if (self->n_trials == 1) {
        const char *found = ost_evidence_path(path, options->endpoints, &self->memory);
        return found != NULL ? read_tables(self, found, options, err) : ost_no_memory(err);
    }
    if (options->evidence != NULL || strcmp(path, first) == 0) return 0;
    return ost_fail_at(err, OST_ERR_VALUE, e->path, 0, 0,
        "trials of one folder must have the same table: this one has %s, not %s", path, first);
}

/* An error at another place than the trial's file names the trial. */
static int of_trial(const char *path, int ret, ost_error_t *err)
{
    size_t n;
    const char *name = name_of(path, &n);
    if (ret < 0 && err != NULL && strcmp(err->where, path) != 0)
        ost_error_prepend(err, "trial '%.*s': ", (int) n, name);
    return ret;
}

/* Take the rules of doses away, and list them. */
static int drop_rules(ost_trial_t *self, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++) {
            const ost_regimen_t *line = &e->arms[a].regimens[i];
            if (line->begin_if == NULL && line->end_if == NULL) continue;
            self->rules = ost_memory_extend(&e->memory, self->rules, self->n_rules, 1, sizeof(*self->rules));
            if (self->rules == NULL) return ost_no_memory(err);
            ost_trial_rule_t *rule = &self->rules[self->n_rules++];
            *rule = (ost_trial_rule_t){ .arm = a, .begins = line->begin_if != NULL };
            snprintf(rule->drug, sizeof(rule->drug), "%s", line->drug);
        }
    ost_experiment_drop_rules(e);
    return 0;
}

/* The experiment of the next trial, and the tables. */
static int read_trial(ost_trials_t *self, const char *path, const ost_trials_options_t *options, ost_error_t *err)
{
    ost_trial_t *trial = &self->trials[self->n_trials++];
    ost_experiment_t *e = &trial->experiment;
    trial->stop = options->stop;
    int ret = ost_experiment_read(e, path, NULL, 0, err);
    if (ret < 0) return of_trial(path, ret, err);
    if (e->n_strata > 0)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, e->strata[0].location,
            "a trial has its first eligible subjects; 'strata' are not for trials");
    if (options->n_subjects > 0) {
        e->n_subjects = options->n_subjects;
        e->n_cohort = 0;
        e->sampling = options->sampling;
        e->first_subject = 0;
        if (ost_people_are_rows(&e->people) && e->n_subjects > e->people.n_rows) e->n_subjects = e->people.n_rows;
    }
    if (options->rtol > 0) e->solver.rtol = options->rtol;
    if (options->without_rules && (ret = drop_rules(trial, err)) < 0) return ret;
    ret = read_evidence(self, e, options, err);
    return ret < 0 && err != NULL && err->line > 0 ? ret : of_trial(path, ret, err); /* lines of tables are of all */
}

/* Warn of observations after the end of the trial's times, which are simulated all the same. @param end  of these, d */
static int warn_of_later(ost_trials_t *self, const ost_trial_t *trial, double end)
{
    const ost_observation_t *last = NULL;
    size_t n = 0;
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        const ost_observation_t *of = &trial->matched.observations[i];
        if (of->endpoint.to <= end + OST_SAME_TIME) continue;
        if (n++ == 0 || of->endpoint.to > last->endpoint.to) last = of;
    }
    if (n == 0) return 0;
    return ost_text_list_add(&self->evidence.warnings,
        "%s: 'times' end at month %g; %zu observation%s later, the last at month %g (line %d of the table): simulated "
        "to there%s",
        trial->experiment.path, end / OST_DAYS_PER_MONTH, n, n == 1 ? " is" : "s are",
        last->endpoint.to / OST_DAYS_PER_MONTH, last->reported->line, ost_month_slip(last->endpoint.to, end));
}

static int plan_trial(ost_trials_t *self, const ost_trials_options_t *options, ost_error_t *err)
{
    ost_trial_t *trial = &self->trials[self->n_trials - 1];
    ost_experiment_t *e = &trial->experiment;
    const double end = e->times[e->n_times - 1];
    int ret = 0;
    if (options->model != NULL) { /* first, as the outputs that answer a row are those of the models */
        ost_experiment_drop_eligible(e);
        ret = ost_experiment_replace_bone(e, &self->library, options->model, err);
    }
    if (ret == 0) ret = ost_matched_find(&trial->matched, e, &self->evidence, &self->dictionary, &self->library, err);
    if (ret == 0 && options->only_calibrate) ret = ost_trial_trim(trial, err);
    if (ret == 0 && warn_of_later(self, trial, end) < 0) ret = ost_no_memory(err);
    if (ret == 0 && options->model != NULL) ret = ost_trial_drop_arms(trial, &self->library, err);
    for (size_t i = 0; i < trial->matched.n_observations && ret == 0 && options->medians_as_means; i++) {
        ost_statistic_t *statistic = &trial->matched.observations[i].endpoint.statistic;
        if (*statistic == OST_STATISTIC_MEDIAN) *statistic = OST_STATISTIC_MEAN;
    }
    if (ret < 0) return ret;
    trial->first_observation = self->n_observations;
    trial->skip = options->only_matched || trial->matched.n_observations == 0;
    if (trial->skip) return 0;
    e->enrolls = e->eligible != NULL && !options->fixed_eligible &&
                 !ost_people_are_rows(&e->people); /* of a table, those of its rows */
    if (options->fixed_eligible && e->eligible != NULL) ret = ost_trial_choose(trial, &self->library, err);
    if (ret < 0) return ret;
    if ((ret = ost_plan_build(&trial->plan, &self->library, e, err)) < 0) return ret;
    if ((ret = ost_matched_bind(&trial->matched, &trial->plan, err)) < 0) return ret;
    if ((ret = ost_matched_convert(&trial->matched, &trial->plan, 0, trial->stop, err)) < 0) return ret;
    self->n_observations += trial->matched.n_observations;
    return 0;
}

int ost_trials_read(ost_trials_t *self, const ost_trials_options_t *options, ost_error_t *err)
{
    ost_text_list_t paths = { 0 };
    *self = (ost_trials_t){ 0 };
    int ret = ost_library_init(&self->library, err);
    if (ret < 0) return ret;
    ret = list_folder(&paths, options->folder, err);
    if (ret == 0) ret = check_names(options, &paths, err);
    self->trials = ost_memory_list(&self->memory, paths.n, sizeof(*self->trials));
    if (ret == 0 && self->trials == NULL) ret = ost_no_memory(err);
    for (size_t i = 0; i < paths.n && ret == 0; i++)
        if (is_wanted(paths.items[i], options->only)) {
            ret = read_trial(self, paths.items[i], options, err);
            if (ret == 0) ret = of_trial(paths.items[i], plan_trial(self, options, err), err);
        }
    for (size_t t = 0; t < self->n_trials && ret == 0 && !options->only_calibrate; t++)
        ret = ost_matched_find_unnamed(&self->trials[t].matched, &self->trials[t].experiment, &self->evidence, err);
    ost_text_list_free(&paths);
    return ret;
}

uint64_t ost_trial_subjects(const ost_trial_t *self)
{
    return self->chosen != NULL ? self->n_chosen : self->experiment.n_subjects;
}

/* A zeroed one owns nothing. */
static void free_trial(ost_trial_t *self)
{
    free(self->chosen);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_matched_free(&self->matched);
    *self = (ost_trial_t){ 0 };
}

void ost_trials_free(ost_trials_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_trials; i++) free_trial(&self->trials[i]);
    ost_evidence_free(&self->evidence);
    ost_endpoint_dictionary_free(&self->dictionary);
    ost_memory_free(&self->memory);
    ost_library_free(&self->library);
    *self = (ost_trials_t){ 0 };
}

/* @param name  of a parameter. @param is_spread  its BSV is meant, not its value */
static bool is_set_by_file(const ost_experiment_t *e, const char *name, bool is_spread)
{
    for (size_t i = 0; i < e->n_settings; i++) {
        const ost_param_setting_t *set = &e->settings[i];
        size_t n = strlen(set->model);
        if ((is_spread ? set->sets_spread : set->sets_value) && strncmp(name, set->model, n) == 0 && name[n] == '.' &&
            strcmp(name + n + 1, set->param) == 0)
            return true;
    }
    return false;
}

/* The typical values of all variants, without any those of the plan. @return NULL if out of memory */
static double *typical_of(const ost_trial_t *self, const ost_variants_t *variants, ost_memory_t *memory)
{
    const ost_plan_t *plan = &self->plan;
    const size_t n_variants = variants != NULL ? variants->n_variants : 1;
    double *typical = ost_memory_list(memory, n_variants * plan->blocks->n_params, sizeof(*typical));
    if (typical == NULL) return NULL;
    for (size_t v = 0; v < n_variants; v++) ost_plan_typical(plan, typical + v * plan->blocks->n_params);
    for (size_t i = 0; variants != NULL && i < plan->blocks->n_params; i++) {
        char name[256];
        ost_blocks_param_name(plan->blocks, i, name, sizeof(name));
        for (size_t k = 0; k < variants->n; k++) {
            if (strcmp(name, variants->names[k]) != 0 || is_set_by_file(&self->experiment, name, false)) continue;
            for (size_t v = 0; v < variants->n_variants; v++)
                typical[v * plan->blocks->n_params + i] = variants->values[v * variants->n + k];
        }
    }
    return typical;
}

/* The SDs of BSV of all variants, NAN where the plan's own stay. @return NULL if out of memory */
static double *spreads_of(const ost_trial_t *self, const ost_variants_t *variants, ost_memory_t *memory)
{
    const ost_plan_t *plan = &self->plan;
    const size_t n_params = plan->blocks->n_params, n = n_params * (variants != NULL ? variants->n_variants : 1);
    double *sds = ost_memory_list(memory, n, sizeof(*sds));
    for (size_t i = 0; i < n && sds != NULL; i++) sds[i] = NAN;
    for (size_t i = 0; variants != NULL && i < n_params && sds != NULL; i++) {
        char name[256];
        ost_blocks_param_name(plan->blocks, i, name, sizeof(name));
        for (size_t k = 0; k < variants->n; k++) {
            if (!ost_names_spread(variants->names[k], name) || isnan(ost_plan_sd(plan, i)) ||
                is_set_by_file(&self->experiment, name, true))
                continue;
            for (size_t v = 0; v < variants->n_variants; v++)
                sds[v * n_params + i] = variants->values[v * variants->n + k];
        }
    }
    return sds;
}

/* The endpoints of all observations, then of all times of all curves. @return NULL if out of memory */
static ost_endpoint_t *list_endpoints(
    const ost_trial_t *self, const ost_curve_t *curves, size_t n_curves, size_t *n, ost_memory_t *memory)
{
    size_t n_times = self->experiment.n_times, zero = ost_endpoint_time(&self->experiment, 0);
    ost_endpoint_t *endpoints =
        ost_memory_list(memory, self->matched.n_observations + n_curves * n_times, sizeof(*endpoints));
    *n = 0;
    for (size_t i = 0; i < self->matched.n_observations && endpoints != NULL; i++)
        endpoints[(*n)++] = self->matched.observations[i].endpoint;
    for (size_t i = 0; i < n_curves * n_times && endpoints != NULL; i++) {
        const ost_curve_t *curve = &curves[i / n_times];
        bool is_level = curve->is_value || zero == SIZE_MAX;
        endpoints[(*n)++] = (ost_endpoint_t){ .arm = curve->arm,
            .versus = SIZE_MAX,
            .measure = is_level ? OST_MEASURE_LEVEL : OST_MEASURE_PERCENT,
            .factor = 1,
            .i_output = curve->i_output,
            .i_from = is_level ? i % n_times : zero,
            .i_to = i % n_times };
    }
    return endpoints;
}

/* @param values  of its first time, then those of the others `stride` apart. @param work  [n] */
static int fill_curve(
    ost_curve_t *self, const double *values, size_t stride, size_t n_times, size_t n, double *work, ost_error_t *err)
{
    self->mean = malloc((3 * n_times + 1) * sizeof(double));
    if (self->mean == NULL) return ost_no_memory(err);
    self->lower = self->mean + n_times;
    self->upper = self->lower + n_times;
    for (size_t t = 0; t < n_times; t++) {
        ost_sample_t sample = ost_sample_of(values + t * stride, n, work);
        self->mean[t] = ost_statistic(OST_STATISTIC_MEAN, &sample);
        self->lower[t] = ost_statistic(OST_STATISTIC_Q05, &sample);
        self->upper[t] = ost_statistic(OST_STATISTIC_Q95, &sample);
    }
    return 0;
}

int ost_trial_estimate(ost_trial_t *self, const ost_variants_t *variants, int n_threads, ost_estimate_t *estimates,
    ost_curve_t *curves, size_t n_curves, ost_error_t *err)
{
    size_t n_variants = variants != NULL ? variants->n_variants : 1, n = (size_t) ost_trial_subjects(self);
    size_t n_observations = self->matched.n_observations, n_times = self->experiment.n_times, n_endpoints;
    ost_memory_t memory = { 0 };
    ost_endpoint_t *endpoints = list_endpoints(self, curves, n_curves, &n_endpoints, &memory);
    double *typical = typical_of(self, variants, &memory), *sds = spreads_of(self, variants, &memory);
    double *work = ost_memory_list(&memory, n, sizeof(*work));
    ost_collector_t collector = { 0 };
    ost_cohort_summary_t summary = { 0 };
    int ret = memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0) ret = ost_collector_init(&collector, &self->plan, endpoints, n_endpoints, n * n_variants, err);
    const ost_cohort_options_t options = { .n_threads = n_threads,
        .no_probe = true,
        .variants = variants != NULL ? typical : NULL,
        .n_variants = n_variants,
        .variant_sds = sds,
        .n = n,
        .subjects = self->chosen,
        .sink = ost_collector_sink,
        .user = &collector,
        .stop = self->stop };
    if (ret == 0) ret = of_trial(self->experiment.path, ost_cohort_run(&self->plan, &options, &summary, err), err);
    self->n_simulated = summary.subjects;
    self->n_not_eligible = summary.not_eligible;
    self->n_screened = summary.screened > 0 ? summary.screened : summary.subjects;
    if (ret == 0 && summary.interrupted) ret = ost_fail(err, OST_ERR_LIMIT, "interrupted");
    for (size_t i = 0; i < n_variants * n_observations && ret == 0; i++)
        estimates[i] = ost_collector_estimate(&collector, i % n_observations, i / n_observations * n, n, work);
    if (ret == 0) ost_trial_add_measuring(self, variants, typical, estimates);
    size_t stride = 2 * collector.n_positions;
    for (size_t c = 0; c < n_curves && ret == 0; c++)
        ret = fill_curve(
            &curves[c], collector.values + (n_observations + c * n_times) * stride, stride, n_times, n, work, err);
    self->seconds = summary.seconds_wall; /* the CPU's is that of all threads, which may be at other trials */
    ost_cohort_summary_free(&summary);
    ost_collector_free(&collector);
    ost_memory_free(&memory);
    return ret;
}

static int estimate_trial(
    ost_trials_t *self, size_t t, const ost_variants_t *variants, ost_estimate_t *estimates, ost_error_t *err)
{
    ost_trial_t *trial = &self->trials[t];
    size_t n = trial->matched.n_observations, n_variants = variants != NULL ? variants->n_variants : 1;
    ost_estimate_t *own = malloc((n_variants * n + 1) * sizeof(*own));
    int ret = own == NULL   ? ost_no_memory(err)
              : trial->skip ? 0
                            : ost_trial_estimate(trial, variants, 1, own, NULL, 0, err);
    for (size_t i = 0; i < n_variants * n && ret == 0; i++)
        estimates[i / n * self->n_observations + trial->first_observation + i % n] =
            trial->skip ? (ost_estimate_t){ .value = NAN, .sd = NAN } : own[i];
    free(own);
    return ret;
}

static int by_seconds(const void *a, const void *b)
{
    const ost_trial_t *x = *(const ost_trial_t *const *) a, *y = *(const ost_trial_t *const *) b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

int ost_trials_estimate(
    ost_trials_t *self, const ost_variants_t *variants, int n_threads, ost_estimate_t *estimates, ost_error_t *err)
{
    int ret = 0;
    ost_trial_t **longest_first = malloc((self->n_trials + 1) * sizeof(*longest_first));
    if (longest_first == NULL) return ost_no_memory(err);
    for (size_t t = 0; t < self->n_trials; t++) longest_first[t] = &self->trials[t];
    atomic_bool has_failed = false;
    pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    qsort(longest_first, self->n_trials, sizeof(*longest_first), by_seconds);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(n_threads > 0 ? n_threads : omp_get_max_threads())
#else
    (void) n_threads;
#endif
    for (size_t t = 0; t < self->n_trials; t++) {
        ost_error_t own = { 0 };
        int failed = estimate_trial(self, (size_t) (longest_first[t] - self->trials), variants, estimates, &own);
        if (failed == 0 && self->on_trial != NULL && !longest_first[t]->skip) {
            pthread_mutex_lock(&one_at_a_time);
            self->on_trial(self->user, longest_first[t]);
            pthread_mutex_unlock(&one_at_a_time);
        }
        if (failed == 0) continue;
        if (atomic_exchange(&has_failed, true)) continue; /* the first error is the run's */
        if (err != NULL) *err = own;
        ret = failed;
    }
    free(longest_first);
    return ret;
}

double ost_observation_error(const ost_observation_t *self, const ost_estimate_t *estimate)
{
    const ost_evidence_row_t *row = self->row;
    const ost_endpoint_t *endpoint = &self->endpoint;
    double n = row->n > 1 ? row->n : OST_ASSUMED_N;
    if (row->interval == OST_INTERVAL_95CI && row->upper > row->lower) return (row->upper - row->lower) / (2 * 1.96);
    if (row->interval == OST_INTERVAL_SE && row->upper > 0) return row->upper;
    if (row->interval == OST_INTERVAL_SD && row->upper > 0) return row->upper / sqrt(n);
    if (endpoint->statistic == OST_STATISTIC_SD) return row->value / sqrt(2 * n); /* of normal changes */
    double arms = endpoint->versus != SIZE_MAX ? 2 : 1, measured = estimate->sd_measuring * sqrt(arms);
    double sd = isfinite(estimate->sd) ? estimate->sd : 0;
    return hypot(sd, measured) / sqrt(arms == 2 && row->n > 1 ? n / 2 : n);
}

double ost_observation_scale(const ost_observation_t *self)
{
    if (!OST_CLASS_IS_OF_CHANGES(self->endpoint_class)) return 100 / fabs(self->row->value);
    const ost_endpoint_t *endpoint = &self->endpoint;
    return endpoint->per_year ? (endpoint->to - endpoint->from) / OST_DAYS_PER_YEAR : 1;
}

double ost_observation_change(const ost_observation_t *self, double value)
{
    if (!OST_CLASS_IS_OF_CHANGES(self->endpoint_class)) return 0;
    double none = self->endpoint.measure == OST_MEASURE_FRACTION ? 100 : 0;
    return (value - none) * ost_observation_scale(self);
}

double ost_observation_extent(const ost_observation_t *self, double value)
{
    double years = (self->endpoint.to - self->endpoint.from) / OST_DAYS_PER_YEAR;
    if (!OST_CLASS_IS_OF_CHANGES(self->endpoint_class)) return 0;
    return hypot(ost_observation_change(self, value), OST_CHANGE_A_YEAR * years);
}
