/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2_stream.c: one request of HTTP/2 as a stream of bytes.
 *
 * In: DATA is given to the owner at once where it reads, and its window back; else it waits here,
 * and the client with it.
 *
 * Out: what the owner has queued stays in its queue, and counts there, until there is a window for
 * it and the connection below has room: then so much of it is translated, and leaves in this turn.
 * A client that does not read is therefore seen by the owner as any other. */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/h2_inside.h"

enum {
    SHARE = 16384, /* bytes of one stream, then the others have their turn */
};

static vireo__h2_stream *of(const vireo__stream *s)
{
    return vireo__container((uintptr_t)s, vireo__h2_stream, base);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_resume(vireo__turn_task *task);

vireo__h2_stream *vireo__h2_stream_new(vireo__h2 *h2, int32_t id)
{
    vireo__h2_stream *st = calloc(1, sizeof *st);
    vireo__h2_request *request = st != NULL ? malloc(sizeof *request) : NULL;
    if (request == NULL) {
        free(st);
        return NULL;
    }
    vireo__h2_request_init(request, h2->app->options.max_head_bytes);
    st->request = request;
    st->h2 = h2;
    st->id = id;
    st->resume.run = on_resume;
    vireo__h2_reply_init(&st->reply);
    vireo__buf_init(&st->in, VIREO__BUF_UNLIMITED); /* the window bounds it */
    vireo__buf_init(&st->out, VIREO__BUF_UNLIMITED);
    vireo__list_init(&st->waiting);
    vireo__list_init(&st->over);
    vireo__list_append(&h2->streams, &st->node);
    return st;
}

static void free_request(vireo__h2_stream *st)
{
    if (st->request == NULL)
        return;
    vireo__h2_request_deinit(st->request);
    free(st->request);
    st->request = NULL;
}

static void drop_out(vireo__h2_stream *st)
{
    st->h2->pending -= st->out.len - st->out_at;
    st->out_at = 0;
    vireo__buf_deinit(&st->out);
}

void vireo__h2_stream_free(vireo__h2_stream *st)
{
    assert(!st->opened || st->gone);
    vireo__turn_remove(&st->resume);
    drop_out(st);
    free_request(st);
    vireo__h2_reply_deinit(&st->reply);
    vireo__buf_deinit(&st->in);
    vireo__list_remove(&st->waiting);
    vireo__list_remove(&st->over);
    vireo__list_remove(&st->node);
    free(st);
}

static void over(vireo__h2_stream *st)
{
    vireo__list_remove(&st->over);
    vireo__list_append(&st->h2->over, &st->over);
    vireo__h2_wake(st->h2);
}

void vireo__h2_stream_reset(vireo__h2_stream *st, uint32_t code)
{
    if (st->closed || st->reset || st->h2->dead)
        return;
    st->reset = true;
    drop_out(st);
    if (nghttp2_submit_rst_stream(st->h2->session, NGHTTP2_FLAG_NONE, st->id, code) != 0)
        vireo__stream_close(st->h2->below, VIREO_ENOMEM); /* else the client would wait for ever */
    vireo__h2_wake(st->h2);
}

/* --- bytes in --------------------------------------------------------------------------------- */

/* The window is given back when the owner has what came through it. */
static void give_back(vireo__h2_stream *st)
{
    size_t n = st->owed;
    if (n == 0 || st->in.len > 0 || st->h2->dead)
        return;
    st->owed = 0;
    if (st->closed)
        nghttp2_session_consume_connection(st->h2->session, n);
    else
        nghttp2_session_consume(st->h2->session, st->id, n);
    vireo__h2_wake(st->h2);
}

static void give(vireo__h2_stream *st, const void *text, size_t n)
{
    if (!st->base.closing)
        vireo__stream_received(&st->base, (uint8_t *)(uintptr_t)text, n);
}

static void give_body(vireo__h2_stream *st, uint8_t *bytes, size_t n)
{
    char size[24] = "";
    if (st->chunked)
        give(st, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", n));
    give(st, bytes, n);
    if (st->chunked)
        give(st, "\r\n", 2);
}

/* Of a plain request the end is told by its framing: a client that has asked all it wants to ask
 * still waits for the answer. That of a tunnel is the end of a connection. */
static void give_end(vireo__h2_stream *st)
{
    if (!st->ended || st->end_told || st->in.len > 0 || st->base.closing)
        return;
    st->end_told = true;
    if (st->chunked)
        give(st, "0\r\n\r\n", 5);
    else if (st->tunnel)
        vireo__stream_peer_ended(&st->base);
}

static bool reads(const vireo__h2_stream *st)
{
    return st->base.reading && !st->base.closing;
}

void vireo__h2_stream_received(vireo__h2_stream *st, uint8_t *bytes, size_t n)
{
    st->owed += n;
    if (!st->opened || st->base.closing)
        vireo__buf_deinit(&st->in); /* nobody wants it any more */
    else if (reads(st) && st->in.len == 0)
        give_body(st, bytes, n);
    else if (vireo__buf_append(&st->in, bytes, n) < 0)
        vireo__stream_close(&st->base, VIREO_ENOMEM);
    give_back(st);
}

void vireo__h2_stream_ended(vireo__h2_stream *st)
{
    st->ended = true;
    if (st->opened && reads(st))
        give_end(st);
}

/* The owner goes on after a pause. */
static void on_resume(vireo__turn_task *task)
{
    vireo__h2_stream *st = vireo__container(task, vireo__h2_stream, resume);
    vireo__buf in = st->in;
    vireo__buf_init(&st->in, VIREO__BUF_UNLIMITED);
    if (in.len > 0)
        give_body(st, in.data, in.len);
    vireo__buf_deinit(&in);
    give_back(st);
    if (reads(st))
        give_end(st);
}

static int read_start(vireo__stream *s)
{
    vireo__h2_stream *st = of(s);
    if (st->in.len > 0 || (st->ended && !st->end_told))
        vireo__turn_add(s->loop, &st->resume);
    return 0;
}

static void read_stop(vireo__stream *s)
{
    vireo__turn_remove(&of(s)->resume);
}

/* --- bytes out -------------------------------------------------------------------------------- */

size_t vireo__h2_stream_room(const vireo__h2_stream *st)
{
    size_t room = vireo__h2_room(st->h2), own = st->out.len - st->out_at;
    int32_t window = nghttp2_session_get_stream_remote_window_size(st->h2->session, st->id);
    if (window <= 0 || (size_t)window <= own)
        return 0;
    return room < (size_t)window - own ? room : (size_t)window - own;
}

/* Who asked for a WebSocket must not take any other success for one. */
static unsigned status_of(const vireo__h2_stream *st)
{
    unsigned status = st->reply.status;
    if (!st->tunnel || status >= 300)
        return status;
    if (status == 101)
        return 200;
    return status < 200 ? status : 501;
}

static size_t count_fields(vireo__h2_reply *r)
{
    vireo__str name, value;
    size_t n = 0;
    for (size_t at = 0; vireo__h2_reply_next(r, &at, &name, &value);)
        n++;
    return n;
}

static nghttp2_nv field(vireo__str name, vireo__str value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.at, (uint8_t *)(uintptr_t)value.at, name.len,
                        value.len, NGHTTP2_NV_FLAG_NONE};
}

/* Returns new: the fields behind |*count| that stand there already; NULL when memory runs out. */
static nghttp2_nv *make_fields(vireo__h2_reply *r, size_t *count)
{
    vireo__str name, value;
    nghttp2_nv *list = malloc((*count + count_fields(r) + 1) * sizeof *list);
    for (size_t at = 0; list != NULL && vireo__h2_reply_next(r, &at, &name, &value);)
        list[(*count)++] = field(name, value);
    return list;
}

static int submit(vireo__h2_stream *st, const nghttp2_nv *fields, size_t count)
{
    nghttp2_session *session = st->h2->session;
    nghttp2_data_provider body = {.source.ptr = st, .read_callback = vireo__h2_stream_read};
    if (st->reply.status < 200 && st->reply.status != 101)
        return nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, st->id, NULL, fields, count,
                                      NULL);
    st->replied = true;
    return nghttp2_submit_response(session, st->id, fields, count,
                                   vireo__h2_reply_bodyless(&st->reply) ? NULL : &body);
}

