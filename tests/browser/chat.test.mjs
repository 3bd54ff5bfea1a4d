// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The chat as people see it: two or more of them, in Chromium, at the C program's page.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { call, connected } from "../js/client.mjs";
import { Chat, launch, Person } from "./chat.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A chat, and people inside it by name. */
async function gathered(t, ...names) {
  const chat = await Chat.start(t);
  const people = [];
  for (const name of names) {
    const person = await Person.arrive(t, browser, chat);
    await person.enter(name);
    people.push(person);
  }
  return [chat, ...people];
}

/** A test that holds for one worker and for several. */
function both(name, body) {
  for (const workers of [1, 4])
    test(workers > 1 ? `O06: ${workers} workers: ${name}` : name, (t) => body(Object.assign(t, { workers })));
}

describe("the chat in Chromium", () => {
  both("X01: two windows chat", async (t) => {
    const [, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.say("Hello, Bo");
    await bo.sees("Hello, Bo");
    await bo.say("Hello, Ada");
    await ada.sees("Hello, Ada");
    await ada.allSent();
    assert.deepEqual(await ada.texts(), ["Hello, Bo", "Hello, Ada"]);
    assert.deepEqual(await bo.texts(), ["Hello, Bo", "Hello, Ada"]);
    await bo.page.getByRole("complementary", { name: "People" }).getByText("Ada").waitFor();
    await ada.page.getByText("2 people here", { exact: true }).waitFor();
    await ada.page.getByText("Bo joined").waitFor();
    await ada.shot("two-windows");
    await bo.page.close();
    await ada.page.getByText("Bo left").waitFor();
    await ada.page.getByText("1 person here", { exact: true }).waitFor();
    assert.deepEqual([...ada.surprises, ...bo.surprises], []);
  });

  both("X01: who is typing is shown, until they have sent or stopped", async (t) => {
    const [, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.box.pressSequentially("Wait");
    await bo.page.getByText("Ada is typing").waitFor();
    await ada.box.press("Enter");
    await bo.sees("Wait");
    await bo.page.getByText("Ada is typing").waitFor({ state: "detached" });
    await ada.box.pressSequentially("No");
    await bo.page.getByText("Ada is typing").waitFor();
    await ada.box.fill("");
    await bo.page.getByText("Ada is typing").waitFor({ state: "detached" });
  });

  both("a name is checked, and the error says what to do", async (t) => {
    const [chat] = await gathered(t, "Ada");
    const eve = await Person.arrive(t, browser, chat);
    const refused = async (name, why) => {
      await eve.name.fill(name);
      await eve.name.press("Enter");
      await eve.page.getByRole("alert").getByText(why).waitFor();
    };
    await refused("  ", "Please type a name.");
    await refused("aDA", "Somebody here has that name. Please choose another one.");
    assert.equal(await eve.name.getAttribute("aria-invalid"), "true");
    await refused("A\u202ed", "characters that cannot be seen");
    await eve.shot("name-refused");
    await eve.enter("Eve");
    assert.deepEqual(eve.surprises, []);
  });

  both("rooms: opened, listed with who is in them, apart, with unread counts", async (t) => {
    const [, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.goTo("design");
    await bo.room("design").waitFor();
    await bo.page.getByRole("list", { name: "In other rooms" }).getByText("#design").waitFor();
    await ada.say("only for the room");
    await ada.allSent();
    await bo.room("design").getByText("1 unread").waitFor();
    await bo.until(() => document.title.startsWith("(1)"), null, "the count in the title");
    assert.deepEqual(await bo.texts(), []);
    await bo.shot("unread");
    await bo.room("design").click();
    await bo.sees("only for the room");
    await bo.room("design").getByText("unread").waitFor({ state: "detached" });
    await bo.room("lobby").click();
    await bo.page.getByRole("heading", { level: 1, name: "# lobby" }).waitFor();
    await bo.goTo("soon empty");
    await ada.room("soon empty").waitFor();
    await bo.room("lobby").click();
    await ada.room("soon empty").waitFor({ state: "detached" }); // nobody ever spoke there
    await ada.room("design").waitFor();
  });

  both("a message typed while offline arrives exactly once, and in order", async (t) => {
    const [, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.say("before");
    await bo.sees("before");
    await ada.context.setOffline(true);
    await ada.page.locator("#state[data-state=offline]").waitFor();
    await ada.say("first offline");
    await ada.say("second offline");
    await ada.page.getByText("You are offline. 2 messages wait to be sent.").waitFor();
    await ada.shot("offline");
    await bo.page.getByText("Ada left").waitFor();
    await bo.say("while you were away");
    await bo.allSent();
    await ada.context.setOffline(false);
    await ada.inside();
    await ada.allSent();
    await ada.say("after");
    await bo.sees("after");
    await ada.sees("while you were away");
    const expected = ["before", "while you were away", "first offline", "second offline", "after"];
    assert.deepEqual(await bo.texts(), expected);
    await ada.allSent();
    assert.deepEqual(await ada.texts(), expected);
    assert.deepEqual(ada.surprises, []);
  });

  both("the server is killed and restarted: nothing is lost, nothing comes twice", async (t) => {
    const [chat, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.goTo("work");
    await bo.goTo("work");
    await ada.say("stored before the end");
    await bo.sees("stored before the end");
    await ada.allSent();
    await chat.kill();
    await ada.page.locator("#state[data-state=connecting]").waitFor();
    await ada.say("typed without a server");
    await ada.page.getByText("Waiting for the connection").waitFor();
    await chat.restart();
    await Promise.all([ada.inside(), bo.inside()]);
    await bo.sees("typed without a server");
    await ada.allSent();
    await ada.say("and on");
    await bo.sees("and on");
    await ada.allSent();
    const expected = ["stored before the end", "typed without a server", "and on"];
    assert.deepEqual(await bo.texts(), expected);
    assert.deepEqual(await ada.texts(), expected);
    const eve = await Person.arrive(t, browser, chat);
    await eve.enter("Eve");
    await eve.room("work").click();
    await eve.sees("and on");
    assert.deepEqual(await eve.texts(), expected);
  });

  test("a page that goes away before the acknowledgement sends again, and nobody sees it twice", async (t) => {
    const [, ada, bo] = await gathered(t, "Ada", "Bo");
    // As if the window had been closed in that moment: the message is still in its outbox.
    const goAway = () =>
      ada.page.evaluate(() => {
        const items = [{ id: "the-same-id", text: "sent once", room: "lobby", time: Date.now() }];
        window.addEventListener("pagehide", () =>
          sessionStorage.setItem("vireo-chat.outbox", JSON.stringify(items)),
        );
        window.location.reload();
      });
    for (const next of ["after the first attempt", "after the second"]) {
      await Promise.all([ada.page.waitForEvent("load"), goAway()]);
      await ada.inside();
      await bo.sees("sent once");
      await ada.allSent();
      await ada.say(next);
      await bo.sees(next);
    }
    await ada.allSent();
    const expected = ["sent once", "after the first attempt", "after the second"];
    assert.deepEqual(await bo.texts(), expected);
    assert.deepEqual(await ada.texts(), expected);
  });

  both("history pages upward, each message once", async (t) => {
    const chat = await Chat.start(t);
    const all = Array.from({ length: 120 }, (_, i) => `line ${i + 1}`);
    for (let i = 0; i < all.length; i += 15) {
      // below what one connection may send at once
      const writer = await connected(t, chat, { transports: ["websocket"] });
      await call(writer, "add user", `writer ${i}`, {});
      for (const text of all.slice(i, i + 15))
        assert.ok((await call(writer, "new message", text))[0].id);
      writer.disconnect();
    }
    const ada = await Person.arrive(t, browser, chat);
    await ada.enter("Ada");
    await ada.sees("line 120");
    assert.deepEqual(await ada.texts(), all.slice(-50));
    for (const first of ["line 21", "line 1"]) {
      await ada.page.getByRole("region", { name: "Conversation" }).focus();
      await ada.page.keyboard.press("Home");
      await ada.sees(first);
    }
    assert.deepEqual(await ada.texts(), all);
    assert.equal(await ada.page.getByRole("button", { name: "Show earlier messages" }).count(), 0);
    await ada.page.getByRole("button", { name: "Latest messages" }).click();
    await ada.until(
      () => {
        const s = document.getElementById("scroll");
        return s.scrollHeight - s.scrollTop - s.clientHeight < 2;
      },
      null,
      "the end of the conversation",
    );
  });

  test("markup is shown and never run", async (t) => {
    const [chat, ada, bo] = await gathered(t, "Ada", "<b>Bo</b>");
    const hostile = [
      "<script>window.hacked = 1</script>",
      '<img src=x onerror="window.hacked = 1">',
      '"><svg onload=alert(1)>',
      "&lt;i&gt; &amp; ${1+1} {{1+1}}",
      "javascript:alert(1)",
      'https://example.org/"onmouseover="alert(1)',
    ];
    for (const text of hostile) await bo.say(text);
    await ada.sees(hostile.at(-1));
    assert.deepEqual(await ada.texts(), hostile);
    await ada.page.getByRole("complementary", { name: "People" }).getByText("<b>Bo</b>").waitFor();
    const made = await ada.page.evaluate(() => ({
      elements: document.querySelectorAll("#log script, #log img, #log svg, #log i, #app b").length,
      hacked: window.hacked,
      links: [...document.querySelectorAll("#log a")].map((a) => [
        a.textContent,
        a.protocol,
        a.rel,
        a.attributes.length,
      ]),
    }));
    assert.equal(made.elements, 0);
    assert.equal(made.hacked, undefined);
    assert.deepEqual(made.links, [
      ["https://example.org/", "https:", "noopener noreferrer nofollow ugc", 3],
    ]);
    // Were a mistake ever to put markup into the page, the policy would still not let it run.
    const violated = await ada.page.evaluate(
      () =>
        new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) =>
            resolve(event.effectiveDirective),
          );
          const script = document.createElement("script");
          script.textContent = "window.hacked = 2";
          document.body.append(script);
        }),
    );
    assert.equal(violated, "script-src-elem");
    assert.equal(await ada.page.evaluate(() => window.hacked), undefined);
    const policy = (await fetch(chat.url)).headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.deepEqual([...ada.surprises, ...bo.surprises], []);
  });

  test("addresses become links, sentences around them do not", async (t) => {
    const [, ada] = await gathered(t, "Ada");
    await ada.say("See https://example.org/a_(b)?x=1, (or http://example.com/c). End.");
    await ada.allSent();
    const links = await ada.page
      .locator("#log a")
      .evaluateAll((all) => all.map((a) => [a.textContent, a.href, a.target]));
    assert.deepEqual(links, [
      ["https://example.org/a_(b)?x=1", "https://example.org/a_(b)?x=1", "_blank"],
      ["http://example.com/c", "http://example.com/c", "_blank"],
    ]);
  });

  test("Korean and emoji, names and rooms included", async (t) => {
    const [, ada, jiu] = await gathered(t, "Ada", "지우 🐦");
    await jiu.goTo("한국어 방");
    await ada.goTo("한국어 방");
    const texts = ["안녕하세요! 잘 지내세요?", "👩‍👩‍👧‍👦🇰🇷👍🏽", "가나다\n라마바"];
    await jiu.say(texts[0]);
    await jiu.say(texts[1]);
    await jiu.say(texts[2]);
    await ada.sees(texts[2]);
    assert.deepEqual(await ada.texts(), texts);
    await ada.page.getByRole("list", { name: "Here now" }).getByText("지우 🐦").waitFor();
    await jiu.shot("korean");
  });

  test("Enter that ends a syllable does not send", async (t) => {
    const [, jiu, ada] = await gathered(t, "지우", "Ada");
    await jiu.box.fill("한");
    await jiu.box.evaluate((box) =>
      box.dispatchEvent(
        new KeyboardEvent("keydown", {
          key: "Enter",
          isComposing: true,
          bubbles: true,
          cancelable: true,
        }),
      ),
    );
    assert.equal(await jiu.box.inputValue(), "한");
    await jiu.box.fill("한국");
    await jiu.box.press("Enter");
    await ada.sees("한국");
    assert.deepEqual(await ada.texts(), ["한국"]);
  });

  test("all can be done with the keyboard", async (t) => {
    const [chat, bo] = await gathered(t, "Bo");
    await bo.goTo("zoo");
    await bo.say("somebody spoke here");
    const { page, ...ada } = await Person.arrive(t, browser, chat);
    const focus = () =>
      page.evaluate(() => {
        const e = document.activeElement;
        const style = getComputedStyle(e);
        const around = e.closest(".composer, .field") ?? e;
        const ring =
          (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
          getComputedStyle(around).borderColor !==
            getComputedStyle(document.querySelector(".bar")).borderBottomColor;
        return {
          what: e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent,
          ring,
        };
      });
    await page.getByText("Pick a name").waitFor();
    await page.keyboard.type("Ada"); // the focus is there already
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "# lobby" }).waitFor();
    assert.deepEqual(await focus(), { what: "Message to lobby", ring: true });
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await page.locator("#log .bubble", { hasText: "one\ntwo" }).waitFor();
    await page.keyboard.press("Alt+ArrowDown");
    await page.getByRole("heading", { level: 1, name: "# zoo" }).waitFor();
    await page.getByText("somebody spoke here").waitFor();
    await page.keyboard.press("Alt+ArrowUp");
    await page.getByRole("heading", { level: 1, name: "# lobby" }).waitFor();
    // All the way round by Tab: every stop has a name and can be seen.
    const stops = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement === document.body)) continue; // round once
      const stop = await focus();
      assert.ok(stop.what.trim(), "a stop without a name");
      assert.ok(stop.ring, `the focus on "${stop.what}" cannot be seen`);
      stops.push(stop.what.trim());
      if (stop.what === "Message to lobby") break;
    }
    for (const part of [
      "Skip to the message box",
      "Name of a room to open",
      "Leave the chat",
      "Conversation",
      "Message to lobby",
    ])
      assert.ok(stops.includes(part), `${part} is not among ${stops}`);
    assert.ok(
      stops.some((s) => s.startsWith("#lobby")),
      `no room among ${stops}`,
    );
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.equal((await focus()).what, "Message to lobby");
    assert.deepEqual(ada.surprises, []);
  });

  test("a phone's width: nothing to scroll sideways, panels open and close", async (t) => {
    const [chat, bo] = await gathered(t, "Bo");
    await bo.say("x".repeat(300) + " https://example.org/" + "y".repeat(200));
    await bo.goTo("a room with a long name");
    for (const width of [320, 390]) {
      const phone = await Person.arrive(t, browser, chat, {
        viewport: { width, height: 740 },
        hasTouch: true,
        isMobile: true,
      });
      assert.ok((await phone.overflow()) <= 0, `the door at ${width}`);
      await phone.enter(`Phone ${width}`);
      await phone.page.locator("#log .bubble").first().waitFor();
      assert.ok((await phone.overflow()) <= 0, `the conversation at ${width}`);
      await phone.shot(`phone-${width}`);
      const opener = phone.page.getByRole("button", { name: "Rooms", exact: true });
      await opener.click();
      await phone.room("a room with a long name").waitFor();
      assert.equal(await opener.getAttribute("aria-expanded"), "true");
      await phone.shot(`phone-${width}-rooms`);
      await phone.page.keyboard.press("Escape");
      await phone.room("lobby").waitFor({ state: "hidden" });
      assert.equal(await opener.evaluate((b) => document.activeElement === b), true);
      await opener.click();
      await phone.room("a room with a long name").click();
      await phone.page.getByRole("heading", { level: 1, name: "# a room" }).waitFor();
      await phone.page.getByRole("button", { name: "People", exact: true }).click();
      await phone.page.getByRole("list", { name: "Here now" }).getByText("Bo").waitFor();
      await phone.page.getByRole("button", { name: "Close the list of people" }).click();
      await phone.box.waitFor();
      assert.ok((await phone.overflow()) <= 0, `after the panels at ${width}`);
    }
  });

  test("light and dark: by the system, by choice, both legible", async (t) => {
    const [chat, bo] = await gathered(t, "Bo");
    await bo.say("something to read");
    const ada = await Person.arrive(t, browser, chat, { colorScheme: "dark" });
    await ada.enter("Ada");
    await ada.say("mine");
    await ada.allSent();
    const dark = await ada.page.evaluate(colours);
    assert.ok(dark.page < 0.05, `a dark page has luminance ${dark.page}`);
    assert.ok(dark.worst.contrast >= 4.5, JSON.stringify(dark.worst));
    await ada.shot("dark");
    await ada.page.emulateMedia({ colorScheme: "light" });
    const light = await ada.page.evaluate(colours);
    assert.ok(light.page > 0.8, `a light page has luminance ${light.page}`);
    assert.ok(light.worst.contrast >= 4.5, JSON.stringify(light.worst));
    await ada.shot("light");
    await ada.page.getByRole("button", { name: /^Colours: system/ }).click();
    await ada.page.getByRole("button", { name: /^Colours: light/ }).click();
    await ada.page.getByRole("button", { name: /^Colours: dark/ }).waitFor();
    assert.ok((await ada.page.evaluate(colours)).page < 0.05);
    await ada.page.reload();
    await ada.inside();
    assert.ok((await ada.page.evaluate(colours)).page < 0.05, "the choice is remembered");
  });

  test("reduced motion is honoured", async (t) => {
    const chat = await Chat.start(t);
    const ada = await Person.arrive(t, browser, chat, {
      reducedMotion: "reduce",
      viewport: { width: 390, height: 740 },
    });
    await ada.enter("Ada");
    const moving = await ada.page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((e) => {
          const s = getComputedStyle(e);
          return (
            s.animationName !== "none" ||
            s.transitionDuration.split(",").some((d) => parseFloat(d) > 0)
          );
        }).length,
    );
    assert.equal(moving, 0);
  });

  test("name and room survive a reload; a second window is somebody else", async (t) => {
    const [chat, ada, bo] = await gathered(t, "Ada", "Bo");
    await ada.goTo("den");
    await ada.page.reload();
    await ada.inside();
    await ada.page.getByRole("heading", { level: 1, name: "# den" }).waitFor();
    await bo.page.getByRole("list", { name: "In other rooms" }).getByText("Ada").waitFor();
    const second = await Person.window(ada.context, chat);
    await second.name.waitFor();
    assert.equal(await second.name.inputValue(), "Ada");
    await second.enter("Cy");
    await second.say("I am not Ada");
    await ada.sees("I am not Ada"); // the browser remembers the room too
    // Closed and opened again, the browser knows the name without asking.
    await ada.page.close();
    await second.page.close();
    const later = await Person.window(ada.context, chat);
    await later.inside();
    await later.sees("I am not Ada");
    await later.page.getByRole("button", { name: "Leave the chat" }).click();
    await later.name.waitFor();
    await later.page.reload();
    await later.name.waitFor();
    assert.equal(await later.page.locator("#app").isHidden(), true);
  });

  test("what the server refuses can be edited and sent again", async (t) => {
    const [, ada] = await gathered(t, "Ada");
    await ada.box.evaluate((box) => box.removeAttribute("maxlength"));
    await ada.say("z".repeat(2001));
    await ada.page.getByText("Not sent. The message is too long.").waitFor();
    await ada.page.getByRole("button", { name: "Edit" }).click();
    assert.equal(await ada.box.inputValue(), "z".repeat(2001));
    await ada.say("short now");
    await ada.allSent();
    assert.deepEqual(await ada.texts(), ["short now"]);
  });
});

/** In the page: the luminance behind it, and the worst contrast of a text with what it stands on. */
function colours() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (c) => {
    const [r, g, b] = c
      .slice(0, 3)
      .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255, 255];
  };
  const texts =
    ".bubble, .who, .head time, .notice, .day span, .room .label, .presence, .person .label, " +
    ".detail, .me-name, .state, .where p, h1, h2, .avatar";
  const all = [...document.querySelectorAll(texts)]
    .filter((e) => e.offsetParent !== null && e.textContent.trim())
    .map((e) => {
      const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))].sort(
        (x, y) => y - x,
      );
      return {
        what: `${e.className || e.tagName} "${e.textContent.slice(0, 20)}"`,
        contrast: (a + 0.05) / (b + 0.05),
      };
    });
  all.sort((a, b) => a.contrast - b.contrast);
  return { page: luminance(behind(document.querySelector(".talk"))), worst: all[0] };
}
