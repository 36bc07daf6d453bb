// Bars and launches of the calendar, moved by days with mouse, finger or keyboard. The server checks, asks and moves.
(() => {
  const dialog = () => document.getElementById("calendar-dialog");
  let moving = null; // {thing, days, day (width of one), x (where the pointer took it; of the keyboard none)}
  let isClickOfDrag = false;
  // A finger that rests so long takes the thing; one that goes on at once scrolls the page.
  const REST_MS = 350;
  const SLIP_PX = 8;
  let resting = null; // {timer, x, y}: the finger that has not taken anything yet

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

  const isHeld = () => moving?.x !== undefined;
  const goOn = () => { clearTimeout(resting?.timer); resting = null; };
  const rest = (thing, { clientX: x, clientY: y }) => {
    const take = () => { resting = null; begin(thing, x); shift(0); };
    resting = { x, y, timer: setTimeout(take, REST_MS) };
  };

  document.addEventListener("pointerdown", (event) => {
    const thing = event.target.closest?.("[data-calendar] [data-move]");
    if (!thing || event.button !== 0 || !event.isPrimary || moving) return;
    if (event.pointerType === "touch") rest(thing, event);
    else begin(thing, event.clientX);
  });
  document.addEventListener("pointermove", (event) => {
    if (resting && Math.hypot(event.clientX - resting.x, event.clientY - resting.y) > SLIP_PX) goOn();
    if (moving?.x === undefined) return;
    const days = Math.round((event.clientX - moving.x) / moving.day);
    if (days !== moving.days || moving.thing.dataset.moving === "") shift(days);
  });
  document.addEventListener("pointercancel", () => { goOn(); if (isHeld()) end(); });
  // Once a finger has taken something it neither scrolls nor opens the menu of a link.
  document.addEventListener("touchmove", (event) => { if (isHeld()) event.preventDefault(); }, { passive: false });
  document.addEventListener("contextmenu", (event) => { if (isHeld()) event.preventDefault(); });
  document.addEventListener("pointerup", () => {
    goOn();
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

  // Where a month is wider than the screen, it opens at today.
  const showToday = () => {
    const calendar = document.querySelector("[data-calendar]");
    const today = calendar?.querySelector(".calendar-day.is-today");
    if (today && calendar.scrollWidth > calendar.clientWidth) calendar.scrollLeft = today.offsetLeft - calendar.clientWidth / 2;
  };
  document.addEventListener("DOMContentLoaded", showToday);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.querySelector?.("[data-calendar]")) showToday(); });
})();
