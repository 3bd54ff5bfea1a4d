/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socket.c: a client in a namespace: its life, and what is known of it. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/url.h"
#include "payload/json_write.h"
#include "payload/template.h"
#include "payload/value.h"
#include "socketio/inside.h"
#include "socketio/local.h"

/* --- life ------------------------------------------------------------------------------------- */

static int make_id(vireo_socket *s)
{
    if (vireo__v2_is(s->conn))
        return vireo__v2_id(s);
    vireo__id_make(&s->ns->io->ids, s->id);
    return 0;
}

static void free_id(vireo_socket *s)
{
    if (s->id != s->own_id)
        free(s->id);
}

static const void *id_of(const vireo__table_link *link, size_t *n)
{
    const vireo_socket *s = vireo__container(link, vireo_socket, by_id);
    *n = strlen(s->id);
    return s->id;
}

void vireo__sockets_init(vireo_ns *ns)
{
    vireo__table_init(&ns->sockets, ns->io->loop->hash_key, id_of);
}

vireo_socket *vireo__socket_find(const vireo_ns *ns, const char *id)
{
    vireo__table_link *link = vireo__table_get(&ns->sockets, id, strlen(id));
    return link != NULL ? vireo__container(link, vireo_socket, by_id) : NULL;
}

static int take_auth(vireo_socket *s, const vireo_value *auth)
{
    if (vireo_count(auth) == 0)
        return 0;
    s->auth = vireo_copy(auth);
    return s->auth != NULL ? 0 : VIREO_ENOMEM;
}

vireo_socket *vireo__socket_alloc(vireo_ns *ns)
{
    size_t data_size = ns->options.data_size;
    vireo_socket *s = calloc(1, data_size > 0 ? sizeof *s + data_size
                                              : offsetof(vireo_socket, own_id) + sizeof s->own_id);
    if (s == NULL)
        return NULL;
    s->ns = ns;
    s->id = s->own_id;
    vireo__list_init(&s->in_ns);
    vireo__list_init(&s->in_conn);
    vireo__member_init(&s->member, 0);
    s->left_own_room = true; /* until it is admitted */
    return s;
}

vireo_socket *vireo__socket_new(vireo_ns *ns, vireo__sio_conn *conn, const vireo_value *auth)
{
    vireo_socket *s = vireo__socket_alloc(ns);
    if (s == NULL)
        return NULL;
    s->conn = conn;
    if (make_id(s) < 0 || take_auth(s, auth) < 0) {
        free_id(s);
        free(s);
        return NULL;
    }
    vireo__list_append(&conn->sockets, &s->in_conn);
    conn->joining++;
    conn->auth_bytes += (uint32_t)vireo__value_size(s->auth);
    vireo__ns_hold(ns);
    return s;
}

vireo__socket_more *vireo__socket_more_of(vireo_socket *s)
{
    if (s->more == NULL && (s->more = calloc(1, sizeof *s->more)) != NULL) {
        vireo__list_init(&s->more->acks);
        vireo__list_init(&s->more->owed);
    }
    return s->more;
}

static void free_more(vireo__socket_more *more)
{
    if (more == NULL)
        return;
    free(more->refusal);
    free(more->buckets);
    free(more);
}

void vireo__socket_free(vireo_socket *s)
{
    vireo__list_remove(&s->in_ns);
    vireo__listeners_free(s);
    vireo_value_free(s->auth);
    free_more(s->more);
    free_id(s);
    free(s);
}

void vireo__socket_bury(vireo_socket *s)
{
    vireo_io *io = s->ns->io;
    if (s->conn != NULL) {
        s->conn->joining--;
        s->conn->auth_bytes -= (uint32_t)vireo__value_size(s->auth);
    }
    vireo__list_remove(&s->in_conn);
    vireo__list_remove(&s->in_ns);
    vireo__list_append(&io->graveyard, &s->in_ns);
    vireo__turn_add(io->loop, &io->bury);
    vireo__ns_release(s->ns);
}

