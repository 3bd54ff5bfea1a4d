/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A form whose boundary is "b". The first byte of the input says in pieces of which size the rest
 * arrives; whatever it says, the result must be that of one piece. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/form.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct log {
    vireo__buf text;
    int open; /* between a part and its end */
} log;

static void expect(int truth)
{
    if (!truth)
        abort();
}

static int on_part(void *user, const vireo__form_part *part)
{
    log *l = user;
    expect(l->open++ == 0);
    expect(part->name != NULL);
    vireo__buf_append_str(&l->text, "<");
    vireo__buf_append_str(&l->text, part->name);
    vireo__buf_append_str(&l->text, part->filename != NULL ? part->filename : "-");
    vireo__buf_append_str(&l->text, part->type != NULL ? part->type : "-");
    return 0;
}

static int on_data(void *user, const void *data, size_t len)
{
    log *l = user;
    expect(l->open == 1 && len > 0);
    return vireo__buf_append(&l->text, data, len);
}

static int on_end(void *user)
{
    log *l = user;
    expect(l->open-- == 1);
    return vireo__buf_append_str(&l->text, ">");
}

static int run(log *l, const uint8_t *data, size_t size, size_t piece)
{
    static const vireo__multipart_events events = {.part = on_part, .data = on_data, .end = on_end};
    vireo__multipart m;
    int error = 0;
    vireo__buf_init(&l->text, VIREO__BUF_UNLIMITED);
    l->open = 0;
    vireo__multipart_init(&m, (vireo__str){"b", 1}, &events, l);
    m.max_head_bytes = 200;
    m.parts_left = 10;
    for (size_t at = 0; at < size && error == 0; at += piece)
        error = vireo__multipart_feed(&m, data + at, size - at < piece ? size - at : piece);
    if (vireo__multipart_complete(&m))
        expect(l->open == 0);
    else if (error == 0)
        error = 1;
    vireo__multipart_deinit(&m);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log whole, pieces;
    vireo__doc doc;
    if (size == 0)
        return 0;
    int a = run(&whole, data + 1, size - 1, SIZE_MAX / 2);
    int b = run(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
    expect(a == b);
    expect(whole.text.len == pieces.text.len);
    if (whole.text.len > 0)
        expect(memcmp(whole.text.data, pieces.text.data, whole.text.len) == 0);
    vireo__buf_deinit(&whole.text);
    vireo__buf_deinit(&pieces.text);
    /* the other way to send a form */
    vireo__doc_init(&doc);
    vireo__form_read(&doc, (vireo__str){(const char *)data + 1, size - 1}, NULL);
    vireo__doc_deinit(&doc);
    return 0;
}
