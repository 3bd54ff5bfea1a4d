/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* manner.h: how a message goes to each of its receivers: what the flags of a vireo_to say beside
 * who they are. */

#ifndef VIREO_SOCKETIO_MANNER_H
#define VIREO_SOCKETIO_MANNER_H

#include <vireo/socket.h>

#include "socketio/message.h"

typedef struct vireo__manner {
    bool volatile_;
    vireo__str newest; /* its |at| is NULL: older ones stay */
} vireo__manner;

/* vireo__manner_of reads |to|, and marks |message| as it says. */
vireo__manner vireo__manner_of(const vireo_to *to, const vireo__sio_message *message);

/* vireo__manner_takes tells whether |s| gets the message at all. */
bool vireo__manner_takes(const vireo__manner *how, const vireo_socket *s);

/* vireo__manner_send sends it to one socket. Returns 0, VIREO_EFULL (it was left out, or the socket
 * is being closed for it), or what vireo__sio_message_send returns. */
int vireo__manner_send(const vireo__manner *how, vireo_socket *s,
                       const vireo__sio_message *message);

#endif
