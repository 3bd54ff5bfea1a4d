/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* accept_uring.c: listeners and outgoing connections of streams on io_uring.
 *
 * The ring tells that somebody waits; accept(2) takes as many as a turn may have. A request that
 * accepts all by itself would in a flood take them faster than they are handled, and each holds a
 * descriptor: those who wait shall wait in the kernel's queue. */

#include <errno.h>
#include <fcntl.h>
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

/* --- accepting -------------------------------------------------------------------------------- */

static void look_at(uring_listener *l)
{
    vireo__list_remove(&l->link);
    vireo__list_append(&l->base.loop->uring->listeners, &l->link);
}

static int accept_one(uring_listener *l)
{
    int fd = accept4(l->base.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* There is no descriptor for it. If it were left waiting, we would be told of it again and again.
 */
static void refuse(uring_listener *l)
{
    if (l->spare >= 0)
        close(l->spare);
    int fd = accept_one(l);
    if (fd >= 0)
        close(fd);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Returns whether there may be more. */
static bool take_one(uring_listener *l)
{
    int fd = accept_one(l);
    if (fd == -EMFILE || fd == -ENFILE) {
        refuse(l);
        return true;
    }
    if (fd < 0)
        return fd == -EINTR || fd == -ECONNABORTED;
    vireo__stream *s = vireo__uring_new_stream(l->base.loop, l->base.is_unix);
    if (s == NULL) {
        close(fd);
        return true;
    }
    vireo__uring_open_stream(s, fd);
    vireo__listener_add(&l->base, s);
    vireo__listener_enter(&l->base, s);
    return true;
}

void vireo__uring_acceptable(uring_listener *l)
{
    l->armed = false;
    for (int i = 0; i < VIREO__ACCEPTS_PER_TURN && !l->base.closing; i++)
        if (!take_one(l))
            break;
    look_at(l);
}

static void finish(uring_listener *l)
{
    vireo__uring *u = l->base.loop->uring;
    close(l->base.fd);
    if (l->spare >= 0)
        close(l->spare);
    vireo__uring_count(u, -1);
    vireo__listener_closed(&l->base);
}

void vireo__uring_settle_listener(uring_listener *l)
{
    vireo__uring *u = l->base.loop->uring;
    if (l->base.closing && (!l->armed || u->dead)) {
        finish(l);
    } else if (l->base.closing && !l->cancelled) {
        l->cancelled = vireo__uring_cancel(u, l, URING_ACCEPT);
        if (!l->cancelled)
            look_at(l);
    } else if (!l->base.closing && !l->armed) {
        struct io_uring_sqe *request = vireo__uring_request(u);
        if (request == NULL) {
            look_at(l);
            return;
        }
        io_uring_prep_poll_add(request, l->base.fd, POLLIN);
        vireo__uring_mark(request, l, URING_ACCEPT);
        l->armed = true;
    }
}

int vireo__uring_listen(vireo__listener *base, int backlog)
{
    uring_listener *l = (uring_listener *)base;
    (void)backlog;
    fcntl(base->fd, F_SETFL, fcntl(base->fd, F_GETFL) | O_NONBLOCK);
    vireo__list_init(&l->link);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    base->open = true;
    vireo__uring_count(base->loop->uring, 1);
    look_at(l);
    return 0;
}

void vireo__uring_close_listener(vireo__listener *base)
{
    look_at((uring_listener *)base);
}

/* --- dialling --------------------------------------------------------------------------------- */

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

void vireo__uring_dialled(uring_stream *s, int result)
{
    int error = 0;
    socklen_t len = sizeof error;
    s->pending--;
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

/* A failure at once is told as a later one is: by on_close. */
vireo__stream *vireo__uring_dial(vireo_loop *loop, const vireo__dial_address *to,
                                 vireo__dialled_fn on_open, const vireo__stream_events *events,
                                 void *owner)
{
    vireo__stream *base = vireo__uring_new_stream(loop, to->unix_path != NULL);
    uring_stream *s = (uring_stream *)base;
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
    struct io_uring_sqe *request = vireo__uring_request(loop->uring);
    if (request == NULL) {
        vireo__stream_close(base, VIREO_ENOMEM);
        return base;
    }
    io_uring_prep_poll_add(request, fd, POLLOUT);
    vireo__uring_mark(request, s, URING_DIAL);
    s->pending++;
    return base;
}
