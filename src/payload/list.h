/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* list.h (payload): a JSON array that grows (vireo/value.h, "Lists"), as a template sees it. */

#ifndef VIREO_PAYLOAD_LIST_H
#define VIREO_PAYLOAD_LIST_H

#include <stddef.h>
#include <stdint.h>

#include <vireo/value.h>

#include "base/buf.h"

/* Tells a list from the other things that %p takes. */
#define VIREO__LIST_TAG 0x4c4c5303u

struct vireo_list {
    uint32_t tag;
    int error;       /* of the first element that could not be added */
    vireo__buf text; /* "[1,2": the bracket behind it is written where the list is used */
    size_t count;
};

/* vireo__list_write appends the array. Returns 0, the list's error, VIREO_EINVAL for |out| being
 * the list's own text, or the buffer's error. */
int vireo__list_write(vireo__buf *out, const vireo_list *list);

#endif
