/* What every page needs: helpers, theme, messages, the confirm dialog, fetching parts of a page. */
"use strict";
const Loandesk = (() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const texts = JSON.parse($("#texts")?.textContent || "{}");

  /** Calls handler(event, element) for events on elements matching selector, also on later ones. */
  const on = (type, selector, handler) => document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) handler(event, element);
  });

  /** Builds an element: make("b", {class: "x"}, "text", child). Text is never read as HTML. */
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  const sprite = $("use[href*='icons.svg']")?.getAttribute("href").split("#")[0] || "";
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${name || "point"}`);
    svg.append(use);
    return svg;
  };

  const remember = (name, value) => {
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
  };

  /** A message in the corner; errors and warnings stay until closed. */
  const toast = (text, kind = "success") => {
    const note = $("#toast-template").content.firstElementChild.cloneNode(true);
    note.classList.add(`is-${kind}`);
    note.setAttribute("role", kind === "danger" || kind === "warning" ? "alert" : "status");
    $("div", note).textContent = text;
    $("#toasts").append(note);
    fade(note);
  };
  const fade = (note) => {
    if (!note.matches(".is-danger, .is-warning")) setTimeout(() => note.remove(), 6000);
  };

  /** Asks in a dialog; resolves to true when the person agrees. */
  const ask = (text, verb, danger, asksWhy = false) => new Promise((resolve) => {
    const box = $("#confirm"), why = $("[data-why]", box);
    why.hidden = !asksWhy;
    why.open = false;
    $("input", why).value = "";
    const yes = $("[data-verb]", box);
    $("[data-text]", box).textContent = text;
    yes.textContent = verb || yes.dataset.default;
    yes.className = `btn ${danger ? "btn-danger-solid" : "btn-primary"}`;
    box.returnValue = "no";
    box.onclose = () => resolve(box.returnValue === "yes");
    box.showModal();
  });

  /** Fetches a part of a page as text. A redirect to the login page is told, not pasted. */
  const part = async (url, name, signal) => {
    const answer = await fetch(url, { headers: { "X-Partial": name }, cache: "no-store", signal });
    if (answer.redirected && /\/login/.test(answer.url)) throw new Error(texts.signed_out);
    if (answer.ok) return answer.text();
    // a refusal says why; what went wrong says no more than that it did
    const why = answer.status === 400 && $(".message-page h1 + p", parse(await answer.text()));
    throw new Error(why ? why.textContent : texts.failed);
  };
  const json = async (url, signal) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, signal });
    if (answer.redirected && /\/login/.test(answer.url)) throw new Error(texts.signed_out);
    if (!answer.ok) throw new Error(texts.failed);
    return answer.json();
  };
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const debounce = (work, wait) => {
    let timer;
    return (...values) => { clearTimeout(timer); timer = setTimeout(() => work(...values), wait); };
  };

  on("click", "[data-theme-toggle]", () => {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = next;
    remember("theme", next);
    document.dispatchEvent(new CustomEvent("loandesk:theme"));
  });
  on("click", "[data-print]", () => window.print());
  // the access log keeps who printed what; a browser tells of one print several times
  let printedAt = 0;
  addEventListener("beforeprint", () => {
    const mark = $("meta[name=csrf-token]")?.content;
    if (!mark || !$(".app:not(.app-bare)") || Date.now() - printedAt < 3000) return;
    printedAt = Date.now();
    const said = new URLSearchParams({ csrf_token: mark, address: location.pathname + location.search });
    fetch("/printed/", { method: "POST", body: said, keepalive: true }).catch(() => {});
  });
  on("click", "[data-params]", (_event, button) => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")));
  on("click", "[data-toast-close]", (event, button) => button.closest(".note-toast").remove());
  $$("#toasts .note-toast").forEach(fade);
  // only what the person opened or closed is kept; the group of the present page opens by itself
  on("click", "details[data-nav] > summary", (event, summary) => {
    const before = document.cookie.match(/(?:^|; )nav=([\d.]*)/);
    const kept = new Set(before ? before[1].split(".").filter(Boolean) : $$("details[data-nav][open]").map((one) => one.dataset.nav));
    const group = summary.parentElement;
    if (group.open) kept.delete(group.dataset.nav); else kept.add(group.dataset.nav);
    remember("nav", [...kept].join("."));
  });
  const here = $(".side-group [aria-current]");
  const menu = here?.closest(".side-nav");
  if (menu && here.offsetTop + here.offsetHeight > menu.scrollTop + menu.clientHeight) menu.scrollTop = here.offsetTop - menu.clientHeight / 2;

  // of the two buttons of a dialog the first would be meant by Enter
  on("keydown", "#confirm-why", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    $("#confirm [data-verb]").click();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.agreed) {
      event.preventDefault();
      const submitter = event.submitter;
      const asksWhy = "confirmWhy" in form.dataset;
      if (!(await ask(form.dataset.confirm, form.dataset.confirmVerb, "confirmDanger" in form.dataset, asksWhy))) return;
      if (asksWhy) form.append(make("input", { type: "hidden", name: "change_reason", value: $("#confirm-why").value }));
      form.dataset.agreed = "1";
      form.requestSubmit(submitter);
      return;
    }
    if ("busy" in form.dataset) queueMicrotask(() => {
      if (!event.defaultPrevented) event.submitter?.classList.add("is-busy");
    });
  });
  // what was sent is done: a reload shows the record and does not send it again
  const once = $("[data-once]");
  if (once) history.replaceState(history.state, "", once.dataset.once);
  // where the clipboard is closed to the page the text is marked, to be copied by hand
  const copied = async (field) => {
    field.focus();
    field.select();
    try { await navigator.clipboard.writeText(field.value); return true; } catch { return document.execCommand("copy"); }
  };
  on("click", "[data-copy]", async (_event, button) => {
    const isDone = await copied(document.getElementById(button.dataset.copy));
    toast(isDone ? texts.copied : texts.copy_by_hand, isDone ? "success" : "warning");
  });
  addEventListener("pageshow", () => $$(".is-busy").forEach((button) => button.classList.remove("is-busy")));

  return { $, $$, on, make, icon, texts, toast, ask, part, json, parse, debounce, remember };
})();

/* The bell: counts anew each minute while the page is looked at; what is opened from the list counts as read. */
(() => {
  const { $, on, json } = Loandesk;
  const MINUTE = 60000;
  const bell = $("[data-bell]");
  if (!bell) return;
  const mark = $("[data-bell-count]", bell);

  const count = async () => {
    if (document.hidden) return;
    try {
      const { unread } = await json(bell.dataset.bell);
      mark.textContent = unread || "";
      mark.hidden = !unread;
    } catch { /* signed out or away: the page keeps what it shows, and the next one tells why */ }
  };
  setInterval(count, MINUTE);

  const read = (event, link) => {
    if (event.type === "auxclick" && event.button !== 1) return;
    const form = new FormData();
    form.set("csrf_token", $("meta[name=csrf-token]").content);
    navigator.sendBeacon(link.dataset.notice, form);
    link.closest(".is-unread")?.classList.remove("is-unread");
  };
  on("click", "[data-notice]", read);
  on("auxclick", "[data-notice]", read);
})();
