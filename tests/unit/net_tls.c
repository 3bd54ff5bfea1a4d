/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W13: the TLS filter against OpenSSL: whole, byte by byte, cut everywhere; as server and as
 * client; what it costs a peer to lie, to stall and to vanish. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>

#include <vireo/error.h>

#include "net/listener.h"
#include "net/tls.h"

#include "tls_peer.h"

enum { PATIENCE = 20000, BIG = 6000000 };

typedef struct fixture {
    vireo_loop *loop;
    vireo__listener *listener;
    vireo__stream *stream;
    tls_peer peer;
    vireo_tls *tls;           /* of the listener; NULL: none */
    vireo_tls_client *client; /* we are the client, by the accepted stream */
    const char *host;
    bool pause, end_in_done;
    vireo__buf got;
    int accepted, ended, drained, closed, gone, done;
    int error, done_error;
    char problem[200];
} fixture;

static cert ca, site, wild, alice, stranger;

/* --- our side --------------------------------------------------------------------------------- */

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    fixture *f = s->owner;
    assert_int_equal(f->closed, 0);
    assert_int_equal(f->ended, 0);
    vireo__buf_append(&f->got, bytes, n);
    memset(bytes, 0xee, n); /* they are ours to change */
    if (f->pause)
        vireo__stream_pause(s);
}

static void on_end(vireo__stream *s)
{
    ((fixture *)s->owner)->ended++;
}

static void on_drain(vireo__stream *s)
{
    ((fixture *)s->owner)->drained++;
}

static void on_close(vireo__stream *s, int error)
{
    fixture *f = s->owner;
    f->closed++;
    f->error = error;
    snprintf(f->problem, sizeof f->problem, "%s", vireo__tls_problem(s));
    f->stream = NULL;
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_drain = on_drain, .on_close = on_close};

static void on_done(vireo__stream *s, void *user, int error)
{
    fixture *f = user;
    assert_ptr_equal(f->stream, s);
    f->done++;
    f->done_error = error;
    if (f->end_in_done)
        vireo__stream_close(s, VIREO_ECANCELLED);
}

static void on_accept(vireo__listener *l, vireo__stream *s)
{
    fixture *f = vireo__listener_owner(l);
    f->stream = s;
    f->accepted++;
    vireo__stream_set_events(s, &events, f);
    if (f->host == NULL) {
        vireo__stream_start(s);
        return;
    }
    vireo__tls_ctx *ctx = vireo__tls_client_ctx(f->loop, f->client, NULL);
    assert_int_equal(vireo__tls_connect(s, ctx, f->host, on_done, f), 0);
    vireo__tls_ctx_unref(ctx);
    assert_int_equal(f->done, 0);
}

/* --- both sides ------------------------------------------------------------------------------- */

static void turn(fixture *f)
{
    struct pollfd fds[2] = {{.fd = uv_backend_fd(f->loop->uv), .events = POLLIN},
                            {.fd = f->peer.fd, .events = POLLIN}};
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
    poll(fds, f->peer.ended ? 1 : 2, 1);
    if (!f->peer.ended)
        tls_peer_take(&f->peer);
}

static void settle(fixture *f)
{
    for (int i = 0; i < 20; i++)
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
    if (!f->peer.ended)
        tls_peer_take(&f->peer);
}

