/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/input.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { PIECE = 65536 };

struct cli_input {
    uv_loop_t *loop;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tty_t tty;
        uv_pipe_t pipe;
    } from; /* unless it is a file */
    uv_fs_t fs;
    uv_idle_t idle; /* goes on with what is there after a pause */
    bool file, reading, paused, ended, closing, cutting;
    int open;    /* handles */
    size_t seen; /* of |text|: no line ends there */
    vireo__buf text;
    cli_line_fn on_line;
    cli_end_fn on_end;
    void *user;
    char piece[PIECE];
};

static void go_on(cli_input *in);

static void end(cli_input *in, const char *error)
{
    if (in->ended)
        return;
    in->ended = true;
    in->on_end(in->user, error);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void give(cli_input *in, size_t n)
{
    char *line = (char *)in->text.data;
    size_t len = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
    line[len] = '\0';
    in->on_line(in->user, line, len);
}

/* The lines that are there. False when they are not to be given now. */
static bool cut(cli_input *in)
{
    in->cutting = true;
    while (!in->paused && !in->closing && in->text.len > in->seen) {
        uint8_t *feed = memchr(in->text.data + in->seen, '\n', in->text.len - in->seen);
        if (feed == NULL) {
            in->seen = in->text.len;
            break;
        }
        size_t n = (size_t)(feed - in->text.data);
        give(in, n);
        vireo__buf_consume(&in->text, n + 1);
        in->seen = 0;
    }
    in->cutting = false;
    return !in->paused && !in->closing;
}

static void take(cli_input *in, ssize_t n)
{
    if (n > 0 && vireo__buf_append(&in->text, in->piece, (size_t)n) < 0) {
        end(in, "a line is too long");
        return;
    }
    if (!cut(in))
        return;
    if (n > 0) {
        go_on(in);
        return;
    }
    if (n == 0 && in->text.len > 0 && vireo__buf_cstr(&in->text) != NULL) /* without a line end */
        give(in, in->text.len);
    end(in, n == 0 ? NULL : uv_strerror((int)n));
}

/* --- reading ---------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    cli_input *in = handle->data;
    (void)suggested;
    *buf = uv_buf_init(in->piece, PIECE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    cli_input *in = stream->data;
    (void)buf;
    if (n == 0)
        return;
    uv_read_stop(stream);
    in->reading = false;
    take(in, n == UV_EOF ? 0 : n);
}

static void free_if_closed(cli_input *in)
{
    if (!in->closing || in->reading || in->open > 0)
        return;
    vireo__buf_deinit(&in->text);
    free(in);
}

static void on_file(uv_fs_t *fs)
{
    cli_input *in = fs->data;
    ssize_t n = fs->result;
    uv_fs_req_cleanup(fs);
    in->reading = false;
    if (in->closing)
        free_if_closed(in);
    else
        take(in, n);
}

static void go_on(cli_input *in)
{
    uv_buf_t piece = uv_buf_init(in->piece, PIECE);
    if (in->reading || in->paused || in->closing || in->ended)
        return;
    int error = in->file ? uv_fs_read(in->loop, &in->fs, 0, &piece, 1, -1, on_file)
                         : uv_read_start(&in->from.stream, on_alloc, on_read);
    in->reading = error >= 0;
    if (error < 0)
        end(in, uv_strerror(error));
}

static void on_idle(uv_idle_t *idle)
{
    cli_input *in = idle->data;
    uv_idle_stop(idle);
    if (cut(in))
        go_on(in);
}

void cli_input_pause(cli_input *in)
{
    in->paused = true;
}

void cli_input_resume(cli_input *in)
{
    if (!in->paused)
        return;
    in->paused = false;
    if (!in->cutting)
        uv_idle_start(&in->idle, on_idle);
}

/* --- the beginning, the end ------------------------------------------------------------------- */

static int open_stream(cli_input *in)
{
    int error;
    if (uv_guess_handle(0) == UV_TTY)
        return uv_tty_init(in->loop, &in->from.tty, 0, 1);
    error = uv_pipe_init(in->loop, &in->from.pipe, 0);
    return error < 0 ? error : uv_pipe_open(&in->from.pipe, 0);
}

cli_input *cli_input_open(uv_loop_t *loop, cli_line_fn on_line, cli_end_fn on_end, void *user)
{
    cli_input *in = calloc(1, sizeof *in);
    uv_handle_type kind = uv_guess_handle(0);
    if (in == NULL || kind == UV_UNKNOWN_HANDLE) {
        free(in);
        return NULL;
    }
    in->loop = loop;
    in->on_line = on_line;
    in->on_end = on_end;
    in->user = user;
    in->fs.data = in;
    in->file = kind == UV_FILE;
    vireo__buf_init(&in->text, CLI_LINE_MAX);
    uv_idle_init(loop, &in->idle);
    in->idle.data = in;
    in->open = 1;
    if (!in->file) {
        int error = open_stream(in);
        in->from.handle.data = in;
        in->open += error >= 0;
        in->file = error < 0; /* no handle: a read will tell */
    }
    go_on(in);
    return in;
}

static void on_closed(uv_handle_t *handle)
{
    cli_input *in = handle->data;
    in->open--;
    free_if_closed(in);
}

void cli_input_close(cli_input *in)
{
    if (in == NULL || in->closing)
        return;
    in->closing = true;
    if (!in->file) {
        in->reading = false;
        uv_close(&in->from.handle, on_closed);
    }
    uv_close((uv_handle_t *)&in->idle, on_closed);
}
