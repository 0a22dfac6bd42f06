/* The filter menu of a list: choose a field, a condition, a value; the result is a URL parameter. */
"use strict";
(() => {
  const { $, $$, make, texts, changeList } = Loandesk;
  const INPUT = { date: "date", datetime: "datetime-local" };

  const select = (label, options) => {
    const element = make("select", { class: "form-select", "aria-label": label });
    element.append(...options.map(([value, text]) => make("option", { value }, text)));
    return element;
  };

  /** Where a value is typed: a lookup hides its select behind a box. */
  const entry = (place) => $("input, select:not([hidden])", place);

  /** The control for a value of this filter under this condition; each has .filterValue(). */
  const control = (filter, op) => {
    if (op === "null" || filter.kind === "bool") {
      const element = select(texts.value, [["1", texts.yes], ["0", texts.no]]);
      element.filterValue = () => element.value;
      return element;
    }
    if (op === "in" && filter.choices.length) {
      const box = make("div", { class: "filter-choices", role: "group", "aria-label": filter.label });
      box.append(...filter.choices.map(([value, text]) => make("label", {}, make("input", { type: "checkbox", class: "form-check-input m-0", value }), text)));
      box.filterValue = () => $$("input:checked", box).map((one) => one.value).join(",");
      return box;
    }
    if (filter.choices.length) {
      const element = select(texts.value, filter.choices);
      element.filterValue = () => element.value;
      return element;
    }
    if (filter.lookup && op !== "contains" && op !== "starts") {
      const holder = make("div");
      const element = make("select", { "data-lookup-url": filter.lookup, "aria-label": filter.label, ...(op === "in" ? { multiple: "" } : {}) });
      holder.append(element);
      Loandesk.combobox(element);
      holder.filterValue = () => [...element.selectedOptions].map((one) => one.value).filter(Boolean).join(",");
      return holder;
    }
    const numeric = ["number", "money", "percent"].includes(filter.kind);
    const element = make("input", { class: "form-control", type: INPUT[filter.kind] || "text", "aria-label": texts.value, autocomplete: "off", ...(numeric ? { inputmode: "decimal" } : {}) });
    element.filterValue = () => element.value.trim();
    return element;
  };

  for (const menu of $$("[data-filter-menu]")) {
    const list = menu.closest("[data-list]");
    const { words: said, fields: offered } = JSON.parse($("[data-filters]", menu).textContent);
    const filters = offered.map(([key, label, kind, ops, choices, lookup]) => ({ key, label, kind, choices, lookup, ops: ops.split("|").map((op) => [op, said[op]]) }));
    const pick = $("[data-filter-pick]", menu);
    const form = $("[data-filter-form]", menu);
    const find = $("input", pick);
    const fields = $("ul", pick);
    let chosen;

    const offer = () => {
      const words = find.value.trim().toLowerCase();
      const fitting = filters.filter((filter) => filter.label.toLowerCase().includes(words));
      fields.replaceChildren(...fitting.map((filter) => {
        const button = make("button", { type: "button" }, filter.label);
        button.addEventListener("click", () => choose(filter));
        return make("li", {}, button);
      }));
      if (!fitting.length) fields.append(make("li", { class: "combo-note" }, texts.nothing));
    };
    const start = () => { pick.hidden = false; form.hidden = true; find.value = ""; offer(); find.focus(); };
    const choose = (filter) => {
      const body = $(".filter-body", form);
      const op = select(texts.condition, filter.ops);
      const place = make("div");
      const draw = () => {
        place.replaceChildren(control(filter, op.value));
        const first = entry(place);
        if (first && document.activeElement !== op) first.focus();
      };
      op.addEventListener("change", draw);
      $("b", form).textContent = filter.label;
      pick.hidden = true;
      form.hidden = false;
      body.replaceChildren(...(filter.ops.length > 1 ? [op, place] : [place]));
      chosen = { filter, op, place };
      draw();
    };

    find.addEventListener("input", offer);
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); $("button", fields)?.click(); }
      if (event.key === "ArrowDown") { event.preventDefault(); event.stopPropagation(); $("button", fields)?.focus(); }
    });
    fields.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const all = $$("button", fields);
      (all[all.indexOf(document.activeElement) + step] || find).focus();
    });
    $("[data-filter-back]", form).addEventListener("click", start);
    menu.parentElement.addEventListener("shown.bs.dropdown", start);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = chosen.place.firstElementChild.filterValue();
      if (!value) { entry(chosen.place)?.focus(); return; }
      const { key } = chosen.filter;
      const op = chosen.op.value;
      const opener = $("[data-bs-toggle=dropdown]", menu.parentElement);
      bootstrap.Dropdown.getInstance(opener)?.hide();
      opener.focus();
      changeList(list, { [op === "eq" ? key : `${key}__${op}`]: value });
    });
  }
})();
