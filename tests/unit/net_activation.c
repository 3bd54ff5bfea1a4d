/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W14: sockets passed by systemd: which descriptor is meant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vireo/error.h>

#include "net/activation.h"

static void finds_descriptors(void **state)
{
    (void)state;
    static const struct {
        const char *pid, *fds, *names, *want;
        int result;
    } cases[] = {
        {NULL, NULL, NULL, NULL, 0},
        {NULL, "1", NULL, NULL, 0},
        {"77", NULL, NULL, NULL, 0},
        {"77", "1", NULL, NULL, 3},
        {"77", "0", NULL, NULL, 0},
        {"78", "1", NULL, NULL, 0}, /* meant for somebody else */
        {"78", "1", "a", "a", 0},
        {"77", "2", "http:https", NULL, 3},
        {"77", "2", "http:https", "http", 3},
        {"77", "2", "http:https", "https", 4},
        {"77", "2", "http:https", "htt", VIREO_ENOTFOUND},
        {"77", "2", "http:https", "ftp", VIREO_ENOTFOUND},
        {"77", "1", "http:https", "https", VIREO_ENOTFOUND}, /* more names than descriptors */
        {"77", "3", "a::c", "c", 5},
        {"77", "3", "a::c", "", 4},
        {"77", "3", "a", "b", VIREO_ENOTFOUND},
        {"77", "1", NULL, "a", VIREO_ENOTFOUND},
        {"", "1", NULL, NULL, VIREO_EINVAL},
        {"77", "", NULL, NULL, VIREO_EINVAL},
        {"77", "x", NULL, NULL, VIREO_EINVAL},
        {"77", "-1", NULL, NULL, VIREO_EINVAL},
        {"77", "1 ", NULL, NULL, VIREO_EINVAL},
        {"77x", "1", NULL, NULL, VIREO_EINVAL},
        {"77", "4096", NULL, NULL, 3},
        {"77", "4097", NULL, NULL, VIREO_EINVAL},
        {"77", "99999999999999999999", NULL, NULL, VIREO_EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            vireo__activation_find(cases[i].pid, cases[i].fds, cases[i].names, 77, cases[i].want),
            cases[i].result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
