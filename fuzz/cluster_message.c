/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cluster_message.c: any text as a message of another server. What is read as one is written again,
 * and then read as the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/message.h"
#include "payload/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns how many bytes its JSON has, 0 if it is none; with |again| it must be one. */
static size_t read_and_write(const char *text, size_t n, bool again)
{
    vireo__doc doc;
    vireo__arena memory;
    vireo__cluster_message m;
    vireo__buf out;
    vireo__attachments parts;
    vireo__doc_init(&doc);
    vireo__arena_init(&memory);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    bool read = vireo__json_read(&doc, text, n, NULL, NULL) == 0 &&
                vireo__cluster_read(&m, vireo__doc_root(&doc), &memory) == 0;
    if (again && !read)
        abort();
    if (read && vireo__cluster_write(&out, &parts, &m) < 0)
        abort();
    size_t written = out.len;
    if (read && !again && read_and_write((const char *)out.data, out.len, true) != written)
        abort();
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&out);
    vireo__arena_deinit(&memory);
    vireo__doc_deinit(&doc);
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_and_write((const char *)data, size, false);
    return 0;
}
