/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Several processes: a loop that was made before a fork runs in children; a loop that runs does not
 * notice that its process forks, nor that it is stopped for a while. */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "streams_fixture.h"

enum { CHILDREN = 3, ROUNDS = 20, MUCH = 300000 };

/* A child serves until somebody says this. */
#define END "!"

static void end_if_told(house *h, guest *g, const uint8_t *bytes, size_t n)
{
    (void)g;
    h->gone = memchr(bytes, END[0], n) != NULL;
}

static void run_child(house *h)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left behind when a check fails */
    if (vireo__loop_begin(h->loop) < 0)
        _exit(1);
    h->echo = true;
    h->on_heard = end_if_told;
    while (!h->gone)
        uv_run(h->loop->uv, UV_RUN_ONCE);
    uv_run(h->loop->uv, UV_RUN_NOWAIT); /* last words leave */
    _exit(0);
}

static pid_t start_child(house *h)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_child(h);
    return pid;
}

static void expect_answer(int fd, const char *text)
{
    char got[64];
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
    assert_int_equal(recv(fd, got, len, MSG_WAITALL), len);
    assert_memory_equal(got, text, len);
}

static void end_child(pid_t pid, int fd)
{
    int status;
    expect_answer(fd, END);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fd);
}

static void leave_alone(house *h)
{
    vireo__listener_close(h->listener, on_house_gone);
    HOUSE_UNTIL(h, h->gone);
    vireo__loop_free(h->loop);
    free(h->guests);
}

/* One after the other has a connection: a child that holds one is stopped while the next is made.
 */
static void children_run_what_was_made_before(void **state)
{
    house h;
    pid_t pids[CHILDREN];
    int fds[CHILDREN], status;
    house_open(&h, KIND_OF(state), CHILDREN);
    for (int i = 0; i < CHILDREN; i++)
        pids[i] = start_child(&h);
    for (int i = 1; i < CHILDREN; i++) {
        kill(pids[i], SIGSTOP);
        assert_int_equal(waitpid(pids[i], &status, WUNTRACED), pids[i]);
    }
    for (int i = 0; i < CHILDREN; i++) {
        fds[i] = house_knock(&h);
        expect_answer(fds[i], "who is there");
        if (i + 1 == CHILDREN)
            break;
        kill(pids[i], SIGSTOP);
        assert_int_equal(waitpid(pids[i], &status, WUNTRACED), pids[i]);
        kill(pids[i + 1], SIGCONT);
    }
    for (int i = 0; i < CHILDREN; i++)
        kill(pids[i], SIGCONT);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < CHILDREN; i++)
            expect_answer(fds[i], "all of you at once");
    for (int i = 0; i < CHILDREN; i++)
        end_child(pids[i], fds[i]);
    leave_alone(&h);
}

/* The child has copies of all descriptors, and of the ring. */
static void runs_on_when_its_process_forks(void **state)
{
    house h;
    int status, pipe_[2];
    char byte = 0;
    house_open(&h, KIND_OF(state), 3);
    h.echo = true;
    guest *g = house_invite(&h);
    house_expect_echo(&h, g->fd, "before");
    assert_int_equal(send(g->fd, "between", 7, MSG_NOSIGNAL), 7);
    assert_int_equal(pipe(pipe_), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(read(pipe_[0], &byte, 1) == 1 ? 0 : 1);
    HOUSE_UNTIL(&h, g->heard == 13);
    char got[8];
    assert_int_equal(recv(g->fd, got, 7, MSG_WAITALL), 7);
    for (int i = 0; i < ROUNDS; i++)
        house_expect_echo(&h, g->fd, "while the child lives");
    house_expect_echo(&h, house_invite(&h)->fd, "a new one");
    assert_int_equal(write(pipe_[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    house_expect_echo(&h, g->fd, "after");
    house_expect_echo(&h, house_invite(&h)->fd, "another one");
    close(pipe_[0]);
    close(pipe_[1]);
    house_close(&h);
}

static void *read_all(int fd, size_t n)
{
    char *bytes = malloc(n);
    assert_non_null(bytes);
    for (size_t done = 0; done < n;) {
        ssize_t some = recv(fd, bytes + done, n - done, 0);
        assert_true(some > 0);
        done += (size_t)some;
    }
    return bytes;
}

/* What comes while it is stopped, it finds when it goes on. */
static void goes_on_after_it_was_stopped(void **state)
{
    static char much[MUCH];
    struct linger abort_ = {.l_onoff = 1};
    house h;
    int status, fds[3];
    memset(much, 'm', sizeof much);
    house_open(&h, KIND_OF(state), 8);
    pid_t pid = start_child(&h);
    for (int i = 0; i < 3; i++) {
        fds[i] = house_knock(&h);
        expect_answer(fds[i], "hello");
    }
    kill(pid, SIGSTOP);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    size_t sent = (size_t)send(fds[0], much, sizeof much, MSG_DONTWAIT);
    assert_true(sent > 0 && sent <= sizeof much);
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &abort_, sizeof abort_);
    close(fds[1]);
    int waiting = house_knock(&h);
    kill(pid, SIGCONT);
    char *back = read_all(fds[0], sent);
    assert_memory_equal(back, much, sent);
    free(back);
    expect_answer(waiting, "I came while you slept");
    expect_answer(fds[2], "nothing was lost");
    close(fds[0]);
    close(waiting);
    end_child(pid, fds[2]);
    leave_alone(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(children_run_what_was_made_before),
        ON_BOTH(runs_on_when_its_process_forks),
        ON_BOTH(goes_on_after_it_was_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
