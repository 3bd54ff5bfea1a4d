/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/build.h"

#include <stdarg.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/json_read.h"
#include "payload/template.h"

void vireo__builder_init(vireo_builder *b, vireo__doc *doc, uint32_t max_nodes)
{
    b->doc = doc;
    b->max_nodes = max_nodes;
    b->depth = 0;
    b->error = 0;
    vireo__doc_reset(doc);
}

const vireo_value *vireo_built(const vireo_builder *b)
{
    return b->error == 0 && b->depth == 0 ? vireo__doc_root(b->doc) : NULL;
}

int vireo_builder_error(const vireo_builder *b)
{
    return b->error;
}

/* --- places ----------------------------------------------------------------------------------- */

static int fail(vireo_builder *b, int error)
{
    if (b->error == 0)
        b->error = error;
    return b->error;
}

static bool behind_key(const vireo__doc *doc)
{
    return doc->count > 0 && doc->nodes[doc->count - 1].tag & VIREO__VALUE_KEY;
}

static bool has_place(const vireo_builder *b, bool key)
{
    if (b->depth == 0)
        return !key && b->doc->count == 0;
    if (vireo__value_type(&b->doc->nodes[b->doc->open]) == VIREO_OBJECT)
        return key != behind_key(b->doc);
    return !key;
}

/* ready tells whether a value of so many nodes, or a key, may stand next. */
static bool ready(vireo_builder *b, bool key, uint32_t nodes)
{
    if (!has_place(b, key))
        fail(b, VIREO_EINVAL);
    else if (nodes > b->max_nodes - b->doc->count)
        fail(b, VIREO_ETOOBIG);
    return b->error == 0;
}

static int done(vireo_builder *b, int error)
{
    return error < 0 ? fail(b, error) : 0;
}

/* --- leaves ----------------------------------------------------------------------------------- */

int vireo_build_null(vireo_builder *b)
{
    return ready(b, false, 1) ? done(b, vireo__doc_add_null(b->doc)) : b->error;
}

int vireo_build_bool(vireo_builder *b, bool truth)
{
    return ready(b, false, 1) ? done(b, vireo__doc_add_bool(b->doc, truth)) : b->error;
}

int vireo_build_int(vireo_builder *b, int64_t number)
{
    return ready(b, false, 1) ? done(b, vireo__doc_add_int(b->doc, number)) : b->error;
}

int vireo_build_num(vireo_builder *b, double number)
{
    return ready(b, false, 1) ? done(b, vireo__doc_add_number(b->doc, number)) : b->error;
}

int vireo_build_str_len(vireo_builder *b, const char *text, size_t len)
{
    return ready(b, false, 1) ? done(b, vireo__doc_add_text(b->doc, 0, text, len)) : b->error;
}

int vireo_build_str(vireo_builder *b, const char *text)
{
    return text != NULL ? vireo_build_str_len(b, text, strlen(text)) : vireo_build_null(b);
}

int vireo_build_bytes(vireo_builder *b, const void *data, size_t size)
{
    if (!ready(b, false, 1))
        return b->error;
    void *copy = size <= UINT32_MAX ? vireo__arena_take(&b->doc->arena, size + !size, 1) : NULL;
    if (copy == NULL)
        return fail(b, size <= UINT32_MAX ? VIREO_ENOMEM : VIREO_ETOOBIG);
    if (size > 0)
        memcpy(copy, data, size);
    return done(b, vireo__doc_add_bytes(b->doc, copy, size));
}

/* --- arrays and objects ----------------------------------------------------------------------- */

static int open_parent(vireo_builder *b, vireo_type type)
{
    if (!ready(b, false, 1))
        return b->error;
    if (b->depth == VIREO__JSON_DEPTH)
        return fail(b, VIREO_EDEPTH);
    if (vireo__doc_add(b->doc, type) == NULL)
        return fail(b, VIREO_ENOMEM);
    b->depth++;
    return 0;
}

int vireo_build_array(vireo_builder *b)
{
    return open_parent(b, VIREO_ARRAY);
}

int vireo_build_object(vireo_builder *b)
{
    return open_parent(b, VIREO_OBJECT);
}

int vireo_build_end(vireo_builder *b)
{
    if (b->error)
        return b->error;
    if (b->depth == 0 || behind_key(b->doc))
        return fail(b, VIREO_EINVAL);
    b->depth--;
    vireo__doc_close(b->doc);
    return 0;
}

int vireo_build_key_len(vireo_builder *b, const char *key, size_t len)
{
    return ready(b, true, 1) ? done(b, vireo__doc_add_text(b->doc, VIREO__VALUE_KEY, key, len))
                             : b->error;
}

int vireo_build_key(vireo_builder *b, const char *key)
{
    return key != NULL ? vireo_build_key_len(b, key, strlen(key)) : fail(b, VIREO_EINVAL);
}

/* --- whole values ----------------------------------------------------------------------------- */

int vireo_build_value(vireo_builder *b, const vireo_value *v)
{
    if (v == NULL)
        return vireo_build_null(b);
    return ready(b, false, v->span) ? done(b, vireo__doc_add_tree(b->doc, v)) : b->error;
}

/* build_text adds what a JSON text says, |parts| in the places of its placeholders. */
static int build_text(vireo_builder *b, const char *text, size_t len,
                      const vireo__attachments *parts)
{
    vireo__doc doc;
    vireo__json_limits limits = {.max_nodes = b->max_nodes};
    vireo__doc_init(&doc);
    int error = vireo__json_read(&doc, text, len, &limits, NULL);
    if (error == 0 && parts != NULL && parts->count > 0)
        error = vireo__doc_fill_attachments(&doc, vireo__attachments_list(parts), parts->count);
    error = error == 0 ? vireo_build_value(b, vireo__doc_root(&doc)) : fail(b, error);
    vireo__doc_deinit(&doc);
    return error;
}

int vireo_build_json(vireo_builder *b, const char *text, size_t len)
{
    return b->error == 0 ? build_text(b, text, len, NULL) : b->error;
}

int vireo_build(vireo_builder *b, const char *tmpl, ...)
{
    va_list args;
    vireo__buf text;
    vireo__attachments parts;
    if (b->error)
        return b->error;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    va_start(args, tmpl);
    int written = vireo__template_write_one(&text, &parts, tmpl, args);
    va_end(args);
    int error =
        written < 0 ? fail(b, written) : build_text(b, (const char *)text.data, text.len, &parts);
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&text);
    return error;
}
