/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* accept.c: the opening handshake over an HTTP request. */

#include <vireo/error.h>

#include "base/buf.h"
#include "ws/inside.h"

static void forget(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static const vireo__stream_events no_events = {.on_close = forget};

static int refuse(vireo_req *r, int status, const char *why)
{
    vireo_reply_header(r, "Sec-WebSocket-Version", "13");
    if (status == 426)
        vireo_reply_header(r, "Upgrade", "websocket");
    if (status == 405)
        vireo_reply_header(r, "Allow", "GET");
    vireo_reply_text(r, status, why);
    return VIREO_EREFUSED;
}

static vireo__shared *make_101(const char *accept, const char *extensions, const char *headers)
{
    vireo__buf head;
    vireo__buf_init(&head, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&head, "HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: ");
    vireo__buf_append_str(&head, accept);
    if (extensions != NULL) {
        vireo__buf_append_str(&head, "\r\nSec-WebSocket-Extensions: ");
        vireo__buf_append_str(&head, extensions);
    }
    vireo__buf_append_str(&head, "\r\n");
    if (headers != NULL)
        vireo__buf_append_str(&head, headers);
    vireo__buf_append_str(&head, "\r\n");
    vireo__shared *answer = head.error ? NULL : vireo__shared_copy(head.data, head.len);
    vireo__buf_deinit(&head);
    return answer;
}

static int take_stream(vireo__ws *ws, vireo_req *r, vireo__shared *answer)
{
    vireo__stream *stream = vireo__req_detach(r);
    int error = VIREO_ENOMEM;
    if (stream != NULL) {
        vireo__stream_set_events(stream, &no_events, NULL);
        error = vireo__stream_write(stream, answer, 0, answer->len, NULL, NULL);
        if (error < 0)
            vireo__stream_close(stream, error);
    }
    if (error < 0) {
        vireo__ws_reader_deinit(&ws->reader);
        return error;
    }
    vireo__ws_begin(ws, stream);
    return 0;
}

int vireo__ws_accept_checked(vireo__ws *ws, vireo_req *r, const char *accept, const char *headers,
                             const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    vireo__ws_agreed agreed = {0};
    vireo__buf *extensions = vireo__loop_scratch(vireo__app_loop(vireo_req_app(r)));
    if (limits->deflate.on &&
        vireo__ws_extension_accept(vireo_header(r, "sec-websocket-extensions"), &limits->deflate,
                                   &agreed, extensions) < 0)
        return refuse(r, 400, "the Sec-WebSocket-Extensions is malformed");
    const char *text = agreed.deflate ? vireo__buf_cstr(extensions) : NULL;
    if (agreed.deflate && text == NULL)
        return refuse(r, 500, vireo_strerror(VIREO_ENOMEM));
    vireo__shared *answer = make_101(accept, text, headers);
    if (answer == NULL)
        return refuse(r, 500, vireo_strerror(VIREO_ENOMEM));
    int error = vireo__ws_init(ws, vireo__app_loop(vireo_req_app(r)), &agreed, limits, events);
    if (error < 0)
        refuse(r, 500, vireo_strerror(error));
    else
        error = take_stream(ws, r, answer);
    vireo__shared_unref(answer);
    return error;
}

int vireo__ws_check_request(vireo_req *r, char accept[VIREO__WS_ACCEPT_SIZE])
{
    const char *why;
    vireo__ws_request request = {
        .method = vireo_method(r),
        .http_minor = 1, /* an upgrade by HTTP/1.0 is none, and does not get here */
        .connection = vireo_header(r, "connection"),
        .upgrade = vireo_header(r, "upgrade"),
        .key = vireo_header(r, "sec-websocket-key"),
        .version = vireo_header(r, "sec-websocket-version"),
    };
    int status = vireo__ws_check(&request, accept, &why);
    return status == 101 ? 0 : refuse(r, status, why);
}

int vireo__ws_accept(vireo__ws *ws, vireo_req *r, const char *headers,
                     const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    char accept[VIREO__WS_ACCEPT_SIZE];
    int error = vireo__ws_check_request(r, accept);
    return error < 0 ? error : vireo__ws_accept_checked(ws, r, accept, headers, limits, events);
}
