/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/solve.h"

/* Work of an attempted step in right-hand sides, measured on the flagship with AVX-512: sums of stages, and where there
 * is one, the Jacobian with its factorisation (1.5) and a solve for each stage (0.3). In order of preference. */
static const struct {
    ost_stepper_t stepper;
    double work;
} candidates[] = { { OST_STEPPER_RODAS5P, 15 }, { OST_STEPPER_RODAS4, 11 }, { OST_STEPPER_TSIT5, 8 } };

int ost_stepper_choose(ost_stepper_t *stepper, const ost_system_t *system, const ost_solver_options_t *options,
    ost_job_t *jobs, size_t n_jobs, ost_error_t *err)
{
    double least = 0;
    *stepper = candidates[0].stepper;
    for (size_t c = 0; c < sizeof(candidates) / sizeof(candidates[0]); c++) {
        ost_solver_options_t trial = *options;
        ost_batch_t *batch;
        trial.stepper = candidates[c].stepper;
        /* No further than to where it has lost. */
        if (least > 0 && least / candidates[c].work < (double) trial.max_steps)
            trial.max_steps = (uint64_t) (least / candidates[c].work) + 1;
        int code = ost_batch_new(&batch, system, &trial, err);
        if (code == 0) code = ost_batch_run(batch, jobs, n_jobs, err);
        ost_batch_delete(batch);
        if (code != 0) return code;
        double work = 0;
        bool finished = true;
        for (size_t i = 0; i < n_jobs; i++) {
            work += candidates[c].work * (double) (jobs[i].stats.steps + jobs[i].stats.rejected);
            finished = finished && jobs[i].status == 0;
        }
        if (!finished || (least > 0 && work >= least)) continue;
        least = work;
        *stepper = trial.stepper;
    }
    return 0;
}
