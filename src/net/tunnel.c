/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/tunnel.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/base64.h"
#include "base/uri.h"

enum {
    HTTP_PORT = 80,
    SOCKS_PORT = 1080,
    SOCKS_VERSION = 5,
    SOCKS_NO_AUTH = 0,
    SOCKS_PASSWORD = 2,
    SOCKS_NO_METHOD = 0xff,
    SOCKS_AUTH_VERSION = 1,
    SOCKS_CONNECT = 1,
    SOCKS_IPV4 = 1,
    SOCKS_NAME = 3,
    SOCKS_IPV6 = 4,
    SOCKS_TEXT_MAX = 255 /* of a name, a user and a password: the length is one byte */
};

enum state { HTTP_HEAD, SOCKS_METHOD, SOCKS_AUTH, SOCKS_REPLY };

/* --- a proxy's URL ---------------------------------------------------------------------------- */

static bool read_kind(vireo__proxy *proxy, const vireo__uri *uri)
{
    bool http = vireo__str_equal_nocase(uri->scheme, "http");
    proxy->kind = http ? VIREO__PROXY_HTTP : VIREO__PROXY_SOCKS5;
    proxy->port = uri->port ? uri->port : http ? HTTP_PORT : SOCKS_PORT;
    return http || vireo__str_equal_nocase(uri->scheme, "socks5") ||
           vireo__str_equal_nocase(uri->scheme, "socks5h");
}

static const char *check(const vireo__proxy *proxy, const vireo__uri *uri)
{
    if (uri->target.len > 1 || (uri->target.len == 1 && uri->target.at[0] != '/'))
        return "a proxy's URL has no path";
    if (proxy->host == NULL || (uri->user.at != NULL && proxy->user == NULL) ||
        (uri->password.at != NULL && proxy->password == NULL))
        return "user and password of a proxy are encoded as %XX where they are not letters";
    /* RFC 7617 section 2: "a user-id containing a colon character is invalid" */
    if (proxy->user != NULL && strchr(proxy->user, ':') != NULL)
        return "the user of a proxy has no colon";
    if ((proxy->user != NULL && strlen(proxy->user) > SOCKS_TEXT_MAX) ||
        (proxy->password != NULL && strlen(proxy->password) > SOCKS_TEXT_MAX))
        return "user and password of a proxy have at most 255 characters each";
    return NULL;
}

vireo__proxy *vireo__proxy_new(const char *url, const char **why)
{
    vireo__uri uri;
    if (vireo__uri_parse(&uri, url, why) < 0)
        return NULL;
    vireo__proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL) {
        *why = vireo_strerror(VIREO_ENOMEM);
        return NULL;
    }
    *why = "a proxy's URL begins with http:// or socks5://";
    if (read_kind(proxy, &uri)) {
        proxy->host = strndup(uri.host.at, uri.host.len);
        proxy->user = uri.user.at ? vireo__uri_decode(uri.user) : NULL;
        proxy->password = uri.password.at ? vireo__uri_decode(uri.password) : NULL;
        *why = check(proxy, &uri);
    }
    if (*why == NULL)
        return proxy;
    vireo__proxy_free(proxy);
    return NULL;
}

void vireo__proxy_free(vireo__proxy *proxy)
{
    if (proxy == NULL)
        return;
    free(proxy->host);
    free(proxy->user);
    free(proxy->password);
    free(proxy);
}

/* --- both ------------------------------------------------------------------------------------- */

static int fail(vireo__tunnel *t, int error, const char *format, ...) VIREO_PRINTF(3, 4);

static int fail(vireo__tunnel *t, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->text, sizeof t->text, format, args);
    va_end(args);
    return error;
}

