/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cookies.h: Cookie and Set-Cookie (RFC 6265), and signatures of values. A codec.
 *
 * Values are percent-encoded, and signed ones look as Express' cookie-parser and express-session
 * make them, so that both can read each other's:
 *
 *     s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI
 *     ^ ^     ^ base64(HMAC-SHA256(secret, "hello")) without its padding
 */

#ifndef VIREO_HTTP_COOKIES_H
#define VIREO_HTTP_COOKIES_H

#include <vireo/cookie.h>

#include "base/buf.h"
#include "base/str.h"

/* vireo__cookie_next takes the next "name=value" off the front of a Cookie header's value. Both are
 * as they came, save that quotes around the value are taken off. False at the end. */
bool vireo__cookie_next(vireo__str *rest, vireo__str *name, vireo__str *value);

/* vireo__cookie_write appends a Set-Cookie header's value.
 *
 * value   any bytes; what a cookie cannot hold is percent-encoded
 * Returns 0; VIREO_EINVAL for what browsers would throw away or could misread (see cookie.h), with
 * nothing appended; the buffer's sticky error. */
int vireo__cookie_write(vireo__buf *out, const char *name, vireo__str value,
                        const vireo_cookie_options *options);

/* vireo__sign appends |value| with its signature. Returns the buffer's sticky error. */
int vireo__sign(vireo__buf *out, vireo__str value, const char *secret);

/* vireo__unsign finds the value of a signed text. The time it takes does not depend on how wrong
 * the signature is.
 *
 * secrets   ended by NULL; any of them may have made the signature
 * Returns true and the value in |*value|, or false when nobody has signed it. */
bool vireo__unsign(vireo__str text, const char *const *secrets, vireo__str *value);

#endif
