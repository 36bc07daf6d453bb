// <form data-draft="campaign-new">: what is typed is kept in this browser until the server has it. It is
// kept for whoever is signed in, <body data-user>, and goes with them: <form data-drafts-end> signs out.
(() => {
  const LIFE = 14 * 24 * 3600 * 1000;
  const mine = (key) => `draft:${document.body.dataset.user}:${key}`;
  let over = false;
  const store = {
    get: (key) => { try { return JSON.parse(localStorage.getItem(mine(key))); } catch { return null; } },
    set: (key, value) => { try { if (!over) localStorage.setItem(mine(key), JSON.stringify(value)); } catch { /* full or private */ } },
    drop: (key) => { try { localStorage.removeItem(mine(key)); } catch { /* as above */ } },
    sweep: (goes) => {
      try { Object.keys(localStorage).filter((name) => name.startsWith("draft:") && goes(name)).forEach((name) => localStorage.removeItem(name)); } catch { /* as above */ }
    },
  };
  // Of those who never come back, and of nobody in particular.
  const isStale = (name) => {
    try { return !/^draft:\d+:/.test(name) || !(Date.now() - JSON.parse(localStorage.getItem(name)).at < LIFE); } catch { return true; }
  };
  const says = (field) => "draftKeep" in field.dataset;
  // <form data-draft-rows="#place">: the fields in there come and go as the server draws them, so they are kept all
  // together, and whoever has them drawn hears “rows-wanted”.
  const ROWS = "data-draft-rows";
  const rows = (form) => [...form.querySelectorAll(`${form.dataset.draftRows} [name]:not(button)`)].map((field) => [field.name, field.value]);
  const isRow = (form, field) => form.dataset.draftRows && field.closest(form.dataset.draftRows);
  const isTyped = (field) => says(field) || !["hidden", "password", "file", "submit", "button"].includes(field.type);
  const fields = (form) => [...form.elements].filter((field) => field.name && isTyped(field) && !isRow(form, field));
  const ticks = (field) => field.type === "checkbox" || field.type === "radio";
  const choices = (field) => [...field.options].filter((option) => option.selected).map((option) => option.value);
  const value = (field) => (ticks(field) ? field.checked : field.multiple ? choices(field) : field.value);
  const name = (field) => (ticks(field) ? `${field.name}=${field.value}` : field.name);
  const read = (form) => Object.fromEntries([
    ...fields(form).map((field) => [name(field), value(field)]),
    ...(form.dataset.draftRows ? [[ROWS, rows(form)]] : []),
  ]);
  const write = (form, values) => {
    fields(form).forEach((field) => {
      const kept = values[name(field)];
      if (kept === undefined) return;
      if (ticks(field)) field.checked = kept;
      else if (field.multiple) [...field.options].forEach((option) => { option.selected = kept.includes(option.value); });
      else field.value = kept;
    });
    if (values[ROWS]) form.dispatchEvent(new CustomEvent("rows-wanted", { bubbles: true, detail: values[ROWS] }));
  };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  // Only what was typed is kept: the rest of the form may be newer when the draft comes back. With it goes what
  // says over which version it was typed, <input data-draft-keep>.
  const typed = (form, served) => {
    const now = read(form);
    const changed = Object.entries(now).filter(([field, kept]) => !same(kept, served[field]));
    const told = changed.length ? fields(form).filter(says).map((field) => [field.name, field.value]) : [];
    return Object.fromEntries([...changed, ...told]);
  };
  const refused = (form) => form.querySelector("[aria-invalid=true], .form-summary");

  const restore = (form, draft, served) => {
    write(form, draft.values);
    form.closest("details")?.setAttribute("open", "");
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
    let served = read(form);
    let sent = served;
    const draft = store.get(key);
    // A refused form comes back as it was sent: what was typed before that is in the draft.
    let before = draft && refused(form) ? draft.values : {};
    const kept = new Set(fields(form).filter(says).map(name)); // over what it was typed is no news by itself
    const isNews = ([field, value]) => !kept.has(field) && !same(value, served[field]);
    if (draft && !refused(form) && Object.entries(draft.values).some(isNews)) restore(form, draft, served);
    let timer = 0;
    const keep = () => {
      timer = 0;
      const values = { ...before, ...typed(form, served) };
      if (same(values, {})) store.drop(key);
      else store.set(key, { at: Date.now(), values });
    };
    const keepSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(keep, 300);
    };
    form.addEventListener("input", keepSoon);
    if (form.dataset.draftRows) form.addEventListener("htmx:afterSettle", keepSoon);
    // The server has what was sent, and the form stays: what was typed since is the draft.
    form.addEventListener("draft-taken", () => {
      clearTimeout(timer);
      const told = fields(form).filter(says).map((field) => [name(field), value(field)]);
      [served, before] = [{ ...sent, ...Object.fromEntries(told) }, {}];
      keep();
    });
    // Whoever leaves faster than that loses nothing either.
    addEventListener("pagehide", () => {
      if (!timer || !form.isConnected) return;
      clearTimeout(timer);
      keep();
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      keep();
      sent = read(form);
      if (form.hasAttribute("hx-post")) return; // the page stays, and hears of it below
      try { sessionStorage.setItem("drafts-sent", JSON.stringify([...JSON.parse(sessionStorage.getItem("drafts-sent") || "[]"), key])); } catch { /* kept then */ }
    });
  };
  // A draft goes once a page came after its form was sent, and that page does not show the form refused.
  const settle = () => {
    let sent = [];
    try { sent = JSON.parse(sessionStorage.getItem("drafts-sent") || "[]"); sessionStorage.removeItem("drafts-sent"); } catch { return; }
    const isSignIn = document.referrer.includes("/accounts/login/"); // the session was over: nobody took it
    const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate" && document.getElementById("toasts") && !isSignIn;
    for (const key of sent) {
      const form = document.querySelector(`form[data-draft="${CSS.escape(key)}"]`);
      if (arrived && !(form && refused(form))) store.drop(key);
    }
  };
  const scan = () => { if (document.body.dataset.user) document.querySelectorAll("form[data-draft]").forEach(start); };
  document.addEventListener("DOMContentLoaded", () => { store.sweep(isStale); settle(); scan(); });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-drafts-end]")) return;
    over = true; // what is typed now is kept no more
    store.sweep((name) => name.startsWith(mine("")));
  });
  document.addEventListener("htmx:load", scan);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const form = detail.elt.closest?.("form[data-draft]");
    const isSignIn = detail.xhr.responseURL.includes("/accounts/login/"); // the session was over: nobody took it
    if (!form || !detail.successful || isSignIn || detail.requestConfig.verb !== "post") return;
    if (refused(document.querySelector(`form[data-draft="${CSS.escape(form.dataset.draft)}"]`) ?? form)) return;
    form.dispatchEvent(new CustomEvent("draft-taken"));
  });
})();