void vireo__socket_close(vireo_socket *s, const char *reason, const char *description)
{
    vireo_ns *ns = s->ns;
    vireo_disconnect_info why = {.reason = reason, .description = description};
    if (s->closed || !s->connected)
        return;
    s->closed = true;
    ns->io->counts.disconnected[vireo__reason_index(reason)]++;
    vireo__trail_disconnect(s, reason, description);
    why.recoverable = vireo__recovery_leaving(s, reason);
    if (ns->options.on_disconnecting != NULL)
        ns->options.on_disconnecting(s, &why);
    why.recoverable = why.recoverable && vireo__recovery_pack(s);
    vireo__local_leave_all(s);
    vireo__table_remove(&ns->sockets, &s->by_id);
    vireo__list_remove(&s->in_ns);
    s->connected = false;
    vireo__owed_forget_all(s);
    vireo__ack_fail_all(s);
    if (ns->options.on_disconnect != NULL)
        ns->options.on_disconnect(s, &why);
    vireo__recovery_leave(s, why.recoverable);
    vireo__socket_bury(s);
}

/* A client that could not be told finds out from the end of its connection. */
static void disconnect_one(vireo_socket *s)
{
    vireo__sio_conn *conn = s->conn;
    int error = vireo__socket_send_raw(s, VIREO__SIO_DISCONNECT, (vireo__str){"", 0});
    vireo__socket_close(s, "server namespace disconnect", "");
    if (error == VIREO_ENOMEM)
        vireo__sio_conn_close(conn);
}

static void disconnect(vireo_socket *s, bool close)
{
    vireo__sio_conn *conn = s->conn;
    if (!s->connected || s->closed)
        return;
    if (!close) {
        disconnect_one(s);
        return;
    }
    for (vireo_socket *each; (each = vireo__sio_conn_first_open(conn)) != NULL;)
        disconnect_one(each);
    vireo__sio_conn_close(conn);
}

/* --- the end at which it stands --------------------------------------------------------------- */

static int send_message(vireo_socket *s, const vireo__sio_message *message, vireo__sio_type type,
                        vireo__ack *ack, const vireo__manner *how)
{
    if (type == VIREO__SIO_EVENT)
        vireo__outgoing_one(s, message, ack);
    if (s->closed)
        return VIREO_ECLOSED;
    if (s->presence != NULL && type == VIREO__SIO_EVENT && ack == NULL)
        return vireo__recovery_send(s, message, how);
    return vireo__manner_send(how, s, message);
}

static const char *conn_id(const vireo_socket *s)
{
    return s->conn != NULL ? vireo__eio_id(s->conn->session) : "";
}

static const char *transport(const vireo_socket *s)
{
    return s->conn != NULL ? vireo__eio_transport(s->conn->session) : "";
}

static size_t queued(const vireo_socket *s)
{
    return s->conn != NULL ? vireo__eio_queued(s->conn->session) : 0;
}

static bool writable(const vireo_socket *s)
{
    return !s->closed && vireo__eio_writable(s->conn->session);
}

const vireo__sio_end vireo__sio_server_end = {send_message, disconnect, conn_id,
                                              transport,    queued,     writable};

void vireo_disconnect(vireo_socket *s, bool close)
{
    s->ns->io->end->disconnect(s, close);
}

const char *vireo_conn_id(const vireo_socket *s)
{
    return s->ns->io->end->conn_id(s);
}

const char *vireo_transport(const vireo_socket *s)
{
    return s->ns->io->end->transport(s);
}

size_t vireo_queued(const vireo_socket *s)
{
    return s->ns->io->end->queued(s);
}

bool vireo_writable(const vireo_socket *s)
{
    return s->ns->io->end->writable(s);
}

/* --- refusing --------------------------------------------------------------------------------- */

/* A client of Socket.IO 2 gets the data, or else the message, as it is. */
static int write_refusal_v2(vireo__buf *json, const char *message, const char *tmpl, va_list args)
{
    if (tmpl == NULL)
        return vireo__json_write_string(json, message, strlen(message));
    int written = vireo__template_write_one(json, NULL, tmpl, args);
    return written < 0 ? written : json->error;
}

static int write_refusal(vireo__buf *json, const char *message, const char *tmpl, va_list args)
{
    vireo__buf_append_str(json, "{\"message\":");
    vireo__json_write_string(json, message, strlen(message));
    if (tmpl != NULL) {
        vireo__buf_append_str(json, ",\"data\":");
        int written = vireo__template_write_one(json, NULL, tmpl, args);
        if (written < 0)
            return written;
    }
    vireo__buf_append_byte(json, '}');
    return json->error;
}

