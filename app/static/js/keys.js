/* Keys of every page; they never fire while typing or in a dialog. A control names its key: data-key="n". */
"use strict";
(() => {
  const { $, rowCursor } = Loandesk;
  const typing = (target) => target.matches("textarea, select, [contenteditable]") || (target.matches("input") && !target.matches("[type=checkbox], [type=radio]"));

  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      Loandesk.openPalette?.();
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open], .dropdown-menu.show, .offcanvas.show")) return;
    const row = rowCursor.row();
    if (event.key === "?") Loandesk.openHelp?.();
    else if (event.key === "j") rowCursor.move(1);
    else if (event.key === "k") rowCursor.move(-1);
    else if (event.key === "Enter" && row && !event.target.closest("a, button, summary, input")) location.assign(row.dataset.href);
    else if (event.key === "x" && row) $("input[name=ids]", row)?.click();
    else if (event.key === "e" && row && $("[data-edit]", row)) $("[data-edit]", row).click();
    else {
      const control = $(`[data-key="${CSS.escape(event.key)}"]`);
      if (!control) return;
      event.preventDefault();
      if (control.matches("input")) control.focus(); else control.click();
    }
  });
})();
