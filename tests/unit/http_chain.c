/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* The way of a request: tables of routes below prefixes (H01, H02), middleware that answers, passes
 * on or fails, now or later (H03), handlers of errors (H04). */

#include "chain_fixture.h"

/* Each handler tells its name, which is its user. */
static int pass(vireo_req *r)
{
    note(vireo_req_user(r));
    int error = vireo_pass(r);
    assert_int_equal(vireo_pass(r), VIREO_EINVAL);
    return error;
}

static int say(vireo_req *r)
{
    note(vireo_req_user(r));
    return vireo_reply_text(r, 200, seen.trace);
}

static int say_id(vireo_req *r)
{
    char text[100];
    snprintf(text, sizeof text, "%s,%s", vireo_param(r, "id"), vireo_param(r, "more"));
    return vireo_reply_text(r, 200, text);
}

static int fail_with(vireo_req *r)
{
    vireo_reply_header(r, "X-Gone", "1");
    return atoi(vireo_query(r, "code"));
}

static void converse(vireo_app *app, const char *request, const char *reply)
{
    seen.trace[0] = '\0';
    peer_converse(app, request, reply, false);
}

/* --- tables ----------------------------------------------------------------------------------- */

static int tell_user(vireo_req *r)
{
    return vireo_reply_text(r, 200, vireo_req_user(r));
}

static int guard(vireo_req *r)
{
    return vireo_header(r, "x-key") != NULL ? vireo_pass(r) : VIREO_STATUS(401);
}

static const vireo_route_entry admin[] = {
    VIREO_USE("/", guard),
    VIREO_GET("/", tell_user),
    VIREO_ROUTE("PURGE", "/cache", tell_user),
    {0},
};

static const vireo_route_entry api[] = {
    VIREO_GET("/", tell_user),
    VIREO_GET("/notes/:id", say_id),
    VIREO_GET("/log/:id?/:more?", say_id),
    VIREO_PUT("/notes/:id", say_id, .max_body_bytes = 3),
    VIREO_PATCH("/notes/:id", say_id),
    VIREO_DELETE("/notes/:id", say_id),
    VIREO_MOUNT("/admin", admin),
    {0},
};

static void tables_stand_below_prefixes(void **state)
{
    (void)state;
    static char user[] = "mine";
    static const struct {
        const char *request;
        const char *reply;
    } table[] = {
        {GET("/api"), OK("4", "\r\nmine")},
        {GET("/api/"), NOT_FOUND},
        {GET("/api/notes/7"), OK("8", "\r\n7,(null)")},
        {GET("/api/log"), OK("13", "\r\n(null),(null)")},
        {GET("/api/log/x"), OK("8", "\r\nx,(null)")},
        {GET("/api/log/x/y"), OK("3", "\r\nx,y")},
        {GET("/api/log/x/y/z"), NOT_FOUND},
        {GET("/notes/7"), NOT_FOUND},
        {"DELETE /api/notes/7 HTTP/1.1\r\nHost: a\r\n\r\n", OK("8", "\r\n7,(null)")},
        {"PATCH /api/notes/7 HTTP/1.1\r\nHost: a\r\n\r\n", OK("8", "\r\n7,(null)")},
        {"OPTIONS /api/notes/7 HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, PUT, PATCH, DELETE, OPTIONS\r\n\r\n"},
        {"POST /api/notes/7 HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("405 Method Not Allowed", "18",
              "Allow: GET, HEAD, PUT, PATCH, DELETE\r\n\r\nMethod Not Allowed")},
        {GET("/api/admin"), TEXT("401 Unauthorized", "12", "\r\nUnauthorized")},
        {GET("/api/%61dmin/x"), TEXT("401 Unauthorized", "12", "\r\nUnauthorized")},
        {GET("/api/adminx"), NOT_FOUND},
        {"GET /api/admin HTTP/1.1\r\nHost: a\r\nX-Key: 1\r\n\r\n", OK("4", "\r\nmine")},
        {"PURGE /api/admin/cache HTTP/1.1\r\nHost: a\r\nX-Key: 1\r\n\r\n", OK("4", "\r\nmine")},
    };
    vireo_app *app = new_app();
    assert_int_equal(vireo_mount(app, "/api/", api, user), 0);
    peer_listen(app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        converse(app, table[i].request, table[i].reply);
    vireo_app_free(app);
}