static int connect_socket(fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo__listener_port(f->listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 65536;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* a slow reader is soon seen */
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void begin(fixture *f, const cert *identity, const cert *trusted)
{
    f->loop = vireo__loop_new(NULL);
    vireo_listen_options where = {.host = "127.0.0.1", .tls = f->tls};
    vireo__buf_init(&f->got, VIREO__BUF_UNLIMITED);
    assert_int_equal(vireo__listener_open(&f->listener, f->loop, &where, on_accept, f), 0);
    f->peer = tls_peer_new(connect_socket(f), f->host != NULL, identity, trusted);
}

static void on_gone(void *owner)
{
    ((fixture *)owner)->gone++;
}

static void finish(fixture *f)
{
    vireo__listener_close(f->listener, on_gone);
    vireo__listener_close_streams(f->listener);
    for (int i = 0; i < PATIENCE && f->gone == 0; i++)
        turn(f);
    assert_int_equal(f->gone, 1);
    assert_int_equal(f->closed, f->accepted);
    tls_peer_free(&f->peer);
    vireo__buf_deinit(&f->got);
    vireo_tls_free(f->tls);
    vireo_tls_client_free(f->client);
    vireo__loop_free(f->loop);
}

/* Sends all that the peer has to say, in pieces of |step| bytes, each seen alone. */
static void give(fixture *f, size_t step)
{
    while (tls_peer_give(&f->peer, step) > 0)
        settle(f);
}

/* Returns whether the peer sees the handshake done. */
static bool shake(fixture *f, size_t step)
{
    for (int i = 0; i < PATIENCE && !f->peer.ended; i++) {
        int done = SSL_do_handshake(f->peer.ssl);
        bool failed = done != 1 && SSL_get_error(f->peer.ssl, done) != SSL_ERROR_WANT_READ;
        give(f, step);
        if (failed)
            return false;
        if (done == 1 && f->host == NULL ? f->accepted == 1 : done == 1)
            return true;
        turn(f);
    }
    return false;
}

static void peer_send(fixture *f, const void *data, size_t n)
{
    assert_int_equal(SSL_write(f->peer.ssl, data, (int)n), (int)n);
}

static void expect_got(fixture *f, const char *text)
{
    for (int i = 0; i < PATIENCE && f->got.len < strlen(text); i++)
        turn(f);
    assert_int_equal(f->got.len, strlen(text));
    assert_memory_equal(f->got.data, text, strlen(text));
}

/* What the peer reads, until |n| bytes or an end: returns how many; |*why| the end. */
static size_t peer_read(fixture *f, char *out, size_t n, int *why)
{
    size_t at = 0;
    *why = SSL_ERROR_NONE;
    for (int i = 0; i < PATIENCE && at < n; i++) {
        int got = SSL_read(f->peer.ssl, out + at, n - at > INT_MAX ? INT_MAX : (int)(n - at));
        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        *why = SSL_get_error(f->peer.ssl, got);
        if (*why != SSL_ERROR_WANT_READ || f->peer.ended)
            break;
        turn(f);
    }
    return at;
}

static void until(fixture *f, const int *flag)
{
    for (int i = 0; i < PATIENCE && *flag == 0; i++)
        turn(f);
    assert_int_equal(*flag, 1);
}

static void begin_server(fixture *f)
{
    *f = (fixture){.tls = vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem)};
    begin(f, NULL, &ca);
}

/* --- the ordinary course ---------------------------------------------------------------------- */

static void converse(fixture *f, size_t step)
{
    char text[16] = "";
    int why;
    assert_true(shake(f, step));
    assert_true(vireo__tls_secure(f->stream));
    peer_send(f, "hello", 5);
    peer_send(f, ", world", 7);
    give(f, step);
    expect_got(f, "hello, world");
    vireo__stream_write_copy(f->stream, "one", 3);
    vireo__stream_write_copy(f->stream, "two", 3);
    assert_int_equal(peer_read(f, text, 6, &why), 6);
    assert_string_equal(text, "onetwo");
    SSL_shutdown(f->peer.ssl);
    give(f, step);
    until(f, &f->ended);
    vireo__stream_write_copy(f->stream, "late", 4); /* it may still be answered */
    vireo__stream_end(f->stream);
    assert_int_equal(peer_read(f, text, 6, &why), 4);
    assert_int_equal(why, SSL_ERROR_ZERO_RETURN); /* our close_notify */
    until(f, &f->closed);
    assert_int_equal(f->error, 0);
}

static void carries_bytes(void **state)
{
    (void)state;
    static const size_t steps[] = {SIZE_MAX, 1, 2, 7, 100};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            fixture f;
            begin_server(&f);
            SSL_set_max_proto_version(f.peer.ssl, version);
            converse(&f, steps[i]);
            finish(&f);
        }
    }
}

static void carries_bytes_as_client(void **state)
{
    (void)state;
    static const size_t steps[] = {SIZE_MAX, 1, 50};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        fixture f = {.client = vireo_tls_client_new(.ca_pem = ca.pem), .host = "site.example"};
        begin(&f, &site, NULL);
        converse(&f, steps[i]);
        assert_int_equal(f.done, 1);
        assert_int_equal(f.done_error, 0);
        assert_string_equal(SSL_get_servername(f.peer.ssl, TLSEXT_NAMETYPE_host_name),
                            "site.example");
        finish(&f);
    }
}

