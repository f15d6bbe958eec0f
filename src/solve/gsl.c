/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/batch_impl.h"
int ost_gsl_new(struct ost_gsl **self, ost_batch_t *batch, ost_error_t *err)
{
    *self = NULL;
    (void) batch;
    return ost_fail(err, OST_ERR_VALUE, "no gsl");
}
void ost_gsl_delete(struct ost_gsl *self)
{
    (void) self;
}
void ost_gsl_run(struct ost_gsl *self, ost_job_t *job)
{
    (void) self;
    (void) job;
}
