// What every htmx request on every page has in common.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // A whole page answered where a part was asked for (the session ended): go there.
  if (!detail.boosted && /^\s*<!doctype html/i.test(detail.xhr.responseText || "") && detail.requestConfig.target !== document.body) {
    detail.shouldSwap = false;
    location.href = detail.xhr.status < 400 ? detail.xhr.responseURL : location.href;
  }
});
const failed = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { message: text, tone: "bad" } }));
const words = () => document.getElementById("toasts")?.dataset ?? {};
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 403) failed(words().forbidden);
  else if (detail.xhr.status === 404) failed(words().gone);
  else failed(words().failed);
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  // It does not come: what waited below it appears.
  document.addEventListener(name, ({ detail }) => { for (const link of detail.elt.querySelectorAll("[data-awaited]")) link.removeAttribute("data-awaited"); });
}
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => failed(words().offline));

// A page that nobody looks at does not poll; what it loads once, it loads.
document.addEventListener("htmx:beforeRequest", (event) => {
  const place = event.detail.elt;
  const trigger = place.getAttribute?.("hx-trigger") ?? "";
  if (!trigger.includes("every ")) return;
  if (document.hidden && (place.dataset.polled || !trigger.includes("load"))) event.preventDefault();
  else place.dataset.polled = "1";
});
