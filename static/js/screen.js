// What tells one device from another beside the browser's own name; the server keeps
// a digest of both. Not the ratio of device pixels: enlarging the page changes it.
"use strict";

function describeScreen() {
  return `${window.screen.width}x${window.screen.height}`;
}
