/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in front of arms in a result file: the models of a comparison, or what a sweep varies. Takes parts, gives
 * dimensions with their coordinates. */
#include "results/results_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_front(ost_writer_t *self, const char *name, size_t n)
{
    ost_dimension_t *dim = &self->front[self->n_front++];
    *dim = (ost_dimension_t){ .n = n, .scale = -1 };
    snprintf(dim->name, sizeof(dim->name), "%s", name);
}

const char *ost_results_front_name(const ost_design_t *design, size_t k)
{
    if (design == NULL || design->n_axes == 0) return "model";
    if (design->n_drawn > 0 && k + 1 == ost_design_n_dimensions(design)) return "draw";
    return design->kind == OST_DESIGN_GRID ? design->axes[k].name : "point";
}

int ost_results_front(ost_writer_t *self, ost_error_t *err)
{
    const ost_design_t *design = self->sweep != NULL ? self->sweep->design : NULL;
    for (size_t d = 0; design != NULL && d < ost_design_n_dimensions(design); d++)
        add_front(self, ost_results_front_name(design, d), ost_design_length(design, d));
    if (design != NULL || self->n_parts == 1) return 0;
    add_front(self, ost_results_front_name(NULL, 0), self->n_parts);
    self->front->texts = ost_memory_list(&self->memory, self->n_parts, sizeof(*self->front->texts));
    if (self->front->texts == NULL) return ost_no_memory(err);
    for (size_t p = 0; p < self->n_parts; p++) self->front->texts[p] = self->parts[p].name;
    return 0;
}

/* Values of an axis over its dimension, which is named as it is or is that of points or draws. */
static int write_axis(ost_writer_t *self, size_t k, ost_error_t *err)
{
    const ost_varied_t *axis = &self->sweep->design->axes[k];
    ost_dimension_t *dim = &self->front[ost_design_dimension(self->sweep->design, k)];
    const bool is_number = axis->values != NULL;
    const ost_values_t values = { axis->name, is_number ? H5T_NATIVE_DOUBLE : self->text_type,
        is_number ? (const void *) axis->values : (const void *) axis->texts.items, is_number ? axis->unit : NULL,
        axis->path };
    if (strcmp(dim->name, axis->name) == 0) return ost_results_coordinate(self, dim, &values, err);
    return ost_results_values(self, dim, &values, err) < 0 ? OST_ERR_IO : 0;
}

static int write_axes(ost_writer_t *self, ost_error_t *err)
{
    const ost_design_t *design = self->sweep->design;
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t k = 0; k < design->n_axes && ret == 0; k++) {
        ret = write_axis(self, k, err);
        if (ret == 0 && ost_text_list_add(&names, "%s", design->axes[k].name) < 0) ret = ost_no_memory(err);
    }
    char *lines = ret == 0 ? ost_text_join((const char *const *) names.items, names.n, "\n") : NULL;
    if (ret == 0 && lines == NULL) ret = ost_no_memory(err);
    if (ret == 0 && ost_h5_set_text(self->file, OST_SWEEP_AXES, lines) != 0)
        ret = ost_writer_fail(self, OST_SWEEP_AXES, err);
    ost_text_list_free(&names);
    free(lines);
    return ret;
}

/* Of a dimension that is no entry's. */
static int write_numbers(ost_writer_t *self, ost_dimension_t *dim, const char *meaning, ost_error_t *err)
{
    int64_t *numbers = ost_memory_list(&self->memory, dim->n, sizeof(*numbers));
    if (numbers == NULL) return ost_no_memory(err);
    for (size_t p = 0; p < dim->n; p++) numbers[p] = (int64_t) p;
    return ost_results_coordinate(
        self, dim, &(ost_values_t){ dim->name, H5T_NATIVE_INT64, numbers, "1", meaning }, err);
}

int ost_results_front_coordinates(ost_writer_t *self, ost_error_t *err)
{
    if (self->n_front == 0) return 0;
    if (self->sweep == NULL)
        return ost_results_coordinate(self, self->front,
            &(ost_values_t){ self->front->name, self->text_type, self->front->texts, NULL, "bone model" }, err);
    const ost_design_t *design = self->sweep->design;
    int ret = 0;
    if (design->kind != OST_DESIGN_GRID && design->kind != OST_DESIGN_DRAWS)
        ret = write_numbers(self, self->front, "number of the point of the sweep, from 0", err);
    if (ret == 0 && design->n_drawn > 0)
        ret = write_numbers(self, &self->front[self->n_front - 1], "number of the draw, from 0", err);
    return ret == 0 ? write_axes(self, err) : ret;
}

ost_slab_t ost_results_front_place(const ost_writer_t *self, size_t part)
{
    ost_slab_t slab = { .rank = self->n_front };
    for (size_t k = self->n_front; k-- > 0; part /= self->front[k].n) {
        slab.start[k] = part % self->front[k].n;
        slab.count[k] = 1;
    }
    return slab;
}

ost_slab_t ost_results_row(const ost_writer_t *self, size_t part, size_t v, size_t i)
{
    const ost_target_t *target = &self->targets[part < self->n_plans ? part : 0];
    const ost_variable_t *variable = &self->parts[part].plan->outputs->variables[v];
    ost_slab_t slab = ost_results_front_place(self, part);
    ost_slab_add(&slab, target->arm[i / variable->n_elements], 1);
    if (variable->index_set != NULL)
        ost_slab_add(&slab, target->element[variable->first + i % variable->n_elements], 1);
    return slab;
}

const char *ost_results_part_name(const ost_writer_t *self, size_t part, char *buf, size_t size)
{
    return self->sweep != NULL ? ost_design_point(self->sweep->design, part, buf, size) : self->parts[part].name;
}

bool ost_results_is_in_front(const ost_writer_t *self, const ost_column_t *column)
{
    /* who is enrolled may differ */
    if (self->parts[0].plan->experiment->enrolls) return true;
    return column->arm >= 0 || (self->sweep != NULL && ost_design_varies(self->sweep->design, "population"));
}
