/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connlog.h: the lines of vireo_log_connections (vireo/log.h), for the floors above. */

#ifndef VIREO_HTTP_CONNLOG_H
#define VIREO_HTTP_CONNLOG_H

#include <stdbool.h>
#include <stdint.h>

#include <vireo/app.h>

/* One line. What is NULL or 0 is left out. All is borrowed for the call. */
typedef struct vireo__conn_event {
    const char *area;  /* of the log; static */
    const char *event; /* "connect", "disconnect" */
    const char *path;
    const char *namespace;
    const char *id;
    const char *address;
    const char *transport;
    const char *by; /* "client", "server", "network" */
    const char *reason;
    const char *description;
    uint64_t code;
    bool over; /* it is a disconnect: the numbers below are told, though they are 0 */
    uint64_t queued;
    uint64_t ms; /* since the handshake */
} vireo__conn_event;

/* vireo__connlog_on tells whether anybody wants such lines. */
bool vireo__connlog_on(const vireo_app *app);
void vireo__connlog_write(vireo_app *app, const vireo__conn_event *e);

#endif
