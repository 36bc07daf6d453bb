// A strip of tabs or steps that is wider than the screen begins at the one that is open, not at the first.
(() => {
  const reveal = (root) => {
    for (const current of root.querySelectorAll(".tabs [aria-current], .wizard-steps [aria-current]")) {
      const strip = current.closest(".tabs, .wizard-steps");
      if (strip.scrollWidth <= strip.clientWidth) continue;
      const [own, whole] = [current.getBoundingClientRect(), strip.getBoundingClientRect()];
      strip.scrollLeft += own.left - whole.left - (strip.clientWidth - own.width) / 2;
    }
  };
  reveal(document);
  // Only in what has come: whoever has scrolled a strip is not taken back by something else that is swapped.
  document.addEventListener("htmx:load", ({ target }) => reveal(target));
})();
