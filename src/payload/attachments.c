/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/attachments.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

void vireo__attachments_init(vireo__attachments *a)
{
    a->count = 0;
    a->cap = 0;
    a->more = NULL;
}

void vireo__attachments_deinit(vireo__attachments *a)
{
    free(a->more);
    vireo__attachments_init(a);
}

static int grow(vireo__attachments *a)
{
    if (a->count > SIZE_MAX / 4 / sizeof *a->more)
        return VIREO_ENOMEM;
    size_t cap = a->count * 2;
    vireo__attachment *more = realloc(a->more, cap * sizeof *more);
    if (more == NULL)
        return VIREO_ENOMEM;
    if (a->more == NULL)
        memcpy(more, a->few, sizeof a->few);
    a->more = more;
    a->cap = cap;
    return 0;
}

int vireo__attachments_add(vireo__attachments *a, const void *data, size_t size)
{
    size_t room = a->more != NULL ? a->cap : VIREO__FEW_ATTACHMENTS;
    if (a->count == room && grow(a) < 0)
        return VIREO_ENOMEM;
    vireo__attachment *list = a->more != NULL ? a->more : a->few;
    list[a->count++] = (vireo__attachment){data, size};
    return 0;
}
