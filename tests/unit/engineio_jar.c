/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_jar.c: the cookies of a client's session (C11): which are kept, for how long, and how
 * many. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engineio/client_inside.h"

typedef struct fixture {
    vireo_loop *loop;
    vireo__eio_place place;
    vireo__eio_client client;
} fixture;

static void open_jar(fixture *f)
{
    *f = (fixture){.loop = vireo__loop_new(NULL)};
    assert_non_null(f->loop);
    f->client.loop = f->loop;
    f->client.place = &f->place;
    vireo__list_init(&f->client.cookies);
}

static void close_jar(fixture *f)
{
    vireo__eio_jar_free(&f->client);
    vireo__loop_free(f->loop);
}

static void take(fixture *f, const char *cookie)
{
    char text[8192];
    vireo__answer answer;
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 200 OK\r\nSet-Cookie: %s\r\nContent-Length: 0\r\n\r\n", cookie);
    vireo__answer_init(&answer, sizeof text, 10);
    vireo__answer_feed(&answer, (const uint8_t *)text, (size_t)n);
    assert_int_equal(answer.state, VIREO__ANSWER_HEAD_DONE);
    vireo__eio_jar_take(&f->client, &answer);
    vireo__answer_deinit(&answer);
}

/* |wanted| NULL: no cookie is sent. */
static void assert_sent(fixture *f, const char *wanted)
{
    char **headers = vireo__eio_jar_headers(&f->client, VIREO__EIO_KIND_POLLING, NULL);
    assert_non_null(headers);
    if (wanted == NULL) {
        assert_null(headers[0]);
    } else {
        assert_string_equal(headers[0], "Cookie");
        assert_string_equal(headers[1], wanted);
        assert_null(headers[2]);
    }
    vireo__eio_texts_free(headers);
}

static void names_and_values(void **state)
{
    static const struct {
        const char *cookie;
        const char *sent;
    } rows[] = {
        {"a=1", "a=1"},
        {" a = 1 ; Path=/", "a=1"},
        {"a=\"x y\"; HttpOnly", "a=x y"},
        {"a=", "a="},
        {"a=b=c", "a=b=c"},
        {"a=1; Max-Age=60", "a=1"},
        {"a=1; Max-Age=99999999999999999999", "a=1"},
        {"a=1; Expires=Fri, 31 Dec 2100 23:59:59 GMT", "a=1"},
        {"a=1; max-age=0", NULL},
        {"a=1; MAX-AGE=-5", NULL},
        {"a=1; Max-Age=soon", NULL},
        {"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NULL},
        {"a=1; Expires=whenever", NULL},
        {"a", NULL},
        {"=1", NULL},
        {"", NULL},
        {";a=1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture f;
        open_jar(&f);
        take(&f, rows[i].cookie);
        assert_sent(&f, rows[i].sent);
        close_jar(&f);
    }
}

static void the_newest_of_a_name_counts(void **state)
{
    fixture f;
    (void)state;
    open_jar(&f);
    take(&f, "a=1");
    take(&f, "b=2");
    take(&f, "a=3");
    assert_sent(&f, "b=2; a=3");
    take(&f, "b=; Max-Age=0");
    assert_sent(&f, "a=3");
    close_jar(&f);
}

static void they_have_an_end(void **state)
{
    fixture f;
    (void)state;
    open_jar(&f);
    take(&f, "a=1; Max-Age=2");
    take(&f, "b=2");
    vireo__loop_advance(f.loop, 1000);
    assert_sent(&f, "a=1; b=2");
    vireo__loop_advance(f.loop, 1000);
    assert_sent(&f, "b=2");
    close_jar(&f);
}

static void there_are_so_many_at_most(void **state)
{
    fixture f;
    char text[32];
    (void)state;
    open_jar(&f);
    for (int i = 0; i < 51; i++) {
        snprintf(text, sizeof text, "c%d=x", i);
        take(&f, text);
    }
    char **headers = vireo__eio_jar_headers(&f.client, VIREO__EIO_KIND_POLLING, NULL);
    assert_non_null(strstr(headers[1], "c49=x"));
    assert_null(strstr(headers[1], "c50=x"));
    vireo__eio_texts_free(headers);
    close_jar(&f);
}

static void and_so_large(void **state)
{
    fixture f;
    char text[4098];
    (void)state;
    open_jar(&f);
    memset(text, 'v', sizeof text);
    memcpy(text, "a=", 2);
    text[4097] = '\0'; /* name and value are 4,096 bytes */
    take(&f, text);
    assert_sent(&f, text);
    close_jar(&f);
    open_jar(&f);
    char large[4100];
    memset(large, 'v', sizeof large);
    memcpy(large, "a=", 2);
    large[4098] = '\0'; /* one byte more */
    take(&f, large);
    assert_sent(&f, NULL);
    close_jar(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_values), cmocka_unit_test(the_newest_of_a_name_counts),
        cmocka_unit_test(they_have_an_end), cmocka_unit_test(there_are_so_many_at_most),
        cmocka_unit_test(and_so_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
