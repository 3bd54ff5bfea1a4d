/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_socket.c: a client's socket: a namespace that it joins, each time its connection
 * stands. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "payload/json_write.h"
#include "payload/template.h"
#include "socketio/client.h"

static const char V2_SERVER[] =
    "It seems you are trying to reach a Socket.IO server in v2.x with a v3.x client, but they are "
    "not compatible (more information here: "
    "https://socket.io/docs/v3/migrating-from-2-x-to-3-0/)";

/* --- making ----------------------------------------------------------------------------------- */

static vireo_ns *new_ns(vireo__manager *m, const char *name, const vireo_client_options *o)
{
    vireo_ns_options options = {
        .size = sizeof options,
        .data_size = o->data_size,
        .events = o->events,
        .on_any = o->on_any,
        .on_any_outgoing = o->on_any_outgoing,
    };
    char *copy = strdup(name);
    return copy != NULL ? vireo__ns_new(&m->io, copy, NULL, &options) : NULL;
}

static int take_auth(vireo__client *c, const char *text)
{
    vireo_value *value = vireo_parse(text, strlen(text), NULL);
    bool object = vireo_type_of(value) == VIREO_OBJECT;
    char *copy = object ? strdup(text) : NULL;
    vireo_value_free(value);
    if (copy == NULL)
        return object ? VIREO_ENOMEM : VIREO_EINVAL;
    free(c->auth);
    c->auth = copy;
    return 0;
}

static int set_auth(vireo__client *c, const char *tmpl, va_list args)
{
    vireo__buf text;
    if (tmpl == NULL) {
        free(c->auth);
        c->auth = NULL;
        return 0;
    }
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error = vireo__template_write_one(&text, NULL, tmpl, args);
    if (error >= 0 && vireo__buf_cstr(&text) == NULL)
        error = VIREO_ENOMEM;
    if (error >= 0)
        error = take_auth(c, (const char *)text.data);
    vireo__buf_deinit(&text);
    return error;
}

static int set_auth_text(vireo__client *c, const char *text, ...)
{
    va_list none;
    va_start(none, text);
    int error = text != NULL ? set_auth(c, text, none) : 0;
    va_end(none);
    return error;
}

static void forget_texts(vireo_client_options *o)
{
    o->path = o->transports = o->timestamp_param = o->proxy = o->unix_path = o->protocols = NULL;
    o->query = o->headers = o->polling_headers = o->websocket_headers = o->more_urls = NULL;
    o->auth = NULL;
    o->error = NULL;
}

static void say_nothing(char id[VIREO__ID_SIZE])
{
    id[0] = '\0';
}

