/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doctor.c: vireo doctor: the frame of its checks. They come one after the other, and each runs the
 * loop until it knows. */

#include "cli/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/show.h"
#include "http/server.h"

enum { MAX_BODY = 4 << 20, COLUMN = 12, INDENT = 6 + COLUMN };

/* --- findings --------------------------------------------------------------------------------- */

/* In a pipe each finding and each remedy is a line. */
static size_t width(void)
{
    return isatty(STDOUT_FILENO) ? cli_width(stdout, 100) : SIZE_MAX;
}

static void put_words(const char *text, va_list args)
{
    vireo__buf line;
    vireo__buf_init(&line, VIREO__BUF_UNLIMITED);
    cli_vescape(&line, text, args);
    if (vireo__buf_cstr(&line) != NULL)
        cli_wrap(stdout, (char *)line.data, INDENT, INDENT, width());
    vireo__buf_deinit(&line);
}

static void put_mark(const doctor *d, cli_ink ink, const char *mark, const char *what)
{
    printf("%s%-5s%s %-*s", cli_paint(d->colours, ink), mark, cli_paint(d->colours, CLI_PLAIN),
           COLUMN, what);
}

/* Below the finding. */
static void put_remedy(const doctor *d, const char *text)
{
    printf("%*s%s", INDENT, "", cli_paint(d->colours, CLI_CYAN));
    cli_wrap(stdout, text, INDENT, INDENT, width());
    printf("%s", cli_paint(d->colours, CLI_PLAIN));
}

void doctor_fine(doctor *d, const char *what, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    put_mark(d, CLI_GREEN, "ok", what);
    put_words(text, args);
    va_end(args);
    d->passed++;
}

void doctor_note(doctor *d, const char *what, const char *remedy, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    put_mark(d, CLI_YELLOW, "note", what);
    put_words(text, args);
    put_remedy(d, remedy);
    va_end(args);
    d->warnings++;
}

void doctor_bad(doctor *d, const char *what, const char *remedy, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    put_mark(d, CLI_RED, "WRONG", what);
    put_words(text, args);
    put_remedy(d, remedy);
    va_end(args);
    d->problems++;
}

/* --- requests --------------------------------------------------------------------------------- */

struct doctor_request {
    doctor_answer *answer;
    vireo__exchange *exchange; /* NULL when it is over */
    uint64_t began;
    uv_loop_t *uv;
};

static void copy_header(const vireo__answer *answer, const char *name, char *to, size_t size)
{
    const char *value = vireo__answer_header(answer, name);
    snprintf(to, size, "%s", value ? value : "");
}

/* "name=value" of each Set-Cookie. */
static void copy_cookies(const vireo__answer *answer, char *to, size_t size)
{
    const char *at = (const char *)answer->head.data, *end = at + answer->head.len;
    size_t n = 0;
    while (at != end) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, "set-cookie") == 0 && n < size)
            n += (size_t)snprintf(to + n, size - n, "%s%.*s", n > 0 ? "; " : "",
                                  (int)strcspn(value, ";"), value);
        at = value + strlen(value) + 1;
    }
}

static void on_head(vireo__exchange *x, const vireo__answer *answer)
{
    doctor_request *r = vireo__exchange_user(x);
    doctor_answer *a = r->answer;
    a->status = answer->status;
    a->allow_origins = vireo__answer_header_count(answer, "access-control-allow-origin");
    copy_header(answer, "access-control-allow-origin", a->allow_origin, sizeof a->allow_origin);
    copy_header(answer, "access-control-allow-credentials", a->allow_credentials,
                sizeof a->allow_credentials);
    copy_cookies(answer, a->cookies, sizeof a->cookies);
    copy_header(answer, "location", a->location, sizeof a->location);
    copy_header(answer, "server", a->server, sizeof a->server);
    copy_header(answer, "content-type", a->type, sizeof a->type);
}

static void on_body(vireo__exchange *x, const uint8_t *bytes, size_t n)
{
    doctor_request *r = vireo__exchange_user(x);
    vireo__buf_append(&r->answer->body, bytes, n);
}

