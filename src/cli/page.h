/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* page.h: the page of vireo serve --chat. */

#ifndef VIREO_CLI_PAGE_H
#define VIREO_CLI_PAGE_H

extern const char cli_chat_page[]; /* HTML, ended by a NUL */

#endif
