/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wide_x86.c: wide.h with SSE2, which every x86-64 has, and AVX2. */

#include "base/wide_inside.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum { SSE2 = 16, AVX2 = 32 };

/* --- SSE2 ------------------------------------------------------------------------------------- */

static bool has_sse2(void)
{
    return true;
}

static void xor_sse2(uint8_t *bytes, size_t n, uint64_t key)
{
    const __m128i keys = _mm_set1_epi64x((long long)key);
    for (size_t i = 0; i < n; i += SSE2) {
        __m128i *at = (__m128i *)(void *)(bytes + i);
        _mm_storeu_si128(at, _mm_xor_si128(_mm_loadu_si128(at), keys));
    }
}

static size_t ascii_sse2(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n &&
           _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(bytes + i))) == 0)
        i += SSE2;
    return i;
}

const vireo__wide vireo__wide_sse2 = {"SSE2", SSE2, has_sse2, xor_sse2, ascii_sse2};

/* --- AVX2 ------------------------------------------------------------------------------------- */

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

__attribute__((target("avx2"))) static void xor_avx2(uint8_t *bytes, size_t n, uint64_t key)
{
    const __m256i keys = _mm256_set1_epi64x((long long)key);
    for (size_t i = 0; i < n; i += AVX2) {
        __m256i *at = (__m256i *)(void *)(bytes + i);
        _mm256_storeu_si256(at, _mm256_xor_si256(_mm256_loadu_si256(at), keys));
    }
}

__attribute__((target("avx2"))) static size_t ascii_avx2(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && _mm256_movemask_epi8(
                        _mm256_loadu_si256((const __m256i *)(const void *)(bytes + i))) == 0)
        i += AVX2;
    return i;
}

const vireo__wide vireo__wide_avx2 = {"AVX2", AVX2, has_avx2, xor_avx2, ascii_avx2};

#else

typedef int vireo__wide_x86_is_empty; /* ISO C wants a declaration in each file */

#endif
