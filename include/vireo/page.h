/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page.h: pages made from templates and values, escaped by default.
 *
 *     layout.html   <title>{% block title %}Notes{% endblock %}</title>
 *                   {% block body %}{% endblock %}
 *     notes.html    {% extends "layout.html" %}
 *                   {% block body %}
 *                   <h1>Hello {{ user.name }}</h1>
 *                   {% for note in notes %}<li>{{ loop.index }}: {{ note.text }}</li>
 *                   {% else %}<p>nothing yet{% endfor %}
 *                   {% endblock %}
 *
 *     vireo_pages *pages = vireo_pages_new();
 *     vireo_pages_load(pages, "pages", NULL);
 *     ...
 *     return vireo_reply_page(r, 200, pages, "notes.html", "{user:{name:%s},notes:%p}", name,
 * notes);
 *
 * The language is a part of nunjucks' and Jinja's; a page that keeps to it looks the same there:
 *
 *   {{ x }}                      the value, escaped for HTML text and for attributes in quotes
 *   {{{ x }}}  {{ x | safe }}    as it is: only for what is HTML already
 *   {% if x %} {% elif y %} {% else %} {% endif %}
 *   {% for x in list %} {% else %} {% endfor %}         also: for key, value in object
 *       loop.index (from 1), loop.index0, loop.first, loop.last, loop.length
 *   {% include "name" %}         another page in this place, with the same values
 *   {% extends "name" %}         first in a page: it only fills in the blocks of that page
 *   {% block name %} {% endblock %}                     {{ super() }}: what the block held there
 *   {% raw %} {% endraw %}       {# a comment #}        a - at either edge of a tag: {%- x -%}
 *                                                       takes away the white space beside it
 * Expressions:
 *   a.b.c  a[0]  a["key"]  "text"  'text'  1.5  true  false  null  (x)
 *   not x   x and y   x or y   x if y else z            as JavaScript's truth has it
 *   == != < <= > >=              numbers and texts; == of different types is false
 *   x | filter                   safe, default(y), length, upper, lower, trim, join(", "),
 *                                urlencode, dump
 *
 * What is not there is written as nothing. upper and lower change ASCII letters. dump writes JSON;
 * in a script {{ x | dump | safe }} is right, since its text cannot end the script. There are no
 * calls, no assignments and no access to anything but the values: a page cannot do harm, but it can
 * put a value where escaping does not help (a script, a style, an attribute without quotes, a URL
 * that begins with a value). A page is compiled once.
 */

#ifndef VIREO_PAGE_H
#define VIREO_PAGE_H

#include <stddef.h>

#include <vireo/error.h>
#include <vireo/http.h>
#include <vireo/value.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A vireo_pages is a set of compiled pages, each with its name. Once it is filled, any thread may
 * use it. */
typedef struct vireo_pages vireo_pages;

/* vireo_pages_new returns new: an empty set; NULL when memory runs out. */
VIREO_API vireo_pages *vireo_pages_new(void);

/* vireo_pages_free frees a set. NULL is allowed. */
VIREO_API void vireo_pages_free(vireo_pages *pages);

/* vireo_pages_add compiles one page; one of the same name is replaced.
 *
 * name, text   copied; ended by a NUL
 * error        may be NULL; says what is wrong, with line and column
 * Returns 0, VIREO_ETEMPLATE, VIREO_EDEPTH, VIREO_ETOOBIG for more than 1 MiB, VIREO_ENOMEM. */
VIREO_API int vireo_pages_add(vireo_pages *pages, const char *name, const char *text,
                              vireo_error *error);

/* vireo_pages_load compiles all files of a folder and the folders in it (8 deep), whose names do
 * not begin with a dot. "parts/head.html" is the name of such a page. Then it checks that every
 * page that is named in another one is there.
 *
 * Returns the number of files, or a negative number and |*error| (may be NULL) filled in. */
VIREO_API int vireo_pages_load(vireo_pages *pages, const char *folder, vireo_error *error);

/* vireo_page_render returns new: the page |name| with the members of |data| (an object, or NULL) as
 * its values; ended by a NUL; free() it.
 *
 * len, error   may be NULL
 * NULL on error: VIREO_ENOTFOUND for a page that is not there; VIREO_EDEPTH for pages that include
 * each other (16 deep) or extend each other (8); VIREO_ETOOBIG for more than 16 MiB of text or
 * 1,000,000 steps; VIREO_ENOMEM. */
VIREO_API char *vireo_page_render(const vireo_pages *pages, const char *name,
                                  const vireo_value *data, size_t *len, vireo_error *error);

/* vireo_reply_page answers with a page as HTML. Its values are a template of one object (value.h);
 * NULL: none. Returns as vireo_reply; or VIREO_ETEMPLATE when the page cannot be rendered: then
 * nothing is answered, the application's log says why, and a handler returns it for a 500. */
VIREO_API int vireo_reply_page(vireo_req *r, int status, const vireo_pages *pages, const char *name,
                               const char *tmpl, ...) VIREO_PRINTF(5, 6);

/* vireo_reply_page_value is the same with a tree of values. */
VIREO_API int vireo_reply_page_value(vireo_req *r, int status, const vireo_pages *pages,
                                     const char *name, const vireo_value *data);

#ifdef __cplusplus
}
#endif
#endif
