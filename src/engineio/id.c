/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/id.h"

#include <string.h>

#include "base/base64.h"
#include "base/random.h"

enum { RANDOM_PART = 12, COUNTER_PART = 3 };

void vireo__id_make(vireo__id_source *source, char out[VIREO__ID_SIZE])
{
    uint8_t bytes[RANDOM_PART + COUNTER_PART];
    if (source->unused < RANDOM_PART) {
        vireo__random(source->random, sizeof source->random);
        source->unused = sizeof source->random;
    }
    uint8_t *fresh = source->random + sizeof source->random - source->unused;
    memcpy(bytes, fresh, RANDOM_PART);
    memset(fresh, 0, RANDOM_PART); /* an id is a secret: keep no second copy of it */
    source->unused -= RANDOM_PART;
    uint32_t n = source->counter++;
    bytes[12] = (uint8_t)(n >> 16);
    bytes[13] = (uint8_t)(n >> 8);
    bytes[14] = (uint8_t)n;
    vireo__base64_encode(out, bytes, sizeof bytes);
    out[VIREO__ID_LEN] = '\0';
    for (char *c = out; *c; c++)
        *c = *c == '/' ? '_' : *c == '+' ? '-' : *c;
}
