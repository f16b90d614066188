// Fetches what the pages of the reading room draw, also ahead of its turn.
// Loaded before drawing.js, whose names for the room it uses when it is called.
"use strict";

// An answer of the server that is final: it is shown as it is, nothing is tried again.
class Refusal extends Error {}

// crypto.randomUUID needs https, which an intranet may not have
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function fetchBytes(url, length) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(String(response.status));
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes`);
  return bytes;
}

// The pixels under a token, without drawing them.
async function fetchPixels(which) {
  const url = `${room.dataset.pixelsUrl}${which}/`;
  return fetchBytes(url, count * side * side).catch((error) => {
    if (error.message !== "409") throw error;
    throw new Refusal(room.dataset.unshown);
  });
}

let ahead = { token: null, pixels: null }; // what comes next, while the one before is read

function fetchAhead(next) {
  ahead = { token: next, pixels: next && fetchPixels(next) };
  if (next) ahead.pixels.catch(() => {}); // told once it is asked for
}

// What was fetched ahead needs no request; if that failed, it is asked for again.
async function pixelsOf(which) {
  if (ahead.token !== which) return fetchPixels(which);
  return ahead.pixels.catch((error) => {
    if (error instanceof Refusal) throw error;
    return fetchPixels(which);
  });
}
