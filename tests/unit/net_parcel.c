/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Streams that go from one loop to another, plain and with TLS: nothing is lost, nothing comes
 * twice, and what breaks on the way ends once. */

#include <sys/un.h>

#include "tls_fixture.h"

/* The loop that a stream goes to, beside the fixture's. */
typedef struct elsewhere {
    vireo_loop *loop;
    vireo__listener *listener;
    atomic_uint load;
    int entered, gone, detached, dropped;
    fixture *from;
    vireo_loop *first_loop;
    vireo__listener *first;
    bool drop;
} elsewhere;

static void on_other_gone(void *owner)
{
    ((elsewhere *)owner)->gone++;
}

static void on_enter(vireo__listener *l, vireo__stream *s)
{
    elsewhere *e = vireo__listener_owner(l);
    e->entered++;
    e->from->stream = s;
    vireo__stream_set_events(s, &events, e->from);
    vireo__stream_start(s);
}

static void open_elsewhere(elsewhere *e, fixture *f)
{
    *e = (elsewhere){.from = f, .first_loop = f->loop, .first = f->listener};
    e->loop = vireo__loop_new(NULL);
    vireo_listen_options where = {0};
    assert_int_equal(vireo__listener_open_fed(&e->listener, e->loop, &where, on_enter, e, &e->load),
                     0);
    assert_int_equal(vireo__listener_port(e->listener), 0);
}

/* From now on the fixture's stream is that of the other loop. */
static void on_detached(void *user, vireo__parcel *parcel)
{
    elsewhere *e = user;
    e->detached++;
    e->from->stream = NULL;
    assert_true(parcel->fd >= 0);
    if (e->drop) {
        vireo__parcel_drop(parcel);
        vireo__parcel_drop(parcel); /* nothing is left in it */
        return;
    }
    atomic_fetch_add(&e->load, 1);
    vireo__stream *s = vireo__listener_adopt(e->listener, parcel);
    assert_non_null(s);
    e->from->loop = e->loop;
    e->from->listener = e->listener;
    on_enter(e->listener, s);
}

static void turn_both(elsewhere *e)
{
    uv_run(e->first_loop->uv, UV_RUN_NOWAIT);
    turn(e->from);
}

static void move(elsewhere *e)
{
    fixture *f = e->from;
    assert_int_equal(vireo__stream_detach(f->stream, on_detached, e), 0);
    assert_int_equal(e->detached, 0); /* not inside the call */
    assert_int_equal(vireo__stream_detach(f->stream, on_detached, e), VIREO_ECLOSED);
    assert_int_equal(vireo__stream_write_copy(f->stream, "x", 1), VIREO_ECLOSED);
    for (int i = 0; i < PATIENCE && e->detached == 0 && f->closed == 0; i++)
        turn_both(e);
}

static void close_one(vireo_loop *loop, vireo__listener *l, void (*told)(void *owner), int *gone)
{
    vireo__listener_close(l, told);
    vireo__listener_close_streams(l);
    for (int i = 0; i < PATIENCE && *gone == 0; i++)
        uv_run(loop->uv, UV_RUN_NOWAIT);
    assert_int_equal(*gone, 1);
    vireo__loop_free(loop);
}

static void finish_both(elsewhere *e)
{
    fixture *f = e->from;
    bool moved = f->loop == e->loop;
    assert_int_equal(vireo__listener_streams(moved ? e->first : e->listener), 0);
    close_one(e->first_loop, e->first, on_gone, &f->gone);
    close_one(e->loop, e->listener, on_other_gone, &e->gone);
    assert_int_equal(f->closed, e->drop ? 0 : 1);
    assert_int_equal(atomic_load(&e->load), 0);
    vireo__buf_deinit(&f->got);
}

/* --- plain ------------------------------------------------------------------------------------ */

