/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* text.h: what people typed, made fit to be kept and shown: names, and messages. */

#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stddef.h>

/* A character here is a Unicode code point; in UTF-8 it takes four bytes at most. */
#define NAME_CHARS 24 /* of users and rooms: what a list beside a conversation can show */
#define NAME_BYTES (4 * NAME_CHARS)
#define TEXT_CHARS 2000 /* of a message: a page, so that a flood stays small on the disk */
#define TEXT_BYTES (4 * TEXT_CHARS)

enum text_fault { TEXT_OK, TEXT_EMPTY, TEXT_TOO_LONG, TEXT_UNSEEN };

/* text_name copies a name of |len| bytes to |out|, ended by a NUL: without space at its ends, with
 * one blank wherever there is space inside. What cannot be seen (control characters, marks that
 * turn the direction of writing, characters that are blank) would let one name look like another,
 * so a name that has such a thing is TEXT_UNSEEN. Returns TEXT_OK, TEXT_EMPTY, TEXT_TOO_LONG or
 * TEXT_UNSEEN; |out| is a text in every case. */
enum text_fault text_name(char out[NAME_BYTES + 1], const char *in, size_t len);

/* text_fit is text_name for a client that cannot be told of a fault: drops what cannot be seen, and
 * cuts after |max_chars| (at most NAME_CHARS). Returns TEXT_OK or TEXT_EMPTY. */
enum text_fault text_fit(char out[NAME_BYTES + 1], const char *in, size_t len, size_t max_chars);

/* text_message copies a message to |out|, ended by a NUL: without space at its ends and without
 * control characters, save new lines and tabs. All else stays as it was typed, markup included:
 * showing it as text is the page's part. Returns TEXT_OK, TEXT_EMPTY or TEXT_TOO_LONG. */
enum text_fault text_message(char out[TEXT_BYTES + 1], const char *in, size_t len);

#endif