static int submit_head(vireo__h2_stream *st)
{
    char status[12];
    size_t count = 1;
    nghttp2_nv *fields = make_fields(&st->reply, &count);
    if (fields == NULL)
        return VIREO_ENOMEM;
    int n = snprintf(status, sizeof status, "%u", status_of(st));
    fields[0] = field(vireo__str_of(":status"), (vireo__str){status, (size_t)n});
    int error = submit(st, fields, count);
    free(fields);
    vireo__buf_deinit(&st->reply.head);
    return error == 0 ? 0 : VIREO_ENOMEM;
}

static int add_body(vireo__h2_stream *st, vireo__str body)
{
    if (vireo__buf_append(&st->out, body.at, body.len) < 0)
        return VIREO_ENOMEM;
    st->h2->pending += body.len;
    return 0;
}

/* Translates what there is room for. */
static int translate(vireo__h2_stream *st, vireo__str *bytes, size_t *room)
{
    vireo__str body;
    vireo__h2_found found;
    do {
        found = vireo__h2_reply_take(&st->reply, bytes, *room, &body);
        int error = 0;
        if (found == VIREO__H2_FOUND_HEAD)
            error = submit_head(st);
        else if (found == VIREO__H2_FOUND_BODY)
            error = add_body(st, body);
        if (error < 0 || st->reply.state == VIREO__H2_FAILED)
            return error < 0 ? error : VIREO_EPROTO;
        *room -= found == VIREO__H2_FOUND_BODY ? body.len : 0;
    } while (found != VIREO__H2_NOTHING);
    if (st->reply.state == VIREO__H2_DONE)
        bytes->len = 0; /* what is behind the end belongs to nobody */
    return 0;
}

