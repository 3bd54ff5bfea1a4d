/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page.h (payload): a page, compiled and rendered (see vireo/page.h for the language). A codec:
 * texts and values in, text out.
 *
 *     <b>{{ x }}</b>{% if y %}no{% endif %}      becomes      text "<b>"
 *                                                             output x
 *                                                             text "</b>"
 *                                                             if y --- body: text "no"
 *
 *     page_compile.c   tags to nodes;   page_expr.c   expressions to trees
 *     page_eval.c      expressions to values;   page_render.c   nodes to text
 */

#ifndef VIREO_PAYLOAD_PAGE_H
#define VIREO_PAYLOAD_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/value.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define VIREO__PAGE_MAX_TEXT   (1u << 20)  /* bytes of one page */
#define VIREO__PAGE_MAX_OUT    (16u << 20) /* bytes that one rendering may write */
#define VIREO__PAGE_MAX_STEPS  1000000     /* nodes that one rendering may visit */
#define VIREO__PAGE_DEPTH      64          /* blocks, loops, conditions in each other */
#define VIREO__PAGE_EXPR_DEPTH 64          /* of parentheses, members and operators in each other */
#define VIREO__PAGE_INCLUDES   16          /* pages included in each other */
#define VIREO__PAGE_EXTENDS    8           /* pages extending each other */
#define VIREO__PAGE_RENDER_DEPTH                                                                   \
    1000 /* tags, blocks and pages in each other while they are rendered */

typedef enum vireo__expr_op {
    VIREO__EXPR_TEXT,   /* text */
    VIREO__EXPR_NUMBER, /* number */
    VIREO__EXPR_BOOL,   /* number: 0 or 1 */
    VIREO__EXPR_NULL,
    VIREO__EXPR_NAME,   /* text */
    VIREO__EXPR_MEMBER, /* left [ right ] */
    VIREO__EXPR_NOT,    /* left */
    VIREO__EXPR_AND,
    VIREO__EXPR_OR,
    VIREO__EXPR_EQ,
    VIREO__EXPR_NE,
    VIREO__EXPR_LT,
    VIREO__EXPR_LE,
    VIREO__EXPR_GT,
    VIREO__EXPR_GE,
    VIREO__EXPR_IF,    /* right ? left : other */
    VIREO__EXPR_FILTER /* left | number, with right as its argument (may be NULL) */
} vireo__expr_op;

typedef struct vireo__expr {
    vireo__expr_op op;
    vireo__str text;
    double number;
    struct vireo__expr *left;
    struct vireo__expr *right;
    struct vireo__expr *other;
} vireo__expr;

typedef enum vireo__filter {
    VIREO__FILTER_SAFE,
    VIREO__FILTER_DEFAULT,
    VIREO__FILTER_LENGTH,
    VIREO__FILTER_UPPER,
    VIREO__FILTER_LOWER,
    VIREO__FILTER_TRIM,
    VIREO__FILTER_JOIN,
    VIREO__FILTER_URLENCODE,
    VIREO__FILTER_DUMP
} vireo__filter;

typedef enum vireo__page_kind {
    VIREO__PAGE_TEXT,    /* text */
    VIREO__PAGE_OUTPUT,  /* expr, escaped */
    VIREO__PAGE_RAW,     /* expr */
    VIREO__PAGE_SUPER,   /* what the block held in the page that is extended */
    VIREO__PAGE_IF,      /* expr, body, other */
    VIREO__PAGE_FOR,     /* text [, second] in expr, body, other */
    VIREO__PAGE_INCLUDE, /* text */
    VIREO__PAGE_BLOCK    /* text, body */
} vireo__page_kind;

typedef struct vireo__page_node {
    struct vireo__page_node *next;
    vireo__page_kind kind;
    vireo__str text;
    vireo__str second;
    vireo__expr *expr;
    struct vireo__page_node *body;
    struct vireo__page_node *other;
    struct vireo__page_node *block_next; /* of a page's blocks */
} vireo__page_node;

