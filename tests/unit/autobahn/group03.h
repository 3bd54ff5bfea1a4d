/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group03.h: 3, reserved bits. */

static const test_case group03[] = {
    {"3.1", FRAMES(F(FIN | RSV3 | TEXT, "x")), "C1002 |"},
    {"3.2", FRAMES(F(FIN | TEXT, "Hello"), F(FIN | RSV2 | TEXT, "x"), F(FIN | PING, "")),
     "T(Hello) C1002 |"},
    {"3.3", FRAMES(F(FIN | TEXT, "Hello"), F(FIN | RSV2 | RSV3 | TEXT, "x"), F(FIN | PING, "")),
     "T(Hello) C1002 |"},
    {"3.4", FRAMES(F(FIN | TEXT, "Hello"), F(FIN | RSV1 | TEXT, "x"), F(FIN | PING, "")),
     "T(Hello) C1002 |"},
    {"3.5", FRAMES(F(FIN | RSV1 | RSV3 | BINARY, "\x00\xFF")), "C1002 |"},
    {"3.6", FRAMES(F(FIN | RSV1 | RSV2 | PING, "x")), "C1002 |"},
    {"3.7", FRAMES(F(FIN | RSV1 | RSV2 | RSV3 | CLOSE, "\x03\xE8")), "C1002 |"},
};
