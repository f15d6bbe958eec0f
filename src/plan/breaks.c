/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes up the blocks of a plan in the order in which signals are evaluated, each with what is known of its signals. */
#include "plan/breaks.h"

/* The plan's expressions in time while they are taken up. */
typedef struct {
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    ost_forcing_t *forcing;
    ost_node_t *drive, *drivers; /* [n_drives] what is known of each; scratch */
} builder_t;

static ost_node_t known_signal(const builder_t *self, uint32_t s)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    if (signal->has_outside) return OST_NO_NODE;
    if (signal->n_drivers == 0) return ost_forcing_constant(self->forcing, signal->signal.neutral);
    for (uint32_t d = 0; d < signal->n_drivers; d++) {
        const ost_driver_t *driver = &signal->drivers[d];
        self->drivers[d] = self->drive[self->blocks->block[driver->block].first_drive + driver->drive];
    }
    if (signal->n_drivers == 1) return self->drivers[0];
    return ost_forcing_signal(self->forcing, signal->signal.combine, self->drivers, signal->n_drivers);
}

/* Where a signal depends on more than time, what each of its drivers says of time is watched by itself. */
static void watch_drivers(const builder_t *self, size_t s)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    if (known_signal(self, (uint32_t) s) != OST_NO_NODE) return;
    for (uint32_t d = 0; d < signal->n_drivers; d++) {
        const ost_driver_t *driver = &signal->drivers[d];
        const ost_block_t *block = &self->blocks->block[driver->block];
        const ost_drive_t *drive = &block->model->drives[driver->drive];
        ost_forcing_watch(self->forcing, self->drive[block->first_drive + driver->drive],
            (ost_forcing_source_t){ block->model, drive->name, drive->line });
    }
}

/* The model of block b with what is known by now of the signals that it reads. @param reads  [OST_MAX_READS] */
static ost_forcing_model_t model_of(const builder_t *self, size_t b, ost_node_t *reads)
{
    const ost_block_t *block = &self->blocks->block[b];
    for (size_t k = 0; k < block->model->n_reads; k++) reads[k] = known_signal(self, self->wiring->reads[b][k]);
    return (ost_forcing_model_t){ block->model, block->first_param, reads };
}

ost_forcing_t *ost_plan_forcing_new(
    const ost_blocks_t *blocks, const ost_wiring_t *wiring, const ost_jacobian_t *jacobian, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_node_t reads[OST_MAX_READS];
    builder_t self = { blocks, wiring, .drive = ost_maker_list(make, blocks->n_drives, sizeof(*self.drive)),
        .drivers = ost_maker_list(make, blocks->n_drives, sizeof(*self.drivers)) };
    if (make->err.code != 0 || ost_forcing_new(&self.forcing, &make->err) < 0) return self.forcing;
    for (size_t d = 0; d < blocks->n_drives; d++) self.drive[d] = OST_NO_NODE;
    for (size_t i = 0; i < jacobian->n_rate_steps; i++) {
        const ost_driver_t *step = &jacobian->steps[i];
        if (step->block == OST_NO_BLOCK) continue;
        const ost_forcing_model_t of = model_of(&self, step->block, reads);
        self.drive[blocks->block[step->block].first_drive + step->drive] =
            ost_forcing_drive(self.forcing, &of, step->drive);
    }
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_forcing_model_t of = model_of(&self, b, reads);
        ost_forcing_equations(self.forcing, &of);
    }
    for (size_t s = 0; s < wiring->n_signals; s++) watch_drivers(&self, s);
    if (ost_forcing_close(self.forcing, &make->err) < 0) make->err.code = OST_ERR_NO_MEMORY;
    return self.forcing;
}
