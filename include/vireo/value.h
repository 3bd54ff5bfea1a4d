/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* value.h: what a message carries. Reading a value that arrived, and templates for what is sent.
 *
 * Getters. What arrives is hostile, so every getter accepts NULL and a value of another type, and
 * answers NULL or the given default: one test at the end of a chain of getters is enough.
 *
 *     const char *city = vireo_str(vireo_get(vireo_get(vireo_arg(m, 0), "address"), "city"));
 *
 * Templates. What is sent is written as JSON with printf conversions in the places of values. The
 * compiler checks them. Several values stand side by side with commas (the arguments of an event):
 *
 *     vireo_emit(s, "move", "%d, {x:%g, y:%g, name:%s, alive:%hhd}", id, x, y, name, alive);
 *
 *   %s        const char *, a JSON string; NULL gives null
 *   %.*s      int, const char *: so many bytes
 *   %d %i %ld %lld %zd %jd    %u %lu %llu %zu %ju    integers
 *   %hhd      a boolean: 0 gives false, all else true. A comparison is an int in C, and clang warns
 *             of it: write (bool)(a > b)
 *   %g %f     double, as JavaScript writes it; not finite gives null. Never depends on the locale
 *   %p        const void *: a value, a list or one of the leaves below; NULL gives null
 *
 * Keys may be bare (letters, digits, _ and $) or quoted, and a key may be %s or %.*s, then not
 * NULL. Literals are those of JSON; strings in a template stand in '...' or "..." and hold no %:
 * write %s, never "%s". Other conversions, flags, widths and precisions of printf are not known; %%
 * neither. Arrays and objects may stand 32 deep in each other. What is not valid UTF-8 in a %s is
 * replaced by U+FFFD, since a receiver would have to close the connection. A NULL template means
 * "no arguments". A template that is not well-formed is refused with VIREO_ETEMPLATE and nothing is
 * sent.
 */

#ifndef VIREO_VALUE_H
#define VIREO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A vireo_value is one node of a read-only tree. Valid as long as what it was taken from: a
 * message's until the handler returns, a copy's until vireo_value_free. */
typedef struct vireo_value vireo_value;

typedef enum vireo_type {
    VIREO_ABSENT, /* the type of NULL: no such argument, no such member */
    VIREO_NULL,
    VIREO_BOOL,
    VIREO_NUMBER,
    VIREO_STRING,
    VIREO_ARRAY,
    VIREO_OBJECT,
    VIREO_BINARY
} vireo_type;

VIREO_API vireo_type vireo_type_of(const vireo_value *v);

/* vireo_get returns the member |key| of an object, or NULL. Where a key occurs twice the last one
 * counts, as in JavaScript. O(members). */
VIREO_API const vireo_value *vireo_get(const vireo_value *object, const char *key);

/* vireo_at returns element |i| of an array, or NULL. O(i); use vireo_next to visit all. */
VIREO_API const vireo_value *vireo_at(const vireo_value *array, size_t i);

/* vireo_count returns the number of elements or members; 0 for all else. */
VIREO_API size_t vireo_count(const vireo_value *v);

/* vireo_next returns the child of |parent| that follows |child|, the first one for a NULL |child|,
 * NULL at the end.
 *
 *     for (const vireo_value *e = NULL; (e = vireo_next(list, e)) != NULL;) ... */
VIREO_API const vireo_value *vireo_next(const vireo_value *parent, const vireo_value *child);

/* vireo_key returns the key under which |member| stands in its object; NULL for what is no
 * member. */
VIREO_API const char *vireo_key(const vireo_value *member);

/* vireo_str returns the text of a string, ended by a NUL; NULL unless |v| is a string. The text is
 * UTF-8, save that half an emoji (a lone surrogate, which JavaScript allows) stands as the three
 * bytes ED A0..BF 80..BF. A text with a U+0000 inside seems to end there: use vireo_str_len where
 * that matters. */
VIREO_API const char *vireo_str(const vireo_value *v);

/* vireo_str_len is vireo_str with the length in bytes in |*len| (0 unless a string); |len| may be
 * NULL. */
VIREO_API const char *vireo_str_len(const vireo_value *v, size_t *len);

/* vireo_str_or is vireo_str with a default. */
VIREO_API const char *vireo_str_or(const vireo_value *v, const char *otherwise);

/* vireo_int returns a number that is a whole one within int64_t, else |otherwise|. */
VIREO_API int64_t vireo_int(const vireo_value *v, int64_t otherwise);

/* vireo_num returns a number as JavaScript reads it (1e400 is infinite), else |otherwise|. */
VIREO_API double vireo_num(const vireo_value *v, double otherwise);

