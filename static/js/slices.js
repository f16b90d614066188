// Where another slice is chosen, the one that is read now comes into sight.
document.querySelector("#central-slice details")?.addEventListener("toggle", (event) => {
  if (!event.target.open) return;
  const taken = event.target.querySelector(":checked")?.closest(".slice-choice");
  const slices = taken?.closest(".slices");
  if (slices) slices.scrollTop = taken.offsetTop - slices.offsetTop - slices.clientHeight / 2;
});
