/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cluster/message.h"

#include <string.h>

#include <vireo/error.h>

#include "payload/json_write.h"
#include "payload/value.h"
#include "socketio/packet.h"

/* --- what belongs to which type --------------------------------------------------------------- */

enum {
    TARGET = 1,
    REQUEST = 2,     /* there must be one */
    MAY_REQUEST = 4, /* there is one where an answer is wanted */
    NAMES = 8,
    CLOSE = 16,
    COUNT = 32,
    PACKET = 64, /* the content is a packet with an event for clients */
    EVENT = 128, /* .. the array of one for servers */
    LIST = 256,  /* .. an array */
    VALUE = 512, /* .. any value, or none */
};

typedef struct shape {
    unsigned has;
    const char *content; /* its key */
} shape;

static const shape shapes[] = {
    [VIREO__CLUSTER_HELLO] = {0, NULL},
    [VIREO__CLUSTER_HEARTBEAT] = {0, NULL},
    [VIREO__CLUSTER_BROADCAST] = {TARGET | MAY_REQUEST | PACKET, "packet"},
    [VIREO__CLUSTER_JOIN] = {TARGET | NAMES, NULL},
    [VIREO__CLUSTER_LEAVE] = {TARGET | NAMES, NULL},
    [VIREO__CLUSTER_DISCONNECT] = {TARGET | CLOSE, NULL},
    [VIREO__CLUSTER_FETCH] = {TARGET | REQUEST, NULL},
    [VIREO__CLUSTER_FETCHED] = {REQUEST | LIST, "sockets"},
    [VIREO__CLUSTER_SERVER_EVENT] = {MAY_REQUEST | EVENT, "packet"},
    [VIREO__CLUSTER_SERVER_ANSWER] = {REQUEST | VALUE, "packet"},
    [VIREO__CLUSTER_CLIENT_COUNT] = {REQUEST | COUNT, NULL},
    [VIREO__CLUSTER_CLIENT_ANSWER] = {REQUEST | VALUE, "packet"},
    [VIREO__CLUSTER_GOODBYE] = {0, NULL},
};

/* --- writing ---------------------------------------------------------------------------------- */

static void write_text(vireo__buf *out, const char *text)
{
    vireo__json_write_string(out, text, strlen(text));
}

static void write_list(vireo__buf *out, const char *const *list)
{
    vireo__buf_append_byte(out, '[');
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (i > 0)
            vireo__buf_append_byte(out, ',');
        write_text(out, list[i]);
    }
    vireo__buf_append_byte(out, ']');
}

/* begin_member writes the comma in front of all members but the first. */
static void begin_member(vireo__buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        vireo__buf_append_byte(out, ',');
}

static void write_target(vireo__buf *out, const vireo__cluster_message *m)
{
    vireo__buf_append_str(out, "\"opts\":{\"rooms\":");
    write_list(out, m->rooms);
    vireo__buf_append_str(out, ",\"except\":");
    write_list(out, m->except);
    vireo__buf_append_str(out, ",\"flags\":{");
    if (m->volatile_)
        vireo__buf_append_str(out, "\"volatile\":true");
    if (m->uncompressed) {
        begin_member(out);
        vireo__buf_append_str(out, "\"compress\":false");
    }
    if (m->newest != NULL) {
        begin_member(out);
        vireo__buf_append_str(out, "\"newest\":");
        write_text(out, m->newest);
    }
    if (m->timeout_ms > 0) {
        begin_member(out);
        vireo__buf_append_str(out, "\"timeout\":");
        vireo__buf_append_u64(out, m->timeout_ms);
    }
    vireo__buf_append_str(out, "}}");
}

static void add_parts(vireo__buf *out, vireo__attachments *parts, const vireo__cluster_message *m)
{
    for (size_t i = 0; i < m->part_count && out->error == 0; i++)
        out->error = vireo__attachments_add(parts, m->parts[i].data, m->parts[i].size);
}

