// <form data-composer>: live preview, findings that lead to their line, things to insert, Ctrl-S.
(() => {
  const PAUSE = 450;
  let serial = 0;

  // Each preview is a new frame, shown once it is there: no flash, and no step in the browser's history.
  const showFrame = (form) => {
    const holder = document.querySelector("[data-frames]");
    const before = holder.querySelector("iframe:not([data-loading])");
    holder.querySelectorAll("iframe[data-loading]").forEach((frame) => frame.remove());
    const frame = before.cloneNode(false);
    frame.removeAttribute("src");
    frame.name = `preview-frame-${(serial += 1)}`;
    frame.dataset.loading = "1";
    holder.append(frame);
    const sender = document.createElement("form");
    sender.method = "post";
    sender.action = form.dataset.frame;
    sender.target = frame.name;
    sender.hidden = true;
    for (const [name, value] of new FormData(form)) {
      const input = document.createElement("textarea");
      input.name = name;
      input.value = value;
      sender.append(input);
    }
    document.body.append(sender);
    frame.addEventListener("load", () => {
      if (!frame.isConnected) return;
      delete frame.dataset.loading;
      frame.hidden = before.hidden;
      before.remove();
    });
    sender.submit();
    sender.remove();
  };
  // Asked by the body: sent by the form itself, it would pass for a save, and the draft would be dropped.
  const report = (form) => htmx.ajax("POST", form.dataset.check, {
    source: document.body,
    values: Object.fromEntries(new FormData(form)),
    target: "#inbox",
    swap: "outerHTML",
  });
  const check = (form) => {
    showFrame(form);
    report(form);
  };

  const start = (form) => {
    let timer;
    const soon = () => { clearTimeout(timer); timer = setTimeout(() => check(form), PAUSE); };
    let last = null; // where things are inserted: the field that was written in last
    form.addEventListener("input", (event) => { if (["subject", "preheader", "mjml", "text"].includes(event.target.name)) soon(); });
    form.addEventListener("draft-restored", soon);
    form.addEventListener("focusin", (event) => { if (event.target.matches(".composer-write :is(input, textarea)")) last = event.target; });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") { event.preventDefault(); form.requestSubmit(); }
    });

    const showPart = (name) => {
      form.querySelectorAll("[data-part]").forEach((part) => { part.hidden = part.dataset.part !== name; });
      form.querySelectorAll("[data-part-show]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.partShow === name));
      form.querySelector(`[data-part="${name}"] textarea`)?.codeEditor?.resize();
    };
    const editorOf = (name) => form.elements[name]?.codeEditor;
    const jump = ({ jump: part, line, column }) => {
      if (part === "mjml" || part === "text") showPart(part);
      const editor = editorOf(part);
      if (!editor) return form.elements[part]?.focus();
      if (Number(line)) { editor.gotoLine(Number(line), Math.max(0, Number(column) - 1), true); }
      return editor.focus();
    };
    const insert = (text) => {
      const editor = [editorOf("mjml"), editorOf("text")].find((one) => one && last && one.container.contains(last)) || (last?.setRangeText ? null : editorOf("mjml"));
      if (editor) { editor.insert(text); editor.focus(); return; }
      const field = last?.setRangeText ? last : form.elements.mjml;
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    };
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("button");
      if (!button) return;
      if (button.dataset.partShow) showPart(button.dataset.partShow);
      else if (button.dataset.jump) jump(button.dataset);
      else if (button.dataset.insert) { document.getElementById("insert-menu").hidePopover(); insert(button.dataset.insert); }
      else if (button.dataset.previewContact !== undefined) {
        form.elements.contact.value = button.dataset.previewContact;
        const label = form.querySelector("[data-preview-as]");
        label.textContent = button.dataset.previewContact ? button.textContent.trim() : label.dataset.nobody;
        document.getElementById("preview-as").hidePopover();
        check(form);
      }
    });
    // The find field of the insert menu, and the preview's own address field, are not part of the e-mail.
    document.addEventListener("input", (event) => {
      if (!event.target.matches?.("[data-insert-search]")) return;
      const wanted = event.target.value.toLowerCase();
      document.querySelectorAll("[data-insert-menu] [data-insert]").forEach((item) => { item.hidden = !item.textContent.toLowerCase().includes(wanted); });
    });
    showPart(form.querySelector('[data-part="text"] [aria-invalid="true"]') ? "text" : "mjml");
    report(form);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-device]");
    if (!button) return;
    const holder = document.querySelector("[data-frames]");
    holder.dataset.showing = button.dataset.device;
    holder.querySelectorAll("iframe").forEach((frame) => { frame.hidden = button.dataset.device === "text"; });
    holder.querySelector(".plain-text").hidden = button.dataset.device !== "text";
    document.querySelectorAll("[data-device]").forEach((one) => one.setAttribute("aria-pressed", one === button));
  });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-composer]").forEach(start));
})();
