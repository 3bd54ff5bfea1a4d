/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2.c: the connection below the streams: frames in and out, turns, time-outs, its end.
 *
 *     bytes -> nghttp2 -> streams' owners .. -> what they queue      all inside one turn of the
 * loop end of the turn: streams' flush -> flush: settle, wake who waits, frames -> |below|'s flush
 *
 * What |below| does not take is bounded: beyond ROOM no stream gets any more of it. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/h2_inside.h"

enum {
    ROOM = 128 * 1024,   /* bytes of bodies that wait in |below|, or are about to */
    WRITE = 65536,       /* bytes of frames that leave as one piece */
    SHARE = 1024 * 1024, /* bytes in a millisecond; then other connections have their turn */
    SOON_MS = 1,         /* .. */
    MUCH_TO_SAY = 100,   /* frames; with a |below| that takes none, no more is read */
    FIELDS = 4,          /* of our SETTINGS */
};

/* What |deadline| is for: the first SETTINGS or a head has to come; a connection without a request
 * has to go; somebody has to read what is sent. */
enum timing { TIMING_NONE, TIMING_HEAD, TIMING_IDLE, TIMING_STALL };

static void on_deadline(vireo__deadline *d);

/* --- limits ----------------------------------------------------------------------------------- */

/* Returns whether one more may happen. */
static bool spend(vireo__h2_bucket *b, uint64_t now, uint32_t burst, uint32_t per_second)
{
    uint64_t back = (now - b->at) * per_second / 1000;
    if (back > 0) {
        b->used = back < b->used ? b->used - (uint32_t)back : 0;
        b->at = now;
    }
    return b->used++ < burst;
}

static void calm(vireo__h2 *h2)
{
    nghttp2_session_terminate_session(h2->session, NGHTTP2_ENHANCE_YOUR_CALM);
    vireo__h2_wake(h2);
}

static void count_reset(vireo__h2 *h2)
{
    uint64_t now = vireo__loop_now(h2->app->loop);
    if (!spend(&h2->resets, now, VIREO__H2_RESETS, VIREO__H2_RESETS_PER_SECOND))
        calm(h2);
}

static void count_idle_frame(vireo__h2 *h2)
{
    uint64_t now = vireo__loop_now(h2->app->loop);
    if (!spend(&h2->idle_frames, now, VIREO__H2_IDLE_FRAMES, VIREO__H2_IDLE_PER_SECOND))
        calm(h2);
}

/* --- what nghttp2 tells ----------------------------------------------------------------------- */

static vireo__h2_stream *find(const vireo__h2 *h2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(h2->session, id);
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
    vireo__h2 *h2 = user;
    bool empty =
        hd->type == NGHTTP2_DATA && hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0;
    (void)session;
    h2->in_head = hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_CONTINUATION;
    if (hd->type == NGHTTP2_HEADERS)
        h2->timing = TIMING_NONE; /* its time begins now */
    if (empty || hd->type == NGHTTP2_PING || hd->type == NGHTTP2_SETTINGS ||
        hd->type == NGHTTP2_PRIORITY)
        count_idle_frame(h2);
    return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    vireo__h2 *h2 = user;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    vireo__h2_stream *st = vireo__h2_stream_new(h2, frame->hd.stream_id);
    if (st == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(session, st->id, st);
    return 0;
}

/* Trailers are thrown away, as RFC 9110 section 6.5.1 allows. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    vireo__h2_stream *st = find(user, frame->hd.stream_id);
    (void)session;
    (void)flags;
    if (st == NULL || st->request == NULL)
        return 0;
    int error = vireo__h2_request_field(st->request, name, name_len, value, value_len);
    return error < 0 ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

/* nghttp2 would let the request pass without the field: "A request or response containing
 * uppercase characters in field names MUST be treated as malformed", and so may others be (RFC 9113
 * section 8.2.1). */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_len, const uint8_t *value,
                             size_t value_len, uint8_t flags, void *user)
{
    (void)session;
    (void)frame;
    (void)name;
    (void)name_len;
    (void)value;
    (void)value_len;
    (void)flags;
    (void)user;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                    size_t n, void *user)
{
    vireo__h2_stream *st = find(user, id);
    (void)flags;
    if (st == NULL)
        nghttp2_session_consume(session, id, n);
    else /* |data| stands in what |below| has read, and is ours to change */
        vireo__h2_stream_received(st, (uint8_t *)(uintptr_t)data, n);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    vireo__h2 *h2 = user;
    vireo__h2_stream *st = frame->hd.stream_id > 0 ? find(h2, frame->hd.stream_id) : NULL;
    bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    (void)session;
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        h2->settled = true;
        break;
    case NGHTTP2_RST_STREAM:
        count_reset(h2);
        break;
    case NGHTTP2_HEADERS:
        h2->in_head = false;
        if (st != NULL && st->request != NULL)
            vireo__h2_stream_open(st, ends);
        if (st != NULL && ends)
            vireo__h2_stream_ended(st);
        break;
    case NGHTTP2_DATA:
        if (st != NULL && ends)
            vireo__h2_stream_ended(st);
        break;
    default:
        break;
    }
    return 0;
}

