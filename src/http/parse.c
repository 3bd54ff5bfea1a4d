/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/parse.h"

#include <endian.h>
#include <string.h>

#include <vireo/error.h>

#include "base/str.h"

enum {
    /* Bytes: sixteen hexadecimal digits and the line end. What is beyond counts as framing. */
    CHUNK_LINE_FREE = 18,
};

enum line { LINE_START, LINE_INSIDE, LINE_CR, LINE_EMPTY_CR };

static void fail(vireo__parser *p, uint16_t status)
{
    if (p->state == VIREO__PARSE_FAILED)
        return;
    p->state = VIREO__PARSE_FAILED;
    p->status = status;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* RFC 9112 section 2.2: "A recipient of such a bare CR MUST consider that element to be invalid or
 * replace each bare CR with SP". A bare LF may be taken for a line end, and control characters for
 * nothing in particular: both are refused here. */
static bool line_byte(vireo__parser *p, uint8_t c)
{
    switch (p->line) {
    case LINE_START:
        /* RFC 9112 section 5.2: "A server that receives an obs-fold in a request message .. MUST
         * either reject the message ..". */
        if (c == ' ' || c == '\t')
            return false;
        if (c == '\r') {
            p->line = LINE_EMPTY_CR;
            return true;
        }
        p->line = LINE_INSIDE;
        return c > 0x20 && c != 0x7f;
    case LINE_INSIDE:
        if (c == '\r')
            p->line = LINE_CR;
        return c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7f);
    default:
        return c == '\n';
    }
}

/* RFC 9112 section 3: method SP request-target SP HTTP-version. llhttp would take any number of
 * spaces, no version, or that of RTSP. */
static bool request_line_byte(vireo__parser *p, uint8_t c)
{
    if (p->line == LINE_INSIDE)
        p->started = true;
    if (p->at_version && c != 'H')
        return false;
    p->at_version = c == ' ' && p->spaces == 1;
    if (c == ' ' && ++p->spaces > 2)
        return false;
    if (c == '\t' || (p->line == LINE_CR && p->spaces != 2))
        return false;
    if (p->line == LINE_CR)
        p->request_line = false;
    return true;
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Returns where the first of eight bytes stands that is below |least|, at most 128, or DEL; 8:
 * there is none. */
static size_t first_special(const uint8_t bytes[8], uint8_t least)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    word = le64toh(word);
    uint64_t del = word ^ EACH_BYTE(0x7f);
    uint64_t low = (word - EACH_BYTE(least)) & ~word;
    uint64_t found = (low | ((del - EACH_BYTE(1)) & ~del)) & EACH_BYTE(0x80);
    return found != 0 ? (size_t)__builtin_ctzll(found) / 8 : 8; /* above the first it may lie */
}

/* Returns how many bytes come next that change nothing in the midst of a line, and need not be
 * looked at one by one; not always all of them. */
static size_t plain_run(const vireo__parser *p, const uint8_t *bytes, size_t n)
{
    size_t i = 0, step = 8;
    size_t most = p->max_head_bytes - p->head_bytes;
    uint8_t least = p->request_line ? 0x21 : 0x20;
    if (p->line != LINE_INSIDE || (p->request_line && (!p->started || p->at_version)))
        return 0;
    for (n = n < most ? n : most; step == 8 && n - i >= 8; i += step)
        step = first_special(bytes + i, least);
    return i;
}

/* Returns how many bytes belong to the head; |*end| when its last one is among them. Fails at the
 * first one that may not be there. */
static size_t scan_head(vireo__parser *p, const uint8_t *bytes, size_t n, bool *end)
{
    for (size_t i = 0; i < n; i++) {
        size_t run = plain_run(p, bytes + i, n - i);
        p->head_bytes += (uint32_t)run;
        i += run;
        if (i == n)
            break;
        if (p->head_bytes >= p->max_head_bytes) {
            fail(p, p->request_line && p->spaces > 0 ? 414 : 431);
            return 0;
        }
        p->head_bytes++;
        if (!line_byte(p, bytes[i]) || (p->request_line && !request_line_byte(p, bytes[i]))) {
            fail(p, 400);
            return 0;
        }
        if (bytes[i] != '\n')
            continue;
        *end = p->line == LINE_EMPTY_CR && !p->request_line;
        p->line = LINE_START;
        if (*end)
            return i + 1;
    }
    return n;
}

/* --- texts ------------------------------------------------------------------------------------ */

