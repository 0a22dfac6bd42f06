/* Lists: live search, sorting and paging without a page load, picking rows, columns, row cursor.
   Every state is in the URL; an embedded list (a record's tab) keeps its own. */
"use strict";
(() => {
  const { $, $$, on, make, part, parse, toast, debounce } = Loandesk;
  const pending = new WeakMap();

  const address = (list) => new URL("embedded" in list.dataset ? list.dataset.url || list.closest("[data-loaded-from]").dataset.loadedFrom : location.href, location.href);

  /** Replaces the changing part of a list by what the URL gives. */
  const load = async (list, url, { push = true } = {}) => {
    pending.get(list)?.abort();
    const control = new AbortController();
    pending.set(list, control);
    const region = $("[data-region]", list);
    region.setAttribute("aria-busy", "true");
    try {
      const fresh = $("[data-region]", parse(await part(url, "table", control.signal)));
      if (!fresh) { location.assign(url); return; }
      region.replaceWith(fresh);
      if ("embedded" in list.dataset) list.dataset.url = url;
      else if (push) history.pushState({ list: true }, "", url);
      after(list, fresh);
    } catch (error) {
      if (error.name === "AbortError") return;
      region.removeAttribute("aria-busy");
      toast(error.message, "danger");
    }
  };

  /** What the page tells once, in the head: the column's name over each value of a phone's card, what a box picks and
      what a pencil edits. */
  const label = (root) => $$("table.is-list", root).forEach((table) => {
    const names = $$("thead th", table).map((head) => ($(".sorter", head)?.firstChild || head).textContent);
    $$("tbody tr", table).forEach((row) => [...row.cells].forEach((cell, place) => { cell.dataset.label = names[place]; }));
    const named = (one, each) => $(each, table).dataset.each.replace("…", $("td:not(.pick)", one.closest("tr")).textContent.trim());
    $$("tbody input[name=ids]", table).forEach((box) => {
      box.setAttribute("form", $("form.bulk", table.closest("[data-region]")).id);
      box.setAttribute("aria-label", named(box, "[data-pick-all]"));
    });
    $$("tbody [data-edit]", table).forEach((link) => { link.title = named(link, "th.tools"); });
  });
  label(document);

  const after = (list, region) => {
    label(region);
    const link = $("[data-export-link]", list);
    if (link && region.dataset.export) link.href = region.dataset.export;
    const next = $("form.bulk input[name=next]", list);
    if (next && !("embedded" in list.dataset)) next.value = location.pathname + location.search;
    document.dispatchEvent(new CustomEvent("loandesk:list", { detail: list }));
  };

  /** Sets or removes parameters of the list's URL (an empty value removes) and goes to the first page. */
  const change = (list, values) => {
    const url = address(list);
    for (const [name, value] of Object.entries(values)) value === "" || value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value);
    ["after", "before", "last", "at", "page"].forEach((name) => url.searchParams.delete(name));
    // a bare address would open with the view that its reader starts with
    if (!("embedded" in list.dataset) && ![...url.searchParams].length) url.searchParams.set("view", "0");
    return load(list, url.href);
  };
  /** The order of the list with the column of a link as a further one, or turned round where it is in it. */
  const further = (list, link) => {
    const next = new URL(link.href, location.href).searchParams.get("sort");
    const name = next.replace(/^-/, "");
    const order = (address(list).searchParams.get("sort") || "").split(/[ ,]+/).filter(Boolean);
    const place = order.findIndex((one) => one.replace(/^-/, "") === name);
    if (place < 0) order.push(next); else order[place] = order[place] === name ? `-${name}` : name;
    return order.join(",");
  };
  /** Sorts by a further column; the focus stays in the head of the new table. */
  const sortBy = (list, link) => {
    const place = $$(".sorter", list).indexOf(link);
    change(list, { sort: further(list, link) }).then(() => $$(".sorter", list)[place]?.focus());
  };
  on("mousedown", "[data-list] .sorter", (event) => { if (event.shiftKey) event.preventDefault(); });
  on("keydown", "[data-list] .sorter", (event, link) => {
    if (event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    sortBy(link.closest("[data-list]"), link);
  });
  Object.assign(Loandesk, { changeList: change, loadList: load, labelList: label, listAddress: address });

  on("click", "[data-list] a[data-swap]", (event, link) => {
    const list = link.closest("[data-list]");
    if (event.shiftKey && link.matches(".sorter")) { event.preventDefault(); sortBy(list, link); return; }
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const box = $("[data-quick] input", list);
    // "?sort=…" inside a tab means the tab's address, not the page's
    const url = new URL(link.getAttribute("href"), address(list));
    if ("embedded" in list.dataset) url.searchParams.set("partial", "tab");
    if (box) box.value = url.searchParams.get("q") || "";
    const place = $$(".sorter", list).indexOf(link);
    load(list, url.href).then(() => {
      $(".table-scroll", list)?.scrollTo({ top: 0 });
      if (place >= 0) $$(".sorter", list)[place]?.focus();
    });
  });
  addEventListener("popstate", () => {
    const list = $("[data-list]:not([data-embedded])");
    if (!list) return;
    const box = $("[data-quick] input", list);
    if (box) box.value = new URLSearchParams(location.search).get("q") || "";
    load(list, location.href, { push: false });
  });

  const search = debounce((input) => {
    const list = input.closest("[data-list]");
    const url = address(list);
    if ((url.searchParams.get("q") || "") !== input.value.trim()) change(list, { q: input.value.trim() });
  }, 220);
  on("input", "[data-quick] input", (event, input) => search(input));
  on("submit", "[data-quick]", (event, form) => { event.preventDefault(); search($("input", form)); });

  // picking rows for a bulk operation
  const picks = (list) => $$("tbody input[name=ids]", list);
  const count = (list) => {
    const chosen = picks(list).filter((box) => box.checked);
    const bar = $("form.bulk", list);
    const all = $("[data-pick-all]", list);
    picks(list).forEach((box) => box.closest("tr").classList.toggle("is-picked", box.checked));
    if (bar) {
      const isWhole = picks(list).length === chosen.length;
      const offer = $("[data-pick-list]", bar);
      // whoever unpicks a row no longer means the whole list
      if (!isWhole) $("[name=_list]", bar)?.remove();
      const whole = $("[name=_list]", bar);
      if (offer) offer.hidden = !isWhole || Boolean(whole);
      bar.hidden = !chosen.length;
      $("[data-count]", bar).textContent = whole ? offer.dataset.pickList : chosen.length;
    }
    if (all) { all.checked = chosen.length > 0 && chosen.length === picks(list).length; all.indeterminate = chosen.length > 0 && !all.checked; }
  };
  on("change", "[data-list] [data-pick-all]", (event, all) => {
    const list = all.closest("[data-list]");
    picks(list).forEach((box) => { box.checked = all.checked; });
    count(list);
  });
  on("change", "[data-list] tbody input[name=ids]", (event, box) => count(box.closest("[data-list]")));
  on("click", "[data-pick-list]", (event, button) => {
    const list = button.closest("[data-list]");
    button.form.append(make("input", { type: "hidden", name: "_list", value: address(list).search }));
    count(list);
    $("button[formaction]", button.form).focus();
  });
  on("click", "[data-unselect]", (event, button) => {
    const list = button.closest("[data-list]");
    picks(list).forEach((box) => { box.checked = false; });
    count(list);
  });

  // a click anywhere on a row opens it, unless it meant something else, such as the first half of a double click
  let opening;
  on("click", "tr[data-href]", (event, row) => {
    clearTimeout(opening);
    if (!row.dataset.href || event.target.closest("a, button, input, label, .pick") || String(getSelection())) return;
    const go = () => { if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener"); else location.assign(row.dataset.href); };
    if (!Loandesk.fieldOf(event.target.closest("td"))) go();
    else if (event.detail < 2) opening = setTimeout(go, 250);
  });

  for (const form of $$("[data-columns]")) {
    $("fieldset", form).append(...JSON.parse($("script", form).textContent).map(([value, name, shown]) => make("label", { class: "dropdown-item" },
      make("input", { class: "form-check-input", type: "checkbox", value, checked: shown ? "" : null }), make("span", {}, name))));
  }
  on("submit", "[data-columns]", (event, form) => {
    event.preventDefault();
    const list = form.closest("[data-list]");
    const chosen = $$("input:checked", form).map((box) => box.value);
    if (!chosen.length) return;
    bootstrap.Dropdown.getInstance($("[data-bs-toggle=dropdown]", form.parentElement))?.hide();
    change(list, { cols: chosen.join(".") });
  });
  on("click", "[data-columns-reset]", (event, link) => {
    event.preventDefault();
    const url = address(link.closest("[data-list]"));
    url.searchParams.delete("cols");
    location.assign(url.href);
  });

  // a cut text is told in full by its tip
  on("mouseover", ".is-list td", (event, cell) => { if (!cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim(); });

  // the cursor that j and k move: the focus goes with it, to the row's link, so that Tab and Enter go on from there
  const rows = () => $$("[data-list] tbody tr");
  const cursor = () => rows().findIndex((row) => row.classList.contains("is-cursor"));
  const mark = (chosen) => rows().forEach((row) => row.classList.toggle("is-cursor", row === chosen));
  on("focusin", "[data-list] tbody tr", (event, row) => mark(row));
  Loandesk.rowCursor = {
    move(step) {
      const all = rows();
      if (!all.length) return;
      const at = Math.max(0, Math.min(all.length - 1, cursor() < 0 ? (step > 0 ? 0 : all.length - 1) : cursor() + step));
      const link = $("td:not(.pick, .tools) a[href]", all[at]);
      if (!link) all[at].tabIndex = -1;
      (link || all[at]).focus({ preventScroll: true });
      mark(all[at]);
      all[at].scrollIntoView({ block: "nearest" });
    },
    row: () => rows()[cursor()],
  };
})();
