/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* streams.h: what an implementation of streams gives to the rest of net/: listeners and outgoing
 * connections whose streams carry its vireo__stream_io. All that a loop accepts is of one kind.
 *
 *     listen.c, stream.c                 addresses, sockets, queues, ends: the same for all
 *     ------------------ this header, vireo__stream_io
 *     tcp_uv.c                           libuv, everywhere
 *     uring.c tcp_uring.c accept_uring.c io_uring, where the kernel lets us
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
    size_t listener_size; /* of its own struct, in which vireo__listener stands first */
    /* listen takes l->fd, a bound socket, in any case, and accepts its connections.
     * Returns 0, or a negative number; then, and later after close, it calls
     * vireo__listener_closed, not before it returned. */
    int (*listen)(vireo__listener *l, int backlog);
    void (*close)(vireo__listener *l);
} vireo__streams;

extern const vireo__streams vireo__streams_uv;

/* vireo__streams_uring opens a ring for the loop, once; |*out| is NULL when that does not work
 * here. Returns 0 or VIREO_ENOMEM. */
int vireo__streams_uring(const vireo__streams **out, vireo_loop *loop);

/* vireo__streams_of chooses, the first time, and returns what the loop's streams are of; NULL when
 * memory runs out. */
const vireo__streams *vireo__streams_of(vireo_loop *loop);

struct vireo__listener {
    const vireo__streams *streams;
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
    int fd;                /* the implementation's; -1: none, it is fed */
    vireo__turn_task last; /* of one that is fed */
    bool is_unix;
    bool open; /* vireo__listener_closed is still to come */
    bool closing;
};

/* vireo__listener_add counts a new stream among the listener's; it has no events yet but an
 * on_close that does nothing. */
void vireo__listener_add(vireo__listener *l, vireo__stream *s);

/* vireo__listener_remove: a stream of it (NULL: of none) is freed. */
void vireo__listener_remove(vireo__listener *l);

/* vireo__listener_closed: the implementation has let go of it. */
void vireo__listener_closed(vireo__listener *l);

#endif
