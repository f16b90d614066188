// What may be said beside a grade: that a side cannot be assessed, and a comment. And
// submitting by itself once all is chosen. Needs reading.js; training has grades only.
"use strict";

// sides of the patient, or questions about the image; free words need no answer
const sides = [...form.querySelectorAll('fieldset:not([data-kind="text"])')];
const whyDialog = document.getElementById("why");
const reason = document.getElementById("reason");
const because = document.getElementById("because");
const comment = document.getElementById("comment");
const undo = document.getElementById("undo");

let asked = null; // the one whose reason is asked for, until what was said is taken
const graded = new Map(); // side → the grade that was chosen last
let byArrow = false; // whether the last choice was made by wandering with arrow keys
const chosen = new Set(); // sides chosen by hand since the read came

function noneOf(group) {
  return group.querySelector('input[value="none"]');
}

function whyOf(group) {
  return group.querySelector('input[name^="why-"]');
}

function drawWhy(group) {
  const button = group.querySelector(".why");
  if (!button) return;
  const why = whyOf(group).value;
  button.textContent = why || button.dataset.why;
  button.title = why;
  const isNone = noneOf(group).checked;
  button.classList.toggle("offered", isNone);
  button.classList.toggle("missing", isNone && !why);
}

function tellBeside() {
  for (const group of sides) drawWhy(group);
  for (const mark of form.querySelectorAll("#write .written")) mark.hidden = !comment.value;
  refresh();
}

function askWhy(group) {
  asked = group;
  document.getElementById("why-title").textContent =
    `${group.querySelector("legend").textContent}: ${group.querySelector(".none span").textContent}`;
  reason.value = whyOf(group).value;
  because.disabled = !reason.value.trim();
  whyDialog.showModal();
}

function giveWhy(text) {
  whyOf(asked).value = text.trim();
  chosen.add(asked);
  whyDialog.close();
  advanceSoon();
}

// Closed without a reason: the grade that was chosen before stands again. A browser
// tells that it is closed when it gets round to it; what is pressed may come before.
function stopAsking() {
  if (!asked || whyDialog.open) return;
  const group = asked;
  asked = null;
  const isSaid = Boolean(whyOf(group).value);
  if (!isSaid) {
    noneOf(group).checked = false;
    if (graded.has(group)) graded.get(group).checked = true;
    else chosen.delete(group);
  }
  tellBeside();
  if (isSaid) group.dispatchEvent(new CustomEvent("explained", { bubbles: true }));
}

// The reader's setting. Not on a read whose sides were not both chosen just now, such
// as one with the answer from before.
function advance() {
  refresh(); // so that nothing is confirmed without its reason
  const isOn = room.dataset.autoAdvance === "1";
  const isOpen = document.querySelector("dialog[open]");
  if (isOn && !isOpen && chosen.size === sides.length) confirmAnswer();
}

function advanceSoon() {
  if (!byArrow) window.setTimeout(advance); // after all who hear of the choice
}

function onChoice({ target }) {
  const group = target.closest("fieldset");
  if (!target.matches('[type="radio"]') || !sides.includes(group) || byArrow) return;
  if (!group.dataset.waits || target.value === "none") chosen.add(group); // else more is to come
  if (target.value === "none") return askWhy(group);
  graded.set(group, target);
  advanceSoon();
}

// What was answered before, on a read that is answered once more: a number is a grade,
// words say why there was none.
function prefill(told) {
  for (const [name, value] of Object.entries((told && told.grades) || {})) {
    const isNone = typeof value === "string";
    if (isNone) form.elements[`why-${name}`].value = value;
    form.elements[name].value = isNone ? "none" : value;
  }
  if (told && told.comment) comment.value = told.comment;
}

room.addEventListener("presented", ({ detail }) => {
  asked = null;
  chosen.clear();
  graded.clear();
  if (whyDialog) prefill(detail.again);
  if (undo) undo.disabled = Boolean(detail.again) || document.getElementById("number").textContent === "1";
  if (whyDialog) tellBeside();
});

if (undo) undo.addEventListener("click", () => undoLast());

if (whyDialog) {
  // hidden fields keep what they hold when a form is reset
  form.addEventListener("reset", () => {
    for (const group of sides) whyOf(group).value = "";
    window.setTimeout(tellBeside);
  });
  form.addEventListener("change", tellBeside);
  form.addEventListener("click", onChoice);
  for (const group of sides)
    group.querySelector(".why").addEventListener("click", () => askWhy(group));
  for (const button of whyDialog.querySelectorAll(".reason"))
    button.addEventListener("click", () => giveWhy(button.value));
  reason.addEventListener("input", () => {
    because.disabled = !reason.value.trim();
  });
  because.addEventListener("click", () => giveWhy(reason.value));
  whyDialog.addEventListener("close", stopAsking);

  const writing = document.getElementById("writing");
  document.getElementById("write").addEventListener("click", () => writing.showModal());
  writing.addEventListener("close", tellBeside);
}

function beforePress(isByArrow) {
  stopAsking();
  byArrow = isByArrow;
}

document.addEventListener("pointerdown", () => beforePress(false), true);
document.addEventListener(
  "keydown",
  ({ key, target }) => beforePress(key.startsWith("Arrow") && target.matches('[type="radio"]')),
  true,
);
