/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.h: the HTTP server as the floors above see it. The users' view is <vireo/http.h> and
 * <vireo/app.h>.
 *
 * A floor above hangs itself into an application with a mount: all requests whose path begins with
 * its prefix are its own, before any route is looked at.
 *
 *     request head complete -> on_head -> body -> on_request -> (later) vireo_reply
 *                                      -> on_upgrade -> vireo__req_detach
 */

#ifndef VIREO_HTTP_SERVER_H
#define VIREO_HTTP_SERVER_H

#include <vireo/http.h>

#include "base/str.h"
#include "loop/loop.h"
#include "net/stream.h"

struct vireo__exposition;

typedef struct vireo__mount {
    vireo__list node;      /* in the application; the library's */
    const char *prefix;    /* compared with the target's path as it came, not decoded */
    size_t max_body_bytes; /* beyond: 413 without on_request */
    void *owner;           /* vireo_req_user of its requests */

    /* The head is complete, the body still to come. May reply (the body is then thrown away) or set
     * vireo_on_abort, which is then called too when the library itself refuses the rest of the
     * request: vireo__req_status tells with what (413, 408, 400). May be NULL. */
    void (*on_head)(vireo_req *r);
    /* The request is complete; not called if on_head has replied. The return value counts as a
     * route handler's. */
    int (*on_request)(vireo_req *r);
    /* A request with "Connection: Upgrade" and "Upgrade: websocket". Either replies as to any
     * request, or takes the stream with vireo__req_detach. NULL: the request is handled as any
     * other. */
    void (*on_upgrade)(vireo_req *r);
    /* In a group of workers: whose request is it? Asked when the head is complete, before anybody
     * else sees the request. NULL: this application's. May be NULL. */
    vireo_app *(*home)(void *owner, vireo_req *r);
} vireo__mount;

/* vireo__app_mount adds a mount (borrowed as long as the application has connections). Mounts with
 * longer prefixes are looked at first. */
void vireo__app_mount(vireo_app *app, vireo__mount *mount);

/* A guest is what else is open on an application: outgoing connections, requests that are under
 * way. The application's end waits until all guests have left. */
typedef struct vireo__guest {
    vireo__list node;                            /* the application's */
    void (*on_stop)(struct vireo__guest *guest); /* the graceful end begins */
    void (*on_cut)(struct vireo__guest *guest);  /* its time is over: close all at once */
} vireo__guest;

/* vireo__app_enter adds a guest; vireo__app_leave takes it away, not inside its events. */
void vireo__app_enter(vireo_app *app, vireo__guest *guest);
void vireo__app_leave(vireo_app *app, vireo__guest *guest);

/* What lives as long as the application, and is told of its end. Each may be NULL. */
typedef struct vireo__part {
    vireo__list node; /* in the application; the library's */
    size_t at_first;  /* what |drain| answered first; the library's */
    void *owner;
    /* The slow end: ask clients to leave, what is queued for them first, until no more than |keep|
     * are left that were not asked (SIZE_MAX: nobody is asked). Returns how many clients there are
     * still, those that were asked and are on their way out included. */
    size_t (*drain)(void *owner, size_t keep);
    /* vireo_metrics is read: tell what is counted (http/exposition.h). */
    void (*measure)(void *owner, struct vireo__exposition *x);
    /* The graceful end begins: close what is open. Requests may still be answered. */
    void (*on_stop)(void *owner);
    /* The application is freed, all its connections are closed: free the owner and the part. */
    void (*on_free)(void *owner);
} vireo__part;

/* vireo__app_add_part adds a part (borrowed until on_free). They are stopped in the order in which
 * they came, and freed in the opposite one. */
void vireo__app_add_part(vireo_app *app, vireo__part *part);

/* vireo__app_own has |free_fn| called with |user| when the application is freed, or at once when
 * this fails. Returns 0 or VIREO_ENOMEM. */
int vireo__app_own(vireo_app *app, void *user, void (*free_fn)(void *));

