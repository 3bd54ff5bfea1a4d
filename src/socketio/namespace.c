/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* namespace.c: namespaces, and clients that join them. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

/* --- registration ----------------------------------------------------------------------------- */

static char *full_name(const char *name)
{
    size_t len = strlen(name);
    size_t slash = name[0] != '/';
    if (len + slash > VIREO__NAMESPACE_NAME_MAX || strchr(name, ',') != NULL)
        return NULL;
    char *full = malloc(len + slash + 1);
    if (full == NULL)
        return NULL;
    full[0] = '/';
    memcpy(full + slash, name, len + 1);
    return full;
}

/* The first row for an event counts. */
static int index_handlers(vireo_ns *ns)
{
    for (const vireo_event_handler *h = ns->options.events; h != NULL && h->event != NULL; h++) {
        size_t len = strlen(h->event);
        if (vireo__map_get(&ns->handlers, h->event, len) == NULL &&
            vireo__map_put(&ns->handlers, h->event, len, (void *)(uintptr_t)h) < 0)
            return VIREO_ENOMEM;
    }
    return 0;
}

void vireo__ns_free(vireo_ns *ns)
{
    if (ns->adapter != NULL)
        ns->adapter->ops->free(ns->adapter);
    vireo__map_deinit(&ns->handlers);
    vireo__map_deinit(&ns->sockets);
    vireo__map_deinit(&ns->acks);
    free(ns->name);
    free(ns);
}

static vireo_ns *new_namespace(vireo_io *io, char *name, const vireo_ns_options *options)
{
    vireo_ns *ns = calloc(1, sizeof *ns);
    if (ns == NULL) {
        free(name);
        return NULL;
    }
    ns->io = io;
    ns->name = name;
    memcpy(&ns->options, options,
           options->size < sizeof ns->options ? options->size : sizeof ns->options);
    vireo__list_init(&ns->list);
    vireo__map_init(&ns->handlers, io->loop->hash_key);
    vireo__map_init(&ns->sockets, io->loop->hash_key);
    vireo__map_init(&ns->acks, io->loop->hash_key);
    ns->adapter = vireo__adapter_memory_new(ns);
    if (ns->adapter == NULL || index_handlers(ns) < 0 ||
        vireo__map_put(&io->namespaces, name, strlen(name), ns) < 0) {
        vireo__ns_free(ns);
        return NULL;
    }
    return ns;
}

vireo_ns *vireo_ns_create(vireo_app *app, const char *name, const vireo_ns_options *options)
{
    vireo_io *io = vireo__io_of(app);
    char *full = io ? full_name(name) : NULL;
    if (full == NULL || options->data_size > VIREO__DATA_SIZE_MAX ||
        vireo__ns_find(io, vireo__str_of(full)) != NULL) {
        free(full);
        return NULL;
    }
    return new_namespace(io, full, options);
}

vireo_ns *vireo__ns_find(const vireo_io *io, vireo__str name)
{
    return vireo__map_get(&io->namespaces, name.at, name.len);
}

/* --- joining ---------------------------------------------------------------------------------- */

static void drop(vireo_socket *s)
{
    s->closed = true;
    s->ns->adapter->ops->leave_all(s->ns->adapter, s);
    vireo__ack_fail_all(s); /* the guard may have asked */
    vireo__socket_bury(s);
}

static void refuse(vireo_socket *s, int error)
{
    vireo__sio_conn *conn = s->conn;
    if (s->refusal == NULL)
        vireo_refuse(s, vireo_strerror(error), NULL);
    bool told = s->refusal != NULL &&
                vireo__socket_send_raw(s, VIREO__SIO_CONNECT_ERROR, vireo__str_of(s->refusal)) !=
                    VIREO_ENOMEM;
    drop(s);
    if (!told) /* a client that hears nothing would wait for ever */
        vireo__sio_conn_close(conn);
}

static int admit(vireo_socket *s)
{
    vireo_ns *ns = s->ns;
    char reply[64] = "{\"sid\":\"";
    strcat(strcat(reply, s->id), "\"}");
    if (vireo__map_put(&ns->sockets, s->id, VIREO__ID_LEN, s) < 0)
        return VIREO_ENOMEM;
    if (vireo__socket_send_raw(s, VIREO__SIO_CONNECT, vireo__str_of(reply)) == VIREO_ENOMEM) {
        vireo__map_remove(&ns->sockets, s->id, VIREO__ID_LEN);
        return VIREO_ENOMEM;
    }
    vireo__list_append(&ns->list, &s->in_ns);
    s->connected = true;
    ns->adapter->ops->add(ns->adapter, s);
    vireo__sio_conn_joined(s->conn);
    if (ns->options.on_connect != NULL)
        ns->options.on_connect(s);
    return 0;
}

void vireo__ns_connect(vireo_ns *ns, vireo__sio_conn *conn, const vireo_value *auth)
{
    vireo_socket *s = vireo__socket_new(ns, conn, auth);
    if (s == NULL) {
        vireo__sio_conn_close(conn);
        return;
    }
    int error = ns->options.guard != NULL ? ns->options.guard(s, vireo_handshake_auth(s)) : 0;
    if (conn->closed) { /* the guard has ended this very connection */
        drop(s);
        return;
    }
    if (error == 0)
        error = admit(s);
    if (error != 0)
        refuse(s, error);
}

/* --- what users ask --------------------------------------------------------------------------- */

vireo_ns *vireo_of(vireo_app *app, const char *name)
{
    const vireo_io *io = *vireo__app_extension(app);
    char *full = io ? full_name(name) : NULL;
    vireo_ns *ns = full ? vireo__ns_find(io, vireo__str_of(full)) : NULL;
    free(full);
    return ns;
}

const char *vireo_ns_name(const vireo_ns *ns)
{
    return ns->name;
}

vireo_app *vireo_ns_app(const vireo_ns *ns)
{
    return ns->io->app;
}

void *vireo_ns_user(const vireo_ns *ns)
{
    return ns->options.user;
}

size_t vireo_ns_count(const vireo_ns *ns)
{
    return ns->sockets.len;
}

vireo_socket *vireo_find(vireo_ns *ns, const char *id)
{
    return id != NULL ? vireo__map_get(&ns->sockets, id, strlen(id)) : NULL;
}
