/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* streaming.c: replies that are written piece by piece, each piece a chunk (RFC 9112 section 7.1):
 *
 *     5\r\nhello\r\n   6\r\n world\r\n   0\r\n[trailers]\r\n
 *
 * unless the length was told, or the client speaks HTTP/1.0: then the end of the connection is that
 * of the reply. What is queued leaves at the end of the turn, with one system call. */

#include <stdio.h>

#include <vireo/error.h>

#include "http/coding.h"
#include "http/request.h"

enum {
    MUCH_QUEUED = 65536,   /* bytes; more, and a writer is asked to wait .. */
    LITTLE_QUEUED = 16384, /* .. until there are no more than so many */
    /* A writer that a fast client never lets wait must not keep the loop to itself. */
    DRAINS_PER_MS = 16,
    DEFLATED = 16384, /* bytes of a piece that comes out of a compressor */
    CHUNK_HEAD = 18,  /* sixteen digits and a line end */
};

struct vireo__streaming {
    vireo_req *req;
    vireo__encoder *encoder; /* NULL: not compressed */
    vireo__turn_task flush;  /* of what stands in it */
    void (*drain_fn)(vireo_req *r, void *user);
    void *drain_user;
    vireo__buf trailers;
    uint64_t left;    /* of the length that was told */
    uint64_t queued;  /* bytes so far, framing included */
    uint64_t taken;   /* .. by the kernel, when it was last looked at */
    uint64_t drained; /* the millisecond that |drains| are counted in */
    unsigned drains;
    bool chunked;
    bool measured; /* |left| counts */
    bool last;     /* the connection ends behind it */
    bool waiting;  /* the writer was asked to wait */
    bool ready;    /* .. and may go on */
};

/* --- pieces ----------------------------------------------------------------------------------- */

static bool may_go_on_now(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    uint64_t now = vireo__loop_now(r->app->loop);
    if (now != s->drained)
        s->drains = 0;
    s->drained = now;
    return s->drains++ < DRAINS_PER_MS;
}

static void on_written(void *user, int status)
{
    vireo_req *r = user;
    vireo__streaming *s = r->streaming;
    if (status == 0 && !r->answered && s->waiting &&
        vireo__stream_queued(r->conn->stream) <= LITTLE_QUEUED) {
        s->waiting = false;
        s->ready = true;
        if (may_go_on_now(r))
            vireo__turn_add(r->app->loop, &r->conn->resume);
        else
            vireo__conn_pause_sending(r->conn);
    }
    vireo__req_unpin(r, status);
}

static int queue(vireo_req *r, vireo__shared *piece)
{
    r->pins++;
    int error = vireo__stream_write(r->conn->stream, piece, 0, piece->len, on_written, r);
    if (error < 0)
        r->pins--;
    else
        r->streaming->queued += piece->len;
    vireo__shared_unref(piece);
    return error;
}

static int write_piece(vireo_req *r, const void *data, size_t n)
{
    char head[CHUNK_HEAD + 1] = "";
    bool chunked = r->streaming->chunked;
    size_t before = chunked ? (size_t)snprintf(head, sizeof head, "%zx\r\n", n) : 0;
    if (n > SIZE_MAX / 2)
        return VIREO_ENOMEM;
    vireo__shared *piece = vireo__shared_new(before + n + (chunked ? 2 : 0));
    if (piece == NULL)
        return VIREO_ENOMEM;
    memcpy(piece->data, head, before);
    memcpy(piece->data + before, data, n);
    if (chunked)
        memcpy(piece->data + before + n, "\r\n", 2);
    r->reply_bytes += n;
    return queue(r, piece);
}

/* Without memory the reply cannot be whole: a client that sees the connection end knows that. */
static int result_of(vireo_req *r, int error)
{
    if (error == VIREO_ENOMEM)
        vireo__stream_close(r->conn->stream, error);
    return error;
}

static int write_encoded(vireo_req *r, const void *data, size_t n, vireo__encode_mode mode)
{
    uint8_t out[DEFLATED];
    vireo__coding_io io = {.in = data, .in_len = n};
    int error = 0;
    do {
        io.out = out;
        io.out_len = sizeof out;
        vireo__encoder_step(r->streaming->encoder, &io, mode);
        if (io.out_len < sizeof out)
            error = write_piece(r, out, sizeof out - io.out_len);
    } while (error == 0 && io.out_len == 0);
    return error;
}

static int write_body(vireo_req *r, const void *data, size_t n)
{
    if (r->streaming->encoder == NULL)
        return write_piece(r, data, n);
    vireo__turn_add(r->app->loop, &r->streaming->flush);
    return write_encoded(r, data, n, VIREO__ENCODE_MORE);
}

static void on_flush_turn(vireo__turn_task *task)
{
    vireo_req *r = vireo__container(task, vireo__streaming, flush)->req;
    if (!r->answered)
        result_of(r, write_encoded(r, "", 0, VIREO__ENCODE_FLUSH));
}

/* --- beginning -------------------------------------------------------------------------------- */

