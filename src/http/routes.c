/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* routes.c: what is registered with an application. A table that is mounted below a prefix, and the
 * tables in it, become entries of the one flat list: a request walks along it and nothing else. */

#include <stdlib.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/parse.h"
#include "http/router.h"

enum { PATTERN_SIZE = 1024 }; /* bytes of a pattern with its prefixes */

static void free_route(vireo__route *route)
{
    vireo__list_remove(&route->node);
    vireo__folder_free(route->folder);
    free(route->pattern);
    free(route);
}

void vireo__app_free_routes(vireo_app *app)
{
    while (!vireo__list_empty(&app->routes))
        free_route(vireo__container(app->routes.next, vireo__route, node));
    while (!vireo__list_empty(&app->error_routes)) {
        vireo__error_route *route =
            vireo__container(app->error_routes.next, vireo__error_route, node);
        vireo__list_remove(&route->node);
        free(route->prefix);
        free(route);
    }
}

int vireo__app_add_route(vireo_app *app, const vireo__route *entry, const char *pattern)
{
    vireo__route *route = malloc(sizeof *route);
    if (route == NULL)
        return VIREO_ENOMEM;
    *route = *entry;
    route->pattern = strdup(pattern);
    if (route->pattern == NULL) {
        free(route);
        return VIREO_ENOMEM;
    }
    vireo__list_append(&app->routes, &route->node);
    return 0;
}

/* --- single ones ------------------------------------------------------------------------------ */

static bool method_valid(const char *method)
{
    return strcmp(method, "*") == 0 || vireo__http_token(method, strlen(method));
}

int vireo_route(vireo_app *app, const char *method, const char *pattern, vireo_handler handler,
                void *user)
{
    if (!vireo__pattern_valid(pattern) || handler == NULL || !method_valid(method))
        return VIREO_EINVAL;
    vireo__route entry = {.kind = VIREO__ROUTE, .method = method, .handler = handler, .user = user};
    return vireo__app_add_route(app, &entry, pattern);
}

int vireo__route_upgrade(vireo_app *app, const char *pattern, int (*on_upgrade)(vireo_req *r),
                         void *user)
{
    if (!vireo__pattern_valid(pattern))
        return VIREO_EINVAL;
    vireo__route entry = {
        .kind = VIREO__ROUTE_UPGRADE, .method = "GET", .handler = on_upgrade, .user = user};
    return vireo__app_add_route(app, &entry, pattern);
}

/* Writes |prefix| without a slash at its end, unless it is "/" alone. */
static int copy_prefix(char out[PATTERN_SIZE], const char *prefix)
{
    size_t n = strlen(prefix);
    if (!vireo__pattern_valid(prefix) || n >= PATTERN_SIZE)
        return VIREO_EINVAL;
    if (n > 1 && prefix[n - 1] == '/')
        n--;
    memcpy(out, prefix, n);
    out[n] = '\0';
    return 0;
}

int vireo_use(vireo_app *app, const char *prefix, vireo_handler handler, void *user)
{
    char pattern[PATTERN_SIZE];
    if (handler == NULL || copy_prefix(pattern, prefix) < 0)
        return VIREO_EINVAL;
    vireo__route entry = {
        .kind = VIREO__ROUTE_USE, .method = "*", .handler = handler, .user = user};
    return vireo__app_add_route(app, &entry, pattern);
}

int vireo_on_error(vireo_app *app, const char *prefix, vireo_error_handler fn, void *user)
{
    char pattern[PATTERN_SIZE];
    if (fn == NULL || copy_prefix(pattern, prefix) < 0)
        return VIREO_EINVAL;
    vireo__error_route *route = malloc(sizeof *route);
    char *copy = strdup(pattern);
    if (route == NULL || copy == NULL) {
        free(route);
        free(copy);
        return VIREO_ENOMEM;
    }
    *route = (vireo__error_route){.prefix = copy, .handler = fn, .user = user};
    vireo__list *at = app->error_routes.next;
    while (at != &app->error_routes &&
           strlen(vireo__container(at, vireo__error_route, node)->prefix) >= strlen(copy))
        at = at->next;
    vireo__list_append(at, &route->node); /* before |at| */
    return 0;
}

/* --- tables ----------------------------------------------------------------------------------- */

static bool is_end(const vireo_route_entry *entry)
{
    return entry->method == NULL && entry->pattern == NULL && entry->routes == NULL;
}

/* |pattern| below |prefix|; "/" is the prefix itself. */
static int join(char out[PATTERN_SIZE], const char *prefix, const char *pattern)
{
    size_t n = strlen(prefix), m = strlen(pattern);
    if (n + m >= PATTERN_SIZE)
        return VIREO_EINVAL;
    if (n == 1)
        n = 0;
    if (m == 1 && n > 0)
        m = 0;
    memcpy(out, prefix, n);
    memcpy(out + n, pattern, m);
    out[n + m] = '\0';
    return 0;
}

static int add_table(vireo_app *app, const char *prefix, const vireo_route_entry *routes,
                     void *user, int depth);

static int add_entry(vireo_app *app, const char *prefix, const vireo_route_entry *entry, void *user,
                     int depth)
{
    char pattern[PATTERN_SIZE];
    if (entry->pattern == NULL || entry->pattern[0] != '/' ||
        join(pattern, prefix, entry->pattern) < 0)
        return VIREO_EINVAL;
    if (entry->routes != NULL)
        return add_table(app, pattern, entry->routes, user, depth + 1);
    if (entry->method == NULL)
        return VIREO_EINVAL;
    if (strcmp(entry->method, "USE") == 0)
        return vireo_use(app, pattern, entry->handler, user);
    int error = vireo_route(app, entry->method, pattern, entry->handler, user);
    if (error < 0)
        return error;
    vireo__route *route = vireo__container(app->routes.prev, vireo__route, node);
    route->max_body_bytes = entry->max_body_bytes;
    route->stream = entry->stream;
    return 0;
}

static int add_table(vireo_app *app, const char *prefix, const vireo_route_entry *routes,
                     void *user, int depth)
{
    char base[PATTERN_SIZE];
    if (depth > VIREO_MOUNT_DEPTH || copy_prefix(base, prefix) < 0)
        return VIREO_EINVAL;
    for (const vireo_route_entry *entry = routes; !is_end(entry); entry++) {
        int error = add_entry(app, base, entry, user, depth);
        if (error < 0)
            return error;
    }
    return 0;
}

int vireo_mount(vireo_app *app, const char *prefix, const vireo_route_entry *routes, void *user)
{
    vireo__list *last = app->routes.prev;
    int error = add_table(app, prefix, routes, user, 1);
    while (error < 0 && app->routes.prev != last)
        free_route(vireo__container(app->routes.prev, vireo__route, node));
    return error;
}
