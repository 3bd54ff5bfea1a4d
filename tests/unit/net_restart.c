/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A server that is killed leaves nothing that holds its port: the next one listens there at once,
 * though clients were connected, and others waited to be accepted. */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "streams_fixture.h"

enum { ROUNDS = 20, CLIENTS = 4 };

typedef struct server {
    pid_t pid;
    uint16_t port;
    int inside[CLIENTS];
    int outside; /* not accepted yet */
} server;

/* Says where it listens, or why it does not. */
static void serve(vireo_io_kind io, uint16_t port, int tell)
{
    house h = {.loop = vireo__loop_new(NULL), .room = CLIENTS + 1, .echo = true};
    vireo_listen_options where = {.host = "127.0.0.1", .port = port};
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left behind when a check fails */
    h.guests = calloc(h.room, sizeof *h.guests);
    if (h.loop == NULL || h.guests == NULL)
        _exit(1);
    h.loop->io = io;
    int result = vireo__listener_open(&h.listener, h.loop, &where, on_guest, &h);
    if (result == 0)
        result = vireo__listener_port(h.listener);
    if (write(tell, &result, sizeof result) != sizeof result || result < 0)
        _exit(1);
    for (;;)
        uv_run(h.loop->uv, UV_RUN_ONCE);
}

static void start(server *s, vireo_io_kind io)
{
    int result, told[2];
    assert_int_equal(pipe(told), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        serve(io, s->port, told[1]);
    assert_int_equal(read(told[0], &result, sizeof result), sizeof result);
    close(told[0]);
    close(told[1]);
    assert_in_range(result, 1, UINT16_MAX); /* else a number of errno.h */
    s->port = (uint16_t)result;
}

static int knock(const server *s)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(s->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void fill(server *s)
{
    char byte;
    int status;
    for (int i = 0; i < CLIENTS; i++) {
        s->inside[i] = knock(s);
        assert_int_equal(send(s->inside[i], "x", 1, MSG_NOSIGNAL), 1);
        assert_int_equal(recv(s->inside[i], &byte, 1, 0), 1);
    }
    kill(s->pid, SIGSTOP);
    assert_int_equal(waitpid(s->pid, &status, WUNTRACED), s->pid);
    s->outside = knock(s);
}

static void kill_it(const server *s)
{
    int status;
    kill(s->pid, SIGKILL);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFSIGNALED(status));
}

static void part(const server *s)
{
    for (int i = 0; i < CLIENTS; i++)
        close(s->inside[i]);
    close(s->outside);
}

static void begins_again_at_once(void **state)
{
    server s = {0};
    start(&s, KIND_OF(state));
    fill(&s);
    for (int i = 0; i < ROUNDS; i++) {
        server before = s;
        kill_it(&before);
        start(&s, KIND_OF(state));
        fill(&s);
        part(&before);
    }
    kill_it(&s);
    part(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_BOTH(begins_again_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
