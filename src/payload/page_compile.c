/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page_compile.c: a page's text to its nodes. */

#include <string.h>

#include "base/log.h"
#include "payload/page.h"

typedef vireo__page_node node;
typedef vireo__page_reader reader;

/* Where the next node is hung. */
typedef node **place;

void *vireo__page_fail(reader *r, int error, const char *at, const char *problem)
{
    if (r->error == 0) {
        r->error = error;
        r->error_at = at;
        r->problem = problem;
    }
    return NULL;
}

static node *add(reader *r, place *at, vireo__page_kind kind)
{
    node *n = r->error == 0 ? vireo__arena_take(&r->page->arena, sizeof *n, 16) : NULL;
    if (n == NULL)
        return vireo__page_fail(r, VIREO_ENOMEM, r->at, "out of memory");
    *n = (node){.kind = kind};
    **at = n;
    *at = &n->next;
    return n;
}

/* --- text between tags ------------------------------------------------------------------------ */

static bool looking_at(const reader *r, const char *token)
{
    size_t n = strlen(token);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, token, n) == 0;
}

static bool tag_begins(const char *at, const char *end)
{
    return end - at >= 2 && at[0] == '{' && (at[1] == '{' || at[1] == '%' || at[1] == '#');
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Up to the next tag; "{%-" takes the white space before it away. */
static void read_text(reader *r, place *at)
{
    const char *begin = r->at;
    while (r->at < r->end && !tag_begins(r->at, r->end))
        r->at++;
    const char *end = r->at;
    if (r->end - r->at > 2 && r->at[2] == '-')
        while (end > begin && is_space(end[-1]))
            end--;
    node *n = end > begin ? add(r, at, VIREO__PAGE_TEXT) : NULL;
    if (n != NULL)
        n->text = (vireo__str){begin, (size_t)(end - begin)};
}

/* The end of a tag, "-%}" or "%}": the former takes away the white space behind it. */
static bool close_tag(reader *r, const char *token)
{
    vireo__page_skip_space(r);
    bool trim = looking_at(r, "-");
    r->at += trim;
    if (!looking_at(r, token)) {
        r->at -= trim;
        vireo__page_fail(r, VIREO_ETEMPLATE, r->at,
                         token[0] == '%' ? "'%}' expected" : "'}}' expected");
        return false;
    }
    r->at += strlen(token);
    if (trim)
        vireo__page_skip_space(r);
    return true;
}

/* Opens a tag: skips "{%" and a '-' behind it. */
static void open_tag(reader *r)
{
    r->at += 2;
    r->at += r->at < r->end && *r->at == '-';
}

static void skip_comment(reader *r)
{
    const char *begin = r->at;
    const char *end = memmem(r->at + 2, (size_t)(r->end - r->at) - 2, "#}", 2);
    if (end == NULL) {
        vireo__page_fail(r, VIREO_ETEMPLATE, begin, "a comment without its end");
        return;
    }
    r->at = end + 2;
    if (end[-1] == '-' && end - 1 > begin + 1)
        vireo__page_skip_space(r);
}

static void read_output(reader *r, place *at)
{
    bool raw = looking_at(r, "{{{");
    r->at += raw;
    open_tag(r);
    const char *begin = r->at;
    if (vireo__page_take(r, "super") && vireo__page_take(r, "(") && vireo__page_take(r, ")")) {
        add(r, at, VIREO__PAGE_SUPER);
    } else {
        r->at = begin;
        node *n = add(r, at, raw ? VIREO__PAGE_RAW : VIREO__PAGE_OUTPUT);
        if (n != NULL)
            n->expr = vireo__page_expression(r);
    }
    if (r->error == 0)
        close_tag(r, raw ? "}}}" : "}}");
}

/* --- tags ------------------------------------------------------------------------------------- */

static void read_nodes(reader *r, place at);

/* Reads what stands inside of a tag and its end; stops at the tag that goes on or ends it. */
static void read_body(reader *r, place at)
{
    if (r->error != 0 || !close_tag(r, "%}"))
        return;
    if (++r->depth > VIREO__PAGE_DEPTH)
        vireo__page_fail(r, VIREO_EDEPTH, r->at, "tags too deep in each other");
    else
        read_nodes(r, at);
    r->depth--;
}

/* Takes "{% word"; all else stays where it is. */
static bool take_tag(reader *r, const char *word)
{
    const char *begin = r->at;
    if (r->error != 0 || !looking_at(r, "{%"))
        return false;
    open_tag(r);
    if (vireo__page_take(r, word))
        return true;
    r->at = begin;
    return false;
}

static void expect_tag(reader *r, const char *word, const char *begin, const char *problem)
{
    if (r->error != 0)
        return;
    if (!take_tag(r, word))
        vireo__page_fail(r, VIREO_ETEMPLATE, begin, problem);
    else
        close_tag(r, "%}");
}

/* "if" and each "elif" is a node; the next one stands alone in its |other|. */
static void read_if(reader *r, place at, const char *begin)
{
    for (bool more = true; more && r->error == 0;) {
        node *n = add(r, &at, VIREO__PAGE_IF);
        if (n == NULL || (n->expr = vireo__page_expression(r)) == NULL)
            return;
        read_body(r, &n->body);
        at = &n->other;
        more = take_tag(r, "elif") || take_tag(r, "elseif");
    }
    if (take_tag(r, "else"))
        read_body(r, at);
    expect_tag(r, "endif", begin, "an if without its endif");
}

static void read_for(reader *r, place *at, const char *begin)
{
    node *n = add(r, at, VIREO__PAGE_FOR);
    if (n == NULL)
        return;
    n->text = vireo__page_name(r);
    bool named = n->text.len > 0;
    if (named && vireo__page_take(r, ",")) {
        n->second = vireo__page_name(r);
        named = n->second.len > 0;
    }
    if (!named || !vireo__page_take(r, "in")) {
        vireo__page_fail(r, VIREO_ETEMPLATE, r->at,
                         "'for NAME in' or 'for KEY, VALUE in' expected");
        return;
    }
    n->expr = vireo__page_expression(r);
    read_body(r, &n->body);
    if (take_tag(r, "else"))
        read_body(r, &n->other);
    expect_tag(r, "endfor", begin, "a for without its endfor");
}

static void read_block(reader *r, place *at, const char *begin)
{
    node *n = add(r, at, VIREO__PAGE_BLOCK);
    if (n == NULL)
        return;
    n->text = vireo__page_name(r);
    if (n->text.len == 0 || vireo__page_block(r->page, n->text) != NULL) {
        vireo__page_fail(r, VIREO_ETEMPLATE, r->at,
                         n->text.len == 0 ? "the block's name expected" : "two blocks of one name");
        return;
    }
    n->block_next = r->page->blocks;
    r->page->blocks = n;
    read_body(r, &n->body);
    if (r->error == 0 && take_tag(r, "endblock")) {
        vireo__page_name(r); /* it may be said again */
        close_tag(r, "%}");
    } else {
        vireo__page_fail(r, VIREO_ETEMPLATE, begin, "a block without its endblock");
    }
}

static void read_raw(reader *r, place *at, const char *begin)
{
    if (!close_tag(r, "%}"))
        return;
    const char *text = r->at;
    for (; r->at < r->end; r->at++) {
        const char *end = r->at;
        if (!take_tag(r, "endraw"))
            continue;
        node *n = add(r, at, VIREO__PAGE_TEXT);
        if (n != NULL)
            n->text = (vireo__str){text, (size_t)(end - text)};
        close_tag(r, "%}");
        return;
    }
    vireo__page_fail(r, VIREO_ETEMPLATE, begin, "a raw without its endraw");
}

static void read_reference(reader *r, vireo__str *name)
{
    if (!vireo__page_quoted(r, name))
        vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "the page's name expected, in quotes");
    else
        close_tag(r, "%}");
}

