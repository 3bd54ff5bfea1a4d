/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group02.h: 2, pings and pongs. */

#define TEN_PINGS                                                                                  \
    F(FIN | PING, "0"), F(FIN | PING, "1"), F(FIN | PING, "2"), F(FIN | PING, "3"),                \
        F(FIN | PING, "4"), F(FIN | PING, "5"), F(FIN | PING, "6"), F(FIN | PING, "7"),            \
        F(FIN | PING, "8"), F(FIN | PING, "9")

static const test_case group02[] = {
    {"2.1", FRAMES(F(FIN | PING, "")), "o()"},
    {"2.2", FRAMES(F(FIN | PING, "Hello, world!")), "o(Hello, world!)"},
    {"2.3", FRAMES(F(FIN | PING, "\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF")),
     "o(\\00\\FF\\FE\\FD\\FC\\FB\\00\\FF)"},
    {"2.4", FRAMES(LARGE(FIN | PING, 125)), "o#125"},
    {"2.5", FRAMES(LARGE(FIN | PING, 126)), "C1002 |"},
    {"2.6", FRAMES(LARGE(FIN | PING, 125), F(FIN | TEXT, "on")), "o#125 T(on)"},
    {"2.7", FRAMES(F(FIN | PONG, "")), ""},
    {"2.8", FRAMES(F(FIN | PONG, "unsolicited")), ""},
    {"2.9", FRAMES(F(FIN | PONG, "unsolicited"), F(FIN | PING, "ping")), "o(ping)"},
    {"2.10", FRAMES(TEN_PINGS), "o(0) o(1) o(2) o(3) o(4) o(5) o(6) o(7) o(8) o(9)"},
    {"2.11", FRAMES(TEN_PINGS, F(FIN | TEXT, "x")),
     "o(0) o(1) o(2) o(3) o(4) o(5) o(6) o(7) o(8) o(9) T(x)"},
};
