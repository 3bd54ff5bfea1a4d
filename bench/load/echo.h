/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* echo.h: what both ways of echoing share: frames of a WebSocket (echo.c), packets in the bodies of
 * requests (polling.c). */

#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "load.h"

#define ECHO_SEPARATOR 0x1e /* between the packets of a body */

void echo_prepare(load *l);
void echo_begin(load *l);
void echo_on_message(conn *c, const uint8_t *text, size_t n);

/* echo_take_due returns the frames that are due on |c| and counts them as sent now; |*len| 0: there
 * are none. */
const uint8_t *echo_take_due(conn *c, size_t *len);

#endif
