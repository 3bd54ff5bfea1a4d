// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// sio.mjs: socket.io on Node.

import { Server } from "socket.io";
import { answer } from "./events.mjs";
import { listen, server } from "./node-http.mjs";
import { deflate, threshold } from "./setting.mjs";

answer(new Server(server, { serveClient: false, perMessageDeflate: deflate && { threshold } }));
listen();
