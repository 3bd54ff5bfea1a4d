/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group07.h: 7, the close handshake. The codes stand in a table of their own. */

#define R10  "1234567890"
#define R120 R10 R10 R10 R10 R10 R10 R10 R10 R10 R10 R10 R10

static const test_case group07[] = {
    {"7.1.1", FRAMES(F(FIN | TEXT, "Hello"), F(FIN | CLOSE, "\x03\xE8")), "T(Hello) C1000 |"},
    {"7.1.2", FRAMES(F(FIN | CLOSE, "\x03\xE8"), F(FIN | CLOSE, "\x03\xE8")), "C1000 |"},
    {"7.1.3", FRAMES(F(FIN | CLOSE, "\x03\xE8"), F(FIN | PING, "")), "C1000 |"},
    {"7.1.4", FRAMES(F(FIN | CLOSE, "\x03\xE8"), F(FIN | TEXT, "x")), "C1000 |"},
    {"7.1.5", FRAMES(F(TEXT, "fragment1"), F(FIN | CLOSE, "\x03\xE8"), F(FIN | CONT, "fragment2")),
     "C1000 |"},
    {"7.1.6", FRAMES(LARGE(FIN | TEXT, 262144), F(FIN | CLOSE, "\x03\xE8"), F(FIN | PING, "")),
     "T#262144 C1000 |"},
    {"7.3.1", FRAMES(F(FIN | CLOSE, "")), "C |"},
    {"7.3.2", FRAMES(F(FIN | CLOSE, "a")), "C1002 |"},
    {"7.3.3", FRAMES(F(FIN | CLOSE, "\x03\xE8")), "C1000 |"},
    {"7.3.4", FRAMES(F(FIN | CLOSE, "\x03\xE8Hello World!")), "C1000 |"},
    {"7.3.5", FRAMES(F(FIN | CLOSE, "\x03\xE8" R120 "123")), "C1000 |"},
    {"7.3.6", FRAMES(F(FIN | CLOSE, "\x03\xE8" R120 "1234")), "C1002 |"},
    {"7.5.1",
     FRAMES(F(FIN | CLOSE, "\x03\xE8\xCE\xBA\xE1\xBD\xB9\xCF\x83\xED\xA0\x80"
                           "edited")),
     "C1007 |"},
};

static const struct {
    const char *id;
    unsigned code;
    bool valid;
} close_codes[] = {
    {"7.7.1", 1000, true},  {"7.7.2", 1001, true},   {"7.7.3", 1002, true},
    {"7.7.4", 1003, true},  {"7.7.5", 1007, true},   {"7.7.6", 1008, true},
    {"7.7.7", 1009, true},  {"7.7.8", 1010, true},   {"7.7.9", 1011, true},
    {"7.7.10", 3000, true}, {"7.7.11", 3999, true},  {"7.7.12", 4000, true},
    {"7.7.13", 4999, true}, {"7.9.1", 0, false},     {"7.9.2", 999, false},
    {"7.9.3", 1004, false}, {"7.9.4", 1005, false},  {"7.9.5", 1006, false},
    {"7.9.6", 1016, false}, {"7.9.7", 1100, false},  {"7.9.8", 2000, false},
    {"7.9.9", 2999, false}, {"7.13.1", 5000, false}, {"7.13.2", 65535, false},
};
