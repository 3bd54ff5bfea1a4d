/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session_data.c: the members of a session.
 *
 *     {"cookie":{"originalMaxAge":60000,"expires":"1994-11-06T08:49:37.000Z","httpOnly":true,
 *      "path":"/"},"user":{"id":7}}
 *
 * The member "cookie" is what express-session wants to find, and means nothing here. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "http/session.h"
#include "payload/json_write.h"
#include "payload/template.h"

typedef struct member {
    vireo__list node;
    vireo_value *value;
    char key[];
} member;

static const char reserved[] = "cookie";

static member *find(const vireo_session *s, const char *key)
{
    for (const vireo__list *at = s->members.next; at != &s->members; at = at->next) {
        member *m = vireo__container(at, member, node);
        if (strcmp(m->key, key) == 0)
            return m;
    }
    return NULL;
}

static void free_member(member *m)
{
    vireo__list_remove(&m->node);
    vireo_value_free(m->value);
    free(m);
}

void vireo__session_clear(vireo_session *s)
{
    while (!vireo__list_empty(&s->members))
        free_member(vireo__container(s->members.next, member, node));
}

/* Takes |value|. */
static int put(vireo_session *s, const char *key, vireo_value *value)
{
    size_t n = strlen(key) + 1;
    member *m = find(s, key);
    if (m == NULL && value != NULL && (m = malloc(sizeof *m + n)) != NULL) {
        memcpy(m->key, key, n);
        m->value = NULL;
        vireo__list_append(&s->members, &m->node);
    }
    if (m == NULL || value == NULL) {
        vireo_value_free(value);
        return VIREO_ENOMEM;
    }
    vireo_value_free(m->value);
    m->value = value;
    return 0;
}

const vireo_value *vireo_session_get(const vireo_session *s, const char *key)
{
    const member *m = s != NULL ? find(s, key) : NULL;
    return m != NULL ? m->value : NULL;
}

/* Is this what stands there already? Then nothing needs to be written. */
static bool same(const vireo_value *value, const vireo__buf *text)
{
    vireo__buf old;
    vireo__buf_init(&old, VIREO__BUF_UNLIMITED);
    bool equal = vireo__json_write(&old, NULL, value, 0) == 0 && old.len == text->len &&
                 memcmp(old.data, text->data, old.len) == 0;
    vireo__buf_deinit(&old);
    return equal;
}

int vireo_session_set(vireo_session *s, const char *key, const char *tmpl, ...)
{
    vireo__buf text;
    va_list args;
    if (s == NULL || strcmp(key, reserved) == 0)
        return VIREO_EINVAL;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    va_start(args, tmpl);
    int error = vireo__template_write_one(&text, NULL, tmpl, args);
    va_end(args);
    const member *old = find(s, key);
    if (error >= 0 && (old == NULL || !same(old->value, &text))) {
        error = put(s, key, vireo_parse((const char *)text.data, text.len, NULL));
        s->changed |= error == 0;
    }
    vireo__buf_deinit(&text);
    return error < 0 ? error : 0;
}

void vireo_session_unset(vireo_session *s, const char *key)
{
    member *m = s != NULL ? find(s, key) : NULL;
    if (m == NULL)
        return;
    free_member(m);
    s->changed = true;
}

int vireo__session_read(vireo_session *s, const char *json, size_t len)
{
    vireo_value *object = vireo_parse(json, len, NULL);
    int error = vireo_type_of(object) == VIREO_OBJECT ? 0 : VIREO_EJSON;
    vireo__session_clear(s);
    for (const vireo_value *v = NULL; error == 0 && (v = vireo_next(object, v)) != NULL;)
        if (strcmp(vireo_key(v), reserved) != 0)
            error = put(s, vireo_key(v), vireo_copy(v));
    vireo_value_free(object);
    if (error < 0)
        vireo__session_clear(s);
    return error;
}

/* The form of JavaScript's Date.prototype.toISOString. */
static void write_time(vireo__buf *out, int64_t ms)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
    vireo__buf_append_str(out, text);
}

static void write_cookie(const vireo_session_options *o, int64_t now_ms, vireo__buf *out)
{
    static const char *const same_site[] = {NULL, "lax", "strict", "none"};
    uint64_t age_ms = (uint64_t)o->max_age_s * 1000;
    vireo__buf_append_str(out, "{\"originalMaxAge\":");
    age_ms > 0 ? vireo__buf_append_u64(out, age_ms) : vireo__buf_append_str(out, "null");
    vireo__buf_append_str(out, ",\"expires\":");
    age_ms > 0 ? write_time(out, now_ms + (int64_t)age_ms)
               : (void)vireo__buf_append_str(out, "null");
    if (o->secure)
        vireo__buf_append_str(out, ",\"secure\":true");
    vireo__buf_append_str(out, o->for_scripts ? ",\"httpOnly\":false" : ",\"httpOnly\":true");
    if (o->domain != NULL) {
        vireo__buf_append_str(out, ",\"domain\":");
        vireo__json_write_string(out, o->domain, strlen(o->domain));
    }
    vireo__buf_append_str(out, ",\"path\":");
    vireo__json_write_string(out, o->path, strlen(o->path));
    if (o->same_site != 0) {
        vireo__buf_append_str(out, ",\"sameSite\":");
        vireo__json_write_string(out, same_site[o->same_site], strlen(same_site[o->same_site]));
    }
    vireo__buf_append_str(out, "}");
}

int vireo__session_write(const vireo_session *s, int64_t now_ms, vireo__buf *out)
{
    vireo__buf_append_str(out, "{\"cookie\":");
    write_cookie(&s->all->options, now_ms, out);
    for (const vireo__list *at = s->members.next; at != &s->members; at = at->next) {
        const member *m = vireo__container(at, member, node);
        vireo__buf_append_byte(out, ',');
        vireo__json_write_string(out, m->key, strlen(m->key));
        vireo__buf_append_byte(out, ':');
        vireo__json_write(out, NULL, m->value, 0);
    }
    return vireo__buf_append_byte(out, '}');
}
