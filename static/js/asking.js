// Questions one after the other: keys serve the current one, and an answer goes on to the
// next that has none. Before answers.js, which puts an earlier answer into the form.
"use strict";

const questions = [...form.querySelectorAll("fieldset.question")];
const TYPED_FOR = 1500; // milliseconds in which a second digit belongs to the first

let typedAt = -Infinity;

function currentQuestion() {
  return questions.find((one) => one.classList.contains("current"));
}

function setCurrent(wanted) {
  for (const one of questions) {
    one.classList.toggle("current", one === wanted);
    if (one === wanted) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

function goToQuestion(wanted) {
  setCurrent(wanted);
  typedAt = -Infinity;
  document.activeElement.blur();
  if (wanted.dataset.kind === "text") wanted.querySelector("textarea").focus();
  wanted.scrollIntoView({ block: "nearest" });
}

function nextQuestion(by) {
  const at = questions.indexOf(currentQuestion());
  goToQuestion(questions[(at + by + questions.length) % questions.length]);
}

// After an answer: on to the next question without one, if there is any.
function goOnAfter(answered) {
  const at = questions.indexOf(answered);
  const order = [...questions.slice(at + 1), ...questions.slice(0, at)];
  const open = order.find((one) => !isAnsweredFor(one));
  setCurrent(open || answered);
  currentQuestion().scrollIntoView({ block: "nearest" }); // no key answers it unseen
}

function tellSaid() {
  for (const one of questions) {
    const choice = one.querySelector(".options :checked, .none :checked");
    const words = choice ? choice.closest("label").querySelector("span").textContent : "";
    one.querySelector(".said").textContent = words;
  }
}

function levelOfQuestion(one) {
  const given = one.querySelector(".given");
  return given.checked ? Number(given.value) : null;
}

function giveLevel(one, level) {
  const given = one.querySelector(".given");
  given.value = level;
  given.checked = true;
  one.querySelector('[type="range"]').value = level;
  given.dispatchEvent(new Event("change", { bubbles: true }));
}

function drawLevels() {
  for (const one of questions) {
    if (one.dataset.kind !== "confidence") continue;
    const level = levelOfQuestion(one);
    one.querySelector("output").textContent = level === null ? "–" : level;
    const range = one.querySelector('[type="range"]');
    range.classList.toggle("untouched", level === null);
    range.setAttribute("aria-valuetext", level === null ? "–" : String(level));
  }
}

// 7 and then 5 is 75; what would be more than 100 begins anew. at: when it was pressed,
// which a busy page hears later.
function typeDigit(one, digit, at) {
  const before = at - typedAt < TYPED_FOR ? levelOfQuestion(one) : null;
  const both = before === null ? digit : before * 10 + digit;
  giveLevel(one, both > 100 ? digit : both);
  typedAt = at;
}

// What keys.js asks first: whether the key was for the current question.
function questionKey({ code, shiftKey, repeat, timeStamp }) {
  const one = currentQuestion();
  if (code === "KeyN") return void nextQuestion(shiftKey ? -1 : 1) || true;
  if (!one || one.dataset.kind !== "confidence" || busy) return false;
  const digit = code.match(/^(?:Digit|Numpad)(\d)$/);
  if (digit) return repeat || void typeDigit(one, Number(digit[1]), timeStamp) || true; // held: one digit
  const by = { ArrowLeft: -1, ArrowRight: 1 }[code];
  if (!by || shiftKey) return false;
  const level = levelOfQuestion(one);
  giveLevel(one, Math.min(100, Math.max(0, (level === null ? 50 : level) + by)));
  return true;
}

for (const one of questions) {
  one.addEventListener("focusin", () => setCurrent(one));
  const range = one.querySelector('[type="range"]');
  // a click where it stands already moves nothing, and is an answer
  for (const kind of range ? ["input", "click"] : [])
    range.addEventListener(kind, () => giveLevel(one, Number(range.value)));
}

form.addEventListener("change", ({ target }) => {
  const one = target.closest("fieldset.question");
  tellSaid();
  drawLevels();
  if (!one || one.dataset.kind === "confidence" || !target.matches('[type="radio"]')) return;
  // who wanders over the choices with arrow keys is not done with them
  if (isAnsweredFor(one) && !byArrow) goOnAfter(one);
});

// why something cannot be assessed was said
form.addEventListener("explained", ({ target }) => goOnAfter(target));

form.addEventListener("reset", () => window.setTimeout(() => {
  tellSaid();
  drawLevels();
}));

// Its earlier answer can be put in by answers.js once the choice of a number holds it.
room.addEventListener("presented", ({ detail }) => {
  const told = detail.again || {};
  for (const [name, value] of Object.entries(told.grades || {})) {
    const given = form.querySelector(`.given[name="${CSS.escape(name)}"]`);
    if (!given || typeof value === "string") continue;
    given.value = value;
    given.closest("fieldset").querySelector('[type="range"]').value = value;
  }
  for (const [name, text] of Object.entries(told.texts || {}))
    form.elements[`text:${name}`].value = text;
  setCurrent(questions[0]);
  form.querySelector(".groups").scrollTop = 0;
  typedAt = -Infinity; // a digit adds to none of the read before, nor of an earlier answer
  window.setTimeout(() => {
    tellSaid();
    drawLevels();
  });
});

// A choice made by the mouse leaves the arrow keys to the slices.
document.addEventListener("pointerup", () => window.setTimeout(() => {
  if (document.activeElement.matches('[type="radio"], [type="range"]')) document.activeElement.blur();
}));
