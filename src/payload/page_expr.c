/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page_expr.c: expressions, read by descent. What binds tighter stands further down:
 *
 *     x if y else z  >  or  >  and  >  not  >  == < ..  >  | filter  >  . [ ]  >  names, literals
 */

#include <string.h>

#include "payload/number.h"
#include "payload/page.h"
#include "payload/scan.h"

static vireo__expr *inline_if(vireo__page_reader *r);

/* --- words ------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(char c)
{
    char lower = vireo__ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

void vireo__page_skip_space(vireo__page_reader *r)
{
    while (r->at < r->end && is_space(*r->at))
        r->at++;
}

bool vireo__page_take(vireo__page_reader *r, const char *token)
{
    size_t n = strlen(token);
    vireo__page_skip_space(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, token, n) != 0)
        return false;
    if (is_name(token[0]) && r->at + n < r->end && is_name(r->at[n]))
        return false;
    r->at += n;
    return true;
}

vireo__str vireo__page_name(vireo__page_reader *r)
{
    vireo__page_skip_space(r);
    vireo__str name = {r->at, 0};
    if (r->at == r->end || vireo__is_digit((uint8_t)*r->at))
        return name;
    while (r->at < r->end && is_name(*r->at)) {
        r->at++;
        name.len++;
    }
    return name;
}

static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

bool vireo__page_quoted(vireo__page_reader *r, vireo__str *out)
{
    vireo__page_skip_space(r);
    const char *at = r->at, *begin = at;
    if (at == r->end || (*at != '"' && *at != '\''))
        return false;
    for (at++; at < r->end && *at != *begin; at++)
        at += *at == '\\' && at + 1 < r->end;
    if (at == r->end)
        return vireo__page_fail(r, VIREO_ETEMPLATE, begin, "a text without its end") != NULL;
    char *copy = vireo__arena_take(&r->page->arena, (size_t)(at - begin), 1);
    if (copy == NULL)
        return vireo__page_fail(r, VIREO_ENOMEM, begin, "out of memory") != NULL;
    *out = (vireo__str){copy, 0};
    for (const char *c = begin + 1; c < at; c++) {
        bool escape = *c == '\\';
        c += escape;
        copy[out->len++] = escape ? unescaped(*c) : *c;
    }
    r->at = at + 1;
    return true;
}

/* --- trees ------------------------------------------------------------------------------------ */

static vireo__expr *make(vireo__page_reader *r, vireo__expr_op op, vireo__expr *left,
                         vireo__expr *right)
{
    vireo__expr *e = r->error == 0 ? vireo__arena_take(&r->page->arena, sizeof *e, 16) : NULL;
    if (e == NULL)
        return vireo__page_fail(r, VIREO_ENOMEM, r->at, "out of memory");
    *e = (vireo__expr){.op = op, .left = left, .right = right};
    return e;
}

static vireo__expr *make_text(vireo__page_reader *r, vireo__expr_op op, vireo__str text)
{
    vireo__expr *e = make(r, op, NULL, NULL);
    if (e != NULL)
        e->text = text;
    return e;
}

static vireo__expr *make_number(vireo__page_reader *r, vireo__expr_op op, double number)
{
    vireo__expr *e = make(r, op, NULL, NULL);
    if (e != NULL)
        e->number = number;
    return e;
}

/* Every way into a deeper level passes here. */
static bool deeper(vireo__page_reader *r)
{
    if (++r->depth <= VIREO__PAGE_EXPR_DEPTH)
        return true;
    vireo__page_fail(r, VIREO_EDEPTH, r->at, "an expression too deep");
    return false;
}

static vireo__expr *parenthesised(vireo__page_reader *r)
{
    vireo__expr *e = inline_if(r);
    if (e != NULL && !vireo__page_take(r, ")"))
        return vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "')' expected");
    return e;
}

static vireo__expr *word(vireo__page_reader *r)
{
    static const char *const reserved[] = {"and", "or", "not", "if", "else", "in"};
    const char *at = r->at;
    vireo__str name = vireo__page_name(r);
    if (vireo__str_equal(name, "true") || vireo__str_equal(name, "false"))
        return make_number(r, VIREO__EXPR_BOOL, name.len == 4);
    if (vireo__str_equal(name, "null") || vireo__str_equal(name, "none"))
        return make(r, VIREO__EXPR_NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (vireo__str_equal(name, reserved[i]))
            name.len = 0;
    if (name.len == 0)
        return vireo__page_fail(r, VIREO_ETEMPLATE, at, "an expression expected");
    return make_text(r, VIREO__EXPR_NAME, name);
}

static vireo__expr *primary(vireo__page_reader *r)
{
    vireo__str text;
    vireo__page_skip_space(r);
    if (vireo__page_take(r, "("))
        return parenthesised(r);
    if (vireo__page_quoted(r, &text))
        return make_text(r, VIREO__EXPR_TEXT, text);
    if (r->error != 0)
        return NULL;
    const uint8_t *begin = (const uint8_t *)r->at;
    const uint8_t *end = vireo__number_run(begin, (const uint8_t *)r->end);
    if (end == NULL)
        return word(r);
    if ((const char *)end < r->end && is_name((char)*end))
        return vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "not a number");
    r->at = (const char *)end;
    return make_number(r, VIREO__EXPR_NUMBER,
                       vireo__double_read((const char *)begin, (size_t)(end - begin)));
}

