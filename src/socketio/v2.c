/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* v2.c: what clients of Socket.IO 1 and 2 expect: they are in "/" without asking, a socket's id is
 * made of its session's, and what newer clients say in their auth stands in the namespace's query:
 *
 *     40/admin?token=abc,  ->  40/admin,
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/url.h"
#include "payload/json_read.h"
#include "payload/json_write.h"
#include "socketio/inside.h"

bool vireo__v2_is(const vireo__sio_conn *conn)
{
    return vireo__eio_protocol(conn->session) == 3;
}

/* --- the query -------------------------------------------------------------------------------- */

static void write_decoded(vireo__buf *json, vireo__str text)
{
    vireo__buf decoded;
    vireo__buf_init(&decoded, VIREO__BUF_UNLIMITED);
    char *out = (char *)vireo__buf_reserve(&decoded, text.len);
    if (out != NULL)
        vireo__json_write_string(json, out,
                                 (size_t)vireo__url_decode(out, text.at, text.len, true));
    else
        json->error = VIREO_ENOMEM;
    vireo__buf_deinit(&decoded);
}

static int write_query(vireo__buf *json, vireo__str query)
{
    vireo__str name, value;
    vireo__buf_append_byte(json, '{');
    while (vireo__url_next_pair(&query, &name, &value)) {
        if (json->len > 1)
            vireo__buf_append_byte(json, ',');
        write_decoded(json, name);
        vireo__buf_append_byte(json, ':');
        write_decoded(json, value);
    }
    return vireo__buf_append_byte(json, '}');
}

vireo__str vireo__v2_name(vireo__str name)
{
    const char *mark = memchr(name.at, '?', name.len);
    return mark != NULL ? (vireo__str){name.at, (size_t)(mark - name.at)} : name;
}

const vireo_value *vireo__v2_take_query(vireo__str *name, vireo__doc *doc)
{
    vireo__str whole = *name;
    *name = vireo__v2_name(whole);
    if (name->len == whole.len)
        return NULL;
    vireo__str query = {whole.at + name->len + 1, whole.len - name->len - 1};
    vireo__buf json;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    int error = write_query(&json, query);
    if (error == 0)
        error = vireo__json_read(doc, (const char *)json.data, json.len, NULL, NULL);
    vireo__buf_deinit(&json);
    return error == 0 ? vireo__doc_root(doc) : NULL;
}

/* --- the id ----------------------------------------------------------------------------------- */

int vireo__v2_id(vireo_socket *s)
{
    const char *session = vireo__eio_id(s->conn->session);
    const char *ns = s->ns->name;
    if (strcmp(ns, "/") == 0) {
        strcpy(s->own_id, session);
        return 0;
    }
    char *id = malloc(strlen(ns) + 1 + strlen(session) + 1);
    if (id == NULL)
        return VIREO_ENOMEM;
    strcat(strcat(strcpy(id, ns), "#"), session);
    s->id = id;
    return 0;
}
