// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The client's half of main.c: "move" as four bytes, all else as one JSON text.

function encode({ type, nsp, data, id }) {
  if (type === 2 && nsp === "/" && id === undefined && data[0] === "move") {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint16(0, data[1].x);
    view.setUint16(2, data[1].y);
    return view.buffer;
  }
  return JSON.stringify({ type, nsp, data, id: id ?? -1 });
}

function decode(piece) {
  if (typeof piece !== "string") {
    const [a, b, c, d] = new Uint8Array(piece);
    return { type: 2, nsp: "/", data: ["move", { x: a << 8 | b, y: c << 8 | d }] };
  }
  const { type, nsp, data, id } = JSON.parse(piece);
  return { type, nsp, data: data ?? undefined, id: id < 0 ? undefined : id };
}

export class Encoder {
  encode(packet) {
    return [encode(packet)];
  }
}

export class Decoder {
  #listeners = new Set();

  on(event, fn) {
    this.#listeners.add(fn);
  }

  off(event, fn) {
    this.#listeners.delete(fn);
  }

  add(piece) {
    const packet = decode(piece);
    for (const fn of this.#listeners) fn(packet);
  }

  destroy() {}
}
