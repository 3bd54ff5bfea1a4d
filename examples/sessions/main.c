/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sessions: log in with a form, and be known in Socket.IO.
 *
 * GET /               the page: a form, or the visitor's name and a socket
 * POST /login         name=.. starts a session; POST /logout ends it
 * server to page      welcome({name, visits})    a socket without a login is refused
 * page to server      rename(name, ack)          writes to the session, which pages see too
 *
 * SECRET signs the cookies; REDIS=path-of-a-socket keeps the sessions in Redis. Both may stand in a
 * file .env. */

#include <vireo/vireo.h>

#include "cli.h"

static const char *name_of(const vireo_session *s)
{
    return vireo_str(vireo_session_get(s, "name"));
}

static int home(vireo_req *r)
{
    vireo_session *s = vireo_session_of(r);
    int visits = (int)vireo_int(vireo_session_get(s, "visits"), 0) + 1;
    if (name_of(s) != NULL)
        vireo_session_set(s, "visits", "%d", visits);
    return vireo_reply_page(r, 200, vireo_req_user(r), "home.html", "{name:%s, visits:%d}",
                            name_of(s), visits);
}

static int login(vireo_req *r)
{
    const vireo_value *name = vireo_get(vireo_body_form(r, NULL), "name");
    if (vireo_str_or(name, "")[0] == '\0')
        return vireo_fail(r, VIREO_STATUS(400), "a name, please");
    int error = vireo_session_regenerate(r);
    if (error == 0)
        error = vireo_session_set(vireo_session_of(r), "name", "%p", (const void *)name);
    return error < 0 ? error : vireo_redirect(r, 303, "/");
}

static int logout(vireo_req *r)
{
    int error = vireo_session_destroy(r);
    return error < 0 ? error : vireo_redirect(r, 303, "/");
}

static const vireo_route_entry routes[] = {
    VIREO_GET("/", home), VIREO_POST("/login", login), VIREO_POST("/logout", logout), {0}};

static int guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    return name_of(vireo_socket_session(s)) != NULL ? 0 : vireo_refuse(s, "log in first", NULL);
}

static void on_connect(vireo_socket *s)
{
    const vireo_session *session = vireo_socket_session(s);
    vireo_emit(s, "welcome", "{name:%s, visits:%p}", name_of(session),
               (const void *)vireo_session_get(session, "visits"));
}

static void on_rename(vireo_socket *s, const vireo_msg *m)
{
    vireo_session *session = vireo_socket_session(s);
    int error = vireo_session_set(session, "name", "%s", vireo_str_or(vireo_arg(m, 0), "nobody"));
    if (error == 0)
        error = vireo_session_save(session, NULL, NULL);
    vireo_ack(m, "%s", error < 0 ? vireo_strerror(error) : "saved");
}

static const vireo_event_handler events[] = {{"rename", on_rename}, {0}};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_error error;
    vireo_env_load(".env", NULL);
    vireo_pages *pages = vireo_pages_new();
    if (vireo_pages_load(pages, PUBLIC_FOLDER, &error) < 0)
        return fprintf(stderr, "%s\n", error.text), 1;
    vireo_app *app = vireo_app_new();
    const char *redis = vireo_env("REDIS", NULL);
    vireo_secrets(app, vireo_env("SECRET", "for trying out only"), NULL);
    vireo_sessions(app, "/", .same_site = VIREO_SAME_SITE_LAX,
                   .store = redis ? vireo_redis_store(app, .unix_path = redis) : NULL);
    vireo_mount(app, "/", routes, pages);
    vireo_namespace(app, "/", .guard = guard, .on_connect = on_connect, .events = events);
    int status = vireo_run(app, .host = cli.host, .port = cli.port, .name = "sessions");
    vireo_pages_free(pages);
    return status;
}
