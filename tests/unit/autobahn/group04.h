/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group04.h: 4, reserved opcodes: 3 to 7 of data, 11 to 15 of control frames. */

#define AFTER(opcode, payload)                                                                     \
    FRAMES(F(FIN | TEXT, "Hello"), F(FIN | opcode, payload), F(FIN | PING, ""))

static const test_case group04[] = {
    {"4.1.1", FRAMES(F(FIN | 3, "")), "C1002 |"},
    {"4.1.2", FRAMES(F(FIN | 4, "reserved")), "C1002 |"},
    {"4.1.3", AFTER(5, ""), "T(Hello) C1002 |"},
    {"4.1.4", AFTER(6, "reserved"), "T(Hello) C1002 |"},
    {"4.1.5", AFTER(7, "reserved"), "T(Hello) C1002 |"},
    {"4.2.1", FRAMES(F(FIN | 11, "")), "C1002 |"},
    {"4.2.2", FRAMES(F(FIN | 12, "reserved")), "C1002 |"},
    {"4.2.3", AFTER(13, ""), "T(Hello) C1002 |"},
    {"4.2.4", AFTER(14, "reserved"), "T(Hello) C1002 |"},
    {"4.2.5", AFTER(15, "reserved"), "T(Hello) C1002 |"},
};
