/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* An application that was made before a fork: each child runs it, and ends it cleanly; all of them
 * serve one port. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vireo/app.h>
#include <vireo/http.h>

enum { CHILDREN = 3 };

static int tell_process(vireo_req *r)
{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)getpid());
    return vireo_reply_text(r, 200, text);
}

/* Returns who has answered. */
static pid_t ask(uint16_t port)
{
    static const char request[] = "GET /process HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char got[1024];
    size_t len = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    for (ssize_t n; (n = recv(fd, got + len, sizeof got - 1 - len, 0)) > 0;)
        len += (size_t)n;
    close(fd);
    got[len] = '\0';
    const char *body = strstr(got, "\r\n\r\n");
    assert_non_null(body);
    return atoi(body + 4);
}

static void serves_from_all_children(vireo_io_kind io)
{
    pid_t pids[CHILDREN];
    int status;
    vireo_app *app = vireo_app_new(.io = io);
    assert_non_null(app);
    vireo_route(app, "GET", "/process", tell_process, NULL);
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1"), 0);
    uint16_t port = vireo_port(app);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left behind when a check fails */
            vireo_run_loop(app);
            _exit(0);
        }
    }
    for (int i = 0; i < CHILDREN; i++) { /* each alone, while the others are stopped */
        for (int other = 0; other < CHILDREN; other++)
            kill(pids[other], SIGSTOP);
        for (int other = 0; other < CHILDREN; other++)
            assert_int_equal(waitpid(pids[other], &status, WUNTRACED), pids[other]);
        kill(pids[i], SIGCONT);
        for (int asked = 0; asked < 10; asked++)
            assert_int_equal(ask(port), pids[i]);
        for (int other = 0; other < CHILDREN; other++)
            kill(pids[other], SIGCONT);
    }
    for (int i = 0; i < CHILDREN; i++) {
        assert_int_equal(kill(pids[i], SIGTERM), 0);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    vireo_app_free(app);
}

static void children_run_an_application_libuv(void **state)
{
    (void)state;
    serves_from_all_children(VIREO_IO_UV);
}

static void children_run_an_application_io_uring(void **state)
{
    (void)state;
    serves_from_all_children(VIREO_IO_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_run_an_application_libuv),
        cmocka_unit_test(children_run_an_application_io_uring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