static void read_extends(reader *r, const char *begin)
{
    if (r->page->nodes != NULL && r->page->nodes->next != NULL)
        vireo__page_fail(r, VIREO_ETEMPLATE, begin, "extends must come first");
    else if (r->page->extends.len > 0)
        vireo__page_fail(r, VIREO_ETEMPLATE, begin, "extends stands here twice");
    else
        read_reference(r, &r->page->extends);
}

static bool tag_ends(const reader *r)
{
    static const char *const ends[] = {"elif",   "elseif",   "else",  "endif",
                                       "endfor", "endblock", "endraw"};
    reader copy = *r;
    open_tag(&copy);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (vireo__page_take(&copy, ends[i]))
            return true;
    return false;
}

static void read_tag(reader *r, place *at)
{
    const char *begin = r->at;
    open_tag(r);
    if (vireo__page_take(r, "if")) {
        node **here = *at;
        read_if(r, here, begin);
        if (*here != NULL)
            *at = &(*here)->next;
    } else if (vireo__page_take(r, "for")) {
        read_for(r, at, begin);
    } else if (vireo__page_take(r, "block")) {
        read_block(r, at, begin);
    } else if (vireo__page_take(r, "raw") || vireo__page_take(r, "verbatim")) {
        read_raw(r, at, begin);
    } else if (vireo__page_take(r, "extends")) {
        read_extends(r, begin);
    } else if (vireo__page_take(r, "include")) {
        node *n = add(r, at, VIREO__PAGE_INCLUDE);
        if (n != NULL)
            read_reference(r, &n->text);
    } else {
        vireo__page_skip_space(r);
        vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "no such tag");
    }
}

