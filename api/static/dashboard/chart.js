// The two charts, as SVG of the available width.

import { degrees, hour, number, shortDay } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 3 * 3_600_000;
const EDGE = { top: 28, right: 20, bottom: 40, left: 44 };

function make(name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

// An empty chart with title and description for screen readers.
function begin(box, height, title, description) {
  const width = Math.max(box.clientWidth, 260);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const titleId = `${box.id}-title`;
  const descriptionId = `${box.id}-desc`;
  svg.setAttribute("aria-labelledby", `${titleId} ${descriptionId}`);
  svg.append(make("title", { id: titleId }, title), make("desc", { id: descriptionId }, description));
  box.replaceChildren(svg);
  const area = { left: EDGE.left, right: width - EDGE.right, top: EDGE.top, bottom: height - EDGE.bottom };
  return { svg, area };
}

const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from)) * (high - low);

// About five round numbers that enclose the values.
function findTicks(low, high) {
  const rough = Math.max(high - low, 0.5) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const first = Math.floor(low / size);
  const count = Math.max(Math.ceil(high / size) - first, 1);
  return Array.from({ length: count + 1 }, (_, n) => Number(((first + n) * size).toFixed(6)));
}

function drawYAxis(svg, area, ticks, y, name) {
  const digits = ticks.every(Number.isInteger) ? 0 : 1;
  for (const tick of ticks) {
    svg.append(make("line", { class: "grid", x1: area.left, x2: area.right, y1: y(tick), y2: y(tick) }));
    svg.append(make("text", { x: area.left - 8, y: y(tick) + 4, "text-anchor": "end" }, number(tick, digits)));
  }
  svg.append(make("text", { x: 12, y: 12 }, name));
}

function drawXAxis(svg, area, places, axis) {
  svg.append(make("line", { class: "axis", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom }));
  for (const { x, text } of places) {
    svg.append(make("line", { class: "axis", x1: x, x2: x, y1: area.bottom, y2: area.bottom + 5 }));
    svg.append(make("text", { x, y: area.bottom + 18, "text-anchor": "middle" }, text));
  }
  svg.append(make("text", { x: area.right, y: area.bottom + 35, "text-anchor": "end" }, axis));
}

const line = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

function drawDot(svg, kind, x, y, words) {
  const dot = make("circle", { class: kind, cx: x, cy: y, r: 4.5 });
  dot.append(make("title", {}, words));
  svg.append(dot);
}

// The steps of a day: each value is a mean of three hours, shown in their middle.
export function drawDay(box, steps, zone, title, description) {
  const { svg, area } = begin(box, 320, title, description);
  const starts = steps.map((step) => Date.parse(step.time));
  const x = scale(starts[0], starts.at(-1) + STEP, area.left, area.right);
  const middles = starts.map((start) => x(start + STEP / 2));
  const values = steps.flatMap((step) => [step.lower, step.upper, step.observed ?? step.lower]);
  const ticks = findTicks(Math.min(...values), Math.max(...values));
  const y = scale(ticks[0], ticks.at(-1), area.bottom, area.top);
  const at = (name) => steps.flatMap((step, n) => (step[name] === null ? [] : [[middles[n], y(step[name])]]));

  drawYAxis(svg, area, ticks, y, "°C");
  const every = area.right - area.left < 420 ? 2 : 1;
  const named = [...starts, starts.at(-1) + STEP].filter((_, n) => n % every === 0);
  const local = zone === "UTC" ? "UTC" : `local time, ${zone}`;
  drawXAxis(svg, area, named.map((start) => ({ x: x(start), text: hour(start, zone) })), local);
  svg.append(make("polygon", { class: "interval", points: line([...at("upper"), ...at("lower").reverse()]) }));
  svg.append(make("polyline", { class: "predicted", points: line(at("temperature_2m")) }));
  svg.append(make("polyline", { class: "observed", points: line(at("observed")) }));
  steps.forEach((step, n) => {
    const when = `${hour(starts[n], zone)}–${hour(starts[n] + STEP, zone)}`;
    drawDot(svg, "dot", middles[n], y(step.temperature_2m), `${when}: predicted ${degrees(step.temperature_2m)}, ${number(step.lower)} to ${degrees(step.upper)}`);
    if (step.observed !== null) {
      drawDot(svg, "dot-observed", middles[n], y(step.observed), `${when}: observed ${degrees(step.observed)}`);
    }
  });
}

// The mean absolute error of each day; no bar without forecast and observation.
export function drawWeeks(box, days, chosen, average, title, description) {
  const { svg, area } = begin(box, 220, title, description);
  const ticks = findTicks(0, Math.max(...days.map(({ mae }) => mae ?? 0), average));
  const y = scale(0, ticks.at(-1), area.bottom, area.top);
  const width = (area.right - area.left) / days.length;
  const place = (n) => area.left + n * width;

  drawYAxis(svg, area, ticks, y, "°C");
  const every = area.right - area.left < 420 ? 14 : 7;
  const named = days.map(({ day }, n) => ({ x: place(n + 0.5), text: shortDay(day) }));
  drawXAxis(svg, area, named.filter((_, n) => (days.length - 1 - n) % every === Math.floor(every / 2)), "day");
  days.forEach(({ day, mae }, n) => {
    if (mae === null) return;
    const kind = day === chosen ? "bar bar-chosen" : "bar";
    const bar = make("rect", { class: kind, x: place(n) + width * 0.14, width: width * 0.72, y: y(mae), height: Math.max(area.bottom - y(mae), 1), rx: 2 });
    bar.append(make("title", {}, `${shortDay(day)}: ${degrees(mae, 2)}`));
    svg.append(bar);
  });
  svg.append(make("line", { class: "mean", x1: area.left, x2: area.right, y1: y(average), y2: y(average) }));
  svg.append(make("text", { class: "of-mean", x: area.right, y: 12, "text-anchor": "end" }, `- - all days: ${degrees(average, 2)}`));
}
