/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/conn.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "http/h2.h"
#include "http/request.h"
#include "net/tls.h"

enum {
    /* Of one connection: a flood of pipelined requests must not starve the others. */
    REQUESTS_PER_TURN = 64,
    /* Bytes queued, beyond which no further pipelined request is taken: read the replies first. */
    MAX_UNREAD_REPLIES = 65536,
    SOON_MS = 1, /* after the others had their turn */
};

/* What |deadline| is for. */
enum timing { TIMING_NONE, TIMING_HEAD, TIMING_BODY, TIMING_IDLE, TIMING_WRITE, TIMING_SOON };

static void on_deadline(vireo__deadline *d);

/* --- time ------------------------------------------------------------------------------------- */

static void set_timing(vireo__conn *c, enum timing timing)
{
    const vireo_app_options *o = &c->app->options;
    const uint32_t ms[] = {
        [TIMING_HEAD] = o->header_timeout_ms,
        [TIMING_BODY] = o->body_timeout_ms,
        [TIMING_IDLE] = o->keep_alive_timeout_ms,
        [TIMING_WRITE] = o->body_timeout_ms,
        [TIMING_SOON] = SOON_MS,
    };
    c->timing = (uint8_t)timing;
    if (timing == TIMING_NONE)
        vireo__deadline_stop(&c->deadline);
    else if (vireo__deadline_start(c->app->loop, &c->deadline, ms[timing], on_deadline) < 0)
        vireo__stream_close(c->stream, VIREO_ENOMEM);
}

static size_t unsent(const vireo__conn *c)
{
    return vireo__stream_queued(c->stream) + vireo__sending_left(c);
}

/* As long as the client takes bytes, be it slowly, it is not idle. */
static bool still_taking(vireo__conn *c)
{
    size_t now = unsent(c);
    bool taking = now > 0 && now < c->unsent;
    c->unsent = now;
    return taking;
}

/* --- the end of a request --------------------------------------------------------------------- */

static bool stream_open(const vireo__conn *c)
{
    return !c->stream->closing && c->stream->ending == NULL;
}

static void drop_request(vireo__conn *c)
{
    vireo_req *r = c->req;
    c->req = NULL;
    if (r != NULL)
        vireo__req_free(r);
}

static size_t max_unread(const vireo__conn *c)
{
    size_t limit = c->app->options.max_queued_bytes / 4;
    return limit < MAX_UNREAD_REPLIES ? limit : MAX_UNREAD_REPLIES;
}

/* The reply is out, or at least queued: what now? */
static void after_reply(vireo__conn *c)
{
    if (c->req != NULL || c->sending != NULL || !stream_open(c))
        return;
    if (c->ending || c->app->stopping) {
        set_timing(c, TIMING_NONE);
        vireo__stream_end(c->stream);
        return;
    }
    c->unsent = unsent(c) + 1;
    set_timing(c, TIMING_IDLE);
    if (c->kept != NULL)
        vireo__turn_add(c->app->loop, &c->resume);
    else
        vireo__stream_start(c->stream);
}

/* An answered request may still have a body on its way. It is read and thrown away, unless nothing
 * can follow it anyway. */
static void settle(vireo__conn *c)
{
    vireo_req *r = c->req;
    if (r != NULL && r->answered && !r->handling) {
        if (c->ending || r->parse.state == VIREO__PARSE_DONE)
            drop_request(c);
        else {
            r->parse.discard = true;
            vireo__turn_add(c->app->loop, &c->resume);
        }
    }
    after_reply(c);
}

void vireo__conn_answered(vireo__conn *c, vireo_req *r, bool last)
{
    r->answered = true;
    r->abort_fn = NULL;
    if (last)
        c->ending = true;
    if (c->sending != NULL) {
        c->unsent = unsent(c) + 1;
        if (c->timing != TIMING_SOON)
            set_timing(c, TIMING_WRITE);
    }
    if (!r->handling)
        settle(c);
}

void vireo__conn_sent(vireo__conn *c)
{
    after_reply(c);
}

void vireo__conn_pause_sending(vireo__conn *c)
{
    set_timing(c, TIMING_SOON);
}

