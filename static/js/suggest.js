// A name that the server suggests for a field is written into it, until somebody types another one there. In the
// field where somebody is already, it is selected: what they type takes its place.
(() => {
  "use strict"
  document.addEventListener("htmx:afterSwap", () => {
    for (const told of document.querySelectorAll("[data-suggests]")) {
      const field = document.getElementById(told.dataset.suggests)
      const isHere = field === document.activeElement
      if (!field || (isHere && field.value)) continue
      if (field.value && field.value !== field.dataset.suggested) continue
      field.value = field.dataset.suggested = told.dataset.suggestion
      if (isHere) field.select()
    }
  })
})()
