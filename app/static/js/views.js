/* The menu of a list's saved views: fetched when it is opened, for the list as it stands then. */
"use strict";
(() => {
  const { $, $$, part, parse, toast } = Loandesk;

  for (const menu of $$("[data-views]")) {
    const opener = $("[data-bs-toggle=dropdown]", menu.parentElement);
    menu.parentElement.addEventListener("show.bs.dropdown", async () => {
      menu.setAttribute("aria-busy", "true");
      try {
        menu.replaceChildren(...parse(await part(menu.dataset.views + location.search, "menu")).body.childNodes);
        bootstrap.Dropdown.getInstance(opener)?.update();
        $("a", menu)?.focus();
      } catch (error) {
        toast(error.message, "danger");
      }
      menu.removeAttribute("aria-busy");
    });
    // the button is called by the view only as long as its list is shown
    document.addEventListener("loandesk:list", () => {
      if (!Number(new URLSearchParams(location.search).get("view"))) $("span", opener).textContent = menu.dataset.label;
    });
  }
})();
