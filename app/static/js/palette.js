/* Ctrl+K: pages by name, records by what the server finds, what was opened before. */
"use strict";
(() => {
  const { $, $$, on, make, icon, json, texts, debounce } = Loandesk;
  const box = $("#palette");
  if (!box) return;
  const input = $("input", box);
  const list = $("#palette-list");
  const status = $(".palette-status", box);
  const word = (line) => (line && $("span", line)?.textContent) || "";
  const pages = $$("#side .side-list a").map((link) => ({
    text: word(link), sub: word($("summary", link.closest("details") || link)), url: link.getAttribute("href"),
    icon: ($("use", link) || $("use", link.closest("details"))).getAttribute("href").split("#")[1],
  }));
  let items = [];
  let at = 0;
  let control;

  // an earlier release kept what was opened on this computer
  on("submit", "[data-logout]", () => { try { Object.keys(localStorage).filter((name) => name.startsWith("loandesk.recent")).forEach((name) => localStorage.removeItem(name)); } catch { /* private window */ } });

  const mark = (index) => {
    at = index;
    items.forEach(({ row }, place) => row.setAttribute("aria-selected", String(place === at)));
    const row = items[at]?.row;
    if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  };
  const draw = (groups) => {
    items = [];
    list.replaceChildren(...groups.filter((group) => group.items.length).map((group, place) => {
      const title = make("div", { class: "palette-group", id: `palette-group-${place}` }, group.label);
      const section = make("div", { role: "group", "aria-labelledby": title.id }, title);
      for (const item of group.items) {
        const row = make("div", { class: "palette-item", role: "option", id: `palette-${items.length}`, "aria-selected": "false" }, icon(item.icon), make("b", {}, item.text), item.sub ? make("span", {}, item.sub) : null);
        const index = items.length;
        row.addEventListener("click", (event) => go(index, event.ctrlKey || event.metaKey));
        row.addEventListener("mousemove", () => { if (at !== index) mark(index); });
        section.append(row);
        items.push({ ...item, row });
      }
      return section;
    }));
    input.setAttribute("aria-expanded", String(items.length > 0));
    mark(0);
  };
  const go = (index, apart) => {
    const item = items[index];
    if (!item) return;
    if (apart) window.open(item.url, "_blank", "noopener"); else location.assign(item.url);
    box.close();
  };
  const local = (words) => {
    const fits = (item) => `${item.text} ${item.sub}`.toLowerCase().includes(words);
    return [{ label: texts.pages, items: words ? pages.filter(fits).slice(0, 8) : pages }];
  };
  const remote = debounce(async (words) => {
    control = new AbortController();
    const mine = control;
    try {
      const url = new URL(box.dataset.searchUrl, location.href);
      url.searchParams.set("q", words);
      const { groups } = await json(url.href, mine.signal);
      if (mine !== control || input.value.trim() !== words) return;
      draw([...groups, ...local(words.toLowerCase())]);
      status.textContent = items.length ? "" : texts.nothing;
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = error.message;
    }
  }, 130);
  const find = () => {
    const words = input.value.trim();
    control?.abort();
    control = null;
    draw(local(words.toLowerCase()));
    // one sign of Chinese is a surname, one letter is nothing yet
    const isEnough = words.length > 1 || words > "\u007f";
    status.textContent = isEnough && !items.length ? texts.searching : "";
    if (isEnough || !words) remote(words);
  };

  Loandesk.openPalette = () => { if (box.open) return; box.showModal(); input.value = ""; find(); input.focus(); };
  on("click", "[data-palette]", Loandesk.openPalette);
  on("click", "[data-palette-close]", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  input.addEventListener("input", find);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) { event.preventDefault(); mark((at + step + items.length) % items.length); }
    if (event.key === "Enter") { event.preventDefault(); go(at, event.ctrlKey || event.metaKey); }
  });
})();
