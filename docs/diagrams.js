// Draws the diagrams of the site from their text, a small part of Mermaid's flowcharts; no network.
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 30, GAP = 22, BETWEEN = 46, LETTER = 7.2, SWEEPS = 12;

function parse(text) {
  const nodes = new Map(), edges = [];
  let group = null, down = false;
  const node = (word) => {
    const [, id, shape, label] = word.trim().match(/^(\w+)(?:(\[\(|\[)([^\])]+)\)?\])?$/);
    if (!nodes.has(id)) nodes.set(id, { id, label: id, group: null, given: false });
    const known = nodes.get(id);
    if (label) Object.assign(known, { label, given: shape === "[(" });
    known.group ??= group;
    return id;
  };
  for (const line of text.split("\n").map((line) => line.trim()).filter(Boolean)) {
    if (line.startsWith("flowchart")) down = line.endsWith("TD");
    else if (line.startsWith("subgraph")) group = line.match(/\[(.+)\]/)?.[1] ?? line.split(" ")[1];
    else if (line === "end") group = null;
    else {
      const steps = line.split("-->").map((step) => step.split("&").map(node));
      steps.slice(1).forEach((to, i) => steps[i].forEach((a) => to.forEach((b) => edges.push([a, b]))));
    }
  }
  return { nodes: [...nodes.values()], edges, down };
}

// Layer by the longest way from a source; then, sweep by sweep, order by the neighbours' mean place.
function layers({ nodes, edges }) {
  const depth = new Map(nodes.map(({ id }) => [id, 0]));
  nodes.forEach(() => edges.forEach(([a, b]) => depth.set(b, Math.max(depth.get(b), depth.get(a) + 1))));
  for (const { id } of nodes) {
    const after = edges.filter(([a]) => a === id).map(([, b]) => depth.get(b));
    if (after.length && !edges.some(([, b]) => b === id)) depth.set(id, Math.min(...after) - 1);
  }
  const rows = [];
  nodes.forEach((node) => (rows[depth.get(node.id)] ??= []).push(node));
  edges.forEach(([a, b]) => {
    for (let layer = depth.get(a) + 1; layer < depth.get(b); layer++)
      rows[layer].push({ id: `${a} ${b} ${layer}`, bend: true, label: "" });
  });
  const place = new Map();
  const number = (row) => row.forEach((node, i) => place.set(node.id, (i + 0.5) / row.length));
  rows.forEach(number);
  const chains = edges.map(([a, b]) => [a, ...bends(a, b, depth), b]);
  const linked = (id) => chains.flatMap((chain) => {
    const i = chain.indexOf(id);
    return i < 0 ? [] : [chain[i - 1], chain[i + 1]].filter(Boolean);
  });
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      const mean = new Map(row.map(({ id }) => {
        const near = linked(id).map((other) => place.get(other));
        return [id, near.reduce((sum, value) => sum + value, 0) / Math.max(1, near.length)];
      }));
      row.sort((a, b) => mean.get(a.id) - mean.get(b.id));
      number(row);
    }
  return { rows, chains };
}

function bends(a, b, depth) {
  const between = depth.get(b) - depth.get(a) - 1;
  return Array.from({ length: between }, (_, i) => `${a} ${b} ${depth.get(a) + 1 + i}`);
}

// Layers go to the right where the page has room for them, or down.
function draw(text, room, down = false) {
  const graph = parse(text), { rows, chains } = layers(graph);
  const wide = (node) => (node.bend ? 8 : node.label.length * LETTER + 20);
  const along = rows.map((row) => (down ? HEIGHT : Math.max(...row.map(wide))));
  const across = (node) => (down ? wide(node) : node.bend ? 8 : HEIGHT);
  const size = (row) => row.reduce((sum, node) => sum + across(node) + GAP, -GAP);
  const breadth = Math.max(...rows.map(size)), boxes = new Map();
  let start = 4;
  rows.forEach((row, layer) => {
    let side = 4 + (breadth - size(row)) / 2;
    for (const node of row) {
      const length = node.bend ? along[layer] : down ? HEIGHT : wide(node);
      const box = [start + (along[layer] - length) / 2, side, length, across(node)];
      boxes.set(node.id, { ...node, from: box[0], to: box[0] + length, middle: side + box[3] / 2, box });
      side += across(node) + GAP;
    }
    start += along[layer] + BETWEEN;
  });
  const whole = [start - BETWEEN + 4, breadth + 8], turned = ([x, y]) => (down ? `${y},${x}` : `${x},${y}`);
  if (!down && (graph.down || whole[0] > room)) return draw(text, room, true);
  const svg = element("svg", { viewBox: `0 0 ${turned(whole).replace(",", " ")}`, role: "img" });
  svg.style.cssText = `width:100%;max-width:${down ? whole[1] : whole[0]}px;margin-bottom:24px;font:13px sans-serif`;
  const groups = [...new Set(graph.nodes.map((node) => node.group))].filter(Boolean);
  for (const chain of chains) {
    const points = chain.map((id) => boxes.get(id));
    let path = `M${turned([points[0].to, points[0].middle])}`;
    points.slice(1).forEach((box, i) => {
      const before = points[i], half = (before.to + box.from) / 2, last = i === points.length - 2;
      const ends = [[half, before.middle], [half, box.middle], [box.from - (last ? 5 : 0), box.middle]];
      path += `C${ends.map(turned).join(" ")}` + (last ? "" : `L${turned([box.to, box.middle])}`);
    });
    svg.append(element("path", { d: path, fill: "none", stroke: "#6b7785", "marker-end": "url(#tip)" }));
  }
  const tip = element("marker", { id: "tip", viewBox: "0 0 6 6", refX: 1, refY: 3, markerWidth: 6, markerHeight: 6, orient: "auto" });
  tip.append(element("path", { d: "M0,0L6,3L0,6z", fill: "#6b7785" }));
  svg.append(tip);
  for (const { bend, box, group, given, label } of boxes.values()) {
    if (bend) continue;
    const [x, y, width, height] = down ? [box[1], box[0], box[3], box[2]] : box;
    const hue = group ? 210 + 55 * groups.indexOf(group) : 210;
    const look = { fill: given ? "#fff" : `hsl(${hue} 60% 93%)`, stroke: `hsl(${hue} 40% 55%)`, rx: given ? 15 : 4 };
    svg.append(element("rect", { x, y, width, height, ...look }));
    const words = element("text", { x: x + width / 2, y: y + height / 2 + 4, "text-anchor": "middle", fill: "#1d2733" });
    words.textContent = label;
    if (group) words.append(Object.assign(element("title", {}), { textContent: group }));
    svg.append(words);
  }
  return svg;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

document.querySelectorAll("code.language-mermaid").forEach((code) => {
  const svg = draw(code.textContent, code.parentElement.clientWidth);
  svg.dataset.text = code.textContent;
  code.parentElement.replaceWith(svg);
});
