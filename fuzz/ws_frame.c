/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_frame.c fuzzes the reading of a frame's head. The first byte of the input chooses the options.
 * What all but the last byte says must not be taken back by the last one. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/frame.h"

/* Not assert(), which a release build leaves out. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool from_client = data[0] & 1;
    bool allow_rsv1 = data[0] & 2;
    data++;
    size--;
    int before = 0;
    for (size_t n = 0; n <= size && n <= 16; n++) {
        vireo__ws_head head;
        const char *why = NULL;
        int result = vireo__ws_head_decode(&head, data, n, from_client, allow_rsv1, &why);
        CHECK(before == 0 || result == before);
        if (result < 0)
            CHECK(why != NULL);
        if (result > 0) {
            CHECK((size_t)result <= n && result == head.head_len && result <= 14);
            CHECK(head.payload_len <= INT64_MAX && head.masked == from_client);
        }
        before = result;
    }
    return 0;
}
