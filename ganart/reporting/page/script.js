"use strict";
// Sorting, reading charts off, enlarging pictures, the Pareto plot. The page says all that it has to say without it.

const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const SVG = document.querySelector("svg")?.namespaceURI;

function short(value, digits = 4) {
  const size = Math.abs(value);
  const written = size >= 1000 && size < 1e15 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(digits)));
  return written.replaceAll("-", "−");
}

function compact(value) {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(value) >= size) return short(value / size) + letter;
  return short(value);
}

// ------------------------------------------------------------------------------------------------ tables

function sort(button) {
  const heading = button.closest("th"), table = button.closest("table"), body = table.tBodies[0];
  const column = [...heading.parentNode.children].indexOf(heading);
  const way = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const key = (row) => {
    const cell = row.cells[column];
    if (!cell.classList.contains("number")) return cell.textContent.trim();
    return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  };
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const rows = [...body.rows].map((row) => [key(row), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // what is not known goes last, either way
    return way * (typeof a === "number" && typeof b === "number" ? a - b : order(a, b));
  });
  body.append(...rows.map(([, row]) => row));
  for (const other of all("th[aria-sort]", table)) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
}

for (const button of all(".sort")) button.addEventListener("click", () => sort(button));

// ------------------------------------------------------------------------------------------------ line charts

function placeToNumber(place, [low, high, start, end], isLog) {
  const share = (place - start) / (end - start);
  return isLog ? low * (high / low) ** share : low + share * (high - low);
}

function readable(plot) {
  const x = JSON.parse(plot.dataset.x), y = JSON.parse(plot.dataset.y), isLog = "log" in plot.dataset;
  const svg = plot.querySelector("svg"), cursor = plot.querySelector(".cursor"), readout = plot.querySelector(".readout");
  const lines = all("g[data-label]", svg).map((group) => ({
    group,
    points: group.querySelector(".line").getAttribute("d").split(/[ML]/).slice(1).map((pair) => pair.split(" ").map(Number)),
  }));
  const places = [...new Set(lines.flatMap((line) => line.points.map(([place]) => place)))].sort((a, b) => a - b);
  let at = null;

  function show(place) {
    at = places.reduce((best, other) => (Math.abs(other - place) < Math.abs(best - place) ? other : best));
    const rows = lines
      .map(({ group, points }) => [group, points.reduce((p, q) => (Math.abs(q[0] - at) < Math.abs(p[0] - at) ? q : p), [Infinity, 0])])
      .filter(([group, [px]]) => Math.abs(px - at) < 12 && !group.classList.contains("dimmed"))
      .sort(([, p], [, q]) => p[1] - q[1])
      .slice(0, 12);
    readout.replaceChildren();
    const head = document.createElement("strong");
    head.textContent = short(Number(placeToNumber(at, x, false).toPrecision(3))) + " images";
    readout.append(head);
    for (const [group, [, py]] of rows) {
      const row = document.createElement("div"), name = document.createElement("span"), value = document.createElement("b");
      row.className = group.getAttribute("class");
      name.textContent = group.dataset.label;
      value.textContent = short(placeToNumber(py, y, isLog), 3);
      row.append(name, value);
      readout.append(row);
    }
    cursor.setAttribute("d", `M${at} ${y[3]}L${at} ${y[2]}`);
    readout.hidden = false;
    const share = at / 400;
    readout.style.left = share < 0.5 ? `calc(${share * 100}% + 10px)` : "auto";
    readout.style.right = share < 0.5 ? "auto" : `calc(${(1 - share) * 100}% + 10px)`;
  }

  function hide() {
    at = null;
    readout.hidden = true;
    cursor.setAttribute("d", "");
  }

  if (!places.length) return;
  const pointed = (event) => {
    const box = svg.getBoundingClientRect();
    show(((event.clientX - box.left) / box.width) * 400);
  };
  plot.addEventListener("pointermove", pointed);
  plot.addEventListener("pointerdown", pointed);
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const step = event.key === "ArrowLeft" ? -1 : 1;
    const next = at === null ? (step > 0 ? 0 : places.length - 1) : places.indexOf(at) + step;
    show(places[Math.max(0, Math.min(places.length - 1, next))]);
  });
}

for (const plot of all(".plot")) readable(plot);

for (const button of all(".legend button"))
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", pressed);
    const chosen = all('.legend [aria-pressed="true"]').map((other) => other.textContent.trim());
    for (const group of all("#curves g[data-label]"))
      group.classList.toggle("dimmed", chosen.length > 0 && !chosen.includes(group.dataset.label));
  });

// ------------------------------------------------------------------------------------------------ pictures

