/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* template.c: the grammar that is followed, over the template's bytes. Blanks are allowed between
 * all parts.
 *
 *     template  = [ value *( "," value ) ]
 *     value     = object | array | string | number | true | false | null | conversion
 *     object    = "{" [ member *( "," member ) ] "}"
 *     array     = "[" [ value *( "," value ) ] "]"
 *     member    = ( string | bare key | %s | %.*s ) ":" value
 *     string    = as in JSON, between "..." or '...'
 *     bare key  = 1*( letter | digit | "_" | "$" )
 */

#include "payload/template.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/value.h>

#include "payload/json_read.h"
#include "payload/json_write.h"
#include "payload/list.h"
#include "payload/scan.h"
#include "payload/value.h"

struct filler {
    const uint8_t *at; /* in the template */
    const uint8_t *end;
    vireo__buf *out;
    vireo__attachments *collect;
    uint32_t objects; /* bit per level: it is an object */
    int depth;
    int values; /* on the outermost level */
    va_list args;
};

/* What a step found. Errors are negative. */
enum { VALUE_ENDED = 1, VALUE_OPENED, TEMPLATE_ENDED };

static void skip_blanks(struct filler *f)
{
    while (f->at < f->end && (*f->at == ' ' || *f->at == '\n' || *f->at == '\r' || *f->at == '\t'))
        f->at++;
}

static bool next_is(const struct filler *f, char c)
{
    return f->at < f->end && *f->at == (uint8_t)c;
}

/* take steps over |text| if it stands next. */
static bool take(struct filler *f, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(f->end - f->at) < n || memcmp(f->at, text, n) != 0)
        return false;
    f->at += n;
    return true;
}

/* --- conversions ------------------------------------------------------------------------------ */

static int put_text(struct filler *f, const char *text)
{
    if (text == NULL)
        return vireo__json_write_null(f->out);
    return vireo__json_write_string(f->out, text, strlen(text));
}

/* put_piece writes so many bytes, fewer if a NUL comes first, as printf does; all up to the NUL for
 * a negative number. */
static int put_piece(struct filler *f, int size, const char *text)
{
    if (text == NULL || size < 0)
        return put_text(f, text);
    return vireo__json_write_string(f->out, text, strnlen(text, (size_t)size));
}

/* put_string writes what %s or %.*s stands for; 1 if neither stands next. */
static int put_string(struct filler *f)
{
    if (take(f, "%s"))
        return put_text(f, va_arg(f->args, const char *));
    if (!take(f, "%.*s"))
        return 1;
    int size = va_arg(f->args, int);
    return put_piece(f, size, va_arg(f->args, const char *));
}

static int put_json(struct filler *f, const vireo_leaf *leaf)
{
    int error = vireo__json_check(leaf->data, leaf->size, NULL, NULL);
    return error ? error : vireo__buf_append(f->out, leaf->data, leaf->size);
}

/* put_pointer looks at the tag alone until it knows what |p| points to. */
static int put_pointer(struct filler *f, const void *p)
{
    uint32_t tag;
    if (p == NULL)
        return vireo__json_write_null(f->out);
    memcpy(&tag, p, sizeof tag);
    if ((tag & VIREO__VALUE_MARK_MASK) == VIREO__VALUE_MARK)
        return vireo__json_write(f->out, f->collect, p, 0);
    if (tag == VIREO__LIST_TAG)
        return vireo__list_write(f->out, p);
    const vireo_leaf *leaf = p;
    if (tag == VIREO_LEAF_BINARY)
        return vireo__json_write_binary(f->out, f->collect, leaf->data, leaf->size);
    return tag == VIREO_LEAF_JSON ? put_json(f, leaf) : VIREO_EINVAL;
}

/* The lengths of printf that templates know. */
enum length { OF_INT, OF_CHAR, OF_LONG, OF_LONG_LONG, OF_SIZE, OF_MAX };

static enum length take_length(struct filler *f)
{
    static const struct {
        const char *text;
        enum length length;
    } lengths[] = {
        {"hh", OF_CHAR}, {"ll", OF_LONG_LONG}, {"l", OF_LONG}, {"z", OF_SIZE}, {"j", OF_MAX}};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        if (take(f, lengths[i].text))
            return lengths[i].length;
    return OF_INT;
}

static int put_signed(struct filler *f, enum length length)
{
    switch (length) {
    case OF_CHAR:
        return vireo__json_write_bool(f->out, va_arg(f->args, int) != 0);
    case OF_LONG:
        return vireo__json_write_int(f->out, va_arg(f->args, long));
    case OF_LONG_LONG:
        return vireo__json_write_int(f->out, va_arg(f->args, long long));
    case OF_SIZE:
        return vireo__json_write_int(f->out, va_arg(f->args, ptrdiff_t));
    case OF_MAX:
        return vireo__json_write_int(f->out, va_arg(f->args, intmax_t));
    default:
        return vireo__json_write_int(f->out, va_arg(f->args, int));
    }
}

