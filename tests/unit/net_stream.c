/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* net/: listeners and streams against raw sockets: order, limits, both ends, and closing inside
 * every callback. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/listener.h"

enum { PATIENCE = 20000 };

typedef enum place { NOWHERE, IN_ACCEPT, IN_DATA, IN_END, IN_DRAIN, IN_WRITTEN } place;

typedef struct fixture {
    vireo_loop *loop;
    vireo__listener *listener;
    vireo__stream *stream;
    int fd;      /* the peer */
    place where; /* to close the stream */
    bool end;    /* .. gracefully */
    size_t max_queued;
    char data[200]; /* received */
    int ended, drained, closed, gone, written, failed;
    int error;
    char path[64];
} fixture;

static void close_if(fixture *f, place here)
{
    if (f->where != here)
        return;
    if (f->end)
        vireo__stream_end(f->stream);
    else
        vireo__stream_close(f->stream, -EIO);
    assert_int_equal(f->closed, 0); /* never inside the call */
    assert_int_equal(vireo__stream_write_copy(f->stream, "x", 1), VIREO_ECLOSED);
}

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    fixture *f = s->owner;
    assert_int_equal(f->closed, 0);
    strncat(f->data, (const char *)bytes, n < 100 ? n : 100);
    close_if(f, IN_DATA);
}

static void on_end(vireo__stream *s)
{
    fixture *f = s->owner;
    f->ended++;
    close_if(f, IN_END);
}

static void on_drain(vireo__stream *s)
{
    fixture *f = s->owner;
    f->drained++;
    close_if(f, IN_DRAIN);
}

static void on_close(vireo__stream *s, int error)
{
    fixture *f = s->owner;
    f->closed++;
    f->error = error;
    f->stream = NULL;
}

static void on_written(void *user, int status)
{
    fixture *f = user;
    if (status < 0)
        f->failed++;
    else
        f->written++;
    if (status == 0)
        close_if(f, IN_WRITTEN);
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_drain = on_drain, .on_close = on_close};

static void on_accept(vireo__listener *l, vireo__stream *s)
{
    fixture *f = vireo__listener_owner(l);
    f->stream = s;
    vireo__stream_set_events(s, &events, f);
    if (f->max_queued > 0)
        s->max_queued = f->max_queued;
    vireo__stream_start(s);
    close_if(f, IN_ACCEPT);
}

static void turn(fixture *f)
{
    struct pollfd fd = {.fd = uv_backend_fd(f->loop->uv), .events = POLLIN};
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
    poll(&fd, 1, 1);
}

static void until(fixture *f, const int *flag)
{
    for (int i = 0; i < PATIENCE && *flag == 0; i++)
        turn(f);
    assert_int_equal(*flag, 1);
}

static void settle(fixture *f)
{
    for (int i = 0; i < 20; i++)
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
}

static void connect_peer(fixture *f)
{
    if (f->path[0] != '\0') {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        snprintf(to.sun_path, sizeof to.sun_path, "%s", f->path);
        f->fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(f->fd, (struct sockaddr *)&to, sizeof to), 0);
        return;
    }
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo__listener_port(f->listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    f->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(f->fd, (struct sockaddr *)&to, sizeof to), 0);
}

static void begin(fixture *f)
{
    vireo_listen_options where = {.host = "127.0.0.1"};
    if (f->path[0] != '\0')
        where = (vireo_listen_options){.unix_path = f->path};
    f->loop = vireo__loop_new(NULL);
    assert_int_equal(vireo__listener_open(&f->listener, f->loop, &where, on_accept, f), 0);
    connect_peer(f);
    for (int i = 0; i < PATIENCE && f->stream == NULL && f->closed == 0; i++)
        turn(f);
}

static void on_gone(void *owner)
{
    fixture *f = owner;
    f->gone++;
}

static void finish(fixture *f)
{
    vireo__listener_close(f->listener, on_gone);
    vireo__listener_close_streams(f->listener);
    until(f, &f->gone);
    assert_int_equal(f->closed, 1);
    close(f->fd);
    vireo__loop_free(f->loop);
}

