/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "ws/deflate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <zlib.h>

#include "base/buf.h"
#include "ws/frame.h"

enum {
    DEFAULT_LEVEL = 6,         /* as zlib's own, and as npm's ws */
    DEFAULT_MEM_LEVEL = 8,     /* likewise */
    DEFAULT_THRESHOLD = 1024,  /* bytes; as npm's ws: below, a message hardly gets smaller */
    TAIL = 4,                  /* 00 00 FF FF, which a sync flush ends with */
    FLUSH_ROOM = 16,           /* for that, and for what a compressor still held */
    SCRATCH_KEPT = 256 * 1024, /* bytes: one large message must not hold its memory for ever */
    COMPRESSORS_KEPT = 8,      /* of different parameters; 256 KiB each */
    DECOMPRESSORS_KEPT = 4,    /* idle ones; 40 KiB each */
    REMEMBERED = 4             /* parameters for which the last frame is kept compressed */
};

/* All that decides how a frame looks when it is compressed by itself. */
typedef struct params {
    uint8_t bits;
    uint8_t level;
    uint8_t mem_level;
} params;

typedef struct compressor {
    struct compressor *next;
    params params;
    z_stream z;
} compressor;

struct vireo__ws_zlib {
    compressor *compressors; /* the one used last comes first */
    unsigned idle_count;
    z_stream *idle[DECOMPRESSORS_KEPT];
    vireo__buf scratch;
    vireo__shared *source; /* the frame that was compressed last; NULL: none */
    struct {
        params params;
        vireo__shared *result; /* |source| itself where it did not get smaller */
    } results[REMEMBERED];
    unsigned result_count;
};

/* --- zlib's states ---------------------------------------------------------------------------- */

/* zlib makes no raw deflate data with a window of 2^8; but with 2^9 it looks back by 2^9 - 262 =
 * 250 bytes at most, which is less than 2^8. Node.js helps itself in the same way. */
static int open_compressor(z_stream *z, params p)
{
    int bits = p.bits == VIREO__WS_BITS_MIN ? VIREO__WS_BITS_MIN + 1 : p.bits;
    memset(z, 0, sizeof *z);
    int result = deflateInit2(z, p.level, Z_DEFLATED, -bits, p.mem_level, Z_DEFAULT_STRATEGY);
    return result == Z_OK ? 0 : VIREO_ENOMEM;
}

