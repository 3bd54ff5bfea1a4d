/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* chain.c: the way of a request, from entry to entry of the application's list, to who answers it.
 *
 *     head complete -> CHAIN -- middleware fits --> HELD -- vireo_pass --> CHAIN
 *                        |                            |
 *                        +-- a route fits --> BODY --body complete--> HELD
 *                        |                                              |
 *                        +-- nothing fits --> 404, 405                  +-- fails --> ERROR
 *
 * vireo_pass inside of a handler only leaves a mark: the loop below goes on when the handler has
 * returned, so that a long list costs no stack. Later, the connection goes on at the end of the
 * turn, so that vireo_pass never calls anyone itself. */

#include <errno.h>
#include <stdlib.h>

#include "base/url.h"
#include "http/request.h"

enum { ALLOW_SIZE = 512 };

/* --- errors ----------------------------------------------------------------------------------- */

int vireo_error_status(int error)
{
    if (error <= VIREO_STATUS(400) && error >= VIREO_STATUS(599))
        return -30000 - error;
    switch (error) {
    case VIREO_ENOTFOUND:
    case -ENOENT:
    case -ENOTDIR:
        return 404;
    case VIREO_ETOOBIG:
        return 413;
    case VIREO_EINVAL:
    case VIREO_EJSON:
    case VIREO_EUTF8:
    case VIREO_EDEPTH:
    case VIREO_EPROTO:
        return 400;
    default:
        return 500;
    }
}

/* What the client may know: of errors on this side, no more than that there was one. */
static const char *text_of(const vireo_req *r, int error)
{
    int status = vireo_error_status(error);
    if (status < 500 && r->error_text != NULL)
        return r->error_text;
    return vireo__status_text(status);
}

static void log_failure(const vireo_req *r, int error)
{
    int status = vireo_error_status(error);
    const char *why = r->error_text;
    if (why == NULL)
        why = error == VIREO_STATUS(status) ? vireo__status_text(status) : vireo_strerror(error);
    if (status >= 500)
        vireo__log_line(&r->app->loop->log, VIREO_ERROR, "http", "%s %s failed: %s",
                        vireo_method(r), vireo_target(r), why);
}

static const vireo__error_route *next_error_route(vireo_req *r)
{
    const vireo__list *end = &r->app->error_routes;
    for (const vireo__list *at = r->error_at->next; at != end; at = at->next) {
        const vireo__error_route *route = vireo__container(at, vireo__error_route, node);
        vireo__params params;
        r->error_at = at;
        if (vireo__pattern_covers(route->prefix, r->raw_path, &params))
            return route;
    }
    r->error_at = end->prev;
    return NULL;
}

/* Asks those that were not asked yet. */
static void ask_error_routes(vireo_req *r, int error)
{
    const vireo__error_route *route;
    r->stage = VIREO__STAGE_ERROR;
    while ((route = next_error_route(r)) != NULL) {
        r->user = route->user;
        r->own_headers = r->reply_headers.len;
        int result = route->handler(r, error, text_of(r, error));
        if (r->answered || (result >= 0 && !r->failed))
            return;
        error = r->failed ? r->error : result;
        r->failed = false;
        r->reply_headers.len = r->own_headers;
    }
    vireo_reply_text(r, vireo_error_status(error), text_of(r, error));
}

void vireo__chain_fail(vireo_req *r, int error)
{
    log_failure(r, error);
    r->failed = r->passed = false;
    r->reply_headers.len = r->own_headers;
    r->reply_headers.error = 0;
    r->error_at = &r->app->error_routes;
    ask_error_routes(r, error);
}

/* --- nobody answers --------------------------------------------------------------------------- */

/* Allow lists each method once, in the order of the routes. */
static void allow(char *list, const char *method)
{
    if (vireo__str_has_token(vireo__str_of(list), method) ||
        strlen(list) + strlen(method) + 3 > ALLOW_SIZE)
        return;
    if (list[0] != '\0')
        strcat(list, ", ");
    strcat(list, method);
}

