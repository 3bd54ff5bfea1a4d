/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* stream.h: a connection of bytes: TCP or a unix socket.
 *
 * Above: events for arriving bytes, and a write queue that is flushed once per turn of the loop,
 * with one system call for all that is queued. Below: a vireo__stream_io, the few functions that
 * move bytes. net/tcp_uv.c implements them on libuv; another implementation is another file, and
 * nothing above this header knows which one it is.
 *
 * A filter may stand between the two (TLS: net/tls.h): it takes the place of the vireo__stream_io,
 * and hears first what comes from below.
 *
 *     accepted or dialled -> set_events, start -> on_data* -> [on_end] -> end or close -> on_close
 *
 * Law: on_close comes exactly once, never inside a call of ours, and is the last event. After
 * vireo__stream_close no other event comes. Every function may be called inside every event.
 *
 * A stream can go to another loop, and so to another thread: vireo__stream_detach makes a parcel of
 * it, which belongs to nobody; vireo__listener_adopt (net/listener.h), on the other loop's thread,
 * makes a stream of that. No byte is lost or told twice, and the peer notices nothing.
 */

#ifndef VIREO_NET_STREAM_H
#define VIREO_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/deadline.h"
#include "loop/loop.h"
#include "net/wqueue.h"

typedef struct vireo__stream vireo__stream;

typedef struct vireo__stream_events {
    /* Bytes arrived. They stand in the loop's read buffer, may be changed in place, and are gone
     * after the return. */
    void (*on_data)(vireo__stream *s, uint8_t *bytes, size_t n);
    /* The peer will send no more. It may still read: answer, then call vireo__stream_end; or
     * close. */
    void (*on_end)(vireo__stream *s);
    /* The queue is empty again after the kernel had not taken all of it. May be NULL. */
    void (*on_drain)(vireo__stream *s);
    /* It is closed; |error| 0 or why (-ECONNRESET, VIREO_EFULL ..). The stream is freed after the
     * return. */
    void (*on_close)(vireo__stream *s, int error);
} vireo__stream_events;

/* A connection on its way from one loop to another. */
typedef struct vireo__parcel {
    int fd;                       /* non-blocking */
    bool unix_socket;             /* else TCP */
    bool secure;                  /* as in vireo__stream */
    char *client;                 /* as in vireo__stream; the parcel's */
    struct vireo__filter *filter; /* NULL: none */
    vireo__buf early;             /* what came and was given to nobody; for the filter, if any */
} vireo__parcel;

/* How bytes move. All of them act on a stream that is not closing. */
typedef struct vireo__stream_io {
    int (*read_start)(vireo__stream *s);
    void (*read_stop)(vireo__stream *s);
    /* try_write writes what the kernel takes now. Returns the number of bytes, 0 for none, or
     * -errno. */
    ptrdiff_t (*try_write)(vireo__stream *s, const uv_buf_t *bufs, unsigned count);
    /* offer is try_write for the end of the turn: where many streams write with one system call.
     * The bytes stay until vireo__stream_io_taken is called, at the end of this turn, with |total|,
     * their sum, and what try_write returns. Returns false when that is not possible now. NULL: it
     * never is. */
    bool (*offer)(vireo__stream *s, const uv_buf_t *bufs, unsigned count, size_t total);
    /* write_later has |bufs| (whose bytes stay) written when the kernel takes them and then calls
     * vireo__stream_io_written. Returns 0 or a negative number. */
    int (*write_later)(vireo__stream *s, const uv_buf_t *bufs, unsigned count);
    /* send_file has the kernel send |n| bytes of a file, from |at| on. Returns how many it took, 0
     * for none, or -errno. NULL where bytes must pass through our hands. */
    ptrdiff_t (*send_file)(vireo__stream *s, int fd, uint64_t at, size_t n);
    /* shutdown_write sends the end of our direction. */
    int (*shutdown_write)(vireo__stream *s);
    /* close lets go of the descriptor and calls vireo__stream_closed afterwards, never before it
     * returned. */
    void (*close)(vireo__stream *s);
    /* detach lets go of the descriptor as close does, but the connection lives on: it calls
     * vireo__stream_detached afterwards, with a descriptor that nothing of this loop refers to any
     * more (no reading, writing or polling under way), and with what it has read and not delivered.
     * Never before it returned. Called when nothing is queued and the stream is paused. Returns
     * 0; 1 when something has to go out before, then vireo__stream_io_written says when to ask
     * again; or a negative number, and the stream is closed. NULL where there is no descriptor. */
    int (*detach)(vireo__stream *s);
    /* peer_address writes the peer's IP address; "" for a unix socket. */
    void (*peer_address)(const vireo__stream *s, char *out, size_t size);
    /* carrier returns the stream that carries this one, among others. NULL: none does. */
    vireo__stream *(*carrier)(const vireo__stream *s);
} vireo__stream_io;

