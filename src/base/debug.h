/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* debug.h: what the library says about its own doings, area by area, under the names that users of
 * Node know: VIREO_DEBUG=engine*,-engine:socket. Where an area is off, its lines cost a branch. */

#ifndef VIREO_BASE_DEBUG_H
#define VIREO_BASE_DEBUG_H

#include "base/log.h"
#include "base/str.h"

/* Bits of a mask. The names stand in debug.c. */
enum vireo__debug_area {
    VIREO__DEBUG_HTTP = 1,
    VIREO__DEBUG_ENGINE = 2,
    VIREO__DEBUG_ENGINE_SOCKET = 4,
    VIREO__DEBUG_CLIENT = 8,
    VIREO__DEBUG_SOCKET = 16,
    VIREO__DEBUG_PARSER = 32,
};

/* vireo__debug_mask reads a list of patterns as npm's debug does: names apart by commas or spaces,
 * '*' stands for any text, a '-' in front takes away what another pattern has given. NULL: 0. */
unsigned vireo__debug_mask(const char *patterns);

/* vireo__debug_line writes a line of one area, to stderr where the program has no logger. */
void vireo__debug_line(const vireo__log *log, enum vireo__debug_area area, const char *format, ...)
    VIREO_PRINTF(3, 4);

/* How much of a packet, and of an id, is shown: an id opens its session to whoever knows it. */
#define VIREO__DEBUG_PACKET 200
#define VIREO__DEBUG_ID     4

/* vireo__debug_cut returns the begin of a text, at most |max| bytes, for "%.*s"; it does not end
 * inside a character. */
int vireo__debug_cut(const void *text, size_t len, size_t max);

#endif
