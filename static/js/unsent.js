// Where no read is due: what this browser keeps of its reader's answers all the same.
"use strict";

const unsent = document.getElementById("unsent");

function keptHere() {
  try {
    return Object.entries(window.localStorage)
      .filter(([name]) => name.startsWith(`answers ${unsent.dataset.desk} `))
      .map(([, text]) => JSON.parse(text))
      .sort((one, other) => one.place - other.place || one.at - other.at);
  } catch {
    return []; // nothing can be stored here, so nothing is
  }
}

const places = keptHere().map(({ number, of }) =>
  unsent.dataset.place.replace("{number}", number).replace("{of}", of)
);
unsent.querySelector("span").textContent = places.join(", ");
unsent.hidden = places.length === 0;
