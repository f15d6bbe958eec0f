/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const ost_test_t *running;

static void run_one(void)
{
    unsigned before = CU_get_number_of_asserts();
    running->run();
    if (CU_get_number_of_asserts() == before) CU_FAIL("the test asserts nothing");
}

int ost_test_main(int argc, char **argv, const char *suite, const ost_test_t *tests, size_t n_tests)
{
    if (CU_initialize_registry() != CUE_SUCCESS) return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    unsigned failures = 0, n_run = 0;
    CU_pSuite cu_suite = CU_add_suite(suite, NULL, NULL);
    if (cu_suite == NULL) return 2;
    for (size_t i = 0; i < n_tests; i++) {
        bool wanted = argc < 2;
        for (int k = 1; k < argc; k++) wanted |= strcmp(argv[k], tests[i].name) == 0;
        if (!wanted) continue;
        CU_pTest test = CU_add_test(cu_suite, tests[i].name, run_one);
        if (test == NULL) return 2;
        running = &tests[i];
        CU_basic_run_test(cu_suite, test);
        failures += CU_get_number_of_failures();
        n_run++;
    }
    CU_cleanup_registry();
    printf("\n%s: %u tests run, %u failed assertions\n", suite, n_run, failures);
    return n_run == 0 ? 2 : failures != 0;
}

void ost_assert_close_at(double a, double b, double rtol, double atol, const char *what, const char *file, int line)
{
    bool close = isfinite(b) && fabs(a - b) <= atol + rtol * fabs(b); /* infinity <= infinity would pass anything */
    bool ok = close || a == b || (isnan(a) && isnan(b));
    if (!ok) {
        fprintf(stderr, "\n%s:%d: %s: %.17g against %.17g, off by %.3g (relative %.3g)\n", file, line, what, a, b,
            a - b, (a - b) / b);
    }
    CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned) line, what, file, "", CU_FALSE);
}

bool ost_contains_parts(const char *text, const char *pattern)
{
    for (const char *next; (next = strstr(pattern, "...")) != NULL; pattern = next + 3) {
        const size_t n = (size_t) (next - pattern);
        text = memmem(text, strlen(text), pattern, n);
        if (text == NULL) return false;
        text += n;
    }
    return strstr(text, pattern) != NULL;
}

void ost_assert_contains_at(const char *text, const char *part, const char *file, int line)
{
    bool ok = text != NULL && strstr(text, part) != NULL;
    if (!ok) fprintf(stderr, "\n%s:%d: \"%s\" does not contain \"%s\"\n", file, line, text ? text : "(null)", part);
    CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned) line, part, file, "", CU_FALSE);
}
