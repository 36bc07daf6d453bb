// <form data-draft="campaign-new">: what is typed is kept in this browser until the server has it.
(() => {
  const LIFE = 14 * 24 * 3600 * 1000;
  const store = {
    get: (key) => { try { return JSON.parse(localStorage.getItem(`draft:${key}`)); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(`draft:${key}`, JSON.stringify(value)); } catch { /* full or private */ } },
    drop: (key) => { try { localStorage.removeItem(`draft:${key}`); } catch { /* as above */ } },
  };
  const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type));
  const ticks = (field) => field.type === "checkbox" || field.type === "radio";
  const choices = (field) => [...field.options].filter((option) => option.selected).map((option) => option.value);
  const value = (field) => (ticks(field) ? field.checked : field.multiple ? choices(field) : field.value);
  const name = (field) => (ticks(field) ? `${field.name}=${field.value}` : field.name);
  const read = (form) => Object.fromEntries(fields(form).map((field) => [name(field), value(field)]));
  const write = (form, values) => fields(form).forEach((field) => {
    const kept = values[name(field)];
    if (kept === undefined) return;
    if (ticks(field)) field.checked = kept;
    else if (field.multiple) [...field.options].forEach((option) => { option.selected = kept.includes(option.value); });
    else field.value = kept;
  });
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const refused = (form) => form.querySelector("[aria-invalid=true], .form-summary");

  const restore = (form, draft, served) => {
    write(form, draft.values);
    form.dispatchEvent(new CustomEvent("draft-restored", { bubbles: true }));
    const note = document.getElementById("draft-template")?.content.firstElementChild.cloneNode(true);
    if (!note) return;
    note.querySelector("button").addEventListener("click", () => {
      write(form, served);
      store.drop(form.dataset.draft);
      note.remove();
      form.dispatchEvent(new CustomEvent("draft-restored", { bubbles: true }));
    });
    form.prepend(note);
  };
  const start = (form) => {
    if (form.dataset.draftOn) return;
    form.dataset.draftOn = "1";
    const key = form.dataset.draft;
    const served = read(form);
    const draft = store.get(key);
    if (draft && Date.now() - draft.at > LIFE) store.drop(key);
    else if (draft && !refused(form) && !same(draft.values, served)) restore(form, draft, served);
    let timer = 0;
    const keep = () => {
      timer = 0;
      const values = read(form);
      if (same(values, served)) store.drop(key);
      else store.set(key, { at: Date.now(), values });
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(keep, 300);
    });
    // Whoever leaves faster than that loses nothing either.
    addEventListener("pagehide", () => {
      if (!timer || !form.isConnected) return;
      clearTimeout(timer);
      keep();
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      timer = 0;
      store.set(key, { at: Date.now(), values: read(form) });
      try { sessionStorage.setItem("drafts-sent", JSON.stringify([...JSON.parse(sessionStorage.getItem("drafts-sent") || "[]"), key])); } catch { /* kept then */ }
    });
  };
  // A draft goes once a page came after its form was sent, and that page does not show the form refused.
  const settle = () => {
    let sent = [];
    try { sent = JSON.parse(sessionStorage.getItem("drafts-sent") || "[]"); sessionStorage.removeItem("drafts-sent"); } catch { return; }
    const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate" && document.getElementById("toasts");
    for (const key of sent) {
      const form = document.querySelector(`form[data-draft="${CSS.escape(key)}"]`);
      if (arrived && !(form && refused(form))) store.drop(key);
    }
  };
  const scan = () => document.querySelectorAll("form[data-draft]").forEach(start);
  document.addEventListener("DOMContentLoaded", () => { settle(); scan(); });
  document.addEventListener("htmx:load", scan);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const form = detail.elt.closest?.("form[data-draft]");
    if (form && detail.successful && detail.requestConfig.verb === "post" && !refused(document.querySelector(`form[data-draft="${CSS.escape(form.dataset.draft)}"]`) ?? form)) store.drop(form.dataset.draft);
  });
})();

// <form data-guard>: ask before leaving with unsent changes.
(() => {
  const dirty = new Set();
  document.addEventListener("input", (event) => { const form = event.target.closest?.("form[data-guard]"); if (form) dirty.add(form); });
  document.addEventListener("submit", (event) => dirty.delete(event.target));
  addEventListener("beforeunload", (event) => { if ([...dirty].some((form) => form.isConnected)) event.preventDefault(); });
})();
