"use strict";

/* The description of the API, to read and to try out with the session of the page. */
{
  const place = document.querySelector("#api");

  const withCsrfToken = (request) => {
    if (!["GET", "HEAD"].includes(request.method ?? "GET")) {
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    }
    return request;
  };

  SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    docExpansion: "none",
    validatorUrl: null, // it would ask another host
    requestInterceptor: withCsrfToken,
  });
}
