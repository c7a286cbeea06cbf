// Saves a form while somebody types. What the server does not have yet stays on the device, locked with its writer's
// key, so that it outlives a closed lid, a lost network and an expired session. The server decides what is kept.
"use strict";

const PAUSE = 1500; // milliseconds without a key pressed
const LONGEST = 10000;
const RETRY = 15000;
const KEPT_DAYS = 30;

for (const form of document.querySelectorAll("form[data-draft]")) keepDrafts(form);

function keepDrafts(form) {
  const words = form.dataset;
  const shown = form.querySelector(".draft-state");
  const live = form.querySelector("[role=status]");
  const device = deviceStore(`perennial.draft.${words.keep}`, words.lock);
  const texts = [...form.querySelectorAll("textarea")];
  let dirty = false, saving = false, stopped = false, timer = 0, since = 0, previewing = 0, last = "";

  const values = () => Object.fromEntries(new FormData(form));
  const companion = (name, kind) => form.elements[name.replace(/^(text|line)/, kind)];

  // What is seen may change often; what is read out only when it is another kind of news.
  function say(text, kind, link) {
    shown.hidden = false;
    shown.textContent = text + (link ? " " : "");
    if (link) shown.append(Object.assign(document.createElement("a"), link));
    if (kind !== last) live.textContent = text;
    last = kind;
  }

  function soon(pause) {
    if (stopped) return;
    since ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(pause, since + LONGEST - Date.now())));
  }

  async function save(leaving = false) {
    clearTimeout(timer);
    if (saving || stopped || !dirty) return;
    saving = true;
    since = 0;
    const sent = values();
    try {
      const answer = await post(words.draft, sent, { "HX-Request": "true" }, leaving);
      if (answer.ok) take(await answer.json(), sent);
      else if (answer.status === 401) {
        stopped = true;
        const back = `/sign-in?to=${encodeURIComponent(location.pathname)}`;
        say(words.signedOut, "signed out", { href: back, textContent: words.signIn });
      } else if (answer.status < 500) say(words.refused, "refused");
      else throw new TypeError("the server has trouble");
    } catch (trouble) {
      if (!(trouble instanceof TypeError)) throw trouble;
      say(words.offline, "offline");
      timer = setTimeout(save, RETRY);
    } finally {
      saving = false;
    }
  }

  function take(told, sent) {
    const before = values();
    const typing = Object.keys(sent).some((name) => /^(text|line|share)/.test(name) && before[name] !== sent[name]);
    let elsewhere = false;
    for (const [name, kept] of Object.entries(told.fields)) {
      const field = form.elements[name];
      if (!field) continue;
      if (name.startsWith("seen")) field.value = kept;
      else if (name.startsWith("line-")) {
        const free = field.value === kept || (field.value === sent[name] && field !== document.activeElement);
        if (free) field.value = companion(name, "shown").value = kept;
      } else if (name.startsWith("text") && kept !== sent[name].trim()) {
        // It was changed elsewhere meanwhile; the server kept both, and what was typed since goes where it belongs.
        const [was, is] = [sent[name].trim(), field.value];
        field.value = is === sent[name] ? kept : was && kept.includes(was) ? kept.replace(was, () => is) : `${kept}\n\n${is}`;
        elsewhere = true;
      }
    }
    dirty = typing;
    if (dirty) soon(PAUSE);
    else if (!told.waiting.length) device.forget();
    say(elsewhere ? words.elsewhere : told.words, elsewhere ? "elsewhere" : told.waiting.length ? "waiting" : "saved");
  }

  function changed(pause) {
    dirty = true;
    device.keep(values());
    soon(pause);
    preview();
  }

  function preview() {
    if (!words.preview) return;
    clearTimeout(previewing);
    previewing = setTimeout(async () => {
      try {
        const answer = await post(words.preview, values(), { "HX-Request": "true", "HX-Target": "preview" });
        if (!answer.ok) return;
        const place = document.getElementById("preview");
        const open = place.querySelector("details")?.open;
        place.innerHTML = await answer.text();
        if (open) place.querySelector("details")?.setAttribute("open", "");
      } catch (trouble) {
        if (!(trouble instanceof TypeError)) throw trouble; // offline: the last one stays
      }
    }, 700);
  }

  // What an earlier visit left on this device. Newer text of the server's is never written over.
  function restore(kept) {
    let back = false;
    for (const area of texts) {
      const [mine, theirs] = [(kept[area.name] ?? "").trim(), area.value.trim()];
      const untouched = kept[companion(area.name, "seen").name] === companion(area.name, "seen").value;
      if (untouched) {
        const names = ["text", "line", "shown", "share"].map((kind) => area.name.replace(/^text/, kind));
        for (const name of names) {
          const field = form.elements[name];
          if (field && name in kept && field.value !== kept[name]) {
            field.value = kept[name];
            back = true;
          }
        }
      } else if (mine && !theirs.includes(mine)) offer(area, mine);
    }
    if (back) {
      dirty = true;
      say(words.restored, "restored");
      soon(PAUSE);
      preview();
    } else if (!form.querySelector(".kept-here")) device.forget();
  }

  function offer(area, text) {
    const box = document.createElement("div");
    box.className = "kept-here said";
    const make = (tag, facts) => box.appendChild(Object.assign(document.createElement(tag), facts));
    const done = () => { box.remove(); if (!form.querySelector(".kept-here") && !dirty) device.forget(); area.focus(); };
    make("p", { textContent: words.other });
    make("blockquote", { textContent: text });
    make("button", { type: "button", textContent: words.add, onclick: () => {
      area.value = area.value.trim() ? `${area.value.trimEnd()}\n\n${text}` : text;
      changed(0);
      done();
    } });
    make("button", { type: "button", className: "second", textContent: words.drop, onclick: done });
    area.closest(".field").after(box);
  }

  form.addEventListener("input", () => changed(PAUSE));
  form.addEventListener("change", () => changed(300));
  form.addEventListener("focusout", () => { if (dirty) soon(300); });
  form.addEventListener("submit", () => { stopped = true; clearTimeout(timer); clearTimeout(previewing); });
  addEventListener("pageshow", (event) => { if (event.persisted) stopped = false; });
  addEventListener("online", () => save());
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); });
  for (const button of form.querySelectorAll(".only-without-script")) button.hidden = true;
  device.read().then((kept) => { if (kept) restore(kept); });
}

