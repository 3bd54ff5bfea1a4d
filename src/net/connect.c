/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/connect.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "loop/lookup.h"

struct vireo__connect {
    vireo_loop *loop;
    vireo__connected_fn fn;
    void *user;
    char *host;
    char *unix_path;
    const vireo__proxy *proxy;
    vireo__tls_ctx *tls;
    uint16_t port;
    uint32_t timeout_ms;
    vireo__turn_task task; /* begins; or tells that it was cancelled */
    vireo__deadline timeout;
    vireo__deadline stagger;
    vireo__lookup *lookup; /* under way */
    struct sockaddr_storage addresses[VIREO__CONNECT_MAX_ADDRESS];
    vireo__stream *attempts[VIREO__CONNECT_MAX_ADDRESS]; /* NULL: not begun, or over */
    size_t address_count;
    size_t next;           /* the address to be tried next */
    size_t open;           /* streams of which on_close will come to us */
    vireo__stream *winner; /* while it speaks with the proxy, and of TLS */
    vireo__tunnel tunnel;
    int error;    /* of the address that failed first */
    bool stopped; /* nothing is under way any more */
    bool told;    /* .. and the callback has been called */
};

/* --- the end ---------------------------------------------------------------------------------- */

static void free_if_over(vireo__connect *c)
{
    if (!c->told || c->open > 0)
        return;
    vireo__tunnel_deinit(&c->tunnel);
    vireo__tls_ctx_unref(c->tls);
    free(c->host);
    free(c->unix_path);
    free(c);
}

static void close_attempts(vireo__connect *c)
{
    for (size_t i = 0; i < c->next; i++)
        if (c->attempts[i] != NULL)
            vireo__stream_close(c->attempts[i], VIREO_ECANCELLED);
}

static void stop(vireo__connect *c)
{
    c->stopped = true;
    vireo__turn_remove(&c->task);
    vireo__deadline_stop(&c->timeout);
    vireo__deadline_stop(&c->stagger);
    if (c->lookup != NULL)
        vireo__lookup_cancel(c->lookup);
    c->lookup = NULL;
    close_attempts(c);
    if (c->winner != NULL)
        vireo__stream_close(c->winner, VIREO_ECANCELLED);
}

static void tell(vireo__connect *c, vireo__stream *s, int error, const char *text)
{
    c->told = true;
    c->fn(c->user, s, error, text);
}

static void fail(vireo__connect *c, int error, const char *format, ...) VIREO_PRINTF(3, 4);

static void fail(vireo__connect *c, int error, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    stop(c);
    tell(c, NULL, error, text);
    free_if_over(c);
}

