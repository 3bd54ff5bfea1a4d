/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/page.h: H20, page templates. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vireo/page.h>

#include "oom.h"
#include "payload/page.h"

static const char data[] =
    "{\"name\":\"O'Neil & <b>\\\"\",\"n\":3,\"zero\":0,\"pi\":3.140,\"big\":1e21,\"huge\":1e400,"
    "\"yes\":true,\"no\":false,\"nil\":null,\"empty\":\"\",\"list\":[1,\"two\",null,true],\"void\":"
    "[],"
    "\"user\":{\"name\":\"Ada\",\"tags\":[\"a\",\"b<\"],\"deep\":{\"x\":[[7]]}},\"html\":\"<i>x</"
    "i>\","
    "\"dup\":1,\"dup\":2,\"key\":\"name\",\"word\":\"\\u00e9\\ud83d\\ude00x\",\"js\":\"</"
    "script>\\u2028\","
    "\"people\":[{\"n\":\"A\",\"f\":[1,2]},{\"n\":\"B\",\"f\":[]}]}";

static const struct {
    const char *text;
    const char *page;
} table[] = {
    {"", ""},
    {"plain { text } % # }}", "plain { text } % # }}"},
    {"{{ n }}{{n}}{{  n  }}", "333"},
    {"{{ name }}", "O&#39;Neil &amp; &lt;b&gt;&quot;"},
    {"{{{ html }}}{{ html | safe }}{{ html }}", "<i>x</i><i>x</i>&lt;i&gt;x&lt;/i&gt;"},
    {"{{ '`\\\\' }}", "&#96;&#92;"},
    {"{{ pi }} {{ big }} {{ huge }} {{ zero }} {{ 1.50 }} {{ -2 }}",
     "3.14 1e+21 Infinity 0 1.5 -2"},
    {"{{ yes }}{{ no }}{{ nil }}{{ missing }}{{ missing.x.y }}{{ n.x }}", "truefalse"},
    {"{{ user.name }}{{ user['name'] }}{{ user[key] }}", "AdaAdaAda"},
    {"{{ user.tags[1] }}{{ user.tags[5] }}{{ user.tags[-1] }}{{ user.tags[0.5] }}", "b&lt;"},
    {"{{ user.deep.x[0][0] }}", "7"},
    {"{{ dup }}", "2"},
    {"{{ list }}", "[1,&quot;two&quot;,null,true]"},
    {"{{ list.length }}{{ void.length }}{{ 'abc'.length }}{{ word.length }}{{ n.length }}", "4034"},
    {"{{ \"a\\n\\t\\\"b\\\\\" }}{{ 'it\\'s' }}", "a\n\t&quot;b&#92;it&#39;s"},
    {"{{ (n) }}{{ ((n)) }}", "33"},
    /* truth */
    {"{% if yes %}a{% endif %}{% if no %}b{% endif %}", "a"},
    {"{% if zero %}a{% elif empty %}b{% elif nil %}c{% else %}d{% endif %}", "d"},
    {"{% if missing %}a{% elif n %}b{% elif yes %}c{% else %}d{% endif %}", "b"},
    {"{% if zero %}a{% elseif yes %}b{% endif %}", "b"},
    {"{% if void %}a{% endif %}{% if user %}b{% endif %}{% if '0' %}c{% endif %}", "abc"},
    {"{{ not yes }}{{ not not n }}{{ not missing }}", "falsetruetrue"},
    {"{{ zero or 'x' }}{{ n and 'y' }}{{ zero and 'z' }}{{ nil or no or 7 }}", "xy07"},
    {"{{ 'a' if yes else 'b' }}{{ 'a' if no else 'b' }}{{ 'a' if no }}", "ab"},
    {"{{ 1 if no else 2 if no else 3 }}", "3"},
    {"{{ yes and no or yes }}{{ not no and yes }}", "truetrue"},
    /* comparisons */
    {"{{ n == 3 }}{{ n == 3.0 }}{{ n == '3' }}{{ n != 4 }}{{ name == name }}",
     "truetruefalsetruetrue"},
    {"{{ nil == missing }}{{ yes == 1 }}{{ list == list }}{{ void == [] }}", NULL},
    {"{{ nil == missing }}{{ yes == 1 }}{{ list == list }}", "truefalsetrue"},
    {"{{ n < 4 }}{{ n <= 3 }}{{ n > 3 }}{{ n >= 4 }}", "truetruefalsefalse"},
    {"{{ 'a' < 'b' }}{{ 'b' < 'a' }}{{ 'a' < 'aa' }}{{ 'a' < 1 }}{{ nil >= nil }}",
     "truefalsetruefalsefalse"},
    {"{% if user.tags.length > 1 and user.name == 'Ada' %}x{% endif %}", "x"},
    /* filters */
    {"{{ 'aBc\xc3\xa9' | upper }}{{ 'aBc' | lower }}{{ '  x ' | trim }}{{ '   ' | trim }}",
     "ABC\xc3\xa9"
     "abcx"},
    {"{{ missing | default('d') }}{{ nil|default(n) }}{{ zero | default(1) }}{{ missing|default }}",
     "d30"},
    {"{{ list | length }}{{ user | length }}{{ 'abc' | length }}{{ nil | length }}", "4330"},
    {"{{ list | join(', ') }}{{ void | join('x') }}{{ 'abc' | join('x') }}", "1, two, , trueabc"},
    {"{{ user.tags | join('<') }}{{ user.tags | join('<') | safe }}", "a&lt;b&lt;a<b<"},
    {"{{ 'a b/c?&' | urlencode }}", "a%20b%2Fc%3F%26"},
    {"{{ list | dump }}", "[1,&quot;two&quot;,null,true]"},
    {"{{ js | dump | safe }}{{ n | dump }}{{ nil | dump }}{{ yes | dump }}",
     "\"\\u003c/script\\u003e\\u2028\"3nulltrue"},
    {"{{ html | upper }}{{ html | safe | upper }}", "&lt;I&gt;X&lt;/I&gt;<I>X</I>"},
    {"{{ n | upper | lower }}{{ yes | upper }}", "3TRUE"},
    /* loops */
    {"{% for x in list %}{{ x }},{% endfor %}", "1,two,,true,"},
    {"{% for x in void %}a{% else %}empty{% endfor %}", "empty"},
    {"{% for x in missing %}a{% else %}empty{% endfor %}", "empty"},
    {"{% for x in 'abc' %}a{% else %}empty{% endfor %}", "empty"},
    {"{% for k, v in user %}{{ k }}={{ v.length }};{% endfor %}", "name=3;tags=2;deep=;"},
    {"{% for k in user %}{{ k }};{% endfor %}", "name;tags;deep;"},
    {"{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}"
     "{{ loop.length }} {% endfor %}{{ loop }}{{ loop.index }}",
     "10truefalse4 21falsefalse4 32falsefalse4 43falsetrue4 "},
    {"{% for p in people %}{{ p.n }}{% for f in p.f %}{{ loop.index }}{{ p.n }}{% else %}-{% "
     "endfor %}"
     "{{ loop.index }}{% endfor %}",
     "A1A2A1B-2"},
    {"{% for name in list %}{{ name }}{% endfor %}{{ name | length }}", "1twotrue13"},
    /* white space */
    {"a  {{- n -}}  b", "a3b"},
    {"a {%- if yes -%} b {%- endif -%} c", "abc"},
    {"a {{ n }} b", "a 3 b"},
    {"a {#- x -#} b", "ab"},
    {"{# {{ n }} {% if %} #}x{##}", "x"},
    {"{% raw %}{{ n }}{% if %}{% endraw %}{{ n }}", "{{ n }}{% if %}3"},
    {"{%- raw -%} {{ x }} {%- endraw -%} y", "{{ x }} y"},
    {"{% block a %}x{% endblock %}{% block b %}y{% endblock b %}{{ super() }}", "xy"},
    /* not well-formed: NULL */
    {"{{", NULL},
    {"{{ ", NULL},
    {"{{ n", NULL},
    {"{{ n }", NULL},
    {"{{ }}", NULL},
    {"{{ n n }}", NULL},
    {"{{ n. }}", NULL},
    {"{{ n[ }}", NULL},
    {"{{ n[0 }}", NULL},
    {"{{ (n }}", NULL},
    {"{{ 'x }}", NULL},
    {"{{ 'x\\", NULL},
    {"{{ 1x }}", NULL},
    {"{{ 01 }}", NULL},
    {"{{ n | }}", NULL},
    {"{{ n | nothing }}", NULL},
    {"{{ n | default( }}", NULL},
    {"{{ f() }}", NULL},
    {"{{ super( }}", NULL},
    {"{{ n + 1 }}", NULL},
    {"{{ n == }}", NULL},
    {"{{ not }}", NULL},
    {"{{ a if }}", NULL},
    {"{{ a if b else }}", NULL},
    {"{{ if }}", NULL},
    {"{{{ n }}", NULL},
    {"{% %}", NULL},
    {"{% foo %}", NULL},
    {"{% if %}{% endif %}", NULL},
    {"{% if n %}", NULL},
    {"{% if n %}{% else %}", NULL},
    {"{% if n %}{% else %}{% else %}{% endif %}", NULL},
    {"{% if n %}{% endfor %}", NULL},
    {"{% endif %}", NULL},
    {"{% else %}", NULL},
    {"{% if n", NULL},
    {"{% for %}{% endfor %}", NULL},
    {"{% for x %}{% endfor %}", NULL},
    {"{% for x of n %}{% endfor %}", NULL},
    {"{% for x, in n %}{% endfor %}", NULL},
    {"{% for x in n %}", NULL},
    {"{% block %}{% endblock %}", NULL},
    {"{% block a %}", NULL},
    {"{% block a %}{% endblock %}{% block a %}{% endblock %}", NULL},
    {"{% include %}", NULL},
    {"{% include n %}", NULL},
    {"{% include 'x' 'y' %}", NULL},
    {"a{% if n %}{% endif %}{% extends 'x' %}", NULL},
    {"{% extends 'x' %}{% extends 'y' %}", NULL},
    {"{% raw %}", NULL},
    {"{# x", NULL},
    {"{#}", NULL},
};

