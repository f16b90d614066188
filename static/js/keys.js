// The keyboard of the reading room and of the questions after it. A key does what its
// button or choice does: whatever has the key's code in data-keys is clicked, in the
// dialog that is open or else in the room, among questions in the current one. Calls
// confirmAnswer() of reading.js.
"use strict";

const CONFIRM = ["Enter", "NumpadEnter", "Space"];
const FIELDS = "textarea, select, input:not([type=radio], [type=checkbox], [type=range])";
const WITH_ARROWS = "[type=radio], [type=range]";

// What adjusting.js offers, where the page has it; these may be held down.
const ZOOM_KEYS = {
  Equal: () => zoomIn(),
  NumpadAdd: () => zoomIn(),
  Minus: () => zoomOut(),
  NumpadSubtract: () => zoomOut(),
};
const WINDOW_KEYS = {
  ArrowUp: () => windowStep("high", 1),
  ArrowDown: () => windowStep("high", -1),
  ArrowRight: () => windowStep("low", 1),
  ArrowLeft: () => windowStep("low", -1),
  KeyX: () => windowReset(),
};
const isOfStacks = typeof STACK_KEYS === "object";
const ADJUSTING = {
  ...(typeof zoomIn === "function" ? ZOOM_KEYS : {}),
  ...(room.dataset.windowAdjustable && !isOfStacks ? WINDOW_KEYS : {}),
  ...(isOfStacks ? STACK_KEYS : {}),
};

// These are on other keys on many keyboards: on a Japanese one = is beside 0, with Shift.
const PRINTED = { "?": "KeyH", "+": "NumpadAdd", "=": "Equal" };

function codeOf(event) {
  return PRINTED[event.key] || event.code;
}

function isSeen(element) {
  return element.getClientRects().length > 0;
}

function findByCode(code) {
  const dialog = document.querySelector("dialog:modal");
  const found = (dialog || room).querySelectorAll(`[data-keys~="${CSS.escape(code)}"]`);
  const isMeant = (one) => !one.closest("fieldset.question:not(.current)");
  return [...found].find((one) => (dialog || !one.closest("dialog")) && isMeant(one) && isSeen(one));
}

// Enter leaves a field of a dialog, as its button does; lines are parted by Shift+Enter.
function typed(event) {
  const isEnter = event.code === "Enter" || event.code === "NumpadEnter";
  const dialog = event.target.closest("dialog");
  if (event.code === "Escape" && !dialog) return event.target.blur();
  if (!isEnter || event.shiftKey) return;
  event.preventDefault();
  if (dialog) dialog.querySelector("[data-enters]")?.click();
  else event.target.blur();
}

// A focused button or link is pressed by the browser, and an empty choice is chosen.
function isPressed({ target, code }) {
  if (!isSeen(target)) return false;
  if (target.closest("a, button, summary")) return true;
  return code === "Space" && target.matches("[type=radio]:not(:checked), [type=checkbox], [type=range]");
}

function confirmByKey(event) {
  if (event.repeat) return event.preventDefault();
  if (isPressed(event)) return;
  event.preventDefault();
  if (document.querySelector("dialog:modal")) return;
  const proceed = document.getElementById("proceed"); // in training, while a key is shown
  if (proceed && isSeen(proceed)) proceed.click();
  else confirmAnswer();
}

// Whether it was for the question that is asked, or for how the images are seen.
function isTaken(code, event) {
  if (isOfStacks && questionKey(event)) return true;
  return code in ADJUSTING && ADJUSTING[code](event) !== false;
}

// Of an input method, whose Enter takes what it offers; Safari tells its last key by 229.
function isOfInputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === 229;
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || isOfInputMethod(event)) return;
  // what had the focus in a dialog that was closed just now has it no more
  if (!isSeen(event.target)) document.activeElement.blur();
  else if (event.target.closest(FIELDS)) return typed(event);
  if (CONFIRM.includes(event.code)) return confirmByKey(event);
  if (event.code.startsWith("Arrow") && event.target.closest(WITH_ARROWS)) return;
  const code = codeOf(event);
  if (!document.querySelector("dialog:modal") && isTaken(code, event)) return event.preventDefault();
  const found = findByCode(code);
  if (!found) return;
  event.preventDefault();
  if (!event.repeat && !(busy && found.closest("fieldset"))) found.click();
}

document.addEventListener("keydown", onKey);

// A click leaves the keyboard where it was: Space confirms then, it presses nothing twice.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest("button")) event.preventDefault();
});

for (const button of document.querySelectorAll("[data-closes]"))
  button.addEventListener("click", () => button.closest("dialog").close());
