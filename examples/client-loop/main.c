/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client-loop: a Socket.IO client inside a program that has a libuv loop already, here with a timer
 * of its own. The program runs the loop, and ends when it likes to.
 *
 *     client-loop http://localhost:3000 TICKS
 */

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>
#include <vireo/vireo.h>

struct program {
    uv_timer_t timer;
    vireo_socket *socket;
    int ticks, wanted;
};

static void on_tick(uv_timer_t *timer)
{
    struct program *p = timer->data;
    /* While there is no connection it is not worth waiting for: volatile. */
    if (vireo_broadcast((vireo_to){.only = p->socket, .flags = VIREO_VOLATILE}, "tick", "%d",
                        p->ticks) == 1)
        p->ticks++;
    if (p->ticks == p->wanted)
        uv_stop(timer->loop);
}

static void on_tock(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    printf("tock %lld\n", (long long)vireo_int(vireo_arg(m, 0), -1));
}

static const vireo_event_handler events[] = {{"tock", on_tock}, {0}};

int main(int argc, char **argv)
{
    struct program p = {.ticks = 0};
    uv_loop_t *loop = uv_default_loop();
    if (argc != 3 || atoi(argv[2]) < 1) {
        fprintf(stderr, "usage: client-loop URL TICKS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    p.wanted = atoi(argv[2]);
    vireo_app *app = vireo_app_new(.uv_loop = loop);
    p.socket = vireo_connect(app, argv[1], .events = events, .transports = "websocket");
    if (p.socket == NULL) {
        vireo_app_free(app);
        return 1;
    }
    uv_timer_init(loop, &p.timer);
    p.timer.data = &p;
    uv_timer_start(&p.timer, on_tick, 10, 10);
    uv_run(loop, UV_RUN_DEFAULT);

    uv_close((uv_handle_t *)&p.timer, NULL);
    vireo_app_free(app); /* says good-bye to the server */
    uv_run(loop, UV_RUN_DEFAULT);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}
