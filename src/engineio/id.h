/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* id.h: ids of sessions and sockets: 20 characters of [A-Za-z0-9_-], made of 12 random bytes and
 * the low 24 bits of a counter, as the official server makes them, so that load balancers that
 * match them go on to do so. */

#ifndef VIREO_ENGINEIO_ID_H
#define VIREO_ENGINEIO_ID_H

#include <stddef.h>
#include <stdint.h>

#define VIREO__ID_LEN  20
#define VIREO__ID_SIZE (VIREO__ID_LEN + 1) /* with its NUL */

/* Randomness is fetched for several ids at once, since each fetch costs more than the id. All zero
 * at first. */
typedef struct vireo__id_source {
    uint32_t counter;
    uint32_t unused; /* bytes left at the end of |random| */
    uint8_t random[12 * 32];
} vireo__id_source;

void vireo__id_make(vireo__id_source *source, char out[VIREO__ID_SIZE]);

#endif
