/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tcp_uv.c: streams, listeners and outgoing connections on libuv, for TCP and unix sockets. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/activation.h"
#include "net/dial.h"
#include "net/gate.h"
#include "net/listener.h"

typedef union any_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} any_handle;

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

struct vireo__listener {
    any_handle uv;
    vireo_loop *loop;
    vireo__accept_fn on_accept;
    vireo__gate *gate; /* NULL: streams need nothing before they are accepted */
    void (*on_gone)(void *owner);
    void *owner;
    vireo__list streams;
    size_t stream_count;
    atomic_uint *load; /* counted with them; NULL: by nobody */
    char *unix_path;
    any_handle spare; /* takes a connection that there is no memory for, so that it can be closed */
    bool spare_open;
    vireo__turn_task refill; /* of |accepts| */
    unsigned accepts;        /* that this turn has had */
    bool waiting;            /* libuv has a connection for us that must wait for the next turn */
    bool open;
    bool closing;
};

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
    off_t offset = (off_t)at;
    int error = uv_fileno((uv_handle_t *)handle_of(s), &to);
    if (error < 0)
        return error;
    ssize_t sent = sendfile(to, fd, &offset, n);
    if (sent < 0)
        return errno == EAGAIN || errno == EINVAL ? 0 : -errno; /* EINVAL: not this kind of file */
    return sent;
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

static void free_if_unused(vireo__listener *l)
{
    if (l->open || l->spare_open || !vireo__list_empty(&l->streams))
        return;
    void (*on_gone)(void *owner) = l->on_gone;
    void *owner = l->owner;
    free(l->unix_path);
    vireo__gate_free(l->gate);
    free(l);
    if (on_gone != NULL)
        on_gone(owner);
}

