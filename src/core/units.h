/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file units.h  Units and dimensions.
 *  Inside osteon every number is in one coherent set of units: day, milligram, decimetre (so litre = dm3), picomole,
 *  international unit. Nothing is converted inside the engine; conversion happens where a number enters (model text,
 *  YAML, CSV) and where it leaves (results, tables). */
#ifndef OST_CORE_UNITS_H
#define OST_CORE_UNITS_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

/** Base dimensions. */
enum { OST_DIM_TIME, OST_DIM_MASS, OST_DIM_LENGTH, OST_DIM_AMOUNT, OST_DIM_IU, OST_N_DIMS };

/** Days in a calendar month and year as osteon counts them (12 months are one Julian year). */
#define OST_DAYS_PER_MONTH 30.4375
#define OST_DAYS_PER_YEAR 365.25 /**< a Julian year */

/** Times are at most so far from time 0 or a trial's start: above the longest documented human life, 122 years; the
 * margin is an assumption. */
#define OST_LIFE_YEARS 150
#define OST_LONGEST_LIFE (OST_LIFE_YEARS * OST_DAYS_PER_YEAR) /**< the same, d */

/** Times closer than this are one time, d. */
#define OST_SAME_TIME 1e-9

/** Exponent of each base dimension, in sixths, so that square and cube roots stay exact. */
typedef struct {
    int16_t sixths[OST_N_DIMS]; /**< 6 for the first power */
} ost_dim_t;

/** A unit: value in internal units = number x factor. */
typedef struct {
    ost_dim_t dim; /**< its dimension */
    double factor; /**< internal units in one of it, > 0 */
} ost_unit_t;

/** A number with its unit, as read. */
typedef struct {
    double value;  /**< in internal units */
    ost_dim_t dim; /**< its dimension */
    bool is_plain; /**< no unit stands beside it */
} ost_quantity_t;

/** Read a unit: `1`, `%`, `d`, `1/d`, `mg/d`, `pmol/L`, `g/cm2`, `kg/m^2`, `ng/mL`, `mg/(L d)`, `1/mg`, `L/h/kg`.
 *  Names: g, L, mol, m, IU with the prefixes f p n u c d k (and m; mc on g, M on IU only, since `Mg` is a slip for mg);
 * %; and the times s min h d wk mo y, or second minute hour day week month year with or without a plural s, without
 * prefix. Products are a blank or
 *  `*`, quotients `/`; after a `/` only further ones, as `mg/L d` can be read in two ways. Powers are one digit, `cm2`,
 *  `m^2`, `d^-1`, `d-1`; a positive power of a time needs the `^`.
 *  @param[out] unit  the factor is correctly rounded for every unit of practical size
 *  @return 0 or OST_ERR_UNIT with the nearest known unit in the message */
int ost_unit_parse(ost_unit_t *unit, const char *text, ost_error_t *err) OST_MUST_CHECK;

/** Read "1 mg", "6 month", "-5 year", "12 %", "0.3" (dimensionless), "1e-3 ng/mL". The blank may be missing. Numbers
 * are decimal with a point; they are read by strtod, so a program that calls setlocale must leave LC_NUMERIC at "C".
 *  @param[out] quantity  value NAN on error
 *  @return 0, OST_ERR_SYNTAX (no finite decimal number, or a comma in it) or OST_ERR_UNIT */
int ost_quantity_parse(ost_quantity_t *quantity, const char *text, ost_error_t *err) OST_MUST_CHECK;

/** A unit with the symbols of its times, `1/d` for `1/day` and `y` for `years`: as it stands in files. @return buf */
char *ost_unit_symbols(const char *text, char *buf, size_t size);
/** Whether a unit has a scale but no dimension, as `%` and `nmol/mmol`: beside it a plain number says too little. */
bool ost_unit_is_ratio(const ost_unit_t *unit);
/** Room for what ost_unit_missing() says. */
#define OST_UNIT_MISSING_SIZE 256
/** What is wrong with a plain number (other than 0) where such a unit is expected: 5 may mean 5 % or 500 %.
 *  @param unit_text  as written, for the message;  @param[out] why  [OST_UNIT_MISSING_SIZE] "5 has no unit; write '5 %'
 * or '500 %'"
 *  @return why, or NULL where nothing is wrong */
const char *ost_unit_missing(const ost_unit_t *unit, const char *unit_text, bool is_plain, double value, char *why);

/** True where all exponents agree. */
bool ost_dim_equal(ost_dim_t a, ost_dim_t b);
/** True for a plain number. */
bool ost_dim_is_none(ost_dim_t a);
extern const ost_dim_t ost_dim_none; /**< of plain numbers */
extern const ost_dim_t ost_dim_time; /**< of times */
/** Dimension of a product. */
ost_dim_t ost_dim_mul(ost_dim_t a, ost_dim_t b);
/** Dimension of a quotient. */
ost_dim_t ost_dim_div(ost_dim_t a, ost_dim_t b);
/** a to the power `p`; exact only where p x 6 x exponent is a whole number of sixths. @return false otherwise */
bool ost_dim_pow(ost_dim_t *out, ost_dim_t a, double p);
/** Write a dimension for a person, "mass/time", "amount/volume", "1" for none; always terminated. @return buf */
char *ost_dim_format(ost_dim_t dim, char *buf, size_t size);
/** Room for what ost_dim_mismatch() says. */
#define OST_DIM_MISMATCH_SIZE 320
/** How the dimension of a value differs from the expected one, and what to write: "has dimension time; expected mass,
 * for example 5 mg", "has no unit of mass; write one, for example 5 mg", "has dimension mass; expected a plain number,
 * without a unit".
 *  @param example  what could be written instead, "85 %"; NULL: made from `expected` in the notation of models, "5
 * [mg]"
 *  @param[out] why  [OST_DIM_MISMATCH_SIZE];  @return why */
char *ost_dim_mismatch(ost_dim_t actual, ost_dim_t expected, const char *example, char *why);
/** The same where a value in `unit` is expected. @param unit_text  as written, for the example */
char *ost_unit_mismatch(ost_dim_t actual, const ost_unit_t *unit, const char *unit_text, char *why);

#endif
