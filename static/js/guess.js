// One question about an image that was read before. drawing.js draws it, keys.js has
// the keyboard.
"use strict";

const form = document.getElementById("answer");
const confidence = document.getElementById("confidence");
const submit = document.getElementById("submit");
const trouble = document.getElementById("trouble");

let busy = false;

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

// Who cannot tell is not asked how surely.
function refresh() {
  const chosen = form.elements.guess.value;
  confidence.disabled = chosen === "unknown";
  if (confidence.disabled)
    for (const choice of confidence.querySelectorAll(":checked")) choice.checked = false;
  const isAnswered = chosen && (confidence.disabled || form.elements.confidence.value);
  submit.disabled = busy || !isPainted() || !isAnswered;
}

async function send() {
  const body = new URLSearchParams(new FormData(form));
  body.set("token", token);
  const response = await fetch(room.dataset.submitUrl, { method: "POST", body });
  // logged out meanwhile, or the study is closed
  if (response.redirected || response.status === 404 || response.status === 403)
    throw new Refusal(room.dataset.gone);
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.error);
  return answer;
}

async function confirmAnswer() {
  if (submit.disabled) return;
  busy = true;
  refresh();
  try {
    return void window.location.replace((await send()).href);
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
  try {
    await loadLut();
    await show(token);
    say("");
  } catch (error) {
    say(error instanceof Refusal ? error.message : room.dataset.lost);
    if (!(error instanceof Refusal)) window.setTimeout(start, 2000);
  }
  refresh();
}

form.reset();
// all that takes keys and draws is there then
document.addEventListener("DOMContentLoaded", start);