typedef struct vireo__page {
    vireo__arena arena; /* all of it lies here, a copy of the text too */
    vireo__page_node *nodes;
    vireo__page_node *blocks;
    vireo__str extends; /* empty: none */
} vireo__page;

/* vireo__page_compile compiles |text| into |page|, which need not be initialised.
 *
 * text    copied
 * name    of the page, for the error
 * Returns 0, or VIREO_ETEMPLATE, VIREO_EDEPTH, VIREO_ETOOBIG, VIREO_ENOMEM with |*error| (may be
 * NULL) filled in; the page is deinitialised then. */
int vireo__page_compile(vireo__page *page, const char *name, const char *text, size_t n,
                        vireo_error *error);
void vireo__page_deinit(vireo__page *page);

/* vireo__page_block returns the block of that name, or NULL. */
const vireo__page_node *vireo__page_block(const vireo__page *page, vireo__str name);

/* Finds a page by its name; NULL if there is none. */
typedef const vireo__page *(*vireo__page_find)(const void *set, vireo__str name);

/* vireo__page_render appends the page to |out|. Returns 0; VIREO_ENOTFOUND, VIREO_EDEPTH,
 * VIREO_ETOOBIG, VIREO_ENOMEM with |*error| (may be NULL) filled in. */
int vireo__page_render(const vireo__page *page, vireo__page_find find, const void *set,
                       const vireo_value *data, vireo__buf *out, vireo_error *error);

/* --- between the files ------------------------------------------------------------------------ */

/* The text that is being compiled, and where. */
typedef struct vireo__page_reader {
    vireo__page *page;
    const char *begin;
    const char *at;
    const char *end;
    unsigned depth;
    int error;
    const char *error_at;
    const char *problem; /* static */
} vireo__page_reader;

/* vireo__page_fail notes the first error, at |at|. Returns NULL. */
void *vireo__page_fail(vireo__page_reader *r, int error, const char *at, const char *problem);

void vireo__page_skip_space(vireo__page_reader *r);

/* vireo__page_take takes |token| and the white space before it; a word only as a whole. */
bool vireo__page_take(vireo__page_reader *r, const char *token);

/* vireo__page_name takes a name; an empty text if there is none. */
vireo__str vireo__page_name(vireo__page_reader *r);

/* vireo__page_quoted takes a text in quotes as it stands, escapes undone; false if there is none.
 */
bool vireo__page_quoted(vireo__page_reader *r, vireo__str *out);

/* vireo__page_expression reads one; NULL after an error. */
vireo__expr *vireo__page_expression(vireo__page_reader *r);

/* What an expression is worth. */
typedef struct vireo__page_value {
    enum {
        VIREO__WORTH_NOTHING, /* absent and null */
        VIREO__WORTH_BOOL,    /* number: 0 or 1 */
        VIREO__WORTH_NUMBER,
        VIREO__WORTH_TEXT,
        VIREO__WORTH_TREE, /* an array, an object, a binary */
        VIREO__WORTH_LOOP  /* the name "loop" */
    } kind;
    bool safe; /* it is HTML already */
    double number;
    vireo__str text;
    const vireo_value *tree;
    const struct vireo__page_loop *loop;
} vireo__page_value;

/* A loop under way, the innermost first. */
typedef struct vireo__page_loop {
    const struct vireo__page_loop *outer;
    vireo__str names[2]; /* the second one empty: there is none */
    vireo__page_value values[2];
    size_t index; /* from 0 */
    size_t count;
} vireo__page_loop;

/* Where names are looked up, and where texts that are made lie. */
typedef struct vireo__page_scope {
    const vireo_value *data;
    const vireo__page_loop *loop;
    vireo__arena *arena;
    bool out_of_memory;
} vireo__page_scope;

vireo__page_value vireo__page_eval(vireo__page_scope *s, const vireo__expr *e);
vireo__page_value vireo__page_value_of(const vireo_value *v);
bool vireo__page_truth(const vireo__page_value *v);

/* vireo__page_write appends the value as text, escaped unless it is safe. */
void vireo__page_write(vireo__buf *out, const vireo__page_value *v);

#endif
