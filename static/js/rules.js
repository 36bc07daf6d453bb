// The rows of a rule: dragged by their grip to where they belong; what an act has left in hand keeps the focus.
// What was done to them can be undone, and a draft that the browser kept (`drafts.js`) is drawn again.
(() => {
  const builder = () => document.getElementById("segment-builder");
  let dragged = null; // the <li> in hand
  let drop = null; // {group, place, mark, side}

  const itemsOf = (group) => [...group.querySelector(":scope > .rule-rows").children];

  const placeAt = (x, y) => {
    const under = document.elementFromPoint(x, y);
    if (!under || !builder()?.contains(under) || dragged.contains(under)) return null;
    const item = under.closest(".rule-rows > li");
    const foot = under.closest(".rule-add, .rule-note");
    const group = (foot || item || under).closest(".rule-group");
    if (!group) return null;
    if (foot && (!item || item.contains(group))) return { group, place: itemsOf(group).length, mark: foot, side: "in" };
    if (!item) return { group, place: 0, mark: group, side: "in" };
    const box = item.getBoundingClientRect();
    const isAfter = y > box.top + box.height / 2;
    const parent = item.parentElement.closest(".rule-group");
    return { group: parent, place: itemsOf(parent).indexOf(item) + (isAfter ? 1 : 0), mark: item, side: isAfter ? "after" : "before" };
  };
  const mark = (found) => {
    if (drop) drop.mark.removeAttribute("data-drop");
    drop = found;
    if (drop) drop.mark.dataset.drop = drop.side;
  };
  const end = () => {
    mark(null);
    dragged?.removeAttribute("data-dragged");
    dragged = null;
  };

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("[data-rule-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    dragged = grip.closest(".rule-rows > li");
    dragged.dataset.dragged = "";
  });
  document.addEventListener("pointermove", (event) => {
    if (dragged) mark(placeAt(event.clientX, event.clientY));
  });
  document.addEventListener("pointerup", () => {
    if (!dragged) return;
    const path = dragged.querySelector("[data-rule]").dataset.rule;
    const to = drop;
    end();
    if (!to) return;
    const button = document.getElementById("rule-move");
    button.value = `move ${path} ${to.group.dataset.rule} ${to.place}`;
    button.click();
  });
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });

  document.addEventListener("htmx:afterSettle", () => {
    const rows = builder();
    const id = rows?.dataset.focusOn;
    if (!id) return;
    delete rows.dataset.focusOn;
    const next = document.getElementById(id);
    (next?.disabled ? next.parentElement.querySelector("button:enabled") : next)?.focus();
  });

  const MOST_UNDOS = 50;
  const past = []; // what the rows were before each change, the latest last
  let now = null; // as they were noted; null: what comes next is no change of its own
  const rows = () => [...builder().querySelectorAll("[name]:not(button)")].map((field) => [field.name, field.value]);
  const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const offer = () => {
    const button = document.getElementById("rule-undo");
    if (button) button.hidden = !past.length;
  };
  const note = () => {
    if (!builder()) return;
    const before = now;
    now = rows();
    if (before && !isSame(before, now)) past.push(before);
    if (past.length > MOST_UNDOS) past.shift();
    offer();
  };
  const draw = (wanted) => htmx.ajax("POST", location.href, {
    target: "#segment-builder", swap: "outerHTML", values: { ...Object.fromEntries(wanted), act: "refresh" },
  });
  const undo = () => {
    note(); // what was typed a moment ago
    if (!past.length) return;
    now = null;
    draw(past.pop());
  };

  document.addEventListener("rows-wanted", ({ detail }) => draw(detail));
  document.addEventListener("DOMContentLoaded", note);
  document.addEventListener("htmx:afterSettle", note);
  // Where a choice has the rows drawn anew, they are noted once they are.
  document.addEventListener("change", ({ target }) => { if (builder()?.contains(target) && !target.hasAttribute("hx-post")) note(); });
  document.addEventListener("click", ({ target }) => { if (target.closest?.("#rule-undo")) undo(); });
  document.addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
    // In a field the browser undoes what was typed there.
    if (!isUndo || !builder() || event.target.matches("input, textarea")) return;
    event.preventDefault();
    undo();
  });
})();
