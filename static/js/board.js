// Cards of a board, dragged between its stages by mouse, by touch or by keyboard. The server says whether a stage is open.
(() => {
  const board = () => document.querySelector("[data-board]");
  const dialog = () => document.getElementById("board-dialog");
  const say = (text) => { document.getElementById("board-says").textContent = text; };
  const columns = () => [...board().querySelectorAll("[data-stage]")];
  let lifted = null; // the card that the keyboard holds: {card, from, next}

  const putBack = ({ card, from, next }) => from.insertBefore(card, next?.parentElement === from ? next : null);

  const drop = async (move) => {
    const { card, from } = move;
    const to = card.closest("[data-stage]");
    if (to === from) return;
    card.dataset.pending = "";
    const isDone = await Drops.send(card.dataset.card, { stage: to.dataset.stage }, dialog(), "board-changed");
    delete card.dataset.pending;
    if (!isDone) putBack(move);
  };

  const begin = () => {
    if (!board() || !window.Sortable) return;
    for (const list of columns()) {
      if (Sortable.get(list)) continue;
      let move = null;
      new Sortable(list, {
        group: "stages",
        sort: false,
        draggable: "[data-card]",
        filter: "a",
        preventOnFilter: false,
        delay: 150,
        delayOnTouchOnly: true,
        animation: 120,
        onStart: ({ item, from }) => { move = { card: item, from, next: item.nextElementSibling }; },
        onEnd: () => drop(move),
      });
    }
  };
  const lift = (card) => {
    lifted = { card, from: card.parentElement, next: card.nextElementSibling };
    card.dataset.lifted = "";
    say(board().dataset.sayLifted);
  };
  const carry = (step) => {
    const all = columns();
    const next = all[all.indexOf(lifted.card.parentElement) + step];
    if (!next) return;
    next.prepend(lifted.card);
    lifted.card.scrollIntoView({ block: "nearest", inline: "nearest" });
    lifted.card.querySelector("[data-card-grip]").focus();
    say(`${board().dataset.sayOver} ${next.dataset.stageLabel}`);
  };
  const letGo = () => {
    const move = lifted;
    lifted = null;
    delete move.card.dataset.lifted;
    return move;
  };
  document.addEventListener("keydown", (event) => {
    const grip = event.target.closest?.("[data-card-grip]");
    if (!grip) return;
    const key = event.key;
    if (!lifted) {
      if (key !== "Enter" && key !== " ") return;
      lift(grip.closest("[data-card]"));
    } else if (key === "ArrowLeft" || key === "ArrowRight") carry(key === "ArrowRight" ? 1 : -1);
    else if (key === "Escape") { const move = letGo(); putBack(move); grip.focus(); say(board().dataset.sayBack); }
    else if (key === "Enter" || key === " ") drop(letGo());
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", (event) => {
    // Whoever leaves a lifted card puts it back; moving it about takes the focus off for a moment.
    if (!lifted || !event.target.matches?.("[data-card-grip]")) return;
    setTimeout(() => { if (lifted && !lifted.card.contains(document.activeElement)) putBack(letGo()); });
  });
  document.addEventListener("board-changed", () => dialog()?.close());
  document.addEventListener("htmx:load", begin);
  document.addEventListener("DOMContentLoaded", begin);
})();
