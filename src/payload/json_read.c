/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* json_read.c: the reader. Values follow one another; what is open is kept as one bit per level
 * (object or array), and in the document as the chain of parents.
 *
 * The texts of all nodes together are never longer than the JSON text itself: a string of n bytes
 * stands between two quotes, which is room for its NUL, and an escape is never shorter than what it
 * stands for. So one piece of memory, as long as the text, is taken at the start, and every text is
 * appended to it.
 */

#include "payload/json_read.h"

#include <string.h>

#include "base/log.h"
#include "payload/scan.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    vireo__doc *doc; /* NULL: only check */
    char *text;      /* where the next text goes; not used without a document */
    uint32_t nodes_left;
    uint32_t depth;
    uint32_t max_depth;
    const char *wrong; /* what is wrong at |at|, once there is an error */
    uint64_t objects[VIREO__JSON_MAX_DEPTH / 64]; /* bit per level: it is an object */
};

/* What a step found. Errors are negative. */
enum { VALUE_ENDED = 1, VALUE_OPENED, TEXT_ENDED };

static int fail(struct reader *r, int code, const char *wrong)
{
    r->wrong = wrong;
    return code;
}

static void skip_blanks(struct reader *r)
{
    const uint8_t *p = r->at;
    while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    r->at = p;
}

static bool next_is(const struct reader *r, uint8_t c)
{
    return r->at < r->end && *r->at == c;
}

/* add appends a node to the document, if there is one. */
static int add(struct reader *r, uint32_t tag, uint32_t len, const char *text)
{
    if (r->nodes_left == 0)
        return fail(r, VIREO_ETOOBIG, "too many values");
    r->nodes_left--;
    if (r->doc == NULL)
        return 0;
    vireo_value *node = vireo__doc_add(r->doc, tag);
    if (node == NULL)
        return fail(r, VIREO_ENOMEM, "out of memory");
    node->len = len;
    node->as.text = text;
    return 0;
}

/* --- strings ---------------------------------------------------------------------------------- */

static void keep(struct reader *r, const void *bytes, size_t n)
{
    if (r->doc == NULL)
        return;
    memcpy(r->text, bytes, n);
    r->text += n;
}

static void keep_code_point(struct reader *r, uint32_t c)
{
    uint8_t out[4];
    size_t n = 0;
    if (c < 0x80) {
        out[n++] = (uint8_t)c;
    } else if (c < 0x800) {
        out[n++] = (uint8_t)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        out[n++] = (uint8_t)(0xE0 | c >> 12);
        out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    } else {
        out[n++] = (uint8_t)(0xF0 | c >> 18);
        out[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80)
        out[n++] = (uint8_t)(0x80 | (c & 0x3F));
    keep(r, out, n);
}

/* RFC 8259 section 7: "To escape an extended character that is not in the Basic Multilingual Plane,
 * the character is represented as a 12-character sequence, encoding the UTF-16 surrogate pair." A
 * half without its other half stays one. */
static int read_unicode(struct reader *r)
{
    int c = vireo__hex4(r->at, r->end);
    if (c < 0)
        return fail(r, VIREO_EJSON, "four hexadecimal digits expected");
    r->at += 4;
    if (c >= 0xD800 && c <= 0xDBFF && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        int low = vireo__hex4(r->at + 2, r->end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            r->at += 6;
        }
    }
    keep_code_point(r, (uint32_t)c);
    return 0;
}

static int read_escape(struct reader *r)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    r->at++;
    if (r->at == r->end)
        return fail(r, VIREO_EJSON, "string without end");
    if (*r->at == 'u') {
        r->at++;
        return read_unicode(r);
    }
    const char *found = memchr(escapes, *r->at, sizeof escapes - 1);
    if (found == NULL)
        return fail(r, VIREO_EJSON, "unknown escape");
    r->at++;
    keep(r, &meanings[found - escapes], 1);
    return 0;
}

