/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.h: the inside of a session, shared by the files of this floor.
 *
 *   session.c     its states, heartbeat, what packets mean, sending and closing
 *   polling.c     the transport that is a pending GET and POSTs
 *   websocket.c   the transport that is a WebSocket, and the probe that may become it
 *   compress.c    answers to polls, compressed
 *   handshake.c   what is kept of the request that opened it
 *   directory.c   which worker has which session
 *   admission.c   who may have a session, and with which id
 *   leaving.c     its end when another worker may have read something before it
 *   trace.c       packets, for who debugs
 *   watch.c       sessions and packets, for programs that look on
 *   measure.c     what is counted
 *   server.c      requests: which session, which transport, or which error
 */

#ifndef VIREO_ENGINEIO_SESSION_H
#define VIREO_ENGINEIO_SESSION_H

#include "base/table.h"
#include "engineio/directory.h"
#include "engineio/lines.h"
#include "engineio/outbox.h"
#include "engineio/packet.h"
#include "engineio/server.h"
#include "http/server.h"
#include "loop/deadline.h"
#include "ws/conn.h"

typedef enum vireo__eio_state {
    VIREO__EIO_STATE_OPEN,
    /* asked to close, waits until its transport has sent what was queued */
    VIREO__EIO_STATE_CLOSING,
    VIREO__EIO_STATE_CLOSED /* on_close comes at the end of the turn */
} vireo__eio_state;

typedef struct vireo__eio_websocket vireo__eio_websocket;

struct vireo__eio_session {
    vireo__eio_server *server;
    vireo__list node;
    vireo__table_link by_id;     /* server->sessions */
    vireo__eio_websocket *ws;    /* the transport; NULL while it is polling */
    vireo__eio_websocket *probe; /* a WebSocket that wants to become it */
    vireo_req *poll;             /* the pending GET */
    vireo_req *post;             /* a POST whose body is arriving, or that waits (post_held) */
    vireo__outbox outbox;        /* waits for a GET, or for room in the WebSocket's queue */
    vireo__turn_task turn;       /* answers the GET, tells of a flush, or says on_close */
    union {
        /* until the next PING, or for the PONG; while closing: for the last GET */
        vireo__deadline heartbeat;
        struct {                /* once it is closed */
            const char *reason; /* static */
            const char *description;
            uint32_t queued_at_end;
        };
    };
    uint8_t state;    /* vireo__eio_state */
    bool refused : 1; /* by on_open: nobody hears of its end */
    bool awaiting_pong : 1;
    bool pong_extended : 1; /* the PONG's deadline was moved once since the PING */
    bool v3 : 1;            /* it speaks Engine.IO v3 */
    bool octets : 1;        /* v3: it reads payloads of octets */
    bool jsonp : 1;         /* it polls by scripts and forms */
    bool base64 : 1;        /* its WebSocket takes binary messages as text (b64=1) */
    bool post_held : 1;     /* |post| has said that the session ends, and is answered then */
    char id[VIREO__ID_SIZE];
    uint16_t close_code; /* of the client's close frame; 0: none */
    /* behind all that, in the same block: the owner's place, the handshake */
    _Alignas(8) uint8_t owner[];
};

struct vireo__eio_server {
    vireo_app *app;
    vireo_loop *loop;
    const vireo__eio_events *events;
    void *owner;
    vireo__eio_options options;
    vireo__ws_limits ws_limits;
    vireo__mount mount;
    vireo__part part;
    vireo__eio_counts counts;
    vireo__table sessions;       /* by id */
    vireo__directory *directory; /* of those of all workers; NULL: it is alone */
    size_t closing;              /* how many of them are in that state */
    vireo__list list;
    vireo__list websockets; /* all that are open, transport or not */
    vireo__list closed;     /* sessions whose on_close is still to come */
    vireo__list leavings;   /* of leaving.c */
    vireo__id_source ids;
    vireo__lines lines;    /* of handshakes */
    vireo__shared *ping;   /* the one PING frame for all */
    vireo__shared *pong;   /* .. and for clients of v3, which ask */
    vireo__buf compressed; /* the answer to a poll that is being sent */
    char *initial_packet;
    char *prefix;
};

/* --- session.c -------------------------------------------------------------------------------- */

/* vireo__eio_sessions_init makes server->sessions. */
void vireo__eio_sessions_init(vireo__eio_server *server);

/* vireo__eio_session_find returns the session of that id, which is not closed, or NULL. */
vireo__eio_session *vireo__eio_session_find(const vireo__eio_server *server, const char *id,
                                            size_t n);

/* vireo__eio_session_new registers a session named |id| for the handshake request |r|, which says
 * what it speaks; NULL when memory runs out. */
vireo__eio_session *vireo__eio_session_new(vireo__eio_server *server, vireo_req *r, const char *id);

/* vireo__eio_session_start: its transport has sent the OPEN packet. */
void vireo__eio_session_start(vireo__eio_session *s);

/* vireo__eio_session_packet acts on a packet that its transport received. */
void vireo__eio_session_packet(vireo__eio_session *s, const vireo__eio_packet *packet);

/* vireo__eio_session_end closes it at once; |reason| and |description| are static. Nothing if it is
 * closed. */
void vireo__eio_session_end(vireo__eio_session *s, const char *reason, const char *description);

/* vireo__eio_session_too_slow ends it because its client does not take what is queued for it.
 * Returns VIREO_EFULL. */
int vireo__eio_session_too_slow(vireo__eio_session *s);

/* vireo__eio_req_v3 tells whether a request speaks v3: what does not say 4 does. */
bool vireo__eio_req_v3(const vireo_req *r);

/* vireo__eio_session_write_open appends its OPEN packet. */
int vireo__eio_session_write_open(const vireo__eio_session *s, bool over_websocket,
                                  vireo__buf *out);

