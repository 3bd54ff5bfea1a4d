/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/url.h"
#include "payload/json_read.h"
#include "payload/json_write.h"
#include "socketio/inside.h"
#include "socketio/local.h"

static void write_text(vireo__buf *out, const char *text)
{
    vireo__json_write_string(out, text, strlen(text));
}

static void write_key(vireo__buf *out, const char *key)
{
    write_text(out, key);
    vireo__buf_append_byte(out, ':');
}

/* begin_item writes the comma between two items of an array or object. */
static void begin_item(vireo__buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '[' && out->data[out->len - 1] != '{')
        vireo__buf_append_byte(out, ',');
}

/* --- the handshake ---------------------------------------------------------------------------- */

typedef struct header_writer {
    vireo__buf *out;
    const vireo__eio_session *session;
} header_writer;

/* Of a header that came several times the first counts, as for vireo_handshake_header. */
static void write_header(const char *name, const char *value, void *user)
{
    const header_writer *w = user;
    if (vireo__eio_header(w->session, name) != value)
        return;
    begin_item(w->out);
    write_key(w->out, name);
    write_text(w->out, value);
}

static void write_headers(vireo__buf *out, const vireo__eio_session *session)
{
    header_writer w = {out, session};
    vireo__buf_append_byte(out, '{');
    vireo__eio_each_header(session, write_header, &w);
    vireo__buf_append_byte(out, '}');
}

/* write_decoded writes a part of a query. |place| has room for it. */
static void write_decoded(vireo__buf *out, char *place, vireo__str part)
{
    ptrdiff_t len = vireo__url_decode(place, part.at, part.len, true);
    vireo__json_write_string(out, place, (size_t)len);
}

static void write_query(vireo__buf *out, const char *url)
{
    const char *mark = strchr(url, '?');
    vireo__str query = vireo__str_of(mark != NULL ? mark + 1 : "");
    vireo__str name, value;
    char *place = malloc(query.len + 1);
    vireo__buf_append_byte(out, '{');
    while (place != NULL && vireo__url_next_pair(&query, &name, &value)) {
        begin_item(out);
        write_decoded(out, place, name);
        vireo__buf_append_byte(out, ':');
        write_decoded(out, place, value);
    }
    vireo__buf_append_byte(out, '}');
    free(place);
}

/* As JavaScript writes a Date, in UTC. */
static void write_time(vireo__buf *out, int64_t ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm t;
    char text[80];
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &t);
    snprintf(text, sizeof text,
             "%.3s %.3s %02d %04d %02d:%02d:%02d GMT+0000 (Coordinated Universal Time)",
             days + (ptrdiff_t)3 * t.tm_wday, months + (ptrdiff_t)3 * t.tm_mon, t.tm_mday,
             1900 + t.tm_year, t.tm_hour, t.tm_min, t.tm_sec);
    write_text(out, text);
}

static void write_handshake(vireo__buf *out, const vireo_socket *s)
{
    const vireo__eio_handshake *h = vireo__eio_handshake_of(s->conn->session);
    vireo__buf_append_str(out, "{\"headers\":");
    write_headers(out, s->conn->session);
    vireo__buf_append_str(out, ",\"time\":");
    write_time(out, h->issued_ms);
    vireo__buf_append_str(out, ",\"address\":");
    write_text(out, h->address);
    vireo__buf_append_str(out, h->xdomain ? ",\"xdomain\":true" : ",\"xdomain\":false");
    vireo__buf_append_str(out, h->secure ? ",\"secure\":true" : ",\"secure\":false");
    vireo__buf_append_str(out, ",\"issued\":");
    vireo__json_write_int(out, h->issued_ms);
    vireo__buf_append_str(out, ",\"url\":");
    write_text(out, vireo_handshake_url(s));
    vireo__buf_append_str(out, ",\"query\":");
    write_query(out, vireo_handshake_url(s));
    vireo__buf_append_str(out, ",\"auth\":");
    vireo__json_write(out, NULL, vireo_handshake_auth(s), 0);
    vireo__buf_append_byte(out, '}');
}

/* --- a socket --------------------------------------------------------------------------------- */

static void write_room(const char *room, void *user)
{
    begin_item(user);
    write_text(user, room);
}

/* What a user returns is checked, not trusted: it goes into texts that others read. */
int vireo__describe_data(vireo__buf *out, vireo_socket *s)
{
    char *json = s->ns->options.describe != NULL ? s->ns->options.describe(s) : NULL;
    bool valid = json != NULL && vireo__json_check(json, strlen(json), NULL, NULL) == 0;
    vireo__buf_append_str(out, valid ? json : "{}");
    free(json);
    return out->error;
}

int vireo__describe(vireo__buf *out, vireo_socket *s)
{
    vireo__buf_append_str(out, "{\"id\":");
    write_text(out, s->id);
    vireo__buf_append_str(out, ",\"handshake\":");
    write_handshake(out, s);
    vireo__buf_append_str(out, ",\"rooms\":[");
    vireo_each_room(s, write_room, out);
    vireo__buf_append_str(out, "],\"data\":");
    vireo__describe_data(out, s);
    return vireo__buf_append_byte(out, '}');
}

static void describe_one(vireo_socket *s, void *user)
{
    begin_item(user);
    vireo__describe(user, s);
}

int vireo__describe_all(vireo__buf *out, const vireo_to *to)
{
    vireo__buf_append_byte(out, '[');
    vireo__local_crowd(to, describe_one, out);
    return vireo__buf_append_byte(out, ']');
}
