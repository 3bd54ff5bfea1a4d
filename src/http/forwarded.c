/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <vireo/error.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const vireo__ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool read_bare(vireo__str text, vireo__ip *out)
{
    char copy[VIREO__IP_TEXT];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.at, 0, text.len) != NULL)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    memcpy(out->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out->bytes + 12) == 1 ||
           inet_pton(AF_INET6, copy, out->bytes) == 1;
}

/* ":80", or nothing. RFC 7239 section 6.3 allows a port that is hidden: ":_abc". */
static bool is_port(vireo__str text)
{
    if (text.len == 0)
        return true;
    if (text.at[0] != ':' || text.len == 1)
        return false;
    for (size_t i = 1; i < text.len; i++) {
        char c = vireo__ascii_lower(text.at[i]);
        if ((c < '0' || c > '9') &&
            (text.at[1] != '_' || ((c < 'a' || c > 'z') && strchr("._-", c) == NULL)))
            return false;
    }
    return true;
}

bool vireo__ip_read(vireo__str text, vireo__ip *out)
{
    if (text.len > 0 && text.at[0] == '[') {
        const char *end = memchr(text.at, ']', text.len);
        size_t n = end ? (size_t)(end - text.at) : 0;
        return end != NULL && memchr(text.at, ':', n) != NULL &&
               is_port((vireo__str){end + 1, text.len - n - 1}) &&
               read_bare((vireo__str){text.at + 1, n - 1}, out);
    }
    const char *colon = text.len > 0 ? memchr(text.at, ':', text.len) : NULL;
    size_t n = colon ? (size_t)(colon - text.at) : text.len;
    if (colon != NULL && memchr(text.at, '.', n) != NULL) /* IPv4 with a port */
        return is_port((vireo__str){colon, text.len - n}) &&
               read_bare((vireo__str){text.at, n}, out);
    return read_bare(text, out);
}

void vireo__ip_write(const vireo__ip *ip, char out[VIREO__IP_TEXT])
{
    if (is_v4(ip))
        inet_ntop(AF_INET, ip->bytes + 12, out, VIREO__IP_TEXT);
    else
        inet_ntop(AF_INET6, ip->bytes, out, VIREO__IP_TEXT);
}

/* --- trust ------------------------------------------------------------------------------------ */

/* Reads the number of bits behind a slash, at most |most|. */
static bool read_bits(vireo__str text, unsigned most, unsigned *bits)
{
    *bits = 0;
    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        *bits = *bits * 10 + (unsigned)(text.at[i] - '0');
    }
    return *bits <= most;
}

static bool read_network(vireo__str text, vireo__network *net)
{
    const char *slash = text.len > 0 ? memchr(text.at, '/', text.len) : NULL;
    size_t n = slash ? (size_t)(slash - text.at) : text.len;
    net->bits = 128;
    if (!read_bare((vireo__str){text.at, n}, &net->ip))
        return false;
    if (slash == NULL)
        return true;
    unsigned most = memchr(text.at, ':', n) == NULL ? 32 : 128;
    bool valid = read_bits((vireo__str){slash + 1, text.len - n - 1}, most, &net->bits);
    net->bits += 128 - most;
    return valid;
}

static bool add_network(vireo__trust *trust, vireo__str text)
{
    if (trust->count == VIREO__MAX_NETWORKS || !read_network(text, &trust->networks[trust->count]))
        return false;
    trust->count++;
    return true;
}

