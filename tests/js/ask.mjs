// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Commands of the server "remote" (interop/remote-reference.mjs) that have a result later.

import { randomUUID } from "node:crypto";
import { within } from "./wait.mjs";

/** Sends a command that has its result later; resolves to [error, value]. */
export function ask(socket, command, ...args) {
  const token = randomUUID();
  return within(new Promise((resolve) => {
    socket.on("result", function listener(got, error, value) {
      if (got !== token) return;
      socket.off("result", listener);
      resolve([error, value]);
    });
    socket.emit(command, token, ...args);
  }), `the result of ${command}`);
}
