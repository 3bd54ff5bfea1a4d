/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* agent.c: an exchange, from the URL to the end of the answer:
 *
 *     ask -> end of the turn: an idle connection, or connect -> send -> head -> body -> on_done
 *              ^                                                 |
 *              +------ redirect; the idle connection was dead <--+
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/base64.h"
#include "http/agent_inside.h"
#include "http/app.h"
#include "http/parse.h"
#include "http/reply.h"

enum { TEXT_SIZE = 512 };

/* --- the agent -------------------------------------------------------------------------------- */

static void on_stop(vireo__guest *guest)
{
    vireo__conn_close_idle(vireo__container(guest, vireo__agent, guest));
}

static void on_cut(vireo__guest *guest)
{
    vireo__agent *agent = vireo__container(guest, vireo__agent, guest);
    vireo__list *end = &agent->exchanges;
    for (vireo__list *at = end->next; at != end; at = at->next)
        vireo__exchange_cancel(vireo__container(at, vireo__exchange, node));
    vireo__conn_close_idle(agent);
}

void vireo__agent_hold(vireo__agent *agent)
{
    if (agent->open++ == 0)
        vireo__app_enter(agent->app, &agent->guest);
}

void vireo__agent_release(vireo__agent *agent)
{
    if (--agent->open == 0)
        vireo__app_leave(agent->app, &agent->guest);
}

vireo__agent *vireo__app_agent(vireo_app *app)
{
    vireo__agent *agent = app->agent;
    if (agent != NULL)
        return agent;
    agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return NULL;
    agent->app = app;
    agent->loop = app->loop;
    agent->guest.on_stop = on_stop;
    agent->guest.on_cut = on_cut;
    vireo__list_init(&agent->exchanges);
    vireo__list_init(&agent->conns);
    vireo__list_init(&agent->idle);
    app->agent = agent;
    return agent;
}

/* --- the end of an exchange ------------------------------------------------------------------- */

static void free_exchange(vireo__exchange *x)
{
    vireo__agent *agent = x->agent;
    vireo__list_remove(&x->node);
    free(x->method);
    free(x->url);
    free(x->host);
    free(x->unix_path);
    vireo__proxy_free(x->proxy);
    vireo__tls_ctx_unref(x->tls);
    vireo__buf_deinit(&x->headers);
    vireo__shared_unref(x->body);
    free(x);
    vireo__agent_release(agent);
}

/* Nothing is under way any more. */
static void stop(vireo__exchange *x)
{
    x->over = true;
    vireo__deadline_stop(&x->deadline);
    vireo__turn_remove(&x->task);
    if (x->connect != NULL)
        vireo__connect_cancel(x->connect);
    if (x->conn != NULL)
        vireo__conn_close(x->conn);
    x->conn = NULL;
}

static void finish(vireo__exchange *x, int error, const char *text)
{
    stop(x);
    x->events->on_done(x, error, text);
    if (x->connect == NULL)
        free_exchange(x);
}

static void fail(vireo__exchange *x, int error, const char *format, ...) VIREO_PRINTF(3, 4);

static void fail(vireo__exchange *x, int error, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    finish(x, error, text);
}

static void fail_memory(vireo__exchange *x)
{
    fail(x, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
}

void vireo__exchange_cancel(vireo__exchange *x)
{
    if (x->over)
        return;
    stop(x);
    vireo__turn_add(x->agent->loop, &x->task);
}

/* --- the request ------------------------------------------------------------------------------ */

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++)
        if (vireo__str_equal_nocase(vireo__str_of(text), *list))
            return true;
    return false;
}

/* What is meant for one server must not reach another. */
static bool for_the_first_server(const char *name)
{
    static const char *const names[] = {"authorization", "cookie", "cookie2", "host", NULL};
    return is_one_of(name, names);
}

static const char *next_header(const vireo__exchange *x, const char *at, const char **name,
                               const char **value)
{
    if (x->headers.len == 0)
        return NULL;
    if (at == NULL)
        at = (const char *)x->headers.data;
    if (at == (const char *)x->headers.data + x->headers.len)
        return NULL;
    *name = at;
    *value = at + strlen(at) + 1;
    return *value + strlen(*value) + 1;
}

static const char *find_header(const vireo__exchange *x, const char *wanted)
{
    const char *name, *value;
    for (const char *at = NULL; (at = next_header(x, at, &name, &value)) != NULL;)
        if (vireo__str_equal_nocase(vireo__str_of(name), wanted))
            return value;
    return NULL;
}

