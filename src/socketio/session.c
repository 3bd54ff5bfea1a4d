/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.c (socketio): the HTTP session of a socket (vireo/session.h). */

#include "http/session.h"

vireo_session *vireo_socket_session(const vireo_socket *s)
{
    return vireo_handshake_get(s, &vireo__session_key);
}
