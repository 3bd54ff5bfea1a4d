/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/h2_request.h"

#include <string.h>

#include <vireo/error.h>

#include "base/str.h"
#include "http/parse.h"

/* "The |Sec-WebSocket-Key| [..] header fields are not used" (RFC 8441 section 5): whoever upgrades
 * wants one. */
static const char upgrade_lines[] = "connection: upgrade\r\n"
                                    "upgrade: websocket\r\n"
                                    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

void vireo__h2_request_init(vireo__h2_request *q, uint32_t max_bytes)
{
    *q = (vireo__h2_request){.max_bytes = max_bytes};
    vireo__buf *const texts[] = {&q->path, &q->authority, &q->lines, &q->cookie, &q->host};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        vireo__buf_init(texts[i], VIREO__BUF_UNLIMITED); /* |bytes| is limited */
}

void vireo__h2_request_deinit(vireo__h2_request *q)
{
    vireo__buf_deinit(&q->path);
    vireo__buf_deinit(&q->authority);
    vireo__buf_deinit(&q->lines);
    vireo__buf_deinit(&q->cookie);
    vireo__buf_deinit(&q->host);
}

static int refuse(vireo__h2_request *q, uint16_t status)
{
    if (q->status == 0)
        q->status = status;
    return 0;
}

static int take_method(vireo__h2_request *q, vireo__str value)
{
    if (!vireo__http_token(value.at, value.len))
        return refuse(q, 400);
    if (value.len >= sizeof q->method)
        return refuse(q, 501);
    memcpy(q->method, value.at, value.len);
    q->connect = vireo__str_equal(value, "CONNECT");
    return 0;
}

/* What would end the target, or the line, of the other notation. */
static int take_path(vireo__h2_request *q, vireo__str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((uint8_t)value.at[i] <= 0x20 || value.at[i] == 0x7f)
            return refuse(q, 400);
    return vireo__buf_append(&q->path, value.at, value.len);
}

static int take_pseudo(vireo__h2_request *q, vireo__str name, vireo__str value)
{
    if (vireo__str_equal(name, ":method"))
        return take_method(q, value);
    if (vireo__str_equal(name, ":path"))
        return take_path(q, value);
    if (vireo__str_equal(name, ":authority"))
        return vireo__buf_append(&q->authority, value.at, value.len);
    if (vireo__str_equal(name, ":protocol")) {
        q->has_protocol = true;
        q->websocket = vireo__str_equal(value, "websocket");
    }
    return 0; /* :scheme says nothing that the connection does not */
}

static int add_line(vireo__buf *out, vireo__str name, vireo__str value)
{
    vireo__buf_append(out, name.at, name.len);
    vireo__buf_append(out, ": ", 2);
    vireo__buf_append(out, value.at, value.len);
    return vireo__buf_append(out, "\r\n", 2);
}

/* "If there are multiple Cookie header fields after decompression, these MUST be concatenated into
 * a single octet string using the two-octet delimiter of 0x3b, 0x20" (section 8.2.3) */
static int add_crumb(vireo__buf *out, vireo__str value)
{
    if (out->len > 0)
        vireo__buf_append(out, "; ", 2);
    return vireo__buf_append(out, value.at, value.len);
}

static int take_host(vireo__h2_request *q, vireo__str value)
{
    if (q->host.len > 0)
        return refuse(q, 400);
    return vireo__buf_append(&q->host, value.at, value.len);
}

static bool is_framing(const vireo__h2_request *q, vireo__str name)
{
    return q->has_protocol && (vireo__str_equal(name, "content-length") ||
                               vireo__str_equal(name, "sec-websocket-key"));
}

static int take_field(vireo__h2_request *q, vireo__str name, vireo__str value)
{
    if (vireo__str_equal(name, "cookie"))
        return add_crumb(&q->cookie, value);
    if (vireo__str_equal(name, "host"))
        return take_host(q, value);
    if (is_framing(q, name))
        return 0;
    q->has_length |= vireo__str_equal(name, "content-length");
    return add_line(&q->lines, name, value);
}

int vireo__h2_request_field(vireo__h2_request *q, const uint8_t *name, size_t name_len,
                            const uint8_t *value, size_t value_len)
{
    vireo__str n = {(const char *)name, name_len}, v = {(const char *)value, value_len};
    q->bytes += (uint64_t)name_len + value_len + VIREO__H2_FIELD_OVERHEAD;
    if (q->bytes > q->max_bytes)
        return refuse(q, 431);
    return name_len > 0 && name[0] == ':' ? take_pseudo(q, n, v) : take_field(q, n, v);
}

static vireo__str text_of(const vireo__buf *b)
{
    return (vireo__str){b->len > 0 ? (const char *)b->data : "", b->len};
}

/* "A server SHOULD treat a request as malformed if it contains a Host header field that identifies
 * an entity that differs from the entity in the ":authority" pseudo-header field." (section 8.3.1)
 * "the :protocol [..] value [..] not supported": 501 (RFC 9220 section 3, of the same method) */
static int check(const vireo__h2_request *q)
{
    if (q->status != 0)
        return q->status;
    if (q->connect && !q->websocket)
        return 501;
    if (q->host.len > 0 && q->authority.len > 0 &&
        !vireo__str_same_nocase(text_of(&q->host), text_of(&q->authority)))
        return 400;
    return q->path.len > 0 && q->method[0] != '\0' ? 0 : 400;
}

int vireo__h2_request_head(vireo__h2_request *q, bool ends, vireo__buf *out)
{
    vireo__str host = text_of(q->authority.len > 0 ? &q->authority : &q->host);
    int status = check(q);
    if (status != 0)
        return status;
    vireo__buf_append_str(out, q->websocket ? "GET" : q->method);
    vireo__buf_append(out, " ", 1);
    vireo__buf_append(out, q->path.data, q->path.len);
    vireo__buf_append_str(out, " HTTP/1.1\r\n");
    add_line(out, vireo__str_of("host"), host);
    if (q->websocket)
        vireo__buf_append_str(out, upgrade_lines);
    vireo__buf_append(out, q->lines.data, q->lines.len);
    if (q->cookie.len > 0)
        add_line(out, vireo__str_of("cookie"), text_of(&q->cookie));
    if (vireo__h2_request_chunked(q, ends))
        vireo__buf_append_str(out, "transfer-encoding: chunked\r\n");
    return vireo__buf_append(out, "\r\n", 2);
}
