/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/answer: responses as a client reads them, each whole, byte by byte and cut at every
 * offset. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "guard.h"
#include "http/answer.h"
#include "oom.h"

/* What is seen of an answer: "200 name=value .. |body| done keep", or "E <error>". */
typedef struct seen {
    char text[400];
    bool refuse; /* the body */
} seen;

static bool on_body(void *user, const uint8_t *bytes, size_t n)
{
    seen *s = user;
    strncat(s->text, (const char *)bytes, n);
    return !s->refuse;
}

static void note_head(seen *s, const vireo__answer *a)
{
    char status[16];
    snprintf(status, sizeof status, "%u", a->status);
    strcat(s->text, status);
    const char *end = (const char *)a->head.data + a->head.len;
    for (const char *at = (const char *)a->head.data; at != end;) {
        const char *value = at + strlen(at) + 1;
        strcat(s->text, " ");
        strcat(s->text, at);
        strcat(s->text, "=");
        strcat(s->text, value);
        at = value + strlen(value) + 1;
    }
    strcat(s->text, "|");
}

enum { TO_HEAD = 1, END = 2 };

/* Returns how many bytes were taken. */
static size_t read_answer(seen *s, const char *bytes, size_t n, int flags, size_t cut, size_t step)
{
    vireo__answer a;
    size_t at = 0;
    vireo__answer_init(&a, 200, 4);
    a.on_body = on_body;
    a.user = s;
    a.to_head = flags & TO_HEAD;
    while (a.state != VIREO__ANSWER_DONE && a.state != VIREO__ANSWER_FAILED) {
        size_t more = at < cut ? cut - at : step;
        if (more > n - at)
            more = n - at;
        uint8_t *piece = guard_copy(bytes + at, more);
        int before = a.state;
        size_t taken = vireo__answer_feed(&a, piece, more);
        guard_free(piece, more);
        at += taken;
        if (a.state == VIREO__ANSWER_HEAD_DONE)
            note_head(s, &a);
        else if (at == n && a.state == before)
            break;
    }
    if (flags & END)
        vireo__answer_end(&a);
    if (a.state == VIREO__ANSWER_DONE)
        strcat(s->text, a.keep_alive ? "| keep" : "| close");
    if (a.state == VIREO__ANSWER_FAILED) {
        assert_non_null(a.why);
        snprintf(s->text, sizeof s->text, "E %s", vireo_errname(a.error));
    }
    vireo__answer_deinit(&a);
    return at;
}

static const struct {
    const char *bytes;
    int flags;
    const char *expected;
    size_t left; /* bytes behind the answer */
} cases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: a b \t\r\n\r\nhello", 0,
     "200 content-length=5 x-y=a b|hello| keep", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP", 0, "200 content-length=5|hello| keep",
     4},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 0,
     "200 content-length=0 connection=close|| close", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", TO_HEAD, "200 content-length=5|| keep", 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", 0, "204|| keep", 0},
    {"HTTP/1.1 304 \r\nETag: x\r\n\r\n", 0, "304 etag=x|| keep", 0},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "200 content-length=2|ok| close", 0},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 0,
     "200 connection=keep-alive content-length=2|ok| keep", 0},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", END, "200|until the end| close", 0},
    {"HTTP/1.1 200 OK\r\n\r\nuntil", 0, "200|until", 0},
    {"HTTP/1.1 200 OK\r\n\r\n", END, "200|| close", 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
     "x\r\n\r\nnext",
     0, "200 transfer-encoding=chunked|abcde| keep", 4},
    {"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early\r\nLink: z\r\n\r\nHTTP/1.1 201 "
     "Created\r\nContent-Length: 1\r\n\r\nx",
     0, "201 content-length=1|x| keep", 0},
    {"HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nB:\r\nContent-Length: 0\r\n\r\n", 0,
     "200 a=1 a=2 b= content-length=0|| keep", 0},
    {"", END, "", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", END, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", END, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
     "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nA: 1\r\n: 2\r\nContent-Length: 0\r\n\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/2.0 200 OK\r\n\r\n", 0, "E VIREO_EPROTO", 0},
    {"SSH-2.0-OpenSSH\r\n", 0, "E VIREO_EPROTO", 0},
    {"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nContent-Length: 0\r\n\r\n", 0,
     "200 a=1 b=2 c=3 content-length=0|| keep", 0},
    {"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nContent-Length: 0\r\n\r\n", 0,
     "E VIREO_ETOOBIG", 0},
};

enum { COUNT = sizeof cases / sizeof cases[0] };

