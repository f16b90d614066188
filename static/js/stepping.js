// Slices, windows, zoom: what stack.js draws. Both images of a pair follow together.
"use strict";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
const MOST_ZOOM = ZOOMS[ZOOMS.length - 1];
const NARROWEST = 16; // levels between the limits of a window
const LEAST_DRAG = 4; // CSS pixels: less is a click
const WHEEL_STEP = 60; // CSS pixels of a wheel's way for one slice

const slider = document.getElementById("slice");
const [sliced, slicesTold] = document.querySelectorAll("#sliced > *");
const windowed = document.getElementById("windowed");
const zoomShown = document.getElementById("zoom-reset");
const presets = [...room.querySelectorAll(".preset")];
const limits = room.dataset.windowAdjustable && {
  low: document.getElementById("window-low"),
  high: document.getElementById("window-high"),
};

function between(least, value, most) {
  return Math.min(most, Math.max(least, value));
}

function sliceTo(wanted) {
  const slice = between(0, wanted, extent.depth - 1);
  look({ slice });
  tellSlice();
}

function sliceStep(by) {
  sliceTo(view.slice + by);
}

function tellSlice() {
  slider.max = extent.depth;
  slider.value = view.slice + 1;
  const text = slider.dataset.text.replace("{number}", view.slice + 1).replace("{of}", extent.depth);
  slider.setAttribute("aria-valuetext", text);
  sliced.textContent = view.slice + 1;
  slicesTold.textContent = `/ ${extent.depth}`;
}

// What a page key goes.
function severalSlices() {
  return Math.max(2, Math.round(extent.depth / 10));
}

const levelOf = (value) => ((value - lowest) / (highest - lowest)) * LAST;
const valueOf = (level) => Math.round(lowest + (level / LAST) * (highest - lowest));
const windowOf = ({ dataset: { low, high } }) => [levelOf(Number(low)), levelOf(Number(high))];

function windowTo(low, high) {
  look({ low, high });
  const isOf = (preset) => windowOf(preset).every((at, index) => at === [low, high][index]);
  const chosen = presets.find(isOf);
  for (const preset of presets) preset.setAttribute("aria-pressed", String(preset === chosen));
  // width and level, as clinical viewers say it in every language
  const [from, to] = [valueOf(low), valueOf(high)];
  windowed.textContent = `WW ${to - from}  WL ${Math.round((from + to) / 2)} ${room.dataset.unit}`;
  keepWindow(chosen ? chosen.dataset.kept.split(" ") : keptOf(low, high), chosen === presets[0]);
  if (!limits) return;
  for (const [name, level] of Object.entries({ low, high })) {
    limits[name].value = level;
    limits[name].setAttribute("aria-valuetext", `${valueOf(level)} ${room.dataset.unit}`);
  }
}

// In 255ths of all that is shown, as every window is kept.
function keptOf(low, high) {
  const darkest = between(0, Math.round((low * 255) / LAST), 254);
  return [darkest, between(darkest + 1, Math.round((high * 255) / LAST), 255)];
}

// Told with the answer, but for the one in which each read begins.
function keepWindow(kept, isFirst) {
  for (const [index, name] of ["low", "high"].entries()) {
    const sent = form.elements.namedItem(name);
    sent.value = kept[index];
    sent.disabled = isFirst;
  }
}

function windowReset() {
  windowTo(...windowOf(presets[0]));
}

// The limit that is moved gives way to the other.
function windowMove(name, level) {
  if (name === "low") windowTo(between(0, level, view.high - NARROWEST), view.high);
  else windowTo(view.low, between(view.low + NARROWEST, level, LAST));
}

// As in clinical viewers: to the right is wider, upwards is brighter.
function windowDragged({ low, high }, right, down) {
  const width = between(NARROWEST, high - low + right, LAST);
  const middle = between(width / 2, (low + high) / 2 + down, LAST - width / 2);
  windowTo(Math.round(middle - width / 2), Math.round(middle + width / 2));
}

function windowKey(wider, brighter) {
  if (!limits) return false;
  const step = Math.max(4, (view.high - view.low) / 20);
  windowDragged(view, wider * step, -brighter * step);
}

// place: of a canvas, in CSS pixels from its middle. Where that is in the image.
function imagePlace(canvas, place) {
  const scale = scaleOf(canvas);
  return { x: view.x + place.x / scale, y: view.y + place.y / scale };
}

// What is at `place` stays there.
function zoomTo(wanted, canvas = canvases[0], place = { x: 0, y: 0 }) {
  const zoom = between(1, wanted, MOST_ZOOM);
  const held = imagePlace(canvas, place);
  const scale = (scaleOf(canvas) / view.zoom) * zoom;
  moveTo(held.x - place.x / scale, held.y - place.y / scale, zoom);
}

