/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* uri.c: two lines, a URL and a reference as a Location header carries one. A URL that is taken can
 * be put together again from its parts; a relative reference never leads to another host. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/uri.h"
#include "net/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void append(vireo__buf *out, const char *before, vireo__str part)
{
    vireo__buf_append_str(out, before);
    vireo__buf_append(out, part.at, part.len);
}

/* Written from its parts, |text| is as before, save for what a parser may leave out: the colon of
 * an empty port or password, a port's leading zeros. So it is read and written twice. */
static void write_parts(vireo__buf *out, const vireo__uri *uri)
{
    append(out, "", uri->scheme);
    vireo__buf_append_str(out, "://");
    if (uri->user.at != NULL) {
        append(out, "", uri->user);
        if (uri->password.len > 0)
            append(out, ":", uri->password);
        vireo__buf_append_str(out, "@");
    }
    vireo__uri_append_authority(out, uri->host, uri->ipv6, uri->port);
    append(out, "", uri->target);
    if (uri->fragment.len > 0)
        append(out, "#", uri->fragment);
    vireo__buf_append_byte(out, 0);
}

static void check_parts(const vireo__uri *uri)
{
    vireo__buf once, twice;
    vireo__uri again;
    vireo__buf_init(&once, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&twice, VIREO__BUF_UNLIMITED);
    expect(uri->host.len > 0 && uri->host.len <= VIREO__MAX_HOST);
    write_parts(&once, uri);
    expect(vireo__uri_parse(&again, (const char *)once.data, NULL) == 0);
    expect(again.port == uri->port && again.ipv6 == uri->ipv6);
    expect((again.user.at == NULL) == (uri->user.at == NULL));
    write_parts(&twice, &again);
    expect(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    vireo__buf_deinit(&once);
    vireo__buf_deinit(&twice);
}

static int same(vireo__str a, vireo__str b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* RFC 3986 section 5.2.2: only what begins with a scheme or with // names an authority. */
static void check_resolved(const vireo__uri *base, const char *reference)
{
    vireo__buf out;
    vireo__uri to;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    if (vireo__uri_resolve(&out, base, reference) == 0) {
        const char *colon = strchr(reference, ':'), *slash = strpbrk(reference, "/?#");
        expect(vireo__uri_parse(&to, (const char *)out.data, NULL) == 0);
        expect(to.fragment.len == 0);
        if ((colon == NULL || (slash != NULL && slash < colon)) &&
            strncmp(reference, "//", 2) != 0) {
            expect(same(to.scheme, base->scheme) && same(to.host, base->host));
            expect(to.port == base->port && to.ipv6 == base->ipv6);
        }
        check_parts(&to);
    }
    vireo__buf_deinit(&out);
}

static void check_proxy(const char *url)
{
    const char *why;
    vireo__proxy *proxy = vireo__proxy_new(url, &why);
    if (proxy == NULL)
        expect(why != NULL && why[0] != '\0');
    else
        expect(proxy->host[0] != '\0' && proxy->port != 0);
    vireo__proxy_free(proxy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__uri base;
    const char *why = NULL;
    char *text = malloc(size + 1);
    expect(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    char *reference = strchr(text, '\n');
    if (reference != NULL)
        *reference++ = '\0';
    check_proxy(text);
    if (vireo__uri_parse(&base, text, &why) < 0) {
        expect(why != NULL && why[0] != '\0');
    } else {
        check_parts(&base);
        if (reference != NULL)
            check_resolved(&base, reference);
    }
    free(text);
    return 0;
}