static int fail_memory(vireo__tunnel *t)
{
    return fail(t, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* --- CONNECT ---------------------------------------------------------------------------------- */

static void write_basic(vireo__buf *out, const vireo__proxy *proxy)
{
    char pair[2 * SOCKS_TEXT_MAX + 2];
    int n = snprintf(pair, sizeof pair, "%s:%s", proxy->user, or_empty(proxy->password));
    vireo__buf_append_str(out, "Proxy-Authorization: Basic ");
    uint8_t *to = vireo__buf_reserve(out, vireo__base64_size((size_t)n));
    if (to != NULL) {
        vireo__base64_encode((char *)to, pair, (size_t)n);
        out->len += vireo__base64_size((size_t)n);
    }
    vireo__buf_append_str(out, "\r\n");
}

static void write_connect(const vireo__tunnel *t, vireo__buf *out)
{
    bool ipv6 = strchr(t->host, ':') != NULL;
    vireo__buf_append_str(out, "CONNECT ");
    vireo__uri_append_authority(out, vireo__str_of(t->host), ipv6, t->port);
    vireo__buf_append_str(out, " HTTP/1.1\r\nHost: ");
    vireo__uri_append_authority(out, vireo__str_of(t->host), ipv6, t->port);
    vireo__buf_append_str(out, "\r\n");
    if (t->proxy->user != NULL)
        write_basic(out, t->proxy);
    vireo__buf_append_str(out, "\r\n");
}

/* "HTTP/1.x NNN": the status, or 0. */
static int read_status(const vireo__buf *head)
{
    const char *at = (const char *)head->data;
    if (head->len < 13 || memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1') ||
        at[8] != ' ' || (at[12] != ' ' && at[12] != '\r'))
        return 0;
    int status = 0;
    for (int i = 9; i < 12; i++) {
        if (at[i] < '0' || at[i] > '9')
            return 0;
        status = status * 10 + at[i] - '0';
    }
    return status >= 100 ? status : 0;
}

static int refused_with(vireo__tunnel *t, int status)
{
    char reason[64];
    const char *at = (const char *)t->in.data + 12;
    size_t n = 0;
    for (at += *at == ' '; *at != '\r' && n < sizeof reason - 1; at++)
        reason[n++] = *at >= ' ' && *at < 0x7f ? *at : '?';
    reason[n] = '\0';
    return fail(t, VIREO_EREFUSED, "the proxy answered %d %s%s", status, reason,
                status == 407 ? "; give it the right user and password in its URL" : "");
}

static bool head_ends(const vireo__buf *head)
{
    return head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n", 4) == 0;
}

/* Byte by byte, as what stands behind the head is not the proxy's. */
static int feed_connect(vireo__tunnel *t, const uint8_t *bytes, size_t n, size_t *taken)
{
    for (size_t i = 0; i < n; i++) {
        *taken = i + 1;
        if (vireo__buf_append_byte(&t->in, bytes[i]) < 0)
            return t->in.error == VIREO_ENOMEM
                       ? fail_memory(t)
                       : fail(t, VIREO_ETOOBIG, "the proxy's answer has more than %d bytes",
                              VIREO__TUNNEL_MAX_HEAD);
        if (!head_ends(&t->in))
            continue;
        int status = read_status(&t->in);
        if (status == 0)
            return fail(t, VIREO_EPROTO, "the proxy's answer is no HTTP");
        if (status >= 200 && status < 300)
            return 1;
        if (status >= 200 || status == 101)
            return refused_with(t, status);
        t->in.max -= t->in.len; /* another answer follows a 1xx: the limit is for all of them */
        t->in.len = 0;
    }
    return 0;
}

/* --- SOCKS5 ----------------------------------------------------------------------------------- */

static void write_methods(const vireo__tunnel *t, vireo__buf *out)
{
    static const uint8_t open[] = {SOCKS_VERSION, 1, SOCKS_NO_AUTH};
    static const uint8_t both[] = {SOCKS_VERSION, 2, SOCKS_NO_AUTH, SOCKS_PASSWORD};
    if (t->proxy->user == NULL)
        vireo__buf_append(out, open, sizeof open);
    else
        vireo__buf_append(out, both, sizeof both);
}

static void write_short(vireo__buf *out, const char *text)
{
    size_t n = strlen(text);
    vireo__buf_append_byte(out, (uint8_t)n);
    vireo__buf_append(out, text, n);
}

static void write_password(const vireo__tunnel *t, vireo__buf *out)
{
    vireo__buf_append_byte(out, SOCKS_AUTH_VERSION);
    write_short(out, t->proxy->user);
    write_short(out, or_empty(t->proxy->password));
}

static void write_request(const vireo__tunnel *t, vireo__buf *out)
{
    static const uint8_t head[] = {SOCKS_VERSION, SOCKS_CONNECT, 0};
    uint8_t address[16];
    vireo__buf_append(out, head, sizeof head);
    if (inet_pton(AF_INET, t->host, address) == 1) {
        vireo__buf_append_byte(out, SOCKS_IPV4);
        vireo__buf_append(out, address, 4);
    } else if (inet_pton(AF_INET6, t->host, address) == 1) {
        vireo__buf_append_byte(out, SOCKS_IPV6);
        vireo__buf_append(out, address, 16);
    } else {
        vireo__buf_append_byte(out, SOCKS_NAME);
        write_short(out, t->host);
    }
    vireo__buf_append_byte(out, (uint8_t)(t->port >> 8));
    vireo__buf_append_byte(out, (uint8_t)t->port);
}

/* How long the answer is that stands in |in| as far as that can be told. */
static size_t answer_size(const vireo__tunnel *t)
{
    if (t->state != SOCKS_REPLY)
        return 2;
    if (t->in.len < 5)
        return 5;
    switch (t->in.data[3]) {
    case SOCKS_IPV4:
        return 4 + 4 + 2;
    case SOCKS_IPV6:
        return 4 + 16 + 2;
    default:
        return 4 + 1 + (size_t)t->in.data[4] + 2;
    }
}

static const char *socks_error(uint8_t code)
{
    static const char *const texts[] = {
        "",
        "general failure",
        "its rules do not allow the connection",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "time to live expired",
        "command not supported",
        "address type not supported",
    };
    return code < sizeof texts / sizeof texts[0] ? texts[code] : "an unknown error";
}

static int method_chosen(vireo__tunnel *t, uint8_t method, vireo__buf *out)
{
    if (method == SOCKS_NO_METHOD)
        return fail(t, VIREO_EREFUSED, "%s",
                    t->proxy->user ? "the proxy takes neither no nor password authorization"
                                   : "the proxy wants a user and a password in its URL");
    if (method == SOCKS_PASSWORD && t->proxy->user != NULL) {
        write_password(t, out);
        t->state = SOCKS_AUTH;
        return 0;
    }
    if (method != SOCKS_NO_AUTH)
        return fail(t, VIREO_EPROTO, "the proxy chose a method that was not offered");
    write_request(t, out);
    t->state = SOCKS_REPLY;
    return 0;
}

static int answered(vireo__tunnel *t, vireo__buf *out)
{
    const uint8_t *in = t->in.data;
    if (in[0] != (t->state == SOCKS_AUTH ? SOCKS_AUTH_VERSION : SOCKS_VERSION))
        return fail(t, VIREO_EPROTO, "the proxy's answer is no SOCKS5");
    if (t->state == SOCKS_METHOD)
        return method_chosen(t, in[1], out);
    if (t->state == SOCKS_AUTH) {
        if (in[1] != 0)
            return fail(t, VIREO_EREFUSED, "the proxy refused the user and password of its URL");
        write_request(t, out);
        t->state = SOCKS_REPLY;
        return 0;
    }
    if (in[1] != 0)
        return fail(t, VIREO_EREFUSED, "the proxy answered: %s", socks_error(in[1]));
    if (in[3] != SOCKS_IPV4 && in[3] != SOCKS_IPV6 && in[3] != SOCKS_NAME)
        return fail(t, VIREO_EPROTO, "the proxy's answer has an unknown type of address");
    return 1;
}

/* A refusal need not be whole: some proxies send no address with it. */
static bool complete(const vireo__tunnel *t)
{
    return t->in.len == answer_size(t) ||
           (t->state == SOCKS_REPLY && t->in.len >= 2 && t->in.data[1] != 0);
}

static int feed_socks(vireo__tunnel *t, const uint8_t *bytes, size_t n, size_t *taken,
                      vireo__buf *out)
{
    for (size_t i = 0; i < n; i++) {
        *taken = i + 1;
        if (vireo__buf_append_byte(&t->in, bytes[i]) < 0)
            return fail_memory(t);
        if (!complete(t))
            continue;
        int result = answered(t, out);
        if (result != 0)
            return result;
        t->in.len = 0;
    }
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

int vireo__tunnel_init(vireo__tunnel *t, const vireo__proxy *proxy, const char *host, uint16_t port,
                       vireo__buf *out)
{
    *t = (vireo__tunnel){.proxy = proxy, .host = host, .port = port};
    vireo__buf_init(&t->in, VIREO__TUNNEL_MAX_HEAD);
    if (strlen(host) > SOCKS_TEXT_MAX)
        return VIREO_EINVAL;
    t->state = proxy->kind == VIREO__PROXY_HTTP ? HTTP_HEAD : SOCKS_METHOD;
    if (proxy->kind == VIREO__PROXY_HTTP)
        write_connect(t, out);
    else
        write_methods(t, out);
    return out->error;
}

void vireo__tunnel_deinit(vireo__tunnel *t)
{
    vireo__buf_deinit(&t->in);
}

int vireo__tunnel_feed(vireo__tunnel *t, const uint8_t *bytes, size_t n, size_t *taken,
                       vireo__buf *out)
{
    *taken = 0;
    int result = t->state == HTTP_HEAD ? feed_connect(t, bytes, n, taken)
                                       : feed_socks(t, bytes, n, taken, out);
    return out->error < 0 ? fail_memory(t) : result;
}
