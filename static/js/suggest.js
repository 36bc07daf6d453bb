// A name that the server suggests for a field is written into it, until somebody types another one there.
(() => {
  "use strict"
  document.addEventListener("htmx:afterSwap", () => {
    for (const told of document.querySelectorAll("[data-suggests]")) {
      const field = document.getElementById(told.dataset.suggests)
      if (!field || field === document.activeElement) continue
      if (field.value && field.value !== field.dataset.suggested) continue
      field.value = field.dataset.suggested = told.dataset.suggestion
    }
  })
})()
