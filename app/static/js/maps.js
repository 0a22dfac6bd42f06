/* Maps: gives the places of a report their outlines and, where there is room, their names. The places are links of the page:
   one of them is a stop of Tab, arrows lead to the others, Enter opens its rows. */
"use strict";
(() => {
  const { $, $$, on, json, texts } = Loandesk;
  const TEXT = 12, LINE = 1.2;
  const rooms = new WeakMap();

  const label = (figure) => {
    const svg = $(".map-picture", figure), scale = svg.getScreenCTM()?.a;
    if (!scale) return;
    const size = TEXT / scale;
    svg.setAttribute("font-size", size);
    $$(".map-place", svg).forEach((place) => {
      const room = rooms.get(place), [name, number] = $$("text", place);
      if (!room) return;
      // what is not drawn has no length
      [name, number].forEach((part) => { part.classList.remove("is-away"); part.setAttribute("x", room.x); });
      const fits = (part) => part.getComputedTextLength() + size * 0.6 < room.width;
      const isTold = fits(number) && room.height > 1.4 * size, both = isTold && fits(name) && room.height > 2.6 * size;
      name.classList.toggle("is-away", !both);
      number.classList.toggle("is-away", !isTold);
      name.setAttribute("y", room.y - size * 0.15);
      number.setAttribute("y", room.y + size * (both ? LINE - 0.15 : 0.35));
    });
  };

  const point = (place, at) => {
    const figure = place.closest(".map"), tip = $(".map-tip", figure), frame = figure.getBoundingClientRect();
    $(".map-ring", figure).setAttribute("d", $("path", place).getAttribute("d") || "");
    tip.textContent = place.getAttribute("aria-label");
    tip.hidden = false;
    tip.style.left = `${Math.max(0, Math.min(at.x - frame.x + 12, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, at.y - frame.y - tip.offsetHeight - 8)}px`;
  };
  const leave = (figure) => { $(".map-tip", figure).hidden = true; $(".map-ring", figure).removeAttribute("d"); };
  const middle = (place) => { const box = $("path", place).getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; };

  const fill = async (figure) => {
    const svg = $(".map-picture", figure), note = $(".chart-note", figure);
    try {
      const { width, height, shapes } = await json(figure.dataset.map);
      svg.setAttribute("viewBox", `-4 -4 ${width + 8} ${height + 8}`);
      $$(".map-place", svg).forEach((place) => {
        const [path, x, y, across, down] = shapes[place.dataset.place] || ["", 0, 0, 0, 0];
        $("path", place).setAttribute("d", path);
        rooms.set(place, { x, y, width: across, height: down });
      });
      $$("a.map-place", svg).forEach((place, n) => place.setAttribute("tabindex", n ? -1 : 0));
      note.textContent = "";
      label(figure);
      watch.observe(svg);
    } catch {
      note.textContent = texts.chart_failed;
      figure.classList.add("is-empty");
    }
  };

  /** The nearest place that lies in the direction of an arrow. */
  const towards = (place, [across, down]) => {
    const from = middle(place);
    const ways = $$("a.map-place", place.closest(".map")).filter((one) => one !== place).map((one) => {
      const to = middle(one), ahead = (to.x - from.x) * across + (to.y - from.y) * down;
      return { one, ahead, far: ahead + 2 * Math.abs((to.x - from.x) * down + (to.y - from.y) * across) };
    });
    return ways.filter(({ ahead }) => ahead > 1).sort((a, b) => a.far - b.far)[0]?.one;
  };
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  on("keydown", "a.map-place", (event, place) => {
    const next = ARROWS[event.key] && towards(place, ARROWS[event.key]);
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    if (next) { place.setAttribute("tabindex", -1); next.setAttribute("tabindex", 0); next.focus(); }
  });
  on("focusin", ".map-place", (_event, place) => point(place, middle(place)));
  on("focusout", ".map-place", (_event, place) => leave(place.closest(".map")));
  on("pointermove", ".map-place", (event, place) => { if (event.pointerType !== "touch") point(place, event); });
  on("pointerout", ".map-place", (_event, place) => leave(place.closest(".map")));

  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => { if (target.isConnected) label(target.closest(".map")); else watch.unobserve(target); }));
  const begin = (root) => $$("[data-map]", root).forEach(fill);
  begin(document);
  document.addEventListener("loandesk:list", ({ detail: list }) => begin(list));
})();