static void note_refusal(vireo_socket *s, const char *message, const char *tmpl, va_list args)
{
    vireo__buf *json = vireo__loop_scratch(s->ns->io->loop);
    int error = vireo__v2_is(s->conn) ? write_refusal_v2(json, message, tmpl, args)
                                      : write_refusal(json, message, tmpl, args);
    const char *text = error == 0 ? vireo__buf_cstr(json) : NULL;
    vireo__socket_more *more = vireo__socket_more_of(s);
    if (more == NULL)
        return;
    free(more->refusal);
    more->refusal = text ? strdup(text) : NULL;
}

void vireo__socket_note_refusal(vireo_socket *s, const char *message, ...)
{
    va_list none;
    va_start(none, message);
    note_refusal(s, message, NULL, none);
    va_end(none);
}

int vireo_refuse(vireo_socket *s, const char *message, const char *tmpl, ...)
{
    va_list args;
    if (s->ns->client != NULL)
        return VIREO_EREFUSED;
    va_start(args, tmpl);
    note_refusal(s, message, tmpl, args);
    va_end(args);
    vireo__admission_refused(s);
    return VIREO_EREFUSED;
}

/* --- what is known of it ---------------------------------------------------------------------- */

const char *vireo_id(const vireo_socket *s)
{
    return s->id;
}

bool vireo_connected(const vireo_socket *s)
{
    return s->connected;
}

void *vireo_data(const vireo_socket *s)
{
    return s->ns->options.data_size > 0 ? (void *)(uintptr_t)s->data : NULL;
}

vireo_ns *vireo_ns_of(const vireo_socket *s)
{
    return s->ns->client == NULL ? s->ns : NULL;
}

vireo_app *vireo_app_of(const vireo_socket *s)
{
    return s->ns->io->app;
}

/* --- the handshake ---------------------------------------------------------------------------- */

/* A socket whose guard still owes its answer may outlive its connection. */
static const vireo__eio_handshake *handshake(const vireo_socket *s)
{
    static const vireo__eio_handshake gone = {.address = ""};
    return s->conn != NULL ? vireo__eio_handshake_of(s->conn->session) : &gone;
}

const char *vireo_handshake_address(const vireo_socket *s)
{
    return handshake(s)->address;
}

const char *vireo_handshake_url(const vireo_socket *s)
{
    return s->conn != NULL ? vireo__eio_url(s->conn->session) : "";
}

const char *vireo_handshake_header(const vireo_socket *s, const char *name)
{
    char lower[128];
    size_t n = strlen(name);
    if (n >= sizeof lower)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        lower[i] = vireo__ascii_lower(name[i]);
    return s->conn != NULL ? vireo__eio_header(s->conn->session, lower) : NULL;
}

const char *vireo_handshake_query(vireo_socket *s, const char *name)
{
    vireo__str value;
    const char *query = strchr(vireo_handshake_url(s), '?');
    if (query == NULL || !vireo__url_query(vireo__str_of(query + 1), name, &value))
        return NULL;
    char *text = realloc(s->conn->query_value, value.len + 1);
    if (text == NULL)
        return NULL;
    s->conn->query_value = text;
    text[vireo__url_decode(text, value.at, value.len, true)] = '\0';
    return text;
}

const vireo_value *vireo__auth_or_empty(const vireo_value *auth)
{
    static const vireo_value empty = {.tag = VIREO__VALUE_MARK | VIREO_OBJECT, .span = 1};
    return auth != NULL ? auth : &empty;
}

const vireo_value *vireo_handshake_auth(const vireo_socket *s)
{
    return vireo__auth_or_empty(s->auth);
}

int64_t vireo_handshake_issued(const vireo_socket *s)
{
    return handshake(s)->issued_ms;
}

bool vireo_handshake_secure(const vireo_socket *s)
{
    return handshake(s)->secure;
}

void *vireo_handshake_get(const vireo_socket *s, const void *key)
{
    return vireo__values_get(&handshake(s)->values, key);
}

const vireo_tls_info *vireo_handshake_tls(const vireo_socket *s)
{
    return handshake(s)->tls;
}

bool vireo_handshake_xdomain(const vireo_socket *s)
{
    return handshake(s)->xdomain;
}
