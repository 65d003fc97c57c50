// The dashboard: the selection is in the fragment of the URL, so that a day can be shared.

import { ApiError, fetchJson, storeKey } from "./api.js";
import { drawDay, drawWeeks } from "./chart.js";
import { calendar, dayOf, daysUntil, degrees, hour, longDay, mean, moment, number, shiftDay, shortDay, signed } from "./format.js";

const WEEKS_DAYS = 28;
const STEP = 3 * 3_600_000;
const get = (id) => document.getElementById(id);
const selection = { location: "", date: "", tz: "utc" };
let requests = 0;
let redraw = () => {};

function create(name, text, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

function setStatus(text, isNotice = false) {
  get("status").textContent = text;
  get("status").classList.toggle("notice", isNotice);
  get("ways").hidden = !isNotice;
  get("last")?.remove();
}

function fillMetrics(id, figures) {
  get(id).replaceChildren(...figures.map(([name, value]) => create("li", "", create("span", name), create("strong", value))));
}

function fillTable(id, caption, names, rows) {
  const head = create("tr", "", ...names.map((name) => Object.assign(create("th", name), { scope: "col" })));
  const body = rows.map(([first, ...rest]) =>
    create("tr", "", Object.assign(create("th", first), { scope: "row" }), ...rest.map((cell) => create("td", cell))));
  get(id).replaceChildren(create("caption", caption), create("thead", "", head), create("tbody", "", ...body));
}

function fillFacts(title, facts) {
  const pairs = facts.flatMap(([name, value]) => [create("dt", name), create("dd", value)]);
  return create("div", "", create("h3", title), create("dl", "", ...pairs));
}

const isObserved = (step) => step.observed !== null && step.observed !== undefined;

function showDay(day, observed) {
  const observations = new Map(observed.map((step) => [step.time, step.observed]));
  const steps = day.data.map((step) => ({ ...step, observed: observations.get(step.time) ?? null }));
  const zone = day.timezone;
  const place = get("location").selectedOptions[0].textContent;
  const title = `${place}, ${longDay(day.date)}`;
  const level = Math.round(100 * day.forecasts[0].level);
  const known = steps.filter(isObserved);
  const low = Math.min(...steps.map((step) => step.temperature_2m));
  const high = Math.max(...steps.map((step) => step.temperature_2m));
  const errors = known.map((step) => Math.abs(step.temperature_2m - step.observed));
  const sentence = `Predicted between ${degrees(low)} and ${degrees(high)}; `
    + (known.length ? `observed in ${known.length} of ${steps.length} steps, mean absolute error ${degrees(mean(errors), 2)}.` : "not observed yet.");
  get("day-title").textContent = title;
  get("interval-name").textContent = `${level} % interval`;
  fillMetrics("day-figures", [
    ["predicted, lowest", degrees(low)],
    ["predicted, highest", degrees(high)],
    ["steps observed", `${known.length} of ${steps.length}`],
    ["mean absolute error", degrees(mean(errors), 2)],
  ]);
  fillTable("day-table", `${title}; °C, means of 3 hours, ${zone}`, ["From – to", "Predicted", "Lower", "Upper", "Observed", "Error"], steps.map((step) => {
    const start = Date.parse(step.time);
    const error = isObserved(step) ? signed(step.temperature_2m - step.observed) : "–";
    return [`${hour(start, zone)} – ${hour(start + STEP, zone)}`, number(step.temperature_2m), number(step.lower), number(step.upper), number(step.observed), error];
  }));
  setStatus(`${title}. ${sentence}`);
  return () => drawDay(get("day-chart"), steps, zone, title, sentence);
}

const describeGroup = ({ data_age, method }) => `${method === "model" ? "" : `${method}, `}data ${data_age} h old`;

function showWeeks(period) {
  const { scores, timezone } = period;
  const known = period.data.filter(isObserved);
  get("weeks").hidden = false;
  get("weeks").classList.toggle("is-empty", !known.length);
  if (!known.length) return () => {};
  // The metrics are those of one data age and method; the sentence above lists the others.
  const main = scores.by_data_age.reduce((most, group) => (group.count > most.count ? group : most));
  const alike = known.filter((step) => step.data_age === main.data_age && step.method === main.method);
  const inside = alike.filter((step) => step.lower <= step.observed && step.observed <= step.upper);
  const others = scores.by_data_age.filter((group) => group !== main).map((group) =>
    ` ${describeGroup(group)}: mean absolute error ${degrees(group.mae, 2)} over ${group.count} observed steps.`);
  get("weeks-ages").textContent = `Figures: ${describeGroup(main)}, ${main.count} observed steps.${others.join("")}`;
  const errors = Map.groupBy(known, (step) => dayOf(step.time, timezone));
  const days = daysUntil(period.end, WEEKS_DAYS).map((day) => {
    const found = errors.get(day) ?? [];
    const ages = [...new Set(found.map((step) => step.data_age))].join(", ");
    return { day, ages, count: found.length, mae: mean(found.map((step) => Math.abs(step.error))), bias: mean(found.map((step) => step.error)) };
  });
  fillMetrics("weeks-figures", [
    ["mean absolute error", degrees(main.mae, 2)],
    ["root mean square", degrees(main.rmse, 2)],
    ["mean error", `${signed(main.bias)} °C`],
    ["within the interval", `${Math.round((100 * inside.length) / alike.length)} %`],
  ]);
  const rows = days.filter(({ count }) => count).map(({ day, ages, count, mae, bias }) => [shortDay(day), ages, String(count), number(mae, 2), signed(bias)]);
  fillTable("weeks-table", `Errors by day, °C; an error is predicted minus observed; ${timezone}`, ["Day", "Data age (h)", "Steps observed", "Mean absolute error", "Mean error"], rows);
  const title = `Mean absolute error by day, ${shortDay(period.start)} to ${shortDay(period.end)}`;
  const description = `${degrees(main.mae, 2)} over ${main.count} observed steps (${describeGroup(main)}).`;
  return () => drawWeeks(get("weeks-chart"), days, selection.date, main.mae, title, description);
}

const describeModel = (model) => `${model.name}, version ${model.version} (${model.algorithm}), ${model.stage}`;
const describeTraining = (model) => `data from ${calendar(model.train_start, "UTC")} until ${calendar(model.train_end, "UTC")}`;

function describeMethods(steps) {
  const others = steps.filter((step) => step.method !== "model");
  return others.length ? `${others[0].method} in ${others.length} of ${steps.length} steps: its data are too old for them` : "model";
}

function showOrigin(day, models, zone) {
  const columns = [];
  const forecast = day?.forecasts[0];
  if (forecast) {
    columns.push(fillFacts("This forecast", [
      ["model", describeModel(forecast.model)],
      ["issued", moment(forecast.issued_at, zone)],
      ["data until", `${moment(forecast.known_until, zone)}, ${forecast.data_age} h before`],
      ["sources", forecast.sources.join("; ") || "not recorded"],
      ["forecast by", describeMethods(day.data)],
      ["written", moment(forecast.created_at, zone)],
      ["trained on", describeTraining(forecast.model)],
    ]));
  }
  const production = models.find((model) => model.stage === "production" && model.locations.includes(selection.location));
  columns.push(production
    ? fillFacts("The production model", [
      ["model", describeModel(production)],
      ["trained", moment(production.created_at, zone)],
      ["trained on", describeTraining(production)],
      ["approved by", production.approved_by ?? "–"],
    ])
    : create("p", "No model is in production for this location. “kedro model promote” promotes one; /models lists them."));
  get("origins").replaceChildren(...columns);
  get("origin").hidden = false;
}

function requestKey() {
  get("controls").hidden = true;
  get("key-form").hidden = false;
  setStatus(get("key").value ? "The service did not take this key. Check that it is complete, or ask the operator of the service." : "The figures need the key of this service.");
  get("key").focus();
}

// A missing forecast is not an error of the page: show the message and offer the last day.
function explain(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) {
    requestKey();
    return;
  }
  setStatus(error.message, true);
  const last = error.allowed?.match(/\d{4}-\d\d-\d\d$/)?.[0];
  if (!last) return;
  const button = Object.assign(create("button", `Go to ${longDay(last)}`), { id: "last", type: "button" });
  button.addEventListener("click", () => select({ date: last }));
  get("ways").append(button);
}

