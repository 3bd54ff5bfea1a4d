/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <string.h>

#include <vireo/error.h>

#include "base/str.h"

enum { V1_MAX = 107, V2_HEAD = 16 };

static const char v1_start[] = "PROXY ";
static const uint8_t v2_start[12] = "\r\n\r\n\0\r\nQUIT\n";

/* Returns whether |bytes| begin with |start|, as far as they reach. */
static bool begins(const uint8_t *bytes, size_t n, const void *start, size_t len)
{
    return memcmp(bytes, start, n < len ? n : len) == 0;
}

/* --- version 1 -------------------------------------------------------------------------------- */

/* Cuts the next word, up to a space or the end, off |*rest|. */
static vireo__str next_word(vireo__str *rest)
{
    const char *space = rest->len > 0 ? memchr(rest->at, ' ', rest->len) : NULL;
    vireo__str word = {rest->at, space != NULL ? (size_t)(space - rest->at) : rest->len};
    size_t skip = word.len + (space != NULL);
    *rest = (vireo__str){rest->at + skip, rest->len - skip};
    return word;
}

static bool read_port(vireo__str text, uint16_t *port)
{
    uint32_t value = 0;
    if (text.len == 0 || text.len > 5 || (text.at[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(text.at[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool read_address(int family, vireo__str text, char out[VIREO__PROXY_ADDRESS])
{
    char copy[VIREO__PROXY_ADDRESS] = "";
    uint8_t binary[16];
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    return inet_pton(family, copy, binary) == 1 &&
           inet_ntop(family, binary, out, VIREO__PROXY_ADDRESS) != NULL;
}

/* What stands between "PROXY " and the line's end. */
static int read_line(vireo__str line, vireo__proxy *out)
{
    char destination[VIREO__PROXY_ADDRESS];
    uint16_t port;
    vireo__str kind = next_word(&line);
    if (vireo__str_equal(kind, "UNKNOWN")) {
        out->own = true; /* "the receiver must ignore anything presented before the CRLF" */
        return 0;
    }
    int family = vireo__str_equal(kind, "TCP4") ? AF_INET : AF_INET6;
    bool end_in_space = line.len > 0 && line.at[line.len - 1] == ' ';
    if ((family == AF_INET6 && !vireo__str_equal(kind, "TCP6")) || end_in_space ||
        !read_address(family, next_word(&line), out->address) ||
        !read_address(family, next_word(&line), destination) ||
        !read_port(next_word(&line), &out->port) || !read_port(next_word(&line), &port) ||
        line.len > 0)
        return VIREO_EPROTO;
    return 0;
}

static int read_v1(const uint8_t *bytes, size_t n, vireo__proxy *out)
{
    size_t start = sizeof v1_start - 1, seen = n < V1_MAX ? n : V1_MAX;
    const uint8_t *end = memchr(bytes, '\r', seen);
    size_t len = end != NULL ? (size_t)(end - bytes) : seen;
    if (memchr(bytes, '\n', len) != NULL || (end == NULL && n >= V1_MAX) || len + 2 > V1_MAX)
        return VIREO_EPROTO;
    if (end == NULL || len + 1 == n)
        return 0;
    if (bytes[len + 1] != '\n' || len < start)
        return VIREO_EPROTO;
    int error = read_line((vireo__str){(const char *)bytes + start, len - start}, out);
    return error < 0 ? error : (int)len + 2;
}

/* --- version 2 -------------------------------------------------------------------------------- */

enum {
    LOCAL = 0x20, /* version 2, and the command */
    PROXY = 0x21,
    TLV_HEAD = 3,
    TLV_CRC32C = 0x03,
    TLV_SSL = 0x20,
    SSL_MIN = 5, /* flags and result of the verification */
    SSL_CLIENT = 0x01,
};

static size_t number_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

/* "The checksum is computed over the whole PROXY header, with the field itself filled with zeroes"
 */
static bool checksum_holds(const uint8_t *head, size_t len, size_t at)
{
    static const uint8_t zeroes[4];
    uint32_t crc = crc32c(~0u, head, at);
    crc = crc32c(crc, zeroes, sizeof zeroes);
    crc = ~crc32c(crc, head + at + 4, len - at - 4);
    return number_at(head + at) == crc >> 16 && number_at(head + at + 2) == (crc & 0xffff);
}

static int read_values(const uint8_t *head, size_t at, size_t len, vireo__proxy *out)
{
    while (at < len) {
        size_t n = len - at >= TLV_HEAD ? number_at(head + at + 1) : len;
        uint8_t type = head[at];
        at += TLV_HEAD;
        if (at > len || n > len - at)
            return VIREO_EPROTO;
        if (type == TLV_CRC32C && (n != 4 || !checksum_holds(head, len, at)))
            return VIREO_EPROTO;
        if (type == TLV_SSL && n < SSL_MIN)
            return VIREO_EPROTO;
        if (type == TLV_SSL)
            out->secure = (head[at] & SSL_CLIENT) != 0;
        at += n;
    }
    return (int)len;
}

/* The kinds of connection that there are: only those of bytes can come to us. */
typedef struct family {
    uint8_t code;
    uint8_t size; /* of the addresses */
    uint8_t port; /* where the source's stands */
    int af;
} family;

static const family families[] = {
    {0x11, 12, 8, AF_INET},
    {0x21, 36, 32, AF_INET6},
    {0x31, 216, 0, AF_UNIX},
};

static const family *family_of(uint8_t code)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (families[i].code == code)
            return &families[i];
    return NULL;
}

static int read_v2(const uint8_t *bytes, size_t n, vireo__proxy *out)
{
    if (n > 12 && bytes[12] != LOCAL && bytes[12] != PROXY)
        return VIREO_EPROTO;
    const family *kind = n > 13 ? family_of(bytes[13]) : NULL;
    out->own = n > 13 && (bytes[12] == LOCAL || bytes[13] == 0);
    if (n > 13 && !out->own && kind == NULL)
        return VIREO_EPROTO;
    if (n < V2_HEAD)
        return 0;
    size_t len = V2_HEAD + number_at(bytes + 14);
    if (len > VIREO__PROXY_MAX)
        return VIREO_ETOOBIG;
    if (!out->own && len < (size_t)V2_HEAD + kind->size)
        return VIREO_EPROTO;
    if (n < len || out->own) /* "the receiver must ignore the address information" */
        return n < len ? 0 : (int)len;
    if (kind->af != AF_UNIX) {
        inet_ntop(kind->af, bytes + V2_HEAD, out->address, sizeof out->address);
        out->port = (uint16_t)number_at(bytes + V2_HEAD + kind->port);
    }
    return read_values(bytes, (size_t)V2_HEAD + kind->size, len, out);
}

int vireo__proxy_read(const uint8_t *bytes, size_t n, vireo__proxy *out)
{
    *out = (vireo__proxy){0};
    if (n == 0)
        return 0;
    if (begins(bytes, n, v1_start, sizeof v1_start - 1))
        return read_v1(bytes, n, out);
    return begins(bytes, n, v2_start, sizeof v2_start) ? read_v2(bytes, n, out) : VIREO_EPROTO;
}
