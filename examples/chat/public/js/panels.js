// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// The two panels beside the conversation: rooms on the left, people on the right. On a narrow screen
// they slide over it, one at a time.

import { avatar, count, el } from "./text.js";

const MANY = 99;

// rooms: [{room, numUsers, unread}], the current one named by |current|.
export function showRooms(list, rooms, current, onJoin) {
  const focused = list.contains(document.activeElement)
    ? document.activeElement.dataset.room
    : null;
  list.replaceChildren(...rooms.map((r) => roomItem(r, r.room === current, onJoin)));
  // The list was made anew under the user's fingers; give the focus back.
  if (focused !== null) {
    [...list.querySelectorAll("button")].find((b) => b.dataset.room === focused)?.focus();
  }
}

function roomItem({ room, numUsers, unread }, current, onJoin) {
  const button = el("button", "room");
  button.type = "button";
  button.dataset.room = room;
  if (current) button.setAttribute("aria-current", "true");
  if (unread > 0) button.classList.add("has-unread");
  const hash = el("span", "hash", "#");
  hash.setAttribute("aria-hidden", "true");
  button.append(hash, el("span", "label", room));
  if (unread > 0) button.append(badge(unread));
  button.append(presence(numUsers));
  button.addEventListener("click", () => onJoin(room));
  const item = el("li");
  item.append(button);
  return item;
}

function badge(unread) {
  const node = el("span", "badge", unread > MANY ? `${MANY}+` : String(unread));
  node.append(el("span", "unseen", " unread"));
  return node;
}

function presence(numUsers) {
  const node = el("span", "presence");
  node.title = count(numUsers, "person here", "people here");
  const figure = el("span", "", String(numUsers));
  node.append(
    el("span", numUsers > 0 ? "live" : "live off"),
    figure,
    el("span", "unseen", numUsers === 1 ? " person" : " people"),
  );
  return node;
}

// names: who is here; |total| may be larger when the list was cut.
export function showPeople(list, names, me, typing, total) {
  const sorted = [...names].sort((a, b) => (b === me) - (a === me) || a.localeCompare(b));
  const items = sorted.map((name) =>
    person(name, name === me ? "you" : typing.has(name) ? "typing…" : ""),
  );
  if (total > names.length) items.push(el("li", "more", `and ${total - names.length} more`));
  list.replaceChildren(...items);
}

// elsewhere: [{name, room}]
export function showOthers(list, elsewhere) {
  const sorted = [...elsewhere].sort((a, b) => a.name.localeCompare(b.name));
  list.replaceChildren(...sorted.map(({ name, room }) => person(name, `#${room}`)));
}

function person(name, detail) {
  const item = el("li", "person");
  item.append(avatar(name), el("span", "label", name));
  if (detail) item.append(el("span", "detail", detail));
  return item;
}

// Drawers: a button opens a panel over the page; Escape, the scrim and the panel's own button close it,
// and the focus goes back to where it came from.
export function drawers(app, scrim, pairs) {
  let open = null;

  function close() {
    if (!open) return;
    const { button, panel } = open;
    open = null;
    delete app.dataset.open;
    panel.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    app.querySelector("main").inert = false;
    button.focus();
  }

  function show(pair) {
    open = pair;
    app.dataset.open = "";
    pair.panel.classList.add("open");
    pair.button.setAttribute("aria-expanded", "true");
    app.querySelector("main").inert = true;
    pair.panel.querySelector("[data-close]").focus();
  }

  for (const pair of pairs) {
    pair.button.addEventListener("click", () => show(pair));
    pair.panel.querySelector("[data-close]").addEventListener("click", close);
  }
  scrim.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  // A window made wider may show the panel in its own place again.
  for (const width of ["(min-width: 720px)", "(min-width: 1080px)"]) {
    window.matchMedia(width).addEventListener("change", close);
  }
  return { close };
}
