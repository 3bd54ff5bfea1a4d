/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse-dialler.c: the client of event streams, driven by a test.
 *
 *     sse-dialler URL [--name VALUE]..     see set()
 *
 * It runs until its client is over, or a signal, and prints what it sees, one JSON object a line:
 * {"seen":"open"} {"seen":"event","type":"..","data":"..","id":".."}
 * {"seen":"retry","delay":N,"error":"..","text":".."} {"seen":"close","error":"..","text":".."} */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

static void take(char *json)
{
    printf("%s\n", json);
    free(json);
}

static void on_open(vireo_sse_client *c)
{
    (void)c;
    take(vireo_format(NULL, "{seen:'open'}"));
}

static void on_event(vireo_sse_client *c, const vireo_sse_event *e)
{
    (void)c;
    take(vireo_format(NULL, "{seen:'event', type:%s, data:%.*s, id:%s}", e->event, (int)e->len,
                      e->data, e->id));
}

static void on_retry(vireo_sse_client *c, uint32_t delay_ms, int error, const char *text)
{
    (void)c;
    take(vireo_format(NULL, "{seen:'retry', delay:%u, error:%s, text:%s}", delay_ms,
                      error < 0 ? vireo_errname(error) : "", text));
}

static void on_close(vireo_sse_client *c, int error, const char *text)
{
    vireo_app *app = vireo_sse_client_user(c);
    take(vireo_format(NULL, "{seen:'close', error:%s, text:%s}",
                      error < 0 ? vireo_errname(error) : "", text));
    vireo_stop(app);
}

static void set(vireo_sse_client_options *o, const char *name, const char *value)
{
    static const char *headers[3];
    uint32_t number = (uint32_t)strtoul(value, NULL, 10);
    if (strcmp(name, "--last-event-id") == 0)
        o->last_event_id = value;
    else if (strcmp(name, "--retry") == 0)
        o->retry_ms = number;
    else if (strcmp(name, "--max-retry") == 0)
        o->max_retry_ms = number;
    else if (strcmp(name, "--attempts") == 0)
        o->attempts = number;
    else if (strcmp(name, "--idle") == 0)
        o->idle_timeout_ms = number;
    else if (strcmp(name, "--max-event") == 0)
        o->max_event_bytes = number;
    else if (strcmp(name, "--authorization") == 0)
        o->headers =
            memcpy(headers, (const char *[]){"Authorization", value, NULL}, sizeof headers);
    else
        exit(2);
}

int main(int argc, char **argv)
{
    vireo_error error;
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_app *app = vireo_app_new();
    vireo_sse_client_options options = {.size = sizeof options,
                                        .user = app,
                                        .on_open = on_open,
                                        .on_event = on_event,
                                        .on_retry = on_retry,
                                        .on_close = on_close,
                                        .error = &error};
    for (int i = 2; i + 1 < argc; i += 2)
        set(&options, argv[i], argv[i + 1]);
    if (argc < 2 || vireo_sse_client_open(app, argv[1], &options) == NULL) {
        fprintf(stderr, "%s\n", argc < 2 ? "a URL is needed" : error.text);
        vireo_app_free(app);
        return 2;
    }
    vireo_run_loop(app);
    return 0;
}
