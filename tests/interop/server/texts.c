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

vireo_list *rooms_of(const vireo_socket *s)
{
    struct names n = {.count = 0};
    vireo_list *rooms = vireo_list_new();
    vireo_each_room(s, note_name, &n);
    qsort(n.names, n.count, sizeof n.names[0], compare);
    for (size_t i = 0; i < n.count; i++)
        vireo_list_add(rooms, "%s", n.names[i]);
    return rooms;
}
