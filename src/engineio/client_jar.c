/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_jar.c: the cookies of a session's answers, for its further requests: what load balancers
 * and proxies need to find the server again. As the official client's jar: name, value and the end
 * of its life count, the rest does not, since there is one server only. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engineio/client_inside.h"
#include "http/reply.h"

enum { COOKIES_MAX = 50, COOKIE_BYTES_MAX = 4096 }; /* RFC 6265 section 6.1: "at least" so many */

static vireo__eio_cookie *find(const vireo__eio_client *c, vireo__str name)
{
    for (vireo__list *at = c->cookies.next; at != &c->cookies; at = at->next) {
        vireo__eio_cookie *cookie = vireo__container(at, vireo__eio_cookie, node);
        if (cookie->name_len == name.len && memcmp(cookie->text, name.at, name.len) == 0)
            return cookie;
    }
    return NULL;
}

static void drop(vireo__eio_cookie *cookie)
{
    vireo__list_remove(&cookie->node);
    free(cookie);
}

void vireo__eio_jar_free(vireo__eio_client *c)
{
    while (!vireo__list_empty(&c->cookies))
        drop(vireo__container(c->cookies.next, vireo__eio_cookie, node));
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* Milliseconds that a Max-Age or an Expires leaves; what cannot be read leaves nothing, so that a
 * deletion does not turn into a cookie that stays. */
static int64_t time_left(vireo__str name, vireo__str value)
{
    char text[64] = "";
    int64_t seconds;
    if (value.len < sizeof text)
        memcpy(text, value.at, value.len);
    if (vireo__str_equal_nocase(name, "max-age")) {
        seconds = strtoll(text, NULL, 10);
        return seconds > 0 && seconds < INT32_MAX ? seconds * 1000 : seconds > 0 ? INT64_MAX : 0;
    }
    if (!vireo__http_date_read(text, &seconds))
        return 0;
    int64_t left = seconds * 1000 - vireo__wall_clock_ms();
    return left > 0 ? left : 0;
}

static int64_t read_attributes(vireo__str rest)
{
    vireo__str item;
    int64_t left = INT64_MAX;
    while (vireo__str_next_item(&rest, ';', &item)) {
        const char *equals = item.len > 0 ? memchr(item.at, '=', item.len) : NULL;
        if (equals == NULL)
            continue;
        size_t n = (size_t)(equals - item.at);
        vireo__str name = vireo__str_trim((vireo__str){item.at, n});
        vireo__str value = vireo__str_trim((vireo__str){equals + 1, item.len - n - 1});
        if (vireo__str_equal_nocase(name, "max-age") || vireo__str_equal_nocase(name, "expires"))
            left = time_left(name, value);
    }
    return left;
}

static void keep(vireo__eio_client *c, vireo__str name, vireo__str value, int64_t left)
{
    vireo__eio_cookie *cookie = find(c, name);
    size_t count = 0;
    if (cookie != NULL)
        drop(cookie);
    for (const vireo__list *at = c->cookies.next; at != &c->cookies; at = at->next)
        count++;
    if (left <= 0 || count >= COOKIES_MAX || name.len + value.len > COOKIE_BYTES_MAX)
        return;
    cookie = malloc(sizeof *cookie + name.len + value.len + 2);
    if (cookie == NULL)
        return;
    cookie->name_len = name.len;
    memcpy(cookie->text, name.at, name.len);
    cookie->text[name.len] = '=';
    memcpy(cookie->text + name.len + 1, value.at, value.len);
    cookie->text[name.len + 1 + value.len] = '\0';
    cookie->until = left == INT64_MAX ? UINT64_MAX : vireo__loop_now(c->loop) + (uint64_t)left;
    vireo__list_append(&c->cookies, &cookie->node);
}

static void take(vireo__eio_client *c, const char *header)
{
    vireo__str rest = vireo__str_of(header), pair;
    if (!vireo__str_next_item(&rest, ';', &pair) || pair.len == 0)
        return;
    const char *equals = memchr(pair.at, '=', pair.len);
    if (equals == NULL)
        return;
    size_t n = (size_t)(equals - pair.at);
    vireo__str name = vireo__str_trim((vireo__str){pair.at, n});
    vireo__str value = vireo__str_trim((vireo__str){equals + 1, pair.len - n - 1});
    if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
        value = (vireo__str){value.at + 1, value.len - 2};
    if (name.len > 0)
        keep(c, name, value, read_attributes(rest));
}

void vireo__eio_jar_take(vireo__eio_client *c, const vireo__answer *answer)
{
    const char *at = (const char *)answer->head.data;
    if (answer->head.len == 0)
        return;
    for (const char *end = at + answer->head.len; at != end;) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, "set-cookie") == 0)
            take(c, value);
        at = value + strlen(value) + 1;
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Returns new: the Cookie header's value; NULL for none. */
static char *cookie_header(vireo__eio_client *c)
{
    vireo__buf out;
    uint64_t now = vireo__loop_now(c->loop);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    for (vireo__list *at = c->cookies.next, *next; at != &c->cookies; at = next) {
        vireo__eio_cookie *cookie = vireo__container(at, vireo__eio_cookie, node);
        next = at->next;
        if (cookie->until <= now) {
            drop(cookie);
            continue;
        }
        if (out.len > 0)
            vireo__buf_append_str(&out, "; ");
        vireo__buf_append_str(&out, cookie->text);
    }
    if (out.len == 0 || vireo__buf_cstr(&out) == NULL)
        vireo__buf_deinit(&out);
    return (char *)out.data;
}

static bool add(char **list, size_t *n, const char *name, char *value)
{
    list[*n] = strdup(name);
    if (list[*n] == NULL || value == NULL) {
        free(value);
        return false;
    }
    list[*n + 1] = value;
    *n += 2;
    return true;
}

char **vireo__eio_jar_headers(vireo__eio_client *c, vireo__eio_kind kind, const char *const *more)
{
    enum { ROOM = 6 };
    char **list = vireo__eio_texts_copy(c->place->headers[kind], ROOM);
    char *cookies = cookie_header(c);
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    bool done = list != NULL;
    for (; done && more != NULL && *more != NULL; more += 2)
        done = add(list, &n, more[0], strdup(more[1]));
    if (done && cookies != NULL)
        return add(list, &n, "Cookie", cookies) ? list : (vireo__eio_texts_free(list), NULL);
    free(cookies);
    if (done)
        return list;
    vireo__eio_texts_free(list);
    return NULL;
}
