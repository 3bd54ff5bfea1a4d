/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse_parse.c: any bytes as an event stream, whole and cut at a place that the first byte tells:
 * the same events come, and each reads the same when it is written again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sse/format.h"
#include "sse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_EVENT 4096

static bool note(void *user, const char *event, vireo__str data, const char *id)
{
    if (vireo__sse_format_event(user, id, event, data) < 0)
        abort(); /* what can be read can be written */
    return true;
}

static void parse(const uint8_t *data, size_t size, size_t cut, vireo__buf *events)
{
    vireo__sse_parser p;
    vireo__sse_parser_init(&p, MAX_EVENT);
    p.on_event = note;
    p.user = events;
    if (vireo__sse_parse(&p, data, cut) == 0)
        vireo__sse_parse(&p, data + cut, size - cut);
    vireo__sse_parser_deinit(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__buf whole, cut, again;
    if (size == 0)
        return 0;
    vireo__buf_init(&whole, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&cut, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&again, VIREO__BUF_UNLIMITED);
    parse(data + 1, size - 1, 0, &whole);
    parse(data + 1, size - 1, data[0] % size, &cut);
    if (whole.len > 0)
        parse(whole.data, whole.len, 0, &again);
    if (whole.len != cut.len || (whole.len > 0 && memcmp(whole.data, cut.data, whole.len) != 0))
        abort();
    if (whole.len != again.len || (whole.len > 0 && memcmp(whole.data, again.data, whole.len) != 0))
        abort();
    vireo__buf_deinit(&whole);
    vireo__buf_deinit(&cut);
    vireo__buf_deinit(&again);
    return 0;
}