// No further than until the image's edge is in the middle of a side.
function moveTo(x, y, zoom = view.zoom) {
  const within = (at, length) => between(length / 2 / zoom, at, length - length / 2 / zoom);
  look({ zoom, x: within(x, extent.columns), y: within(y, extent.rows) });
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

// Fingers, or the mouse, that are down on an image: where they were last.
const touching = new Map();
let drag = null; // of one of them: where it began, and what the view was then

function placeOn(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
}

slices.addEventListener("pointerdown", (event) => {
  const canvas = event.target;
  if (!(canvas instanceof HTMLCanvasElement) || touching.size === 2) return;
  if (event.button !== 0 && !(event.button === 2 && limits)) return;
  canvas.setPointerCapture(event.pointerId);
  touching.set(event.pointerId, placeOn(canvas, event));
  drag = { ...placeOn(canvas, event), view: { ...view }, button: event.button, moved: touching.size > 1 };
});

slices.addEventListener("pointermove", (event) => {
  if (!touching.has(event.pointerId)) return;
  const before = [...touching.values()];
  touching.set(event.pointerId, placeOn(event.target, event));
  if (touching.size === 2) return pinch(event.target, before, [...touching.values()]);
  dragTo(event.target, touching.get(event.pointerId));
});

// Moves what is larger than its canvas; what is not is leafed through.
function dragTo(canvas, place) {
  const [right, down] = [place.x - drag.x, place.y - drag.y];
  drag.moved ||= Math.hypot(right, down) >= LEAST_DRAG;
  if (!drag.moved) return;
  if (drag.button === 2) {
    const step = LAST / canvas.clientWidth / 2;
    return windowDragged(drag.view, right * step, down * step);
  }
  if (view.zoom === 1) {
    const way = Math.max(8, canvas.clientHeight / extent.depth / 1.5);
    return sliceTo(drag.view.slice - Math.round(down / way));
  }
  const scale = scaleOf(canvas);
  moveTo(drag.view.x - right / scale, drag.view.y - down / scale);
}

function pinch(canvas, before, after) {
  const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const larger = apart(before) > 0 ? apart(after) / apart(before) : 1;
  zoomTo(view.zoom * larger, canvas, middle(after));
}

function lift(event) {
  if (!touching.delete(event.pointerId)) return;
  const isClick = event.type === "pointerup" && !drag.moved && drag.button === 0;
  if (isClick) clicked(event.target, placeOn(event.target, event), event.timeStamp);
  const [left] = touching.values();
  drag = left ? { ...left, view: { ...view }, button: 0, moved: true } : null;
}

// Marks the place where marks are asked for; else, without dragging, it comes to the middle.
function clicked(canvas, place, at) {
  const { x, y } = imagePlace(canvas, place);
  if (markAt(canvas, x, y, at)) return;
  if (view.zoom > 1) moveTo(x, y);
}

slices.addEventListener("pointerup", lift);
slices.addEventListener("pointercancel", lift);
slices.addEventListener("dblclick", () => !clicksMark() && zoomReset());
slices.addEventListener("contextmenu", (event) => limits && event.preventDefault());

let wheeled = 0; // CSS pixels of the wheel's way that are no slice yet

slices.addEventListener(
  "wheel",
  (event) => {
    if (!(event.target instanceof HTMLCanvasElement)) return;
    event.preventDefault();
    const way = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 40 : 1);
    if (event.ctrlKey) {
      const place = placeOn(event.target, event);
      return zoomTo(view.zoom * 2 ** (-between(-200, way, 200) / 400), event.target, place);
    }
    // one notch is one slice at least; a touch pad adds its small ways up
    wheeled = Math.sign(way) === Math.sign(wheeled) ? wheeled + way : way;
    const steps = Math.abs(way) >= WHEEL_STEP ? Math.sign(way) : Math.trunc(wheeled / WHEEL_STEP);
    if (!steps) return;
    wheeled = 0;
    sliceStep(-steps);
  },
  { passive: false },
);

slider.addEventListener("input", () => sliceTo(Number(slider.value) - 1));
document.getElementById("slice-up").addEventListener("click", () => sliceStep(1));
document.getElementById("slice-down").addEventListener("click", () => sliceStep(-1));
document.getElementById("zoom-in").addEventListener("click", zoomIn);
document.getElementById("zoom-out").addEventListener("click", zoomOut);
zoomShown.addEventListener("click", zoomReset);
for (const preset of presets) preset.addEventListener("click", () => windowTo(...windowOf(preset)));
if (limits)
  for (const [name, limit] of Object.entries(limits))
    limit.addEventListener("input", () => windowMove(name, Number(limit.value)));
room.addEventListener("arrived", () => {
  tellSlice();
  moveTo(view.x, view.y); // it may be smaller than the one before
  windowReset(); // no read is painted in the window of the one before
});
room.addEventListener("presented", windowReset); // its form is another one now
windowReset();

// What keys.js calls; false: the key may mean something else.
const STACK_KEYS = {
  ArrowUp: ({ shiftKey }) => (shiftKey ? windowKey(0, 1) : sliceStep(1)),
  ArrowDown: ({ shiftKey }) => (shiftKey ? windowKey(0, -1) : sliceStep(-1)),
  ArrowRight: ({ shiftKey }) => (shiftKey ? windowKey(1, 0) : false),
  ArrowLeft: ({ shiftKey }) => (shiftKey ? windowKey(-1, 0) : false),
  PageUp: () => sliceStep(severalSlices()),
  PageDown: () => sliceStep(-severalSlices()),
  Home: () => sliceTo(0),
  End: () => sliceTo(extent.depth - 1),
  KeyX: () => windowReset(),
  KeyK: ({ timeStamp }) => markHere(timeStamp),
  KeyZ: ({ repeat }) => repeat || unmark(), // held: one mark
  // = is the choice of no difference, where there is one
  Equal: () => (findByCode("Equal") ? false : zoomIn()),
};
