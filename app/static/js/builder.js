/* The builder of reports: each choice shows what it gives without a page load; the address always says what is shown. */
"use strict";
(() => {
  const { $, on, debounce, loadList } = Loandesk;
  const form = $("[data-builder]");
  if (form) {
    const list = form.closest("[data-list]");
    const show = () => {
      const url = new URL(location.href);
      const said = [...new FormData(form)].filter(([name]) => name.startsWith("_") && form.elements[name]?.type !== "hidden");
      // filters and the order are the address's own: the form says the rest
      new Set(said.map(([name]) => name)).forEach((name) => url.searchParams.delete(name));
      said.filter(([, value]) => value).forEach(([name, value]) => url.searchParams.append(name, value));
      loadList(list, url.href);
    };
    // on a phone what is asked for comes first once something is
    if (location.search && matchMedia("(max-width: 575.98px)").matches) form.closest("details").open = false;
    form.addEventListener("change", show);
    form.addEventListener("input", debounce((event) => { if (event.target.name === "_top") show(); }, 400));
    form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
    document.addEventListener("loandesk:list", () => {
      $("[data-report-query]").value = $("[data-region]", list).dataset.query;
    });
  }
  // a report about the rows that a list shows now
  on("click", "a[data-with-filters]", (_event, link) => {
    const url = new URL(link.href);
    url.search = location.search;
    link.href = url.href;
  });
})();
