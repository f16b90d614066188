// Answers that are confirmed are kept in this browser until the server has taken or
// refused them. They go one after the other, also where several windows keep some;
// sent twice under the same key, an answer is stored once.
// And what is said about it. Uses names of reading.js when it is called.
"use strict";

const DESK = `${room.dataset.desk} ${room.dataset.submitUrl}`; // of one reader only
const OUTBOX = `answers ${DESK}`;
const TURN = `sending ${DESK}`;
const LONGEST_TURN = PATIENCE + 2000; // milliseconds; a window that died has no turn
const LONGEST_HELD = 999_999_999; // milliseconds that the server takes
const WINDOW = newKey(); // tells this window from the others

let atOnce = null; // key of the answer that is confirmed at this very moment
const memory = new Map(); // key → answer, where the browser lets nothing be stored

// Each has an entry of its own: what two windows store at once overwrites nothing.
function storedAnswers() {
  try {
    return Object.entries(window.localStorage)
      .filter(([name]) => name.startsWith(`${OUTBOX} `))
      .map(([, text]) => JSON.parse(text));
  } catch {
    return [];
  }
}

// In the order in which they were confirmed, which no clock is asked for but where two
// windows kept some at the same moment, before they heard of each other.
function keptAnswers() {
  const found = new Map(storedAnswers().map((answer) => [answer.key, answer]));
  for (const [key, answer] of memory) found.set(key, answer);
  return [...found.values()].sort((one, other) => one.place - other.place || one.at - other.at);
}

function saveAnswer(answer) {
  try {
    window.localStorage.setItem(`${OUTBOX} ${answer.key}`, JSON.stringify(answer));
    memory.delete(answer.key);
  } catch {
    memory.set(answer.key, answer);
  }
}

function dropAnswer(key) {
  memory.delete(key);
  try {
    window.localStorage.removeItem(`${OUTBOX} ${key}`);
  } catch {
    // nothing can be stored here, so nothing is
  }
}

function unsentAnswers() {
  return keptAnswers().filter((answer) => !answer.refused);
}

// Refused for good; they stay until their reader has seen it.
function refusedAnswers() {
  return keptAnswers().filter((answer) => answer.refused);
}

// answer: { key, token, number, of, at: when it was confirmed, fields: [[name, value]] }
function keepAnswer(answer) {
  const kept = keptAnswers();
  for (const { key, token: which, refused } of kept)
    if (refused && which === answer.token) dropAnswer(key);
  const last = kept[kept.length - 1];
  saveAnswer({ ...answer, place: last ? last.place + 1 : 1 });
}

function refuseAnswer(key, why) {
  const found = keptAnswers().find((answer) => answer.key === key);
  if (found) saveAnswer({ ...found, refused: why });
}

function dropRefused() {
  for (const { key } of refusedAnswers()) dropAnswer(key);
}

// Whether it is this window's turn to send; another one's ends by itself.
function takeTurn() {
  const now = Date.now();
  try {
    const [by, until] = JSON.parse(window.localStorage.getItem(TURN)) || [];
    if (by !== WINDOW && until > now && until <= now + LONGEST_TURN) return false;
    window.localStorage.setItem(TURN, JSON.stringify([WINDOW, now + LONGEST_TURN]));
  } catch {
    // where nothing is stored no answers are shared
  }
  return true;
}

function endTurn() {
  try {
    window.localStorage.removeItem(TURN);
  } catch {
    // as above
  }
}

// Logging in again changes the token; the cookie has the one that counts now.
function csrfToken() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found ? found[1] : form.elements.csrfmiddlewaretoken.value;
}

// What the server says; an Error of no class above: it was not reached.
async function post(url, fields) {
  const body = new URLSearchParams([...fields, ["desk", room.dataset.desk]]);
  const headers = { "X-CSRFToken": csrfToken() };
  const response = await ask(url, { method: "POST", body, headers });
  if (response.redirected || response.status === 403) throw new LoggedOut();
  // whatever is between here and the server may answer, too, but not in these words
  const said = (await response.json().catch(() => null)) || {};
  if (response.ok && said.state) return said;
  if ([404, 409].includes(response.status) && said.error) throw new Refusal(said.error);
  if (response.status === 404) throw new LoggedOut(words.dataset.somebodyElse);
  throw new Error(String(response.status));
}

function deliver(answer) {
  const held = Math.min(Math.max(0, Date.now() - answer.at), LONGEST_HELD);
  // a page that is busy itself keeps no answer waiting
  const late = answer.key === atOnce ? [] : [["held_ms", held]];
  return post(room.dataset.submitUrl, [...answer.fields, ...late]);
}

// The other windows at this desk hear that this one went on.
const windows = new BroadcastChannel(DESK);

function tellWindows() {
  windows.postMessage("went on");
}

const trouble = document.getElementById("trouble");
const words = document.getElementById("kept"); // what is said about the connection
const [told, login, reload] = words.children;

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

function tell(text, { isLoggedOut = false, mayReload = false } = {}) {
  told.textContent = text;
  login.hidden = !isLoggedOut;
  reload.hidden = !mayReload;
  words.hidden = !text && !mayReload;
}

// What was refused is said until its reader has seen it, also after a reload.
function tellRefused() {
  const refused = refusedAnswers().map(({ number, of, refused: why }) =>
    words.dataset.refused.replace("{number}", number).replace("{of}", of).replace("{why}", why)
  );
  say(refused.join(" "));
  const mayReload = elsewhere || refused.length > 0;
  tell(elsewhere ? words.dataset.elsewhere : "", { mayReload });
}

function tellLost(error) {
  if (elsewhere) return;
  const isKept = unsentAnswers().length > 0;
  const isLoggedOut = error instanceof LoggedOut;
  const goesOn = !due && confirmed !== token && isPainted();
  let text = words.dataset.asks;
  if (isLoggedOut) text = error.message || words.dataset.loggedOut;
  else if (isKept) text = goesOn ? words.dataset.goesOn : words.dataset.waits;
  tell(memory.size && isKept ? `${text} ${words.dataset.onlyHere}` : text, { isLoggedOut });
}

window.addEventListener("beforeunload", (event) => {
  if (memory.size && unsentAnswers().length) event.preventDefault();
});
