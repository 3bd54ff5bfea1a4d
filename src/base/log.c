/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include <vireo/error.h>

static void to_stderr(void *user, vireo_level level, const char *area, const char *text)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    (void)user;
    if (level >= VIREO_WARN)
        fprintf(stderr, "vireo %s: %s: %s\n", area, names[level], text);
}

/* A peer's bytes must not be able to forge a line or to steer a terminal. */
static void hide_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void vireo__log_line(const vireo__log *log, vireo_level level, const char *area, const char *format,
                     ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hide_controls(text);
    (log->fn ? log->fn : to_stderr)(log->user, level, area, text);
}

void vireo__log_text(const vireo__log *log, vireo_level level, const char *area, char *text)
{
    hide_controls(text);
    if (log->fn != NULL)
        log->fn(log->user, level, area, text);
    else
        fprintf(stderr, "%s %s\n", area, text);
}

int vireo__error_set(vireo_error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    va_list args;
    va_start(args, format);
    error->code = code;
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return code;
}
