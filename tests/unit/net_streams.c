/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Which kind of streams a loop has, and that it has libuv's, and serves as well, wherever io_uring
 * cannot be had: the kernel refuses one of its calls, or there is no descriptor or memory left. */

#include "streams_fixture.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MANY = 200, NOBODY = 65534 };

static void count_line(void *user, vireo_level level, const char *area, const char *text)
{
    (void)level;
    (void)area;
    (void)text;
    ++*(int *)user;
}

static bool kernel_lets_us(void)
{
    static int lines;
    vireo_loop *loop = vireo__loop_new(NULL);
    loop->io = VIREO_IO_URING;
    loop->log = (vireo__log){count_line, &lines};
    bool lets = vireo__streams_of(loop) != &vireo__streams_uv;
    vireo__loop_free(loop);
    return lets;
}

static bool has_ring(const house *h)
{
    return h->loop->uring != NULL;
}

static void serve_one(house *h)
{
    h->echo = true;
    house_expect_echo(h, house_invite(h)->fd, "tweet");
}

/* --- who has which ---------------------------------------------------------------------------- */

static void who_listens_has_io_uring(void **state)
{
    house h;
    (void)state;
    house_open(&h, VIREO_IO_AUTO, 1);
    assert_int_equal(has_ring(&h), kernel_lets_us());
    serve_one(&h);
    house_close(&h);
}

static void who_asks_for_libuv_has_libuv(void **state)
{
    house h;
    (void)state;
    house_open(&h, VIREO_IO_UV, 1);
    assert_false(has_ring(&h));
    serve_one(&h);
    house_close(&h);
}

static void environment_decides_where_the_program_does_not(void **state)
{
    house h;
    (void)state;
    setenv("VIREO_IO", "uv", 1);
    house_open(&h, VIREO_IO_AUTO, 1);
    assert_false(has_ring(&h));
    house_close(&h);
    house_open(&h, VIREO_IO_URING, 1);
    assert_int_equal(has_ring(&h), kernel_lets_us());
    house_close(&h);
    unsetenv("VIREO_IO");
}

static void loop_of_the_program_has_libuv_unless_asked(void **state)
{
    uv_loop_t uv;
    (void)state;
    assert_int_equal(uv_loop_init(&uv), 0);
    vireo_loop *loop = vireo__loop_new(&uv);
    assert_ptr_equal(vireo__streams_of(loop), &vireo__streams_uv);
    vireo__loop_free(loop);
    loop = vireo__loop_new(&uv);
    loop->io = VIREO_IO_URING;
    assert_int_equal(vireo__streams_of(loop) != &vireo__streams_uv, kernel_lets_us());
    vireo__loop_free(loop);
    assert_int_equal(uv_loop_close(&uv), 0);
}

/* A dialled stream that has sent "x". */
typedef struct caller {
    vireo__stream *stream;
    bool open, closed;
    size_t heard;
} caller;

static void on_open(vireo__stream *s)
{
    caller *c = s->owner;
    c->open = true;
    vireo__stream_start(s);
    vireo__stream_write_copy(s, "x", 1);
}

static void on_answer(vireo__stream *s, uint8_t *bytes, size_t n)
{
    (void)bytes;
    ((caller *)s->owner)->heard += n;
}

static void on_hung_up(vireo__stream *s, int error)
{
    (void)error;
    ((caller *)s->owner)->closed = true;
}

/* What it dials before it listens need not wait for a choice, and goes on beside what comes later.
 */
