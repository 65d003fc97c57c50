// The charts, as SVG of the available width.

import { dayOf, degrees, hour, isKnown, number, shortDay, weekday } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
export const STEP = 3 * 3_600_000;
const EDGE = { top: 28, right: 20, bottom: 40, left: 44 };
const NARROW = 420;

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
  const ids = [`${box.id}-title`, `${box.id}-desc`];
  svg.setAttribute("aria-labelledby", ids.join(" "));
  svg.append(make("title", { id: ids[0] }, title), make("desc", { id: ids[1] }, description));
  box.replaceChildren(svg);
  const area = { left: EDGE.left, right: width - EDGE.right, top: EDGE.top, bottom: height - EDGE.bottom };
  return { svg, area, isNarrow: area.right - area.left < NARROW };
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

function drawYAxis(svg, area, values, low = Math.min(...values)) {
  const ticks = findTicks(low, Math.max(...values));
  const y = scale(ticks[0], ticks.at(-1), area.bottom, area.top);
  const digits = ticks.every(Number.isInteger) ? 0 : 1;
  for (const tick of ticks) {
    svg.append(make("line", { class: "grid", x1: area.left, x2: area.right, y1: y(tick), y2: y(tick) }));
    svg.append(make("text", { x: area.left - 8, y: y(tick) + 4, "text-anchor": "end" }, number(tick, digits)));
  }
  svg.append(make("text", { x: 12, y: 12 }, "°C"));
  return y;
}

function drawXAxis(svg, area, labels, name) {
  svg.append(make("line", { class: "axis", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom }));
  for (const { x, text, kind = "" } of labels) svg.append(make("text", { class: kind, x, y: area.bottom + 18, "text-anchor": "middle" }, text));
  svg.append(make("text", { x: area.right, y: area.bottom + 35, "text-anchor": "end" }, name));
}

const join = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

// Runs of values without a gap: a line must not cross a day that has no forecast.
function splitRuns(points) {
  const runs = [];
  points.forEach((point, n) => {
    if (!n || point.start - points[n - 1].start > STEP) runs.push([]);
    runs.at(-1).push(point);
  });
  return runs;
}

// Forecasts and observations of some days. A value is a mean of three hours, shown in their middle.
export function drawForecast(box, { steps, chosen, zone, title, description, extra }) {
  const { svg, area, isNarrow } = begin(box, 340, title, description);
  const points = steps.map((step) => ({ ...step, start: Date.parse(step.time) }));
  const end = points.at(-1).start + STEP;
  const x = scale(points[0].start, end, area.left, area.right);
  const names = ["lower", "upper", "observed", ...extra];
  const y = drawYAxis(svg, area, points.flatMap((point) => names.map((name) => point[name])).filter(isKnown));
  const middle = (point) => x(point.start + STEP / 2);
  const drawLine = (name, kind) => splitRuns(points.filter((point) => isKnown(point[name]))).forEach((run) =>
    svg.append(make("polyline", { class: kind, points: join(run.map((point) => [middle(point), y(point[name])])) })));

  const days = Map.groupBy(points, (point) => dayOf(point.start, zone));
  const labels = [...days].map(([day, found]) => {
    const [left, right] = [x(found[0].start), x(found.at(-1).start + STEP)];
    if (day === chosen) svg.append(make("rect", { class: "today", x: left, width: right - left, y: area.top, height: area.bottom - area.top }));
    svg.append(make("line", { class: "grid", x1: left, x2: left, y1: area.top, y2: area.bottom }));
    return { x: (left + right) / 2, text: isNarrow ? String(Number(day.slice(8))) : weekday(day), kind: day === chosen ? "is-chosen" : "" };
  });
  drawXAxis(svg, area, labels, zone === "UTC" ? "day, UTC" : `day, local time (${zone})`);
  for (const run of splitRuns(points)) {
    const edge = (name) => run.map((point) => [middle(point), y(point[name])]);
    svg.append(make("polygon", { class: "interval", points: join([...edge("upper"), ...edge("lower").reverse()]) }));
  }
  for (const name of extra) drawLine(name, `extra ${name}`);
  drawLine("temperature_2m", "predicted");
  drawLine("observed", "observed");
  for (const point of points) {
    if (isKnown(point.observed)) svg.append(make("circle", { class: "dot-observed", cx: middle(point), cy: y(point.observed), r: isNarrow ? 2 : 3 }));
    const words = [
      `${shortDay(dayOf(point.start, zone))}, ${hour(point.start, zone)}–${hour(point.start + STEP, zone)}`,
      `predicted ${degrees(point.temperature_2m)} (${number(point.lower)} to ${degrees(point.upper)})`,
      `observed ${degrees(point.observed)}`,
    ];
    const column = make("rect", { class: "hover", x: x(point.start), width: x(end) - x(end - STEP), y: area.top, height: area.bottom - area.top });
    column.append(make("title", {}, words.join("\n")));
    svg.append(column);
  }
}

// The mean absolute error of each day; no bar without forecast and observation.
export function drawDailyErrors(box, { days, chosen, average, title, description }) {
  const { svg, area, isNarrow } = begin(box, 220, title, description);
  const y = drawYAxis(svg, area, [...days.map(({ mae }) => mae ?? 0), average], 0);
  const width = (area.right - area.left) / days.length;
  const every = isNarrow ? 14 : 7;
  const labels = days.map(({ day }, n) => ({ x: area.left + (n + 0.5) * width, text: shortDay(day) }));
  drawXAxis(svg, area, labels.filter((_, n) => (days.length - 1 - n) % every === Math.floor(every / 2)), "day");
  days.forEach(({ day, mae }, n) => {
    if (mae === null) return;
    const bar = make("rect", { class: day === chosen ? "bar is-chosen" : "bar", x: area.left + (n + 0.14) * width, width: width * 0.72, y: y(mae), height: Math.max(area.bottom - y(mae), 1), rx: 2 });
    bar.append(make("title", {}, `${shortDay(day)}: ${degrees(mae, 2)}`));
    svg.append(bar);
  });
  svg.append(make("line", { class: "mean", x1: area.left, x2: area.right, y1: y(average), y2: y(average) }));
  svg.append(make("text", { class: "of-mean", x: area.right, y: 12, "text-anchor": "end" }, `- - all days: ${degrees(average, 2)}`));
}

// Errors by lead: a line for the model and one for each baseline.
export function drawLeadErrors(box, { lines, title, description }) {
  const { svg, area } = begin(box, 240, title, description);
  const found = lines.flatMap(({ values }) => values);
  const last = Math.max(...found.map(([lead]) => lead));
  const x = scale(0, 3 * last, area.left, area.right);
  const y = drawYAxis(svg, area, found.map(([, value]) => value), 0);
  const hours = Array.from({ length: Math.floor((3 * last) / 12) + 1 }, (_, half) => 12 * half);
  drawXAxis(svg, area, hours.map((each) => ({ x: x(each), text: String(each) })), "hours from issue to the end of the step");
  for (const { kind, name, values } of lines) {
    svg.append(make("polyline", { class: kind, points: join(values.map(([lead, value]) => [x(3 * lead), y(value)])) }));
    for (const [lead, value] of values) {
      const dot = make("circle", { class: `dot ${kind}`, cx: x(3 * lead), cy: y(value), r: 3 });
      dot.append(make("title", {}, `${name}, ${3 * lead} h: ${degrees(value, 2)}`));
      svg.append(dot);
    }
  }
}
