/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* prompt.c: libedit, unbuffered: it is given each key when the terminal has one, and returns the
 * line so far. What is printed meanwhile takes the line off the screen and draws it again below. */

#include "cli/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include <histedit.h>

#include "cli/input.h"

enum {
    HISTORY_LINES = 1000,
    MAX_WORDS = 64,
    PROMPT_SIZE = 80,
    MAX_WORD = 128,
    KEY_MS = 200,
    CTRL_D = 4
};

struct cli_prompt {
    const cli_prompt_events *events;
    void *user;
    cli_input *in; /* where there is no terminal */
    EditLine *edit;
    History *history;
    char *file;
    uv_poll_t poll;
    uv_signal_t resized;
    int fd; /* the terminal, opened anew: libuv makes it non-blocking, and others write to ours */
    int open;
    bool eof, tab, closing;
    bool inside; /* a callback of ours: the line is not on the screen */
    char prompt[PROMPT_SIZE];
};

bool cli_prompt_terminal(const cli_prompt *p)
{
    return p->edit != NULL;
}

/* --- the screen ------------------------------------------------------------------------------- */

static char *prompt_text(EditLine *edit)
{
    cli_prompt *p;
    el_get(edit, EL_CLIENTDATA, &p);
    return p->prompt;
}

/* The columns from the left end of the prompt to the cursor. */
static size_t columns_to_cursor(cli_prompt *p)
{
    const LineInfoW *line = el_wline(p->edit);
    size_t columns = strlen(p->prompt);
    for (const wchar_t *c = line->buffer; c < line->cursor; c++) {
        int width = wcwidth(*c);
        columns += width > 0 ? (size_t)width : 0;
    }
    return columns;
}

static void clear_line(cli_prompt *p)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    size_t rows = columns_to_cursor(p) / (known ? size.ws_col : 80);
    if (rows > 0)
        printf("\033[%zuA", rows);
    printf("\r\033[J");
}

void cli_prompt_print(cli_prompt *p, const char *text, size_t n)
{
    bool drawn = p->edit != NULL && !p->inside && !p->closing;
    if (drawn)
        clear_line(p);
    fwrite(text, 1, n, stdout);
    fflush(stdout);
    if (drawn)
        el_set(p->edit, EL_REFRESH);
}

void cli_prompt_set(cli_prompt *p, const char *prompt)
{
    bool drawn = p->edit != NULL && !p->inside && !p->closing;
    if (drawn)
        clear_line(p);
    fflush(stdout);
    snprintf(p->prompt, sizeof p->prompt, "%s", prompt);
    if (drawn)
        el_set(p->edit, EL_REFRESH);
}

/* --- completion ------------------------------------------------------------------------------- */

typedef struct candidates {
    const char *typed;
    size_t count;
    char words[MAX_WORDS][MAX_WORD];
} candidates;

static void add_candidate(void *to, const char *word)
{
    candidates *c = to;
    if (strncmp(word, c->typed, strlen(c->typed)) == 0 && c->count < MAX_WORDS)
        snprintf(c->words[c->count++], MAX_WORD, "%s", word);
}

/* How many bytes all of them have in common. */
static size_t common(const candidates *c)
{
    size_t n = strlen(c->words[0]);
    for (size_t i = 1; i < c->count; i++)
        while (strncmp(c->words[0], c->words[i], n) != 0)
            n--;
    return n;
}

static void list_candidates(const candidates *c)
{
    for (size_t i = 0; i < c->count; i++)
        printf("%s%s", c->words[i], i + 1 < c->count ? "  " : "\n");
}

/* What all candidates have in common is put in; if that is nothing new they are shown. */
static void put_candidates(cli_prompt *p, candidates *c, size_t typed)
{
    size_t shared = c->count > 0 ? common(c) : typed;
    if (shared == typed && c->count > 1)
        list_candidates(c);
    c->words[0][shared] = '\0';
    if (shared > typed)
        el_insertstr(p->edit, c->words[0] + typed);
    if (c->count == 1)
        el_insertstr(p->edit, " ");
}

static void on_tab(cli_prompt *p)
{
    char typed[MAX_WORD];
    const LineInfo *line = el_line(p->edit);
    const char *start = line->cursor;
    while (start > line->buffer && start[-1] != ' ')
        start--;
    size_t n = (size_t)(line->cursor - start);
    candidates *c = n < sizeof typed ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return;
    memcpy(typed, start, n);
    typed[n] = '\0';
    c->typed = typed;
    p->events->complete(p->user, typed, start == line->buffer, add_candidate, c);
    clear_line(p);
    put_candidates(p, c, n);
    fflush(stdout);
    el_set(p->edit, EL_REFRESH);
    free(c);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* Two keys are ours. (Functions that are added to libedit are not freed by it.) */
static bool is_ours(cli_prompt *p, wchar_t c)
{
    const LineInfoW *line = el_wline(p->edit);
    bool empty = line->buffer == line->lastchar;
    p->tab = c == L'\t';
    p->eof = p->eof || (c == CTRL_D && empty);
    return p->tab || p->eof;
}

/* The next character; 0: none, and libedit returns with the line as it is. A key that sends several
 * (an arrow) sends them together: after an Escape that stands alone nobody waits, so that the loop
 * does not stand still. */
static int next_character(EditLine *edit, wchar_t *c)
{
    cli_prompt *p;
    mbstate_t state = {0};
    size_t size;
    el_get(edit, EL_CLIENTDATA, &p);
    do {
        char byte;
        struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&ready, 1, KEY_MS) <= 0)
            return 0;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        p->eof = p->eof || n == 0;
        if (n <= 0)
            return (int)n;
        size = mbrtowc(c, &byte, 1, &state);
    } while (size == (size_t)-2);
    if (size == (size_t)-1)
        *c = L'?';
    return is_ours(p, *c) ? 0 : 1;
}

