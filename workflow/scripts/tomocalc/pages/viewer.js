
(() => {
  const data = JSON.parse(document.getElementById("volume-data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const NEAR = 1; // slices from its best focus within which a mark is still shown, dotted
  const TALLEST = 0.74; // of the window: at 1× the whole slice is seen above its handles
  const find = (name) => document.getElementById(`volume-${name}`);
  const picture = find("picture"), drawing = find("marks"), stage = find("stage"), sheet = find("sheet");
  const slider = find("slice"), floor = find("floor"), why = find("why"), announce = document.getElementById("announce");
  const byId = new Map(data.marks.map((mark) => [mark.id, mark]));
  const state = { slice: data.start, floor: data.floor, chosen: null, marks: true, zoom: 1 };
  const number = (value, digits = 3) => {
    if (value === null || value === undefined) return "–";
    const text = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(digits)));
    return text.replace("-", "−");
  };
  // three decimals, but nothing is shown as 0 or 1 that is not
  const score = (p) => {
    if (p > 0 && p < 5e-4) return String(Number(p.toPrecision(3)));
    if (p >= 0.9995 && p < 1) return p < 0.99995 ? p.toFixed(4) : "> 0.9999";
    return p.toFixed(3);
  };

  function shape(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  const visible = () => data.marks.filter((mark) => mark.p >= state.floor);

  function draw() {
    const image = data.slices[state.slice], place = `${state.slice} (0 to ${data.slices.length - 1})`;
    picture.src = image ? `data:image/jpeg;base64,${image}` : "data:,";
    picture.alt = image ? `slice ${place}` : "this slice could not be read";
    find("label").textContent = `${data.name} · slice ${place}${image ? "" : " (not readable)"}`;
    slider.value = state.slice;
    find("slice-now").textContent = place;
    floor.value = state.floor;
    const shown = visible();
    find("floor-now").textContent = `${state.floor < 0.01 ? score(state.floor) : state.floor.toFixed(2)}: ${shown.length}`;
    drawing.replaceChildren();
    if (!state.marks) return;
    for (const cluster of data.clusters) {
      if (state.slice < cluster.first || state.slice > cluster.last) continue;
      shape("circle", { class: "cluster", cx: cluster.x + .5, cy: cluster.y + .5, r: cluster.r }, drawing);
    }
    for (const mark of shown) {
      const away = Math.abs(mark.z - state.slice);
      if (away > NEAR && mark.id !== state.chosen) continue;
      const kind = mark.id === state.chosen ? "chosen" : mark.called ? "called" : "seen";
      const circle = shape("circle", { class: `${kind}${away ? " away" : ""}`, cx: mark.x + .5, cy: mark.y + .5, r: data.radius }, drawing);
      shape("title", {}, circle).textContent = `candidate ${mark.id}: ${score(mark.p)}`;
      circle.dataset.mark = mark.id;
      circle.addEventListener("click", () => choose(mark.id));
    }
  }

  function go(slice) {
    state.slice = Math.max(0, Math.min(data.slices.length - 1, slice));
    draw();
  }

  function step(by) { // to the next or previous shown mark, likeliest first
    const shown = visible();
    if (!shown.length) return;
    const at = shown.findIndex((mark) => mark.id === state.chosen);
    choose(shown[(at + by + shown.length + (at < 0 && by < 0 ? 1 : 0)) % shown.length].id);
  }

  function choose(id) {
    const mark = byId.get(id);
    if (!mark) return;
    state.chosen = id;
    if (mark.p < state.floor) state.floor = Math.max(0, Math.floor(mark.p * 100) / 100);
    go(mark.z);
    explain(mark);
    centre(mark);
    announce.textContent = `Candidate ${id}, slice ${mark.z}, probability ${score(mark.p)}`;
  }

  function centre(mark) {
    if (state.zoom === 1) return;
    stage.scrollLeft = (mark.x / data.columns) * sheet.clientWidth - stage.clientWidth / 2;
    stage.scrollTop = (mark.y / data.rows) * sheet.clientHeight - stage.clientHeight / 2;
  }

  function text(name, content, parent, kind) {
    const element = document.createElement(name);
    element.textContent = content;
    if (kind) element.className = kind;
    parent.append(element);
    return element;
  }

  function explain(mark) {
    why.replaceChildren();
    const head = text("h3", `Candidate ${mark.id}`, why);
    text("span", score(mark.p), head, "odds");
    const detail = data.details[mark.id];
    if (detail?.crop) {
      const crop = document.createElement("img");
      crop.src = `data:image/jpeg;base64,${detail.crop}`;
      crop.alt = `${data.crop_mm} mm around the candidate at its best focus`;
      why.append(crop);
    }
    const where = `${mark.called ? "" : "not "}${data.words[0]} (threshold ${score(data.threshold)})`;
    const cluster = mark.c === null ? "in no cluster" : `in cluster ${mark.c}`;
    text("p", `Probability ${data.words[1]}${score(mark.p)}, ${where}, ${cluster}. Best focus on slice ${mark.z}, column ${mark.x.toFixed(0)}, row ${mark.y.toFixed(0)}, ${mark.d.toFixed(2)} mm wide.`, why);
    if (!detail) {
      text("p", `Its features are in marks.tsv: only those of the ${Object.keys(data.details).length} likeliest are shown here.`, why);
      return;
    }
    const explained = detail.parts.length > 0;
    const table = document.createElement("table");
    text("caption", `Features against the training${explained ? ", and what each adds" : ""}`, table, "quiet");
    const line = table.createTHead().insertRow();
    for (const name of ["Feature", "Value", "In training", ...(explained ? ["Adds"] : [])]) {
      const cell = text("th", name, line, name === "Value" || name === "Adds" ? "n" : "");
      cell.scope = "col";
    }
    const body = table.createTBody();
    const largest = Math.max(.5, ...detail.parts.map(Math.abs));
    const order = data.features.map((_, i) => i);
    if (explained) order.sort((a, b) => Math.abs(detail.parts[b]) - Math.abs(detail.parts[a]));
    for (const i of order) {
      const feature = data.features[i], row = body.insertRow();
      const name = text("th", feature.name, row);
      name.scope = "row";
      name.title = feature.meaning;
      text("td", `${number(detail.values[i])}${feature.unit ? ` ${feature.unit}` : ""}`, row, "n");
      rail(row.insertCell(), feature, detail.percent[i]);
      if (explained) bar(row.insertCell(), detail.parts[i], largest);
    }
    const box = document.createElement("div");
    box.className = "scroll";
    box.append(table);
    why.append(box);
    const legend = text("p", "In training: the upright mark is this candidate among the training's candidates, from the lowest to the highest; the bands hold the middle half of ", why, "legend");
    text("b", data.words[2], legend, "calc");
    legend.append(" and of ");
    text("b", data.words[3], legend, "other");
    legend.append(explained ? ". Adds: change of the log-odds against the same candidate with a typical value of this feature." : ". What each feature adds is worked out for the likeliest candidates only.");
  }

  function rail(cell, feature, percent) {
    cell.className = "plot-cell";
    const drawing = shape("svg", { viewBox: "0 0 100 18", preserveAspectRatio: "none", role: "img" }, cell);
    drawing.setAttribute("aria-label", percent === null ? "no training values" : `above ${Math.round(percent)} % of the training`);
    shape("rect", { class: "rail", x: 0, y: 8, width: 100, height: 2 }, drawing);
    for (const [kind, y] of [["other", 11], ["calc", 3]]) {
      const band = feature[kind];
      if (band) shape("rect", { class: kind, x: band[0], y, width: Math.max(1, band[1] - band[0]), height: 4 }, drawing);
    }
    if (percent !== null) shape("rect", { class: "here", x: Math.min(98, Math.max(0, percent - 1)), y: 0, width: 2, height: 18 }, drawing);
  }

  function bar(cell, part, largest) {
    cell.className = "n";
    cell.textContent = Math.abs(part) < .005 ? "0" : `${part > 0 ? "+" : "−"}${Math.abs(part).toFixed(2)}`;
    const drawing = shape("svg", { viewBox: "-50 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, cell);
    drawing.style.height = "6px";
    const length = 50 * Math.abs(part) / largest;
    shape("rect", { class: part >= 0 ? "for" : "against", x: part >= 0 ? 0 : -length, y: 0, width: length, height: 6 }, drawing);
  }

  function zoom(factor) {
    state.zoom = factor;
    const whole = Math.min(stage.clientWidth, TALLEST * innerHeight * (data.columns / data.rows));
    sheet.style.width = `${Math.floor(whole * factor)}px`;
    for (const button of document.querySelectorAll("[data-zoom]")) button.setAttribute("aria-pressed", String(Number(button.dataset.zoom) === factor));
    const mark = byId.get(state.chosen);
    if (mark) centre(mark);
  }

  slider.max = data.slices.length - 1;
  slider.addEventListener("input", () => go(Number(slider.value)));
  floor.addEventListener("input", () => { state.floor = Number(floor.value); draw(); });
  find("next").addEventListener("click", () => step(1));
  find("previous").addEventListener("click", () => step(-1));
  find("threshold").addEventListener("click", () => { state.floor = Math.floor(data.threshold * 100) / 100 || data.threshold; draw(); });
  find("everything").addEventListener("click", () => { state.floor = 0; draw(); });
  find("toggle").addEventListener("click", () => {
    state.marks = !state.marks;
    find("toggle").setAttribute("aria-pressed", String(state.marks));
    draw();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  for (const button of document.querySelectorAll("[data-candidate]")) {
    button.addEventListener("click", () => { choose(Number(button.dataset.candidate)); stage.scrollIntoView({ block: "nearest" }); });
  }
  const keys = {
    ArrowUp: () => go(state.slice - 1), ArrowDown: () => go(state.slice + 1),
    ArrowLeft: () => go(state.slice - 1), ArrowRight: () => go(state.slice + 1),
    PageUp: () => go(state.slice - 5), PageDown: () => go(state.slice + 5),
    Home: () => go(0), End: () => go(data.slices.length - 1),
    n: () => step(1), p: () => step(-1), m: () => find("toggle").click(),
  };
  stage.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  stage.addEventListener("wheel", (event) => {
    if (state.zoom > 1 || event.ctrlKey || !event.shiftKey) return; // plain scrolling stays the page's
    event.preventDefault();
    go(state.slice + Math.sign(event.deltaY || event.deltaX));
  }, { passive: false });
  addEventListener("resize", () => zoom(state.zoom));
  zoom(1);
  draw();
  const first = data.marks[0];
  if (first && first.called) choose(first.id);
  document.documentElement.dataset.volume = "ready";
})();
