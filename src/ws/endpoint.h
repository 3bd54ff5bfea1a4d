/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* endpoint.h: how <vireo/ws.h> lies in memory. A connection is one piece of it:
 *
 *     | vireo_ws | data_size bytes of the user | address, NUL | sub-protocol, NUL |
 */

#ifndef VIREO_WS_ENDPOINT_H
#define VIREO_WS_ENDPOINT_H

#include "base/list.h"
#include "base/news.h"
#include "base/parting.h"
#include "ws/conn.h"

struct vireo_ws_endpoint {
    vireo_app *app;
    vireo_ws_options options; /* with the defaults filled in; its texts are the endpoint's own */
    vireo__ws_limits limits;
    vireo__list connections; /* until on_close has returned */
    size_t open;
    uint64_t opened;     /* so far */
    vireo_ws *upgrading; /* inside on_upgrade: the connection it will be */
    vireo__part part;    /* of the application */
    /* of a group's worker: by which the others' endpoints like this one know it; else NULL */
    char *path;
    vireo__list local; /* .. and its place among those of its loop */
    /* client.c; NULL: an endpoint proper. Otherwise this is only what its one connection refers to
     */
    struct vireo__ws_client *client;
};

struct vireo_ws {
    vireo__ws conn;
    vireo__list node;
    vireo_ws_endpoint *endpoint;
    struct vireo__subscriber *subscriber; /* topics.c; NULL: it has never subscribed */
    _Alignas(max_align_t) uint8_t data[];
};

_Static_assert(sizeof(vireo_ws) <= 160, "an idle connection is small");

/* vireo__ws_address_of returns where the address stands; the sub-protocol follows its NUL. */
static inline char *vireo__ws_address_of(const vireo_ws *ws)
{
    return (char *)(uintptr_t)ws->data + ws->endpoint->options.data_size;
}

/* --- endpoint.c, for client.c --- */

/* vireo__ws_configure copies the options, with the defaults filled in, and makes the limits of
 * them. Returns 0, VIREO_EINVAL (an option is out of its range) or VIREO_ENOMEM; in any case
 * vireo__ws_unconfigure frees what is held. */
int vireo__ws_configure(vireo_ws_endpoint *endpoint, const vireo_ws_options *options);
void vireo__ws_unconfigure(vireo_ws_endpoint *endpoint);

/* What tells the user of a connection's events. */
extern const vireo__ws_events vireo__ws_user_events;

/* --- client.c, for endpoint.c --- */

/* vireo__ws_client_closed is on_close of its connection. */
void vireo__ws_client_closed(struct vireo__ws_client *client, uint16_t code, const char *reason);

/* vireo__ws_client_leave: the user wants the end: there will be no further attempt. Where there is
 * no connection, on_close comes at the end of this turn. */
void vireo__ws_client_leave(struct vireo__ws_client *client);

/* vireo__ws_client_connecting tells whether there is no connection as yet, or again. */
bool vireo__ws_client_connecting(const struct vireo__ws_client *client);

/* --- client.c, for the floors above --- */

/* vireo__ws_client_hold: a connection that we have dialled is part of a session, which has
 * something to say before it goes: the end of the application leaves it alone (its time box does
 * not), until |hold| is false again. */
void vireo__ws_client_hold(vireo_ws *ws, bool hold);

/* --- topics.c, sending --- */

/* vireo__ws_make_frame makes the frame of a message. Returns 0, VIREO_EUTF8 or VIREO_ENOMEM. */
int vireo__ws_make_frame(const void *data, size_t len, bool binary, vireo__shared **frame);

/* vireo__ws_tell_others has |fn| send |frame| on the other workers, if there are any. */
void vireo__ws_tell_others(const vireo_app *app,
                           void (*fn)(vireo_app *app, const vireo__news *news), const char *name,
                           vireo__shared *frame);

/* vireo__ws_on_parting has |p| told when nothing more can be sent. Returns 0, VIREO_ECLOSED if it
 * is so already, VIREO_ENOMEM. */
int vireo__ws_on_parting(vireo_ws *ws, vireo__parting *p);

/* vireo__ws_leave_topics ends all subscriptions and tells who waits for the end; nothing of
 * topics.c stays behind. */
void vireo__ws_leave_topics(vireo_ws *ws);

#endif