static void on_done(vireo__exchange *x, int error, const char *text)
{
    doctor_request *r = vireo__exchange_user(x);
    r->exchange = NULL;
    r->answer->error = error;
    r->answer->took_ms = uv_hrtime() / 1000000 - r->began;
    if (error < 0)
        snprintf(r->answer->text, sizeof r->answer->text, "%s", text);
}

/* The headers of the command line, and |cookie| if the request is one of a session's. */
static size_t gather_headers(const doctor *d, const char *query, const char **headers)
{
    size_t n = 0;
    for (; d->link.headers[n] != NULL; n++)
        headers[n] = d->link.headers[n];
    if (strstr(query, "sid=") != NULL && *d->cookies != '\0' && !d->no_cookies) {
        headers[n++] = "Cookie";
        headers[n++] = d->cookies;
    }
    headers[n] = NULL;
    return n;
}

doctor_request *doctor_begin(doctor *d, doctor_answer *a, const char *method, const char *query,
                             const char *origin, const void *body, size_t n)
{
    static const vireo__exchange_events events = {
        .on_head = on_head, .on_body = on_body, .on_done = on_done};
    char url[2048];
    const char *headers[2 * CLI_LIST_MAX + 12];
    vireo_error error = {0};
    doctor_request *r = calloc(1, sizeof *r);
    *a = (doctor_answer){.error = VIREO_ENOMEM, .text = "out of memory"};
    vireo__buf_init(&a->body, MAX_BODY);
    snprintf(url, sizeof url, "%s%s?%s", d->base, d->path, query);
    size_t at = gather_headers(d, query, headers);
    headers[at++] = "Connection"; /* of its own, so that a balancer chooses anew */
    headers[at++] = "close";
    if (origin != NULL) {
        headers[at++] = "Origin";
        headers[at++] = origin;
    }
    if (strcmp(method, "OPTIONS") == 0) {
        headers[at++] = "Access-Control-Request-Method";
        headers[at++] = "POST";
    }
    if (n > 0) {
        headers[at++] = "Content-Type";
        headers[at++] = "text/plain;charset=UTF-8";
    }
    headers[at] = NULL;
    const vireo__ask ask = {.method = method,
                            .url = url,
                            .headers = headers,
                            .body = body,
                            .body_len = n,
                            .proxy = d->target.proxy,
                            .tls = d->tls,
                            .unix_path = d->target.unix_path,
                            .connect_timeout_ms = d->patience_ms,
                            .head_timeout_ms = d->patience_ms,
                            .idle_timeout_ms = d->patience_ms,
                            .max_body_bytes = MAX_BODY};
    if (r == NULL)
        return NULL;
    r->answer = a;
    r->began = uv_hrtime() / 1000000;
    a->error = vireo__agent_ask(vireo__app_agent(d->app), &ask, &events, r, &r->exchange, &error);
    if (a->error < 0) {
        snprintf(a->text, sizeof a->text, "%s", error.text);
        r->exchange = NULL;
    }
    return r;
}

void doctor_end(doctor *d, doctor_request *r)
{
    while (r != NULL && r->exchange != NULL)
        uv_run(&d->uv, UV_RUN_ONCE);
    free(r);
}

void doctor_ask(doctor *d, doctor_answer *a, const char *method, const char *query,
                const char *origin, const void *body, size_t n)
{
    doctor_end(d, doctor_begin(d, a, method, query, origin, body, n));
    vireo__buf_cstr(&a->body);
}

void doctor_done(doctor_answer *a)
{
    vireo__buf_deinit(&a->body);
}

/* --- WebSocket -------------------------------------------------------------------------------- */

static void on_ws_open(vireo_ws *ws)
{
    doctor_ws *w = vireo_ws_user(ws);
    w->open = true;
}

