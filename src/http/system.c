/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* system.c: what the system allows us: found out, raised where that is ours to do, and told
 * (advice.c). */

#include <stdio.h>

#include <sys/resource.h>

#include "http/advice.h"
#include "http/app.h"

/* The first |count| numbers of a file; 0 for what is not there. */
static void read_numbers(const char *path, uint64_t *out, size_t count)
{
    FILE *file = fopen(path, "re");
    for (size_t i = 0; i < count; i++) {
        unsigned long long number = 0;
        out[i] = file != NULL && fscanf(file, "%llu", &number) == 1 ? number : 0;
    }
    if (file != NULL)
        fclose(file);
}

/* What the administrator has granted is there to be used: the lower limit is for programs that
 * select(2), which we do not. Returns how many descriptors may be open then. */
static uint64_t raise_descriptors(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    rlim_t before = limit.rlim_cur;
    if (before < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : (rlim_t)wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            return before;
    }
    return limit.rlim_cur;
}

static uint64_t memory(void)
{
    uint64_t total = uv_get_total_memory();
    uint64_t ours = uv_get_constrained_memory();
    return ours > 0 && ours < total ? ours : total;
}

void vireo__system_prepare(vireo_app *app, int backlog)
{
    char lines[VIREO__ADVICE_LINES][VIREO__ADVICE_SIZE];
    uint64_t ports[2];
    uint32_t max = app->options.max_connections;
    vireo__facts facts = {
        .descriptors = raise_descriptors((uint64_t)max + VIREO__SPARE_DESCRIPTORS),
        .memory = memory(),
        .max_connections = max,
        .backlog = backlog > 0 ? (uint64_t)backlog : VIREO__DEFAULT_BACKLOG,
    };
    read_numbers("/proc/sys/net/core/somaxconn", &facts.somaxconn, 1);
    read_numbers("/proc/sys/net/ipv4/ip_local_port_range", ports, 2);
    facts.ports = ports[1] > ports[0] ? ports[1] - ports[0] + 1 : 0;
    size_t count = vireo__advise(&facts, lines);
    for (size_t i = 0; i < count; i++)
        vireo__log_line(&app->loop->log, VIREO_INFO, "http", "%s", lines[i]);
}
