/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run will take. Takes a plan, runs blocks of it for two seconds, and prints time, bytes and memory of all. */
#include "cli.h"
#include "results/results.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

/* A shard that is proposed takes a processor so long, s. */
#define SHARD_SECONDS 3600.0
#define MEASURED_SECONDS 2.0
#define LARGE_BYTES 1e10 /* of disk, from which on a way to less is said: an assumption */
/* Memory of a run beyond what its blocks take: what writes the file, for each block of the cohort (README), and where
 * quantiles are kept for each output at each time (17 to 22 kB in 1,000 to 20,000 subjects of ATAC). Measured. */
#define WRITER_BYTES 16e6
#define BYTES_OF_BLOCK 17.0
#define BYTES_OF_QUANTILES 20e3

typedef struct {
    const ost_columns_t *columns;
    ost_kept_body_t *body;
    double bytes; /* of packed blocks */
} measured_t;

static int measure_block(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    measured_t *self = user;
    int ret = ost_kept_write(self->body, self->columns, block, 0, 0, err);
    self->bytes += (double) self->body->size;
    return ret;
}

static int enough(void *user, const ost_progress_t *progress)
{
    (void) user;
    return progress->seconds >= MEASURED_SECONDS;
}

/* "3.2 s", "5 min", "7.4 h" written to buf. @return buf */
static char *duration(double seconds, char buf[32])
{
    if (seconds < 100)
        snprintf(buf, 32, "%.2g s", seconds);
    else if (seconds < 100 * 60)
        snprintf(buf, 32, "%.2g min", seconds / 60);
    else
        snprintf(buf, 32, "%.3g h", seconds / 3600);
    return buf;
}

static void print_estimate(
    const ost_columns_t *columns, const ost_cohort_summary_t *s, double bytes, const ost_simulation_t *how)
{
    const ost_experiment_t *e = columns->plan->experiment;
    char a[64], b[64], c[32];
    struct rusage used;
    double each = s->seconds_cpu / (double) s->subjects, all = each * (double) e->n_subjects;
    double threads = s->seconds_cpu / s->seconds_wall, size = bytes / (double) s->subjects * (double) e->n_subjects;
    size_t n = how->shard.n > 0 ? how->shard.n : (size_t) ceil(all / SHARD_SECONDS);
    /* the journal, and the file that is written from it */
    double room = ost_results_room(columns, e->keep), file = e->keep == OST_KEEP_SUBJECTS ? size : room;
    double most = (e->keep == OST_KEEP_SUBJECTS ? 2 : 1) * size + room + OST_RESULTS_SPARE_BYTES;
    double memory = WRITER_BYTES + BYTES_OF_BLOCK * ceil((double) e->n_subjects / OST_COHORT_BLOCK);
    if (e->keep == OST_KEEP_QUANTILES) memory += BYTES_OF_QUANTILES * (double) (columns->n_chunks * e->n_times);
    getrusage(RUSAGE_SELF, &used);
    printf("\nmeasured   %s in %s of a processor, %s\n", ost_cli_plural(s->subjects, "subject", a),
        duration(s->seconds_cpu, c), ost_isa_name(s->isa));
    printf("takes      %s of a processor", duration(all, c));
    printf(", %s on %s; ", duration(all / threads, c), ost_cli_plural((uint64_t) s->n_threads, "thread", a));
    printf("file %s, ", ost_cli_bytes(file, a));
    printf("%s of disk until it is written; memory %s\n", ost_cli_bytes(most, a),
        ost_cli_bytes(1024 * (double) used.ru_maxrss + memory, b));
    if (most > LARGE_BYTES)
        printf("smaller    with fewer outputs, as --set 'outputs=[bmd]', fewer 'times'%s\n",
            e->keep == OST_KEEP_SUBJECTS ? ", or --set results.keep=quantiles" : "");
    if (n > 1)
        printf("           in %zu shards (--shard I/%zu): %s of a processor and %s each\n", n, n,
            duration(all / (double) n, c), ost_cli_bytes(size / (double) n, a));
}

int ost_cli_estimate(const ost_part_t *part, const ost_simulation_t *how)
{
    ost_error_t err = { 0 };
    ost_columns_t columns = { 0 };
    ost_cohort_summary_t summary = { 0 };
    measured_t self = { .columns = &columns, .body = ost_kept_body_new(part->plan->experiment) };
    const ost_cohort_options_t options = { .n_threads = how->n_threads,
        .sink = measure_block,
        .progress = enough,
        .no_probe = true,
        .stop = ost_cli_catch_signals(),
        .user = &self };
    int ret = self.body == NULL ? ost_no_memory(&err) : ost_columns_init(&columns, part, 1, &err);
    if (ret == 0) ret = ost_cohort_run(part->plan, &options, &summary, &err);
    if (ret == 0 && summary.subjects > 0) print_estimate(&columns, &summary, self.bytes, how);
    ost_cohort_summary_free(&summary);
    ost_columns_free(&columns);
    ost_kept_body_delete(self.body);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}
