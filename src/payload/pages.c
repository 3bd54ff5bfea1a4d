/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* pages.c: a set of pages, by name; folders of them (vireo/page.h). */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vireo/page.h>

#include "base/list.h"
#include "base/log.h"
#include "payload/page.h"

enum { FOLDER_DEPTH = 8 };

typedef struct entry {
    vireo__list node;
    vireo__page page;
    char name[];
} entry;

/* Few, and looked up a few times for each rendering: a list serves. */
struct vireo_pages {
    vireo__list entries;
};

vireo_pages *vireo_pages_new(void)
{
    vireo_pages *pages = malloc(sizeof *pages);
    if (pages != NULL)
        vireo__list_init(&pages->entries);
    return pages;
}

static void free_entry(entry *e)
{
    vireo__list_remove(&e->node);
    vireo__page_deinit(&e->page);
    free(e);
}

void vireo_pages_free(vireo_pages *pages)
{
    if (pages == NULL)
        return;
    while (!vireo__list_empty(&pages->entries))
        free_entry(vireo__container(pages->entries.next, entry, node));
    free(pages);
}

static entry *find_entry(const vireo_pages *pages, vireo__str name)
{
    for (const vireo__list *at = pages->entries.next; at != &pages->entries; at = at->next) {
        entry *e = vireo__container(at, entry, node);
        if (vireo__str_equal(name, e->name))
            return e;
    }
    return NULL;
}

static const vireo__page *find(const void *pages, vireo__str name)
{
    const entry *e = find_entry(pages, name);
    return e != NULL ? &e->page : NULL;
}

static int add(vireo_pages *pages, const char *name, const char *text, size_t len,
               vireo_error *error)
{
    size_t n = strlen(name) + 1;
    entry *e = malloc(sizeof *e + n);
    if (e == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s: out of memory", name);
    memcpy(e->name, name, n);
    int result = vireo__page_compile(&e->page, name, text, len, error);
    if (result < 0) {
        free(e);
        return result;
    }
    entry *old = find_entry(pages, (vireo__str){name, n - 1});
    if (old != NULL)
        free_entry(old);
    vireo__list_append(&pages->entries, &e->node);
    return 0;
}

int vireo_pages_add(vireo_pages *pages, const char *name, const char *text, vireo_error *error)
{
    return add(pages, name, text, strlen(text), error);
}

/* --- folders ---------------------------------------------------------------------------------- */

/* A folder being read: its path, and where in it the names of pages begin. */
typedef struct loading {
    vireo_pages *pages;
    vireo_error *error;
    size_t root;
    int count;
    char path[PATH_MAX];
} loading;

static int tell(const loading *l, int error)
{
    return vireo__error_set(l->error, error, "%s: %s", l->path, vireo_strerror(error));
}

static int read_all(int fd, vireo__buf *out)
{
    ssize_t n = 1;
    while (n > 0) {
        uint8_t *to = vireo__buf_reserve(out, 16384);
        n = to != NULL ? read(fd, to, 16384) : 0;
        out->len += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? -errno : out->error;
}

static int load_file(loading *l)
{
    vireo__buf text;
    int fd = open(l->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tell(l, -errno);
    vireo__buf_init(&text, VIREO__PAGE_MAX_TEXT + 16384);
    int result = read_all(fd, &text);
    close(fd);
    if (result < 0)
        tell(l, result);
    else
        result = add(l->pages, l->path + l->root, text.data != NULL ? (char *)text.data : "",
                     text.len, l->error);
    vireo__buf_deinit(&text);
    l->count += result == 0;
    return result;
}

static int load_folder(loading *l, int depth);

static int load_name(loading *l, const char *name, int depth)
{
    struct stat st;
    size_t n = strlen(l->path);
    if (name[0] == '.')
        return 0;
    if ((size_t)snprintf(l->path + n, sizeof l->path - n, "/%s", name) >= sizeof l->path - n)
        return tell(l, -ENAMETOOLONG);
    int result = 0;
    if (stat(l->path, &st) < 0)
        result = tell(l, -errno);
    else if (S_ISDIR(st.st_mode))
        result = load_folder(l, depth + 1);
    else if (S_ISREG(st.st_mode))
        result = load_file(l);
    l->path[n] = '\0';
    return result;
}

static int load_folder(loading *l, int depth)
{
    if (depth > FOLDER_DEPTH)
        return tell(l, VIREO_EDEPTH);
    DIR *dir = opendir(l->path);
    if (dir == NULL)
        return tell(l, -errno);
    int result = 0;
    for (struct dirent *d; result == 0 && (d = readdir(dir)) != NULL;)
        result = load_name(l, d->d_name, depth);
    closedir(dir);
    return result;
}

/* Is every page that is named there? */
static int check_nodes(const vireo_pages *pages, const entry *e, const vireo__page_node *n,
                       vireo_error *error)
{
    for (; n != NULL; n = n->next) {
        bool missing = n->kind == VIREO__PAGE_INCLUDE && find_entry(pages, n->text) == NULL;
        if (missing)
            return vireo__error_set(error, VIREO_ENOTFOUND, "%s: no such page: %.*s", e->name,
                                    (int)n->text.len, n->text.at);
        if (check_nodes(pages, e, n->body, error) < 0 || check_nodes(pages, e, n->other, error) < 0)
            return VIREO_ENOTFOUND;
    }
    return 0;
}

static int check(const vireo_pages *pages, vireo_error *error)
{
    for (const vireo__list *at = pages->entries.next; at != &pages->entries; at = at->next) {
        const entry *e = vireo__container(at, entry, node);
        vireo__str parent = e->page.extends;
        if (parent.len > 0 && find_entry(pages, parent) == NULL)
            return vireo__error_set(error, VIREO_ENOTFOUND, "%s: no such page: %.*s", e->name,
                                    (int)parent.len, parent.at);
        if (check_nodes(pages, e, e->page.nodes, error) < 0)
            return VIREO_ENOTFOUND;
    }
    return 0;
}

int vireo_pages_load(vireo_pages *pages, const char *folder, vireo_error *error)
{
    loading l = {.pages = pages, .error = error};
    if (strlen(folder) >= sizeof l.path)
        return vireo__error_set(error, -ENAMETOOLONG, "%s", vireo_strerror(-ENAMETOOLONG));
    strcpy(l.path, folder);
    l.root = strlen(folder) + 1;
    int result = load_folder(&l, 1);
    if (result == 0)
        result = check(pages, error);
    return result < 0 ? result : l.count;
}

/* --- rendering -------------------------------------------------------------------------------- */

char *vireo_page_render(const vireo_pages *pages, const char *name, const vireo_value *data,
                        size_t *len, vireo_error *error)
{
    vireo__buf out;
    int failed;
    const entry *e = find_entry(pages, vireo__str_of(name));
    vireo__buf_init(&out, VIREO__PAGE_MAX_OUT);
    if (e == NULL)
        failed = vireo__error_set(error, VIREO_ENOTFOUND, "no such page: %s", name);
    else
        failed = vireo__page_render(&e->page, find, pages, data, &out, error);
    if (failed == 0 && vireo__buf_cstr(&out) == NULL)
        failed = vireo__error_set(error, VIREO_ENOMEM, "out of memory");
    if (failed < 0)
        vireo__buf_deinit(&out);
    if (len != NULL)
        *len = out.len;
    return (char *)out.data;
}
