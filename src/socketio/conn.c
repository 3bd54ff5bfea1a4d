/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conn.c: one client's session: decodes what it brings, and finds the socket it is for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

/* --- closing ---------------------------------------------------------------------------------- */

vireo_socket *vireo__sio_conn_first_open(const vireo__sio_conn *conn)
{
    for (const vireo__list *at = conn->sockets.next; at != &conn->sockets; at = at->next) {
        vireo_socket *s = vireo__container(at, vireo_socket, in_conn);
        if (s->connected && !s->closed)
            return s;
    }
    return NULL;
}

void vireo__sio_conn_close_sockets(vireo__sio_conn *conn, const char *reason,
                                   const char *description)
{
    for (vireo_socket *s; (s = vireo__sio_conn_first_open(conn)) != NULL;)
        vireo__socket_close(s, reason, description);
}

static void close_for(vireo__sio_conn *conn, const char *reason, const char *description)
{
    if (conn->closed)
        return;
    conn->closed = true;
    vireo__eio_close(conn->session, false);
    vireo__sio_conn_close_sockets(conn, reason, description);
}

/* The official server names the reason by whether its transport could close at once: a WebSocket
 * can, polling only while a GET is pending. */
void vireo__sio_conn_close(vireo__sio_conn *conn)
{
    bool at_once = strcmp(vireo__eio_transport(conn->session), "websocket") == 0 ||
                   vireo__eio_writable(conn->session);
    close_for(conn, at_once ? "forced close" : "forced server close", "");
}

/* each_socket calls |fn| for every connected socket of the connection; |fn| may disconnect any of
 * them, which frees none before it has returned. */
static void each_socket(vireo__sio_conn *conn, void (*fn)(vireo_socket *s, const void *arg),
                        const void *arg)
{
    vireo_socket *sockets[VIREO__NAMESPACES_PER_CONNECTION];
    size_t count = 0;
    for (vireo__list *at = conn->sockets.next; at != &conn->sockets; at = at->next)
        sockets[count++] = vireo__container(at, vireo_socket, in_conn);
    for (size_t i = 0; i < count; i++)
        if (sockets[i]->connected && !sockets[i]->closed)
            fn(sockets[i], arg);
}

static void tell_error(vireo_socket *s, const void *what)
{
    if (s->ns->options.on_error != NULL)
        s->ns->options.on_error(s, what);
}

/* protocol_error tells the sockets what the client did wrong, and closes. */
static void protocol_error(vireo__sio_conn *conn, const char *what)
{
    vireo__debug(conn->io->loop, VIREO__DEBUG_PARSER, "%.*s.. broke the rules: %s", VIREO__DEBUG_ID,
                 vireo__eio_id(conn->session), what);
    each_socket(conn, tell_error, what);
    close_for(conn, "forced close", what);
}

/* --- packets ---------------------------------------------------------------------------------- */

static vireo_socket *find_socket(vireo__sio_conn *conn, vireo__str ns)
{
    for (vireo__list *at = conn->sockets.next; at != &conn->sockets; at = at->next) {
        vireo_socket *s = vireo__container(at, vireo_socket, in_conn);
        if (s->connected && vireo__str_equal(ns, s->ns->name))
            return s;
    }
    return NULL;
}

void vireo__sio_conn_refuse(vireo__sio_conn *conn, vireo__str name, const char *message)
{
    char json[64];
    vireo__sio_message packet;
    char *ns = strndup(name.at, name.len);
    vireo__sio_head head = {VIREO__SIO_CONNECT_ERROR, ns, NULL, NULL};
    snprintf(json, sizeof json, "{\"message\":\"%s\"}", message);
    int error = ns == NULL
                    ? VIREO_ENOMEM
                    : vireo__sio_message_raw(&packet, &conn->io->codec, &head, vireo__str_of(json));
    if (error == 0) {
        error = vireo__sio_message_send(&packet, conn->session);
        vireo__sio_message_release(&packet);
    }
    free(ns);
    if (error == VIREO_ENOMEM) /* a client that hears nothing would wait for ever */
        vireo__sio_conn_close(conn);
}

/* What the client asked for earlier and has no answer to yet gives way to what it asks for now. */
static void abandon_earlier(vireo__sio_conn *conn, vireo__str name)
{
    for (vireo__list *at = conn->sockets.next; at != &conn->sockets; at = at->next) {
        vireo_socket *s = vireo__container(at, vireo_socket, in_conn);
        if (s->admission != NULL && vireo__str_equal(name, s->ns->name))
            vireo__admission_abandon(s);
    }
    vireo__dynamic_abandon(conn, &name);
}

