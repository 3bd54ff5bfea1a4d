/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls.c: the filter. OpenSSL never sees a socket: its BIO reads from the bytes that have just
 * arrived in the loop's read buffer, and writes into the loop's one buffer for records, from which
 * all that one turn has to say leaves with one write. Where many streams write with one system call
 * (vireo__stream_io.offer), their records stand behind each other in a second buffer of the loop. A
 * connection owns a buffer only while the kernel does not take its records, or while its owner has
 * paused it in the middle of what came.
 *
 *     HANDSHAKE -----> OPEN
 *         |              |   a broken record, an alert
 *         +----> FAILED <+
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls_filter.h"
#include "net/tls_info.h"

enum {
    /* Room for what one reading can become, with a record that had begun before it. */
    PLAIN = VIREO__READ_BUFFER + VIREO__TLS_RECORD,
    PROBLEM_SIZE = 200,
};

/* --- what the streams of a loop share --------------------------------------------------------- */

static void free_shared(vireo__loop_part *part)
{
    vireo__tls_loop *shared = vireo__container(part, vireo__tls_loop, part);
    vireo__buf_deinit(&shared->records);
    vireo__buf_deinit(&shared->offered);
    vireo__tls_ctx_unref(shared->client);
    free(shared);
}

vireo__tls_loop *vireo__tls_of_loop(vireo_loop *loop)
{
    vireo__loop_part *part = vireo__loop_part_of(loop, free_shared);
    if (part != NULL)
        return vireo__container(part, vireo__tls_loop, part);
    vireo__tls_loop *shared = calloc(1, sizeof *shared + PLAIN);
    if (shared == NULL)
        return NULL;
    shared->part.free = free_shared;
    vireo__buf_init(&shared->records, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&shared->offered, VIREO__TLS_OFFERED);
    vireo__loop_add_part(loop, &shared->part);
    return shared;
}

/* --- between OpenSSL and the bytes ------------------------------------------------------------ */

static int bio_read(BIO *bio, char *out, int size)
{
    vireo__tls *t = BIO_get_data(bio);
    size_t n = t->in_len < (size_t)size ? t->in_len : (size_t)size;
    BIO_clear_retry_flags(bio);
    if (n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, t->in, n);
    t->in += n;
    t->in_len -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    vireo__tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return vireo__buf_append(t->sink, data, (size_t)size) == 0 ? size : -1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *vireo__tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "vireo stream");
    if (method == NULL)
        return NULL;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

/* --- failing ---------------------------------------------------------------------------------- */

static void note_problem(vireo__tls *t, const char *text)
{
    if (t->problem == NULL)
        t->problem = strdup(text);
}

/* What a failed verification means, and for whom. */
static void note_refusal(vireo__tls *t, long verdict)
{
    char text[PROBLEM_SIZE];
    snprintf(text, sizeof text, "the %s's certificate was refused: %s",
             SSL_is_server(t->ssl) ? "client" : "server", X509_verify_cert_error_string(verdict));
    note_problem(t, text);
}

static bool speaks_http(unsigned long code)
{
    return ERR_GET_LIB(code) == ERR_LIB_SSL && (ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST ||
                                                ERR_GET_REASON(code) == SSL_R_HTTPS_PROXY_REQUEST);
}

/* Somebody has typed http:// for https://. */
static void answer_http(vireo__tls *t)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 47\r\n"
                               "Connection: close\r\n\r\n"
                               "This port speaks HTTPS. Use https://, not http:";
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, sizeof text - 1);
    if (t->flying.len == 0) /* best effort: it is one short write on a new connection */
        (void)t->base.below->try_write(t->stream, &buf, 1);
}

static void finish_handshake(vireo__tls *t, int error)
{
    vireo__tls_done_fn done = t->done;
    t->done = NULL;
    if (done != NULL)
        done(t->stream, t->user, error);
}

/* Takes note of what a call of OpenSSL complained about. Returns the error to tell. */
static int explain(vireo__tls *t)
{
    unsigned long code = ERR_peek_error();
    long verdict = SSL_get_verify_result(t->ssl);
    bool server = SSL_is_server(t->ssl);
    if (t->state == VIREO__TLS_HANDSHAKE && server && speaks_http(code))
        answer_http(t);
    if (t->state == VIREO__TLS_HANDSHAKE && verdict != X509_V_OK && !t->ctx->insecure)
        note_refusal(t, verdict);
    else
        note_problem(t, vireo__tls_reason());
    ERR_clear_error();
    return ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ? VIREO_ENOMEM : VIREO_ETLS;
}

