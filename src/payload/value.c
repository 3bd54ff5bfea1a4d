/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/value.h"

#include <stdlib.h>
#include <string.h>

#include "payload/number.h"

static bool is(const vireo_value *v, vireo_type type)
{
    return v != NULL && vireo__value_type(v) == type;
}

vireo_type vireo_type_of(const vireo_value *v)
{
    return v != NULL ? vireo__value_type(v) : VIREO_ABSENT;
}

/* --- arrays and objects ----------------------------------------------------------------------- */

const vireo_value *vireo_next(const vireo_value *parent, const vireo_value *child)
{
    if (!is(parent, VIREO_ARRAY) && !is(parent, VIREO_OBJECT))
        return NULL;
    const vireo_value *next = child != NULL ? child + child->span : parent + 1;
    if (next >= parent + parent->span)
        return NULL;
    return next->tag & VIREO__VALUE_KEY ? next + 1 : next;
}

const vireo_value *vireo_get(const vireo_value *object, const char *key)
{
    const vireo_value *found = NULL;
    if (!is(object, VIREO_OBJECT) || key == NULL)
        return NULL;
    size_t n = strlen(key);
    for (const vireo_value *v = NULL; (v = vireo_next(object, v)) != NULL;)
        if (v[-1].len == n && memcmp(v[-1].as.text, key, n) == 0)
            found = v;
    return found;
}

const vireo_value *vireo_at(const vireo_value *array, size_t i)
{
    if (!is(array, VIREO_ARRAY) || i >= array->len)
        return NULL;
    const vireo_value *v = array + 1;
    for (; i > 0; i--)
        v += v->span;
    return v;
}

size_t vireo_count(const vireo_value *v)
{
    return is(v, VIREO_ARRAY) || is(v, VIREO_OBJECT) ? v->len : 0;
}

const char *vireo_key(const vireo_value *member)
{
    return member != NULL && member->tag & VIREO__VALUE_MEMBER ? member[-1].as.text : NULL;
}

/* --- leaves ----------------------------------------------------------------------------------- */

const char *vireo_str_len(const vireo_value *v, size_t *len)
{
    bool string = is(v, VIREO_STRING);
    if (len != NULL)
        *len = string ? v->len : 0;
    return string ? v->as.text : NULL;
}

const char *vireo_str(const vireo_value *v)
{
    return is(v, VIREO_STRING) ? v->as.text : NULL;
}

const char *vireo_str_or(const vireo_value *v, const char *otherwise)
{
    return is(v, VIREO_STRING) ? v->as.text : otherwise;
}

int64_t vireo_int(const vireo_value *v, int64_t otherwise)
{
    int64_t n;
    if (!is(v, VIREO_NUMBER))
        return otherwise;
    if (v->tag & VIREO__VALUE_RAW && vireo__is_integer(v->as.text, v->len))
        return vireo__int_read(v->as.text, v->len, &n) ? n : otherwise;
    return vireo__int_of(vireo_num(v, 0), &n) ? n : otherwise;
}

double vireo_num(const vireo_value *v, double otherwise)
{
    if (!is(v, VIREO_NUMBER))
        return otherwise;
    return v->tag & VIREO__VALUE_RAW ? vireo__double_read(v->as.text, v->len) : v->as.number;
}

bool vireo_bool(const vireo_value *v, bool otherwise)
{
    return is(v, VIREO_BOOL) ? v->len != 0 : otherwise;
}

const void *vireo_bytes(const vireo_value *v, size_t *len)
{
    bool binary = is(v, VIREO_BINARY);
    if (len != NULL)
        *len = binary ? v->len : 0;
    return binary ? v->as.bytes : NULL;
}

/* --- copies ----------------------------------------------------------------------------------- */

static size_t text_size(const vireo_value *root)
{
    size_t size = 0;
    for (const vireo_value *v = root; v < root + root->span; v = vireo__value_after(v))
        if (vireo__value_has_text(v))
            size += (size_t)v->len + 1;
    return size;
}

size_t vireo__value_size(const vireo_value *v)
{
    return v != NULL ? v->span * sizeof *v + text_size(v) : 0;
}

vireo_value *vireo_copy(const vireo_value *v)
{
    if (v == NULL)
        return NULL;
    size_t nodes = v->span * sizeof *v;
    vireo_value *copy = malloc(vireo__value_size(v));
    if (copy == NULL)
        return NULL;
    memcpy(copy, v, nodes);
    copy->up = 0;
    copy->tag &= ~VIREO__VALUE_MEMBER;
    char *text = (char *)copy + nodes;
    for (vireo_value *c = copy; c < copy + copy->span; c += vireo__value_after(c) - c) {
        if (!vireo__value_has_text(c))
            continue;
        memcpy(text, c->as.bytes, c->len);
        text[c->len] = 0;
        c->as.bytes = text;
        text += c->len + 1;
    }
    return copy;
}

vireo_value *vireo__value_list(vireo_value *const *items, size_t n)
{
    static const vireo_value null = {.tag = VIREO__VALUE_MARK | VIREO_NULL, .span = 1};
    size_t nodes = 1;
    for (size_t i = 0; i < n; i++)
        nodes += items[i] != NULL ? items[i]->span : 1;
    vireo_value *list = nodes <= UINT32_MAX ? malloc(nodes * sizeof *list) : NULL;
    if (list == NULL)
        return NULL;
    list[0] = (vireo_value){
        .tag = VIREO__VALUE_MARK | VIREO_ARRAY, .span = (uint32_t)nodes, .len = (uint32_t)n};
    uint32_t at = 1;
    for (size_t i = 0; i < n; i++) {
        const vireo_value *item = items[i] != NULL ? items[i] : &null;
        memcpy(list + at, item, item->span * sizeof *item);
        list[at].up = at;
        at += item->span;
    }
    return list;
}

void vireo_value_free(vireo_value *v)
{
    free(v);
}