static void peer_write(fixture *f, const char *text)
{
    assert_int_equal(send(f->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads |n| bytes on the peer's side, or fewer when the end comes first. */
static size_t peer_read(fixture *f, char *out, size_t n)
{
    size_t at = 0;
    fcntl(f->fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < PATIENCE && at < n; i++) {
        ssize_t got = recv(f->fd, out + at, n - at, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        at += got > 0 ? (size_t)got : 0;
        if (got < 0)
            turn(f);
    }
    return at;
}

static void peer_expect_end(fixture *f)
{
    char byte;
    assert_int_equal(peer_read(f, &byte, 1), 0);
    assert_int_equal(recv(f->fd, &byte, 1, 0), 0); /* an end, not a reset */
}

/* Fills the kernel's buffers, so that the stream is blocked. Returns how much was queued in all. */
static size_t block(fixture *f, vireo__written_fn done)
{
    enum { PIECE = 100000 };
    size_t total = 0;
    vireo__shared *piece = vireo__shared_new(PIECE);
    memset(piece->data, 'x', PIECE);
    while (!f->stream->blocked) {
        assert_int_equal(vireo__stream_write(f->stream, piece, 0, PIECE, done, f), 0);
        total += PIECE;
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
    }
    vireo__shared_unref(piece);
    return total;
}

static void peer_read_all(fixture *f, size_t n)
{
    char *bytes = malloc(n);
    assert_int_equal(peer_read(f, bytes, n), n);
    free(bytes);
}

/* An empty piece only asks to be told when its turn came. */
static void write_nothing(fixture *f)
{
    vireo__shared *nothing = vireo__shared_new(0);
    assert_int_equal(vireo__stream_write(f->stream, nothing, 0, 0, on_written, f), 0);
    vireo__shared_unref(nothing);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void carries_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = {0};
        char text[8] = "", address[VIREO__ADDRESS_SIZE];
        if (kind == 1)
            snprintf(f.path, sizeof f.path, "/tmp/vireo-net-%d", (int)getpid());
        begin(&f);
        f.stream->io->peer_address(f.stream, address, sizeof address);
        assert_string_equal(address, kind == 1 ? "" : "127.0.0.1");
        assert_int_equal(vireo__listener_port(f.listener) != 0, kind == 0);
        peer_write(&f, "hello");
        for (int i = 0; i < PATIENCE && strlen(f.data) < 5; i++)
            turn(&f);
        assert_string_equal(f.data, "hello");
        vireo__stream_write_copy(f.stream, "one", 3);
        vireo__shared *s = vireo__shared_copy("xtwox", 5);
        assert_int_equal(vireo__stream_write(f.stream, s, 1, 3, on_written, &f), 0);
        assert_int_equal(f.written, 0); /* at the end of the turn */
        vireo__shared_unref(s);
        assert_int_equal(peer_read(&f, text, 6), 6);
        assert_string_equal(text, "onetwo");
        assert_int_equal(f.written, 1);
        shutdown(f.fd, SHUT_WR);
        until(&f, &f.ended);
        assert_int_equal(vireo__stream_write_copy(f.stream, "late", 4),
                         0); /* it may still be answered */
        vireo__stream_end(f.stream);
        assert_int_equal(peer_read(&f, text, 8), 4);
        until(&f, &f.closed);
        assert_int_equal(f.error, 0);
        finish(&f);
        if (kind == 1) {
            assert_int_equal(access(f.path, F_OK),
                             -1); /* the socket's file goes with the listener */
            unlink(f.path);
        }
    }
}

static void closes_inside_every_callback(void **state)
{
    (void)state;
    for (place where = IN_ACCEPT; where <= IN_WRITTEN; where++) {
        for (int end = 0; end <= 1; end++) {
            fixture f = {.where = where, .end = end};
            begin(&f);
            if (where == IN_DATA)
                peer_write(&f, "x");
            else if (where == IN_END)
                shutdown(f.fd, SHUT_WR);
            else if (where == IN_DRAIN)
                peer_read_all(&f, block(&f, NULL));
            else if (where == IN_WRITTEN)
                write_nothing(&f);
            for (int i = 0; i < PATIENCE && f.closed == 0; i++) {
                char byte;
                if (recv(f.fd, &byte, 1, MSG_DONTWAIT) == 0)
                    shutdown(f.fd, SHUT_WR);
                turn(&f);
            }
            assert_int_equal(f.closed, 1);
            assert_int_equal(f.error, end ? 0 : -EIO);
            finish(&f);
        }
    }
}

static void sends_files_unread(void **state)
{
    static char big[8 * 1024 * 1024];
    fixture f = {0};
    char name[] = "/tmp/vireo-stream-XXXXXX";
    int file = mkstemp(name);
    (void)state;
    assert_int_equal(write(file, "0123456789", 10), 10);
    begin(&f);
    assert_int_equal(vireo__stream_write_copy(f.stream, "head ", 5), 0);
    assert_int_equal(vireo__stream_send_file(f.stream, file, 2, 5), 0); /* the head comes first */
    settle(&f);
    assert_int_equal(vireo__stream_send_file(f.stream, file, 2, 5), 5);
    assert_int_equal(vireo__stream_send_file(f.stream, file, 9, 5), 1);
    assert_int_equal(vireo__stream_send_file(f.stream, file, 10, 5), 0); /* the end */
    assert_int_equal(vireo__stream_write_copy(f.stream, " tail", 5), 0);
    settle(&f);
    char got[17] = "";
    assert_int_equal(recv(f.fd, got, 16, MSG_WAITALL), 16);
    assert_string_equal(got, "head 234569 tail");
    assert_true(vireo__stream_send_file(f.stream, -1, 0, 5) < 0);
    assert_int_equal(vireo__stream_write_copy(f.stream, big, sizeof big), 0);
    settle(&f); /* the peer does not read all that */
    assert_int_equal(vireo__stream_send_file(f.stream, file, 0, 5), 0);
    vireo__stream_close(f.stream, 0);
    assert_int_equal(vireo__stream_send_file(f.stream, file, 0, 5), 0);
    finish(&f);
    close(file);
    unlink(name);
}

static void waits_for_a_slow_reader(void **state)
{
    (void)state;
    fixture f = {0};
    begin(&f);
    size_t total = block(&f, on_written);
    assert_false(vireo__stream_writable(f.stream));
    assert_true(vireo__stream_queued(f.stream) > 0);
    assert_int_equal(f.drained, 0);
    peer_read_all(&f, total);
    for (int i = 0; i < PATIENCE && f.drained == 0; i++)
        turn(&f);
    assert_int_equal(f.drained, 1);
    assert_true(vireo__stream_writable(f.stream));
    assert_int_equal(vireo__stream_queued(f.stream), 0);
    assert_int_equal((size_t)f.written, total / 100000);
    finish(&f);
}

/* The callback of every piece comes, exactly once, when the stream is cut too. */
static void tells_what_was_never_written(void **state)
{
    (void)state;
    fixture f = {0};
    begin(&f);
    size_t total = block(&f, on_written);
    vireo__stream_close(f.stream, 0);
    until(&f, &f.closed);
    assert_true(f.failed > 0);
    assert_int_equal((size_t)(f.failed + f.written), total / 100000);
    finish(&f);
}

static void limits_what_is_queued(void **state)
{
    (void)state;
    static char bytes[1001];
    fixture f = {.max_queued = 1000};
    begin(&f);
    assert_int_equal(vireo__stream_write_copy(f.stream, bytes, 400), 0);
    assert_int_equal(vireo__stream_write_copy(f.stream, bytes, 600), 0); /* exactly */
    assert_int_equal(vireo__stream_write_copy(f.stream, bytes, 1), VIREO_EFULL);
    assert_int_equal(vireo__stream_write_copy(f.stream, bytes, 1), VIREO_ECLOSED);
    until(&f, &f.closed);
    assert_int_equal(f.error, VIREO_EFULL);
    finish(&f);
    f = (fixture){.max_queued = 1000};
    begin(&f);
    assert_int_equal(vireo__stream_write_copy(f.stream, bytes, 1001), VIREO_EFULL);
    finish(&f);
}

/* One that is not gathered with others, since somebody waits for it. */
static int write_piece(fixture *f)
{
    vireo__shared *piece = vireo__shared_copy("x", 1);
    assert_non_null(piece);
    int error = vireo__stream_write(f->stream, piece, 0, 1, on_written, f);
    vireo__shared_unref(piece);
    return error;
}

/* Pieces of any length, since each costs more than its bytes. */
static void limits_how_many_pieces_are_queued(void **state)
{
    (void)state;
    fixture f = {.max_queued = 40000};
    begin(&f);
    for (int i = 0; i < 1250; i++)
        assert_int_equal(write_piece(&f), 0);
    assert_int_equal(write_piece(&f), VIREO_EFULL);
    finish(&f);
    f = (fixture){.max_queued = 2000};
    begin(&f);
    for (int i = 0; i < 1024; i++)
        assert_int_equal(write_piece(&f), 0);
    assert_int_equal(write_piece(&f), VIREO_EFULL);
    finish(&f);
}

/* The peer is still sending when we end: it gets our last bytes and an end, not a reset. */
static void lingers(void **state)
{
    (void)state;
    char text[4] = "";
    fixture f = {0};
    begin(&f);
    vireo__stream_write_copy(f.stream, "bye", 3);
    vireo__stream_end(f.stream);
    for (int i = 0; i < 50; i++) {
        peer_write(&f, "more and more");
        turn(&f);
    }
    assert_string_equal(f.data, "");
    assert_int_equal(peer_read(&f, text, 3), 3);
    assert_string_equal(text, "bye");
    peer_expect_end(&f);
    assert_int_equal(f.closed, 0); /* it waits for the peer's end .. */
    vireo__loop_advance(f.loop, VIREO__LINGER_MS - 500);
    settle(&f);
    assert_int_equal(f.closed, 0);
    vireo__loop_advance(f.loop, 500); /* .. but not for ever */
    until(&f, &f.closed);
    assert_int_equal(f.ended, 0); /* no events of a stream that was ended */
    finish(&f);
}

static void does_not_wait_for_ever_for_a_reader(void **state)
{
    (void)state;
    fixture f = {0};
    begin(&f);
    size_t total = block(&f, NULL);
    vireo__stream_end(f.stream);
    settle(&f);
    vireo__loop_advance(f.loop, VIREO__END_MS - 1000);
    settle(&f);
    assert_int_equal(f.closed, 0);
    size_t before = vireo__stream_queued(f.stream);
    peer_read_all(&f, total / 2); /* it does read: it gets more time */
    for (int i = 0; i < PATIENCE && vireo__stream_queued(f.stream) == before; i++)
        turn(&f);
    if (vireo__stream_queued(f.stream) ==
        0) { /* all of it is on its way: the peer's end is missing */
        vireo__loop_advance(f.loop, VIREO__LINGER_MS);
    } else {
        vireo__loop_advance(f.loop, VIREO__END_MS - 1000);
        settle(&f);
        assert_int_equal(f.closed, 0);
        vireo__loop_advance(f.loop, 1000);
    }
    until(&f, &f.closed);
    finish(&f);
}

static void pauses(void **state)
{
    (void)state;
    fixture f = {0};
    begin(&f);
    vireo__stream_pause(f.stream);
    vireo__stream_pause(f.stream);
    peer_write(&f, "x");
    settle(&f);
    assert_string_equal(f.data, "");
    vireo__stream_start(f.stream);
    for (int i = 0; i < PATIENCE && f.data[0] == '\0'; i++)
        turn(&f);
    assert_string_equal(f.data, "x");
    finish(&f);
}

static void learns_of_a_reset(void **state)
{
    (void)state;
    fixture f = {0};
    struct linger reset = {1, 0};
    begin(&f);
    setsockopt(f.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(f.fd);
    until(&f, &f.closed);
    assert_int_equal(f.error, -ECONNRESET);
    assert_int_equal(f.ended, 0);
    f.fd = dup(0);
    finish(&f);
}

static void counts_streams(void **state)
{
    (void)state;
    fixture f = {0};
    begin(&f);
    assert_int_equal(vireo__listener_streams(f.listener), 1);
    vireo__stream_close(f.stream, 0);
    until(&f, &f.closed);
    assert_int_equal(vireo__listener_streams(f.listener), 0);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes),
        cmocka_unit_test(closes_inside_every_callback),
        cmocka_unit_test(sends_files_unread),
        cmocka_unit_test(waits_for_a_slow_reader),
        cmocka_unit_test(tells_what_was_never_written),
        cmocka_unit_test(limits_what_is_queued),
        cmocka_unit_test(limits_how_many_pieces_are_queued),
        cmocka_unit_test(lingers),
        cmocka_unit_test(does_not_wait_for_ever_for_a_reader),
        cmocka_unit_test(pauses),
        cmocka_unit_test(learns_of_a_reset),
        cmocka_unit_test(counts_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
