// Ticking rows: the bar says how many, the box in the head ticks the page, Shift ticks a stretch.
(() => {
  let last = null;
  const boxes = (form) => [...form.querySelectorAll("[data-bulk-row]")];
  const show = (form) => {
    const all = boxes(form);
    const count = all.filter((box) => box.checked).length;
    const bar = form.querySelector("[data-bulk-bar]");
    const head = form.querySelector("[data-bulk-all]");
    if (bar) bar.hidden = count === 0;
    form.querySelectorAll("[data-bulk-count]").forEach((place) => { place.textContent = count.toLocaleString(document.documentElement.lang); });
    if (head) { head.checked = count > 0 && count === all.length; head.indeterminate = count > 0 && count < all.length; }
  };
  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("[data-bulk]");
    if (!form) return;
    if (event.target.matches("[data-bulk-all]")) boxes(form).forEach((box) => { box.checked = event.target.checked; });
    else if (event.target.matches("[data-bulk-row]")) {
      const all = boxes(form);
      if (event.shiftKey && last && all.includes(last)) {
        const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
        all.slice(from, to + 1).forEach((box) => { box.checked = event.target.checked; });
      }
      last = event.target;
    } else if (event.target.closest("[data-bulk-none]")) boxes(form).forEach((box) => { box.checked = false; });
    else return;
    show(form);
  });
  const scan = () => document.querySelectorAll("[data-bulk]").forEach(show);
  document.addEventListener("DOMContentLoaded", scan);
  document.addEventListener("htmx:afterSettle", scan);
  addEventListener("pageshow", scan);
})();
