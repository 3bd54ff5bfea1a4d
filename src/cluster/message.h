/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* message.h: what the servers of a cluster tell each other, and its JSON: the messages that all
 * newer adapters of the official server speak, whatever carries them.
 *
 *     {"type":3,"data":{"packet":{"type":2,"data":["news",1]},
 *      "opts":{"rooms":["a"],"except":[],"flags":{}}},"uid":"851bc8b06311145d","nsp":"/"}
 *
 * Binary parts of an event stand beside the text, in it their placeholders, as in a packet to a
 * client. A carrier with another form for the whole (msgpack) makes it from the tree, and reads it
 * into one. */

#ifndef VIREO_CLUSTER_MESSAGE_H
#define VIREO_CLUSTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/value.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "payload/attachments.h"

typedef enum vireo__cluster_type {
    VIREO__CLUSTER_HELLO = 1, /* who hears it answers with a HEARTBEAT */
    VIREO__CLUSTER_HEARTBEAT,
    VIREO__CLUSTER_BROADCAST,
    VIREO__CLUSTER_JOIN,
    VIREO__CLUSTER_LEAVE,
    VIREO__CLUSTER_DISCONNECT,
    VIREO__CLUSTER_FETCH,
    VIREO__CLUSTER_FETCHED,
    VIREO__CLUSTER_SERVER_EVENT,
    VIREO__CLUSTER_SERVER_ANSWER,
    VIREO__CLUSTER_CLIENT_COUNT,
    VIREO__CLUSTER_CLIENT_ANSWER,
    VIREO__CLUSTER_GOODBYE
} vireo__cluster_type;

#define VIREO__CLUSTER_ID_MAX     64 /* bytes of a |uid| or a |request|; ours have 16 */
#define VIREO__CLUSTER_COUNT_MAX  UINT32_MAX
#define VIREO__CLUSTER_NEWEST_MAX 255 /* bytes; as for a vireo_to's */

/* All pointers are borrowed. Only what belongs to the type counts. */
typedef struct vireo__cluster_message {
    vireo__cluster_type type;
    const char *uid;     /* of the server that sends it; "emitter": of a program that is none */
    const char *ns;      /* NULL: not said */
    const char *request; /* its answer is wanted, or it is one; NULL: neither */

    /* who is meant: rooms, without those in others; lists end with a NULL */
    const char *const *rooms;
    const char *const *except;
    bool volatile_;
    bool uncompressed;
    const char *newest;  /* see vireo_to; official servers pass it over; NULL: none */
    uint32_t timeout_ms; /* for the answers; 0: not said */
    uint64_t stamp;      /* between workers (socketio/history.h); 0: none */

    const char *const *names; /* JOIN, LEAVE: the rooms */
    bool close;               /* DISCONNECT: their connections too */
    uint32_t count;           /* CLIENT_COUNT: so many clients are asked */

    /* BROADCAST, SERVER_EVENT: the array [event, args..]. FETCHED: an array of descriptions.
     * SERVER_ANSWER, CLIENT_ANSWER: a value. What is written is the text with its parts, unless
     * there is a value; what was read is a value, NULL where there is none. */
    vireo__str json;
    const vireo__attachment *parts;
    size_t part_count;
    const vireo_value *value;
} vireo__cluster_message;

/* vireo__cluster_write appends |m| as JSON, and its parts to |parts| (empty at first; they are
 * borrowed from |m|). Returns the buffer's sticky error, VIREO_ENOMEM. */
int vireo__cluster_write(vireo__buf *out, vireo__attachments *parts,
                         const vireo__cluster_message *m);

/* vireo__cluster_read reads a message.
 *
 * m       borrows from |tree| and |memory|
 * tree    its parts filled in
 * Returns 0, VIREO_EPROTO (what is no such message, is refused as a whole), VIREO_ENOMEM. */
int vireo__cluster_read(vireo__cluster_message *m, const vireo_value *tree, vireo__arena *memory);

#endif
