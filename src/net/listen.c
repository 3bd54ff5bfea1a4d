/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* listen.c: listeners: where they listen, and the streams they have. How they accept: accept.c. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "base/heap.h"
#include "net/activation.h"
#include "net/streams.h"

enum { CROWD = 256 /* streams, whose memory is worth the search for it */ };

/* --- its streams ------------------------------------------------------------------------------ */

static void free_if_unused(vireo__listener *l)
{
    if (l->open || !vireo__list_empty(&l->accepted))
        return;
    void (*on_gone)(void *owner) = l->on_gone;
    void *owner = l->owner;
    vireo__turn_remove(&l->tidy);
    free(l->unix_path);
    vireo__gate_free(l->gate);
    free(l);
    if (on_gone != NULL)
        on_gone(owner);
}

/* malloc keeps what it is given back, in holes between what stays. */
static void on_tidy(vireo__turn_task *task)
{
    vireo__listener *l = vireo__container(task, vireo__listener, tidy);
    vireo__pool_deinit(&l->loop->write_nodes);
    vireo__pool_deinit(&l->loop->write_blocks);
    vireo__heap_trim();
}

/* When half of a crowd has gone, and then half of those, and so on: seldom enough to cost nothing.
 */
static void note_leaving(vireo__listener *l)
{
    if (l->crowd < CROWD || l->stream_count > l->crowd / 2)
        return;
    l->crowd = l->stream_count;
    l->tidy.run = on_tidy;
    vireo__turn_add(l->loop, &l->tidy);
}

