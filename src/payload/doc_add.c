/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doc_add.c: leaves and whole trees for a document, by whoever has them as values of C: the reader
 * of msgpack, builders. The reader of JSON knows its texts' places beforehand and does without. */

#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/doc.h"
#include "payload/scan.h"

#define EXACT (INT64_C(1) << 53) /* up to here every whole number is a double */

/* --- texts ------------------------------------------------------------------------------------ */

/* mend writes the text with its wrong parts replaced, and returns its length; |out| may be NULL. */
static size_t mend(char *out, const uint8_t *p, const uint8_t *end)
{
    size_t len = 0;
    while (p < end) {
        size_t n = *p < 0x80 ? 1 : vireo__character(p, end);
        size_t wrong = 0;
        if (n == 0 && vireo__is_surrogate(p, end))
            n = 3;
        else if (n == 0)
            wrong = vireo__wrong_part(p, end);
        if (out != NULL)
            memcpy(out + len, wrong ? (const void *)"\xEF\xBF\xBD" : p, wrong ? 3 : n);
        len += wrong ? 3 : n;
        p += wrong ? wrong : n;
    }
    return len;
}

static int add_copy(vireo__doc *doc, uint32_t tag, const char *text, size_t n)
{
    char *copy = vireo__arena_take(&doc->arena, n + 1, 1);
    vireo_value *node = copy != NULL ? vireo__doc_add(doc, tag) : NULL;
    if (node == NULL)
        return VIREO_ENOMEM;
    memcpy(copy, text, n);
    copy[n] = '\0';
    node->len = (uint32_t)n;
    node->as.text = copy;
    return 0;
}

static int add_mended(vireo__doc *doc, uint32_t flags, const uint8_t *p, const uint8_t *end)
{
    size_t n = mend(NULL, p, end);
    char *copy = n < UINT32_MAX ? vireo__arena_take(&doc->arena, n + 1, 1) : NULL;
    vireo_value *node = copy != NULL ? vireo__doc_add(doc, VIREO_STRING | flags) : NULL;
    if (node == NULL)
        return n < UINT32_MAX ? VIREO_ENOMEM : VIREO_ETOOBIG;
    mend(copy, p, end);
    copy[n] = '\0';
    node->len = (uint32_t)n;
    node->as.text = copy;
    return 0;
}

int vireo__doc_add_text(vireo__doc *doc, uint32_t flags, const char *text, size_t n)
{
    if (n >= UINT32_MAX / 3)
        return VIREO_ETOOBIG;
    if (n == 0)
        text = "";
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + n;
    if (vireo__clean_run(p, end) == end)
        return add_copy(doc, VIREO_STRING | VIREO__VALUE_PLAIN | flags, text, n);
    return add_mended(doc, flags, p, end);
}

/* --- other leaves ----------------------------------------------------------------------------- */

int vireo__doc_add_null(vireo__doc *doc)
{
    return vireo__doc_add(doc, VIREO_NULL) != NULL ? 0 : VIREO_ENOMEM;
}

int vireo__doc_add_bool(vireo__doc *doc, bool truth)
{
    vireo_value *node = vireo__doc_add(doc, VIREO_BOOL);
    if (node == NULL)
        return VIREO_ENOMEM;
    node->len = truth;
    return 0;
}

int vireo__doc_add_number(vireo__doc *doc, double number)
{
    vireo_value *node = vireo__doc_add(doc, VIREO_NUMBER);
    if (node == NULL)
        return VIREO_ENOMEM;
    node->as.number = number;
    return 0;
}

/* add_digits keeps a number as it would have been written. */
static int add_digits(vireo__doc *doc, bool negative, uint64_t magnitude)
{
    char text[24];
    int n =
        snprintf(text, sizeof text, "%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
    return add_copy(doc, VIREO_NUMBER | VIREO__VALUE_RAW, text, (size_t)n);
}

int vireo__doc_add_int(vireo__doc *doc, int64_t number)
{
    if (number >= -EXACT && number <= EXACT)
        return vireo__doc_add_number(doc, (double)number);
    return add_digits(doc, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

int vireo__doc_add_uint(vireo__doc *doc, uint64_t number)
{
    if (number <= (uint64_t)EXACT)
        return vireo__doc_add_number(doc, (double)number);
    return add_digits(doc, false, number);
}

int vireo__doc_add_bytes(vireo__doc *doc, const void *data, size_t n)
{
    if (n > UINT32_MAX)
        return VIREO_ETOOBIG;
    vireo_value *node = vireo__doc_add(doc, VIREO_BINARY);
    if (node == NULL)
        return VIREO_ENOMEM;
    node->len = (uint32_t)n;
    node->as.bytes = n > 0 ? data : "";
    return 0;
}

/* --- trees ------------------------------------------------------------------------------------ */

/* add_alike adds one node of a tree, with a copy of what it refers to. */
static int add_alike(vireo__doc *doc, const vireo_value *v)
{
    uint32_t tag = v->tag & ~(VIREO__VALUE_MARK_MASK | VIREO__VALUE_MEMBER);
    if (vireo__value_has_text(v))
        return add_copy(doc, tag, v->as.text, v->len);
    vireo_value *node = vireo__doc_add(doc, tag);
    if (node == NULL)
        return VIREO_ENOMEM;
    if (!vireo__value_is_parent(v)) {
        node->len = v->len;
        node->as = v->as;
    }
    return 0;
}

/* Where the parents of |v| end, those of the copy are closed. A leaf that covers nodes becomes one
 * that does not. */
int vireo__doc_add_tree(vireo__doc *doc, const vireo_value *v)
{
    for (const vireo_value *at = v, *next; at < v + v->span; at = next) {
        int error = add_alike(doc, at);
        if (error < 0)
            return error;
        next = vireo__value_after(at);
        for (const vireo_value *up = at; next == up + up->span; up -= up->up) {
            if (vireo__value_is_parent(up))
                vireo__doc_close(doc);
            if (up == v)
                break;
        }
    }
    return 0;
}
