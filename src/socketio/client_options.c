/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_options.c: what users say about a client (vireo/client.h), and what its URL says. */

#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "socketio/client.h"

enum {
    URL_MAX = 8000,    /* characters, as in the official client */
    HEADERS_MAX = 256, /* texts: a list without its NULL should not be read for ever */
    CONNECT_TIMEOUT_MS = 20000,
    MAX_MESSAGE_BYTES = 100000000, /* as ws, which the official client stands on */
    MAX_ATTACHMENTS = 10
};

vireo_client_options vireo__client_defaults(vireo_app *app, const vireo_client_options *given)
{
    vireo_client_options o = {0};
    memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
#define DEFAULT(field, value) o.field = o.field ? o.field : (value)
    DEFAULT(path, "/socket.io");
    DEFAULT(transports, "polling,websocket");
    DEFAULT(timestamp_param, "t");
    DEFAULT(timeout_ms, CONNECT_TIMEOUT_MS);
    DEFAULT(max_message_bytes, MAX_MESSAGE_BYTES);
    DEFAULT(max_attachments, MAX_ATTACHMENTS);
    DEFAULT(max_queued_bytes, vireo__app_options(app)->max_queued_bytes);
    DEFAULT(reconnect_delay_ms, 1000);
    DEFAULT(reconnect_delay_max_ms, 5000);
#undef DEFAULT
    if (o.randomization >= 0 && o.randomization <= 0)
        o.randomization = 0.5;
    else if (o.randomization < 0)
        o.randomization = 0;
    return o;
}

/* --- the URL ---------------------------------------------------------------------------------- */

