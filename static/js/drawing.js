// Draws the slices of a page whose #room holds them: the room, training, guesses, and the
// atlas. Needs painting.js. Loaded before the page's own script, which uses these names.
"use strict";

const side = Number(room.dataset.pixels);
const count = Number(room.dataset.slices);
const bytesOfRead = count * side * side; // slices × rows × columns; column 0 = patient's right

// The whole slice, in the protocol's window. x, y: upper left corner of what is shown,
// in pixels of the image; low, high: drawn in the table's first and last colour.
const WHOLE = Object.freeze({ zoom: 1, x: 0, y: 0, low: 0, high: 255 });
const view = { ...WHOLE };

const kept = new Map(); // taps by size and place; moving an image makes many

function taps(size, zoom, from) {
  const name = `${size} ${zoom} ${from}`;
  if (kept.has(name)) return kept.get(name);
  if (kept.size >= 8) kept.clear();
  const made = newTaps(0, size);
  for (let to = 0; to < size; to++)
    tap(made, to, from + ((to + 0.5) * side) / (size * zoom) - 0.5, side);
  kept.set(name, made);
  return made;
}

function smooth(slice, size, shown, target) {
  const [across, down] = [taps(size, shown.zoom, shown.x), taps(size, shown.zoom, shown.y)];
  interpolate(slice, side, across, down, shown, target, size);
}

function repeat(slice, size, { zoom, x: left, y: top, low, high }, target) {
  const place = (from) =>
    Int32Array.from({ length: size }, (_, to) =>
      Math.floor(from + ((to + 0.5) * side) / (size * zoom)),
    );
  const [across, down] = [place(left), place(top)];
  const drawn = Uint32Array.from({ length: 256 }, (_, grey) => {
    const shown = Math.round(((grey - low) * 255) / (high - low));
    return colours[Math.min(255, Math.max(0, shown))];
  });
  for (let y = 0, to = 0; y < size; y++)
    for (let x = 0; x < size; x++) target[to++] = drawn[slice[down[y] * side + across[x]]];
}

// `slice`, as large as the canvas is on the screen. As the protocol says how the
// scalar is enlarged; never is the colour.
function drawSlice(canvas, slice, shown) {
  const size = Math.max(side, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
  const enlarge = room.dataset.interpolation === "nearest" ? repeat : smooth;
  fill(canvas, size, size, (target) => enlarge(slice, size, shown, target));
}

// Slice `index` of many that lie one after the other.
function sliceOf(bytes, index) {
  return bytes.subarray(index * side * side, (index + 1) * side * side);
}

function draw(canvas, index) {
  drawSlice(canvas, sliceOf(pixels, index), view);
}

// Each read begins in the protocol's window; the zoom stays as it is.
function begin() {
  Object.assign(view, { low: WHOLE.low, high: WHOLE.high });
}

// Of a slice, in CSS pixels.
function shownSide() {
  return canvases[0].clientWidth;
}
