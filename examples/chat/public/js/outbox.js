// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// The outbox: what was typed and is not yet known to be stored.
//
// Each message gets an id when it is typed and keeps it over every attempt. If a connection dies
// between the server's storing a message and its acknowledgement arriving, the message is sent again
// with the same id; the server finds it stored, answers as it did the first time, and shows it to
// nobody twice.
// Messages leave one at a time, each after the one before was acknowledged, so their order is kept.

import { randomId } from "./storage.js";

const RETRY_MS = 1000;

export class Outbox {
  #items;
  #save;
  #transmit;
  #settled;
  #open = false;
  #running = false;

  // load, save   read and write the list in storage
  // transmit     sends one item; resolves to the server's answer, rejects when there was none
  // settled      told each item with its answer, {id, time} or {error, message}; an answer with
  //              {retry} milliseconds is not the last word: the item is sent again after them
  constructor({ load, save, transmit, settled }) {
    this.#items = load();
    this.#save = save;
    this.#transmit = transmit;
    this.#settled = settled;
  }

  get items() {
    return this.#items;
  }

  add(text, room) {
    const item = { id: randomId(), text, room, time: Date.now() };
    this.#items.push(item);
    this.#save(this.#items);
    this.#run();
    return item;
  }

  open() {
    this.#open = true;
    this.#run();
  }

  close() {
    this.#open = false;
  }

  clear() {
    this.#items = [];
    this.#save(this.#items);
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (this.#open && this.#items.length > 0) {
      const item = this.#items[0];
      const answer = await this.#attempt(item);
      if (answer) this.#settle(item, answer);
    }
    this.#running = false;
  }

  // Resolves to the server's last word on the item, or to null: try again.
  async #attempt(item) {
    let answer;
    try {
      answer = await this.#transmit(item);
    } catch {
      if (this.#open) await pause(RETRY_MS);
      return null;
    }
    if (!answer.retry) return answer;
    await pause(answer.retry);
    return null;
  }

  #settle(item, answer) {
    if (this.#items[0] !== item) return; // cleared meanwhile
    this.#items.shift();
    this.#save(this.#items);
    this.#settled(item, answer);
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
