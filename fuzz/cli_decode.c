/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cli_decode.c: any bytes given to vireo decode: the first says as what, the rest as a packet, a
 * payload, frames or an archive. What it writes is one line each, without control characters. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(cli_decoder *d, unsigned as, uint8_t *bytes, size_t n)
{
    switch (as % 8) {
    case 5:
        cli_decode_frames(d, bytes, n, true);
        break;
    case 6:
        cli_decode_har(d, (char *)bytes, n);
        break;
    case 7:
        cli_decode_bytes(d, bytes, n);
        break;
    default:
        cli_decode_text(d, (cli_as)(as % 8), bytes, n);
    }
}

static void check(const char *text, size_t n, bool json)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\n') || (text[i] == 0x7f && !json))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = NULL;
    size_t written = 0;
    if (size == 0)
        return 0;
    cli_decoder d = {.out = open_memstream(&text, &written)};
    uint8_t *bytes = malloc(size);
    if (d.out == NULL || bytes == NULL)
        abort();
    d.json = (data[0] & 0x80) != 0;
    d.eio3 = (data[0] & 0x40) != 0;
    memcpy(bytes, data + 1, size - 1);
    bytes[size - 1] = '\0'; /* an archive is a text */
    decode(&d, data[0] & 0x3f, bytes, size - 1);
    cli_decode_deinit(&d);
    fclose(d.out);
    check(text, written, d.json);
    free(text);
    free(bytes);
    return 0;
}
