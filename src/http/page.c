/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page.c (http): pages as replies. */

#include <stdarg.h>
#include <stdlib.h>

#include <vireo/page.h>

#include "http/request.h"
#include "payload/json_read.h"
#include "payload/template.h"

int vireo_reply_page_value(vireo_req *r, int status, const vireo_pages *pages, const char *name,
                           const vireo_value *data)
{
    size_t len;
    vireo_error error = {0};
    if (r->answered || r->replying)
        return VIREO_EANSWERED;
    char *html = vireo_page_render(pages, name, data, &len, &error);
    if (html == NULL) {
        vireo__log_line(&r->app->loop->log, VIREO_ERROR, "page", "%s: %s", name, error.text);
        return error.code == VIREO_ENOMEM ? VIREO_ENOMEM : VIREO_ETEMPLATE;
    }
    int result = vireo_reply(r, status, "text/html", html, len);
    free(html);
    return result;
}

int vireo_reply_page(vireo_req *r, int status, const vireo_pages *pages, const char *name,
                     const char *tmpl, ...)
{
    vireo__doc doc;
    va_list args;
    if (r->answered || r->replying)
        return VIREO_EANSWERED;
    vireo__buf *text = vireo__loop_scratch(r->app->loop);
    if (tmpl == NULL)
        return vireo_reply_page_value(r, status, pages, name, NULL);
    va_start(args, tmpl);
    int result = vireo__template_write_one(text, NULL, tmpl, args);
    va_end(args);
    if (result < 0)
        return result;
    vireo__doc_init(&doc);
    result = vireo__json_read(&doc, (const char *)text->data, text->len, NULL, NULL);
    if (result == 0)
        result = vireo_reply_page_value(r, status, pages, name, vireo__doc_root(&doc));
    vireo__doc_deinit(&doc);
    return result;
}