static void free_stream(vireo__stream *s)
{
    vireo__listener *l = s->listener;
    free(s);
    if (l == NULL)
        return;
    l->stream_count--;
    if (l->load != NULL)
        atomic_fetch_sub_explicit(l->load, 1, memory_order_relaxed);
    if (l->closing)
        free_if_unused(l);
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
    struct sockaddr_storage peer;
    int len = sizeof peer;
    out[0] = '\0';
    const uv_stream_t *handle = handle_of(s);
    if (handle->type != UV_TCP ||
        uv_tcp_getpeername((const uv_tcp_t *)handle, (struct sockaddr *)&peer, &len) < 0)
        return;
    if (peer.ss_family == AF_INET6)
        uv_ip6_name((const struct sockaddr_in6 *)&peer, out, size);
    else
        uv_ip4_name((const struct sockaddr_in *)&peer, out, size);
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

static vireo__stream *new_stream(vireo_loop *loop, bool tcp)
{
    vireo__stream *s = malloc(tcp ? sizeof(tcp_stream) : sizeof(unix_stream));
    if (s == NULL)
        return NULL;
    vireo__stream_init(s, loop, &uv_io);
    uv_stream_t *handle = handle_of(s);
    if (tcp)
        uv_tcp_init(loop->uv, (uv_tcp_t *)handle);
    else
        uv_pipe_init(loop->uv, (uv_pipe_t *)handle, 0);
    handle->data = s;
    return s;
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
vireo__stream *vireo__dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner)
{
    bool tcp = to->unix_path == NULL;
    dial_request *request = malloc(sizeof *request);
    vireo__stream *s = request ? new_stream(loop, tcp) : NULL;
    if (s == NULL) {
        free(request);
        return NULL;
    }
    request->on_open = on_open;
    vireo__stream_set_events(s, events, owner);
    if (!tcp) {
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

/* --- accepting -------------------------------------------------------------------------------- */

static void add_stream(vireo__listener *l, vireo__stream *s)
{
    s->listener = l;
    vireo__list_append(&l->streams, &s->node);
    l->stream_count++;
}

static vireo__stream *new_accepted(vireo__listener *l)
{
    vireo__stream *s = new_stream(l->loop, l->uv.handle.type == UV_TCP);
    if (s != NULL)
        add_stream(l, s);
    return s;
}

static void ignore_close(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static void on_connection(uv_stream_t *server, int status);

static void on_spare_closed(uv_handle_t *handle)
{
    vireo__listener *l = handle->data;
    l->spare_open = false;
    if (l->closing)
        free_if_unused(l);
    else
        on_connection(&l->uv.stream, 0); /* another one may have come meanwhile */
}

/* libuv accepts nothing more until a connection that it has announced is taken. */
static void refuse(vireo__listener *l)
{
    if (l->spare_open)
        return;
    if (l->uv.handle.type == UV_TCP)
        uv_tcp_init(l->loop->uv, &l->spare.tcp);
    else
        uv_pipe_init(l->loop->uv, &l->spare.pipe, 0);
    l->spare.handle.data = l;
    l->spare_open = true;
    uv_accept(&l->uv.stream, &l->spare.stream);
    uv_close(&l->spare.handle, on_spare_closed);
}

/* libuv accepts until nobody waits any more. Of a flood of connections each turn takes as many as
 * leave those who are inside their share of it. */
static bool had_enough(vireo__listener *l)
{
    vireo__turn_add(l->loop, &l->refill);
    l->waiting = l->accepts >= VIREO__ACCEPTS_PER_TURN;
    l->accepts++;
    return l->waiting;
}

static void on_refill(vireo__turn_task *task)
{
    vireo__listener *l = vireo__container(task, vireo__listener, refill);
    l->accepts = 0;
    if (l->waiting)
        on_connection(&l->uv.stream, 0);
}

static void on_connection(uv_stream_t *server, int status)
{
    static const vireo__stream_events unused = {.on_close = ignore_close};
    vireo__listener *l = server->data;
    if (status < 0 || had_enough(l))
        return;
    vireo__stream *s = new_accepted(l);
    if (s == NULL) {
        refuse(l);
        return;
    }
    vireo__stream_set_events(s, &unused, NULL);
    if (uv_accept(server, handle_of(s)) < 0) {
        vireo__stream_close(s, 0);
        return;
    }
    if (l->uv.handle.type == UV_TCP)
        uv_tcp_nodelay((uv_tcp_t *)handle_of(s), 1);
    vireo__listener_enter(l, s);
}

static void admit(vireo__stream *s)
{
    s->listener->on_accept(s->listener, s);
}

/* --- from another loop ------------------------------------------------------------------------ */

static int open_stream(vireo__stream *s, vireo__parcel *parcel)
{
    int error = vireo__stream_adopted(s, parcel);
    if (error < 0)
        return error;
    error = parcel->unix_socket ? uv_pipe_open((uv_pipe_t *)handle_of(s), parcel->fd)
                                : uv_tcp_open((uv_tcp_t *)handle_of(s), parcel->fd);
    if (error == 0)
        parcel->fd = -1;
    return error;
}

vireo__stream *vireo__listener_adopt(vireo__listener *l, vireo__parcel *parcel)
{
    static const vireo__stream_events unused = {.on_close = ignore_close};
    vireo__stream *s = l->closing ? NULL : new_stream(l->loop, !parcel->unix_socket);
    if (s == NULL) {
        if (l->load != NULL)
            atomic_fetch_sub_explicit(l->load, 1, memory_order_relaxed);
        vireo__parcel_drop(parcel);
        return NULL;
    }
    add_stream(l, s);
    vireo__stream_set_events(s, &unused, NULL);
    int error = open_stream(s, parcel);
    if (error == 0)
        return s;
    vireo__parcel_drop(parcel);
    vireo__stream_close(s, error);
    return NULL;
}

void vireo__listener_enter(vireo__listener *l, vireo__stream *s)
{
    if (l->gate != NULL)
        vireo__gate_enter(l->gate, s);
    else
        l->on_accept(l, s);
}

static void on_listener_closed(uv_handle_t *handle)
{
    vireo__listener *l = handle->data;
    l->open = false;
    free_if_unused(l);
}

void vireo__listener_close(vireo__listener *l, void (*on_gone)(void *owner))
{
    if (l->closing)
        return;
    l->closing = true;
    l->on_gone = on_gone;
    vireo__turn_remove(&l->refill);
    if (l->gate != NULL)
        vireo__gate_close(l->gate);
    uv_close(&l->uv.handle, on_listener_closed);
}

void vireo__listener_close_streams(vireo__listener *l)
{
    for (vireo__list *at = l->streams.next; at != &l->streams; at = at->next)
        vireo__stream_close(vireo__container(at, vireo__stream, node), VIREO_ECANCELLED);
}

size_t vireo__listener_streams(const vireo__listener *l)
{
    return l->stream_count;
}

/* --- listening -------------------------------------------------------------------------------- */

static int parse_address(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0)
        return 0;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)out) == 0 ? 0 : VIREO_EINVAL;
}

static int bind_tcp(vireo__listener *l, const vireo_listen_options *where)
{
    struct sockaddr_storage address;
    uv_tcp_init(l->loop->uv, &l->uv.tcp);
    l->open = true;
    /* all addresses: the IPv6 wildcard takes IPv4 too, where there is IPv6 */
    if (where->host == NULL) {
        uv_ip6_addr("::", where->port, (struct sockaddr_in6 *)&address);
        int error = uv_tcp_bind(&l->uv.tcp, (struct sockaddr *)&address, 0);
        if (error != UV_EAFNOSUPPORT && error != UV_EADDRNOTAVAIL && error != UV_EINVAL)
            return error;
        uv_ip4_addr("0.0.0.0", where->port, (struct sockaddr_in *)&address);
    } else if (parse_address(where->host, where->port, &address) < 0) {
        return vireo__error_set(where->error, VIREO_EINVAL,
                                "\"%s\" is no IP address: give one such as 127.0.0.1 or ::1",
                                where->host);
    }
    return uv_tcp_bind(&l->uv.tcp, (struct sockaddr *)&address, 0);
}

static int bind_unix(vireo__listener *l, const vireo_listen_options *where)
{
    struct stat old;
    uv_pipe_init(l->loop->uv, &l->uv.pipe, 0);
    l->open = true;
    if (lstat(where->unix_path, &old) == 0 && S_ISSOCK(old.st_mode))
        unlink(where->unix_path);
    l->unix_path = strdup(where->unix_path);
    return l->unix_path ? uv_pipe_bind(&l->uv.pipe, where->unix_path) : VIREO_ENOMEM;
}

/* What somebody else has bound, and perhaps listens on already. */
static int open_fd(vireo__listener *l, const vireo_listen_options *where, int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address, type_len = sizeof(int);
    int type = 0, error;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 || type != SOCK_STREAM ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return vireo__error_set(where->error, VIREO_EINVAL,
                                "descriptor %d is no socket to listen on", fd);
    if (address.ss_family == AF_UNIX) {
        uv_pipe_init(l->loop->uv, &l->uv.pipe, 0);
        error = uv_pipe_open(&l->uv.pipe, fd);
    } else {
        uv_tcp_init(l->loop->uv, &l->uv.tcp);
        error = uv_tcp_open(&l->uv.tcp, fd);
    }
    l->open = true;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return error;
}

static int find_activated(const vireo_listen_options *where)
{
    if (!where->systemd && where->systemd_name == NULL)
        return 0;
    const char *names = getenv("LISTEN_FDNAMES");
    int fd = vireo__activation_find(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), names, getpid(),
                                    where->systemd_name);
    if (fd >= 0)
        return fd;
    return vireo__error_set(where->error, fd, "socket activation: there is no \"%s\" among \"%s\"",
                            where->systemd_name != NULL ? where->systemd_name : "socket",
                            names != NULL ? names : "");
}

