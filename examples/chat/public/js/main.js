// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// The chat's page: joins the connection (socket.io-client, served by the server itself) to what is
// seen.
//
//   text.js      texts of others made fit to be shown
//   storage.js   what the browser and the window remember
//   outbox.js    messages typed and not yet stored
//   log.js       the conversation
//   panels.js    rooms and people
//
// The events are listed in ../README.md.

import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { drawers, showOthers, showPeople, showRooms } from "./panels.js";
import { browser, forgetUser, personKey, rememberedUser, rememberUser, tab } from "./storage.js";
import { avatar, count, typingText } from "./text.js";

const ANSWER_MS = 10000; // how long to wait for an acknowledgement
const TYPING_AGAIN_MS = 3000; // "typing" is repeated this often while one types,
const TYPING_ENDS_MS = 6000; // and forgotten when it was not repeated for so long
const TYPING_IDLE_MS = 2500; // without a key for so long one has stopped typing
const SLOW_MS = 500; // what is sent faster needs no word about it
const COUNTER_FROM = 200; // letters left when the counter appears

const $ = (id) => document.getElementById(id);
const socket = io({ autoConnect: false, reconnectionDelay: 500, reconnectionDelayMax: 3000 });

let me = null; // {name, room}: who wants to be here, and where
let inside = false; // the server has let us in on this connection
let rooms = new Map(); // room -> {room, numUsers, numMessages, users}
let people = new Set(); // names in this room
let numHere = 0; // may be more than are named
let typing = new Map(); // name -> timer that forgets it
let seen = browser.get("seen", {}); // room -> its numMessages when it was last read

// --- the connection -----------------------------------------------------------------------------

const ask = (event, ...args) => socket.timeout(ANSWER_MS).emitWithAck(event, ...args);

socket.on("connect", () => me && enter());

socket.on("disconnect", (reason) => {
  inside = false;
  outbox.close();
  forgetTyping();
  showState();
  // The client library does not come back by itself when the server sent it away.
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
});

socket.io.on("reconnect_attempt", showState);
window.addEventListener("online", showState);
window.addEventListener("offline", showState);

async function enter() {
  showState();
  let answer;
  try {
    answer = await ask("add user", me.name, { key: personKey(), room: me.room });
  } catch {
    if (socket.connected) setTimeout(() => socket.connected && me && enter(), 1000);
    return;
  }
  if (answer.retry) return void setTimeout(() => socket.connected && me && enter(), answer.retry);
  if (answer.error) return turnedAway(answer.message);
  const again = me.room === answer.room && !$("app").hidden;
  me = { name: answer.username, room: answer.room };
  rememberUser(me);
  inside = true;
  showApp();
  showRoom(answer, again);
  outbox.open();
}

function turnedAway(message) {
  showDoor();
  loginError(message);
}

// --- the door -----------------------------------------------------------------------------------

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.normalize("NFC").trim();
  if (name === "") return loginError("Please type a name.");
  loginError("");
  me = { name, room: browser.get("me")?.room ?? null };
  $("door-state").textContent = socket.connected ? "" : "Connecting…";
  if (socket.connected) enter();
  else socket.connect();
});

function loginError(message) {
  $("name-error").textContent = message;
  if (!message) return $("name").removeAttribute("aria-invalid");
  me = null;
  $("name").setAttribute("aria-invalid", "true");
  $("name").focus();
  $("name").select();
}

function showDoor() {
  $("app").hidden = true;
  $("door").hidden = false;
  $("door-state").textContent = "";
  $("name").value = me?.name ?? "";
  me = null;
  document.title = "Vireo Chat";
  $("name").focus();
}

function showApp() {
  if (!$("app").hidden) return;
  $("door").hidden = true;
  $("app").hidden = false;
  avatar(me.name, $("me-avatar"));
  $("me-name").textContent = me.name;
  if (window.matchMedia("(pointer: fine)").matches) $("text").focus();
}

$("leave").addEventListener("click", () => {
  panels.close();
  forgetUser();
  outbox.clear();
  me = null;
  inside = false;
  socket.disconnect();
  showDoor();
});

// --- rooms --------------------------------------------------------------------------------------

async function join(room) {
  panels.close();
  if (room === me.room) return $("text").focus();
  if (!inside) return roomError("You can change rooms when you are connected again.");
  stopTyping();
  let answer;
  try {
    answer = await ask("join room", room);
  } catch {
    return roomError("The server did not answer. Try again.");
  }
  if (answer.error) return roomError(answer.message);
  roomError("");
  $("room").value = "";
  me = { ...me, room: answer.room };
  rememberUser(me);
  showRoom(answer, false);
  $("text").focus();
}

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const room = $("room").value.normalize("NFC").trim();
  if (room !== "") join(room);
});

