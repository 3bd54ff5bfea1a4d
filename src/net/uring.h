/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* uring.h: a loop's io_uring (liburing), for tcp_uring.c and dial_uring.c.
 *
 *     turn: tasks -> requests are written into the ring, system calls are not made
 *           flush -> one system call submits them all; sends have been done when it returns
 *     sleep: libuv watches, among its own descriptors, an eventfd that the kernel signals
 *     wake-up: completions are handled
 *
 * The kernel works for the ring only inside our calls (DEFER_TASKRUN): between two of them nothing
 * arrives, and no buffer changes. The ring's own descriptor would not tell of such work (epoll is
 * not woken by it), the eventfd does; it is switched off while nobody sleeps.
 *
 * Bytes that arrive stand in a few large buffers that all streams share. The kernel fills the first
 * one from its beginning to its end, whoever the bytes are for (IOU_PBUF_RING_INC); it is handed
 * out again when it is full and the last of them was delivered:
 *
 *     | stream 7: 43 | stream 2: 90 | stream 7: 43 |          free           |
 *                                                  used
 */

#ifndef VIREO_NET_URING_H
#define VIREO_NET_URING_H

#include <liburing.h>

#include "net/streams.h"

#define VIREO__URING_ENTRIES     512  /* requests submitted with one call */
#define VIREO__URING_COMPLETIONS 4096 /* that may wait to be handled; the kernel keeps more */
#define VIREO__URING_BUFFERS     8
#define VIREO__URING_BUFFER      32768 /* bytes of each */
#define VIREO__URING_VECTORS     4096  /* of all requests that are submitted with one call */

/* What a request is for: the low bits of its user_data, beside the stream. */
enum {
    VIREO__URING_NOTHING,
    VIREO__URING_RECEIVE,
    VIREO__URING_OFFER,
    VIREO__URING_WRITE,
    VIREO__URING_DIAL
};

typedef struct vireo__uring_stream {
    vireo__stream base;
    vireo__list link; /* in one of the ring's lists */
    int fd;
    uint32_t offered;   /* bytes */
    uint32_t later;     /* bytes of write_later */
    int16_t late;       /* what came while it was paused: 1, the end; or an error; 0: nothing */
    uint8_t pending;    /* requests that the kernel, or the ring, has */
    bool started : 1;   /* it shall read */
    bool armed : 1;     /* .. and a request for that is pending */
    bool cancelled : 1; /* .. but shall end */
    bool dropped : 1;   /* all that is pending shall end */
    bool detaching : 1;
    bool dialling : 1;
    union {
        vireo__buf *early; /* what came while it was paused; NULL: nothing */
        vireo__dialled_fn on_open;
    };
} vireo__uring_stream;

typedef struct vireo__uring {
    vireo_loop *loop;
    vireo__loop_part part;
    struct io_uring ring;
    int event;             /* the eventfd */
    uv_poll_t poll;        /* for it */
    uv_idle_t idle;        /* runs while there is something to do and the loop must not sleep */
    int open_handles;      /* of the two */
    unsigned open;         /* streams */
    vireo__list starved;   /* streams for which there was no buffer: they come first */
    vireo__list unsettled; /* streams that the flush has to look at */
    vireo__list ending;    /* streams that are closed when their last completion came */
    struct io_uring_buf_ring *buffers;
    uint8_t *memory; /* of them */
    size_t used[VIREO__URING_BUFFERS];
    struct iovec vectors[VIREO__URING_VECTORS];
    struct msghdr heads[VIREO__URING_ENTRIES];
    unsigned vector_count;
    unsigned head_count;
    int process;
    bool enabled; /* it belongs to the thread that has run the loop */
    bool more;    /* the kernel did not hand out all that it had */
    bool dead;    /* that thread is not ours: there is nothing more to come from the kernel */
} vireo__uring;

/* vireo__uring_request returns a request to be filled in and then marked; NULL when there is no
 * room. */
struct io_uring_sqe *vireo__uring_request(vireo__uring *u);

static inline void vireo__uring_mark(struct io_uring_sqe *request, void *who, unsigned kind)
{
    request->user_data = (uint64_t)(uintptr_t)who | kind;
}

/* vireo__uring_pieces fills |request| with a message of |bufs|. Only for as many as
 * vireo__uring_room has found room for. */
void vireo__uring_pieces(vireo__uring *u, struct io_uring_sqe *request, int fd,
                         const uv_buf_t *bufs, unsigned count, unsigned flags);
bool vireo__uring_room(vireo__uring *u, unsigned vectors);

/* vireo__uring_cancel cancels one request; vireo__uring_cancel_all those for a descriptor. False
 * when there is no room. */
bool vireo__uring_cancel(vireo__uring *u, void *who, unsigned kind);
bool vireo__uring_cancel_all(vireo__uring *u, int fd);

/* vireo__uring_count counts streams: while there are some, uv_run does not return. */
void vireo__uring_count(vireo__uring *u, int change);

/* tcp_uring.c and dial_uring.c */
void vireo__uring_received(vireo__uring_stream *s, int result, uint8_t *bytes, bool more);
void vireo__uring_offered(vireo__uring_stream *s, int result);
void vireo__uring_wrote(vireo__uring_stream *s, int result);
void vireo__uring_await_open(vireo__uring_stream *s);
void vireo__uring_dialled(vireo__uring_stream *s, int result);
void vireo__uring_settle(vireo__uring_stream *s);
vireo__stream *vireo__uring_new_stream(vireo_loop *loop, bool is_unix);
int vireo__uring_open_stream(vireo__stream *s, int fd);
vireo__stream *vireo__uring_dial(vireo_loop *loop, const vireo__dial_address *to,
                                 vireo__dialled_fn on_open, const vireo__stream_events *events,
                                 void *owner);

#endif
