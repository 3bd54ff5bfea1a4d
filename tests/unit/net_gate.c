/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W13, W14: the gate of a listener: heads of proxies, handshakes in progress and their limits. */

#include "tls_fixture.h"

#include "net/gate.h"

/* --- one connection behind a proxy ------------------------------------------------------------ */

static void begin_behind_proxy(fixture *f, bool tls)
{
    *f = (fixture){.where = {.proxy_protocol = true}};
    if (tls)
        f->tls = vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem);
    begin(f, NULL, &ca);
}

static void send_raw(fixture *f, const char *bytes, size_t n, size_t step)
{
    for (size_t at = 0; at < n; at += step) {
        size_t now = step < n - at ? step : n - at;
        assert_int_equal(send(f->peer.fd, bytes + at, now, MSG_NOSIGNAL), (ssize_t)now);
        settle(f);
    }
}

static void tells_the_client(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *address;
        bool secure;
    } cases[] = {
#define CASE(text, address, secure) {text, sizeof text - 1, address, secure}
        CASE("PROXY TCP4 203.0.113.7 198.51.100.1 1 2\r\nhello", "203.0.113.7", false),
        CASE("PROXY TCP6 2001:db8::1 ::1 1 2\r\nhello", "2001:db8::1", false),
        CASE("PROXY UNKNOWN\r\nhello", "127.0.0.1", false),
        CASE("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\1\2\3\4\5\6\7\x08\0\1\0\2\x20\0\5\1\0\0\0\0hello",
             "1.2.3.4", true),
        CASE("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0hello", "127.0.0.1", false),
    };
    static const size_t steps[] = {1000, 1, 5};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            fixture f;
            char address[VIREO__ADDRESS_SIZE];
            begin_behind_proxy(&f, false);
            send_raw(&f, cases[i].bytes, cases[i].n, steps[k]);
            expect_got(&f, "hello");
            vireo__stream_address(f.stream, address, sizeof address);
            assert_string_equal(address, cases[i].address);
            assert_int_equal(f.stream->secure, cases[i].secure);
            finish(&f);
        }
    }
}

/* Much may follow the head at once. */
static void passes_on_what_follows(void **state)
{
    (void)state;
    enum { MUCH = 60000 };
    char *bytes = malloc(MUCH);
    for (size_t first = 0; first < 2; first++) {
        fixture f;
        memset(bytes, 'x', MUCH);
        memcpy(bytes, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32);
        begin_behind_proxy(&f, false);
        send_raw(&f, bytes, 20 * first, SIZE_MAX);
        send_raw(&f, bytes + 20 * first, MUCH - 20 * first, SIZE_MAX);
        for (int i = 0; i < PATIENCE && f.got.len < MUCH - 32; i++)
            turn(&f);
        assert_int_equal(f.got.len, MUCH - 32);
        assert_int_equal(f.got.data[0], 'x');
        finish(&f);
    }
    free(bytes);
}

static void speaks_tls_behind_the_head(void **state)
{
    (void)state;
    for (size_t step = 1; step < 100; step += 40) {
        fixture f;
        char address[VIREO__ADDRESS_SIZE];
        begin_behind_proxy(&f, true);
        send_raw(&f, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32, step);
        assert_true(shake(&f, step));
        vireo__stream_address(f.stream, address, sizeof address);
        assert_string_equal(address, "1.2.3.4");
        assert_true(f.stream->secure);
        finish(&f);
    }
    fixture f; /* the head and the first message in one piece */
    begin_behind_proxy(&f, true);
    SSL_do_handshake(f.peer.ssl);
    size_t n;
    char *hello = tls_peer_say(&f.peer, &n), bytes[2000];
    memcpy(bytes, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32);
    memcpy(bytes + 32, hello, n);
    f.peer.say_len = 0;
    send_raw(&f, bytes, n + 32, SIZE_MAX);
    assert_true(shake(&f, SIZE_MAX));
    finish(&f);
}

static void expect_closed(fixture *f)
{
    for (int i = 0; i < PATIENCE && vireo__listener_streams(f->listener) > 0; i++)
        turn(f);
    assert_int_equal(vireo__listener_streams(f->listener), 0);
    assert_int_equal(f->accepted, 0);
    finish(f);
}

static void turns_away_who_has_no_head(void **state)
{
    (void)state;
    static const char *const texts[] = {"GET / HTTP/1.1\r\n", "PROXY TCP4 nonsense\r\n",
                                        "\r\n\r\n\1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fixture f;
        begin_behind_proxy(&f, i == 1);
        send_raw(&f, texts[i], strlen(texts[i]), SIZE_MAX);
        expect_closed(&f);
    }
    fixture f;
    begin_behind_proxy(&f, false);
    send_raw(&f, "PROXY TCP4 1.2.", 15, SIZE_MAX);
    shutdown(f.peer.fd, SHUT_WR);
    expect_closed(&f);
}

