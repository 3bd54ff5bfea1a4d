/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group05.h: 5, fragments. The suite repeats several of them with other chops; here each case is
 * chopped in all ways. */

#define TWO                F(TEXT, "fragment1"), F(FIN | CONT, "fragment2")
#define NOTHING_LEFT       F(FIN | TEXT, "Hello, world!")
#define WRONG_START(first) F(first, "non-continuation"), F(TEXT, "Hello, "), F(FIN | CONT, "world!")
#define FIVE_WITH_PINGS                                                                            \
    F(TEXT, "1"), F(CONT, "2"), F(FIN | PING, "one"), F(CONT, "3"), F(CONT, "4"),                  \
        F(FIN | PING, "two"), F(FIN | CONT, "5")

static const test_case group05[] = {
    {"5.1", FRAMES(F(PING, "fragment1"), F(FIN | CONT, "fragment2")), "C1002 |"},
    {"5.2", FRAMES(F(PONG, "fragment1"), F(FIN | CONT, "fragment2")), "C1002 |"},
    {"5.3-5.5", FRAMES(TWO), "T(fragment1fragment2)"},
    {"5.6-5.8", FRAMES(F(TEXT, "fragment1"), F(FIN | PING, "ping"), F(FIN | CONT, "fragment2")),
     "o(ping) T(fragment1fragment2)"},
    {"5.9-5.11", FRAMES(F(FIN | CONT, "non-continuation"), NOTHING_LEFT), "C1002 |"},
    {"5.12-5.14", FRAMES(F(CONT, "non-continuation"), NOTHING_LEFT), "C1002 |"},
    {"5.15", FRAMES(TWO, F(CONT, "fragment3"), F(FIN | TEXT, "fragment4")),
     "T(fragment1fragment2) C1002 |"},
    {"5.16", FRAMES(WRONG_START(CONT), WRONG_START(CONT)), "C1002 |"},
    {"5.17", FRAMES(WRONG_START(FIN | CONT), WRONG_START(FIN | CONT)), "C1002 |"},
    {"5.18", FRAMES(F(TEXT, "fragment1"), F(FIN | TEXT, "fragment2")), "C1002 |"},
    {"5.19-5.20", FRAMES(FIVE_WITH_PINGS), "o(one) o(two) T(12345)"},
};
