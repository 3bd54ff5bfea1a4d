// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// What the page remembers. A browser may refuse to store anything (private windows, full disks); then
// the page works without memory.
//
//   this browser (localStorage)    key, me, theme, seen
//   this window (sessionStorage)   me, outbox

const PREFIX = "vireo-chat.";

function drawer(area) {
  return {
    get(name, otherwise = null) {
      try {
        return JSON.parse(area().getItem(PREFIX + name)) ?? otherwise;
      } catch {
        return otherwise;
      }
    },
    set(name, value) {
      try {
        if (value === null) area().removeItem(PREFIX + name);
        else area().setItem(PREFIX + name, JSON.stringify(value));
      } catch {
        // Forgetting is better than failing.
      }
    },
  };
}

export const browser = drawer(() => window.localStorage);
export const tab = drawer(() => window.sessionStorage);

// 128 random bits as text. crypto.randomUUID would need https when the page comes from another machine.
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

// The key tells the server that a returning name is the same person, so that nobody else can take a
// name while its owner's connection comes and goes.
export function personKey() {
  let key = browser.get("key");
  if (typeof key !== "string") browser.set("key", (key = randomId()));
  return key;
}

// Who is at this window? A reload finds the name in the window. A new window takes the browser's last
// name, unless another open window is using it: two windows are then two people, as one expects.
// The lock lives as long as its window, so a crash leaves nothing behind.
export async function rememberedUser() {
  const mine = tab.get("me");
  if (mine?.name) {
    holdLock();
    return mine;
  }
  const last = browser.get("me");
  if (!last?.name || !navigator.locks) return null;
  return (await holdLock()) ? last : null;
}

export function rememberUser(me) {
  tab.set("me", me);
  browser.set("me", me);
  holdLock();
}

export function forgetUser() {
  tab.set("me", null);
  browser.set("me", null);
}

// Resolves to true when this window is the one that holds the browser's name.
function holdLock() {
  if (!navigator.locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    navigator.locks
      .request(PREFIX + "window", { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      })
      .catch(() => resolve(false));
  });
}
