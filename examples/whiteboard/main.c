/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* whiteboard: what one draws, all see; who comes later sees what was drawn before.
 *
 * both ways        drawing({x0, y0, x1, y1, color})     a line; x and y are parts of the board, 0
 * to 1 clear()                              all is wiped away server to page   board([drawing, ..])
 * all lines, to who comes */

#include <vireo/vireo.h>

#include "cli.h"

enum { MAX_LINES = 10000 /* on the board; then the oldest are forgotten */ };

struct board {
    struct line {
        double x0, y0, x1, y1;
        char color[16];
    } lines[MAX_LINES];
    size_t count; /* of all that were ever drawn */
};

#define LINE "{x0:%g, y0:%g, x1:%g, y1:%g, color:%s}"

static void on_connect(vireo_socket *s)
{
    const struct board *board = vireo_ns_user(vireo_ns_of(s));
    vireo_list *lines = vireo_list_new();
    for (size_t i = board->count > MAX_LINES ? board->count - MAX_LINES : 0; i < board->count;
         i++) {
        const struct line *l = &board->lines[i % MAX_LINES];
        vireo_list_add(lines, LINE, l->x0, l->y0, l->x1, l->y1, l->color);
    }
    vireo_emit(s, "board", "%p", lines);
    vireo_list_free(lines);
}

/* What arrives may be anything. Returns whether it is a place on the board. */
static bool read_place(double *out, const vireo_value *drawing, const char *name)
{
    *out = vireo_num(vireo_get(drawing, name), -1);
    return *out >= 0 && *out <= 1;
}

static void on_drawing(vireo_socket *s, const vireo_msg *m)
{
    struct board *board = vireo_ns_user(vireo_ns_of(s));
    const vireo_value *drawing = vireo_arg(m, 0);
    const char *color = vireo_str_or(vireo_get(drawing, "color"), "black");
    struct line l;
    if (!read_place(&l.x0, drawing, "x0") || !read_place(&l.y0, drawing, "y0") ||
        !read_place(&l.x1, drawing, "x1") || !read_place(&l.y1, drawing, "y1") ||
        strlen(color) >= sizeof l.color)
        return;
    strcpy(l.color, color);
    board->lines[board->count++ % MAX_LINES] = l;
    vireo_broadcast(vireo_others(s), "drawing", LINE, l.x0, l.y0, l.x1, l.y1, l.color);
}

static void on_clear(vireo_socket *s, const vireo_msg *m)
{
    struct board *board = vireo_ns_user(vireo_ns_of(s));
    (void)m;
    board->count = 0;
    vireo_broadcast(vireo_others(s), "clear", NULL);
}

static const vireo_event_handler events[] = {{"drawing", on_drawing}, {"clear", on_clear}, {0}};

int main(int argc, char **argv)
{
    static struct board board;
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .user = &board, .on_connect = on_connect, .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "whiteboard");
}
