/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every test program shares: one CUnit suite from a table of tests, `./test_x name` runs a single one, a test that
 * asserts nothing fails, and comparisons that print both values. */
#ifndef OST_TESTLIB_H
#define OST_TESTLIB_H

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;
    void (*run)(void);
} ost_test_t;

/* Run the table (or the tests named in argv), print CUnit's closing counts. @return exit status */
int ost_test_main(int argc, char **argv, const char *suite, const ost_test_t *tests, size_t n_tests);

/* Pass if |a - b| <= atol + rtol |b|, or both are the same infinity or both NaN; prints both values and the errors
 * otherwise. */
void ost_assert_close_at(double a, double b, double rtol, double atol, const char *what, const char *file, int line);
#define ost_assert_close(a, b, rtol, atol)                                                                             \
    ost_assert_close_at((a), (b), (rtol), (atol), #a " ~ " #b, __FILE__, __LINE__)

/* @return whether text contains the parts between `...` of a pattern, one after the other: a list of words is cut to
 * its first, as in `must be one of normal, ... (did you mean`, so that a new word changes no expectation. */
bool ost_contains_parts(const char *text, const char *pattern);

/* Pass if `text` contains `part`; prints both otherwise. */
void ost_assert_contains_at(const char *text, const char *part, const char *file, int line);
#define ost_assert_contains(text, part) ost_assert_contains_at((text), (part), __FILE__, __LINE__)

#define OST_TEST_MAIN(suite, tests)                                                                                    \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        return ost_test_main(argc, argv, suite, tests, sizeof(tests) / sizeof((tests)[0]));                            \
    }

#endif
