/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_handshake.c fuzzes the check of the opening handshake. The input is six lines: method, minor
 * version of HTTP, Connection, Upgrade, key, version; an absent line is an absent header. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/handshake.h"

/* Not assert(), which a release build leaves out. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *next_line(char **rest)
{
    char *line = *rest;
    if (line == NULL)
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    char *rest = text;
    vireo__ws_request request = {.method = next_line(&rest)};
    const char *minor = next_line(&rest);
    request.http_minor = minor != NULL ? minor[0] - '0' : 1;
    request.connection = next_line(&rest);
    request.upgrade = next_line(&rest);
    request.key = next_line(&rest);
    request.version = next_line(&rest);

    char accept[VIREO__WS_ACCEPT_SIZE] = "";
    const char *why = NULL;
    int status = vireo__ws_check(&request, accept, &why);
    CHECK(why != NULL);
    CHECK(status == 101 || status == 400 || status == 405 || status == 426);
    CHECK(strlen(accept) == (status == 101 ? 28 : 0));
    free(text);
    return 0;
}