static int put_unsigned(struct filler *f, enum length length)
{
    switch (length) {
    case OF_CHAR:
        return VIREO_ETEMPLATE;
    case OF_LONG:
        return vireo__buf_append_u64(f->out, va_arg(f->args, unsigned long));
    case OF_LONG_LONG:
        return vireo__buf_append_u64(f->out, va_arg(f->args, unsigned long long));
    case OF_SIZE:
        return vireo__buf_append_u64(f->out, va_arg(f->args, size_t));
    case OF_MAX:
        return vireo__buf_append_u64(f->out, va_arg(f->args, uintmax_t));
    default:
        return vireo__buf_append_u64(f->out, va_arg(f->args, unsigned));
    }
}

/* put_conversion follows one conversion. Its argument is taken only once the conversion is known to
 * be one of ours: the types of all others are unknown. */
static int put_conversion(struct filler *f)
{
    int done = put_string(f);
    if (done != 1)
        return done;
    f->at++;
    enum length length = take_length(f);
    if (take(f, "d") || take(f, "i"))
        return put_signed(f, length);
    if (take(f, "u"))
        return put_unsigned(f, length);
    if ((length == OF_INT || length == OF_LONG) && (take(f, "g") || take(f, "f")))
        return vireo__json_write_double(f->out, va_arg(f->args, double));
    if (length == OF_INT && take(f, "p"))
        return put_pointer(f, va_arg(f->args, const void *));
    return VIREO_ETEMPLATE;
}

/* --- literals --------------------------------------------------------------------------------- */

/* literal_escape steps over a backslash and what belongs to it; \' only makes sense in '...' and is
 * written without the backslash. */
static int literal_escape(struct filler *f)
{
    const uint8_t *escape = f->at++;
    if (f->at == f->end)
        return VIREO_ETEMPLATE;
    uint8_t c = *f->at++;
    if (c == '\'')
        return vireo__buf_append_byte(f->out, '\'');
    if (c == 'u') {
        if (vireo__hex4(f->at, f->end) < 0)
            return VIREO_ETEMPLATE;
        f->at += 4;
    } else if (memchr("\"\\/bfnrt", c, 8) == NULL) {
        return VIREO_ETEMPLATE;
    }
    return vireo__buf_append(f->out, escape, (size_t)(f->at - escape));
}

/* literal_special writes the character of a literal string that stands next and cannot be
 * copied. */
static int literal_special(struct filler *f, uint8_t quote)
{
    uint8_t c = *f->at;
    if (c == '\\')
        return literal_escape(f);
    if (c == '"' && quote == '\'') {
        f->at++;
        return vireo__buf_append(f->out, "\\\"", 2);
    }
    return VIREO_ETEMPLATE;
}

static const uint8_t *first_of(const uint8_t *p, const uint8_t *end, uint8_t a, uint8_t b)
{
    while (p < end && *p != a && *p != b)
        p++;
    return p;
}

/* put_literal_string copies a string of the template. A % in it is refused: to the compiler it
 * would be a conversion. */
static int put_literal_string(struct filler *f)
{
    uint8_t quote = *f->at++;
    vireo__buf_append_byte(f->out, '"');
    for (;;) {
        const uint8_t *run = f->at;
        f->at = first_of(run, vireo__clean_run(run, f->end), quote, '%');
        vireo__buf_append(f->out, run, (size_t)(f->at - run));
        if (f->at == f->end)
            return VIREO_ETEMPLATE;
        if (*f->at == quote) {
            f->at++;
            return vireo__buf_append_byte(f->out, '"');
        }
        int error = literal_special(f, quote);
        if (error)
            return error;
    }
}

static int put_literal(struct filler *f)
{
    static const char *const words[] = {"true", "false", "null"};
    const uint8_t *literal = f->at;
    if (*literal == '"' || *literal == '\'')
        return put_literal_string(f);
    for (size_t i = 0; i < 3; i++)
        if (take(f, words[i]))
            return vireo__buf_append_str(f->out, words[i]);
    f->at = vireo__number_run(literal, f->end);
    if (f->at == NULL)
        return VIREO_ETEMPLATE;
    return vireo__buf_append(f->out, literal, (size_t)(f->at - literal));
}

/* --- structure -------------------------------------------------------------------------------- */

static bool is_bare(uint8_t c)
{
    return vireo__is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$';
}

static int put_bare_key(struct filler *f)
{
    const uint8_t *key = f->at;
    while (f->at < f->end && is_bare(*f->at))
        f->at++;
    if (f->at == key)
        return VIREO_ETEMPLATE;
    vireo__buf_append_byte(f->out, '"');
    vireo__buf_append(f->out, key, (size_t)(f->at - key));
    return vireo__buf_append_byte(f->out, '"');
}