/* Returns whether a WebSocket endpoint stands here. */
static bool collect_methods(const vireo_req *r, char *allowed)
{
    const vireo__list *head = &r->app->routes;
    bool upgradable = false;
    for (const vireo__list *at = head->next; at != head; at = at->next) {
        const vireo__route *route = vireo__container(at, vireo__route, node);
        vireo__params params;
        if ((route->kind != VIREO__ROUTE && route->kind != VIREO__ROUTE_UPGRADE) ||
            !vireo__pattern_match(route->pattern, r->raw_path, &params))
            continue;
        upgradable |= route->kind == VIREO__ROUTE_UPGRADE;
        if (strcmp(route->method, "*") == 0) /* it has passed the request on */
            continue;
        allow(allowed, route->method);
        if (strcmp(route->method, "GET") == 0)
            allow(allowed, "HEAD");
    }
    return upgradable;
}

static bool is_get(const vireo_req *r)
{
    return r->parse.llhttp.method == HTTP_GET || vireo__req_is_head(r);
}

static int answer_options(vireo_req *r, char *allowed)
{
    if (allowed[0] != '\0') {
        allow(allowed, "OPTIONS");
        vireo_reply_header(r, "Allow", allowed);
    }
    return vireo_reply(r, 204, NULL, NULL, 0);
}

static void not_routed(vireo_req *r)
{
    char allowed[ALLOW_SIZE] = "";
    bool upgradable = collect_methods(r, allowed);
    bool options = r->parse.llhttp.method == HTTP_OPTIONS;
    bool asterisk = r->raw_path.len == 1 && r->raw_path.at[0] == '*';
    int error = VIREO_ENOTFOUND;
    if (options && (asterisk || allowed[0] != '\0')) {
        answer_options(r, allowed);
        return;
    }
    if (upgradable && is_get(r)) {
        error = VIREO_STATUS(426);
        vireo_reply_header(r, "Upgrade", "websocket");
    } else if (allowed[0] != '\0' &&
               !vireo__str_has_token(vireo__str_of(allowed), vireo_method(r))) {
        error = VIREO_STATUS(405);
        vireo_reply_header(r, "Allow", allowed);
    }
    r->own_headers = r->reply_headers.len;
    vireo__chain_fail(r, error);
}

/* --- handlers --------------------------------------------------------------------------------- */

static bool method_fits(const vireo__route *route, const char *method)
{
    if (strcmp(route->method, "*") == 0 || strcmp(route->method, method) == 0)
        return true;
    return strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
}

/* A parameter with escapes that are none cannot be: the whole path was decoded before. */
static bool keep_params(vireo_req *r, const vireo__params *params)
{
    size_t n = params->count;
    r->param_count = 0;
    if (n == 0)
        return true;
    r->params = vireo__arena_take(&r->arena, n * sizeof *r->params, 16);
    if (r->params == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        vireo__str value = params->at[i].value;
        char *text = vireo__arena_take(&r->arena, value.len + 1, 1);
        if (text == NULL)
            return false;
        ptrdiff_t len = vireo__url_decode(text, value.at, value.len, false);
        text[len > 0 ? len : 0] = '\0';
        r->params[i] = (vireo__req_param){params->at[i].name, text};
    }
    r->param_count = n;
    return true;
}

/* A handler has returned |result|. */
static void handled(vireo_req *r, int result)
{
    if (r->answered)
        return;
    if (r->failed)
        vireo__chain_fail(r, r->error);
    else if (result < 0)
        vireo__chain_fail(r, result);
    else if (r->passed) {
        r->stage = VIREO__STAGE_CHAIN;
        r->own_headers = r->reply_headers.len;
    }
    r->passed = false;
}

static void call(vireo_req *r, const vireo__route *route)
{
    r->stage = VIREO__STAGE_HELD;
    r->user = route->user;
    r->own_headers = r->reply_headers.len;
    r->upgrading = route->kind == VIREO__ROUTE_UPGRADE;
    int result = route->handler(r);
    r->upgrading = false;
    handled(r, result);
}

