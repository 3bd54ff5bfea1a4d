/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/exposition.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

typedef struct vireo__sample {
    const vireo__metric *metric;
    uint64_t value;
    size_t labels; /* where they stand in the buffer */
    size_t labels_len;
} sample;

void vireo__exposition_init(vireo__exposition *x)
{
    *x = (vireo__exposition){0};
    vireo__buf_init(&x->labels, VIREO__BUF_UNLIMITED);
}

void vireo__exposition_deinit(vireo__exposition *x)
{
    free(x->samples);
    vireo__buf_deinit(&x->labels);
}

/* --- adding ----------------------------------------------------------------------------------- */

static sample *find(const vireo__exposition *x, const vireo__metric *metric, size_t labels)
{
    size_t len = x->labels.len - labels;
    for (size_t i = 0; i < x->count; i++) {
        sample *s = &x->samples[i];
        if (s->metric == metric && s->labels_len == len &&
            (len == 0 || memcmp(x->labels.data + s->labels, x->labels.data + labels, len) == 0))
            return s;
    }
    return NULL;
}

static sample *append(vireo__exposition *x)
{
    if (x->count == x->room) {
        size_t room = x->room > 0 ? 2 * x->room : 64;
        sample *more = realloc(x->samples, room * sizeof *more);
        if (more == NULL)
            return NULL;
        x->samples = more;
        x->room = room;
    }
    return &x->samples[x->count++];
}

static void write_value_of_label(vireo__buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            vireo__buf_append_str(b, "\\n");
        else if (*text == '"' || *text == '\\')
            vireo__buf_append(b, (char[]){'\\', *text}, 2);
        else
            vireo__buf_append_byte(b, (uint8_t)*text);
    }
}

static void write_labels(vireo__buf *b, const char *const *labels)
{
    for (const char *const *at = labels; at != NULL && *at != NULL; at += 2) {
        if (at != labels)
            vireo__buf_append_byte(b, ',');
        vireo__buf_append_str(b, at[0]);
        vireo__buf_append_str(b, "=\"");
        write_value_of_label(b, at[1]);
        vireo__buf_append_byte(b, '"');
    }
}

/* The labels stand in the buffer, from |begin| on. */
static void expose(vireo__exposition *x, const vireo__metric *metric, uint64_t value, size_t begin)
{
    if (x->labels.error < 0) {
        x->error = x->labels.error;
        return;
    }
    sample *known = find(x, metric, begin);
    if (known != NULL) {
        known->value += value;
        x->labels.len = begin;
        return;
    }
    sample *s = append(x);
    if (s == NULL)
        x->error = VIREO_ENOMEM;
    else
        *s = (sample){metric, value, begin, x->labels.len - begin};
}

void vireo__expose(vireo__exposition *x, const vireo__metric *metric, uint64_t value,
                   const char *const *labels)
{
    size_t begin = x->labels.len;
    write_labels(&x->labels, labels);
    expose(x, metric, value, begin);
}

void vireo__exposition_add(vireo__exposition *x, const vireo__exposition *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const sample *s = &from->samples[i];
        size_t begin = x->labels.len;
        if (s->labels_len > 0)
            vireo__buf_append(&x->labels, from->labels.data + s->labels, s->labels_len);
        expose(x, s->metric, s->value, begin);
    }
    if (from->error < 0)
        x->error = from->error;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_value(vireo__buf *out, const sample *s)
{
    char micros[16];
    vireo__buf_append_byte(out, ' ');
    if (s->metric->scale == VIREO__UNITS) {
        vireo__buf_append_u64(out, s->value);
    } else {
        vireo__buf_append_u64(out, s->value / 1000000);
        snprintf(micros, sizeof micros, ".%06u", (unsigned)(s->value % 1000000));
        vireo__buf_append_str(out, micros);
    }
    vireo__buf_append_byte(out, '\n');
}

static void write_sample(const vireo__exposition *x, const sample *s, vireo__buf *out)
{
    vireo__buf_append_str(out, s->metric->name);
    if (s->labels_len > 0) {
        vireo__buf_append_byte(out, '{');
        vireo__buf_append(out, x->labels.data + s->labels, s->labels_len);
        vireo__buf_append_byte(out, '}');
    }
    write_value(out, s);
}

static void write_head(const vireo__metric *metric, vireo__buf *out)
{
    const char *const parts[] = {"# HELP ",
                                 metric->name,
                                 " ",
                                 metric->help,
                                 "\n# TYPE ",
                                 metric->name,
                                 metric->type == VIREO__COUNTER ? " counter\n" : " gauge\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        vireo__buf_append_str(out, parts[i]);
}

static bool is_first_of_family(const vireo__exposition *x, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (x->samples[k].metric == x->samples[i].metric)
            return false;
    return true;
}

int vireo__exposition_write(const vireo__exposition *x, vireo__buf *out)
{
    for (size_t i = 0; i < x->count; i++) {
        if (!is_first_of_family(x, i))
            continue;
        write_head(x->samples[i].metric, out);
        for (size_t k = i; k < x->count; k++)
            if (x->samples[k].metric == x->samples[i].metric)
                write_sample(x, &x->samples[k], out);
    }
    return x->error < 0 ? x->error : out->error;
}
