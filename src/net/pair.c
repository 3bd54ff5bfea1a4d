/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/pair.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/streams.h"

static void ignore_close(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static vireo__stream *open_near(vireo_loop *loop, int fd)
{
    static const vireo__stream_events unheard = {.on_close = ignore_close};
    const vireo__streams *streams = vireo__streams_of(loop);
    vireo__stream *s = streams != NULL ? streams->new_stream(loop, true) : NULL;
    if (s == NULL)
        return NULL;
    vireo__stream_set_events(s, &unheard, NULL);
    int error = streams->open_stream(s, fd);
    if (error == 0)
        return s;
    vireo__stream_close(s, error);
    return NULL;
}

vireo__stream *vireo__pair_open(vireo_loop *loop, const vireo__stream_events *events, void *owner,
                                int *far)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        return NULL;
    vireo__stream *s = open_near(loop, fds[0]);
    if (s == NULL) {
        close(fds[0]);
        close(fds[1]);
        return NULL;
    }
    vireo__stream_set_events(s, events, owner);
    *far = fds[1];
    return s;
}
