/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* value.h (payload): how a value lies in memory.
 *
 * A tree is one array of nodes in the order in which the text names them (preorder), so that
 * reading it allocates nothing per value and copying it is one memcpy. {"a":[1,true],"b":null} is
 *
 *     node   0        1        2        3        4        5        6
 *            object   "a" key  array    1        true     "b" key  null
 *     span   7        1        3        1        1        1        1
 *     up     0        1        2        1        2        5        6
 *     len    2        1        2        1        1        1        0
 *
 * span counts the nodes of the subtree, itself included; up those back to the parent; len is
 * members, elements, bytes or truth, as the type has it.
 *
 * The next sibling of a node is node + span, its parent node - up, the key of a member the node
 * before it. Spans and ups are relative: a subtree may be copied elsewhere as it is. A leaf may
 * span more than one node: it then stands where a placeholder object stood, whose members are still
 * there and are stepped over.
 *
 *     byte   0     2       3      4      8     12    16          24
 *            +-----+-------+------+------+-----+-----+-----------+
 *            |mark | flags | type | span | len | up  | as        |   (the first four: |tag|)
 *            +-----+-------+------+------+-----+-----+-----------+
 */

#ifndef VIREO_PAYLOAD_VALUE_H
#define VIREO_PAYLOAD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/value.h>

struct vireo_value {
    uint32_t tag;  /* VIREO__VALUE_MARK | VIREO__VALUE_* flags | vireo_type */
    uint32_t span; /* >= 1 */
    uint32_t len;  /* text, binary: bytes; array, object: children; bool: 0 or 1 */
    uint32_t up;   /* 0 for the root */
    union {
        const char *text;  /* string, ended by a NUL; number with VIREO__VALUE_RAW, not ended */
        const void *bytes; /* binary; not NULL */
        double number;     /* number without VIREO__VALUE_RAW */
    } as;
};

/* The mark tells a value from the leaves of vireo/value.h, whose tags begin otherwise: %p takes
 * both. */
#define VIREO__VALUE_MARK      0x56a10000u
#define VIREO__VALUE_MARK_MASK 0xffff0000u
#define VIREO__VALUE_TYPE_MASK 0x000000ffu

#define VIREO__VALUE_KEY    0x0100u /* a string that is the key of the node behind it */
#define VIREO__VALUE_MEMBER 0x0200u /* a value whose key is the node before it */
#define VIREO__VALUE_PLAIN  0x0400u /* a string of UTF-8 with nothing to escape */
#define VIREO__VALUE_RAW    0x0800u /* a number that is kept as it was written */

/* vireo__value_size returns the bytes that vireo_copy would take for |v|; 0 for NULL. */
size_t vireo__value_size(const vireo_value *v);

/* vireo__value_type returns the type of |v|, which is not NULL. */
static inline vireo_type vireo__value_type(const vireo_value *v)
{
    return (vireo_type)(v->tag & VIREO__VALUE_TYPE_MASK);
}

/* vireo__value_is_parent: an array or an object, |v| not NULL. */
static inline bool vireo__value_is_parent(const vireo_value *v)
{
    vireo_type type = vireo__value_type(v);
    return type == VIREO_ARRAY || type == VIREO_OBJECT;
}

/* vireo__value_has_text tells whether |v| refers to bytes of its own outside the nodes. */
static inline bool vireo__value_has_text(const vireo_value *v)
{
    vireo_type type = vireo__value_type(v);
    return type == VIREO_STRING || type == VIREO_BINARY ||
           (type == VIREO_NUMBER && v->tag & VIREO__VALUE_RAW);
}

/* vireo__value_after returns the node behind |v| in preorder, without what a leaf covers. */
static inline const vireo_value *vireo__value_after(const vireo_value *v)
{
    return vireo__value_is_parent(v) ? v + 1 : v + v->span;
}

/* vireo__value_list returns new: an array of |n| items (roots, as vireo_copy returns them; NULL
 * stands for null); free it with vireo_value_free. The nodes are copied, the texts borrowed: valid
 * as long as the items. NULL when memory runs out. */
vireo_value *vireo__value_list(vireo_value *const *items, size_t n);

#endif
