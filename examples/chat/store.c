/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* store.c: the history in SQLite.
 *
 * Everything here runs on the loop's thread and blocks it while it runs. In WAL mode with
 * synchronous=NORMAL that is right for a chat: storing a message appends a few hundred bytes to a
 * file in the kernel's cache, some tens of microseconds, and no fsync is waited for save at a
 * checkpoint, once in a thousand pages. What was written is then safe from the death of this
 * process, by kill -9 too; only the machine's own death can cost the last moments, and can never
 * harm the file. A thread for the writes would buy little and cost the order that makes this
 * simple: stored, then acknowledged, then shown to the others.
 */

#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

/* How long to wait for another process that has the file locked; the loop stands still
 * meanwhile. */
#define BUSY_MS 250

static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "CREATE TABLE IF NOT EXISTS rooms ("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    "  num_messages INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS messages ("
    "  id INTEGER PRIMARY KEY,"
    "  room INTEGER NOT NULL REFERENCES rooms (id),"
    "  username TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  ref TEXT);"
    "CREATE INDEX IF NOT EXISTS messages_of_room ON messages (room, id);"
    /* What makes a message that was sent twice be stored once. */
    "CREATE UNIQUE INDEX IF NOT EXISTS messages_by_ref ON messages (ref);"
    "CREATE TRIGGER IF NOT EXISTS messages_counted AFTER INSERT ON messages BEGIN"
    "  UPDATE rooms SET num_messages = num_messages + 1 WHERE id = new.room;"
    " END;"
    "CREATE TRIGGER IF NOT EXISTS messages_bounded AFTER INSERT ON messages"
    " WHEN (SELECT num_messages FROM rooms WHERE id = new.room) % 256 = 0 BEGIN"
    "  DELETE FROM messages WHERE room = new.room AND id <= ("
    "    SELECT id FROM messages WHERE room = new.room"
    "    ORDER BY id DESC LIMIT 1 OFFSET " TEXT_OF(STORE_KEEP) ");"
                                                               " END;";

enum {
    LIST_ROOMS,
    ADD_ROOM,
    FIND_ROOM,
    ADD_MESSAGE,
    FIND_MESSAGE,
    READ_MESSAGES,
    ANY_BEFORE,
    NUM_STATEMENTS
};

static const char *const statements[NUM_STATEMENTS] = {
    [LIST_ROOMS] = "SELECT id, name, num_messages FROM rooms ORDER BY id",
    [ADD_ROOM] = "INSERT INTO rooms (name) VALUES (?1) ON CONFLICT (name) DO NOTHING",
    [FIND_ROOM] = "SELECT id FROM rooms WHERE name = ?1",
    [ADD_MESSAGE] =
        "INSERT INTO messages (room, username, text, ref, time) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (ref) DO NOTHING RETURNING id, time",
    [FIND_MESSAGE] = "SELECT id, time FROM messages WHERE ref = ?1",
    [READ_MESSAGES] =
        "SELECT id, time, username, text FROM ("
        "  SELECT * FROM messages WHERE room = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
        ") ORDER BY id",
    [ANY_BEFORE] = "SELECT 1 FROM messages WHERE room = ?1 AND id < ?2 LIMIT 1",
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *st[NUM_STATEMENTS];
};

static bool complain(const struct store *st, const char *what)
{
    fprintf(stderr, "chat: %s: %s\n", what, sqlite3_errmsg(st->db));
    return false;
}

static bool prepare(struct store *st)
{
    for (int i = 0; i < NUM_STATEMENTS; i++)
        if (sqlite3_prepare_v3(st->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &st->st[i],
                               NULL) != SQLITE_OK)
            return false;
    return true;
}

struct store *store_open(const char *path)
{
    struct store *st = calloc(1, sizeof(*st));

    if (st == NULL) {
        fprintf(stderr, "chat: out of memory\n");
        return NULL;
    }
    if (sqlite3_open(path, &st->db) == SQLITE_OK &&
        sqlite3_busy_timeout(st->db, BUSY_MS) == SQLITE_OK &&
        sqlite3_exec(st->db, schema, NULL, NULL, NULL) == SQLITE_OK && prepare(st))
        return st;
    complain(st, path);
    store_close(st);
    return NULL;
}

