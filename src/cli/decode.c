/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode.c: vireo decode: where the bytes come from. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/decode.h"
#include "cli/show.h"

#define MAX_INPUT (256u << 20) /* bytes of a file that is read whole, and of one line */

enum { IN_AUTO, IN_TEXT, IN_HEX, IN_BASE64, IN_RAW }; /* the words of --in */

struct decode {
    unsigned in, as;
    const char *file;
    bool eio3, json;
};

/* --- forms ------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "81 05 48..", "81:05:48", "0x81, 0x05", "810548": to bytes, in place. Returns how many; -1. */
static ptrdiff_t read_hex(uint8_t *text, size_t n)
{
    size_t at = 0, len = 0;
    while (at < n) {
        if (strchr(" \t:,\r", text[at]) != NULL && text[at] != '\0') {
            at++;
        } else if (n - at >= 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x') {
            at += 2;
        } else {
            int high = hex_digit((char)text[at]);
            int low = n - at >= 2 ? hex_digit((char)text[at + 1]) : -1;
            if (high < 0 || low < 0)
                return -1;
            text[len++] = (uint8_t)(high << 4 | low);
            at += 2;
        }
    }
    return (ptrdiff_t)len;
}

/* At least two bytes with a space or a colon between them: no packet looks so. */
static bool looks_like_hex(const uint8_t *text, size_t n)
{
    bool pairs = n >= 5;
    for (size_t i = 0; pairs && i < n; i++)
        pairs = i % 3 == 2 ? text[i] == ' ' || text[i] == ':' : hex_digit((char)text[i]) >= 0;
    return pairs && n % 3 == 2;
}

/* The separator of a payload as people and developer tools write it: \x1e, which JSON knows not, or
 * the picture of it, U+241E. */
static size_t read_separators(uint8_t *text, size_t n)
{
    static const char *const spellings[] = {"\\x1e", "\\x1E", "\xe2\x90\x9e"};
    size_t len = 0;
    for (size_t at = 0; at < n;) {
        size_t size = 0;
        for (size_t i = 0; size == 0 && i < sizeof spellings / sizeof spellings[0]; i++) {
            size_t want = strlen(spellings[i]);
            if (n - at >= want && memcmp(text + at, spellings[i], want) == 0)
                size = want;
        }
        text[len++] = size > 0 ? 0x1e : text[at];
        at += size > 0 ? size : 1;
    }
    return len;
}

/* --- one thing -------------------------------------------------------------------------------- */

static void decode_msgpack(cli_decoder *d, uint8_t *bytes, size_t n)
{
    if (!cli_decode_msgpack(d, NULL, bytes, n))
        cli_decode_show(d, &(cli_item){.data = {(char *)bytes, n},
                                       .binary = true,
                                       .wrong = "no packet of Socket.IO in msgpack"});
}

static void decode_bytes(cli_decoder *d, const struct decode *o, uint8_t *bytes, size_t n)
{
    bool packets = o->as == CLI_AS_ENGINE || o->as == CLI_AS_PAYLOAD || o->as == CLI_AS_SOCKET;
    if (o->as == CLI_AS_MSGPACK)
        decode_msgpack(d, bytes, n);
    else if (packets || (o->as == CLI_AS_AUTO && cli_decode_known(d, bytes, n)))
        cli_decode_text(d, (cli_as)o->as, bytes, n);
    else
        cli_decode_frames(d, bytes, n, o->as == CLI_AS_AUTO);
}

static void decode_wrong(cli_decoder *d, uint8_t *text, size_t n, const char *why)
{
    cli_decode_show(d, &(cli_item){.data = {(char *)text, n}, .wrong = why});
}

/* One text of the command line, or one line of the input. |text| is changed. */
static void decode_one(cli_decoder *d, const struct decode *o, uint8_t *text, size_t n)
{
    bool hex = o->in == IN_HEX || (o->in == IN_AUTO && looks_like_hex(text, n));
    ptrdiff_t len;
    if (hex || o->in == IN_BASE64) {
        uint8_t *bytes = malloc(n + 1);
        if (bytes != NULL)
            memcpy(bytes, text, n);
        len = bytes == NULL ? -1
              : hex         ? read_hex(bytes, n)
                            : vireo__base64_decode(bytes, (char *)text, n);
        if (len >= 0)
            decode_bytes(d, o, bytes, (size_t)len);
        else
            decode_wrong(d, text, n, hex ? "these are no hexadecimal bytes" : "this is no base64");
        free(bytes);
        return;
    }
    if (o->in == IN_AUTO)
        n = read_separators(text, n);
    cli_decode_text(d, (cli_as)o->as, text, n);
}

/* --- the input -------------------------------------------------------------------------------- */

static int read_all(const cli_command *self, FILE *in, const char *name, vireo__buf *all)
{
    size_t n;
    do {
        uint8_t *room = vireo__buf_reserve(all, 65536);
        if (room == NULL)
            return cli_fail(self, CLI_FAILED, "%s: larger than %u MiB; cut it into pieces", name,
                            MAX_INPUT >> 20);
        n = fread(room, 1, 65536, in);
        all->len += n;
    } while (n > 0);
    return CLI_OK;
}

