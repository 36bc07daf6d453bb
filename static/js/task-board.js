// Cards of a board: dragged, or taken by Space and moved by arrows. The server has the last word on each move.
(() => {
  const cardsOf = (column) => [...column.querySelectorAll(":scope > [data-task]")];
  const columnOf = (card) => card.closest("[data-column]");
  const boardOf = (card) => card.closest("[data-board]");
  const nameOf = (column) => column.parentElement.querySelector("[data-column-name]").textContent;
  const fill = (sentence, words) => sentence.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);
  const say = (card, sentence, more = {}) => {
    const cards = cardsOf(columnOf(card));
    const place = { column: nameOf(columnOf(card)), place: cards.indexOf(card) + 1, count: cards.length };
    document.getElementById("board-said").textContent = fill(boardOf(card).dataset[sentence], { task: card.dataset.title, ...place, ...more });
  };
  const placeOf = (card) => ({ column: columnOf(card), next: card.nextElementSibling });
  // The button for more cards stays the last thing in its column, whatever is put there.
  const moreOf = (column) => column.querySelector(":scope > .board-more");
  const moreLast = (column) => { const more = moreOf(column); if (more) column.append(more); };
  const putBack = (card, from) => from.column.insertBefore(card, from.next?.parentElement === from.column ? from.next : null);
  const count = (column, change) => {
    const shown = column.parentElement.querySelector("[data-count]");
    shown.textContent = Number(shown.textContent) + change;
  };

  const replaced = (card, html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    const fresh = holder.content.firstElementChild;
    const hadFocus = card.contains(document.activeElement);
    card.replaceWith(fresh);
    window.htmx.process(fresh);
    if (hadFocus) fresh.querySelector("[data-grab]")?.focus();
    return fresh;
  };
  const failed = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { message: text, tone: "bad" } }));
  const words = () => document.getElementById("toasts")?.dataset ?? {};

  const settle = (card, from, html) => {
    const fresh = replaced(card, html);
    const reason = fresh.dataset.refused;
    if (reason) putBack(fresh, from);
    const there = boardOf(fresh).querySelector(`[data-column="${CSS.escape(fresh.dataset.state)}"]`);
    // Somebody else may have moved it: it goes where it is now, not where it was when the page was made.
    if (there && there !== columnOf(fresh)) there.insertBefore(fresh, moreOf(there));
    if (there && there !== from.column) { count(from.column, -1); count(there, 1); }
    if (reason) { say(fresh, "refused", { reason }); failed(reason); } else say(fresh, "put");
  };

  const move = async (card, from) => {
    const column = columnOf(card);
    if (column === from.column && card.nextElementSibling === from.next) { say(card, "back"); return; }
    const told = new URLSearchParams({ state: column.dataset.column, version: card.dataset.version });
    const above = card.nextElementSibling?.dataset.task;
    const below = card.previousElementSibling?.dataset.task;
    if (above) told.set("above", above);
    if (below) told.set("below", below);
    if ("hasCampaign" in boardOf(card).dataset) told.set("has_campaign", "1");
    card.setAttribute("aria-busy", "true");
    try {
      const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
      const answer = await fetch(card.dataset.movable, { method: "POST", body: told, headers });
      if (!answer.ok || answer.redirected) throw answer;
      settle(card, from, await answer.text());
    } catch (fault) {
      card.removeAttribute("aria-busy");
      putBack(card, from);
      const reason = { 403: words().forbidden, 404: words().gone }[fault.status] ?? (fault instanceof TypeError ? words().offline : words().failed);
      say(card, "refused", { reason });
      failed(reason);
    }
  };

  let taken = null; // {card, from}: the card that the keys move
  const release = () => {
    taken.card.removeAttribute("data-taken");
    taken.card.querySelector("[data-grab]").setAttribute("aria-pressed", "false");
    taken = null;
  };
  const step = (card, key) => {
    const column = columnOf(card);
    const cards = cardsOf(column);
    const place = cards.indexOf(card);
    if (key === "ArrowUp" && place > 0) column.insertBefore(card, cards[place - 1]);
    if (key === "ArrowDown" && place < cards.length - 1) cards[place + 1].after(card);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const columns = [...boardOf(card).querySelectorAll("[data-column]")];
      const forward = (key === "ArrowRight") !== (getComputedStyle(column).direction === "rtl");
      const next = columns[columns.indexOf(column) + (forward ? 1 : -1)];
      if (next) next.insertBefore(card, cardsOf(next)[place] ?? moreOf(next));
    }
    card.querySelector("[data-grab]").focus();
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(card, "moved");
  };
  document.addEventListener("keydown", (event) => {
    const grab = event.target.closest?.("[data-grab]");
    if (!grab) return;
    const card = grab.closest("[data-task]");
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (taken) {
        const { from } = taken;
        release();
        move(card, from);
      } else if (!card.hasAttribute("aria-busy")) {
        taken = { card, from: placeOf(card) };
        card.setAttribute("data-taken", "");
        grab.setAttribute("aria-pressed", "true");
        say(card, "taken");
      }
    } else if (taken && event.key === "Escape") {
      event.preventDefault();
      const { from } = taken;
      release();
      putBack(card, from);
      grab.focus();
      say(card, "back");
    } else if (taken && event.key.startsWith("Arrow")) {
      event.preventDefault();
      step(card, event.key);
    }
  });
  document.addEventListener("focusout", (event) => {
    // Who goes elsewhere with a card in hand puts it back; a card that is moved loses the focus for a moment.
    if (!taken || !event.target.closest?.("[data-grab]")) return;
    setTimeout(() => {
      if (!taken || taken.card.contains(document.activeElement)) return;
      const { card, from } = taken;
      release();
      putBack(card, from);
      say(card, "back");
    });
  });

  const arm = () => document.querySelectorAll("[data-board] [data-column]").forEach((column) => {
    if (column.dataset.armed) return;
    column.dataset.armed = "1";
    let from = null;
    window.Sortable.create(column, {
      group: "tasks",
      draggable: "[data-task]",
      filter: "[data-task]:not([data-movable]), [aria-busy]",
      preventOnFilter: false,
      animation: 120,
      delay: 180,
      delayOnTouchOnly: true,
      forceFallback: true,
      fallbackOnBody: true,
      fallbackTolerance: 4,
      onStart: ({ item }) => { from = placeOf(item); },
      onEnd: ({ item }) => { moreLast(columnOf(item)); move(item, from); },
    });
  });
  document.addEventListener("DOMContentLoaded", arm);
  document.addEventListener("htmx:afterSettle", arm);
})();
