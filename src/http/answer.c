/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/answer.h"

#include <string.h>

#include <vireo/error.h>

#include "base/str.h"
#include "http/parse.h"

enum { SWITCHING_PROTOCOLS = 101 };

static vireo__answer *answer_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

static int fail(vireo__answer *a, int error, const char *why)
{
    if (a->state != VIREO__ANSWER_FAILED) {
        a->state = VIREO__ANSWER_FAILED;
        a->error = error;
        a->why = why;
    }
    return HPE_USER;
}

/* --- the head --------------------------------------------------------------------------------- */

static int add(vireo__answer *a, const char *at, size_t n)
{
    if (vireo__buf_append(&a->head, at, n) == 0)
        return 0;
    return fail(a, VIREO_ENOMEM, vireo_strerror(VIREO_ENOMEM));
}

static int end_text(vireo__answer *a)
{
    int error = add(a, "", 1);
    a->text_at = a->head.len;
    return error;
}

/* Trailers are checked by llhttp, and thrown away as RFC 9110 section 6.5.1 allows. */
static bool in_head(const vireo__answer *a)
{
    return a->state == VIREO__ANSWER_HEAD;
}

static int on_field(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__answer *a = answer_of(llhttp);
    if (!in_head(a))
        return 0;
    if (n > 0 && !vireo__http_token(at, n))
        return fail(a, VIREO_EPROTO, "a header's name is none");
    if (add(a, at, n) != 0)
        return HPE_USER;
    for (char *c = (char *)a->head.data + a->head.len - n; n > 0; n--, c++)
        *c = vireo__ascii_lower(*c);
    return 0;
}

static int on_field_complete(llhttp_t *llhttp)
{
    vireo__answer *a = answer_of(llhttp);
    if (++a->headers > a->max_headers)
        return fail(a, VIREO_ETOOBIG, "too many headers");
    if (!in_head(a))
        return 0;
    if (a->head.len == a->text_at)
        return fail(a, VIREO_EPROTO, "a header has no name");
    return end_text(a);
}

static int on_value(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__answer *a = answer_of(llhttp);
    return in_head(a) ? add(a, at, n) : 0;
}

static int on_value_complete(llhttp_t *llhttp)
{
    vireo__answer *a = answer_of(llhttp);
    if (!in_head(a))
        return 0;
    while (a->head.len > a->text_at &&
           (a->head.data[a->head.len - 1] == ' ' || a->head.data[a->head.len - 1] == '\t'))
        a->head.len--;
    return end_text(a);
}

static int on_headers_complete(llhttp_t *llhttp)
{
    vireo__answer *a = answer_of(llhttp);
    if (llhttp->http_major != 1)
        return fail(a, VIREO_EPROTO, "the server does not speak HTTP/1.1");
    a->status = (uint16_t)llhttp->status_code;
    a->interim = a->status < 200 && a->status != SWITCHING_PROTOCOLS;
    if (a->interim)
        return 0;
    if (a->to_head)
        llhttp->flags |= F_SKIPBODY;
    a->state = VIREO__ANSWER_HEAD_DONE;
    return HPE_PAUSED;
}

/* --- the body --------------------------------------------------------------------------------- */

static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
    vireo__answer *a = answer_of(llhttp);
    if (a->on_body(a->user, (const uint8_t *)at, n))
        return 0;
    return fail(a, VIREO_ECANCELLED, "");
}

static int on_end(llhttp_t *llhttp)
{
    vireo__answer *a = answer_of(llhttp);
    if (a->interim) {
        a->head.len = a->text_at = 0;
        return 0;
    }
    a->keep_alive = llhttp_should_keep_alive(llhttp);
    a->state = VIREO__ANSWER_DONE;
    return HPE_PAUSED;
}

/* --- the whole -------------------------------------------------------------------------------- */

static const llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_end,
};

void vireo__answer_init(vireo__answer *a, uint32_t max_head_bytes, uint32_t max_headers)
{
    memset(a, 0, sizeof *a);
    llhttp_init(&a->llhttp, HTTP_RESPONSE, &settings);
    a->llhttp.data = a;
    vireo__buf_init(&a->head, VIREO__BUF_UNLIMITED); /* bounded by head_bytes */
    a->max_head_bytes = max_head_bytes;
    a->max_headers = max_headers;
}

void vireo__answer_deinit(vireo__answer *a)
{
    vireo__buf_deinit(&a->head);
}

/* Returns how many bytes llhttp has taken: all, or those before the place where it was paused. */
static size_t execute(vireo__answer *a, const uint8_t *bytes, size_t n)
{
    llhttp_errno_t error = llhttp_execute(&a->llhttp, (const char *)bytes, n);
    if (error == HPE_OK)
        return n;
    if (error == HPE_PAUSED || (error == HPE_PAUSED_UPGRADE && a->state == VIREO__ANSWER_DONE)) {
        const char *at = llhttp_get_error_pos(&a->llhttp);
        return (size_t)(at - (const char *)bytes);
    }
    fail(a, VIREO_EPROTO, llhttp_get_error_reason(&a->llhttp));
    return n;
}

static size_t feed_head(vireo__answer *a, const uint8_t *bytes, size_t n)
{
    size_t room = a->max_head_bytes - a->head_bytes;
    size_t taken = execute(a, bytes, n < room ? n : room);
    a->head_bytes += (uint32_t)taken;
    if (a->state == VIREO__ANSWER_HEAD && taken < n)
        fail(a, VIREO_ETOOBIG, "the head of the answer is too large");
    return taken;
}

size_t vireo__answer_feed(vireo__answer *a, const uint8_t *bytes, size_t n)
{
    if (a->state == VIREO__ANSWER_HEAD)
        return n > 0 ? feed_head(a, bytes, n) : 0;
    if (a->state == VIREO__ANSWER_HEAD_DONE) {
        a->state = VIREO__ANSWER_BODY;
        llhttp_resume(&a->llhttp);
    }
    return a->state == VIREO__ANSWER_BODY ? execute(a, bytes, n) : 0;
}

void vireo__answer_end(vireo__answer *a)
{
    if (a->state == VIREO__ANSWER_HEAD_DONE)
        vireo__answer_feed(a, NULL, 0);
    if (a->state != VIREO__ANSWER_BODY)
        return;
    llhttp_finish(&a->llhttp);
    if (a->state == VIREO__ANSWER_BODY)
        fail(a, VIREO_EPROTO, "the answer is not complete");
    a->keep_alive = false;
}

/* --- headers ---------------------------------------------------------------------------------- */

/* The value of the next header |name| behind |*at| in the head, or NULL. */
static const char *next_value(const vireo__answer *a, size_t *at, const char *name)
{
    while (*at < a->head.len) {
        const char *key = (const char *)a->head.data + *at;
        const char *value = key + strlen(key) + 1;
        *at += strlen(key) + strlen(value) + 2;
        if (strcmp(key, name) == 0)
            return value;
    }
    return NULL;
}

const char *vireo__answer_header(const vireo__answer *a, const char *name)
{
    size_t at = 0;
    return next_value(a, &at, name);
}

size_t vireo__answer_header_count(const vireo__answer *a, const char *name)
{
    size_t count = 0, at = 0;
    while (next_value(a, &at, name) != NULL)
        count++;
    return count;
}

uint64_t vireo__answer_length(const vireo__answer *a)
{
    return (a->llhttp.flags & F_CONTENT_LENGTH) ? a->llhttp.content_length : UINT64_MAX;
}
