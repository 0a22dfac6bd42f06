/* A lookup field: a <select data-lookup-url> becomes a combobox that loads {results: [{value, text, sub}]}.
   Typing clears the options FIRST, so that Enter can never take a row of an earlier search. What was chosen stays
   until something else is chosen or the box is left empty: half a word is no choice.
   Enter before the answer has come waits for it and takes the first row of that answer, never of an earlier one. In a
   form that asks for one choice (data-one) the Enter that takes a row also sends it. */
"use strict";
(() => {
  const { $, $$, make, icon, json, texts, debounce } = Loandesk;
  let serial = 0;

  const combobox = (select) => {
    const many = select.multiple;
    const id = `combo-${++serial}`;
    const label = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim() || select.name;
    const input = make("input", { type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list",
      "aria-label": label, autocomplete: "off", spellcheck: "false", placeholder: select.dataset.placeholder || texts.type_more });
    for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    if (select.required) input.setAttribute("aria-required", "true");
    const clear = make("button", { type: "button", class: "btn-quiet combo-clear", "aria-label": texts.remove, tabindex: "-1" }, icon("x"));
    const list = make("div", { class: "combo-list", id, role: "listbox", "aria-label": label, tabindex: "-1", hidden: "" });
    const box = make("div", { class: "combo" }, input, clear, list);
    let options = [];
    let at = -1;
    let control;
    let isSearching = false;
    let isAwaited = false;
    let half = "";
    const isAlone = "one" in (select.form?.dataset || {});

    const chosen = () => [...select.selectedOptions].filter((option) => option.value);
    const show = () => {
      $$(".combo-token", box).forEach((token) => token.remove());
      if (many) {
        for (const option of chosen()) {
          const drop = make("button", { type: "button", class: "btn-quiet", "aria-label": `${texts.remove} ${option.text}` }, icon("x"));
          drop.addEventListener("click", () => { option.remove(); show(); changed(); input.focus(); });
          box.insertBefore(make("span", { class: "combo-token" }, option.text, drop), input);
        }
      } else input.value = chosen()[0]?.text || "";
      clear.hidden = many || !chosen().length;
    };
    const isEmptied = () => !many && !input.value.trim() && chosen().length > 0;
    const changed = () => select.dispatchEvent(new Event("change", { bubbles: true }));
    const close = () => { isAwaited = false; list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const mark = (index) => {
      at = index;
      [...list.children].forEach((one, place) => one.getAttribute("role") === "option" && one.setAttribute("aria-selected", String(place === at)));
      const row = options.length ? list.children[at] : null;
      if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
    };
    const say = (text) => { isSearching = isAwaited = false; options = []; at = -1; list.replaceChildren(make("div", { class: "combo-note", role: "option", "aria-disabled": "true" }, text)); };
    const draw = (results) => {
      options = results;
      isSearching = false;
      if (!results.length) { say(texts.nothing); return; }
      list.replaceChildren(...results.map((one, index) => {
        const row = make("div", { class: "combo-option", role: "option", id: `${id}-${index}`, "aria-selected": "false" }, one.text, one.sub ? make("span", {}, one.sub) : null);
        // taken at the click: gone before it, the row would leave the click to what lies around, which closes a menu
        row.addEventListener("mousedown", (event) => event.preventDefault());
        row.addEventListener("click", () => take(index));
        return row;
      }));
      mark(isEmptied() ? -1 : 0);
      if (isAwaited) enter();
    };
    const open = () => {
      list.classList.toggle("is-above", innerHeight - box.getBoundingClientRect().bottom < 280 && box.getBoundingClientRect().top > 280);
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    const ask = async (words) => {
      control?.abort();
      control = new AbortController();
      const mine = control;
      const url = new URL(select.dataset.lookupUrl, location.href);
      url.searchParams.set("q", words);
      // what the form says already orders what is offered: of a chosen branch its officers come first
      for (const pair of (select.dataset.near || "").split(";").filter(Boolean)) {
        const [input, column] = pair.split("=");
        const other = select.form?.querySelector(`select[name="${CSS.escape(input)}"]`)?.value;
        if (other && /^\d+$/.test(other)) url.searchParams.set(`near.${column}`, other);
      }
      try {
        const { results } = await json(url.href, mine.signal);
        if (mine === control) draw(results.map((one) => ({ ...one, value: String(one.value) })));
      } catch (error) {
        if (error.name !== "AbortError") say(error.message);
      }
    };
    const later = debounce((words) => { if (!list.hidden) ask(words); }, 150);
    const begin = (words, wait) => { control?.abort(); control = null; half = ""; say(texts.searching); isSearching = true; open(); if (wait) later(words); else ask(words); };
    const take = (index) => {
      const one = options[index];
      if (!one) return;
      if (many) {
        if (!chosen().some((option) => option.value === one.value)) select.append(new Option(one.text, one.value, true, true));
        input.value = "";
      } else {
        [...select.options].filter((option) => option.value).forEach((option) => option.remove());
        select.append(new Option(one.text, one.value, true, true));
      }
      show();
      close();
      changed();
    };
    /** Enter on the open list takes what is marked; while nothing has come yet, it is waited for. */
    const enter = () => {
      isAwaited = isSearching;
      if (isEmptied() && at < 0) settle();
      else if (options[at]) {
        take(at);
        if (isAlone) select.form.requestSubmit($(".save-bar button", select.form));
      }
    };
    const empty = () => { half = ""; [...select.options].filter((option) => option.value).forEach((option) => option.remove()); select.value = ""; show(); changed(); };
    /** The reader is done with the box: nothing in it means nothing is chosen, the full name of one row means that row. */
    const settle = () => {
      control?.abort();
      const words = input.value.trim();
      const fitting = options.filter((one) => one.text === words);
      if (isEmptied()) empty();
      else if (!many && words !== chosen()[0]?.text && fitting.length === 1) take(options.indexOf(fitting[0]));
      else { half = words === chosen()[0]?.text ? "" : words || half; input.value = ""; show(); }
      close();
    };
    /** Half a word keeps what one record had; of many rows it would empty the field of each, so it is asked for again. */
    const ready = (event) => {
      settle();
      if (!half || chosen().length || !select.closest(".change") || select.closest(".change").querySelector("[data-change]:not(:checked)")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      input.value = half;
      input.focus();
      begin(input.value, false);
    };

    input.addEventListener("input", () => begin(input.value.trim(), true));
    input.addEventListener("click", () => { if (list.hidden) { if (!many) input.select(); begin("", false); } });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        event.stopPropagation();
        if (list.hidden) begin("", false); else if (options.length) mark(event.key === "ArrowDown" ? (at + 1) % options.length : (at > 0 ? at : options.length) - 1);
      } else if (event.key === "Enter" && !list.hidden) { event.preventDefault(); enter(); }
      // after a click that led here one more Enter must not empty the field of all rows
      else if (event.key === "Enter" && isAlone && !chosen().length) { event.preventDefault(); begin("", false); }
      else if (event.key === "Backspace" && many && !input.value && chosen().length) { chosen().at(-1).remove(); show(); changed(); }
    });
    // before a menu around it, which listens on the document and would close, too
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target === input && !list.hidden) { event.preventDefault(); event.stopPropagation(); show(); close(); }
    }, { capture: true });
    input.addEventListener("blur", settle);
    // before any other listener: Ctrl+S sends a form without leaving its box
    select.form?.addEventListener("submit", ready, { capture: true });
    select.addEventListener("loandesk:chosen", (event) => { options = [event.detail]; take(0); });
    clear.addEventListener("click", () => { empty(); input.focus(); });

    if (select.id) { box.id = `${select.id}-combo`; input.id = `${select.id}-text`; document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.setAttribute("for", input.id); }
    select.hidden = true;
    select.required = false;
    select.after(box);
    show();
    return box;
  };
  Loandesk.combobox = combobox;
  $$("select[data-lookup-url]").forEach(combobox);
})();