/* Whoever waits for the handshake may end the stream gracefully, so that the peer gets our alert.
 */
static void fail(vireo__tls *t, int error)
{
    vireo__stream *s = t->stream;
    bool was_ending = s->ending != NULL;
    bool handshake = t->state == VIREO__TLS_HANDSHAKE;
    t->state = VIREO__TLS_FAILED;
    t->in_len = 0;
    if (handshake && !s->closing)
        finish_handshake(t, error);
    if (was_ending || s->ending == NULL)
        vireo__stream_close(s, error);
}

/* --- handshake -------------------------------------------------------------------------------- */

/* Returns whether something follows it. */
static bool step_handshake(vireo__tls *t)
{
    vireo__tls_begin_output(t);
    int result = SSL_do_handshake(t->ssl);
    bool waits = result != 1 && SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ;
    int why = result == 1 || waits ? 0 : explain(t);
    int error = vireo__tls_end_output(t);
    if (why < 0 || error < 0)
        fail(t, why < 0 ? why : error);
    if (result != 1 || error < 0)
        return false;
    t->state = VIREO__TLS_OPEN;
    finish_handshake(t, 0);
    if (!t->stream->closing && t->flying.len == 0)
        vireo__tls_release_writer(t);
    return true;
}

/* --- bytes in --------------------------------------------------------------------------------- */

enum reading { READ_ALL, READ_FULL, READ_END, READ_FAILED };

/* Decrypts into the loop's buffer, until there is nothing more or it is full. */
static enum reading read_plain(vireo__tls *t, size_t *len)
{
    uint8_t *out = t->shared->plain;
    *len = 0;
    while (*len < PLAIN) {
        size_t n;
        int result = SSL_read_ex(t->ssl, out + *len, PLAIN - *len, &n);
        if (result == 1) {
            *len += n;
            if (t->in_len == 0 && SSL_has_pending(t->ssl) == 0)
                return READ_ALL; /* what a call would say that costs as much as a message */
            continue;
        }
        switch (SSL_get_error(t->ssl, result)) {
        case SSL_ERROR_WANT_READ:
            return READ_ALL;
        case SSL_ERROR_ZERO_RETURN:
            return READ_END;
        default:
            return READ_FAILED;
        }
    }
    return READ_FULL;
}

/* Returns whether there may be more. */
static bool step_open(vireo__tls *t)
{
    vireo__stream *s = t->stream;
    size_t len;
    vireo__tls_begin_output(t);
    enum reading result = read_plain(t, &len);
    int error = result == READ_FAILED ? explain(t) : 0;
    int written = vireo__tls_end_output(t);
    if (len > 0)
        vireo__stream_received(s, t->shared->plain, len);
    if (s->closing)
        return false;
    if (error < 0 || written < 0)
        fail(t, error < 0 ? error : written);
    else if (result == READ_END && s->reading)
        vireo__stream_peer_ended(s);
    return result == READ_FULL;
}

/* What cannot be given to the owner now waits. */
static void keep(vireo__tls *t)
{
    if (t->in_len > 0 && t->state == VIREO__TLS_OPEN && !t->stream->closing &&
        !t->stream->peer_ended && vireo__buf_append(&t->kept, t->in, t->in_len) < 0)
        vireo__stream_close(t->stream, VIREO_ENOMEM);
    t->in_len = 0;
}

static void pump(vireo__tls *t, const uint8_t *bytes, size_t n)
{
    vireo__stream *s = t->stream;
    bool more = true;
    t->in = bytes;
    t->in_len = n;
    while (more && !s->closing) {
        if (t->state == VIREO__TLS_HANDSHAKE)
            more = step_handshake(t);
        else
            more = t->state == VIREO__TLS_OPEN && s->reading && step_open(t);
    }
    keep(t);
}

static void on_received(vireo__stream *s, uint8_t *bytes, size_t n)
{
    pump(vireo__tls_of(s), bytes, n);
}

