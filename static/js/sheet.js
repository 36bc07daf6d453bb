// Campaigns as a spreadsheet: arrows, Enter, F2, Tab, Escape, copy and paste of blocks. The server reads every cell.
(() => {
  const sheet = () => document.querySelector("[data-sheet]");
  const rows = () => [...sheet().tBodies[0].rows];
  const at = (row, column) => rows()[row]?.cells[column];
  const textOf = (cell) => cell.dataset.typed ?? cell.dataset.text;
  const place = (cell) => [rows().indexOf(cell.parentElement), cell.cellIndex];
  const says = (text) => { document.getElementById("sheet-says").textContent = text; };
  let anchor = null; // where a block that is chosen began: [row, column]
  let undo = null; // what the last paste replaced: [campaign, column, text]

  const ready = () => {
    const table = sheet();
    if (!table || table.getAttribute("role") === "grid") return;
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    dress(table);
    at(0, 0)?.setAttribute("tabindex", "0");
  };
  const dress = (within) => {
    for (const cell of within.querySelectorAll("td")) { cell.setAttribute("role", "gridcell"); cell.setAttribute("tabindex", "-1"); }
    for (const link of within.querySelectorAll("td > a")) link.setAttribute("tabindex", "-1");
  };
  const block = (to) => {
    const [a, b] = [anchor ?? place(to), place(to)];
    const rowsOf = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
    return { rows: rowsOf, columns: [Math.min(a[1], b[1]), Math.max(a[1], b[1])] };
  };
  const mark = (to) => {
    for (const cell of sheet().querySelectorAll("[aria-selected]")) cell.removeAttribute("aria-selected");
    const { rows: [top, bottom], columns: [left, right] } = block(to);
    for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) at(row, column).setAttribute("aria-selected", "true");
  };
  const go = (row, column, isExtending) => {
    const cell = at(row, column);
    if (!cell) return;
    const before = sheet().querySelector("td[tabindex='0']");
    if (isExtending) anchor ??= before ? place(before) : [row, column];
    else anchor = null;
    before?.setAttribute("tabindex", "-1");
    cell.setAttribute("tabindex", "0");
    cell.focus();
    mark(cell);
  };

  const edit = (cell, text) => {
    if (cell.getAttribute("aria-readonly") || cell.querySelector("input")) return;
    const input = document.createElement("input");
    input.value = text ?? textOf(cell);
    input.className = "sheet-input";
    input.setAttribute("aria-label", sheet().tHead.rows[0].cells[cell.cellIndex].textContent);
    if (cell.dataset.choices) input.setAttribute("list", cell.dataset.choices);
    cell.append(input);
    input.focus();
    if (text === undefined) input.select();
    input.addEventListener("blur", () => close(cell, true));
  };
  const close = (cell, isKept) => {
    const input = cell.querySelector("input");
    if (!input || input.dataset.isClosing) return;
    input.dataset.isClosing = "1"; // taking it away blurs it, which would close it again
    const { value } = input;
    input.remove();
    if (isKept && (value.trim() !== textOf(cell) || cell.dataset.typed !== undefined)) save([[cell, value]]);
  };
  const save = async (changes) => {
    if (!changes.length) return null;
    const sent = changes.map(([cell, text]) => [Number(cell.parentElement.dataset.row), cell.dataset.cell, text, Number(cell.parentElement.dataset.version), cell.parentElement.dataset.shown ?? ""]);
    let kept = null;
    let had = false;
    for (const [cell] of changes) cell.dataset.pending = "";
    try {
      const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
      const answer = await fetch(sheet().dataset.sheet, { method: "POST", headers, body: new URLSearchParams({ cells: JSON.stringify(sent) }) });
      const text = await answer.text();
      if (!answer.ok || /^\s*<!doctype/i.test(text)) throw new Error(answer.status);
      const fresh = document.createElement("template");
      fresh.innerHTML = `<table><tbody>${text}</tbody></table>`;
      dress(fresh.content);
      // Meanwhile the person may have gone on to another cell.
      const current = sheet().querySelector("td[tabindex='0']");
      kept = current ? place(current) : null;
      had = sheet().contains(document.activeElement);
      for (const row of fresh.content.querySelectorAll("tr")) document.getElementById(row.id)?.replaceWith(row);
      const refused = sent.filter(([pk, key]) => document.querySelector(`#sheet-${pk} [data-cell="${key}"].is-refused`)).length;
      says([`${sheet().dataset.saySaved} ${sent.length - refused}`, ...(refused ? [`${sheet().dataset.sayRefused} ${refused}`] : [])].join("; "));
    } catch {
      const { failed } = document.getElementById("toasts").dataset;
      document.dispatchEvent(new CustomEvent("toast", { detail: { message: failed, tone: "bad" } }));
      for (const [cell, text] of changes) { cell.dataset.typed = text; cell.classList.add("is-refused"); delete cell.dataset.pending; cell.firstElementChild.textContent = text; }
      return null;
    }
    // The rows are new ones: the focus goes back to where it was, unless the person is typing elsewhere.
    if (kept && !sheet().querySelector("input")) {
      const now = at(...kept);
      now?.setAttribute("tabindex", "0");
      if (had || document.activeElement === document.body) now?.focus();
    }
    return sent;
  };
  const paste = async (cell, text) => {
    const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
    const [top, left] = place(cell);
    const changes = [];
    let outside = 0;
    lines.forEach((line, down) => line.forEach((value, right) => {
      const target = at(top + down, left + right);
      if (target && !target.getAttribute("aria-readonly")) changes.push([target, value.trim()]);
      else outside += 1;
    }));
    if (changes.length > Number(sheet().dataset.most)) { says(sheet().dataset.sayMany); return; }
    const before = changes.map(([target]) => [target.parentElement.dataset.row, target.dataset.cell, target.dataset.text]);
    if (!(await save(changes))) return;
    if (outside) says(`${document.getElementById("sheet-says").textContent}; ${sheet().dataset.sayOutside} ${outside}`);
    undo = before.filter(([pk, key]) => !document.querySelector(`#sheet-${pk} [data-cell="${key}"].is-refused`));
    document.getElementById("sheet-undo").hidden = !undo.length;
  };
  const takeBack = async () => {
    if (!undo?.length) return;
    const changes = undo.map(([pk, key, text]) => [document.querySelector(`#sheet-${pk} [data-cell="${key}"]`), text]);
    undo = null;
    document.getElementById("sheet-undo").hidden = true;
    await save(changes.filter(([cell]) => cell));
  };

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("[data-sheet] td");
    if (!cell) return;
    const [row, column] = place(cell);
    const isEditing = event.target.matches("input");
    const command = event.ctrlKey || event.metaKey;
    if (isEditing) {
      if (event.key === "Escape") { close(cell, false); go(row, column); }
      else if (event.key === "Enter") { close(cell, true); go(row + 1, column); }
      else if (event.key === "Tab") { close(cell, true); go(row, column + (event.shiftKey ? -1 : 1)); }
      else return;
    } else if (STEPS[event.key] && !command) go(row + STEPS[event.key][0], column + STEPS[event.key][1], event.shiftKey);
    else if (event.key === "Enter" || event.key === "F2") edit(cell);
    else if (event.key === "Tab" && at(row, column + (event.shiftKey ? -1 : 1))) go(row, column + (event.shiftKey ? -1 : 1));
    else if (event.key === "Delete" || event.key === "Backspace") { if (!cell.getAttribute("aria-readonly")) save([[cell, ""]]); }
    else if (command && event.key.toLowerCase() === "z") takeBack();
    else if (event.key.length === 1 && !command && !event.altKey) edit(cell, event.key);
    else return;
    event.preventDefault();
    event.stopPropagation(); // the letters of the page's shortcuts are letters here
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#sheet-undo")) { takeBack(); return; }
    const cell = event.target.closest?.("[data-sheet] td");
    if (!cell || event.target.matches("input") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(...place(cell), event.shiftKey);
  });
  document.addEventListener("dblclick", (event) => {
    const cell = event.target.closest?.("[data-sheet] td");
    if (cell && !event.target.matches("input")) edit(cell);
  });
  document.addEventListener("copy", (event) => {
    const cell = document.activeElement?.closest?.("[data-sheet] td");
    if (!cell || document.activeElement.matches("input")) return;
    const { rows: [top, bottom], columns: [left, right] } = block(cell);
    const lines = [];
    for (let row = top; row <= bottom; row += 1) {
      const line = [];
      for (let column = left; column <= right; column += 1) line.push(textOf(at(row, column)));
      lines.push(line.join("\t"));
    }
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  });
  document.addEventListener("paste", (event) => {
    const cell = document.activeElement?.closest?.("[data-sheet] td");
    if (!cell || document.activeElement.matches("input")) return;
    event.preventDefault();
    paste(cell, event.clipboardData.getData("text/plain"));
  });
  document.addEventListener("htmx:load", ready);
  document.addEventListener("DOMContentLoaded", ready);
})();
