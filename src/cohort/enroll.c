/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See enroll.h. Candidates are screened in rounds of blocks, side by side, and enrolled one after another: a larger
 * round screens more of them than are needed, and changes nothing else. */
#include "cohort/enroll.h"

#include "cohort/block.h"
#include "cohort/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK OST_COHORT_BLOCK
/* Candidates for each subject that is wanted, and some more, before a stratum counts as empty. Assumed. */
#define CANDIDATES 100
#define MORE_CANDIDATES 10000
/* d; screening ends after the visit at time 0. */
#define JUST_AFTER 1e-6

/* Candidates who are not eligible in some arm, and so take part in none. */
enum { OST_NOT_ELIGIBLE = -1, OST_IN_NO_STRATUM = -2, OST_FAILED = -3 };

/* One round of screening, and who takes part so far. */
typedef struct {
    ost_run_t *run;
    ost_moved_t moved; /* of the variant */
    uint64_t first;    /* number of the first candidate of the round */
    size_t n_blocks;   /* of the round */
    size_t n_last;     /* candidates in the last block */
    atomic_size_t next;
    int32_t *stratum;              /* [n_blocks x BLOCK] */
    char (*why)[OST_MESSAGE_SIZE]; /* [n_blocks] of the first of a block that failed */
    uint64_t *members;             /* who takes part */
    uint64_t *n_of;                /* [n_strata, or 1] of them in each stratum */
    uint64_t n_members, n_wanted, n_screened, n_out[1 - OST_FAILED]; /* [-reason] candidates that take no part */
    char first_why[OST_MESSAGE_SIZE];                                /* of the first that failed */
    atomic_int ret;
    ost_error_t *err;
} screening_t;

/* The stratum of a candidate in one arm, or why it takes no part there. @param[out] why  message where it failed */
static int32_t screen_arm(const ost_worker_t *self, const ost_job_t *job, char why[OST_MESSAGE_SIZE])
{
    const ost_visit_context_t *visits = job->user;
    const ost_plan_t *plan = self->plan;
    if (ost_job_undecided(job, why)) return OST_FAILED;
    if (job->status == 0 && visits->is_out) return visits->is_eligible ? OST_IN_NO_STRATUM : OST_NOT_ELIGIBLE;
    if (job->status == 0) return (int32_t) visits->stratum;
    ost_job_message(job, plan->system, &plan->experiment->solver, why, OST_MESSAGE_SIZE);
    return OST_FAILED;
}

/* Whether a candidate is out whatever other arms say: those that failed may take part elsewhere. */
static bool is_decided(int32_t stratum)
{
    return stratum < 0 && stratum != OST_FAILED;
}

/* Integrate arm a up to time 0 for the candidates that no arm before has excluded. @param[in,out] stratum  [n] */
static int screen_in_arm(ost_worker_t *self, size_t a, size_t n, int32_t *stratum, ost_error_t *err)
{
    size_t n_jobs = 0;
    for (size_t i = 0; i < n; i++) {
        ost_job_t *job = &self->jobs[n_jobs];
        if (is_decided(stratum[i]) || ost_worker_failed(self, a, i, self->subject_text[i]) != 0) continue;
        *job = ost_worker_job(self, i, self->t_begin[i], JUST_AFTER, self->x1);
        ost_worker_set_arm(self, job, i, a, NULL);
        job->n_out = 0;
        ost_worker_set_schedules(self, job, i, n, a, self->began, self->ended);
        n_jobs++;
    }
    const int ret = n_jobs > 0 ? ost_batch_run(self->batch, self->jobs, n_jobs, err) : 0;
    const ost_job_t *job = self->jobs;
    for (size_t i = 0; i < n && ret == 0; i++) {
        if (is_decided(stratum[i]) || ost_worker_failed(self, a, i, NULL) != 0) continue;
        const int32_t in_arm = screen_arm(self, job++, self->subject_text[i]);
        if (stratum[i] == OST_FAILED || is_decided(in_arm)) stratum[i] = in_arm;
    }
    return ret;
}

/* Draw n subjects from number `first` of the seed on, and integrate their history. @param[out] stratum  [n] of those
 * who take part, that of the first arm; else why not: failures decide nothing where another arm does
 * @param[out] why  message of the first that failed, empty: none did */
