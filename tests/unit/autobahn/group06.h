/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group06.h: 6, UTF-8. The texts of 6.5 to 6.23 stand in a table of their own: each is sent in one
 * frame, and each byte in a frame. */

#define KOSME    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"
#define GREETING "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!"

static const test_case group06[] = {
    {"6.1.1", FRAMES(F(FIN | TEXT, "")), "T()"},
    {"6.1.2", FRAMES(F(TEXT, ""), F(CONT, ""), F(FIN | CONT, "")), "T()"},
    {"6.1.3", FRAMES(F(TEXT, ""), F(CONT, "middle frame payload"), F(FIN | CONT, "")),
     "T(middle frame payload)"},
    {"6.2.1", FRAMES(F(FIN | TEXT, GREETING)),
     "T(Hello-\\C2\\B5@\\C3\\9F\\C3\\B6\\C3\\A4\\C3\\BC\\C3\\A0\\C3\\A1-UTF-8!!)"},
    {"6.2.2",
     FRAMES(F(TEXT, "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4"),
            F(FIN | CONT, "\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!")),
     "T(Hello-\\C2\\B5@\\C3\\9F\\C3\\B6\\C3\\A4\\C3\\BC\\C3\\A0\\C3\\A1-UTF-8!!)"},
    {"6.2.3",
     FRAMES(F(TEXT, "\xCE"), F(CONT, "\xBA"), F(CONT, "\xE1"), F(CONT, "\xBD"), F(CONT, "\xB9"),
            F(FIN | CONT, "\xCF\x83")),
     "T(\\CE\\BA\\E1\\BD\\B9\\CF\\83)"},
    {"6.3.1",
     FRAMES(F(FIN | TEXT, KOSME "\xED\xA0\x80"
                                "edited")),
     "C1007 |"},
    {"6.4.1", FRAMES(F(TEXT, KOSME), F(CONT, "\xF4\x90\x80\x80"), F(FIN | CONT, "edited")),
     "C1007 |"},
    {"6.4.2", FRAMES(F(TEXT, KOSME "\xF4"), F(CONT, "\x90"), F(FIN | CONT, "\x80\x80")), "C1007 |"},
    /* 6.4.3, 6.4.4: the rest of the frame is never sent: the wrong byte suffices */
    {"6.4.3-6.4.4", FRAMES(F(TEXT, KOSME "\xF4\x90")), "C1007 |"},
};

typedef struct utf8_row {
    const char *id;
    const char *text;
    size_t len;
    bool valid;
} utf8_row;

#define GOOD(id, text)                                                                             \
    {                                                                                              \
        id, text, sizeof(text) - 1, true                                                           \
    }
#define BAD(id, text)                                                                              \
    {                                                                                              \
        id, text, sizeof(text) - 1, false                                                          \
    }

