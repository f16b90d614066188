// The overlay of the keys, and what a reader may choose there: both take effect at once,
// whatever is chosen on the screen, and are then saved. Needs reading.js.
"use strict";

const keysDialog = document.getElementById("keys");
const preferences = document.getElementById("preferences");
const unsaved = document.getElementById("unsaved");

let saving = Promise.resolve(); // one after the other, so that the latest stays

function useLayout(name) {
  const layout = preferences.querySelector(`[data-layout="${CSS.escape(name)}"]`);
  if (!layout) return; // where questions are asked one after the other
  for (const group of form.querySelectorAll("fieldset")) {
    const keys = layout.querySelectorAll(`[data-half="${group.dataset.half}"] kbd`);
    const grades = group.querySelectorAll('[type="radio"]:not([value="none"])');
    grades.forEach((grade, index) => {
      grade.dataset.keys = keys[index].dataset.codes;
      grade.closest("label").querySelector("kbd").textContent = keys[index].textContent;
    });
  }
}

async function save() {
  const body = new URLSearchParams(new FormData(preferences));
  const response = await fetch(preferences.action, { method: "POST", body }).catch(() => null);
  const isSaved = response && response.ok && !response.redirected;
  unsaved.textContent = isSaved ? "" : unsaved.dataset.text;
}

preferences.addEventListener("change", () => {
  useLayout(preferences.elements.keys.value);
  room.dataset.autoAdvance = preferences.elements.auto_advance?.checked ? "1" : "";
  saving = saving.then(save);
});
preferences.addEventListener("submit", (event) => event.preventDefault());

document.getElementById("show-keys").addEventListener("click", () => {
  keysDialog.showModal();
  // a browser takes the first, and Space would choose that
  preferences.querySelector('[name="keys"]:checked, [type="checkbox"]').focus();
});
