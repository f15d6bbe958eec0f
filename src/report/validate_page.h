/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file validate_page.h  The report of `osteon validate` as a page. */
#ifndef OST_REPORT_VALIDATE_PAGE_H
#define OST_REPORT_VALIDATE_PAGE_H

#include "analysis/validate.h"

/** One self-contained HTML page: summaries, and for every trial charts and a table. */
void ost_validation_write_html(const ost_validation_t *self, FILE *out);

#endif
