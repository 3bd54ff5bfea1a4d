/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/doc.h"

#include <stdlib.h>

#include <vireo/error.h>

enum { FIRST_NODES = 32 };

/* Indices are of 32 bits, and sizes must not overflow where size_t has no more. */
#define MAX_SIZED (SIZE_MAX / sizeof(vireo_value))
#define MAX_NODES (MAX_SIZED < UINT32_MAX ? MAX_SIZED : UINT32_MAX)

void vireo__doc_init(vireo__doc *doc)
{
    doc->nodes = NULL;
    doc->count = 0;
    doc->cap = 0;
    doc->open = VIREO__DOC_CLOSED;
    vireo__arena_init(&doc->arena);
}

void vireo__doc_deinit(vireo__doc *doc)
{
    free(doc->nodes);
    vireo__arena_deinit(&doc->arena);
    vireo__doc_init(doc);
}

void vireo__doc_reset(vireo__doc *doc)
{
    if (doc->cap > VIREO__DOC_KEEP) {
        free(doc->nodes);
        doc->nodes = NULL;
        doc->cap = 0;
    }
    doc->count = 0;
    doc->open = VIREO__DOC_CLOSED;
    vireo__arena_reset(&doc->arena);
}

static int grow(vireo__doc *doc)
{
    if (doc->cap > MAX_NODES / 2)
        return VIREO_ENOMEM;
    uint32_t cap = doc->cap ? doc->cap * 2 : FIRST_NODES;
    vireo_value *nodes = realloc(doc->nodes, cap * sizeof *nodes);
    if (nodes == NULL)
        return VIREO_ENOMEM;
    doc->nodes = nodes;
    doc->cap = cap;
    return 0;
}

vireo_value *vireo__doc_add(vireo__doc *doc, uint32_t tag)
{
    if (doc->count == doc->cap && grow(doc) < 0)
        return NULL;
    vireo_value *node = &doc->nodes[doc->count];
    node->tag = VIREO__VALUE_MARK | tag;
    node->span = 1;
    node->len = 0;
    node->up = 0;
    if (doc->open != VIREO__DOC_CLOSED) {
        vireo_value *parent = &doc->nodes[doc->open];
        node->up = doc->count - doc->open;
        if (!(tag & VIREO__VALUE_KEY)) {
            parent->len++;
            if (vireo__value_type(parent) == VIREO_OBJECT)
                node->tag |= VIREO__VALUE_MEMBER;
        }
    }
    vireo_type type = (vireo_type)(tag & VIREO__VALUE_TYPE_MASK);
    if (type == VIREO_ARRAY || type == VIREO_OBJECT)
        doc->open = doc->count;
    doc->count++;
    return node;
}

void vireo__doc_close(vireo__doc *doc)
{
    vireo_value *node = &doc->nodes[doc->open];
    node->span = doc->count - doc->open;
    doc->open = node->up ? doc->open - node->up : VIREO__DOC_CLOSED;
}

/* fill_in makes |object| a binary leaf. It keeps its span: what was below it stays there, and is
 * stepped over. */
static int fill_in(vireo_value *object, const vireo__attachment *list, size_t count)
{
    int64_t num = vireo_int(vireo_get(object, "num"), -1);
    if (num < 0 || (uint64_t)num >= count)
        return VIREO_EPROTO;
    const vireo__attachment *part = &list[num];
    if (part->size > UINT32_MAX)
        return VIREO_ETOOBIG;
    object->tag = VIREO__VALUE_MARK | (object->tag & VIREO__VALUE_MEMBER) | VIREO_BINARY;
    object->len = (uint32_t)part->size;
    object->as.bytes = part->data != NULL ? part->data : "";
    return 0;
}

int vireo__doc_fill_attachments(vireo__doc *doc, const vireo__attachment *list, size_t count)
{
    size_t filled = 0;
    for (uint32_t i = 0; i < doc->count;) {
        vireo_value *node = &doc->nodes[i];
        if (vireo_bool(vireo_get(node, "_placeholder"), false)) {
            int error = filled++ < count ? fill_in(node, list, count) : VIREO_EPROTO;
            if (error)
                return error;
            i += node->span;
        } else {
            i++;
        }
    }
    return 0;
}
