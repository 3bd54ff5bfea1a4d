/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* extension.c: one pass over the header. RFC 6455 section 9.1:
 *
 *     extension-list  = 1#extension
 *     extension       = extension-token *( ";" extension-param )
 *     extension-param = token [ "=" (token | quoted-string) ]
 *
 * "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
 * conform to the 'token' ABNF." Empty elements of a list are allowed, as everywhere in HTTP. */

#include "ws/extension.h"

#include <string.h>

#include <vireo/error.h>

#include "base/str.h"
#include "http/parse.h"

static const char deflate_name[] = "permessage-deflate";

/* --- reading the header ----------------------------------------------------------------------- */

/* The parameters of one offer or answer. */
typedef struct params {
    bool server_no_takeover;
    bool client_no_takeover;
    bool client_bits_named; /* client_max_window_bits stands there, perhaps without a value */
    bool wrong;             /* a parameter is unknown, repeated or has a bad value */
    uint8_t server_bits;    /* 0: absent */
    uint8_t client_bits;    /* 0: without a value, or absent */
} params;

typedef struct cursor {
    const char *at;
    bool malformed;
} cursor;

static bool is_token_char(char c)
{
    return vireo__http_token(&c, 1);
}

static void skip_blanks(cursor *c)
{
    while (*c->at == ' ' || *c->at == '\t')
        c->at++;
}

/* Takes |wanted| if it comes next, with the blanks around it. */
static bool take(cursor *c, char wanted)
{
    skip_blanks(c);
    if (*c->at != wanted)
        return false;
    c->at++;
    skip_blanks(c);
    return true;
}

static vireo__str read_token(cursor *c)
{
    const char *start = c->at;
    while (is_token_char(*c->at))
        c->at++;
    c->malformed |= c->at == start;
    return (vireo__str){start, (size_t)(c->at - start)};
}

/* The longest value that means something has two digits; what is longer becomes the impossible "-",
 * cut to this length. */
enum { VALUE_MAX = 8 };

static void add_char(char value[VALUE_MAX], char next)
{
    size_t n = strlen(value);
    if (n + 1 < VALUE_MAX)
        value[n] = next;
    else
        value[0] = '-';
}

static void read_quoted(cursor *c, char value[VALUE_MAX])
{
    for (c->at++; *c->at != '"'; c->at++) {
        c->at += *c->at == '\\';
        c->malformed |= !is_token_char(*c->at);
        if (c->malformed)
            return;
        add_char(value, *c->at);
    }
    c->at++;
    c->malformed |= value[0] == '\0';
}

static void read_value(cursor *c, char value[VALUE_MAX])
{
    if (*c->at == '"') {
        read_quoted(c, value);
        return;
    }
    vireo__str token = read_token(c);
    for (size_t i = 0; i < token.len; i++)
        add_char(value, token.at[i]);
}

/* "a decimal integer value without leading zeroes between 8 to 15, inclusive" (section 7.1.2). 0:
 * it is none. */
static uint8_t bits_of(const char *value)
{
    if ((value[0] == '8' || value[0] == '9') && value[1] == '\0')
        return (uint8_t)(value[0] - '0');
    if (value[0] == '1' && value[1] >= '0' && value[1] <= '5' && value[2] == '\0')
        return (uint8_t)(10 + value[1] - '0');
    return 0;
}

static void set_flag(params *p, bool *flag, const char *value)
{
    p->wrong |= *flag || value != NULL;
    *flag = true;
}

static void set_param(params *p, vireo__str name, const char *value)
{
    if (vireo__str_equal(name, "server_no_context_takeover")) {
        set_flag(p, &p->server_no_takeover, value);
    } else if (vireo__str_equal(name, "client_no_context_takeover")) {
        set_flag(p, &p->client_no_takeover, value);
    } else if (vireo__str_equal(name, "server_max_window_bits")) {
        p->wrong |= p->server_bits != 0 || value == NULL;
        p->server_bits = value != NULL ? bits_of(value) : 0;
        p->wrong |= p->server_bits == 0;
    } else if (vireo__str_equal(name, "client_max_window_bits")) {
        p->wrong |= p->client_bits_named;
        p->client_bits_named = true;
        p->client_bits = value != NULL ? bits_of(value) : 0;
        p->wrong |= value != NULL && p->client_bits == 0;
    } else {
        p->wrong = true;
    }
}

static void read_param(cursor *c, params *p)
{
    char value[VALUE_MAX] = "";
    vireo__str name = read_token(c);
    bool has_value = take(c, '=');
    if (has_value)
        read_value(c, value);
    set_param(p, name, has_value ? value : NULL);
}

/* Reads the next element into |*name| and |*p|. False at the end, and when the header is malformed.
 */
static bool next_element(cursor *c, vireo__str *name, params *p)
{
    while (take(c, ','))
        ;
    if (*c->at == '\0')
        return false;
    *p = (params){0};
    *name = read_token(c);
    while (!c->malformed && take(c, ';'))
        read_param(c, p);
    skip_blanks(c);
    c->malformed |= *c->at != '\0' && *c->at != ',';
    return !c->malformed;
}

/* --- the server ------------------------------------------------------------------------------- */

static uint8_t or_max(uint8_t bits)
{
    return bits != 0 ? bits : VIREO__WS_BITS_MAX;
}

