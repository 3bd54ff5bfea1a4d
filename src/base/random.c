/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/random.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/rand.h>

void vireo__random(void *out, size_t n)
{
    if (n > INT_MAX || RAND_bytes(out, (int)n) != 1)
        abort();
}