static int screen_block(ost_worker_t *self, uint64_t first, size_t n, ost_moved_t moved, int32_t *stratum,
    char why[OST_MESSAGE_SIZE], ost_error_t *err)
{
    for (size_t i = 0; i < n; i++) ost_worker_draw(self, i, first + i, moved);
    for (size_t i = 0; i < n; i++) stratum[i] = OST_FAILED;
    int ret = ost_worker_history(self, n, err);
    if (ret == 0) ret = ost_worker_own_events(self, n, self->x1, err);
    for (size_t a = 0; a < self->plan->experiment->n_arms && ret == 0; a++)
        ret = screen_in_arm(self, a, n, stratum, err);
    why[0] = '\0';
    for (size_t i = 0; i < n && ret == 0 && why[0] == '\0'; i++)
        if (stratum[i] == OST_FAILED) memcpy(why, self->subject_text[i], OST_MESSAGE_SIZE);
    return ret;
}

static void screen_blocks(screening_t *self)
{
    ost_worker_t worker;
    ost_error_t err = { 0 };
    int ret = ost_worker_init(&worker, self->run, &err);
    for (size_t b; ret == 0 && (b = atomic_fetch_add(&self->next, 1)) < self->n_blocks;)
        ret = screen_block(&worker, self->first + (uint64_t) b * BLOCK, b + 1 < self->n_blocks ? BLOCK : self->n_last,
            self->moved, self->stratum + b * BLOCK, self->why[b], &err);
    ost_worker_free(&worker);
    int none = 0; /* the first error of any thread is that of all */
    if (ret < 0 && atomic_compare_exchange_strong(&self->ret, &none, ret) && self->err != NULL) *self->err = err;
}

/* @param n  candidates of the round */
static int screen_round(screening_t *self, uint64_t n, int n_threads)
{
    self->n_blocks = (size_t) ((n + BLOCK - 1) / BLOCK);
    self->n_last = (size_t) (n - (uint64_t) (self->n_blocks - 1) * BLOCK);
    int32_t *stratum = realloc(self->stratum, self->n_blocks * BLOCK * sizeof(*stratum));
    if (stratum == NULL) return ost_no_memory(self->err);
    self->stratum = stratum;
    char(*why)[OST_MESSAGE_SIZE] = realloc(self->why, self->n_blocks * sizeof(*why));
    if (why == NULL) return ost_no_memory(self->err);
    self->why = why;
    atomic_store(&self->next, 0);
#ifdef _OPENMP
#pragma omp parallel num_threads(n_threads)
#else
    (void) n_threads;
#endif
    screen_blocks(self);
    return atomic_load(&self->ret);
}

static uint64_t quota_of(const screening_t *self, size_t stratum)
{
    const ost_experiment_t *e = self->run->plan->experiment;
    return e->n_strata > 0 ? e->strata[stratum].quota : e->n_subjects;
}

/* Candidates of the round, one after another. */
static void fill(screening_t *self, uint64_t n)
{
    for (uint64_t i = 0; i < n && self->n_members < self->n_wanted; i++) {
        const int32_t stratum = self->stratum[i];
        self->n_screened++;
        if (stratum < 0) self->n_out[-stratum]++;
        if (stratum == OST_FAILED && self->n_out[-OST_FAILED] == 1)
            memcpy(self->first_why, self->why[i / BLOCK], OST_MESSAGE_SIZE);
        if (stratum < 0 || self->n_of[stratum] == quota_of(self, (size_t) stratum)) continue;
        self->n_of[stratum]++;
        self->members[self->n_members++] = self->first + i;
    }
}

/* Rows of a table of people from the first subject on; UINT64_MAX where subjects are drawn. */
static uint64_t count_rows(const ost_experiment_t *e)
{
    if (!ost_people_are_rows(&e->people)) return UINT64_MAX;
    return e->people.n_rows > e->first_subject ? e->people.n_rows - e->first_subject : 0;
}

/* Candidates that there are at most. */
static uint64_t count_candidates(const ost_run_t *run)
{
    const ost_experiment_t *e = run->plan->experiment;
    const uint64_t asked = run->options->n_screened, rows = count_rows(e);
    uint64_t most = e->enrolls ? CANDIDATES * e->n_subjects + MORE_CANDIDATES : e->n_subjects;
    if (rows < most) most = rows;
    return asked > 0 && asked < most ? asked : most;
}

/* Of candidates that take no part, how many of each kind, and why the first of them failed. */
static void say_out(const screening_t *self, char *text, size_t size)
{
    const ost_experiment_t *e = self->run->plan->experiment;
    const unsigned long long n_failed = self->n_out[-OST_FAILED], n_not = self->n_out[-OST_NOT_ELIGIBLE],
                             n_none = self->n_out[-OST_IN_NO_STRATUM];
    char line[24] = ""; /* of a setting none */
    size_t used = 0;
    if (n_failed > 0)
        used += (size_t) snprintf(text, size, "; %llu of them failed, the first: %.200s", n_failed, self->first_why);
    if (e->eligible_location.line > 0) snprintf(line, sizeof(line), "line %d, ", e->eligible_location.line);
    if (n_not > 0 && used < size)
        used += (size_t) snprintf(
            text + used, size - used, "; %llu not eligible (%s'eligible: %.80s')", n_not, line, e->eligible);
    if (n_none > 0 && used < size) snprintf(text + used, size - used, "; %llu in no stratum", n_none);
}

