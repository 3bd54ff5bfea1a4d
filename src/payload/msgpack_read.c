/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack_read.c: the state machine is that of msgpack-c, which it offers as a template
 * (msgpack/unpack_template.h) to be given callbacks. Its ready-made unpacker is not for bytes of
 * strangers: it allocates for as many elements as an array announces. The template itself allocates
 * nothing; it has a stack of fixed depth, and here every callback adds to the document.
 *
 * An array or a map is open in the document from its beginning until it is handed over as an item
 * of what it stands in, or as the root. */

#include "payload/msgpack_read.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

#define MSGPACK_EMBED_STACK_SIZE VIREO__MSGPACK_DEPTH
#include <msgpack.h>
#include <msgpack/unpack_define.h>

#define NOTHING UINT32_MAX /* in place of a node's index: undefined */

struct reader {
    vireo__doc *doc;
    uint32_t nodes_left;
    bool key_next; /* what comes next is a key of the open object */
    int error;
    const char *wrong;
};

static int fail(struct reader *r, int code, const char *wrong)
{
    r->error = code;
    r->wrong = wrong;
    return code;
}

/* next makes sure that there may be another value, or key. */
static int next(struct reader *r, bool may_be_key)
{
    if (r->key_next && !may_be_key)
        return fail(r, VIREO_EPROTO, "a key that is no text");
    if (r->nodes_left == 0)
        return fail(r, VIREO_ETOOBIG, "too many values");
    r->nodes_left--;
    return 0;
}

/* added hands over the node that was added last. */
static int added(struct reader *r, int error, uint32_t *o)
{
    if (error < 0)
        return fail(r, error, vireo_strerror(error));
    *o = r->doc->count - 1;
    return 0;
}

static int add_text(struct reader *r, const char *text, size_t n, uint32_t *o)
{
    uint32_t flags = r->key_next ? VIREO__VALUE_KEY : 0;
    r->key_next = false;
    return added(r, vireo__doc_add_text(r->doc, flags, text, n), o);
}

/* --- leaves ----------------------------------------------------------------------------------- */

static int take_uint(struct reader *r, uint64_t number, uint32_t *o)
{
    char digits[24];
    int error = next(r, true);
    if (error < 0)
        return error;
    if (!r->key_next)
        return added(r, vireo__doc_add_uint(r->doc, number), o);
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    return add_text(r, digits, (size_t)n, o);
}

static int take_int(struct reader *r, int64_t number, uint32_t *o)
{
    char digits[24];
    if (number >= 0)
        return take_uint(r, (uint64_t)number, o);
    int error = next(r, true);
    if (error < 0)
        return error;
    if (!r->key_next)
        return added(r, vireo__doc_add_int(r->doc, number), o);
    int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    return add_text(r, digits, (size_t)n, o);
}

static int take_double(struct reader *r, double number, uint32_t *o)
{
    int error = next(r, false);
    return error < 0 ? error : added(r, vireo__doc_add_number(r->doc, number), o);
}

static int take_bool(struct reader *r, bool truth, uint32_t *o)
{
    int error = next(r, false);
    return error < 0 ? error : added(r, vireo__doc_add_bool(r->doc, truth), o);
}

static int take_null(struct reader *r, uint32_t *o)
{
    int error = next(r, false);
    return error < 0 ? error : added(r, vireo__doc_add_null(r->doc), o);
}

static int take_text(struct reader *r, const char *text, size_t n, uint32_t *o)
{
    int error = next(r, true);
    return error < 0 ? error : add_text(r, text, n, o);
}

static int take_bytes(struct reader *r, const char *bytes, size_t n, uint32_t *o)
{
    int error = next(r, false);
    return error < 0 ? error : added(r, vireo__doc_add_bytes(r->doc, bytes, n), o);
}

/* --- arrays and maps -------------------------------------------------------------------------- */

