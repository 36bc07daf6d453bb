// ? lists the shortcuts; g then a letter goes to a room; / finds within the list; Esc is the browser's.
(() => {
  const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable]");
  let goes = 0;
  document.addEventListener("keydown", (event) => {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { document.getElementById("shortcuts")?.showModal(); event.preventDefault(); return; }
    if (event.key === "/") {
      const field = document.querySelector("main input[type=search]");
      if (field) { field.focus(); event.preventDefault(); }
      return;
    }
    if (event.key === "g") { goes = Date.now(); return; }
    if (Date.now() - goes < 1200) {
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      goes = 0;
      if (link) { event.preventDefault(); link.click(); }
    }
  });
})();
