/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* exposition.h: numbers in the text format of Prometheus, version 0.0.4.
 *
 *     # HELP vireo_sessions Open sessions of Engine.IO.
 *     # TYPE vireo_sessions gauge
 *     vireo_sessions{path="/socket.io",transport="polling"} 3
 *
 * Whoever has numbers gives them in any order; what belongs to one family is written together, and
 * numbers of the same family with the same labels are added up: two endpoints count as one.
 */

#ifndef VIREO_HTTP_EXPOSITION_H
#define VIREO_HTTP_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A family of numbers; static. */
typedef struct vireo__metric {
    const char *name;
    const char *help; /* one line, without a backslash */
    enum { VIREO__COUNTER, VIREO__GAUGE } type;
    enum { VIREO__UNITS, VIREO__MICROS /* given in millionths */ } scale;
} vireo__metric;

typedef struct vireo__exposition {
    struct vireo__sample *samples;
    size_t count;
    size_t room;
    vireo__buf labels; /* of all samples, one behind the other */
    int error;         /* VIREO_ENOMEM: stays */
} vireo__exposition;

void vireo__exposition_init(vireo__exposition *x);
void vireo__exposition_deinit(vireo__exposition *x);

/* vireo__expose adds a number.
 *
 * labels  names and values in turn, ended by NULL; copied; NULL: none */
void vireo__expose(vireo__exposition *x, const vireo__metric *metric, uint64_t value,
                   const char *const *labels);
#define VIREO__LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* vireo__exposition_add adds all numbers of |from|. */
void vireo__exposition_add(vireo__exposition *x, const vireo__exposition *from);

/* vireo__exposition_write appends all of it to |out|. Returns 0 or VIREO_ENOMEM. */
int vireo__exposition_write(const vireo__exposition *x, vireo__buf *out);

#endif
