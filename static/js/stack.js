// Draws the whole stacks of a page whose #room holds them: one, or two side by side,
// always the same place of both. Needs painting.js; has the names that drawing.js has
// for three slices.
"use strict";

const [depth, rows, columns] = ["depth", "rows", "columns"].map((name) => Number(room.dataset[name]));
const [lowest, highest] = [Number(room.dataset.low), Number(room.dataset.high)];
const LAST = 4095; // level of the highest value
const OUTSIDE = 0x8000; // instead of a level: the frame holds nothing of the stack there
const voxels = depth * rows * columns; // of one stack
const bytesOfRead = 2 * voxels * canvases.length; // two bytes a level, the low one first

// slice: from 0, the lowest one. x, y: what is in the middle of a canvas, in pixels of
// the image. low, high: levels drawn in the table's first and last colour.
const view = { slice: 0, zoom: 1, x: columns / 2, y: rows / 2, low: 0, high: LAST };

let stacks = []; // Uint16Array of each canvas, slices × rows × columns
let extent = { depth, rows, columns }; // of the images, which may be less than the frame

// A place of the image is drawn at (place − view) · scale + half of the canvas.
function scaleOf(canvas) {
  const fits = Math.min(canvas.clientWidth / columns, canvas.clientHeight / rows);
  return fits * view.zoom; // CSS pixels for one of the image
}

// Of the image as it is without zoom, in CSS pixels.
function shownSide() {
  const [{ clientWidth, clientHeight }] = canvases;
  return Math.min(clientWidth / columns, clientHeight / rows) * Math.min(rows, columns);
}

// For each target pixel that lies on the image what it is made of: four source pixels or,
// where the protocol says so, the nearest one alone.
function tapsAlong(length, size, scale, middle, isNearest) {
  const first = Math.max(0, Math.ceil((0 - middle) * scale + size / 2 - 0.5));
  const end = Math.min(size, Math.ceil((length - middle) * scale + size / 2 - 0.5));
  const made = newTaps(first, Math.max(0, end - first));
  for (let to = 0; to < made.many; to++) {
    const centre = middle + (first + to + 0.5 - size / 2) / scale - 0.5;
    tap(made, to, isNearest ? Math.round(centre) : centre, length);
  }
  return made;
}

// As many pixels as the screen has there; more where the image would be drawn smaller
// than it is, which the browser then does without leaving pixels out.
function draw(canvas, index) {
  const ratio = (window.devicePixelRatio || 1) * Math.max(1, view.zoom / scaleOf(canvas));
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) =>
    Math.max(1, Math.round(size * ratio)),
  );
  const scale = scaleOf(canvas) * (width / canvas.clientWidth);
  const isNearest = room.dataset.interpolation === "nearest";
  const across = tapsAlong(extent.columns, width, scale, view.x, isNearest);
  const down = tapsAlong(extent.rows, height, scale, view.y, isNearest);
  const area = rows * columns;
  const slice = stacks[index].subarray(view.slice * area, (view.slice + 1) * area);
  fill(canvas, width, height, (target) => {
    target.fill(colours[0]);
    interpolate(slice, columns, across, down, view, target, width);
  });
}

// How much of the frame a stack fills, whatever its values are.
function extentOf(stack) {
  const along = (most, step) => {
    let many = 1;
    while (many < most && stack[many * step] !== OUTSIDE) many++;
    return many;
  };
  return { depth: along(depth, rows * columns), rows: along(rows, columns), columns: along(columns, 1) };
}

// Each read begins in its middle and in the protocol's window; the zoom stays. Images of
// one case are of one size, so where it begins tells no arm.
function begin() {
  stacks = canvases.map((_, index) => new Uint16Array(pixels.buffer, 2 * voxels * index, voxels));
  extent = extentOf(stacks[0]);
  view.slice = Math.floor(extent.depth / 2);
  room.dispatchEvent(new CustomEvent("arrived"));
}
