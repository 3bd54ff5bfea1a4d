/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Requests, one behind the other. The first byte of the input says in pieces of which size the rest
 * arrives; whatever it says, the result must be that of one piece. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_HEAD = 2000, MAX_HEADERS = 20, MAX_BODY = 1000 };

static void expect(int truth)
{
    if (!truth)
        abort();
}

/* What a caller relies on when a head is complete. */
static void check_head(const vireo__parser *p)
{
    const char *at = (const char *)p->head.data, *end = at + p->head.len;
    expect(memchr(at, 0, p->headers_at) == at + p->headers_at - 1);
    expect(p->headers_at - 1 <= VIREO__MAX_TARGET);
    unsigned headers = 0;
    for (at += p->headers_at; at < end; headers++) {
        expect(vireo__http_token(at, strlen(at)));
        at += strlen(at) + 1;
        expect(at < end);
        for (; *at; at++)
            expect((uint8_t)*at >= 0x20 || *at == '\t');
        at++;
    }
    expect(at == end && headers == p->headers && headers <= MAX_HEADERS);
    expect(vireo__parser_method(p)[0] != '\0');
}

/* Appends to |log| what a request became. */
static void note(vireo__buf *log, const vireo__parser *p)
{
    vireo__buf_append_str(log, vireo__parser_method(p));
    vireo__buf_append(log, p->head.data, p->head.len);
    vireo__buf_append_byte(log,
                           (uint8_t)(vireo__parser_keep_alive(p) | vireo__parser_upgrade(p) << 1));
    vireo__buf_append(log, p->body.data, p->body.len);
}

/* Returns false when the input ended in the middle of a request, or was wrong. */
static bool run_one(vireo__buf *log, const uint8_t *data, size_t size, size_t piece, size_t *at)
{
    vireo__parser p;
    vireo__parser_init(&p, MAX_HEAD, MAX_HEADERS);
    while (p.state < VIREO__PARSE_DONE) {
        size_t n = size - *at < piece ? size - *at : piece;
        if (p.state == VIREO__PARSE_HEAD_DONE) {
            check_head(&p);
            p.max_body_bytes = MAX_BODY;
        } else if (n == 0) {
            break;
        }
        size_t taken = vireo__parser_feed(&p, data + *at, n);
        expect(taken <= n);
        *at += taken;
    }
    bool done = p.state == VIREO__PARSE_DONE;
    if (done)
        note(log, &p);
    else
        vireo__buf_append_str(log, p.state == VIREO__PARSE_FAILED ? "failed" : "incomplete");
    expect(p.state != VIREO__PARSE_FAILED || p.status >= 400);
    expect(p.body.len <= MAX_BODY && p.head_bytes <= MAX_HEAD);
    vireo__parser_deinit(&p);
    return done;
}

static void run(vireo__buf *log, const uint8_t *data, size_t size, size_t piece)
{
    size_t at = 0;
    vireo__buf_init(log, VIREO__BUF_UNLIMITED);
    while (run_one(log, data, size, piece, &at))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__buf whole, pieces;
    if (size == 0)
        return 0;
    run(&whole, data + 1, size - 1, size);
    run(&pieces, data + 1, size - 1, (size_t)data[0] % 64 + 1);
    expect(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    vireo__buf_deinit(&whole);
    vireo__buf_deinit(&pieces);
    return 0;
}