static uint8_t smaller(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* "If a received extension negotiation offer doesn't have the "client_max_window_bits" extension
 * parameter, the corresponding extension negotiation response to the offer MUST NOT include [it]."
 * (section 7.1.2.2) Who wants small windows cannot have such a client then. */
static bool can_have(const params *offer, const vireo_ws_deflate *wanted)
{
    bool client_must_shrink = or_max(wanted->client_max_window_bits) < VIREO__WS_BITS_MAX;
    return !offer->wrong && (!client_must_shrink || offer->client_bits_named);
}

static void agree(const params *offer, const vireo_ws_deflate *wanted, vireo__ws_agreed *agreed)
{
    *agreed = (vireo__ws_agreed){
        .deflate = true,
        .out_takeover = wanted->server_context_takeover && !offer->server_no_takeover,
        .in_takeover = wanted->client_context_takeover && !offer->client_no_takeover,
        .out_bits = smaller(or_max(offer->server_bits), or_max(wanted->server_max_window_bits)),
        .in_bits = smaller(or_max(offer->client_bits), or_max(wanted->client_max_window_bits)),
    };
}

static void append_bits(vireo__buf *out, const char *name, uint8_t bits)
{
    vireo__buf_append_str(out, name);
    vireo__buf_append_byte(out, '=');
    vireo__buf_append_u64(out, bits);
}

static void write_answer(const params *offer, const vireo__ws_agreed *agreed, vireo__buf *out)
{
    vireo__buf_append_str(out, deflate_name);
    if (!agreed->out_takeover)
        vireo__buf_append_str(out, "; server_no_context_takeover");
    if (!agreed->in_takeover)
        vireo__buf_append_str(out, "; client_no_context_takeover");
    if (offer->server_bits != 0 || agreed->out_bits < VIREO__WS_BITS_MAX)
        append_bits(out, "; server_max_window_bits", agreed->out_bits);
    if (offer->client_bits != 0 || agreed->in_bits < VIREO__WS_BITS_MAX)
        append_bits(out, "; client_max_window_bits", agreed->in_bits);
}

int vireo__ws_extension_accept(const char *header, const vireo_ws_deflate *wanted,
                               vireo__ws_agreed *agreed, vireo__buf *answer)
{
    cursor c = {.at = header};
    vireo__str name;
    params offer;
    params taken = {0};
    *agreed = (vireo__ws_agreed){0};
    if (header == NULL)
        return 0;
    while (next_element(&c, &name, &offer)) {
        if (agreed->deflate || !vireo__str_equal(name, deflate_name) || !can_have(&offer, wanted))
            continue;
        taken = offer;
        agree(&offer, wanted, agreed);
    }
    if (c.malformed)
        return VIREO_EINVAL;
    if (agreed->deflate)
        write_answer(&taken, agreed, answer);
    return 0;
}

/* --- the client ------------------------------------------------------------------------------- */

void vireo__ws_extension_offer(const vireo_ws_deflate *wanted, vireo__buf *offer)
{
    if (!wanted->on)
        return;
    vireo__buf_append_str(offer, deflate_name);
    if (!wanted->server_context_takeover)
        vireo__buf_append_str(offer, "; server_no_context_takeover");
    if (!wanted->client_context_takeover)
        vireo__buf_append_str(offer, "; client_no_context_takeover");
    if (or_max(wanted->server_max_window_bits) < VIREO__WS_BITS_MAX)
        append_bits(offer, "; server_max_window_bits", wanted->server_max_window_bits);
    if (or_max(wanted->client_max_window_bits) < VIREO__WS_BITS_MAX)
        append_bits(offer, "; client_max_window_bits", wanted->client_max_window_bits);
    else
        vireo__buf_append_str(offer, "; client_max_window_bits");
}

/* "A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension
 * negotiation offer for this extension with an extension negotiation response" (section 7.1) that
 * is one of these. A server that leaves out a wish of ours costs memory only, and is tolerated. */
static const char *answer_wrong(const params *answer, const vireo_ws_deflate *wanted)
{
    if (answer->wrong || (answer->client_bits_named && answer->client_bits == 0))
        return "the server's parameters of permessage-deflate are wrong";
    if (answer->server_bits > or_max(wanted->server_max_window_bits))
        return "the server's server_max_window_bits is more than was offered";
    if (answer->client_bits > or_max(wanted->client_max_window_bits))
        return "the server's client_max_window_bits is more than was offered";
    return NULL;
}

static const char *confirm(const char *header, const vireo_ws_deflate *wanted,
                           vireo__ws_agreed *agreed)
{
    cursor c = {.at = header};
    vireo__str name;
    params answer;
    const char *why = NULL;
    while (why == NULL && next_element(&c, &name, &answer)) {
        if (!wanted->on || agreed->deflate || !vireo__str_equal(name, deflate_name))
            return "the server has chosen an extension that was not offered";
        why = answer_wrong(&answer, wanted);
        *agreed = (vireo__ws_agreed){
            .deflate = true,
            .out_takeover = wanted->client_context_takeover && !answer.client_no_takeover,
            .in_takeover = !answer.server_no_takeover,
            .out_bits = smaller(or_max(answer.client_bits), or_max(wanted->client_max_window_bits)),
            .in_bits = or_max(answer.server_bits),
        };
    }
    return c.malformed ? "the server's Sec-WebSocket-Extensions is malformed" : why;
}

int vireo__ws_extension_confirm(const char *header, const vireo_ws_deflate *wanted,
                                vireo__ws_agreed *agreed, const char **why)
{
    *agreed = (vireo__ws_agreed){0};
    *why = header != NULL ? confirm(header, wanted, agreed) : NULL;
    return *why != NULL ? VIREO_EPROTO : 0;
}
