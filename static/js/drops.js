// What is dropped somewhere is told to the server. It says nothing, and the page asks anew; or it asks back, in a dialog.
const Drops = {
  // Returns whether it is done; if not, the caller puts back what was dropped.
  async send(url, values, dialog, changed) {
    try {
      const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
      const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams(values) });
      if (answer.status === 204) {
        htmx.trigger(document.body, changed);
        return true;
      }
      const text = await answer.text();
      if (!answer.ok || /^\s*<!doctype/i.test(text)) throw new Error(answer.status);
      dialog.innerHTML = text;
      htmx.process(dialog);
      dialog.showModal();
    } catch {
      const { failed } = document.getElementById("toasts").dataset;
      document.dispatchEvent(new CustomEvent("toast", { detail: { message: failed, tone: "bad" } }));
    }
    return false;
  },
};