static void a_route_limits_its_bodies(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_mount(app, "/", api, NULL);
    peer_listen(app);
    converse(app, "PUT /notes/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
             OK("8", "\r\n1,(null)"));
    peer_converse(app, "PUT /notes/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
                  TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large"), true);
    vireo_app_free(app);
}

static void a_bad_table_is_refused_as_a_whole(void **state)
{
    (void)state;
    static const vireo_route_entry relative[] = {VIREO_GET("/a", say), VIREO_GET("b", say), {0}};
    static const vireo_route_entry no_handler[] = {
        VIREO_GET("/a", say), VIREO_USE("/b", NULL), {0}};
    static const vireo_route_entry no_method[] = {VIREO_ROUTE(NULL, "/a", say), {0}};
    static const vireo_route_entry nested[] = {
        VIREO_GET("/a", say), VIREO_MOUNT("/x", relative), {0}};
    static const vireo_route_entry endless[] = {
        VIREO_GET("/a", say), VIREO_MOUNT("/x", endless), {0}};
    const vireo_route_entry *const bad[] = {relative, no_handler, no_method, nested, endless};
    char long_prefix[2000] = "/";
    memset(long_prefix + 1, 'x', sizeof long_prefix - 2);
    vireo_app *app = new_app();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(vireo_mount(app, "/", bad[i], NULL), VIREO_EINVAL);
    assert_int_equal(vireo_mount(app, "api", api, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_mount(app, long_prefix, api, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_use(app, "", say, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_use(app, "/", NULL, NULL), VIREO_EINVAL);
    peer_listen(app);
    converse(app, GET("/a"), NOT_FOUND);
    vireo_app_free(app);
}

/* --- middleware ------------------------------------------------------------------------------- */

static void goes_along_the_list(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *reply;
    } table[] = {
        {GET("/"), OK("2", "\r\naz")},
        {GET("/x"), OK("4", "\r\nabcx")},
        {GET("/x/y"), OK("4", "\r\nabcy")},
        {GET("/%78/y"), OK("4", "\r\nabcy")},
        {GET("/xy"), OK("2", "\r\naz")},
        {"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", OK("4", "\r\n")},
        {GET("/only"), NOT_FOUND}, /* the only one there has passed it on */
        {"PUT /only HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("405 Method Not Allowed", "18", "Allow: GET, HEAD\r\n\r\nMethod Not Allowed")},
    };
    vireo_app *app = new_app();
    vireo_use(app, "/", pass, NAMED("a"));
    vireo_use(app, "/x", pass, NAMED("b"));
    vireo_route(app, "GET", "/x/*rest", pass, NAMED("c"));
    vireo_route(app, "GET", "/x", pass, NAMED("c"));
    vireo_route(app, "GET", "/x", say, NAMED("x"));
    vireo_route(app, "GET", "/x/y", say, NAMED("y"));
    vireo_route(app, "GET", "/only", pass, NAMED("o"));
    vireo_route(app, "GET", "/", say, NAMED("z"));
    vireo_route(app, "GET", "/xy", say, NAMED("z"));
    peer_listen(app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        converse(app, table[i].request, table[i].reply);
    vireo_app_free(app);
}

/* Middleware whose prefix has names sees them; the route behind it sees its own. */
static int note_id(vireo_req *r)
{
    note(vireo_param(r, "user"));
    return vireo_pass(r);
}

static void prefixes_may_have_names(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_use(app, "/u/:user", note_id, NULL);
    vireo_route(app, "GET", "/u/:id/notes/:more", say_id, NULL);
    peer_listen(app);
    converse(app, GET("/u/%41nn/notes/3"), OK("5", "\r\nAnn,3"));
    assert_string_equal(seen.trace, "Ann");
    vireo_app_free(app);
}

static int refuse(vireo_req *r)
{
    note("refused;");
    return vireo_reply_text(r, 403, "no");
}

static void refuses_before_the_body(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_use(app, "/no", refuse, NULL);
    vireo_route(app, "POST", "/no", say, NULL);
    vireo_route(app, "GET", "/yes", say, NAMED("yes"));
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, POST("/no", "Content-Length: 5\r\n") "12");
    peer_expect(&p, TEXT("403 Forbidden", "2", "\r\nno"));
    seen.trace[0] = '\0';
    peer_send(&p, "345" GET("/yes")); /* the rest of the body is thrown away */
    peer_expect(&p, OK("3", "\r\nyes"));
    peer_send(&p, POST("/no", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
    peer_expect(&p, TEXT("403 Forbidden", "2", CLOSE "no")); /* and no 100 */
    peer_expect_end(&p);
    peer_close(&p);
    /* Where nobody is, no body is asked for. */
    peer_converse(app, POST("/nobody", "Content-Length: 5\r\nExpect: 100-continue\r\n"),
                  TEXT("404 Not Found", "9", CLOSE "Not Found"), true);
    vireo_app_free(app);
}

/* --- later ------------------------------------------------------------------------------------ */

static int echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply(r, 200, "text/plain", body, n);
}

static vireo_app *new_keeping_app(void)
{
    vireo_app *app = new_app();
    vireo_use(app, "/", keep, NULL);
    vireo_route(app, "POST", "/echo", echo, NULL);
    vireo_route(app, "GET", "/say", say, NAMED("hi"));
    vireo__route_upgrade(app, "/line", upgrade, NULL);
    return peer_listen(app);
}

/* Waits until |keep| has a request, and takes it. */
static vireo_req *held(vireo_app *app)
{
    peer_until(app, &seen.held, 1);
    vireo_req *r = seen.kept;
    seen.kept = NULL;
    seen.held = 0;
    assert_non_null(r);
    vireo_on_abort(r, NULL, NULL);
    return r;
}

static void passes_on_later(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    peer p = peer_open(app);
    peer_send(&p, POST("/echo", "Content-Length: 3\r\n") "abc" GET("/say"));
    vireo_req *r = held(app);
    peer_settle(app); /* the body has come, and waits */
    assert_string_equal(vireo_body(r, NULL), "");
    assert_int_equal(vireo_pass(r), 0);
    assert_int_equal(vireo_pass(r), VIREO_EINVAL);
    assert_int_equal(vireo_fail(r, VIREO_EINVAL, NULL), VIREO_EINVAL);
    peer_expect(&p, OK("3", "\r\nabc"));
    vireo_pass(held(app));
    peer_expect(&p, OK("2", "\r\nhi"));
    peer_close(&p);
    vireo_app_free(app);
}

static void asks_for_the_body_later(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    peer p = peer_open(app);
    peer_send(&p, POST("/echo", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
    vireo_req *r = held(app);
    peer_settle(app);
    peer_expect(&p, "");
    vireo_pass(r);
    peer_expect(&p, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(&p, "abc");
    peer_expect(&p, OK("3", "\r\nabc"));
    peer_close(&p);
    vireo_app_free(app);
}

static void upgrades_later(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    for (int early = 0; early <= 1; early++) {
        peer p = peer_open(app);
        peer_send(&p, UPGRADE("/line"));
        peer_send(&p, early ? "abc" : "");
        vireo_pass(held(app));
        peer_expect(&p, early ? "line:abc" : "line:");
        peer_close(&p);
    }
    vireo_app_free(app);
}

static void answers_later(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    peer p = peer_open(app);
    peer_send(&p, POST("/echo", "Content-Length: 5\r\n") "12345" GET("/say"));
    vireo_req *r = held(app);
    peer_settle(app);
    assert_int_equal(vireo_reply_text(r, 403, "no"), 0);
    peer_expect(&p, TEXT("403 Forbidden", "2", "\r\nno"));
    vireo_req *second = held(app);
    vireo_pass(second);
    vireo_reply_text(second, 200, "first"); /* it may still change its mind */
    peer_expect(&p, OK("5", "\r\nfirst"));
    peer_close(&p);
    vireo_app_free(app);
}

static void fails_later(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/say"));
    vireo_req *r = held(app);
    assert_int_equal(vireo_fail(r, 1, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_fail(r, VIREO_STATUS(409), "taken"), 0);
    assert_int_equal(vireo_pass(r), VIREO_EINVAL);
    peer_expect(&p, TEXT("409 Conflict", "5", "\r\ntaken"));
    peer_close(&p);
    vireo_app_free(app);
}

static void tells_who_holds_it_of_the_end(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    for (int half = 0; half <= 1; half++) {
        peer p = peer_open(app);
        seen.held = seen.aborted = 0;
        peer_send(&p, POST("/echo", "Content-Length: 5\r\n"));
        peer_until(app, &seen.held, 1);
        if (half)
            shutdown(p.fd, SHUT_WR);
        else
            peer_close(&p);
        peer_until(app, &seen.aborted, 1);
        peer_close(&p);
    }
    /* .. and if it had passed the request on in the same moment, that does no harm */
    peer p = peer_open(app);
    seen.held = 0;
    peer_send(&p, GET("/say"));
    vireo_pass(held(app));
    peer_close(&p);
    peer_settle(app);
    vireo_app_free(app);
}

/* A request that middleware holds has no time-out: who holds it has to know. */
static void holding_has_no_time_out(void **state)
{
    (void)state;
    vireo_app *app = new_keeping_app();
    peer p = peer_open(app);
    peer_send(&p, POST("/echo", "Content-Length: 3\r\n"));
    vireo_req *r = held(app);
    peer_advance(app, 1000000);
    vireo_pass(r);
    peer_settle(app);
    peer_advance(app, 29999); /* the body's clock runs from here on */
    peer_send(&p, "abc");
    peer_expect(&p, OK("3", "\r\nabc"));
    peer_close(&p);
    vireo_app_free(app);
}

/* --- who else is behind it -------------------------------------------------------------------- */

static int on_request(vireo_req *r)
{
    assert_int_equal(vireo_pass(r), VIREO_EINVAL);
    assert_string_equal(vireo_req_user(r), "owner");
    return vireo_reply_text(r, 200, "mounted");
}

static void stands_before_everybody(void **state)
{
    (void)state;
    char folder[] = "/tmp/vireo-chain-XXXXXX", file[64];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/f.txt", folder);
    FILE *f = fopen(file, "w");
    fputs("file", f);
    fclose(f);
    vireo__mount mount = {
        .prefix = "/m", .max_body_bytes = 5, .owner = NAMED("owner"), .on_request = on_request};
    vireo_app *app = new_app();
    vireo_static(app, "/first", folder);
    vireo_use(app, "/", guard, NULL);
    vireo_static(app, "/files", folder);
    vireo__route_upgrade(app, "/line", upgrade, NULL);
    vireo__app_mount(app, &mount);
    peer_listen(app);
    static const char *const guarded[] = {GET("/files/f.txt"), GET("/files"),    GET("/m"),
                                          GET("/mm"),          UPGRADE("/line"), GET("/line")};
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++)
        converse(app, guarded[i], TEXT("401 Unauthorized", "12", "\r\nUnauthorized"));
    peer p = peer_open(app);
    peer_send(&p, GET("/first/f.txt")); /* was registered before it */
    while (strstr(p.got, "\r\n\r\nfile") == NULL)
        peer_wait(&p);
    peer_close(&p);
    converse(app, "GET /m HTTP/1.1\r\nHost: a\r\nX-Key: 1\r\n\r\n", OK("7", "\r\nmounted"));
    converse(app,
             "GET /line HTTP/1.1\r\nHost: a\r\nX-Key: 1\r\nConnection: Upgrade\r\nUpgrade: "
             "websocket\r\n\r\n",
             "line:");
    vireo_app_free(app);
    unlink(file);
    rmdir(folder);
}

/* A mount's prefix may end in the midst of a part: middleware for it must not be passed by. */
static void covers_all_of_a_mount(void **state)
{
    (void)state;
    vireo__mount mount = {
        .prefix = "/m", .max_body_bytes = 5, .owner = NAMED("owner"), .on_request = on_request};
    vireo_app *app = new_app();
    vireo_use(app, "/m", guard, NULL);
    vireo__app_mount(app, &mount);
    peer_listen(app);
    converse(app, GET("/m"), TEXT("401 Unauthorized", "12", "\r\nUnauthorized"));
    converse(app, GET("/mm"), TEXT("401 Unauthorized", "12", "\r\nUnauthorized"));
    vireo_app_free(app);
}

/* --- errors ----------------------------------------------------------------------------------- */

static int tell_error(vireo_req *r, int error, const char *text)
{
    char body[200];
    snprintf(body, sizeof body, "%s %d %s", (const char *)vireo_req_user(r), error, text);
    vireo_reply_header(r, "X-Error", "1");
    return vireo_reply_text(r, vireo_error_status(error), body);
}

static int pass_error_on(vireo_req *r, int error, const char *text)
{
    (void)text;
    note("passed;");
    vireo_reply_header(r, "X-Gone", "1");
    assert_int_equal(vireo_pass(r), VIREO_EINVAL);
    return error == VIREO_STATUS(402) ? VIREO_STATUS(403) : error;
}

static int fail_with_text(vireo_req *r)
{
    vireo_reply_header(r, "X-Gone", "1");
    return vireo_fail(r, atoi(vireo_query(r, "code")), "because");
}

static int add_header(vireo_req *r)
{
    vireo_reply_header(r, "X-Kept", "1");
    return vireo_pass(r);
}

static void errors_have_handlers(void **state)
{
    (void)state;
#define ERROR_TEXT(status, n, rest) TEXT(status, n, "X-Kept: 1\r\nX-Error: 1\r\n\r\n" rest)
    static const struct {
        const char *request;
        const char *reply;
    } table[] = {
        {GET("/in/fail?code=-20001"), ERROR_TEXT("400 Bad Request", "21", "in -20001 Bad Request")},
        {GET("/in/fail?code=-20014"), ERROR_TEXT("404 Not Found", "19", "in -20014 Not Found")},
        {GET("/in/text?code=-30422"),
         ERROR_TEXT("422 Unprocessable Content", "17", "in -30422 because")},
        {GET("/in/nothing"), ERROR_TEXT("404 Not Found", "19", "in -20014 Not Found")},
        {"PUT /in/fail HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("405 Method Not Allowed", "28",
              "X-Kept: 1\r\nAllow: GET, HEAD\r\nX-Error: 1\r\n\r\nin -30405 Method Not Allowed")},
        {GET("/in/deep/fail?code=-30402"),
         ERROR_TEXT("403 Forbidden", "19", "in -30403 Forbidden")},
        {GET("/fail?code=-20003"),
         ERROR_TEXT("413 Payload Too Large", "28", "out -20003 Payload Too Large")},
        {GET("/inner"), ERROR_TEXT("404 Not Found", "20", "out -20014 Not Found")},
    };
    vireo_app *app = new_app();
    vireo_on_error(app, "/", tell_error, NAMED("out"));
    vireo_on_error(app, "/in", tell_error, NAMED("in"));
    vireo_on_error(app, "/in/deep/", pass_error_on, NULL);
    vireo_use(app, "/", add_header, NULL);
    vireo_route(app, "GET", "/in/fail", fail_with, NULL);
    vireo_route(app, "GET", "/in/text", fail_with_text, NULL);
    vireo_route(app, "GET", "/in/deep/fail", fail_with, NULL);
    vireo_route(app, "GET", "/fail", fail_with, NULL);
    peer_listen(app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        converse(app, table[i].request, table[i].reply);
    /* a body that is too large is one of them */
    vireo_route(app, "POST", "/in/post", say, NULL);
    peer_converse(
        app, POST("/in/post", "Content-Length: 21\r\n"),
        TEXT("413 Payload Too Large", "27",
             "Connection: close\r\nX-Kept: 1\r\nX-Error: 1\r\n\r\nin -20003 Payload Too Large"),
        true);
    assert_int_equal(vireo_on_error(app, "in", tell_error, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_on_error(app, "/in", NULL, NULL), VIREO_EINVAL);
    vireo_app_free(app);
}

static void log_line(void *user, vireo_level level, const char *area, const char *text)
{
    assert_int_equal(level, VIREO_ERROR);
    assert_string_equal(area, "http");
    strcpy(user, text);
}

static void what_failed_inside_is_only_logged(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *line;
    } table[] = {
        {GET("/fail?code=-5"), "GET /fail?code=-5 failed: Input/output error"},
        {GET("/text?code=-20008"), ""},
        {GET("/text?code=-20004"), "GET /text?code=-20004 failed: because"},
        {GET("/fail?code=-30503"), "GET /fail?code=-30503 failed: Service Unavailable"},
        {GET("/fail?code=-30600"), "GET /fail?code=-30600 failed: unknown error"},
    };
    char line[200];
    memset(&seen, 0, sizeof seen);
    vireo_app *app = vireo_app_new(.log = log_line, .log_user = line);
    vireo_route(app, "GET", "/fail", fail_with, NULL);
    vireo_route(app, "GET", "/text", fail_with_text, NULL);
    peer_listen(app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        peer p = peer_open(app);
        line[0] = '\0';
        peer_send(&p, table[i].request);
        while (strstr(p.got, "\r\n\r\n") == NULL)
            peer_wait(&p);
        assert_string_equal(line, table[i].line);
        assert_int_equal(strstr(p.got, "because") != NULL, line[0] == '\0');
        peer_close(&p);
    }
    vireo_app_free(app);
}

static int keep_error(vireo_req *r, int error, const char *text)
{
    (void)error;
    (void)text;
    return keep(r);
}

static void an_error_may_be_answered_later(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_on_error(app, "/", tell_error, NAMED("out"));
    vireo_on_error(app, "/in", keep_error, NULL);
    vireo_route(app, "POST", "/in", say, NULL);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, GET("/in/x"));
    vireo_reply_text(held(app), 404, "at last");
    peer_expect(&p, TEXT("404 Not Found", "7", "\r\nat last"));
    peer_send(&p, GET("/in/x"));
    vireo_fail(held(app), VIREO_STATUS(410), NULL);
    peer_expect(&p, TEXT("410 Gone", "15", "X-Error: 1\r\n\r\nout -30410 Gone"));
    peer_send(&p, POST("/in", "Content-Length: 21\r\n"));
    vireo_reply_text(held(app), 413, "too much");
    peer_expect(&p, TEXT("413 Payload Too Large", "8", CLOSE "too much"));
    peer_expect_end(&p);
    peer_close(&p);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_stand_below_prefixes),
        cmocka_unit_test(a_route_limits_its_bodies),
        cmocka_unit_test(a_bad_table_is_refused_as_a_whole),
        cmocka_unit_test(goes_along_the_list),
        cmocka_unit_test(prefixes_may_have_names),
        cmocka_unit_test(refuses_before_the_body),
        cmocka_unit_test(passes_on_later),
        cmocka_unit_test(asks_for_the_body_later),
        cmocka_unit_test(upgrades_later),
        cmocka_unit_test(answers_later),
        cmocka_unit_test(fails_later),
        cmocka_unit_test(tells_who_holds_it_of_the_end),
        cmocka_unit_test(holding_has_no_time_out),
        cmocka_unit_test(stands_before_everybody),
        cmocka_unit_test(covers_all_of_a_mount),
        cmocka_unit_test(errors_have_handlers),
        cmocka_unit_test(what_failed_inside_is_only_logged),
        cmocka_unit_test(an_error_may_be_answered_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
