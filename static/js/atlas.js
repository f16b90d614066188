// Examples of the grades, one key away; or on a page of their own. drawing.js draws
// them as it draws every image of the study, in the protocol's window.
"use strict";

const atlas = document.getElementById("atlas");
const specimens = atlas ? [...atlas.querySelectorAll("canvas")] : [];
let examples = null; // Uint8Array, slices of all examples; fetched when first wanted

async function fetchExamples() {
  if (!colours) await loadLut();
  examples ||= await fetchBytes(atlas.dataset.pixelsUrl, specimens.length * side * side);
}

function paintExamples() {
  const isShown = !(atlas instanceof HTMLDialogElement) || atlas.open;
  if (!examples || !isShown) return;
  specimens.forEach((canvas, index) => drawSlice(canvas, sliceOf(examples, index), WHOLE));
  atlas.dataset.painted = "1";
}

async function showExamples() {
  const lost = atlas.querySelector("[data-lost]");
  try {
    await fetchExamples();
    lost.hidden = true;
    paintExamples();
  } catch {
    lost.textContent = lost.dataset.lost;
    lost.hidden = false;
  }
}

function openAtlas() {
  if (!atlas || atlas.open) return;
  atlas.showModal();
  atlas.scrollTop = 0;
  showExamples();
}

if (atlas) {
  new ResizeObserver(paintExamples).observe(atlas);
  if (!(atlas instanceof HTMLDialogElement)) showExamples();
  else {
    document.getElementById("show-atlas").addEventListener("click", openAtlas);
    // a click beside the dialog is one on the dialog, on none of what it holds
    atlas.addEventListener("click", (event) => event.target === atlas && atlas.close());
  }
}
