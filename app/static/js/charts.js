/* Charts: fetches {title, kind, x, series: [{name, data, type, axis, unit}], drill} and draws it with ECharts in the colours of the theme.
   The same numbers go into a hidden table for those who cannot see the picture. */
"use strict";
(() => {
  const { $, $$, make, json, texts } = Loandesk;
  const LIGHT = ["#3550c8", "#d9772b", "#2b9a66", "#a44bb8", "#c8392f", "#1d8ba3", "#8a7a1f", "#6b7280"];
  const DARK = ["#7d95f5", "#eb9a5a", "#5cc393", "#cf8ae0", "#f0827a", "#5cc0d6", "#cdbb52", "#a2abb9"];
  const drawn = new Map();
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const value = (item) => Number(item && typeof item === "object" ? item.value : item);

  const full = (unit) => (one) => `${number.format(one)}${unit ? `\u00a0${unit}` : ""}`;

  const table = (data) => {
    const head = make("tr", {}, make("th", { scope: "col" }, data.title || ""), ...data.series.map((one) => make("th", { scope: "col" }, one.unit ? `${one.name} (${one.unit})` : one.name)));
    const rows = data.x.map((name, at) => make("tr", {}, make("th", { scope: "row" }, String(name)), ...data.series.map((one) => make("td", {}, number.format(value(one.data[at]))))));
    return make("table", {}, make("caption", {}, data.title || ""), make("thead", {}, head), make("tbody", {}, ...rows));
  };

  const common = (data) => ({
    color: document.documentElement.dataset.bsTheme === "dark" ? DARK : LIGHT,
    textStyle: { fontFamily: token("--ld-font"), color: token("--ld-ink-2") },
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300, animationDurationUpdate: 0,
    legend: data.series.length > 1 || data.kind === "pie" ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 16, type: "scroll", textStyle: { color: token("--ld-ink-2") } } : undefined,
    tooltip: { trigger: data.kind === "pie" ? "item" : "axis", renderMode: "richText", axisPointer: { type: data.kind === "line" ? "line" : "shadow" }, valueFormatter: (one) => number.format(one), backgroundColor: token("--ld-raised"), borderColor: token("--ld-line-strong"), textStyle: { color: token("--ld-ink") } },
  });
  const pie = (data) => ({ ...common(data), series: [{ type: "pie", radius: ["48%", "74%"], center: ["50%", "56%"], itemStyle: { borderColor: token("--ld-surface"), borderWidth: 2, borderRadius: 3 },
    label: { color: token("--ld-ink-2") }, data: data.x.map((name, at) => ({ name: String(name), value: value(data.series[0].data[at]) })) }] });
  const axes = (data, figure) => {
    // an axis says its unit where all its series share one; percent stands at each figure
    const unitOf = (at) => { const units = new Set(data.series.filter((one) => Number(one.axis || 0) === at).map((one) => one.unit || "")); return units.size === 1 ? [...units][0] : ""; };
    const named = [0, 1].some((at) => !["", "%"].includes(unitOf(at)));
    const axis = (at, extra) => ({ type: "value", name: unitOf(at) === "%" ? "" : unitOf(at), nameTextStyle: { color: token("--ld-ink-2"), align: at ? "right" : "left" }, nameGap: 10,
      axisLabel: { color: token("--ld-ink-2"), formatter: (one) => `${short.format(one)}${unitOf(at) === "%" ? "\u00a0%" : ""}` }, splitLine: { lineStyle: { color: token("--ld-line") } }, ...extra });
    const two = data.series.some((one) => Number(one.axis) === 1);
    const wide = $(".chart-canvas", figure).clientWidth;
    const room = Math.max(28, (wide - (two ? 110 : 60)) / data.x.length - 6);
    const width = (one) => [...String(one)].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e80 ? 12 : 7), 0);
    const crowded = Math.max(...data.x.map(width)) > room;
    return { ...common(data),
      grid: { left: 4, right: two ? 4 : 12, top: (data.series.length > 1 ? 40 : 12) + (named ? 18 : 0), bottom: 4, containLabel: true },
      xAxis: { type: "category", data: data.x.map(String), axisTick: { show: false }, axisLine: { lineStyle: { color: token("--ld-line-strong") } }, axisLabel: { color: token("--ld-ink-2"), interval: data.x.length > 24 ? "auto" : 0, hideOverlap: data.x.length > 24, width: crowded ? 110 : room + 8, overflow: "truncate", rotate: crowded ? 35 : 0 } },
      yAxis: two ? [axis(0), axis(1, { splitLine: { show: false } })] : axis(0),
      series: data.series.map((one) => {
        const type = one.type || (data.kind === "line" ? "line" : "bar");
        return { name: one.name, type, data: one.data, tooltip: { valueFormatter: full(one.unit) }, yAxisIndex: Number(one.axis || 0), stack: data.kind === "stacked" && type === "bar" ? "all" : undefined,
          barMaxWidth: 44, lineStyle: { width: 2 }, symbol: "circle", symbolSize: 6, showSymbol: data.x.length < 40,
          itemStyle: type === "bar" && data.kind !== "stacked" ? { borderRadius: [3, 3, 0, 0] } : {} };
      }) };
  };

  const draw = (figure, data) => {
    drawn.get(figure)?.chart.dispose();
    const canvas = $(".chart-canvas", figure);
    const chart = echarts.init(canvas, null, { renderer: "canvas" });
    chart.setOption(data.kind === "pie" ? pie(data) : axes(data, figure));
    if (data.drill) {
      chart.on("click", ({ seriesIndex, dataIndex }) => { const to = data.series[seriesIndex]?.drill?.[dataIndex] || data.drill[dataIndex]; if (to) location.assign(to); });
      chart.getZr().setCursorStyle("default");
    }
    drawn.set(figure, { chart, data });
  };
  const fill = async (figure) => {
    const note = $(".chart-note", figure);
    try {
      const data = "chart" in figure.dataset ? JSON.parse($("script", figure).textContent) : await json(figure.dataset.chartUrl);
      if (!data.x.length || !data.series.length) { note.textContent = texts.no_data; figure.classList.add("is-empty"); return; }
      note.textContent = "";
      if (data.title) $(".chart-canvas", figure).setAttribute("aria-label", data.title);
      $("[data-chart-table]", figure).replaceChildren(table(data));
      draw(figure, data);
    } catch {
      figure.classList.add("is-empty");
      note.textContent = texts.chart_failed;
    }
  };

  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => drawn.get(target.closest(".chart"))?.chart.resize()));
  const begin = (root) => $$("[data-chart-url], [data-chart]", root).forEach((figure) => { fill(figure); watch.observe($(".chart-canvas", figure)); });
  begin(document);
  // what a new part of the page brings is drawn, what it took away is let go
  document.addEventListener("loandesk:list", ({ detail: list }) => {
    drawn.forEach(({ chart }, figure) => { if (!figure.isConnected) { chart.dispose(); drawn.delete(figure); } });
    begin(list);
  });
  document.addEventListener("loandesk:theme", () => drawn.forEach(({ data }, figure) => draw(figure, data)));
  addEventListener("beforeprint", () => drawn.forEach(({ chart }) => chart.resize()));
})();
