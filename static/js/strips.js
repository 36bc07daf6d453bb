// A strip of tabs or steps that is wider than the screen begins at the one that is open, not at the first.
(() => {
  const reveal = () => {
    for (const current of document.querySelectorAll(".tabs [aria-current], .wizard-steps [aria-current]")) {
      const strip = current.closest(".tabs, .wizard-steps");
      if (strip.scrollWidth <= strip.clientWidth) continue;
      const [own, whole] = [current.getBoundingClientRect(), strip.getBoundingClientRect()];
      strip.scrollLeft += own.left - whole.left - (strip.clientWidth - own.width) / 2;
    }
  };
  reveal();
  document.addEventListener("htmx:load", reveal);
})();
