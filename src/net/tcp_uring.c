/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tcp_uring.c: streams on io_uring. A stream that reads has one request for all that comes
 * (multishot), which ends by itself when the stream has had its share of a turn, and is renewed at
 * the end of it. What a stream does is decided there too: whoever pauses and goes on within a turn
 * costs nothing.
 *
 * A request names a descriptor by its number: it is closed only when nothing is pending, so that no
 * byte reaches the next connection of that number. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/uring.h"

enum { ENDED = 1 };

static vireo__uring_stream *uring_of(const vireo__stream *s)
{
    return (vireo__uring_stream *)(uintptr_t)s;
}

static void look_at(vireo__uring_stream *s)
{
    vireo__list_remove(&s->link);
    vireo__list_append(&s->base.loop->uring->unsettled, &s->link);
}

/* --- bytes in --------------------------------------------------------------------------------- */

static int read_start(vireo__stream *base)
{
    vireo__uring_stream *s = uring_of(base);
    s->started = true;
    look_at(s);
    return 0;
}

static void read_stop(vireo__stream *base)
{
    vireo__uring_stream *s = uring_of(base);
    s->started = false;
    if (s->armed)
        look_at(s);
}

/* The request ends when half a share came, and what it takes at once is at most the other half. */
static void arm(vireo__uring_stream *s)
{
    vireo_loop *loop = s->base.loop;
    unsigned half = (unsigned)vireo__loop_read_share(loop) / 2;
    struct io_uring_sqe *request = vireo__uring_request(loop->uring);
    if (request == NULL) {
        look_at(s);
        return;
    }
    io_uring_prep_recv_multishot(request, s->fd, NULL,
                                 half < VIREO__URING_BUFFER ? half : VIREO__URING_BUFFER, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->file_index = half; /* here: how much in all */
    vireo__uring_mark(request, s, VIREO__URING_RECEIVE);
    s->armed = true;
    s->pending++;
}

static void keep(vireo__uring_stream *s, const uint8_t *bytes, size_t n)
{
    if (s->early == NULL) {
        s->early = malloc(sizeof *s->early);
        if (s->early != NULL)
            vireo__buf_init(s->early, VIREO__BUF_UNLIMITED);
    }
    if (s->early == NULL || vireo__buf_append(s->early, bytes, n) < 0)
        s->late = VIREO_ENOMEM;
}

static void drop_early(vireo__uring_stream *s)
{
    if (s->early != NULL)
        vireo__buf_deinit(s->early);
    free(s->early);
    s->early = NULL;
}

static void tell_end(vireo__uring_stream *s, int why)
{
    if (why == ENDED)
        vireo__stream_io_ended(&s->base);
    else
        vireo__stream_close(&s->base, why);
}

static void deliver(vireo__uring_stream *s, int result, uint8_t *bytes)
{
    bool now = s->started && s->early == NULL;
    if (s->base.closing && !s->detaching)
        return;
    if (result > 0 && now)
        vireo__stream_io_received(&s->base, bytes, (size_t)result);
    else if (result > 0)
        keep(s, bytes, (size_t)result);
    else if (result == -ENOBUFS || result == -ECANCELED)
        return;
    else if (now)
        tell_end(s, result == 0 ? ENDED : result);
    else
        s->late = (int16_t)(result == 0 ? ENDED : result);
}

void vireo__uring_received(vireo__uring_stream *s, int result, uint8_t *bytes, bool more)
{
    vireo_loop *loop = s->base.loop;
    if (!more) {
        s->armed = s->cancelled = false;
        s->pending--;
        loop->greedy += result > 0;
    }
    deliver(s, result, bytes);
    if (more)
        return;
    look_at(s);
    if (result == -ENOBUFS) {
        vireo__list_remove(&s->link);
        vireo__list_append(&loop->uring->starved, &s->link);
    }
}

/* What came while the stream was paused. */
static void deliver_early(vireo__uring_stream *s)
{
    vireo__buf *early = s->early;
    s->early = NULL;
    if (early != NULL) {
        vireo__stream_io_received(&s->base, early->data, early->len);
        vireo__buf_deinit(early);
        free(early);
    }
    if (s->late == 0 || s->base.closing || !s->started)
        return;
    int why = s->late;
    s->late = 0;
    tell_end(s, why);
}

/* --- bytes out -------------------------------------------------------------------------------- */

static bool offer(vireo__stream *base, const uv_buf_t *bufs, unsigned count, size_t total)
{
    vireo__uring_stream *s = uring_of(base);
    vireo__uring *u = base->loop->uring;
    if (u->dead || !vireo__uring_room(u, count))
        return false;
    struct io_uring_sqe *request = vireo__uring_request(u);
    if (request == NULL)
        return false;
    if (count == 1)
        io_uring_prep_send(request, s->fd, bufs->base, bufs->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        vireo__uring_pieces(u, request, s->fd, bufs, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    vireo__uring_mark(request, s, VIREO__URING_OFFER);
    s->offered = (uint32_t)total;
    s->pending++;
    return true;
}

static ptrdiff_t none_if_again(ptrdiff_t n)
{
    return n == -EAGAIN || n == -EWOULDBLOCK ? 0 : n;
}

void vireo__uring_offered(vireo__uring_stream *s, int result)
{
    s->pending--;
    s->base.loop->traffic.sent += result > 0 ? (size_t)result : 0;
    if (s->base.closing)
        look_at(s);
    vireo__stream_io_taken(&s->base, s->offered, none_if_again(result));
}

static ptrdiff_t try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    struct iovec vectors[64];
    struct msghdr head = {.msg_iov = vectors};
    for (; head.msg_iovlen < count && head.msg_iovlen < 64; head.msg_iovlen++)
        vectors[head.msg_iovlen] =
            (struct iovec){bufs[head.msg_iovlen].base, bufs[head.msg_iovlen].len};
    ssize_t n = sendmsg(uring_of(s)->fd, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
    s->loop->traffic.sent += n > 0 ? (size_t)n : 0;
    return n < 0 ? none_if_again(-errno) : n;
}

/* It has just been seen that the kernel takes nothing. */
static int write_later(vireo__stream *base, const uv_buf_t *bufs, unsigned count)
{
    vireo__uring_stream *s = uring_of(base);
    vireo__uring *u = base->loop->uring;
    if (!vireo__uring_room(u, count))
        return VIREO_ENOMEM;
    struct io_uring_sqe *request = vireo__uring_request(u);
    if (request == NULL)
        return VIREO_ENOMEM;
    vireo__uring_pieces(u, request, s->fd, bufs, count, MSG_WAITALL | MSG_NOSIGNAL);
    request->ioprio |= IORING_RECVSEND_POLL_FIRST;
    vireo__uring_mark(request, s, VIREO__URING_WRITE);
    s->later = 0;
    for (unsigned i = 0; i < count; i++)
        s->later += (uint32_t)bufs[i].len;
    s->pending++;
    return 0;
}

void vireo__uring_wrote(vireo__uring_stream *s, int result)
{
    int status = result < 0 ? result : 0;
    s->pending--;
    s->base.loop->traffic.sent += result > 0 ? (size_t)result : 0;
    if (status == 0 && (uint32_t)result < s->later)
        status = -EPIPE; /* the kernel gives up in the middle only when the connection is broken */
    if (s->base.closing)
        look_at(s);
    vireo__stream_io_written(&s->base, s->later, status);
}

static ptrdiff_t send_file(vireo__stream *s, int fd, uint64_t at, size_t n)
{
    return vireo__fd_send_file(uring_of(s)->fd, fd, at, n);
}

static int shutdown_write(vireo__stream *s)
{
    shutdown(uring_of(s)->fd, SHUT_WR); /* the stream is closed after the linger time in any case */
    return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

static void close_stream(vireo__stream *s)
{
    look_at(uring_of(s));
}

static int detach(vireo__stream *base)
{
    vireo__uring_stream *s = uring_of(base);
    s->detaching = true;
    look_at(s);
    return 0;
}

static void peer_address(const vireo__stream *s, char *out, size_t size)
{
    vireo__fd_peer_address(uring_of(s)->fd, out, size);
}

static void hand_over(vireo__uring_stream *s)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof own;
    getsockname(s->fd, (struct sockaddr *)&own, &len);
    vireo__buf none, *early = s->early;
    vireo__buf_init(&none, VIREO__BUF_UNLIMITED);
    if (early == NULL)
        early = &none;
    vireo__stream_detached(&s->base, s->fd, own.ss_family == AF_UNIX, early->data, early->len);
}

static void finish(vireo__uring_stream *s)
{
    vireo__uring *u = s->base.loop->uring;
    vireo__listener *l = s->base.listener;
    if (s->detaching) {
        hand_over(s);
    } else {
        if (s->fd >= 0)
            close(s->fd);
        vireo__stream_closed(&s->base);
    }
    if (!s->dialling)
        drop_early(s);
    free(s);
    vireo__uring_count(u, -1);
    vireo__listener_remove(l);
}

static void settle_last(vireo__uring_stream *s)
{
    vireo__uring *u = s->base.loop->uring;
    if (s->pending == 0 || u->dead) {
        finish(s);
        return;
    }
    if (!s->dropped)
        s->dropped = vireo__uring_cancel_all(u, s->fd);
    vireo__list_append(s->dropped ? &u->ending : &u->unsettled, &s->link);
}

void vireo__uring_settle(vireo__uring_stream *s)
{
    vireo__uring *u = s->base.loop->uring;
    if (s->base.closing || s->detaching) {
        settle_last(s);
        return;
    }
    if (s->dialling) {
        if (!s->armed && !u->dead)
            vireo__uring_await_open(s);
        return;
    }
    if (s->started && (s->early != NULL || s->late != 0)) {
        deliver_early(s);
        look_at(s);
    } else if (s->started && !s->armed && !s->base.peer_ended && !u->dead) {
        arm(s);
    } else if (!s->started && s->armed && !s->cancelled) {
        s->cancelled = vireo__uring_cancel(u, s, VIREO__URING_RECEIVE);
    }
}

vireo__stream *vireo__uring_new_stream(vireo_loop *loop, bool is_unix)
{
    static const vireo__stream_io uring_io = {
        .read_start = read_start,
        .read_stop = read_stop,
        .offer = offer,
        .try_write = try_write,
        .write_later = write_later,
        .send_file = send_file,
        .shutdown_write = shutdown_write,
        .close = close_stream,
        .detach = detach,
        .peer_address = peer_address,
    };
    (void)is_unix;
    vireo__uring_stream *s = malloc(sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (vireo__uring_stream){.fd = -1};
    vireo__list_init(&s->link);
    vireo__stream_init(&s->base, loop, &uring_io);
    vireo__uring_count(loop->uring, 1);
    return &s->base;
}

int vireo__uring_open_stream(vireo__stream *s, int fd)
{
    uring_of(s)->fd = fd;
    return 0;
}
