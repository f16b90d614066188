// Zoom, and the window where the protocol lets readers adjust it. drawing.js draws
// what is in `view`; the three slices always show the same part of the image.
"use strict";

const ZOOMS = [1, 1.5, 2, 3, 4];
const MOST_ZOOM = ZOOMS[ZOOMS.length - 1];
const NARROWEST = 10; // grey levels between the limits of the window
const WINDOW_STEP = 5; // grey levels
const LEAST_DRAG = 4; // CSS pixels: less is a click

const zoomShown = document.getElementById("zoom-reset");
const windowShown = document.getElementById("window-reset"); // none: not adjustable
const limits = windowShown && {
  low: document.getElementById("window-low"),
  high: document.getElementById("window-high"),
};
const [most, least] = room.querySelectorAll(".bar > span");
const ends = { low: least.textContent, high: most.textContent };

function between(least, value, most) {
  return Math.min(most, Math.max(least, value));
}

const MIDDLE = { x: 0.5, y: 0.5 };

// What is at `from` comes to be at `to`: places of a slice, each way from 0 to 1.
function zoomTo(wanted, from = MIDDLE, to = from) {
  const zoom = between(1, wanted, MOST_ZOOM);
  const [before, after] = [side / view.zoom, side / zoom];
  moveTo(view.x + from.x * before - to.x * after, view.y + from.y * before - to.y * after, zoom);
}

function moveTo(x, y, zoom = view.zoom) {
  const last = side - side / zoom;
  look({ zoom, x: between(0, x, last), y: between(0, y, last) });
  zoomShown.hidden = zoom === 1;
  zoomShown.firstElementChild.textContent = `×${Math.round(zoom * 10) / 10}`;
  slices.classList.toggle("zoomed", zoom > 1);
}

function zoomIn() {
  zoomTo(ZOOMS.find((zoom) => zoom > view.zoom + 0.01) || MOST_ZOOM);
}

function zoomOut() {
  zoomTo(ZOOMS.findLast((zoom) => zoom < view.zoom - 0.01) || 1);
}

function zoomReset() {
  zoomTo(1);
}

const percent = (grey) => `${Math.round((grey * 100) / 255)} %`;

// The limit that is moved gives way to the other.
function windowSet(low, high) {
  look({ low, high });
  const isAdjusted = low !== WHOLE.low || high !== WHOLE.high;
  for (const [name, grey] of Object.entries({ low, high })) {
    limits[name].value = grey;
    limits[name].setAttribute("aria-valuetext", percent(grey));
    const sent = form.elements.namedItem(name);
    sent.value = grey;
    sent.disabled = !isAdjusted;
  }
  most.textContent = isAdjusted ? percent(high) : ends.high;
  least.textContent = isAdjusted ? percent(low) : ends.low;
  windowShown.hidden = !isAdjusted;
  windowShown.firstElementChild.textContent = `${Math.round(low / 2.55)}–${percent(high)}`;
}

// which: "low" or "high". by: steps, below 0 towards dark.
function windowStep(which, by) {
  if (limits) windowMove(which, view[which] + by * WINDOW_STEP);
}

function windowMove(which, grey) {
  if (which === "low") windowSet(between(0, grey, view.high - NARROWEST), view.high);
  else windowSet(view.low, between(view.low + NARROWEST, grey, 255));
}

function windowReset() {
  if (limits) windowSet(WHOLE.low, WHOLE.high);
}

// As in clinical viewers: to the right is wider, upwards is brighter.
function windowDragged({ low, high }, right, down) {
  const width = between(NARROWEST, high - low + right, 255);
  const middle = between(width / 2, (low + high) / 2 + down, 255 - width / 2);
  const from = Math.round(middle - width / 2);
  windowSet(from, Math.min(255, from + Math.round(width)));
}

// Fingers, or the mouse, that are down on a slice: where they were last.
const touching = new Map();
let drag = null; // of one of them: where it began, and what the view was then

function placeIn(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

slices.addEventListener("pointerdown", (event) => {
  const canvas = event.target;
  if (!(canvas instanceof HTMLCanvasElement) || touching.size === 2) return;
  if (event.button !== 0 && !(event.button === 2 && limits)) return;
  canvas.setPointerCapture(event.pointerId);
  touching.set(event.pointerId, placeIn(canvas, event));
  const { x, y } = placeIn(canvas, event);
  drag = { x, y, view: { ...view }, button: event.button, moved: touching.size > 1 };
});

slices.addEventListener("pointermove", (event) => {
  if (!touching.has(event.pointerId)) return;
  const before = new Map(touching);
  const canvas = event.target;
  touching.set(event.pointerId, placeIn(canvas, event));
  if (touching.size === 2) return pinch([...before.values()], [...touching.values()]);
  dragTo(touching.get(event.pointerId), canvas.clientWidth);
});

function dragTo(place, width) {
  const [right, down] = [place.x - drag.x, place.y - drag.y];
  drag.moved ||= Math.hypot(right, down) * width >= LEAST_DRAG;
  if (!drag.moved) return;
  if (drag.button === 2) return windowDragged(drag.view, right * 255, down * 255);
  const shown = side / view.zoom;
  moveTo(drag.view.x - right * shown, drag.view.y - down * shown);
}

function pinch(before, after) {
  const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const larger = apart(before) > 0 ? apart(after) / apart(before) : 1;
  zoomTo(view.zoom * larger, middle(before), middle(after));
}

function lift(event) {
  if (!touching.delete(event.pointerId)) return;
  const isClick = event.type === "pointerup" && !drag.moved && drag.button === 0;
  // without dragging: what was clicked comes to the middle
  if (isClick && view.zoom > 1) zoomTo(view.zoom, drag, MIDDLE);
  const [left] = touching.values();
  drag = left ? { ...left, view: { ...view }, button: 0, moved: true } : null;
}

slices.addEventListener("pointerup", lift);
slices.addEventListener("pointercancel", lift);
slices.addEventListener("dblclick", zoomReset);
slices.addEventListener("contextmenu", (event) => limits && event.preventDefault());
slices.addEventListener(
  "wheel",
  (event) => {
    if (!(event.target instanceof HTMLCanvasElement)) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 40 : 1);
    const place = placeIn(event.target, event);
    zoomTo(view.zoom * 2 ** (-between(-200, pixels, 200) / 400), place);
  },
  { passive: false },
);

document.getElementById("zoom-in").addEventListener("click", zoomIn);
document.getElementById("zoom-out").addEventListener("click", zoomOut);
zoomShown.addEventListener("click", zoomReset);
if (limits) {
  for (const [name, limit] of Object.entries(limits))
    limit.addEventListener("input", () => windowMove(name, Number(limit.value)));
  windowShown.addEventListener("click", windowReset);
  room.addEventListener("presented", windowReset);
  windowReset(); // a reloaded page keeps what its fields were
}