static void who_only_dials_has_no_ring(void **state)
{
    static const vireo__stream_events events = {
        .on_data = on_answer, .on_end = on_guest_end, .on_close = on_hung_up};
    house server;
    (void)state;
    house_open(&server, VIREO_IO_AUTO, 4);
    server.echo = true;
    struct sockaddr_in at = house_address(&server);
    vireo__dial_address to = {.tcp = (struct sockaddr *)&at};
    house client = {.loop = vireo__loop_new(NULL), .room = 1};
    caller before = {0}, after = {0};
    before.stream = vireo__dial(client.loop, &to, on_open, &events, &before);
    for (int i = 0; i < PATIENCE && before.heard == 0; i++) {
        house_turn(&client);
        house_wait(&server);
    }
    assert_int_equal(before.heard, 1);
    assert_null(client.loop->uring);
    vireo_listen_options where = {.host = "127.0.0.1"};
    assert_int_equal(vireo__listener_open(&client.listener, client.loop, &where, on_guest, &client),
                     0);
    assert_int_equal(has_ring(&client), kernel_lets_us());
    after.stream = vireo__dial(client.loop, &to, on_open, &events, &after);
    vireo__stream_write_copy(before.stream, "y", 1);
    for (int i = 0; i < PATIENCE && (after.heard == 0 || before.heard == 1); i++) {
        house_turn(&client);
        house_wait(&server);
    }
    assert_int_equal(before.heard, 2);
    assert_int_equal(after.heard, 1);
    assert_true((after.stream->io == before.stream->io) != has_ring(&client));
    vireo__stream_close(before.stream, 0);
    vireo__stream_close(after.stream, 0);
    vireo__listener_close(client.listener, on_house_gone);
    HOUSE_UNTIL(&client, before.closed && after.closed && client.gone);
    vireo__loop_free(client.loop);
    house_close(&server);
}

/* --- where it cannot be had ------------------------------------------------------------------- */

/* Runs |body| in a process of its own, which may then be spoilt for all that follows. */
static void alone(void (*body)(int detail), int detail)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        body(detail);
        _exit(0); /* a check that fails leaves by another way */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void must(bool good)
{
    if (!good)
        _exit(1);
}

static void refuse(int system_call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)system_call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

/* It serves, on libuv's streams; |io| asked for io_uring: one line says that. */
static void serve_without(vireo_io_kind io)
{
    int lines = 0;
    house h;
    house_open(&h, VIREO_IO_UV, 2);
    vireo_loop *loop = vireo__loop_new(NULL);
    loop->io = io;
    loop->log = (vireo__log){count_line, &lines};
    must(vireo__streams_of(loop) == &vireo__streams_uv);
    must(vireo__streams_of(loop) == &vireo__streams_uv);
    must(lines == (io == VIREO_IO_URING));
    vireo__loop_free(loop);
    house_close(&h);
    if (io == VIREO_IO_URING)
        return;
    house_open(&h, io, 2);
    must(!has_ring(&h));
    serve_one(&h);
    house_close(&h);
}

static void serve_refused(int system_call)
{
    refuse(system_call);
    serve_without(VIREO_IO_AUTO);
    serve_without(VIREO_IO_URING);
}

