/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drives of a block whose doses are left out on the way to its periodic steady state (ost_series_t): averages over one
 * interval, from half of it before the point to half of it after it. */
#ifndef OST_PLAN_RIPPLE_LANES_H
#define OST_PLAN_RIPPLE_LANES_H

#include "core/lanes.h"
#include "plan/system.h"

#define ROW(base, i) ((base) + (size_t) (i) *OST_LANES)

/* A block with a ripple at one point, in the lanes where it acts. */
typedef struct {
    const ost_lane_block_t *block;
    const double *inputs; /* rows of the ripple */
    ost_mask acts;
    bool has_rates;
    ost_v f[OST_LINEAR_MAX];                    /* rates of its states, once they are asked for */
    ost_v x[OST_RIPPLE_POINTS][OST_LINEAR_MAX]; /* and its states at the points of the ripple */
} ripple_t;

/* @return whether there is a lane where the block's ripple acts */
static inline bool ripple_acts(const ost_lane_block_t *block, const ost_point_t *at, ripple_t *ripple)
{
    if (block->ripple < 0) return false;
    ripple->block = block;
    ripple->has_rates = false;
    ripple->inputs = ROW(at->u, block->ripple);
    ripple->acts = ~ost_v_eq(ost_v_load(ripple->inputs), ost_v_splat(0));
    return ost_mask_any(ripple->acts);
}

/* Add to rates what makes up for the doses. */
static inline void ripple_add_rates(const ripple_t *self, double *f)
{
    for (uint32_t i = 0; i < self->block->n_states; i++)
        ost_v_put(ROW(f, i), self->acts, ost_v_load(ROW(f, i)) + ost_v_load(ROW(self->inputs, 1 + i)));
}

static inline void ripple_rates(const ripple_t *self, ost_kernel_args_t args, ost_v *f)
{
    self->block->kernel->rhs(self->block->kernel, &args, (double *) f);
    ripple_add_rates(self, (double *) f);
}

/* The time to a point of the ripple. */
static inline ost_v ripple_time(const ripple_t *self, uint32_t q)
{
    return (ost_ripple_points[q].time - 0.5) * ost_v_load(self->inputs);
}

static inline void ripple_begin(ripple_t *self, const ost_kernel_args_t *args)
{
    const uint32_t n = self->block->n_states;
    if (self->has_rates) return;
    self->has_rates = true;
    ripple_rates(self, *args, self->f);
    for (uint32_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        const double *more = ROW(self->inputs, 1 + n + q * n);
        const ost_v s = ripple_time(self, q);
        for (uint32_t i = 0; i < n; i++)
            self->x[q][i] = ost_v_load(ROW(args->x, i)) + s * self->f[i] + ost_v_load(ROW(more, i));
    }
}

/* How far a drive is from its mean over the points, root mean square. */
static inline ost_v ripple_spread(const ripple_t *self, ost_kernel_args_t args, uint32_t drive, ost_v mean)
{
    ost_v here, square = ost_v_splat(0);
    for (uint32_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        args.x = (const double *) self->x[q];
        self->block->kernel->drive(self->block->kernel, &args, drive, (double *) &here);
        square += ost_ripple_points[q].weight * (here - mean) * (here - mean);
    }
    return ost_v_sqrt(square);
}

/* Where the ripple acts, the average of a drive, times a factor.
 * @param level  of ost_point_t in each lane; NULL: 0 @param[in,out] value  of the drive */
static inline void ripple_average_drive(
    ripple_t *self, ost_kernel_args_t args, uint32_t drive, ost_v factor, const ost_v *level, double *value)
{
    ost_v here, mean = ost_v_splat(0);
    ripple_begin(self, &args);
    for (uint32_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        args.x = (const double *) self->x[q];
        self->block->kernel->drive(self->block->kernel, &args, drive, (double *) &here);
        mean += ost_ripple_points[q].weight * here;
    }
    ost_v average = factor * mean;
    if (level != NULL) average += *level * ost_v_min(ripple_spread(self, args, drive, mean), ost_v_abs(mean));
    ost_v_put(value, self->acts, average);
}

/* The average's derivatives: times the states' rates, they are its own in time, which is what steps ask for. A state
 * that stands still has no share in that. @param[in,out] entries  as of the kernel; where the ripple acts, averages */
static inline void ripple_average_entries(
    ripple_t *self, ost_kernel_args_t args, uint32_t drive, ost_v factor, double *entries)
{
    const ost_model_t *model = self->block->model;
    const uint32_t first = model->first_entry[drive], n = model->first_entry[drive + 1] - first;
    ost_v x[OST_LINEAR_MAX], bend[OST_LINEAR_MAX];
    ost_v here[OST_LINEAR_MAX + OST_MAX_READS], mean[OST_LINEAR_MAX + OST_MAX_READS] = { 0 };
    ripple_begin(self, &args);
    for (uint32_t i = 0; i < model->n_states; i++) x[i] = ost_v_load(ROW(args.x, i)) + self->f[i];
    args.x = (const double *) x;
    ripple_rates(self, args, bend);
    for (uint32_t i = 0; i < model->n_states; i++) {
        ost_mask stands = ost_v_eq(self->f[i], ost_v_splat(0));
        bend[i] = ost_v_blend(stands, ost_v_splat(0), (bend[i] - self->f[i]) / self->f[i]);
    }
    for (uint32_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        const ost_v s = ripple_time(self, q);
        args.x = (const double *) self->x[q];
        self->block->kernel->drive_jacobian(self->block->kernel, &args, drive, (double *) here);
        for (uint32_t k = 0; k < n; k++) {
            uint32_t col = model->jac[first + k].col;
            ost_v part = col < model->n_states ? 1.0 + s * bend[col] : ost_v_splat(1);
            mean[k] += ost_ripple_points[q].weight * part * here[k];
        }
    }
    for (uint32_t k = 0; k < n; k++) ost_v_put(ROW(entries, k), self->acts, factor * mean[k]);
}

#endif
