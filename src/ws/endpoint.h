/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* endpoint.h: how <vireo/ws.h> lies in memory. A connection is one piece of it:
 *
 *     | vireo_ws | data_size bytes of the user | address, NUL | sub-protocol, NUL |
 */

#ifndef VIREO_WS_ENDPOINT_H
#define VIREO_WS_ENDPOINT_H

#include "base/list.h"
#include "base/parting.h"
#include "ws/conn.h"

struct vireo_ws_endpoint {
    vireo_app *app;
    vireo_ws_options options; /* with the defaults filled in; its texts are the endpoint's own */
    vireo__ws_limits limits;
    vireo__list connections; /* until on_close has returned */
    size_t open;
    vireo_ws *upgrading; /* inside on_upgrade: the connection it will be */
    vireo__part part;    /* of the application */
};

struct vireo_ws {
    vireo__ws conn;
    vireo__list node;
    vireo_ws_endpoint *endpoint;
    struct vireo__subscriber *subscriber; /* topics.c; NULL: it has never subscribed */
    _Alignas(max_align_t) uint8_t data[];
};

_Static_assert(sizeof(vireo_ws) <= 192, "an idle connection is small");

/* vireo__ws_make_frame makes the frame of a message. Returns 0, VIREO_EUTF8 or VIREO_ENOMEM. */
int vireo__ws_make_frame(const void *data, size_t len, bool binary, vireo__shared **frame);

/* vireo__ws_on_parting has |p| told when nothing more can be sent. Returns 0, VIREO_ECLOSED if it
 * is so already, VIREO_ENOMEM. */
int vireo__ws_on_parting(vireo_ws *ws, vireo__parting *p);

/* vireo__ws_leave_topics ends all subscriptions and tells who waits for the end; nothing of
 * topics.c stays behind. */
void vireo__ws_leave_topics(vireo_ws *ws);

#endif
