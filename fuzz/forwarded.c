/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A list of trust, and up to four headers, each on a line. */

#include <stdlib.h>

#include "http/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[5] = {NULL};
    vireo__trust trust = {.hops = 0};
    vireo__client client;
    vireo__ip ip, again;
    char written[VIREO__IP_TEXT];
    char *text = malloc(size + 1), *state = NULL;
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (int i = 0; i < 5; i++)
        lines[i] = strtok_r(i == 0 ? text : NULL, "\n", &state);
    trust.hops = size % 4;
    bool trusted = lines[0] != NULL && vireo__trust_read(&trust, lines[0]) == 0;
    if (lines[1] != NULL && vireo__ip_read(vireo__str_of(lines[1]), &ip)) {
        vireo__ip_write(&ip, written);
        if (!vireo__ip_read(vireo__str_of(written), &again) || memcmp(&ip, &again, sizeof ip) != 0)
            abort();
    }
    if (trusted) {
        vireo__forwarding x = {.x_for = lines[1], .x_proto = lines[2], .x_host = lines[3]};
        vireo__forwarding f = {.forwarded = lines[4] != NULL ? lines[4] : lines[1]};
        vireo__forwarded_find(&trust, NULL, &x, &client);
        vireo__forwarded_find(&trust, NULL, &f, &client);
        if (client.host.len > 255 || client.protocol.len > 5)
            abort();
    }
    free(text);
    return 0;
}
