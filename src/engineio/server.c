/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.c: which session and which transport a request belongs to, or which error it gets. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "engineio/session.h"

enum { CLOSE_TIMEOUT_MS = 30000 }; /* as in ws */

/* The official server's errors, in the order of their codes. */
typedef enum fault {
    UNDECIDED = -2,
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
    const char *key;             /* what exactly is wrong, see vireo__eio_refusal */
    const char *value;
} call;

/* refuse notes what is wrong if the request is refused now. */
static void refuse(call *c, const char *key, const char *value)
{
    c->key = key;
    c->value = value;
}

/* --- verifying -------------------------------------------------------------------------------- */

static fault find_transport(call *c, const vireo_req *r)
{
    vireo__str name = vireo__req_query_value(r, "transport");
    unsigned enabled = c->server->options.transports;
    c->websocket = vireo__str_equal(name, "websocket");
    if (c->websocket && enabled & VIREO__EIO_WEBSOCKET)
        return NO_FAULT;
    if (vireo__str_equal(name, "polling") && enabled & VIREO__EIO_POLLING)
        return NO_FAULT;
    refuse(c, "transport", NULL);
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
    c->session = vireo__eio_session_find(c->server, sid.at, sid.len);
    refuse(c, "sid", NULL);
    if (c->session == NULL)
        return UNKNOWN_SID;
    refuse(c, "name", "TRANSPORT_MISMATCH");
    if (!upgrade && (c->websocket || c->session->ws != NULL))
        return BAD_REQUEST; /* the session speaks another transport */
    refuse(c, "name", "PROTOCOL_MISMATCH");
    return vireo__eio_req_v3(r) == c->session->v3 ? NO_FAULT : BAD_REQUEST;
}

static fault check_handshake(call *c, vireo_req *r, bool upgrade)
{
    const vireo__eio_options *o = &c->server->options;
    refuse(c, "method", NULL);
    if (strcmp(vireo_method(r), "GET") != 0)
        return BAD_METHOD;
    refuse(c, "name", "TRANSPORT_HANDSHAKE_ERROR");
    if (c->websocket && !upgrade)
        return BAD_REQUEST;
    vireo__eio_decision allowed = vireo__eio_ask_allowed(c->server, r, &c->value);
    refuse(c, "message", c->value);
    if (allowed != VIREO__EIO_YES)
        return allowed == VIREO__EIO_UNDECIDED ? UNDECIDED : FORBIDDEN;
    refuse(c, "protocol", "3");
    if (vireo__eio_req_v3(r) && !o->allow_v3)
        return UNSUPPORTED_VERSION;
    vireo__eio_decision named = vireo__eio_ask_id(c->server, r, c->id);
    refuse(c, "name", "ID_GENERATION_ERROR");
    if (named != VIREO__EIO_YES)
        return named == VIREO__EIO_UNDECIDED ? UNDECIDED : BAD_REQUEST;
    return NO_FAULT;
}

static fault verify(call *c, vireo_req *r, bool upgrade)
{
    *c = (call){.server = vireo_req_user(r)};
    fault f = find_transport(c, r);
    if (f != NO_FAULT)
        return f;
    refuse(c, "name", "INVALID_ORIGIN");
    if (!origin_is_clean(r))
        return BAD_REQUEST;
    vireo__str sid = vireo__req_query_value(r, "sid");
    return sid.len > 0 ? find_session(c, r, sid, upgrade) : check_handshake(c, r, upgrade);
}

/* --- refusing --------------------------------------------------------------------------------- */

/* What the client itself has said, where that is what is wrong. */
static const char *said(const call *c, vireo_req *r)
{
    if (c->value != NULL)
        return c->value;
    if (strcmp(c->key, "method") == 0)
        return vireo_method(r);
    const char *value = vireo_query(r, c->key);
    return value != NULL ? value : "";
}