static vireo__expr *member(vireo__page_reader *r, vireo__expr *of)
{
    vireo__expr *key;
    if (vireo__page_take(r, ".")) {
        vireo__str name = vireo__page_name(r);
        if (name.len == 0)
            return vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "a name expected behind '.'");
        key = make_text(r, VIREO__EXPR_TEXT, name);
    } else {
        r->at++; /* the bracket */
        key = inline_if(r);
        if (key != NULL && !vireo__page_take(r, "]"))
            return vireo__page_fail(r, VIREO_ETEMPLATE, r->at, "']' expected");
    }
    return key != NULL ? make(r, VIREO__EXPR_MEMBER, of, key) : NULL;
}

/* A chain of members is as deep as it is long, when it is evaluated. */
static vireo__expr *members(vireo__page_reader *r)
{
    vireo__expr *e = primary(r);
    unsigned depth = r->depth;
    while (e != NULL) {
        vireo__page_skip_space(r);
        if (r->at == r->end || (*r->at != '.' && *r->at != '['))
            break;
        e = deeper(r) ? member(r, e) : NULL;
    }
    r->depth = depth;
    return e;
}

static const struct {
    const char *name;
    vireo__filter filter;
    bool takes; /* an argument */
} filters[] = {
    {"safe", VIREO__FILTER_SAFE, false},     {"default", VIREO__FILTER_DEFAULT, true},
    {"length", VIREO__FILTER_LENGTH, false}, {"upper", VIREO__FILTER_UPPER, false},
    {"lower", VIREO__FILTER_LOWER, false},   {"trim", VIREO__FILTER_TRIM, false},
    {"join", VIREO__FILTER_JOIN, true},      {"urlencode", VIREO__FILTER_URLENCODE, false},
    {"dump", VIREO__FILTER_DUMP, false},
};

static vireo__expr *filter(vireo__page_reader *r, vireo__expr *of)
{
    vireo__page_skip_space(r);
    const char *at = r->at;
    vireo__str name = vireo__page_name(r);
    size_t i = 0;
    while (i < sizeof filters / sizeof filters[0] && !vireo__str_equal(name, filters[i].name))
        i++;
    if (i == sizeof filters / sizeof filters[0])
        return vireo__page_fail(r, VIREO_ETEMPLATE, at, "no such filter");
    vireo__expr *e = make_number(r, VIREO__EXPR_FILTER, filters[i].filter);
    if (e == NULL)
        return NULL;
    e->left = of;
    if (!filters[i].takes || !vireo__page_take(r, "("))
        return e;
    e->right = parenthesised(r);
    return e->right != NULL ? e : NULL;
}

static vireo__expr *filtered(vireo__page_reader *r)
{
    vireo__expr *e = members(r);
    unsigned depth = r->depth;
    while (e != NULL && vireo__page_take(r, "|"))
        e = deeper(r) ? filter(r, e) : NULL;
    r->depth = depth;
    return e;
}

static vireo__expr *comparison(vireo__page_reader *r)
{
    static const struct {
        const char *token;
        vireo__expr_op op;
    } signs[] = {
        {"==", VIREO__EXPR_EQ}, {"!=", VIREO__EXPR_NE}, {"<=", VIREO__EXPR_LE},
        {">=", VIREO__EXPR_GE}, {"<", VIREO__EXPR_LT},  {">", VIREO__EXPR_GT},
    };
    vireo__expr *left = filtered(r);
    if (left == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!vireo__page_take(r, signs[i].token))
            continue;
        vireo__expr *right = filtered(r);
        return right != NULL ? make(r, signs[i].op, left, right) : NULL;
    }
    return left;
}

static vireo__expr *negation(vireo__page_reader *r)
{
    if (!vireo__page_take(r, "not"))
        return comparison(r);
    vireo__expr *e = deeper(r) ? negation(r) : NULL;
    r->depth--;
    return e != NULL ? make(r, VIREO__EXPR_NOT, e, NULL) : NULL;
}

/* Operands with |word| between them; the first two are the innermost pair. */
static vireo__expr *joined(vireo__page_reader *r, const char *word, vireo__expr_op op,
                           vireo__expr *(*operand)(vireo__page_reader *r))
{
    vireo__expr *e = operand(r);
    unsigned depth = r->depth;
    while (e != NULL && vireo__page_take(r, word)) {
        vireo__expr *right = deeper(r) ? operand(r) : NULL;
        e = right != NULL ? make(r, op, e, right) : NULL;
    }
    r->depth = depth;
    return e;
}

static vireo__expr *conjunction(vireo__page_reader *r)
{
    return joined(r, "and", VIREO__EXPR_AND, negation);
}

static vireo__expr *disjunction(vireo__page_reader *r)
{
    return joined(r, "or", VIREO__EXPR_OR, conjunction);
}

static vireo__expr *inline_if(vireo__page_reader *r)
{
    vireo__expr *e = NULL, *yes = deeper(r) ? disjunction(r) : NULL;
    if (yes == NULL || !vireo__page_take(r, "if")) {
        r->depth--;
        return yes;
    }
    vireo__expr *condition = disjunction(r);
    vireo__expr *no = NULL;
    bool otherwise = condition != NULL && vireo__page_take(r, "else");
    if (otherwise)
        no = inline_if(r);
    if (condition != NULL && (no != NULL || !otherwise))
        e = make(r, VIREO__EXPR_IF, yes, condition);
    if (e != NULL)
        e->other = no;
    r->depth--;
    return e;
}

vireo__expr *vireo__page_expression(vireo__page_reader *r)
{
    unsigned depth = r->depth;
    r->depth = 0;
    vireo__expr *e = inline_if(r);
    r->depth = depth;
    return e;
}
