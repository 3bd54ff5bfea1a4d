/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode_frame.c: one direction of a WebSocket connection. A message of several frames is one line,
 * control frames between them are lines of their own. Compressed messages are inflated as if
 * context takeover had been agreed on, which reads those without it too. */

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "cli/decode.h"
#include "ws/frame.h"

#define MAX_INFLATED (64u << 20) /* bytes of one message: what is more is no message but a bomb */

typedef struct message {
    vireo__buf bytes;
    vireo__ws_opcode opcode;
    bool compressed;
    unsigned frames;
} message;

/* --- compression ------------------------------------------------------------------------------ */

static struct z_stream_s *stream_of(cli_decoder *d, bool masked)
{
    struct z_stream_s **z = &d->inflate[masked];
    if (*z == NULL && (*z = calloc(1, sizeof **z)) != NULL &&
        inflateInit2(*z, -MAX_WBITS) != Z_OK) {
        free(*z);
        *z = NULL;
    }
    return *z;
}

void cli_decode_deinit(cli_decoder *d)
{
    for (int i = 0; i < 2; i++)
        if (d->inflate[i] != NULL) {
            inflateEnd(d->inflate[i]);
            free(d->inflate[i]);
        }
}

/* RFC 7692 section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of
 * the message. Decompress the resulting data using DEFLATE." */
static const char *inflate_message(struct z_stream_s *z, message *m)
{
    static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};
    vireo__buf out;
    int result = Z_OK;
    if (z == NULL || vireo__buf_append(&m->bytes, tail, sizeof tail) < 0)
        return "out of memory";
    vireo__buf_init(&out, MAX_INFLATED);
    z->next_in = m->bytes.data;
    z->avail_in = (uInt)m->bytes.len;
    while (result == Z_OK && (z->avail_in > 0 || z->avail_out == 0)) {
        uint8_t *room = vireo__buf_reserve(&out, 4096);
        if (room == NULL)
            break;
        z->next_out = room;
        z->avail_out = 4096;
        result = inflate(z, Z_SYNC_FLUSH);
        out.len += 4096 - z->avail_out;
    }
    if (result == Z_STREAM_END)
        inflateReset(z);
    bool good =
        out.error == 0 && (result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END);
    vireo__buf_deinit(&m->bytes);
    m->bytes = out;
    return good ? NULL : "it cannot be inflated; what came before it may be missing";
}

/* --- messages --------------------------------------------------------------------------------- */

static const char *opcode_name(vireo__ws_opcode opcode)
{
    switch (opcode) {
    case VIREO__WS_CONTINUATION:
        return "continuation";
    case VIREO__WS_TEXT:
        return "text";
    case VIREO__WS_BINARY:
        return "binary";
    case VIREO__WS_CLOSE:
        return "close";
    case VIREO__WS_PING:
        return "ping";
    default:
        return "pong";
    }
}

static void describe(cli_decoder *d, const vireo__ws_head *head, const message *m, size_t len)
{
    char frames[32] = "";
    if (m->frames > 1)
        snprintf(frames, sizeof frames, ", %u frames", m->frames);
    d->frame = opcode_name(m->opcode);
    snprintf(d->flags, sizeof d->flags, "%s%s%s, %zu byte%s", head->masked ? ", masked" : "",
             m->compressed ? ", compressed" : "", frames, len, len == 1 ? "" : "s");
}

static void show_close(cli_decoder *d, const vireo__buf *b)
{
    cli_item item = {.data = {(char *)b->data, b->len}};
    if (b->len >= 2) {
        item.code = (unsigned)b->data[0] << 8 | b->data[1];
        item.data = (vireo__str){(char *)b->data + 2, b->len - 2};
    }
    if (b->len == 1 || (b->len >= 2 && !vireo__ws_close_code_valid(item.code)))
        item.wrong = "no code that a close frame may have";
    cli_decode_show(d, &item);
}

