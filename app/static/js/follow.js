/* Inputs that follow others: when one changes, the form is asked for anew and what follows it is taken over.
   An input of filters holds them as an address says them; the list's menu adds to it, and they stand beside it in words. */
"use strict";
(() => {
  const { $, $$, on, part, parse, texts, toast, debounce } = Loandesk;
  const named = (item) => $("[name]", item);
  const leaders = (item) => item.dataset.follows.split(";");
  let asking = 0;

  /** The form as it is for what its leaders and filters say now; nothing where it was asked for again meanwhile. */
  const fresh = async (form) => {
    const mine = ++asking;
    const url = new URL(form.getAttribute("action"), location.href);
    const names = $$("[data-follows]", form).flatMap(leaders);
    for (const box of $$("[data-conditions]", form)) names.push(document.getElementById(box.dataset.conditionsInput).name);
    for (const name of new Set(names)) url.searchParams.set(name, form.elements[name].value);
    try {
      const page = parse(await part(url, "follow"));
      return mine === asking ? $("form[data-guard]", page) : null;
    } catch (error) {
      toast(error.message || texts.failed, "danger");
      return null;
    }
  };

  /** An item in place of another. What was chosen stays if it is still offered; what was typed before was about something else. */
  const take = (item, other, before) => {
    const { value } = named(item);
    const isNew = value !== before;
    item.replaceWith(other);
    const input = named(other);
    if (input.matches("select:not([data-lookup-url])")) input.value = [...input.options].some((one) => one.value === value) ? value : "";
    else input.matches("select") ? input.replaceChildren() : (input.value = isNew ? value : "");
    $$("select[data-lookup-url]", other).forEach(Loandesk.combobox);
    $$("[data-filter-menu]", other).forEach(Loandesk.filterMenu);
  };

  on("change", "form[data-guard]", async (event, form) => {
    const { name } = event.target;
    const following = () => $$("[data-follows]", form).filter((item) => leaders(item).includes(name));
    if (!name || !following().length) return;
    const before = new Map(following().map((item) => [named(item).name, named(item).value]));
    const drawn = await fresh(form);
    if (!drawn) return;
    for (const item of following()) {
      const other = $(`[data-follows] [name="${named(item).name}"]`, drawn)?.closest("[data-follows]");
      if (other) take(item, other, before.get(named(item).name));
    }
    Loandesk.conditions(form);
  });

  const inputOf = (box) => document.getElementById(box.dataset.conditionsInput);
  const draw = async (box) => {
    const drawn = await fresh(box.closest("form"));
    const held = drawn && $("[data-conditions-held]", $(`[data-conditions-input="${box.dataset.conditionsInput}"]`, drawn) || drawn);
    if (held) $("[data-conditions-held]", box).replaceWith(held);
  };
  Loandesk.filtersOf = (box) => new URL(`?${inputOf(box).value.replace(/^\?/, "")}`, location.href);
  /** Writes the filters of an address into the input, readable: only what would part them is written in code. */
  Loandesk.setFilters = (box, url) => {
    const input = inputOf(box);
    input.value = [...url.searchParams].map(([name, value]) => `${name}=${value.replace(/[%&+=#;]/g, encodeURIComponent)}`).join("&");
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return draw(box);
  };
  const boxOf = (input) => input.id && $(`[data-conditions-input="${CSS.escape(input.id)}"]`);
  document.addEventListener("input", debounce(({ target }) => {
    const box = boxOf(target);
    if (box) draw(box);
  }, 400));
  on("click", "[data-condition]", (_event, button) => {
    const box = button.closest("[data-conditions]");
    const url = Loandesk.filtersOf(box);
    const [[gone, raw]] = new URLSearchParams(button.dataset.condition);
    const left = [...url.searchParams];
    left.splice(left.findIndex(([name, value]) => name === gone && value === raw), 1);
    url.search = new URLSearchParams(left);
    Loandesk.setFilters(box, url);
    $("[data-bs-toggle=dropdown]", box).focus();
  });
})();
