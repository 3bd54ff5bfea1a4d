/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cli_line.c: any bytes as a line of JSON whose {"$base64":".."} are bytes: what is read is written
 * as one line, which reads as the same again; and as the arguments of an event, as they are typed.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static vireo__buf written(const vireo_value *v)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    cli_line_write(&out, v);
    demand(out.error == 0 && (out.len == 0 || memchr(out.data, '\n', out.len) == NULL));
    return out;
}

static void read_line(const char *text, size_t n)
{
    vireo_error error;
    cli_args args = {0};
    vireo_value *v = cli_line_read(text, n, &error);
    if (v == NULL)
        return;
    const char *event = cli_line_args(v, &args);
    demand(event != NULL || *args.wrong != '\0');
    cli_args_deinit(&args);
    vireo__buf first = written(v);
    vireo_value *again = cli_line_read((char *)first.data, first.len, &error);
    demand(again != NULL);
    vireo__buf second = written(again);
    demand(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    vireo__buf_deinit(&first);
    vireo__buf_deinit(&second);
    vireo_value_free(again);
    vireo_value_free(v);
}

static void read_typed(const char *text, size_t n)
{
    cli_args args = {0};
    char *line = strndup(text, n);
    demand(line != NULL);
    for (char *at = line; (at = strchr(at, '@')) != NULL;)
        *at = 'a'; /* files are not this test's */
    demand(cli_args_read(&args, line) == 0 || *args.wrong != '\0');
    cli_args_deinit(&args);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_line((const char *)data, size);
    read_typed((const char *)data, size);
    return 0;
}
