/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* form.c: a pair becomes a tree of its own, a[b][]=1 the tree {a: {b: [1]}}; the trees of all pairs
 * are merged into one, which at the end is written as values. The merging follows qs, odd cases
 * included: a test compares the two. */

#include "http/form.h"

#include "base/log.h"
#include "base/url.h"
#include "base/utf8.h"

typedef enum kind { TEXT, TRUTH, LIST, MAP } kind;

typedef struct node {
    kind kind;
    vireo__str text;
    struct item *first; /* of a list: in the order of their places */
} node;

typedef struct item {
    struct item *next;
    vireo__str name; /* in a map */
    uint32_t place;  /* in a list */
    node *value;
} item;

/* One pair whose value may have become a list; the name still with its brackets. */
typedef struct pair {
    struct pair *next;
    vireo__str name;
    node *value;
} pair;

typedef struct reader {
    vireo__arena *arena; /* the document's: texts stay there */
    int error;           /* sticks */
} reader;

static void *take(reader *f, size_t size)
{
    void *memory = vireo__arena_take(f->arena, size, 16);
    if (memory == NULL)
        f->error = VIREO_ENOMEM;
    return memory;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static node *new_node(reader *f, kind k)
{
    node *n = take(f, sizeof *n);
    if (n != NULL)
        *n = (node){.kind = k};
    return n;
}

static bool nests(const node *n)
{
    return n->kind == LIST || n->kind == MAP;
}

/* The link behind which an item belongs: that of the item itself, if there is one. */
static item **find_name(node *map, vireo__str name)
{
    item **at = &map->first;
    while (*at != NULL && ((*at)->name.len != name.len ||
                           (name.len > 0 && memcmp((*at)->name.at, name.at, name.len) != 0)))
        at = &(*at)->next;
    return at;
}

static item **find_place(node *list, uint32_t place)
{
    item **at = &list->first;
    while (*at != NULL && (*at)->place < place)
        at = &(*at)->next;
    return at;
}

static void insert(reader *f, item **at, item values)
{
    item *i = take(f, sizeof *i);
    if (i == NULL)
        return;
    *i = values;
    i->next = *at;
    *at = i;
}

/* The link behind the last item, and the place behind its place. */
static item **find_end(node *list, uint32_t *place)
{
    item **at = &list->first;
    for (*place = 0; *at != NULL; at = &(*at)->next)
        *place = (*at)->place + 1;
    return at;
}

static void push(reader *f, node *list, node *value)
{
    uint32_t place;
    item **at = find_end(list, &place);
    insert(f, at, (item){.place = place, .value = value});
}

/* What JavaScript calls concat: a list gives its elements, with the gaps between them. */
static void push_all(reader *f, node *list, node *value)
{
    uint32_t place;
    item **at = find_end(list, &place);
    if (value->kind != LIST)
        insert(f, at, (item){.place = place, .value = value});
    for (const item *i = value->kind == LIST ? value->first : NULL; i != NULL; i = i->next) {
        insert(f, at, (item){.place = place + i->place, .value = i->value});
        if (f->error < 0)
            return;
        at = &(*at)->next;
    }
}

static node *combine(reader *f, node *a, node *b)
{
    node *list = new_node(f, LIST);
    if (list == NULL)
        return NULL;
    push_all(f, list, a);
    push_all(f, list, b);
    return list;
}

static vireo__str place_text(reader *f, uint32_t place)
{
    char digits[10], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + place % 10);
    while ((place /= 10) > 0);
    size_t n = (size_t)(digits + sizeof digits - at);
    char *copy = take(f, n);
    return copy != NULL ? (vireo__str){memcpy(copy, at, n), n} : (vireo__str){NULL, 0};
}

static void make_map(reader *f, node *list)
{
    for (item *i = list->first; i != NULL; i = i->next)
        i->name = place_text(f, i->place);
    list->kind = MAP;
}

/* --- merging ---------------------------------------------------------------------------------- */

static node *merge(reader *f, node *to, node *from);

static void merge_lists(reader *f, node *to, node *from)
{
    for (item *i = from->first; i != NULL; i = i->next) {
        item **at = find_place(to, i->place);
        bool taken = *at != NULL && (*at)->place == i->place;
        if (!taken)
            insert(f, at, (item){.place = i->place, .value = i->value});
        else if (nests((*at)->value) && nests(i->value))
            (*at)->value = merge(f, (*at)->value, i->value);
        else
            push(f, to, i->value);
        if (f->error < 0)
            return;
    }
}

