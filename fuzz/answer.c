/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* answer.c: responses as a client reads them, one behind the other as long as the connection is
 * kept. The first byte of the input says in pieces of which size the rest arrives, and whether the
 * requests were HEAD; whatever it says, the result must be that of one piece. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/answer.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_HEAD = 2000, MAX_HEADERS = 20 };

static void expect(int truth)
{
    if (!truth)
        abort();
}

/* What a caller relies on when a head is complete. */
static void check_head(const vireo__answer *a)
{
    unsigned headers = 0;
    expect(a->status >= 200 || a->status == 101);
    for (size_t at = 0; at < a->head.len; headers++) {
        const char *name = (const char *)a->head.data + at;
        const char *value = name + strlen(name) + 1;
        expect(vireo__http_token(name, strlen(name)));
        expect(vireo__answer_header(a, name) != NULL && vireo__answer_header_count(a, name) > 0);
        for (const char *c = value; *c; c++)
            expect((uint8_t)*c >= 0x20 || *c == '\t');
        at += strlen(name) + strlen(value) + 2;
        expect(at <= a->head.len);
    }
    expect(headers <= MAX_HEADERS && a->head_bytes <= MAX_HEAD);
}

static bool on_body(void *user, const uint8_t *bytes, size_t n)
{
    return vireo__buf_append(user, bytes, n) == 0;
}

static void note_head(vireo__buf *log, const vireo__answer *a)
{
    vireo__buf_append_u64(log, a->status);
    vireo__buf_append(log, a->head.data, a->head.len);
    vireo__buf_append_u64(log, vireo__answer_length(a));
    vireo__buf_append_str(log, "|");
}

static void note_end(vireo__buf *log, const vireo__answer *a)
{
    if (a->state == VIREO__ANSWER_FAILED) {
        expect(a->error == VIREO_EPROTO || a->error == VIREO_ETOOBIG);
        expect(a->why != NULL && a->why[0] != '\0');
        vireo__buf_append_str(log, vireo_errname(a->error));
    }
    vireo__buf_append_byte(log, (uint8_t)('0' + a->state));
}

/* Returns false when nothing can follow. */
static bool read_one(vireo__buf *log, const uint8_t *data, size_t size, size_t piece, size_t *at,
                     bool to_head)
{
    vireo__answer a;
    vireo__answer_init(&a, MAX_HEAD, MAX_HEADERS);
    a.on_body = on_body;
    a.user = log;
    a.to_head = to_head;
    while (a.state < VIREO__ANSWER_DONE) {
        size_t n = size - *at < piece ? size - *at : piece;
        if (a.state == VIREO__ANSWER_HEAD_DONE) {
            check_head(&a);
            note_head(log, &a);
            if (a.status == 101)
                break;
        } else if (n == 0) {
            vireo__answer_end(&a);
            break;
        }
        size_t taken = vireo__answer_feed(&a, data + *at, n);
        expect(taken <= n);
        *at += taken;
    }
    note_end(log, &a);
    bool goes_on = a.state == VIREO__ANSWER_DONE && a.keep_alive;
    vireo__answer_deinit(&a);
    return goes_on;
}

static void read_all(vireo__buf *log, const uint8_t *data, size_t size, size_t piece, bool to_head)
{
    size_t at = 0;
    vireo__buf_init(log, VIREO__BUF_UNLIMITED);
    while (read_one(log, data, size, piece, &at, to_head) && at < size)
        continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__buf whole, pieces;
    if (size == 0)
        return 0;
    bool to_head = data[0] & 0x80;
    read_all(&whole, data + 1, size - 1, size, to_head);
    read_all(&pieces, data + 1, size - 1, (size_t)data[0] % 64 + 1, to_head);
    expect(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    vireo__buf_deinit(&whole);
    vireo__buf_deinit(&pieces);
    return 0;
}
