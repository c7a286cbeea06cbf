// What pages do better with a script; each works without it. Nothing here decides anything.
"use strict";

// Letters used, below a text that says how many it may have.
for (const area of document.querySelectorAll("textarea[data-counter]")) {
  const count = document.getElementById(area.dataset.counter);
  const show = () => {
    count.hidden = area.value.length < area.maxLength * 0.8;
    count.textContent = count.dataset.words.replace("{used}", area.value.length).replace("{most}", area.maxLength);
  };
  area.addEventListener("input", show);
  show();
}

// On a narrow screen the entry of this page may lie beside it.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Drafts kept on this device leave it with their writer: when they sign out, and on the page that says they have.
function forgetDrafts() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("perennial.draft.")) localStorage.removeItem(key);
  } catch { /* storage is switched off: nothing was kept */ }
}
document.querySelector("form[data-forget]")?.addEventListener("submit", forgetDrafts);
if (document.querySelector("[data-forget-now]")) forgetDrafts();

// What a letter's link names behind the # reaches no server: that answer stands ticked, and nothing is sent.
const named = document.getElementById(location.hash.slice(1));
if (named?.matches("label.tick")) named.querySelector("input[type=radio]")?.click();
