/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wide_arm.c: wide.h with NEON, which every arm64 has. */

#include "base/wide_inside.h"

#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>

enum { NEON = 16 };

static bool has_neon(void)
{
    return true;
}

static void xor_neon(uint8_t *bytes, size_t n, uint64_t key)
{
    const uint8x16_t keys = vreinterpretq_u8_u64(vdupq_n_u64(key));
    for (size_t i = 0; i < n; i += NEON)
        vst1q_u8(bytes + i, veorq_u8(vld1q_u8(bytes + i), keys));
}

static size_t ascii_neon(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && vmaxvq_u8(vld1q_u8(bytes + i)) < 0x80)
        i += NEON;
    return i;
}

const vireo__wide vireo__wide_neon = {"NEON", NEON, has_neon, xor_neon, ascii_neon};

#else

typedef int vireo__wide_arm_is_empty; /* ISO C wants a declaration in each file */

#endif
