/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* two_workers.h: two applications that are one server, as vireo_run_workers makes them, but with
 * all loops on one thread: who turns one of them (http_peer.h) turns all. */

#ifndef VIREO_TESTS_TWO_WORKERS_H
#define VIREO_TESTS_TWO_WORKERS_H

#include "http_peer.h"

#include <pthread.h>

#include <vireo/workers.h>

#include "cluster/workers.h"
#include "http/app.h"

static struct {
    uv_loop_t uv;      /* of both applications */
    uv_prepare_t main; /* turns the main thread's */
    vireo__group *group;
    vireo__workers *workers;
    vireo_app *apps[2];
    char log[1000]; /* the last line */
    unsigned lines;
} two;

static inline void two_note(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    snprintf(two.log, sizeof two.log, "%s: %s", area, text);
    two.lines++;
}

static inline void two_turn_main(uv_prepare_t *handle)
{
    (void)handle;
    uv_run(two.group->loop->uv, UV_RUN_NOWAIT);
}

static inline void *two_serve(void *unused)
{
    (void)unused;
    vireo__group_serve(two.group);
    return NULL;
}

static inline void two_set_up(unsigned i, vireo_setup_fn setup)
{
    vireo_app *app = vireo_app_new(.uv_loop = &two.uv, .log = two_note, .debug = "");
    assert_non_null(app);
    two.apps[i] = app;
    vireo__group_join(two.group, i, app);
    assert_int_equal(vireo__workers_join(two.workers, app), 0);
    assert_int_equal(setup(app, NULL), 0);
}

/* two_open: |most_messages| and |most_bytes| of a lane as in vireo__workers_new. */
static inline void two_open(vireo_setup_fn setup, size_t most_messages, size_t most_bytes)
{
    pthread_t main;
    uv_loop_init(&two.uv);
    two.lines = 0;
    two.group = vireo__group_new(2);
    two.workers = vireo__workers_new(two.group, most_messages, most_bytes);
    assert_int_equal(pthread_create(&main, NULL, two_serve, NULL), 0);
    two_set_up(0, setup);
    two_set_up(1, setup);
    vireo__group_set_up(two.group);
    pthread_join(main, NULL);
    uv_prepare_init(&two.uv, &two.main);
    uv_prepare_start(&two.main, two_turn_main);
}

/* Whatever is under way ends. */
static inline void two_close(void)
{
    vireo_stop(two.apps[0]);
    for (int patience = PEER_PATIENCE; !two.apps[0]->finished || !two.apps[1]->finished;
         patience--) {
        assert_true(patience > 0);
        peer_turn(two.apps[0]);
    }
    atomic_store(&two.group->over, true);
    vireo_app_free(two.apps[0]);
    vireo_app_free(two.apps[1]);
    uv_close((uv_handle_t *)&two.main, NULL);
    uv_run(&two.uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&two.uv), 0);
    vireo__workers_free(two.workers);
    vireo__group_free(two.group);
}

#endif