int vireo__trust_read(vireo__trust *trust, const char *list)
{
    static const struct {
        const char *name;
        const char *networks;
    } names[] = {
        {"loopback", "127.0.0.0/8,::1"},
        {"linklocal", "169.254.0.0/16,fe80::/10"},
        {"uniquelocal", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"},
    };
    vireo__str rest = vireo__str_of(list), item;
    while (vireo__str_next_item(&rest, ',', &item)) {
        const char *known = NULL;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (vireo__str_equal(item, names[i].name))
                known = names[i].networks;
        if (known != NULL ? vireo__trust_read(trust, known) < 0 : !add_network(trust, item))
            return VIREO_EINVAL;
    }
    return 0;
}

static bool in_network(const vireo__network *net, const vireo__ip *ip)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(net->ip.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 || (net->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

static bool trusted(const vireo__trust *trust, const vireo__ip *ip, unsigned distance)
{
    if (distance < trust->hops)
        return true;
    for (size_t i = 0; i < trust->count; i++)
        if (in_network(&trust->networks[i], ip))
            return true;
    return false;
}

/* --- headers ---------------------------------------------------------------------------------- */

/* What one hop said. */
typedef struct hop {
    vireo__str from;
    vireo__str protocol;
    vireo__str host;
} hop;

/* The last hops that were named, in order. */
typedef struct hops {
    size_t count;
    hop at[VIREO__MAX_HOPS];
} hops;

static void add_hop(hops *h, hop one)
{
    if (h->count == VIREO__MAX_HOPS)
        memmove(h->at, h->at + 1, --h->count * sizeof one);
    h->at[h->count++] = one;
}

static vireo__str unquoted(vireo__str s)
{
    if (s.len < 2 || s.at[0] != '"' || s.at[s.len - 1] != '"')
        return s;
    return (vireo__str){s.at + 1, s.len - 2};
}

/* RFC 7239 section 4: for=192.0.2.60;proto=http;host="a.example:80" */
static hop read_element(vireo__str element)
{
    hop one = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    for (vireo__str pair; vireo__str_next_part(&element, ';', &pair);) {
        const char *equals = pair.len > 0 ? memchr(pair.at, '=', pair.len) : NULL;
        size_t n = equals ? (size_t)(equals - pair.at) : pair.len;
        vireo__str name = {pair.at, n};
        if (equals == NULL)
            continue;
        vireo__str value = unquoted((vireo__str){equals + 1, pair.len - n - 1});
        if (vireo__str_equal_nocase(name, "for"))
            one.from = value;
        else if (vireo__str_equal_nocase(name, "proto"))
            one.protocol = value;
        else if (vireo__str_equal_nocase(name, "host"))
            one.host = value;
    }
    return one;
}

static void read_forwarded(const char *text, hops *out)
{
    vireo__str rest = vireo__str_of(text);
    for (vireo__str element; vireo__str_next_part(&rest, ',', &element);)
        if (element.len > 0)
            add_hop(out, read_element(element));
}

static void read_x_for(const char *text, hops *out)
{
    vireo__str rest = vireo__str_of(text != NULL ? text : "");
    for (vireo__str item; vireo__str_next_item(&rest, ',', &item);)
        add_hop(out, (hop){.from = item});
}

/* The item of an X- header that goes with the hop that stands at |back| from the end (1: the last).
 * A proxy that does not append to a list has set one item for all. */
static vireo__str item_of(const char *text, size_t back)
{
    vireo__str items[VIREO__MAX_HOPS];
    size_t count = 0;
    vireo__str rest = vireo__str_of(text != NULL ? text : "");
    for (vireo__str item; vireo__str_next_item(&rest, ',', &item);)
        items[count++ % VIREO__MAX_HOPS] = item;
    if (count == 0)
        return (vireo__str){NULL, 0};
    size_t most = count < VIREO__MAX_HOPS ? count : VIREO__MAX_HOPS;
    return items[(count - (back < most ? back : most)) % VIREO__MAX_HOPS];
}

static bool protocol_known(vireo__str s)
{
    return vireo__str_equal_nocase(s, "http") || vireo__str_equal_nocase(s, "https");
}

/* What can stand in a URL as its host and port. */
static bool host_clean(vireo__str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = vireo__ascii_lower(s.at[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
            (c == '\0' || strchr("-._:[]", c) == NULL))
            return false;
    }
    return s.len > 0 && s.len <= 255;
}

void vireo__forwarded_find(const vireo__trust *trust, const vireo__ip *peer,
                           const vireo__forwarding *headers, vireo__client *out)
{
    static const vireo__ip loopback = {{[15] = 1}};
    hops said = {.count = 0};
    size_t back = 0;
    vireo__ip ip = peer != NULL ? *peer : loopback;
    *out = (vireo__client){.has_ip = false};
    if (!trusted(trust, &ip, 0))
        return;
    if (headers->forwarded != NULL)
        read_forwarded(headers->forwarded, &said);
    else
        read_x_for(headers->x_for, &said);
    while (back < said.count && vireo__ip_read(said.at[said.count - back - 1].from, &ip)) {
        out->ip = ip;
        out->has_ip = true;
        if (!trusted(trust, &ip, (unsigned)++back))
            break;
    }
    back = back > 0 ? back : 1; /* it may tell the protocol and no address */
    if (headers->forwarded == NULL) {
        out->protocol = item_of(headers->x_proto, back);
        out->host = item_of(headers->x_host, back);
    } else if (back <= said.count) {
        out->protocol = said.at[said.count - back].protocol;
        out->host = said.at[said.count - back].host;
    }
    if (!protocol_known(out->protocol))
        out->protocol = (vireo__str){"", 0};
    if (!host_clean(out->host))
        out->host = (vireo__str){"", 0};
}
