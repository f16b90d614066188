"use strict";

/* The description of the API, to read. Its search would need a worker from a blob. */
{
  const place = document.querySelector("#api");

  // Redoc shows a logo from another host, which nobody here may even ask for.
  const isOurs = (address) => new URL(address, location.href).origin === location.origin;
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name !== "src" || isOurs(value)) Element.prototype.setAttribute.call(this, name, value);
  };
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    get() { return this.getAttribute("src") ?? ""; },
    set(address) { this.setAttribute("src", address); },
  });

  Redoc.init(place.dataset.schema, { disableSearch: true, hideDownloadButton: true }, place);
}
