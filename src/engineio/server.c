/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.c: which session and which transport a request belongs to, or which error it gets
 * (protocol/server.md 1.8). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/url.h"
#include "engineio/session.h"

/* Limits of the WebSocket transport, as in ws. */
enum { MAX_FRAGMENTS = 131072, CLOSE_TIMEOUT_MS = 30000 };

/* The official server's errors, in the order of their codes. */
typedef enum fault {
    NO_FAULT = -1,
    UNKNOWN_TRANSPORT,
    UNKNOWN_SID,
    BAD_METHOD,
    BAD_REQUEST,
    FORBIDDEN,
    UNSUPPORTED_VERSION
} fault;

static const char *const fault_texts[] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version",
};

/* A request, verified. */
typedef struct call {
    vireo__eio_server *server;
    vireo__eio_session *session; /* NULL: it wants a new one */
    bool websocket;              /* the transport it names */
    char id[VIREO__ID_SIZE];     /* of the new one */
} call;

static vireo__str query_value(const vireo_req *r, const char *name)
{
    vireo__str value;
    bool found = vireo__url_query(vireo__req_query_string(r), name, &value);
    return found ? value : (vireo__str){NULL, 0};
}

static fault find_transport(call *c, const vireo_req *r)
{
    vireo__str name = query_value(r, "transport");
    unsigned enabled = c->server->options.transports;
    c->websocket = vireo__str_equal(name, "websocket");
    if (c->websocket && enabled & VIREO__EIO_WEBSOCKET)
        return NO_FAULT;
    if (vireo__str_equal(name, "polling") && enabled & VIREO__EIO_POLLING)
        return NO_FAULT;
    return UNKNOWN_TRANSPORT;
}

static bool origin_is_clean(const vireo_req *r)
{
    const char *origin = vireo_header(r, "origin");
    for (; origin != NULL && *origin; origin++)
        if (((unsigned char)*origin < 32 && *origin != '\t') || *origin == 127)
            return false;
    return true;
}

static fault find_session(call *c, const vireo_req *r, vireo__str sid, bool upgrade)
{
    c->session = vireo__map_get(&c->server->sessions, sid.at, sid.len);
    if (c->session == NULL)
        return UNKNOWN_SID;
    if (!upgrade && (c->websocket || c->session->ws != NULL))
        return BAD_REQUEST; /* the session speaks another transport */
    return vireo__str_equal(query_value(r, "EIO"), "4") ? NO_FAULT : BAD_REQUEST;
}

static bool id_valid(const vireo__eio_server *server, const char *id)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t n = strnlen(id, VIREO__ID_SIZE);
    return n > 0 && n <= VIREO__ID_LEN && strspn(id, letters) == n &&
           vireo__map_get(&server->sessions, id, n) == NULL;
}

static fault make_id(call *c, const vireo_req *r)
{
    if (c->server->options.generate_id == NULL)
        vireo__id_make(&c->server->ids, c->id);
    else if (c->server->options.generate_id(r, c->id) < 0 || !id_valid(c->server, c->id))
        return BAD_REQUEST;
    return NO_FAULT;
}

static fault check_handshake(call *c, const vireo_req *r, bool upgrade)
{
    if (strcmp(vireo_method(r), "GET") != 0)
        return BAD_METHOD;
    if (c->websocket && !upgrade)
        return BAD_REQUEST;
    if (c->server->options.allow_request != NULL && c->server->options.allow_request(r) < 0)
        return FORBIDDEN;
    return vireo__str_equal(query_value(r, "EIO"), "4") ? make_id(c, r) : UNSUPPORTED_VERSION;
}

static fault verify(call *c, vireo_req *r, bool upgrade)
{
    c->server = vireo_req_user(r);
    c->session = NULL;
    fault f = find_transport(c, r);
    if (f != NO_FAULT)
        return f;
    if (!origin_is_clean(r))
        return BAD_REQUEST;
    vireo__str sid = query_value(r, "sid");
    return sid.len > 0 ? find_session(c, r, sid, upgrade) : check_handshake(c, r, upgrade);
}

/* --- plain requests --------------------------------------------------------------------------- */

static int reply_fault(vireo_req *r, fault f)
{
    return vireo_reply_json(r, f == FORBIDDEN ? 403 : 400, "{code:%d,message:%s}", (int)f,
                            fault_texts[f]);
}

/* A POST is noticed with its head, so that a second one finds the first. What is wrong with it is
 * told when it is complete. */
static void on_head(vireo_req *r)
{
    call c;
    if (strcmp(vireo_method(r), "POST") == 0 && verify(&c, r, false) == NO_FAULT &&
        c.session != NULL)
        vireo__eio_polling_post_head(c.session, r);
}

/* Sessions over polling outlive their connections, so that these alone would not bound them. */
static bool takes_sessions(const vireo__eio_server *server)
{
    return !vireo__app_stopping(server->app) &&
           server->sessions.len < vireo__app_options(server->app)->max_connections;
}

