/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sending.c: a large reply, slice by slice: the next one is queued when the kernel has taken the
 * one before. So a slow reader costs two slices of memory for a file of any size, and a reply may
 * be larger than the limit of the write queue. Where bytes need no TLS and the kernel takes them at
 * once, they are not even read (sendfile).
 *
 * Files are read where they are sent, on the loop's thread: what is served over and over lies in
 * the kernel's cache. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <vireo/error.h>

#include "http/request.h"

/* Slices per turn of the loop: a client on a fast line, or on this machine, must not keep the loop
 * to itself. */
enum { SLICES_PER_TURN = 8 };

typedef struct vireo__sending {
    /* NULL: the connection has ended, and this waits only for the last callback of its queue. */
    vireo__conn *conn;
    vireo_req *req; /* that waits for the end; may be NULL */
    vireo__body body;
    const vireo__piece *piece; /* that is being sent, from .. */
    uint64_t at;               /* .. this byte on */
    uint64_t left;             /* of all pieces, not yet queued */
    unsigned queued;           /* slices whose callback is still to come */
    unsigned budget;           /* slices left for this turn */
} sending;

void vireo__body_end(const vireo__body *body)
{
    vireo__shared_unref(body->text);
    if (body->fd >= 0)
        close(body->fd);
}

uint64_t vireo__body_length(const vireo__body *body)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < body->count; i++)
        sum += body->pieces[i].length;
    return sum;
}

static void free_sending(sending *s)
{
    vireo__body_end(&s->body);
    free(s);
}

void vireo__sending_free(vireo__conn *c)
{
    sending *s = c->sending;
    if (s == NULL)
        return;
    c->sending = NULL;
    s->conn = NULL;
    if (s->req != NULL)
        vireo__req_unpin(s->req, s->left > 0 || s->queued > 0 ? VIREO_ECLOSED : 0);
    if (s->queued == 0)
        free_sending(s);
}

size_t vireo__sending_left(const vireo__conn *c)
{
    return c->sending != NULL ? (size_t)c->sending->left : 0;
}

static void on_slice_written(void *user, int status);

static void advance(sending *s, size_t n)
{
    s->at += n;
    s->left -= n;
    if (s->at == s->piece->at + s->piece->length && s->left > 0)
        s->at = (++s->piece)->at;
}

static int queue_view(sending *s, vireo__shared *bytes, size_t offset, size_t n)
{
    int error = vireo__stream_write(s->conn->stream, bytes, offset, n, on_slice_written, s);
    if (error < 0)
        return error;
    s->queued++;
    advance(s, n);
    return 0;
}

static int queue_read(sending *s, size_t n)
{
    vireo__shared *slice = vireo__shared_new(n);
    if (slice == NULL)
        return VIREO_ENOMEM;
    ssize_t got = pread(s->body.fd, slice->data, n, (off_t)s->at);
    int error = got < 0 ? -errno : 0;
    if (got == 0)
        error =
            -EIO; /* it has shrunk: only the end of the connection says that the length was wrong */
    if (got > 0)
        error = queue_view(s, slice, 0, (size_t)got);
    vireo__shared_unref(slice);
    return error;
}

/* What the kernel takes at once need not pass through our memory. Returns whether it took some. */
static bool send_unread(sending *s)
{
    uint64_t most = (uint64_t)s->budget * VIREO__SLICE;
    uint64_t left = s->piece->at + s->piece->length - s->at;
    ptrdiff_t n = vireo__stream_send_file(s->conn->stream, s->body.fd, s->at,
                                          (size_t)(left < most ? left : most));
    if (n <= 0) /* an error will be met again by the write */
        return false;
    s->budget -= (unsigned)(((size_t)n + VIREO__SLICE - 1) / VIREO__SLICE);
    advance(s, (size_t)n);
    return true;
}

/* Two slices must fit below the limit of the queue, however low it is set. */
static size_t slice_size(const sending *s)
{
    size_t max = s->conn->stream->max_queued / 4;
    size_t n = max < VIREO__SLICE ? max + 1 : VIREO__SLICE;
    uint64_t left = s->piece->at + s->piece->length - s->at;
    return left < n ? (size_t)left : n;
}

static void queue_slices(sending *s)
{
    vireo__conn *c = s->conn;
    while (s->left > 0 && s->queued < 2 && s->budget > 0) {
        if (!s->piece->of_text && s->queued == 0 && send_unread(s))
            continue;
        size_t n = slice_size(s);
        s->budget--;
        int error =
            s->piece->of_text ? queue_view(s, s->body.text, (size_t)s->at, n) : queue_read(s, n);
        if (error < 0) {
            vireo__stream_close(c->stream, error);
            return;
        }
    }
    if (s->left > 0 && s->budget == 0) {
        vireo__conn_pause_sending(c);
    } else if (s->left == 0 && s->queued == 0) {
        vireo__sending_free(c);
        vireo__conn_sent(c);
    }
}

static void on_slice_written(void *user, int status)
{
    sending *s = user;
    s->queued--;
    vireo__conn *c = s->conn;
    if (c == NULL) {
        if (s->queued == 0)
            free_sending(s);
    } else if (status == 0) {
        queue_slices(s);
    }
}

void vireo__sending_go_on(vireo__conn *c)
{
    if (c->sending == NULL)
        return;
    c->sending->budget = SLICES_PER_TURN;
    queue_slices(c->sending);
}

int vireo__send_body(vireo__conn *c, const vireo__body *body)
{
    sending *s = calloc(1, sizeof *s);
    if (s == NULL) {
        vireo__body_end(body);
        return VIREO_ENOMEM;
    }
    s->conn = c;
    s->body = *body;
    s->piece = s->body.pieces;
    s->at = s->piece->at;
    s->left = vireo__body_length(body);
    if (c->req != NULL && vireo__req_pin(c->req) != NULL)
        s->req = c->req;
    c->sending = s;
    vireo__sending_go_on(c);
    return 0;
}

int vireo__send_shared(vireo__conn *c, vireo__shared *bytes)
{
    return vireo__send_body(
        c, &(vireo__body){.fd = -1, .text = bytes, .count = 1, .pieces = {{true, 0, bytes->len}}});
}
