// Dialogs and menus work without this file as popovers; with it dialogs are modal and menus stand at their button.
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-dialog-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialogOpen);
      if (dialog && !dialog.open) {
        event.preventDefault();
        dialog.removeAttribute("popover");
        dialog.showModal();
      }
      return;
    }
    const closer = event.target.closest?.("[data-dialog-close]");
    const open = closer?.closest("dialog[open]");
    if (open) { event.preventDefault(); open.close(); return; }
    // A click on the backdrop is a click on the dialog element itself.
    if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  });

  const place = (menu) => {
    const id = CSS.escape(menu.id);
    const button = document.querySelector(`[popovertarget="${id}"], [data-menu="${id}"]`);
    if (!button) return;
    const at = button.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    const below = at.bottom + 4 + size.height <= innerHeight || at.top < size.height + 4;
    const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
    const right = at.right - size.width;
    menu.style.position = "fixed";
    menu.style.inset = "auto";
    menu.style.left = `${at.left + size.width > innerWidth - 8 ? Math.max(8, right) : left}px`;
    menu.style.top = `${below ? at.bottom + 4 : at.top - size.height - 4}px`;
  };
  document.addEventListener("toggle", (event) => {
    if (event.newState === "open" && event.target.matches?.(".menu[popover]")) place(event.target);
  }, true);
  // A menu whose entries are asked for opens when they have come.
  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (target.matches?.(".menu[popover]") && document.querySelector(`[data-menu="${CSS.escape(target.id)}"]`)) {
      if (!target.matches(":popover-open")) target.showPopover();
      else place(target);
      target.querySelector(".menu-item")?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("input, select, textarea")) return;
    const menu = event.target.closest?.(".menu");
    if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
    const items = [...menu.querySelectorAll(".menu-item")];
    const now = items.indexOf(document.activeElement);
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
    items[(next + items.length) % items.length]?.focus();
    event.preventDefault();
  });
})();