/* Reads nodes up to the end of the text, or a tag that belongs to the one around. */
static void read_nodes(reader *r, place at)
{
    while (r->at < r->end && r->error == 0) {
        if (!tag_begins(r->at, r->end))
            read_text(r, &at);
        else if (r->at[1] == '#')
            skip_comment(r);
        else if (r->at[1] == '{')
            read_output(r, &at);
        else if (tag_ends(r))
            return;
        else
            read_tag(r, &at);
    }
}

/* --- pages ------------------------------------------------------------------------------------ */

static void tell(const reader *r, const char *name, vireo_error *error)
{
    size_t line = 1, column = 1;
    for (const char *at = r->begin; at < r->error_at; at++) {
        column = *at == '\n' ? 1 : column + ((*at & 0xC0) != 0x80);
        line += *at == '\n';
    }
    vireo__error_set(error, r->error, "%s:%zu:%zu: %s", name, line, column, r->problem);
}

int vireo__page_compile(vireo__page *page, const char *name, const char *text, size_t n,
                        vireo_error *error)
{
    *page = (vireo__page){0};
    vireo__arena_init(&page->arena);
    if (n > VIREO__PAGE_MAX_TEXT)
        return vireo__error_set(error, VIREO_ETOOBIG, "%s: larger than %u bytes", name,
                                VIREO__PAGE_MAX_TEXT);
    char *copy = vireo__arena_take(&page->arena, n + 1, 1);
    if (copy == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s: out of memory", name);
    memcpy(copy, text, n);
    reader r = {.page = page, .begin = copy, .at = copy, .end = copy + n};
    read_nodes(&r, &page->nodes);
    if (r.error == 0 && r.at < r.end)
        vireo__page_fail(&r, VIREO_ETEMPLATE, r.at, "this tag belongs to none before it");
    if (r.error == 0)
        return 0;
    tell(&r, name, error);
    vireo__page_deinit(page);
    return r.error;
}

void vireo__page_deinit(vireo__page *page)
{
    vireo__arena_deinit(&page->arena);
    *page = (vireo__page){0};
}

const vireo__page_node *vireo__page_block(const vireo__page *page, vireo__str name)
{
    for (const node *n = page->blocks; n != NULL; n = n->block_next)
        if (n->text.len == name.len && memcmp(n->text.at, name.at, name.len) == 0)
            return n;
    return NULL;
}
