"use strict";

/* The description of the API, to read. Its search would need a worker from a blob. */
{
  const place = document.querySelector("#api");
  Redoc.init(place.dataset.schema, { disableSearch: true, hideDownloadButton: true }, place);
}
