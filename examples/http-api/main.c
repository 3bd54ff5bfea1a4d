/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http-api: a small JSON API: a list of notes, with checked input and errors as JSON.
 *
 *     curl localhost:3000/api/notes
 *     curl localhost:3000/api/notes -H 'X-Key: secret' -d '{"title":"Milk"}'
 *     curl localhost:3000/api/notes/1 -X DELETE -H 'X-Key: secret' */

#include <vireo/vireo.h>

#include "cli.h"

enum { MAX_NOTES = 1000, MAX_TITLE = 80 };

struct note {
    int id;
    char title[MAX_TITLE + 1];
};

struct notes {
    struct note all[MAX_NOTES];
    int count;
    int last_id;
};

/* Middleware: reading is free, writing needs a key. */
static int require_key(vireo_req *r)
{
    const char *key = vireo_header(r, "X-Key");
    if (strcmp(vireo_method(r), "GET") == 0 || (key != NULL && strcmp(key, "secret") == 0))
        return vireo_pass(r);
    return vireo_fail(r, VIREO_STATUS(401), "an X-Key header is needed");
}

static int list_notes(vireo_req *r)
{
    struct notes *notes = vireo_req_user(r);
    vireo_list *list = vireo_list_new();
    for (int i = 0; i < notes->count; i++)
        vireo_list_add(list, "{id:%d, title:%s}", notes->all[i].id, notes->all[i].title);
    int result = vireo_reply_json(r, 200, "%p", list);
    vireo_list_free(list);
    return result;
}

static int add_note(vireo_req *r)
{
    struct notes *notes = vireo_req_user(r);
    const char *title = vireo_str(vireo_get(vireo_body_json(r, NULL), "title"));
    if (title == NULL || title[0] == '\0' || strlen(title) > MAX_TITLE)
        return vireo_fail(r, VIREO_STATUS(422), "title: a text of 1 to 80 bytes is needed");
    if (notes->count == MAX_NOTES)
        return vireo_fail(r, VIREO_STATUS(409), "there are too many notes");
    struct note *note = &notes->all[notes->count++];
    note->id = ++notes->last_id;
    strcpy(note->title, title);
    return vireo_reply_json(r, 201, "{id:%d, title:%s}", note->id, note->title);
}

static int delete_note(vireo_req *r)
{
    struct notes *notes = vireo_req_user(r);
    for (int i = 0; i < notes->count; i++) {
        if (notes->all[i].id != atoi(vireo_param(r, "id")))
            continue;
        notes->all[i] = notes->all[--notes->count];
        return vireo_reply(r, 204, NULL, NULL, 0);
    }
    return VIREO_ENOTFOUND;
}

static int say_error(vireo_req *r, int error, const char *text)
{
    return vireo_reply_json(r, vireo_error_status(error), "{error:%s}", text);
}

static const vireo_route_entry api[] = {
    VIREO_USE("/", require_key),
    VIREO_GET("/notes", list_notes),
    VIREO_POST("/notes", add_note, .max_body_bytes = 4096),
    VIREO_DELETE("/notes/:id", delete_note),
    {0},
};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    static struct notes notes;
    vireo_app *app = vireo_app_new();
    vireo_mount(app, "/api", api, &notes);
    vireo_on_error(app, "/", say_error, NULL);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "http-api");
}