static void on_ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    doctor_ws *w = vireo_ws_user(ws);
    if (n == 1 && *(const char *)data == '2') {
        w->pings++;
        vireo_ws_send_text(ws, "3");
        return;
    }
    if (w->messages == w->seen)
        snprintf(w->last, sizeof w->last, "%.*s", binary ? 0 : (int)n, (const char *)data);
    w->messages++;
}

static void on_ws_error(vireo_ws *ws, int error, const char *text)
{
    doctor_ws *w = vireo_ws_user(ws);
    (void)error;
    snprintf(w->error, sizeof w->error, "%s", text);
}

static void on_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    doctor_ws *w = vireo_ws_user(ws);
    (void)reason;
    w->closed = true;
    w->code = code;
    w->ws = NULL;
}

void doctor_ws_open(doctor *d, doctor_ws *w, const char *query)
{
    char url[2048];
    const char *headers[2 * CLI_LIST_MAX + 12];
    vireo_error error = {.text = "out of memory"};
    gather_headers(d, query, headers);
    *w = (doctor_ws){.d = d};
    snprintf(url, sizeof url, "%s%s?%s", d->base, d->path, query);
    w->ws = vireo_ws_connect(
        d->app, url, .user = w, .on_open = on_ws_open, .on_message = on_ws_message,
        .on_error = on_ws_error, .on_close = on_ws_close, .headers = headers,
        .proxy = d->target.proxy, .unix_path = d->target.unix_path, .tls = d->link.tls,
        .connect_timeout_ms = d->patience_ms, .close_timeout_ms = 1000, .error = &error);
    if (w->ws == NULL)
        snprintf(w->error, sizeof w->error, "%s", error.text);
    while (w->ws != NULL && !w->open)
        uv_run(&d->uv, UV_RUN_ONCE);
}

static void on_late(vireo_timer *timer, void *user)
{
    (void)timer;
    *(bool *)user = true;
}

/* Until |count| is no longer |old|. */
static bool wait_for(doctor *d, doctor_ws *w, uint32_t ms, const unsigned *count, unsigned old)
{
    bool late = false;
    vireo_timer *timer = vireo_after(d->app, ms, on_late, &late);
    while (timer != NULL && !late && w->ws != NULL && *count == old)
        uv_run(&d->uv, UV_RUN_ONCE);
    if (!late)
        vireo_timer_stop(timer);
    return *count != old;
}

bool doctor_ws_wait(doctor *d, doctor_ws *w, uint32_t ms)
{
    bool come = wait_for(d, w, ms, &w->messages, w->seen);
    w->seen = w->messages;
    return come;
}

bool doctor_ws_pinged(doctor *d, doctor_ws *w, uint32_t ms)
{
    return wait_for(d, w, ms, &w->pings, 0);
}

void doctor_ws_close(doctor *d, doctor_ws *w)
{
    if (w->ws != NULL)
        vireo_ws_terminate(w->ws);
    while (w->ws != NULL)
        uv_run(&d->uv, UV_RUN_ONCE);
}

/* --- the command ------------------------------------------------------------------------------ */

/* The URL's parts. */
static bool read_url(doctor *d)
{
    const char *url = d->link.url, *host = strstr(url, "://") + 3;
    size_t n = strcspn(host, "/?"), user = strcspn(host, "@");
    const char *name = user < n ? host + user + 1 : host;
    size_t len = strcspn(*name == '[' ? name + 1 : name, *name == '[' ? "]" : ":/?");
    const char *behind = *name == '[' ? name + len + 2 : name + len;
    const char *path = d->target.path ? d->target.path : "/socket.io";
    size_t slash = strlen(path);
    d->secure = strncmp(url, "https", 5) == 0 || strncmp(url, "wss", 3) == 0;
    if (len == 0 || len >= sizeof d->host || n + 8 >= sizeof d->base || slash + 2 > sizeof d->path)
        return false;
    snprintf(d->host, sizeof d->host, "%.*s", (int)len, *name == '[' ? name + 1 : name);
    snprintf(d->port, sizeof d->port, "%s", d->secure ? "443" : "80");
    if (*behind == ':')
        snprintf(d->port, sizeof d->port, "%.*s", (int)strspn(behind + 1, "0123456789"),
                 behind + 1);
    snprintf(d->base, sizeof d->base, "http%s://%.*s", d->secure ? "s" : "", (int)n, host);
    snprintf(d->ns, sizeof d->ns, "%.*s", (int)strcspn(host + n, "?"), host + n);
    if (*d->ns == '\0')
        strcpy(d->ns, "/");
    while (slash > 0 && path[slash - 1] == '/')
        slash--;
    snprintf(d->path, sizeof d->path, "%s%.*s/", *path == '/' ? "" : "/", (int)slash, path);
    return true;
}

