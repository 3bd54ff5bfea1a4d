/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bench_server.c: what /proc tells of the server's process (--pid):
 *
 *     /proc/PID/statm                   "size resident .."      pages
 *     /proc/PID/task/TID/schedstat      "running waiting .."    nanoseconds, exact
 *     /proc/PID/stat                    utime, stime            ticks of 10 ms, if there is no
 * other
 */

#include <dirent.h>
#include <unistd.h>

#include "cli/bench.h"

static bool read_memory(uint64_t pid, bench_server_use *use)
{
    char path[64];
    unsigned long long pages = 0;
    snprintf(path, sizeof path, "/proc/%llu/statm", (unsigned long long)pid);
    FILE *in = fopen(path, "r");
    bool known = in != NULL && fscanf(in, "%*u %llu", &pages) == 1;
    if (in != NULL)
        fclose(in);
    use->bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    return known;
}

/* The time on a processor of all threads that there are. */
static bool read_schedstat(uint64_t pid, bench_server_use *use)
{
    char path[64];
    unsigned long long all = 0;
    snprintf(path, sizeof path, "/proc/%llu/task", (unsigned long long)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *e; tasks != NULL && (e = readdir(tasks)) != NULL;) {
        unsigned long long running = 0;
        char name[400];
        snprintf(name, sizeof name, "%s/%s/schedstat", path, e->d_name);
        FILE *in = e->d_name[0] != '.' ? fopen(name, "r") : NULL;
        if (in != NULL && fscanf(in, "%llu", &running) == 1)
            all += running;
        if (in != NULL)
            fclose(in);
    }
    if (tasks != NULL)
        closedir(tasks);
    use->cpu_us = (double)all / 1000;
    return all > 0;
}

static void read_ticks(uint64_t pid, bench_server_use *use)
{
    char path[64];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
    FILE *in = fopen(path, "r");
    if (in != NULL &&
        fscanf(in, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
               &system) == 2)
        use->cpu_us = (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
    if (in != NULL)
        fclose(in);
}

bool bench_look_at_server(uint64_t pid, bench_server_use *use)
{
    *use = (bench_server_use){0};
    if (!read_memory(pid, use))
        return false;
    if (!read_schedstat(pid, use))
        read_ticks(pid, use);
    return true;
}
