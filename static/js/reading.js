// The reading screen: one read after the other. drawing.js or stack.js draws them, and
// outbox.js keeps their answers until the server has them.
"use strict";

const form = document.getElementById("answer");
const submit = document.getElementById("submit");
const again = document.getElementById("again");
const missing = document.getElementById("missing");

const LONGEST_PAUSE = 15; // seconds, between two attempts to reach the server

let busy = true; // nothing is taken for the read on the screen
let confirmed = null; // token of the read whose answer was confirmed last
let elsewhere = false; // reading went on in another window
let undoing = false;
let offered = ""; // what was chosen in the form as the read came
// What the server said last, until the screen shows it. At first, what the page says.
let due = {
  state: "read",
  token,
  number: Number(document.getElementById("number").textContent),
  of: Number(document.getElementById("of").textContent),
  next: room.dataset.next,
  again: JSON.parse(room.dataset.again),
};
const places = new Map(); // token → number and of, as far as the server told

function isAnsweredFor(group) {
  if (group.dataset.kind === "text") return true; // free words may be none
  const choice = group.querySelector(":checked");
  // a side that cannot be assessed is answered with the reason why
  return choice && (choice.value !== "none" || form.elements[`why-${choice.name}`].value.trim());
}

function sidesLeft() {
  return [...form.querySelectorAll("fieldset")].filter((group) => !isAnsweredFor(group));
}

function chosenNow() {
  const choices = form.querySelectorAll("fieldset :checked");
  return [...choices].map((choice) => `${choice.name}=${choice.value}`).join();
}

function refresh() {
  busy = elsewhere || undoing || confirmed === token || due !== null;
  const isAnswered = !sidesLeft().length;
  submit.disabled = busy || !isPainted() || !isAnswered;
  if (busy || isAnswered) missing.hidden = true;
  if (!busy && isPainted() && chosenNow() !== offered) noteChoice();
}

function learnPlaces({ token: which, number, of, next, again: isAgain }) {
  places.set(which, { number, of });
  // what follows a read that is answered once more may be anywhere
  if (next && !isAgain) places.set(next, { number: number + 1, of });
}

function present(next) {
  for (const dialog of form.querySelectorAll("dialog[open]")) dialog.close();
  form.reset();
  document.getElementById("number").textContent = next.number;
  document.getElementById("of").textContent = next.of;
  presentAgain(next.again);
  newRead();
  if (document.activeElement.matches("input, textarea")) document.activeElement.blur();
  tellRefused();
  room.dispatchEvent(new CustomEvent("presented", { detail: { again: next.again } }));
  offered = chosenNow();
}

// A read that is answered once more says so and why. Its earlier answer is put into
// the form by whoever hears that it is presented.
function presentAgain(asked) {
  again.hidden = !asked;
  again.querySelector("b").textContent = asked ? asked.said : "";
  again.querySelector("span").textContent = asked ? asked.reason : "";
}

// What follows an answer; training shows its key before, and then what follows.
function afterAnswer(answer, sent) {
  const detail = { answer, follows: answer };
  const isShown = sent.token === token && isPainted();
  if (isShown) room.dispatchEvent(new CustomEvent("answered", { detail }));
  else if (answer.state === "feedback") detail.follows = answer.next;
  return detail.follows;
}

