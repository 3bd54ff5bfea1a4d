/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* streams.h: what an implementation of streams gives to the rest of net/: accepted and outgoing
 * connections, whose streams carry its vireo__stream_io. All that a loop accepts is of one kind.
 *
 *     listen.c, accept.c, stream.c       listeners, addresses, queues, ends: the same for all
 *     ------------------ this header, vireo__stream_io
 *     tcp_uv.c                           libuv, everywhere
 *     uring.c tcp_uring.c dial_uring.c   io_uring, where the kernel lets us
 *     tcp_common.c                       what both do alike
 */

#ifndef VIREO_NET_STREAMS_H
#define VIREO_NET_STREAMS_H

#include "net/dial.h"
#include "net/gate.h"
#include "net/listener.h"

typedef struct vireo__streams {
    vireo__stream *(*new_stream)(vireo_loop *loop, bool is_unix); /* NULL when memory runs out */
    /* open_stream takes a connected, non-blocking descriptor into a new stream. Returns 0, or a
     * negative number and takes nothing. */
    int (*open_stream)(vireo__stream *s, int fd);
    vireo__stream *(*dial)(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner);
} vireo__streams;

extern const vireo__streams vireo__streams_uv;

/* vireo__streams_uring opens a ring for the loop, once; |*out| is NULL when that does not work
 * here. Returns 0 or VIREO_ENOMEM. */
int vireo__streams_uring(const vireo__streams **out, vireo_loop *loop);

/* vireo__streams_of chooses, the first time, and returns what the loop's streams are of; NULL when
 * memory runs out. */
const vireo__streams *vireo__streams_of(vireo_loop *loop);

struct vireo__listener {
    vireo_loop *loop;
    vireo__accept_fn on_accept;
    vireo__gate *gate; /* NULL: streams need nothing before they are accepted */
    void (*on_gone)(void *owner);
    void *owner;
    vireo__list accepted; /* its streams */
    size_t stream_count;
    size_t crowd;          /* the most there were since memory was given back */
    vireo__turn_task tidy; /* gives it back */
    atomic_uint *load;     /* counted with them; NULL: by nobody */
    char *unix_path;       /* that we have made */
    int fd;                /* -1: none, it is fed */
    uv_poll_t poll;        /* for it */
    vireo__turn_task last; /* of one that is fed */
    vireo__deadline pause; /* accepts nothing until then */
    bool short_of; /* descriptors, since it was last seen that nobody waits; that was told */
    bool is_unix;
    bool open; /* vireo__listener_closed is still to come */
    bool closing;
};

/* vireo__listener_add counts a new stream among the listener's; it has no events yet but an
 * on_close that does nothing. */
void vireo__listener_add(vireo__listener *l, vireo__stream *s);

/* vireo__listener_remove: a stream of it (NULL: of none) is freed. */
void vireo__listener_remove(vireo__listener *l);

/* accept.c */

/* vireo__listener_begin begins to accept from l->fd, a socket that listens and never blocks.
 * Returns 0, or a negative number. */
int vireo__listener_begin(vireo__listener *l);

/* vireo__listener_resume: there may be a descriptor again. */
void vireo__listener_resume(vireo__listener *l);

/* vireo__listener_cease closes l->fd; then vireo__listener_closed is called, not before it
 * returned. */
void vireo__listener_cease(vireo__listener *l);
void vireo__listener_closed(vireo__listener *l);

/* For streams with a descriptor: vireo__stream_io.send_file and peer_address. */
ptrdiff_t vireo__fd_send_file(int to, int fd, uint64_t at, size_t n);
void vireo__fd_peer_address(int fd, char *out, size_t size);

#endif