static void merge_map(reader *f, node *to, node *from)
{
    if (from->kind == LIST)
        make_map(f, from);
    for (item *i = from->first; i != NULL && f->error == 0; i = i->next) {
        item **at = find_name(to, i->name);
        if (*at == NULL)
            insert(f, at, (item){.name = i->name, .value = i->value});
        else
            (*at)->value = merge(f, (*at)->value, i->value);
    }
}

/* A text for a place that has members already becomes one more, which is true. */
static void merge_text(reader *f, node *to, node *from)
{
    if (to->kind == LIST) {
        push(f, to, from);
        return;
    }
    item **at = find_name(to, from->text);
    node *truth = new_node(f, TRUTH);
    if (truth == NULL)
        return;
    if (*at != NULL)
        (*at)->value = truth;
    else
        insert(f, at, (item){.name = from->text, .value = truth});
}

/* Either may be used up. */
static node *merge(reader *f, node *to, node *from)
{
    if (f->error < 0 || (from->kind == TEXT && from->text.len == 0)) /* as qs does */
        return to;
    if (!nests(to))
        return combine(f, to, from);
    if (!nests(from))
        merge_text(f, to, from);
    else if (to->kind == LIST && from->kind == LIST)
        merge_lists(f, to, from);
    else {
        if (to->kind == LIST)
            make_map(f, to);
        merge_map(f, to, from);
    }
    return to;
}

/* --- a name with brackets --------------------------------------------------------------------- */

/* Finds the next [..] without brackets inside, from |*at| on, and moves |*at| behind it. */
static bool next_bracket(vireo__str name, size_t *at, vireo__str *inside, size_t *begin)
{
    size_t open = SIZE_MAX;
    for (size_t i = *at; i < name.len; i++) {
        if (name.at[i] == '[')
            open = i;
        if (name.at[i] != ']' || open == SIZE_MAX) {
            if (name.at[i] == ']')
                open = SIZE_MAX;
            continue;
        }
        *inside = (vireo__str){name.at + open + 1, i - open - 1};
        *begin = open;
        *at = i + 1;
        return true;
    }
    return false;
}

