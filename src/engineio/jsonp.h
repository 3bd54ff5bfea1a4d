/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* jsonp.h: polling for browsers that can load nothing but scripts and send nothing but forms, no
 * I/O.
 *
 *     GET ..&j=7     ___eio[7]("96:0{..}");
 *     POST           d=<payload>, form-encoded
 */

#ifndef VIREO_ENGINEIO_JSONP_H
#define VIREO_ENGINEIO_JSONP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* vireo__eio_jsonp_write appends the script that calls the page's callback number |j| (all but its
 * digits is left out) with |payload|, which is UTF-8. Returns the buffer's sticky error. */
int vireo__eio_jsonp_write(vireo__buf *out, vireo__str j, vireo__str payload);

/* vireo__eio_jsonp_read finds the payload in a form and decodes it in place. False if there is
 * none. */
bool vireo__eio_jsonp_read(uint8_t *form, size_t n, vireo__str *payload);

#endif
