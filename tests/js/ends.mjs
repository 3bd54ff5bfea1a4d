// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// How the official servers of the tests end.

/** On SIGTERM and SIGINT `close` is called, which ends the process when all is done. The HTTP server's
 *  end waits for connections that became WebSockets, even half-closed ones: those are cut after
 *  `patience` milliseconds. */
export function endOnSignal(httpServer, close, patience = 200) {
  const open = new Set();
  httpServer.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  for (const signal of ["SIGTERM", "SIGINT"])
    process.on(signal, () => {
      close();
      setTimeout(() => { for (const socket of open) socket.destroy(); }, patience).unref();
    });
}