static void write_content(vireo__buf *out, vireo__attachments *parts, unsigned has,
                          const vireo__cluster_message *m)
{
    if (has & PACKET)
        vireo__buf_append_str(out, "{\"type\":2,\"data\":");
    if (m->value != NULL || m->json.len == 0) {
        vireo__json_write(out, parts, m->value, 0);
    } else {
        vireo__buf_append(out, m->json.at, m->json.len);
        add_parts(out, parts, m);
    }
    if (has & PACKET)
        vireo__buf_append_byte(out, '}');
}

static void write_data(vireo__buf *out, vireo__attachments *parts, const vireo__cluster_message *m)
{
    const shape *s = &shapes[m->type];
    vireo__buf_append_str(out, ",\"data\":{");
    if (s->content != NULL) {
        write_text(out, s->content);
        vireo__buf_append_byte(out, ':');
        write_content(out, parts, s->has, m);
    }
    if (m->request != NULL && s->has & (REQUEST | MAY_REQUEST)) {
        begin_member(out);
        vireo__buf_append_str(out, "\"requestId\":");
        write_text(out, m->request);
    }
    if (s->has & TARGET) {
        begin_member(out);
        write_target(out, m);
    }
    if (s->has & NAMES) {
        vireo__buf_append_str(out, ",\"rooms\":");
        write_list(out, m->names);
    }
    if (s->has & CLOSE)
        vireo__buf_append_str(out, m->close ? ",\"close\":true" : ",\"close\":false");
    if (s->has & COUNT) {
        vireo__buf_append_str(out, ",\"clientCount\":");
        vireo__buf_append_u64(out, m->count);
    }
    vireo__buf_append_byte(out, '}');
}

