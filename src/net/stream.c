/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vireo/error.h>

/* Pieces handed to the kernel with one call. 64 of them hold any ordinary turn's messages of one
 * connection. */
enum { VECTORS = 64 };

/* Bytes handed over at once to be written when the kernel can. The queue only learns that they are
 * gone when all of them are: small enough to tell a slow reader from a dead one. */
enum { LATER_BYTES = 256 * 1024, OFFER_BYTES = 1 << 30 };

/* What a stream needs only while it ends. */
struct ending {
    vireo__deadline linger;
    vireo__stream *stream;
    bool shut;                   /* our direction is ended */
    vireo__detached_fn detached; /* NULL: it ends here */
    void *user;
};

void vireo__stream_set_events(vireo__stream *s, const vireo__stream_events *events, void *owner)
{
    s->events = events;
    s->owner = owner;
}

/* --- who is behind ---------------------------------------------------------------------------- */

/* What waits for a peer that does not take it counts against a limit of the whole loop. */
static void block(vireo__stream *s)
{
    s->blocked = true;
    s->loop->backlog += vireo__wqueue_bytes(&s->out);
}

static void unblock(vireo__stream *s)
{
    if (s->blocked)
        s->loop->backlog -= vireo__wqueue_bytes(&s->out);
    s->blocked = false;
}

/* --- reading ---------------------------------------------------------------------------------- */

void vireo__stream_start(vireo__stream *s)
{
    if (s->reading || s->closing || s->peer_ended)
        return;
    int error = s->io->read_start(s);
    if (error < 0) {
        vireo__stream_close(s, error);
        return;
    }
    s->reading = true;
}

void vireo__stream_pause(vireo__stream *s)
{
    if (!s->reading)
        return;
    s->reading = false;
    s->io->read_stop(s);
}

void vireo__stream_received(vireo__stream *s, uint8_t *bytes, size_t n)
{
    if (s->ending == NULL)
        s->events->on_data(s, bytes, n);
}

void vireo__stream_peer_ended(vireo__stream *s)
{
    s->peer_ended = true;
    vireo__stream_pause(s);
    if (s->ending == NULL)
        s->events->on_end(s);
    else if (s->ending->shut)
        vireo__stream_close(s, 0);
}

/* --- ending ----------------------------------------------------------------------------------- */

static void on_linger_over(vireo__deadline *d)
{
    vireo__stream_close(vireo__container(d, struct ending, linger)->stream, 0);
}

static void shut_write(vireo__stream *s)
{
    if (s->ending->shut)
        return;
    s->ending->shut = true;
    int error = s->io->shutdown_write(s);
    if (error < 0 || s->peer_ended) {
        vireo__stream_close(s, error);
        return;
    }
    if (vireo__deadline_start(s->loop, &s->ending->linger, VIREO__LINGER_MS, on_linger_over) < 0)
        vireo__stream_close(s, VIREO_ENOMEM);
}

static int begin_end(vireo__stream *s)
{
    s->ending = calloc(1, sizeof *s->ending);
    if (s->ending == NULL)
        return VIREO_ENOMEM;
    s->ending->stream = s;
    if (vireo__deadline_start(s->loop, &s->ending->linger, VIREO__END_MS, on_linger_over) == 0)
        return 0;
    free(s->ending);
    s->ending = NULL;
    return VIREO_ENOMEM;
}

void vireo__stream_end(vireo__stream *s)
{
    if (s->closing || s->ending != NULL)
        return;
    if (begin_end(s) < 0) {
        vireo__stream_close(s, VIREO_ENOMEM);
        return;
    }
    vireo__stream_start(s); /* to see the peer's end, if it was paused */
    vireo__turn_add(s->loop, &s->flush);
}

int vireo__stream_detach(vireo__stream *s, vireo__detached_fn done, void *user)
{
    if (s->io->detach == NULL)
        return VIREO_EINVAL;
    if (s->closing || s->ending != NULL)
        return VIREO_ECLOSED;
    if (begin_end(s) < 0)
        return VIREO_ENOMEM;
    vireo__stream_pause(s);
    s->ending->detached = done;
    s->ending->user = user;
    vireo__turn_add(s->loop, &s->flush);
    return 0;
}

/* All that was queued is written. */
static void take_off(vireo__stream *s)
{
    int result = s->io->detach(s);
    if (result < 0)
        vireo__stream_close(s, result);
    if (result != 0)
        return;
    s->closing = true;
    vireo__deadline_stop(&s->ending->linger);
}

void vireo__stream_close(vireo__stream *s, int error)
{
    if (s->closing)
        return;
    vireo__stream_pause(s);
    s->closing = true;
    s->error = error;
    vireo__turn_remove(&s->flush);
    if (s->ending != NULL)
        vireo__deadline_stop(&s->ending->linger);
    s->io->close(s);
}