static bool default_port(const vireo__exchange *x)
{
    return x->port == (x->secure ? 443 : 80);
}

static void write_line(vireo__buf *out, const char *name, const char *value)
{
    vireo__buf_append_str(out, name);
    vireo__buf_append_str(out, ": ");
    vireo__buf_append_str(out, value);
    vireo__buf_append_str(out, "\r\n");
}

static void write_host(const vireo__exchange *x, vireo__buf *out)
{
    if (!x->crossed && find_header(x, "host") != NULL)
        return;
    vireo__buf_append_str(out, "Host: ");
    vireo__uri_append_authority(out, x->uri.host, x->uri.ipv6, default_port(x) ? 0 : x->port);
    vireo__buf_append_str(out, "\r\n");
}

/* RFC 9110 section 8.6: "A user agent SHOULD send Content-Length in a request when the method
 * defines a meaning for enclosed content and it is not sending Transfer-Encoding." */
static void write_length(const vireo__exchange *x, vireo__buf *out)
{
    static const char *const with_content[] = {"POST", "PUT", "PATCH", NULL};
    if (x->body == NULL && !is_one_of(x->method, with_content))
        return;
    vireo__buf_append_str(out, "Content-Length: ");
    vireo__buf_append_u64(out, x->body ? x->body->len : 0);
    vireo__buf_append_str(out, "\r\n");
}

static void write_head(const vireo__exchange *x, vireo__buf *out)
{
    const char *name, *value;
    vireo__buf_append_str(out, x->method);
    vireo__buf_append_byte(out, ' ');
    if (x->uri.target.len == 0 || x->uri.target.at[0] != '/')
        vireo__buf_append_byte(out, '/');
    vireo__buf_append(out, x->uri.target.at, x->uri.target.len);
    vireo__buf_append_str(out, " HTTP/1.1\r\n");
    write_host(x, out);
    for (const char *at = NULL; (at = next_header(x, at, &name, &value)) != NULL;)
        if (!x->crossed || !for_the_first_server(name))
            write_line(out, name, value);
    write_length(x, out);
    vireo__buf_append_str(out, "\r\n");
}

static void on_head_late(vireo__deadline *d)
{
    vireo__exchange *x = vireo__container(d, vireo__exchange, deadline);
    fail(x, VIREO_ETIMEDOUT, "%s port %u did not answer within %u ms", x->host, x->port,
         x->limits.head_timeout_ms);
}

static void on_body_late(vireo__deadline *d)
{
    vireo__exchange *x = vireo__container(d, vireo__exchange, deadline);
    fail(x, VIREO_ETIMEDOUT, "%s port %u has sent nothing for %u ms", x->host, x->port,
         x->limits.idle_timeout_ms);
}

static void send_on(vireo__exchange *x, vireo__agent_conn *c)
{
    vireo__buf *head = vireo__loop_scratch(x->agent->loop);
    x->conn = c;
    write_head(x, head);
    if (head->error < 0 || vireo__conn_ask(c, x, head) < 0 ||
        vireo__deadline_start(x->agent->loop, &x->deadline, x->limits.head_timeout_ms,
                              on_head_late) < 0)
        fail_memory(x);
}

static void on_connected(void *user, vireo__stream *s, int error, const char *text)
{
    vireo__exchange *x = user;
    x->connect = NULL;
    if (x->over) { /* it was cancelled, and on_done was called if its turn has come */
        if (!vireo__turn_queued(&x->task))
            free_exchange(x);
        return;
    }
    if (s == NULL) {
        finish(x, error, text);
        return;
    }
    vireo__agent_conn *c = vireo__conn_new(x, s);
    if (c == NULL) {
        vireo__stream_close(s, VIREO_ENOMEM);
        fail_memory(x);
        return;
    }
    send_on(x, c);
}

static vireo__agent_conn *find_idle(vireo__exchange *x)
{
    if (x->fresh)
        return NULL;
    char *key = vireo__conn_key(x);
    vireo__agent_conn *c = key ? vireo__conn_take_idle(x->agent, key) : NULL;
    free(key);
    return c;
}

