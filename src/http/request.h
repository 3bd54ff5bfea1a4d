/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* request.h: how a vireo_req lies in memory. */

#ifndef VIREO_HTTP_REQUEST_H
#define VIREO_HTTP_REQUEST_H

#include "base/arena.h"
#include "http/conn.h"
#include "http/parse.h"
#include "http/router.h"
#include "payload/doc.h"

/* A parameter of the route, decoded. */
typedef struct vireo__req_param {
    vireo__str name; /* in the pattern */
    const char *value;
} vireo__req_param;

typedef struct vireo__intake vireo__intake;
typedef struct vireo__streaming vireo__streaming;

/* How far a request has come on its way to a handler (chain.c). */
typedef enum vireo__stage {
    VIREO__STAGE_HEAD,  /* its head has not come */
    VIREO__STAGE_CHAIN, /* from entry to entry of the list of routes */
    VIREO__STAGE_BODY,  /* who will answer is known, and called when the body has come */
    VIREO__STAGE_HELD,  /* a handler has it */
    VIREO__STAGE_ERROR  /* a handler of errors has it */
} vireo__stage;

struct vireo_req {
    vireo__conn *conn; /* NULL: gone to another owner, and only the end of this is waited for */
    vireo_app *app;
    vireo__parser parse;
    vireo__str raw_path; /* in the target, encoded */
    vireo__str query;    /* in the target, behind the '?' */
    const char *path;    /* decoded; as it came when it cannot be decoded */
    vireo__req_param *params;
    size_t param_count;
    const vireo__mount *mount; /* NULL: a route's */
    void *user;
    void (*abort_fn)(vireo_req *r, void *user);
    void *abort_user;
    vireo__buf reply_headers;    /* each line ended by \r\n */
    vireo__arena arena;          /* what accessors decode */
    struct req_doc *docs;        /* the body as JSON and the like; request.c */
    const vireo__client *client; /* what proxies say; in the arena; NULL until asked for */

    const vireo__list *at;       /* in app->routes: the entry that was looked at last */
    const vireo__route *route;   /* whose handler is called when the body has come; may be NULL */
    const vireo__list *error_at; /* in app->error_routes */
    int error;                   /* given to vireo_fail */
    char *error_text;            /* .. in the arena; NULL: none */
    size_t own_headers;          /* where in reply_headers those of the handler in charge begin */

    vireo__intake *intake;       /* of a body that is coded or streamed; in the arena */
    vireo__streaming *streaming; /* of a reply in pieces that has begun; in the arena */
    uint64_t reply_length;       /* given to vireo_reply_length; UINT64_MAX: not */

    struct vireo__hook *hooks; /* hooks.c; in the arena */
    uint64_t began;            /* uv_hrtime of its first byte */
    uint64_t reply_bytes;      /* of the reply's body, queued so far */
    vireo__list leaving;       /* in conn->leaving, when dropped with pins */
    uint32_t pins;             /* pieces of the reply still to be written that keep it alive */

    uint16_t status;  /* of the reply; 0 while there is none */
    uint16_t refused; /* the status for a body that cannot be read; 0: it can */
    uint8_t stage;    /* vireo__stage */
    bool answered : 1;
    bool handling : 1;      /* a handler is on the stack */
    bool upgrading : 1;     /* .. and may detach the stream */
    bool bad_path : 1;      /* has escapes that are none, or a NUL: no route can serve it */
    bool wants_upgrade : 1; /* and there is somebody who upgrades */
    bool passed : 1;        /* vireo_pass was called .. */
    bool failed : 1;        /* .. or vireo_fail, and the way goes on soon */
    bool again : 1;         /* vireo__req_again was called */
    bool replying : 1;      /* the head of the reply is being written */
    bool dropped : 1;       /* freed when the last pin is gone */
    bool cut : 1;           /* not all of the reply went out */
    bool continued : 1;     /* a 100 was sent, or is not needed */
    bool http2 : 1;         /* it came so */
    char address[VIREO__ADDRESS_SIZE]; /* "" until asked for */
};

/* vireo__req_new returns new: a request for |c|, or NULL. */
vireo_req *vireo__req_new(vireo__conn *c);

/* vireo__req_carry_tls: its connection is another worker's, and |info| (takes; may be NULL) what
 * that has agreed on. */
void vireo__req_carry_tls(vireo_req *r, vireo_tls_info *info);

/* vireo__req_free lets go of it: it ends when the last pin is gone too. */
void vireo__req_free(vireo_req *r);

/* vireo__req_pin returns the callback with which the last piece of the reply is queued, and |r| as
 * its |user|: it keeps the request alive until the piece is written. NULL when nobody waits for
 * that. vireo__req_unpin takes it back when the piece could not be queued. */
vireo__written_fn vireo__req_pin(vireo_req *r);
void vireo__req_unpin(vireo_req *r, int status);

/* vireo__req_lose_conn tells a request in conn->leaving that its connection is gone. */
void vireo__req_lose_conn(vireo_req *r);

/* vireo__req_begin is called when the head is complete: cuts the target, decodes the path. Returns
 * 0, or the status to refuse the request with. */
int vireo__req_begin(vireo_req *r);

/* --- chain.c ------------------------------------------------------------------------------ */

/* vireo__chain_begin sends the request on its way; its head is complete. */
void vireo__chain_begin(vireo_req *r);

/* vireo__chain_body_done calls who waits for the body. */
void vireo__chain_body_done(vireo_req *r);

