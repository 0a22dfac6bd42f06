/* The filter menu of a list: choose a field, a condition, a value; the result is a URL parameter.
   "Or…" puts it into a group (any1.status=…), of which one filter is enough, and asks for the next one of it. */
"use strict";
(() => {
  const { $, $$, on, make, texts, loadList } = Loandesk;
  /* parts of the address that lead to a page; a column of such a name ("at") is asked for as at__eq */
  const PAGING = ["after", "before", "last", "at", "page"];
  /* in the order of their words, which the page tells; one of a number of days takes any number */
  const DAYS = ["today", "yesterday", "last-7-days", "last-30-days", "next-7-days", "older-than-30-days", "this-week", "last-week", "this-month", "last-month", "next-month", "this-quarter", "last-quarter", "this-year", "last-year"];
  const COUNTED = ["last-30-days", "next-7-days", "older-than-30-days"];

  const select = (label, options) => {
    const element = make("select", { class: "form-select", "aria-label": label });
    element.append(...options.map(([value, text]) => make("option", { value }, text)));
    return element;
  };

  /** Where a value is typed: a lookup hides its select behind a box. */
  const entry = (place) => $("input, select:not([hidden])", place);

  /** The control for a value of this filter under this condition; each has .filterValue(). */
  const control = (filter, op) => {
    if (op.includes("…")) {
      const element = make("input", { class: "form-control", type: "number", min: 1, max: 9999, "aria-label": texts.value });
      element.filterValue = () => (element.validity.valid && element.value ? op.replace("…", element.value) : "");
      return element;
    }
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
    const element = make("input", { class: "form-control", type: filter.kind === "date" ? "date" : "text", "aria-label": texts.value, autocomplete: "off", ...(numeric ? { inputmode: "decimal" } : {}) });
    element.filterValue = () => element.value.trim();
    return element;
  };

  const setUp = (menu) => {
    const list = menu.closest("[data-list]");
    /* in a form filters are the text of an input, and not the address */
    const box = menu.closest("[data-conditions]");
    const slug = box ? box.dataset.conditions : list.dataset.list;
    const address = () => (box ? Loandesk.filtersOf(box) : new URL(location.href));
    const show = (url) => (box ? Loandesk.setFilters(box, url) : loadList(list, url.href));
    const { words: said, ops: sets, fields: offered, days } = JSON.parse($("[data-filters]", menu).textContent);
    const presets = days.split("|").map((text, place) => [DAYS[place], text[0]?.toUpperCase() + text.slice(1)]);
    const counted = presets.filter(([name]) => COUNTED.includes(name)).map((pair) => pair.map((one) => one.replace(/\d+/, "…")));
    const filters = offered.map(([key, label, kind, ops, choices = []]) => ({ key, label, kind, choices, lookup: kind === "link" && `/${slug}/lookup/${key}`, ops: sets.split(";")[ops].split("|").map((op) => [op, said[op]]) }));
    const pick = $("[data-filter-pick]", menu);
    const form = $("[data-filter-form]", menu);
    const find = $("input", pick);
    const fields = $("ul", pick);
    const or = $("[data-or]", form);
    const opener = $("[data-bs-toggle=dropdown]", menu.parentElement);
    const joining = make("p", { class: "filter-or" }, or.textContent);
    /* the group that filters go into, what is being asked for, and the choice */
    let group = "";
    let asking = Promise.resolve();
    let chosen;

    const isJoining = () => or.getAttribute("aria-pressed") === "true";
    const join = (pressed) => or.setAttribute("aria-pressed", String(pressed));
    const free = (url) => {
      const taken = new Set([...url.searchParams.keys()].map((name) => name.split(".")[0]));
      for (let number = 1; ; number += 1) if (!taken.has(`any${number}`)) return `any${number}`;
    };
    /** Asks for the list with one filter more; with "Or…" the menu stays for the next one of the group. */
    const apply = (op, value) => {
      const { key } = chosen.filter;
      const more = isJoining();
      if (more && !group) group = free(address());
      const grouped = Boolean(group);
      const name = (grouped ? `${group}.` : "") + (op === "eq" && !PAGING.includes(key) ? key : `${key}__${op}`);
      if (more) start();
      else { bootstrap.Dropdown.getInstance(opener)?.hide(); opener.focus(); }
      // one after the other: a filter that is refused takes none before it along
      asking = asking.then(() => {
        const url = address();
        if (!grouped) url.searchParams.set(name, value);
        else if (!url.searchParams.getAll(name).includes(value)) url.searchParams.append(name, value);
        PAGING.forEach((one) => url.searchParams.delete(one));
        return show(url);
      });
    };

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
    const start = () => {
      pick.hidden = false;
      form.hidden = true;
      join(false);
      group ? pick.prepend(joining) : joining.remove();
      find.value = "";
      offer();
      find.focus();
    };
    const choose = (filter) => {
      const body = $(".filter-body", form);
      const ofDays = filter.kind === "date";
      const op = select(texts.condition, ofDays ? [...filter.ops, ...counted] : filter.ops);
      const place = make("div");
      const draw = () => {
        place.replaceChildren(control(filter, op.value));
        const first = entry(place);
        if (first && document.activeElement !== op && !ofDays) first.focus();
      };
      op.addEventListener("change", draw);
      $("b", form).textContent = filter.label;
      pick.hidden = true;
      form.hidden = false;
      const box = ofDays ? make("div", { class: "filter-days" }, ...presets.map(([name, text]) => make("button", { type: "button", class: "btn btn-sm", "data-day": name }, text))) : "";
      body.replaceChildren(box, ...(op.length > 1 ? [op, place] : [place]));
      chosen = { filter, op, place };
      draw();
      if (ofDays) $("button", box).focus();
    };

    find.addEventListener("input", offer);
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); $("button", fields)?.click(); }
      if (event.key === "ArrowDown") { event.preventDefault(); event.stopPropagation(); $("button", fields)?.focus(); }
    });
    // heard before Bootstrap, which takes these keys from everything in a menu but text boxes
    addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !menu.contains(event.target) || !event.target.matches("button, select")) return;
      event.stopPropagation();
      const box = event.target.closest(".filter-fields, .filter-days");
      if (!box) return;
      event.preventDefault();
      const all = $$("button", box);
      (all[all.indexOf(document.activeElement) + step] || (box === fields ? find : event.target)).focus();
    }, true);
    form.addEventListener("click", (event) => {
      const { day } = event.target.dataset;
      if (day) apply("eq", day);
    });
    $("[data-filter-back]", form).addEventListener("click", start);
    menu.parentElement.addEventListener("shown.bs.dropdown", start);
    menu.parentElement.addEventListener("hidden.bs.dropdown", () => { group = ""; });
    const send = () => {
      const value = chosen.place.firstElementChild.filterValue();
      if (!value) { entry(chosen.place)?.focus(); return; }
      const op = chosen.op.value;
      apply(op.includes("…") ? "eq" : op, value);
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
    $("[data-filter-apply]", form)?.addEventListener("click", send);
    if (box) form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.defaultPrevented || event.target.matches("button")) return;
      event.preventDefault();
      send();
    });
    // pressed before a value is there, it waits for the value
    or.addEventListener("click", () => { join(true); send(); });
    on("click", ".filter-chip [data-or]", (event, button) => {
      if (button.closest("[data-list]") !== list) return;
      // this click, still on its way, closes menus
      setTimeout(() => {
        bootstrap.Dropdown.getOrCreateInstance(opener).show();
        group = button.dataset.or;
        start();
      });
    });
  };
  Loandesk.filterMenu = setUp;
  $$("[data-filter-menu]").forEach(setUp);
})();
