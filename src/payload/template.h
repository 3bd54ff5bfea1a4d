/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* template.h: templates (vireo/value.h, "Templates") straight to JSON text: one pass, no tree, no
 * allocation but the buffer's.
 *
 * The template is checked while it is followed. It is written by the programmer, yet nothing in it
 * or in its arguments can make the text anything but well-formed values with commas between them.
 */

#ifndef VIREO_PAYLOAD_TEMPLATE_H
#define VIREO_PAYLOAD_TEMPLATE_H

#include <stdarg.h>

#include <vireo/version.h>

#include "base/buf.h"
#include "payload/attachments.h"

#define VIREO__TEMPLATE_DEPTH 32 /* of the template itself; what %p brings does not count */

/* vireo__template_write appends the values of a template with commas between them and nothing
 * around them: `%d, {x:%g}` gives 1,{"x":2}
 *
 * collect   gets the binary leaves, see vireo__json_write_binary; may be NULL
 * tmpl      NULL for no values at all
 * args      borrowed; not changed for the caller, who still ends it with va_end
 * Returns how many values were written (>= 0), VIREO_ETEMPLATE, VIREO_EINVAL (a %p to what is no
 * value, a NULL key), VIREO_EJSON, VIREO_EUTF8, VIREO_EDEPTH (a vireo_json_text that is none),
 * VIREO_ENOMEM or VIREO_ETOOBIG. After an error |out| and |collect| hold what they held before the
 * call; an error of |out| does not stick. */
int vireo__template_write(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                          va_list args) VIREO_PRINTF(3, 0);

/* vireo__template_write_one is the same for a template that must be exactly one value: all else,
 * NULL too, is VIREO_ETEMPLATE. */
int vireo__template_write_one(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                              va_list args) VIREO_PRINTF(3, 0);

#endif
