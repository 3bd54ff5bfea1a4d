/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A letter for the kind, and the value of an Accept header. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const offers[] = {
        "text/html", "text/html;level=1", "application/json", "gzip", "identity", "en", "en-US",
        "utf-8"};
    if (size == 0)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    if (text == NULL)
        abort();
    int best = vireo__accept_best((vireo__accept)(data[0] % 4), text, offers, 8);
    if (best < -1 || best > 7)
        abort();
    free(text);
    return 0;
}