static int verdict(const doctor *d)
{
    printf("\n");
    if (d->problems == 0)
        printf("%sNothing is wrong%s: %u checks passed", cli_paint(d->colours, CLI_GREEN),
               cli_paint(d->colours, CLI_PLAIN), d->passed);
    else
        printf("%s%u thing%s wrong%s: see above what to change", cli_paint(d->colours, CLI_RED),
               d->problems, d->problems == 1 ? " is" : "s are", cli_paint(d->colours, CLI_PLAIN));
    printf(d->warnings > 0 ? ", and %u note%s.\n" : ".\n", d->warnings,
           d->warnings == 1 ? "" : "s");
    return d->problems == 0 ? CLI_OK : CLI_FAILED;
}

static int run(const cli_command *self, int argc, char **argv)
{
    doctor d = {.tries = 20, .patience_ms = 5000};
    cli_words words;
    int status = cli_parse(self, argc, argv, &d, &words);
    if (status >= 0)
        return status;
    status = cli_link_prepare(&d.link, self, &d.target, words.at[0]);
    if (status >= 0)
        return status;
    if (!read_url(&d)) {
        cli_link_release(&d.link);
        return cli_usage_error(self, "%s is no URL of a server", words.at[0]);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    d.colours = cli_colours(stdout);
    status = CLI_FAILED;
    if (uv_loop_init(&d.uv) == 0 && (d.app = vireo_app_new(.uv_loop = &d.uv)) != NULL) {
        if (d.link.tls != NULL)
            d.tls = vireo__tls_client_ctx(vireo__app_loop(d.app), d.link.tls, NULL);
        doctor_examine(&d);
        status = verdict(&d);
    }
    vireo__tls_ctx_unref(d.tls);
    vireo_app_free(d.app);
    uv_loop_close(&d.uv);
    cli_link_release(&d.link);
    return status;
}

static const cli_option options[] = {
    {"page", 0, CLI_TEXT, offsetof(doctor, origin), "ORIGIN",
     "the origin of the page that shall connect, for CORS"},
    {"requests", 0, CLI_COUNT, offsetof(doctor, tries), "N",
     "sessions of the test for sticky sessions (20)"},
    {"patience", 0, CLI_TIME, offsetof(doctor, patience_ms), "TIME", "for each answer (5s)"},
    {"full", 0, CLI_FLAG, offsetof(doctor, full), NULL,
     "wait for the server's heartbeat too, if it takes half a minute"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, CLI_TARGET_GROUP(doctor), {0}};

const cli_command cli_cmd_doctor = {
    .name = "doctor",
    .words = "URL",
    .summary = "finds out why clients of Socket.IO cannot connect",
    .text = "Walks the usual causes one after the other: name, port, TLS, revision of the "
            "protocol, CORS, polling, upgrade, answers that are held back, largest payload, "
            "heartbeat, sticky sessions; says what is wrong, and what to change. It opens sessions "
            "of its own, sends no events, and ends with 1 when something is wrong.",
    .examples = "vireo doctor localhost:3000\n"
                "vireo doctor https://api.example.org --page https://example.org\n"
                "vireo doctor https://example.org --path /chat/socket.io --full",
    .min_words = 1,
    .max_words = 1,
    .groups = groups,
    .run = run,
};