void vireo__stream_closed(vireo__stream *s)
{
    unblock(s);
    vireo__wqueue_clear(&s->out, s->loop, s->error < 0 ? s->error : VIREO_ECLOSED);
    free(s->ending);
    s->ending = NULL;
    vireo__list_remove(&s->node);
    s->events->on_close(s, s->error);
    if (s->filter != NULL)
        s->filter->events->closed(s);
    free(s->client);
}

/* --- parcels ---------------------------------------------------------------------------------- */

static int fill_parcel(vireo__parcel *parcel, vireo__stream *s, const uint8_t *at, size_t n)
{
    vireo__buf_init(&parcel->early, VIREO__BUF_UNLIMITED);
    parcel->secure = s->secure;
    parcel->client = s->client;
    parcel->filter = s->filter;
    int error = n > 0 ? vireo__buf_append(&parcel->early, at, n) : 0;
    if (error == 0 && parcel->filter != NULL)
        error = parcel->filter->events->detached(parcel->filter, &parcel->early);
    return error;
}

void vireo__stream_detached(vireo__stream *s, int fd, bool unix_socket, const uint8_t *at, size_t n)
{
    vireo__parcel parcel = {.fd = fd, .unix_socket = unix_socket};
    int error = fill_parcel(&parcel, s, at, n);
    vireo__detached_fn done = s->ending->detached;
    void *user = s->ending->user;
    free(s->ending);
    s->ending = NULL;
    vireo__list_remove(&s->node);
    if (error == 0) {
        done(user, &parcel);
        return;
    }
    s->events->on_close(s, error);
    vireo__parcel_drop(&parcel);
}

int vireo__stream_adopted(vireo__stream *s, vireo__parcel *parcel)
{
    vireo__filter *f = parcel->filter;
    if (f != NULL) {
        f->below = s->io;
        s->filter = f;
        s->io = f->io;
        if (f->events->adopted(f, s) < 0) {
            s->io = f->below;
            s->filter = NULL;
            return VIREO_ENOMEM;
        }
    }
    s->secure = parcel->secure;
    s->client = parcel->client;
    parcel->client = NULL;
    parcel->filter = NULL;
    return 0;
}

void vireo__parcel_drop(vireo__parcel *parcel)
{
    if (parcel->fd >= 0)
        close(parcel->fd);
    if (parcel->filter != NULL)
        parcel->filter->events->dropped(parcel->filter);
    vireo__buf_deinit(&parcel->early);
    free(parcel->client);
    *parcel = (vireo__parcel){.fd = -1};
}

/* --- writing ---------------------------------------------------------------------------------- */

static unsigned limit_bytes(uv_buf_t *bufs, unsigned count, size_t left)
{
    for (unsigned i = 0; i < count; i++) {
        if (bufs[i].len >= left) {
            bufs[i].len = left;
            return i + 1;
        }
        left -= bufs[i].len;
    }
    return count;
}

static void write_rest_later(vireo__stream *s)
{
    uv_buf_t bufs[VECTORS];
    unsigned count = limit_bytes(bufs, vireo__wqueue_peek(&s->out, bufs, VECTORS), LATER_BYTES);
    int error = s->io->write_later(s, bufs, count);
    if (error < 0)
        vireo__stream_close(s, error);
    else
        block(s);
}

/* The kernel took |n| of |wanted| bytes. */
static void take(vireo__stream *s, size_t wanted, ptrdiff_t n)
{
    if (n < 0) {
        vireo__stream_close(s, (int)n);
        return;
    }
    vireo__wqueue_advance(&s->out, s->loop, (size_t)n);
    if ((size_t)n < wanted && !s->closing)
        write_rest_later(s);
}

static void write_some(vireo__stream *s)
{
    uv_buf_t bufs[VECTORS];
    size_t wanted = 0;
    unsigned count = limit_bytes(bufs, vireo__wqueue_peek(&s->out, bufs, VECTORS), OFFER_BYTES);
    for (unsigned i = 0; i < count; i++)
        wanted += bufs[i].len;
    if (wanted > 0 && s->io->offer != NULL && s->io->offer(s, bufs, count, wanted))
        s->offered = true;
    else
        take(s, wanted, wanted > 0 ? s->io->try_write(s, bufs, count) : 0);
}

static void flush_now(vireo__stream *s)
{
    while (!s->closing && !s->blocked && !s->offered && !vireo__wqueue_empty(&s->out))
        write_some(s);
    if (s->ending == NULL || s->closing || s->blocked || s->offered)
        return;
    if (s->ending->detached != NULL)
        take_off(s);
    else
        shut_write(s);
}

void vireo__stream_taken(vireo__stream *s, size_t wanted, ptrdiff_t n)
{
    s->offered = false;
    if (s->closing)
        return;
    take(s, wanted, n);
    flush_now(s);
}