static void ignore_close(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

void vireo__listener_add(vireo__listener *l, vireo__stream *s)
{
    static const vireo__stream_events unused = {.on_close = ignore_close};
    s->listener = l;
    vireo__list_append(&l->accepted, &s->node);
    l->stream_count++;
    if (l->stream_count > l->crowd)
        l->crowd = l->stream_count;
    vireo__stream_set_events(s, &unused, NULL);
}

void vireo__listener_enter(vireo__listener *l, vireo__stream *s)
{
    if (l->gate != NULL)
        vireo__gate_enter(l->gate, s);
    else
        l->on_accept(l, s);
}

static void admit(vireo__stream *s)
{
    s->listener->on_accept(s->listener, s);
}

void vireo__listener_remove(vireo__listener *l)
{
    if (l == NULL)
        return;
    l->stream_count--;
    if (l->load != NULL)
        atomic_fetch_sub_explicit(l->load, 1, memory_order_relaxed);
    note_leaving(l);
    vireo__listener_resume(l);
    if (l->closing)
        free_if_unused(l);
}

void vireo__listener_closed(vireo__listener *l)
{
    l->open = false;
    free_if_unused(l);
}

void vireo__listener_close(vireo__listener *l, void (*on_gone)(void *owner))
{
    if (l->closing)
        return;
    l->closing = true;
    l->on_gone = on_gone;
    vireo__deadline_stop(&l->pause);
    if (l->gate != NULL)
        vireo__gate_close(l->gate);
    if (l->unix_path != NULL)
        unlink(l->unix_path);
    if (l->fd >= 0)
        vireo__listener_cease(l);
    else
        vireo__turn_add(l->loop, &l->last);
}

void vireo__listener_close_streams(vireo__listener *l)
{
    for (vireo__list *at = l->accepted.next; at != &l->accepted; at = at->next)
        vireo__stream_close(vireo__container(at, vireo__stream, node), VIREO_ECANCELLED);
}

size_t vireo__listener_streams(const vireo__listener *l)
{
    return l->stream_count;
}

/* --- from another loop ------------------------------------------------------------------------ */

static vireo__stream *new_adopted(vireo__listener *l, bool is_unix)
{
    vireo__stream *s = l->closing ? NULL : l->loop->streams->new_stream(l->loop, is_unix);
    if (s != NULL)
        vireo__listener_add(l, s);
    else if (l->load != NULL)
        atomic_fetch_sub_explicit(l->load, 1, memory_order_relaxed);
    return s;
}

vireo__stream *vireo__listener_adopt(vireo__listener *l, vireo__parcel *parcel)
{
    vireo__stream *s = new_adopted(l, parcel->unix_socket);
    int error = s != NULL ? l->loop->streams->open_stream(s, parcel->fd) : 0;
    if (s != NULL && error == 0) {
        parcel->fd = -1;
        error = vireo__stream_adopted(s, parcel);
        if (error == 0)
            return s;
    }
    vireo__parcel_drop(parcel);
    if (s != NULL)
        vireo__stream_close(s, error);
    return NULL;
}

/* --- where it listens ------------------------------------------------------------------------- */

static int new_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int bind_to(int family, const void *address, size_t len)
{
    int on = 1, off = 0, fd = new_socket(family);
    if (fd < 0)
        return fd;
    if (family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address, (socklen_t)len) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

static int bind_v4(const char *host, uint16_t port)
{
    struct sockaddr_in address;
    int error = uv_ip4_addr(host, port, &address);
    return error < 0 ? error : bind_to(AF_INET, &address, sizeof address);
}

static int bind_v6(const char *host, uint16_t port)
{
    struct sockaddr_in6 address;
    int error = uv_ip6_addr(host, port, &address);
    return error < 0 ? error : bind_to(AF_INET6, &address, sizeof address);
}

static int bind_tcp(const vireo_listen_options *where)
{
    const char *host = where->host;
    struct sockaddr_in6 address;
    /* all addresses: the IPv6 wildcard takes IPv4 too, where there is IPv6 */
    if (host == NULL) {
        int fd = bind_v6("::", where->port);
        if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL && fd != -EINVAL)
            return fd;
        return bind_v4("0.0.0.0", where->port);
    }
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (uv_ip4_addr(host, where->port, (struct sockaddr_in *)&address) == 0)
        return bind_v4(host, where->port);
    if (uv_ip6_addr(host, where->port, &address) == 0)
        return bind_v6(host, where->port);
    return vireo__error_set(where->error, VIREO_EINVAL,
                            "\"%s\" is no IP address: give one such as 127.0.0.1 or ::1", host);
}

static int bind_unix(vireo__listener *l, const vireo_listen_options *where)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat old;
    if (strlen(where->unix_path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, where->unix_path);
    if (lstat(where->unix_path, &old) == 0 && S_ISSOCK(old.st_mode))
        unlink(where->unix_path);
    int fd = bind_to(AF_UNIX, &address, sizeof address);
    if (fd < 0)
        return fd;
    l->unix_path = strdup(where->unix_path);
    if (l->unix_path != NULL)
        return fd;
    unlink(where->unix_path);
    close(fd);
    return VIREO_ENOMEM;
}

/* What somebody else has bound, and perhaps listens on already. */
static int check_fd(const vireo_listen_options *where, int fd)
{
    socklen_t len = sizeof(int);
    int type = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
        return vireo__error_set(where->error, VIREO_EINVAL,
                                "descriptor %d is no socket to listen on", fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
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

static int open_socket(vireo__listener *l, const vireo_listen_options *where, bool *given)
{
    int fd = where->fd > 0 ? where->fd : find_activated(where);
    *given = fd != 0;
    if (*given)
        return fd < 0 ? fd : check_fd(where, fd);
    return where->unix_path != NULL ? bind_unix(l, where) : bind_tcp(where);
}

static const char *advice(int error)
{
    switch (error) {
    case -EADDRINUSE:
        return "; another program uses the port, choose a different one";
    case -EADDRNOTAVAIL:
        return "; this machine has no such address";
    case -EACCES:
        return "; ports below 1024 are root's, or who has the capability net_bind_service";
    default:
        return "";
    }
}

static void explain(const vireo_listen_options *where, int error)
{
    if (where->error == NULL || where->error->code != 0)
        return;
    if (where->fd > 0)
        vireo__error_set(where->error, error, "cannot listen on descriptor %d: %s", where->fd,
                         vireo_strerror(error));
    else if (where->unix_path != NULL)
        vireo__error_set(where->error, error, "cannot listen on %s: %s", where->unix_path,
                         vireo_strerror(error));
    else
        vireo__error_set(where->error, error, "cannot listen on %s port %u: %s%s",
                         where->host ? where->host : "any address", where->port,
                         vireo_strerror(error), advice(error));
}

/* --- opening ---------------------------------------------------------------------------------- */

static void on_last_turn(vireo__turn_task *task)
{
    vireo__listener_closed(vireo__container(task, vireo__listener, last));
}

static int new_listener(vireo__listener **out, vireo_loop *loop, const vireo_listen_options *where,
                        vireo__accept_fn on_accept, void *owner)
{
    vireo__listener *l = vireo__streams_of(loop) != NULL ? calloc(1, sizeof *l) : NULL;
    if (l == NULL)
        return VIREO_ENOMEM;
    l->loop = loop;
    l->on_accept = on_accept;
    l->owner = owner;
    l->fd = -1;
    l->last.run = on_last_turn;
    vireo__list_init(&l->accepted);
    if (where->error != NULL)
        where->error->code = 0;
    int error = vireo__gate_new(&l->gate, loop, where, admit);
    if (error == 0)
        *out = l;
    else
        free(l);
    return error;
}

int vireo__listener_open_fed(vireo__listener **out, vireo_loop *loop,
                             const vireo_listen_options *where, vireo__accept_fn on_accept,
                             void *owner, atomic_uint *load)
{
    int error = new_listener(out, loop, where, on_accept, owner);
    if (error < 0)
        return error;
    (*out)->open = true;
    (*out)->load = load;
    return 0;
}

static int begin(vireo__listener *l, const vireo_listen_options *where)
{
    int backlog = where->backlog > 0 ? where->backlog : VIREO__DEFAULT_BACKLOG;
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    int on = 1;
    if (listen(l->fd, backlog) < 0 || getsockname(l->fd, (struct sockaddr *)&own, &len) < 0)
        return -errno;
    l->is_unix = own.ss_family == AF_UNIX;
    if (!l->is_unix) /* the connections inherit it */
        setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
    return vireo__listener_begin(l);
}

static int start(vireo__listener *l, const vireo_listen_options *where)
{
    bool given;
    int fd = open_socket(l, where, &given);
    if (fd < 0)
        return fd;
    l->fd = fd;
    int error = begin(l, where);
    l->open = error == 0;
    if (error < 0 && !given)
        close(fd);
    return error;
}

int vireo__listener_open(vireo__listener **out, vireo_loop *loop, const vireo_listen_options *where,
                         vireo__accept_fn on_accept, void *owner)
{
    vireo__listener *l = NULL;
    int error = new_listener(&l, loop, where, on_accept, owner);
    if (error < 0)
        return error;
    error = start(l, where);
    if (error == 0) {
        *out = l;
        return 0;
    }
    explain(where, error);
    l->closing = true;
    if (l->unix_path != NULL)
        unlink(l->unix_path);
    free_if_unused(l);
    return error;
}

/* --- looking at it ---------------------------------------------------------------------------- */

void *vireo__listener_owner(const vireo__listener *l)
{
    return l->owner;
}

void vireo__listener_path(const vireo__listener *l, char *out, size_t size)
{
    struct sockaddr_un own = {.sun_family = AF_UNSPEC};
    socklen_t len = sizeof own;
    bool known = l->is_unix && getsockname(l->fd, (struct sockaddr *)&own, &len) == 0;
    snprintf(out, size, "%.*s", known ? (int)sizeof own.sun_path : 0, own.sun_path);
}

uint16_t vireo__listener_port(const vireo__listener *l)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    if (l->is_unix || getsockname(l->fd, (struct sockaddr *)&own, &len) < 0)
        return 0;
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                           : ((struct sockaddr_in *)&own)->sin_port);
}