static ptrdiff_t try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    vireo__h2_stream *st = of(s);
    size_t total = 0, room;
    if (st->closed || st->reset)
        return -ECONNRESET;
    room = vireo__h2_stream_room(st);
    if (room > SHARE)
        room = SHARE;
    for (unsigned i = 0; i < count; i++) {
        vireo__str bytes = {bufs[i].base, bufs[i].len};
        int error = translate(st, &bytes, &room);
        if (error < 0)
            return error;
        total += bufs[i].len - bytes.len;
        if (bytes.len > 0)
            break;
    }
    if (st->replied)
        nghttp2_session_resume_data(st->h2->session, st->id); /* fails if it does not wait */
    vireo__h2_wake(st->h2);
    return (ptrdiff_t)total;
}

static int write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    vireo__h2_stream *st = of(s);
    (void)bufs;
    (void)count;
    vireo__list_append(&st->h2->waiting, &st->waiting);
    vireo__h2_wake(st->h2);
    return 0;
}

static int submit_trailers(vireo__h2_stream *st, uint32_t *flags)
{
    size_t count = 0;
    if (count_fields(&st->reply) == 0)
        return 0;
    nghttp2_nv *fields = make_fields(&st->reply, &count);
    if (fields == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    int error = nghttp2_submit_trailer(st->h2->session, st->id, fields, count);
    free(fields);
    return error == 0 ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

ssize_t vireo__h2_stream_read(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
                              uint32_t *flags, nghttp2_data_source *source, void *user)
{
    vireo__h2_stream *st = source->ptr;
    size_t left = st->out.len - st->out_at, n = left < size ? left : size;
    (void)session;
    (void)id;
    (void)user;
    if (n > 0)
        memcpy(out, st->out.data + st->out_at, n);
    st->out_at += n;
    st->h2->pending -= n;
    if (n < left)
        return (ssize_t)n;
    drop_out(st);
    if (!st->shut)
        return n > 0 ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    int error = submit_trailers(st, flags);
    return error < 0 ? error : (ssize_t)n;
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool whole(const vireo__h2_stream *st)
{
    return st->replied && (st->reply.state == VIREO__H2_DONE || st->reply.state == VIREO__H2_OPEN);
}

static int shutdown_write(vireo__stream *s)
{
    vireo__h2_stream *st = of(s);
    st->shut = true;
    if (st->closed) {
        over(st);
    } else if (!whole(st)) {
        vireo__h2_stream_reset(st, NGHTTP2_INTERNAL_ERROR);
    } else {
        nghttp2_session_resume_data(st->h2->session, st->id);
        vireo__h2_wake(st->h2);
    }
    return 0;
}

/* A reply that is whole still leaves, when its owner has gone. */
static void close_stream(vireo__stream *s)
{
    vireo__h2_stream *st = of(s);
    vireo__turn_remove(&st->resume);
    vireo__list_remove(&st->waiting);
    if (!st->shut || !whole(st) || (st->tunnel && !st->ended))
        vireo__h2_stream_reset(st, s->error == 0 || st->tunnel ? NGHTTP2_CANCEL
                                                               : NGHTTP2_INTERNAL_ERROR);
    over(st);
}

static void peer_address(const vireo__stream *s, char *out, size_t size)
{
    vireo__stream_address(of(s)->h2->below, out, size);
}

static vireo__stream *carrier(const vireo__stream *s)
{
    return of(s)->h2->below;
}

static const vireo__stream_io h2_io = {
    .read_start = read_start,
    .read_stop = read_stop,
    .try_write = try_write,
    .write_later = write_later,
    .shutdown_write = shutdown_write,
    .close = close_stream,
    .peer_address = peer_address,
    .carrier = carrier,
};

static void tell_gone(vireo__h2_stream *st)
{
    st->gone = true;
    vireo__buf_deinit(&st->in);
    give_back(st);
    vireo__stream_closed(&st->base);
}

void vireo__h2_stream_settle(vireo__h2_stream *st)
{
    vireo__stream *s = &st->base;
    if (st->opened && !st->gone) {
        if (st->closed && st->cut && !s->closing)
            vireo__stream_close(s, -ECONNRESET);
        else if (st->closed && st->shut && !s->closing)
            vireo__stream_peer_ended(s);
        vireo__list_remove(&st->over); /* closing has put it there again */
        if (s->closing)
            tell_gone(st);
    }
    if (st->closed && (st->gone || !st->opened)) {
        give_back(st);
        vireo__h2_stream_free(st);
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Nobody but us has to know. */
static void answer_alone(vireo__h2_stream *st, int status)
{
    char text[12];
    int n = snprintf(text, sizeof text, "%d", status);
    nghttp2_nv fields[] = {
        field(vireo__str_of(":status"), (vireo__str){text, (size_t)n}),
        field(vireo__str_of("content-length"), vireo__str_of("0")),
        field(vireo__str_of("date"), vireo__str_of(vireo__app_date(st->h2->app))),
    };
    vireo__app_count(st->h2->app, (unsigned)status);
    st->replied = true;
    if (nghttp2_submit_response(st->h2->session, st->id, fields, 3, NULL) != 0)
        vireo__h2_stream_reset(st, NGHTTP2_INTERNAL_ERROR);
}

static int open_with(vireo__h2_stream *st, bool ends, vireo__buf *head)
{
    vireo__h2 *h2 = st->h2;
    int status = vireo__h2_request_head(st->request, ends, head);
    if (status != 0)
        return status;
    st->tunnel = st->request->websocket;
    st->chunked = vireo__h2_request_chunked(st->request, ends);
    st->reply.to_head = strcmp(st->request->method, "HEAD") == 0;
    vireo__stream_init(&st->base, h2->app->loop, &h2_io);
    st->base.secure = h2->below->secure;
    if (vireo__conn_open_single(h2->app, &st->base) < 0)
        return VIREO_ENOMEM;
    st->opened = true;
    return 0;
}

void vireo__h2_stream_open(vireo__h2_stream *st, bool ends)
{
    vireo__buf head;
    vireo__buf_init(&head, VIREO__BUF_UNLIMITED); /* max_head_bytes, said again */
    int status = open_with(st, ends, &head);
    free_request(st);
    if (status < 0)
        vireo__h2_stream_reset(st, NGHTTP2_INTERNAL_ERROR);
    else if (status > 0)
        answer_alone(st, status);
    else
        give(st, head.data, head.len);
    vireo__buf_deinit(&head);
}