static vireo_value *values(void)
{
    vireo_value *v = vireo_parse(data, sizeof data - 1, NULL);
    assert_non_null(v);
    return v;
}

static char *render_one(const char *text, const vireo_value *v, vireo_error *error)
{
    vireo_pages *pages = vireo_pages_new();
    char *page = NULL;
    error->code = vireo_pages_add(pages, "page", text, error);
    if (error->code == 0)
        page = vireo_page_render(pages, "page", v, NULL, error);
    vireo_pages_free(pages);
    return page;
}

static void renders(void **state)
{
    (void)state;
    vireo_value *v = values();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo_error error = {0};
        char *page = render_one(table[i].text, v, &error);
        if (table[i].page == NULL && (page != NULL || error.code != VIREO_ETEMPLATE))
            fail_msg("%s: %s (%d)", table[i].text, page, error.code);
        if (table[i].page != NULL && (page == NULL || strcmp(page, table[i].page) != 0))
            fail_msg("%s: %s (%s), not %s", table[i].text, page, error.text, table[i].page);
        free(page);
    }
    vireo_value_free(v);
}

/* Cut anywhere, a page compiles or does not, and nothing else happens. */
static void bears_every_cut(void **state)
{
    (void)state;
    vireo_value *v = values();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t n = 0; n < strlen(table[i].text); n++) {
            vireo_error error = {0};
            char *text = strndup(table[i].text, n);
            char *page = render_one(text, v, &error);
            if (page == NULL && error.code != VIREO_ETEMPLATE && error.code != VIREO_ENOTFOUND)
                fail_msg("%s: %d %s", text, error.code, error.text);
            free(page);
            free(text);
        }
    vireo_value_free(v);
}

