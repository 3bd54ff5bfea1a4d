/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tunnel.c: what a proxy answers. The first byte says which kind of proxy it is and in pieces of
 * which size the rest arrives; whatever it says, the result must be that of one piece. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "net/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

typedef struct run {
    int result;
    size_t taken;
    vireo__buf out;
    char text[sizeof((vireo__tunnel *)0)->text];
} run;

static void speak(run *r, const vireo__proxy *proxy, const uint8_t *data, size_t size, size_t piece)
{
    vireo__tunnel t;
    *r = (run){0};
    vireo__buf_init(&r->out, VIREO__BUF_UNLIMITED);
    expect(vireo__tunnel_init(&t, proxy, "example.org", 443, &r->out) == 0);
    while (r->result == 0 && r->taken < size) {
        size_t n = size - r->taken < piece ? size - r->taken : piece, taken;
        r->result = vireo__tunnel_feed(&t, data + r->taken, n, &taken, &r->out);
        expect(taken <= n && (taken == n || r->result != 0));
        r->taken += taken;
    }
    expect(t.in.len <= VIREO__TUNNEL_MAX_HEAD);
    memcpy(r->text, t.text, sizeof r->text);
    vireo__tunnel_deinit(&t);
}

static void check(const run *r)
{
    const char *text = r->text;
    expect(r->result == 1 || r->result == 0 || r->result == VIREO_EREFUSED ||
           r->result == VIREO_EPROTO || r->result == VIREO_ETOOBIG);
    expect((r->result < 0) == (text[0] != '\0'));
    expect(memchr(text, '\0', sizeof r->text) != NULL);
    for (; *text != '\0'; text++)
        expect(*text >= ' ' && *text < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char host[] = "proxy", user[] = "user", password[] = "secret";
    vireo__proxy proxy = {.host = host, .port = 1080};
    run whole, pieces;
    if (size == 0)
        return 0;
    proxy.kind = data[0] & 1 ? VIREO__PROXY_SOCKS5 : VIREO__PROXY_HTTP;
    if (data[0] & 2) {
        proxy.user = user;
        proxy.password = password;
    }
    speak(&whole, &proxy, data + 1, size - 1, size);
    speak(&pieces, &proxy, data + 1, size - 1, (size_t)(data[0] >> 2) + 1);
    check(&whole);
    expect(whole.result == pieces.result && whole.taken == pieces.taken);
    expect(strcmp(whole.text, pieces.text) == 0);
    expect(whole.out.len == pieces.out.len &&
           memcmp(whole.out.data, pieces.out.data, whole.out.len) == 0);
    vireo__buf_deinit(&whole.out);
    vireo__buf_deinit(&pieces.out);
    return 0;
}