/* What a filter hears from below, in the place of the functions named like this. */
typedef struct vireo__filter_events {
    void (*received)(vireo__stream *s, uint8_t *bytes, size_t n);
    void (*peer_ended)(vireo__stream *s);
    void (*written)(vireo__stream *s, size_t n, int status);
    void (*taken)(vireo__stream *s, size_t wanted, ptrdiff_t n);
    void (*closed)(vireo__stream *s); /* the owner has been told: free the filter */
    /* The stream is gone, and the filter in a parcel: no loop may know it. What the stream has
     * read last is the filter's to keep. Returns 0 or VIREO_ENOMEM. */
    int (*detached)(struct vireo__filter *f, vireo__buf *early);
    /* It is put in |s|, which is of another loop. Returns 0 or VIREO_ENOMEM. */
    int (*adopted)(struct vireo__filter *f, vireo__stream *s);
    void (*dropped)(struct vireo__filter *f); /* its parcel: free it */
} vireo__filter_events;

/* Stands first in a filter's own struct. */
typedef struct vireo__filter {
    const vireo__filter_events *events;
    const vireo__stream_io *io;    /* its own, which stands in s->io */
    const vireo__stream_io *below; /* what s->io was before */
} vireo__filter;

#define VIREO__ADDRESS_SIZE 46 /* of the longest IPv6 address with its NUL */

struct vireo__stream {
    const vireo__stream_io *io;
    vireo__filter *filter; /* NULL: none */
    const vireo__stream_events *events;
    void *owner; /* whose events these are */
    vireo_loop *loop;
    struct vireo__listener *listener; /* that accepted it; NULL: it was dialled */
    vireo__list node;                 /* among the listener's streams */
    vireo__wqueue out;
    vireo__turn_task flush;
    size_t max_queued;     /* bytes; more close the stream with VIREO_EFULL */
    struct ending *ending; /* after vireo__stream_end or vireo__stream_detach */
    int error;
    bool reading : 1;
    bool blocked : 1; /* the kernel did not take all; write_later is under way */
    bool offered : 1; /* vireo__stream_taken is to come */
    bool peer_ended : 1;
    bool closing : 1;
    bool served : 1; /* has just filled the read buffer: the others come first (tcp_uv.c) */
    bool secure : 1; /* the client speaks TLS: with us, or with a proxy that says so */
    char *client;    /* its address, where a proxy has told it; NULL: the peer is the client */
};

/* --- for the floors above --------------------------------------------------------------------- */

/* vireo__stream_set_events hands the stream to another owner. */
void vireo__stream_set_events(vireo__stream *s, const vireo__stream_events *events, void *owner);

/* vireo__stream_start begins to read, or goes on after vireo__stream_pause. */
void vireo__stream_start(vireo__stream *s);
void vireo__stream_pause(vireo__stream *s);

/* vireo__stream_write queues a view of shared bytes (takes a reference of its own); it is written
 * at the end of this turn.
 *
 * done   may be NULL; see wqueue.h. Not called when the result is negative.
 * Returns 0; VIREO_ECLOSED after end or close; VIREO_EFULL over max_queued, and the stream is being
 * closed; VIREO_ENOMEM. */
int vireo__stream_write(vireo__stream *s, vireo__shared *shared, size_t offset, size_t len,
                        vireo__written_fn done, void *user);

/* vireo__stream_write_copy queues a copy of |data|. Returns the same. */
int vireo__stream_write_copy(vireo__stream *s, const void *data, size_t len);

/* vireo__stream_send_file sends bytes of a file without reading them, as sendfile(2), where there
 * is such a way and nothing is queued. Returns how many the kernel took at once; 0: read them and
 * write them, or wait until they are written; -errno. */
