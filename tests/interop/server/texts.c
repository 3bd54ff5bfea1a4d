/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "server.h"

void observe(char *line)
{
    if (line != NULL)
        puts(line);
    fflush(stdout);
    free(line);
}

void list_open(struct list *l)
{
    memset(l, 0, sizeof *l);
    l->out = open_memstream(&l->text, &l->len);
    if (l->out == NULL)
        abort();
    fputc('[', l->out);
}

void list_add(struct list *l, const char *name)
{
    char *json = vireo_format(NULL, "%s", name);
    if (json == NULL)
        abort();
    fprintf(l->out, "%s%s", l->count++ > 0 ? "," : "", json);
    free(json);
}

const char *list_close(struct list *l)
{
    fputc(']', l->out);
    fclose(l->out);
    return l->text;
}

void list_free(struct list *l)
{
    free(l->text);
}

struct names {
    const char *names[MOST_NAMES];
    size_t count;
};

static void note_name(const char *room, void *user)
{
    struct names *n = user;
    if (n->count < MOST_NAMES)
        n->names[n->count++] = room;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void list_rooms(struct list *l, const vireo_socket *s)
{
    struct names n = {.count = 0};
    list_open(l);
    vireo_each_room(s, note_name, &n);
    qsort(n.names, n.count, sizeof n.names[0], compare);
    for (size_t i = 0; i < n.count; i++)
        list_add(l, n.names[i]);
    list_close(l);
}