static bool has_scheme(const char *text)
{
    static const char *const schemes[] = {"http://", "https://", "ws://", "wss://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

static char *with_scheme(const char *text)
{
    static const char scheme[] = "https://";
    size_t n = strlen(text);
    char *full = malloc(sizeof scheme + n);
    if (full == NULL)
        return NULL;
    *full = '\0';
    return strcat(strcpy(full, has_scheme(text) ? "" : scheme), text);
}

static int take_target(vireo__client_url *out)
{
    vireo__str target = out->uri.target;
    const char *mark = target.len > 0 ? memchr(target.at, '?', target.len) : NULL;
    size_t n = mark != NULL ? (size_t)(mark - target.at) : target.len;
    out->ns = n > 0 ? strndup(target.at, n) : strdup("/");
    out->query = mark != NULL ? strndup(mark + 1, target.len - n - 1) : strdup("");
    return out->ns != NULL && out->query != NULL ? 0 : VIREO_ENOMEM;
}

int vireo__client_url_read(vireo__client_url *out, const char *text, const char **why)
{
    *out = (vireo__client_url){.text = NULL};
    *why = "it is longer than 8,000 characters";
    if (strnlen(text, URL_MAX + 1) > URL_MAX)
        return VIREO_EINVAL;
    out->text = with_scheme(text);
    if (out->text == NULL)
        return VIREO_ENOMEM;
    if (vireo__uri_parse(&out->uri, out->text, why) < 0)
        return VIREO_EINVAL;
    int error = take_target(out);
    *why = "a namespace has at most 512 bytes and no comma";
    if (error == 0 && (strlen(out->ns) > VIREO__NAMESPACE_NAME_MAX || strchr(out->ns, ',') != NULL))
        error = VIREO_EINVAL;
    return error;
}

void vireo__client_url_free(vireo__client_url *url)
{
    free(url->text);
    free(url->ns);
    free(url->query);
}

/* --- lists of names and values ---------------------------------------------------------------- */

static int fail(vireo_error *error, const char *text)
{
    return vireo__error_set(error, VIREO_EINVAL, "%s", text);
}

/* Returns how many texts |list| has, or a negative number. */
static int count_texts(const char *const *list, vireo_error *error)
{
    int n = 0;
    for (; list != NULL && list[n] != NULL; n += 2)
        if (n == HEADERS_MAX || list[n + 1] == NULL)
            return fail(error, "headers and queries are names and values by turns, ended by NULL");
    return n;
}

static char *write_query(const char *const *list)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    for (; *list != NULL; list += 2) {
        if (out.len > 0)
            vireo__buf_append_byte(&out, '&');
        vireo__url_encode(&out, list[0], strlen(list[0]));
        vireo__buf_append_byte(&out, '=');
        vireo__url_encode(&out, list[1], strlen(list[1]));
    }
    if (vireo__buf_cstr(&out) == NULL)
        vireo__buf_deinit(&out);
    return (char *)out.data;
}

static int take_query(vireo__eio_place *place, const vireo__client_url *url,
                      const vireo_client_options *o, vireo_error *error)
{
    int count = count_texts(o->query, error);
    if (count < 0)
        return count;
    place->query = o->query != NULL ? write_query(o->query) : strdup(url->query);
    return place->query != NULL ? 0 : VIREO_ENOMEM;
}

static int join(char ***to, const char *const *first, const char *const *second, vireo_error *error)
{
    int a = count_texts(first, error), b = a < 0 ? a : count_texts(second, error);
    if (b < 0)
        return b;
    *to = vireo__eio_texts_copy((char *const *)(uintptr_t)first, (size_t)b);
    char **more = vireo__eio_texts_copy((char *const *)(uintptr_t)second, 0);
    if (*to == NULL || more == NULL) {
        vireo__eio_texts_free(more);
        return VIREO_ENOMEM;
    }
    memcpy(*to + a, more, (size_t)b * sizeof *more);
    free(more);
    return 0;
}

/* --- where the server is ---------------------------------------------------------------------- */

static int take_texts(vireo__eio_place *place, const vireo_client_options *o)
{
    return vireo__text_copy(&place->proxy, o->proxy) &&
                   vireo__text_copy(&place->unix_path, o->unix_path) &&
                   vireo__text_copy(&place->protocols, o->protocols) &&
                   vireo__text_copy(&place->timestamp_name, o->timestamp_param)
               ? 0
               : VIREO_ENOMEM;
}

static void take_flags(vireo__eio_place *place, const vireo_client_options *o)
{
    place->try_all = o->try_all_transports;
    place->no_upgrade = o->no_upgrade;
    place->force_base64 = o->force_base64;
    place->cookies = o->cookies;
    place->timestamps[VIREO__EIO_KIND_POLLING] = !o->no_timestamps;
    place->timestamps[VIREO__EIO_KIND_WEBSOCKET] = o->websocket_timestamps;
    place->deflate = o->deflate;
    place->request_timeout_ms = o->request_timeout_ms;
    place->connect_timeout_ms = o->timeout_ms;
    place->max_message_bytes = o->max_message_bytes;
    place->max_queued_bytes = o->max_queued_bytes;
}

static int fill_in(vireo__eio_place *place, vireo_app *app, const vireo__client_url *url,
                   const vireo_client_options *o, vireo_error *error)
{
    int result = o->path[0] == '/' ? 0 : fail(error, "the path begins with a slash");
    take_flags(place, o);
    if (o->tls != NULL) {
        place->tls_client = o->tls;
        place->tls = vireo__tls_client_ctx(vireo__app_loop(app), o->tls, NULL);
    }
    if (result == 0)
        result = vireo__eio_place_find(place, &url->uri, o->path, o->no_trailing_slash);
    if (result == 0 && vireo__eio_place_kinds(place, o->transports) < 0)
        result = fail(error, "transports are polling and websocket, with a comma between");
    if (result == 0)
        result = take_texts(place, o);
    if (result == 0)
        result = take_query(place, url, o, error);
    if (result == 0)
        result =
            join(&place->headers[VIREO__EIO_KIND_POLLING], o->headers, o->polling_headers, error);
    if (result == 0)
        result = join(&place->headers[VIREO__EIO_KIND_WEBSOCKET], o->headers, o->websocket_headers,
                      error);
    return result;
}

vireo__eio_place *vireo__client_place(vireo_app *app, const vireo__client_url *url,
                                      const vireo_client_options *o, vireo_error *error)
{
    vireo__eio_place *place = vireo__eio_place_new();
    int result = place != NULL ? fill_in(place, app, url, o, error) : VIREO_ENOMEM;
    if (result == 0)
        return place;
    if (result == VIREO_ENOMEM)
        vireo__error_set(error, result, "%s", vireo_strerror(result));
    vireo__eio_place_unref(place);
    return NULL;
}
