/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/multipart.h"

#include <vireo/error.h>

#include "base/utf8.h"

enum state {
    BEGIN,     /* the first delimiter, whose line end may be missing */
    DELIMITED, /* a delimiter has come; \r\n or -- must follow */
    HEAD,
    CONTENT,
    LAST, /* -- has come; at most \r\n may follow */
    END
};

/* --- the boundary ----------------------------------------------------------------------------- */

/* RFC 2046 section 5.1.1: bchars. */
static bool boundary_byte(char c)
{
    static const char others[] = "'()+_,-./:=? ";
    char lower = vireo__ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(others, c) != NULL);
}

static bool boundary_valid(vireo__str s)
{
    if (s.len == 0 || s.len > VIREO__BOUNDARY_MAX || s.at[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!boundary_byte(s.at[i]))
            return false;
    return true;
}

static bool cut_param(vireo__str param, const char *name, vireo__str *value)
{
    size_t n = strlen(name);
    if (param.len <= n || param.at[n] != '=' ||
        !vireo__str_equal_nocase((vireo__str){param.at, n}, name))
        return false;
    *value = (vireo__str){param.at + n + 1, param.len - n - 1};
    if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"')
        *value = (vireo__str){value->at + 1, value->len - 2};
    return true;
}

bool vireo__multipart_boundary(const char *type, vireo__str *out)
{
    vireo__str rest = vireo__str_of(type), item;
    unsigned found = 0;
    if (!vireo__str_next_part(&rest, ';', &item) ||
        !vireo__str_equal_nocase(item, "multipart/form-data"))
        return false;
    while (vireo__str_next_part(&rest, ';', &item))
        found += cut_param(item, "boundary", out);
    return found == 1 && boundary_valid(*out);
}

/* --- the head of a part ----------------------------------------------------------------------- */

/* Where a parameter's text goes: into the head, behind its lines, where there is room since it is
 * never longer than what it is made from. */
typedef struct head_reader {
    vireo__form_part part;
    char *to;
    bool disposition;
    bool type;
} head_reader;

/* Browsers write a quote, a carriage return and a line feed in a name as %22, %0D and %0A, and
 * nothing else otherwise: HTML, "Multipart form data". */
static char *copy_name(char *to, vireo__str text)
{
    static const char *const codes[] = {"%22", "%0d", "%0a"};
    static const char meant[] = "\"\r\n";
    for (size_t i = 0; i < text.len; i++) {
        *to = text.at[i];
        for (int k = 0; k < 3 && text.len - i >= 3; k++) {
            if (!vireo__str_equal_nocase((vireo__str){text.at + i, 3}, codes[k]))
                continue;
            *to = meant[k];
            i += 2;
            break;
        }
        to++;
    }
    *to++ = '\0';
    return to;
}

static bool token_byte(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* Takes  name="text"  or  name=token  off the front of |*rest|. */
static bool take_param(vireo__str *rest, vireo__str *name, vireo__str *value)
{
    size_t i = 0, begin;
    while (i < rest->len && token_byte(rest->at[i]))
        i++;
    *name = (vireo__str){rest->at, i};
    if (i == 0 || i == rest->len || rest->at[i++] != '=')
        return false;
    bool quoted = i < rest->len && rest->at[i] == '"';
    begin = i += quoted;
    while (i < rest->len && (quoted ? rest->at[i] != '"' : token_byte(rest->at[i])))
        i++;
    *value = (vireo__str){rest->at + begin, i - begin};
    if (quoted ? i == rest->len : i == begin)
        return false;
    i += quoted;
    *rest = (vireo__str){rest->at + i, rest->len - i};
    return true;
}

static bool take_text(head_reader *h, const char **out, vireo__str value)
{
    char *text = h->to;
    if (*out != NULL || !vireo__utf8_valid(value.at, value.len))
        return false;
    h->to = copy_name(text, value);
    *out = text;
    return true;
}

static vireo__str skip_blanks(vireo__str s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = (vireo__str){s.at + 1, s.len - 1};
    return s;
}

/* RFC 7578 section 4.2. filename* is not for forms, and ignored as browsers do. */
static bool read_disposition(head_reader *h, vireo__str value)
{
    static const char kind[] = "form-data";
    size_t n = sizeof kind - 1;
    if (h->disposition || value.len < n ||
        !vireo__str_equal_nocase((vireo__str){value.at, n}, kind))
        return false;
    h->disposition = true;
    value = skip_blanks((vireo__str){value.at + n, value.len - n});
    while (value.len > 0) {
        vireo__str name, text;
        if (value.at[0] != ';')
            return false;
        value = skip_blanks((vireo__str){value.at + 1, value.len - 1});
        if (!take_param(&value, &name, &text))
            return false;
        if (vireo__str_equal_nocase(name, "name") && !take_text(h, &h->part.name, text))
            return false;
        if (vireo__str_equal_nocase(name, "filename") && !take_text(h, &h->part.filename, text))
            return false;
        value = skip_blanks(value);
    }
    return h->part.name != NULL;
}

/* RFC 7578 section 4.7 calls other encodings than these deprecated: who sent one would be taken
 * for meaning its letters. */
static bool plain_encoding(vireo__str value)
{
    static const char *const plain[] = {"7bit", "8bit", "binary"};
    for (int i = 0; i < 3; i++)
        if (vireo__str_equal_nocase(value, plain[i]))
            return true;
    return false;
}

static bool read_line(head_reader *h, vireo__str line)
{
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == NULL || colon == line.at)
        return false;
    vireo__str name = {line.at, (size_t)(colon - line.at)};
    vireo__str value = vireo__str_trim((vireo__str){colon + 1, line.len - name.len - 1});
    for (size_t i = 0; i < name.len; i++)
        if (!token_byte(name.at[i]))
            return false;
    if (vireo__str_equal_nocase(name, "content-disposition"))
        return read_disposition(h, value);
    if (vireo__str_equal_nocase(name, "content-type"))
        return take_text(h, &h->part.type, value);
    return !vireo__str_equal_nocase(name, "content-transfer-encoding") || plain_encoding(value);
}

/* A part's head is complete: its lines, each ended by \r\n. */
static int head_done(vireo__multipart *m)
{
    size_t n = m->head.len;
    /* Room behind it, made at once: the lines must not move. Each text needs its NUL, for which a
     * quote, a line end or an equals sign made room. */
    char *to = (char *)vireo__buf_reserve(&m->head, n + 4);
    if (to == NULL)
        return VIREO_ENOMEM;
    head_reader h = {.to = to};
    vireo__str lines = {(const char *)m->head.data, n};
    while (lines.len > 0) {
        const char *end = memchr(lines.at, '\r', lines.len);
        size_t len = (size_t)(end - lines.at);
        if (!read_line(&h, (vireo__str){lines.at, len}))
            return VIREO_EPROTO;
        lines = (vireo__str){end + 2, lines.len - len - 2};
    }
    if (!h.disposition)
        return VIREO_EPROTO;
    if (m->parts_left == 0)
        return VIREO_ETOOBIG;
    m->parts_left--;
    m->state = CONTENT;
    m->matched = 0;
    return m->events->part(m->user, &h.part);
}

/* The same law of lines as for a request's head: CR LF and no other control characters, and no
 * line that goes on in the next one. */
static int head_byte(vireo__multipart *m, char c)
{
    const vireo__buf *head = &m->head;
    char last = head->len > 0 ? (char)head->data[head->len - 1] : '\n';
    if (last == '\r') {
        if (c != '\n')
            return VIREO_EPROTO;
        if (head->len == 1 || head->data[head->len - 2] == '\n') {
            m->head.len--; /* the empty line */
            return head_done(m);
        }
    } else if (c != '\r' && c != '\t' && ((unsigned char)c < 0x20 || c == 0x7f)) {
        return VIREO_EPROTO;
    } else if (last == '\n' && (c == ' ' || c == '\t')) {
        return VIREO_EPROTO;
    }
    if (head->len >= m->max_head_bytes)
        return VIREO_ETOOBIG;
    return vireo__buf_append_byte(&m->head, (uint8_t)c);
}

/* --- content ---------------------------------------------------------------------------------- */

static int pass(vireo__multipart *m, const char *data, size_t n)
{
    return n > 0 ? m->events->data(m->user, data, n) : 0;
}

static int delimiter_done(vireo__multipart *m)
{
    m->state = DELIMITED;
    m->matched = 0;
    return m->events->end(m->user);
}

/* Reads as much as is content. A carriage return is in a delimiter only at its beginning: where a
 * match breaks off, the next one can begin no earlier. Returns how many bytes were taken, or a
 * negative number. */
static ptrdiff_t feed_content(vireo__multipart *m, const char *at, size_t n)
{
    size_t i = 0;
    for (; i < n && m->matched > 0 && m->matched < m->delimiter_len; i++) {
        if (at[i] != m->delimiter[m->matched])
            break;
        m->matched++;
    }
    if (m->matched == m->delimiter_len) {
        int error = delimiter_done(m);
        return error < 0 ? error : (ptrdiff_t)i;
    }
    if (i == n)
        return (ptrdiff_t)n;
    int error = pass(m, m->delimiter, m->matched); /* it was none */
    m->matched = 0;
    if (error < 0)
        return error;
    const char *cr = memchr(at + i, '\r', n - i);
    size_t plain = cr != NULL ? (size_t)(cr - at) - i : n - i;
    error = pass(m, at + i, plain);
    if (error < 0)
        return error;
    m->matched = cr != NULL;
    return (ptrdiff_t)(i + plain + (cr != NULL));
}

/* --- what stands between ---------------------------------------------------------------------- */

static int begin_byte(vireo__multipart *m, char c)
{
    if (m->matched == 0 && c == '-')
        m->matched = 2; /* as if its line end had come */
    if (c != m->delimiter[m->matched])
        return VIREO_EPROTO;
    if (++m->matched == m->delimiter_len) {
        m->state = DELIMITED;
        m->matched = 0;
    }
    return 0;
}

/* \r\n leads to the next part's head, -- to the end. */
static int delimited_byte(vireo__multipart *m, char c)
{
    if (m->matched == 0) {
        m->matched = (uint8_t)c;
        return c == '\r' || c == '-' ? 0 : VIREO_EPROTO;
    }
    if (c != (m->matched == '\r' ? '\n' : '-'))
        return VIREO_EPROTO;
    m->state = c == '\n' ? HEAD : LAST;
    m->matched = 0;
    m->head.len = 0;
    return 0;
}

static int last_byte(vireo__multipart *m, char c)
{
    if (c != "\r\n"[m->matched])
        return VIREO_EPROTO;
    if (++m->matched == 2)
        m->state = END;
    return 0;
}

static int feed_byte(vireo__multipart *m, char c)
{
    switch ((enum state)m->state) {
    case BEGIN:
        return begin_byte(m, c);
    case DELIMITED:
        return delimited_byte(m, c);
    case HEAD:
        return head_byte(m, c);
    case LAST:
        return last_byte(m, c);
    default:
        return VIREO_EPROTO;
    }
}

int vireo__multipart_feed(vireo__multipart *m, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ptrdiff_t taken = m->state == CONTENT ? feed_content(m, at, len) : feed_byte(m, *at);
        if (taken < 0)
            return (int)taken;
        if (taken == 0)
            taken = 1;
        at += taken;
        len -= (size_t)taken;
    }
    return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

void vireo__multipart_init(vireo__multipart *m, vireo__str boundary,
                           const vireo__multipart_events *events, void *user)
{
    *m = (vireo__multipart){.events = events, .user = user};
    vireo__buf_init(&m->head, VIREO__BUF_UNLIMITED); /* max_head_bytes, twice */
    m->max_head_bytes = UINT32_MAX;
    m->parts_left = UINT32_MAX;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.at, boundary.len);
    m->delimiter_len = (uint8_t)(4 + boundary.len);
}

void vireo__multipart_deinit(vireo__multipart *m)
{
    vireo__buf_deinit(&m->head);
}

bool vireo__multipart_complete(const vireo__multipart *m)
{
    return m->state == END || (m->state == LAST && m->matched == 0);
}