/* Digits without a zero in front, up to VIREO__FORM_INDEX. */
static bool is_place(vireo__str text, uint32_t *place)
{
    uint32_t n = 0;
    if (text.len == 0 || text.len > 3 || (text.at[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(text.at[i] - '0');
    }
    *place = n;
    return n <= VIREO__FORM_INDEX;
}

static node *wrap_bracket(reader *f, vireo__str inside, node *value)
{
    uint32_t place = 0;
    bool list = inside.len == 0 || is_place(inside, &place);
    node *n = new_node(f, list ? LIST : MAP);
    if (n == NULL)
        return NULL;
    if (inside.len == 0)
        push_all(f, n, value);
    else
        insert(f, &n->first, (item){.name = inside, .place = place, .value = value});
    return n;
}

/* a[b][]  with 1 becomes  {a: {b: [1]}}. */
static node *wrap(reader *f, vireo__str name, node *value)
{
    vireo__str inside[VIREO__FORM_DEPTH], one;
    size_t count = 0, at = 0, begin = 0, first = name.len;
    while (next_bracket(name, &at, &one, &begin)) {
        if (count == VIREO__FORM_DEPTH) {
            f->error = VIREO_EDEPTH;
            return NULL;
        }
        if (count == 0)
            first = begin;
        inside[count++] = one;
    }
    while (count > 0 && value != NULL)
        value = wrap_bracket(f, inside[--count], value);
    if (first == 0 || value == NULL)
        return value;
    node *map = new_node(f, MAP);
    if (map != NULL)
        insert(f, &map->first, (item){.name = {name.at, first}, .value = value});
    return map;
}

/* --- pairs ------------------------------------------------------------------------------------ */

static vireo__str decode(reader *f, vireo__str text)
{
    char *out = take(f, text.len + 1);
    if (out == NULL)
        return (vireo__str){NULL, 0};
    ptrdiff_t n = vireo__url_decode(out, text.at, text.len, true);
    out[n] = '\0';
    if (!vireo__utf8_valid(out, (size_t)n))
        f->error = VIREO_EUTF8;
    return (vireo__str){out, (size_t)n};
}

/* The first ]= parts a name from its value, wherever the first = is: a[b=c]=d. */
static size_t find_equals(vireo__str part)
{
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < part.len; i++) {
        if (part.at[i] != '=')
            continue;
        if (first == SIZE_MAX)
            first = i;
        if ((i > 0 && part.at[i - 1] == ']') ||
            (i > 2 && vireo__str_equal_nocase((vireo__str){part.at + i - 3, 3}, "%5d")))
            return i;
    }
    return first;
}

static void add_pair(reader *f, pair **list, vireo__str part)
{
    size_t equals = find_equals(part);
    bool has = equals != SIZE_MAX;
    vireo__str name = decode(f, (vireo__str){part.at, has ? equals : part.len});
    vireo__str text = has ? decode(f, (vireo__str){part.at + equals + 1, part.len - equals - 1})
                          : (vireo__str){"", 0};
    node *value = name.len > 0 && f->error == 0 ? new_node(f, TEXT) : NULL;
    if (value == NULL)
        return;
    value->text = text;
    while (*list != NULL &&
           ((*list)->name.len != name.len || memcmp((*list)->name.at, name.at, name.len) != 0))
        list = &(*list)->next;
    if (*list != NULL)
        (*list)->value = combine(f, (*list)->value, value);
    else if ((*list = take(f, sizeof **list)) != NULL)
        **list = (pair){.name = name, .value = value};
}

static pair *read_pairs(reader *f, vireo__str text)
{
    pair *list = NULL;
    unsigned count = 0;
    while (text.len > 0 && f->error == 0) {
        const char *end = memchr(text.at, '&', text.len);
        size_t n = end != NULL ? (size_t)(end - text.at) : text.len;
        if (++count > VIREO__FORM_PARAMS)
            f->error = VIREO_ETOOBIG;
        else
            add_pair(f, &list, (vireo__str){text.at, n});
        size_t taken = end != NULL ? n + 1 : n;
        text = (vireo__str){text.at + taken, text.len - taken};
    }
    return list;
}

/* --- values ----------------------------------------------------------------------------------- */

/* A text of its own, ended by a NUL. */
static void put_text(reader *f, vireo__doc *doc, uint32_t tag, vireo__str text)
{
    char *copy = take(f, text.len + 1);
    vireo_value *v = copy != NULL ? vireo__doc_add(doc, tag | VIREO_STRING) : NULL;
    if (v == NULL) {
        f->error = VIREO_ENOMEM;
        return;
    }
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    v->as.text = copy;
    v->len = (uint32_t)text.len;
}

static void put(reader *f, vireo__doc *doc, const node *n)
{
    static const uint32_t tags[] = {
        [TRUTH] = VIREO_BOOL, [LIST] = VIREO_ARRAY, [MAP] = VIREO_OBJECT};
    if (f->error < 0)
        return;
    if (n->kind == TEXT) {
        put_text(f, doc, 0, n->text);
        return;
    }
    vireo_value *v = vireo__doc_add(doc, tags[n->kind]);
    if (v == NULL) {
        f->error = VIREO_ENOMEM;
        return;
    }
    if (n->kind == TRUTH) {
        v->len = 1;
        return;
    }
    for (const item *i = n->first; i != NULL && f->error == 0; i = i->next) {
        if (n->kind == MAP)
            put_text(f, doc, VIREO__VALUE_KEY, i->name);
        put(f, doc, i->value);
    }
    if (f->error == 0)
        vireo__doc_close(doc);
}

int vireo__form_read(vireo__doc *doc, vireo__str text, vireo_error *error)
{
    vireo__doc_reset(doc);
    reader f = {.arena = &doc->arena};
    node *root = new_node(&f, MAP);
    for (pair *p = root != NULL ? read_pairs(&f, text) : NULL; p != NULL && f.error == 0;
         p = p->next) {
        node *tree = wrap(&f, p->name, p->value);
        if (f.error == 0)
            root = merge(&f, root, tree);
    }
    if (f.error == 0)
        put(&f, doc, root);
    if (f.error == 0)
        return 0;
    vireo__doc_reset(doc);
    return vireo__error_set(error, f.error, "%s", vireo_strerror(f.error));
}
