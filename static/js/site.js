// A table wider than its card scrolls: it then takes the focus, so that the keyboard
// can scroll it too, under the name of its heading.
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth <= target.clientWidth + 1) {
      target.removeAttribute("tabindex");
    } else if (!target.hasAttribute("tabindex")) {
      target.tabIndex = 0;
      if (target.localName === "div") target.setAttribute("role", "group");
      const before = (heading) =>
        heading.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING;
      const headings = [...document.querySelectorAll("main :is(h1, h2, h3, summary)")];
      const name = headings.filter(before).pop();
      if (name) target.setAttribute("aria-label", name.textContent.trim());
    }
  }
});
const watchScrollers = () => {
  for (const one of document.querySelectorAll(".table-scroll")) scrollers.observe(one);
};
watchScrollers();
document.addEventListener("htmx:load", watchScrollers);