static void on_turn_end(vireo__turn_task *task)
{
    flush_now(vireo__container(task, vireo__stream, flush));
}

void vireo__stream_written(vireo__stream *s, size_t n, int status)
{
    unblock(s);
    if (s->closing)
        return;
    if (status < 0) {
        vireo__stream_close(s, status);
        return;
    }
    vireo__wqueue_advance(&s->out, s->loop, n);
    if (s->ending != NULL && !s->ending->shut && !s->closing) /* the peer does read */
        vireo__deadline_start(s->loop, &s->ending->linger, VIREO__END_MS, on_linger_over);
    /* What follows goes the same way: it is as little known whether the kernel takes that. */
    if (s->io->offer != NULL && !s->closing && !vireo__wqueue_empty(&s->out))
        write_rest_later(s);
    else
        flush_now(s);
    if (!s->closing && !s->blocked && s->ending == NULL && s->events->on_drain != NULL)
        s->events->on_drain(s);
}

static bool is_full(const vireo__stream *s, size_t len)
{
    return len > s->max_queued || vireo__wqueue_bytes(&s->out) > s->max_queued - len ||
           vireo__wqueue_pieces(&s->out) >= vireo__max_pieces(s->max_queued) ||
           (s->blocked && vireo__loop_too_far_behind(s->loop, vireo__wqueue_bytes(&s->out), len));
}

int vireo__stream_write(vireo__stream *s, vireo__shared *shared, size_t offset, size_t len,
                        vireo__written_fn done, void *user)
{
    if (s->closing || s->ending != NULL)
        return VIREO_ECLOSED;
    if (len == 0 && done == NULL)
        return 0;
    if (is_full(s, len)) {
        vireo__stream_close(s, VIREO_EFULL);
        return VIREO_EFULL;
    }
    if (vireo__wqueue_push(&s->out, s->loop, s->blocked || s->offered, shared, offset, len, done,
                           user) < 0)
        return VIREO_ENOMEM;
    if (s->blocked)
        s->loop->backlog += len;
    else
        vireo__turn_add(s->loop, &s->flush);
    return 0;
}

int vireo__stream_write_copy(vireo__stream *s, const void *data, size_t len)
{
    vireo__shared *copy = vireo__shared_copy(data, len);
    if (copy == NULL)
        return VIREO_ENOMEM;
    int error = vireo__stream_write(s, copy, 0, len, NULL, NULL);
    vireo__shared_unref(copy);
    return error;
}

ptrdiff_t vireo__stream_send_file(vireo__stream *s, int fd, uint64_t at, size_t n)
{
    if (s->io->send_file == NULL || s->closing || s->ending != NULL || s->blocked ||
        !vireo__wqueue_empty(&s->out))
        return 0;
    ptrdiff_t sent = s->io->send_file(s, fd, at, n);
    s->loop->traffic.sent += sent > 0 ? (size_t)sent : 0;
    return sent;
}

/* --- from below ------------------------------------------------------------------------------- */

void vireo__stream_filter(vireo__stream *s, vireo__filter *f, const vireo__filter_events *events,
                          const vireo__stream_io *io)
{
    *f = (vireo__filter){.events = events, .io = io, .below = s->io};
    s->filter = f;
    s->io = io;
}

void vireo__stream_io_received(vireo__stream *s, uint8_t *bytes, size_t n)
{
    s->loop->traffic.received += n;
    if (s->filter != NULL)
        s->filter->events->received(s, bytes, n);
    else
        vireo__stream_received(s, bytes, n);
}

void vireo__stream_io_ended(vireo__stream *s)
{
    if (s->filter != NULL)
        s->filter->events->peer_ended(s);
    else
        vireo__stream_peer_ended(s);
}

void vireo__stream_io_written(vireo__stream *s, size_t n, int status)
{
    if (s->filter != NULL)
        s->filter->events->written(s, n, status);
    else
        vireo__stream_written(s, n, status);
}

void vireo__stream_io_taken(vireo__stream *s, size_t wanted, ptrdiff_t n)
{
    if (s->filter != NULL)
        s->filter->events->taken(s, wanted, n);
    else
        vireo__stream_taken(s, wanted, n);
}

/* --- life ------------------------------------------------------------------------------------- */

void vireo__stream_address(const vireo__stream *s, char *out, size_t size)
{
    if (s->client != NULL)
        snprintf(out, size, "%s", s->client);
    else
        s->io->peer_address(s, out, size);
}

void vireo__stream_init(vireo__stream *s, vireo_loop *loop, const vireo__stream_io *io)
{
    *s = (vireo__stream){.io = io, .loop = loop, .max_queued = SIZE_MAX};
    s->flush.run = on_turn_end;
    vireo__list_init(&s->node);
}
