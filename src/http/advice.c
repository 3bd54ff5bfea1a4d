/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/advice.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t by_descriptors(const vireo__facts *f)
{
    if (f->descriptors == 0)
        return UINT64_MAX;
    return f->descriptors > VIREO__SPARE_DESCRIPTORS ? f->descriptors - VIREO__SPARE_DESCRIPTORS
                                                     : 0;
}

static uint64_t by_memory(const vireo__facts *f)
{
    return f->memory > 0 ? f->memory / VIREO__MEMORY_EACH : UINT64_MAX;
}

static uint64_t by_option(const vireo__facts *f)
{
    return f->max_connections > 0 ? f->max_connections : UINT64_MAX;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t vireo__facts_connections(const vireo__facts *f)
{
    return smaller(smaller(by_descriptors(f), by_memory(f)), by_option(f));
}

static const char *what_limits(const vireo__facts *f, uint64_t connections)
{
    if (connections == by_option(f))
        return "max_connections";
    return connections == by_memory(f) ? "memory, at 16 KiB each"
                                       : "descriptors: ulimit -n, LimitNOFILE of systemd";
}

size_t vireo__advise(const vireo__facts *f, char lines[VIREO__ADVICE_LINES][VIREO__ADVICE_SIZE])
{
    size_t count = 0;
    uint64_t connections = vireo__facts_connections(f);
    if (connections != UINT64_MAX)
        snprintf(lines[count++], VIREO__ADVICE_SIZE,
                 "room for %" PRIu64 " connections (the limit: %s)", connections,
                 what_limits(f, connections));
    if (f->somaxconn > 0 && f->somaxconn < f->backlog)
        snprintf(lines[count++], VIREO__ADVICE_SIZE,
                 "of connections that come at once, %" PRIu64 " can wait, not %" PRIu64
                 ": sysctl net.core.somaxconn",
                 f->somaxconn, f->backlog);
    if (f->ports > 0 && f->ports < connections)
        snprintf(lines[count++], VIREO__ADVICE_SIZE,
                 "a proxy can have %" PRIu64
                 " connections to this port from each of its addresses: sysctl "
                 "net.ipv4.ip_local_port_range",
                 f->ports);
    return count;
}
