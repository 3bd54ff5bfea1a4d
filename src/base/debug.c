/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/debug.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum vireo__debug_area area;
    const char *name;
} areas[] = {
    {VIREO__DEBUG_HTTP, "http"},
    {VIREO__DEBUG_ENGINE, "engine"},
    {VIREO__DEBUG_ENGINE_SOCKET, "engine:socket"},
    {VIREO__DEBUG_CLIENT, "socket.io:client"},
    {VIREO__DEBUG_SOCKET, "socket.io:socket"},
    {VIREO__DEBUG_PARSER, "socket.io-parser"},
};

enum { AREAS = sizeof areas / sizeof *areas };

/* After a failure behind a '*', that one takes a letter more, and the rest is tried again. */
static bool matches(vireo__str pattern, const char *name)
{
    const char *star = NULL, *at = pattern.at, *end = pattern.at + pattern.len, *resume = NULL;
    while (*name != '\0') {
        if (at < end && *at == '*') {
            star = at++;
            resume = name;
        } else if (at < end && *at == *name) {
            at++;
            name++;
        } else if (star != NULL) {
            at = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}

static unsigned areas_of(vireo__str pattern)
{
    unsigned mask = 0;
    for (size_t i = 0; i < AREAS; i++)
        if (matches(pattern, areas[i].name))
            mask |= areas[i].area;
    return mask;
}

unsigned vireo__debug_mask(const char *patterns)
{
    unsigned on = 0, off = 0;
    for (const char *at = patterns != NULL ? patterns : ""; *at != '\0';) {
        size_t len = strcspn(at, ", ");
        if (len > 0 && *at == '-')
            off |= areas_of((vireo__str){at + 1, len - 1});
        else if (len > 0)
            on |= areas_of((vireo__str){at, len});
        at += len;
        at += strspn(at, ", ");
    }
    return on & ~off;
}

static const char *name_of(enum vireo__debug_area area)
{
    size_t i = 0;
    while (i < AREAS - 1 && areas[i].area != area)
        i++;
    return areas[i].name;
}

void vireo__debug_line(const vireo__log *log, enum vireo__debug_area area, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    vireo__log_text(log, VIREO_DEBUG, name_of(area), text);
}

int vireo__debug_cut(const void *text, size_t len, size_t max)
{
    const unsigned char *bytes = text;
    if (len > max)
        for (len = max; len > 0 && (bytes[len] & 0xc0) == 0x80;)
            len--;
    return (int)len;
}