static void tells_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"{{ n ? }}", "page:1:6: '}}' expected"},
        {"a\n\xc3\xa9 {{ n | x }}", "page:2:10: no such filter"},
        {"a\n\n  {% if n %}\n", "page:3:3: an if without its endif"},
        {"{% foo %}", "page:1:4: no such tag"},
        {"{{ (n }}", "page:1:7: ')' expected"},
        {"{% endfor %}", "page:1:1: this tag belongs to none before it"},
        {"{{ 'abc }}", "page:1:4: a text without its end"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo_error error = {0};
        assert_null(render_one(rows[i].text, NULL, &error));
        assert_string_equal(error.text, rows[i].error);
        assert_int_equal(error.code, VIREO_ETEMPLATE);
    }
}

/* --- several pages ---------------------------------------------------------------------------- */

static void expect(const vireo_pages *pages, const char *name, const vireo_value *v,
                   const char *expected)
{
    vireo_error error = {0};
    size_t len = 99;
    char *page = vireo_page_render(pages, name, v, &len, &error);
    if (page == NULL)
        fail_msg("%s: %s", name, error.text);
    assert_string_equal(page, expected);
    assert_int_equal(len, strlen(expected));
    free(page);
}

static void add(vireo_pages *pages, const char *name, const char *text)
{
    vireo_error error = {0};
    if (vireo_pages_add(pages, name, text, &error) != 0)
        fail_msg("%s", error.text);
}

