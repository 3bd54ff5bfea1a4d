/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* guests.h: raw WebSockets and event streams in the rooms of a namespace. A broadcast that reaches
 * the sockets of a room reaches its guests too, each kind in its own framing, encoded once. */

#ifndef VIREO_SOCKETIO_GUESTS_H
#define VIREO_SOCKETIO_GUESTS_H

#include <vireo/socket.h>

#include "socketio/message.h"

typedef struct vireo__guests vireo__guests;

void vireo__guests_free(vireo__guests *guests); /* all have left; NULL is allowed */

/* vireo__guests_broadcast sends an event to the guests among |to|. Returns how many it was queued
 * for. */
int vireo__guests_broadcast(const vireo_to *to, const vireo__sio_message *message);

#endif
