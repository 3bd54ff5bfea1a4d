/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* H14: replies in pieces: chunks, told lengths, HTTP/1.0, trailers, HEAD, backpressure, clients
 * that do not read or go away. */

#include "http_peer.h"

#define CLOSE "Connection: close\r\n"
#define CHUNKED                                                                                    \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"                               \
    "Transfer-Encoding: chunked\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct {
    vireo_req *kept;
    int aborted, drained, finished;
    vireo_finish finish;
    size_t written, wanted;
} seen;

static void on_abort(vireo_req *r, void *user)
{
    (void)user;
    assert_ptr_equal(r, seen.kept);
    seen.kept = NULL;
    seen.aborted++;
}

static void on_finish(vireo_req *r, const vireo_finish *what, void *user)
{
    (void)r;
    (void)user;
    seen.finish = *what;
    seen.finished++;
}

static int at_once(vireo_req *r)
{
    assert_int_equal(vireo_reply_write(r, "x", 1), VIREO_EINVAL);
    assert_int_equal(vireo_reply_end(r), VIREO_EINVAL);
    assert_int_equal(vireo_reply_trailer(r, "A", "b"), VIREO_EINVAL);
    assert_int_equal(vireo_on_drain(r, NULL, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_reply_begin(r, 204, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_reply_begin(r, 200, "a\r\nb"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_header(r, "X-A", "1"), 0);
    assert_int_equal(vireo_reply_begin(r, 200, "text/plain"), 0);
    assert_int_equal(vireo_reply_header(r, "X-A", "1"), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_begin(r, 200, NULL), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_length(r, 1), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_text(r, 200, "x"), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_file(r, "/etc/passwd"), VIREO_EANSWERED);
    assert_int_equal(vireo_pass(r), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_write(r, "hello", 5), 0);
    assert_int_equal(vireo_reply_write(r, "", 0), 0); /* that would be the end */
    assert_int_equal(vireo_reply_write(r, " everybody there!", 17), 0);
    assert_int_equal(vireo_reply_end(r), 0);
    assert_int_equal(vireo_reply_end(r), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_write(r, "x", 1), VIREO_EANSWERED);
    return VIREO_EINVAL; /* too late to matter */
}

static int trailers(vireo_req *r)
{
    vireo_reply_header(r, "Trailer", "X-Sum, X-More");
    vireo_reply_begin(r, 200, "text/plain");
    vireo_reply_write(r, "a", 1);
    assert_int_equal(vireo_reply_trailer(r, "X-Sum", "97"), 0);
    assert_int_equal(vireo_reply_trailer(r, "X-More", ""), 0);
    assert_int_equal(vireo_reply_trailer(r, "Content-Length", "1"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_trailer(r, "X", "a\r\n"), VIREO_EINVAL);
    return vireo_reply_end(r);
}

static int measured(vireo_req *r)
{
    vireo_reply_length(r, 3);
    vireo_reply_begin(r, 201, NULL);
    assert_int_equal(vireo_reply_write(r, "1234", 4), VIREO_ETOOBIG);
    assert_int_equal(vireo_reply_write(r, "12", 2), 0);
    assert_int_equal(vireo_reply_write(r, "3", 1), 0);
    assert_int_equal(vireo_reply_write(r, "4", 1), VIREO_ETOOBIG);
    return vireo_reply_end(r);
}

static int too_short(vireo_req *r)
{
    vireo_reply_length(r, 3);
    vireo_reply_begin(r, 200, NULL);
    vireo_reply_write(r, "12", 2);
    assert_int_equal(vireo_reply_end(r), VIREO_EINVAL);
    return 0;
}

static int keep(vireo_req *r)
{
    vireo_on_abort(r, on_abort, NULL);
    vireo_on_finish(r, on_finish, NULL);
    seen.kept = r;
    return vireo_reply_begin(r, 200, "text/plain");
}

/* Writes as much as is wanted, and waits when it is told to. */
static void write_more(vireo_req *r, void *user)
{
    static char bytes[10000];
    int wait = 0;
    (void)user;
    memset(bytes, 'x', sizeof bytes);
    seen.drained++;
    while (wait == 0 && seen.written < seen.wanted) {
        wait = vireo_reply_write(r, bytes, sizeof bytes);
        seen.written += sizeof bytes;
        assert_true(wait >= 0);
        assert_int_equal(wait, vireo_reply_queued(r) > 65536);
    }
    assert_true(vireo_reply_queued(r) < 100000);
    if (wait == 0)
        vireo_reply_end(r);
}

static int pump(vireo_req *r)
{
    vireo_on_abort(r, on_abort, NULL);
    vireo_on_finish(r, on_finish, NULL);
    seen.kept = r;
    vireo_reply_length(r, seen.wanted);
    vireo_reply_begin(r, 200, NULL);
    vireo_on_drain(r, write_more, NULL);
    write_more(r, NULL);
    return 0;
}

static vireo_app *new_app(void)
{
    vireo_app *app = vireo_app_new(.max_queued_bytes = 1000000);
    memset(&seen, 0, sizeof seen);
    vireo_route(app, "GET", "/at-once", at_once, NULL);
    vireo_route(app, "GET", "/trailers", trailers, NULL);
    vireo_route(app, "GET", "/measured", measured, NULL);
    vireo_route(app, "GET", "/short", too_short, NULL);
    vireo_route(app, "GET", "/keep", keep, NULL);
    vireo_route(app, "GET", "/pump", pump, NULL);
    return peer_listen(app);
}

static void writes_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *reply;
        bool end;
    } table[] = {
        {GET("/at-once"),
         CHUNKED "X-A: 1\r\n\r\n5\r\nhello\r\n11\r\n everybody there!\r\n0\r\n\r\n", false},
        {"HEAD /at-once HTTP/1.1\r\nHost: a\r\n\r\n", CHUNKED "X-A: 1\r\n\r\n", false},
        {"GET /at-once HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" CLOSE
         "X-A: 1\r\n\r\nhello everybody there!",
         true},
        {"GET /at-once HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         CHUNKED CLOSE "X-A: 1\r\n\r\n5\r\nhello\r\n11\r\n everybody there!\r\n0\r\n\r\n", true},
        {GET("/trailers"),
         CHUNKED "Trailer: X-Sum, X-More\r\n\r\n1\r\na\r\n0\r\nX-Sum: 97\r\nX-More: \r\n\r\n",
         false},
        {GET("/measured"), "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n123", false},
        {"GET /measured HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "HTTP/1.1 201 Created\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n123", false},
        {"HEAD /measured HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n", false},
    };
    vireo_app *app = new_app();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        peer_converse(app, table[i].request, table[i].reply, table[i].end);
    peer p = peer_open(app);
    peer_send(&p, GET("/at-once") GET("/measured"));
    peer_expect(&p, CHUNKED "X-A: 1\r\n\r\n5\r\nhello\r\n11\r\n everybody there!\r\n0\r\n\r\n"
                            "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n123");
    peer_close(&p);
    vireo_app_free(app);
}

static void a_reply_that_is_too_short_is_cut(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/short"));
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--)
        peer_wait(&p);
    assert_true(p.ended);
    assert_null(strstr(p.got, "\r\n\r\n123"));
    peer_close(&p);
    vireo_app_free(app);
}

static void lives_over_many_turns(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/keep") GET("/measured"));
    peer_expect(&p, CHUNKED "\r\n");
    for (int i = 0; i < 5; i++) {
        peer_advance(app, 100000); /* it has no time-out as long as the client reads */
        assert_int_equal(vireo_reply_write(seen.kept, "a", 1), 0);
        assert_int_equal(vireo_reply_write(seen.kept, "bc", 2), 0);
        assert_int_equal(vireo_reply_queued(seen.kept), 13);
        peer_expect(&p, "1\r\na\r\n2\r\nbc\r\n");
        assert_int_equal(vireo_reply_queued(seen.kept), 0);
    }
    assert_int_equal(seen.finished, 0);
    vireo_reply_end(seen.kept);
    peer_expect(&p, "0\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n123");
    assert_int_equal(seen.finished, 1);
    assert_int_equal(seen.finish.body_bytes, 15);
    assert_false(seen.finish.aborted);
    assert_int_equal(seen.aborted, 0);
    peer_close(&p);
    vireo_app_free(app);
}

static size_t body_of(const peer *p)
{
    const char *end = strstr(p->got, "\r\n\r\n");
    return end != NULL ? (size_t)(p->got + p->len - end - 4) : 0;
}

/* However much there is to write, little of it is in memory. */
static void waits_for_the_client(void **state)
{
    (void)state;
    for (int slow = 0; slow <= 1; slow++) {
        vireo_app *app = new_app();
        peer p = peer_open(app);
        seen.wanted = 20000000;
        peer_send(&p, GET("/pump") "GET /measured HTTP/1.0\r\n\r\n");
        if (slow)
            for (int i = 0; i < 100; i++)
                peer_turn(app);
        if (slow)
            assert_true(seen.written < seen.wanted);
        for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--)
            peer_wait(&p);
        assert_true(body_of(&p) > seen.wanted);
        assert_int_equal(seen.finished, 1);
        assert_int_equal(seen.finish.body_bytes, seen.wanted);
        assert_true(seen.drained > 10);
        peer_close(&p);
        vireo_app_free(app);
    }
}

static void tells_of_a_client_that_goes_away(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/keep"), GET("/pump")};
    for (int i = 0; i < 4; i++) {
        vireo_app *app = new_app();
        peer p = peer_open(app);
        seen.wanted = 20000000;
        peer_send(&p, requests[i / 2]);
        peer_settle(app);
        if (i % 2)
            shutdown(p.fd, SHUT_WR);
        else
            peer_close(&p);
        peer_until(app, &seen.aborted, 1);
        if (i != 3)
            peer_until(app, &seen.finished, 1);
        peer_close(&p);
        peer_until(app, &seen.finished, 1);
        assert_true(seen.finish.aborted);
        assert_int_equal(seen.finish.status, 200);
        vireo_app_free(app);
    }
}

static void cuts_who_stops_reading(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    int small = 100000;
    setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    seen.wanted = 50000000;
    peer_send(&p, GET("/pump"));
    for (int i = 0; i < 5; i++) { /* slow is not dead */
        size_t before = p.len; /* the kernel tells of a quarter of a megabyte at a time */
        for (int patience = PEER_PATIENCE; p.len < before + 400000 && patience > 0; patience--)
            peer_wait(&p);
        peer_advance(app, 20000);
    }
    assert_int_equal(seen.aborted, 0);
    peer_advance(app, 30001);
    peer_advance(app, 30001);
    peer_until(app, &seen.aborted, 1);
    peer_close(&p);
    vireo_app_free(app);
}

/* Who does not wait when asked to meets the limit of the queue. */
static void limits_the_queue(void **state)
{
    (void)state;
    static char bytes[500000];
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/keep"));
    peer_settle(app);
    assert_int_equal(vireo_reply_write(seen.kept, bytes, sizeof bytes), 1);
    assert_int_equal(vireo_reply_write(seen.kept, bytes, sizeof bytes), VIREO_EFULL);
    assert_int_equal(vireo_reply_write(seen.kept, bytes, 1), VIREO_ECLOSED);
    peer_until(app, &seen.aborted, 1);
    peer_close(&p);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_pieces),
        cmocka_unit_test(a_reply_that_is_too_short_is_cut),
        cmocka_unit_test(lives_over_many_turns),
        cmocka_unit_test(waits_for_the_client),
        cmocka_unit_test(tells_of_a_client_that_goes_away),
        cmocka_unit_test(cuts_who_stops_reading),
        cmocka_unit_test(limits_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