static void begin(vireo__exchange *x)
{
    vireo_error error;
    if (x->secure && x->tls == NULL)
        x->tls = vireo__tls_client_ctx(x->agent->loop, NULL, &error);
    if (x->secure && x->tls == NULL) {
        fail(x, error.code, "%s", error.text);
        return;
    }
    vireo__agent_conn *c = find_idle(x);
    if (c != NULL) {
        send_on(x, c);
        return;
    }
    vireo__connect_options options = {
        .host = x->host,
        .port = x->port,
        .unix_path = x->unix_path,
        .proxy = x->proxy,
        .tls = x->secure ? x->tls : NULL,
        .timeout_ms = x->limits.connect_timeout_ms,
    };
    x->connect = vireo__connect_start(x->agent->loop, &options, on_connected, x);
    if (x->connect == NULL)
        fail_memory(x);
}

static void on_task(vireo__turn_task *task)
{
    vireo__exchange *x = vireo__container(task, vireo__exchange, task);
    if (x->over)
        finish(x, VIREO_ECANCELLED, vireo_strerror(VIREO_ECANCELLED));
    else
        begin(x);
}

/* --- the URL ---------------------------------------------------------------------------------- */

/* Takes |url| (malloc'ed) as the one to ask. Returns 0, VIREO_EINVAL or VIREO_ENOMEM. */
static int set_url(vireo__exchange *x, char *url, const char **why)
{
    vireo__uri uri;
    int error = vireo__uri_parse(&uri, url, why);
    bool secure = error == 0 && vireo__uri_secure(&uri);
    bool plain = error == 0 && (vireo__str_equal_nocase(uri.scheme, "http") ||
                                vireo__str_equal_nocase(uri.scheme, "ws"));
    if (error == 0 && !secure && !plain) {
        *why = "its scheme is none of http, https, ws and wss";
        error = VIREO_EINVAL;
    }
    char *host = error == 0 ? strndup(uri.host.at, uri.host.len) : NULL;
    if (host == NULL) {
        free(url);
        return error < 0 ? error : VIREO_ENOMEM;
    }
    free(x->url);
    free(x->host);
    x->url = url;
    x->host = host;
    x->uri = uri;
    x->secure = secure;
    x->port = uri.port ? uri.port : secure ? 443 : 80;
    return 0;
}

/* --- redirects -------------------------------------------------------------------------------- */

static bool is_redirect(const vireo__exchange *x, const vireo__answer *a)
{
    static const uint16_t statuses[] = {301, 302, 303, 307, 308};
    if (x->limits.max_redirects == 0 || vireo__answer_header(a, "location") == NULL)
        return false;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (a->status == statuses[i])
            return true;
    return false;
}

/* RFC 9110 section 15.4: a 303 is answered with a GET; after 301 and 302 "a user agent MAY change
 * the request method from POST to GET", as all do. */
static int change_method(vireo__exchange *x, uint16_t status)
{
    bool post = strcmp(x->method, "POST") == 0;
    bool head = strcmp(x->method, "HEAD") == 0;
    if (status >= 307 || head || (status != 303 && !post))
        return 0;
    char *get = strdup("GET");
    if (get == NULL)
        return VIREO_ENOMEM;
    free(x->method);
    x->method = get;
    vireo__shared_unref(x->body);
    x->body = NULL;
    return 0;
}

/* Returns new: the URL that |location| means here. */
static int resolve(const vireo__exchange *x, const char *location, char **out)
{
    vireo__buf url;
    vireo__buf_init(&url, VIREO__BUF_UNLIMITED);
    int error = vireo__uri_resolve(&url, &x->uri, location);
    if (error < 0)
        vireo__buf_deinit(&url);
    *out = (char *)url.data;
    return error;
}

static int go_to(vireo__exchange *x, char *url, uint16_t status, const char **why)
{
    bool secure = x->secure;
    uint16_t port = x->port;
    char *host = strdup(x->host);
    int error = host ? set_url(x, url, why) : VIREO_ENOMEM;
    if (host == NULL)
        free(url);
    if (error == 0 && secure && !x->secure && !x->limits.allow_downgrade) {
        *why = "it leads from https to http, which is not allowed";
        error = VIREO_EREFUSED;
    }
    if (error == 0 && (secure != x->secure || port != x->port ||
                       !vireo__str_equal_nocase(vireo__str_of(host), x->host)))
        x->crossed = true;
    free(host);
    return error < 0 ? error : change_method(x, status);
}

