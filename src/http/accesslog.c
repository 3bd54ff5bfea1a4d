/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* accesslog.c: a line for each request (vireo/middleware.h), as npm's morgan and Apache write it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <vireo/middleware.h>

#include "base/base64.h"
#include "http/request.h"

enum { MAX_LINE = 8192 }; /* bytes of a line; what is longer is cut */

typedef struct access_log {
    vireo_access_options options;
    bool colours;
    vireo__buf line;
} access_log;

/* What a client sent, so that it can neither end the line nor its field. */
static void add_escaped(vireo__buf *b, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (; *text != '\0' && b->error == 0; text++) {
        uint8_t c = (uint8_t)*text;
        if (c < 0x20 || c == 0x7f)
            vireo__buf_append(b, (char[]){'\\', 'x', digits[c >> 4], digits[c & 15]}, 4);
        else if (c == '"' || c == '\\')
            vireo__buf_append(b, (char[]){'\\', (char)c}, 2);
        else
            vireo__buf_append_byte(b, c);
    }
}

static void add_or_dash(vireo__buf *b, const char *text)
{
    if (text == NULL || *text == '\0')
        vireo__buf_append_byte(b, '-');
    else
        add_escaped(b, text);
}

static void add_number(vireo__buf *b, uint64_t n)
{
    if (n == 0)
        vireo__buf_append_byte(b, '-');
    else
        vireo__buf_append_u64(b, n);
}

/* The name of Basic authentication (RFC 7617), whether its password was right or not. */
static void add_user(vireo__buf *b, const vireo_req *r)
{
    const char *header = vireo_header(r, "authorization");
    char name[256 * 3 / 4 + 3];
    ptrdiff_t n = -1;
    if (header != NULL && strncasecmp(header, "basic ", 6) == 0 && strlen(header + 6) <= 256)
        n = vireo__base64_decode((uint8_t *)name, header + 6, strlen(header + 6));
    if (n > 0) {
        name[n] = '\0';
        name[strcspn(name, ": ")] = '\0'; /* a space would end the field */
    }
    add_or_dash(b, n > 0 ? name : NULL);
}

static void add_time(vireo__buf *b)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[48];
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    snprintf(text, sizeof text, "%02d/%.3s/%d:%02d:%02d:%02d +0000", tm.tm_mday,
             months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    vireo__buf_append_str(b, text);
}

static const char *version_of(const vireo_req *r)
{
    if (r->http2)
        return " HTTP/2.0\" ";
    return r->parse.llhttp.http_minor == 0 ? " HTTP/1.0\" " : " HTTP/1.1\" ";
}

static void add_common(vireo__buf *b, const vireo_req *r, const vireo_finish *what)
{
    add_or_dash(b, vireo_address(r));
    vireo__buf_append_str(b, " - ");
    add_user(b, r);
    vireo__buf_append_str(b, " [");
    add_time(b);
    vireo__buf_append_str(b, "] \"");
    vireo__buf_append_str(b, vireo_method(r));
    vireo__buf_append_byte(b, ' ');
    add_escaped(b, vireo_target(r));
    vireo__buf_append_str(b, version_of(r));
    add_number(b, (uint64_t)what->status);
    vireo__buf_append_byte(b, ' ');
    add_number(b, what->body_bytes);
}

static void add_combined(vireo__buf *b, const vireo_req *r, const vireo_finish *what)
{
    add_common(b, r, what);
    vireo__buf_append_str(b, " \"");
    add_or_dash(b, vireo_header(r, "referer"));
    vireo__buf_append_str(b, "\" \"");
    add_or_dash(b, vireo_header(r, "user-agent"));
    vireo__buf_append_byte(b, '"');
}

static void add_dev(vireo__buf *b, const vireo_req *r, const vireo_finish *what, bool colours)
{
    static const char *const colour_of[] = {"0", "0", "32", "36", "33", "31"}; /* by status / 100 */
    char text[64];
    if (colours)
        vireo__buf_append_str(b, "\x1b[0m");
    vireo__buf_append_str(b, vireo_method(r));
    vireo__buf_append_byte(b, ' ');
    add_escaped(b, vireo_target(r));
    snprintf(text, sizeof text, " %s%s%s", colours ? "\x1b[" : "",
             colours ? colour_of[what->status / 100] : "", colours ? "m" : "");
    vireo__buf_append_str(b, text);
    add_number(b, (uint64_t)what->status);
    snprintf(text, sizeof text, "%s %llu.%03u ms - ", colours ? "\x1b[0m" : "",
             (unsigned long long)(what->microseconds / 1000),
             (unsigned)(what->microseconds % 1000));
    vireo__buf_append_str(b, text);
    add_number(b, what->body_bytes);
    if (colours)
        vireo__buf_append_str(b, "\x1b[0m");
}

static bool add_own(access_log *log, const vireo_req *r, const vireo_finish *what)
{
    char *to = (char *)vireo__buf_reserve(&log->line, MAX_LINE);
    int n = to != NULL ? log->options.line(r, what, to, MAX_LINE) : -1;
    log->line.len = n < 0 ? 0 : n < MAX_LINE ? (size_t)n : MAX_LINE - 1;
    return n >= 0;
}

static void write_out(const access_log *log)
{
    const char *line = (const char *)log->line.data;
    if (log->options.write != NULL)
        log->options.write(line, log->line.len, log->options.user);
    else
        fwrite(line, 1, log->line.len, stdout);
}

static void on_finish(vireo_req *r, const vireo_finish *what, void *user)
{
    access_log *log = user;
    vireo__buf *b = &log->line;
    vireo__buf_reset(b, 2 * MAX_LINE);
    if (log->options.line != NULL) {
        if (!add_own(log, r, what))
            return;
    } else if (log->options.format == VIREO_LOG_DEV) {
        add_dev(b, r, what, log->colours);
    } else if (log->options.format == VIREO_LOG_COMMON) {
        add_common(b, r, what);
    } else {
        add_combined(b, r, what);
    }
    if (b->error == VIREO_ETOOBIG) { /* the begin of it is worth more than nothing */
        b->error = 0;
        b->len = b->len < MAX_LINE ? b->len : MAX_LINE;
    }
    vireo__buf_append_byte(b, '\n');
    if (vireo__buf_cstr(b) != NULL)
        write_out(log);
}

static int watch(vireo_req *r)
{
    vireo_address(r); /* it is known as long as the client is there */
    int error = vireo_on_finish(r, on_finish, vireo_req_user(r));
    return error < 0 ? error : vireo_pass(r);
}

static void free_log(void *user)
{
    access_log *log = user;
    vireo__buf_deinit(&log->line);
    free(log);
}

int vireo_access_log_use(vireo_app *app, const char *prefix, const vireo_access_options *options)
{
    access_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return VIREO_ENOMEM;
    vireo_access_options *o = &log->options;
    memcpy(o, options, options->size < sizeof *o ? options->size : sizeof *o);
    vireo__buf_init(&log->line, MAX_LINE + 1);
    log->colours = o->colours > 0 || (o->colours == 0 && o->write == NULL && isatty(STDOUT_FILENO));
    return vireo__app_use(app, prefix, watch, log, free_log);
}
