/* The help panel: fetched when it is first opened; lists the keys that do something on the page as it stands. */
"use strict";
(() => {
  const { $, $$, on, part, parse } = Loandesk;
  const box = $("#help");
  if (!box) return;
  const body = $(".help-body", box);
  let opener;

  const fill = async () => {
    if (!body.hasChildNodes()) {
      box.setAttribute("aria-busy", "true");
      try {
        body.replaceChildren(...parse(await part(box.dataset.help, "help")).body.childNodes);
      } catch (error) {
        Loandesk.toast(error.message, "danger");
      }
      box.removeAttribute("aria-busy");
    }
    $$("[data-needs]", body).forEach((line) => { line.hidden = !$(line.dataset.needs); });
  };
  Loandesk.openHelp = async (place) => {
    const from = document.activeElement;
    opener = $("[data-bs-toggle=dropdown]", from.closest(".dropdown") || document.createElement("i")) || from;
    bootstrap.Offcanvas.getOrCreateInstance(box).show();
    await fill();
    const part = place && $(place, body);
    if (part) { part.scrollIntoView(); part.focus(); }
  };
  on("click", "[data-help-open]", () => Loandesk.openHelp());
  on("click", "[data-keys-help]", () => Loandesk.openHelp("#help-keys > h4"));
  box.addEventListener("hidden.bs.offcanvas", () => opener?.focus());
})();
