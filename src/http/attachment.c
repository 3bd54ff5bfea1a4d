/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* attachment.c: replies that a browser saves to a file (RFC 6266).
 *
 *     Content-Disposition: attachment; filename="na?ve.txt"; filename*=UTF-8''na%C3%AFve.txt
 *
 * The first name is for who knows no better; both are the last part of what was given. */

#include <vireo/error.h>

#include "base/utf8.h"
#include "http/request.h"

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* RFC 9110 section 5.6.4: a quoted-string. One question mark for each character beyond ASCII. */
static void add_quoted(vireo__buf *b, const char *name)
{
    vireo__buf_append_byte(b, '"');
    for (; *name; name++) {
        uint8_t c = (uint8_t)*name;
        if (c == '"' || c == '\\')
            vireo__buf_append_byte(b, '\\');
        if ((c & 0xc0) != 0x80)
            vireo__buf_append_byte(b, c < 0x80 ? c : '?');
    }
    vireo__buf_append_byte(b, '"');
}

/* RFC 8187 section 3.2.1: attr-char, and all else as %XX. */
static void add_encoded(vireo__buf *b, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *name; name++) {
        uint8_t c = (uint8_t)*name;
        bool plain = c != '*' && c != '\'' && c != '%' && vireo__http_token(name, 1);
        if (plain) {
            vireo__buf_append_byte(b, c);
            continue;
        }
        vireo__buf_append_byte(b, '%');
        vireo__buf_append_byte(b, (uint8_t)digits[c >> 4]);
        vireo__buf_append_byte(b, (uint8_t)digits[c & 15]);
    }
}

static bool needs_encoding(const char *name)
{
    for (; *name; name++)
        if ((uint8_t)*name >= 0x80 || *name == '%')
            return true;
    return false;
}

int vireo_attachment(vireo_req *r, const char *filename)
{
    vireo__buf value;
    const char *name = filename != NULL ? last_part(filename) : "";
    if (!vireo__utf8_valid(name, strlen(name)))
        return VIREO_EUTF8;
    vireo__buf_init(&value, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&value, "attachment");
    if (*name != '\0') {
        vireo__buf_append_str(&value, "; filename=");
        add_quoted(&value, name);
    }
    if (needs_encoding(name)) {
        vireo__buf_append_str(&value, "; filename*=UTF-8''");
        add_encoded(&value, name);
    }
    const char *text = vireo__buf_cstr(&value);
    int error = text != NULL ? vireo_reply_header(r, "Content-Disposition", text) : VIREO_ENOMEM;
    vireo__buf_deinit(&value);
    return error;
}

int vireo_reply_download(vireo_req *r, const char *path, const char *filename)
{
    size_t before = r->reply_headers.len;
    int error = vireo_attachment(r, filename != NULL ? filename : path);
    if (error == 0)
        error = vireo_reply_file(r, path);
    if (error < 0 && !vireo__req_closed(r))
        r->reply_headers.len = before;
    return error;
}
