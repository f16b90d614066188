// Where the keyboard is after a pair was changed: at the pair that stands there now.
let pairsPlace = -1;

document.addEventListener("htmx:beforeRequest", (event) => {
  const pairs = [...document.querySelectorAll("#pairing .pair")];
  pairsPlace = pairs.indexOf(event.target.closest(".pair"));
});

document.addEventListener("htmx:afterSwap", () => {
  if (document.activeElement !== document.body || pairsPlace < 0) return;
  const pairs = document.querySelectorAll("#pairing .pair");
  const next = pairs[Math.min(pairsPlace, pairs.length - 1)];
  next?.focus({ preventScroll: true });
});

// Another window has imported or discarded the files: show what is there now.
document.addEventListener("htmx:responseError", () => window.location.reload());