void store_close(struct store *st)
{
    if (st == NULL)
        return;
    for (int i = 0; i < NUM_STATEMENTS; i++)
        sqlite3_finalize(st->st[i]);
    sqlite3_close(st->db);
    free(st);
}

/* Ends a statement, so that it can be used again and holds no lock. |result| is what its last step
 * returned. */
static bool finish(const struct store *st, int which, int result)
{
    sqlite3_stmt *q = st->st[which];
    bool ok = result == SQLITE_DONE || result == SQLITE_ROW;

    if (!ok)
        complain(st, "the history");
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return ok;
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC); /* a NULL text binds NULL */
}

static const char *text_at(sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return text != NULL ? (const char *)text : "";
}

bool store_rooms(struct store *st, store_room_fn fn, void *user)
{
    sqlite3_stmt *q = st->st[LIST_ROOMS];
    int r;

    while ((r = sqlite3_step(q)) == SQLITE_ROW)
        fn(user, sqlite3_column_int64(q, 0), text_at(q, 1), sqlite3_column_int64(q, 2));
    return finish(st, LIST_ROOMS, r);
}

long long store_room(struct store *st, const char *name)
{
    long long id = 0;

    bind_text(st->st[ADD_ROOM], 1, name);
    if (!finish(st, ADD_ROOM, sqlite3_step(st->st[ADD_ROOM])))
        return 0;
    bind_text(st->st[FIND_ROOM], 1, name);
    int r = sqlite3_step(st->st[FIND_ROOM]);
    if (r == SQLITE_ROW)
        id = sqlite3_column_int64(st->st[FIND_ROOM], 0);
    finish(st, FIND_ROOM, r);
    return id;
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static struct store_stamp stamp_at(sqlite3_stmt *q)
{
    return (struct store_stamp){.id = sqlite3_column_int64(q, 0),
                                .time = sqlite3_column_int64(q, 1)};
}

static enum store_result find_message(struct store *st, const char *ref, struct store_stamp *stamp)
{
    sqlite3_stmt *q = st->st[FIND_MESSAGE];

    bind_text(q, 1, ref);
    int r = sqlite3_step(q);
    bool found = r == SQLITE_ROW;
    if (found)
        *stamp = stamp_at(q);
    finish(st, FIND_MESSAGE, r);
    return found ? STORE_KNOWN : STORE_FAILED;
}

enum store_result store_add(struct store *st, const struct store_message *m,
                            struct store_stamp *stamp)
{
    sqlite3_stmt *q = st->st[ADD_MESSAGE];
    bool added = false;
    int r;

    sqlite3_bind_int64(q, 1, m->room);
    bind_text(q, 2, m->username);
    bind_text(q, 3, m->text);
    bind_text(q, 4, m->ref);
    sqlite3_bind_int64(q, 5, now_ms());
    /* To the end: only the step that says "done" has committed. */
    while ((r = sqlite3_step(q)) == SQLITE_ROW) {
        *stamp = stamp_at(q);
        added = true;
    }
    if (!finish(st, ADD_MESSAGE, r))
        return STORE_FAILED;
    return added ? STORE_NEW : find_message(st, m->ref, stamp);
}

static bool any_before(struct store *st, long long room, long long id)
{
    sqlite3_stmt *q = st->st[ANY_BEFORE];

    sqlite3_bind_int64(q, 1, room);
    sqlite3_bind_int64(q, 2, id);
    int r = sqlite3_step(q);
    finish(st, ANY_BEFORE, r);
    return r == SQLITE_ROW;
}

bool store_read(struct store *st, long long room, long long before, int limit, store_message_fn fn,
                void *user, bool *more)
{
    sqlite3_stmt *q = st->st[READ_MESSAGES];
    long long oldest = 0;
    int r;

    sqlite3_bind_int64(q, 1, room);
    sqlite3_bind_int64(q, 2, before);
    sqlite3_bind_int(q, 3, limit);
    while ((r = sqlite3_step(q)) == SQLITE_ROW) {
        struct store_stamp stamp = stamp_at(q);
        if (oldest == 0)
            oldest = stamp.id;
        fn(user, &stamp, text_at(q, 2), text_at(q, 3));
    }
    if (!finish(st, READ_MESSAGES, r))
        return false;
    *more = oldest != 0 && any_before(st, room, oldest);
    return true;
}