static void fills_layouts(void **state)
{
    (void)state;
    vireo_value *v = values();
    vireo_pages *pages = vireo_pages_new();
    add(pages, "base",
        "<{% block title %}base{% endblock %}|{% block body %}B{{ n }}{% endblock %}>");
    add(pages, "middle",
        "{% extends 'base' %}gone{% block title %}middle {{ super() }}{% endblock %}");
    add(pages, "leaf",
        "{% extends \"middle\" %}{% block title %}leaf {{ super() }}{% endblock %}"
        "{% block body %}{% for x in list %}{% block row %}{{ loop.index }}{% endblock %}"
        "{% endfor %}{% endblock %}");
    add(pages, "twig", "{% extends 'leaf' %}{% block row %}[{{ super() }}{{ x }}]{% endblock %}");
    expect(pages, "base", v, "<base|B3>");
    expect(pages, "middle", v, "<middle base|B3>");
    expect(pages, "leaf", v, "<leaf middle base|1234>");
    expect(pages, "twig", v, "<leaf middle base|[11][2two][3][4true]>");
    add(pages, "base", "{% block title %}{% endblock %}."); /* replaced */
    expect(pages, "middle", v, "middle .");
    vireo_pages_free(pages);
    vireo_value_free(v);
}

static void includes_pages(void **state)
{
    (void)state;
    vireo_value *v = values();
    vireo_pages *pages = vireo_pages_new();
    add(pages, "row", "({{ x }}{{ loop.index }})");
    add(pages, "list",
        "{% for x in user.tags %}{% include 'row' %}{% endfor %}{% include \"nested\" %}");
    add(pages, "nested", "{% extends 'frame' %}{% block in %}{{ n }}{% endblock %}");
    add(pages, "frame", "[{% block in %}{% endblock %}]");
    expect(pages, "list", v, "(a1)(b&lt;2)[3]");
    expect(pages, "row", NULL, "()");
    vireo_pages_free(pages);
    vireo_value_free(v);
}

static void expect_error(const vireo_pages *pages, const char *name, int code)
{
    vireo_error error = {0};
    size_t len = 99;
    char *page = vireo_page_render(pages, name, NULL, &len, &error);
    assert_null(page);
    if (error.code != code)
        fail_msg("%s: %d %s", name, error.code, error.text);
    assert_true(error.text[0] != '\0');
    assert_int_equal(len, 0);
}

static void ends_what_would_not_end(void **state)
{
    (void)state;
    vireo_pages *pages = vireo_pages_new();
    add(pages, "self", "{% include 'self' %}");
    add(pages, "up", "{% extends 'up' %}");
    add(pages, "absent", "{% include 'no' %}");
    add(pages, "orphan", "{% extends 'no' %}");
    add(pages, "root", "{% block x %}{% block y %}{% endblock %}{% endblock %}");
    add(pages, "circle",
        "{% extends 'root' %}{% block y %}{% block x %}{{ super() }}{% endblock %}{% endblock %}");
    expect_error(pages, "self", VIREO_EDEPTH);
    expect_error(pages, "up", VIREO_EDEPTH);
    expect_error(pages, "absent", VIREO_ENOTFOUND);
    expect_error(pages, "orphan", VIREO_ENOTFOUND);
    expect_error(pages, "nothing", VIREO_ENOTFOUND);
    expect_error(pages, "circle", VIREO_EDEPTH);
    vireo_pages_free(pages);
}

/* --- limits ----------------------------------------------------------------------------------- */