/* The owner goes on after a pause. */
static void on_resume(vireo__turn_task *task)
{
    vireo__tls *t = vireo__container(task, vireo__tls, resume);
    vireo__stream *s = t->stream;
    vireo__buf kept = t->kept;
    vireo__buf_init(&t->kept, VIREO__BUF_UNLIMITED);
    pump(t, kept.data, kept.len);
    vireo__buf_deinit(&kept);
    if (s->closing || !s->reading || t->kept.len > 0)
        return;
    int error = t->base.below->read_start(s);
    if (error < 0)
        vireo__stream_close(s, error);
}

/* "Any data received after a closure alert has been received MUST be ignored .. if the transport
 * is closed without a closure alert, that is a truncation" (RFC 8446 section 6.1) */
static void on_ended(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    if (t->state == VIREO__TLS_HANDSHAKE) {
        note_problem(t, "the peer went away during the handshake");
        fail(t, VIREO_ETLS);
    }
    if (s->ending != NULL)
        vireo__stream_peer_ended(s);
    else
        vireo__stream_close(s, VIREO_ETRUNCATED); /* unless it is closed already */
}

static int read_start(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    bool ended = (SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    if (t->kept.len == 0 && SSL_pending(t->ssl) == 0 && !ended)
        return t->base.below->read_start(s);
    vireo__turn_add(s->loop, &t->resume);
    return 0;
}

static void read_stop(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    /* The first message of a handshake does not depend on reading. */
    if (t->state != VIREO__TLS_HANDSHAKE)
        vireo__turn_remove(&t->resume);
    t->base.below->read_stop(s);
}

/* The plaintext is written, but words of TLS itself may still be on their way out. */
static int detach(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    if (t->flying.len == 0) {
        vireo__turn_remove(&t->resume);
        return t->base.below->detach(s);
    }
    t->wanted = true;
    return 1;
}

/* --- the end ---------------------------------------------------------------------------------- */

static int say_goodbye(vireo__tls *t)
{
    if (t->state != VIREO__TLS_OPEN || (SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) != 0)
        return 0;
    vireo__tls_begin_output(t);
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    return vireo__tls_end_output(t);
}

static int shutdown_write(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    int error = say_goodbye(t);
    return error < 0 ? error : vireo__tls_shut_below(t);
}

/* A peer must be able to tell our end from a cut. */
static void close_below(vireo__stream *s)
{
    vireo__tls *t = vireo__tls_of(s);
    vireo__turn_remove(&t->resume);
    if (s->error == 0 && t->flying.len == 0 && t->offered == 0 && t->sink == NULL)
        (void)say_goodbye(t);
    t->base.below->close(s);
}

static void peer_address(const vireo__stream *s, char *out, size_t size)
{
    s->filter->below->peer_address(s, out, size);
}

static void free_tls(vireo__tls *t)
{
    SSL_free(t->ssl);
    vireo__tls_ctx_unref(t->ctx);
    vireo__buf_deinit(&t->kept);
    vireo__buf_deinit(&t->flying);
    vireo__buf_deinit(&t->next);
    free(t->problem);
    free(t->info);
    free(t);
}

static void on_closed(vireo__stream *s)
{
    free_tls(vireo__tls_of(s));
    s->filter = NULL;
}

/* --- to another loop -------------------------------------------------------------------------- */

static int on_detached(vireo__filter *f, vireo__buf *early)
{
    vireo__tls *t = vireo__container(f, vireo__tls, base);
    t->stream = NULL;
    t->shared = NULL;
    int error = early->len > 0 ? vireo__buf_append(&t->kept, early->data, early->len) : 0;
    vireo__buf_deinit(early);
    return error;
}

static int on_adopted(vireo__filter *f, vireo__stream *s)
{
    vireo__tls *t = vireo__container(f, vireo__tls, base);
    t->shared = vireo__tls_of_loop(s->loop);
    t->stream = s;
    return t->shared != NULL ? 0 : VIREO_ENOMEM;
}

static void on_dropped(vireo__filter *f)
{
    free_tls(vireo__container(f, vireo__tls, base));
}

/* --- life ------------------------------------------------------------------------------------- */

static const vireo__filter_events filter_events = {
    .received = on_received,
    .peer_ended = on_ended,
    .written = vireo__tls_written,
    .taken = vireo__tls_taken,
    .closed = on_closed,
    .detached = on_detached,
    .adopted = on_adopted,
    .dropped = on_dropped,
};

static const vireo__stream_io tls_io = {
    .read_start = read_start,
    .read_stop = read_stop,
    .try_write = vireo__tls_try_write,
    .offer = vireo__tls_offer,
    .write_later = vireo__tls_write_later,
    .shutdown_write = shutdown_write,
    .close = close_below,
    .detach = detach,
    .peer_address = peer_address,
};

static vireo__tls *new_tls(vireo__stream *s, vireo__tls_ctx *ctx, vireo__tls_done_fn done,
                           void *user)
{
    vireo__tls *t = calloc(1, sizeof *t);
    vireo__tls_loop *shared = vireo__tls_of_loop(s->loop);
    if (t == NULL || shared == NULL) {
        free(t);
        return NULL;
    }
    atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    t->ctx = ctx;
    t->shared = shared;
    t->stream = s;
    t->done = done;
    t->user = user;
    t->resume.run = on_resume;
    vireo__buf_init(&t->kept, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&t->flying, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&t->next, VIREO__TLS_HELD_BACK);
    t->ssl = SSL_new(ctx->ssl);
    BIO *bio = t->ssl != NULL ? BIO_new(ctx->bio) : NULL;
    if (bio == NULL) {
        free_tls(t);
        return NULL;
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    return t;
}

int vireo__tls_accept(vireo__stream *s, vireo__tls_ctx *ctx, vireo__tls_done_fn done, void *user)
{
    vireo__tls *t = new_tls(s, ctx, done, user);
    if (t == NULL)
        return VIREO_ENOMEM;
    SSL_set_accept_state(t->ssl);
    vireo__stream_filter(s, &t->base, &filter_events, &tls_io);
    s->secure = true;
    return 0;
}

/* An IP address is verified as one, and is not asked for: SNI knows names only. */
static int set_host(SSL *ssl, const char *host)
{
    char name[256];
    size_t n = strlen(host);
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n > 0 && host[n - 1] == '.')
        n--;
    if (n == 0 || n >= sizeof name)
        return VIREO_EINVAL;
    memcpy(name, host, n);
    name[n] = '\0';
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
        return 0;
    ERR_clear_error();
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl, name) != 1 || SSL_set_tlsext_host_name(ssl, name) != 1)
        return VIREO_ENOMEM;
    return 0;
}

