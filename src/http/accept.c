/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/accept.h"

#include "base/str.h"

/* One range of the header. */
typedef struct wish {
    vireo__str name;   /* "text/html", "gzip", "*" */
    vireo__str params; /* behind the first ';', without q */
    unsigned quality;  /* 0..1000 */
} wish;

/* How well a thing on offer is liked. */
typedef struct liking {
    unsigned quality;
    unsigned specific; /* of the range that fits it; 0 fits least */
    size_t order;      /* of that range */
} liking;

static bool is_star(vireo__str s)
{
    return s.len == 1 && s.at[0] == '*';
}

/* Cuts at the first |c|; what is behind it, or nothing, is |*rest|. */
static vireo__str cut(vireo__str s, char c, vireo__str *rest)
{
    const char *at = s.len > 0 ? memchr(s.at, c, s.len) : NULL;
    size_t n = at ? (size_t)(at - s.at) : s.len;
    *rest = at ? (vireo__str){at + 1, s.len - n - 1} : (vireo__str){s.at + s.len, 0};
    return vireo__str_trim((vireo__str){s.at, n});
}

/* Section 12.4.2: 0 to 1 with at most three digits behind the point. What is none counts as 0: a
 * client that cannot say how much it likes something is not given it before others. */
static unsigned read_quality(vireo__str text)
{
    static const unsigned weights[] = {100, 10, 1};
    unsigned q = 0;
    if (text.len == 0 || text.len > 5 || (text.at[0] != '0' && text.at[0] != '1') ||
        (text.len > 1 && text.at[1] != '.'))
        return 0;
    for (size_t i = 2; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        q += (unsigned)(text.at[i] - '0') * weights[i - 2];
    }
    return text.at[0] == '1' ? (q == 0 ? 1000 : 0) : q;
}

/* The parameters of a media range end where q stands; what is behind it are extensions of Accept,
 * which nobody uses. */
static wish read_wish(vireo__str item)
{
    wish w = {.quality = 1000};
    vireo__str_next_part(&item, ';', &w.name);
    w.params = (vireo__str){item.at, 0};
    for (vireo__str param; vireo__str_next_part(&item, ';', &param);) {
        vireo__str value;
        vireo__str name = cut(param, '=', &value);
        if (vireo__str_equal_nocase(name, "q")) {
            w.quality = read_quality(vireo__str_trim(value));
            return w;
        }
        w.params.len = (size_t)(param.at + param.len - w.params.at);
    }
    return w;
}

static vireo__str unquoted(vireo__str s)
{
    s = vireo__str_trim(s);
    return s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"'
               ? (vireo__str){s.at + 1, s.len - 2}
               : s;
}

static bool has_param(vireo__str params, vireo__str name, vireo__str value)
{
    for (vireo__str param, other; vireo__str_next_part(&params, ';', &param);)
        if (vireo__str_same_nocase(cut(param, '=', &other), name) &&
            vireo__str_same_nocase(unquoted(other), unquoted(value)))
            return true;
    return false;
}

static bool params_fit(vireo__str wanted, vireo__str offered)
{
    for (vireo__str param, value; vireo__str_next_part(&wanted, ';', &param);) {
        vireo__str name = cut(param, '=', &value);
        if (name.len > 0 && !has_param(offered, name, value))
            return false;
    }
    return true;
}

/* Returns how specific the range is that fits, or -1 when it does not. */
static int type_fits(const wish *w, vireo__str offer)
{
    vireo__str subtype, wanted_sub, params;
    vireo__str name = cut(offer, ';', &params);
    vireo__str type = cut(name, '/', &subtype);
    vireo__str wanted = cut(w->name, '/', &wanted_sub);
    int specific = 0;
    if (vireo__str_same_nocase(type, wanted))
        specific += 4;
    else if (!is_star(wanted))
        return -1;
    if (vireo__str_same_nocase(subtype, wanted_sub))
        specific += 2;
    else if (!is_star(wanted_sub))
        return -1;
    if (w->params.len > 0 && !params_fit(w->params, params))
        return -1;
    return specific + (w->params.len > 0);
}

/* RFC 4647 section 3.3.1, and the other way round: who reads "en-US" reads "en" too. */
static int language_fits(const wish *w, vireo__str offer)
{
    vireo__str rest;
    if (vireo__str_same_nocase(w->name, offer))
        return 4;
    if (vireo__str_same_nocase(cut(w->name, '-', &rest), offer))
        return 2;
    if (vireo__str_same_nocase(w->name, cut(offer, '-', &rest)))
        return 1;
    return is_star(w->name) ? 0 : -1;
}

static int fits(vireo__accept kind, const wish *w, vireo__str offer)
{
    if (kind == VIREO__ACCEPT_TYPE)
        return type_fits(w, offer);
    if (kind == VIREO__ACCEPT_LANGUAGE)
        return language_fits(w, offer);
    return vireo__str_same_nocase(w->name, offer) ? 1 : is_star(w->name) ? 0 : -1;
}

static bool is_encoding(vireo__accept kind)
{
    return kind == VIREO__ACCEPT_ENCODING || kind == VIREO__ACCEPT_ENCODING_IN_ORDER;
}

/* Clients name the encodings they know in no particular order. */
static bool better(vireo__accept kind, const liking *a, const liking *b)
{
    if (a->quality != b->quality)
        return a->quality > b->quality;
    if (a->specific != b->specific)
        return a->specific > b->specific;
    return kind != VIREO__ACCEPT_ENCODING && a->order < b->order;
}

/* Section 12.5.3: "If the representation has no content coding, then it is acceptable by default
 * unless specifically excluded". It is then liked less than all that is named. */
static liking judge_identity(const wish *wishes, size_t count)
{
    unsigned least = 1000;
    for (size_t i = 0; i < count; i++)
        if (wishes[i].quality > 0 && wishes[i].quality < least)
            least = wishes[i].quality;
    return (liking){.quality = least, .order = count};
}

static liking judge(vireo__accept kind, const wish *wishes, size_t count, vireo__str offer)
{
    liking l = {0};
    int specific = -1;
    for (size_t i = 0; i < count; i++) {
        int s = fits(kind, &wishes[i], offer);
        if (s < specific || s < 0 || (s == specific && wishes[i].quality <= l.quality))
            continue;
        specific = s;
        l = (liking){wishes[i].quality, (unsigned)s, i};
    }
    if (specific < 0 && is_encoding(kind) && vireo__str_equal_nocase(offer, "identity"))
        return judge_identity(wishes, count);
    return l;
}

int vireo__accept_best(vireo__accept kind, const char *header, const char *const *offers, size_t n)
{
    wish wishes[VIREO__MAX_ACCEPT];
    size_t count = 0;
    int best = -1;
    liking most = {0};
    if (header == NULL)
        header = kind == VIREO__ACCEPT_TYPE ? "*/*" : is_encoding(kind) ? "" : "*";
    vireo__str rest = vireo__str_of(header), item;
    while (count < VIREO__MAX_ACCEPT && vireo__str_next_part(&rest, ',', &item))
        if (item.len > 0)
            wishes[count++] = read_wish(item);
    for (size_t i = 0; i < n; i++) {
        liking l = judge(kind, wishes, count, vireo__str_trim(vireo__str_of(offers[i])));
        if (l.quality > 0 && (best < 0 || better(kind, &l, &most))) {
            best = (int)i;
            most = l;
        }
    }
    return best;
}
