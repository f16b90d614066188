// What tells one device from another beside the browser's own name; the server keeps
// a digest of both.
"use strict";

function describeScreen() {
  return `${window.screen.width}x${window.screen.height}@${window.devicePixelRatio}`;
}
