/* A lookup that offers to add what it does not find: the form in a dialog; what is typed around it stays. */
"use strict";
(() => {
  const { $, $$, on, parse, part, texts, toast } = Loandesk;
  const box = $("#new");
  if (!box) return;
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
