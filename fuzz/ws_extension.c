/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_extension.c fuzzes the reader of Sec-WebSocket-Extensions, as the server and as the client.
 * What a server answers must be an answer that a client understands in the same way. The first byte
 * of the input chooses the settings. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/extension.h"

/* Not assert(), which a release build leaves out. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bits(const vireo__ws_agreed *a)
{
    CHECK(a->out_bits >= 8 && a->out_bits <= 15 && a->in_bits >= 8 && a->in_bits <= 15);
}

static void as_server(const char *header, const vireo_ws_deflate *wanted)
{
    static const vireo_ws_deflate anything = {
        .on = true, .server_context_takeover = true, .client_context_takeover = true};
    vireo__ws_agreed there, here;
    vireo__buf answer;
    const char *why;
    vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
    int result = vireo__ws_extension_accept(header, wanted, &there, &answer);
    if (result == 0 && there.deflate) {
        check_bits(&there);
        CHECK(vireo__ws_extension_confirm(vireo__buf_cstr(&answer), &anything, &here, &why) == 0);
        CHECK(here.deflate && here.in_takeover == there.out_takeover);
        CHECK(here.out_takeover == there.in_takeover && here.in_bits == there.out_bits);
        CHECK(here.out_bits == there.in_bits);
    } else {
        CHECK(answer.len == 0);
    }
    vireo__buf_deinit(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__ws_agreed agreed;
    const char *why;
    if (size < 1)
        return 0;
    char *header = malloc(size);
    CHECK(header != NULL);
    memcpy(header, data + 1, size - 1);
    header[size - 1] = '\0';
    vireo_ws_deflate wanted = {
        .on = true,
        .server_context_takeover = data[0] & 1,
        .client_context_takeover = data[0] & 2,
        .server_max_window_bits = data[0] & 4 ? 9 + (data[0] >> 5) % 7 : 0,
        .client_max_window_bits = data[0] & 8 ? 8 + (data[0] >> 5) : 0,
    };
    as_server(header, &wanted);
    if (vireo__ws_extension_confirm(header, &wanted, &agreed, &why) == 0 && agreed.deflate)
        check_bits(&agreed);
    free(header);
    return 0;
}