static void tell_refusal(const call *c, vireo_req *r, fault f)
{
    vireo__eio_server *server = c->server;
    server->counts.refused[f]++;
    vireo__debug(server->loop, VIREO__DEBUG_ENGINE, "refused: %s (%s)", fault_texts[f], c->key);
    if (server->events->on_refusal != NULL)
        server->events->on_refusal(
            server->owner, r,
            &(vireo__eio_refusal){
                .code = (int)f, .message = fault_texts[f], .key = c->key, .value = said(c, r)});
}

static const char *text_of(const call *c, fault f)
{
    return f == FORBIDDEN ? c->value : fault_texts[f];
}

/* --- plain requests --------------------------------------------------------------------------- */

static int reply_fault(const call *c, vireo_req *r, fault f)
{
    tell_refusal(c, r, f);
    return vireo_reply_json(r, f == FORBIDDEN ? 403 : 400, "{code:%d,message:%s}", (int)f,
                            text_of(c, f));
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
    size_t count = server->directory != NULL ? vireo__directory_count(server->directory)
                                             : server->sessions.len;
    return !vireo__app_leaving(server->app) &&
           count < vireo__app_options(server->app)->max_connections;
}

/* A client that is told to leave may be sending something just then, if only the answer to a PING;
 * were that refused, it could read of it before it reads the CLOSE, and take it for a failure of
 * the transport. What it says would not be heard in its closing session either. */
static bool comes_too_late(const call *c, const vireo_req *r, fault f)
{
    return f == UNKNOWN_SID && strcmp(vireo_method(r), "POST") == 0 &&
           vireo__app_leaving(c->server->app);
}

static int on_request(vireo_req *r)
{
    call c;
    vireo__eio_server *server = vireo_req_user(r);
    if (server->events->on_request != NULL && server->events->on_request(server->owner, r))
        return 0;
    fault f = verify(&c, r, false);
    if (f == UNDECIDED)
        return 0;
    if (comes_too_late(&c, r, f))
        return vireo__eio_polling_answer_post(server, r);
    if (f != NO_FAULT)
        return reply_fault(&c, r, f);
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

static void refuse_upgrade(const call *c, vireo_req *r, fault f)
{
    char head[160];
    const char *text = text_of(c, f);
    vireo__buf answer;
    tell_refusal(c, r, f);
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: "
                     "text/html\r\nContent-Length: %zu\r\n\r\n",
                     strlen(text));
    vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
    vireo__buf_append(&answer, head, (size_t)n);
    if (vireo__buf_append_str(&answer, text) == 0)
        vireo__req_reply_raw(r, answer.data, answer.len);
    else
        vireo_reply(r, 500, NULL, NULL, 0);
    vireo__buf_deinit(&answer);
}

static void on_upgrade(vireo_req *r)
{
    call c;
    fault f = verify(&c, r, true);
    if (f == UNDECIDED)
        return;
    if (f == NO_FAULT && !c.websocket) { /* polling needs no upgrade */
        f = BAD_REQUEST;
        refuse(&c, "name", "TRANSPORT_MISMATCH");
    }
    if (f != NO_FAULT)
        refuse_upgrade(&c, r, f);
    else if (c.session == NULL && !takes_sessions(c.server))
        vireo_reply_text(r, 503, "");
    else if (c.session == NULL)
        vireo__eio_websocket_open(c.server, r, c.id);
    else
        vireo__eio_websocket_probe(c.session, r);
}

