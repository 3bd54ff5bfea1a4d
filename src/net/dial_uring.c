/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* dial_uring.c: outgoing connections of streams on io_uring. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/uring.h"

static int connect_tcp(const struct sockaddr *to)
{
    int on = 1, fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len =
        to->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (fd < 0)
        return -errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, to, len) == 0 || errno == EINPROGRESS)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    strncpy(to.sun_path, path, sizeof to.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

void vireo__uring_dialled(vireo__uring_stream *s, int result)
{
    int error = 0;
    socklen_t len = sizeof error;
    s->pending--;
    s->armed = false;
    if (s->base.closing) { /* it waits for this */
        vireo__list_remove(&s->link);
        vireo__list_append(&s->base.loop->uring->unsettled, &s->link);
        return;
    }
    if (result < 0)
        error = -result;
    else if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error != 0) {
        vireo__stream_close(&s->base, -error);
        return;
    }
    vireo__dialled_fn on_open = s->on_open;
    s->dialling = false;
    s->early = NULL;
    on_open(&s->base);
}

void vireo__uring_await_open(vireo__uring_stream *s)
{
    vireo__uring *u = s->base.loop->uring;
    struct io_uring_sqe *request = vireo__uring_request(u);
    if (request == NULL) {
        vireo__list_append(&u->unsettled, &s->link);
        return;
    }
    io_uring_prep_poll_add(request, s->fd, POLLOUT);
    vireo__uring_mark(request, s, VIREO__URING_DIAL);
    s->armed = true;
    s->pending++;
}

/* A failure at once is told as a later one is: by on_close. */
vireo__stream *vireo__uring_dial(vireo_loop *loop, const vireo__dial_address *to,
                                 vireo__dialled_fn on_open, const vireo__stream_events *events,
                                 void *owner)
{
    vireo__stream *base = vireo__uring_new_stream(loop, to->unix_path != NULL);
    vireo__uring_stream *s = (vireo__uring_stream *)base;
    if (s == NULL)
        return NULL;
    vireo__stream_set_events(base, events, owner);
    s->on_open = on_open;
    s->dialling = true;
    int fd = to->unix_path != NULL ? connect_unix(to->unix_path) : connect_tcp(to->tcp);
    if (fd < 0) {
        vireo__stream_close(base, fd);
        return base;
    }
    s->fd = fd;
    vireo__list_append(&loop->uring->unsettled, &s->link);
    return base;
}
