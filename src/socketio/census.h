/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* census.h: answers of the HTTP API (api.c) that count sockets: those of all workers, which are one
 * server (http/gather.h). */

#ifndef VIREO_SOCKETIO_CENSUS_H
#define VIREO_SOCKETIO_CENSUS_H

#include <vireo/http.h>
#include <vireo/socket.h>

/* vireo__census_sent answers {"sent": N} for what was sent to |to| (borrowed for the call), by this
 * worker to |sent| sockets. Returns what a handler should. */
int vireo__census_sent(vireo_req *r, const vireo_to *to, int sent);

/* vireo__census_namespaces answers {"namespaces": [{"name", "sockets"} ..]}. */
int vireo__census_namespaces(vireo_req *r, const vireo_io *io);

#endif
