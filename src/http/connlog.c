/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connlog.c: who came and who went, one line each:
 *
 *     connect path=/socket.io ns=/ id=cFxLDxbVQ_AAA1aaAAAB address=192.0.2.7 transport=polling
 *     disconnect path=/socket.io ns=/ id=.. by=client reason="transport close" queued=0
 * seconds=9.120
 *     {"event":"connect","path":"/socket.io","ns":"/",..}
 */

#include "http/connlog.h"

#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

#include "http/app.h"
#include "payload/json_write.h"

enum { MAX_LINE = 4096 };

/* What needs no quotes in key=value. */
static bool is_plain(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_./:#@%+~*";
    return *text != '\0' && text[strspn(text, plain)] == '\0';
}

static void add_key(vireo__buf *b, bool json, const char *key)
{
    vireo__buf_append_str(b, json ? ",\"" : " ");
    vireo__buf_append_str(b, key);
    vireo__buf_append_str(b, json ? "\":" : "=");
}

static void add_text(vireo__buf *b, bool json, const char *key, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    add_key(b, json, key);
    if (!json && is_plain(text))
        vireo__buf_append_str(b, text);
    else
        vireo__json_write_string(b, text, strlen(text));
}

static void add_number(vireo__buf *b, bool json, const char *key, uint64_t number)
{
    add_key(b, json, key);
    vireo__buf_append_u64(b, number);
}

static void add_seconds(vireo__buf *b, bool json, uint64_t ms)
{
    char millis[8];
    add_number(b, json, "seconds", ms / 1000);
    snprintf(millis, sizeof millis, ".%03u", (unsigned)(ms % 1000));
    vireo__buf_append_str(b, millis);
}

static void write_line(vireo__buf *b, bool json, const vireo__conn_event *e)
{
    const struct {
        const char *key;
        const char *text;
    } texts[] = {{"path", e->path},       {"ns", e->namespace},           {"id", e->id},
                 {"address", e->address}, {"transport", e->transport},    {"by", e->by},
                 {"reason", e->reason},   {"description", e->description}};
    vireo__buf_append_str(b, json ? "{\"event\":\"" : "");
    vireo__buf_append_str(b, e->event);
    vireo__buf_append_str(b, json ? "\"" : "");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(b, json, texts[i].key, texts[i].text);
    if (e->code > 0)
        add_number(b, json, "code", e->code);
    if (e->over) {
        add_number(b, json, "queued", e->queued);
        add_seconds(b, json, e->ms);
    }
    vireo__buf_append_str(b, json ? "}" : "");
}

bool vireo__connlog_on(const vireo_app *app)
{
    return app->connlog != VIREO_CONNECTIONS_OFF;
}

void vireo__connlog_write(vireo_app *app, const vireo__conn_event *e)
{
    vireo__buf line;
    vireo__buf_init(&line, MAX_LINE);
    write_line(&line, app->connlog == VIREO_CONNECTIONS_JSON, e);
    if (vireo__buf_cstr(&line) != NULL)
        vireo__log_text(&app->loop->log, VIREO_INFO, e->area, (char *)line.data);
    vireo__buf_deinit(&line);
}

void vireo_log_connections(vireo_app *app, vireo_connections_format format)
{
    app->connlog = format;
}
