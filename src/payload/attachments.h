/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* attachments.h: the binary parts of a message, in the order in which the text refers to them.
 *
 * A Socket.IO packet writes a binary leaf as {"_placeholder":true,"num":K}; the bytes travel behind
 * the text as the K-th attachment. A writer collects them here, a reader gets them as a plain
 * array.
 */

#ifndef VIREO_PAYLOAD_ATTACHMENTS_H
#define VIREO_PAYLOAD_ATTACHMENTS_H

#include <stddef.h>

/* One binary part. The bytes are borrowed. */
typedef struct vireo__attachment {
    const void *data; /* may be NULL when size is 0 */
    size_t size;
} vireo__attachment;

#define VIREO__FEW_ATTACHMENTS 4 /* so many are collected without an allocation */

/* A list that a writer fills. May be moved as a struct. */
typedef struct vireo__attachments {
    size_t count;
    size_t cap;              /* of |more| */
    vireo__attachment *more; /* NULL while they fit in |few| */
    vireo__attachment few[VIREO__FEW_ATTACHMENTS];
} vireo__attachments;

/* vireo__attachments_init prepares an empty list; allocates nothing. */
void vireo__attachments_init(vireo__attachments *a);

/* vireo__attachments_deinit frees the list, not the bytes it refers to, and leaves it empty. */
void vireo__attachments_deinit(vireo__attachments *a);

/* vireo__attachments_add appends one part; |data| is borrowed for as long as the list is used.
 * Returns 0 or VIREO_ENOMEM. */
int vireo__attachments_add(vireo__attachments *a, const void *data, size_t size);

/* vireo__attachments_list returns the |count| parts; valid until the next add. */
static inline const vireo__attachment *vireo__attachments_list(const vireo__attachments *a)
{
    return a->more != NULL ? a->more : a->few;
}

#endif