static void fail_memory(vireo__connect *c)
{
    fail(c, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
}

/* Where we connect to, for the texts of errors. */
static const char *place(const vireo__connect *c, char *out, size_t size)
{
    if (c->unix_path != NULL)
        snprintf(out, size, "%s", c->unix_path);
    else if (c->proxy != NULL)
        snprintf(out, size, "the proxy %s port %u", c->proxy->host, c->proxy->port);
    else
        snprintf(out, size, "%s port %u", c->host, c->port);
    return out;
}

static void on_timeout(vireo__deadline *d)
{
    vireo__connect *c = vireo__container(d, vireo__connect, timeout);
    char where[300];
    place(c, where, sizeof where);
    if (c->winner != NULL)
        fail(c, VIREO_ETIMEDOUT, "%s did not answer within %u ms", where, c->timeout_ms);
    else if (c->lookup != NULL)
        fail(c, VIREO_ETIMEDOUT, "no address was found for %s within %u ms",
             c->proxy ? c->proxy->host : c->host, c->timeout_ms);
    else
        fail(c, VIREO_ETIMEDOUT, "cannot connect to %s: no answer within %u ms", where,
             c->timeout_ms);
}

/* --- the stream ------------------------------------------------------------------------------- */

static void forget(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static void hand_over(vireo__connect *c, vireo__stream *s)
{
    static const vireo__stream_events unused = {.on_close = forget};
    c->winner = NULL;
    c->open--;
    vireo__stream_pause(s);
    vireo__stream_set_events(s, &unused, NULL);
    stop(c);
    tell(c, s, 0, "");
}

/* --- TLS -------------------------------------------------------------------------------------- */

static void fail_tls(vireo__connect *c, const vireo__stream *s, int error)
{
    const char *problem = vireo__tls_problem(s);
    char text[300];
    snprintf(text, sizeof text, "%s", problem[0] != '\0' ? problem : vireo_strerror(error));
    fail(c, error, "no secure connection to %s port %u: %s", c->host, c->port, text);
}

static void on_tls_done(vireo__stream *s, void *user, int error)
{
    vireo__connect *c = user;
    if (c->stopped)
        return;
    if (error < 0) {
        fail_tls(c, s, error);
        return;
    }
    hand_over(c, s);
    free_if_over(c);
}

static void on_tls_close(vireo__stream *s, int error)
{
    vireo__connect *c = s->owner;
    c->open--;
    c->winner = NULL;
    if (c->stopped)
        free_if_over(c);
    else
        fail_tls(c, s, error);
}

static void begin_tls(vireo__connect *c)
{
    static const vireo__stream_events events = {.on_close = on_tls_close};
    vireo__stream_pause(c->winner);
    vireo__stream_set_events(c->winner, &events, c);
    int error = vireo__tls_connect(c->winner, c->tls, c->host, on_tls_done, c);
    if (error < 0)
        fail(c, error, "no secure connection to %s: %s", c->host, vireo_strerror(error));
}

/* --- through a proxy -------------------------------------------------------------------------- */

static void write_to_proxy(vireo__connect *c, vireo__buf *out)
{
    int error = out->len > 0 ? vireo__stream_write_copy(c->winner, out->data, out->len) : 0;
    vireo__buf_deinit(out);
    if (error < 0)
        fail_memory(c);
}

static void on_proxy_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__connect *c = s->owner;
    vireo__buf out;
    size_t taken;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    int result = vireo__tunnel_feed(&c->tunnel, bytes, n, &taken, &out);
    if (result == 0) {
        write_to_proxy(c, &out);
        return;
    }
    vireo__buf_deinit(&out);
    if (result < 0) {
        fail(c, result, "cannot connect to %s port %u: %s", c->host, c->port, c->tunnel.text);
        return;
    }
    if (c->tls != NULL) {
        begin_tls(c);
        if (taken < n && !s->closing)
            vireo__stream_io_received(s, bytes + taken, n - taken);
        return;
    }
    hand_over(c, s);
    if (taken < n && !s->closing)
        vireo__stream_received(s, bytes + taken, n - taken);
    free_if_over(c);
}

static void on_proxy_end(vireo__stream *s)
{
    vireo__connect *c = s->owner;
    char where[300];
    fail(c, VIREO_EREFUSED, "%s closed the connection without an answer",
         place(c, where, sizeof where));
}

static void on_proxy_close(vireo__stream *s, int error)
{
    vireo__connect *c = s->owner;
    char where[300];
    c->open--;
    c->winner = NULL;
    if (c->stopped)
        free_if_over(c);
    else
        fail(c, error, "the connection to %s was lost: %s", place(c, where, sizeof where),
             vireo_strerror(error));
}

static const vireo__stream_events proxy_events = {
    .on_data = on_proxy_data, .on_end = on_proxy_end, .on_close = on_proxy_close};

static void begin_tunnel(vireo__connect *c)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    int error = vireo__tunnel_init(&c->tunnel, c->proxy, c->host, c->port, &out);
    if (error < 0) {
        vireo__buf_deinit(&out);
        fail(c, error, "cannot ask a proxy for %s: %s", c->host, vireo_strerror(error));
        return;
    }
    vireo__stream_set_events(c->winner, &proxy_events, c);
    vireo__stream_start(c->winner);
    write_to_proxy(c, &out);
}

/* --- addresses -------------------------------------------------------------------------------- */

static void try_next(vireo__connect *c);

static void forget_attempt(vireo__connect *c, const vireo__stream *s)
{
    for (size_t i = 0; i < c->next; i++)
        if (c->attempts[i] == s)
            c->attempts[i] = NULL;
}

static void on_attempt_open(vireo__stream *s)
{
    vireo__connect *c = s->owner;
    forget_attempt(c, s);
    close_attempts(c);
    c->next = c->address_count;
    vireo__deadline_stop(&c->stagger);
    c->winner = s;
    if (c->proxy != NULL && c->unix_path == NULL) {
        begin_tunnel(c);
        return;
    }
    if (c->tls != NULL) {
        begin_tls(c);
        return;
    }
    hand_over(c, s);
    free_if_over(c);
}

static void on_attempt_close(vireo__stream *s, int error)
{
    vireo__connect *c = s->owner;
    forget_attempt(c, s);
    c->open--;
    if (c->error == 0)
        c->error = error;
    if (c->stopped)
        free_if_over(c);
    else if (c->winner == NULL)
        try_next(c);
}

static const vireo__stream_events attempt_events = {.on_close = on_attempt_close};

static void on_stagger(vireo__deadline *d)
{
    try_next(vireo__container(d, vireo__connect, stagger));
}

