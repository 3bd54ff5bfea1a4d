/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conn.h: one connection of an HTTP client.
 *
 * Between requests it owns this struct, the stream and nothing else: polling clients are many and
 * mostly idle. While a request is on its way or is being answered there is one vireo_req, and what
 * the client has sent beyond it waits: in |kept| what was read already, in the kernel the rest.
 *
 *     READ ---- whole request ----> WAIT for the handler ---- reply ----> WRITE what is large
 *      ^                                                                      |
 *      +---------------------------- keep-alive ------------------------------+
 *                                                          else: vireo__stream_end
 */

#ifndef VIREO_HTTP_CONN_H
#define VIREO_HTTP_CONN_H

#include "http/app.h"
#include "http/range.h"

typedef struct vireo__conn {
    vireo__list node; /* in app->conns */
    vireo_app *app;
    vireo__stream *stream;
    vireo_req *req;                 /* the request in progress; NULL between requests */
    struct vireo__sending *sending; /* the rest of a large reply; NULL while there is none */
    vireo__buf *kept;               /* bytes that were read and wait; NULL while there are none */
    vireo__list leaving;            /* requests whose reply is queued, and that wait for its end */
    vireo__deadline deadline;
    vireo__turn_task resume; /* takes the next request, or moves this one on */
    /* when the deadline last looked; must have shrunk when it looks again */
    size_t unsent;
    uint8_t timing;    /* enum timing in conn.c */
    bool ending : 1;   /* the reply that is on its way is the last one */
    bool detached : 1; /* the stream has another owner */
    bool single : 1;   /* the stream is for one request: one of HTTP/2 (h2.h) */
    bool sniffs : 1;   /* HTTP/2 may begin here */
    bool moving : 1;   /* to another worker, see handover.c */
} vireo__conn;

/* vireo__conn_accept takes a new stream. */
void vireo__conn_accept(vireo__listener *listener, vireo__stream *s);

/* vireo__conn_open_single takes a stream on which one request will come. Returns 0, or VIREO_ENOMEM
 * and has taken nothing. */
int vireo__conn_open_single(vireo_app *app, vireo__stream *s);

/* vireo__conn_answered is called when a reply was queued (or is being sent by |sending|). |last|:
 * it said "Connection: close". Unless a handler is running, |r| is gone after it. */
void vireo__conn_answered(vireo__conn *c, vireo_req *r, bool last);

/* vireo__conn_sent is called when |sending| is over. */
void vireo__conn_sent(vireo__conn *c);

/* vireo__conn_writing is called when a piece of a reply was queued: the client has to take some of
 * it in time. */
void vireo__conn_writing(vireo__conn *c);

/* vireo__conn_stop: the graceful end begins. */
void vireo__conn_stop(vireo__conn *c);

void vireo__conn_free(vireo__conn *c);        /* its stream has another owner, or is gone */
void vireo__conn_free_kept(vireo__buf *kept); /* NULL is allowed */

/* --- handover.c: to and from other workers --- */

/* vireo__conn_hand_over sends the connection to the worker whose its request is, if that is another
 * one. Returns whether it does. */
bool vireo__conn_hand_over(vireo__conn *c);

/* vireo__conn_adopt goes on with a connection that another worker has handed over (takes all).
 *
 * r     its head is complete, and was begun with vireo__req_begin
 * kept  what has come behind it; NULL: nothing */
void vireo__conn_adopt(vireo_app *app, vireo__stream *s, vireo_req *r, vireo__buf *kept);

/* vireo__port_adopt makes a stream of a connection of the group's port |port|; as
 * vireo__listener_adopt. */
vireo__stream *vireo__port_adopt(vireo_app *app, unsigned port, vireo__parcel *parcel);

/* --- sending.c: large replies, in slices of memory or of a file, as the client takes them --- */

/* What stands in the queue of a connection at most, beside a slice; what is larger is sent in
 * slices. */
#define VIREO__SLICE 65536

/* A piece of a body: a view of its text, or of its file. */
typedef struct vireo__piece {
    bool of_text;
    uint64_t at;
    uint64_t length;
} vireo__piece;

/* What is sent behind a head: pieces, one after the other. Most have one; a file of which several
 * ranges are wanted has as many, with texts between them and at the end. None is empty. */
#define VIREO__MAX_PIECES (2 * VIREO__MAX_RANGES + 1)
typedef struct vireo__body {
    int fd;              /* -1: none */
    vireo__shared *text; /* NULL: none */
    size_t count;        /* >= 1 */
    vireo__piece pieces[VIREO__MAX_PIECES];
} vireo__body;

uint64_t vireo__body_length(const vireo__body *body);

/* vireo__body_end closes the file and drops the text. */
void vireo__body_end(const vireo__body *body);

/* vireo__send_body sends a body (takes what it holds) in slices. Returns 0 or VIREO_ENOMEM. */
int vireo__send_body(vireo__conn *c, const vireo__body *body);

/* vireo__send_shared sends |bytes| (takes the caller's reference; not empty) in slices. Returns 0
 * or VIREO_ENOMEM. */
int vireo__send_shared(vireo__conn *c, vireo__shared *bytes);

/* vireo__sending_go_on queues the next slices; called when the deadline's short wait is over. */
void vireo__sending_go_on(vireo__conn *c);
void vireo__sending_free(vireo__conn *c);
size_t vireo__sending_left(const vireo__conn *c);

/* vireo__conn_pause_sending has vireo__sending_go_on called soon, but not before others had their
 * turn. */
void vireo__conn_pause_sending(vireo__conn *c);

#endif
