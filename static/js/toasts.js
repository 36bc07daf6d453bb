// Notes at the corner. Good news leaves by itself; what went wrong stays until it is dismissed.
(() => {
  const STAY = 6000;
  const tones = { good: "good", bad: "bad", warn: "warn" };
  const arm = (note) => {
    if (note.dataset.armed) return;
    note.dataset.armed = "1";
    if (note.classList.contains("tone-bad") || note.classList.contains("tone-warn")) return;
    let timer = setTimeout(() => note.remove(), STAY);
    note.addEventListener("mouseenter", () => clearTimeout(timer));
    note.addEventListener("mouseleave", () => { timer = setTimeout(() => note.remove(), STAY); });
  };
  const show = ({ message, tone }) => {
    const list = document.getElementById("toasts");
    const template = document.getElementById("toast-template");
    if (!message || !list || !template) return;
    const note = template.content.firstElementChild.cloneNode(true);
    note.classList.add(`tone-${tones[tone] || "info"}`);
    note.querySelector("p").textContent = message;
    list.append(note);
    arm(note);
  };
  document.addEventListener("toast", (event) => show(event.detail || {}));
  document.addEventListener("click", (event) => event.target.closest?.("[data-toast-close]")?.closest(".toast-note")?.remove());
  const scan = () => document.querySelectorAll("#toasts .toast-note").forEach(arm);
  document.addEventListener("DOMContentLoaded", scan);
  document.addEventListener("htmx:load", scan);
})();
