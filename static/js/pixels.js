// Fetches what the pages of the reading room draw, also ahead of its turn.
// Loaded before drawing.js or stack.js, whose names it uses when it is called.
"use strict";

// An answer of the server that is final: it is shown as it is, nothing is tried again.
class Refusal extends Error {}
// The read was answered elsewhere, or its study is closed.
class Gone extends Refusal {}
// Nobody, or somebody else, is logged in; what is kept waits for its reader.
class LoggedOut extends Error {}

const PATIENCE = 5000; // milliseconds after which a silent server counts as lost

// crypto.randomUUID needs https, which an intranet may not have
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ask(url, options = {}) {
  return fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
}

// A whole stack takes longer than a silent server is waited for.
async function fetchBytes(url, length) {
  const signal = AbortSignal.timeout(PATIENCE * (1 + Math.floor(length / 2 ** 20)));
  const response = await ask(url, { signal });
  if (response.redirected) throw new LoggedOut();
  if (!response.ok) throw new Error(String(response.status));
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes`);
  return bytes;
}

// The pixels under a token, without drawing them.
async function fetchPixels(which) {
  const url = `${room.dataset.pixelsUrl}${which}/`;
  return fetchBytes(url, bytesOfRead).catch((error) => {
    if (error.message === "409") throw new Refusal(room.dataset.unshown);
    if (error.message === "404") throw new Gone(room.dataset.gone);
    throw error;
  });
}

const NOTHING = { token: null, pixels: null, isThere: false };
let ahead = NOTHING; // what comes next, while the one before is read
let behind = NOTHING; // what was left in order to take the last answer back

function hold(which, coming) {
  const held = { token: which, pixels: coming, isThere: false };
  // a failure is told once the pixels are asked for
  coming.then(
    () => (held.isThere = true),
    () => (held.token = null)
  );
  return held;
}

function fetchAhead(next) {
  if (next && next === ahead.token) return;
  if (next && next === behind.token) ahead = behind;
  else ahead = next ? hold(next, fetchPixels(next)) : NOTHING;
}

// The same where the pixels came with the answer, as base64.
function keepAhead(next, text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (bytes.length !== bytesOfRead) return fetchAhead(next);
  ahead = hold(next, Promise.resolve(bytes));
}

// Its token stays the same, so coming back to it needs no request.
function keepBehind(which, bytes) {
  behind = hold(which, Promise.resolve(bytes));
}

// What was fetched ahead needs no request; if that failed, it is asked for again.
async function pixelsOf(which) {
  if (ahead.token !== which) return fetchPixels(which);
  return ahead.pixels.catch((error) => {
    if (error instanceof Refusal && !(error instanceof Gone)) throw error;
    return fetchPixels(which);
  });
}
