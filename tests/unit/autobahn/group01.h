/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group01.h: 1, framing: text and binary messages of the sizes around every length form. */

#define SIZES(group, opcode, letter)                                                               \
    {group ".1", FRAMES(F(FIN | opcode, "")), letter "()"},                                        \
        {group ".2", FRAMES(LARGE(FIN | opcode, 125)), letter "#125"},                             \
        {group ".3", FRAMES(LARGE(FIN | opcode, 126)), letter "#126"},                             \
        {group ".4", FRAMES(LARGE(FIN | opcode, 127)), letter "#127"},                             \
        {group ".5", FRAMES(LARGE(FIN | opcode, 128)), letter "#128"},                             \
        {group ".6", FRAMES(LARGE(FIN | opcode, 65535)), letter "#65535"},                         \
        {group ".7", FRAMES(LARGE(FIN | opcode, 65536)), letter "#65536"},                         \
    {                                                                                              \
        group ".8", FRAMES(LARGE(FIN | opcode, 65536), LARGE(FIN | opcode, 65537)),                \
            letter "#65536 " letter "#65537"                                                       \
    }

static const test_case group01[] = {
    SIZES("1.1", TEXT, "T"),
    SIZES("1.2", BINARY, "B"),
};