int vireo__cluster_write(vireo__buf *out, vireo__attachments *parts,
                         const vireo__cluster_message *m)
{
    vireo__buf_append_str(out, "{\"type\":");
    vireo__buf_append_u64(out, (uint64_t)m->type);
    if (shapes[m->type].has != 0)
        write_data(out, parts, m);
    vireo__buf_append_str(out, ",\"uid\":");
    write_text(out, m->uid);
    if (m->ns != NULL) {
        vireo__buf_append_str(out, ",\"nsp\":");
        write_text(out, m->ns);
    }
    return vireo__buf_append_byte(out, '}');
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A text that ends where it seems to end; NULL else. */
static const char *text_of(const vireo_value *v)
{
    size_t len;
    const char *text = vireo_str_len(v, &len);
    return text != NULL && strlen(text) == len ? text : NULL;
}

static const char *id_of(const vireo_value *v)
{
    const char *text = text_of(v);
    size_t len = text != NULL ? strnlen(text, VIREO__CLUSTER_ID_MAX + 1) : 0;
    return len > 0 && len <= VIREO__CLUSTER_ID_MAX ? text : NULL;
}

/* Rooms of servers in JavaScript may be numbers: they are told as their text. */
static int read_name(const char **name, const vireo_value *v, vireo__arena *memory)
{
    if (vireo_type_of(v) != VIREO_NUMBER) {
        *name = text_of(v);
        return *name != NULL ? 0 : VIREO_EPROTO;
    }
    vireo__buf text;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error = vireo__json_write(&text, NULL, v, VIREO__JSON_BY_VALUE);
    char *copy = error == 0 ? vireo__arena_take(memory, text.len + 1, 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    vireo__buf_deinit(&text);
    *name = copy;
    return copy != NULL ? 0 : VIREO_ENOMEM;
}

static int read_list(const char *const **list, const vireo_value *array, vireo__arena *memory)
{
    if (vireo_type_of(array) != VIREO_ARRAY)
        return VIREO_EPROTO;
    const char **names =
        vireo__arena_take(memory, (vireo_count(array) + 1) * sizeof *names, sizeof(void *));
    if (names == NULL)
        return VIREO_ENOMEM;
    *list = names;
    for (const vireo_value *v = NULL; (v = vireo_next(array, v)) != NULL;) {
        int error = read_name(names++, v, memory);
        if (error < 0)
            return error;
    }
    *names = NULL;
    return 0;
}

/* Without its lists a target would mean everybody. */
static int read_target(vireo__cluster_message *m, const vireo_value *opts, vireo__arena *memory)
{
    const vireo_value *flags = vireo_get(opts, "flags");
    int64_t timeout = vireo_int(vireo_get(flags, "timeout"), 0);
    m->volatile_ = vireo_bool(vireo_get(flags, "volatile"), false);
    m->uncompressed = !vireo_bool(vireo_get(flags, "compress"), true);
    m->newest = text_of(vireo_get(flags, "newest"));
    if (m->newest != NULL &&
        strnlen(m->newest, VIREO__CLUSTER_NEWEST_MAX + 1) > VIREO__CLUSTER_NEWEST_MAX)
        return VIREO_EPROTO;
    if (timeout > 0)
        m->timeout_ms = timeout < UINT32_MAX ? (uint32_t)timeout : UINT32_MAX;
    int error = read_list(&m->rooms, vireo_get(opts, "rooms"), memory);
    return error == 0 ? read_list(&m->except, vireo_get(opts, "except"), memory) : error;
}

/* A packet that clients would close their connection for is none. */
static bool content_valid(unsigned has, const vireo_value *content)
{
    bool array = vireo_type_of(content) == VIREO_ARRAY;
    if (has & PACKET)
        return array && vireo__sio_payload_valid(VIREO__SIO_EVENT, content);
    if (has & EVENT)
        return text_of(vireo_at(content, 0)) != NULL;
    return array || !(has & LIST);
}

static int read_content(vireo__cluster_message *m, const shape *s, const vireo_value *data)
{
    if (s->content == NULL)
        return 0;
    m->value = vireo_get(data, s->content);
    if (s->has & PACKET)
        m->value = vireo_get(m->value, "data");
    return content_valid(s->has, m->value) ? 0 : VIREO_EPROTO;
}

static int read_request(vireo__cluster_message *m, unsigned has, const vireo_value *data)
{
    const vireo_value *id = vireo_get(data, "requestId");
    if (!(has & (REQUEST | MAY_REQUEST)) || (id == NULL && has & MAY_REQUEST))
        return 0;
    m->request = id_of(id);
    return m->request != NULL ? 0 : VIREO_EPROTO;
}

static int read_count(vireo__cluster_message *m, const vireo_value *data)
{
    int64_t count = vireo_int(vireo_get(data, "clientCount"), -1);
    if (count < 0 || count > VIREO__CLUSTER_COUNT_MAX)
        return VIREO_EPROTO;
    m->count = (uint32_t)count;
    return 0;
}

static int read_data(vireo__cluster_message *m, const vireo_value *data, vireo__arena *memory)
{
    const shape *s = &shapes[m->type];
    int error = read_request(m, s->has, data);
    if (error == 0)
        error = read_content(m, s, data);
    if (error == 0 && s->has & TARGET)
        error = read_target(m, vireo_get(data, "opts"), memory);
    if (error == 0 && s->has & NAMES)
        error = read_list(&m->names, vireo_get(data, "rooms"), memory);
    if (error == 0 && s->has & COUNT)
        error = read_count(m, data);
    m->close = vireo_bool(vireo_get(data, "close"), false);
    return error;
}

int vireo__cluster_read(vireo__cluster_message *m, const vireo_value *tree, vireo__arena *memory)
{
    int64_t type = vireo_int(vireo_get(tree, "type"), 0);
    const vireo_value *ns = vireo_get(tree, "nsp");
    *m = (vireo__cluster_message){.uid = id_of(vireo_get(tree, "uid")), .ns = text_of(ns)};
    if (type < VIREO__CLUSTER_HELLO || type > VIREO__CLUSTER_GOODBYE || m->uid == NULL ||
        (ns != NULL && m->ns == NULL))
        return VIREO_EPROTO;
    m->type = (vireo__cluster_type)type;
    return read_data(m, vireo_get(tree, "data"), memory);
}