static char *repeat(const char *a, int n, const char *middle, const char *b)
{
    char *text = calloc(1, (size_t)n * (strlen(a) + strlen(b)) + strlen(middle) + 1), *at = text;
    for (int i = 0; i < n; i++)
        at = stpcpy(at, a);
    at = stpcpy(at, middle);
    for (int i = 0; i < n; i++)
        at = stpcpy(at, b);
    return text;
}

static int compile(char *text)
{
    vireo_error error;
    vireo_pages *pages = vireo_pages_new();
    int result = vireo_pages_add(pages, "page", text, &error);
    if (result == 0)
        free(vireo_page_render(pages, "page", NULL, NULL, NULL));
    vireo_pages_free(pages);
    free(text);
    return result;
}

static void limits_depth(void **state)
{
    (void)state;
    static const struct {
        const char *a, *middle, *b;
        int most;
    } rows[] = {
        {"{% if 1 %}", "", "{% endif %}", VIREO__PAGE_DEPTH},
        {"{% if 0 %}{% else %}", "", "{% endif %}", VIREO__PAGE_DEPTH},
        {"{% for x in a %}", "", "{% endfor %}", VIREO__PAGE_DEPTH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int n = rows[i].most;
        assert_int_equal(compile(repeat(rows[i].a, n, rows[i].middle, rows[i].b)), 0);
        assert_int_equal(compile(repeat(rows[i].a, n + 1, rows[i].middle, rows[i].b)),
                         VIREO_EDEPTH);
    }
}

static int compile_expression(const char *a, int n, const char *middle, const char *b)
{
    char *inner = repeat(a, n, middle, b);
    char *whole = calloc(1, strlen(inner) + 20);
    sprintf(whole, "{{ %s }}", inner);
    free(inner);
    return compile(whole);
}

static void limits_depth_of_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *a, *middle, *b;
    } rows[] = {{"(", "1", ")"},          {"not ", "1", ""},     {"", "1", "[1]"},
                {"", "a", ".b"},          {"", "a", " | upper"},
                {"1 or ", "1", ""},       {"1 and ", "1", ""},   {"1 if 1 else ", "1", ""},
                {"", "1", " if 1 else 1"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* the expression itself is the first level, and what stands in the last [] another one */
        const int n = VIREO__PAGE_EXPR_DEPTH - 1 - (rows[i].b[0] == '[');
        if (compile_expression(rows[i].a, n, rows[i].middle, rows[i].b) != 0 ||
            compile_expression(rows[i].a, n + 1, rows[i].middle, rows[i].b) != VIREO_EDEPTH)
            fail_msg("%s%s%s", rows[i].a, rows[i].middle, rows[i].b);
    }
}

static void limits_size(void **state)
{
    (void)state;
    assert_int_equal(compile(repeat("x", VIREO__PAGE_MAX_TEXT, "", "")), 0);
    assert_int_equal(compile(repeat("x", VIREO__PAGE_MAX_TEXT, "x", "")), VIREO_ETOOBIG);
    /* a page of 1 MiB, 16 times: all that a rendering may write */
    vireo_pages *pages = vireo_pages_new();
    char *text = repeat("x", VIREO__PAGE_MAX_TEXT, "", "");
    char *all = repeat("{% include 'a' %}", 16, "", ""),
         *more = repeat("{% include 'a' %}", 16, "x", "");
    add(pages, "a", text);
    add(pages, "all", all);
    add(pages, "more", more);
    size_t len = 0;
    char *page = vireo_page_render(pages, "all", NULL, &len, NULL);
    assert_non_null(page);
    assert_int_equal(len, VIREO__PAGE_MAX_OUT);
    expect_error(pages, "more", VIREO_ETOOBIG);
    vireo_pages_free(pages);
    free(text);
    free(all);
    free(more);
    free(page);
}

static void limits_steps(void **state)
{
    (void)state;
    vireo_error error = {0};
    char *list = repeat("0,", 99, "0", ""), text[300];
    snprintf(text, sizeof text, "{\"l\":[%s]}", list);
    vireo_value *v = vireo_parse(text, strlen(text), NULL);
    /* a hundred times a hundred is fine, and so on */
    char *page = render_one("{% for a in l %}{% for b in l %}{% endfor %}{% endfor %}", v, &error);
    assert_non_null(page);
    free(page);
    assert_null(render_one("{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}"
                           "{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
                           v, &error));
    assert_int_equal(error.code, VIREO_ETOOBIG);
    vireo_value_free(v);
    free(list);
}

