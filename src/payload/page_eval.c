/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page_eval.c: what expressions are worth, and how that is written. */

#include <math.h>
#include <string.h>

#include "base/url.h"
#include "payload/json_write.h"
#include "payload/number.h"
#include "payload/page.h"

typedef vireo__page_value worth;
typedef vireo__page_scope scope;

static const worth nothing = {.kind = VIREO__WORTH_NOTHING};

static worth of_text(vireo__str text)
{
    return (worth){.kind = VIREO__WORTH_TEXT, .text = text};
}

static worth of_number(double number)
{
    return (worth){.kind = VIREO__WORTH_NUMBER, .number = number};
}

static worth of_bool(bool truth)
{
    return (worth){.kind = VIREO__WORTH_BOOL, .number = truth};
}

worth vireo__page_value_of(const vireo_value *v)
{
    vireo__str text;
    switch (vireo_type_of(v)) {
    case VIREO_BOOL:
        return of_bool(vireo_bool(v, false));
    case VIREO_NUMBER:
        return of_number(vireo_num(v, 0));
    case VIREO_STRING:
        text.at = vireo_str_len(v, &text.len);
        return of_text(text);
    case VIREO_ARRAY:
    case VIREO_OBJECT:
    case VIREO_BINARY:
        return (worth){.kind = VIREO__WORTH_TREE, .tree = v};
    default:
        return nothing;
    }
}

bool vireo__page_truth(const worth *v)
{
    switch (v->kind) {
    case VIREO__WORTH_NOTHING:
        return false;
    case VIREO__WORTH_BOOL:
    case VIREO__WORTH_NUMBER:
        return v->number != 0 && !isnan(v->number);
    case VIREO__WORTH_TEXT:
        return v->text.len > 0;
    default:
        return true;
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '`':
        return "&#96;";
    case '\\':
        return "&#92;";
    default:
        return NULL;
    }
}

static void write_escaped(vireo__buf *out, const char *text, size_t n)
{
    size_t run = 0;
    for (size_t i = 0; i < n; i++) {
        const char *escape = escape_of(text[i]);
        if (escape == NULL)
            continue;
        vireo__buf_append(out, text + run, i - run);
        vireo__buf_append_str(out, escape);
        run = i + 1;
    }
    vireo__buf_append(out, text + run, n - run);
}

static void write_number(vireo__buf *out, double number)
{
    char text[VIREO__DOUBLE_TEXT];
    if (isnan(number))
        vireo__buf_append_str(out, "NaN");
    else if (isinf(number))
        vireo__buf_append_str(out, number < 0 ? "-Infinity" : "Infinity");
    else
        vireo__buf_append(out, text, vireo__double_write(text, number));
}

static void write_tree(vireo__buf *out, const worth *v)
{
    vireo__buf json;
    vireo__buf_init(&json, out->max);
    if (vireo__json_write(&json, NULL, v->tree, 0) == 0)
        v->safe ? (void)vireo__buf_append(out, json.data, json.len)
                : write_escaped(out, (const char *)json.data, json.len);
    else if (out->error == 0)
        out->error = json.error;
    vireo__buf_deinit(&json);
}

void vireo__page_write(vireo__buf *out, const worth *v)
{
    if (v->kind == VIREO__WORTH_BOOL)
        vireo__buf_append_str(out, v->number != 0 ? "true" : "false");
    else if (v->kind == VIREO__WORTH_NUMBER)
        write_number(out, v->number);
    else if (v->kind == VIREO__WORTH_TEXT && v->safe)
        vireo__buf_append(out, v->text.at, v->text.len);
    else if (v->kind == VIREO__WORTH_TEXT)
        write_escaped(out, v->text.at, v->text.len);
    else if (v->kind == VIREO__WORTH_TREE)
        write_tree(out, v);
}

/* --- names and members ------------------------------------------------------------------------ */

