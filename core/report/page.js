// Draws a report (core/report/report.h) from the JSON block with the id "data". All texts go in as text, never as HTML.
(() => {
  "use strict";

  const MATRIX_TABLE_CLASSES = 40; // with more, a matrix is a picture
  const ROOMY_CLASSES = 16; // with fewer, its cells are wide
  const COLOURS = 8; // --c0 to --c7 of page.css
  const THEME_KEY = "seedbed-report-theme";

  const report = JSON.parse(document.getElementById("data").textContent);
  const drawings = []; // each draws one chart in the colours that the page has now, and returns what destroys it

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const FORMATS = {
    number: (value) => String(Number(value.toPrecision(4))),
    share: (value) => `${(100 * value).toFixed(1)} %`,
    count: (value) => value.toLocaleString("en-US"),
    scientific: (value) => (value === 0 ? "0" : value.toExponential(1)),
  };

  // ---- Charts

  function dataset(chart, series, index) {
    const shade = colour(`c${(series.colour >= 0 ? series.colour : index) % COLOURS}`);
    const drawnAsLine = chart.type === "lines" || series.line;
    const few = series.values.length <= 40;
    return {
      label: series.name,
      data: series.values,
      type: drawnAsLine ? "line" : "bar",
      borderColor: shade,
      backgroundColor: shade,
      borderWidth: drawnAsLine ? 2 : 0,
      borderDash: series.dashed ? [6, 4] : [],
      pointRadius: few && !series.line ? 2.5 : 0,
      pointHitRadius: 8,
      tension: 0,
      order: drawnAsLine ? 0 : 1,
    };
  }

  function scales(chart) {
    const format = FORMATS[chart.format];
    const text = colour("faint");
    const grid = { color: colour("line"), borderColor: colour("line") };
    const title = (words) => ({ display: words !== "", text: words, color: text });
    const labels = { grid: { ...grid, display: false }, title: title(chart.label_title), stacked: chart.stacked };
    labels.ticks = { color: text, maxRotation: chart.type === "lines" ? 0 : 60, autoSkip: chart.type !== "horizontal_bars" };
    labels.ticks.callback = function shorten(index) {
      const label = String(this.getLabelForValue(index));
      return label.length > 22 ? `${label.slice(0, 12)}…${label.slice(-9)}` : label;
    };
    const values = { grid, title: title(chart.value_title), stacked: chart.stacked, beginAtZero: chart.type !== "lines" || chart.format === "scientific" };
    values.ticks = { color: text, callback: (value) => (chart.format === "share" ? `${Number((100 * value).toFixed(1))} %` : format(value)) };
    if (chart.format === "count") values.ticks.precision = 0;
    if (chart.full_share) Object.assign(values, { min: 0, max: 1 });
    return chart.type === "horizontal_bars" ? { x: values, y: labels } : { x: labels, y: values };
  }

  function options(chart) {
    const format = FORMATS[chart.format];
    const value = (context) => format(chart.type === "horizontal_bars" ? context.parsed.x : context.parsed.y);
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      spanGaps: false,
      indexAxis: chart.type === "horizontal_bars" ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: chart.type === "horizontal_bars" ? "y" : "x" },
      scales: scales(chart),
      plugins: {
        legend: { display: chart.series.length > 1, labels: { color: colour("text"), boxWidth: 14, boxHeight: 3 } },
        tooltip: {
          callbacks: {
            title: (items) => `${chart.label_title} ${chart.labels[items[0].dataIndex]}`.trim(),
            label: (context) => `${context.dataset.label}: ${context.raw === null ? "none" : value(context)}`,
          },
        },
      },
    };
  }

  function chart(content) {
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", content.series.map((series) => series.name).join(", "));
    const box = element("div", "chart", canvas);
    if (content.type === "horizontal_bars") {
      const bars = content.stacked ? 1.6 : content.series.length;
      box.style.height = `${4.5 + content.labels.length * (0.5 + 0.55 * bars)}rem`;
    }
    drawings.push(() => {
      Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
      const datasets = content.series.map((series, index) => dataset(content, series, index));
      const drawn = new Chart(canvas, { type: content.type === "lines" ? "line" : "bar", data: { labels: content.labels, datasets }, options: options(content) });
      return () => drawn.destroy();
    });
    return box;
  }

  // Groups differ in colour, and from the ninth on in shape.
  const SHAPES = ["circle", "rectRot", "triangle", "rect", "star"];

  function group(content, name, index) {
    const shade = colour(`c${index % COLOURS}`);
    const points = content.points.filter((point) => point.group === index);
    const marked = (context) => Boolean(context.raw && context.raw.marked);
    return {
      label: name,
      data: points,
      pointStyle: SHAPES[Math.floor(index / COLOURS) % SHAPES.length],
      backgroundColor: shade,
      borderColor: (context) => (marked(context) ? colour("text") : shade),
      borderWidth: (context) => (marked(context) ? 2 : 1),
      radius: (context) => (marked(context) ? 6 : 4),
      hoverRadius: 8,
    };
  }

  // Of groups, not of their first points, which may be marked.
  function legendOf(chart) {
    return chart.data.datasets.map((one, index) => ({
      text: one.label,
      fontColor: colour("text"),
      fillStyle: one.backgroundColor,
      strokeStyle: one.backgroundColor,
      pointStyle: one.pointStyle,
      hidden: !chart.isDatasetVisible(index),
      datasetIndex: index,
    }));
  }

  function scatterOptions() {
    const axis = { grid: { color: colour("line"), borderColor: colour("line") }, ticks: { display: false } };
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", intersect: true },
      scales: { x: axis, y: axis },
      plugins: {
        legend: { position: "bottom", labels: { usePointStyle: true, boxHeight: 8, generateLabels: legendOf } },
        tooltip: {
          callbacks: {
            title: (items) => items[0].dataset.label,
            label: (context) => [context.raw.name, ...context.raw.details],
          },
        },
      },
    };
  }

  function scatter(content) {
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${content.points.length} points in ${content.groups.length} groups`);
    drawings.push(() => {
      const used = content.groups.map((name, index) => group(content, name, index)).filter((one) => one.data.length > 0);
      const drawn = new Chart(canvas, { type: "scatter", data: { datasets: used }, options: scatterOptions() });
      return () => drawn.destroy();
    });
    return element("div", "chart plane", canvas);
  }

  // ---- Who was taken for whom

  const hint = element("div", "hint");
  hint.hidden = true;

  function showHint(lines, event) {
    hint.replaceChildren(...lines.map((line) => element("div", "", line)));
    hint.hidden = false;
    const right = Math.min(event.clientX + 14, window.innerWidth - hint.offsetWidth - 6);
    const below = event.clientY + 18 + hint.offsetHeight < window.innerHeight;
    hint.style.left = `${Math.max(6, right)}px`;
    hint.style.top = `${below ? event.clientY + 18 : event.clientY - hint.offsetHeight - 12}px`;
  }

  // Counts by row and column, and their sums.
  function readMatrix(content) {
    const size = content.classes.length;
    const matrix = { classes: content.classes, size, of: new Map(), truly: new Array(size).fill(0), predicted: new Array(size).fill(0) };
    for (const [row, column, count] of content.cells) {
      matrix.of.set(row * size + column, count);
      matrix.truly[row] += count;
      matrix.predicted[column] += count;
    }
    matrix.count = (row, column) => matrix.of.get(row * size + column) || 0;
    matrix.share = (row, column) => (matrix.truly[row] ? matrix.count(row, column) / matrix.truly[row] : 0);
    return matrix;
  }

  function describe(matrix, row, column) {
    const count = matrix.count(row, column);
    const share = (part, whole) => (whole ? `${FORMATS.share(part / whole)} of ${FORMATS.count(whole)}` : "none");
    const what = row === column ? `${matrix.classes[row]}, recognised` : `${matrix.classes[row]} taken for ${matrix.classes[column]}`;
    return [
      what,
      `images: ${FORMATS.count(count)}`,
      `of those of ${matrix.classes[row]}: ${share(count, matrix.truly[row])}`,
      `of those taken for ${matrix.classes[column]}: ${share(count, matrix.predicted[column])}`,
    ];
  }

  function shade(matrix, row, column) {
    const share = matrix.share(row, column);
    return [row === column ? "good" : "bad", (row === column ? 0.1 + 0.55 * share : 0.15 + 0.6 * Math.sqrt(share)).toFixed(3)];
  }

  function matrixRow(matrix, row) {
    const heading = element("th", "", matrix.classes[row]);
    heading.scope = "row";
    heading.title = matrix.classes[row];
    const line = element("tr", "", heading);
    for (let column = 0; column < matrix.size; ++column) {
      const count = matrix.count(row, column);
      const cell = element("td", "", count ? FORMATS.count(count) : "");
      cell.dataset.column = column;
      if (count) {
        const [tone, strength] = shade(matrix, row, column);
        cell.style.background = `rgba(var(--${tone}), ${strength})`;
      }
      line.append(cell);
    }
    return line;
  }

  function lightUp(table, cell) {
    for (const lit of table.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!cell) return;
    const column = Number(cell.dataset.column) + 1;
    for (const part of [cell, cell.parentNode.firstChild, table.tHead.rows[0].children[column]]) part.classList.add("lit");
  }

  function matrixTable(matrix) {
    const head = element("tr", "", element("th", "corner", "true ↓ taken for →"));
    for (const name of matrix.classes) {
      const heading = element("th", "", element("span", "", name));
      heading.scope = "col";
      heading.title = name;
      head.append(heading);
    }
    const table = element("table", matrix.size <= ROOMY_CLASSES ? "matrix roomy" : "matrix", element("thead", "", head), element("tbody"));
    for (let row = 0; row < matrix.size; ++row) table.tBodies[0].append(matrixRow(matrix, row));
    const point = (event) => {
      const cell = event.target.closest("td");
      lightUp(table, cell);
      if (cell) showHint(describe(matrix, cell.parentNode.sectionRowIndex, Number(cell.dataset.column)), event);
      else hint.hidden = true;
    };
    table.addEventListener("pointermove", point);
    table.addEventListener("pointerdown", point);
    table.addEventListener("pointerleave", () => {
      hint.hidden = true;
      lightUp(table, null);
    });
    return table;
  }

  // One square for each cell.
  function matrixPicture(matrix) {
    const side = Math.max(1, Math.floor(880 / matrix.size));
    const canvas = element("canvas", "cells");
    canvas.width = canvas.height = side * matrix.size;
    drawings.push(() => {
      const context = canvas.getContext("2d");
      context.fillStyle = colour("card");
      context.fillRect(0, 0, canvas.width, canvas.height);
      for (const key of matrix.of.keys()) {
        const row = Math.floor(key / matrix.size), column = key % matrix.size;
        const [tone, strength] = shade(matrix, row, column);
        context.fillStyle = `rgba(${colour(tone)}, ${Math.min(1, Number(strength) + 0.25)})`;
        context.fillRect(column * side, row * side, side, side);
      }
      return () => {};
    });
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (offset) => Math.min(matrix.size - 1, Math.max(0, Math.floor((offset / box.width) * matrix.size)));
      showHint(describe(matrix, at(event.clientY - box.top), at(event.clientX - box.left)), event);
    });
    canvas.addEventListener("pointerleave", () => (hint.hidden = true));
    return canvas;
  }

  function matrix(content) {
    const read = readMatrix(content);
    return element("div", "scroll", read.size <= MATRIX_TABLE_CLASSES ? matrixTable(read) : matrixPicture(read));
  }

  // ---- Pictures, tables, texts

  // Long names of classes and files break after what stands between their words.
  const breakable = (text) => text.split(/(?<=[_/-])/).flatMap((part) => [part, element("wbr")]);

  function picture(one) {
    const image = element("img");
    image.src = one.source;
    image.alt = one.name;
    const right = one.actual === one.predicted;
    const caption = element("figcaption", "", element("div", right ? "right" : "wrong", ...breakable(one.predicted)));
    if (!right) caption.append(element("div", "", ...breakable(`is ${one.actual}`)));
    for (const detail of one.details) caption.append(element("div", "", ...breakable(detail)));
    caption.append(element("div", "path", ...breakable(one.name)));
    return element("figure", "", image, caption);
  }

  const pictures = (content) => element("div", "pictures", ...content.pictures.map(picture));

  // "1 min 05 s" and "1.2 MB" in seconds and bytes; "4,606" and "91.7 %" as they are.
  const UNITS = { ms: 1e-3, min: 60, h: 3600, d: 86400, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
  function measure(text) {
    const parts = [...text.replace(/,/g, "").matchAll(/(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([a-z]*)/gi)];
    return parts.length ? parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit] || 1), 0) : -Infinity;
  }

  function sortRows(body, column, numeric, rising) {
    const key = (row) => row.cells[column].textContent;
    const compare = numeric ? (a, b) => measure(key(a)) - measure(key(b)) : (a, b) => key(a).localeCompare(key(b));
    body.append(...[...body.rows].sort((a, b) => (rising ? compare(a, b) : compare(b, a))));
  }

  function table(content) {
    const head = element("tr");
    const body = element("tbody");
    content.columns.forEach((column, index) => {
      const heading = element("th", column.numeric ? "numeric" : "", column.title);
      heading.addEventListener("click", () => {
        const rising = heading.classList.contains("sorted") ? !heading.classList.contains("rising") : !column.numeric;
        for (const other of head.children) other.classList.remove("sorted", "rising");
        heading.classList.add("sorted");
        heading.classList.toggle("rising", rising);
        sortRows(body, index, column.numeric, rising);
      });
      head.append(heading);
    });
    for (const cells of content.rows) {
      body.append(element("tr", "", ...cells.map((text, index) => element("td", content.columns[index].numeric ? "numeric" : "", text))));
    }
    return element("div", "scroll tall", element("table", content.columns.length > 8 ? "table wide" : "table", element("thead", "", head), body));
  }

  const facts = (content) => element("dl", "", ...content.rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]));
  const code = (content) => element("pre", "", content.text);
  const KINDS = { chart, scatter, matrix, pictures, table, facts, code };

  // ---- The page

  function section(one) {
    const heading = element("h2", "", one.title);
    const folds = one.folded ? element("details", "", element("summary", "", heading)) : null;
    const box = element("section", one.half ? "section half" : "section", folds || heading);
    const into = folds || box;
    if (one.text) into.append(element("p", "", one.text));
    if (KINDS[one.content.kind]) into.append(element("div", "body", KINDS[one.content.kind](one.content)));
    return box;
  }

  function figure(one) {
    return element("div", "figure", element("div", "label", one.label), element("div", "value", one.value), element("div", "note", one.note));
  }

  let undo = [];
  function draw() {
    for (const destroy of undo) destroy();
    undo = drawings.map((drawing) => drawing());
  }

  // A page opened from a file may be refused a store.
  function stored() {
    try {
      return localStorage.getItem(THEME_KEY);
    } catch {
      return null;
    }
  }
  function store(theme) {
    try {
      localStorage.setItem(THEME_KEY, theme);
    } catch {
      // It then is forgotten.
    }
  }

  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const button = element("button");
  let chosen = stored();
  function applyTheme() {
    const theme = chosen || (prefersDark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    draw();
  }
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    store(chosen);
    applyTheme();
  });
  prefersDark.addEventListener("change", applyTheme);

  const titles = element("div", "", element("h1", "", report.title));
  if (report.subtitle) titles.append(element("p", "", report.subtitle));
  document.getElementById("page").append(element("header", "", titles, button));
  if (report.figures.length) document.getElementById("page").append(element("div", "figures", ...report.figures.map(figure)));
  document.getElementById("page").append(element("div", "sections", ...report.sections.map(section)), element("footer", "", report.footer), hint);
  applyTheme();
})();
