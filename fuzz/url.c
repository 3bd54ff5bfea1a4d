/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* url.c: percent-encoding and query strings. What is encoded decodes to what it was; the pairs of a
 * query are all of it, and the last of one name is found. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void check_round_trip(const char *text, size_t n)
{
    vireo__buf encoded;
    vireo__buf_init(&encoded, VIREO__BUF_UNLIMITED);
    expect(vireo__url_encode(&encoded, text, n) == 0);
    char *at = (char *)encoded.data;
    char *decoded = malloc(encoded.len + 1);
    expect(decoded != NULL);
    for (int plus_is_space = 0; plus_is_space < 2; plus_is_space++) {
        expect(vireo__url_decode(decoded, at, encoded.len, plus_is_space) == (ptrdiff_t)n);
        expect(memcmp(decoded, text, n) == 0);
    }
    free(decoded);
    vireo__buf_deinit(&encoded);
}

/* In place it is the same as into other memory; |copy| has room for it. */
static void check_decode(const char *text, size_t n, char *copy)
{
    char *decoded = malloc(n + 1);
    expect(decoded != NULL);
    for (int plus_is_space = 0; plus_is_space < 2; plus_is_space++) {
        ptrdiff_t len = vireo__url_decode(decoded, text, n, plus_is_space);
        memcpy(copy, text, n);
        expect(vireo__url_decode(copy, copy, n, plus_is_space) == len);
        expect(len <= (ptrdiff_t)n && (len >= 0 || !plus_is_space));
        expect(len < 0 || memcmp(copy, decoded, (size_t)len) == 0);
    }
    free(decoded);
}

static void check_query(vireo__str query)
{
    char wanted[257];
    vireo__str rest = query, name, value, found;
    const char *at = query.at;
    while (vireo__url_next_pair(&rest, &name, &value)) {
        expect(name.at == at && (value.len == 0 || value.at == name.at + name.len + 1));
        expect(rest.at >= name.at + name.len + value.len);
        expect(memchr(name.at, '&', name.len) == NULL && memchr(value.at, '&', value.len) == NULL);
        at = rest.at;
        ptrdiff_t n =
            name.len < sizeof wanted ? vireo__url_decode(wanted, name.at, name.len, true) : -1;
        if (n < 0 || memchr(wanted, '\0', (size_t)n) != NULL)
            continue;
        wanted[n] = '\0';
        expect(vireo__url_name_is(name, wanted));
        expect(vireo__url_query(query, wanted, &found));
        expect(found.at >= value.at);
    }
    expect(rest.len == 0 && at == query.at + query.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *copy = malloc(size);
    expect(copy != NULL);
    check_round_trip((const char *)data, size);
    check_decode((const char *)data, size, copy);
    if (size < 4096) /* looking each name up is quadratic */
        check_query((vireo__str){(const char *)data, size});
    free(copy);
    return 0;
}
