/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doc.h: a tree of values under construction, and the memory it lies in. Readers (JSON, msgpack)
 * build into it; it is used again for message after message, so that a small message costs no
 * allocation.
 *
 *     nodes  [object][key][value]...           see payload/value.h; they move while the tree grows
 *     arena  the texts that the nodes refer to; they do not move
 */

#ifndef VIREO_PAYLOAD_DOC_H
#define VIREO_PAYLOAD_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "payload/attachments.h"
#include "payload/value.h"

typedef struct vireo__doc {
    vireo_value *nodes; /* NULL while nothing was read */
    uint32_t count;
    uint32_t cap;
    uint32_t open; /* the innermost open array or object; VIREO__DOC_CLOSED if none */
    vireo__arena arena;
} vireo__doc;

#define VIREO__DOC_CLOSED UINT32_MAX
#define VIREO__DOC_KEEP   512 /* nodes whose memory outlives a reset; more are given back */

/* vireo__doc_init prepares an empty document; allocates nothing. */
void vireo__doc_init(vireo__doc *doc);

/* vireo__doc_deinit frees all memory; every value of the document ends. */
void vireo__doc_deinit(vireo__doc *doc);

/* vireo__doc_reset empties it: every value of the document ends. Keeps a little memory, gives large
 * memory back. */
void vireo__doc_reset(vireo__doc *doc);

/* vireo__doc_root returns the tree, NULL if there is none; valid until the document is reset, read
 * into again or deinitialised. */
static inline const vireo_value *vireo__doc_root(const vireo__doc *doc)
{
    return doc->count > 0 ? doc->nodes : NULL;
}

/* Building. vireo__doc_add appends a node as the next child of what is open. An array or object
 * added is open until vireo__doc_close. In an object keys (VIREO__VALUE_KEY) and values alternate;
 * that is up to the caller.
 *
 * tag   a vireo_type and VIREO__VALUE_KEY, _PLAIN, _RAW; mark and _MEMBER are filled in
 * Returns the node, its len 0 and its text not set, valid until the next add; NULL when memory runs
 * out. */
vireo_value *vireo__doc_add(vireo__doc *doc, uint32_t tag);
void vireo__doc_close(vireo__doc *doc);

/* Leaves with what they hold. Return 0, VIREO_ENOMEM, or VIREO_ETOOBIG for 4 GiB and more.
 *
 * vireo__doc_add_text copies |n| bytes. What is not UTF-8 becomes U+FFFD, one for each maximal part
 * of a character, save the three bytes of a surrogate, which stay. |flags|: 0 or VIREO__VALUE_KEY.
 * vireo__doc_add_int keeps whole numbers exact also where a double could not.
 * vireo__doc_add_bytes borrows them as long as the document is used. */
int vireo__doc_add_text(vireo__doc *doc, uint32_t flags, const char *text, size_t n);
int vireo__doc_add_null(vireo__doc *doc);
int vireo__doc_add_bool(vireo__doc *doc, bool truth);
int vireo__doc_add_number(vireo__doc *doc, double number);
int vireo__doc_add_int(vireo__doc *doc, int64_t number);
int vireo__doc_add_uint(vireo__doc *doc, uint64_t number);
int vireo__doc_add_bytes(vireo__doc *doc, const void *data, size_t n);

/* vireo__doc_add_tree copies |v| and all below it, texts and binary parts too. */
int vireo__doc_add_tree(vireo__doc *doc, const vireo_value *v);

/* vireo__doc_fill_attachments puts a binary leaf in the place of every placeholder, as
 * socket.io-parser does: every object whose member "_placeholder" is true is one, and its "num"
 * says which attachment it stands for.
 *
 * list   |count| parts; their bytes are borrowed as long as the document is used, the list itself
 *        for the call only
 * Returns 0; VIREO_EPROTO ("illegal attachments") for a num that is no whole number from 0 to count
 * - 1, or for more placeholders than attachments: no encoder sends that, and a part that stands in
 * ten thousand places would be sent ten thousand times by who passes it on. VIREO_ETOOBIG for a
 * part of 4 GiB or more. After an error the tree is half filled in: throw it away. */
int vireo__doc_fill_attachments(vireo__doc *doc, const vireo__attachment *list, size_t count);

#endif