vireo_loop *vireo__app_loop(const vireo_app *app);
const vireo_app_options *vireo__app_options(const vireo_app *app); /* with the defaults filled in */

/* vireo__app_group returns the group of workers to which it belongs (http/group.h), or NULL. */
struct vireo__group *vireo__app_group(const vireo_app *app);

/* vireo__app_extension is a place where one floor above keeps its own state of an application; NULL
 * at first. */
void **vireo__app_extension(vireo_app *app);

/* vireo__app_stopping tells whether the graceful end has begun. */
bool vireo__app_stopping(const vireo_app *app);

/* vireo__app_leaving tells whether that or the slow end has begun: who has no session yet gets
 * none. */
bool vireo__app_leaving(const vireo_app *app);

/* --- more of a request than users see; borrowed, valid as long as |r| ------------------------- */

/* What handlers have set on a request (vireo_req_set), kept beyond it. All zero: nothing. */
typedef struct vireo__values {
    struct vireo__held **list; /* ended by NULL */
} vireo__values;

/* vireo__req_keep_values keeps the values that are set now; the request keeps them as well. Returns
 * 0 or VIREO_ENOMEM. */
int vireo__req_keep_values(vireo_req *r, vireo__values *out);

/* vireo__values_get returns the value of |key|, or NULL. */
void *vireo__values_get(const vireo__values *values, const void *key);

/* vireo__values_free lets go of them. */
void vireo__values_free(vireo__values *values);

/* vireo__req_query_value returns the last value of |name| in the query, decoded where it has to be;
 * its |at| is NULL if there is none, or memory runs out. Valid as long as |r|. */
vireo__str vireo__req_query_value(const vireo_req *r, const char *name);

/* vireo__req_headers returns all headers as "name\0value\0name\0value\0", names in lower case, in
 * order; its size in |*size|. */
const char *vireo__req_headers(const vireo_req *r, size_t *size);

/* vireo__headers_get looks for |name| (lower case) in such a block. NULL if there is none. */
const char *vireo__headers_get(const char *headers, size_t size, const char *name);

/* vireo__req_answered tells whether a reply was given already, or none can be given any more. */
bool vireo__req_answered(const vireo_req *r);

/* vireo__req_status returns the status of the reply that was given; 0 while there is none. */
int vireo__req_status(const vireo_req *r);

/* vireo__req_added_headers returns the lines that vireo_reply_header and vireo_on_headers'
 * functions have added to the reply, each ended by \r\n, for who writes the head itself; NULL when
 * memory runs out. Borrowed until the next one is added. */
const char *vireo__req_added_headers(vireo_req *r);

/* vireo__req_again has the mount's on_request or on_upgrade called once more for a request that it
 * has kept: when the call under way has returned, or at the end of the turn. Returns as
 * vireo_pass. */
int vireo__req_again(vireo_req *r);

/* vireo__req_reply_raw answers an upgrade request whose answer must look exactly like |bytes|
 * (copied), and ends the connection behind it. */
int vireo__req_reply_raw(vireo_req *r, const void *bytes, size_t len);

/* vireo__req_detach takes the stream away from HTTP, inside on_upgrade (or a route's upgrade
 * handler) only. The caller sets its events at once. When the handler has returned, |r| is gone and
 * bytes that stood behind the request's head are given to those events. */
vireo__stream *vireo__req_detach(vireo_req *r);

/* vireo__req_take_stream answers with 200 and |type|, a body that ends with the connection, and
 * takes the stream away from HTTP; inside a route's handler only. When the handler has returned,
 * |r| is gone. NULL when it was answered already or memory runs out. */
vireo__stream *vireo__req_take_stream(vireo_req *r, const char *type,
                                      const vireo__stream_events *events, void *owner);

/* vireo__route_upgrade registers, as vireo_route does for GET, a handler for WebSocket upgrades of
 * |pattern|. A plain GET there is answered with 426 and "Upgrade: websocket". */
int vireo__route_upgrade(vireo_app *app, const char *pattern, int (*on_upgrade)(vireo_req *r),
                         void *user);

#endif
