/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* text.c: one walk over the characters of a text, with a rule for each kind of character. */

#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT 0xfffdu

/* Where the characters go: |out| has room for |max_chars| of them and a NUL. */
struct writer {
    char *out;
    size_t len, chars, max_chars;
    size_t seen;   /* characters that leave a mark on the screen */
    bool overflow; /* there were more */
};

static void write_char(struct writer *w, const char *bytes, size_t n)
{
    if (w->chars == w->max_chars) {
        w->overflow = true;
        return;
    }
    memcpy(w->out + w->len, bytes, n);
    w->len += n;
    w->chars++;
}

/* How many bytes the character that begins with |lead| has; 0 if none begins so. */
static size_t char_bytes(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if ((lead & 0xf0) == 0xe0)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Reads the character at |p|, of |left| bytes, and stores its length. JavaScript may send half an
 * emoji, which has no meaning alone and no form in UTF-8: it is read as the replacement character,
 * like anything malformed. */
static uint32_t read_char(const char *p, size_t left, size_t *n)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t want = char_bytes((unsigned char)*p);
    uint32_t c = (unsigned char)*p;

    *n = 1;
    if (want == 1)
        return c;
    if (want == 0 || want > left)
        return REPLACEMENT;
    c &= 0x7fu >> want;
    for (size_t i = 1; i < want; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    }
    *n = want;
    bool surrogate = c >= 0xd800 && c < 0xe000;
    return c < smallest[want] || c > 0x10ffff || surrogate ? REPLACEMENT : c;
}

struct range {
    uint32_t first, last;
};

static bool within(uint32_t c, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static bool is_space(uint32_t c)
{
    static const struct range spaces[] = {
        {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
        {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
    };
    return within(c, spaces, sizeof(spaces) / sizeof(spaces[0]));
}

/* Characters that show nothing, or that reorder what stands around them. */
static bool is_unseen(uint32_t c)
{
    static const struct range unseen[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},       {0xad, 0xad}, /* control, soft hyphen */
        {0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5}, {0x180b, 0x180f}, /* fillers */
        {0x200b, 0x200b}, {0x200e, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, /* widths,
                                                                                     directions */
        {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
        {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
    };
    return within(c, unseen, sizeof(unseen) / sizeof(unseen[0]));
}

/* Characters that shape their neighbours (they hold emoji together) and show nothing alone. */
static bool is_joiner(uint32_t c)
{
    return c == 0x200c || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f);
}

/* Returns whether the name had something unseen. */
static bool walk_name(struct writer *w, const char *in, size_t len)
{
    bool unseen = false, gap = false;

    for (size_t i = 0, n; i < len; i += n) {
        uint32_t c = read_char(in + i, len - i, &n);
        if (is_space(c)) {
            gap = w->chars > 0;
        } else if (is_unseen(c) || c == REPLACEMENT) {
            unseen = true;
        } else {
            if (gap)
                write_char(w, " ", 1);
            write_char(w, in + i, n);
            w->seen += !is_joiner(c);
            gap = false;
        }
    }
    w->out[w->len] = '\0';
    return unseen;
}

enum text_fault text_name(char out[NAME_BYTES + 1], const char *in, size_t len)
{
    struct writer w = {.out = out, .max_chars = NAME_CHARS};

    if (walk_name(&w, in, len))
        return TEXT_UNSEEN;
    if (w.overflow)
        return TEXT_TOO_LONG;
    return w.seen > 0 ? TEXT_OK : TEXT_EMPTY;
}

enum text_fault text_fit(char out[NAME_BYTES + 1], const char *in, size_t len, size_t max_chars)
{
    struct writer w = {.out = out, .max_chars = max_chars};

    walk_name(&w, in, len);
    while (w.len > 0 && out[w.len - 1] == ' ')
        out[--w.len] = '\0';
    return w.seen > 0 ? TEXT_OK : TEXT_EMPTY;
}

static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f);
}

/* What is dropped at the ends of a message: blanks, new lines, and control characters with them. */
static bool is_margin(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

enum text_fault text_message(char out[TEXT_BYTES + 1], const char *in, size_t len)
{
    struct writer w = {.out = out, .max_chars = TEXT_CHARS};

    while (len > 0 && is_margin(in[len - 1]))
        len--;
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t c = read_char(in + i, len - i, &n);
        if (is_control(c) || (w.chars == 0 && is_margin((char)in[i])))
            continue;
        if (c == REPLACEMENT)
            write_char(&w, "\xef\xbf\xbd", 3);
        else
            write_char(&w, in + i, n);
        w.seen += !is_space(c) && !is_unseen(c) && !is_joiner(c);
    }
    out[w.len] = '\0';
    if (w.overflow)
        return TEXT_TOO_LONG;
    return w.seen > 0 ? TEXT_OK : TEXT_EMPTY;
}