static void counts_includes_and_layouts(void **state)
{
    (void)state;
    vireo_pages *pages = vireo_pages_new();
    char name[20], text[60];
    add(pages, "i0", "x");
    add(pages, "e0", "x");
    for (int i = 1; i <= VIREO__PAGE_INCLUDES + 1; i++) {
        snprintf(name, sizeof name, "i%d", i);
        snprintf(text, sizeof text, "{%% include 'i%d' %%}", i - 1);
        add(pages, name, text);
        snprintf(name, sizeof name, "e%d", i);
        snprintf(text, sizeof text, "{%% extends 'e%d' %%}", i - 1);
        add(pages, name, text);
    }
    snprintf(name, sizeof name, "i%d", VIREO__PAGE_INCLUDES);
    expect(pages, name, NULL, "x");
    snprintf(name, sizeof name, "i%d", VIREO__PAGE_INCLUDES + 1);
    expect_error(pages, name, VIREO_EDEPTH);
    snprintf(name, sizeof name, "e%d", VIREO__PAGE_EXTENDS - 1);
    expect(pages, name, NULL, "x");
    snprintf(name, sizeof name, "e%d", VIREO__PAGE_EXTENDS);
    expect_error(pages, name, VIREO_EDEPTH);
    vireo_pages_free(pages);
}

/* --- folders, memory -------------------------------------------------------------------------- */

static void put(const char *root, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void loads_folders(void **state)
{
    (void)state;
    char root[] = "/tmp/vireo-pages-XXXXXX", path[300], command[100];
    vireo_error error = {0};
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/parts", root);
    assert_int_equal(mkdir(path, 0700), 0);
    put(root, "home.html", "{% include 'parts/head.html' %}{{ n }}");
    put(root, "parts/head.html", "<head>");
    put(root, "parts/none.html", "");
    put(root, ".hidden", "{{");
    vireo_pages *pages = vireo_pages_new();
    vireo_value *v = values();
    assert_int_equal(vireo_pages_load(pages, root, &error), 3);
    expect(pages, "home.html", v, "<head>3");
    expect(pages, "parts/none.html", v, "");
    put(root, "parts/bad.html", "{% include 'no.html' %}");
    assert_int_equal(vireo_pages_load(pages, root, &error), VIREO_ENOTFOUND);
    assert_string_equal(error.text, "parts/bad.html: no such page: no.html");
    put(root, "parts/bad.html", "x\n{{");
    assert_int_equal(vireo_pages_load(pages, root, &error), VIREO_ETEMPLATE);
    assert_string_equal(error.text, "parts/bad.html:2:3: an expression expected");
    assert_int_equal(vireo_pages_load(pages, "/tmp/vireo-no-such-folder", &error), -ENOENT);
    vireo_pages_free(pages);
    vireo_value_free(v);
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void bears_want_of_memory(void **state)
{
    (void)state;
    static const char text[] = "{% for x in list %}{% if x %}{{ x | upper | urlencode }}{% endif %}"
                               "{{ user | dump }}{% endfor %}{% block b %}{% endblock %}{{ 'x' }}";
    vireo_value *v = values();
    for (int n = 1;; n++) {
        vireo_error error = {0};
        oom_fail_at(n);
        vireo_pages *pages = vireo_pages_new();
        int result = pages != NULL ? vireo_pages_add(pages, "p", text, &error) : VIREO_ENOMEM;
        char *page = result == 0 ? vireo_page_render(pages, "p", v, NULL, &error) : NULL;
        bool failed = oom_failed();
        assert_true(page != NULL ? !failed : failed);
        assert_true(page != NULL || pages == NULL || error.code == VIREO_ENOMEM);
        free(page);
        vireo_pages_free(pages);
        if (!failed)
            break;
    }
    vireo_value_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(bears_every_cut),
        cmocka_unit_test(tells_where),
        cmocka_unit_test(fills_layouts),
        cmocka_unit_test(includes_pages),
        cmocka_unit_test(ends_what_would_not_end),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(limits_depth_of_expressions),
        cmocka_unit_test(limits_size),
        cmocka_unit_test(limits_steps),
        cmocka_unit_test(counts_includes_and_layouts),
        cmocka_unit_test(loads_folders),
        cmocka_unit_test(bears_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