/* Ended by us because of what the client has done wrong: that costs as much as what it cancels. */
static bool blames_client(uint32_t code)
{
    return code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_STREAM_CLOSED ||
           code == NGHTTP2_FLOW_CONTROL_ERROR || code == NGHTTP2_REFUSED_STREAM;
}

/* "A server MAY request that the client abort transmission of a request without error by sending a
 * RST_STREAM with an error code of NO_ERROR after sending a complete response" (section 8.1) */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    bool last = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    vireo__h2_stream *st = last ? find(user, frame->hd.stream_id) : NULL;
    if (frame->hd.type == NGHTTP2_RST_STREAM && blames_client(frame->rst_stream.error_code))
        count_reset(user);
    if (st == NULL)
        return 0;
    st->said_end = true;
    if (!st->ended && !st->tunnel)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    vireo__h2 *h2 = user;
    vireo__h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
    if (st == NULL)
        return 0;
    if (!st->opened)
        h2->in_head = false; /* it was a wrong one */
    st->closed = true;
    st->cut = code != NGHTTP2_NO_ERROR || !st->said_end;
    vireo__list_remove(&st->over);
    vireo__list_append(&h2->over, &st->over);
    vireo__h2_wake(h2);
    return 0;
}

/* --- bytes out -------------------------------------------------------------------------------- */

void vireo__h2_wake(vireo__h2 *h2)
{
    if (!h2->dead)
        vireo__turn_add(h2->app->loop, &h2->flush);
}

size_t vireo__h2_room(const vireo__h2 *h2)
{
    size_t held = vireo__stream_queued(h2->below) + h2->pending;
    int32_t window = nghttp2_session_get_remote_window_size(h2->session);
    if (held >= ROOM || window <= 0 || (size_t)window <= h2->pending)
        return 0;
    size_t open = (size_t)window - h2->pending;
    return open < ROOM - held ? open : ROOM - held;
}

static void on_soon(vireo__deadline *d)
{
    vireo__h2_wake(vireo__container(d, vireo__h2, soon));
}

/* Returns whether it has not had its share of this millisecond. */
static bool has_share(vireo__h2 *h2)
{
    uint64_t now = vireo__loop_now(h2->app->loop);
    if (h2->share_ms != now)
        h2->share = 0;
    h2->share_ms = now;
    if (h2->share < SHARE)
        return true;
    if (!vireo__deadline_running(&h2->soon) &&
        vireo__deadline_start(h2->app->loop, &h2->soon, SOON_MS, on_soon) < 0)
        vireo__stream_close(h2->below, VIREO_ENOMEM);
    return false;
}

/* Each that waits gets a turn, as long as there is room. */
static void wake_waiting(vireo__h2 *h2)
{
    vireo__list turn;
    vireo__list_move(&turn, &h2->waiting);
    while (!vireo__list_empty(&turn)) {
        vireo__h2_stream *st = vireo__container(turn.next, vireo__h2_stream, waiting);
        vireo__list_remove(&st->waiting);
        bool ended = st->closed || st->reset;
        if (ended || vireo__h2_stream_room(st) == 0)
            vireo__list_append(&h2->waiting, &st->waiting);
        else
            vireo__stream_written(&st->base, 0, 0); /* what it has queued may be tried again */
    }
}

static void on_written(void *user, int status)
{
    vireo__h2 *h2 = user;
    if (status == 0 && (!vireo__list_empty(&h2->waiting) || h2->paused ||
                        nghttp2_session_want_write(h2->session) != 0))
        vireo__h2_wake(h2);
}

