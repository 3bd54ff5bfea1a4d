/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* process.c: what /proc tells of a process and its descendants: exact run time from each thread's
 * schedstat (user and kernel; the 100 Hz counters of stat where there is none), and memory. */

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

enum { FILE_MAX = 8192, FAMILY_MAX = 4096 };

/* False when it is gone, or may not be read. */
static bool read_file(char out[FILE_MAX], const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, FILE_MAX - 1);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static uint64_t field_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Calls |each| for the numbers among a folder's entries. */
static void for_each_number(const char *folder, void (*each)(pid_t number, void *user), void *user)
{
    DIR *d = opendir(folder);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]))
            each((pid_t)atoi(e->d_name), user);
    closedir(d);
}

/* --- CPU time --------------------------------------------------------------------------------- */

/* What stands behind the name in /proc/PID/stat, which may hold blanks itself. */
static const char *stat_behind_name(char text[FILE_MAX], pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const char *end = read_file(text, path) ? strrchr(text, ')') : NULL;
    return end != NULL ? end + 1 : NULL;
}

typedef struct thread_sum {
    pid_t pid;
    double ns;
} thread_sum;

static void add_thread(pid_t thread, void *user)
{
    thread_sum *sum = user;
    char path[96], text[FILE_MAX];
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", sum->pid, thread);
    if (read_file(text, path))
        sum->ns += strtod(text, NULL);
}

static double cpu_seconds(pid_t pid)
{
    char path[64], text[FILE_MAX];
    thread_sum sum = {.pid = pid};
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    for_each_number(path, add_thread, &sum);
    if (sum.ns > 0)
        return sum.ns / 1e9;
    unsigned long user = 0, system = 0;
    const char *stat = stat_behind_name(text, pid);
    if (stat == NULL ||
        sscanf(stat, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void add_softirqd(pid_t pid, void *user)
{
    double *sum = user;
    char path[64], text[FILE_MAX];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    if (!read_file(text, path) || strncmp(text, "ksoftirqd/", 10) != 0)
        return;
    *sum = (*sum < 0 ? 0 : *sum) + cpu_seconds(pid);
}

/* --- a process and its descendants ------------------------------------------------------------ */

typedef struct family {
    struct {
        pid_t pid, parent;
    } all[FAMILY_MAX];
    size_t count;
} family;

static void note_parent(pid_t pid, void *user)
{
    family *f = user;
    char text[FILE_MAX];
    int parent = 0;
    const char *stat = stat_behind_name(text, pid);
    if (stat == NULL || f->count == FAMILY_MAX || sscanf(stat, " %*c %d", &parent) != 1)
        return;
    f->all[f->count].pid = pid;
    f->all[f->count++].parent = parent;
}

static void add_memory(server_use *use, pid_t pid)
{
    char path[64], text[FILE_MAX];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    if (!read_file(text, path))
        return;
    use->rss_kb += field_of(text, "\nRss:");
    use->pss_kb += field_of(text, "\nPss:");
}

static void add_family(server_use *use, const family *f, pid_t pid)
{
    use->cpu_s += cpu_seconds(pid);
    add_memory(use, pid);
    for (size_t i = 0; i < f->count; i++)
        if (f->all[i].parent == pid)
            add_family(use, f, f->all[i].pid);
}

static uint64_t kernel_memory_kb(void)
{
    char text[FILE_MAX];
    uint64_t kb = 0;
    if (read_file(text, "/proc/meminfo"))
        kb += field_of(text, "\nSlab:");
    if (read_file(text, "/proc/net/sockstat")) {
        const char *tcp = strstr(text, "\nTCP:");
        kb += tcp != NULL ? field_of(tcp, " mem ") * (uint64_t)sysconf(_SC_PAGESIZE) / 1024 : 0;
    }
    return kb;
}

server_use process_look(pid_t pid)
{
    server_use use = {.softirqd_s = -1};
    if (pid == 0)
        return use;
    family f = {0};
    for_each_number("/proc", note_parent, &f);
    add_family(&use, &f, pid);
    for_each_number("/proc", add_softirqd, &use.softirqd_s);
    use.kernel_kb = kernel_memory_kb();
    return use;
}