static const uint8_t token_bytes[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

bool vireo__http_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!token_bytes[(uint8_t)text[i]])
            return false;
    return n > 0;
}

static vireo__parser *parser_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

static int add(vireo__parser *p, const char *at, size_t n)
{
    if (vireo__buf_append(&p->head, at, n) == 0)
        return 0;
    fail(p, 0);
    return HPE_USER;
}

static int end_text(vireo__parser *p)
{
    int error = add(p, "", 1);
    p->text_at = p->head.len;
    return error;
}

static int refuse(vireo__parser *p, uint16_t status)
{
    fail(p, status);
    return HPE_USER;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__parser *p = parser_of(llhttp);
    if (n > VIREO__MAX_TARGET - p->head.len)
        return refuse(p, 414);
    if (n > 0 && memchr(at, '#', n) != NULL)
        return refuse(p, 400);
    return add(p, at, n);
}

static int on_url_complete(llhttp_t *llhttp)
{
    vireo__parser *p = parser_of(llhttp);
    int error = end_text(p);
    p->headers_at = p->head.len;
    return error;
}

static int on_field(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__parser *p = parser_of(llhttp);
    if (n > 0 && !vireo__http_token(at, n))
        return refuse(p, 400);
    p->named |= n > 0;
    if (p->saw_headers) /* a trailer: thrown away, as RFC 9110 section 6.5.1 allows */
        return 0;
    if (add(p, at, n) != 0)
        return HPE_USER;
    for (char *c = (char *)p->head.data + p->head.len - n; n > 0; n--, c++)
        *c = vireo__ascii_lower(*c);
    return 0;
}

static int on_field_complete(llhttp_t *llhttp)
{
    vireo__parser *p = parser_of(llhttp);
    if (++p->headers > p->max_headers)
        return refuse(p, 431);
    if (!p->named)
        return refuse(p, 400);
    p->named = false;
    return p->saw_headers ? 0 : end_text(p);
}

static int on_value(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__parser *p = parser_of(llhttp);
    return p->saw_headers ? 0 : add(p, at, n);
}

static int on_value_complete(llhttp_t *llhttp)
{
    vireo__parser *p = parser_of(llhttp);
    if (p->saw_headers)
        return 0;
    while (p->head.len > p->text_at &&
           (p->head.data[p->head.len - 1] == ' ' || p->head.data[p->head.len - 1] == '\t'))
        p->head.len--;
    return end_text(p);
}

static int on_headers_complete(llhttp_t *llhttp)
{
    parser_of(llhttp)->saw_headers = true;
    return 0;
}

/* --- what a head means ------------------------------------------------------------------------ */

/* Digits only: no sign, no list, no blank; beyond 64 bits it is too large in any case. */
static bool read_length(const char *value, uint64_t *out)
{
    uint64_t n = 0;
    if (*value == '\0')
        return false;
    for (; *value; value++) {
        if (*value < '0' || *value > '9')
            return false;
        uint64_t digit = (uint64_t)(*value - '0');
        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    *out = n;
    return true;
}

static void take_length(vireo__parser *p, const char *value)
{
    if (p->has_length || !read_length(value, &p->content_length))
        fail(p, 400);
    p->has_length = true;
}

/* RFC 9112 section 6.3: "If a Transfer-Encoding header field is present in a request and the
 * chunked transfer coding is not the final encoding, .. the server MUST respond with the 400 (Bad
 * Request) status code and then close the connection". Another coding before chunked is one we do
 * not understand: 501 (section 6.1). */
static void take_coding(vireo__parser *p, const char *value)
{
    vireo__str coding = vireo__str_of(value);
    size_t n = strlen("chunked");
    bool last_is_chunked =
        coding.len >= n &&
        vireo__str_equal_nocase((vireo__str){value + coding.len - n, n}, "chunked");
    if (p->has_coding || !last_is_chunked)
        fail(p, 400);
    else if (coding.len != n)
        fail(p, 501);
    p->has_coding = p->chunked = true;
}

static void take_connection(vireo__parser *p, const char *value)
{
    vireo__str list = vireo__str_of(value);
    p->connection_close |= vireo__str_has_token(list, "close");
    p->connection_keep |= vireo__str_has_token(list, "keep-alive");
    p->connection_upgrade |= vireo__str_has_token(list, "upgrade");
}

/* RFC 9110 section 10.1.1: "A server that receives an Expect field value containing a member other
 * than 100-continue MAY respond with a 417". */
static void take_expect(vireo__parser *p, const char *value)
{
    if (vireo__str_equal_nocase(vireo__str_of(value), "100-continue"))
        p->expect_continue = true;
    else
        fail(p, 417);
}

/* RFC 3986 section 3.2.2 and a port; what is refused here could only be meant for a parser with
 * other ideas. */
static void take_host(vireo__parser *p, const char *value)
{
    static const char others[] = ".-_~:[]%!$&'()*+,;=";
    if (++p->host_count > 1)
        fail(p, 400);
    for (; *value; value++) {
        char c = vireo__ascii_lower(*value);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (uint8_t)c < 0x80 && strchr(others, c) == NULL)
            fail(p, 400);
    }
}