/* The last member of that name, as in JavaScript. */
static worth member_of(const vireo_value *object, vireo__str name)
{
    const vireo_value *found = NULL;
    if (vireo_type_of(object) != VIREO_OBJECT)
        return nothing;
    for (const vireo_value *m = NULL; (m = vireo_next(object, m)) != NULL;)
        if (vireo__str_equal(name, vireo_key(m)))
            found = m;
    return vireo__page_value_of(found);
}

static worth name_worth(const scope *s, vireo__str name)
{
    for (const vireo__page_loop *l = s->loop; l != NULL; l = l->outer) {
        for (int i = 0; i < 2; i++)
            if (l->names[i].len == name.len && memcmp(l->names[i].at, name.at, name.len) == 0)
                return l->values[i];
        if (vireo__str_equal(name, "loop"))
            return (worth){.kind = VIREO__WORTH_LOOP, .loop = l};
    }
    return member_of(s->data, name);
}

static worth loop_member(const vireo__page_loop *l, vireo__str name)
{
    if (vireo__str_equal(name, "index"))
        return of_number((double)l->index + 1);
    if (vireo__str_equal(name, "index0"))
        return of_number((double)l->index);
    if (vireo__str_equal(name, "first"))
        return of_bool(l->index == 0);
    if (vireo__str_equal(name, "last"))
        return of_bool(l->index + 1 == l->count);
    if (vireo__str_equal(name, "length"))
        return of_number((double)l->count);
    return nothing;
}

/* The length of a text is counted in units of UTF-16, as in JavaScript. */
static double length_of(const worth *v)
{
    double n = 0;
    if (v->kind == VIREO__WORTH_TREE)
        return (double)vireo_count(v->tree);
    if (v->kind != VIREO__WORTH_TEXT)
        return 0;
    for (size_t i = 0; i < v->text.len; i++) {
        uint8_t c = (uint8_t)v->text.at[i];
        n += (c & 0xC0) != 0x80;
        n += c >= 0xF0;
    }
    return n;
}

static worth member_worth(const worth *of, const worth *key)
{
    if (key->kind == VIREO__WORTH_TEXT) {
        if (of->kind == VIREO__WORTH_LOOP)
            return loop_member(of->loop, key->text);
        bool object = of->kind == VIREO__WORTH_TREE && vireo_type_of(of->tree) == VIREO_OBJECT;
        if (object)
            return member_of(of->tree, key->text);
        return vireo__str_equal(key->text, "length") &&
                       (of->kind == VIREO__WORTH_TREE || of->kind == VIREO__WORTH_TEXT)
                   ? of_number(length_of(of))
                   : nothing;
    }
    int64_t index;
    if (key->kind == VIREO__WORTH_NUMBER && of->kind == VIREO__WORTH_TREE &&
        vireo_type_of(of->tree) == VIREO_ARRAY && vireo__int_of(key->number, &index) && index >= 0)
        return vireo__page_value_of(vireo_at(of->tree, (size_t)index));
    return nothing;
}

/* --- comparisons ------------------------------------------------------------------------------ */

static bool equal(const worth *a, const worth *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VIREO__WORTH_NOTHING:
        return true;
    case VIREO__WORTH_TEXT:
        return a->text.len == b->text.len && memcmp(a->text.at, b->text.at, a->text.len) == 0;
    case VIREO__WORTH_BOOL:
    case VIREO__WORTH_NUMBER:
        return a->number == b->number;
    default:
        return a->tree == b->tree && a->loop == b->loop;
    }
}

/* Less than 0, 0, more than 0; false when the two cannot be compared. */
static bool order(const worth *a, const worth *b, int *out)
{
    if (a->kind == VIREO__WORTH_NUMBER && b->kind == VIREO__WORTH_NUMBER) {
        *out = (a->number > b->number) - (a->number < b->number);
        return !isnan(a->number) && !isnan(b->number);
    }
    if (a->kind != VIREO__WORTH_TEXT || b->kind != VIREO__WORTH_TEXT)
        return false;
    size_t n = a->text.len < b->text.len ? a->text.len : b->text.len;
    *out = memcmp(a->text.at, b->text.at, n);
    if (*out == 0)
        *out = (a->text.len > b->text.len) - (a->text.len < b->text.len);
    return true;
}

