/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* activate: starts a program as systemd does when a socket is activated.
 *
 *     activate NAME=tcp NAME=unix:PATH .. -- PROGRAM ARGUMENTS
 *
 * opens a listening socket for each name (tcp: a free port of 127.0.0.1), as the descriptors 3 and
 * following, and becomes the program. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_tcp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 16) < 0)
        fail("tcp");
    return fd;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 16) < 0)
        fail(path);
    return fd;
}

int main(int argc, char **argv)
{
    char names[256] = "", number[32];
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        char *kind = strchr(argv[at], '=');
        if (kind == NULL)
            return 2;
        *kind++ = '\0';
        int fd = strcmp(kind, "tcp") == 0 ? listen_tcp() : listen_unix(kind + strlen("unix:"));
        if (dup2(fd, 2 + at) < 0) /* it is that one already, unless somebody left one open */
            fail("dup2");
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ":" : "", argv[at]);
    }
    if (at + 1 >= argc)
        return 2;
    snprintf(number, sizeof number, "%d", at - 1);
    setenv("LISTEN_FDS", number, 1);
    setenv("LISTEN_FDNAMES", names, 1);
    snprintf(number, sizeof number, "%ld", (long)getpid());
    setenv("LISTEN_PID", number, 1);
    execv(argv[at + 1], argv + at + 1);
    return fail(argv[at + 1]);
}
