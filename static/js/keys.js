// The keyboard of the reading room. Calls what reading.js and its neighbours offer.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.code === "Enter" || event.code === "NumpadEnter") {
    if (event.target.closest("a, #rested")) return;
    event.preventDefault();
    return confirmAnswer();
  }
  const choice = form.querySelector(`input[data-keys~="${CSS.escape(event.code)}"]`);
  if (!choice || busy) return;
  event.preventDefault();
  choice.checked = true;
  refresh();
});
