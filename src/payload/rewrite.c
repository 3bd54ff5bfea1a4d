/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rewrite.c: recursive, as deep as the tree: builders allow 512 levels. */

#include "payload/rewrite.h"

#include <vireo/error.h>

struct walk {
    vireo_builder *out;
    vireo__rewrite_fn hook;
    void *user;
};

/* What the hook has said of a value, with the memory of its substitute. */
struct verdict {
    bool keeps;
    const vireo_value *substitute; /* NULL: left out */
    vireo_builder b;
    vireo__doc doc;
};

static int ask(const struct walk *w, const char *key, const vireo_value *v, struct verdict *said)
{
    vireo__doc_init(&said->doc);
    vireo__builder_init(&said->b, &said->doc, w->out->max_nodes);
    int found = w->hook(key, v, &said->b, w->user);
    said->keeps = found == 0;
    said->substitute = vireo_built(&said->b);
    if (found <= 0)
        return found;
    if (said->b.error < 0)
        return said->b.error;
    return said->b.depth == 0 ? 0 : VIREO_EINVAL;
}

static void forget(struct verdict *said)
{
    vireo__doc_deinit(&said->doc);
}

static bool is_member(const vireo_value *v)
{
    return (v->tag & VIREO__VALUE_MEMBER) != 0;
}

static int open_alike(vireo_builder *out, const vireo_value *v)
{
    return vireo__value_type(v) == VIREO_ARRAY ? vireo_build_array(out) : vireo_build_object(out);
}

static int add_key(vireo_builder *out, const vireo_value *v)
{
    return is_member(v) ? vireo_build_key_len(out, v[-1].as.text, v[-1].len) : 0;
}

/* --- from the top ----------------------------------------------------------------------------- */

static int replace(const struct walk *w, const vireo_value *v, bool root);

static int add_replaced(const struct walk *w, const vireo_value *v)
{
    if (!vireo__value_is_parent(v))
        return vireo_build_value(w->out, v);
    int error = open_alike(w->out, v);
    for (const vireo_value *c = NULL; error == 0 && (c = vireo_next(v, c)) != NULL;)
        error = replace(w, c, false);
    return error == 0 ? vireo_build_end(w->out) : error;
}

static int replace(const struct walk *w, const vireo_value *v, bool root)
{
    struct verdict said;
    int error = ask(w, root ? NULL : vireo_key(v), v, &said);
    const vireo_value *what = said.keeps ? v : said.substitute;
    if (error == 0 && !root && what != NULL)
        error = add_key(w->out, v);
    if (error == 0 && what != NULL)
        error = add_replaced(w, what);
    else if (error == 0 && !root && !is_member(v))
        error = vireo_build_null(w->out);
    forget(&said);
    return error;
}

int vireo__replace(vireo_builder *out, const vireo_value *v, vireo__rewrite_fn hook, void *user)
{
    return replace(&(struct walk){out, hook, user}, v, true);
}

/* --- from the bottom -------------------------------------------------------------------------- */

/* cut takes away the last value, which begins at node |at|, and its key. */
static void cut(vireo__doc *doc, uint32_t at)
{
    doc->count = at;
    if (doc->open == VIREO__DOC_CLOSED)
        return;
    doc->nodes[doc->open].len--;
    if (vireo__value_type(&doc->nodes[doc->open]) == VIREO_OBJECT)
        doc->count--;
}

/* settle asks what becomes of the value that was added last, at node |at|. */
static int settle(const struct walk *w, const vireo_value *from, uint32_t at, bool root)
{
    struct verdict said;
    vireo__doc *doc = w->out->doc;
    int error = ask(w, root ? NULL : vireo_key(from), &doc->nodes[at], &said);
    if (error == 0 && !said.keeps) {
        cut(doc, at);
        if (said.substitute != NULL && !root)
            error = add_key(w->out, from);
        if (error == 0 && said.substitute != NULL)
            error = vireo_build_value(w->out, said.substitute);
        else if (error == 0 && !root && !is_member(from))
            error = vireo_build_null(w->out);
    }
    forget(&said);
    return error;
}

static int revive(const struct walk *w, const vireo_value *v, bool root)
{
    int error = root ? 0 : add_key(w->out, v);
    uint32_t at = w->out->doc->count;
    if (error == 0)
        error = vireo__value_is_parent(v) ? open_alike(w->out, v) : vireo_build_value(w->out, v);
    if (error < 0)
        return error;
    if (vireo__value_is_parent(v)) {
        for (const vireo_value *c = NULL; error == 0 && (c = vireo_next(v, c)) != NULL;)
            error = revive(w, c, false);
        error = error == 0 ? vireo_build_end(w->out) : error;
    }
    return error == 0 ? settle(w, v, at, root) : error;
}

int vireo__revive(vireo_builder *out, const vireo_value *v, vireo__rewrite_fn hook, void *user)
{
    return revive(&(struct walk){out, hook, user}, v, true);
}
