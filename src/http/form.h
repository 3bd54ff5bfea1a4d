/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* form.h: application/x-www-form-urlencoded, as forms and queries have it, to a tree of values. A
 * codec.
 *
 *     title=a+b&tags[]=x&tags[]=y&by[name]=Ann      {"title": "a b", "tags": ["x", "y"],
 *                                                    "by": {"name": "Ann"}}
 *
 * Names in brackets nest as the npm package qs has it, whom Express asks: [] appends, a number is a
 * place in a list, any other name a member; a name that comes twice makes a list. All values are
 * strings. No name has a meaning of its own here: __proto__ is a name.
 */

#ifndef VIREO_HTTP_FORM_H
#define VIREO_HTTP_FORM_H

#include <vireo/error.h>

#include "base/str.h"
#include "payload/doc.h"

#define VIREO__FORM_PARAMS 1000 /* beyond: too large. As Express' body-parser */
#define VIREO__FORM_DEPTH  32   /* names in brackets behind each other; beyond: nested too deeply */
#define VIREO__FORM_INDEX  100  /* the largest number that is a place in a list */

/* vireo__form_read reads |text| into |doc|, as an object. Returns 0, VIREO_ETOOBIG, VIREO_EDEPTH,
 * VIREO_EUTF8 for what is not UTF-8 when decoded, VIREO_ENOMEM; after an error |doc| is empty.
 * |error| may be NULL. */
int vireo__form_read(vireo__doc *doc, vireo__str text, vireo_error *error);

#endif
