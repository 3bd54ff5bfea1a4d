// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// events.mjs: the contract's Socket.IO events, on any Server of socket.io.

export function answer(io) {
  io.on("connection", (socket) => {
    socket.on("echo", (text) => socket.emit("echo", text));
    socket.on("ack", (text, ack) => ack(text));
    socket.on("bcast", (text) => io.emit("bcast", text));
    socket.on("room", (room, text) => io.to(room).emit("room", room, text));
    socket.on("join", (room, ack) => {
      socket.join(room);
      ack();
    });
  });
}
