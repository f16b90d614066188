// Ask before an act that cannot be taken back: <form data-confirm="…">. Pages wait for
// this script: no form is seen before there is somebody who asks.
"use strict";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