static int open_parent(struct reader *r, vireo_type type, uint32_t *o)
{
    int error = next(r, false);
    if (error < 0)
        return error;
    error = vireo__doc_add(r->doc, type) != NULL ? 0 : VIREO_ENOMEM;
    r->key_next = type == VIREO_OBJECT;
    return added(r, error, o);
}

static void close_if_open(struct reader *r, uint32_t o)
{
    if (o != NOTHING && vireo__value_is_parent(&r->doc->nodes[o]))
        vireo__doc_close(r->doc);
}

static int take_item(struct reader *r, uint32_t item, bool of_map)
{
    close_if_open(r, item);
    r->key_next = of_map;
    return 0;
}

/* --- extensions ------------------------------------------------------------------------------- */

static bool in_map(const struct reader *r)
{
    return r->doc->open != VIREO__DOC_CLOSED &&
           vireo__value_type(&r->doc->nodes[r->doc->open]) == VIREO_OBJECT;
}

static int take_undefined(struct reader *r, uint32_t *o)
{
    if (!in_map(r) || r->key_next)
        return take_null(r, o);
    r->doc->count--; /* the key goes too */
    *o = NOTHING;
    return 0;
}

static int64_t big_endian(const char *bytes)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | (uint8_t)bytes[i];
    return (int64_t)n;
}

/* ECMA-262 section 21.4.1.32: "YYYY-MM-DDTHH:mm:ss.sssZ", and years of six digits with a sign
 * outside 0 to 9999; section 21.4.1.31 (TimeClip): further than 8.64e15 ms away there is no time.
 */
static int take_date(struct reader *r, int64_t ms, uint32_t *o)
{
    char text[40];
    struct tm tm;
    if (ms > INT64_C(8640000000000000) || ms < -INT64_C(8640000000000000))
        return take_null(r, o);
    int64_t rest = (ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((ms - rest) / 1000);
    if (gmtime_r(&seconds, &tm) == NULL)
        return take_null(r, o);
    int year = tm.tm_year + 1900;
    const char *sign = year < 0 ? "-" : "+";
    bool far = year < 0 || year > 9999;
    int n = snprintf(text, sizeof text, "%s%0*d-%02d-%02dT%02d:%02d:%02d.%03dZ", far ? sign : "",
                     far ? 6 : 4, year < 0 ? -year : year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                     tm.tm_min, tm.tm_sec, (int)rest);
    return take_text(r, text, (size_t)n, o);
}

static int take_unknown(struct reader *r, int type, const char *bytes, size_t n, uint32_t *o)
{
    uint32_t element;
    if (open_parent(r, VIREO_ARRAY, o) < 0 || take_int(r, type, &element) < 0)
        return r->error;
    return take_bytes(r, bytes, n, &element);
}

/* take_extension has the type at |p| and |n| - 1 bytes behind it. In front of the type stands the
 * byte of a fixext, d4 to d8, or else the end of a length, which is smaller where it could be
 * mistaken. */
static int take_extension(struct reader *r, const char *p, size_t n, uint32_t *o)
{
    if (n == 0)
        return fail(r, VIREO_EPROTO, "an extension without type");
    int type = (int8_t)p[0];
    uint8_t before = (uint8_t)p[-1];
    bool fixed = n <= 17 && before >= 0xD4;
    if (type == 0 && !fixed)
        return take_bytes(r, p + 1, n - 1, o);
    if (type == 0 && before == 0xD4)
        return take_undefined(r, o);
    if (type == 0 && before == 0xD7)
        return take_date(r, big_endian(p + 1), o);
    return take_unknown(r, type, p + 1, n - 1, o);
}

/* --- the state machine ------------------------------------------------------------------------ */

/* Its names; an "object" is the index of a node. */
#define msgpack_unpack_struct(name)    struct unpack##name
#define msgpack_unpack_func(ret, name) static inline ret unpack##name
#define msgpack_unpack_callback(name)  on##name
#define msgpack_unpack_object          uint32_t
#define msgpack_unpack_user            struct reader

/* What is called for each kind of value. */
#define ON_NUMBER(kind, type, take)                                                                \
    static inline int on_##kind(struct reader *r, type number, uint32_t *o)                        \
    {                                                                                              \
        return take(r, number, o);                                                                 \
    }
ON_NUMBER(uint8, uint8_t, take_uint)
ON_NUMBER(uint16, uint16_t, take_uint)
ON_NUMBER(uint32, uint32_t, take_uint)
ON_NUMBER(uint64, uint64_t, take_uint)
ON_NUMBER(int8, int8_t, take_int)
ON_NUMBER(int16, int16_t, take_int)
ON_NUMBER(int32, int32_t, take_int)
ON_NUMBER(int64, int64_t, take_int)
ON_NUMBER(float, float, take_double)
ON_NUMBER(double, double, take_double)
#undef ON_NUMBER

#define ON_PIECE(kind, take)                                                                       \
    static inline int on_##kind(struct reader *r, const char *base, const char *p, unsigned n,     \
                                uint32_t *o)                                                       \
    {                                                                                              \
        (void)base;                                                                                \
        return take(r, p, n, o);                                                                   \
    }
