/* Records: tabs loaded on demand, timeline filter, pages that show the progress of a job. */
"use strict";
(() => {
  const { $, $$, on, part, parse, texts, make, toast } = Loandesk;

  const openTab = async (tab, { remember = true } = {}) => {
    const box = tab.closest("[data-tabs]");
    const panel = $("[role=tabpanel]", box);
    for (const one of $$("[role=tab]", box)) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    const strip = tab.parentElement;
    strip.scrollLeft = Math.min(tab.offsetLeft - strip.offsetLeft - 16, Math.max(strip.scrollLeft, tab.offsetLeft - strip.offsetLeft + tab.offsetWidth - strip.clientWidth + 16));
    panel.setAttribute("aria-labelledby", tab.id);
    panel.setAttribute("aria-busy", "true");
    panel.dataset.loadedFrom = tab.dataset.tabUrl;
    if (remember) {
      const url = new URL(location.href);
      url.searchParams.set("tab", tab.dataset.tabKey);
      history.replaceState(history.state, "", url);
    }
    try {
      const html = await part(tab.dataset.tabUrl, "tab");
      if (tab.getAttribute("aria-selected") !== "true") return;
      panel.replaceChildren(...parse(html).body.childNodes);
      Loandesk.labelList(panel);
      for (const text of $$("textarea", panel)) if (unsent.has(text.id)) text.value = unsent.get(text.id);
    } catch (error) {
      panel.replaceChildren(make("p", { class: "none-yet" }, error.message || texts.failed));
    }
    panel.removeAttribute("aria-busy");
  };
  on("click", "[data-tabs] [role=tab]", (event, tab) => openTab(tab));
  on("keydown", "[data-tabs] [role=tab]", (event, tab) => {
    const all = $$("[role=tab]", tab.parentElement);
    const to = { ArrowRight: all.indexOf(tab) + 1, ArrowLeft: all.indexOf(tab) - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.focus();
    openTab(next);
  });
  for (const box of $$("[data-tabs]")) {
    const wanted = new URLSearchParams(location.search).get("tab");
    const all = $$("[role=tab]", box);
    const first = all.find((tab) => tab.dataset.tabKey === wanted) || all.find((tab) => tab.getAttribute("aria-selected") === "true") || all[0];
    if (!first) continue;
    const opened = openTab(first, { remember: false });
    // who follows a link to a tab is brought there; who goes back or reloads stays where he was
    if (first.dataset.tabKey === wanted && performance.getEntriesByType("navigation")[0]?.type === "navigate") opened.then(() => box.scrollIntoView());
  }

  // the list that one came from stays in the record's address and goes along to its forms, so that its neighbours are
  // still there after a reload, a star, a comment or a change
  const beside = $("[data-asked]");
  const remembering = (address) => {
    const url = new URL(address, location.href);
    if (!url.searchParams.has("list")) url.searchParams.set("list", beside.dataset.asked);
    return url;
  };
  if (beside) {
    history.replaceState(history.state, "", remembering(location.href));
    for (const link of $$(".page-head-actions a[href^='/']")) link.href = remembering(link.href);
  }

  // a comment that is not sent stays while other tabs are looked at, and leaving it is asked about
  const unsent = new Map();
  on("input", "form[data-comment] textarea, .note-form textarea", (_event, text) => unsent.set(text.id, text.value));
  on("submit", "form[data-comment], .note-form", (_event, form) => $$("textarea", form).forEach((text) => unsent.delete(text.id)));
  addEventListener("beforeunload", (event) => { if ([...unsent.values()].some((words) => words.trim())) event.preventDefault(); });

  // a schedule opens where the loan stands: at the first line that is late or due
  for (const table of $$(".is-dense")) {
    const line = $(".is-late, .is-due", table) || $("tr:not(.is-done)", $("tbody", table));
    const box = table.parentElement;
    if (!line || box.scrollHeight <= box.clientHeight) continue;
    // a phone's cards have a head that nobody sees, are of any height, and place themselves by another box
    const head = $("thead", table);
    const covered = getComputedStyle(head).position === "absolute" ? 0 : head.offsetHeight;
    const before = line.previousElementSibling || line;
    box.scrollTop += before.getBoundingClientRect().top - box.getBoundingClientRect().top - covered;
  }

  on("click", "[data-timeline-kind]", (event, button) => {
    const kind = button.dataset.timelineKind;
    const box = button.closest("[data-timeline]");
    $$("[data-timeline-kind]", box).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    $$(".event", box).forEach((one) => { one.hidden = Boolean(kind) && one.dataset.kind !== kind; });
    const none = $("[data-timeline-none]", box);
    if (none) none.hidden = $$(".event", box).some((one) => !one.hidden);
  });

  // activity: one kind of events alone, and the older ones below those that stand there
  on("click", "[data-activity]", async (_event, button) => {
    const box = button.closest(".activity");
    try {
      // what is being written above them stays
      $("[data-events]", box).replaceWith($("[data-events]", parse(await part(button.dataset.activity, "tab"))));
      $$("[data-activity]", box).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    } catch (error) { toast(error.message, "danger"); }
  });
  on("click", "[data-older]", async (_event, button) => {
    button.classList.add("is-busy");
    try {
      const more = parse(await part(button.dataset.older, "tab"));
      const [list, lines] = [$(".events", button.closest("[data-events]")), $$(".event", more)];
      const next = $("[data-older]", more);
      list.append(...lines);
      if (next) button.replaceWith(next); else button.remove();
      (next || $("a, button", lines[0]))?.focus();
    } catch (error) { button.classList.remove("is-busy"); toast(error.message, "danger"); }
  });

  /** A region with data-poll (milliseconds) is fetched again until it comes back without it. */
  const poll = (region) => setTimeout(async () => {
    let fresh = region;
    try {
      const id = CSS.escape(region.id);
      const whole = parse(await part(region.dataset.pollUrl || location.href, "progress"));
      fresh = $(`#${id}`, whole) || region;
      if (fresh !== region) region.replaceWith(fresh);
      // what is over can no longer be stopped, and perhaps be run again
      const [head, verbs] = [$(".page-head"), $(".page-head", whole)];
      if (!fresh.dataset.poll && head && verbs) head.replaceWith(verbs);
      region.dataset.failures = "0";
    } catch (error) {
      region.dataset.failures = Number(region.dataset.failures || 0) + 1;
      if (region.dataset.failures === "3") toast(error.message || texts.failed, "danger");
    }
    if (fresh.dataset.poll) poll(fresh);
  }, Number(region.dataset.poll));
  $$("[data-poll]").forEach(poll);
})();
