/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* chain_fixture.h: what the tests of a request's way (http_chain.c) and of what hangs onto a
 * request (http_hooks.c) have in common. */

#ifndef VIREO_TESTS_CHAIN_FIXTURE_H
#define VIREO_TESTS_CHAIN_FIXTURE_H

#include "http_peer.h"

#define TEXT(status, body_len, rest)                                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len  \
    "\r\n" rest
#define OK(body_len, rest)  TEXT("200 OK", body_len, rest)
#define NOT_FOUND           TEXT("404 Not Found", "9", "\r\nNot Found")
#define CLOSE               "Connection: close\r\n\r\n"
#define GET(path)           "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, headers) "POST " path " HTTP/1.1\r\nHost: a\r\n" headers "\r\n"
#define UPGRADE(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

/* A text as a user pointer. */
#define NAMED(text) ((void *)(uintptr_t)(text))

/* What the handlers did, and what they keep. */
static struct {
    char trace[512];
    vireo_req *kept;
    int held, aborted, finished, freed;
    vireo_finish finish;
} seen;

static inline void note(const char *text)
{
    strcat(seen.trace, text);
    assert_true(strlen(seen.trace) < sizeof seen.trace - 100);
}

static inline vireo_app *new_app(void)
{
    memset(&seen, 0, sizeof seen);
    return vireo_app_new(.max_body_bytes = 20);
}

static inline void on_abort(vireo_req *r, void *user)
{
    (void)r;
    (void)user;
    seen.aborted++;
    seen.kept = NULL;
}

static inline int keep(vireo_req *r)
{
    seen.kept = r;
    seen.held++;
    vireo_on_abort(r, on_abort, NULL);
    return 0;
}

static inline void take_line(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__stream_write_copy(s, bytes, n);
}

static inline void end_line(vireo__stream *s)
{
    vireo__stream_end(s);
}

static inline void close_line(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static inline int upgrade(vireo_req *r)
{
    static const vireo__stream_events events = {
        .on_data = take_line, .on_end = end_line, .on_close = close_line};
    vireo__stream *s = vireo__req_detach(r);
    vireo__stream_set_events(s, &events, NULL);
    vireo__stream_write_copy(s, "line:", 5);
    return 0;
}

#endif
