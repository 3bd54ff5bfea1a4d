/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ports.c: the ports of a group. One listener of the main thread accepts for all, whatever it
 * stands on: a port that the system has chosen, a unix socket, a descriptor of systemd's. Each
 * connection goes to the worker with the fewest, so that few of them, which stay for hours, are
 * spread evenly; a hash over addresses (SO_REUSEPORT) spreads only many. And a worker that is busy
 * keeps nobody waiting at the door of the others. */

#include <stdlib.h>

#include <vireo/error.h>

#include "http/conn.h"
#include "http/group.h"
#include "net/tls.h"

/* --- accepting -------------------------------------------------------------------------------- */

/* A connection that was accepted, on its way to a worker. */
typedef struct arrival {
    vireo__port *port;
    unsigned worker;
    vireo__parcel parcel;
} arrival;

static unsigned load_of(const vireo__group *g, unsigned worker)
{
    return atomic_load_explicit(&g->load[worker], memory_order_relaxed);
}

/* The one with the fewest; of several, the next in turn. */
static unsigned choose(vireo__group *g)
{
    unsigned best = (g->last + 1) % g->count;
    for (unsigned i = 1; i < g->count; i++) {
        unsigned next = (g->last + 1 + i) % g->count;
        if (load_of(g, next) < load_of(g, best))
            best = next;
    }
    return g->last = best;
}

static void leave(arrival *a)
{
    atomic_fetch_sub_explicit(&a->port->group->load[a->worker], 1, memory_order_relaxed);
    free(a);
}

static vireo__listener *listener_of(const vireo_app *app, unsigned port)
{
    for (const vireo__list *at = app->listeners.next; at != &app->listeners; at = at->next) {
        const vireo__listening *l = vireo__container(at, vireo__listening, node);
        if (l->port == port)
            return l->listener;
    }
    return NULL;
}

vireo__stream *vireo__port_adopt(vireo_app *app, unsigned port, vireo__parcel *parcel)
{
    vireo__listener *l = listener_of(app, port);
    if (l != NULL)
        return vireo__listener_adopt(l, parcel);
    atomic_fetch_sub_explicit(&app->group->load[app->worker], 1, memory_order_relaxed);
    vireo__parcel_drop(parcel);
    return NULL;
}

/* On the worker's thread. */
static void arrive(void *app, void *user)
{
    arrival *a = user;
    vireo__stream *s = vireo__port_adopt(app, a->port->number, &a->parcel);
    free(a);
    if (s != NULL)
        vireo__listener_enter(s->listener, s);
}

static void on_detached(void *user, vireo__parcel *parcel)
{
    arrival *a = user;
    vireo_app *app = a->port->group->apps[a->worker];
    a->parcel = *parcel;
    if (vireo__loop_post(app->loop, arrive, app, a) == 0)
        return;
    vireo__parcel_drop(&a->parcel);
    leave(a);
}

static void on_lost(vireo__stream *s, int error)
{
    (void)error;
    if (s->owner != NULL)
        leave(s->owner);
}

static bool has_room(const vireo__group *g)
{
    return vireo__group_connections(g) < g->apps[0]->options.max_connections;
}

static void on_accept(vireo__listener *l, vireo__stream *s)
{
    static const vireo__stream_events events = {.on_close = on_lost};
    vireo__port *port = vireo__listener_owner(l);
    arrival *a = has_room(port->group) ? malloc(sizeof *a) : NULL;
    vireo__stream_set_events(s, &events, a);
    if (a == NULL) {
        vireo__stream_close(s, 0);
        return;
    }
    *a = (arrival){.port = port, .worker = choose(port->group)};
    atomic_fetch_add_explicit(&port->group->load[a->worker], 1, memory_order_relaxed);
    if (vireo__stream_detach(s, on_detached, a) < 0)
        vireo__stream_close(s, 0);
}

/* --- listening -------------------------------------------------------------------------------- */

typedef struct opening {
    vireo__port *port;
    vireo_listen_options where;
} opening;

static int open_port(void *user)
{
    const opening *now = user;
    vireo__port *port = now->port;
    int error =
        vireo__listener_open(&port->listener, port->group->loop, &now->where, on_accept, port);
    if (error < 0)
        return error;
    vireo__list_append(&port->group->ports, &port->node);
    port->group->open_ports++;
    return 0;
}

/* The first worker opens the port, the others find it: those of each are counted. */
static int find_port(vireo_app *app, const vireo_listen_options *o, vireo__port **out)
{
    vireo__group *g = app->group;
    vireo__list *at = g->ports.next;
    for (unsigned i = 0; i < app->ports && at != &g->ports; i++)
        at = at->next;
    if (at != &g->ports) {
        *out = vireo__container(at, vireo__port, node);
        return 0;
    }
    vireo__port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return VIREO_ENOMEM;
    *port = (vireo__port){.group = g, .number = app->ports};
    opening now = {port, *o};
    now.where.tls = NULL; /* what TLS and proxies say is the workers' matter */
    now.where.proxy_protocol = false;
    int error = vireo__group_call(g, open_port, &now);
    if (error < 0) {
        free(port);
        return error;
    }
    port->tls = o->tls != NULL ? vireo__tls_ref(o->tls) : NULL;
    *out = port;
    return 0;
}

static int listen_here(vireo_app *app, const vireo_listen_options *o, vireo__port *port)
{
    vireo_listen_options where = *o;
    vireo__listening *l = malloc(sizeof *l);
    if (l == NULL)
        return VIREO_ENOMEM;
    *l = (vireo__listening){
        .app = app, .port = port->number, .http2 = o->http2 && port->tls == NULL};
    where.tls = port->tls; /* one for all: its tickets count everywhere */
    int error = vireo__listener_open_fed(&l->listener, app->loop, &where, vireo__conn_accept, l,
                                         &app->group->load[app->worker]);
    if (error < 0) {
        free(l);
        return error;
    }
    vireo__list_append(&app->listeners, &l->node);
    app->ports++;
    if (app->port == 0)
        app->port = vireo__listener_port(port->listener);
    return 0;
}

int vireo__group_listen(vireo_app *app, const vireo_listen_options *o)
{
    vireo__port *port;
    int error = find_port(app, o, &port);
    if (error == 0)
        error = listen_here(app, o, port);
    if (error == VIREO_ENOMEM)
        vireo__error_set(o->error, error, "%s", vireo_strerror(error));
    return error;
}

static void on_gone(void *owner)
{
    vireo__port *port = owner;
    port->listener = NULL;
    port->group->open_ports--;
}

void vireo__group_close_ports(vireo__group *g)
{
    for (vireo__list *at = g->ports.next; at != &g->ports; at = at->next) {
        const vireo__port *port = vireo__container(at, vireo__port, node);
        if (port->listener != NULL)
            vireo__listener_close(port->listener, on_gone);
    }
}
