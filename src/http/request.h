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

struct vireo_req {
    vireo__conn *conn;
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
    vireo__doc *doc;             /* the body as JSON; NULL until asked for */
    const vireo__client *client; /* what proxies say; in the arena; NULL until asked for */
    uint16_t status;             /* of the reply; 0 while there is none */
    bool answered : 1;
    bool handling : 1;  /* a handler is on the stack */
    bool upgrading : 1; /* .. and may detach the stream */
    bool bad_path : 1;  /* has escapes that are none, or a NUL: no route can serve it */
    char address[VIREO__ADDRESS_SIZE]; /* "" until asked for */
};

/* vireo__req_new returns new: a request for |c|, or NULL. */
vireo_req *vireo__req_new(vireo__conn *c);
void vireo__req_free(vireo_req *r);

/* vireo__req_begin is called when the head is complete: cuts the target, decodes the path. Returns
 * 0, or the status to refuse the request with. */
int vireo__req_begin(vireo_req *r);

/* vireo__req_route finds the route and calls its handler; answers 404, 405, 204 for OPTIONS, 426
 * itself. |upgrade|: among the routes for upgrades; returns false when there is none. */
bool vireo__req_route(vireo_req *r, bool upgrade);

/* vireo__req_finish answers for a handler that returned |result| without a reply. */
void vireo__req_finish(vireo_req *r, int result);

/* vireo__req_refuse answers with |status| and its text, and ends the connection behind it. */
void vireo__req_refuse(vireo_req *r, int status);

/* vireo__req_abort tells the handler that the request is over. */
void vireo__req_abort(vireo_req *r);

/* vireo__req_head writes the head of a reply to app->head; |*last| tells whether the connection
 * ends behind it. Returns 0 or VIREO_ENOMEM. */
int vireo__req_head(vireo_req *r, vireo__reply_head *head, bool *last);

/* vireo__req_is_head tells whether the reply goes without its body. */
static inline bool vireo__req_is_head(const vireo_req *r)
{
    return r->parse.llhttp.method == HTTP_HEAD;
}

/* vireo__reply_open_file answers with the open file |fd| (takes), named |path|. |cache|: value of
 * Cache-Control, or NULL. Returns 0, -errno or VIREO_ENOTFOUND for what is no regular file; then
 * nothing is answered. */
int vireo__reply_open_file(vireo_req *r, int fd, const char *path, const char *cache);

#endif
