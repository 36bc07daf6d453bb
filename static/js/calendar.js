// Bars and launches of the calendar, moved by days with mouse or keyboard. The server checks, asks and moves.
(() => {
  const dialog = () => document.getElementById("calendar-dialog");
  let moving = null; // {thing, days, day (width of one), x (where the pointer took it; of the keyboard none)}
  let isClickOfDrag = false;

  const begin = (thing, x) => {
    const row = thing.closest(".calendar-row");
    const [, day] = getComputedStyle(row).gridTemplateColumns.split(" ").map(parseFloat);
    moving = { thing, days: 0, day, x };
  };
  const shift = (days) => {
    moving.days = days;
    moving.thing.dataset.moving = "";
    moving.thing.style.transform = `translateX(${days * moving.day}px)`;
  };
  const end = () => {
    const { thing } = moving;
    delete thing.dataset.moving;
    thing.style.transform = "";
    moving = null;
  };
  const drop = async () => {
    const { thing, days } = moving;
    if (!days) { end(); return; }
    const held = moving;
    const { part, version } = thing.dataset;
    moving = null;
    await Drops.send(thing.dataset.move, { part, version, days }, dialog(), "calendar-changed");
    // Where it belongs is what the server says: the page asks anew, or it stays where it was.
    moving = held;
    end();
  };

  document.addEventListener("pointerdown", (event) => {
    const thing = event.target.closest?.("[data-calendar] [data-move]");
    if (!thing || event.button !== 0 || event.pointerType === "touch" || moving) return;
    begin(thing, event.clientX);
  });
  document.addEventListener("pointermove", (event) => {
    if (moving?.x === undefined) return;
    const days = Math.round((event.clientX - moving.x) / moving.day);
    if (days !== moving.days || moving.thing.dataset.moving === "") shift(days);
  });
  document.addEventListener("pointerup", () => {
    if (moving?.x === undefined) return;
    isClickOfDrag = moving.thing.dataset.moving === "";
    setTimeout(() => { isClickOfDrag = false; });
    drop();
  });
  document.addEventListener("click", (event) => { if (isClickOfDrag) { event.preventDefault(); event.stopPropagation(); } }, true);
  document.addEventListener("keydown", (event) => {
    const thing = event.target.closest?.("[data-calendar] [data-move]");
    if (event.key === "Escape" && moving) { end(); event.preventDefault(); return; }
    if (!thing) return;
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      if (!moving) begin(thing);
      shift(moving.days + (event.key === "ArrowRight" ? 1 : -1));
    } else if (event.key === "Enter" && moving) drop();
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", () => { if (moving && moving.x === undefined) end(); });
  document.addEventListener("calendar-changed", () => dialog()?.close());
})();
