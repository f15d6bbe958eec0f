/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stages of a plan: which error is reported, and the memory that they keep. */
#include "small_models.h"

/* Of two faults, the one that an earlier stage finds. */
static void test_first_error(void)
{
    study_t s;
    STUDY(&s, "bone", "axis");
    s.settings[s.e.n_settings++] =
        (ost_param_setting_t){ .model = text("bone"), .param = text("g"), .sets_value = true, .value.value = 1.4 };
    drive(&s, 0, "loads", 1, "1", 0, 1);
    CU_ASSERT_EQUAL(study_plan(&s), OST_ERR_VALUE);
    ost_assert_contains(s.err.what, "'bone.g' = 1.4");
    study_free(&s);
}

static void test_maker(void)
{
    ost_maker_t make = { 0 };
    double *rows = ost_maker_list(&make, 3, sizeof(*rows));
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    CU_ASSERT_EQUAL((uintptr_t) rows % 64, 0);
    CU_ASSERT(rows[0] == 0 && rows[2] == 0);
    CU_ASSERT_PTR_NOT_NULL(ost_maker_list(&make, 0, sizeof(*rows)));
    CU_ASSERT_STRING_EQUAL(ost_maker_join(&make, "pill", ".integral(", "share", ")"), "pill.integral(share)");
    CU_ASSERT_EQUAL(make.err.code, 0);
    ost_memory_free(&make.memory);
    CU_ASSERT_PTR_NULL(make.memory.pieces);
}

static const ost_test_t tests[] = {
    { "first_error", test_first_error },
    { "maker", test_maker },
};

OST_TEST_MAIN("stages", tests)
