/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2_inside.h: how a connection of HTTP/2 and its streams lie in memory. For the files h2*.c only.
 *
 * The two ends of a stream come apart: nghttp2 is done with it (|closed|), and its owner is
 * (|gone|). Nobody is told of an end inside nghttp2: the stream stands in |over| until that has
 * returned. It is freed when both are done.
 */

#ifndef VIREO_HTTP_H2_INSIDE_H
#define VIREO_HTTP_H2_INSIDE_H

#include <nghttp2/nghttp2.h>

#include "http/conn.h"
#include "http/h2.h"
#include "http/h2_reply.h"
#include "http/h2_request.h"

/* So many may happen at once, and then so many in a second. */
typedef struct vireo__h2_bucket {
    uint64_t at; /* when |used| was looked at, in milliseconds */
    uint32_t used;
} vireo__h2_bucket;

struct vireo__h2 {
    vireo__list node; /* in app->h2 */
    vireo_app *app;
    vireo__stream *below;
    nghttp2_session *session;
    vireo__list streams;
    vireo__list waiting; /* streams with something to write, in the order of their turns */
    vireo__list over;    /* streams of which one end has come, to be told */
    vireo__turn_task flush;
    vireo__deadline deadline; /* enum timing in h2.c */
    vireo__deadline soon;     /* runs while this connection has had its share */
    vireo__h2_bucket resets;
    vireo__h2_bucket idle_frames;
    size_t pending;    /* bytes of bodies in the streams' |out| */
    uint64_t written;  /* bytes given to |below| */
    uint64_t taken;    /* .. and taken by it, when the deadline last looked */
    uint64_t share_ms; /* the millisecond in which .. */
    size_t share;      /* .. so many bytes were written */
    uint8_t timing;
    bool settled : 1; /* the client's first SETTINGS have come */
    bool in_head : 1; /* a head has begun to come */
    bool leaving : 1; /* GOAWAY is said */
    bool paused : 1;  /* |below| is not read: it does not take what we have to say */
    bool dead : 1;    /* |below| is closed */
};

typedef struct vireo__h2_stream {
    vireo__stream base; /* all zero before there is an owner */
    vireo__h2 *h2;
    vireo__list node;    /* in h2->streams */
    vireo__list waiting; /* in h2->waiting */
    vireo__list over;    /* in h2->over */
    vireo__turn_task resume;
    vireo__h2_request *request; /* until its fields are complete */
    vireo__h2_reply reply;
    vireo__buf in;  /* bytes of the body that wait for an owner who does not read */
    size_t owed;    /* bytes received for which no window was given back */
    vireo__buf out; /* bytes of the reply's body for which there is a window, from |out_at| on */
    size_t out_at;
    int32_t id;
    bool opened : 1;   /* there is or was an owner */
    bool gone : 1;     /* .. no more */
    bool closed : 1;   /* nghttp2 is done with it */
    bool cut : 1;      /* .. before its time */
    bool tunnel : 1;   /* an extended CONNECT */
    bool chunked : 1;  /* the owner is given the body in chunks */
    bool ended : 1;    /* the client has said all */
    bool end_told : 1; /* .. and the owner knows it */
    bool replied : 1;  /* a head was given to nghttp2 */
    bool shut : 1;     /* the owner has said all */
    bool said_end : 1; /* .. and it has left */
    bool reset : 1;    /* RST_STREAM was given to nghttp2 */
} vireo__h2_stream;

/* --- h2_stream.c ------------------------------------------------------------------------------ */

/* vireo__h2_stream_new returns new: a stream without an owner; NULL when memory runs out. */
vireo__h2_stream *vireo__h2_stream_new(vireo__h2 *h2, int32_t id);

/* vireo__h2_stream_free frees one that both are done with. */
void vireo__h2_stream_free(vireo__h2_stream *st);

/* vireo__h2_stream_open is called when the request's fields are complete: makes a connection of
 * HTTP/1.1 of it, or refuses it. */
void vireo__h2_stream_open(vireo__h2_stream *st, bool ends);

/* vireo__h2_stream_received gives bytes of the body to the owner. */
void vireo__h2_stream_received(vireo__h2_stream *st, uint8_t *bytes, size_t n);

/* vireo__h2_stream_ended: the client has said all. */
void vireo__h2_stream_ended(vireo__h2_stream *st);

/* vireo__h2_stream_read is how nghttp2 gets the body of a reply. */
ssize_t vireo__h2_stream_read(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
                              uint32_t *flags, nghttp2_data_source *source, void *user);

/* vireo__h2_stream_reset has nghttp2 end it early. */
void vireo__h2_stream_reset(vireo__h2_stream *st, uint32_t code);

/* vireo__h2_stream_settle tells the owner what has come to its end, and frees the stream when
 * nobody needs it. */
void vireo__h2_stream_settle(vireo__h2_stream *st);

/* vireo__h2_stream_room returns how many bytes of a body it may take now. */
size_t vireo__h2_stream_room(const vireo__h2_stream *st);

/* --- h2.c ------------------------------------------------------------------------------------- */

/* vireo__h2_wake has what there is to do done at the end of the turn. */
void vireo__h2_wake(vireo__h2 *h2);

/* vireo__h2_room returns how many bytes of bodies the connection may take now. */
size_t vireo__h2_room(const vireo__h2 *h2);

#endif
