// The reading screen: one read after the other. drawing.js draws them.
"use strict";

const form = document.getElementById("answer");
const submit = document.getElementById("submit");
const trouble = document.getElementById("trouble");
const again = document.getElementById("again");

let key = newKey();
let busy = false;

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

function isAnswered() {
  return [...form.querySelectorAll("fieldset")].every((group) => group.querySelector(":checked"));
}

function refresh() {
  submit.disabled = busy || !isPainted() || !isAnswered();
}

function present(next) {
  form.reset();
  key = newKey();
  document.getElementById("number").textContent = next.number;
  document.getElementById("of").textContent = next.of;
  presentAgain(next.again);
  newRead();
  if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
}

// A read that is answered once more says so and why, with one's own grades before.
function presentAgain(told) {
  again.hidden = !told;
  again.querySelector("b").textContent = told ? told.said : "";
  again.querySelector("span").textContent = told ? told.reason : "";
  for (const [name, value] of Object.entries((told && told.grades) || {}))
    form.querySelector(`input[name="${CSS.escape(name)}"][value="${value}"]`).checked = true;
}

let following = null; // acknowledged, but its successor's pixels have not come yet

async function send() {
  const body = new URLSearchParams(new FormData(form));
  body.set("token", token);
  body.set("key", key);
  for (const [name, value] of Object.entries(circumstances())) body.set(name, value);
  const response = await fetch(room.dataset.submitUrl, { method: "POST", body });
  // logged out meanwhile, or answered in another tab and gone on
  if (response.redirected || response.status === 404 || response.status === 403)
    throw new Refusal(room.dataset.gone);
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.error);
  return answer;
}

// What follows an answer; training shows its key before, and then what follows.
function afterAnswer(answer) {
  const detail = { answer, follows: answer };
  room.dispatchEvent(new CustomEvent("answered", { detail }));
  return detail.follows;
}

async function confirmAnswer() {
  if (submit.disabled) return;
  busy = true;
  refresh();
  try {
    following = following || (await afterAnswer(await send()));
    if (following.state !== "read") return void window.location.replace(following.href);
    await show(following.token);
    present(following);
    fetchAhead(following.next);
    following = null;
    say("");
  } catch (error) {
    say(error instanceof Refusal ? error.message : room.dataset.lost);
  }
  busy = false;
  refresh();
}

form.addEventListener("change", refresh);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  confirmAnswer();
});

async function start() {
  form.reset();
  presentAgain(JSON.parse(room.dataset.again));
  try {
    await loadLut();
    await show(token);
    fetchAhead(room.dataset.next);
    say("");
  } catch (error) {
    say(error instanceof Refusal ? error.message : room.dataset.lost);
    if (!(error instanceof Refusal)) window.setTimeout(start, 2000);
  }
  refresh();
}

start();
