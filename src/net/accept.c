/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* accept.c: how listeners accept, the same for all kinds of streams.
 *
 * libuv watches the socket, on io_uring too: a request in the ring would hold it for a while after
 * the process was killed, and with it the port that the next one wants. One that accepts by itself
 * would besides, in a flood, take connections faster than they are handled, a descriptor for each.
 *
 * A turn takes so many that those who are inside have their share of it; the others wait in the
 * kernel's queue. They wait there too when there is no descriptor for another connection: the
 * listener looks away until one of its streams has gone, or for a moment, since what is missing may
 * be with somebody else. Nobody is turned away, and nothing is asked for in vain turn after turn.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/streams.h"

#ifdef SOCK_NONBLOCK
static int accept_one(const vireo__listener *l)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
#else
static int accept_one(const vireo__listener *l)
{
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}
#endif

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void watch(vireo__listener *l)
{
    uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
}

static void on_pause_over(vireo__deadline *d)
{
    watch(vireo__container(d, vireo__listener, pause));
}

void vireo__listener_resume(vireo__listener *l)
{
    if (!vireo__deadline_running(&l->pause))
        return;
    vireo__deadline_stop(&l->pause);
    watch(l);
}

static void look_away(vireo__listener *l, int why)
{
    if (vireo__deadline_start(l->loop, &l->pause, VIREO__ACCEPT_PAUSE_MS, on_pause_over) < 0)
        return;
    uv_poll_stop(&l->poll);
    if (!l->short_of)
        vireo__log_line(&l->loop->log, VIREO_WARN, "net",
                        "connections have to wait before they are accepted: %s",
                        vireo_strerror(why));
    l->short_of = true;
}

static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

static void take(vireo__listener *l, int fd)
{
    const vireo__streams *streams = l->loop->streams;
    vireo__stream *s = streams->new_stream(l->loop, l->is_unix);
    if (s == NULL) {
        close(fd);
        return;
    }
    vireo__listener_add(l, s);
    int error = streams->open_stream(s, fd);
    if (error == 0) {
        vireo__listener_enter(l, s);
        return;
    }
    close(fd);
    vireo__stream_close(s, error);
}

/* Returns whether there may be more. */
static bool take_one(vireo__listener *l)
{
    int fd = accept_one(l);
    if (fd >= 0)
        take(l, fd);
    else if (is_shortage(fd))
        look_away(l, fd);
    else if (fd == -EAGAIN)
        l->short_of = false; /* nobody waits any more */
    return fd >= 0 || fd == -EINTR || fd == -ECONNABORTED;
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    vireo__listener *l = vireo__container(poll, vireo__listener, poll);
    (void)status; /* accept4 knows better */
    (void)events;
    for (int i = 0; i < VIREO__ACCEPTS_PER_TURN && !l->closing; i++)
        if (!take_one(l))
            break;
}

int vireo__listener_begin(vireo__listener *l)
{
    int error = uv_poll_init(l->loop->uv, &l->poll, l->fd);
    if (error == 0)
        watch(l);
    return error;
}

static void on_closed(uv_handle_t *handle)
{
    vireo__listener *l = vireo__container((uv_poll_t *)handle, vireo__listener, poll);
    close(l->fd);
    vireo__listener_closed(l);
}

void vireo__listener_cease(vireo__listener *l)
{
    uv_close((uv_handle_t *)&l->poll, on_closed);
}