function roomError(message) {
  $("room-error").textContent = message;
}

// A room as the server describes it on entering.
function showRoom(answer, again) {
  rooms = new Map(answer.rooms.map((r) => [r.room, r]));
  people = new Set(answer.users);
  numHere = answer.numUsers;
  forgetTyping();
  if (again) {
    log.resume(me.name, answer.messages, answer.more);
  } else {
    log.reset(me.name, answer.messages, answer.more);
    for (const item of outbox.items) if (item.room === me.room) showPending(item);
  }
  $("room-name").textContent = `# ${me.room}`;
  $("text").placeholder = `Message #${me.room}`;
  $("text-label").textContent = `Message to ${me.room}`;
  markSeen();
  showPresence();
  showState();
}

// Up and down the list with the Alt key held.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !inside || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const names = sortedRooms().map((r) => r.room);
  const step = event.key === "ArrowUp" ? names.length - 1 : 1;
  join(names[(names.indexOf(me.room) + step) % names.length]);
});

socket.on("rooms changed", (changes) => {
  for (const change of changes) {
    if (change.gone) rooms.delete(change.room);
    else rooms.set(change.room, { ...rooms.get(change.room), ...change });
    if (change.room === me?.room && change.users) setPresent(change);
  }
  if (!inside) return;
  markSeen();
  showPresence();
});

// --- messages -----------------------------------------------------------------------------------

const log = new Log(
  {
    scroll: $("scroll"),
    log: $("log"),
    older: $("older"),
    loadOlder: $("load-older"),
    empty: $("empty"),
    jump: $("jump"),
    jumpText: $("jump-text"),
  },
  { onOlder: showOlder, onRead: () => me && markSeen() && showPresence() },
);

async function showOlder(before) {
  const room = me.room;
  const answer = await ask("history", { before });
  if (answer.error) throw new Error(answer.message);
  if (room === me.room) log.prepend(answer.messages, answer.more);
}

const outbox = new Outbox({
  load: () => tab.get("outbox", []),
  save: (items) => tab.set("outbox", items),
  transmit: ({ id, text, room }) => ask("new message", text, { id, room }),
  settled: (item, answer) => {
    if (answer.error) log.refuse(item.id, answer.message, () => editAgain(item.text));
    else log.confirm(item.id, answer);
    showState();
  },
});

socket.on("new message", ({ username, message }, { id, room, time }) => {
  if (!inside || room !== me.room) return;
  notTyping(username);
  log.add({ id, username, message, time });
});

function send() {
  const text = $("text").value.trim();
  if (text === "" || !me) return;
  $("text").value = "";
  fitText();
  stopTyping();
  showPending(outbox.add(text, me.room));
  showState();
}

function showPending(item) {
  log.addPending(item);
  if (inside) setTimeout(() => log.note(item.id, "Sending…"), SLOW_MS);
  else log.note(item.id, "Waiting for the connection");
}

function editAgain(text) {
  $("text").value = $("text").value ? `${text}\n${$("text").value}` : text;
  fitText();
  $("text").focus();
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  // While a syllable is being composed (Korean, Japanese, Chinese), Enter ends the syllable and
  // must not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
});

$("text").addEventListener("input", () => {
  fitText();
  if ($("text").value.trim() === "") stopTyping();
  else startTyping();
});

function fitText() {
  const box = $("text");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  const left = box.maxLength - box.value.length;
  $("counter").hidden = left > COUNTER_FROM;
  $("counter").textContent = count(left, "letter left", "letters left");
}

// --- typing -------------------------------------------------------------------------------------

let typingSince = 0;
let typingIdle = 0;

function startTyping() {
  clearTimeout(typingIdle);
  typingIdle = setTimeout(stopTyping, TYPING_IDLE_MS);
  if (!inside || Date.now() - typingSince < TYPING_AGAIN_MS) return;
  typingSince = Date.now();
  socket.emit("typing");
}

function stopTyping() {
  clearTimeout(typingIdle);
  if (typingSince && inside) socket.emit("stop typing");
  typingSince = 0;
}

socket.on("typing", ({ username }) => {
  clearTimeout(typing.get(username));
  typing.set(
    username,
    setTimeout(() => notTyping(username), TYPING_ENDS_MS),
  );
  showTyping();
});

socket.on("stop typing", ({ username }) => notTyping(username));

