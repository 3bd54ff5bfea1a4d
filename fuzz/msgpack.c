/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack.c: any bytes as msgpack. What the reader accepts must be written in a form that is read
 * as the same values and written the same again, must stand as JSON, and be copied. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "payload/json_read.h"
#include "payload/msgpack_read.h"
#include "payload/msgpack_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_NODES = 4096 };

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static vireo__buf written(const vireo_value *v)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    demand(vireo__msgpack_write(&out, v) == 0);
    return out;
}

static void demand_same(const vireo__buf *text, const vireo_value *v)
{
    vireo__buf again = written(v);
    demand(again.len == text->len && memcmp(again.data, text->data, text->len) == 0);
    vireo__buf_deinit(&again);
}

/* An unknown extension is one level deeper when it is written, as an array. */
static void read_again(const vireo__buf *text)
{
    vireo__doc doc;
    vireo__doc_init(&doc);
    int code = vireo__msgpack_read(&doc, text->data, text->len, UINT32_MAX, NULL);
    demand(code == 0 || code == VIREO_EDEPTH);
    if (code == 0)
        demand_same(text, vireo__doc_root(&doc));
    vireo__doc_deinit(&doc);
}

static void as_json(const vireo_value *v)
{
    size_t len;
    char *json = vireo_json(v, &len);
    vireo__json_limits limits = {.max_depth = VIREO__MSGPACK_DEPTH + 3};
    demand(json != NULL && vireo__json_check(json, len, &limits, NULL) == 0);
    free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__doc doc;
    vireo_error error;
    vireo__doc_init(&doc);
    int code = vireo__msgpack_read(&doc, data, size, MAX_NODES, &error);
    demand((code == 0) == (vireo__doc_root(&doc) != NULL));
    if (code == 0) {
        vireo__buf text = written(vireo__doc_root(&doc));
        vireo_value *copy = vireo_copy(vireo__doc_root(&doc));
        demand_same(&text, copy);
        read_again(&text);
        as_json(copy);
        vireo_value_free(copy);
        vireo__buf_deinit(&text);
    }
    vireo__doc_deinit(&doc);
    return 0;
}
