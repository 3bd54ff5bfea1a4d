/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* --- dates ------------------------------------------------------------------------------------ */

static const char day_names[7][10] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                      "Monday",   "Tuesday", "Wednesday"};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days since 1970-01-01 of a day in the Gregorian calendar. Years are counted from March, so that
 * the leap day is the last of its year. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (int)(years + era * 400 + (*month <= 2));
}

void vireo__http_date_write(char out[VIREO__HTTP_DATE_SIZE], int64_t seconds)
{
    int year, month, day;
    if (seconds < 0 || seconds > 253402300799) /* the year has four digits */
        seconds = 0;
    int64_t days = seconds / 86400;
    unsigned rest = (unsigned)(seconds % 86400);
    date_of(days, &year, &month, &day);
    snprintf(out, VIREO__HTTP_DATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             day_names[days % 7], (unsigned)day % 100, month_names + 3 * (month - 1),
             (unsigned)year % 10000, rest / 3600, rest / 60 % 60, rest % 60);
}

static int month_of(const char *name)
{
    for (int i = 0; i < 12; i++)
        if (memcmp(name, month_names + 3 * i, 3) == 0)
            return i + 1;
    return 0;
}

/* RFC 9110 section 5.6.7: "a recipient MUST interpret a timestamp that appears to be more than 50
 * years in the future as representing the most recent year in the past that had the same last two
 * digits". Said with a fixed pivot, since a codec has no clock. */
static int full_year(int year)
{
    return year < 70 ? year + 2000 : year + 1900;
}

bool vireo__http_date_read(const char *text, int64_t *seconds)
{
    char month[4] = "";
    int year = 0, day = 0, h = 0, m = 0, s = 0, end = 0;
    if (strlen(text) > 40)
        return false;
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, month, &year, &h,
               &m, &s, &end) == 6 &&
        end > 0) {
        if (end != 29)
            return false;
    } else if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, month, &year,
                      &h, &m, &s, &end) == 6 &&
               end > 0) {
        year = full_year(year);
    } else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month, &day, &h, &m, &s,
                      &year, &end) != 6 ||
               end == 0) {
        return false;
    }
    int number = strlen(month) == 3 ? month_of(month) : 0;
    if (text[end] != '\0' || number == 0 || year < 1970 || day < 1 || day > 31 || h < 0 || h > 23 ||
        m < 0 || m > 59 || s < 0 || s > 60)
        return false;
    *seconds = days_of(year, number, day) * 86400 + h * 3600 + m * 60 + s;
    return true;
}

/* --- heads ------------------------------------------------------------------------------------ */

const char *vireo__status_text(int status)
{
    switch (status) {
#define STATUS(number, text)                                                                       \
    case number:                                                                                   \
        return text;
        STATUS(200, "OK")
        STATUS(201, "Created")
        STATUS(202, "Accepted")
        STATUS(203, "Non-Authoritative Information")
        STATUS(204, "No Content")
        STATUS(205, "Reset Content")
        STATUS(206, "Partial Content")
        STATUS(300, "Multiple Choices")
        STATUS(301, "Moved Permanently")
        STATUS(302, "Found")
        STATUS(303, "See Other")
        STATUS(304, "Not Modified")
        STATUS(307, "Temporary Redirect")
        STATUS(308, "Permanent Redirect")
        STATUS(400, "Bad Request")
        STATUS(401, "Unauthorized")
        STATUS(402, "Payment Required")
        STATUS(403, "Forbidden")
        STATUS(404, "Not Found")
        STATUS(405, "Method Not Allowed")
        STATUS(406, "Not Acceptable")
        STATUS(408, "Request Timeout")
        STATUS(409, "Conflict")
        STATUS(410, "Gone")
        STATUS(411, "Length Required")
        STATUS(412, "Precondition Failed")
        STATUS(413, "Payload Too Large")
        STATUS(414, "URI Too Long")
        STATUS(415, "Unsupported Media Type")
        STATUS(416, "Range Not Satisfiable")
        STATUS(417, "Expectation Failed")
        STATUS(418, "I'm a Teapot")
        STATUS(421, "Misdirected Request")
        STATUS(422, "Unprocessable Content")
        STATUS(425, "Too Early")
        STATUS(426, "Upgrade Required")
        STATUS(428, "Precondition Required")
        STATUS(429, "Too Many Requests")
        STATUS(431, "Request Header Fields Too Large")
        STATUS(500, "Internal Server Error")
        STATUS(501, "Not Implemented")
        STATUS(502, "Bad Gateway")
        STATUS(503, "Service Unavailable")
        STATUS(504, "Gateway Timeout")
        STATUS(505, "HTTP Version Not Supported")
        STATUS(507, "Insufficient Storage")
#undef STATUS
    default:
        return "";
    }
}

static void append_type(vireo__buf *out, const char *type)
{
    static const char text[] = "text/";
    vireo__buf_append_str(out, "\r\nContent-Type: ");
    vireo__buf_append_str(out, type);
    bool is_text = strlen(type) > 5 && vireo__str_equal_nocase((vireo__str){type, 5}, text);
    if (is_text && strstr(type, "charset=") == NULL)
        vireo__buf_append_str(out, "; charset=utf-8");
}

void vireo__reply_head_write(vireo__buf *out, const vireo__reply_head *head)
{
    static const char *const connections[] = {"", "\r\nConnection: close",
                                              "\r\nConnection: keep-alive"};
    vireo__buf_append_str(out, "HTTP/1.1 ");
    vireo__buf_append_u64(out, (uint64_t)head->status);
    vireo__buf_append_str(out, " ");
    vireo__buf_append_str(out, vireo__status_text(head->status));
    if (head->type != NULL)
        append_type(out, head->type);
    /* RFC 9110 section 8.6: "A server MUST NOT send a Content-Length header field in any response
     * with a status code of .. 204". */
    if (!head->no_length && head->status != 204) {
        vireo__buf_append_str(out, "\r\nContent-Length: ");
        vireo__buf_append_u64(out, head->length);
    }
    if (head->chunked)
        vireo__buf_append_str(out, "\r\nTransfer-Encoding: chunked");
    vireo__buf_append_str(out, "\r\nDate: ");
    vireo__buf_append_str(out, head->date);
    vireo__buf_append_str(out, connections[head->connection]);
    vireo__buf_append_str(out, "\r\n");
    vireo__buf_append(out, head->extra, head->extra_len);
    vireo__buf_append_str(out, "\r\n");
}

bool vireo__header_value_valid(const char *value)
{
    for (; *value; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}