static void take_upgrade(vireo__parser *p, const char *value)
{
    p->upgrade_websocket |= vireo__str_has_token(vireo__str_of(value), "websocket");
}

/* Of the many headers of a request these say how it is framed. */
static void take_header(vireo__parser *p, const char *name, const char *value)
{
    static const struct {
        const char *name;
        void (*take)(vireo__parser *p, const char *value);
    } framing[] = {{"connection", take_connection},
                   {"content-length", take_length},
                   {"expect", take_expect},
                   {"host", take_host},
                   {"transfer-encoding", take_coding},
                   {"upgrade", take_upgrade}};
    for (size_t i = 0; i < sizeof framing / sizeof framing[0]; i++)
        if (name[0] == framing[i].name[0] && strcmp(name, framing[i].name) == 0)
            framing[i].take(p, value);
}

static void check_version(vireo__parser *p)
{
    if (p->llhttp.http_major != 1 || p->llhttp.http_minor > 1)
        fail(p, 505);
    if (p->llhttp.method > HTTP_UNLINK ||
        p->llhttp.method == HTTP_CONNECT) /* other protocols' methods, and a proxy's */
        fail(p, 501);
}

static void check_head(vireo__parser *p)
{
    check_version(p);
    if (p->state == VIREO__PARSE_FAILED)
        return;
    const char *end = (const char *)p->head.data + p->head.len;
    for (const char *name = (const char *)p->head.data + p->headers_at; name < end;) {
        const char *value = name + strlen(name) + 1;
        take_header(p, name, value);
        name = value + strlen(value) + 1;
    }
    bool old = p->llhttp.http_minor == 0;
    /* RFC 9112 section 3.2: "A server MUST respond with a 400 (Bad Request) status code to any
     * HTTP/1.1 request message that lacks a Host header field". */
    if (p->host_count == 0 && !old)
        fail(p, 400);
    /* Section 6.1: "A server .. that receives an HTTP/1.0 message containing a Transfer-Encoding
     * header field MUST treat the message as if the framing is faulty". */
    if (p->chunked && (old || p->has_length))
        fail(p, 400);
    /* RFC 9110 section 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0
     * request MUST ignore that expectation". */
    if (old || !vireo__parser_has_body(p))
        p->expect_continue = false;
    /* Two readings of one head must never differ. */
    if (p->chunked != ((p->llhttp.flags & F_CHUNKED) != 0) ||
        (!p->chunked && p->content_length != p->llhttp.content_length))
        fail(p, 400);
}

/* --- the body --------------------------------------------------------------------------------- */

static uint16_t status_of(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return 501;
    case HPE_INVALID_VERSION:
        return 505;
    default:
        return 400;
    }
}

static void execute(vireo__parser *p, const uint8_t *bytes, size_t n)
{
    llhttp_errno_t error = llhttp_execute(&p->llhttp, (const char *)bytes, n);
    if (error == HPE_OK || (error == HPE_PAUSED_UPGRADE && p->saw_end))
        return;
    fail(p, status_of(error));
}

static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__parser *p = parser_of(llhttp);
    if (p->body_bytes > p->max_body_bytes || n > p->max_body_bytes - p->body_bytes)
        return refuse(p, 413);
    p->body_bytes += n;
    if (p->discard || vireo__buf_append(&p->body, at, n) == 0)
        return 0;
    return refuse(p, 0);
}

static int on_chunk(llhttp_t *llhttp)
{
    vireo__parser *p = parser_of(llhttp);
    if (llhttp->content_length > p->max_body_bytes - p->body_bytes)
        return refuse(p, 413);
    p->remaining = llhttp->content_length;
    return 0;
}

static int on_end(llhttp_t *llhttp)
{
    vireo__parser *p = parser_of(llhttp);
    /* In a trailer, as in a head such a message was refused. RFC 9110 section 6.5.1: framing has no
     * place there. */
    if (p->chunked && (llhttp->flags & F_CONTENT_LENGTH) != 0)
        return refuse(p, 400);
    p->saw_end = true;
    return 0;
}

