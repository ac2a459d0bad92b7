"use strict";
const tomocalc = {}; // what the other scripts of a page may call
(() => {
  const DARK = matchMedia("(prefers-color-scheme: dark)");
  const NARROW = 560; // px; below it a chart drops modebar, zoom and wide margins
  const LINE = 19; // letters of a line of a row's name on such a chart
  const PAPER = 620; // px; width of a chart on paper
  const PRINTED_ROWS = 20; // longer tables stay folded on paper
  const darkOf = JSON.parse(document.getElementById("colours").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const announce = (text) => { document.getElementById("announce").textContent = text; };
  document.documentElement.classList.add("js");

  // ---- tables: every header becomes a button that sorts by its column
  function sortable(table) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        // numbers start with the largest, names with the first
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const second = first === "descending" ? "ascending" : "descending";
        const order = head.getAttribute("aria-sort") === first ? second : first;
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", order);
        sortRows(table, column, order === "ascending" ? 1 : -1);
        announce(`Sorted by ${button.textContent}, ${order}`);
      });
    });
  }

  function sortRows(table, column, sign) {
    const body = table.tBodies[0];
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
    };
    const missing = (value) => value === "–";
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b); // missing values come last
      if (typeof a === "number" && typeof b === "number") return sign * (a - b);
      return sign * String(a).localeCompare(String(b), "en", { numeric: true });
    });
    body.append(...rows.map(([, row]) => row));
  }

  // ---- charts
  const charts = new Map(); // element -> {figure, state}
  const seen = new Set(); // elements that have been drawn

  function overlay(base, patch) {
    if (patch === undefined) return base;
    const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
    if (Array.isArray(base) && Array.isArray(patch) && patch.every((item) => item === null || plain(item))) {
      return base.map((item, i) => (patch[i] ? overlay(item, patch[i]) : item));
    }
    if (!plain(base) || !plain(patch)) return patch;
    const result = { ...base };
    for (const key of Object.keys(patch)) result[key] = overlay(base[key], patch[key]);
    return result;
  }

  function recolour(value) {
    if (typeof value === "string") return darkOf[value] ?? value;
    if (Array.isArray(value)) {
      return typeof value[0] === "number" && typeof value[1] !== "string" ? value : value.map(recolour);
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recolour(item)]));
  }

  // Colours of a heat map from the counts it carries, so that counts alone are shipped.
  function derived(trace, _, traces) {
    if (!trace.derive) return trace;
    const { of, flip } = trace.derive;
    const whole = of === undefined ? null : traces[of].customdata;
    let z = trace.customdata.map((line, i) => line.map((n, j) => {
      if (whole) return whole[i][j] ? n / whole[i][j] : null;
      return n ? Math.log10(n) : null;
    }));
    if (flip) z = z[0].map((__, j) => z.map((line) => line[j]));
    return { ...trace, z };
  }

  // On a narrow screen long names of rows take several lines, so that the plot keeps its width.
  function folded(data, axis) {
    const names = [...new Set(data.flatMap(({ y, yaxis }) => (yaxis ? [] : y ?? [])))];
    if (axis?.ticktext || !names.some((name) => typeof name === "string" && name.length > LINE)) return axis;
    const lines = new RegExp(`(.{1,${LINE}})(?: |$)`, "g");
    const ticktext = names.map((name) => String(name).trim().replace(lines, "$1<br>").replace(/<br>$/, ""));
    return { ...axis, tickvals: names, ticktext };
  }

  function dressed(element, dark, width) {
    const { figure, state } = charts.get(element);
    let { data, layout } = figure;
    for (const [key, option] of Object.entries(state)) {
      const patch = figure.switches[key]?.[option] ?? {};
      data = overlay(data, patch.data);
      layout = overlay(layout, patch.layout);
    }
    const narrow = (width ?? element.clientWidth) < NARROW;
    if (narrow) {
      data = overlay(data, figure.narrow.data);
      layout = overlay(layout, figure.narrow.layout);
      const counted = data.every(({ x }) => typeof x?.[0] !== "string");
      layout = { ...layout, yaxis: folded(data, layout.yaxis), xaxis: { ...(counted && { nticks: 4, tickangle: 0 }), ...layout.xaxis } };
    }
    data = data.map(derived);
    const axis = { gridcolor: "#dcdad2", linecolor: "#dcdad2", zerolinecolor: "#dcdad2", automargin: true };
    const base = {
      height: Number(element.dataset.height),
      autosize: width === undefined,
      width,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: narrow ? 11 : 13, color: "#1c2830" },
      margin: narrow ? { l: 44, r: 10, t: 12, b: 44 } : { l: 60, r: 20, t: 16, b: 52 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", xanchor: "left" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: "#55636f", activecolor: "#1c2830" },
      hoverlabel: { bgcolor: "#fefefd", bordercolor: "#dcdad2", font: { color: "#1c2830" } },
      dragmode: narrow ? false : "zoom",
      uirevision: JSON.stringify(state),
    };
    layout = overlay(base, layout);
    for (const key of new Set([...Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name)), "xaxis", "yaxis"])) {
      layout[key] = overlay(axis, layout[key] ?? {});
    }
    const themed = { data, layout };
    // plotly writes into what it is given, so it gets a copy
    return structuredClone(dark ? recolour(themed) : themed);
  }

  function draw(element, dark = DARK.matches, width = undefined) {
    const { data, layout } = dressed(element, dark, width);
    const config = {
      displaylogo: false,
      showSendToCloud: false,
      responsive: true,
      displayModeBar: element.clientWidth >= NARROW,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "toImage"],
    };
    element.dataset.state = JSON.stringify(charts.get(element).state);
    seen.add(element);
    return Plotly.react(element, data, layout, config).then(() => { element.dataset.drawn = "yes"; });
  }

  tomocalc.dressed = dressed;
  const redraw = (dark) => Promise.all([...seen].map((element) => draw(element, dark)));

  function prepare() {
    for (const element of all(".plot")) {
      const figure = JSON.parse(document.getElementById(element.id.replace("chart-", "data-")).textContent);
      const state = {};
      for (const [key, options] of Object.entries(figure.switches)) state[key] = Object.keys(options)[0];
      charts.set(element, { figure, state });
      element.style.minHeight = `${(element.clientWidth < NARROW && figure.narrow.layout?.height) || element.dataset.height}px`;
    }
    for (const control of all(".switches [data-switch]")) {
      const isSelect = control.tagName === "SELECT";
      control.addEventListener(isSelect ? "change" : "click", () => {
        if (!isSelect) {
          for (const other of all("button", control.parentElement)) other.setAttribute("aria-pressed", String(other === control));
        }
        choose(control.closest(".switches").dataset.rules, control.dataset.switch, isSelect ? control.value : control.dataset.option);
      });
    }
    initialState();
  }

  function initialState() {
    for (const bar of all(".switches")) {
      for (const control of all("select, button[aria-pressed=true]", bar)) {
        choose(bar.dataset.rules, control.dataset.switch, control.tagName === "SELECT" ? control.value : control.dataset.option);
      }
    }
  }

  function choose(rules, key, option) {
    for (const [element, { figure, state }] of charts) {
      const own = `figure-${element.id.replace("chart-", "")}`;
      if ((element.dataset.group === rules || own === rules) && figure.switches[key]) {
        state[key] = option;
        if (seen.has(element)) draw(element);
      }
    }
  }

  // The policy forbids style attributes; plotly.js sets a few, which the style object may set.
  function allowStyleObjects() {
    const setAttribute = Element.prototype.setAttribute;
    Element.prototype.setAttribute = function (name, value) {
      if (name === "style") this.style.cssText = value;
      else setAttribute.call(this, name, value);
    };
  }

  async function loadPlotly() {
    allowStyleObjects();
    const packed = atob(document.getElementById("plotly-packed").textContent);
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script"); // its text's hash is in the policy
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    script.remove();
  }

  async function start() {
    all("table[data-sortable]").forEach(sortable);
    if (!document.getElementById("plotly-packed")) return;
    prepare();
    try {
      await loadPlotly();
    } catch {
      for (const element of charts.keys()) element.textContent = "This browser is too old for the chart; the table below holds its numbers.";
      return;
    }
    dispatchEvent(new Event("tomocalc-charts"));
    const watch = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) { watch.unobserve(target); draw(target); }
      }
    }, { rootMargin: "600px" });
    for (const element of charts.keys()) watch.observe(element);
    DARK.addEventListener("change", () => redraw());
    addEventListener("beforeprint", () => {
      all("details").forEach((element) => {
        element.dataset.was = element.open;
        element.open = element.querySelectorAll("tbody tr").length <= PRINTED_ROWS;
      });
      for (const element of charts.keys()) draw(element, false, PAPER);
    });
    addEventListener("afterprint", () => {
      all("details").forEach((element) => { element.open = element.dataset.was === "true"; });
      redraw();
    });
    document.documentElement.dataset.ready = "yes";
  }

  // ---- the section that is being read is marked in the list of contents
  function markSections() {
    const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
    const sections = all("main > section").filter((section) => links.has(section.id));
    const mark = () => {
      const line = innerHeight / 3; // a section is read once its head is above this line
      const above = sections.filter((section) => section.getBoundingClientRect().top < line);
      const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      const read = atEnd ? sections.at(-1) : above.at(-1) ?? sections[0];
      for (const [id, link] of links) {
        if (id === read?.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    addEventListener("scroll", mark, { passive: true });
    addEventListener("resize", mark);
    mark();
  }

  const compact = matchMedia("(max-width: 1079px)");
  for (const menu of all(".contents details")) menu.open = !compact.matches;
  markSections();
  start();
})();
