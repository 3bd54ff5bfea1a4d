/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "serve.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct job {
    vireo_setup_fn setup;
    void *user;
    const vireo_listen_options *listen;
} job;

static int set_up_and_listen(vireo_app *app, void *user)
{
    const job *j = user;
    vireo_error problem = {0};
    vireo_listen_options listen = *j->listen;
    listen.error = &problem;
    int error = j->setup(app, j->user);
    if (error == 0)
        error = vireo_app_listen(app, &listen);
    if (problem.text[0] != '\0')
        fprintf(stderr, "%s: %s\n", listen.name, problem.text);
    return error;
}

static int serve_alone(const job *j, const vireo_app_options *options)
{
    vireo_app *app = options != NULL ? vireo_app_create(options) : vireo_app_new();
    if (app == NULL)
        return 1;
    if (j->setup(app, j->user) == 0)
        return vireo_app_run(app, j->listen);
    vireo_app_free(app);
    return 1;
}

int serve_at(vireo_setup_fn setup, void *user, const vireo_app_options *app,
             const vireo_listen_options *listen)
{
    job j = {setup, user, listen};
    const char *workers = getenv("VIREO_WORKERS");
    if (workers == NULL || workers[0] == '\0')
        return serve_alone(&j, app);
    return vireo_run_workers(set_up_and_listen, &j, .workers = (uint32_t)atoi(workers), .app = app,
                             .name = listen->name, .host = listen->host, .tls = listen->tls,
                             .cert_file = listen->cert_file);
}