const viewer = document.getElementById("viewer");
let pictures = [], current = 0;

function look(position) {
  current = (position + pictures.length) % pictures.length;
  const button = pictures[current], image = viewer.querySelector("img");
  image.src = button.querySelector("img").src;
  image.alt = button.dataset.caption;
  viewer.querySelector("figcaption").textContent = button.dataset.caption;
}

for (const button of all(".picture"))
  button.addEventListener("click", () => {
    pictures = all(".picture", button.closest(".strip, .sheets"));
    look(pictures.indexOf(button));
    viewer.showModal();
  });
for (const button of all("[data-step]", viewer)) button.addEventListener("click", () => look(current + Number(button.dataset.step)));
viewer.querySelector("[data-close]").addEventListener("click", () => viewer.close());
viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
viewer.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") look(current - 1);
  if (event.key === "ArrowRight") look(current + 1);
});

// ------------------------------------------------------------------------------------------------ Pareto plot

function axis(values, start, end) {
  let low = Math.min(...values), high = Math.max(...values);
  const isLog = low > 0 && high / low >= 100;
  if (!isLog) {
    const margin = (high - low) * 0.04 || Math.abs(high) * 0.1 || 1;
    low = low < 0 || low > margin ? low - margin : Math.min(low, 0);
    high += margin;
  }
  const scale = isLog ? Math.log : (value) => value;
  const place = (value) => start + ((scale(value) - scale(low)) / (scale(high) - scale(low))) * (end - start);
  return { place, ticks: isLog ? decades(low, high) : roundNumbers(low, high) };
}

function roundNumbers(low, high) {
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => power * factor).find((wanted) => wanted >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

function decades(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / 5));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => 10 ** (first + index * step));
}

function front(points, lowerAcross, lowerDown) {
  const signed = points.map((p) => ({ p, a: lowerAcross ? p.across : -p.across, d: lowerDown ? p.down : -p.down }));
  signed.sort((one, other) => one.a - other.a || one.d - other.d);
  const kept = [];
  for (const next of signed) {
    const last = kept.at(-1);
    if (!last || next.d < last.d || (next.d === last.d && next.a === last.a)) kept.push(next);
  }
  return kept.map((one) => one.p);
}

function element(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function pareto(figure) {
  const { quantities, runs, box } = JSON.parse(figure.dataset.plot), [left, right, bottom, top] = box;
  const chosen = (name) => quantities[figure.querySelector(`select[name=${name}]`).value];
  const across = chosen("across"), down = chosen("down");
  const points = runs
    .map((run, index) => ({ run, across: across.values[index], down: down.values[index] }))
    .filter((point) => point.across !== null && point.down !== null);
  const frame = figure.querySelector(".frame"), circles = figure.querySelector(".points");
  for (const [name, quantity] of [["across", across], ["down", down]])
    figure.querySelector(`[data-axis=${name}]`).textContent = quantity.name;
  frame.replaceChildren();
  circles.replaceChildren();
  figure.querySelector(".front").setAttribute("points", "");
  if (!points.length) return;
  const x = axis(points.map((p) => p.across), left, right), y = axis(points.map((p) => p.down), bottom, top);
  for (const tick of y.ticks) {
    const place = y.place(tick);
    frame.append(element("path", { class: "grid", d: `M${left} ${place}L${right} ${place}` }));
    frame.append(element("text", { class: "tick", x: left - 6, y: place + 3.5, "text-anchor": "end" }, compact(tick)));
  }
  for (const tick of x.ticks) {
    const place = x.place(tick);
    frame.append(element("path", { class: "grid", d: `M${place} ${bottom}L${place} ${bottom + 4}` }));
    frame.append(element("text", { class: "tick", x: place, y: bottom + 16, "text-anchor": "middle" }, compact(tick)));
  }
  frame.append(element("path", { class: "axis", d: `M${left} ${bottom}L${right} ${bottom}` }));
  const best = front(points, across.lower, down.lower);
  figure.querySelector(".front").setAttribute("points", best.map((p) => `${x.place(p.across)},${y.place(p.down)}`).join(" "));
  for (const point of points) {
    const kind = `c${point.run.colour}${best.includes(point) ? " best" : ""}`;
    const circle = element("circle", { class: kind, cx: x.place(point.across), cy: y.place(point.down), r: 6 });
    circle.append(element("title", {}, `${point.run.name}: ${short(point.across)}, ${short(point.down)}`));
    circles.append(circle);
  }
}

for (const figure of all("#pareto")) {
  pareto(figure);
  for (const select of all("select", figure)) select.addEventListener("change", () => pareto(figure));
}