static void try_next(vireo__connect *c)
{
    char where[300];
    if (c->next == c->address_count) {
        if (c->open == 0)
            fail(c, c->error, "cannot connect to %s: %s", place(c, where, sizeof where),
                 vireo_strerror(c->error));
        return;
    }
    vireo__dial_address to = {(const struct sockaddr *)&c->addresses[c->next], c->unix_path};
    vireo__stream *s = vireo__dial(c->loop, &to, on_attempt_open, &attempt_events, c);
    if (s == NULL) {
        fail_memory(c);
        return;
    }
    c->open++;
    c->attempts[c->next++] = s;
    if (c->next < c->address_count &&
        vireo__deadline_start(c->loop, &c->stagger, VIREO__CONNECT_STAGGER_MS, on_stagger) < 0)
        fail_memory(c);
}

static void add_address(vireo__connect *c, const struct sockaddr *address)
{
    size_t size =
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memcpy(&c->addresses[c->address_count++], address, size);
}

static const struct addrinfo *of_family(const struct addrinfo *at, int family)
{
    while (at != NULL && at->ai_family != family)
        at = at->ai_next;
    return at;
}

/* "[..] an address of one family is followed by one of the other family" (RFC 8305 section 4). */
static void interleave(vireo__connect *c, const struct addrinfo *list)
{
    int families[2] = {list->ai_family, list->ai_family == AF_INET6 ? AF_INET : AF_INET6};
    const struct addrinfo *at[2] = {list, of_family(list, families[1])};
    for (int turn = 0; at[0] != NULL || at[1] != NULL; turn ^= 1) {
        if (at[turn] == NULL)
            continue;
        if (c->address_count == VIREO__CONNECT_MAX_ADDRESS)
            return;
        add_address(c, at[turn]->ai_addr);
        at[turn] = of_family(at[turn]->ai_next, families[turn]);
    }
}

static void on_addresses(void *user, const struct addrinfo *addresses, int error, const char *text)
{
    vireo__connect *c = user;
    c->lookup = NULL;
    if (error < 0) {
        fail(c, error, "no address was found for %s: %s", c->proxy ? c->proxy->host : c->host,
             text);
        return;
    }
    interleave(c, addresses);
    try_next(c);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static bool numeric(vireo__connect *c, const char *host, uint16_t port)
{
    struct sockaddr_storage address;
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&address) != 0)
        return false;
    add_address(c, (struct sockaddr *)&address);
    return true;
}

static void begin(vireo__connect *c)
{
    const char *host = c->proxy ? c->proxy->host : c->host;
    uint16_t port = c->proxy ? c->proxy->port : c->port;
    if (vireo__deadline_start(c->loop, &c->timeout, c->timeout_ms, on_timeout) < 0) {
        fail_memory(c);
        return;
    }
    if (c->unix_path != NULL && strlen(c->unix_path) >= VIREO__UNIX_PATH_SIZE) {
        fail(c, -ENAMETOOLONG, "cannot connect to %s: a unix socket's path has at most %d bytes",
             c->unix_path, VIREO__UNIX_PATH_SIZE - 1);
        return;
    }
    if (c->unix_path != NULL)
        c->address_count = 1;
    if (c->unix_path != NULL || numeric(c, host, port)) {
        try_next(c);
        return;
    }
    c->lookup = vireo__lookup_start(c->loop, host, port, on_addresses, c);
    if (c->lookup == NULL)
        fail_memory(c);
}

static void on_task(vireo__turn_task *task)
{
    vireo__connect *c = vireo__container(task, vireo__connect, task);
    if (!c->stopped) {
        begin(c);
        return;
    }
    tell(c, NULL, VIREO_ECANCELLED, vireo_strerror(VIREO_ECANCELLED));
    free_if_over(c);
}

vireo__connect *vireo__connect_start(vireo_loop *loop, const vireo__connect_options *options,
                                     vireo__connected_fn fn, void *user)
{
    vireo__connect *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->fn = fn;
    c->user = user;
    c->proxy = options->proxy;
    c->tls = options->tls ? vireo__tls_ctx_ref(options->tls) : NULL;
    c->port = options->port;
    c->timeout_ms = options->timeout_ms;
    c->task.run = on_task;
    c->host = strdup(options->host ? options->host : "");
    c->unix_path = options->unix_path ? strdup(options->unix_path) : NULL;
    if (c->host == NULL || (options->unix_path != NULL && c->unix_path == NULL)) {
        c->told = true;
        free_if_over(c);
        return NULL;
    }
    vireo__turn_add(loop, &c->task);
    return c;
}

void vireo__connect_cancel(vireo__connect *c)
{
    stop(c);
    vireo__turn_add(c->loop, &c->task);
}