static void remember(cli_prompt *p, const char *line)
{
    HistEvent event;
    if (p->history != NULL && line[strspn(line, " \t")] != '\0')
        history(p->history, &event, H_ENTER, line);
}

/* The terminal is an ordinary one while a line is handled. */
static void take_line(cli_prompt *p, const char *line, size_t n)
{
    char *copy = strndup(line, n);
    p->inside = true;
    el_set(p->edit, EL_UNBUFFERED, 0);
    if (copy != NULL) {
        remember(p, copy);
        p->events->on_line(p->user, copy);
    }
    free(copy);
    p->inside = false;
    if (!p->closing)
        el_set(p->edit, EL_UNBUFFERED, 1);
}

static void on_key(uv_poll_t *poll, int status, int events)
{
    cli_prompt *p = poll->data;
    int n = 0;
    (void)events;
    if (status < 0) {
        p->events->on_end(p->user);
        return;
    }
    const char *line = el_gets(p->edit, &n);
    if (p->tab)
        on_tab(p);
    p->tab = false;
    if (p->eof && !p->closing)
        p->events->on_end(p->user);
    else if (line != NULL && n > 0 && line[n - 1] == '\n')
        take_line(p, line, (size_t)n - 1);
}

static void on_resized(uv_signal_t *signal, int number)
{
    cli_prompt *p = signal->data;
    (void)number;
    el_resize(p->edit);
}

/* --- without a terminal ----------------------------------------------------------------------- */

static void on_plain_line(void *user, char *line, size_t n)
{
    cli_prompt *p = user;
    (void)n;
    p->events->on_line(p->user, line);
}

static void on_plain_end(void *user, const char *error)
{
    cli_prompt *p = user;
    (void)error;
    p->events->on_end(p->user);
}

/* --- the beginning, the end ------------------------------------------------------------------- */

static void open_history(cli_prompt *p, const char *file)
{
    HistEvent event;
    p->history = history_init();
    if (p->history == NULL)
        return;
    history(p->history, &event, H_SETSIZE, HISTORY_LINES);
    history(p->history, &event, H_SETUNIQUE, 1);
    if (file != NULL && (p->file = strdup(file)) != NULL)
        history(p->history, &event, H_LOAD, file);
    el_set(p->edit, EL_HIST, history, p->history);
}

/* What was typed may be a secret: the file is ours alone. */
static void save_history(cli_prompt *p)
{
    HistEvent event;
    mode_t mask = umask(077);
    if (p->history != NULL && p->file != NULL)
        history(p->history, &event, H_SAVE, p->file);
    umask(mask);
    if (p->history != NULL)
        history_end(p->history);
    free(p->file);
}

static bool open_terminal(cli_prompt *p, uv_loop_t *loop, const char *file)
{
    p->fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    p->edit = p->fd >= 0 ? el_init("vireo", stdin, stdout, stderr) : NULL;
    if (p->edit == NULL)
        return false;
    el_set(p->edit, EL_CLIENTDATA, p);
    el_set(p->edit, EL_GETCFN, next_character);
    el_set(p->edit, EL_EDITOR, "emacs");
    el_set(p->edit, EL_PROMPT, prompt_text);
    el_set(p->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    open_history(p, file);
    el_source(p->edit, NULL);
    uv_poll_init(loop, &p->poll, p->fd);
    uv_signal_init(loop, &p->resized);
    p->poll.data = p->resized.data = p;
    p->open = 2;
    uv_signal_start(&p->resized, on_resized, SIGWINCH);
    uv_poll_start(&p->poll, UV_READABLE, on_key);
    el_set(p->edit, EL_UNBUFFERED, 1);
    return true;
}

cli_prompt *cli_prompt_open(uv_loop_t *loop, const char *history_file,
                            const cli_prompt_events *events, void *user)
{
    cli_prompt *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->events = events;
    p->user = user;
    p->fd = -1;
    snprintf(p->prompt, sizeof p->prompt, "> ");
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && open_terminal(p, loop, history_file))
        return p;
    p->in = cli_input_open(loop, on_plain_line, on_plain_end, p);
    if (p->in != NULL)
        return p;
    free(p);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    cli_prompt *p = handle->data;
    if (--p->open > 0)
        return;
    close(p->fd);
    free(p);
}

void cli_prompt_close(cli_prompt *p)
{
    if (p == NULL || p->closing)
        return;
    p->closing = true;
    if (p->edit == NULL) {
        cli_input_close(p->in);
        free(p);
        return;
    }
    if (!p->inside) {
        clear_line(p);
        fflush(stdout);
        el_set(p->edit, EL_UNBUFFERED, 0);
    }
    el_end(p->edit);
    save_history(p);
    uv_close((uv_handle_t *)&p->poll, on_closed);
    uv_close((uv_handle_t *)&p->resized, on_closed);
}
