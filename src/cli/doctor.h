/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doctor.h: what the checks of vireo doctor (doctor_checks.c) stand on (doctor.c): requests that
 * are waited for, a WebSocket that is waited for, findings in words. */

#ifndef VIREO_CLI_DOCTOR_H
#define VIREO_CLI_DOCTOR_H

#include "base/buf.h"
#include "cli/link.h"
#include "http/agent.h"

typedef struct doctor {
    cli_target target;
    const char *origin; /* of the page to check CORS for */
    uint64_t tries;     /* of the test for sticky sessions */
    uint32_t patience_ms;
    bool full;
    cli_link link; /* its URL, headers and TLS; it connects nowhere */
    uv_loop_t uv;
    vireo_app *app;
    vireo__tls_ctx *tls;
    bool colours;
    unsigned problems, warnings, passed;
    char base[1024]; /* scheme://host:port */
    char host[256];  /* without brackets */
    char port[8];
    bool secure;
    char path[256]; /* with its slash at the end */
    char ns[256];   /* the URL's path */
    /* what the handshake said */
    bool polling; /* it works */
    char sid[256];
    char cookies[1024]; /* "a=1; b=2", which each further request of the session carries */
    bool no_cookies;    /* .. or none does */
    bool says_websocket;
    uint64_t ping_interval_ms, ping_timeout_ms, max_payload;
} doctor;

/* A request's result. */
typedef struct doctor_answer {
    int error;      /* no answer: why */
    char text[256]; /* .. in words */
    unsigned status;
    uint64_t took_ms;
    char allow_origin[256], allow_credentials[16], location[512], server[64], type[64];
    size_t allow_origins; /* how often that header came */
    char cookies[1024];   /* those it has set */
    vireo__buf body;
} doctor_answer;

/* doctor_ask sends one request on a connection of its own and waits for the end of its answer. Free
 * the answer's body with doctor_done.
 *
 * query    behind the path: "transport=polling&sid=.."
 * origin   NULL: none */
void doctor_ask(doctor *d, doctor_answer *a, const char *method, const char *query,
                const char *origin, const void *body, size_t n);
void doctor_done(doctor_answer *a);

/* doctor_begin and doctor_end are the same in two steps, so that another request fits between. */
typedef struct doctor_request doctor_request;
doctor_request *doctor_begin(doctor *d, doctor_answer *a, const char *method, const char *query,
                             const char *origin, const void *body, size_t n);
void doctor_end(doctor *d, doctor_request *r);

/* A WebSocket of the check. */
typedef struct doctor_ws {
    doctor *d;
    vireo_ws *ws;
    bool open, closed;
    char error[256];
    char last[1024];         /* the first message that was not waited for yet */
    unsigned messages, seen; /* that came; that were waited for */
    unsigned pings;          /* which are answered, and count as no messages */
    uint16_t code;
} doctor_ws;

/* doctor_ws_open connects and waits until it stands or has failed. */
void doctor_ws_open(doctor *d, doctor_ws *w, const char *query);

/* doctor_ws_wait waits for a message that was not waited for yet. False when none came in |ms|. */
bool doctor_ws_wait(doctor *d, doctor_ws *w, uint32_t ms);

/* doctor_ws_pinged waits for a ping of the server. */
bool doctor_ws_pinged(doctor *d, doctor_ws *w, uint32_t ms);
void doctor_ws_close(doctor *d, doctor_ws *w);

/* Findings: what is so, and for the last two what to do. */
__attribute__((format(printf, 3, 4))) void doctor_fine(doctor *d, const char *what,
                                                       const char *text, ...);
__attribute__((format(printf, 4, 5))) void doctor_note(doctor *d, const char *what,
                                                       const char *remedy, const char *text, ...);
__attribute__((format(printf, 4, 5))) void doctor_bad(doctor *d, const char *what,
                                                      const char *remedy, const char *text, ...);

/* doctor_examine makes all checks. */
void doctor_examine(doctor *d);

#define DOCTOR_V4 "EIO=4&transport="

/* What the checks share. doctor_read_open returns new: the handshake that the answer holds, or
 * NULL; doctor_take_open notes what it says. doctor_refusal returns the code of Engine.IO's own
 * refusal, {"code":5,"message":".."}; -1 for none. */
vireo_value *doctor_read_open(const doctor_answer *a);
void doctor_take_open(doctor *d, const vireo_value *open);
int doctor_refusal(const doctor_answer *a, char message[64]);

/* Those that need a session (doctor_session.c). */
void doctor_check_polling(doctor *d);
void doctor_check_upgrade(doctor *d);
void doctor_check_websocket(doctor *d); /* heartbeat and namespace too */
void doctor_check_payload(doctor *d);
void doctor_check_sticky(doctor *d);

#endif
