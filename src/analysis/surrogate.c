/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes points with the values of a function there; gives the quadratic function of least squares. */
#include "analysis/surrogate.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* Variables of which a value has quadratic terms: those that move it most. */
#define LEADING 28
/* Ridge of constant and linear terms, which any design determines; and of the quadratic term of x_j and x_k, times
 * (h_j h_k)^-2, h the size of linear terms as a unit vector with a least part: what hardly moves a value hardly bends
 * it. Chosen by the error at points left out of a fit of the flagship. */
#define RIDGE 1e-4
#define RIDGE_QUADRATIC 0.003
#define LEAST 0.02

int ost_surrogate_init(ost_surrogate_t *self, size_t n, size_t m, ost_error_t *err)
{
    size_t n_terms = 1 + n + n * (n + 1) / 2;
    *self = (ost_surrogate_t){ .n = n, .m = m, .n_terms = n_terms };
    self->gram = ost_memory_list(&self->memory, n_terms * n_terms, sizeof(double));
    self->moments = ost_memory_list(&self->memory, n_terms * m, sizeof(double));
    self->coefficients = ost_memory_list(&self->memory, n_terms * m, sizeof(double));
    return self->memory.failed ? ost_no_memory(err) : 0;
}

static void find_terms(const ost_surrogate_t *self, const double *x, double *terms)
{
    *terms++ = 1;
    for (size_t j = 0; j < self->n; j++) *terms++ = x[j];
    for (size_t j = 0; j < self->n; j++)
        for (size_t k = j; k < self->n; k++) *terms++ = x[j] * x[k];
}

void ost_surrogate_add(ost_surrogate_t *self, const double *x, const double *values, double weight, double *terms)
{
    find_terms(self, x, terms);
    for (size_t a = 0; a < self->n_terms; a++) {
        double of_a = weight * terms[a], *gram = self->gram + a * self->n_terms, *moments = self->moments + a * self->m;
        for (size_t b = 0; b <= a; b++) gram[b] += of_a * terms[b];
        for (size_t i = 0; i < self->m; i++) moments[i] += of_a * values[i];
    }
}

/* Index of the term x_j x_k, j <= k. */
static size_t pair(size_t n, size_t j, size_t k)
{
    return 1 + n + j * n - j * (j + 1) / 2 + k;
}

/* Least squares of one value on some terms. @param terms, ridge  [n]. @param[out] solution  [n] */
static int solve(const ost_surrogate_t *self, size_t value, const size_t *terms, const double *ridge, size_t n,
    gsl_matrix *root, double *solution)
{
    gsl_matrix_view some = gsl_matrix_submatrix(root, 0, 0, n, n);
    gsl_vector_view x = gsl_vector_view_array(solution, n);
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b <= a; b++) {
            size_t s = terms[a], t = terms[b];
            gsl_matrix_set(&some.matrix, a, b, self->gram[s > t ? s * self->n_terms + t : t * self->n_terms + s]);
        }
        *gsl_matrix_ptr(&some.matrix, a, a) += ridge[a];
        solution[a] = self->moments[terms[a] * self->m + value];
    }
    int status = gsl_linalg_cholesky_decomp1(&some.matrix);
    return status == GSL_SUCCESS ? gsl_linalg_cholesky_svx(&some.matrix, &x.vector) : status;
}

/* The variables that move a value most, in order. @param size  [n] of linear terms. @return how many */
static size_t find_leading(size_t n, const double *size, size_t *leading)
{
    size_t n_leading = 0;
    for (size_t j = 0; j < n; j++) {
        size_t at = n_leading < LEADING ? n_leading++ : LEADING;
        for (; at > 0 && size[j] > size[leading[at - 1]]; at--)
            if (at < LEADING) leading[at] = leading[at - 1];
        if (at < LEADING) leading[at] = j;
    }
    return n_leading;
}

/* Terms of a value and their ridges, once linear terms are known. @return how many */
static size_t choose_terms(size_t n, double *size, size_t *terms, double *ridge)
{
    size_t leading[LEADING] = { 0 }, n_leading = find_leading(n, size, leading), n_chosen = n + 1;
    double largest = n_leading > 0 ? size[leading[0]] : 0, squares = 0;
    for (size_t j = 0; j < n; j++) {
        size[j] += LEAST * largest;
        squares += size[j] * size[j];
    }
    for (size_t a = 0; a < n_leading && squares > 0; a++)
        for (size_t b = a; b < n_leading; b++) {
            size_t j = leading[a] < leading[b] ? leading[a] : leading[b], k = leading[a] + leading[b] - j;
            terms[n_chosen] = pair(n, j, k);
            ridge[n_chosen++] = RIDGE_QUADRATIC * pow(squares / (size[j] * size[k]), 2);
        }
    return n_chosen;
}

int ost_surrogate_fit(ost_surrogate_t *self, ost_error_t *err)
{
    ost_memory_t memory = { 0 };
    size_t n = self->n, most = 1 + n + LEADING * (LEADING + 1) / 2;
    size_t *terms = ost_memory_list(&memory, most, sizeof(*terms));
    double *ridge = ost_memory_list(&memory, most, sizeof(*ridge));
    double *solution = ost_memory_list(&memory, most + n, sizeof(*solution));
    gsl_matrix *root = gsl_matrix_alloc(most, most);
    int ret = memory.failed || root == NULL ? ost_no_memory(err) : 0;
    int status = GSL_SUCCESS;
    memset(self->coefficients, 0, self->n_terms * self->m * sizeof(double));
    for (size_t a = 0; a <= n && ret == 0; a++) {
        terms[a] = a;
        ridge[a] = RIDGE;
    }
    for (size_t i = 0; i < self->m && ret == 0 && status == GSL_SUCCESS; i++) {
        status = solve(self, i, terms, ridge, n + 1, root, solution);
        for (size_t j = 0; j < n; j++) solution[most + j] = fabs(solution[j + 1]);
        size_t n_chosen = choose_terms(n, solution + most, terms, ridge);
        if (status == GSL_SUCCESS) status = solve(self, i, terms, ridge, n_chosen, root, solution);
        for (size_t a = 0; a < n_chosen; a++) self->coefficients[terms[a] * self->m + i] = solution[a];
    }
    ost_memory_free(&memory);
    gsl_matrix_free(root);
    return ret < 0 || status == GSL_SUCCESS ? ret
                                            : ost_fail(err, OST_ERR_VALUE, "residuals of the sample are not finite");
}

void ost_surrogate_values(const ost_surrogate_t *self, const double *x, double *terms, double *values)
{
    find_terms(self, x, terms);
    memset(values, 0, self->m * sizeof(*values));
    for (size_t a = 0; a < self->n_terms; a++) {
        const double *c = self->coefficients + a * self->m;
        for (size_t i = 0; i < self->m; i++) values[i] += terms[a] * c[i];
    }
}

void ost_surrogate_free(ost_surrogate_t *self)
{
    if (self == NULL) return;
    ost_memory_free(&self->memory);
    *self = (ost_surrogate_t){ 0 };
}