static void show_message(cli_decoder *d, const vireo__ws_head *head, message *m, bool inside)
{
    size_t len = m->bytes.len;
    const char *wrong = m->compressed ? inflate_message(stream_of(d, head->masked), m) : NULL;
    uint8_t *bytes = m->bytes.data;
    cli_item item = {.data = {(char *)bytes, m->bytes.len}, .wrong = wrong};
    describe(d, head, m, len);
    if (wrong == NULL && m->opcode == VIREO__WS_CLOSE) {
        show_close(d, &m->bytes);
    } else if (wrong == NULL && inside && m->opcode == VIREO__WS_TEXT &&
               cli_decode_known(d, bytes, m->bytes.len)) {
        cli_decode_text(d, CLI_AS_AUTO, bytes, m->bytes.len);
    } else if (wrong == NULL && inside && m->opcode == VIREO__WS_BINARY && d->missing > 0) {
        cli_decode_bytes(d, bytes, m->bytes.len);
    } else if (wrong == NULL && inside && m->opcode == VIREO__WS_BINARY &&
               cli_decode_msgpack(d, "message", bytes, m->bytes.len)) {
        ; /* shown */
    } else {
        item.binary = m->opcode == VIREO__WS_BINARY || wrong != NULL;
        cli_decode_show(d, &item);
    }
    d->frame = NULL;
}

/* --- frames ----------------------------------------------------------------------------------- */

static size_t skip_http(const uint8_t *bytes, size_t n)
{
    static const char *const starts[] = {"GET ", "HTTP/1.1 "};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(starts[i]);
        const uint8_t *end =
            n > len && memcmp(bytes, starts[i], len) == 0 ? memmem(bytes, n, "\r\n\r\n", 4) : NULL;
        if (end != NULL)
            return (size_t)(end - bytes) + 4;
    }
    return 0;
}

static void show_wrong(cli_decoder *d, const uint8_t *bytes, size_t n, const char *why)
{
    cli_decode_show(d, &(cli_item){.data = {(const char *)bytes, n}, .binary = true, .wrong = why});
}

/* A whole frame. Returns why it cannot follow what came before it, or NULL. */
static const char *take_frame(cli_decoder *d, message *open, const vireo__ws_head *head,
                              uint8_t *payload, bool inside)
{
    size_t n = (size_t)head->payload_len;
    bool control = head->opcode >= VIREO__WS_CLOSE;
    message alone = {.opcode = head->opcode, .frames = 1};
    message *m = control ? &alone : open;
    if (head->masked)
        vireo__ws_mask(payload, n, head->mask, 0);
    if (control)
        vireo__buf_init(&alone.bytes, VIREO__BUF_UNLIMITED);
    if (!control && (head->opcode == VIREO__WS_CONTINUATION) != (open->frames > 0))
        return open->frames > 0 ? "a new message begins before the one before it has ended"
                                : "it goes on with a message whose beginning is missing";
    if (!control && open->frames++ == 0) {
        open->opcode = head->opcode;
        open->compressed = head->rsv1;
    }
    vireo__buf_append(&m->bytes, payload, n);
    if (head->fin) {
        show_message(d, head, m, inside);
        m->frames = 0;
        vireo__buf_reset(&m->bytes, SIZE_MAX);
    }
    if (control)
        vireo__buf_deinit(&alone.bytes);
    return NULL;
}

void cli_decode_frames(cli_decoder *d, uint8_t *bytes, size_t n, bool inside)
{
    size_t at = skip_http(bytes, n);
    message open = {.frames = 0};
    vireo__buf_init(&open.bytes, VIREO__BUF_UNLIMITED);
    while (at < n) {
        vireo__ws_head head;
        const char *why;
        bool masked = at + 1 < n && (bytes[at + 1] & 0x80) != 0;
        int len = vireo__ws_head_decode(&head, bytes + at, n - at, masked, true, &why);
        bool whole = len > 0 && head.payload_len <= n - at - (size_t)len;
        if (len >= 0 && !whole)
            why = "it ends in the middle of a frame";
        if (whole)
            why = take_frame(d, &open, &head, bytes + at + len, inside);
        if (!whole || why != NULL)
            show_wrong(d, bytes + at, n - at, why);
        if (!whole)
            break;
        at += (size_t)len + (size_t)head.payload_len;
    }
    if (open.frames > 0)
        show_wrong(d, open.bytes.data, open.bytes.len, "the end of this message is missing");
    vireo__buf_deinit(&open.bytes);
}