/* vireo_bool returns true or false where |v| is one of them, else |otherwise|. */
VIREO_API bool vireo_bool(const vireo_value *v, bool otherwise);

/* vireo_bytes returns the content of a binary leaf and its length in |*len|; NULL and 0 unless |v|
 * is binary. An empty leaf gives a pointer that is not NULL. |len| may be NULL. */
VIREO_API const void *vireo_bytes(const vireo_value *v, size_t *len);

/* vireo_copy returns new: |v| and all below it in one allocation of its own; free it with
 * vireo_value_free. NULL when memory runs out or |v| is NULL. */
VIREO_API vireo_value *vireo_copy(const vireo_value *v);

/* vireo_parse reads one JSON text (RFC 8259, strict).
 *
 * text    borrowed for the call
 * error   may be NULL; says what is wrong and at which byte
 * Returns new, free it with vireo_value_free; NULL on error. */
VIREO_API vireo_value *vireo_parse(const char *text, size_t len, vireo_error *error);

/* vireo_value_free frees what vireo_copy or vireo_parse returned. NULL is allowed. */
VIREO_API void vireo_value_free(vireo_value *v);

/* vireo_json returns new: |v| as JSON text, as JSON.stringify writes it, save that numbers stand as
 * they came (1.0 stays 1.0); ended by a NUL; free() it. A binary leaf is written as in Node,
 * {"type":"Buffer","data":[..]}; NULL is written as null. |len| may be NULL. NULL when memory runs
 * out. */
VIREO_API char *vireo_json(const vireo_value *v, size_t *len);

/* vireo_format returns new: the values of a template (see above) with commas between them, ended by
 * a NUL; free() it. |len| may be NULL. NULL when the template is malformed, an argument is refused
 * or memory runs out. */
VIREO_API char *vireo_format(size_t *len, const char *tmpl, ...) VIREO_PRINTF(2, 3);

/* Lists: a JSON array with as many elements as there happen to be. It is an argument for %p:
 *
 *     vireo_list *todos = vireo_list_new();
 *     for (..)
 *         vireo_list_add(todos, "{id:%d, title:%s}", todo->id, todo->title);
 *     vireo_ack(m, "{todos:%p}", todos);
 *     vireo_list_free(todos);
 *
 * It may be used more than once, grow after that, and be an element of another list. */
typedef struct vireo_list vireo_list;

/* vireo_list_new returns new: an empty list, for vireo_list_free. Never NULL: when memory runs out
 * it is one that has that error already. */
VIREO_API vireo_list *vireo_list_new(void);

/* vireo_list_add puts one value at the end. A binary leaf in it is written as in vireo_json.
 *
 * tmpl   exactly one value
 * Returns 0, VIREO_ETEMPLATE, VIREO_EINVAL (a %p to what is no value, or the list itself),
 * VIREO_EJSON, VIREO_EUTF8, VIREO_EDEPTH (a vireo_json_text that is none), VIREO_ENOMEM. An error
 * stays with the list: whatever it is then used in is refused with the same error, so that nobody
 * has to look at this result. */
VIREO_API int vireo_list_add(vireo_list *list, const char *tmpl, ...) VIREO_PRINTF(2, 3);

/* vireo_list_count returns the number of elements. */
VIREO_API size_t vireo_list_count(const vireo_list *list);
VIREO_API void vireo_list_free(vireo_list *list); /* NULL is allowed */

/* Leaves: arguments for %p beside a vireo_value. */
typedef struct vireo_leaf {
    uint32_t tag; /* VIREO_LEAF_* */
    const void *data;
    size_t size;
} vireo_leaf;

#define VIREO_LEAF_BINARY 0x4c424e01u
#define VIREO_LEAF_JSON   0x4c4a5302u

static inline vireo_leaf vireo_leaf_of(uint32_t tag, const void *data, size_t size)
{
    vireo_leaf leaf;
    leaf.tag = tag;
    leaf.data = data;
    leaf.size = size;
    return leaf;
}

#ifndef __cplusplus
/* vireo_binary(data, size) is a binary leaf for %p; borrowed for the call it stands in.
 *
 *     vireo_emit(s, "image", "{name:%s, data:%p}", name, vireo_binary(bytes, n)); */
#define vireo_binary(data, size)                                                                   \
    ((const void *)&(const vireo_leaf){VIREO_LEAF_BINARY, (data), (size)})

/* vireo_json_text(text, len) is a value that is JSON already; it is checked, never trusted. */
#define vireo_json_text(text, len)                                                                 \
    ((const void *)&(const vireo_leaf){VIREO_LEAF_JSON, (text), (len)})
#endif

#ifdef __cplusplus
}
#endif
#endif
