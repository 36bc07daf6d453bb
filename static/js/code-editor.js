// <textarea data-ace="liquid">: Ace over the field. The field keeps the text, so the form, its draft and htmx see it.
(() => {
  const start = (field) => {
    if (field.dataset.aceOn || !window.ace) return;
    field.dataset.aceOn = "1";
    ace.config.set("useStrictCSP", true);
    const holder = document.createElement("div");
    holder.className = "code-editor";
    field.after(holder);
    const editor = ace.edit(holder, {
      mode: field.dataset.ace === "text" ? "ace/mode/text" : `ace/mode/${field.dataset.ace}`,
      value: field.value,
      readOnly: field.readOnly || field.disabled,
      useWorker: false, // it would run from a blob, which our policy refuses
      tabSize: 2,
      useSoftTabs: true,
      wrap: true,
      indentedSoftWrap: false,
      showPrintMargin: false,
      fontSize: 13,
      highlightGutterLine: true,
      scrollPastEnd: 0.3,
      enableKeyboardAccessibility: true, // Esc leaves the editor, so Tab does not trap
    });
    editor.setStyle("ace-bookend");
    editor.session.setUseWrapMode(true);
    editor.session.setOption("wrapMethod", "text"); // between words, not wherever the line is full
    editor.container.querySelector("textarea").setAttribute("aria-label", field.labels?.[0]?.textContent.trim() || field.name);
    field.hidden = true;
    let filling = false;
    editor.session.on("change", () => {
      if (filling) return;
      field.value = editor.getValue();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const fill = () => {
      if (editor.getValue() === field.value) return;
      filling = true;
      editor.setValue(field.value, -1);
      filling = false;
    };
    field.form?.addEventListener("draft-restored", fill);
    field.form?.addEventListener("reset", () => setTimeout(fill));
    field.codeEditor = editor;
    new ResizeObserver(() => editor.resize()).observe(holder);
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("textarea[data-ace]").forEach(start));
})();
