/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode.h: bytes of the three protocols to lines that people (or with |json| programs) read.
 *
 *     bytes -> frames (decode_frame.c) -> packets (decode_packet.c) -> a cli_item -> a line
 *
 * What cannot be read becomes a line too, which says why; reading goes on behind it.
 */

#ifndef VIREO_CLI_DECODE_H
#define VIREO_CLI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

struct z_stream_s;

/* What the words of --as mean, in their order. */
typedef enum cli_as {
    CLI_AS_AUTO,
    CLI_AS_ENGINE,
    CLI_AS_PAYLOAD,
    CLI_AS_SOCKET,
    CLI_AS_WS,
    CLI_AS_MSGPACK
} cli_as;

typedef struct cli_decoder {
    FILE *out;
    bool json;
    bool colours;
    bool eio3;                     /* of Engine.IO: revision 3 */
    const char *when;              /* of a capture: shown in front; NULL: none */
    const char *from;              /* "sent" or "received"; NULL: not known */
    const char *frame;             /* "text": what is read stands in such a frame; NULL: in none */
    char flags[64];                /* .. ", masked, 27 bytes" */
    uint32_t parts, missing;       /* of the binary packet whose attachments follow */
    struct z_stream_s *inflate[2]; /* of each direction, from its first compressed frame on */
    size_t wrong;                  /* lines that could not be read */
} cli_decoder;

/* One line to be. The texts are borrowed. */
typedef struct cli_item {
    const char *engine; /* "message"; NULL: the line is not about Engine.IO */
    const char *socket; /* "event"; NULL: not about Socket.IO */
    vireo__str ns, id;
    vireo__str data;   /* what it carries */
    bool binary;       /* data is bytes */
    bool values;       /* data is JSON of an event or an acknowledgement: an array */
    uint32_t parts;    /* attachments that it announces; of an attachment: how many there are */
    uint32_t part;     /* of an attachment: which it is, from 1 */
    unsigned code;     /* of a close frame; 0: none */
    const char *wrong; /* why it cannot be read; NULL: it can */
} cli_item;

/* cli_decode_deinit frees what the decoder has gathered. */
void cli_decode_deinit(cli_decoder *d);

/* cli_decode_show writes the line of an item. */
void cli_decode_show(cli_decoder *d, const cli_item *item);

/* cli_decode_text reads a text: one packet, or a payload of several. |text| is changed. */
void cli_decode_text(cli_decoder *d, cli_as as, uint8_t *text, size_t n);

/* cli_decode_known tells whether |text| is a packet of Engine.IO or Socket.IO beyond doubt. */
bool cli_decode_known(const cli_decoder *d, const uint8_t *text, size_t n);

/* cli_decode_bytes reads a binary message. |bytes| is changed. */
void cli_decode_bytes(cli_decoder *d, uint8_t *bytes, size_t n);

/* cli_decode_msgpack reads a packet of socket.io-msgpack-parser. False, and no line, when it is
 * none.
 *
 * engine   as of an item */
bool cli_decode_msgpack(cli_decoder *d, const char *engine, const uint8_t *bytes, size_t n);

/* cli_decode_frames reads one direction of a WebSocket connection: frames, perhaps with the HTTP
 * request or answer in front. |bytes| is changed.
 *
 * inside   say what packets the messages are */
void cli_decode_frames(cli_decoder *d, uint8_t *bytes, size_t n, bool inside);

/* cli_decode_har reads what the developer tools of browsers save (HTTP archive): messages of
 * WebSockets, and polls. False when |text| is none; why was told. */
bool cli_decode_har(cli_decoder *d, const char *text, size_t n);

#endif
