/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/activation.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <vireo/error.h>

#include "base/str.h"

enum { FIRST = 3, MAX_DESCRIPTORS = 4096 };

/* Returns a decimal number, or -1. */
static long read_number(const char *text)
{
    long value = 0;
    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > (LONG_MAX - 9) / 10)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

int vireo__activation_find(const char *pid, const char *fds, const char *names, long self,
                           const char *name)
{
    if (pid == NULL || fds == NULL)
        return 0;
    long count = read_number(fds), whose = read_number(pid);
    if (whose < 0 || count < 0 || count > MAX_DESCRIPTORS)
        return VIREO_EINVAL;
    if (whose != self || count == 0)
        return 0;
    if (name == NULL)
        return FIRST;
    for (int fd = FIRST; names != NULL && fd < FIRST + count; fd++) {
        size_t n = strcspn(names, ":");
        if (vireo__str_equal((vireo__str){names, n}, name))
            return fd;
        names = names[n] == ':' ? names + n + 1 : NULL;
    }
    return VIREO_ENOTFOUND;
}