void vireo__conn_writing(vireo__conn *c)
{
    if (c->timing == TIMING_NONE)
        set_timing(c, TIMING_WRITE);
}

/* The request cannot be read further. A handler that knows of it is told that it is over; the
 * client gets |status|. */
static void refuse(vireo__conn *c, int status)
{
    vireo_req *r = c->req;
    if (r->answered) { /* it was only the rest of a body to be thrown away */
        c->ending = true;
        drop_request(c);
        after_reply(c);
        return;
    }
    vireo__req_refuse(r, status);
}

/* --- the course of a request ------------------------------------------------------------------ */

/* Lets |next| move the request on: a handler may be called, and may reply. */
static void move(vireo__conn *c, void (*next)(vireo_req *r))
{
    vireo_req *r = c->req;
    r->handling = true;
    next(r);
    if (!c->detached) /* it may have let go of the request */
        vireo__chain_resume(r);
    r->handling = false;
    if (!c->detached)
        settle(c);
}

/* RFC 9110 section 10.1.1: "A server MAY omit sending a 100 (Continue) response if it has already
 * received some or all of the content". */
static void send_continue(vireo__conn *c, bool body_came)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    vireo_req *r = c->req;
    if (r == NULL || !r->parse.expect_continue || r->answered || r->continued ||
        !vireo__req_takes_body(r))
        return;
    r->continued = true;
    if (!body_came && r->parse.content_length <= r->parse.max_body_bytes)
        vireo__stream_write_copy(c->stream, text, sizeof text - 1);
}

static void begin_way(vireo__conn *c, bool body_came)
{
    vireo_req *r = c->req;
    r->mount = vireo__app_find_mount(c->app, r->raw_path);
    if (vireo__conn_hand_over(c)) {
        set_timing(c, TIMING_NONE);
        return;
    }
    r->parse.max_body_bytes = c->app->options.max_body_bytes;
    move(c, vireo__chain_begin);
    send_continue(c, body_came);
}

static void head_done(vireo__conn *c, bool body_came)
{
    int status = vireo__req_begin(c->req);
    if (status != 0)
        refuse(c, status);
    else
        begin_way(c, body_came);
}

static void run_intake(vireo_req *r)
{
    int error = vireo__intake_run(r);
    if (error == VIREO_ENOMEM)
        vireo__stream_close(r->conn->stream, error);
    else if (error < 0)
        r->refused = error == VIREO_ETOOBIG ? 413 : 400;
}

/* The parser has read more of the body, or all of it. */
static void body_came(vireo__conn *c)
{
    if (c->req->intake != NULL && !c->req->answered)
        move(c, run_intake);
    if (c->req == NULL || c->detached || !stream_open(c))
        return;
    if (c->req->refused != 0 && !c->req->answered)
        refuse(c, c->req->refused);
    else if (c->req->parse.state == VIREO__PARSE_DONE &&
             (c->req->answered || vireo__intake_over(c->req)))
        move(c, vireo__chain_body_done);
}

/* Feeds the request in progress up to the next thing that must be looked at. Returns how many bytes
 * were taken. */
static size_t step(vireo__conn *c, const uint8_t *bytes, size_t n)
{
    vireo__parser *p = &c->req->parse;
    size_t taken = vireo__parser_feed(p, bytes, n);
    if (p->state == VIREO__PARSE_HEAD_DONE)
        head_done(c, n > taken);
    else if (p->state == VIREO__PARSE_FAILED && p->status != 0)
        refuse(c, p->status);
    else if (p->state == VIREO__PARSE_FAILED)
        vireo__stream_close(c->stream, VIREO_ENOMEM);
    else if (p->state != VIREO__PARSE_HEAD)
        body_came(c);
    return taken;
}

/* --- bytes in --------------------------------------------------------------------------------- */

/* What cannot be taken now waits, and the kernel keeps what follows it. */
static void keep(vireo__conn *c, const uint8_t *bytes, size_t n)
{
    vireo__stream_pause(c->stream);
    /* No limit: the stream is paused, so that there is no more than one reading's bytes. */
    if (c->kept == NULL && (c->kept = malloc(sizeof *c->kept)) != NULL)
        vireo__buf_init(c->kept, VIREO__BUF_UNLIMITED);
    if (c->kept == NULL || vireo__buf_append(c->kept, bytes, n) < 0)
        vireo__stream_close(c->stream, VIREO_ENOMEM);
}

