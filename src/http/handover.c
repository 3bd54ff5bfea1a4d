/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* handover.c: a connection whose next request belongs to another worker of the group goes there,
 * with what it has brought:
 *
 *     head is complete -> the mount names another worker -> what was answered before is written
 *       -> the stream becomes a parcel ~~~> a connection there, whose request's head is complete
 *
 * It stays there until it brings a request for somebody else. What is behind the head is either
 * read already, and goes with it, or still in the kernel.
 *
 * What is one of many requests of an HTTP/2 connection cannot go without the others. Its head goes
 * there the same way, with a new connection, and its bytes go over that: a bridge (bridge.h). */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/bridge.h"
#include "http/conn.h"
#include "http/group.h"
#include "http/request.h"
#include "net/tls.h"
#include "net/tls_info.h"

typedef struct handover {
    vireo__parcel parcel;
    vireo_req *request;
    vireo__buf *kept;
    unsigned port;
} handover;

/* Its memory goes to this loop's stock: any of them will do. */
static void drop(vireo_app *app, handover *h)
{
    h->request->app = app;
    vireo__req_free(h->request);
    vireo__parcel_drop(&h->parcel);
    vireo__conn_free_kept(h->kept);
    free(h);
}

static void arrive(void *user, void *given)
{
    vireo_app *app = user;
    handover *h = given;
    vireo__stream *s = vireo__port_adopt(app, h->port, &h->parcel);
    if (s == NULL) {
        drop(app, h);
        return;
    }
    if (h->parcel.early.len > 0 && h->kept == NULL) {
        h->kept = calloc(1, sizeof *h->kept);
        if (h->kept != NULL)
            vireo__buf_init(h->kept, VIREO__BUF_UNLIMITED);
    }
    if (h->parcel.early.len > 0 &&
        (h->kept == NULL ||
         vireo__buf_append(h->kept, h->parcel.early.data, h->parcel.early.len) < 0)) {
        vireo__stream_close(s, VIREO_ENOMEM);
        drop(app, h);
        return;
    }
    vireo__buf_deinit(&h->parcel.early);
    vireo_req *r = h->request;
    vireo__buf *kept = h->kept;
    free(h);
    vireo__conn_adopt(app, s, r, kept);
}

static unsigned port_of(const vireo__stream *s)
{
    while (s->io->carrier != NULL)
        s = s->io->carrier(s);
    return ((const vireo__listening *)vireo__listener_owner(s->listener))->port;
}

/* Takes |h|, and the request from |c|. */
static void send_to(vireo_app *to, vireo__conn *c, handover *h)
{
    vireo_app *app = c->app;
    h->request = c->req;
    h->request->conn = NULL;
    c->req = NULL;
    if (vireo__group_over(app->group)) { /* |to| may be freed already */
        drop(app, h);
        return;
    }
    atomic_fetch_add_explicit(&app->group->load[to->worker], 1, memory_order_relaxed);
    if (vireo__loop_post(to->loop, arrive, to, h) == 0)
        return;
    atomic_fetch_sub_explicit(&app->group->load[to->worker], 1, memory_order_relaxed);
    drop(app, h);
}

static void on_detached(void *user, vireo__parcel *parcel)
{
    vireo__conn *c = user;
    handover *h = calloc(1, sizeof *h);
    if (h == NULL) {
        vireo__conn_free(c);
        vireo__parcel_drop(parcel);
        return;
    }
    *h = (handover){.parcel = *parcel, .kept = c->kept, .port = port_of(c->stream)};
    c->kept = NULL;
    send_to(c->req->user, c, h);
    vireo__conn_free(c);
}

static char *copy_address(const vireo__stream *s)
{
    char text[VIREO__ADDRESS_SIZE];
    vireo__stream_address(s, text, sizeof text);
    return text[0] != '\0' ? strdup(text) : NULL;
}

/* The bridge gets what comes behind the head. It is a connection more, where a client could open
 * any number of them by one. */
static bool carry_over(vireo__conn *c, vireo_app *home)
{
    bool full = vireo__group_connections(c->app->group) >= c->app->options.max_connections;
    handover *h = full ? NULL : calloc(1, sizeof *h);
    if (h == NULL)
        return false;
    h->parcel = (vireo__parcel){.unix_socket = true, .secure = c->stream->secure};
    vireo__buf_init(&h->parcel.early, VIREO__BUF_UNLIMITED);
    if (vireo__bridge_open(c->app, c->stream, &h->parcel.fd) < 0) {
        free(h);
        return false;
    }
    h->parcel.client = copy_address(c->stream);
    h->port = port_of(c->stream);
    vireo__req_carry_tls(c->req, vireo__tls_info_copy(vireo__tls_info(c->stream)));
    c->detached = true;
    send_to(home, c, h);
    return true;
}

/* Whose request it is, stands in its |user| as long as it has no handler. */
bool vireo__conn_hand_over(vireo__conn *c)
{
    vireo_req *r = c->req;
    if (c->app->group == NULL || r->mount == NULL || r->mount->home == NULL)
        return false;
    vireo_app *home = r->mount->home(r->mount->owner, r);
    if (home == NULL || home == c->app)
        return false;
    if (c->single)
        return carry_over(c, home);
    int error = vireo__stream_detach(c->stream, on_detached, c);
    if (error < 0)
        return false; /* it breaks off anyway, or there is an answer: no such session here */
    r->user = home;
    c->moving = true;
    return true;
}
