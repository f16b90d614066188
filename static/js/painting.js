// What every page shares that draws images on the canvases of its #room, three slices or
// whole stacks: the scalar is interpolated and windowed first and its colour looked up
// afterwards, so no colour is ever drawn that the table does not hold. Loaded before
// drawing.js or stack.js, which say what is drawn where: they have draw() and begin().
"use strict";

const room = document.getElementById("room");
const slices = room.querySelector(".slices");
const canvases = [...slices.querySelectorAll("canvas")];
const bar = room.querySelector(".bar canvas");

let lut = null; // Uint8Array, 256 × (red, green, blue)
let colours = null; // Uint32Array, the same as pixels of a canvas
let pixels = null; // Uint8Array of the read that is shown, as it came
let token = room.dataset.token;

// Room for what `many` target pixels are made of, from pixel `first` of the canvas on.
function newTaps(first, many) {
  return { first, many, at: new Int32Array(many * 4), weight: new Float64Array(many * 4) };
}

// Of target pixel `to`: four of `length` source pixels, around `centre`, and their
// Catmull–Rom weights; pixel centres are aligned and borders repeat.
function tap({ at, weight }, to, centre, length) {
  const left = Math.floor(centre);
  const t = centre - left;
  const weights = [
    ((2 - t) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((4 - 3 * t) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
  for (let one = 0; one < 4; one++) {
    at[to * 4 + one] = Math.min(length - 1, Math.max(0, left - 1 + one));
    weight[to * 4 + one] = weights[one];
  }
}

let wide = new Float64Array(0); // rows of the image, as wide as they are drawn

function widen(slice, stride, { many, at, weight }, top, bottom) {
  if (wide.length < (bottom + 1) * many) wide = new Float64Array((bottom + 1) * many);
  for (let row = top; row <= bottom; row++) {
    const [from, to] = [row * stride, row * many];
    for (let x = 0, one = 0; x < many; x++, one += 4)
      wide[to + x] =
        weight[one] * slice[from + at[one]] +
        weight[one + 1] * slice[from + at[one + 1]] +
        weight[one + 2] * slice[from + at[one + 2]] +
        weight[one + 3] * slice[from + at[one + 3]];
  }
}

// `slice`, whose rows are `stride` pixels, on `target`, whose rows are `width` pixels.
// The window's gain goes into the weights of the second pass, which costs nothing.
function interpolate(slice, stride, across, down, { low, high }, target, width) {
  const { many } = across;
  if (!down.many || !many) return;
  const [table, rows, { at, weight }] = [colours, down.many, down];
  widen(slice, stride, across, at[0], at[4 * rows - 1]);
  const source = wide;
  const gain = 255 / (high - low);
  const offset = 0.5 - low * gain; // so that cutting off the fraction rounds
  for (let y = 0; y < rows; y++) {
    const one = 4 * y;
    const [a, b] = [at[one] * many, at[one + 1] * many];
    const [c, d] = [at[one + 2] * many, at[one + 3] * many];
    const [p, q] = [weight[one] * gain, weight[one + 1] * gain];
    const [r, s] = [weight[one + 2] * gain, weight[one + 3] * gain];
    let to = (down.first + y) * width + across.first;
    for (let x = 0; x < many; x++) {
      const grey = p * source[a + x] + q * source[b + x] + r * source[c + x] + s * source[d + x] + offset;
      target[to++] = table[grey <= 0 ? 0 : grey >= 255 ? 255 : grey | 0];
    }
  }
}

let sheet = null; // ImageData that the canvases are drawn on, one after the other

// `paintOn` fills its pixels, row by row, as large as the canvas comes to be.
function fill(canvas, width, height, paintOn) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  if (!sheet || sheet.width !== width || sheet.height !== height)
    sheet = new ImageData(width, height);
  paintOn(new Uint32Array(sheet.data.buffer));
  canvas.getContext("2d").putImageData(sheet, 0, 0);
}

function paint() {
  if (!lut || !pixels || !canvases[0].clientWidth) return;
  canvases.forEach(draw);
  room.dataset.painted = token;
  room.dispatchEvent(new CustomEvent("drawn"));
}

let awaited = 0; // the frame in which the images are painted with another view

// Another view of the same images: painted once a frame, however often it is asked for.
function look(changes) {
  Object.assign(view, changes);
  awaited ||= window.requestAnimationFrame(() => {
    awaited = 0;
    paint();
  });
}

// The image of the read before is not left on the screen of one that has none.
function clear() {
  pixels = null;
  delete room.dataset.painted;
  for (const canvas of canvases) canvas.width = canvas.height = 1;
  room.dispatchEvent(new CustomEvent("drawn"));
}

async function show(next) {
  const bytes = await pixelsOf(next).catch((error) => {
    if (error instanceof Refusal) clear();
    throw error;
  });
  [pixels, token] = [bytes, next];
  begin();
  paint();
}

function isPainted() {
  return Boolean(pixels) && room.dataset.painted === token;
}

function paintBar() {
  bar.width = 1;
  bar.height = 256;
  const image = new ImageData(1, 256);
  new Uint32Array(image.data.buffer).set([...colours].reverse());
  bar.getContext("2d").putImageData(image, 0, 0);
}

async function loadLut() {
  lut = await fetchBytes(room.dataset.lutUrl, 256 * 3);
  const opaque = Uint8Array.from({ length: 1024 }, (_, at) =>
    at % 4 === 3 ? 255 : lut[(at >> 2) * 3 + (at % 4)],
  );
  colours = new Uint32Array(opaque.buffer);
  if (bar) paintBar();
  // the page is as dark as the images' own zero, so no edge is seen
  document.documentElement.style.background = `rgb(${lut[0]} ${lut[1]} ${lut[2]})`;
}

new ResizeObserver(paint).observe(slices);

// A window that is moved to another screen has more pixels there in the same place.
function watchScreen() {
  const ratio = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  const moved = () => {
    paint();
    watchScreen();
  };
  ratio.addEventListener("change", moved, { once: true });
}
watchScreen();

// a page that the browser kept from before shows an old read: ask again
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
