/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tcp_uv.c: streams on libuv, for TCP and unix sockets. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/streams.h"

typedef struct tcp_stream {
    vireo__stream base;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
    } uv;
} tcp_stream;

/* A unix socket needs the larger handle. */
typedef struct unix_stream {
    vireo__stream base;
    uv_pipe_t pipe;
} unix_stream;

_Static_assert(offsetof(tcp_stream, uv) == offsetof(unix_stream, pipe), "handle_of serves both");

static uv_stream_t *handle_of(const vireo__stream *s)
{
    return &((tcp_stream *)(uintptr_t)s)->uv.stream;
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* libuv reads up to 32 buffers from one stream before it turns to the next. A peer that sends more
 * than we can handle would then keep all others waiting for that long: whoever has filled what he
 * was given has had his share of this turn. To offer none ends libuv's round; the kernel keeps the
 * rest. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    vireo__stream *s = handle->data;
    size_t share = s->served ? 0 : vireo__loop_read_share(s->loop);
    *buf = uv_buf_init((char *)s->loop->read_buffer, (unsigned)share);
    s->served = false;
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    vireo__stream *s = handle->data;
    s->served = n > 0 && (size_t)n == buf->len;
    s->loop->greedy += s->served;
    if (n > 0)
        vireo__stream_io_received(s, (uint8_t *)buf->base, (size_t)n);
    else if (n == UV_EOF)
        vireo__stream_io_ended(s);
    else if (n < 0 && n != UV_ENOBUFS)
        vireo__stream_close(s, (int)n);
}

static int read_start(vireo__stream *s)
{
    s->served = false;
    return uv_read_start(handle_of(s), on_alloc, on_read);
}

static void read_stop(vireo__stream *s)
{
    uv_read_stop(handle_of(s));
}

static ptrdiff_t try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    int n = uv_try_write(handle_of(s), bufs, count);
    s->loop->traffic.sent += n > 0 ? (size_t)n : 0;
    return n == UV_EAGAIN ? 0 : n;
}

typedef struct write_request {
    uv_write_t uv;
    size_t bytes;
} write_request;

static void on_written(uv_write_t *request, int status)
{
    vireo__stream *s = request->handle->data;
    size_t bytes = vireo__container(request, write_request, uv)->bytes;
    free(vireo__container(request, write_request, uv));
    s->loop->traffic.sent += status == 0 ? bytes : 0;
    vireo__stream_io_written(s, bytes, status);
}

static int write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    write_request *request = malloc(sizeof *request);
    if (request == NULL)
        return VIREO_ENOMEM;
    request->bytes = 0;
    for (unsigned i = 0; i < count; i++)
        request->bytes += bufs[i].len;
    int error = uv_write(&request->uv, handle_of(s), bufs, count, on_written);
    if (error < 0)
        free(request);
    return error;
}

#ifdef __linux__
static ptrdiff_t send_file(vireo__stream *s, int fd, uint64_t at, size_t n)
{
    uv_os_fd_t to;
    int error = uv_fileno((uv_handle_t *)handle_of(s), &to);
    return error < 0 ? error : vireo__fd_send_file(to, fd, at, n);
}
#else
#define send_file NULL
#endif

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status; /* the stream is closed after the linger time in any case */
    free(request);
}