static void enter_namespace(vireo__sio_conn *conn, vireo__str name, const vireo_value *auth)
{
    vireo_ns *ns = vireo__ns_take(conn->io, name);
    if (ns == NULL) {
        vireo__dynamic_connect(conn, name, auth);
        return;
    }
    vireo__ns_connect(ns, conn, auth);
    vireo__ns_release(ns);
}

static void connect_namespace(vireo__sio_conn *conn, vireo__str name, const vireo_value *auth)
{
    const vireo_io_options *options = &conn->io->options;
    vireo__debug(conn->io->loop, VIREO__DEBUG_CLIENT, "%.*s.. wants to join %.*s", VIREO__DEBUG_ID,
                 vireo__eio_id(conn->session),
                 vireo__debug_cut(name.at, name.len, VIREO__DEBUG_PACKET), name.at);
    abandon_earlier(conn, name);
    if (memchr(name.at, '\0', name.len) != NULL) /* we could not even say its name */
        vireo__sio_conn_close(conn);
    else if (conn->joining >= options->max_namespaces)
        vireo__sio_conn_refuse(conn, name, "Too many namespaces");
    else if (vireo__value_size(auth) > options->max_auth_bytes - conn->auth_bytes)
        vireo__sio_conn_refuse(conn, name, "Too much auth");
    else
        enter_namespace(conn, name, auth);
}

/* A CONNECT of Socket.IO 2 has its auth in the name. */
static void connect_v2(vireo__sio_conn *conn, vireo__str name)
{
    vireo__doc doc;
    vireo__doc_init(&doc);
    const vireo_value *auth = vireo__v2_take_query(&name, &doc);
    if (find_socket(conn, name) == NULL)
        connect_namespace(conn, name, auth);
    else
        vireo__sio_conn_close(conn);
    vireo__doc_deinit(&doc);
}