/* vireo__eio_session_finish says on_close and frees a closed session; for the server's end, else
 * the turn does it. */
void vireo__eio_session_finish(vireo__eio_session *s);

/* --- leaving.c -------------------------------------------------------------------------------- */

/* vireo__eio_leave ends a polling session as its client wants it: at once, or, where there are
 * other workers, when what the client has sent before is here.
 *
 * last   what the pending GET is answered with
 * Returns whether it waits. */
bool vireo__eio_leave(vireo__eio_session *s, const char *last, const char *reason,
                      const char *description);

/* vireo__eio_leavings_free forgets those that wait; with the server's end. */
void vireo__eio_leavings_free(vireo__eio_server *server);

/* --- handshake.c ------------------------------------------------------------------------------ */

/* vireo__eio_session_alloc returns new: a session that is all zero but for its server and what is
 * kept of |r|; NULL when memory runs out. */
vireo__eio_session *vireo__eio_session_alloc(vireo__eio_server *server, vireo_req *r);
void vireo__eio_session_free(vireo__eio_session *s);

/* --- admission.c ------------------------------------------------------------------------------ */

typedef enum vireo__eio_decision {
    VIREO__EIO_NO,
    VIREO__EIO_YES,
    VIREO__EIO_UNDECIDED /* the request is kept; on_request or on_upgrade comes once more */
} vireo__eio_decision;

/* vireo__eio_ask_allowed asks whether a request may have a session. |*message| is what it is told
 * if not; valid as long as |r|. */
vireo__eio_decision vireo__eio_ask_allowed(vireo__eio_server *server, vireo_req *r,
                                           const char **message);

/* vireo__eio_ask_id makes, or asks for, the session's id. */
vireo__eio_decision vireo__eio_ask_id(vireo__eio_server *server, vireo_req *r,
                                      char id[VIREO__ID_SIZE]);

/* --- compress.c ------------------------------------------------------------------------------- */

/* vireo__eio_compress compresses the body of an answer to |r|, where that is wanted: then |*body|
 * is borrowed from the server until the next call, and the header that tells is set. */
void vireo__eio_compress(vireo__eio_server *server, vireo_req *r, vireo__str *body);

/* --- measure.c -------------------------------------------------------------------------------- */

void vireo__eio_measure(const vireo__eio_server *server, vireo__exposition *x);

/* --- trace.c ---------------------------------------------------------------------------------- */

/* vireo__eio_trace writes a line about a message of Socket.IO ("<-" or "->"), for
 * VIREO__DEBUG_ENGINE_SOCKET; vireo__eio_trace_frame, one about a frame that is sent. */
void vireo__eio_trace(const vireo__eio_session *s, const char *direction, bool binary,
                      const void *data, size_t len);
void vireo__eio_trace_frame(const vireo__eio_session *s, const vireo__shared *frame);

/* --- watch.c ---------------------------------------------------------------------------------- */

/* vireo__eio_watch_packet shows a packet that came, vireo__eio_watch_frame one that is queued. */
void vireo__eio_watch_packet(vireo__eio_session *s, const vireo__eio_packet *packet);
void vireo__eio_watch_frame(vireo__eio_session *s, vireo__shared *frame);

/* vireo__eio_watch_flush tells that packets are handed to the transport, if that is wanted. */
void vireo__eio_watch_flush(vireo__eio_session *s, size_t packets, size_t bytes);

/* --- polling.c -------------------------------------------------------------------------------- */

/* a GET without sid */
int vireo__eio_polling_open(vireo__eio_server *server, vireo_req *r, const char *id);
int vireo__eio_polling_get(vireo__eio_session *s, vireo_req *r);
/* its body is still to come */
void vireo__eio_polling_post_head(vireo__eio_session *s, vireo_req *r);
int vireo__eio_polling_post(vireo__eio_session *s, vireo_req *r); /* .. has come */
/* .. is answered, whatever becomes of what it brought */
int vireo__eio_polling_answer_post(vireo__eio_server *server, vireo_req *r);
/* at the end of a turn */
void vireo__eio_polling_flush(vireo__eio_session *s);
/* answers the pending GET, so that the client can leave it */
void vireo__eio_polling_noop(vireo__eio_session *s);
/* polling is over: lets go of a POST, answers the pending GET with one of: */
void vireo__eio_polling_end(vireo__eio_session *s, const char *last);
#define VIREO__EIO_CLOSE_PACKET "1"
#define VIREO__EIO_NOOP_PACKET  "6"

/* --- websocket.c ------------------------------------------------------------------------------ */

/* an upgrade without sid */
void vireo__eio_websocket_open(vireo__eio_server *server, vireo_req *r, const char *id);
void vireo__eio_websocket_probe(vireo__eio_session *s, vireo_req *r); /* .. with one */
int vireo__eio_websocket_send(vireo__eio_websocket *w, vireo__shared *frame, vireo__written_fn done,
                              void *user);
/* gives it what waits in the session's outbox */
void vireo__eio_websocket_flush(vireo__eio_session *s);
/* at the end of a turn, where flushes are watched: what was given to it is written now */
void vireo__eio_websocket_written(vireo__eio_websocket *w);
/* with the close handshake; stays attached */
void vireo__eio_websocket_close(vireo__eio_websocket *w);
/* closes it and forgets the session */
void vireo__eio_websocket_detach(vireo__eio_websocket *w);
/* closes what is left, soon */
void vireo__eio_websockets_stop(vireo__eio_server *server);
bool vireo__eio_websocket_writable(const vireo__eio_websocket *w);
size_t vireo__eio_websocket_queued(const vireo__eio_websocket *w);

#endif