static int on_request(vireo_req *r)
{
    call c;
    vireo__eio_server *server = vireo_req_user(r);
    if (server->events->on_request != NULL && server->events->on_request(server->owner, r))
        return 0;
    fault f = verify(&c, r, false);
    if (f != NO_FAULT)
        return reply_fault(r, f);
    if (c.session == NULL && !takes_sessions(c.server))
        return vireo_reply_text(r, 503, "");
    if (c.session == NULL)
        return vireo__eio_polling_open(c.server, r, c.id);
    if (strcmp(vireo_method(r), "GET") == 0)
        return vireo__eio_polling_get(c.session, r);
    if (strcmp(vireo_method(r), "POST") == 0)
        return vireo__eio_polling_post(c.session, r);
    return vireo_reply(r, 500, NULL, NULL, 0);
}

/* --- upgrades --------------------------------------------------------------------------------- */

static void refuse_upgrade(vireo_req *r, fault f)
{
    char answer[256];
    const char *text = fault_texts[f];
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: "
                     "text/html\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(text), text);
    vireo__req_reply_raw(r, answer, (size_t)n);
}

static void on_upgrade(vireo_req *r)
{
    call c;
    fault f = verify(&c, r, true);
    if (f == NO_FAULT && !c.websocket)
        f = BAD_REQUEST; /* polling needs no upgrade */
    if (f != NO_FAULT)
        refuse_upgrade(r, f);
    else if (c.session == NULL && !takes_sessions(c.server))
        vireo_reply_text(r, 503, "");
    else if (c.session == NULL)
        vireo__eio_websocket_open(c.server, r, c.id);
    else
        vireo__eio_websocket_probe(c.session, r);
}

/* --- life ------------------------------------------------------------------------------------- */

static vireo__eio_session *first(vireo__list *list)
{
    return vireo__list_empty(list) ? NULL : vireo__container(list->next, vireo__eio_session, node);
}

static void on_stop(void *owner)
{
    vireo__eio_server *server = owner;
    if (server->events->on_stop != NULL)
        server->events->on_stop(server->owner);
    for (vireo__eio_session *s; (s = first(&server->list)) != NULL;)
        vireo__eio_close(s, true);
    vireo__eio_websockets_stop(server);
}

static void on_free(void *owner)
{
    vireo__eio_server *server = owner;
    for (vireo__eio_session *s; (s = first(&server->list)) != NULL;)
        vireo__eio_close(s, true);
    for (vireo__eio_session *s; (s = first(&server->closed)) != NULL;)
        vireo__eio_session_finish(s);
    if (server->events->on_free != NULL)
        server->events->on_free(server->owner);
    vireo__map_deinit(&server->sessions);
    vireo__shared_unref(server->ping);
    free(server->prefix);
    free(server);
}

static char *make_prefix(const vireo__eio_options *options)
{
    size_t n = strlen(options->path);
    while (n > 0 && options->path[n - 1] == '/')
        n--;
    char *prefix = malloc(n + 2);
    if (prefix == NULL)
        return NULL;
    memcpy(prefix, options->path, n);
    strcpy(prefix + n, options->no_trailing_slash ? "" : "/");
    return prefix;
}

vireo__eio_server *vireo__eio_server_new(vireo_app *app, const vireo__eio_options *options,
                                         const vireo__eio_events *events, void *owner)
{
    vireo__eio_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->app = app;
    server->loop = vireo__app_loop(app);
    server->events = events;
    server->owner = owner;
    server->options = *options;
    server->ws_limits = (vireo__ws_limits){.max_message_bytes = options->max_payload,
                                           .max_fragments = MAX_FRAGMENTS,
                                           .close_timeout_ms = CLOSE_TIMEOUT_MS};
    server->prefix = make_prefix(options);
    server->ping = vireo__ws_frame_copy(VIREO__WS_TEXT, "2", 1);
    if (server->prefix == NULL || server->ping == NULL) {
        vireo__shared_unref(server->ping);
        free(server->prefix);
        free(server);
        return NULL;
    }
    vireo__map_init(&server->sessions, server->loop->hash_key);
    vireo__list_init(&server->list);
    vireo__list_init(&server->websockets);
    vireo__list_init(&server->closed);
    server->mount = (vireo__mount){
        .prefix = server->prefix,
        .max_body_bytes = options->max_payload,
        .owner = server,
        .on_head = on_head,
        .on_request = on_request,
        .on_upgrade = on_upgrade,
    };
    server->part = (vireo__part){.owner = server, .on_stop = on_stop, .on_free = on_free};
    vireo__app_mount(app, &server->mount);
    vireo__app_add_part(app, &server->part);
    return server;
}

size_t vireo__eio_server_count(const vireo__eio_server *server)
{
    return server->sessions.len;
}