/* Returns 0, 1 when nghttp2 has no more to say now, or a negative number. */
static int take_frames(vireo__h2 *h2, vireo__buf *out)
{
    const uint8_t *frame;
    while (out->len < WRITE) {
        ssize_t n = nghttp2_session_mem_send(h2->session, &frame);
        if (n <= 0)
            return n < 0 ? VIREO_ENOMEM : 1;
        if (vireo__buf_append(out, frame, (size_t)n) < 0)
            return VIREO_ENOMEM;
    }
    return 0;
}

static void send_frames(vireo__h2 *h2)
{
    int result = 0;
    while (result == 0 && !h2->below->closing && vireo__stream_queued(h2->below) < ROOM) {
        vireo__buf *out = vireo__loop_scratch(h2->app->loop);
        result = take_frames(h2, out);
        if (result >= 0 && out->len > 0) {
            vireo__shared *bytes = vireo__shared_copy(out->data, out->len);
            int error = bytes != NULL
                            ? vireo__stream_write(h2->below, bytes, 0, bytes->len, on_written, h2)
                            : VIREO_ENOMEM;
            h2->written += out->len;
            h2->share += out->len;
            vireo__shared_unref(bytes);
            result = error < 0 ? error : result;
        }
    }
    if (result < 0)
        vireo__stream_close(h2->below, result);
}

/* --- time ------------------------------------------------------------------------------------- */

static enum timing wanted_timing(const vireo__h2 *h2)
{
    if (!h2->settled || h2->in_head)
        return TIMING_HEAD;
    return vireo__list_empty(&h2->streams) ? TIMING_IDLE : TIMING_STALL;
}

static void start_timing(vireo__h2 *h2, enum timing timing)
{
    const vireo_app_options *o = &h2->app->options;
    const uint32_t ms[] = {
        [TIMING_HEAD] = o->header_timeout_ms,
        [TIMING_IDLE] = o->keep_alive_timeout_ms,
        [TIMING_STALL] = o->body_timeout_ms,
    };
    h2->timing = (uint8_t)timing;
    h2->taken = h2->written - vireo__stream_queued(h2->below);
    if (vireo__deadline_start(h2->app->loop, &h2->deadline, ms[timing], on_deadline) < 0)
        vireo__stream_close(h2->below, VIREO_ENOMEM);
}

static void watch(vireo__h2 *h2)
{
    enum timing timing = wanted_timing(h2);
    if (h2->timing != timing)
        start_timing(h2, timing);
}

static bool stalled(const vireo__h2 *h2)
{
    size_t queued = vireo__stream_queued(h2->below);
    return queued > 0 && h2->written - queued == h2->taken;
}

static void on_deadline(vireo__deadline *d)
{
    vireo__h2 *h2 = vireo__container(d, vireo__h2, deadline);
    enum timing timing = h2->timing;
    h2->timing = TIMING_NONE;
    if (timing == TIMING_HEAD || stalled(h2))
        vireo__stream_close(h2->below, VIREO_ETIMEDOUT);
    else if (timing == TIMING_IDLE)
        vireo__h2_stop(h2);
    else
        start_timing(h2, timing);
}

/* --- the turn --------------------------------------------------------------------------------- */

static void settle(vireo__h2 *h2)
{
    while (!vireo__list_empty(&h2->over)) {
        vireo__h2_stream *st = vireo__container(h2->over.next, vireo__h2_stream, over);
        vireo__list_remove(&st->over);
        vireo__h2_stream_settle(st);
    }
}

/* A client that does not read what it makes us say is not read either. */
static void pause_or_go_on(vireo__h2 *h2)
{
    bool deaf = vireo__stream_queued(h2->below) >= ROOM &&
                nghttp2_session_get_outbound_queue_size(h2->session) > MUCH_TO_SAY;
    if (deaf)
        vireo__stream_pause(h2->below);
    else if (h2->paused)
        vireo__stream_start(h2->below);
    h2->paused = deaf;
}

static bool is_over(const vireo__h2 *h2)
{
    return nghttp2_session_want_write(h2->session) == 0 &&
           (nghttp2_session_want_read(h2->session) == 0 ||
            (h2->leaving && vireo__list_empty(&h2->streams)));
}

static void on_flush(vireo__turn_task *task)
{
    vireo__h2 *h2 = vireo__container(task, vireo__h2, flush);
    uint64_t before;
    do {
        before = h2->written;
        settle(h2);
        if (h2->below->closing || h2->below->ending != NULL || !has_share(h2))
            return;
        wake_waiting(h2);
        send_frames(h2);
    } while (h2->written > before);
    if (h2->below->closing)
        return;
    pause_or_go_on(h2);
    if (is_over(h2))
        vireo__stream_end(h2->below);
    else
        watch(h2);
}

