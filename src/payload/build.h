/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* build.h (payload): a builder is a document that takes nothing where it has no place. */

#ifndef VIREO_PAYLOAD_BUILD_H
#define VIREO_PAYLOAD_BUILD_H

#include <vireo/build.h>

#include "payload/doc.h"

struct vireo_builder {
    vireo__doc *doc; /* what is built */
    uint32_t max_nodes;
    uint32_t depth; /* of what is open */
    int error;
};

/* vireo__builder_init begins to build into |doc|, which is borrowed and emptied.
 *
 * max_nodes  values and keys; beyond VIREO_ETOOBIG */
void vireo__builder_init(vireo_builder *b, vireo__doc *doc, uint32_t max_nodes);

#endif