function notTyping(username) {
  clearTimeout(typing.get(username));
  if (typing.delete(username)) showTyping();
}

function forgetTyping() {
  for (const timer of typing.values()) clearTimeout(timer);
  typing = new Map();
  showTyping();
}

function showTyping() {
  $("typing").textContent = typingText([...typing.keys()]);
  if (me) showPeople($("people"), people, me.name, typing, numHere);
}

// --- people -------------------------------------------------------------------------------------

// How it is in this room: who came and who went may have been told in another order.
function setPresent({ users, numUsers }) {
  numHere = numUsers;
  if (users.length === numUsers) people = new Set(users);
}

socket.on("user joined", ({ username, numUsers }) => {
  people.add(username);
  numHere = numUsers;
  log.notice(`${username} joined`);
  showPresence();
});

socket.on("user left", ({ username, numUsers }) => {
  people.delete(username);
  numHere = numUsers;
  notTyping(username);
  log.notice(`${username} left`);
  showPresence();
});

function showPresence() {
  showRooms($("rooms"), sortedRooms(), me.room, join);
  showPeople($("people"), people, me.name, typing, numHere);
  const elsewhere = [...rooms.values()]
    .filter((r) => r.room !== me.room)
    .flatMap((r) => (r.users ?? []).map((name) => ({ name, room: r.room })));
  $("others").hidden = elsewhere.length === 0;
  showOthers($("others-list"), elsewhere);
  $("room-about").textContent = count(numHere, "person here", "people here");
  showUnread();
}

// The lobby first, then by name.
function sortedRooms() {
  return [...rooms.values()]
    .map((r) => ({
      ...r,
      numUsers: r.room === me.room ? numHere : r.numUsers,
      unread: unreadIn(r),
    }))
    .sort((a, b) => (b.room === "lobby") - (a.room === "lobby") || a.room.localeCompare(b.room));
}

// --- unread -------------------------------------------------------------------------------------

function unreadIn({ room, numMessages }) {
  return Math.max(0, numMessages - (seen[room] ?? numMessages));
}

// A room first heard of begins as read. A server with a new, empty history counts from the start again.
function markSeen() {
  let changed = false;
  for (const { room, numMessages } of rooms.values()) {
    const here = room === me.room && log.reading;
    if (here || seen[room] === undefined || seen[room] > numMessages) {
      changed ||= seen[room] !== numMessages;
      seen[room] = numMessages;
    }
  }
  if (changed) browser.set("seen", seen);
  return changed;
}

function showUnread() {
  const all = [...rooms.values()].reduce((sum, r) => sum + unreadIn(r), 0);
  $("elsewhere").hidden = all === 0;
  document.title = `${all > 0 ? `(${all}) ` : ""}#${me.room} · Vireo Chat`;
}

document.addEventListener("visibilitychange", () => {
  if (me && !$("app").hidden && markSeen()) showPresence();
});

// --- what is going on ---------------------------------------------------------------------------

function showState() {
  const offline = !navigator.onLine;
  const state = inside ? "online" : offline ? "offline" : "connecting";
  $("state").dataset.state = state;
  $("state").textContent = {
    online: "Connected",
    offline: "Offline",
    connecting: socket.connected ? "Entering" : "Connecting",
  }[state];
  $("door-state").textContent = me && !$("door").hidden && !inside ? "Connecting…" : "";
  const waiting = outbox.items.length;
  $("banner").hidden = inside;
  if (inside) return;
  $("banner").textContent =
    (offline ? "You are offline. " : "The connection is gone; trying again. ") +
    (waiting > 0
      ? `${count(waiting, "message waits", "messages wait")} to be sent.`
      : "What you write is kept and sent later.");
  for (const { id } of outbox.items) log.note(id, "Waiting for the connection");
}

// --- light and dark -----------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  $("theme").setAttribute("aria-label", `Colours: ${theme}. Change to ${next}`);
  $("theme").title = `Colours: ${theme}`;
}

$("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  browser.set("theme", next);
  showTheme(next);
});

// --- start --------------------------------------------------------------------------------------

const panels = drawers($("app"), $("scrim"), [
  { button: $("open-rooms"), panel: $("rooms-panel") },
  { button: $("open-people"), panel: $("people-panel") },
]);

showTheme(THEMES.includes(browser.get("theme")) ? browser.get("theme") : "system");
me = await rememberedUser();
if (!me) {
  $("name").value = browser.get("me")?.name ?? "";
  $("name").select();
  $("name").focus();
}
socket.connect();