/* A lookup that offers to add what it does not find: the form in a dialog; what is typed around it stays. */
(() => {
  const { $, $$, on, parse, part, texts, toast } = Loandesk;
  const box = Loandesk.make("dialog", { class: "box box-form", "aria-labelledby": "new-title" });
  document.body.append(box);
  let select;

  const draw = (html) => {
    box.replaceChildren(...parse(html).body.childNodes);
    $$("select[data-lookup-url]", box).forEach(Loandesk.combobox);
    Loandesk.conditions(box);
    ($("[data-error-summary]", box) || $("input:not([type=hidden]), select:not([hidden]), textarea", box))?.focus();
  };
  // leaving the box clears what was typed, so it is kept before
  on("input", ".form-item [role=combobox]", (_event, input) => { input.closest(".form-item").dataset.typed = input.value; });

  on("click", "[data-new]", async (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const item = link.closest(".form-item");
    const url = new URL(link.href);
    select = $("select[data-lookup-url]", item);
    if (link.dataset.new && item.dataset.typed) url.searchParams.set(link.dataset.new, item.dataset.typed);
    try {
      draw(await part(url.href, "new"));
      box.showModal();
      $("input:not([type=hidden]), select:not([hidden]), textarea", box)?.focus();
    } catch (error) { toast(error.message, "danger"); }
  });
  on("click", "[data-new-close]", () => box.close());

  on("submit", "[data-new-form]", async (event, form) => {
    event.preventDefault();
    const button = $(".btn-primary", form);
    button.classList.add("is-busy");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Partial": "new" } });
      if (answer.redirected && /\/login/.test(answer.url)) throw new Error(texts.signed_out);
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
        select.dispatchEvent(new CustomEvent("loandesk:chosen", { detail: await answer.json() }));
        delete select.closest(".form-item").dataset.typed;
        box.close();
        document.getElementById(`${select.id}-text`)?.focus();
      } else if (answer.status === 422) draw(await answer.text());
      else throw new Error(texts.failed);
    } catch (error) { toast(error.message || texts.failed, "danger"); }
    button.classList.remove("is-busy");
  });
})();