/* read_text reads to the closing quote and past it. Returns 0, or 1 if there were escapes. */
static int read_text(struct reader *r)
{
    int escaped = 0;
    for (;;) {
        const uint8_t *run = r->at;
        r->at = vireo__clean_run(run, r->end);
        keep(r, run, (size_t)(r->at - run));
        if (r->at == r->end)
            return fail(r, VIREO_EJSON, "string without end");
        if (*r->at == '"') {
            r->at++;
            return escaped;
        }
        if (*r->at >= 0x80)
            return fail(r, VIREO_EUTF8, "not valid UTF-8");
        if (*r->at != '\\')
            return fail(r, VIREO_EJSON, "control character in a string");
        int error = read_escape(r);
        if (error)
            return error;
        escaped = 1;
    }
}

static int read_string(struct reader *r, uint32_t flags)
{
    const char *text = r->text;
    r->at++;
    int escaped = read_text(r);
    if (escaped < 0)
        return escaped;
    if (r->doc == NULL)
        return add(r, VIREO_STRING | flags, 0, NULL);
    uint32_t len = (uint32_t)(r->text - text);
    *r->text++ = 0;
    return add(r, VIREO_STRING | flags | (escaped ? 0 : VIREO__VALUE_PLAIN), len, text);
}

/* --- other leaves ----------------------------------------------------------------------------- */

static int read_number(struct reader *r)
{
    const uint8_t *number = r->at;
    const uint8_t *end = vireo__number_run(number, r->end);
    if (end == NULL)
        return fail(r, VIREO_EJSON, "malformed number");
    const char *text = r->text;
    keep(r, number, (size_t)(end - number));
    r->at = end;
    return add(r, VIREO_NUMBER | VIREO__VALUE_RAW, (uint32_t)(end - number), text);
}

static int read_word(struct reader *r, const char *word, uint32_t tag, uint32_t len)
{
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return fail(r, VIREO_EJSON, "value expected");
    r->at += n;
    return add(r, tag, len, NULL);
}

static int read_leaf(struct reader *r)
{
    switch (*r->at) {
    case '"':
        return read_string(r, 0);
    case 't':
        return read_word(r, "true", VIREO_BOOL, 1);
    case 'f':
        return read_word(r, "false", VIREO_BOOL, 0);
    case 'n':
        return read_word(r, "null", VIREO_NULL, 0);
    default:
        if (*r->at != '-' && !vireo__is_digit(*r->at))
            return fail(r, VIREO_EJSON, "value expected");
        return read_number(r);
    }
}

/* --- arrays and objects ----------------------------------------------------------------------- */

static bool in_object(const struct reader *r)
{
    uint32_t level = r->depth - 1;
    return r->objects[level / 64] >> level % 64 & 1;
}

static int open_container(struct reader *r, bool object)
{
    if (r->depth == r->max_depth)
        return fail(r, VIREO_EDEPTH, "nested too deeply");
    int error = add(r, object ? VIREO_OBJECT : VIREO_ARRAY, 0, NULL);
    if (error)
        return error;
    uint64_t bit = UINT64_C(1) << r->depth % 64;
    if (object)
        r->objects[r->depth / 64] |= bit;
    else
        r->objects[r->depth / 64] &= ~bit;
    r->depth++;
    r->at++;
    return VALUE_OPENED;
}

static void close_container(struct reader *r)
{
    r->depth--;
    r->at++;
    if (r->doc != NULL)
        vireo__doc_close(r->doc);
}

/* read_key reads "key" and its colon. */
static int read_key(struct reader *r)
{
    skip_blanks(r);
    if (!next_is(r, '"'))
        return fail(r, VIREO_EJSON, "key in quotes expected");
    int error = read_string(r, VIREO__VALUE_KEY);
    if (error)
        return error;
    skip_blanks(r);
    if (!next_is(r, ':'))
        return fail(r, VIREO_EJSON, "colon expected");
    r->at++;
    return 0;
}

