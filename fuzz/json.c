/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* json.c: any bytes as a JSON text. What the reader accepts must come back the same after it was
 * written and read again, every getter must hold, and the reader that builds nothing must agree
 * with the one that builds. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "payload/json_read.h"
#include "payload/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

/* visit calls every getter on every value below |v|; returns how many there are. Depth is limited
 * by the reader. */
static size_t visit(const vireo_value *v)
{
    size_t count = 1, children = 0, len;
    const char *text = vireo_str_len(v, &len);
    demand(text == NULL || text[len] == 0);
    int64_t whole = vireo_int(v, 1);
    demand(whole == vireo_int(v, 2) || vireo_int(v, 3) == 3);
    (void)vireo_num(v, 0);
    demand(vireo_bytes(v, &len) != NULL || len == 0);
    for (const vireo_value *c = NULL; (c = vireo_next(v, c)) != NULL; children++) {
        const char *key = vireo_key(c);
        demand((key != NULL) == (vireo_type_of(v) == VIREO_OBJECT));
        demand(key == NULL || children > 64 || vireo_get(v, key) != NULL ||
               strlen(key) != c[-1].len);
        demand(children > 64 || key != NULL || vireo_at(v, children) == c);
        count += visit(c);
    }
    demand(children == vireo_count(v));
    return count;
}

static vireo__buf written(const vireo_value *v, unsigned flags)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    demand(vireo__json_write(&out, NULL, v, flags) == 0);
    return out;
}

/* again reads what was written; by value, two rounds give the same text. */
static void again(const vireo__buf *text, unsigned flags)
{
    vireo__doc doc;
    vireo__doc_init(&doc);
    demand(vireo__json_read(&doc, (const char *)text->data, text->len, NULL, NULL) == 0);
    vireo__buf second = written(vireo__doc_root(&doc), flags);
    demand(second.len == text->len && memcmp(second.data, text->data, text->len) == 0);
    vireo__buf_deinit(&second);
    vireo__doc_deinit(&doc);
}

static void try_copy(const vireo_value *root, const vireo__buf *text)
{
    vireo_value *copy = vireo_copy(root);
    vireo__buf same = written(copy, 0);
    demand(same.len == text->len && memcmp(same.data, text->data, text->len) == 0);
    vireo__buf_deinit(&same);
    vireo_value_free(copy);
}

/* try_filling puts binary leaves in, if there are placeholders, and collects them again. */
static void try_filling(vireo__doc *doc)
{
    static const vireo__attachment parts[] = {{"zero", 4}, {NULL, 0}};
    vireo__attachments collect;
    vireo__buf out;
    if (vireo__doc_fill_attachments(doc, parts, 2) < 0)
        return;
    visit(vireo__doc_root(doc));
    vireo__attachments_init(&collect);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    demand(vireo__json_write(&out, &collect, vireo__doc_root(doc), 0) == 0);
    demand(vireo__json_check((const char *)out.data, out.len, NULL, NULL) == 0);
    vireo__buf_deinit(&out);
    vireo__attachments_deinit(&collect);
    out = written(vireo__doc_root(doc), 0);
    try_copy(vireo__doc_root(doc), &out);
    vireo__buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__doc doc;
    vireo_error error;
    vireo__doc_init(&doc);
    int code = vireo__json_read(&doc, (const char *)data, size, NULL, &error);
    demand(code == vireo__json_check((const char *)data, size, NULL, NULL));
    demand((code == 0) == (vireo__doc_root(&doc) != NULL));
    if (code == 0) {
        const vireo_value *root = vireo__doc_root(&doc);
        vireo__buf raw = written(root, 0), by_value = written(root, VIREO__JSON_BY_VALUE);
        visit(root);
        again(&raw, 0);
        again(&by_value, VIREO__JSON_BY_VALUE);
        try_copy(root, &raw);
        try_filling(&doc);
        vireo__buf_deinit(&raw);
        vireo__buf_deinit(&by_value);
    }
    vireo__doc_deinit(&doc);
    return 0;
}
