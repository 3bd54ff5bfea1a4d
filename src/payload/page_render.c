/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page_render.c: nodes to text. */

#include <string.h>

#include "base/log.h"
#include "payload/page.h"

typedef vireo__page_node node;

/* The pages that extend each other, the one that was asked for first. */
typedef struct lineage {
    const vireo__page *pages[VIREO__PAGE_EXTENDS];
    size_t count;
} lineage;

typedef struct rendering {
    vireo__page_find find;
    const void *set;
    vireo__page_scope scope;
    vireo__buf *out;
    vireo_error *error;
    int failed;
    unsigned steps;
    unsigned includes;
    unsigned depth;
} rendering;

/* Where in a chain a node stands, and in which block: what super() means. */
typedef struct context {
    const lineage *chain;
    vireo__str block;
    size_t level; /* of the page whose block is being written */
} context;

static void write_nodes(rendering *r, const node *n, const context *c);

static void fail(rendering *r, int error, const char *text, vireo__str name)
{
    if (r->failed == 0)
        r->failed = vireo__error_set(r->error, error, "%s%.*s", text, (int)name.len,
                                     name.at ? name.at : "");
}

static void check(rendering *r)
{
    static const vireo__str none = {"", 0};
    if (r->out->error == VIREO_ETOOBIG)
        fail(r, VIREO_ETOOBIG, "the page is too large", none);
    else if (r->out->error != 0 || r->scope.out_of_memory)
        fail(r, VIREO_ENOMEM, "out of memory", none);
    else if (++r->steps > VIREO__PAGE_MAX_STEPS)
        fail(r, VIREO_ETOOBIG, "the page takes too many steps", none);
}

/* --- values ----------------------------------------------------------------------------------- */

/* What an expression has made lies in the arena until the next one. */
static vireo__page_value eval(rendering *r, const vireo__expr *e)
{
    vireo__arena_reset(r->scope.arena);
    return vireo__page_eval(&r->scope, e);
}

static void write_output(rendering *r, const node *n)
{
    vireo__page_value v = eval(r, n->expr);
    v.safe |= n->kind == VIREO__PAGE_RAW;
    vireo__page_write(r->out, &v);
}

static void write_if(rendering *r, const node *n, const context *c)
{
    vireo__page_value v = eval(r, n->expr);
    write_nodes(r, vireo__page_truth(&v) ? n->body : n->other, c);
}

/* One name takes the elements of an array or the keys of an object, two take the keys and values of
 * an object. */
static void write_for(rendering *r, const node *n, const context *c)
{
    vireo__page_value list = eval(r, n->expr);
    const vireo_value *tree = list.kind == VIREO__WORTH_TREE ? list.tree : NULL;
    vireo__page_loop loop = {
        .outer = r->scope.loop, .names = {n->text, n->second}, .count = vireo_count(tree)};
    for (const vireo_value *e = NULL; (e = vireo_next(tree, e)) != NULL; loop.index++) {
        const char *key = vireo_key(e);
        loop.values[0] = vireo__page_value_of(e);
        if (key != NULL && vireo_type_of(tree) == VIREO_OBJECT) {
            loop.values[1] = loop.values[0];
            loop.values[0] =
                (vireo__page_value){.kind = VIREO__WORTH_TEXT, .text = vireo__str_of(key)};
        }
        r->scope.loop = &loop;
        write_nodes(r, n->body, c);
        r->scope.loop = loop.outer;
        check(r);
        if (r->failed != 0)
            return;
    }
    if (loop.count == 0)
        write_nodes(r, n->other, c);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* Writes the block as the first page of the chain from |level| on has it. */
static void write_block(rendering *r, const lineage *chain, vireo__str name, size_t level)
{
    for (; level < chain->count; level++) {
        const node *block = vireo__page_block(chain->pages[level], name);
        if (block == NULL)
            continue;
        write_nodes(r, block->body, &(context){chain, name, level});
        return;
    }
}

static void write_page(rendering *r, const vireo__page *page)
{
    lineage chain = {.count = 0};
    for (;;) {
        chain.pages[chain.count++] = page;
        if (page->extends.len == 0)
            break;
        if (chain.count == VIREO__PAGE_EXTENDS) {
            fail(r, VIREO_EDEPTH, "too many pages extend each other: ", page->extends);
            return;
        }
        vireo__str name = page->extends;
        page = r->find(r->set, name);
        if (page == NULL) {
            fail(r, VIREO_ENOTFOUND, "no such page: ", name);
            return;
        }
    }
    write_nodes(r, page->nodes, &(context){&chain, {NULL, 0}, 0});
}

static void write_include(rendering *r, vireo__str name)
{
    const vireo__page *page = r->find(r->set, name);
    r->includes++;
    if (page == NULL)
        fail(r, VIREO_ENOTFOUND, "no such page: ", name);
    else if (r->includes > VIREO__PAGE_INCLUDES)
        fail(r, VIREO_EDEPTH, "too many pages include each other: ", name);
    else
        write_page(r, page);
    r->includes--;
}

static void write_node(rendering *r, const node *n, const context *c)
{
    switch (n->kind) {
    case VIREO__PAGE_TEXT:
        vireo__buf_append(r->out, n->text.at, n->text.len);
        break;
    case VIREO__PAGE_OUTPUT:
    case VIREO__PAGE_RAW:
        write_output(r, n);
        break;
    case VIREO__PAGE_SUPER:
        if (c->block.len > 0)
            write_block(r, c->chain, c->block, c->level + 1);
        break;
    case VIREO__PAGE_IF:
        write_if(r, n, c);
        break;
    case VIREO__PAGE_FOR:
        write_for(r, n, c);
        break;
    case VIREO__PAGE_INCLUDE:
        write_include(r, n->text);
        break;
    case VIREO__PAGE_BLOCK:
        write_block(r, c->chain, n->text, 0);
        break;
    }
}

/* A block may come back to itself by way of super(). */
static void write_nodes(rendering *r, const node *n, const context *c)
{
    if (++r->depth > VIREO__PAGE_RENDER_DEPTH)
        fail(r, VIREO_EDEPTH, "too much in each other", c->block);
    for (; n != NULL && r->failed == 0; n = n->next) {
        write_node(r, n, c);
        check(r);
    }
    r->depth--;
}

int vireo__page_render(const vireo__page *page, vireo__page_find find, const void *set,
                       const vireo_value *data, vireo__buf *out, vireo_error *error)
{
    vireo__arena arena;
    vireo__arena_init(&arena);
    rendering r = {.find = find, .set = set, .out = out, .error = error};
    r.scope = (vireo__page_scope){.data = data, .arena = &arena};
    write_page(&r, page);
    vireo__arena_deinit(&arena);
    return r.failed;
}