/* --- the events of |below| -------------------------------------------------------------------- */

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__h2 *h2 = s->owner;
    if (nghttp2_session_mem_recv(h2->session, bytes, n) < 0)
        vireo__stream_close(s, VIREO_EPROTO);
    else
        vireo__h2_wake(h2);
}

static void on_end(vireo__stream *s)
{
    vireo__stream_close(s, 0);
}

static void end_streams(vireo__h2 *h2, int error)
{
    while (!vireo__list_empty(&h2->streams)) {
        vireo__h2_stream *st = vireo__container(h2->streams.next, vireo__h2_stream, node);
        st->closed = true;
        if (st->opened && !st->gone)
            vireo__stream_close(&st->base, error);
        vireo__h2_stream_settle(st);
    }
}

static void free_h2(vireo__h2 *h2)
{
    vireo__list_remove(&h2->node);
    vireo__turn_remove(&h2->flush);
    vireo__deadline_stop(&h2->deadline);
    vireo__deadline_stop(&h2->soon);
    nghttp2_session_del(h2->session);
    free(h2);
}

static void on_close(vireo__stream *s, int error)
{
    vireo__h2 *h2 = s->owner;
    h2->dead = true;
    end_streams(h2, error < 0 ? error : VIREO_ECLOSED);
    free_h2(h2);
}

static const vireo__stream_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
};

/* --- life ------------------------------------------------------------------------------------- */

/* nghttp2's memory comes from where ours does. */
static void *take(size_t size, void *user)
{
    (void)user;
    return malloc(size);
}

static void *take_zeroed(size_t count, size_t size, void *user)
{
    (void)user;
    return calloc(count, size);
}

static void *take_again(void *old, size_t size, void *user)
{
    (void)user;
    return realloc(old, size);
}

static void give_up(void *memory, void *user)
{
    (void)user;
    free(memory);
}

static void set_callbacks(nghttp2_session_callbacks *cb)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(cb, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
}

static int make_session(vireo__h2 *h2)
{
    nghttp2_mem memory = {NULL, take, give_up, take_zeroed, take_again};
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0) {
        set_callbacks(callbacks);
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_session_server_new3(&h2->session, callbacks, h2, option, &memory);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return h2->session != NULL ? 0 : VIREO_ENOMEM;
}

/* NO_RFC7540_PRIORITIES is not among them: with it nghttp2 1.52 frees a frame twice when memory
 * runs out. Whose turn it is to send is decided by wake_waiting in any case. */
static int greet(vireo__h2 *h2)
{
    const nghttp2_settings_entry settings[FIELDS] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, VIREO__H2_MAX_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, VIREO__H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, h2->app->options.max_head_bytes},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
    };
    int error = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, FIELDS);
    if (error == 0)
        error = nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0,
                                                      VIREO__H2_CONNECTION_WINDOW);
    return error == 0 ? 0 : VIREO_ENOMEM;
}

int vireo__h2_accept(vireo_app *app, vireo__stream *s)
{
    vireo__h2 *h2 = calloc(1, sizeof *h2);
    if (h2 == NULL)
        return VIREO_ENOMEM;
    h2->app = app;
    h2->below = s;
    h2->flush.run = on_flush;
    if (make_session(h2) < 0 || greet(h2) < 0) {
        nghttp2_session_del(h2->session);
        free(h2);
        return VIREO_ENOMEM;
    }
    vireo__list_init(&h2->streams);
    vireo__list_init(&h2->waiting);
    vireo__list_init(&h2->over);
    vireo__list_append(&app->h2, &h2->node);
    s->max_queued = SIZE_MAX; /* ROOM bounds it; the streams have the option's */
    vireo__stream_set_events(s, &events, h2);
    start_timing(h2, TIMING_HEAD);
    vireo__h2_wake(h2);
    vireo__stream_start(s);
    return 0;
}

void vireo__h2_stop(vireo__h2 *h2)
{
    if (h2->leaving)
        return;
    h2->leaving = true;
    /* Without memory for it, the end of the connection says the same. */
    (void)nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(h2->session),
                                NGHTTP2_NO_ERROR, NULL, 0);
    vireo__h2_wake(h2);
}

void vireo__h2_stop_all(vireo_app *app)
{
    for (vireo__list *at = app->h2.next; at != &app->h2; at = at->next)
        vireo__h2_stop(vireo__container(at, vireo__h2, node));
}