const orNull = (error) => {
  if (error.status === 404) return null;
  throw error;
};

async function read() {
  const { location, date, tz } = selection;
  const start = shiftDay(date, 1 - WEEKS_DAYS);
  const [day, period, models] = await Promise.all([
    fetchJson("predictions", { location, date, tz }).catch((error) => (error.status === 404 ? error : Promise.reject(error))),
    fetchJson("predictions/observed", { location, start, end: date, tz }).catch(orNull),
    fetchJson("models"),
  ]);
  return { day, period, models: models.data };
}

async function show(mayChangeDay = false) {
  const turn = ++requests;
  get("date").value = selection.date;
  get("location").value = selection.location;
  document.querySelector(`[name=tz][value=${selection.tz}]`).checked = true;
  try {
    const { day, period, models } = await read();
    if (turn !== requests) return;
    const last = mayChangeDay && day instanceof ApiError && day.allowed?.match(/\d{4}-\d\d-\d\d$/)?.[0];
    if (last) return select({ date: last });
    const zone = period?.timezone ?? day.timezone ?? "UTC";
    const isFound = !(day instanceof ApiError);
    get("day").hidden = !isFound;
    get("weeks").hidden = true;
    showOrigin(isFound ? day : null, models, zone);
    const draws = [isFound ? showDay(day, period?.data ?? []) : () => {}, period ? showWeeks(period) : () => {}];
    redraw = () => draws.forEach((draw) => draw());
    redraw();
    if (!isFound) explain(day);
  } catch (error) {
    if (turn !== requests) return;
    for (const id of ["day", "weeks", "origin"]) get(id).hidden = true;
    explain(error);
  }
}

