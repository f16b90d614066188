// Draws the slices of a page whose #room holds them: the room, training and guesses.
// The scalar is interpolated and windowed first and its colour looked up afterwards: a
// colour that the table does not hold is never drawn. Loaded before the page's own
// script, which uses these names.
"use strict";

const room = document.getElementById("room");
const slices = room.querySelector(".slices");
const canvases = [...slices.querySelectorAll("canvas")];
const bar = room.querySelector(".bar canvas");
const side = Number(room.dataset.pixels);
const count = Number(room.dataset.slices);

// The whole slice, in the protocol's window. x, y: upper left corner of what is shown,
// in pixels of the image; low, high: drawn in the table's first and last colour.
const WHOLE = Object.freeze({ zoom: 1, x: 0, y: 0, low: 0, high: 255 });
const view = { ...WHOLE };

let lut = null; // Uint8Array, 256 × (red, green, blue)
let colours = null; // Uint32Array, the same as pixels of a canvas
let pixels = null; // Uint8Array, slices × rows × columns; column 0 = patient's right
let token = room.dataset.token;

const kept = new Map(); // taps by size and place; moving an image makes many

// For each of `size` target pixels, four source pixels and their Catmull–Rom
// weights; pixel centres are aligned and borders repeat.
function taps(size, zoom, from) {
  const name = `${size} ${zoom} ${from}`;
  if (kept.has(name)) return kept.get(name);
  if (kept.size >= 8) kept.clear();
  const at = new Int32Array(size * 4);
  const weight = new Float64Array(size * 4);
  for (let target = 0; target < size; target++) {
    const centre = from + ((target + 0.5) * side) / (size * zoom) - 0.5;
    const left = Math.floor(centre);
    const t = centre - left;
    const weights = [
      ((2 - t) * t - 1) * t * 0.5,
      ((3 * t - 5) * t * t + 2) * 0.5,
      ((4 - 3 * t) * t + 1) * t * 0.5,
      (t - 1) * t * t * 0.5,
    ];
    for (let tap = 0; tap < 4; tap++) {
      at[target * 4 + tap] = Math.min(side - 1, Math.max(0, left - 1 + tap));
      weight[target * 4 + tap] = weights[tap];
    }
  }
  kept.set(name, { at, weight });
  return kept.get(name);
}

let rows = new Float64Array(0); // of the image, as wide as the canvas

function widen(slice, size, { at, weight }, first, last) {
  if (rows.length < side * size) rows = new Float64Array(side * size);
  const wide = rows;
  for (let row = first; row <= last; row++) {
    const [from, to] = [row * side, row * size];
    for (let x = 0, tap = 0; x < size; x++, tap += 4)
      wide[to + x] =
        weight[tap] * slice[from + at[tap]] +
        weight[tap + 1] * slice[from + at[tap + 1]] +
        weight[tap + 2] * slice[from + at[tap + 2]] +
        weight[tap + 3] * slice[from + at[tap + 3]];
  }
  return wide;
}

// The window's gain goes into the weights of the second pass, which costs nothing.
function interpolate(slice, size, { zoom, x: left, y: top, low, high }, target) {
  const { at, weight } = taps(size, zoom, top);
  const wide = widen(slice, size, taps(size, zoom, left), at[0], at[4 * size - 1]);
  const table = colours;
  const gain = 255 / (high - low);
  const offset = 0.5 - low * gain; // so that cutting off the fraction rounds
  for (let y = 0, to = 0; y < size; y++) {
    const tap = 4 * y;
    const [a, b] = [at[tap] * size, at[tap + 1] * size];
    const [c, d] = [at[tap + 2] * size, at[tap + 3] * size];
    const [p, q] = [weight[tap] * gain, weight[tap + 1] * gain];
    const [r, s] = [weight[tap + 2] * gain, weight[tap + 3] * gain];
    for (let x = 0; x < size; x++) {
      const grey = p * wide[a + x] + q * wide[b + x] + r * wide[c + x] + s * wide[d + x] + offset;
      target[to++] = table[grey <= 0 ? 0 : grey >= 255 ? 255 : grey | 0];
    }
  }
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

let sheet = null; // ImageData that slices of one size are drawn on, one after the other

// `slice`, as large as the canvas is on the screen. As the protocol says how the
// scalar is enlarged; never is the colour.
function draw(canvas, slice, shown) {
  const size = Math.max(side, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
  if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
  if (!sheet || sheet.width !== size) sheet = new ImageData(size, size);
  const enlarge = room.dataset.interpolation === "nearest" ? repeat : interpolate;
  enlarge(slice, size, shown, new Uint32Array(sheet.data.buffer));
  canvas.getContext("2d").putImageData(sheet, 0, 0);
}

// Slice `index` of many that lie one after the other.
function sliceOf(bytes, index) {
  return bytes.subarray(index * side * side, (index + 1) * side * side);
}

function paint() {
  if (!lut || !pixels) return;
  canvases.forEach((canvas, index) => draw(canvas, sliceOf(pixels, index), view));
  room.dataset.painted = token;
}

let awaited = 0; // the frame in which the slices are painted with another view

// Another view of the same images: painted once a frame, however often it is asked for.
function look(changes) {
  Object.assign(view, changes);
  awaited ||= window.requestAnimationFrame(() => {
    awaited = 0;
    paint();
  });
}

function paintBar() {
  bar.width = 1;
  bar.height = 256;
  const image = new ImageData(1, 256);
  new Uint32Array(image.data.buffer).set([...colours].reverse());
  bar.getContext("2d").putImageData(image, 0, 0);
}

// The image of the read before is not left on the screen of one that has none.
function clear() {
  pixels = null;
  delete room.dataset.painted;
  for (const canvas of canvases) canvas.width = canvas.height = 1;
}

async function show(next) {
  const bytes = await pixelsOf(next).catch((error) => {
    if (error instanceof Refusal) clear();
    throw error;
  });
  // each read begins in the protocol's window; the zoom stays as it is
  if (next !== token) Object.assign(view, { low: WHOLE.low, high: WHOLE.high });
  token = next;
  pixels = bytes;
  paint();
}

function isPainted() {
  return Boolean(pixels) && room.dataset.painted === token;
}

async function loadLut() {
  lut = await fetchBytes(room.dataset.lutUrl, 256 * 3);
  const opaque = Uint8Array.from({ length: 1024 }, (_, at) =>
    at % 4 === 3 ? 255 : lut[(at >> 2) * 3 + (at % 4)],
  );
  colours = new Uint32Array(opaque.buffer);
  paintBar();
  // the page is as dark as the images' own zero, so no edge is seen
  document.documentElement.style.background = `rgb(${lut[0]} ${lut[1]} ${lut[2]})`;
}

new ResizeObserver(paint).observe(slices);

// a page that the browser kept from before shows an old read: ask again
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