/* A capture has no lines. */
static int decode_whole(const cli_command *self, cli_decoder *d, const struct decode *o, FILE *in,
                        const char *name)
{
    vireo__buf all;
    vireo__buf_init(&all, MAX_INPUT);
    int status = read_all(self, in, name, &all);
    bool archive = o->in == IN_AUTO && all.len > 0 && all.data[0] == '{';
    if (status == CLI_OK && archive && !cli_decode_har(d, (char *)all.data, all.len))
        status = cli_fail(self, CLI_FAILED,
                          "%s: begins as JSON, but is no HTTP archive; for lines of JSON say "
                          "--in text",
                          name);
    if (status == CLI_OK && !archive)
        decode_bytes(d, o, all.data, all.len);
    vireo__buf_deinit(&all);
    return status;
}

/* As they come, so that a pipe that does not end can be watched. */
static int decode_lines(cli_decoder *d, const struct decode *o, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, in)) >= 0) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        if (n > 0)
            decode_one(d, o, (uint8_t *)line, (size_t)n);
        fflush(d->out);
    }
    free(line);
    return CLI_OK;
}

/* Told by its first byte: no line of text begins with bytes above ASCII, and no packet with '{',
 * or with the G and H of a WebSocket's handshake. */
static bool is_whole(const struct decode *o, FILE *in)
{
    int first = getc(in);
    if (first != EOF)
        ungetc(first, in);
    return o->in == IN_RAW ||
           (o->in == IN_AUTO && first != EOF && (first >= 0x80 || strchr("{GH", first) != NULL));
}

static int decode_input(const cli_command *self, cli_decoder *d, const struct decode *o)
{
    const char *name = o->file ? o->file : "the input";
    FILE *in = o->file ? fopen(o->file, "rb") : stdin;
    if (in == NULL)
        return cli_fail_file(self, name, errno);
    int status = is_whole(o, in) ? decode_whole(self, d, o, in, name) : decode_lines(d, o, in);
    if (ferror(in))
        status = cli_fail_file(self, name, errno);
    if (in != stdin)
        fclose(in);
    return status;
}

static int run(const cli_command *self, int argc, char **argv)
{
    struct decode o = {0};
    cli_words words;
    int status = cli_parse(self, argc, argv, &o, &words);
    if (status >= 0)
        return status;
    if (words.count > 0 && o.file != NULL)
        return cli_usage_error(self, "texts or --file, not both");
    cli_decoder d = {.out = stdout, .json = o.json, .eio3 = o.eio3};
    d.colours = !o.json && cli_colours(stdout);
    status = CLI_OK;
    for (size_t i = 0; i < words.count; i++)
        decode_one(&d, &o, (uint8_t *)words.at[i], strlen(words.at[i]));
    if (words.count == 0)
        status = decode_input(self, &d, &o);
    cli_decode_deinit(&d);
    if (status == CLI_OK && d.missing > 0)
        fprintf(stderr, "vireo decode: %u more attachment%s should have followed\n", d.missing,
                d.missing == 1 ? "" : "s");
    return status == CLI_OK && d.wrong > 0 ? CLI_FAILED : status;
}

static const cli_option options[] = {
    {"as", 0, CLI_CHOICE, offsetof(struct decode, as), "auto|engine|payload|socket|ws|msgpack",
     "what it is (auto): a packet or a polling payload of Engine.IO, a packet of Socket.IO, "
     "WebSocket frames, bytes of msgpack"},
    {"in", 0, CLI_CHOICE, offsetof(struct decode, in), "auto|text|hex|base64|raw",
     "how it is written (auto); raw: the input as it is"},
    {"file", 'f', CLI_TEXT, offsetof(struct decode, file), "FILE", "read this instead of stdin"},
    {"eio3", 0, CLI_FLAG, offsetof(struct decode, eio3), NULL,
     "Engine.IO 3, which Socket.IO 1 and 2 speak"},
    {"json", 'j', CLI_FLAG, offsetof(struct decode, json), NULL, "one JSON object for each line"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, {0}};

const cli_command cli_cmd_decode = {
    .name = "decode",
    .words = "[TEXT ..]",
    .summary = "packets and frames to lines that one can read",
    .text = "Each TEXT, or each line of the input, is a packet or a payload; bytes in hexadecimal "
            "are frames of one direction of a WebSocket. A file that a browser's developer tools "
            "have saved (HAR) is read as a whole. Exits with 1 when something could not be read.",
    .examples = "vireo decode '42[\"chat\",{\"text\":\"hi\"}]'\n"
                "vireo decode '81 05 68 65 6c 6c 6f'\n"
                "vireo decode --file localhost.har\n"
                "xclip -o | vireo decode --json | jq .data",
    .max_words = SIZE_MAX,
    .groups = groups,
    .run = run,
};
