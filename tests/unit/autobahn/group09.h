/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group09.h: 9, sizes and numbers, and 10.1.1. Not byte by byte where that would take minutes: the
 * driver chops what is large into random pieces. */

#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1048576)
/* |n| bytes in |times| fragments of equal size, without the last one's FIN */
#define PARTS(opcode, n, times)                                                                    \
    LARGE(opcode, (n) / (times)), MANY(CONT, (n) / (times), (times)-2),                            \
        LARGE(FIN | CONT, (n) / (times))

#define ALL_SIZES(first, second, opcode, letter)                                                   \
    {first ".1", FRAMES(LARGE(FIN | opcode, KIB(64))), letter "#65536"},                           \
        {first ".2", FRAMES(LARGE(FIN | opcode, KIB(256))), letter "#262144"},                     \
        {first ".3", FRAMES(LARGE(FIN | opcode, MIB(1))), letter "#1048576"},                      \
        {first ".4", FRAMES(LARGE(FIN | opcode, MIB(4))), letter "#4194304"},                      \
        {first ".5", FRAMES(LARGE(FIN | opcode, MIB(8))), letter "#8388608"},                      \
        {first ".6", FRAMES(LARGE(FIN | opcode, MIB(16))), letter "#16777216"},                    \
        {second ".1", FRAMES(PARTS(opcode, MIB(4), 65536)), letter "#4194304"},                    \
        {second ".2", FRAMES(PARTS(opcode, MIB(4), 16384)), letter "#4194304"},                    \
        {second ".3", FRAMES(PARTS(opcode, MIB(4), 4096)), letter "#4194304"},                     \
        {second ".4", FRAMES(PARTS(opcode, MIB(4), 1024)), letter "#4194304"},                     \
        {second ".5", FRAMES(PARTS(opcode, MIB(4), 256)), letter "#4194304"},                      \
        {second ".6", FRAMES(PARTS(opcode, MIB(4), 64)), letter "#4194304"},                       \
        {second ".7", FRAMES(PARTS(opcode, MIB(4), 16)), letter "#4194304"},                       \
        {second ".8", FRAMES(PARTS(opcode, MIB(4), 4)), letter "#4194304"},                        \
    {                                                                                              \
        second ".9", FRAMES(LARGE(FIN | opcode, MIB(4))), letter "#4194304"                        \
    }

static const test_case group09[] = {
    ALL_SIZES("9.1", "9.3", TEXT, "T"),
    ALL_SIZES("9.2", "9.4", BINARY, "B"),
    /* 65536 bytes in frames of 1300 */
    {"10.1.1", FRAMES(LARGE(TEXT, 1300), MANY(CONT, 1300, 49), LARGE(FIN | CONT, 536)), "T#65536"},
};

/* 9.7, 9.8: a thousand messages of a size */
static const size_t thousand_sizes[] = {0, 16, 64, 256, 1024, 4096};