function post(path, values, headers, leaving = false) {
  return fetch(path, { method: "POST", body: new URLSearchParams(values), headers, redirect: "error", keepalive: leaving });
}

// One text in the browser's storage, encrypted with AES-GCM. Where that cannot be had, nothing is kept.
function deviceStore(place, lock) {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(new Uint8Array(buffer).reduce((made, byte) => made + String.fromCharCode(byte), ""));
  const key = globalThis.crypto?.subtle?.importKey("raw", bytes(lock), "AES-GCM", false, ["encrypt", "decrypt"]);
  let queue = Promise.resolve();
  const inTurn = (work) => (queue = queue.then(work).catch(() => undefined));
  const drop = () => localStorage.removeItem(place);
  return {
    keep: (values) => inTurn(async () => {
      if (!key) return;
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key, new TextEncoder().encode(JSON.stringify(values)));
      localStorage.setItem(place, JSON.stringify({ at: Date.now(), iv: text(iv), data: text(data) }));
    }),
    forget: () => inTurn(drop),
    read: () => inTurn(async () => {
      const found = JSON.parse(localStorage.getItem(place));
      if (!found || !key) return null;
      if (Date.now() - found.at > KEPT_DAYS * 86400000) return drop();
      const data = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(found.iv) }, await key, bytes(found.data));
      return JSON.parse(new TextDecoder().decode(data));
    }),
  };
}
