// Places that a reader marks on the image: part of the answer of the question that asks
// for them. Needs stack.js and asking.js; stepping.js and keys.js call it.
"use strict";

// One for each question that asks for places; marks: { slice, row, column }, in the order
// in which they were made.
const markings = [...form.querySelectorAll(".marks")].map((place) => ({
  place,
  question: place.closest("fieldset"),
  sent: place.querySelector("input"),
  listed: place.querySelector("ol"),
  click: place.querySelector(".marking"),
  marks: [],
}));
const NEAR = 10; // CSS pixels: a click on a mark takes it away
const TWICE = 500; // milliseconds: but the second one of a double click does not

let pointer = null; // where the mouse is on an image, if it is
let made = { mark: null, at: 0 }; // the last one

// Of the question that is framed, or of the first one that asks for places.
function marking() {
  const current = currentQuestion();
  return markings.find(({ question }) => question === current) || markings[0];
}

function clicksMark() {
  return Boolean(markings.length) && marking().click.getAttribute("aria-pressed") === "true";
}

function markWords(text, mark) {
  return text.replace("{number}", mark.slice + 1);
}

function marksChanged(one, marks) {
  one.marks = marks;
  one.sent.value = marks.length ? JSON.stringify(marks) : "";
  one.listed.replaceChildren(...marks.map((mark, index) => markListed(one, mark, index)));
  drawMarks();
}

function markListed(one, mark, index) {
  const [item, go, drop] = ["li", "button", "button"].map((name) => document.createElement(name));
  go.type = drop.type = "button";
  go.className = drop.className = "quiet";
  go.textContent = `${index + 1}: ${markWords(one.place.dataset.mark, mark)}`;
  go.addEventListener("click", () => sliceTo(mark.slice));
  drop.textContent = "×";
  drop.setAttribute("aria-label", markWords(one.place.dataset.remove, mark));
  drop.addEventListener("click", () => dropMark(one, mark));
  item.append(go, drop);
  return item;
}

function dropMark(one, mark) {
  marksChanged(one, one.marks.filter((other) => other !== mark));
}

// Not outside the image, nor twice in the same place. at: when it was asked for.
function addMark(one, { slice, row, column }, at) {
  const isInside = row >= 0 && row < extent.rows && column >= 0 && column < extent.columns;
  const isThere = one.marks.some(
    (mark) => mark.slice === slice && mark.row === row && mark.column === column,
  );
  if (!isInside || isThere || one.marks.length >= Number(one.place.dataset.most)) return;
  made = { mark: { slice, row, column }, at };
  marksChanged(one, [...one.marks, made.mark]);
}

// x, y: in pixels of the image. Whether the place was taken for a mark.
function markAt(canvas, x, y, at) {
  if (!clicksMark()) return false;
  if (busy || !isPainted()) return true;
  const one = marking();
  const scale = scaleOf(canvas);
  const isNear = (mark) =>
    mark.slice === view.slice &&
    Math.hypot(mark.row + 0.5 - y, mark.column + 0.5 - x) * scale <= NEAR;
  const found = one.marks.findLast(isNear);
  if (!found) addMark(one, { slice: view.slice, row: Math.floor(y), column: Math.floor(x) }, at);
  else if (found !== made.mark || at - made.at > TWICE) dropMark(one, found);
  return true;
}

// By key: where the mouse is, or in the middle of the image.
function markHere(at) {
  if (!markings.length || busy || !isPainted()) return false;
  const { canvas, place } = pointer || { canvas: canvases[0], place: { x: 0, y: 0 } };
  const { x, y } = imagePlace(canvas, place);
  addMark(marking(), { slice: view.slice, row: Math.floor(y), column: Math.floor(x) }, at);
}

// The mark made last is taken away.
function unmark() {
  if (!markings.length || busy) return false;
  const one = marking();
  marksChanged(one, one.marks.slice(0, -1));
}

function drawMarks() {
  for (const old of slices.querySelectorAll(".placed")) old.remove();
  if (!isPainted()) return;
  for (const canvas of canvases)
    for (const { marks } of markings)
      marks.forEach((mark, index) => {
        if (mark.slice === view.slice) canvas.parentElement.append(ringOf(canvas, mark, index));
      });
}

function ringOf(canvas, mark, index) {
  const ring = document.createElement("span");
  ring.className = "placed";
  ring.textContent = index + 1;
  ring.setAttribute("aria-hidden", "true");
  const scale = scaleOf(canvas);
  ring.style.left = `${(mark.column + 0.5 - view.x) * scale + canvas.clientWidth / 2}px`;
  ring.style.top = `${(mark.row + 0.5 - view.y) * scale + canvas.clientHeight / 2}px`;
  return ring;
}

if (markings.length) {
  room.addEventListener("presented", ({ detail }) => {
    const told = (detail.again && detail.again.marks) || {};
    for (const one of markings)
      marksChanged(one, [...(told[one.sent.name.slice("marks:".length)] || [])]);
  });
  room.addEventListener("drawn", drawMarks);
  slices.addEventListener("pointermove", (event) => {
    const canvas = event.target;
    pointer = canvas instanceof HTMLCanvasElement ? { canvas, place: placeOn(canvas, event) } : null;
  });
  slices.addEventListener("pointerleave", () => (pointer = null));
  for (const { click } of markings)
    click.addEventListener("click", () => {
      const isOn = click.getAttribute("aria-pressed") === "true";
      click.setAttribute("aria-pressed", String(!isOn));
    });
}