void vireo__conn_free_kept(vireo__buf *kept)
{
    if (kept == NULL)
        return;
    vireo__buf_deinit(kept);
    free(kept);
}

/* Whoever has the request must act before more of it can be read. */
static bool held(const vireo__conn *c)
{
    return c->req != NULL &&
           (c->req->parse.state == VIREO__PARSE_DONE || !vireo__req_takes_body(c->req));
}

static bool can_take(const vireo__conn *c)
{
    return stream_open(c) && !held(c) && c->sending == NULL && !c->ending &&
           unsent(c) <= max_unread(c);
}

static bool begin_request(vireo__conn *c)
{
    if (c->req == NULL)
        c->req = vireo__req_new(c);
    if (c->req == NULL)
        vireo__stream_close(c->stream, VIREO_ENOMEM);
    return c->req != NULL;
}

/* Sets the clock by which the request in progress has to go on. That of a head runs from its first
 * byte on, whatever comes. */
static void watch(vireo__conn *c)
{
    if (c->req == NULL || !stream_open(c) || c->timing == TIMING_SOON)
        return;
    uint8_t state = c->req->parse.state;
    if (held(c) && c->timing == TIMING_WRITE)
        return; /* a reply in pieces */
    if (held(c))
        set_timing(c, TIMING_NONE);
    else if (state != VIREO__PARSE_HEAD)
        set_timing(c, TIMING_BODY);
    else if (c->timing != TIMING_HEAD)
        set_timing(c, TIMING_HEAD);
}

/* Requests of one client wait for their turn: behind other connections, or for the client to read
 * what it has been told. */
static void wait_for_turn(vireo__conn *c)
{
    if (held(c) || c->sending != NULL || c->ending || !stream_open(c))
        return; /* the reply goes on, or whoever has the request */
    c->unsent = unsent(c) + 1;
    set_timing(c, vireo__stream_writable(c->stream) ? TIMING_SOON : TIMING_WRITE);
}

static void give_away(vireo__conn *c, uint8_t *bytes, size_t n);

static bool head_waits(const vireo__conn *c)
{
    return c->req != NULL && c->req->parse.state == VIREO__PARSE_HEAD_DONE;
}

/* Takes as many requests as there are and may be. Returns false when the connection is gone, to
 * another owner. */
static bool take(vireo__conn *c, uint8_t *bytes, size_t n)
{
    for (unsigned budget = REQUESTS_PER_TURN; (n > 0 || head_waits(c)) && can_take(c);) {
        if (c->req == NULL && budget-- == 0)
            break;
        if (!begin_request(c))
            break;
        size_t taken = step(c, bytes, n);
        bytes += taken;
        n -= taken;
        if (c->detached) {
            give_away(c, bytes, n);
            return false;
        }
    }
    watch(c);
    if (n > 0 && (stream_open(c) || c->moving)) {
        keep(c, bytes, n);
        wait_for_turn(c);
    }
    return true;
}

/* Goes on with what was kept, and with a request whose body may now be read. */
static void go_on(vireo__conn *c)
{
    vireo__buf *kept = c->kept;
    c->kept = NULL;
    if (kept != NULL && !stream_open(c)) {
        vireo__conn_free_kept(kept);
        return;
    }
    bool stays = true;
    if (kept != NULL || head_waits(c))
        stays = take(c, kept != NULL ? kept->data : NULL, kept != NULL ? kept->len : 0);
    if (stays && c->kept == NULL && stream_open(c)) {
        vireo__stream_start(c->stream);
        watch(c);
    }
    vireo__conn_free_kept(kept);
}

static void give_away_kept(vireo__conn *c)
{
    vireo__buf *kept = c->kept;
    c->kept = NULL;
    give_away(c, kept != NULL ? kept->data : NULL, kept != NULL ? kept->len : 0);
    vireo__conn_free_kept(kept);
}

