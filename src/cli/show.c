/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vireo/error.h>

#include "base/utf8.h"

bool cli_colours(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && (no == NULL || *no == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

const char *cli_paint(bool colours, cli_ink ink)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",   [CLI_DIM] = "\033[2m",
        [CLI_RED] = "\033[31m",  [CLI_GREEN] = "\033[32m", [CLI_YELLOW] = "\033[33m",
        [CLI_BLUE] = "\033[34m", [CLI_CYAN] = "\033[36m",
    };
    return colours ? codes[ink] : "";
}

/* The bytes of the whole character that |text| begins with; 0 if it begins with none. */
static size_t character(const uint8_t *text, size_t n)
{
    size_t size = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    return size <= n && vireo__utf8_valid(text, size) ? size : 0;
}

static unsigned code_point(const uint8_t *text, size_t size)
{
    unsigned code = size == 1 ? text[0] : text[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (text[i] & 0x3fu);
    return code;
}

/* Controls (C0, C1 and DEL), marks of direction, separators of lines. */
static bool upsets(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static void escape_one(vireo__buf *out, unsigned code)
{
    char text[16];
    const char *known = code == '\n' ? "\\n" : code == '\r' ? "\\r" : code == '\t' ? "\\t" : NULL;
    if (known == NULL)
        snprintf(text, sizeof text, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
    vireo__buf_append_str(out, known ? known : text);
}

void cli_escape(vireo__buf *out, const void *text, size_t n)
{
    const uint8_t *at = text;
    while (n > 0) {
        size_t size = character(at, n);
        unsigned code = size > 0 ? code_point(at, size) : at[0];
        if (size == 0 || upsets(code))
            escape_one(out, code);
        else
            vireo__buf_append(out, at, size);
        size = size > 0 ? size : 1;
        at += size;
        n -= size;
    }
}

void cli_vescape(vireo__buf *out, const char *format, va_list args)
{
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    if (n < 0) {
        out->error = VIREO_ENOMEM;
        return;
    }
    cli_escape(out, text, (size_t)n);
    free(text);
}

void cli_hex(vireo__buf *out, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    char text[4];
    for (size_t i = 0; i < n && i < CLI_HEX_SHOWN; i++) {
        snprintf(text, sizeof text, "%s%02x", i > 0 ? " " : "", at[i]);
        vireo__buf_append_str(out, text);
    }
    if (n > CLI_HEX_SHOWN)
        vireo__buf_append_str(out, " ..");
}

size_t cli_width(FILE *out, size_t most)
{
    struct winsize size;
    bool known = isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0;
    return known && size.ws_col > 0 && size.ws_col < most ? size.ws_col : most;
}

/* The characters of a text: its bytes but those that go on with one. */
static size_t columns(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

void cli_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t width)
{
    while (*text != '\0') {
        size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");
        size_t size = columns(text + blanks, word);
        if (at + blanks + size > width && at > indent && word > 0) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
            text += blanks;
            blanks = 0;
        }
        fwrite(text, 1, blanks + word, out);
        at += blanks + size;
        text += blanks + word;
    }
    fputc('\n', out);
}

void cli_put(FILE *out, vireo__buf *text)
{
    fwrite(text->data, 1, text->len, out);
    vireo__buf_reset(text, SIZE_MAX);
}