static void ask_mount(vireo_req *r)
{
    r->stage = VIREO__STAGE_HELD;
    r->own_headers = r->reply_headers.len;
    if (!r->wants_upgrade) {
        handled(r, r->mount->on_request(r));
        return;
    }
    r->upgrading = true;
    r->mount->on_upgrade(r);
    r->upgrading = false;
}

static void call_mount(vireo_req *r)
{
    do {
        r->again = false;
        ask_mount(r);
    } while (r->again && !r->answered);
}

/* --- from entry to entry ---------------------------------------------------------------------- */

static bool middleware_fits(const vireo_req *r, const vireo__route *route, vireo__params *params)
{
    if (vireo__pattern_covers(route->pattern, r->raw_path, params))
        return true;
    /* A mount's prefix may end in the midst of a part: what stands for it stands for all of it. */
    return r->mount != NULL &&
           vireo__pattern_covers(route->pattern, vireo__str_of(r->mount->prefix), params);
}

static bool fits(const vireo_req *r, const vireo__route *route, vireo__params *params)
{
    switch (route->kind) {
    case VIREO__ROUTE_USE:
        return middleware_fits(r, route, params);
    case VIREO__ROUTE_FOLDER:
        params->count = 0;
        return r->mount == NULL && !r->wants_upgrade && method_fits(route, vireo_method(r));
    default:
        return r->mount == NULL && (route->kind == VIREO__ROUTE_UPGRADE) == r->wants_upgrade &&
               method_fits(route, vireo_method(r)) &&
               vireo__pattern_match(route->pattern, r->raw_path, params);
    }
}

static const vireo__route *next_entry(vireo_req *r, vireo__params *params)
{
    const vireo__list *end = &r->app->routes;
    for (const vireo__list *at = r->at->next; at != end; at = at->next) {
        const vireo__route *route = vireo__container(at, vireo__route, node);
        r->at = at;
        if (fits(r, route, params))
            return route;
    }
    r->at = NULL;
    return NULL;
}

/* A folder that has no such file lets the request go on. */
static void try_folder(vireo_req *r, const vireo__route *route)
{
    size_t n = strlen(route->pattern);
    vireo__str path = r->raw_path;
    int result = 1;
    if (path.len == n - 1 && memcmp(path.at, route->pattern, n - 1) == 0)
        result = vireo_redirect(r, 301, route->pattern);
    else if (path.len >= n && memcmp(path.at, route->pattern, n) == 0)
        result = vireo__folder_serve(route->folder, r, (vireo__str){path.at + n, path.len - n});
    if (result < 0 && !r->answered)
        vireo__chain_fail(r, result);
}

static bool body_complete(const vireo_req *r)
{
    return r->parse.state == VIREO__PARSE_DONE;
}

static void found(vireo_req *r, const vireo__route *route)
{
    vireo__parser *p = &r->parse;
    p->max_body_bytes =
        route->max_body_bytes > 0 ? route->max_body_bytes : r->app->options.max_body_bytes;
    r->route = route;
    r->stage = VIREO__STAGE_BODY;
    int error = vireo__intake_begin(r);
    if (error == 0 && body_complete(r) && p->body.len > p->max_body_bytes)
        error = VIREO_ETOOBIG;
    if (error < 0)
        vireo__chain_fail(r, error);
    else if (body_complete(r) || route->stream)
        call(r, route);
}

/* The list is at its end. */
static void nothing_found(vireo_req *r)
{
    r->route = NULL;
    r->stage = VIREO__STAGE_BODY;
    if (r->mount != NULL) {
        r->user = r->mount->owner;
        r->parse.max_body_bytes = r->mount->max_body_bytes;
        if (!r->wants_upgrade && r->mount->on_head != NULL)
            r->mount->on_head(r);
    } else if (body_complete(r) || r->parse.expect_continue) {
        not_routed(r);
    }
}