static void redirect(vireo__exchange *x, const vireo__answer *a)
{
    const char *why = "its Location is no URL";
    if (x->redirects++ == x->limits.max_redirects) {
        fail(x, VIREO_EREFUSED, "more than %u redirects", x->limits.max_redirects);
        return;
    }
    char *url;
    uint16_t status = a->status;
    int error = resolve(x, vireo__answer_header(a, "location"), &url);
    if (error == 0)
        error = go_to(x, url, status, &why);
    if (error == VIREO_ENOMEM) {
        fail_memory(x);
        return;
    }
    if (error < 0) {
        fail(x, error, "the redirect (%u) was not followed: %s", status, why);
        return;
    }
    vireo__deadline_stop(&x->deadline);
    vireo__conn_close(x->conn);
    x->conn = NULL;
    x->fresh = false;
    vireo__turn_add(x->agent->loop, &x->task);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Waits for the next bytes of the body. */
static void await_body(vireo__exchange *x)
{
    if (x->limits.idle_timeout_ms == 0)
        vireo__deadline_stop(&x->deadline);
    else if (vireo__deadline_start(x->agent->loop, &x->deadline, x->limits.idle_timeout_ms,
                                   on_body_late) < 0)
        fail_memory(x);
}

static void fail_too_big(vireo__exchange *x)
{
    fail(x, VIREO_ETOOBIG, "the answer has more than %llu bytes",
         (unsigned long long)x->limits.max_body_bytes);
}

void vireo__exchange_head(vireo__exchange *x)
{
    const vireo__agent_conn *c = x->conn;
    const vireo__answer *a = &c->answer;
    uint64_t length = vireo__answer_length(a);
    if (is_redirect(x, a)) {
        redirect(x, a);
        return;
    }
    if (!a->to_head && length != UINT64_MAX && length > x->limits.max_body_bytes) {
        fail_too_big(x);
        return;
    }
    if (x->events->on_head != NULL)
        x->events->on_head(x, a);
    if (c->x != NULL && !c->detached)
        await_body(x);
}

bool vireo__exchange_body(vireo__exchange *x, const uint8_t *bytes, size_t n)
{
    const vireo__agent_conn *c = x->conn;
    if (x->body_bytes + n > x->limits.max_body_bytes) {
        fail_too_big(x);
        return false;
    }
    x->body_bytes += n;
    if (x->events->on_body != NULL)
        x->events->on_body(x, bytes, n);
    if (c->x == NULL)
        return false;
    await_body(x);
    return c->x != NULL;
}

void vireo__exchange_done(vireo__exchange *x)
{
    x->conn = NULL;
    finish(x, 0, "");
}

void vireo__exchange_failed(vireo__exchange *x, int error, const char *why)
{
    x->conn = NULL;
    fail(x, error, "the answer of %s port %u could not be read: %s", x->host, x->port, why);
}

/* RFC 9110 section 9.2.2: a client may repeat a request with an idempotent method by itself. */
static bool may_repeat(const vireo__exchange *x, const vireo__agent_conn *c)
{
    static const char *const idempotent[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", NULL};
    return c->reused && !c->heard && is_one_of(x->method, idempotent);
}

void vireo__exchange_lost(vireo__exchange *x, int error)
{
    bool repeat = may_repeat(x, x->conn);
    x->conn = NULL;
    if (repeat) {
        vireo__deadline_stop(&x->deadline);
        x->fresh = true;
        vireo__turn_add(x->agent->loop, &x->task);
    } else if (error == 0) {
        fail(x, VIREO_ECLOSED, "%s port %u closed the connection without a whole answer", x->host,
             x->port);
    } else {
        fail(x, error, "the connection to %s port %u was lost: %s", x->host, x->port,
             vireo_strerror(error));
    }
}

vireo__stream *vireo__exchange_detach(vireo__exchange *x)
{
    x->conn->detached = true;
    return x->conn->stream;
}

void vireo__exchange_detached(vireo__exchange *x)
{
    x->conn = NULL;
    stop(x);
    free_exchange(x);
}

/* --- asking ----------------------------------------------------------------------------------- */

void *vireo__exchange_user(const vireo__exchange *x)
{
    return x->user;
}

const char *vireo__exchange_url(const vireo__exchange *x)
{
    return x->url;
}

static int add_header(vireo__exchange *x, const char *name, const char *value, vireo_error *error)
{
    if (!vireo__http_token(name, strlen(name)))
        return vireo__error_set(error, VIREO_EINVAL, "\"%s\" is no name of a header", name);
    if (value == NULL || !vireo__header_value_valid(value))
        return vireo__error_set(error, VIREO_EINVAL,
                                "the value of the header %s is missing or has control characters",
                                name);
    vireo__buf_append(&x->headers, name, strlen(name) + 1);
    return vireo__buf_append(&x->headers, value, strlen(value) + 1);
}

static int add_headers(vireo__exchange *x, const char *const *headers, vireo_error *error)
{
    int result = 0;
    for (; result == 0 && headers != NULL && *headers != NULL; headers += 2)
        result = add_header(x, headers[0], headers[1], error);
    return result;
}

/* RFC 7617: user and password of the URL, unless the caller has his own idea. */
static int add_basic(vireo__exchange *x, vireo_error *error)
{
    if (x->uri.user.at == NULL || find_header(x, "authorization") != NULL)
        return 0;
    char *user = vireo__uri_decode(x->uri.user);
    char *password = vireo__uri_decode(x->uri.password);
    size_t n = user && password ? strlen(user) + 1 + strlen(password) : 0;
    size_t size = sizeof "Basic " + vireo__base64_size(n);
    char *pair = n > 0 ? malloc(n + 1) : NULL;
    char *value = pair ? malloc(size) : NULL;
    int result = VIREO_EINVAL;
    if (value != NULL) {
        sprintf(pair, "%s:%s", user, password);
        strcpy(value, "Basic ");
        vireo__base64_encode(value + strlen("Basic "), pair, n);
        value[size - 1] = '\0';
        result = add_header(x, "Authorization", value, error);
    } else {
        vireo__error_set(error, result, "user and password of a URL are encoded as %%XX");
    }
    free(user);
    free(password);
    free(pair);
    free(value);
    return result;
}

static int set_proxy(vireo__exchange *x, const char *url, vireo_error *error)
{
    const char *why = "";
    if (url == NULL)
        return 0;
    x->proxy = vireo__proxy_new(url, &why);
    if (x->proxy == NULL)
        return vireo__error_set(error, VIREO_EINVAL, "the proxy's URL is no good: %s", why);
    return 0;
}

static int copy_texts(vireo__exchange *x, const vireo__ask *ask)
{
    x->method = strdup(ask->method);
    x->unix_path = ask->unix_path ? strdup(ask->unix_path) : NULL;
    x->body = ask->body ? vireo__shared_copy(ask->body, ask->body_len) : NULL;
    return x->method == NULL || (ask->unix_path != NULL && x->unix_path == NULL) ||
                   (ask->body != NULL && x->body == NULL)
               ? VIREO_ENOMEM
               : 0;
}

static int fill_in(vireo__exchange *x, const vireo__ask *ask, vireo_error *error)
{
    const char *why = "";
    char *url = strdup(ask->url);
    int result = url ? set_url(x, url, &why) : VIREO_ENOMEM;
    if (result == VIREO_EINVAL)
        return vireo__error_set(error, result, "the URL is no good: %s", why);
    if (result == 0)
        result = copy_texts(x, ask);
    if (result == 0)
        result = add_headers(x, ask->headers, error);
    if (result == 0)
        result = add_basic(x, error);
    return result == 0 ? set_proxy(x, ask->proxy, error) : result;
}

int vireo__agent_ask(vireo__agent *agent, const vireo__ask *ask,
                     const vireo__exchange_events *events, void *user, vireo__exchange **out,
                     vireo_error *error)
{
    if (error != NULL)
        error->code = 0;
    if (vireo__app_stopping(agent->app) && !ask->while_ending)
        return vireo__error_set(error, VIREO_ECLOSED, "the application is ending");
    vireo__exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    x->agent = agent;
    x->events = events;
    x->user = user;
    x->limits = *ask;
    x->tls = ask->tls ? vireo__tls_ctx_ref(ask->tls) : NULL;
    x->task.run = on_task;
    vireo__buf_init(&x->headers, VIREO__BUF_UNLIMITED);
    vireo__list_append(&agent->exchanges, &x->node);
    vireo__agent_hold(agent);
    int result = fill_in(x, ask, error);
    if (result < 0) {
        free_exchange(x);
        if (error != NULL && error->code == 0)
            vireo__error_set(error, result, "%s", vireo_strerror(result));
        return result;
    }
    vireo__turn_add(agent->loop, &x->task);
    *out = x;
    return 0;
}