/* Whose session is it? Asked where there are several workers. */
static vireo_app *home(void *owner, vireo_req *r)
{
    const vireo__eio_server *server = owner;
    vireo__str sid = vireo__req_query_value(r, "sid");
    if (sid.len == 0 || vireo__eio_session_find(server, sid.at, sid.len) != NULL)
        return NULL;
    return vireo__directory_find(server->directory, sid);
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

/* Those that are on their way out stand at the end of the list. */
static size_t drain(void *owner, size_t keep)
{
    vireo__eio_server *server = owner;
    while (server->sessions.len - server->closing > keep) {
        vireo__eio_session *s = first(&server->list);
        vireo__list_remove(&s->node);
        vireo__list_append(&server->list, &s->node);
        if (s->state != VIREO__EIO_STATE_OPEN)
            continue;
        if (server->events->on_leave != NULL)
            server->events->on_leave(s);
        else
            vireo__eio_close(s, false);
    }
    return server->sessions.len;
}

static void measure(void *owner, vireo__exposition *x)
{
    const vireo__eio_server *server = owner;
    vireo__eio_measure(server, x);
    if (server->events->on_measure != NULL)
        server->events->on_measure(server->owner, x);
}

static void free_server(vireo__eio_server *server)
{
    free((char *)(uintptr_t)server->options.path);
    vireo__shared_unref(server->ping);
    vireo__shared_unref(server->pong);
    vireo__buf_deinit(&server->compressed);
    free(server->initial_packet);
    free(server->prefix);
    free(server);
}

static void on_free(void *owner)
{
    vireo__eio_server *server = owner;
    for (vireo__eio_session *s; (s = first(&server->list)) != NULL;)
        vireo__eio_close(s, true);
    for (vireo__eio_session *s; (s = first(&server->closed)) != NULL;)
        vireo__eio_session_finish(s);
    vireo__eio_leavings_free(server);
    if (server->events->on_free != NULL)
        server->events->on_free(server->owner);
    vireo__table_deinit(&server->sessions);
    vireo__lines_deinit(&server->lines);
    free_server(server);
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

static int make_texts(vireo__eio_server *server, const vireo__eio_options *options)
{
    const char *initial = options->initial_packet;
    server->options.path = strdup(options->path);
    server->prefix = make_prefix(options);
    server->ping = vireo__ws_frame_copy(VIREO__WS_TEXT, "2", 1);
    server->pong = vireo__ws_frame_copy(VIREO__WS_TEXT, "3", 1);
    if (initial != NULL && (server->initial_packet = malloc(strlen(initial) + 2)) != NULL)
        strcat(strcpy(server->initial_packet, "4"), initial);
    bool whole = server->options.path != NULL && server->prefix != NULL && server->ping != NULL &&
                 server->pong != NULL && (initial == NULL || server->initial_packet != NULL);
    return whole ? 0 : VIREO_ENOMEM;
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
                                           .max_fragments = options->max_fragments,
                                           .max_queued_bytes = options->max_queued_bytes,
                                           .deflate = options->deflate,
                                           .close_timeout_ms = CLOSE_TIMEOUT_MS};
    if (make_texts(server, options) < 0) {
        free_server(server);
        return NULL;
    }
    vireo__buf_init(&server->compressed, VIREO__BUF_UNLIMITED);
    vireo__eio_sessions_init(server);
    vireo__lines_init(&server->lines, server->loop->hash_key);
    vireo__list_init(&server->list);
    vireo__list_init(&server->websockets);
    vireo__list_init(&server->closed);
    vireo__list_init(&server->leavings);
    server->mount = (vireo__mount){
        .prefix = server->prefix,
        .max_body_bytes = options->max_payload,
        .owner = server,
        .on_head = on_head,
        .on_request = on_request,
        .on_upgrade = on_upgrade,
    };
    server->part = (vireo__part){.owner = server,
                                 .drain = drain,
                                 .measure = measure,
                                 .on_stop = on_stop,
                                 .on_free = on_free};
    bool shared;
    server->directory = vireo__directory_of(app, &shared);
    if (shared && server->directory == NULL) {
        free_server(server);
        return NULL;
    }
    if (shared)
        server->mount.home = home;
    vireo__app_mount(app, &server->mount);
    vireo__app_add_part(app, &server->part);
    return server;
}

const vireo__eio_counts *vireo__eio_server_counts(const vireo__eio_server *server)
{
    return &server->counts;
}

size_t vireo__eio_server_count(const vireo__eio_server *server)
{
    return server->sessions.len;
}