ON_PIECE(str, take_text)
ON_PIECE(bin, take_bytes)
ON_PIECE(ext, take_extension)
#undef ON_PIECE

static inline uint32_t on_root(struct reader *r)
{
    (void)r;
    return NOTHING;
}

static inline int on_nil(struct reader *r, uint32_t *o)
{
    return take_null(r, o);
}

static inline int on_true(struct reader *r, uint32_t *o)
{
    return take_bool(r, true, o);
}

static inline int on_false(struct reader *r, uint32_t *o)
{
    return take_bool(r, false, o);
}

static inline int on_array(struct reader *r, unsigned announced, uint32_t *o)
{
    (void)announced;
    return open_parent(r, VIREO_ARRAY, o);
}

static inline int on_array_item(struct reader *r, uint32_t *array, uint32_t item)
{
    (void)array;
    return take_item(r, item, false);
}

static inline int on_map(struct reader *r, unsigned announced, uint32_t *o)
{
    (void)announced;
    return open_parent(r, VIREO_OBJECT, o);
}

static inline int on_map_item(struct reader *r, uint32_t *map, uint32_t key, uint32_t item)
{
    (void)map;
    (void)key;
    return take_item(r, item, true);
}

#include <msgpack/unpack_template.h>

/* --- all of it -------------------------------------------------------------------------------- */

/* unpack reads one value. |*at| gets where it stopped. */
static int unpack(struct reader *r, const char *data, size_t n, size_t *at)
{
    struct unpack_context machine;
    machine.user = *r;
    unpack_init(&machine);
    int found = unpack_execute(&machine, data, n, at);
    *r = machine.user;
    if (r->error < 0)
        return r->error;
    if (found == 0)
        return fail(r, VIREO_EPROTO, "the end is missing");
    if (found == MSGPACK_UNPACK_NOMEM_ERROR)
        return fail(r, VIREO_EDEPTH, "nested too deeply");
    if (found < 0)
        return fail(r, VIREO_EPROTO, "no value begins so");
    if (*at < n)
        return fail(r, VIREO_EPROTO, "end of the bytes expected");
    close_if_open(r, unpack_data(&machine));
    return 0;
}

int vireo__msgpack_read(vireo__doc *doc, const void *data, size_t n, uint32_t max_nodes,
                        vireo_error *error)
{
    size_t at = 0;
    struct reader r = {.doc = doc, .nodes_left = max_nodes};
    vireo__doc_reset(doc);
    int code = unpack(&r, n > 0 ? data : "", n, &at);
    if (code < 0)
        vireo__doc_reset(doc);
    return code < 0 ? vireo__error_set(error, code, "%s at byte %zu", r.wrong, at) : 0;
}
