// How a read is read: told with its answer, for the record of the study. And when a
// break is due. Needs drawing.js or stack.js, and screen.js.
"use strict";

// By token, since one may leave a read and come back to it, in milliseconds: how long
// a read was before its reader, how long the window was left or hidden meanwhile, and
// how long it was before its reader at the first choice.
const clocks = new Map();
let clock = null; // of the read that is shown
let countedAt = performance.now();
let isAway = document.hidden;

function countTime() {
  const now = performance.now();
  if (clock) clock[isAway ? "away" : "spent"] += Math.max(0, now - countedAt);
  countedAt = now;
}

function leave() {
  countTime();
  isAway = true;
}

function comeBack() {
  countTime();
  isAway = false;
}

// Its images are on the screen from now on.
function newRead() {
  countTime();
  if (!clocks.has(token)) clocks.set(token, { spent: 0, away: 0, first: null });
  clock = clocks.get(token);
}

function noteChoice() {
  countTime();
  if (clock && clock.first === null) clock.first = clock.spent;
}

window.addEventListener("blur", leave);
window.addEventListener("focus", comeBack);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) leave();
  else if (document.hasFocus()) comeBack();
});

function circumstances() {
  countTime();
  const { spent, away, first } = clock;
  return {
    ...(first === null ? {} : { first_ms: Math.round(first) }),
    spent_ms: Math.round(spent),
    away_ms: Math.round(away),
    side: Math.round(shownSide()),
    screen: describeScreen(),
  };
}

const small = document.getElementById("small");
new ResizeObserver(() => {
  small.hidden = Math.round(shownSide()) >= Number(room.dataset.leastSide);
}).observe(canvases[0]);

// A stretch of reading lasts until nothing was done for five minutes; a reload does not end it.
const LONGEST_REST = 5 * 60 * 1000;
const NEW_STRETCH = { begun: 0, last: 0, hiddenAt: 0 };
const breakAfter = Number(room.dataset.breakAfter); // minutes, 0 = never
const reminder = document.getElementById("break");

function stretch() {
  try {
    return JSON.parse(window.sessionStorage.getItem("stretch")) || NEW_STRETCH;
  } catch {
    return NEW_STRETCH;
  }
}

function keepStretch(kept) {
  try {
    window.sessionStorage.setItem("stretch", JSON.stringify(kept));
  } catch {
    // without a store there is no reminder
  }
}

function isOver(kept, now) {
  return now < kept.last || now - kept.last >= LONGEST_REST;
}

function minutesRead(kept) {
  return Math.floor((Date.now() - kept.begun) / 60_000);
}

function remind() {
  const kept = stretch();
  const minutes = minutesRead(kept);
  const isDue = breakAfter > 0 && minutes >= kept.hiddenAt + breakAfter;
  reminder.hidden = !isDue || isOver(kept, Date.now());
  const text = reminder.dataset.text.replace("{minutes}", minutes);
  if (!reminder.hidden) reminder.querySelector("span").textContent = text;
}

function noteActivity() {
  const now = Date.now();
  const kept = stretch();
  if (isOver(kept, now)) keepStretch({ begun: now, last: now, hiddenAt: 0 });
  else if (now - kept.last > 1000) keepStretch({ ...kept, last: now });
  remind();
}

function hideReminder() {
  const kept = stretch();
  keepStretch({ ...kept, hiddenAt: minutesRead(kept) });
  remind();
}

for (const kind of ["keydown", "pointerdown", "pointermove"])
  document.addEventListener(kind, noteActivity, { passive: true });
document.getElementById("rested").addEventListener("click", hideReminder);
document.addEventListener("keydown", (event) => {
  if (event.code === "Escape" && !reminder.hidden) hideReminder();
});
window.setInterval(remind, 15_000);
noteActivity();