function select(change, mayChangeDay = false) {
  Object.assign(selection, change);
  history.replaceState(null, "", `#${new URLSearchParams(selection)}`);
  return show(mayChangeDay);
}

function readAddress(slugs) {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const date = given.get("date") ?? "";
  return {
    location: slugs.includes(given.get("location")) ? given.get("location") : slugs[0],
    date: Number.isNaN(Date.parse(date)) ? dayOf(Date.now(), "UTC") : date,
    tz: given.get("tz") === "local" ? "local" : "utc",
  };
}

async function begin() {
  setStatus("Reading…");
  get("key-form").hidden = true;
  try {
    const [places, { version }] = await Promise.all([fetchJson("locations", { limit: 10_000 }), fetchJson("version")]);
    get("version").textContent = `Version ${version}.`;
    if (!places.count) throw new ApiError(404, "There is no location and no forecast yet. Run the pipelines (kedro run), then try again.");
    get("location").replaceChildren(...places.data.map((place) => Object.assign(create("option", place.name), { value: place.location })));
    get("controls").hidden = false;
    const slugs = places.data.map((place) => place.location);
    window.onhashchange = () => select(readAddress(slugs));
    await select(readAddress(slugs), !window.location.hash);
  } catch (error) {
    explain(error);
  }
}

const move = (days) => select({ date: shiftDay(selection.date, days) });
get("before").addEventListener("click", () => move(-1));
get("after").addEventListener("click", () => move(1));
get("location").addEventListener("change", (event) => select({ location: event.target.value }));
get("date").addEventListener("change", (event) => event.target.value && select({ date: event.target.value }));
for (const radio of document.querySelectorAll("[name=tz]")) radio.addEventListener("change", () => select({ tz: radio.value }));
get("again").addEventListener("click", () => (selection.date ? show() : begin()));
get("controls").addEventListener("submit", (event) => event.preventDefault());
get("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  storeKey(get("key").value);
  begin();
});
document.addEventListener("keydown", (event) => {
  const days = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isInputKey = event.target.closest("input, select, summary, .scroll") || event.altKey || event.ctrlKey || event.metaKey;
  if (days && selection.date && !isInputKey) move(days);
});
new ResizeObserver(() => redraw()).observe(document.querySelector("main"));
begin();