static void serves_where_the_kernel_refuses(void **state)
{
    (void)state;
    alone(serve_refused, __NR_io_uring_setup);
    alone(serve_refused, __NR_io_uring_register);
    alone(serve_refused, __NR_io_uring_enter);
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void allow_descriptors(rlim_t count)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* With each number of free descriptors: where a ring has no place, a loop has libuv's streams. */
static void serve_with_few(int spare)
{
    house h;
    vireo_loop *loop = vireo__loop_new(NULL);
    int next = dup(0), before = count_descriptors();
    close(next);
    allow_descriptors((rlim_t)(next + spare));
    const vireo__streams *streams = vireo__streams_of(loop);
    must(streams != NULL && (spare > 0 || streams == &vireo__streams_uv));
    must(streams != &vireo__streams_uv || count_descriptors() == before - 1);
    allow_descriptors(RLIM_INFINITY);
    vireo__loop_free(loop);
    house_open(&h, VIREO_IO_AUTO, 1);
    serve_one(&h);
    house_close(&h);
}

static void serves_where_descriptors_are_few(void **state)
{
    (void)state;
    for (int spare = 0; spare < 6; spare++)
        alone(serve_with_few, spare);
}

static void serve_without_memory(int locked_bytes)
{
    struct rlimit limit = {(rlim_t)locked_bytes, (rlim_t)locked_bytes};
    house houses[3];
    must(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    must(geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0);
    for (int i = 0; i < 3; i++)
        house_open(&houses[i], VIREO_IO_AUTO, 1);
    for (int i = 0; i < 3; i++)
        serve_one(&houses[i]);
    for (int i = 0; i < 3; i++)
        house_close(&houses[i]);
}

static void serves_where_no_memory_may_be_locked(void **state)
{
    (void)state;
    alone(serve_without_memory, 0);
    alone(serve_without_memory, 128 * 1024); /* for one, say, and not for three */
}

static void serves_on_many_loops(void **state)
{
    static house houses[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++)
        house_open(&houses[i], VIREO_IO_AUTO, 1);
    for (int i = 0; i < MANY; i++)
        serve_one(&houses[i]);
    for (int i = 0; i < MANY; i++)
        house_close(&houses[i]);
}

/* --- in a child ------------------------------------------------------------------------------- */

/* Made by the parent, on io_uring if that is possible, and never run there before the fork. */
static house inherited;

static void serve_inherited(void)
{
    must(vireo__loop_begin(inherited.loop) == 0);
    serve_one(&inherited);
    house_close(&inherited);
}

static void serve_inherited_without(int system_call)
{
    int lines = 0;
    bool asked = has_ring(&inherited) && inherited.loop->io == VIREO_IO_URING;
    inherited.loop->log = (vireo__log){count_line, &lines};
    refuse(system_call);
    serve_inherited();
    must(lines == asked);
}

static void serve_inherited_with_few(int spare)
{
    int next = dup(0);
    close(next);
    allow_descriptors((rlim_t)(next + spare));
    must(vireo__loop_begin(inherited.loop) == 0);
    allow_descriptors(RLIM_INFINITY);
    serve_inherited();
}

static void serve_inherited_without_memory(int locked_bytes)
{
    struct rlimit limit = {(rlim_t)locked_bytes, (rlim_t)locked_bytes};
    must(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    must(geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0);
    serve_inherited();
}

/* The parent goes on with what it has. */
static void inherit(vireo_io_kind io, void (*body)(int detail), int detail)
{
    house_open(&inherited, io, 2);
    alone(body, detail);
    serve_one(&inherited);
    house_close(&inherited);
}

static void child_serves_without_a_ring_of_its_own(void **state)
{
    static const int calls[] = {__NR_io_uring_setup, __NR_io_uring_register, __NR_io_uring_enter};
    (void)state;
    for (int i = 0; i < 3; i++) {
        inherit(VIREO_IO_AUTO, serve_inherited_without, calls[i]);
        inherit(VIREO_IO_URING, serve_inherited_without, calls[i]);
    }
    for (int spare = 0; spare < 6; spare++)
        inherit(VIREO_IO_AUTO, serve_inherited_with_few, spare);
    inherit(VIREO_IO_AUTO, serve_inherited_without_memory, 0);
}

static caller inherited_caller;

/* What is connected already cannot change its kind: that is told, and all of it can be closed. */
static void end_inherited_without(int system_call)
{
    bool had_ring = has_ring(&inherited);
    refuse(system_call);
    must((vireo__loop_begin(inherited.loop) < 0) == had_ring);
    vireo__stream_close(inherited_caller.stream, 0);
    HOUSE_UNTIL(&inherited, inherited_caller.closed);
    house_close(&inherited);
}

static void child_that_has_dialled_cannot_do_without(void **state)
{
    static const vireo__stream_events events = {
        .on_data = on_answer, .on_end = on_guest_end, .on_close = on_hung_up};
    (void)state;
    house_open(&inherited, VIREO_IO_AUTO, 1);
    struct sockaddr_in at = house_address(&inherited);
    vireo__dial_address to = {.tcp = (struct sockaddr *)&at};
    inherited_caller.stream = vireo__dial(inherited.loop, &to, on_open, &events, &inherited_caller);
    assert_non_null(inherited_caller.stream);
    alone(end_inherited_without, __NR_io_uring_setup);
    vireo__stream_close(inherited_caller.stream, 0);
    HOUSE_UNTIL(&inherited, inherited_caller.closed);
    house_close(&inherited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_listens_has_io_uring),
        cmocka_unit_test(who_asks_for_libuv_has_libuv),
        cmocka_unit_test(environment_decides_where_the_program_does_not),
        cmocka_unit_test(loop_of_the_program_has_libuv_unless_asked),
        cmocka_unit_test(who_only_dials_has_no_ring),
        cmocka_unit_test(serves_where_the_kernel_refuses),
        cmocka_unit_test(serves_where_descriptors_are_few),
        cmocka_unit_test(serves_where_no_memory_may_be_locked),
        cmocka_unit_test(serves_on_many_loops),
        cmocka_unit_test(child_serves_without_a_ring_of_its_own),
        cmocka_unit_test(child_that_has_dialled_cannot_do_without),
    };
    unsetenv("VIREO_IO");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
