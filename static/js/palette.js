// Ctrl-K: search and go. The results are links of the server's; this moves among them.
(() => {
  const dialog = () => document.getElementById("palette");
  const input = () => dialog()?.querySelector("input");
  const hits = () => [...(dialog()?.querySelectorAll(".hit") ?? [])];
  const open = () => {
    if (!dialog() || dialog().open) return;
    dialog().showModal();
    input().select();
    htmx.trigger(input(), "palette-open");
  };
  const choose = (index) => {
    const all = hits();
    all.forEach((hit, at) => {
      hit.setAttribute("aria-selected", String(at === index));
      if (at === index) { input().setAttribute("aria-activedescendant", hit.id); hit.scrollIntoView({ block: "nearest" }); }
    });
  };
  const chosen = () => hits().findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); return; }
    if (!dialog()?.open || event.target !== input()) return;
    const count = hits().length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (count) choose((chosen() + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
    } else if (event.key === "Enter" && chosen() >= 0) {
      event.preventDefault();
      hits()[chosen()].click();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-palette-open]") || event.ctrlKey || event.metaKey) return;
    if (!dialog()) return;
    event.preventDefault();
    open();
  });
  // Which things were open lately: their paths only, in this browser. The server says what they are called.
  const key = () => `recent-${document.body.dataset.user}`;
  const recent = () => { try { return JSON.parse(localStorage.getItem(key())) ?? []; } catch { return []; } };
  const remember = () => {
    const path = /^(\/[a-z-]+)+\/\d+\//.exec(location.pathname)?.[0];
    if (!path || !document.body.dataset.user) return;
    try { localStorage.setItem(key(), JSON.stringify([path, ...recent().filter((one) => one !== path)].slice(0, 8))); } catch { /* private window */ }
  };
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt === input()) detail.parameters.recent = recent().join(" ");
  });
  document.addEventListener("DOMContentLoaded", remember);
  document.addEventListener("htmx:pushedIntoHistory", remember);
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "palette-results") choose(0); });
})();