static void on_hello(vireo__turn_task *task);

int vireo__tls_connect(vireo__stream *s, vireo__tls_ctx *ctx, const char *host,
                       vireo__tls_done_fn done, void *user)
{
    vireo__tls *t = new_tls(s, ctx, done, user);
    if (t == NULL)
        return VIREO_ENOMEM;
    int error = set_host(t->ssl, ctx->server_name != NULL ? ctx->server_name : host);
    if (error < 0) {
        free_tls(t);
        return error;
    }
    SSL_set_connect_state(t->ssl);
    vireo__stream_filter(s, &t->base, &filter_events, &tls_io);
    s->secure = true;
    vireo__stream_start(s);
    t->resume.run = on_hello;
    vireo__turn_add(s->loop, &t->resume);
    return 0;
}

/* The first message, at the end of the turn: if it fails, nobody is called before
 * vireo__tls_connect has returned. */
static void on_hello(vireo__turn_task *task)
{
    vireo__tls *t = vireo__container(task, vireo__tls, resume);
    t->resume.run = on_resume;
    pump(t, NULL, 0);
}

/* --- looking at it ---------------------------------------------------------------------------- */

static bool has_tls(const vireo__stream *s)
{
    return s->filter != NULL && s->filter->events == &filter_events;
}

const char *vireo__tls_problem(const vireo__stream *s)
{
    const char *text = has_tls(s) ? vireo__tls_of(s)->problem : NULL;
    return text != NULL ? text : "";
}

bool vireo__tls_agreed_on(const vireo__stream *s, const char *protocol)
{
    const uint8_t *name = NULL;
    unsigned n = 0;
    if (has_tls(s))
        SSL_get0_alpn_selected(vireo__tls_of(s)->ssl, &name, &n);
    return n > 0 && n == strlen(protocol) && memcmp(name, protocol, n) == 0;
}

const vireo_tls_info *vireo__tls_info(vireo__stream *s)
{
    while (s->io->carrier != NULL)
        s = s->io->carrier(s);
    if (!has_tls(s) || vireo__tls_of(s)->state == VIREO__TLS_HANDSHAKE)
        return NULL;
    vireo__tls *t = vireo__tls_of(s);
    if (t->info == NULL)
        t->info = vireo__tls_info_new(t->ssl);
    return t->info;
}
