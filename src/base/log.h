/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* log.h (base): how the library writes a log line. */

#ifndef VIREO_BASE_LOG_H
#define VIREO_BASE_LOG_H

#include <vireo/log.h>

/* A logger: where lines go. A NULL |fn| writes warnings and errors to stderr. */
typedef struct vireo__log {
    vireo_log_fn fn;
    void *user;
} vireo__log;

/* vireo__log writes one line of at most 511 bytes; what comes from a peer is escaped where it is
 * not printable. */
void vireo__log_line(const vireo__log *log, vireo_level level, const char *area, const char *format,
                     ...) VIREO_PRINTF(4, 5);

/* vireo__log_text writes a line that the program has asked for, as it stands (its control
 * characters hidden): where there is no |fn|, to stderr whatever its level. */
void vireo__log_text(const vireo__log *log, vireo_level level, const char *area, char *text);

/* vireo__error_set fills in the caller's error; |error| may be NULL. Returns |code|. */
struct vireo_error;
int vireo__error_set(struct vireo_error *error, int code, const char *format, ...)
    VIREO_PRINTF(3, 4);

#endif