vireo__client *vireo__client_new(vireo__manager *m, const char *ns, const vireo_client_options *o)
{
    vireo__client *c = calloc(1, sizeof *c);
    vireo_ns *own = c != NULL ? new_ns(m, ns, o) : NULL;
    vireo_socket *s = own != NULL ? vireo__socket_alloc(own) : NULL;
    if (s == NULL) {
        if (own != NULL)
            vireo__ns_free(own);
        free(c);
        vireo__error_set(o->error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return NULL;
    }
    own->client = c;
    own->ack_timeout_ms = o->ack_timeout_ms;
    say_nothing(s->own_id);
    c->manager = m;
    c->socket = s;
    c->options = *o;
    forget_texts(&c->options);
    vireo__list_init(&c->unsent);
    vireo__list_init(&c->unsent_acks);
    vireo__list_init(&c->early);
    vireo__list_init(&c->queue);
    vireo__list_append(&m->sockets, &c->node);
    m->watched |= o->on_packet != NULL;
    int error = set_auth_text(c, o->auth);
    if (error == 0)
        return c;
    vireo__error_set(o->error, error, "the auth is no object: {name:'value'}");
    vireo__client_free(c);
    return NULL;
}

void vireo__client_free(vireo__client *c)
{
    vireo_ns *ns = c->socket->ns;
    vireo__list_remove(&c->node);
    vireo__client_forget_early(c);
    vireo__client_forget_unsent(c);
    vireo__client_forget_queue(c);
    vireo__socket_free(c->socket);
    vireo__ns_free(ns);
    free(c->auth);
    free(c->pid);
    free(c->offset);
    free(c);
}

/* --- CONNECT ---------------------------------------------------------------------------------- */

/* What the user gives counts more than what we add, as in JavaScript: the last one of two members
 * with the same name does. */
static int write_connect(vireo__client *c, vireo__buf *out)
{
    if (c->pid == NULL)
        return c->auth != NULL ? vireo__buf_append_str(out, c->auth) : 0;
    vireo__buf_append_str(out, "{\"pid\":");
    vireo__json_write_string(out, c->pid, strlen(c->pid));
    if (c->offset != NULL) {
        vireo__buf_append_str(out, ",\"offset\":");
        vireo__json_write_string(out, c->offset, strlen(c->offset));
    }
    if (c->auth != NULL && strcmp(c->auth, "{}") != 0) {
        vireo__buf_append_byte(out, ',');
        return vireo__buf_append_str(out, c->auth + 1);
    }
    return vireo__buf_append_byte(out, '}');
}

static void send_connect(vireo__client *c)
{
    vireo__buf json;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    int error = write_connect(c, &json);
    if (error == 0)
        error = vireo__client_send_raw(c, VIREO__SIO_CONNECT,
                                       (vireo__str){(const char *)json.data, json.len});
    vireo__buf_deinit(&json);
    if (error < 0) /* who waits for an answer that cannot come would wait for ever */
        vireo__manager_fail(c->manager, error);
}

void vireo__client_send_connect(vireo__client *c)
{
    if (c->options.on_auth == NULL) {
        send_connect(c);
        return;
    }
    c->asked_auth = true;
    c->options.on_auth(c->socket);
}

void vireo__client_opened(vireo__client *c)
{
    if (c->connecting || c->socket->connected)
        return;
    c->connecting = c->connect_due = true;
    vireo__turn_add(c->manager->io.loop, &c->manager->turn);
}

int vireo_auth(vireo_socket *s, const char *tmpl, ...)
{
    vireo__client *c = vireo__client_of(s);
    va_list args;
    if (c == NULL)
        return VIREO_EINVAL;
    va_start(args, tmpl);
    int error = set_auth(c, tmpl, args);
    va_end(args);
    if (error == 0 && c->asked_auth && c->connecting) {
        c->asked_auth = false;
        send_connect(c);
    }
    return error;
}

/* --- the server's answer ---------------------------------------------------------------------- */

static int take_id(vireo_socket *s, const char *sid)
{
    size_t n = strlen(sid);
    char *long_id = n >= sizeof s->own_id ? strdup(sid) : NULL;
    if (n >= sizeof s->own_id && long_id == NULL)
        return VIREO_ENOMEM;
    if (s->id != s->own_id)
        free(s->id);
    s->id = long_id != NULL ? long_id : s->own_id;
    if (long_id == NULL)
        memcpy(s->own_id, sid, n + 1);
    return 0;
}

static void take_pid(vireo__client *c, const char *pid)
{
    char *copy = pid != NULL ? strdup(pid) : NULL;
    c->socket->recovered = pid != NULL && c->pid != NULL && strcmp(c->pid, pid) == 0;
    free(c->pid);
    c->pid = copy;
}

/* It was not let in, and does not try again by itself. */
static void refuse(vireo__client *c, const char *message, const vireo_value *data, int code)
{
    c->connecting = false;
    vireo__client_forget_early(c);
    vireo__client_deactivate(c);
    if (!c->dropped && c->options.on_connect_error != NULL)
        c->options.on_connect_error(c->socket, &(vireo_connect_error){.message = message,
                                                                      .data = data,
                                                                      .refused = true,
                                                                      .description = "",
                                                                      .code = code});
}

void vireo__client_connected(vireo__client *c, const vireo_value *reply)
{
    vireo_socket *s = c->socket;
    const char *sid = vireo_str(vireo_get(reply, "sid"));
    if (s->connected || !c->connecting)
        return;
    if (sid == NULL) {
        refuse(c, V2_SERVER, NULL, VIREO_EPROTO);
        return;
    }
    if (take_id(s, sid) < 0) {
        vireo__manager_fail(c->manager, VIREO_ENOMEM);
        return;
    }
    take_pid(c, vireo_str(vireo_get(reply, "pid")));
    c->connecting = false;
    s->connected = true;
    vireo__client_deliver_early(c);
    if (s->connected)
        vireo__client_flush(c);
    if (s->connected)
        vireo__client_drain(c, true);
    if (s->connected && c->options.on_connect != NULL)
        c->options.on_connect(s);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void keep_active(vireo__client *c, const void *found)
{
    if (c->active)
        *(bool *)(uintptr_t)found = true;
}

void vireo__client_deactivate(vireo__client *c)
{
    bool others = false;
    c->active = false;
    c->connecting = c->connect_due = c->asked_auth = false;
    vireo__manager_each(c->manager, keep_active, &others);
    if (!others)
        vireo__manager_close(c->manager, "forced close");
}

void vireo__client_lost(vireo__client *c, const char *reason, const char *description)
{
    vireo_socket *s = c->socket;
    c->connecting = c->connect_due = c->asked_auth = false;
    vireo__client_forget_early(c);
    if (!s->connected)
        return;
    s->connected = false;
    take_id(s, "");
    vireo__owed_forget_all(s);
    if (c->options.on_disconnect != NULL)
        c->options.on_disconnect(
            s, &(vireo_disconnect_info){.reason = reason, .description = description});
    vireo__ack_fail_all(s);
}

void vireo__client_refused(vireo__client *c, const vireo_value *error)
{
    const char *message = vireo_str_or(vireo_get(error, "message"), vireo_str_or(error, ""));
    if (c->connecting)
        refuse(c, message, vireo_get(error, "data"), VIREO_EREFUSED);
}

void vireo__client_put_out(vireo__client *c)
{
    static const char reason[] = "io server disconnect";
    if (c->connecting) {
        refuse(c, reason, NULL, VIREO_EREFUSED);
        return;
    }
    vireo__client_deactivate(c);
    vireo__client_lost(c, reason, "");
}

/* Its own handler comes last: it may open the socket anew. */
static void leave(vireo__client *c, bool close)
{
    if (c->socket->connected)
        vireo__client_send_raw(c, VIREO__SIO_DISCONNECT, (vireo__str){"", 0});
    vireo__client_deactivate(c);
    if (close)
        vireo__manager_close(c->manager, "forced close");
    vireo__client_lost(c, "io client disconnect", "");
}

static void disconnect(vireo_socket *s, bool close)
{
    if (!vireo__client_of(s)->ending)
        leave(vireo__client_of(s), close);
}

void vireo__client_end(vireo__client *c)
{
    vireo_socket *s = c->socket;
    if (c->ending)
        return;
    c->ending = true;
    leave(c, false);
    c->dropped = true;
    s->closed = true;
    vireo__client_forget_unsent(c);
    vireo__client_forget_queue(c);
    vireo__ack_fail_all(s);
    vireo__turn_add(c->manager->io.loop, &c->manager->turn);
}

void vireo_drop(vireo_socket *s)
{
    if (s != NULL && vireo__client_of(s) != NULL)
        vireo__client_end(vireo__client_of(s));
}

int vireo_open(vireo_socket *s)
{
    vireo__client *c = vireo__client_of(s);
    if (c == NULL)
        return VIREO_EINVAL;
    if (c->ending || vireo__app_stopping(c->manager->io.app))
        return VIREO_ECLOSED;
    if (!c->active && c->manager->state == VIREO__MANAGER_OPEN)
        vireo__client_opened(c);
    c->active = true;
    if (!c->manager->reconnecting)
        vireo__manager_open(c->manager);
    return 0;
}

/* --- what is known of it ---------------------------------------------------------------------- */

static const vireo__eio_client *engine_of(const vireo_socket *s)
{
    return vireo__client_of(s)->manager->engine;
}

static const char *conn_id(const vireo_socket *s)
{
    return engine_of(s) != NULL ? vireo__eio_client_id(engine_of(s)) : "";
}

static const char *transport(const vireo_socket *s)
{
    return engine_of(s) != NULL ? vireo__eio_kind_name(vireo__eio_client_kind(engine_of(s))) : "";
}

static size_t queued(const vireo_socket *s)
{
    const vireo__client *c = vireo__client_of(s);
    return c->unsent_bytes + (engine_of(s) != NULL ? vireo__eio_client_queued(engine_of(s)) : 0);
}

static bool writable(const vireo_socket *s)
{
    return s->connected && engine_of(s) != NULL && vireo__eio_client_writable(engine_of(s));
}

const vireo__sio_end vireo__sio_client_end = {vireo__client_send, disconnect, conn_id,
                                              transport,          queued,     writable};

bool vireo_active(const vireo_socket *s)
{
    const vireo__client *c = vireo__client_of(s);
    return c != NULL ? c->active : s->connected;
}

void *vireo_client_user(const vireo_socket *s)
{
    const vireo__client *c = vireo__client_of(s);
    return c != NULL ? c->options.user : NULL;
}

void vireo_set_reconnect(vireo_socket *s, bool on)
{
    if (vireo__client_of(s) != NULL)
        vireo__client_of(s)->manager->reconnection = on;
}

size_t vireo_buffered(const vireo_socket *s)
{
    const vireo__client *c = vireo__client_of(s);
    return c != NULL ? c->unsent_count : 0;
}
