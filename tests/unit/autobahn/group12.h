/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group12.h: 12 and 13, permessage-deflate. The suite sends a thousand messages per case; some
 * dozens of each show the same here. */

/* 12.x.1 to 12.x.10 and 13.x.1 to 13.x.10 */
static const size_t deflate_sizes[] = {16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072};

/* 12.1 to 12.5: what the messages are made of. */
typedef enum payload_kind { JSON, BINARY_NOISE, PROSE, HTML, LATIN } payload_kind;

/* 13.1 to 13.7: what the client offers (here the suite's first offer, by its settings), and what
 * the server wants. */
static const struct {
    const char *id;
    vireo_ws_deflate client, server;
} deflate_sets[] = {
    {"12",
     {.on = true, .server_context_takeover = true, .client_context_takeover = true},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.1",
     {.on = true, .server_context_takeover = true, .client_context_takeover = true},
     {.on = true}},
    {"13.2",
     {.on = true},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.3",
     {.on = true,
      .server_context_takeover = true,
      .client_context_takeover = true,
      .server_max_window_bits = 9},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.4",
     {.on = true,
      .server_context_takeover = true,
      .client_context_takeover = true,
      .server_max_window_bits = 15},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.5",
     {.on = true, .client_context_takeover = true, .server_max_window_bits = 9},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.6",
     {.on = true, .client_context_takeover = true, .server_max_window_bits = 15},
     {.on = true, .server_context_takeover = true, .client_context_takeover = true}},
    {"13.7", {.on = true, .server_max_window_bits = 9}, {.on = true, .client_max_window_bits = 8}},
    {"smallest windows",
     {.on = true, .server_context_takeover = true, .client_context_takeover = true},
     {.on = true,
      .server_context_takeover = true,
      .client_context_takeover = true,
      .server_max_window_bits = 8,
      .client_max_window_bits = 8}},
};
