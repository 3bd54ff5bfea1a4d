/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* serve.h: runs a test's server as one application, or, with the environment's VIREO_WORKERS, as so
 * many workers: the same tests hold for both. */

#ifndef VIREO_TESTS_SERVE_H
#define VIREO_TESTS_SERVE_H

#include <vireo/workers.h>

/* serve returns what main should.
 *
 * setup   configures an application; returns 0 or a negative number
 * app     its options; NULL: the defaults */
#define serve(setup, user, app, ...)                                                               \
    serve_at((setup), (user), (app),                                                               \
             &(const vireo_listen_options){.size = sizeof(vireo_listen_options), __VA_ARGS__})
int serve_at(vireo_setup_fn setup, void *user, const vireo_app_options *app,
             const vireo_listen_options *listen);

#endif
