// After an @ in a comment, those who can be named are offered: arrows choose, Enter takes, Escape goes on writing.
(() => {
  const NAME = /(?:^|[^\p{L}\p{N}_@.+-])@([\p{L}\p{N}_.'’-]+(?: [\p{L}\p{N}_.'’-]*)?|)$/u;
  const WAIT = 150;
  let open = null; // {box, list, from, asked}
  let timer = null;

  const close = () => {
    if (!open) return;
    open.list.remove();
    open.box.removeAttribute("aria-activedescendant");
    open.box.setAttribute("aria-expanded", "false");
    open = null;
  };
  const options = () => [...open.list.querySelectorAll("[data-mention]")];
  const choose = (option) => {
    options().forEach((one) => one.setAttribute("aria-selected", one === option ? "true" : "false"));
    open.box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const take = (option) => {
    const { box, from } = open;
    box.setRangeText(`@${option.dataset.mention} `, from, box.selectionStart, "end");
    close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };
  const show = (box, from, html) => {
    close();
    const list = document.createElement("ul");
    list.innerHTML = html;
    if (!list.querySelector("[data-mention]")) return;
    list.className = "mention-list";
    list.id = "mention-list";
    list.setAttribute("role", "listbox");
    box.after(list);
    box.setAttribute("aria-controls", list.id);
    box.setAttribute("aria-expanded", "true");
    open = { box, list, from };
    choose(options()[0]);
  };
  const look = async (box) => {
    const before = box.value.slice(0, box.selectionStart);
    const found = NAME.exec(before);
    if (!found) { close(); return; }
    const from = before.length - found[1].length - 1;
    const answer = await fetch(`${box.dataset.mentions}?${new URLSearchParams({ q: found[1] })}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    // While it was on its way somebody went on writing: what was asked for then is of no use.
    if (!answer?.ok || answer.redirected || box.value.slice(0, box.selectionStart) !== before) return;
    show(box, from, await answer.text());
  };

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches?.("[data-mentions]") || event.target.getAttribute("role") === "combobox") return;
    event.target.setAttribute("role", "combobox");
    event.target.setAttribute("aria-autocomplete", "list");
    event.target.setAttribute("aria-expanded", "false");
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-mentions]")) return;
    clearTimeout(timer);
    timer = setTimeout(look, WAIT, event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (!open || event.target !== open.box) return;
    const all = options();
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "Enter" || event.key === "Tab") take(all[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest?.("[data-mention]");
    if (open && option) { event.preventDefault(); take(option); }
  });
  document.addEventListener("focusout", (event) => { if (open && event.target === open.box) close(); });
})();
