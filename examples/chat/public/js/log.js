// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// The conversation: messages in the order of their ids, days between them, what is still on its way at
// the end. A message is known by its id, so one that arrives by two ways is shown once.

import {
  avatar,
  count,
  dayName,
  dayOf,
  el,
  fullTimeOf,
  hue,
  onlyEmoji,
  richText,
  timeOf,
} from "./text.js";

const GROUP_MS = 5 * 60 * 1000; // messages of one person closer than this share one head
const KEEP = 400; // messages kept on the page while one reads the latest
const NEAR_END = 80; // pixels from the end that still count as "at the end"

export class Log {
  #ui;
  #me = "";
  #shown = new Map(); // id -> element
  #pending = new Map(); // outbox id -> element
  #unread = 0;
  #onOlder;
  #onRead;

  // ui: {scroll, log, older, loadOlder, empty, jump, jumpText}
  // onOlder(id) asks for what is before |id|; onRead() is called when the end has come into view
  constructor(ui, { onOlder, onRead }) {
    this.#ui = ui;
    this.#onOlder = onOlder;
    this.#onRead = onRead;
    ui.loadOlder.addEventListener("click", () => this.#askOlder());
    ui.jump.addEventListener("click", () => this.toEnd());
    ui.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#followEnd(ui.scroll, ui.log);
  }

  get atEnd() {
    const s = this.#ui.scroll;
    return s.scrollHeight - s.scrollTop - s.clientHeight < NEAR_END;
  }

  get reading() {
    return this.atEnd && document.visibilityState === "visible";
  }

  // A room was entered: what it said last, and whether it said more before.
  reset(me, messages, more) {
    this.#me = me;
    this.#shown.clear();
    this.#pending.clear();
    this.#unread = 0;
    this.#quietly(() => {
      this.#ui.log.replaceChildren(...messages.map((m) => this.#make(m)));
      this.#relateAll();
    });
    this.#ui.older.hidden = !more;
    this.#refresh();
    this.toEnd();
  }

  // The same room was entered again after an interruption: add what was missed. When too much was
  // missed to join on, start anew.
  resume(me, messages, more) {
    const joinsOn = messages.some((m) => this.#shown.has(m.id));
    if (!joinsOn && (messages.length > 0 || this.#shown.size > 0)) {
      this.reset(me, messages, more);
      return;
    }
    this.#me = me;
    for (const m of messages) this.add(m);
  }

  // A message of another person, or of one's own other window.
  add(message) {
    if (this.#shown.has(message.id)) return;
    const follow = this.atEnd;
    const node = this.#make(message);
    if (!this.reading) this.#markUnread();
    this.#insert(node);
    this.#refresh();
    if (follow) this.#trim();
    if (follow) this.toEnd();
    else this.#scrolled();
  }

  prepend(messages, more) {
    const fresh = messages.filter((m) => !this.#shown.has(m.id)).map((m) => this.#make(m));
    const s = this.#ui.scroll;
    const fromEnd = s.scrollHeight - s.scrollTop;
    this.#quietly(() => {
      this.#ui.log.prepend(...fresh);
      this.#relateAll();
    });
    this.#ui.older.hidden = !more;
    this.#ui.loadOlder.disabled = false;
    s.scrollTop = s.scrollHeight - fromEnd; // what one was reading stays where it was
  }

  // One's own message, shown before the server has it.
  addPending(item) {
    const node = this.#make({ username: this.#me, message: item.text, time: item.time });
    node.dataset.state = "sending";
    this.#pending.set(item.id, node);
    this.#clearDivider();
    this.#ui.log.append(node);
    this.#relate(node);
    this.#refresh();
    this.toEnd();
  }

  // Says below a message that is still on its way why it is.
  note(id, text) {
    const node = this.#pending.get(id);
    if (!node || node.dataset.state === "refused") return;
    node.dataset.state = "waiting";
    this.#noteOf(node).textContent = text;
  }

  // The server has stored it. If it came back to us in the history meanwhile, the copy goes.
  confirm(id, stored) {
    const node = this.#pending.get(id);
    if (!node) return;
    this.#pending.delete(id);
    this.#remove(node);
    if (this.#shown.has(stored.id)) return;
    delete node.dataset.state;
    node.querySelector(".note")?.remove();
    this.#stamp(node, stored);
    this.#insert(node);
  }

  // The server will not have it; |takeBack| gives the text back to its author.
  refuse(id, why, takeBack) {
    const node = this.#pending.get(id);
    if (!node) return;
    node.dataset.state = "refused";
    const button = el("button", "quiet", "Edit");
    button.type = "button";
    button.addEventListener("click", () => {
      this.#pending.delete(id);
      this.#remove(node);
      this.#refresh();
      takeBack();
    });
    this.#noteOf(node).replaceChildren(`Not sent. ${why} `, button);
  }

  // "Ada joined", "Ada left".
  notice(text) {
    const follow = this.atEnd;
    this.#ui.log.append(el("p", "notice", text));
    if (follow) this.toEnd();
  }

  toEnd() {
    this.#ui.scroll.scrollTop = this.#ui.scroll.scrollHeight;
    this.#scrolled();
  }

  // --- one message ------------------------------------------------------------------------------

  #make(message) {
    const own = message.username === this.#me;
    const node = el("div", own ? "message own" : "message");
    node.dataset.author = message.username;
    const head = el("div", "head");
    const who = el("span", "who", own ? "You" : message.username);
    who.style.setProperty("--hue", hue(message.username));
    head.append(who, el("time"));
    const bubble = el("div", "bubble");
    bubble.dir = "auto";
    bubble.append(richText(message.message));
    if (onlyEmoji(message.message)) bubble.classList.add("emoji");
    if (!own) node.append(avatar(message.username));
    node.append(head, bubble);
    this.#stamp(node, message);
    return node;
  }

  #stamp(node, { id, time }) {
    node.dataset.time = time;
    const stamp = node.querySelector("time");
    stamp.dateTime = new Date(time).toISOString();
    stamp.textContent = timeOf(time);
    node.querySelector(".bubble").title = fullTimeOf(time);
    if (id === undefined) return;
    node.dataset.id = id;
    this.#shown.set(id, node);
  }

  #noteOf(node) {
    let note = node.querySelector(".note");
    if (!note) node.append((note = el("p", "note")));
    return note;
  }

  // Before the first that is younger; nearly always that is the end, so it is sought from there.
  #insert(node) {
    const id = Number(node.dataset.id);
    let before = null;
    for (let n = this.#ui.log.lastElementChild; n; n = n.previousElementSibling) {
      if (n.dataset.id !== undefined && Number(n.dataset.id) < id) break;
      if (n.classList.contains("message")) before = n;
    }
    this.#ui.log.insertBefore(node, before);
    this.#relate(node);
    const next = nextMessage(node);
    if (next) this.#relate(next);
  }

  #remove(node) {
    const next = nextMessage(node);
    node.remove();
    if (next) this.#relate(next);
    this.#dropLooseDays();
  }

  // --- days and groups --------------------------------------------------------------------------

  // Does |node| begin a day? Does it go on with what its neighbour above said?
  #relate(node) {
    const above = previousMessage(node);
    const time = Number(node.dataset.time);
    const newDay = !above || dayOf(Number(above.dataset.time)) !== dayOf(time);
    const day = node.previousElementSibling;
    if (day?.classList.contains("day")) day.remove();
    if (newDay) node.before(daySeparator(time));
    const goesOn =
      !newDay &&
      above === node.previousElementSibling &&
      above.dataset.author === node.dataset.author &&
      time - Number(above.dataset.time) < GROUP_MS;
    node.classList.toggle("goes-on", goesOn);
  }

  #relateAll() {
    for (const node of this.#ui.log.querySelectorAll(".message")) this.#relate(node);
  }

  #dropLooseDays() {
    for (const day of this.#ui.log.querySelectorAll(".day")) {
      if (!day.nextElementSibling?.classList.contains("message")) day.remove();
    }
  }

  // --- reading and unread -----------------------------------------------------------------------

  #markUnread() {
    this.#unread++;
    if (this.#ui.log.querySelector(".divider")) return;
    const divider = el("div", "divider");
    divider.setAttribute("role", "separator");
    divider.append(el("span", "", "New"));
    this.#ui.log.append(divider);
  }

  #clearDivider() {
    this.#ui.log.querySelector(".divider")?.remove();
  }

  #scrolled() {
    if (this.reading) {
      this.#unread = 0;
      this.#onRead();
    }
    this.#ui.jump.hidden = this.atEnd;
    this.#ui.jumpText.textContent =
      this.#unread > 0 ? count(this.#unread, "new message", "new messages") : "Latest messages";
    if (this.#ui.scroll.scrollTop < 40 && !this.#ui.older.hidden) this.#askOlder();
  }

  #askOlder() {
    const first = this.#ui.log.querySelector("[data-id]");
    if (!first || this.#ui.loadOlder.disabled) return;
    this.#ui.loadOlder.disabled = true;
    this.#onOlder(Number(first.dataset.id)).catch(() => {
      this.#ui.loadOlder.disabled = false;
    });
  }

  #refresh() {
    this.#ui.empty.hidden = this.#shown.size + this.#pending.size > 0;
  }

  #trim() {
    let extra = this.#shown.size - KEEP;
    if (extra <= 0) return;
    for (const node of this.#ui.log.querySelectorAll("[data-id]")) {
      if (extra-- <= 0) break;
      this.#shown.delete(Number(node.dataset.id));
      node.remove();
    }
    this.#ui.older.hidden = false;
    this.#relateAll();
    this.#dropLooseDays();
  }

  // A page of history is not news: a screen reader must not read it all aloud.
  #quietly(change) {
    this.#ui.log.setAttribute("aria-live", "off");
    change();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => this.#ui.log.removeAttribute("aria-live")),
    );
  }

  // Who was at the end stays there, when a keyboard slides in or a message below grows a note.
  #followEnd(scroll, log) {
    let wasAtEnd = true;
    scroll.addEventListener("scroll", () => (wasAtEnd = this.atEnd), { passive: true });
    const observer = new ResizeObserver(() => wasAtEnd && this.toEnd());
    observer.observe(scroll);
    observer.observe(log);
  }
}

function daySeparator(time) {
  const day = el("div", "day");
  day.setAttribute("role", "separator");
  day.append(el("span", "", dayName(time)));
  return day;
}

function previousMessage(node) {
  let n = node.previousElementSibling;
  while (n && !n.classList.contains("message")) n = n.previousElementSibling;
  return n;
}

function nextMessage(node) {
  let n = node.nextElementSibling;
  while (n && !n.classList.contains("message")) n = n.nextElementSibling;
  return n;
}
