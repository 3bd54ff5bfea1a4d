/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse_history.c: any text as the Last-Event-ID of a client that comes back: only an id that was
 * given out, and behind which nothing is missing, is found. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sse/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS = 20, KEPT = 5 };

static void expect(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char ids[EVENTS + 1][VIREO__SSE_ID_SIZE] = {"12345678-0"};
    vireo__sse_history h;
    uint64_t number;
    char *id = strndup((const char *)data, size);
    vireo__shared *text = vireo__shared_copy("data: x\n\n", 9);
    expect(id != NULL && text != NULL);
    vireo__sse_history_init(&h, KEPT, 1000, 0x12345678);
    for (int i = 1; i <= EVENTS; i++) {
        bool was_given = false;
        for (int k = i - 1 > KEPT ? i - 1 - KEPT : 0; k < i; k++)
            was_given |= strcmp(id, ids[k]) == 0;
        bool found = vireo__sse_history_find(&h, id, &number);
        expect(found == was_given && (!found || strcmp(ids[number], id) == 0));
        vireo__sse_history_next_id(&h, ids[i]);
        vireo__sse_history_add(&h, text, NULL);
    }
    vireo__sse_history_deinit(&h);
    vireo__shared_unref(text);
    free(id);
    return 0;
}
