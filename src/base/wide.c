/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wide.c: the choice, and what works everywhere: memcpy is how C reads an unaligned word, and
 * compiles to one load. */

#include "base/wide.h"

#include <string.h>

#include "base/wide_inside.h"

enum { WORD = sizeof(uint64_t) };

static bool always(void)
{
    return true;
}

static void exclusive_or(uint8_t *bytes, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i += WORD) {
        uint64_t word;
        memcpy(&word, bytes + i, WORD);
        word ^= key;
        memcpy(bytes + i, &word, WORD);
    }
}

static size_t ascii(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i < n; i += WORD) {
        uint64_t word;
        memcpy(&word, bytes + i, WORD);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

static const vireo__wide portable = {"portable", WORD, always, exclusive_or, ascii};

/* The best first. */
static const vireo__wide *const all[] = {VIREO__WIDE_ALL(&portable), NULL};

const vireo__wide *vireo__wide_nth(size_t n)
{
    return all[n];
}

const vireo__wide *vireo__wide_best(void)
{
    size_t i = 0;
    while (!all[i]->is_there())
        i++;
    return all[i];
}