/* Whoever has the request has done something. */
static void move_on(vireo__conn *c)
{
    if (c->req->answered)
        return;
    if (c->req->passed || c->req->failed || c->req->again)
        move(c, vireo__chain_resume);
    if (c->req != NULL && !c->detached && c->req->intake != NULL && stream_open(c))
        body_came(c);
    if (c->req != NULL && c->req->streaming != NULL && !c->req->answered && stream_open(c))
        move(c, vireo__streaming_go_on);
}

static void on_resume(vireo__turn_task *task)
{
    vireo__conn *c = vireo__container(task, vireo__conn, resume);
    if (c->req != NULL && stream_open(c))
        move_on(c);
    if (c->detached) {
        give_away_kept(c);
        return;
    }
    send_continue(c, c->kept != NULL);
    if (stream_open(c) && can_take(c))
        go_on(c);
    else if (c->kept != NULL)
        wait_for_turn(c);
}

static void soon(vireo__conn *c)
{
    if (c->sending != NULL) {
        c->unsent = unsent(c) + 1;
        set_timing(c, TIMING_WRITE);
        vireo__sending_go_on(c);
    } else {
        on_resume(&c->resume);
    }
}

/* Pieces of a reply were queued a while ago. */
static void check_writing(vireo__conn *c)
{
    if (vireo__streaming_stalled(c->req))
        vireo__stream_close(c->stream, VIREO_ETIMEDOUT);
    else if (unsent(c) > 0)
        set_timing(c, TIMING_WRITE);
}

static void on_deadline(vireo__deadline *d)
{
    vireo__conn *c = vireo__container(d, vireo__conn, deadline);
    enum timing timing = c->timing;
    c->timing = TIMING_NONE;
    if (timing == TIMING_SOON)
        soon(c);
    else if (timing == TIMING_BODY ||
             (timing == TIMING_HEAD && c->req != NULL && c->req->parse.started))
        refuse(c, 408);
    else if (timing == TIMING_WRITE && c->req != NULL && c->req->streaming != NULL)
        check_writing(c);
    else if (timing != TIMING_HEAD && still_taking(c))
        set_timing(c, timing);
    else
        vireo__stream_close(c->stream, timing == TIMING_WRITE ? VIREO_ETIMEDOUT : 0);
}

/* --- the stream's events ---------------------------------------------------------------------- */

static void receive(vireo__conn *c, uint8_t *bytes, size_t n)
{
    if (c->kept == NULL && can_take(c))
        take(c, bytes, n);
    else
        keep(c, bytes, n);
}

/* Where nothing was agreed on, a client that knows that we speak HTTP/2 begins with its preface
 * (RFC 9113 section 3.3), and any other with a request. "POST" and "PUT" share a byte with it:
 * nearly always the first bytes decide. */
static void sniff(vireo__conn *c, uint8_t *bytes, size_t n)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const size_t size = sizeof preface - 1;
    size_t had = c->kept != NULL ? c->kept->len : 0, more = n < size - had ? n : size - had;
    bool fits = memcmp(bytes, preface + had, more) == 0;
    if (fits && had + more < size) {
        keep(c, bytes, n);
        vireo__stream_start(c->stream);
        return;
    }
    c->sniffs = false;
    if (had > 0)
        keep(c, bytes, n);
    bool taken = fits && vireo__h2_accept(c->app, c->stream) == 0;
    if (taken && had > 0)
        give_away_kept(c);
    else if (taken)
        give_away(c, bytes, n);
    else if (had > 0)
        go_on(c);
    else
        receive(c, bytes, n);
}

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__conn *c = s->owner;
    if (c->sniffs)
        sniff(c, bytes, n);
    else
        receive(c, bytes, n);
}

/* A client that sends no more while a reply is pending has gone away, as far as can be known, and
 * whoever wants to answer must learn of it at once: a session whose poll was aborted, for one.
 * Node.js decides the same, so that clients are used to it. What was answered before is still sent.
 */
static void on_end(vireo__stream *s)
{
    vireo__conn *c = s->owner;
    vireo_req *r = c->req;
    bool cut = r != NULL && !r->answered && !held(c) && r->parse.started;
    if (cut) {
        refuse(c, 400);
        return;
    }
    if (r != NULL) {
        vireo__req_abort(r);
        drop_request(c);
    }
    c->ending = true;
    after_reply(c);
}

