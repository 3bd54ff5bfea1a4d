/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* proxy_protocol.c fuzzes the reader of PROXY heads: what it makes of a whole head it makes of the
 * head alone, and no beginning of it is complete or refused. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "net/proxy_protocol.h"

/* Not assert(), which a release build leaves out. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From memory of its own, so that a sanitizer sees what is read beyond it. */
static int read_alone(const uint8_t *data, size_t n, vireo__proxy *out)
{
    uint8_t *copy = malloc(n + (n == 0));
    CHECK(copy != NULL);
    memcpy(copy, data, n);
    int result = vireo__proxy_read(copy, n, out);
    free(copy);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__proxy out, again;
    int result = read_alone(data, size, &out);
    CHECK(result <= (int)size && result <= VIREO__PROXY_MAX);
    CHECK(memchr(out.address, '\0', sizeof out.address) != NULL);
    if (result < 0) {
        CHECK(result == VIREO_EPROTO || result == VIREO_ETOOBIG);
        return 0;
    }
    CHECK(result > 0 || size < VIREO__PROXY_MAX);
    for (size_t cut = 0; result > 0 && cut < (size_t)result; cut += 1 + cut / 16)
        CHECK(read_alone(data, cut, &again) == 0);
    if (result > 0) {
        CHECK(read_alone(data, (size_t)result, &again) == result);
        CHECK(memcmp(&out, &again, sizeof out) == 0);
    }
    return 0;
}
