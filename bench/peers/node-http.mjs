// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// node-http.mjs: Node's server for either of its peers.

import * as http from "node:http";
import * as https from "node:https";
import { backlog, host, port, tls } from "./setting.mjs";

export const server = tls ? https.createServer(tls) : http.createServer();

export function listen() {
  server.listen({ port, host, backlog });
}