static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void begin_plain(fixture *f, elsewhere *e, bool unix_socket)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/vireo-parcel-%d.sock", (int)getpid());
    *f = (fixture){.where = {.host = "127.0.0.1"}};
    if (unix_socket)
        f->where = (vireo_listen_options){.unix_path = path};
    f->loop = vireo__loop_new(NULL);
    vireo__buf_init(&f->got, VIREO__BUF_UNLIMITED);
    assert_int_equal(vireo__listener_open(&f->listener, f->loop, &f->where, on_accept, f), 0);
    f->peer = (tls_peer){.fd = unix_socket ? connect_unix(path) : connect_socket(f), .ended = true};
    until(f, &f->accepted);
    open_elsewhere(e, f);
}

static void peer_says(fixture *f, const char *text)
{
    assert_int_equal(send(f->peer.fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void peer_hears(elsewhere *e, const char *text)
{
    char got[64];
    size_t n = strlen(text);
    for (int i = 0;
         i < PATIENCE && recv(e->from->peer.fd, got, n, MSG_PEEK | MSG_DONTWAIT) < (ssize_t)n; i++)
        turn_both(e);
    assert_int_equal(recv(e->from->peer.fd, got, n, MSG_DONTWAIT), (ssize_t)n);
    assert_memory_equal(got, text, n);
}

static void goes_with_all_it_has(void **state)
{
    (void)state;
    for (int unix_socket = 0; unix_socket < 2; unix_socket++) {
        fixture f;
        elsewhere e;
        char before[64], after[64];
        begin_plain(&f, &e, unix_socket);
        peer_says(&f, "one");
        expect_got(&f, "one");
        vireo__stream_address(f.stream, before, sizeof before);
        vireo__stream_write_copy(f.stream, "queued", 6);
        peer_says(&f, "two"); /* before it goes */
        move(&e);
        assert_int_equal(e.entered, 1);
        assert_int_equal(vireo__listener_streams(e.listener), 1);
        assert_int_equal(atomic_load(&e.load), 1);
        vireo__stream_address(f.stream, after, sizeof after);
        assert_string_equal(before, after);
        peer_hears(&e, "queued");
        peer_says(&f, "three");
        expect_got(&f, "onetwothree");
        vireo__stream_write_copy(f.stream, "reply", 5);
        peer_hears(&e, "reply");
        assert_int_equal(f.closed, 0);
        finish_both(&e);
        close(f.peer.fd);
    }
}

static void fill(fixture *f)
{
    vireo__shared *piece = vireo__shared_new(100000);
    memset(piece->data, 'x', piece->len);
    while (!f->stream->blocked) {
        assert_int_equal(vireo__stream_write(f->stream, piece, 0, piece->len, NULL, NULL), 0);
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
    }
    vireo__shared_unref(piece);
}

static void waits_until_all_is_written(void **state)
{
    (void)state;
    fixture f;
    elsewhere e;
    char bytes[65536];
    begin_plain(&f, &e, false);
    fill(&f);
    assert_int_equal(vireo__stream_detach(f.stream, on_detached, &e), 0);
    for (int i = 0; i < 20; i++)
        uv_run(f.loop->uv, UV_RUN_NOWAIT);
    assert_int_equal(e.detached, 0);
    for (int i = 0; i < PATIENCE && e.detached == 0; i++) {
        recv(f.peer.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        turn_both(&e);
    }
    assert_int_equal(e.detached, 1);
    finish_both(&e);
    close(f.peer.fd);
}

/* A peer that takes nothing, and an owner that closes: then the stream ends where it is. */
static void ends_where_it_is(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        fixture f;
        elsewhere e;
        begin_plain(&f, &e, false);
        fill(&f);
        assert_int_equal(vireo__stream_detach(f.stream, on_detached, &e), 0);
        if (how == 0)
            vireo__stream_close(f.stream, VIREO_ECANCELLED);
        else if (how == 1)
            vireo__loop_advance(f.loop, VIREO__END_MS);
        else
            close(f.peer.fd); /* unread bytes make it a reset */
        until(&f, &f.closed);
        assert_int_equal(e.detached, 0);
        finish_both(&e);
        if (how != 2)
            close(f.peer.fd);
    }
}

static void is_cut_when_nobody_takes_it(void **state)
{
    (void)state;
    fixture f;
    elsewhere e;
    char byte;
    begin_plain(&f, &e, false);
    e.drop = true;
    move(&e);
    assert_int_equal(recv(f.peer.fd, &byte, 1, 0), 0);
    finish_both(&e);
    close(f.peer.fd);
}

/* A listener that has closed meanwhile takes it, and cuts it. */
static void is_cut_by_a_closed_listener(void **state)
{
    (void)state;
    fixture f;
    elsewhere e;
    char byte;
    begin_plain(&f, &e, false);
    vireo__parcel parcel = {.fd = dup(f.peer.fd)};
    vireo__buf_init(&parcel.early, 10);
    atomic_store(&e.load, 1);
    vireo__listener_close(e.listener, on_other_gone);
    assert_null(vireo__listener_adopt(e.listener, &parcel));
    assert_int_equal(atomic_load(&e.load), 0);
    while (e.gone == 0)
        uv_run(e.loop->uv, UV_RUN_ONCE);
    vireo__loop_free(e.loop);
    vireo__stream_close(f.stream, 0);
    until(&f, &f.closed);
    assert_int_equal(recv(f.peer.fd, &byte, 1, 0), 0);
    close(f.peer.fd);
    close_one(f.loop, f.listener, on_gone, &f.gone);
    vireo__buf_deinit(&f.got);
}

/* --- TLS -------------------------------------------------------------------------------------- */

static void goes_with_its_tls(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        fixture f;
        elsewhere e;
        char text[8] = "";
        int why;
        begin_server(&f);
        SSL_set_max_proto_version(f.peer.ssl, version);
        assert_true(shake(&f, SIZE_MAX));
        open_elsewhere(&e, &f);
        peer_send(&f, "one", 3);
        give(&f, SIZE_MAX);
        expect_got(&f, "one");
        vireo__stream_write_copy(f.stream, "queued", 6);
        f.pause = true; /* what has come behind it stays with TLS */
        peer_send(&f, "two", 3);
        give(&f, SIZE_MAX);
        peer_send(&f, "three", 5);
        give(&f, SIZE_MAX);
        f.pause = false;
        move(&e);
        assert_true(f.stream->secure);
        expect_got(&f, "onetwothree");
        assert_int_equal(peer_read(&f, text, 6, &why), 6);
        assert_string_equal(text, "queued");
        vireo__stream_write_copy(f.stream, "reply", 5);
        assert_int_equal(peer_read(&f, text, 5, &why), 5);
        peer_send(&f, "four", 4);
        give(&f, SIZE_MAX);
        expect_got(&f, "onetwothreefour");
        assert_non_null(vireo__tls_info(f.stream));
        finish_both(&e);
        tls_peer_free(&f.peer);
        vireo_tls_free(f.tls);
    }
}

static void drops_its_tls(void **state)
{
    (void)state;
    fixture f;
    elsewhere e;
    begin_server(&f);
    assert_true(shake(&f, SIZE_MAX));
    open_elsewhere(&e, &f);
    e.drop = true;
    move(&e);
    assert_int_equal(e.detached, 1);
    finish_both(&e);
    tls_peer_free(&f.peer);
    vireo_tls_free(f.tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_with_all_it_has),
        cmocka_unit_test(waits_until_all_is_written),
        cmocka_unit_test(ends_where_it_is),
        cmocka_unit_test(is_cut_when_nobody_takes_it),
        cmocka_unit_test(is_cut_by_a_closed_listener),
        cmocka_unit_test(goes_with_its_tls),
        cmocka_unit_test(drops_its_tls),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