static void expect(size_t i, size_t cut, size_t step)
{
    seen s = {0};
    size_t n = strlen(cases[i].bytes);
    size_t taken = read_answer(&s, cases[i].bytes, n, cases[i].flags, cut, step);
    if (strcmp(s.text, cases[i].expected) != 0)
        fail_msg("case %zu cut at %zu: %s", i, cut, s.text);
    if (cases[i].expected[0] != 'E')
        assert_int_equal(n - taken, cases[i].left);
}

static void reads_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        size_t n = strlen(cases[i].bytes);
        expect(i, 0, n);
        expect(i, 0, 1);
        for (size_t cut = 1; cut < n; cut++)
            expect(i, cut, n);
    }
}

/* What follows is another protocol. */
static void stops_at_a_101(void **state)
{
    static const char bytes[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                "Upgrade: websocket\r\n\r\n\x81\x02hi";
    const size_t head = sizeof bytes - 1 - 4;
    (void)state;
    for (size_t cut = 0; cut <= head; cut++) {
        vireo__answer a;
        vireo__answer_init(&a, 200, 4);
        size_t taken = vireo__answer_feed(&a, (const uint8_t *)bytes, cut);
        assert_int_equal(taken, cut);
        if (cut < head)
            taken += vireo__answer_feed(&a, (const uint8_t *)bytes + cut, sizeof bytes - 1 - cut);
        assert_int_equal(a.state, VIREO__ANSWER_HEAD_DONE);
        assert_int_equal(a.status, 101);
        assert_int_equal(taken, head);
        assert_string_equal(vireo__answer_header(&a, "upgrade"), "websocket");
        assert_int_equal(vireo__answer_header_count(&a, "upgrade"), 1);
        assert_null(vireo__answer_header(&a, "x"));
        vireo__answer_deinit(&a);
    }
}

static void limits_the_head(void **state)
{
    (void)state;
    for (int interim = 0; interim <= 1; interim++)
        for (size_t n = 200; n <= 201; n++) {
            char bytes[300] = "";
            seen s = {0};
            if (interim)
                strcpy(bytes, "HTTP/1.1 100 \r\n\r\n");
            strcat(bytes, "HTTP/1.1 204 \r\nX: ");
            memset(bytes + strlen(bytes), 'y', n - 4 - strlen(bytes));
            strcat(bytes, "\r\n\r\n");
            assert_int_equal(strlen(bytes), n);
            read_answer(&s, bytes, n, 0, 0, n);
            if (n > 200)
                assert_string_equal(s.text, "E VIREO_ETOOBIG");
            else
                assert_memory_equal(s.text, "204 x=y", 7);
        }
}

static void tells_the_length(void **state)
{
    static const struct {
        const char *head;
        uint64_t length;
    } heads[] = {
        {"HTTP/1.1 200 \r\nContent-Length: 7\r\n\r\n", 7},
        {"HTTP/1.1 200 \r\nContent-Length: 18446744073709551614\r\n\r\n", UINT64_MAX - 1},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", UINT64_MAX},
        {"HTTP/1.1 200 \r\n\r\n", UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        vireo__answer a;
        vireo__answer_init(&a, 200, 4);
        vireo__answer_feed(&a, (const uint8_t *)heads[i].head, strlen(heads[i].head));
        assert_int_equal(a.state, VIREO__ANSWER_HEAD_DONE);
        assert_int_equal(vireo__answer_length(&a), heads[i].length);
        vireo__answer_deinit(&a);
    }
}

static void can_be_left_in_the_body(void **state)
{
    seen s = {.refuse = true};
    static const char bytes[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    (void)state;
    read_answer(&s, bytes, sizeof bytes - 1, 0, 0, 100);
    assert_string_equal(s.text, "E VIREO_ECANCELLED");
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        seen s = {0};
        vireo__answer a;
        vireo__answer_init(&a, 200, 4);
        a.on_body = on_body;
        a.user = &s;
        oom_fail_at(n);
        vireo__answer_feed(&a, (const uint8_t *)cases[0].bytes, strlen(cases[0].bytes));
        bool failed = oom_failed();
        assert_int_equal(a.state, failed ? VIREO__ANSWER_FAILED : VIREO__ANSWER_HEAD_DONE);
        if (failed)
            assert_int_equal(a.error, VIREO_ENOMEM);
        vireo__answer_deinit(&a);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_answers),           cmocka_unit_test(stops_at_a_101),
        cmocka_unit_test(limits_the_head),         cmocka_unit_test(tells_the_length),
        cmocka_unit_test(can_be_left_in_the_body), cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
