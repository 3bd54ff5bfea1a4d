/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A page, rendered with values of every type; it may include and extend itself. */

#include <stdlib.h>
#include <string.h>

#include "payload/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const vireo__page *find(const void *set, vireo__str name)
{
    return name.len % 2 ? set : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char json[] =
        "{\"a\":[1,{\"b\":\"<\\u00e9>\"},[true,null]],\"b\":{\"a\":2},\"c\":\"x y\","
        "\"n\":-1.5,\"t\":true}";
    vireo__page page;
    vireo__buf out;
    if (vireo__page_compile(&page, "page", (const char *)data, size, NULL) < 0)
        return 0;
    vireo_value *v = vireo_parse(json, sizeof json - 1, NULL);
    vireo__buf_init(&out, 1 << 20);
    int result = vireo__page_render(&page, find, &page, v, &out, NULL);
    if (result == VIREO_ETEMPLATE || (result == 0 && out.error != 0))
        abort();
    vireo__buf_deinit(&out);
    vireo_value_free(v);
    vireo__page_deinit(&page);
    return 0;
}
