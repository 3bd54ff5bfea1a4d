// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// bun-sio.mjs: socket.io on Bun, with the engine made for it.

import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import { answer } from "./events.mjs";
import { deflate, host, port } from "./setting.mjs";

const io = new Server({ serveClient: false });
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
answer(io);

const handler = engine.handler();
handler.websocket.perMessageDeflate = deflate;
Bun.serve({ port, hostname: host, ...handler });