/* vireo__chain_resume goes on after vireo_pass or vireo_fail outside of a handler; nothing if there
 * was none. */
void vireo__chain_resume(vireo_req *r);

/* vireo__chain_fail asks the handlers of errors, and answers itself if none does. */
void vireo__chain_fail(vireo_req *r, int error);

/* --- intake.c ----------------------------------------------------------------------------- */

/* vireo__intake_begin prepares for a body that is coded. Returns 0, VIREO_STATUS(415),
 * VIREO_ENOMEM. */
int vireo__intake_begin(vireo_req *r);

/* vireo__intake_run passes on what the parser has read. Returns 0, VIREO_ETOOBIG, VIREO_EPROTO,
 * VIREO_ENOMEM. */
int vireo__intake_run(vireo_req *r);

/* vireo__intake_takes tells whether somebody reads the body now; vireo__intake_over whether all of
 * it has come and was passed on. */
bool vireo__intake_takes(const vireo_req *r);
bool vireo__intake_over(const vireo_req *r);
void vireo__intake_end(vireo_req *r);

/* vireo__req_takes_body tells whether the body may be read on: somebody reads it, or it is to be
 * thrown away. */
static inline bool vireo__req_takes_body(const vireo_req *r)
{
    return r->answered || r->stage == VIREO__STAGE_HEAD || vireo__intake_takes(r);
}

/* --- compress.c --------------------------------------------------------------------------- */

typedef struct vireo__compression vireo__compression;
struct vireo__encoder;

/* vireo__compress_may tells whether a whole reply of this type and length would be compressed for a
 * client that accepts it. */
bool vireo__compress_may(const vireo_req *r, const char *type, uint64_t len);

/* vireo__compress_whole puts a smaller body in the place of |*body|, borrowed until the next one,
 * and adds the headers for it, if the client and the type allow it. Returns whether it did. */
bool vireo__compress_whole(vireo_req *r, int status, const char *type, const void **body,
                           size_t *len);

/* vireo__compress_pieces returns new: what a reply in pieces is to be led through; NULL: nothing.
 */
struct vireo__encoder *vireo__compress_pieces(vireo_req *r, int status, const char *type);

/* --- streaming.c -------------------------------------------------------------------------- */

/* vireo__streaming_go_on tells a writer that it may go on, if it waits for that and can. */
void vireo__streaming_go_on(vireo_req *r);

/* vireo__streaming_stalled tells whether the client has taken nothing of what is queued since the
 * last question. */
bool vireo__streaming_stalled(vireo_req *r);
void vireo__streaming_end(vireo_req *r);

/* --- hooks.c ------------------------------------------------------------------------------ */

/* vireo__hooks_headers calls what waits for the head of the reply. */
void vireo__hooks_headers(vireo_req *r);

/* vireo__hooks_finish calls what waits for the end, and frees what was set. */
void vireo__hooks_finish(vireo_req *r);

/* vireo__hooks_wait tells whether anybody waits for the end. */
bool vireo__hooks_wait(const vireo_req *r);

/* vireo__req_closed tells whether there is a reply already, or one is being written. */
static inline bool vireo__req_closed(const vireo_req *r)
{
    return r->answered || r->replying || r->streaming != NULL;
}

/* --- respond.c ---------------------------------------------------------------------------- */

/* vireo__req_refuse answers with |status| and its text, and ends the connection behind it. */
void vireo__req_refuse(vireo_req *r, int status);

/* vireo__req_abort tells the handler that the request is over. */
void vireo__req_abort(vireo_req *r);

/* vireo__req_head writes the head of a reply to app->head; |*last| tells whether the connection
 * ends behind it. Returns 0 or VIREO_ENOMEM. */
int vireo__req_head(vireo_req *r, vireo__reply_head *head, bool *last);

/* vireo__reply_header_valid tells whether a handler may set this header. */
bool vireo__reply_header_valid(const char *name, const char *value);

/* vireo__reply_header_append adds a line, whole or not at all. Returns 0 or VIREO_ENOMEM. */
int vireo__reply_header_append(vireo__buf *b, const char *name, const char *value);

/* vireo__reply_header_next finds the next line |name| ("vary:") in |b|, behind |*from|. */
bool vireo__reply_header_next(const vireo__buf *b, size_t *from, const char *name,
                              vireo__str *value);

/* vireo__req_write queues the last piece of a reply. Returns as vireo__stream_write. */
int vireo__req_write(vireo_req *r, vireo__shared *bytes);

/* vireo__req_write_head is the same for what vireo__req_head has written. */
int vireo__req_write_head(vireo_req *r);

/* vireo__req_is_head tells whether the reply goes without its body. */
static inline bool vireo__req_is_head(const vireo_req *r)
{
    return r->parse.llhttp.method == HTTP_HEAD;
}

/* How a file is told to a client. */
typedef struct vireo__file {
    const char *name;   /* its type is known by it */
    const char *cache;  /* value of Cache-Control; NULL: none */
    const char *coding; /* Content-Encoding: it is compressed; NULL: as it is */
    bool vary;          /* which file it is depends on Accept-Encoding */
} vireo__file;

/* vireo__reply_open_file answers with the open file |fd| (takes), or with what of it is wanted.
 * Returns 0, -errno or VIREO_ENOTFOUND for what is no regular file; then nothing is answered. */
int vireo__reply_open_file(vireo_req *r, int fd, const vireo__file *file);

#endif
