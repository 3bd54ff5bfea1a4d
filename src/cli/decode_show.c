/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode_show.c: the line of an item.
 *
 *     message  event chat {"text":"hi"}  namespace /admin, asks for answer 12
 *     ping     probe
 *     ?        42["chat"  (not valid JSON: ..)
 *
 *     {"engine":"message","socket":"event","namespace":"/admin","id":"12","data":["chat",..]}
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "cli/decode.h"
#include "cli/show.h"
#include "payload/json_write.h"

enum { SHOWN_OF_WRONG = 60 };

typedef struct sheet {
    vireo__buf text;
    bool colours;
} sheet;

static void ink(sheet *s, cli_ink which)
{
    vireo__buf_append_str(&s->text, cli_paint(s->colours, which));
}

static void word(sheet *s, cli_ink which, const char *text)
{
    ink(s, which);
    vireo__buf_append_str(&s->text, text);
    if (which != CLI_PLAIN)
        ink(s, CLI_PLAIN);
}

static void escaped(sheet *s, vireo__str text)
{
    cli_escape(&s->text, text.at, text.len);
}

static void number(sheet *s, uint64_t n)
{
    vireo__buf_append_u64(&s->text, n);
}

/* --- for people ------------------------------------------------------------------------------- */

static void put_value(sheet *s, const vireo_value *v)
{
    size_t n = 0;
    char *json = vireo_json(v, &n);
    if (json != NULL)
        cli_escape(&s->text, json, n);
    free(json);
}

/* The name of an event, then its arguments with spaces between them. */
static void put_values(sheet *s, const cli_item *item)
{
    vireo_value *list = vireo_parse(item->data.at, item->data.len, NULL);
    const char *between = "";
    for (const vireo_value *e = NULL; (e = vireo_next(list, e)) != NULL; between = " ") {
        bool name = *between == '\0' && strcmp(item->socket, "event") == 0 && vireo_str(e) != NULL;
        vireo__buf_append_str(&s->text, between);
        if (name) {
            ink(s, CLI_BOLD);
            escaped(s, vireo__str_of(vireo_str(e)));
            ink(s, CLI_PLAIN);
        } else {
            put_value(s, e);
        }
    }
    vireo_value_free(list);
}

static void put_bytes(sheet *s, const cli_item *item)
{
    number(s, item->data.len);
    vireo__buf_append_str(&s->text, item->data.len == 1 ? " byte  " : " bytes  ");
    cli_hex(&s->text, item->data.at, item->data.len);
}

static void put_remarks(sheet *s, const cli_item *item)
{
    const char *between = "  ";
    ink(s, CLI_DIM);
    if (item->ns.len > 0 && !vireo__str_equal(item->ns, "/")) {
        vireo__buf_append_str(&s->text, "  namespace ");
        escaped(s, item->ns);
        between = ", ";
    }
    if (item->id.len > 0) {
        vireo__buf_append_str(&s->text, between);
        vireo__buf_append_str(&s->text,
                              strcmp(item->socket, "ack") == 0 ? "answers " : "asks for answer ");
        escaped(s, item->id);
        between = ", ";
    }
    if (item->part == 0 && item->parts > 0) {
        vireo__buf_append_str(&s->text, between);
        number(s, item->parts);
        vireo__buf_append_str(&s->text,
                              item->parts == 1 ? " attachment follows" : " attachments follow");
    }
    ink(s, CLI_PLAIN);
}

static void put_wrong(sheet *s, const cli_item *item)
{
    vireo__str start = item->data;
    if (start.len > SHOWN_OF_WRONG)
        start.len = SHOWN_OF_WRONG;
    if (item->binary)
        cli_hex(&s->text, item->data.at, item->data.len);
    else
        escaped(s, start);
    if (start.len < item->data.len && !item->binary)
        vireo__buf_append_str(&s->text, " ..");
    ink(s, CLI_RED);
    vireo__buf_append_str(&s->text, "  (");
    cli_escape(&s->text, item->wrong, strlen(item->wrong));
    vireo__buf_append_byte(&s->text, ')');
    ink(s, CLI_PLAIN);
}

static void put_data(sheet *s, const cli_item *item)
{
    if (item->part > 0) {
        vireo__buf_append_str(&s->text, "attachment ");
        number(s, item->part);
        vireo__buf_append_str(&s->text, " of ");
        number(s, item->parts);
        vireo__buf_append_str(&s->text, ": ");
    }
    if (item->code > 0) {
        number(s, item->code);
        vireo__buf_append_byte(&s->text, ' ');
    }
    if (item->binary)
        put_bytes(s, item);
    else if (item->values)
        put_values(s, item);
    else
        escaped(s, item->data);
}

static void put_front(sheet *s, const cli_decoder *d)
{
    ink(s, CLI_DIM);
    if (d->when != NULL) {
        vireo__buf_append_str(&s->text, d->when);
        vireo__buf_append_str(&s->text, "  ");
    }
    if (d->from != NULL)
        vireo__buf_append_str(&s->text, strcmp(d->from, "sent") == 0 ? "> " : "< ");
    if (d->frame != NULL) {
        vireo__buf_append_str(&s->text, d->frame);
        vireo__buf_append_str(&s->text, d->flags);
        vireo__buf_append_str(&s->text, "  ");
    }
    ink(s, CLI_PLAIN);
}

static void put_line(sheet *s, const cli_item *item)
{
    if (item->wrong != NULL) {
        word(s, CLI_RED, "?");
        vireo__buf_append_str(&s->text, "        ");
        put_wrong(s, item);
        return;
    }
    if (item->engine != NULL) {
        word(s, CLI_CYAN, item->engine);
        for (size_t n = strlen(item->engine); n < 9; n++)
            vireo__buf_append_byte(&s->text, ' ');
    }
    if (item->socket != NULL) {
        word(s, CLI_GREEN, item->socket);
        vireo__buf_append_byte(&s->text, ' ');
    }
    put_data(s, item);
    put_remarks(s, item);
}

/* --- for programs ----------------------------------------------------------------------------- */

static void key(vireo__buf *out, const char *name)
{
    if (out->len > 1)
        vireo__buf_append_byte(out, ',');
    vireo__buf_append_byte(out, '"');
    vireo__buf_append_str(out, name);
    vireo__buf_append_str(out, "\":");
}

static void member(vireo__buf *out, const char *name, vireo__str text)
{
    key(out, name);
    vireo__json_write_string(out, text.at ? text.at : "", text.len);
}

static void member_text(vireo__buf *out, const char *name, const char *text)
{
    if (text != NULL)
        member(out, name, vireo__str_of(text));
}

static void member_number(vireo__buf *out, const char *name, uint64_t n)
{
    if (n == 0)
        return;
    key(out, name);
    vireo__buf_append_u64(out, n);
}

/* Written anew, so that it has no line ends. */
static void member_value(vireo__buf *out, const char *name, const vireo_value *v)
{
    char *json = vireo_json(v, NULL);
    key(out, name);
    vireo__buf_append_str(out, json ? json : "null");
    free(json);
}

static void member_hex(vireo__buf *out, vireo__str bytes)
{
    key(out, "hex");
    vireo__buf_append_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        char text[3];
        snprintf(text, sizeof text, "%02x", (unsigned)(unsigned char)bytes.at[i]);
        vireo__buf_append_str(out, text);
    }
    vireo__buf_append_byte(out, '"');
}

