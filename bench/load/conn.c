/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conn.c: sockets and TLS. A TLS handshake blocks: it belongs to the time before the
 * measurement. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

static void watch(conn *c, int how, bool writable)
{
    struct epoll_event e = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(c->l->poll, how, c->fd, &e) < 0)
        die("epoll_ctl: %s", strerror(errno));
    c->wants_write = writable;
}

/* --- dialling --------------------------------------------------------------------------------- */

/* From 127.0.1.1 on: one address has ports for 28,000 connections. */
static void bind_source(conn *c)
{
    load *l = c->l;
    if (l->sources == 0)
        return;
    int on = 1;
    uint32_t host = INADDR_LOOPBACK + 256 + l->next_source;
    l->next_source = (l->next_source + 1) % l->sources;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    /* the port is chosen by connect(), which knows the destination */
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
        die("bind: %s", strerror(errno));
}

static bool try_dial(conn *c)
{
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket: %s", strerror(errno));
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bind_source(c);
    if (connect(c->fd, (struct sockaddr *)&c->l->to, sizeof c->l->to) == 0 || errno == EINPROGRESS)
        return true;
    if (errno != EADDRNOTAVAIL)
        die("connect: %s", strerror(errno));
    close(c->fd); /* no port is left here: the next source address */
    return false;
}

void conn_dial(conn *c)
{
    unsigned tries = 0;
    while (!try_dial(c))
        if (++tries > c->l->sources)
            die("no ports are left");
    c->stage = DIALLING;
    c->dialled_at = clock_ns();
    watch(c, EPOLL_CTL_ADD, true);
}

static void set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static void shake_hands(conn *c)
{
    c->ssl = SSL_new(c->l->tls_context);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
        die("out of memory");
    set_blocking(c->fd, true);
    if (SSL_connect(c->ssl) != 1)
        die("the TLS handshake failed");
    set_blocking(c->fd, false);
}

static void on_dialled(conn *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        protocol_on_end(c);
        return;
    }
    watch(c, EPOLL_CTL_MOD, false);
    if (c->l->tls)
        shake_hands(c);
    c->stage = UPGRADING;
    protocol_on_dialled(c);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* How many bytes went, 0 for none, -1 when the connection is broken. */
static ssize_t send_now(conn *c, const uint8_t *bytes, size_t n)
{
    if (c->ssl != NULL) {
        int sent = SSL_write(c->ssl, bytes, (int)n);
        if (sent > 0)
            return sent;
        return SSL_get_error(c->ssl, sent) == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
    return sent >= 0 ? sent : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void keep_output(conn *c, const uint8_t *bytes, size_t n)
{
    uint8_t *all = realloc(c->out, c->out_len + n);
    if (all == NULL)
        die("out of memory");
    memcpy(all + c->out_len, bytes, n);
    c->out = all;
    c->out_len += n;
    if (!c->wants_write)
        watch(c, EPOLL_CTL_MOD, true);
}

/* A broken connection is seen when it is read. */
void conn_send(conn *c, const void *bytes, size_t n)
{
    ssize_t sent = c->out_len > 0 ? 0 : send_now(c, bytes, n);
    if (sent >= 0 && (size_t)sent < n)
        keep_output(c, (const uint8_t *)bytes + sent, n - (size_t)sent);
}

static void on_writable(conn *c)
{
    ssize_t sent = send_now(c, c->out, c->out_len);
    if (sent <= 0)
        return;
    c->out_len -= (size_t)sent;
    if (c->out_len > 0) {
        memmove(c->out, c->out + sent, c->out_len);
        return;
    }
    free(c->out);
    c->out = NULL;
    watch(c, EPOLL_CTL_MOD, false);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* How many bytes came, 0 for none now, -1 at the end. */
static ssize_t receive(conn *c, uint8_t *to, size_t n)
{
    if (c->ssl != NULL) {
        int got = SSL_read(c->ssl, to, (int)n);
        if (got > 0)
            return got;
        return SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    ssize_t got = recv(c->fd, to, n, 0);
    if (got == 0)
        return -1;
    return got > 0 ? got : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void hold(conn *c, const uint8_t *bytes, size_t n)
{
    if (n == 0 && c->held == NULL)
        return;
    free(c->held);
    c->held = n > 0 ? allocate(n, 1) : NULL;
    c->held_len = n;
    if (n > 0)
        memcpy(c->held, bytes, n);
}

static void on_readable(conn *c)
{
    load *l = c->l;
    size_t n = c->held_len, used = 0;
    if (n > 0)
        memcpy(l->input, c->held, n);
    ssize_t got = receive(c, l->input + n, INPUT - n);
    if (got <= 0) {
        if (got < 0)
            protocol_on_end(c);
        return;
    }
    n += (size_t)got;
    l->input[n] = '\0'; /* heads of HTTP are read as text */
    for (size_t step = 1; step > 0 && used < n && c->stage != GONE; used += step)
        step = protocol_on_bytes(c, l->input + used, n - used);
    if (c->stage == GONE)
        return;
    if (n - used == INPUT)
        die("a message of more than %u bytes", INPUT);
    hold(c, l->input + used, n - used);
    if (l->running && l->mode->traffic->on_read != NULL)
        l->mode->traffic->on_read(c);
}

void conn_on_event(conn *c, uint32_t events)
{
    if (c->stage == DIALLING) {
        on_dialled(c);
        return;
    }
    if ((events & EPOLLOUT) != 0 && c->out_len > 0)
        on_writable(c);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        on_readable(c);
}

void conn_close(conn *c)
{
    protocol_end_inflating(c);
    SSL_free(c->ssl);
    close(c->fd);
    free(c->held);
    free(c->out);
    c->ssl = NULL;
    c->held = c->out = NULL;
    c->held_len = c->out_len = 0;
    c->stage = GONE;
}