static void walk(vireo_req *r)
{
    while (r->stage == VIREO__STAGE_CHAIN && !r->answered) {
        vireo__params params;
        const vireo__route *route = next_entry(r, &params);
        if (route == NULL)
            nothing_found(r);
        else if (route->kind == VIREO__ROUTE_FOLDER)
            try_folder(r, route);
        else if (!keep_params(r, &params))
            vireo__chain_fail(r, VIREO_ENOMEM);
        else if (route->kind == VIREO__ROUTE_USE)
            call(r, route);
        else
            found(r, route);
    }
}

/* --- the ends of it --------------------------------------------------------------------------- */

static bool endpoint_here(const vireo_req *r)
{
    const vireo__list *head = &r->app->routes;
    for (const vireo__list *at = head->next; at != head; at = at->next) {
        const vireo__route *route = vireo__container(at, vireo__route, node);
        vireo__params params;
        if (route->kind == VIREO__ROUTE_UPGRADE && method_fits(route, vireo_method(r)) &&
            vireo__pattern_match(route->pattern, r->raw_path, &params))
            return true;
    }
    return false;
}

/* Nobody here upgrades: then it is a request as any other (RFC 9110 section 7.8 lets a server
 * ignore Upgrade). */
static bool can_upgrade(const vireo_req *r)
{
    if (!vireo__parser_upgrade(&r->parse))
        return false;
    return r->mount != NULL ? r->mount->on_upgrade != NULL : endpoint_here(r);
}

void vireo__chain_begin(vireo_req *r)
{
    r->at = &r->app->routes;
    r->stage = VIREO__STAGE_CHAIN;
    r->wants_upgrade = can_upgrade(r);
    if (r->bad_path && r->mount == NULL)
        vireo__chain_fail(r, VIREO_STATUS(400));
    else
        walk(r);
}

void vireo__chain_body_done(vireo_req *r)
{
    if (r->answered || r->stage != VIREO__STAGE_BODY)
        return;
    if (r->mount != NULL)
        call_mount(r);
    else if (r->route != NULL)
        call(r, r->route);
    else
        not_routed(r);
    walk(r);
}

void vireo__chain_resume(vireo_req *r)
{
    if (r->answered || !(r->passed || r->failed || r->again))
        return;
    if (r->again) {
        call_mount(r);
    } else if (r->failed && r->stage == VIREO__STAGE_ERROR) {
        r->failed = false;
        ask_error_routes(r, r->error);
    } else {
        handled(r, 0);
        walk(r);
    }
}

/* Leaves a mark for who goes on: the loop above, or the connection. */
static void mark(vireo_req *r)
{
    if (!r->handling)
        vireo__turn_add(r->app->loop, &r->conn->resume);
}

int vireo__req_again(vireo_req *r)
{
    if (r->answered || r->replying)
        return VIREO_EANSWERED;
    if (r->stage != VIREO__STAGE_HELD || r->mount == NULL || r->again)
        return VIREO_EINVAL;
    r->again = true;
    mark(r);
    return 0;
}

int vireo_pass(vireo_req *r)
{
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    if (r->stage != VIREO__STAGE_HELD || r->at == NULL || r->passed || r->failed)
        return VIREO_EINVAL;
    r->passed = true;
    mark(r);
    return 0;
}

static char *copy_text(vireo_req *r, const char *text)
{
    char *copy = text != NULL ? vireo__arena_take(&r->arena, strlen(text) + 1, 1) : NULL;
    return copy != NULL ? strcpy(copy, text) : NULL;
}

int vireo_fail(vireo_req *r, int error, const char *text)
{
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    if (error >= 0 || (r->stage != VIREO__STAGE_HELD && r->stage != VIREO__STAGE_ERROR) ||
        r->passed || r->failed)
        return VIREO_EINVAL;
    r->failed = true;
    r->error = error;
    r->error_text = copy_text(r, text);
    mark(r);
    return 0;
}