static void end_body(vireo__parser *p)
{
    p->state = vireo__buf_cstr(&p->body) != NULL ? VIREO__PARSE_DONE : VIREO__PARSE_FAILED;
}

static void begin_body(vireo__parser *p)
{
    if (p->content_length > p->max_body_bytes) {
        fail(p, 413);
        return;
    }
    p->state = VIREO__PARSE_BODY;
    p->remaining = p->content_length;
    p->line = LINE_START;
    if (!vireo__parser_has_body(p))
        end_body(p);
}

/* A size, the end of a chunk or a trailer: the same law of lines holds for them. Extensions and
 * trailers are thrown away, so that only their sum needs a bound: without one, a body of a megabyte
 * could be wrapped into a terabyte. */
static size_t scan_line(vireo__parser *p, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (++p->line_bytes > CHUNK_LINE_FREE && ++p->framing_bytes > p->max_head_bytes) {
            fail(p, 431);
            return 0;
        }
        if (!line_byte(p, bytes[i])) {
            fail(p, 400);
            return 0;
        }
        if (bytes[i] == '\n') {
            p->line = LINE_START;
            p->line_bytes = 0;
            return i + 1;
        }
    }
    return n;
}

static size_t feed_body(vireo__parser *p, const uint8_t *bytes, size_t n)
{
    size_t taken = 0;
    while (taken < n && p->state == VIREO__PARSE_BODY) {
        size_t piece = n - taken;
        if (p->remaining > 0) {
            piece = piece < p->remaining ? piece : (size_t)p->remaining;
            p->remaining -= piece;
        } else {
            piece = scan_line(p, bytes + taken, piece);
        }
        if (p->state != VIREO__PARSE_FAILED)
            execute(p, bytes + taken, piece);
        taken += piece;
        if (p->saw_end && p->state == VIREO__PARSE_BODY)
            end_body(p);
    }
    return taken;
}

static size_t feed_head(vireo__parser *p, const uint8_t *bytes, size_t n)
{
    bool end = false;
    size_t taken = scan_head(p, bytes, n, &end);
    if (p->state == VIREO__PARSE_FAILED)
        return taken;
    if (vireo__buf_reserve(&p->head, taken) == NULL)
        fail(p, 0);
    else
        execute(p, bytes, taken);
    if (!end || p->state == VIREO__PARSE_FAILED)
        return taken;
    if (!p->saw_headers) /* the preface of HTTP/2 looks like a head, and llhttp waits for the rest
                            of it */
        fail(p, p->llhttp.http_major == 2 ? 505 : 400);
    else
        check_head(p);
    if (p->state == VIREO__PARSE_HEAD)
        p->state = VIREO__PARSE_HEAD_DONE;
    return taken;
}

/* --- the whole -------------------------------------------------------------------------------- */

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_url_complete = on_url_complete,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk,
    .on_body = on_body,
    .on_message_complete = on_end,
};

void vireo__parser_init(vireo__parser *p, uint32_t max_head_bytes, uint32_t max_headers)
{
    memset(p, 0, sizeof *p);
    llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
    p->llhttp.data = p;
    vireo__buf_init(&p->head, VIREO__BUF_UNLIMITED); /* bounded by head_bytes */
    vireo__buf_init(&p->body, VIREO__BUF_UNLIMITED); /* .. and body_bytes */
    p->max_head_bytes = max_head_bytes;
    p->max_headers = max_headers;
    p->request_line = true;
}

void vireo__parser_deinit(vireo__parser *p)
{
    vireo__buf_deinit(&p->head);
    vireo__buf_deinit(&p->body);
}

size_t vireo__parser_feed(vireo__parser *p, const uint8_t *bytes, size_t n)
{
    if (p->state == VIREO__PARSE_HEAD)
        return n > 0 ? feed_head(p, bytes, n) : 0;
    if (p->state == VIREO__PARSE_HEAD_DONE)
        begin_body(p);
    return p->state == VIREO__PARSE_BODY ? feed_body(p, bytes, n) : 0;
}

const char *vireo__parser_method(const vireo__parser *p)
{
    return llhttp_method_name((llhttp_method_t)p->llhttp.method);
}

/* RFC 9112 section 9.3. */
bool vireo__parser_keep_alive(const vireo__parser *p)
{
    if (p->connection_close)
        return false;
    return p->llhttp.http_minor >= 1 || p->connection_keep;
}
