/* Forms: unsaved-changes guard, Ctrl+S, focus on what is wrong, password reveal, dropping files. */
"use strict";
(() => {
  const { $, $$, on, make, icon, texts, toast } = Loandesk;
  let dirty = false;

  /** What is asked for only while another field has some value comes and goes with it; unseen, nothing of it is sent. */
  const said = (form, name) => {
    const input = form.elements[name];
    return input?.type === "checkbox" ? (input.checked ? "yes" : "no") : String(input?.value ?? "");
  };
  Loandesk.conditions = (root) => $$("[data-only-if]", root).forEach((item) => {
    const form = item.closest("form");
    item.hidden = !item.dataset.onlyValues.split(";").includes(said(form, item.dataset.onlyIf));
    $$("input, select, textarea", item).forEach((input) => { input.disabled = item.hidden; });
  });
  Loandesk.conditions(document);
  on("change", "form", (_event, form) => Loandesk.conditions(form));

  // Back fetches the form anew: it keeps the key under which it was sent, so that it is not stored twice
  const key = $("form[data-guard] [name=_once]");
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (key && isBack && history.state?.once) key.value = history.state.once;
  if (key) history.replaceState({ ...history.state, once: key.value }, "");

  for (const form of $$("form[data-guard]")) {
    const touch = (event) => {
      if (event.target.getAttribute("role") === "combobox") return;
      dirty = true;
      const note = $("[data-dirty]", form);
      if (note) note.hidden = false;
    };
    if ($("[data-restored]", form)) touch({ target: form });
    form.addEventListener("input", touch);
    form.addEventListener("change", touch);
    form.addEventListener("submit", (event) => queueMicrotask(() => { if (!event.defaultPrevented) dirty = false; }));
  }
  on("click", "[data-cancel]", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  // in another language the page is another one: what was typed goes along
  on("click", "[data-tongue]", async (event, link) => {
    const form = $("form[data-guard]");
    if (!dirty || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const said = new FormData(form);
    for (const [name, value] of [...said]) if (value instanceof File) said.delete(name);
    try {
      const answer = await fetch(`${link.href}/form`, { method: "POST", body: said, headers: { Accept: "application/json" } });
      const { url, message } = await answer.json();
      if (!answer.ok) throw new Error(message);
      dirty = false;
      location.assign(url);
    } catch (error) { toast(error.message || texts.failed, "danger"); }
  });

  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    const form = $("dialog[open] form[data-new-form]") || $("form[data-guard]");
    if (form) { event.preventDefault(); form.requestSubmit($(".save-bar button", form)); }
  });

  const reach = (id) => {
    const field = document.getElementById(`${id}-text`) || document.getElementById(id);
    field?.focus();
    field?.closest(".form-item")?.scrollIntoView({ block: "center" });
  };
  on("change", "[data-change]", (event, box) => { if (box.checked) reach(box.dataset.change); });
  on("click", "[data-focus]", (event, link) => { event.preventDefault(); reach(link.dataset.focus); });
  const first = $("[data-error-summary] [data-focus]");
  const asked = $("form[data-one] [data-change]:checked");
  if (first) reach(first.dataset.focus); else if (asked) reach(asked.dataset.change); else $("[data-error-summary]")?.focus();

  // how a column of a file is written is asked once its line is opened
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.dataset.manner || $(".manner", target)) return;
    target.append(document.getElementById("manner").content.cloneNode(true));
    for (const field of $$("[name]", target)) field.name = field.name.replace("@", target.dataset.manner);
  }, true);

  on("click", "[data-reveal]", (event, button) => {
    const field = document.getElementById(button.dataset.reveal);
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    const use = $("use", button);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye-off" : "#eye"));
  });

  // a file that is too large is told beside its field, before any of it is sent
  document.addEventListener("change", ({ target: input }) => {
    const { maxBytes, tooLarge } = input.dataset;
    if (!maxBytes) return;
    const item = input.closest(".form-item");
    $("[data-refused]", item)?.remove();
    const isLarger = [...input.files].some((file) => file.size > Number(maxBytes));
    input.setAttribute("aria-invalid", String(isLarger));
    if (!isLarger) return;
    input.value = "";
    item.append(make("p", { class: "field-error", role: "alert", "data-refused": "" }, icon("alert-circle"), make("span", {}, tooLarge)));
  }, true);

  // a file is chosen by click, keyboard or drop; its name and size are shown at once
  const size = (bytes) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: bytes < 1e6 ? "kilobyte" : "megabyte", maximumFractionDigits: 1 }).format(bytes / (bytes < 1e6 ? 1e3 : 1e6));
  for (const drop of $$(".drop")) {
    const input = $("input[type=file]", drop);
    const name = $("b", drop);
    const plain = name.textContent;
    const show = () => {
      const file = input.files[0];
      name.textContent = file ? `${file.name} · ${size(file.size)}` : plain;
    };
    input.addEventListener("change", show);
    for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
    for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("is-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
})();
