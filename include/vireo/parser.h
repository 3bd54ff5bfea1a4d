/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parser.h: how packets become bytes and back. Both ends must use the same parser.
 *
 * Built in are the JSON of Socket.IO, which is the default, the same with hooks that see every
 * value (vireo_parser_json), and msgpack (vireo_parser_msgpack), that of socket.io-msgpack-parser.
 * A parser of your own is a table of two functions, or three:
 *
 *     static int encode(void *user, const vireo_packet *packet, vireo_pieces *out);
 *     static int decode(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
 *                       vireo_packet *packet, vireo_error *error);
 *
 *     static const vireo_parser mine = VIREO_PARSER(.encode = encode, .decode = decode);
 *     vireo_socketio(app, .parser = &mine);
 *
 * In JavaScript such a parser is the option `parser` of server and client, with its Encoder and
 * Decoder. A packet is one message, or several that follow one another; each is a text or binary.
 */

#ifndef VIREO_PARSER_H
#define VIREO_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/build.h>
#include <vireo/error.h>
#include <vireo/value.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vireo_packet_type {
    VIREO_PACKET_CONNECT, /* the numbers of the official parsers */
    VIREO_PACKET_DISCONNECT,
    VIREO_PACKET_EVENT,
    VIREO_PACKET_ACK,
    VIREO_PACKET_CONNECT_ERROR
} vireo_packet_type;

typedef struct vireo_packet {
    vireo_packet_type type;
    /* the namespace, "/" or "/admin"; what encode is given ends with a NUL, what decode gives need
     * not, and may be NULL for "/" */
    const char *ns;
    size_t ns_len;
    bool has_id; /* an acknowledgement is asked for, or given */
    uint64_t id;
    /* EVENT: [name, arguments..]; ACK: [arguments..]; CONNECT: NULL, or an object with the client's
     * auth, or the server's answer; CONNECT_ERROR: an object with "message", (Socket.IO 2:) or any
     * value; DISCONNECT: NULL. Binary parts are leaves of the tree. */
    const vireo_value *data;
} vireo_packet;

/* One message of the connection; borrowed for the call. A text is valid UTF-8. */
typedef struct vireo_piece {
    bool binary;
    const void *data;
    size_t size;
} vireo_piece;

typedef struct vireo_pieces vireo_pieces; /* what one packet becomes */

/* vireo_piece_text and vireo_piece_binary add a message, in the order in which they are sent.
 * Copied. Return 0, VIREO_ENOMEM, VIREO_ETOOBIG, or for a text VIREO_EUTF8 (also for the character
 * U+001E, which stands between the packets of polling). An error is kept: the packet is not sent.
 */
VIREO_API int vireo_piece_text(vireo_pieces *out, const char *text, size_t len);
VIREO_API int vireo_piece_binary(vireo_pieces *out, const void *data, size_t size);

/* Both functions must not send, disconnect or close anything. */
typedef struct vireo_parser {
    size_t size;       /* filled in by VIREO_PARSER */
    size_t state_size; /* bytes for |state| of each connection that receives; zeroed at its start */

    /* Writes one packet, at least one piece. Returns 0 or a negative number, which whoever wanted
     * to send the packet is given. A broadcast is written once for all receivers. */
    int (*encode)(void *user, const vireo_packet *packet, vireo_pieces *out);

    /* Reads one piece of what the other end sends, which may be hostile.
     *
     * piece   ns and data may point into it
     * b       where data is built; what stands in it when more pieces are expected is lost
     * packet  all zero; filled in when it is complete, data with vireo_built(b), or a part of that
     * error   what is wrong: the text that a server's on_error gets
     * Returns 1: |packet| is complete; 0: more pieces are expected; a negative number: the
     * connection is closed, and the reader asked no more. Data of a wrong shape (an EVENT without
     * a name) is refused by the library: "invalid payload". */
    int (*decode)(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
                  vireo_packet *packet, vireo_error *error);

    /* The connection is gone: free what |state| holds, not the state itself. May be NULL; not
     * called for a connection that has sent nothing. */
    void (*reset)(void *user, void *state);
} vireo_parser;

#define VIREO_PARSER(...)                                                                          \
    {                                                                                              \
        .size = sizeof(vireo_parser), __VA_ARGS__                                                  \
    }

/* vireo_parser_msgpack returns the parser of socket.io-msgpack-parser, static: a packet is one
 * binary message, and binary parts cost nothing beside it. What JavaScript knows and JSON does not
 * arrives as it would in JSON: a Date as its ISO text, undefined as null. Takes no parser_user.
 *
 *     vireo_socketio(app, .parser = vireo_parser_msgpack()); */
VIREO_API const vireo_parser *vireo_parser_msgpack(void);

/* A vireo_json_hook may put another value in the place of one, as the replacer of JSON.stringify
 * and the reviver of JSON.parse do.
 *
 * key   of the member that |v| is; NULL for an element of an array and for the outermost, which of
 *       an event is [name, arguments..]
 * v     borrowed for the call; binary parts are seen as such
 * Returns 0: |v| stays; 1: what was built into |out| takes its place, and if nothing was built it
 * is left out, in an array null; a negative number: the packet is refused. */
typedef int (*vireo_json_hook)(const char *key, const vireo_value *v, vireo_builder *out,
                               void *user);

typedef struct vireo_json_hooks {
    size_t size; /* filled in by VIREO_JSON_HOOKS */
    /* Of what is sent: a value is seen before what stands in it, and then what stands in its
     * substitute. */
    vireo_json_hook replace;
    vireo_json_hook revive; /* of what arrives: a value is seen after what stands in it */
    void *user;
    uint32_t max_attachments; /* binary parts of one packet that arrives; default 10 */
} vireo_json_hooks;

#define VIREO_JSON_HOOKS(...)                                                                      \
    {                                                                                              \
        .size = sizeof(vireo_json_hooks), __VA_ARGS__                                              \
    }

/* vireo_parser_json returns the JSON of Socket.IO with hooks, static; its parser_user is a
 * vireo_json_hooks or NULL. Without hooks leave .parser NULL: it is the same, and faster.
 *
 *     static vireo_json_hooks hooks = VIREO_JSON_HOOKS(.revive = dates);
 *     vireo_socketio(app, .parser = vireo_parser_json(), .parser_user = &hooks); */
VIREO_API const vireo_parser *vireo_parser_json(void);

#ifdef __cplusplus
}
#endif
#endif
