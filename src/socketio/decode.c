/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/decode.h"

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "base/log.h"
#include "base/utf8.h"
#include "payload/build.h"
#include "payload/json_read.h"

static int refuse(vireo_error *why, const char *text)
{
    return vireo__error_set(why, VIREO_EPROTO, "%s", text);
}

/* --- the JSON of Socket.IO -------------------------------------------------------------------- */

static int read_json(vireo__doc *doc, vireo__str json, uint32_t max_values, vireo_error *why)
{
    vireo__json_limits limits = {.max_nodes = max_values};
    switch (vireo__json_read(doc, json.at, json.len, &limits, NULL)) {
    case 0:
        return 0;
    case VIREO_ETOOBIG:
        return refuse(why, "too many values");
    case VIREO_ENOMEM:
        return VIREO_ENOMEM;
    default:
        return refuse(why, "invalid payload");
    }
}

/* read_packet reads the packet's JSON and puts the attachments in their places. */
static int read_packet(vireo__sio_packet *packet, const vireo__sio_codec *codec, vireo__doc *doc,
                       const vireo__attachment *parts, size_t count, vireo_error *why)
{
    int error = packet->json.len > 0 ? read_json(doc, packet->json, codec->max_values, why) : 0;
    if (error < 0)
        return error;
    packet->payload = vireo__doc_root(doc);
    if (!vireo__sio_payload_valid(packet->type, packet->payload))
        return refuse(why, "invalid payload");
    if (packet->attachments > 0 && vireo__doc_fill_attachments(doc, parts, count) < 0)
        return refuse(why, "illegal attachments");
    return 1;
}

/* A packet whose text is wrong is refused with its text, not when its attachments have come. */
static int take_text(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
                     vireo__str text, vireo__sio_packet *packet, vireo_error *why)
{
    if (d->partial != NULL)
        return refuse(why, "got plaintext data when reconstructing a packet");
    if (vireo__sio_decode(packet, text.at, text.len, codec->max_attachments, why->text) < 0)
        return VIREO_EPROTO;
    if (packet->attachments == 0)
        return read_packet(packet, codec, doc, NULL, 0, why);
    d->partial = vireo__sio_partial_new(text, packet->attachments);
    return d->partial != NULL ? 0 : VIREO_ENOMEM;
}

static int take_binary(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
                       const vireo_piece *piece, vireo__sio_packet *packet, vireo_error *why)
{
    size_t count;
    if (d->partial == NULL)
        return refuse(why, "got binary data when not reconstructing a packet");
    int complete = vireo__sio_partial_add(d->partial, piece->data, piece->size);
    if (complete <= 0)
        return complete;
    vireo__str text = vireo__sio_partial_text(d->partial);
    const vireo__attachment *parts = vireo__sio_partial_parts(d->partial, &count);
    vireo__sio_decode(packet, text.at, text.len, codec->max_attachments, why->text);
    packet->whole = d->partial;
    d->partial = NULL;
    return read_packet(packet, codec, doc, parts, count, why);
}

/* --- other parsers ---------------------------------------------------------------------------- */

/* ask has the parser read one piece. Its own text for an error comes first. */
static int ask(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
               const vireo_piece *piece, vireo_packet *packet, vireo_error *why)
{
    vireo_builder b;
    const vireo_parser *parser = codec->parser;
    why->text[0] = '\0';
    vireo__builder_init(&b, doc, codec->max_values);
    int found = parser->decode(codec->user, d->state, piece, &b, packet, why);
    if (found >= 0 && b.error < 0)
        found = b.error;
    if (found < 0 && found != VIREO_ENOMEM && why->text[0] == '\0')
        refuse(why, found == VIREO_ETOOBIG ? "too many values" : "invalid payload");
    return found >= 0 || found == VIREO_ENOMEM ? found : VIREO_EPROTO;
}

static int convert(const vireo_packet *from, vireo__sio_packet *packet, vireo_error *why)
{
    if (from->type > VIREO_PACKET_CONNECT_ERROR)
        return refuse(why, "unknown packet type");
    *packet = (vireo__sio_packet){.type = (vireo__sio_type)from->type, .payload = from->data};
    packet->ns = from->ns != NULL ? (vireo__str){from->ns, from->ns_len} : vireo__str_of("/");
    if (from->has_id) {
        int digits =
            snprintf(packet->digits, sizeof packet->digits, "%llu", (unsigned long long)from->id);
        packet->id = (vireo__str){packet->digits, (size_t)digits};
    }
    return vireo__sio_payload_valid(packet->type, packet->payload) ? 1
                                                                   : refuse(why, "invalid payload");
}

static int take_piece(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
                      const vireo_piece *piece, vireo__sio_packet *packet, vireo_error *why)
{
    vireo_packet read = {.type = VIREO_PACKET_CONNECT};
    if (!piece->binary && !vireo__utf8_valid(piece->data, piece->size))
        return refuse(why, "invalid payload");
    if (d->state == NULL && codec->parser->state_size > 0) {
        d->state = calloc(1, codec->parser->state_size);
        if (d->state == NULL)
            return VIREO_ENOMEM;
    }
    int found = ask(d, codec, doc, piece, &read, why);
    return found > 0 ? convert(&read, packet, why) : found;
}

/* --- all of them ------------------------------------------------------------------------------ */

int vireo__sio_decoder_feed(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
                            const vireo_piece *piece, vireo__sio_packet *packet, vireo_error *why)
{
    packet->whole = NULL;
    if (codec->parser != NULL)
        return take_piece(d, codec, doc, piece, packet, why);
    if (piece->binary)
        return take_binary(d, codec, doc, piece, packet, why);
    return take_text(d, codec, doc, (vireo__str){piece->data, piece->size}, packet, why);
}

void vireo__sio_decoder_done(vireo__sio_packet *packet, vireo__doc *doc)
{
    vireo__doc_reset(doc);
    vireo__sio_partial_free(packet->whole);
}

static void forget_state(void *state, const vireo__sio_codec *codec)
{
    if (state != NULL && codec->parser->reset != NULL)
        codec->parser->reset(codec->user, state);
    free(state);
}

void vireo__sio_decoder_deinit(vireo__sio_decoder *d, const vireo__sio_codec *codec)
{
    if (codec->parser == NULL)
        vireo__sio_partial_free(d->partial);
    else
        forget_state(d->state, codec);
    *d = (vireo__sio_decoder){0};
}
