/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* allocated.h: counts what the project holds of the heap, in blocks and in the bytes that glibc's
 * allocator takes for them: 8 for itself, and all rounded up to 16. Libraries are not counted. Link
 * with -Wl,--wrap= of each of malloc, calloc, realloc, strdup, strndup, free and malloc_trim.
 * Included by one file of a program. */

#ifndef VIREO_TESTS_ALLOCATED_H
#define VIREO_TESTS_ALLOCATED_H

#include <malloc.h>
#include <stddef.h>
#include <string.h>

typedef struct allocated {
    long bytes;
    long blocks;
} allocated;

static allocated allocated_now;
static unsigned allocated_trims; /* how often free pages were given back */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_malloc_trim(size_t pad);

/* With a sanitizer the usable size is what was asked for; without, it is rounded up already. */
static inline void allocated__count(void *block, int sign)
{
    if (block == NULL)
        return;
    allocated_now.bytes += sign * (long)((malloc_usable_size(block) + 8 + 15) & ~(size_t)15);
    allocated_now.blocks += sign;
}

void *__wrap_malloc(size_t size)
{
    void *block = __real_malloc(size);
    allocated__count(block, 1);
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = __real_calloc(count, size);
    allocated__count(block, 1);
    return block;
}

void *__wrap_realloc(void *old, size_t size)
{
    allocated__count(old, -1);
    void *block = __real_realloc(old, size);
    allocated__count(block != NULL ? block : old, 1);
    return block;
}

void __wrap_free(void *block)
{
    allocated__count(block, -1);
    __real_free(block);
}

char *__wrap_strndup(const char *text, size_t n)
{
    size_t len = strnlen(text, n);
    char *copy = __wrap_malloc(len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

int __wrap_malloc_trim(size_t pad)
{
    (void)pad;
    allocated_trims++;
    return 0;
}

char *__wrap_strdup(const char *text)
{
    return __wrap_strndup(text, strlen(text));
}

#endif