static worth compare(vireo__expr_op op, const worth *a, const worth *b)
{
    int sign = 0;
    if (op == VIREO__EXPR_EQ || op == VIREO__EXPR_NE)
        return of_bool(equal(a, b) == (op == VIREO__EXPR_EQ));
    if (!order(a, b, &sign))
        return of_bool(false);
    return of_bool(op == VIREO__EXPR_LT   ? sign < 0
                   : op == VIREO__EXPR_LE ? sign <= 0
                   : op == VIREO__EXPR_GT ? sign > 0
                                          : sign >= 0);
}

/* --- filters ---------------------------------------------------------------------------------- */

/* Makes the text that was written to |b| a value, and ends |b|. */
static worth keep(scope *s, vireo__buf *b, bool safe)
{
    char *copy = b->error == 0 ? vireo__arena_take(s->arena, b->len + 1, 1) : NULL;
    worth v = of_text((vireo__str){copy != NULL ? copy : "", copy != NULL ? b->len : 0});
    if (copy == NULL)
        s->out_of_memory = true;
    else if (b->len > 0)
        memcpy(copy, b->data, b->len);
    vireo__buf_deinit(b);
    v.safe = safe;
    return v;
}

static void write_plain(vireo__buf *out, worth v)
{
    v.safe = true;
    vireo__page_write(out, &v);
}

static void change_case(vireo__buf *b, bool up)
{
    for (size_t i = 0; i < b->len; i++)
        if (up ? b->data[i] >= 'a' && b->data[i] <= 'z' : b->data[i] >= 'A' && b->data[i] <= 'Z')
            b->data[i] ^= 0x20;
}

static void trim(vireo__buf *b)
{
    size_t n = 0;
    while (b->len > 0 && (b->data[b->len - 1] == ' ' ||
                          (b->data[b->len - 1] >= '\t' && b->data[b->len - 1] <= '\r')))
        b->len--;
    while (n < b->len && (b->data[n] == ' ' || (b->data[n] >= '\t' && b->data[n] <= '\r')))
        n++;
    vireo__buf_consume(b, n);
}

static void join(vireo__buf *out, const worth *list, const worth *separator)
{
    if (list->kind != VIREO__WORTH_TREE) {
        write_plain(out, *list);
        return;
    }
    bool first = true;
    for (const vireo_value *e = NULL; (e = vireo_next(list->tree, e)) != NULL; first = false) {
        if (!first)
            write_plain(out, *separator);
        write_plain(out, vireo__page_value_of(e));
    }
}

static void urlencode(vireo__buf *b)
{
    vireo__buf plain = *b;
    vireo__buf_init(b, plain.max);
    vireo__url_encode(b, (const char *)plain.data, plain.len);
    b->error = plain.error ? plain.error : b->error;
    vireo__buf_deinit(&plain);
}

/* JSON that may stand in a script: no "</script" and no "<!--", and no line separators, which end a
 * line in old JavaScript. All of them occur in strings only. */
