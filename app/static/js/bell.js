/* The bell: counts anew each minute while the page is looked at; what is opened from the list counts as read. */
"use strict";
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