static void waits_for_a_head_so_long(void **state)
{
    (void)state;
    fixture f;
    begin_behind_proxy(&f, false);
    send_raw(&f, "PROXY ", 6, SIZE_MAX);
    vireo__loop_advance(f.loop, VIREO__PROXY_HEAD_MS - 1000);
    send_raw(&f, "TCP4", 4, SIZE_MAX); /* that is no help: the time is for the whole */
    assert_int_equal(vireo__listener_streams(f.listener), 1);
    vireo__loop_advance(f.loop, 1000);
    expect_closed(&f);
    begin_behind_proxy(&f, false);
    send_raw(&f, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32, SIZE_MAX);
    vireo__loop_advance(f.loop, VIREO__PROXY_HEAD_MS);
    settle(&f);
    assert_int_equal(f.accepted, 1); /* its owner's time has begun */
    assert_int_equal(f.closed, 0);
    finish(&f);
}

/* --- a crowd ---------------------------------------------------------------------------------- */

enum { CROWD = 40 };

typedef struct crowd {
    vireo_loop *loop;
    vireo__listener *listener;
    vireo_tls *tls;
    tls_peer peers[CROWD];
    int count, admitted, closed, gone;
} crowd;

static void crowd_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__stream_write_copy(s, bytes, n);
}

static void crowd_end(vireo__stream *s)
{
    vireo__stream_end(s);
}

static void crowd_close(vireo__stream *s, int error)
{
    (void)error;
    ((crowd *)s->owner)->closed++;
}

static void crowd_accept(vireo__listener *l, vireo__stream *s)
{
    static const vireo__stream_events echo = {
        .on_data = crowd_data, .on_end = crowd_end, .on_close = crowd_close};
    crowd *c = vireo__listener_owner(l);
    c->admitted++;
    vireo__stream_set_events(s, &echo, c);
    vireo__stream_start(s);
}

static void crowd_gone(void *owner)
{
    ((crowd *)owner)->gone++;
}

static void crowd_settle(crowd *c)
{
    for (int i = 0; i < 20; i++)
        uv_run(c->loop->uv, UV_RUN_NOWAIT);
}

/* |count| connections that have said nothing yet. */
static void crowd_begin(crowd *c, int count, uint32_t max_handshakes, uint32_t max_pending)
{
    *c = (crowd){.loop = vireo__loop_new(NULL), .count = count};
    c->tls = vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem,
                           .max_handshakes = max_handshakes, .handshake_timeout_ms = 5000);
    vireo_listen_options where = {.host = "127.0.0.1", .tls = c->tls, .max_pending = max_pending};
    assert_int_equal(vireo__listener_open(&c->listener, c->loop, &where, crowd_accept, c), 0);
    for (int i = 0; i < count; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(vireo__listener_port(c->listener)),
                                 .sin_addr = {htonl(INADDR_LOOPBACK)}};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
        c->peers[i] = tls_peer_new(fd, false, NULL, &ca);
        crowd_settle(c);
    }
}

static void crowd_finish(crowd *c)
{
    vireo__listener_close(c->listener, crowd_gone);
    vireo__listener_close_streams(c->listener);
    for (int i = 0; i < PATIENCE && c->gone == 0; i++)
        uv_run(c->loop->uv, UV_RUN_NOWAIT);
    assert_int_equal(c->gone, 1);
    assert_int_equal(c->closed, c->admitted);
    for (int i = 0; i < c->count; i++)
        tls_peer_free(&c->peers[i]);
    vireo_tls_free(c->tls);
    vireo__loop_free(c->loop);
}

/* The first message of peer |i| is on its way. */
static void say_hello(crowd *c, int i)
{
    SSL_do_handshake(c->peers[i].ssl);
    assert_true(tls_peer_give(&c->peers[i], SIZE_MAX) > 0);
}

