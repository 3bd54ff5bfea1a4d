/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* admission-server.c: keeps the contract at the head of admission-reference.mjs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

static void observe(char *line)
{
    puts(line != NULL ? line : "out of memory");
    fflush(stdout);
    free(line);
}

/* --- before there is a session ---------------------------------------------------------------- */

static int allow_request(vireo_req *r)
{
    const char *admit = vireo_query(r, "admit");
    observe(vireo_format(NULL, "{event:%s, transport:%s}", "asked", vireo_query(r, "transport")));
    if (admit == NULL)
        return 0;
    return strcmp(admit, "no") == 0 ? VIREO_EREFUSED : vireo_deny_request(r, admit);
}

static void on_connection_error(vireo_io *io, vireo_req *r, const vireo_connection_error *e)
{
    (void)io;
    (void)r;
    observe(vireo_format(NULL, "{event:%s, code:%d, message:%s, key:%s, value:%s}", "refused",
                         e->code, e->message, e->key, e->value));
}

static int middleware(vireo_req *r)
{
    vireo_reply_header(r, "x-seen", "yes");
    if (vireo_header(r, "x-stop") != NULL)
        return vireo_reply_text(r, 401, "stopped");
    return vireo_header(r, "x-fail") != NULL ? vireo_fail(r, VIREO_STATUS(400), "Bad request")
                                             : vireo_pass(r);
}

/* --- what the head of the answer says --------------------------------------------------------- */

static void on_headers(vireo_io *io, vireo_req *r)
{
    (void)io;
    vireo_reply_header(r, "x-each", "yes");
}

static void on_initial_headers(vireo_io *io, vireo_req *r)
{
    (void)io;
    observe(vireo_format(NULL, "{event:%s}", "initial-headers"));
    vireo_reply_header(r, "x-first", "yes");
}

static bool good(const vireo_req *r, const char *origin)
{
    size_t n = strlen(origin);
    (void)r;
    return n >= 5 && strcmp(origin + n - 5, ".good") == 0;
}

static void use_cors(vireo_app *app, const char *which)
{
    static const char *const two[] = {"https://a.example", "https://b.example", NULL};
    if (strcmp(which, "any") == 0)
        vireo_cors(app, "/socket.io");
    else if (strcmp(which, "list") == 0)
        vireo_cors(app, "/socket.io", .origins = two, .credentials = true, .methods = "GET,POST",
                   .allowed_headers = "X-One,X-Two", .exposed_headers = "X-Three", .max_age_s = 60);
    else if (strcmp(which, "decide") == 0)
        vireo_cors(app, "/socket.io", .allow = good, .credentials = true);
    else if (strcmp(which, "pass") == 0)
        vireo_cors(app, "/socket.io", .pass_preflight = true);
}

static void use_cookie(vireo_io_options *o, const char *which)
{
    static const vireo_cookie_options bare = {.size = sizeof bare, .path = ""},
                                      full = {.size = sizeof full,
                                              .path = "/chat",
                                              .domain = "a.example",
                                              .max_age_s = 3600,
                                              .secure = true,
                                              .http_only = true,
                                              .partitioned = true,
                                              .priority = VIREO_PRIORITY_HIGH,
                                              .same_site = VIREO_SAME_SITE_NONE};
    o->cookie = strcmp(which, "full") == 0 ? "sticky" : "io";
    if (strcmp(which, "plain") != 0)
        o->cookie_options = strcmp(which, "full") == 0 ? &full : &bare;
}

/* --- the rest --------------------------------------------------------------------------------- */

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static const vireo_event_handler events[] = {{"ack", on_ack}, {0}};

static void read_option(vireo_app *app, vireo_io_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--ask") == 0)
        o->allow_request = allow_request;
    else if (strcmp(name, "--middleware") == 0)
        vireo_use(app, "/socket.io", middleware, NULL);
    else if (strcmp(name, "--cors") == 0)
        use_cors(app, value);
    else if (strcmp(name, "--cookie") == 0)
        use_cookie(o, value);
    else if (strcmp(name, "--no-slash") == 0)
        o->no_trailing_slash = true;
    else if (strcmp(name, "--headers") == 0)
        o->on_headers = on_headers, o->on_initial_headers = on_initial_headers;
}

static int setup(vireo_app *app, void *user)
{
    char **args = user;
    vireo_io_options o = {.size = sizeof o, .on_connection_error = on_connection_error};
    for (int i = 1; args[i] != NULL; i++)
        read_option(app, &o, args[i], args[i + 1] != NULL ? args[i + 1] : "");
    if (vireo_io_create(app, &o) == NULL || vireo_namespace(app, "/", .events = events) == NULL)
        return VIREO_EINVAL;
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return serve(setup, argv, NULL, .host = "127.0.0.1", .name = "admission");
}