ptrdiff_t vireo__stream_send_file(vireo__stream *s, int fd, uint64_t at, size_t n);

/* vireo__stream_end closes gracefully: writes all that is queued, ends our direction, throws away
 * what still arrives, and closes when the peer has ended too. Without the wait, a peer that is
 * still sending would lose our last bytes to a reset. A peer that reads nothing is waited for
 * VIREO__END_MS, one that does not end VIREO__LINGER_MS. */
void vireo__stream_end(vireo__stream *s);
#define VIREO__END_MS    30000
#define VIREO__LINGER_MS 2000

/* vireo__stream_close closes now and throws away what is queued. |error| is told to on_close. */
void vireo__stream_close(vireo__stream *s, int error);

/* vireo__stream_detach makes a parcel of the stream: pauses it, writes all that is queued, and then
 * calls |done|, in the place of on_close and never inside this call: after it the stream is gone.
 * Until then the stream is as one that ends; when it breaks meanwhile, or its peer takes nothing
 * for VIREO__END_MS, on_close comes and |done| does not.
 *
 * done   takes what is in |parcel|: for vireo__listener_adopt, or vireo__parcel_drop
 * Returns 0; VIREO_ECLOSED after end, close or detach; VIREO_EINVAL for a stream that another one
 * carries; VIREO_ENOMEM. */
typedef void (*vireo__detached_fn)(void *user, vireo__parcel *parcel);
int vireo__stream_detach(vireo__stream *s, vireo__detached_fn done, void *user);

/* vireo__parcel_drop cuts a connection that nobody adopts. Any thread. */
void vireo__parcel_drop(vireo__parcel *parcel);

/* vireo__stream_address writes the client's IP address: what a proxy has told (gate.h), else the
 * peer's. "" for a unix socket. */
void vireo__stream_address(const vireo__stream *s, char *out, size_t size);

/* vireo__stream_queued returns the bytes that the kernel has not taken. */
static inline size_t vireo__stream_queued(const vireo__stream *s)
{
    return vireo__wqueue_bytes(&s->out);
}

/* vireo__stream_writable tells whether the kernel took all that earlier turns wanted to write. */
static inline bool vireo__stream_writable(const vireo__stream *s)
{
    return !s->blocked && !s->closing && s->ending == NULL;
}

/* vireo__stream_received gives bytes to the owner, as on_data. Also for who has read further than
 * its own, and hands the stream and the rest to another owner. */
void vireo__stream_received(vireo__stream *s, uint8_t *bytes, size_t n);

/* --- for filters ------------------------------------------------------------------------------ */

/* vireo__stream_filter puts |f| in: |io| takes the place of s->io, which f->below keeps. */
void vireo__stream_filter(vireo__stream *s, vireo__filter *f, const vireo__filter_events *events,
                          const vireo__stream_io *io);

void vireo__stream_peer_ended(vireo__stream *s);
void vireo__stream_written(vireo__stream *s, size_t n, int status); /* what write_later was given */
void vireo__stream_taken(vireo__stream *s, size_t wanted, ptrdiff_t n); /* what was offered */

/* --- for the implementations below ------------------------------------------------------------ */

void vireo__stream_init(vireo__stream *s, vireo_loop *loop, const vireo__stream_io *io);
void vireo__stream_io_received(vireo__stream *s, uint8_t *bytes, size_t n);
void vireo__stream_io_ended(vireo__stream *s);
void vireo__stream_io_written(vireo__stream *s, size_t n, int status);
void vireo__stream_io_taken(vireo__stream *s, size_t wanted, ptrdiff_t n);
/* last words; the memory is the implementation's to free */
void vireo__stream_closed(vireo__stream *s);

/* vireo__stream_detached: the same, after detach.
 *
 * fd   taken; what names this descriptor in the loop is closed
 * at   |n| bytes that were read and not delivered; borrowed */
void vireo__stream_detached(vireo__stream *s, int fd, bool unix_socket, const uint8_t *at,
                            size_t n);

/* vireo__stream_adopted puts what a parcel holds beside its descriptor into a new stream. Returns 0
 * or VIREO_ENOMEM, and the parcel is as it was. */
int vireo__stream_adopted(vireo__stream *s, vireo__parcel *parcel);

#endif
