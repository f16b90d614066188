// Draws the slices of a page whose #room holds them: the room, training and guesses.
// The scalar is interpolated first and its colour looked up afterwards: a colour
// that the table does not hold is never drawn. Loaded before the page's own script,
// which uses these names.
"use strict";

const room = document.getElementById("room");
const canvases = [...room.querySelectorAll(".slice canvas")];
const bar = room.querySelector(".bar canvas");
const side = Number(room.dataset.pixels);
const count = Number(room.dataset.slices);

let lut = null; // Uint8Array, 256 × (red, green, blue)
let pixels = null; // Uint8Array, slices × rows × columns; column 0 = patient's right
let token = room.dataset.token;

// For each of `size` target pixels, four source pixels and their Catmull–Rom
// weights; pixel centres are aligned and borders repeat.
function taps(size) {
  const at = new Int32Array(size * 4);
  const weight = new Float32Array(size * 4);
  for (let target = 0; target < size; target++) {
    const centre = ((target + 0.5) * side) / size - 0.5;
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
  return { at, weight };
}

// As the protocol says: how the scalar is enlarged, never how the colour is.
function enlarge(slice, size) {
  return room.dataset.interpolation === "nearest" ? repeat(slice, size) : interpolate(slice, size);
}

function repeat(slice, size) {
  const at = (target) => Math.floor(((target + 0.5) * side) / size);
  const large = new Uint8ClampedArray(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) large[y * size + x] = slice[at(y) * side + at(x)];
  return large;
}

function interpolate(slice, size) {
  const { at, weight } = taps(size);
  const wide = new Float32Array(side * size);
  for (let row = 0; row < side; row++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let tap = 4 * x; tap < 4 * x + 4; tap++)
        sum += weight[tap] * slice[row * side + at[tap]];
      wide[row * size + x] = sum;
    }
  }
  const large = new Uint8ClampedArray(size * size); // rounds and clamps to 0 … 255
  for (let y = 0; y < size; y++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((tap) => at[4 * y + tap] * size);
    const [p, q, r, s] = [0, 1, 2, 3].map((tap) => weight[4 * y + tap]);
    for (let x = 0; x < size; x++)
      large[y * size + x] = p * wide[a + x] + q * wide[b + x] + r * wide[c + x] + s * wide[d + x];
  }
  return large;
}

function colour(grey, image) {
  for (let index = 0; index < grey.length; index++) {
    const from = grey[index] * 3;
    image.data[index * 4] = lut[from];
    image.data[index * 4 + 1] = lut[from + 1];
    image.data[index * 4 + 2] = lut[from + 2];
    image.data[index * 4 + 3] = 255;
  }
  return image;
}

function paint() {
  if (!lut || !pixels) return;
  const scale = window.devicePixelRatio || 1;
  canvases.forEach((canvas, index) => {
    const size = Math.max(side, Math.round(canvas.clientWidth * scale));
    if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    const slice = pixels.subarray(index * side * side, (index + 1) * side * side);
    context.putImageData(colour(enlarge(slice, size), context.createImageData(size, size)), 0, 0);
  });
  room.dataset.painted = token;
}

function paintBar() {
  bar.width = 1;
  bar.height = 256;
  const context = bar.getContext("2d");
  const grey = Uint8Array.from({ length: 256 }, (_, row) => 255 - row);
  context.putImageData(colour(grey, context.createImageData(1, 256)), 0, 0);
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
  token = next;
  pixels = bytes;
  paint();
}

function isPainted() {
  return Boolean(pixels) && room.dataset.painted === token;
}

async function loadLut() {
  lut = await fetchBytes(room.dataset.lutUrl, 256 * 3);
  paintBar();
  // the page is as dark as the images' own zero, so no edge is seen
  document.documentElement.style.background = `rgb(${lut[0]} ${lut[1]} ${lut[2]})`;
}

new ResizeObserver(paint).observe(room.querySelector(".slices"));

// a page that the browser kept from before shows an old read: ask again
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
