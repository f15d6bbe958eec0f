/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `auto`: the stepper with the least work for given jobs. */
#include "solve/solve.h"

int ost_stepper_choose(ost_stepper_t *stepper, const ost_system_t *system, const ost_solver_options_t *options,
    ost_job_t *jobs, size_t n_jobs, ost_error_t *err)
{
    double least = 0;
    *stepper = OST_STEPPER_RODAS5P;
    for (int c = 0; c < OST_N_STEPPERS; c++) {
        if (!(ost_steppers[c].work > 0)) continue;
        ost_solver_options_t trial = *options;
        ost_batch_t *batch;
        trial.stepper = (ost_stepper_t) c;
        /* No further than to where it has lost. */
        if (least > 0 && least / ost_steppers[c].work < (double) trial.max_steps)
            trial.max_steps = (uint64_t) (least / ost_steppers[c].work) + 1;
        int code = ost_batch_new(&batch, system, &trial, err);
        if (code == 0) code = ost_batch_run(batch, jobs, n_jobs, err);
        ost_batch_delete(batch);
        if (code != 0) return code;
        double work = 0;
        bool finished = true;
        for (size_t i = 0; i < n_jobs; i++) {
            work += ost_steppers[c].work * (double) (jobs[i].stats.steps + jobs[i].stats.rejected);
            finished = finished && jobs[i].status == 0;
        }
        if (!finished || (least > 0 && work >= least)) continue;
        least = work;
        *stepper = trial.stepper;
    }
    return 0;
}
