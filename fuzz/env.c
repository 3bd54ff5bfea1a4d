/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A .env file. */

#include <stdint.h>
#include <stdlib.h>

#include "base/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__str rest = {(const char *)data, size};
    for (vireo__dotenv one; vireo__dotenv_next(&rest, &one);) {
        char *value = malloc(one.value.len + 1);
        if (value == NULL || one.name.len == 0 || vireo__dotenv_value(&one, value) > one.value.len)
            abort();
        free(value);
    }
    return 0;
}