/* Many bytes both ways at once, to a reader that is slow: nothing lost, nothing out of order. */
static void carries_much(void **state)
{
    (void)state;
    fixture f;
    begin_server(&f);
    char *bytes = malloc(BIG), *back = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 31 + i / 997);
    assert_true(shake(&f, SIZE_MAX));
    for (size_t at = 0, n = 1; at < BIG; at += n, n = n * 3 % 70001) {
        n = n < BIG - at ? n : BIG - at;
        assert_int_equal(vireo__stream_write_copy(f.stream, bytes + at, n), 0);
    }
    size_t queued = vireo__stream_queued(f.stream);
    assert_int_equal(queued, BIG); /* plaintext is what counts */
    peer_send(&f, bytes, BIG);
    for (int i = 0; i < PATIENCE && f.got.len < BIG; i++) {
        tls_peer_give(&f.peer, 100000);
        uv_run(f.loop->uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(f.got.len, BIG);
    assert_memory_equal(f.got.data, bytes, BIG);
    assert_true(vireo__stream_queued(f.stream) > 0);
    assert_false(vireo__stream_writable(f.stream));
    int why;
    assert_int_equal(peer_read(&f, back, BIG, &why), BIG);
    assert_memory_equal(back, bytes, BIG);
    until(&f, &f.drained);
    assert_int_equal(vireo__stream_queued(f.stream), 0);
    free(bytes);
    free(back);
    finish(&f);
}

static void pauses(void **state)
{
    (void)state;
    fixture f;
    begin_server(&f);
    char piece[16384];
    memset(piece, 'x', sizeof piece);
    assert_true(shake(&f, SIZE_MAX));
    f.pause = true;
    for (int i = 0; i < 40; i++)
        peer_send(&f, piece, sizeof piece);
    SSL_shutdown(f.peer.ssl);
    for (int i = 0; i < 100; i++) {
        tls_peer_give(&f.peer, SIZE_MAX);
        settle(&f);
    }
    size_t once = f.got.len;
    assert_true(once > 0 && once < 40 * sizeof piece);
    assert_int_equal(f.ended, 0);
    for (int i = 0; i < PATIENCE && f.ended == 0; i++) {
        size_t before = f.got.len;
        vireo__stream_start(f.stream);
        assert_int_equal(f.got.len, before); /* never inside the call */
        tls_peer_give(&f.peer, SIZE_MAX);
        turn(&f);
    }
    assert_int_equal(f.got.len, 40 * sizeof piece);
    assert_int_equal(f.ended, 1);
    finish(&f);
}

/* --- ends ------------------------------------------------------------------------------------- */

static void tells_truncation(void **state)
{
    (void)state;
    fixture f;
    begin_server(&f);
    assert_true(shake(&f, SIZE_MAX));
    peer_send(&f, "half", 4);
    give(&f, SIZE_MAX);
    shutdown(f.peer.fd, SHUT_WR); /* no close_notify */
    until(&f, &f.closed);
    assert_int_equal(f.error, VIREO_ETRUNCATED);
    assert_int_equal(f.ended, 0);
    finish(&f);
}

static void says_goodbye_when_it_closes(void **state)
{
    (void)state;
    char byte;
    int why;
    fixture f;
    begin_server(&f);
    assert_true(shake(&f, SIZE_MAX));
    vireo__stream_close(f.stream, 0);
    assert_int_equal(peer_read(&f, &byte, 1, &why), 0);
    assert_int_equal(why, SSL_ERROR_ZERO_RETURN);
    finish(&f);
}

/* After our end the peer is waited for; its close_notify is enough. */
static void awaits_the_goodbye(void **state)
{
    (void)state;
    char text[4];
    int why;
    fixture f;
    begin_server(&f);
    assert_true(shake(&f, SIZE_MAX));
    vireo__stream_write_copy(f.stream, "bye", 3);
    vireo__stream_end(f.stream);
    assert_int_equal(peer_read(&f, text, 4, &why), 3);
    assert_int_equal(why, SSL_ERROR_ZERO_RETURN);
    peer_send(&f, "still here", 10);
    give(&f, SIZE_MAX);
    assert_int_equal(f.closed, 0);
    SSL_shutdown(f.peer.ssl);
    give(&f, SIZE_MAX);
    until(&f, &f.closed);
    assert_int_equal(f.error, 0);
    assert_int_equal(f.got.len, 0);
    finish(&f);
}

static void breaks_on_a_bad_record(void **state)
{
    (void)state;
    for (size_t at = 0; at < 26; at += 5) { /* head, nonce, text, tag */
        fixture f;
        begin_server(&f);
        char *data;
        size_t n;
        assert_true(shake(&f, SIZE_MAX));
        peer_send(&f, "good", 4);
        give(&f, SIZE_MAX);
        peer_send(&f, "evil", 4);
        data = tls_peer_say(&f.peer, &n);
        data[at] ^= 0x55;
        give(&f, SIZE_MAX);
        for (int i = 0; i < PATIENCE && f.closed == 0; i++) {
            turn(&f);
            if (i == 20)
                shutdown(f.peer.fd, SHUT_WR); /* a longer length: it would wait for the rest */
        }
        assert_true(f.error == VIREO_ETLS || f.error == VIREO_ETRUNCATED);
        expect_got(&f, "good");
        finish(&f);
    }
}

static void refuses_oversized_records(void **state)
{
    (void)state;
    static const uint8_t head[] = {23, 3, 3, 0x48, 0x01}; /* 18433: more than 2^14 + 2048 */
    fixture f;
    begin_server(&f);
    assert_true(shake(&f, SIZE_MAX));
    send(f.peer.fd, head, sizeof head, MSG_NOSIGNAL);
    until(&f, &f.closed);
    assert_int_equal(f.error, VIREO_ETLS);
    assert_true(strlen(f.problem) > 0);
    finish(&f);
}

/* --- handshakes that fail --------------------------------------------------------------------- */

/* The peer vanishes after each byte of its side of the handshake, with an end or with a reset. */
static void survives_a_cut_anywhere(void **state)
{
    (void)state;
    for (size_t cut = 1;; cut++) {
        fixture f;
        begin_server(&f);
        size_t sent = 0;
        bool done = false;
        while (sent < cut && !done) {
            done = SSL_do_handshake(f.peer.ssl) == 1;
            sent += tls_peer_give(&f.peer, cut - sent);
            turn(&f);
        }
        if (cut % 2 == 0) {
            struct linger reset = {1, 0};
            setsockopt(f.peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        close(f.peer.fd);
        f.peer.fd = -1;
        f.peer.ended = true;
        for (int i = 0; i < PATIENCE && vireo__listener_streams(f.listener) > 0; i++)
            turn(&f);
        assert_int_equal(vireo__listener_streams(f.listener), 0);
        bool whole = f.accepted == 1;
        assert_true(!whole || (SSL_is_init_finished(f.peer.ssl) && f.peer.say_len == 0));
        finish(&f);
        if (whole)
            break;
    }
}

static void refuses_garbage(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x16\x03\x01\xff\xff",         "SSH-2.0-OpenSSH\r\n",
        "\x80\x2e\x01\x00\x02",         "\x16\x03\x01\x40\x01garbagegarbage",
        "\x15\x03\x01\x00\x02\x02\x28", /* an alert */
        "\x17\x03\x03\x00\x05hello",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fixture f;
        begin_server(&f);
        size_t n = i == 0   ? 5
                   : i == 2 ? 5
                   : i == 3 ? 19
                   : i == 4 ? 7
                   : i == 5 ? 10
                            : strlen(texts[i]);
        send(f.peer.fd, texts[i], n, MSG_NOSIGNAL);
        for (int k = 0; k < 50; k++)
            turn(&f);
        shutdown(f.peer.fd, SHUT_WR);
        for (int k = 0; k < PATIENCE && vireo__listener_streams(f.listener) > 0; k++)
            turn(&f);
        assert_int_equal(vireo__listener_streams(f.listener), 0);
        assert_int_equal(f.accepted, 0);
        finish(&f);
    }
}

/* http:// to our port gets words that a person can read. */
static void answers_plain_http(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    char text[400] = "";
    fixture f;
    begin_server(&f);
    send(f.peer.fd, request, sizeof request - 1, MSG_NOSIGNAL);
    for (int i = 0; i < PATIENCE && !f.peer.ended; i++)
        turn(&f);
    BIO_read(f.peer.in, text, sizeof text - 1);
    assert_memory_equal(text, "HTTP/1.1 400 Bad Request\r\n", 26);
    assert_non_null(strstr(text, "\r\n\r\nThis port speaks HTTPS. Use https://, not http:"));
    assert_false(f.peer.reset);
    assert_int_equal(f.accepted, 0);
    finish(&f);
}

static void expect_refusal(vireo_tls_client *client, const char *host, const cert *identity,
                           const char *problem)
{
    fixture f = {.client = client, .host = host};
    begin(&f, identity, NULL);
    assert_false(shake(&f, SIZE_MAX) && f.done_error == 0);
    until(&f, &f.closed);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.done_error, VIREO_ETLS);
    assert_int_equal(f.error, VIREO_ETLS);
    assert_string_equal(f.problem, problem);
    finish(&f);
}

/* W11, W13: verification is on, and means the name. */
static void verifies_the_server(void **state)
{
    (void)state;
    expect_refusal(vireo_tls_client_new(.ca_pem = ca.pem), "other.example", &site,
                   "the server's certificate was refused: hostname mismatch");
    expect_refusal(vireo_tls_client_new(.ca_pem = ca.pem), "127.0.0.2", &site,
                   "the server's certificate was refused: IP address mismatch");
    expect_refusal(vireo_tls_client_new(.ca_pem = stranger.pem), "site.example", &site,
                   "the server's certificate was refused: unable to get local issuer certificate");
    expect_refusal(NULL, "site.example", &site, /* the system's CAs know nothing of it */
                   "the server's certificate was refused: unable to get local issuer certificate");
    static const char *const good[] = {"site.example", "SITE.example.", "127.0.0.1", "[::1]",
                                       "::1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        fixture f = {.client = vireo_tls_client_new(.ca_pem = ca.pem), .host = good[i]};
        begin(&f, &site, NULL);
        assert_true(shake(&f, SIZE_MAX));
        settle(&f);
        assert_int_equal(f.done, 1);
        assert_int_equal(f.done_error, 0);
        assert_int_equal(SSL_get_servername(f.peer.ssl, 0) != NULL, i < 2);
        finish(&f);
    }
    fixture f = {.client = vireo_tls_client_new(.insecure = true), .host = "any.example"};
    begin(&f, &site, NULL);
    assert_true(shake(&f, SIZE_MAX));
    finish(&f);
}

static void tells_the_client_of_an_end(void **state)
{
    (void)state;
    fixture f = {.client = vireo_tls_client_new(.ca_pem = ca.pem), .host = "site.example"};
    begin(&f, &site, NULL);
    for (int i = 0; i < PATIENCE && f.accepted == 0; i++)
        turn(&f);
    vireo__stream_write_copy(f.stream, "early", 5); /* waits, and is never sent */
    turn(&f);
    shutdown(f.peer.fd, SHUT_WR);
    until(&f, &f.closed);
    assert_int_equal(f.done_error, VIREO_ETLS);
    assert_string_equal(f.problem, "the peer went away during the handshake");
    finish(&f);
}

/* What is written before the handshake is over waits for it. */
static void sends_early_words_late(void **state)
{
    (void)state;
    char text[6] = "";
    int why;
    fixture f = {.client = vireo_tls_client_new(.ca_pem = ca.pem), .host = "site.example"};
    begin(&f, &site, NULL);
    for (int i = 0; i < PATIENCE && f.accepted == 0; i++)
        turn(&f);
    vireo__stream_write_copy(f.stream, "early", 5);
    turn(&f);
    assert_int_equal(vireo__stream_queued(f.stream), 5);
    assert_true(shake(&f, SIZE_MAX));
    assert_int_equal(peer_read(&f, text, 5, &why), 5);
    assert_string_equal(text, "early");
    finish(&f);
}

static void closes_inside_done(void **state)
{
    (void)state;
    fixture f = {.client = vireo_tls_client_new(.ca_pem = ca.pem), .host = "site.example"};
    f.end_in_done = true;
    begin(&f, &site, NULL);
    shake(&f, SIZE_MAX);
    until(&f, &f.closed);
    assert_int_equal(f.error, VIREO_ECANCELLED);
    finish(&f);
}

static int set_up(void **state)
{
    (void)state;
    ca = cert_make("Test CA", NULL, NULL, NULL);
    stranger = cert_make("Nobody's CA", NULL, NULL, NULL);
    site = cert_make("site.example", "DNS:site.example,IP:127.0.0.1,IP:::1", &ca, NULL);
    wild = cert_make("wild.example", "DNS:*.wild.example", &ca, NULL);
    alice = cert_make("alice", "email:alice@example.org", &ca, "secret");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cert_free(&ca);
    cert_free(&stranger);
    cert_free(&site);
    cert_free(&wild);
    cert_free(&alice);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes),
        cmocka_unit_test(carries_bytes_as_client),
        cmocka_unit_test(carries_much),
        cmocka_unit_test(pauses),
        cmocka_unit_test(tells_truncation),
        cmocka_unit_test(says_goodbye_when_it_closes),
        cmocka_unit_test(awaits_the_goodbye),
        cmocka_unit_test(breaks_on_a_bad_record),
        cmocka_unit_test(refuses_oversized_records),
        cmocka_unit_test(survives_a_cut_anywhere),
        cmocka_unit_test(refuses_garbage),
        cmocka_unit_test(answers_plain_http),
        cmocka_unit_test(verifies_the_server),
        cmocka_unit_test(tells_the_client_of_an_end),
        cmocka_unit_test(sends_early_words_late),
        cmocka_unit_test(closes_inside_done),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
