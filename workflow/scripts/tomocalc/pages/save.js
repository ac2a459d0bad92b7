// Charts are saved as SVG or PNG, tables as CSV and searched, texts copied.
(() => {
  "use strict";
  const WIDTH = 900; // px; of a saved chart, whatever the width of the screen
  const SEARCHED = 12; // rows of a table from which on it can be searched
  const NUMBER = /^[<>]?\s*[−-]?[\d,]+(\.\d+)?(e−?\d+)?(\s%)?$/; // a cell that is one number alone
  const HARMFUL = /^[=+@\t\r-]/; // a spreadsheet would compute a text that begins so
  const page = document.title.split(" · ")[0];
  const named = (text) => `${page} ${text}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 80);

  function save(address, name) {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
  }

  function bar(label) {
    const box = document.createElement("div");
    box.className = "save";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    return box;
  }

  function button(box, text, label, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.ariaLabel = label;
    made.addEventListener("click", action);
    box.append(made);
    return made;
  }

  // ---- tables
  // Numbers leave with all their digits, a share as 0..1; missing ones are empty.
  function value(cell) {
    const text = cell.textContent.trim();
    if (text === "–") return "";
    if (cell.dataset.v !== undefined && NUMBER.test(text)) return cell.dataset.v;
    return HARMFUL.test(text) ? `'${text}` : text;
  }

  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function csv(table) {
    const rows = [...table.tHead.rows, ...[...table.tBodies[0].rows].filter((row) => !row.hidden)];
    return rows.map((row) => [...row.cells].map((cell) => quoted(value(cell))).join(",") + "\r\n").join("");
  }

  function searchable(table, box, caption, saved) {
    const field = document.createElement("input");
    const rows = [...table.tBodies[0].rows];
    field.type = "search";
    field.placeholder = `Search ${rows.length} rows`;
    field.ariaLabel = `Search: ${caption}`;
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      const left = rows.filter((row) => !row.hidden).length;
      saved.textContent = left === rows.length ? "CSV" : `CSV of ${left} ${left === 1 ? "row" : "rows"}`;
      document.getElementById("announce").textContent = `${left} of ${rows.length} rows`;
    });
    box.prepend(field);
  }

  function tableBar(table) {
    const caption = table.caption.textContent;
    const box = bar(`Table: ${caption}`);
    const saved = button(box, "CSV", `Save the table as CSV: ${caption}`, () => {
      const address = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
      save(address, `${named(caption)}.csv`);
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    });
    const frame = table.closest(".scroll");
    if (table.tBodies[0].rows.length >= SEARCHED) {
      searchable(table, box, caption, saved);
      frame.before(box);
    } else {
      frame.after(box);
    }
  }

  // ---- charts: drawn for paper, light and at one width, so that every screen saves the same
  function chartBar(plot) {
    const title = plot.closest("figure").querySelector("h3, h4").textContent;
    const box = bar(`Chart: ${title}`);
    for (const [format, scale] of [["svg", 1], ["png", 2]]) {
      button(box, format.toUpperCase(), `Save the chart as ${format.toUpperCase()}: ${title}`, async () => {
        const { data, layout } = tomocalc.dressed(plot, false, WIDTH);
        layout.paper_bgcolor = layout.plot_bgcolor = "#ffffff";
        const size = { format, scale, width: WIDTH, height: layout.height };
        save(await Plotly.toImage({ data, layout }, size), `${named(title)}.${format}`);
      });
    }
    plot.after(box);
  }

  // ---- texts to copy
  function copyBar(text) {
    const words = text.tagName === "PRE" ? text.textContent : text.textContent.replace(/\s+/g, " ").trim();
    const box = bar("Text to copy");
    button(box, "Copy", `Copy: ${words.slice(0, 40)} …`, async () => {
      getSelection().selectAllChildren(text); // to be copied by hand where a page may not
      await navigator.clipboard?.writeText(words);
      document.getElementById("announce").textContent = "Copied";
    });
    text.after(box);
  }

  document.querySelectorAll(".copy").forEach(copyBar);
  document.querySelectorAll("main .scroll > table").forEach(tableBar);
  addEventListener("tomocalc-charts", () => document.querySelectorAll(".plot").forEach(chartBar));
})();
