// Beside htmx, on pages that ask for a part of themselves again.
"use strict";

// Whose control is replaced stays where they were: in the part that it stood in.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.shouldSwap && detail.target.contains(document.activeElement)) detail.target.focus({ preventScroll: true });
});

// What is refused, such as to whom has been signed out, the whole page says; where nobody answers, the next time may.
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status < 500) location.reload();
});
