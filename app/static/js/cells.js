/* A value of a list, changed where it stands: double click or F2 opens its input over the cell, Enter saves,
   Tab saves and goes on to the next one, Esc leaves it as it was. */
"use strict";
(() => {
  const { $, $$, on, make, parse, part, texts, toast } = Loandesk;
  let box = null;
  let cell = null;
  let before = "";

  const cells = (row) => [...row.cells].filter((one) => !one.matches(".pick, .tools"));
  /** The name of the field that can be changed in this cell; nothing where none can. */
  const fieldOf = (one) => {
    const row = one?.closest("[data-cells] tbody tr");
    const name = row && $("[data-edit]", row) && row.closest("[data-cells]").dataset.cells.split("|")[cells(row).indexOf(one)];
    return name && name !== "-" ? name : null;
  };
  Loandesk.fieldOf = fieldOf;

  const form = () => $("form", box);
  const typed = () => JSON.stringify([...new FormData(form())]);
  const place = () => {
    if (!box || !cell) return;
    const { left, top } = cell.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(8, Math.min(top, innerHeight - box.offsetHeight - 8))}px`;
  };
  const close = (focus) => {
    box?.remove();
    const row = cell?.parentElement;
    box = cell = null;
    if (focus && row) ($("td:not(.pick, .tools) a[href]", row) || $("[data-edit]", row))?.focus();
  };

  /** Shows the form over its cell. */
  const show = (one, html) => {
    close();
    cell = one;
    const drawn = $("form.cell-form", parse(html));
    box = make("div", { class: "cell-edit" }, drawn);
    document.body.append(box);
    $$("select[data-lookup-url]", box).forEach(Loandesk.combobox);
    before = typed();
    place();
    const input = $("[role=combobox], select:not([hidden]), textarea, input:not([type=hidden])", box);
    input.focus();
    if (input.select) input.select();
  };
  const open = async (one) => {
    const name = fieldOf(one);
    if (!name) return;
    const url = $("[data-edit]", one.parentElement).getAttribute("href").replace("/edit/", `/cell/${name}/`);
    try { show(one, await part(url, "cell")); } catch (error) { toast(error.message, "danger"); }
  };

  /** The cell in the same place of the row as it stands there now, or some cells further on. */
  const found = (edit, at, step) => {
    const row = $(`[data-edit][href="${CSS.escape(edit)}"]`)?.closest("tr");
    const all = row ? cells(row) : [];
    for (let next = at + step; step && next >= 0 && next < all.length; next += step) if (fieldOf(all[next])) return all[next];
    return step ? null : all[at];
  };
  const send = async () => {
    const answer = await fetch(form().action, { method: "POST", body: new FormData(form()), headers: { "X-Partial": "cell" } });
    if (answer.redirected) throw new Error(texts.signed_out);
    if (answer.ok) return (await answer.json()).warnings;
    if (answer.status !== 422 && answer.status !== 409) throw new Error(texts.failed);
    show(cell, await answer.text());
    return null;
  };
  /** Saves what was typed, then goes some cells further on. */
  const save = async (step = 0) => {
    const list = cell.closest("[data-list]");
    const edit = $("[data-edit]", cell.parentElement).getAttribute("href");
    const at = cells(cell.parentElement).indexOf(cell);
    try {
      if (typed() !== before) {
        const warnings = await send();
        if (!warnings) return;
        warnings.forEach((sentence) => toast(sentence, "warning"));
        close();
        await Loandesk.loadList(list, Loandesk.listAddress(list).href, { push: false });
      }
      cell = found(edit, at, 0);
      close(true);
      const next = step && found(edit, at, step);
      if (next) await open(next);
    } catch (error) { toast(error.message, "danger"); }
  };

  on("dblclick", "[data-cells] td", (event, one) => {
    if (!fieldOf(one) || event.target.closest("a, button, input")) return;
    getSelection().removeAllRanges();
    open(one);
  });
  on("submit", ".cell-form", (event) => { event.preventDefault(); save(); });
  addEventListener("keydown", (event) => {
    if (box?.contains(event.target)) {
      if (event.key === "Escape") { event.preventDefault(); close(true); }
      else if (event.key === "Tab") { event.preventDefault(); event.target.blur(); save(event.shiftKey ? -1 : 1); }
      else if (event.key === "Enter" && event.target.matches("select")) { event.preventDefault(); save(); }
      return;
    }
    if (event.key !== "F2") return;
    const row = Loandesk.rowCursor.row();
    const one = document.activeElement.closest("td");
    const wanted = row && (fieldOf(one) ? one : cells(row).find(fieldOf));
    if (wanted) { event.preventDefault(); open(wanted); }
  });
  // whoever turns to something else has typed what he wanted
  addEventListener("mousedown", (event) => { if (box && !box.contains(event.target)) { if (typed() === before) close(); else save(); } });
  addEventListener("scroll", place, true);
  addEventListener("resize", place);
})();