static void dump(vireo__buf *out, const worth *v)
{
    vireo__buf json;
    vireo__buf_init(&json, out->max);
    if (v->kind == VIREO__WORTH_TEXT)
        vireo__json_write_string(&json, v->text.at, v->text.len);
    else if (v->kind == VIREO__WORTH_NOTHING || v->kind == VIREO__WORTH_LOOP)
        vireo__json_write_null(&json);
    else if (v->kind == VIREO__WORTH_NUMBER)
        vireo__json_write_double(&json, v->number);
    else
        write_plain(&json, *v);
    for (size_t i = 0; i < json.len; i++) {
        const uint8_t *c = json.data + i;
        if (*c == '<' || *c == '>' || *c == '&') {
            vireo__buf_append_str(out, *c == '<' ? "\\u003c" : *c == '>' ? "\\u003e" : "\\u0026");
        } else if (json.len - i >= 3 && c[0] == 0xE2 && c[1] == 0x80 && (c[2] | 1) == 0xA9) {
            vireo__buf_append_str(out, c[2] == 0xA8 ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            vireo__buf_append_byte(out, *c);
        }
    }
    out->error = json.error ? json.error : out->error;
    vireo__buf_deinit(&json);
}

static worth apply(scope *s, vireo__filter filter, worth v, const worth *argument)
{
    vireo__buf b;
    if (filter == VIREO__FILTER_SAFE) {
        v.safe = true;
        return v;
    }
    if (filter == VIREO__FILTER_DEFAULT)
        return v.kind == VIREO__WORTH_NOTHING ? *argument : v;
    if (filter == VIREO__FILTER_LENGTH)
        return of_number(length_of(&v));
    vireo__buf_init(&b, VIREO__PAGE_MAX_OUT);
    if (filter == VIREO__FILTER_DUMP) {
        dump(&b, &v);
        return keep(s, &b, false);
    }
    if (filter == VIREO__FILTER_JOIN)
        join(&b, &v, argument);
    else
        write_plain(&b, v);
    if (filter == VIREO__FILTER_UPPER || filter == VIREO__FILTER_LOWER)
        change_case(&b, filter == VIREO__FILTER_UPPER);
    else if (filter == VIREO__FILTER_TRIM)
        trim(&b);
    else if (filter == VIREO__FILTER_URLENCODE)
        urlencode(&b);
    return keep(s, &b, v.safe && filter != VIREO__FILTER_JOIN);
}

/* --- expressions ------------------------------------------------------------------------------ */

static worth two_sided(scope *s, const vireo__expr *e)
{
    worth left = vireo__page_eval(s, e->left);
    if (e->op == VIREO__EXPR_AND || e->op == VIREO__EXPR_OR) {
        bool decided = vireo__page_truth(&left) == (e->op == VIREO__EXPR_OR);
        return decided ? left : vireo__page_eval(s, e->right);
    }
    worth right = vireo__page_eval(s, e->right);
    return e->op == VIREO__EXPR_MEMBER ? member_worth(&left, &right)
                                       : compare(e->op, &left, &right);
}

static worth inline_if(scope *s, const vireo__expr *e)
{
    worth condition = vireo__page_eval(s, e->right);
    if (vireo__page_truth(&condition))
        return vireo__page_eval(s, e->left);
    return e->other != NULL ? vireo__page_eval(s, e->other) : nothing;
}

static worth filtered(scope *s, const vireo__expr *e)
{
    worth v = vireo__page_eval(s, e->left);
    worth argument = e->right != NULL ? vireo__page_eval(s, e->right) : nothing;
    return apply(s, (vireo__filter)e->number, v, &argument);
}

worth vireo__page_eval(scope *s, const vireo__expr *e)
{
    worth v;
    switch (e->op) {
    case VIREO__EXPR_TEXT:
        return of_text(e->text);
    case VIREO__EXPR_NUMBER:
        return of_number(e->number);
    case VIREO__EXPR_BOOL:
        return of_bool(e->number != 0);
    case VIREO__EXPR_NULL:
        return nothing;
    case VIREO__EXPR_NAME:
        return name_worth(s, e->text);
    case VIREO__EXPR_NOT:
        v = vireo__page_eval(s, e->left);
        return of_bool(!vireo__page_truth(&v));
    case VIREO__EXPR_IF:
        return inline_if(s, e);
    case VIREO__EXPR_FILTER:
        return filtered(s, e);
    default:
        return two_sided(s, e);
    }
}