static void put_json(const cli_decoder *d, vireo__buf *out, const cli_item *item)
{
    vireo_value *v = item->data.len > 0 && !item->binary && item->wrong == NULL
                         ? vireo_parse(item->data.at, item->data.len, NULL)
                         : NULL;
    vireo__buf_append_byte(out, '{');
    member_text(out, "time", d->when);
    member_text(out, "from", d->from);
    member_text(out, "frame", d->frame);
    member_text(out, "engine", item->engine);
    member_text(out, "socket", item->socket);
    if (item->ns.len > 0)
        member(out, "namespace", item->ns);
    if (item->id.len > 0)
        member(out, "id", item->id);
    member_number(out, "attachment", item->part);
    member_number(out, "attachments", item->parts);
    member_number(out, "code", item->code);
    member_text(out, "wrong", item->wrong);
    if (item->binary)
        member_hex(out, item->data);
    else if (v != NULL)
        member_value(out, "data", v);
    else if (item->data.len > 0)
        member(out, "text", item->data);
    vireo__buf_append_byte(out, '}');
    vireo_value_free(v);
}

void cli_decode_show(cli_decoder *d, const cli_item *item)
{
    sheet s = {.colours = d->colours};
    vireo__buf_init(&s.text, VIREO__BUF_UNLIMITED);
    if (item->wrong != NULL)
        d->wrong++;
    if (d->json) {
        put_json(d, &s.text, item);
    } else {
        put_front(&s, d);
        put_line(&s, item);
    }
    while (s.text.len > 0 && s.text.data[s.text.len - 1] == ' ')
        s.text.len--;
    vireo__buf_append_byte(&s.text, '\n');
    cli_put(d->out, &s.text);
    vireo__buf_deinit(&s.text);
}
