/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* dotenv.h: the text of a .env file, as npm's dotenv reads it (see vireo/env.h). A codec. */

#ifndef VIREO_BASE_DOTENV_H
#define VIREO_BASE_DOTENV_H

#include "base/str.h"

typedef struct vireo__dotenv {
    vireo__str name;
    vireo__str value; /* without its quotes */
    bool escapes;     /* it stood in "": \n and \r are to be replaced */
} vireo__dotenv;

/* vireo__dotenv_next takes the next setting off the front of |*rest|; views into it. False at the
 * end. */
bool vireo__dotenv_next(vireo__str *rest, vireo__dotenv *out);

/* vireo__dotenv_value writes the value, at most value.len bytes, to |out|. Returns its length. */
size_t vireo__dotenv_value(const vireo__dotenv *setting, char *out);

#endif
