/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* oom.h: lets one chosen allocation fail. Link with -Wl,--wrap= of each of malloc, calloc, realloc,
 * strdup and strndup. Included by one file of a program.
 *
 *     for (int n = 1; ; n++) {
 *         oom_fail_at(n);
 *         result = ...the call under test...
 *         if (!oom_failed())
 *             break;               the call makes less than n allocations, and must have succeeded
 *         ...it must have failed with VIREO_ENOMEM...
 *     }
 */

#ifndef VIREO_TESTS_OOM_H
#define VIREO_TESTS_OOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static int oom__left; /* allocations until the one that fails; 0: none fails */
static bool oom__happened;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

/* oom_fail_at makes the |n|-th allocation from now on fail, once. */
static inline void oom_fail_at(int n)
{
    oom__left = n;
    oom__happened = false;
}

/* oom_failed tells whether it was reached, and ends the waiting for it. */
static inline bool oom_failed(void)
{
    oom__left = 0;
    return oom__happened;
}

static inline bool oom__now(void)
{
    if (oom__left == 0 || --oom__left > 0)
        return false;
    oom__happened = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return oom__now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return oom__now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return oom__now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return oom__now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
    return oom__now() ? NULL : __real_strndup(text, n);
}

#endif
