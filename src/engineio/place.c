/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

vireo__eio_place *vireo__eio_place_new(void)
{
    vireo__eio_place *place = calloc(1, sizeof *place);
    if (place != NULL)
        place->refs = 1;
    return place;
}

vireo__eio_place *vireo__eio_place_ref(vireo__eio_place *place)
{
    place->refs++;
    return place;
}

void vireo__eio_place_unref(vireo__eio_place *place)
{
    if (place == NULL || --place->refs > 0)
        return;
    for (size_t i = 0; i < VIREO__EIO_KINDS; i++)
        vireo__eio_texts_free(place->headers[i]);
    vireo__tls_ctx_unref(place->tls);
    free(place->host);
    free(place->path);
    free(place->query);
    free(place->proxy);
    free(place->unix_path);
    free(place->protocols);
    free(place->timestamp_name);
    free(place);
}

/* --- lists of texts --------------------------------------------------------------------------- */

void vireo__eio_texts_free(char **list)
{
    for (char **at = list; at != NULL && *at != NULL; at++)
        free(*at);
    free(list);
}

char **vireo__eio_texts_copy(char *const *list, size_t more)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    char **copy = calloc(n + more + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = strdup(list[i]);
        if (copy[i] != NULL)
            continue;
        vireo__eio_texts_free(copy);
        copy = NULL;
    }
    return copy;
}

/* --- where ------------------------------------------------------------------------------------ */

static char *text_of(vireo__buf *buf)
{
    if (vireo__buf_cstr(buf) == NULL)
        vireo__buf_deinit(buf);
    return (char *)buf->data;
}

int vireo__eio_place_find(vireo__eio_place *place, const vireo__uri *uri, const char *path,
                          bool no_slash)
{
    vireo__buf host, full;
    size_t n = strlen(path);
    place->secure = vireo__uri_secure(uri);
    uint16_t own = place->secure ? 443 : 80;
    vireo__buf_init(&host, VIREO__BUF_UNLIMITED);
    if (uri->user.at != NULL) {
        vireo__buf_append(&host, uri->user.at, uri->user.len);
        vireo__buf_append_byte(&host, ':');
        vireo__buf_append(&host, uri->password.at, uri->password.len);
        vireo__buf_append_byte(&host, '@');
    }
    vireo__uri_append_authority(&host, uri->host, uri->ipv6, uri->port == own ? 0 : uri->port);
    place->host = text_of(&host);
    n -= n > 0 && path[n - 1] == '/';
    vireo__buf_init(&full, VIREO__BUF_UNLIMITED);
    vireo__buf_append(&full, path, n);
    if (!no_slash)
        vireo__buf_append_byte(&full, '/');
    place->path = text_of(&full);
    return place->host != NULL && place->path != NULL ? 0 : VIREO_ENOMEM;
}

int vireo__eio_place_kinds(vireo__eio_place *place, const char *names)
{
    vireo__str rest = vireo__str_of(names), name;
    bool known[VIREO__EIO_KINDS] = {false};
    place->kind_count = 0;
    while (vireo__str_next_item(&rest, ',', &name))
        for (unsigned kind = 0; kind < VIREO__EIO_KINDS; kind++) {
            if (known[kind] || !vireo__str_equal(name, vireo__eio_kind_name(kind)))
                continue;
            known[kind] = true;
            place->kinds[place->kind_count++] = (vireo__eio_kind)kind;
        }
    return place->kind_count > 0 ? 0 : VIREO_EINVAL;
}

/* --- URLs ------------------------------------------------------------------------------------- */

static void add_pair(vireo__buf *out, const char *name, const char *value)
{
    vireo__buf_append_byte(out, '&');
    vireo__buf_append_str(out, name);
    vireo__buf_append_byte(out, '=');
    vireo__buf_append_str(out, value);
}

int vireo__eio_place_url(const vireo__eio_place *place, vireo__eio_kind kind, const char *sid,
                         const char *stamp, vireo__buf *out)
{
    vireo__buf_append_str(out, place->secure ? "https://" : "http://");
    vireo__buf_append_str(out, place->host);
    vireo__buf_append_str(out, place->path);
    vireo__buf_append_byte(out, '?');
    vireo__buf_append_str(out, place->query);
    if (*place->query != '\0')
        vireo__buf_append_byte(out, '&');
    vireo__buf_append_str(out, "EIO=4");
    add_pair(out, "transport", vireo__eio_kind_name(kind));
    if (stamp != NULL)
        add_pair(out, place->timestamp_name, stamp);
    if (place->force_base64 && (sid == NULL || kind == VIREO__EIO_KIND_WEBSOCKET))
        add_pair(out, "b64", "1");
    if (sid != NULL)
        add_pair(out, "sid", sid);
    return out->error;
}