static int shutdown_write(vireo__stream *s)
{
    uv_shutdown_t *request = malloc(sizeof *request);
    if (request == NULL)
        return VIREO_ENOMEM;
    int error = uv_shutdown(request, handle_of(s), on_shutdown);
    if (error < 0)
        free(request);
    return error;
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_stream(vireo__stream *s)
{
    vireo__listener *l = s->listener;
    free(s);
    vireo__listener_remove(l);
}

static void on_stream_closed(uv_handle_t *handle)
{
    vireo__stream *s = handle->data;
    vireo__stream_closed(s);
    free_stream(s);
}

static void close_stream(vireo__stream *s)
{
    uv_close((uv_handle_t *)handle_of(s), on_stream_closed);
}

static void on_stream_detached(uv_handle_t *handle)
{
    vireo__stream *s = handle->data;
    bool unix_socket = handle->type == UV_NAMED_PIPE;
    vireo__stream_detached(s, s->error, unix_socket, NULL, 0);
    free_stream(s);
}

/* libuv lets no descriptor go: it closes its own, and another one for the same connection goes on
 * the way. The stream has no error to tell, so that this one waits in the place of it. */
static int detach(vireo__stream *s)
{
    uv_os_fd_t fd;
    int error = uv_fileno((uv_handle_t *)handle_of(s), &fd);
    if (error < 0)
        return error;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return -errno;
    s->error = copy;
    uv_close((uv_handle_t *)handle_of(s), on_stream_detached);
    return 0;
}

static void peer_address(const vireo__stream *s, char *out, size_t size)
{
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)handle_of(s), &fd) < 0)
        fd = -1;
    vireo__fd_peer_address(fd, out, size);
}

static const vireo__stream_io uv_io = {
    .read_start = read_start,
    .read_stop = read_stop,
    .try_write = try_write,
    .write_later = write_later,
    .send_file = send_file,
    .shutdown_write = shutdown_write,
    .close = close_stream,
    .detach = detach,
    .peer_address = peer_address,
};

static vireo__stream *new_stream(vireo_loop *loop, bool is_unix)
{
    vireo__stream *s = malloc(is_unix ? sizeof(unix_stream) : sizeof(tcp_stream));
    if (s == NULL)
        return NULL;
    vireo__stream_init(s, loop, &uv_io);
    uv_stream_t *handle = handle_of(s);
    if (is_unix)
        uv_pipe_init(loop->uv, (uv_pipe_t *)handle, 0);
    else
        uv_tcp_init(loop->uv, (uv_tcp_t *)handle);
    handle->data = s;
    return s;
}

static int open_stream(vireo__stream *s, int fd)
{
    uv_stream_t *handle = handle_of(s);
    return handle->type == UV_TCP ? uv_tcp_open((uv_tcp_t *)handle, fd)
                                  : uv_pipe_open((uv_pipe_t *)handle, fd);
}

/* --- dialling --------------------------------------------------------------------------------- */

_Static_assert(VIREO__UNIX_PATH_SIZE <= sizeof(((struct sockaddr_un *)0)->sun_path),
               "libuv would cut a longer path");

typedef struct dial_request {
    uv_connect_t uv;
    vireo__dialled_fn on_open;
} dial_request;

static void on_dialled(uv_connect_t *request, int status)
{
    vireo__stream *s = request->handle->data;
    vireo__dialled_fn on_open = vireo__container(request, dial_request, uv)->on_open;
    free(vireo__container(request, dial_request, uv));
    if (s->closing)
        return;
    if (status < 0)
        vireo__stream_close(s, status);
    else
        on_open(s);
}

/* A failure at once is told as a later one is: by on_close. */
static vireo__stream *dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner)
{
    bool is_unix = to->unix_path != NULL;
    dial_request *request = malloc(sizeof *request);
    vireo__stream *s = request ? new_stream(loop, is_unix) : NULL;
    if (s == NULL) {
        free(request);
        return NULL;
    }
    request->on_open = on_open;
    vireo__stream_set_events(s, events, owner);
    if (is_unix) {
        uv_pipe_connect(&request->uv, (uv_pipe_t *)handle_of(s), to->unix_path, on_dialled);
        return s;
    }
    int error = uv_tcp_connect(&request->uv, (uv_tcp_t *)handle_of(s), to->tcp, on_dialled);
    if (error < 0) {
        free(request);
        vireo__stream_close(s, error);
    } else {
        uv_tcp_nodelay((uv_tcp_t *)handle_of(s), 1);
    }
    return s;
}

const vireo__streams vireo__streams_uv = {
    .new_stream = new_stream,
    .open_stream = open_stream,
    .dial = dial,
};
