/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client-thread: a Socket.IO client in a program that has no event loop. The library runs on a
 * thread of its own; this one reads lines and sends each as an event, and a line that ends with a
 * question mark waits for its answer.
 *
 *     client-thread http://localhost:3000
 */

#include <stdio.h>
#include <string.h>

#include <vireo/vireo.h>

/* On the library's thread. */
static void on_say(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    printf("< %s\n", vireo_str_or(vireo_arg(m, 0), "no text"));
}

static const vireo_event_handler events[] = {{"say", on_say}, {0}};

static void ask(vireo_socket *s, const char *line)
{
    vireo_value *answer;
    int error = vireo_post_ask(s, 5000, &answer, "ask", "%s", line);
    if (error < 0)
        printf("no answer: %s\n", vireo_strerror(error));
    else
        printf("= %s\n", vireo_str_or(vireo_at(answer, 0), "no text"));
    vireo_value_free(answer);
}

int main(int argc, char **argv)
{
    char line[1024];
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: client-thread URL\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_app *app = vireo_app_new();
    vireo_socket *s = vireo_connect(app, argv[1], .events = events);
    if (s == NULL || vireo_thread_start(app) < 0) {
        vireo_app_free(app);
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        size_t n = strlen(line);
        if (n > 0 && line[n - 1] == '?')
            ask(s, line);
        else
            vireo_post_emit(s, "say", "%s", line);
    }
    vireo_thread_end(app);
    return 0;
}
