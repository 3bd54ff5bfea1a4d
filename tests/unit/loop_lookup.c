/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* loop/lookup: names asked of the system's resolver, as far as no network is needed for it (W11).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include <vireo/error.h>

#include "loop/lookup.h"

typedef struct answer {
    int calls;
    int error;
    uint16_t port;
    bool said;
} answer;

static void on_answer(void *user, const struct addrinfo *addresses, int error, const char *text)
{
    answer *a = user;
    a->calls++;
    a->error = error;
    a->said = text[0] != '\0';
    if (addresses != NULL)
        a->port = ntohs(addresses->ai_family == AF_INET6
                            ? ((const struct sockaddr_in6 *)addresses->ai_addr)->sin6_port
                            : ((const struct sockaddr_in *)addresses->ai_addr)->sin_port);
}

static answer ask(const char *name)
{
    answer a = {0};
    vireo_loop *loop = vireo__loop_new(NULL);
    assert_non_null(vireo__lookup_start(loop, name, 4711, on_answer, &a));
    assert_int_equal(a.calls, 0);
    while (a.calls == 0)
        uv_run(loop->uv, UV_RUN_ONCE);
    vireo__loop_free(loop);
    return a;
}

static void finds_this_machine(void **state)
{
    (void)state;
    answer a = ask("localhost");
    assert_int_equal(a.error, 0);
    assert_int_equal(a.port, 4711);
}

static void tells_of_names_that_are_none(void **state)
{
    char label[80] = "";
    (void)state;
    memset(label, 'a', 64); /* one more than a label may have */
    answer a = ask(label);
    assert_int_equal(a.error, VIREO_ENOTFOUND);
    assert_true(a.said);
}

/* The loop's end waits for the threads. */
static void is_cancelled(void **state)
{
    answer a = {0};
    vireo_loop *loop = vireo__loop_new(NULL);
    (void)state;
    for (int i = 0; i < 20; i++)
        vireo__lookup_cancel(vireo__lookup_start(loop, "localhost", 1, on_answer, &a));
    vireo__loop_free(loop);
    assert_int_equal(a.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_this_machine),
        cmocka_unit_test(tells_of_names_that_are_none),
        cmocka_unit_test(is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