static int open_socket(vireo__listener *l, const vireo_listen_options *where)
{
    int fd = where->fd > 0 ? where->fd : find_activated(where);
    if (fd != 0)
        return fd < 0 ? fd : open_fd(l, where, fd);
    return where->unix_path != NULL ? bind_unix(l, where) : bind_tcp(l, where);
}

static void explain(const vireo_listen_options *where, int error)
{
    if (where->error == NULL || where->error->code != 0)
        return;
    if (where->unix_path != NULL)
        vireo__error_set(where->error, error, "cannot listen on %s: %s", where->unix_path,
                         vireo_strerror(error));
    else
        vireo__error_set(
            where->error, error, "cannot listen on %s port %u: %s%s",
            where->host ? where->host : "any address", where->port, vireo_strerror(error),
            error == -EADDRINUSE ? "; another program uses the port, choose a different one" : "");
}

static int new_listener(vireo__listener **out, vireo_loop *loop, const vireo_listen_options *where,
                        vireo__accept_fn on_accept, void *owner)
{
    vireo__listener *l = calloc(1, sizeof *l);
    if (l == NULL)
        return VIREO_ENOMEM;
    l->loop = loop;
    l->on_accept = on_accept;
    l->owner = owner;
    l->refill.run = on_refill;
    vireo__list_init(&l->streams);
    if (where->error != NULL)
        where->error->code = 0;
    int error = vireo__gate_new(&l->gate, loop, where, admit);
    if (error < 0) {
        free(l);
        return error;
    }
    *out = l;
    return 0;
}

/* A handle that never listens gives it the same end as others. */
int vireo__listener_open_fed(vireo__listener **out, vireo_loop *loop,
                             const vireo_listen_options *where, vireo__accept_fn on_accept,
                             void *owner, atomic_uint *load)
{
    int error = new_listener(out, loop, where, on_accept, owner);
    if (error < 0)
        return error;
    uv_tcp_init(loop->uv, &(*out)->uv.tcp);
    (*out)->uv.handle.data = *out;
    (*out)->open = true;
    (*out)->load = load;
    return 0;
}

int vireo__listener_open(vireo__listener **out, vireo_loop *loop, const vireo_listen_options *where,
                         vireo__accept_fn on_accept, void *owner)
{
    vireo__listener *l;
    int error = new_listener(&l, loop, where, on_accept, owner);
    if (error < 0)
        return error;
    error = open_socket(l, where);
    l->uv.handle.data = l;
    if (error == 0)
        error =
            uv_listen(&l->uv.stream, where->backlog > 0 ? where->backlog : VIREO__DEFAULT_BACKLOG,
                      on_connection);
    if (error < 0) {
        explain(where, error);
        if (l->open)
            vireo__listener_close(l, NULL);
        else
            free_if_unused(l);
        return error;
    }
    *out = l;
    return 0;
}

void *vireo__listener_owner(const vireo__listener *l)
{
    return l->owner;
}

void vireo__listener_path(const vireo__listener *l, char *out, size_t size)
{
    size_t n = size - 1;
    if (l->uv.handle.type != UV_NAMED_PIPE || uv_pipe_getsockname(&l->uv.pipe, out, &n) < 0)
        n = 0;
    out[n] = '\0';
}

uint16_t vireo__listener_port(const vireo__listener *l)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    if (l->uv.handle.type != UV_TCP ||
        uv_tcp_getsockname(&l->uv.tcp, (struct sockaddr *)&address, &len) < 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}