static int write_head(vireo_req *r, vireo__streaming *s, int status, const char *type)
{
    bool old = r->parse.llhttp.http_minor == 0;
    s->measured = r->reply_length != UINT64_MAX;
    s->left = s->measured ? r->reply_length : 0;
    s->chunked = !s->measured && !old;
    r->status = (uint16_t)status;
    vireo__hooks_headers(r); /* what they add decides too */
    if (s->chunked)
        s->encoder = vireo__compress_pieces(r, status, type);
    vireo__reply_head head = {.status = status,
                              .type = type,
                              .length = s->left,
                              .no_length = !s->measured,
                              .chunked = s->chunked};
    if (!s->measured && old && !vireo__req_is_head(r))
        r->conn->ending = true;
    int error = vireo__req_head(r, &head, &s->last);
    if (error == 0)
        error = vireo__stream_write_copy(r->conn->stream, r->app->head.data, r->app->head.len);
    s->queued = r->app->head.len;
    return error;
}

int vireo_reply_length(vireo_req *r, uint64_t bytes)
{
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    if (bytes == UINT64_MAX)
        return VIREO_EINVAL;
    r->reply_length = bytes;
    return 0;
}

int vireo_reply_begin(vireo_req *r, int status, const char *type)
{
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    if (status < 200 || status > 599 || status == 204 || status == 304 ||
        (type != NULL && !vireo__header_value_valid(type)))
        return VIREO_EINVAL;
    vireo__streaming *s = vireo__arena_take(&r->arena, sizeof *s, 16);
    if (s == NULL)
        return VIREO_ENOMEM;
    *s = (vireo__streaming){.req = r, .flush.run = on_flush_turn};
    vireo__buf_init(&s->trailers, VIREO__BUF_UNLIMITED);
    int error = write_head(r, s, status, type);
    r->streaming = s;
    if (error == VIREO_ENOMEM)
        vireo__stream_close(r->conn->stream, error);
    return error == VIREO_ENOMEM
               ? error
               : 0; /* a client that has gone away is told of by the abort callback */
}

void vireo__streaming_end(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    if (s == NULL)
        return;
    vireo__turn_remove(&s->flush);
    vireo__encoder_free(s->encoder);
    vireo__buf_deinit(&s->trailers);
}

/* --- writing ---------------------------------------------------------------------------------- */

int vireo_reply_write(vireo_req *r, const void *data, size_t len)
{
    vireo__streaming *s = r->streaming;
    if (s == NULL || r->answered)
        return r->answered ? VIREO_EANSWERED : VIREO_EINVAL;
    if (s->measured && len > s->left)
        return VIREO_ETOOBIG;
    s->left -= s->measured ? len : 0;
    if (len == 0 || vireo__req_is_head(r))
        return 0;
    int error = result_of(r, write_body(r, data, len));
    if (error < 0)
        return error;
    vireo__conn_writing(r->conn);
    s->waiting = vireo__stream_queued(r->conn->stream) > MUCH_QUEUED;
    return s->waiting;
}

static int write_end(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    if (!s->chunked || vireo__req_is_head(r))
        return 0;
    vireo__turn_remove(&s->flush);
    int error = s->encoder != NULL ? write_encoded(r, "", 0, VIREO__ENCODE_END) : 0;
    if (error < 0)
        return error;
    vireo__shared *piece = vireo__shared_new(5 + s->trailers.len);
    if (piece == NULL)
        return VIREO_ENOMEM;
    memcpy(piece->data, "0\r\n", 3);
    if (s->trailers.len > 0)
        memcpy(piece->data + 3, s->trailers.data, s->trailers.len);
    memcpy(piece->data + 3 + s->trailers.len, "\r\n", 2);
    return queue(r, piece);
}

int vireo_reply_end(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    if (s == NULL || r->answered)
        return r->answered ? VIREO_EANSWERED : VIREO_EINVAL;
    int error = s->left > 0 && !vireo__req_is_head(r) ? VIREO_EINVAL : write_end(r);
    if (error == VIREO_EINVAL || error == VIREO_ENOMEM) {
        r->cut = true;
        vireo__stream_close(r->conn->stream, error);
    }
    vireo__conn_answered(r->conn, r, s->last);
    return error == VIREO_ECLOSED || error == VIREO_EFULL ? 0 : error;
}

int vireo_reply_trailer(vireo_req *r, const char *name, const char *value)
{
    vireo__streaming *s = r->streaming;
    if (s == NULL || r->answered)
        return r->answered ? VIREO_EANSWERED : VIREO_EINVAL;
    if (!vireo__reply_header_valid(name, value))
        return VIREO_EINVAL;
    return vireo__reply_header_append(&s->trailers, name, value);
}

/* --- backpressure ----------------------------------------------------------------------------- */

size_t vireo_reply_queued(const vireo_req *r)
{
    return r->streaming != NULL && r->conn != NULL ? vireo__stream_queued(r->conn->stream) : 0;
}

int vireo_on_drain(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user)
{
    if (r->streaming == NULL)
        return VIREO_EINVAL;
    r->streaming->drain_fn = fn;
    r->streaming->drain_user = user;
    return 0;
}

void vireo__streaming_go_on(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    if (!s->ready || r->answered)
        return;
    s->ready = false;
    if (s->drain_fn != NULL)
        s->drain_fn(r, s->drain_user);
}

bool vireo__streaming_stalled(vireo_req *r)
{
    vireo__streaming *s = r->streaming;
    size_t queued = vireo__stream_queued(r->conn->stream);
    uint64_t taken = s->queued - queued;
    bool stalled = queued > 0 && taken == s->taken;
    s->taken = taken;
    return stalled;
}
