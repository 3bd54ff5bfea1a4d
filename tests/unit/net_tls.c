/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W13: the TLS filter against OpenSSL: whole, byte by byte, cut everywhere; as server and as
 * client; what it costs a peer to lie, to stall and to vanish. */

#include "tls_fixture.h"

enum { BIG = 6000000 };

/* --- the ordinary course ---------------------------------------------------------------------- */

static void converse(fixture *f, size_t step)
{
    char text[16] = "";
    int why;
    assert_true(shake(f, step));
    assert_true(f->stream->secure);
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
        turn_deaf(&f);
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

/* Turn after turn the kernel takes all, then a part, then nothing: the peer gets every byte once.
 */
static void carries_what_each_turn_says(void **state)
{
    (void)state;
    enum { TURN = 40000 };
    fixture f;
    begin_server(&f);
    char *bytes = malloc(BIG), *back = malloc(BIG);
    size_t said = 0;
    int why;
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 17 + i / 1009);
    assert_true(shake(&f, SIZE_MAX));
    while (said + TURN <= BIG && vireo__stream_writable(f.stream)) {
        assert_int_equal(vireo__stream_write_copy(f.stream, bytes + said, TURN), 0);
        said += TURN;
        turn_deaf(&f);
    }
    assert_false(vireo__stream_writable(f.stream));
    assert_true(said > 2 * TURN);
    assert_int_equal(vireo__stream_queued(f.stream) % TURN, 0); /* a record is taken as a whole */
    assert_int_equal(peer_read(&f, back, said, &why), said);
    assert_memory_equal(back, bytes, said);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes),
        cmocka_unit_test(carries_bytes_as_client),
        cmocka_unit_test(carries_much),
        cmocka_unit_test(carries_what_each_turn_says),
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
