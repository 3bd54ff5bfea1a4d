/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/coding.h"

#include <limits.h>
#include <stdlib.h>

#ifdef VIREO_BROTLI
#include <brotli/encode.h>
#endif
#include <zlib.h>

#include <vireo/error.h>

#include "base/str.h"

enum {
    WINDOW = 15,        /* bits; RFC 1952 has no smaller one */
    GZIP_FORMAT = 16,   /* added to the window it means gzip instead of zlib */
    MEMORY = 8,         /* zlib's default: 256 KiB for a encoder */
    BROTLI_WINDOW = 18, /* bits: memory is what is short, and replies are seldom longer */
    WHOLE_KEPT = 65536  /* bytes of a buffer that stay for the next body */
};

struct vireo__inflater {
    z_stream z;
    bool gzip;
    bool ended; /* a stream has ended, and nothing followed */
};

struct vireo__encoder {
    z_stream z; /* all zero for brotli */
#ifdef VIREO_BROTLI
    BrotliEncoderState *brotli; /* NULL: zlib */
#endif
};

static const char *const names[] = {
    [VIREO__CODING_GZIP] = "gzip",
    [VIREO__CODING_DEFLATE] = "deflate",
    [VIREO__CODING_BROTLI] = "br",
};

vireo__coding vireo__coding_read(const char *value)
{
    vireo__str s = value != NULL ? vireo__str_trim(vireo__str_of(value)) : (vireo__str){NULL, 0};
    if (s.len == 0 || vireo__str_equal_nocase(s, "identity"))
        return VIREO__CODING_NONE;
    /* Section 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"". */
    if (vireo__str_equal_nocase(s, "gzip") || vireo__str_equal_nocase(s, "x-gzip"))
        return VIREO__CODING_GZIP;
    return vireo__str_equal_nocase(s, "deflate") ? VIREO__CODING_DEFLATE : VIREO__CODING_UNKNOWN;
}

const char *vireo__coding_name(vireo__coding coding)
{
    return names[coding];
}

/* zlib counts in unsigned int. */
static unsigned clip(size_t n)
{
    return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

static void begin_step(z_stream *z, const vireo__coding_io *io)
{
    z->next_in = (Bytef *)(uintptr_t)io->in;
    z->avail_in = clip(io->in_len);
    z->next_out = io->out;
    z->avail_out = clip(io->out_len);
}

static void end_step(const z_stream *z, vireo__coding_io *io)
{
    size_t used = (size_t)(z->next_in - io->in), made = (size_t)(z->next_out - io->out);
    io->in += used;
    io->in_len -= used;
    io->out += made;
    io->out_len -= made;
}

/* --- in --------------------------------------------------------------------------------------- */

vireo__inflater *vireo__inflater_new(vireo__coding coding)
{
    vireo__inflater *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->gzip = coding == VIREO__CODING_GZIP;
    if (inflateInit2(&i->z, WINDOW + (i->gzip ? GZIP_FORMAT : 0)) == Z_OK)
        return i;
    free(i);
    return NULL;
}

void vireo__inflater_free(vireo__inflater *i)
{
    if (i == NULL)
        return;
    inflateEnd(&i->z);
    free(i);
}

static int result_of(int zlib)
{
    if (zlib == Z_OK || zlib == Z_BUF_ERROR || zlib == Z_STREAM_END)
        return 0;
    return zlib == Z_MEM_ERROR ? VIREO_ENOMEM : VIREO_EPROTO;
}

int vireo__inflater_step(vireo__inflater *i, vireo__coding_io *io)
{
    while (io->out_len > 0) {
        if (i->ended) {
            if (io->in_len == 0)
                return 0;
            /* RFC 1952 section 2.2: "A gzip file consists of a series of "members"". */
            if (!i->gzip || inflateReset(&i->z) != Z_OK)
                return VIREO_EPROTO;
            i->ended = false;
        }
        size_t in = io->in_len, out = io->out_len;
        begin_step(&i->z, io);
        int result = inflate(&i->z, Z_NO_FLUSH);
        end_step(&i->z, io);
        i->ended = result == Z_STREAM_END;
        if (result_of(result) < 0)
            return result_of(result);
        if (!i->ended && io->in_len == in && io->out_len == out)
            return 0;
    }
    return 0;
}

bool vireo__inflater_ended(const vireo__inflater *i)
{
    return i->ended;
}

/* --- out -------------------------------------------------------------------------------------- */

bool vireo__encodes(vireo__coding coding)
{
#ifndef VIREO_BROTLI
    if (coding == VIREO__CODING_BROTLI)
        return false;
#endif
    return coding != VIREO__CODING_NONE && coding != VIREO__CODING_UNKNOWN;
}

static bool begin_zlib(z_stream *z, vireo__coding coding, int level)
{
    int window = WINDOW + (coding == VIREO__CODING_GZIP ? GZIP_FORMAT : 0);
    return deflateInit2(z, level, Z_DEFLATED, window, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
}

#ifdef VIREO_BROTLI

/* At the same level the two take about the same time; brotli's result is smaller. */
static bool begin_brotli(vireo__encoder *e, int level)
{
    e->brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    return e->brotli != NULL &&
           BrotliEncoderSetParameter(e->brotli, BROTLI_PARAM_QUALITY, 1 + (uint32_t)level / 2) &&
           BrotliEncoderSetParameter(e->brotli, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
}

static void step_brotli(vireo__encoder *e, vireo__coding_io *io, vireo__encode_mode mode)
{
    static const BrotliEncoderOperation modes[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                   BROTLI_OPERATION_FINISH};
    BrotliEncoderCompressStream(e->brotli, modes[mode], &io->in_len, &io->in, &io->out_len,
                                &io->out, NULL);
}

#endif

vireo__encoder *vireo__encoder_new(vireo__coding coding, int level)
{
    vireo__encoder *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
#ifdef VIREO_BROTLI
    bool begun =
        coding == VIREO__CODING_BROTLI ? begin_brotli(e, level) : begin_zlib(&e->z, coding, level);
#else
    bool begun = begin_zlib(&e->z, coding, level);
#endif
    if (begun)
        return e;
    vireo__encoder_free(e);
    return NULL;
}

void vireo__encoder_free(vireo__encoder *e)
{
    if (e == NULL)
        return;
#ifdef VIREO_BROTLI
    BrotliEncoderDestroyInstance(e->brotli); /* NULL is allowed */
#endif
    deflateEnd(&e->z); /* and this one does nothing where none was begun */
    free(e);
}

void vireo__encoder_step(vireo__encoder *e, vireo__coding_io *io, vireo__encode_mode mode)
{
    static const int modes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
#ifdef VIREO_BROTLI
    if (e->brotli != NULL) {
        step_brotli(e, io, mode);
        return;
    }
#endif
    begin_step(&e->z, io);
    deflate(&e->z, modes[mode]);
    end_step(&e->z, io);
}

bool vireo__encode_whole(vireo__buf *out, vireo__coding coding, int level, const void *body,
                         size_t len)
{
    vireo__encoder *encoder = vireo__encoder_new(coding, level);
    vireo__buf_reset(out, WHOLE_KEPT);
    if (encoder == NULL)
        return false;
    uint8_t *room = vireo__buf_reserve(out, len);
    vireo__coding_io io = {body, len, room, len};
    if (room != NULL)
        vireo__encoder_step(encoder, &io, VIREO__ENCODE_END);
    vireo__encoder_free(encoder);
    out->len = len - io.out_len;
    return room != NULL && io.out_len > 0;
}