async function send(answer) {
  let said;
  try {
    said = await deliver(answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuseAnswer(answer.key, error.message);
    if (answer.token === token) confirmed = null; // it may be put right
    return tellRefused();
  } finally {
    endTurn();
  }
  dropAnswer(answer.key);
  if (answer.window !== WINDOW) tellWindows();
  due = await afterAnswer(said, answer);
}

async function follow(next) {
  if (next.state !== "read") return leavePage(next.href);
  if (!lut) await loadLut();
  learnPlaces(next);
  if (next.token !== token || !isPainted()) {
    await show(next.token);
    present(next);
  }
  tellRefused();
  due = null;
  if (next.pixels) keepAhead(next.next, next.pixels);
  else fetchAhead(next.next);
}

// Not before the reader has seen what was refused.
async function leavePage(href) {
  due = null;
  if (refusedAnswers().length) return;
  window.location.replace(href);
  await new Promise(() => {}); // nothing more happens here
}

// Send what is kept, in its order; then show what is due.
async function catchUp() {
  for (;;) {
    const [first] = unsentAnswers();
    if (first && !takeTurn()) await pause(0.2);
    else if (first) await send(first);
    else if (due && !elsewhere) await follow(due);
    else return;
  }
}

// Without the server, the one read that was fetched ahead can still be read.
async function goOnMeanwhile() {
  const next = ahead;
  const mayGoOn = room.dataset.goesOn && next.isThere && places.has(next.token);
  if (!mayGoOn || due || elsewhere || confirmed !== token) return;
  await show(next.token);
  present({ token: next.token, again: null, ...places.get(next.token) });
  fetchAhead(null);
}

let wake = () => {}; // ends a pause before its time

function pause(seconds) {
  return new Promise((resolve) => {
    wake = resolve;
    window.setTimeout(resolve, 1000 * seconds);
  });
}

let working = false;

async function work() {
  if (working) return wake();
  working = true;
  for (let seconds = 1; ; seconds = Math.min(2 * seconds, LONGEST_PAUSE)) {
    try {
      await catchUp();
      break;
    } catch (error) {
      if (error instanceof Refusal) {
        due = null;
        say(error.message);
        tell("", { mayReload: error instanceof Gone });
        break;
      }
      if (!(error instanceof LoggedOut)) await goOnMeanwhile();
      tellLost(error);
      refresh();
      await pause(seconds);
    }
  }
  working = false;
  refresh();
}

// Somebody who looks at the images and not at the grades hears why nothing goes on.
function tellMissing() {
  if (busy || !isPainted()) return;
  const sides = sidesLeft().map((group) => group.querySelector("legend").firstChild.data.trim());
  missing.textContent = missing.dataset.text.replace("{sides}", sides.join(", "));
  missing.hidden = false;
}

function confirmAnswer() {
  if (submit.disabled) return tellMissing();
  const fields = Object.entries(circumstances());
  // its own token of the moment is put in as it is sent
  for (const [name, value] of new FormData(form))
    if (name !== "csrfmiddlewaretoken") fields.push([name, value]);
  const [key, at] = [newKey(), Date.now()];
  fields.push(["token", token], ["key", key]);
  const [number, of] = ["number", "of"].map((id) => document.getElementById(id).textContent);
  keepAnswer({ key, token, number, of, at, window: WINDOW, fields });
  confirmed = token;
  tellWindows();
  refresh();
  atOnce = key;
  work(); // sends it before anything else is done, if it can
  atOnce = null;
}

// Take the last answer back, as far as the protocol allows: its read is due again.
async function undoLast() {
  if (!room.dataset.undoUrl || elsewhere || undoing || !isPainted()) return;
  if (unsentAnswers().length || confirmed === token) return tell(words.dataset.undoWaits);
  undoing = true;
  refresh();
  try {
    const said = await post(room.dataset.undoUrl, []);
    if (said.token === token) tell(words.dataset.undone);
    else {
      keepBehind(token, pixels);
      due = said;
      tellWindows();
    }
  } catch (error) {
    if (error instanceof Refusal) tell(error.message);
    else if (error instanceof LoggedOut) tellLost(error);
    else tell(words.dataset.undoLost);
  }
  undoing = false;
  refresh();
  if (due) work();
}

windows.addEventListener("message", () => {
  elsewhere = true;
  due = null;
  tellRefused();
  refresh();
});
window.addEventListener("online", () => wake());
reload.addEventListener("click", () => {
  if (!elsewhere) dropRefused(); // else the window that is told of them has them
  window.location.reload();
});
form.addEventListener("change", refresh);
form.addEventListener("input", refresh);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  confirmAnswer();
});

form.reset();
presentAgain(due.again);
if (!unsentAnswers().length) fetchAhead(token); // else another is due by then
// all who want to hear of the first read are there then
document.addEventListener("DOMContentLoaded", work);