static z_stream *new_decompressor(uint8_t bits)
{
    z_stream *z = calloc(1, sizeof *z);
    if (z != NULL && inflateInit2(z, -bits) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

static void free_decompressor(z_stream *z)
{
    if (z == NULL)
        return;
    inflateEnd(z);
    free(z);
}

static void free_compressor(z_stream *z)
{
    if (z == NULL)
        return;
    deflateEnd(z);
    free(z);
}

/* --- what is shared --------------------------------------------------------------------------- */

vireo__ws_zlib *vireo__ws_zlib_new(void)
{
    vireo__ws_zlib *zlib = calloc(1, sizeof *zlib);
    if (zlib != NULL)
        vireo__buf_init(&zlib->scratch, VIREO__BUF_UNLIMITED);
    return zlib;
}

void vireo__ws_zlib_forget(vireo__ws_zlib *zlib)
{
    while (zlib->result_count > 0)
        vireo__shared_unref(zlib->results[--zlib->result_count].result);
    vireo__shared_unref(zlib->source);
    zlib->source = NULL;
}

void vireo__ws_zlib_free(vireo__ws_zlib *zlib)
{
    if (zlib == NULL)
        return;
    vireo__ws_zlib_forget(zlib);
    for (compressor *c = zlib->compressors, *next; c != NULL; c = next) {
        next = c->next;
        deflateEnd(&c->z);
        free(c);
    }
    while (zlib->idle_count > 0)
        free_decompressor(zlib->idle[--zlib->idle_count]);
    vireo__buf_deinit(&zlib->scratch);
    free(zlib);
}

static bool same(params a, params b)
{
    return a.bits == b.bits && a.level == b.level && a.mem_level == b.mem_level;
}

static void put_first(vireo__ws_zlib *zlib, compressor **at)
{
    compressor *c = *at;
    *at = c->next;
    c->next = zlib->compressors;
    zlib->compressors = c;
}

/* There is no free place: the one that was not used for longest goes. */
static void drop_last(compressor **at)
{
    compressor *c = *at;
    *at = NULL;
    deflateEnd(&c->z);
    free(c);
}

static compressor *shared_compressor(vireo__ws_zlib *zlib, params p)
{
    unsigned count = 0;
    compressor **at = &zlib->compressors;
    for (; *at != NULL; at = &(*at)->next) {
        if (same((*at)->params, p)) {
            put_first(zlib, at);
            return zlib->compressors;
        }
        if (++count == COMPRESSORS_KEPT) {
            drop_last(at);
            break;
        }
    }
    compressor *c = malloc(sizeof *c);
    if (c == NULL || open_compressor(&c->z, p) < 0) {
        free(c);
        return NULL;
    }
    c->params = p;
    c->next = zlib->compressors;
    zlib->compressors = c;
    return c;
}

/* --- a connection's part ---------------------------------------------------------------------- */

vireo__ws_deflate *vireo__ws_deflate_new(vireo__ws_zlib *zlib, const vireo_ws_deflate *settings,
                                         const vireo__ws_agreed *agreed)
{
    vireo__ws_deflate *d = calloc(1, sizeof *d);
    if (d != NULL)
        *d = (vireo__ws_deflate){
            .zlib = zlib, .settings = settings, .agreed = *agreed, .budget = SIZE_MAX};
    return d;
}

static void give_back(vireo__ws_deflate *d)
{
    vireo__ws_zlib *zlib = d->zlib;
    inflateReset(d->in);
    if (zlib->idle_count < DECOMPRESSORS_KEPT)
        zlib->idle[zlib->idle_count++] = d->in;
    else
        free_decompressor(d->in);
    d->in = NULL;
}

void vireo__ws_deflate_free(vireo__ws_deflate *d)
{
    if (d == NULL)
        return;
    if (d->in != NULL && !d->agreed.in_takeover)
        give_back(d);
    free_decompressor(d->in);
    free_compressor(d->out);
    free(d);
}

/* --- out -------------------------------------------------------------------------------------- */

static params params_of(const vireo__ws_deflate *d)
{
    const vireo_ws_deflate *s = d->settings;
    return (params){
        .bits = d->agreed.out_bits,
        .level = s->level != 0 ? s->level : DEFAULT_LEVEL,
        .mem_level = s->mem_level != 0 ? s->mem_level : DEFAULT_MEM_LEVEL,
    };
}

/* With takeover even short messages get smaller: they look like those before them. */
static size_t threshold_of(const vireo__ws_deflate *d)
{
    if (d->settings->threshold != 0)
        return d->settings->threshold;
    return d->agreed.out_takeover ? 1 : DEFAULT_THRESHOLD;
}

/* zlib counts in unsigned int. */
static uInt at_most(size_t n)
{
    return n < UINT_MAX / 2 ? (uInt)n : UINT_MAX / 2;
}

/* Appends |len| compressed bytes of |data| to |out|, up to the sync flush. Returns 0, or
 * VIREO_ENOMEM or VIREO_ETOOBIG of |out|. */
static int compress_to(z_stream *z, const uint8_t *data, size_t len, vireo__buf *out)
{
    z->next_in = (Bytef *)data;
    z->avail_in = 0;
    do {
        if (z->avail_in == 0) {
            z->avail_in = at_most(len);
            len -= z->avail_in;
        }
        size_t room = out->max - out->len;
        size_t wanted = deflateBound(z, z->avail_in) + FLUSH_ROOM;
        room = at_most(wanted < room ? wanted : room);
        z->next_out = vireo__buf_reserve(out, room);
        if (z->next_out == NULL)
            return out->error;
        if (room == 0)
            return VIREO_ETOOBIG;
        z->avail_out = (uInt)room;
        deflate(z, len == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
        out->len += room - z->avail_out;
    } while (z->avail_out == 0 || z->avail_in > 0 || len > 0);
    return 0;
}

/* "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end." (section 7.2.1) "An endpoint
 * MUST set the "Per-Message Compressed" bit of the first fragment" (6.1), here the only one. */
static vireo__shared *compressed_frame(vireo__shared *source, const vireo__buf *data)
{
    vireo__shared *frame =
        vireo__ws_frame_copy(vireo__ws_frame_opcode(source), data->data, data->len - TAIL);
    if (frame != NULL)
        vireo__ws_frame_set_rsv1(frame);
    return frame;
}

/* A compressor that begins anew refers to nothing. */
void vireo__ws_deflate_lost(vireo__ws_deflate *d)
{
    free_compressor(d->out);
    d->out = NULL;
}

/* With takeover a message must be sent as the compressor has left it: the next one refers to it. */
static int compress_next(vireo__ws_deflate *d, vireo__shared *frame, vireo__shared **out)
{
    vireo__buf *data = &d->zlib->scratch;
    if (d->out == NULL) {
        d->out = malloc(sizeof *d->out);
        if (d->out == NULL || open_compressor(d->out, params_of(d)) < 0) {
            free(d->out);
            d->out = NULL;
            return VIREO_ENOMEM;
        }
    }
    vireo__buf_reset(data, SCRATCH_KEPT);
    data->max = VIREO__BUF_UNLIMITED;
    int error = compress_to(d->out, vireo__ws_payload(frame), vireo__ws_payload_len(frame), data);
    *out = error == 0 ? compressed_frame(frame, data) : NULL;
    if (*out != NULL)
        return 0;
    vireo__ws_deflate_lost(d);
    return VIREO_ENOMEM;
}

/* A message that does not get smaller is not worth the other side's work. */
static int compress_alone(vireo__ws_zlib *zlib, params p, vireo__shared *frame, vireo__shared **out)
{
    vireo__buf *data = &zlib->scratch;
    compressor *c = shared_compressor(zlib, p);
    if (c == NULL)
        return VIREO_ENOMEM;
    vireo__buf_reset(data, SCRATCH_KEPT);
    data->max = vireo__ws_payload_len(frame) + TAIL;
    int error = compress_to(&c->z, vireo__ws_payload(frame), vireo__ws_payload_len(frame), data);
    deflateReset(&c->z);
    if (error == VIREO_ENOMEM)
        return error;
    bool smaller = error == 0 && data->len < data->max;
    *out = smaller ? compressed_frame(frame, data) : vireo__shared_ref(frame);
    return *out != NULL ? 0 : VIREO_ENOMEM;
}

static vireo__shared *remembered(const vireo__ws_zlib *zlib, params p, const vireo__shared *frame)
{
    if (zlib->source != frame)
        return NULL;
    for (unsigned i = 0; i < zlib->result_count; i++)
        if (same(zlib->results[i].params, p))
            return zlib->results[i].result;
    return NULL;
}

static void remember(vireo__ws_zlib *zlib, params p, vireo__shared *frame, vireo__shared *result)
{
    if (zlib->source != frame || zlib->result_count == REMEMBERED) {
        vireo__ws_zlib_forget(zlib);
        zlib->source = vireo__shared_ref(frame);
    }
    zlib->results[zlib->result_count].params = p;
    zlib->results[zlib->result_count].result = vireo__shared_ref(result);
    zlib->result_count++;
}

int vireo__ws_deflate_frame(vireo__ws_deflate *d, vireo__shared *frame, vireo__shared **out)
{
    if (frame->plain || vireo__ws_payload_len(frame) < threshold_of(d)) {
        *out = vireo__shared_ref(frame);
        return 0;
    }
    if (d->agreed.out_takeover)
        return compress_next(d, frame, out);
    params p = params_of(d);
    vireo__shared *known = remembered(d->zlib, p, frame);
    if (known != NULL) {
        *out = vireo__shared_ref(known);
        return 0;
    }
    int error = compress_alone(d->zlib, p, frame, out);
    if (error == 0)
        remember(d->zlib, p, frame, *out);
    return error;
}

/* --- in --------------------------------------------------------------------------------------- */

int vireo__ws_inflate_begin(vireo__ws_deflate *d)
{
    d->in_full = false;
    d->in_complete = true;
    if (d->in != NULL)
        return 0;
    vireo__ws_zlib *zlib = d->zlib;
    d->in_ended = false;
    /* What is shared fits the largest window. */
    if (d->agreed.in_takeover)
        d->in = new_decompressor(d->agreed.in_bits);
    else if (zlib->idle_count > 0)
        d->in = zlib->idle[--zlib->idle_count];
    else
        d->in = new_decompressor(VIREO__WS_BITS_MAX);
    return d->in != NULL ? 0 : VIREO_ENOMEM;
}

/* zlib.h, of inflate: data_type is "the number of unused bits in the last byte taken", "plus 128 if
 * inflate() returned immediately after decoding an end-of-block code". Right for a call that has
 * got on, only. */
static bool between_blocks(const z_stream *z)
{
    return (z->data_type & (128 | 63)) == 128;
}

/* After a block with BFINAL set another stream may begin (section 7.2.3.4); what it refers to may
 * stand before it. inflateResetKeep, unlike inflateReset, keeps the window. */
int vireo__ws_inflate(vireo__ws_deflate *d, const uint8_t **in, size_t *n, uint8_t *out,
                      size_t *room)
{
    z_stream *z = d->in;
    int result = Z_OK;
    z->next_out = out;
    z->avail_out = at_most(*room);
    while (result == Z_OK && z->avail_out > 0 && (*n > 0 || d->in_full)) {
        if (d->in_ended)
            inflateResetKeep(z);
        uInt given = at_most(*n);
        z->next_in = (Bytef *)*in;
        z->avail_in = given;
        result = inflate(z, Z_SYNC_FLUSH);
        *in += given - z->avail_in;
        *n -= given - z->avail_in;
        d->in_ended = result == Z_STREAM_END;
        d->in_full = z->avail_out == 0 && !d->in_ended;
        if (result == Z_OK)
            d->in_complete = between_blocks(z);
        if (result == Z_STREAM_END)
            result = Z_OK;
    }
    *room = (size_t)(z->next_out - out);
    if (result == Z_MEM_ERROR)
        return VIREO_ENOMEM;
    return result == Z_OK || result == Z_BUF_ERROR ? 0 : VIREO_EINVAL;
}

bool vireo__ws_inflate_complete(const vireo__ws_deflate *d)
{
    return d->in_complete || d->in_ended;
}

int vireo__ws_inflate_end(vireo__ws_deflate *d)
{
    bool complete = vireo__ws_inflate_complete(d);
    if (!d->agreed.in_takeover)
        give_back(d);
    return complete ? 0 : VIREO_EINVAL;
}
