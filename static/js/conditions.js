// Digits choose in the question that has the focus and go on to the next, so that a
// practised reader types eight digits and Enter. Without JavaScript the form works too.
"use strict";

const form = document.getElementById("conditions");
const numbers = [...form.querySelectorAll("[inputmode=numeric]")];

form.elements.screen.value = describeScreen();

function goOn(from) {
  const fields = [...form.querySelectorAll("fieldset[data-digits]"), ...numbers];
  const next = fields[fields.indexOf(from) + 1];
  if (!next) return form.querySelector("button").focus();
  (next.querySelector(":checked") || next.querySelector("input") || next).focus();
}

for (const group of form.querySelectorAll("fieldset[data-digits]")) {
  group.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    const choice = digit && group.querySelector(`input[data-key="${digit[1]}"]`);
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    goOn(group);
  });
}

for (const number of numbers) {
  number.addEventListener("input", (event) => {
    if (!event.isComposing && number.value.length === number.maxLength) goOn(number);
  });
}

// a page that the browser kept from before shows an old pattern: ask again
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

const unanswered = [...form.querySelectorAll("fieldset[data-digits]")].find(
  (group) => !group.querySelector(":checked"),
);
// who began before this script had come stays where they are
if (!form.contains(document.activeElement))
  (unanswered ? unanswered.querySelector("input") : numbers[0]).focus();