static const utf8_row utf8_rows[] = {
    /* 6.5: a correct text, 6.6: and cut after each of its bytes */
    GOOD("6.5", KOSME),
    BAD("6.6.1", "\xCE"),
    GOOD("6.6.2", "\xCE\xBA"),
    BAD("6.6.3", "\xCE\xBA\xE1"),
    BAD("6.6.4", "\xCE\xBA\xE1\xBD"),
    GOOD("6.6.5", "\xCE\xBA\xE1\xBD\xB9"),
    BAD("6.6.6", "\xCE\xBA\xE1\xBD\xB9\xCF"),
    GOOD("6.6.7", "\xCE\xBA\xE1\xBD\xB9\xCF\x83"),
    BAD("6.6.8", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE"),
    GOOD("6.6.9", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC"),
    BAD("6.6.10", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE"),
    GOOD("6.6.11", KOSME),
    /* 6.7: the first sequence of each length */
    GOOD("6.7.1", "\x00"),
    GOOD("6.7.2", "\xC2\x80"),
    GOOD("6.7.3", "\xE0\xA0\x80"),
    GOOD("6.7.4", "\xF0\x90\x80\x80"),
    /* 6.8: .. of five and six bytes */
    BAD("6.8.1", "\xF8\x88\x80\x80\x80"),
    BAD("6.8.2", "\xFC\x84\x80\x80\x80\x80"),
    /* 6.9: the last of each length */
    GOOD("6.9.1", "\x7F"),
    GOOD("6.9.2", "\xDF\xBF"),
    GOOD("6.9.3", "\xEF\xBF\xBF"),
    GOOD("6.9.4", "\xF4\x8F\xBF\xBF"),
    /* 6.10: .. of four (beyond U+10FFFF), five and six bytes */
    BAD("6.10.1", "\xF7\xBF\xBF\xBF"),
    BAD("6.10.2", "\xFB\xBF\xBF\xBF\xBF"),
    BAD("6.10.3", "\xFD\xBF\xBF\xBF\xBF\xBF"),
    /* 6.11: other borders */
    GOOD("6.11.1", "\xED\x9F\xBF"),
    GOOD("6.11.2", "\xEE\x80\x80"),
    GOOD("6.11.3", "\xEF\xBF\xBD"),
    GOOD("6.11.4", "\xF4\x8F\xBF\xBF"),
    BAD("6.11.5", "\xF4\x90\x80\x80"),
    /* 6.12: continuation bytes without a start */
    BAD("6.12.1", "\x80"),
    BAD("6.12.2", "\xBF"),
    BAD("6.12.3", "\x80\xBF"),
    BAD("6.12.4", "\x80\xBF\x80"),
    BAD("6.12.5", "\x80\xBF\x80\xBF"),
    BAD("6.12.6", "\x80\xBF\x80\xBF\x80"),
    BAD("6.12.7", "\x80\xBF\x80\xBF\x80\xBF"),
    BAD("6.12.8",
        "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C\x8D\x8E\x8F\x90\xA0\xB0\xBE"),
    /* 6.13: starts without a continuation, each with a blank behind it */
    BAD("6.13.1", "\xC0 \xC1 \xC2 \xC3 \xC4 \xDE \xDF "),
    BAD("6.13.2", "\xE0 \xE1 \xE2 \xE3 \xE4 \xEE \xEF "),
    BAD("6.13.3", "\xF0 \xF1 \xF2 \xF3 \xF4 \xF6 \xF7 "),
    BAD("6.13.4", "\xF8 \xF9 \xFA "),
    BAD("6.13.5", "\xFC \xFD "),
    /* 6.14: sequences without their last byte */
    BAD("6.14.1", "\xC0"),
    BAD("6.14.2", "\xE0\x80"),
    BAD("6.14.3", "\xF0\x80\x80"),
    BAD("6.14.4", "\xF8\x80\x80\x80"),
    BAD("6.14.5", "\xFC\x80\x80\x80\x80"),
    BAD("6.14.6", "\xDF"),
    BAD("6.14.7", "\xEF\xBF"),
    BAD("6.14.8", "\xF7\xBF\xBF"),
    BAD("6.14.9", "\xFB\xBF\xBF\xBF"),
    BAD("6.14.10", "\xFD\xBF\xBF\xBF\xBF"),
    /* 6.15: all of these in a row */
    BAD("6.15.1", "\xC0\xE0\x80\xF0\x80\x80\xF8\x80\x80\x80\xFC\x80\x80\x80\x80\xDF\xEF\xBF\xF7\xBF"
                  "\xBF\xFB\xBF\xBF\xBF\xFD\xBF\xBF\xBF\xBF"),
    /* 6.16: bytes that never stand in UTF-8 */
    BAD("6.16.1", "\xFE"),
    BAD("6.16.2", "\xFF"),
    BAD("6.16.3", "\xFE\xFE\xFF\xFF"),
    /* 6.17: a slash, overlong */
    BAD("6.17.1", "\xC0\xAF"),
    BAD("6.17.2", "\xE0\x80\xAF"),
    BAD("6.17.3", "\xF0\x80\x80\xAF"),
    BAD("6.17.4", "\xF8\x80\x80\x80\xAF"),
    BAD("6.17.5", "\xFC\x80\x80\x80\x80\xAF"),
    /* 6.18: the largest overlong ones */
    BAD("6.18.1", "\xC1\xBF"),
    BAD("6.18.2", "\xE0\x9F\xBF"),
    BAD("6.18.3", "\xF0\x8F\xBF\xBF"),
    BAD("6.18.4", "\xF8\x87\xBF\xBF\xBF"),
    BAD("6.18.5", "\xFC\x83\xBF\xBF\xBF\xBF"),
    /* 6.19: NUL, overlong */
    BAD("6.19.1", "\xC0\x80"),
    BAD("6.19.2", "\xE0\x80\x80"),
    BAD("6.19.3", "\xF0\x80\x80\x80"),
    BAD("6.19.4", "\xF8\x80\x80\x80\x80"),
    BAD("6.19.5", "\xFC\x80\x80\x80\x80\x80"),
    /* 6.20: single surrogates */
    BAD("6.20.1", "\xED\xA0\x80"),
    BAD("6.20.2", "\xED\xAD\xBF"),
    BAD("6.20.3", "\xED\xAE\x80"),
    BAD("6.20.4", "\xED\xAF\xBF"),
    BAD("6.20.5", "\xED\xB0\x80"),
    BAD("6.20.6", "\xED\xBE\x80"),
    BAD("6.20.7", "\xED\xBF\xBF"),
    /* 6.21: pairs of them */
    BAD("6.21.1", "\xED\xA0\x80\xED\xB0\x80"),
    BAD("6.21.2", "\xED\xA0\x80\xED\xBF\xBF"),
    BAD("6.21.3", "\xED\xAD\xBF\xED\xB0\x80"),
    BAD("6.21.4", "\xED\xAD\xBF\xED\xBF\xBF"),
    BAD("6.21.5", "\xED\xAE\x80\xED\xB0\x80"),
    BAD("6.21.6", "\xED\xAE\x80\xED\xBF\xBF"),
    BAD("6.21.7", "\xED\xAF\xBF\xED\xB0\x80"),
    BAD("6.21.8", "\xED\xAF\xBF\xED\xBF\xBF"),
    /* 6.22: non-characters are characters here: the last two code points of planes */
    GOOD("6.22.1", "\xEF\xBF\xBE"),
    GOOD("6.22.2", "\xEF\xBF\xBF"),
    GOOD("6.22.3", "\xF0\x9F\xBF\xBE"),
    GOOD("6.22.4", "\xF0\x9F\xBF\xBF"),
    GOOD("6.22.5", "\xF0\xAF\xBF\xBE"),
    GOOD("6.22.6", "\xF0\xAF\xBF\xBF"),
    GOOD("6.22.7", "\xF0\xBF\xBF\xBE"),
    GOOD("6.22.8", "\xF0\xBF\xBF\xBF"),
    GOOD("6.22.9", "\xF1\x8F\xBF\xBE"),
    GOOD("6.22.10", "\xF1\x8F\xBF\xBF"),
    GOOD("6.22.11", "\xF1\x9F\xBF\xBE"),
    GOOD("6.22.12", "\xF1\x9F\xBF\xBF"),
    GOOD("6.22.13", "\xF1\xAF\xBF\xBE"),
    GOOD("6.22.14", "\xF1\xAF\xBF\xBF"),
    GOOD("6.22.15", "\xF1\xBF\xBF\xBE"),
    GOOD("6.22.16", "\xF1\xBF\xBF\xBF"),
    GOOD("6.22.17", "\xF2\x8F\xBF\xBE"),
    GOOD("6.22.18", "\xF2\x8F\xBF\xBF"),
    GOOD("6.22.19", "\xF2\x9F\xBF\xBE"),
    GOOD("6.22.20", "\xF2\x9F\xBF\xBF"),
    GOOD("6.22.21", "\xF2\xAF\xBF\xBE"),
    GOOD("6.22.22", "\xF2\xAF\xBF\xBF"),
    GOOD("6.22.23", "\xF2\xBF\xBF\xBE"),
    GOOD("6.22.24", "\xF2\xBF\xBF\xBF"),
    GOOD("6.22.25", "\xF3\x8F\xBF\xBE"),
    GOOD("6.22.26", "\xF3\x8F\xBF\xBF"),
    GOOD("6.22.27", "\xF3\x9F\xBF\xBE"),
    GOOD("6.22.28", "\xF3\x9F\xBF\xBF"),
    GOOD("6.22.29", "\xF3\xAF\xBF\xBE"),
    GOOD("6.22.30", "\xF3\xAF\xBF\xBF"),
    GOOD("6.22.31", "\xF3\xBF\xBF\xBE"),
    GOOD("6.22.32", "\xF3\xBF\xBF\xBF"),
    GOOD("6.22.33", "\xF4\x8F\xBF\xBE"),
    GOOD("6.22.34", "\xF4\x8F\xBF\xBF"),
    /* 6.23: the specials of the first plane */
    GOOD("6.23.1", "\xEF\xBF\xB9"),
    GOOD("6.23.2", "\xEF\xBF\xBA"),
    GOOD("6.23.3", "\xEF\xBF\xBB"),
    GOOD("6.23.4", "\xEF\xBF\xBC"),
    GOOD("6.23.5", "\xEF\xBF\xBD"),
    GOOD("6.23.6", "\xEF\xBF\xBE"),
    GOOD("6.23.7", "\xEF\xBF\xBF"),
};