static void route(vireo__sio_conn *conn, const vireo__sio_packet *packet)
{
    vireo_socket *s = find_socket(conn, packet->ns);
    if (s == NULL && packet->type == VIREO__SIO_CONNECT) {
        if (vireo__v2_is(conn))
            connect_v2(conn, packet->ns);
        else
            connect_namespace(conn, packet->ns, packet->payload);
        return;
    }
    if (s == NULL && vireo__v2_is(conn))
        s = find_socket(conn, vireo__v2_name(packet->ns));
    if (s == NULL) {
        vireo__sio_conn_close(conn);
        return;
    }
    switch (packet->type) {
    case VIREO__SIO_EVENT:
    case VIREO__SIO_BINARY_EVENT:
        vireo__dispatch(s, packet->payload, packet->id);
        break;
    case VIREO__SIO_ACK:
    case VIREO__SIO_BINARY_ACK:
        vireo__ack_received(s, packet->id, packet->payload);
        break;
    case VIREO__SIO_DISCONNECT:
        vireo__socket_close(s, "client namespace disconnect", "");
        break;
    default: /* a second CONNECT, or a CONNECT_ERROR, which is the server's to say */
        vireo__sio_conn_close(conn);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static void on_message(vireo__eio_session *session, bool binary, uint8_t *data, size_t len)
{
    vireo_error why;
    vireo__sio_packet packet;
    vireo__sio_conn *conn = vireo__eio_owner(session);
    vireo_io *io = conn->io;
    vireo_piece piece = {binary, data, len};
    int found =
        vireo__sio_decoder_feed(&conn->decoder, &io->codec, &io->doc, &piece, &packet, &why);
    if (found > 0)
        route(conn, &packet);
    else if (found == VIREO_ENOMEM)
        vireo__sio_conn_close(conn);
    else if (found < 0)
        protocol_error(conn, why.text);
    vireo__sio_decoder_done(&packet, &io->doc);
    vireo__io_bury(io);
}

/* --- events of the engine --------------------------------------------------------------------- */

/* A client that has not joined a namespace yet is given some time. */
struct arrival {
    vireo__deadline deadline;
    vireo__sio_conn *conn;
};

static void on_connect_overdue(vireo__deadline *d)
{
    vireo__sio_conn_close(vireo__container(d, struct arrival, deadline)->conn);
}

static int arrive(vireo__sio_conn *conn)
{
    struct arrival *a = calloc(1, sizeof *a);
    conn->arrival = a;
    if (a == NULL)
        return VIREO_ENOMEM;
    a->conn = conn;
    return vireo__deadline_start(conn->io->loop, &a->deadline, conn->io->options.connect_timeout_ms,
                                 on_connect_overdue);
}

void vireo__sio_conn_joined(vireo__sio_conn *conn)
{
    if (conn->arrival == NULL)
        return;
    vireo__deadline_stop(&conn->arrival->deadline);
    free(conn->arrival);
    conn->arrival = NULL;
}

static int on_open(vireo__eio_session *session)
{
    vireo__sio_conn *conn = vireo__eio_owner(session);
    conn->io = vireo__eio_server_owner(session);
    conn->session = session;
    vireo__list_init(&conn->sockets);
    vireo__list_init(&conn->requests);
    if (arrive(conn) < 0) {
        free(conn->arrival);
        return VIREO_ENOMEM;
    }
    if (vireo__v2_is(conn)) /* it is in "/" without asking */
        connect_namespace(conn, vireo__str_of("/"), NULL);
    return 0;
}

static void tell_upgrade(vireo_socket *s, const void *transport)
{
    if (s->ns->options.on_upgrade != NULL)
        s->ns->options.on_upgrade(s, transport);
}

static void on_upgrade(vireo__eio_session *session)
{
    each_socket(vireo__eio_owner(session), tell_upgrade, vireo__eio_transport(session));
}

static void tell_drain(vireo_socket *s, const void *arg)
{
    (void)arg;
    if (s->ns->options.on_drain != NULL)
        s->ns->options.on_drain(s);
}

static void on_drain(vireo__eio_session *session)
{
    each_socket(vireo__eio_owner(session), tell_drain, NULL);
}

/* What is left are sockets whose guard owes its answer, and questions for namespaces. */
static void leave_undecided(vireo__sio_conn *conn)
{
    while (!vireo__list_empty(&conn->sockets)) {
        vireo_socket *s = vireo__container(conn->sockets.next, vireo_socket, in_conn);
        vireo__admission_abandon(s);
        vireo__list_remove(&s->in_conn);
        s->conn = NULL;
    }
    vireo__dynamic_abandon(conn, NULL);
}

static void on_close(vireo__eio_session *session, const vireo__eio_close_info *why)
{
    vireo__sio_conn *conn = vireo__eio_owner(session);
    conn->closed = true;
    vireo__sio_conn_joined(conn);
    conn->io->ending = conn;
    conn->io->why = why;
    vireo__sio_conn_close_sockets(conn, why->reason, why->description);
    conn->io->ending = NULL;
    leave_undecided(conn);
    vireo__sio_decoder_deinit(&conn->decoder, &conn->io->codec);
    free(conn->query_value);
}

static bool on_request(void *owner, vireo_req *r)
{
    const vireo_io *io = owner;
    return !io->options.no_client && vireo__bundle_serve(io, r);
}

static void on_refusal(void *owner, vireo_req *r, const vireo__eio_refusal *why)
{
    vireo_io *io = owner;
    if (io->options.on_connection_error != NULL)
        io->options.on_connection_error(
            io, r, &(vireo_connection_error){why->code, why->message, why->key, why->value});
}

/* The cookie goes with polling only, as the official server's. */
static void on_headers(void *owner, vireo_req *r, const char *new_id)
{
    vireo_io *io = owner;
    if (new_id == NULL) {
        if (io->options.on_headers != NULL)
            io->options.on_headers(io, r);
        return;
    }
    if (io->options.cookie != NULL && vireo_header(r, "upgrade") == NULL)
        vireo_cookie_set(r, io->options.cookie, new_id, &io->cookie);
    if (io->options.on_initial_headers != NULL)
        io->options.on_initial_headers(io, r);
}

static void on_measure(void *owner, vireo__exposition *x)
{
    vireo__io_measure(owner, x);
}

static void on_leave(vireo__eio_session *session)
{
    close_for(vireo__eio_owner(session), "server shutting down", "");
}

static void on_stop(void *owner)
{
    vireo__io_close_sockets(owner, "server shutting down");
}

static void on_free(void *owner)
{
    vireo__io_free(owner);
}

static void on_packet(vireo__eio_session *session, const vireo_conn_info *c,
                      const vireo_packet_info *p)
{
    vireo_io *io = vireo__eio_server_owner(session);
    io->options.on_packet(io, c, p);
}

static void on_flush(vireo__eio_session *session, const vireo_conn_info *c,
                     const vireo_flush_info *f)
{
    vireo_io *io = vireo__eio_server_owner(session);
    io->options.on_flush(io, c, f);
}

const vireo__eio_events vireo__sio_engine_events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_upgrade = on_upgrade,
    .on_packet = on_packet,
    .on_flush = on_flush,
    .on_drain = on_drain,
    .on_close = on_close,
    .on_request = on_request,
    .on_refusal = on_refusal,
    .on_headers = on_headers,
    .on_leave = on_leave,
    .on_measure = on_measure,
    .on_stop = on_stop,
    .on_free = on_free,
};
