// Training: after each answer its key is shown beside it, and Enter goes on.
"use strict";

const proceed = document.getElementById("proceed");
const groups = [...form.querySelectorAll("fieldset")];
let goOn = null; // while the key is shown: ends that

function tag(choice, text, kind) {
  const said = document.createElement("em");
  said.textContent = text;
  choice.closest("label").append(said);
  choice.closest("label").classList.add(kind);
}

function verdict(off) {
  if (off === 0) return `= ${room.dataset.equal}`;
  if (off === 1) return `≈ ${room.dataset.oneOff}`;
  return `≠ ${room.dataset.moreOff.replace("{number}", off)}`;
}

// given, key: question → patient's side → grade
function compare(group, given, key) {
  const choices = [...group.querySelectorAll("input")];
  const [question, side] = choices[0].name.split("-");
  const place = (answers) =>
    choices.findIndex((choice) => Number(choice.value) === answers[question][side]);
  const [own, right] = [place(given), place(key)];
  if (own === right) tag(choices[own], room.dataset.both, "both");
  else {
    tag(choices[own], room.dataset.own, "own");
    tag(choices[right], room.dataset.keyGrade, "key");
  }
  const off = Math.abs(own - right);
  group.querySelector(".verdict").textContent = verdict(off);
  group.dataset.off = Math.min(off, 2);
  group.disabled = true;
}

function forget() {
  for (const group of groups) {
    group.disabled = false;
    delete group.dataset.off;
    group.querySelector(".verdict").textContent = "";
    for (const label of group.querySelectorAll("label"))
      label.classList.remove("own", "key", "both");
    for (const said of group.querySelectorAll("em")) said.remove();
  }
  proceed.hidden = true;
  submit.hidden = false;
}

function feedback({ given, key, next }) {
  say("");
  for (const group of groups) compare(group, given, key);
  submit.hidden = true;
  proceed.hidden = false;
  if (next.state === "read") fetchAhead(next.token);
  return new Promise((resolve) => {
    goOn = () => {
      goOn = null;
      // the last answer's key stays in view until the result is there
      if (next.state === "read") forget();
      resolve(next);
    };
  });
}

room.addEventListener("answered", ({ detail }) => {
  detail.follows = feedback(detail.answer);
});

proceed.addEventListener("click", () => goOn && goOn());
