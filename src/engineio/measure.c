/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* measure.c: an Engine.IO server's numbers, for vireo_metrics. */

#include <stdio.h>

#include "engineio/session.h"
#include "http/exposition.h"

static void tell_sessions(const vireo__eio_server *server, vireo__exposition *x)
{
    static const vireo__metric sessions = {"vireo_sessions", "Open sessions of Engine.IO.",
                                           VIREO__GAUGE, VIREO__UNITS},
                               opened = {"vireo_sessions_opened_total", "Sessions opened.",
                                         VIREO__COUNTER, VIREO__UNITS},
                               upgrades = {"vireo_upgrades_total",
                                           "Sessions upgraded from polling to WebSocket.",
                                           VIREO__COUNTER, VIREO__UNITS},
                               slow = {"vireo_sessions_too_slow_total",
                                       "Sessions closed because too much was queued for them.",
                                       VIREO__COUNTER, VIREO__UNITS};
    const vireo__eio_counts *c = &server->counts;
    const char *path = server->options.path;
    vireo__expose(x, &sessions, server->sessions.len - c->websockets,
                  VIREO__LABELS("path", path, "transport", "polling"));
    vireo__expose(x, &sessions, c->websockets,
                  VIREO__LABELS("path", path, "transport", "websocket"));
    vireo__expose(x, &opened, c->opened, VIREO__LABELS("path", path));
    vireo__expose(x, &upgrades, c->upgrades, VIREO__LABELS("path", path));
    vireo__expose(x, &slow, c->too_slow, VIREO__LABELS("path", path));
}

void vireo__eio_measure(const vireo__eio_server *server, vireo__exposition *x)
{
    static const vireo__metric closed = {"vireo_sessions_closed_total",
                                         "Sessions closed, by reason.", VIREO__COUNTER,
                                         VIREO__UNITS},
                               refused = {"vireo_sessions_refused_total",
                                          "Requests refused, by the code of their error.",
                                          VIREO__COUNTER, VIREO__UNITS};
    const vireo__eio_counts *c = &server->counts;
    const char *path = server->options.path;
    tell_sessions(server, x);
    for (size_t i = 0; i < VIREO__REASONS; i++)
        if (c->closed[i] > 0)
            vireo__expose(x, &closed, c->closed[i],
                          VIREO__LABELS("path", path, "reason", vireo__reason_text(i)));
    for (size_t i = 0; i < VIREO__REFUSALS; i++) {
        char code[4];
        snprintf(code, sizeof code, "%u", (unsigned)(i % 10));
        if (c->refused[i] > 0)
            vireo__expose(x, &refused, c->refused[i], VIREO__LABELS("path", path, "code", code));
    }
}
