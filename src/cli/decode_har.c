/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode_har.c: what the developer tools of browsers save as "HAR": a JSON file with all requests.
 *
 *     log.entries[].request.url, .postData.text, .response.content.text     polls
 *     log.entries[]._webSocketMessages[] {type, time, opcode, data}         frames; base64 if
 * binary
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vireo/value.h>

#include "base/base64.h"
#include "cli/decode.h"

/* |text| as bytes of our own, since decoding changes them; NULL when memory runs out. */
static uint8_t *own(const char *text, size_t n)
{
    uint8_t *bytes = malloc(n + 1);
    if (bytes != NULL)
        memcpy(bytes, text, n + 1);
    return bytes;
}

static void text_message(cli_decoder *d, cli_as as, const vireo_value *v, bool eio3)
{
    size_t n = 0;
    const char *text = vireo_str_len(v, &n);
    uint8_t *bytes = text && n > 0 ? own(text, n) : NULL;
    if (bytes == NULL)
        return;
    d->eio3 = eio3;
    if (as == CLI_AS_PAYLOAD || cli_decode_known(d, bytes, n))
        cli_decode_text(d, as, bytes, n);
    else
        cli_decode_show(d, &(cli_item){.data = {text, n}});
    free(bytes);
}

static void binary_message(cli_decoder *d, const vireo_value *v, bool eio3)
{
    size_t n = 0;
    const char *text = vireo_str_len(v, &n);
    uint8_t *bytes = text ? own(text, n) : NULL;
    ptrdiff_t len = bytes ? vireo__base64_decode(bytes, text, n) : -1;
    d->eio3 = eio3;
    if (len >= 0)
        cli_decode_bytes(d, bytes, (size_t)len);
    free(bytes);
}

static void message(cli_decoder *d, const vireo_value *m, bool eio3)
{
    char when[32] = "";
    double seconds = vireo_num(vireo_get(m, "time"), 0);
    time_t whole = (time_t)seconds;
    struct tm tm;
    if (seconds > 0 && seconds < 1e11 && localtime_r(&whole, &tm) != NULL) {
        size_t n = strftime(when, sizeof when, "%H:%M:%S", &tm);
        snprintf(when + n, sizeof when - n, ".%03d", (int)((seconds - floor(seconds)) * 1000));
    }
    d->when = *when ? when : NULL;
    d->from = strcmp(vireo_str_or(vireo_get(m, "type"), ""), "send") == 0 ? "sent" : "received";
    if (vireo_int(vireo_get(m, "opcode"), 1) == 2)
        binary_message(d, vireo_get(m, "data"), eio3);
    else
        text_message(d, CLI_AS_AUTO, vireo_get(m, "data"), eio3);
}

/* The time of "2026-01-31T10:20:30.123Z". */
static const char *clock_of(const char *iso, char out[16])
{
    const char *t = strchr(iso, 'T');
    if (t == NULL || strlen(t) < 13)
        return NULL;
    snprintf(out, 16, "%.12s", t + 1);
    return out;
}

static void entry(cli_decoder *d, const vireo_value *e)
{
    const vireo_value *request = vireo_get(e, "request");
    const vireo_value *messages = vireo_get(e, "_webSocketMessages");
    const char *url = vireo_str_or(vireo_get(request, "url"), "");
    bool eio3 = strstr(url, "EIO=3") != NULL;
    char when[16];
    if (strstr(url, "EIO=") != NULL && messages == NULL) {
        d->when = clock_of(vireo_str_or(vireo_get(e, "startedDateTime"), ""), when);
        d->from = "sent";
        text_message(d, CLI_AS_PAYLOAD, vireo_get(vireo_get(request, "postData"), "text"), eio3);
        d->from = "received";
        const vireo_value *content = vireo_get(vireo_get(e, "response"), "content");
        const char *text = vireo_str_or(vireo_get(content, "text"), "ok");
        if (strcmp(text, "ok") != 0) /* the answer to a POST */
            text_message(d, CLI_AS_PAYLOAD, vireo_get(content, "text"), eio3);
    }
    for (const vireo_value *m = NULL; (m = vireo_next(messages, m)) != NULL;)
        message(d, m, eio3);
    d->when = d->from = NULL;
    d->missing = 0;
    d->eio3 = false;
}

bool cli_decode_har(cli_decoder *d, const char *text, size_t n)
{
    vireo_value *har = vireo_parse(text, n, NULL);
    const vireo_value *entries = vireo_get(vireo_get(har, "log"), "entries");
    bool is = vireo_type_of(entries) == VIREO_ARRAY;
    for (const vireo_value *e = NULL; is && (e = vireo_next(entries, e)) != NULL;)
        entry(d, e);
    vireo_value_free(har);
    return is;
}