/* How many there are, how rare they were, and what became of the others. */
static int fail_empty(const screening_t *self)
{
    const ost_experiment_t *e = self->run->plan->experiment;
    size_t s = 0;
    while (s + 1 < e->n_strata && self->n_of[s] == e->strata[s].quota) s++;
    const ost_location_t at = e->n_strata > 0 ? e->strata[s].location : e->eligible_location;
    char out[480] = "", rare[80] = "", name[120] = "";
    say_out(self, out, sizeof(out));
    if (self->n_of[s] > 0)
        snprintf(rare, sizeof(rare), ", one in %.0f", (double) self->n_screened / (double) self->n_of[s]);
    if (e->n_strata > 0) snprintf(name, sizeof(name), "stratum '%.80s' has ", e->strata[s].name);
    return OST_FAIL_AT(self->err, OST_ERR_VALUE, e, at, "%s%llu of %llu %ssubjects after %llu candidates%s%s%s", name,
        (unsigned long long) self->n_of[s], (unsigned long long) quota_of(self, s),
        e->eligible != NULL && e->n_strata == 0 ? "eligible " : "", (unsigned long long) self->n_screened, rare,
        self->n_screened == count_rows(e) ? ", all rows of the table of people" : "", out);
}

static int enroll(screening_t *self, int n_threads)
{
    const ost_experiment_t *e = self->run->plan->experiment;
    const uint64_t most = count_candidates(self->run);
    int ret = 0;
    while (ret == 0 && self->n_members < self->n_wanted) {
        const uint64_t left = most - self->n_screened, missing = self->n_wanted - self->n_members;
        uint64_t n = missing + missing / 4, least = (uint64_t) n_threads * BLOCK;
        if (self->n_screened < least) least = self->n_screened + OST_LANE_COUNT; /* one is soon found of many */
        if (n < least) n = least;
        if (n > left) n = left;
        if (n == 0) return fail_empty(self);
        self->first = e->first_subject + self->n_screened;
        ret = screen_round(self, n, n_threads);
        if (ret == 0) fill(self, n);
    }
    return ret;
}

/* How many of the members a run needs. */
static uint64_t count_wanted(const ost_run_t *run)
{
    const ost_cohort_options_t *options = run->options;
    uint64_t n = options->first + run->n_subjects;
    for (uint64_t i = 0; options->subjects != NULL && i < run->n_subjects; i++) {
        if (i == 0) n = 0;
        if (options->subjects[i] >= n) n = options->subjects[i] + 1;
    }
    return n;
}

int ost_run_enroll(ost_run_t *run, int n_threads, ost_error_t *err)
{
    const ost_plan_t *plan = run->plan;
    const ost_experiment_t *e = plan->experiment;
    const size_t n_variants = run->options->variants != NULL ? run->options->n_variants : 1;
    if (!e->enrolls && run->options->n_screened == 0) return 0;
    uint64_t **lists = run->enrolled = calloc(n_variants + 1, sizeof(*lists));
    screening_t self = { .run = run, .n_wanted = count_wanted(run), .err = err };
    self.n_of = calloc(e->n_strata + 1, sizeof(*self.n_of));
    int ret = lists == NULL || self.n_of == NULL ? ost_no_memory(err) : 0;
    for (size_t v = 0; v < n_variants && ret == 0; v++) {
        self.moved = ost_run_variant(run, v);
        self.members = lists[v] = malloc((self.n_wanted + 1) * sizeof(*self.members));
        self.n_members = self.n_screened = 0;
        memset(self.n_out, 0, sizeof(self.n_out));
        for (size_t s = 0; s <= e->n_strata; s++) self.n_of[s] = 0;
        ret = self.members == NULL ? ost_no_memory(err) : enroll(&self, n_threads);
        run->summary->screened += self.n_screened;
    }
    free(self.n_of);
    free(self.stratum);
    free(self.why);
    return ret;
}

void ost_run_dismiss(ost_run_t *run)
{
    const size_t n_variants = run->options->variants != NULL ? run->options->n_variants : 1;
    for (size_t v = 0; run->enrolled != NULL && v < n_variants; v++) free(run->enrolled[v]);
    free(run->enrolled);
    run->enrolled = NULL;
}