static void on_drain(vireo__stream *s)
{
    vireo__conn *c = s->owner;
    if (c->kept != NULL && c->req == NULL && c->sending == NULL)
        vireo__turn_add(c->app->loop, &c->resume);
}

void vireo__conn_free(vireo__conn *c)
{
    vireo__deadline_stop(&c->deadline);
    vireo__turn_remove(&c->resume);
    vireo__list_remove(&c->node);
    vireo__sending_free(c);
    drop_request(c);
    while (!vireo__list_empty(&c->leaving))
        vireo__req_lose_conn(vireo__container(c->leaving.next, vireo_req, leaving));
    vireo__conn_free_kept(c->kept);
    free(c);
}

static void on_close(vireo__stream *s, int error)
{
    vireo__conn *c = s->owner;
    (void)error;
    if (c->req != NULL)
        vireo__req_abort(c->req);
    vireo__conn_free(c);
}

static const vireo__stream_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_close = on_close,
};

/* The stream goes to its new owner, with the bytes that stood behind the head. */
static void give_away(vireo__conn *c, uint8_t *bytes, size_t n)
{
    vireo__stream *s = c->stream;
    vireo__conn_free(c);
    if (s->closing)
        return;
    vireo__stream_start(s);
    if (n > 0 && !s->closing)
        vireo__stream_received(s, bytes, n);
}

/* --- life ------------------------------------------------------------------------------------- */

static void ignore_close(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static void turn_away(vireo__stream *s)
{
    static const vireo__stream_events unheard = {.on_close = ignore_close};
    vireo__stream_set_events(s, &unheard, NULL);
    vireo__stream_close(s, 0);
}

static vireo__conn *new_conn(vireo_app *app, vireo__stream *s)
{
    vireo__conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->app = app;
    c->stream = s;
    c->resume.run = on_resume;
    vireo__list_init(&c->leaving);
    vireo__list_append(&app->conns, &c->node);
    s->max_queued = app->options.max_queued_bytes;
    vireo__stream_set_events(s, &events, c);
    return c;
}

static vireo__conn *begin_conn(vireo_app *app, vireo__stream *s)
{
    vireo__conn *c = new_conn(app, s);
    if (c == NULL)
        return NULL;
    set_timing(c, TIMING_HEAD);
    vireo__stream_start(s);
    return c;
}

int vireo__conn_open_single(vireo_app *app, vireo__stream *s)
{
    vireo__conn *c = begin_conn(app, s);
    if (c == NULL)
        return VIREO_ENOMEM;
    c->single = true;
    return 0;
}

static bool begin(const vireo__listening *l, vireo__stream *s)
{
    vireo_app *app = l->app;
    if (app->stopping || vireo__app_full(app))
        return false;
    if (vireo__tls_agreed_on(s, "h2"))
        return vireo__h2_accept(app, s) == 0;
    vireo__conn *c = begin_conn(app, s);
    if (c != NULL)
        c->sniffs = l->http2;
    return c != NULL;
}

void vireo__conn_accept(vireo__listener *listener, vireo__stream *s)
{
    if (!begin(vireo__listener_owner(listener), s))
        turn_away(s);
}

void vireo__conn_adopt(vireo_app *app, vireo__stream *s, vireo_req *r, vireo__buf *kept)
{
    vireo__conn *c = new_conn(app, s);
    r->app = app;
    r->conn = c;
    if (c == NULL) {
        vireo__req_free(r);
        vireo__conn_free_kept(kept);
        turn_away(s);
        return;
    }
    c->req = r;
    c->kept = kept;
    c->single = r->http2;
    begin_way(c, kept != NULL);
    if (c->detached)
        give_away_kept(c);
    else if (stream_open(c) && can_take(c))
        go_on(c);
    else if (stream_open(c) && c->kept == NULL)
        vireo__stream_start(s);
    else
        wait_for_turn(c);
}

void vireo__conn_stop(vireo__conn *c)
{
    bool busy = c->kept != NULL || c->sending != NULL || (c->req != NULL && c->req->parse.started);
    if (busy)
        return; /* it is finished, and the connection with it */
    if (unsent(c) > 0)
        vireo__stream_end(c->stream);
    else
        vireo__stream_close(c->stream, 0);
}
