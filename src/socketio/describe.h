/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* describe.h: a socket as others see it, in the form in which servers tell each other:
 *
 *     {"id":..,"handshake":{"headers":{..},"time":..,"address":..,"xdomain":..,"secure":..,
 *      "issued":..,"url":..,"query":{..},"auth":{..}},"rooms":[..],"data":{..}} */

#ifndef VIREO_SOCKETIO_DESCRIBE_H
#define VIREO_SOCKETIO_DESCRIBE_H

#include <vireo/socket.h>

#include "base/buf.h"

/* vireo__describe appends the description of |s|. Calls the namespace's |describe|. */
int vireo__describe(vireo__buf *out, vireo_socket *s);

/* vireo__describe_data appends what |describe| gives for |s|: one JSON value, {} without it. */
int vireo__describe_data(vireo__buf *out, vireo_socket *s);

/* vireo__describe_all appends the descriptions of all local sockets in |to|, as an array. */
int vireo__describe_all(vireo__buf *out, const vireo_to *to);

#endif