/* open_value opens an array or object, and closes it again if it is empty. */
static int open_value(struct reader *r, bool object)
{
    int opened = open_container(r, object);
    if (opened < 0)
        return opened;
    skip_blanks(r);
    if (next_is(r, object ? '}' : ']')) {
        close_container(r);
        return VALUE_ENDED;
    }
    int error = object ? read_key(r) : 0;
    return error ? error : opened;
}

static int begin_value(struct reader *r)
{
    skip_blanks(r);
    if (r->at == r->end)
        return fail(r, VIREO_EJSON, "value expected");
    if (*r->at == '{' || *r->at == '[')
        return open_value(r, *r->at == '{');
    int error = read_leaf(r);
    return error ? error : VALUE_ENDED;
}

/* end_value reads what may follow a value: the ends of what is open, then a comma, or the end of
 * the text. */
static int end_value(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        if (r->depth == 0)
            return r->at == r->end ? TEXT_ENDED : fail(r, VIREO_EJSON, "end of the text expected");
        bool object = in_object(r);
        if (next_is(r, ',')) {
            r->at++;
            return object ? read_key(r) : 0;
        }
        if (!next_is(r, object ? '}' : ']'))
            return fail(r, VIREO_EJSON, object ? "comma or } expected" : "comma or ] expected");
        close_container(r);
    }
}

static int read_all(struct reader *r)
{
    for (;;) {
        int found = begin_value(r);
        if (found == VALUE_ENDED)
            found = end_value(r);
        if (found == TEXT_ENDED)
            return 0;
        if (found < 0)
            return found;
    }
}

static void begin(struct reader *r, const char *text, size_t n, const vireo__json_limits *limits)
{
    uint32_t depth = limits != NULL ? limits->max_depth : 0;
    uint32_t nodes = limits != NULL ? limits->max_nodes : 0;
    if (depth == 0)
        depth = VIREO__JSON_DEPTH;
    r->at = (const uint8_t *)text;
    r->end = r->at + n;
    r->doc = NULL;
    r->text = NULL;
    r->nodes_left = nodes != 0 ? nodes : UINT32_MAX;
    r->depth = 0;
    r->max_depth = depth < VIREO__JSON_MAX_DEPTH ? depth : VIREO__JSON_MAX_DEPTH;
    r->wrong = NULL;
}

static int finish(const struct reader *r, int code, const char *text, vireo_error *error)
{
    if (code == 0)
        return 0;
    size_t at = (size_t)(r->at - (const uint8_t *)text);
    return vireo__error_set(error, code, "%s at byte %zu", r->wrong, at);
}

int vireo__json_check(const char *text, size_t n, const vireo__json_limits *limits,
                      vireo_error *error)
{
    struct reader r;
    if (n >= UINT32_MAX)
        return vireo__error_set(error, VIREO_ETOOBIG, "4 GiB of text or more");
    if (n == 0)
        text = "";
    begin(&r, text, n, limits);
    return finish(&r, read_all(&r), text, error);
}

int vireo__json_read(vireo__doc *doc, const char *text, size_t n, const vireo__json_limits *limits,
                     vireo_error *error)
{
    struct reader r;
    vireo__doc_reset(doc);
    if (n >= UINT32_MAX)
        return vireo__error_set(error, VIREO_ETOOBIG, "4 GiB of text or more");
    if (n == 0)
        text = "";
    begin(&r, text, n, limits);
    r.doc = doc;
    r.text = vireo__arena_take(&doc->arena, n + 1, 1);
    if (r.text == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "out of memory");
    int code = read_all(&r);
    if (code)
        vireo__doc_reset(doc);
    return finish(&r, code, text, error);
}

vireo_value *vireo_parse(const char *text, size_t len, vireo_error *error)
{
    vireo__doc doc;
    vireo_value *copy = NULL;
    vireo__doc_init(&doc);
    if (vireo__json_read(&doc, text, len, NULL, error) == 0) {
        copy = vireo_copy(vireo__doc_root(&doc));
        if (copy == NULL)
            vireo__error_set(error, VIREO_ENOMEM, "out of memory");
    }
    vireo__doc_deinit(&doc);
    return copy;
}
