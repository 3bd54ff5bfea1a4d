/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* The value of a Cookie header; what is found is written as a Set-Cookie, signed, and checked. */

#include <stdlib.h>

#include "base/url.h"
#include "http/cookies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign(vireo__str value)
{
    static const char *const secrets[] = {"one", "two", NULL};
    vireo__buf out;
    vireo__str again;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__sign(&out, value, "two");
    if (!vireo__unsign((vireo__str){(char *)out.data, out.len}, secrets, &again) ||
        again.len != value.len)
        abort();
    vireo__buf_deinit(&out);
}

static void write_back(vireo__str name, vireo__str value)
{
    vireo__buf out;
    vireo_cookie_options o = {.path = ""};
    char *copy = strndup(name.at, name.len);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    if (copy == NULL)
        abort();
    if (vireo__cookie_write(&out, copy, value, &o) == 0) {
        vireo__str rest = {(char *)out.data, out.len}, n, v;
        if (!vireo__cookie_next(&rest, &n, &v) || rest.len > 0 || n.len != strlen(copy))
            abort();
        char *plain = malloc(v.len + 1);
        if (plain == NULL || vireo__url_decode(plain, v.at, v.len, false) != (ptrdiff_t)value.len ||
            memcmp(plain, value.at, value.len) != 0)
            abort();
        free(plain);
    }
    free(copy);
    vireo__buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const secrets[] = {"one", NULL};
    vireo__str rest = {(const char *)data, size}, name, value;
    vireo__unsign(rest, secrets, &value);
    while (vireo__cookie_next(&rest, &name, &value)) {
        write_back(name, value);
        sign(value);
    }
    return 0;
}
