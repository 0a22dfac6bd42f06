/* Mentions: after @ in a comment, the colleagues who see the record are offered by login and name. */
"use strict";
(() => {
  const { $, on, make, json, debounce } = Loandesk;
  const BEGUN = /(?:^|[^\w@.])@([\w.-]*)$/u;
  let control;
  let at = 0;

  const box = (text) => $(`#${text.getAttribute("aria-controls") || "none"}`);
  const close = (text) => {
    control?.abort();
    box(text)?.remove();
    text.removeAttribute("aria-controls");
    text.removeAttribute("aria-activedescendant");
  };
  const begun = (text) => BEGUN.exec(text.value.slice(0, text.selectionStart))?.[1];
  const mark = (text, place) => {
    const rows = [...box(text).children];
    at = (place + rows.length) % rows.length;
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    text.setAttribute("aria-activedescendant", rows[at].id);
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const take = (text, login) => {
    const end = text.selectionStart;
    text.setRangeText(`${login} `, end - begun(text).length, end, "end");
    close(text);
    text.focus();
  };
  const draw = (text, found) => {
    close(text);
    if (!found.length) return;
    const id = `${text.id}-people`;
    const list = make("div", { class: "combo-list mention-list", id, role: "listbox", "aria-label": text.labels[0].textContent });
    found.forEach((one, index) => {
      const row = make("div", { class: "combo-option", role: "option", id: `${id}-${index}`, "aria-selected": "false" }, `@${one.text}`, make("span", {}, one.sub));
      row.addEventListener("mousedown", (event) => event.preventDefault());
      row.addEventListener("click", () => take(text, one.value));
      list.append(row);
    });
    text.after(list);
    text.setAttribute("aria-controls", id);
    mark(text, 0);
  };
  const ask = debounce(async (text) => {
    const letters = begun(text);
    if (letters === undefined) { close(text); return; }
    control?.abort();
    control = new AbortController();
    try {
      const url = new URL(text.dataset.mentions, location.href);
      url.searchParams.set("q", letters);
      const { results } = await json(url.href, control.signal);
      if (begun(text) === letters) draw(text, results);
    } catch (error) {
      // without an answer nobody is offered; what is typed counts all the same
      if (error.name !== "AbortError") close(text);
    }
  }, 150);

  on("input", "[data-mentions]", (_event, text) => ask(text));
  on("focusout", "[data-mentions]", (_event, text) => close(text));
  on("keydown", "[data-mentions]", (event, text) => {
    if (!box(text)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(text, at + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" || event.key === "Tab") box(text).children[at].click();
    else if (event.key === "Escape") close(text);
    else return;
    event.preventDefault();
  });
})();
