/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of core/lanes.h as compiled for one instruction set, from rows to rows: test_lanes calls each. */
#ifndef OST_LANES_TESTED_H
#define OST_LANES_TESTED_H

typedef struct {
    void (*exp)(const double *a, double *y);
    void (*log)(const double *a, double *y);
    void (*sqrt)(const double *a, double *y);
    void (*abs)(const double *a, double *y);
    void (*min)(const double *a, const double *b, double *y);
    void (*max)(const double *a, const double *b, double *y);
    void (*lt)(const double *a, const double *b, double *y); /* 1.0 where true, else 0.0; so are le and eq */
    void (*le)(const double *a, const double *b, double *y);
    void (*eq)(const double *a, const double *b, double *y);
    void (*log_from)(const double *a, const double *b, double *y);
} lanes_tested_t;

#endif