/* put_key_conversion writes a key that is an argument. A key cannot be null. */
static int put_key_conversion(struct filler *f)
{
    size_t before = f->out->len;
    int error = put_string(f);
    if (error)
        return error == 1 ? VIREO_ETEMPLATE : error;
    return f->out->data[before] == '"' ? 0 : VIREO_EINVAL;
}

static int put_key(struct filler *f)
{
    int error;
    skip_blanks(f);
    if (next_is(f, '%'))
        error = put_key_conversion(f);
    else if (next_is(f, '"') || next_is(f, '\''))
        error = put_literal_string(f);
    else
        error = put_bare_key(f);
    if (error)
        return error;
    skip_blanks(f);
    return take(f, ":") ? vireo__buf_append_byte(f->out, ':') : VIREO_ETEMPLATE;
}

static bool in_object(const struct filler *f)
{
    return f->depth > 0 && f->objects >> (f->depth - 1) & 1;
}

static int close_bracket(struct filler *f)
{
    f->depth--;
    return vireo__buf_append_byte(f->out, *f->at++);
}

/* open_bracket opens an array or object, and closes it again if it is empty. */
static int open_bracket(struct filler *f, bool object)
{
    if (f->depth == VIREO__TEMPLATE_DEPTH)
        return VIREO_ETEMPLATE;
    uint32_t bit = UINT32_C(1) << f->depth++;
    f->objects = object ? f->objects | bit : f->objects & ~bit;
    vireo__buf_append_byte(f->out, *f->at++);
    skip_blanks(f);
    if (next_is(f, object ? '}' : ']')) {
        int error = close_bracket(f);
        return error ? error : VALUE_ENDED;
    }
    int error = object ? put_key(f) : f->out->error;
    return error ? error : VALUE_OPENED;
}

static int begin_value(struct filler *f)
{
    skip_blanks(f);
    if (f->at == f->end)
        return VIREO_ETEMPLATE;
    if (*f->at == '{' || *f->at == '[')
        return open_bracket(f, *f->at == '{');
    int error = *f->at == '%' ? put_conversion(f) : put_literal(f);
    return error ? error : VALUE_ENDED;
}

/* end_value follows what may stand behind a value: the ends of what is open, then a comma, or the
 * template's end. */
static int end_value(struct filler *f)
{
    for (;;) {
        bool object = in_object(f);
        f->values += f->depth == 0;
        skip_blanks(f);
        if (f->depth == 0 && f->at == f->end)
            return TEMPLATE_ENDED;
        if (take(f, ",")) {
            int error = vireo__buf_append_byte(f->out, ',');
            return object && !error ? put_key(f) : error;
        }
        if (f->depth == 0 || !next_is(f, object ? '}' : ']'))
            return VIREO_ETEMPLATE;
        int error = close_bracket(f);
        if (error)
            return error;
    }
}

static int fill(struct filler *f)
{
    skip_blanks(f);
    if (f->at == f->end)
        return 0;
    for (;;) {
        int found = begin_value(f);
        if (found == VALUE_ENDED)
            found = end_value(f);
        if (found == TEMPLATE_ENDED)
            return 0;
        if (found < 0)
            return found;
    }
}

/* undo takes back what was appended since the start. */
static int undo(struct filler *f, size_t len, size_t attachments, int error)
{
    f->out->len = len;
    f->out->error = 0;
    if (f->collect != NULL)
        f->collect->count = attachments;
    return error;
}

/* write_values writes a template of at least |fewest| and at most |most| values. */
static int write_values(vireo__buf *out, vireo__attachments *collect, int fewest, int most,
                        const char *tmpl, va_list args)
{
    if (out->error)
        return out->error;
    if (tmpl == NULL)
        return fewest == 0 ? 0 : VIREO_ETEMPLATE;
    struct filler f = {.at = (const uint8_t *)tmpl, .out = out, .collect = collect};
    f.end = f.at + strlen(tmpl);
    size_t len = out->len;
    size_t attachments = collect != NULL ? collect->count : 0;
    va_copy(f.args, args);
    int error = fill(&f);
    va_end(f.args);
    if (!error && (f.values < fewest || f.values > most))
        error = VIREO_ETEMPLATE;
    return error ? undo(&f, len, attachments, error) : f.values;
}

int vireo__template_write(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                          va_list args)
{
    return write_values(out, collect, 0, INT32_MAX, tmpl, args);
}

int vireo__template_write_one(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                              va_list args)
{
    return write_values(out, collect, 1, 1, tmpl, args);
}

char *vireo_format(size_t *len, const char *tmpl, ...)
{
    vireo__buf out;
    va_list args;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    va_start(args, tmpl);
    int values = vireo__template_write(&out, NULL, tmpl, args);
    va_end(args);
    if (values < 0 || vireo__buf_cstr(&out) == NULL) {
        vireo__buf_deinit(&out);
        return NULL;
    }
    if (len != NULL)
        *len = out.len;
    return (char *)out.data; /* the buffer's memory goes to the caller */
}