static bool was_answered(crowd *c, int i)
{
    char byte;
    return recv(c->peers[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static int answered(crowd *c)
{
    int n = 0;
    for (int i = 0; i < c->count; i++)
        n += was_answered(c, i);
    return n;
}

static void finish_handshake(crowd *c, int i)
{
    int before = c->admitted;
    for (int k = 0; k < PATIENCE && c->admitted == before; k++) {
        tls_peer_take(&c->peers[i]);
        SSL_do_handshake(c->peers[i].ssl);
        tls_peer_give(&c->peers[i], SIZE_MAX);
        crowd_settle(c);
    }
    assert_int_equal(c->admitted, before + 1);
}

/* Waits for what a deadline of a millisecond lets happen. */
static void wait_answered(crowd *c, int n)
{
    for (int k = 0; k < PATIENCE && answered(c) < n; k++)
        uv_run(c->loop->uv, UV_RUN_ONCE);
    crowd_settle(c);
    assert_int_equal(answered(c), n);
}

static void limits_handshakes(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, 5, 2, 0);
    vireo__loop_advance(c.loop, 1000);
    say_hello(&c, 4);
    say_hello(&c, 0);
    crowd_settle(&c);
    assert_int_equal(answered(&c), 2); /* exactly the limit: at once */
    say_hello(&c, 1);
    crowd_settle(&c);
    say_hello(&c, 2);
    crowd_settle(&c);
    assert_false(was_answered(&c, 1)); /* beyond: it waits */
    finish_handshake(&c, 0);           /* a place becomes free by success .. */
    for (int k = 0; k < PATIENCE && !was_answered(&c, 1); k++)
        uv_run(c.loop->uv, UV_RUN_ONCE);
    assert_true(was_answered(&c, 1));
    assert_false(was_answered(&c, 2)); /* in the order of arrival */
    close(c.peers[4].fd);              /* .. or because somebody vanishes */
    c.peers[4].fd = -1;
    for (int k = 0; k < PATIENCE && !was_answered(&c, 2); k++)
        uv_run(c.loop->uv, UV_RUN_ONCE);
    finish_handshake(&c, 1);
    finish_handshake(&c, 2);
    crowd_finish(&c);
}

/* Those who are silent hold no place. */
static void the_silent_hold_no_place(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, 10, 1, 0);
    say_hello(&c, 9);
    crowd_settle(&c);
    finish_handshake(&c, 9);
    say_hello(&c, 8);
    wait_answered(&c, 2);
    crowd_finish(&c);
}

/* All of them, in whatever state, have the same time since their accept. */
static void limits_time(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, 4, 2, 0);
    say_hello(&c, 0); /* admitted in time */
    crowd_settle(&c);
    finish_handshake(&c, 0);
    say_hello(&c, 1); /* stalls */
    say_hello(&c, 2);
    crowd_settle(&c);
    wait_answered(&c, 3);
    vireo__loop_advance(c.loop, 4000);
    crowd_settle(&c);
    assert_int_equal(vireo__listener_streams(c.listener), 4);
    vireo__loop_advance(c.loop, 1000);
    crowd_settle(&c);
    assert_int_equal(vireo__listener_streams(c.listener), 1);
    SSL_write(c.peers[0].ssl, "x", 1);
    tls_peer_give(&c.peers[0], SIZE_MAX);
    crowd_settle(&c);
    tls_peer_take(&c.peers[0]);
    char byte;
    assert_int_equal(SSL_read(c.peers[0].ssl, &byte, 1), 1);
    crowd_finish(&c);
}

static void limits_the_pending(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, 4, 0, 3);
    assert_int_equal(vireo__listener_streams(c.listener), 3);
    char byte;
    assert_int_equal(recv(c.peers[3].fd, &byte, 1, 0), 0); /* one beyond */
    say_hello(&c, 2);
    crowd_settle(&c);
    finish_handshake(&c, 2); /* who is inside is not pending */
    close(c.peers[3].fd);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo__listener_port(c.listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    c.peers[3].fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(c.peers[3].fd, (struct sockaddr *)&to, sizeof to), 0);
    crowd_settle(&c);
    assert_int_equal(vireo__listener_streams(c.listener), 4);
    crowd_finish(&c);
}

/* A wake-up begins so many handshakes and no more; the others follow soon. */
static void limits_work_per_turn(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, CROWD, 0, 0);
    for (int i = 0; i < CROWD; i++)
        say_hello(&c, i);
    uv_run(c.loop->uv, UV_RUN_NOWAIT);
    int first = answered(&c);
    assert_true(first > 0 && first <= VIREO__HANDSHAKES_PER_TURN);
    wait_answered(&c, CROWD);
    for (int i = 0; i < CROWD; i++)
        finish_handshake(&c, i);
    crowd_finish(&c);
}

/* The listener closes while some wait, some work, some are silent. */
static void closes_with_visitors(void **state)
{
    (void)state;
    crowd c;
    crowd_begin(&c, 6, 1, 0);
    for (int i = 0; i < 4; i++)
        say_hello(&c, i);
    crowd_settle(&c);
    vireo__listener_close(c.listener, crowd_gone);
    for (int i = 0; i < PATIENCE && c.gone == 0; i++)
        uv_run(c.loop->uv, UV_RUN_NOWAIT);
    assert_int_equal(c.gone, 1);
    for (int i = 0; i < 6; i++)
        tls_peer_free(&c.peers[i]);
    vireo_tls_free(c.tls);
    vireo__loop_free(c.loop);
}

/* Who waits may not make us keep more than a first message. */
static void keeps_little_of_who_waits(void **state)
{
    (void)state;
    crowd c;
    static char much[40000];
    crowd_begin(&c, 3, 1, 0);
    say_hello(&c, 0);
    crowd_settle(&c);
    say_hello(&c, 1);
    crowd_settle(&c);
    assert_int_equal(send(c.peers[2].fd, much, sizeof much, MSG_NOSIGNAL), sizeof much);
    crowd_settle(&c);
    assert_int_equal(vireo__listener_streams(c.listener), 2);
    crowd_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_client),           cmocka_unit_test(passes_on_what_follows),
        cmocka_unit_test(speaks_tls_behind_the_head), cmocka_unit_test(turns_away_who_has_no_head),
        cmocka_unit_test(waits_for_a_head_so_long),   cmocka_unit_test(limits_handshakes),
        cmocka_unit_test(the_silent_hold_no_place),   cmocka_unit_test(limits_time),
        cmocka_unit_test(limits_the_pending),         cmocka_unit_test(limits_work_per_turn),
        cmocka_unit_test(closes_with_visitors),       cmocka_unit_test(keeps_little_of_who_waits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
