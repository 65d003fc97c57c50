// The page: what is chosen is in the address behind #, so that a day can be sent to somebody.

import { Refusal, ask, keepKey } from "./api.js";
import { drawDay, drawWeeks } from "./chart.js";
import { calendar, dayOf, daysUntil, degrees, hour, longDay, mean, moment, number, shiftDay, shortDay, signed } from "./words.js";

const WEEKS_DAYS = 28;
const STEP = 3 * 3_600_000;
const get = (id) => document.getElementById(id);
const chosen = { location: "", date: "", tz: "utc" };
let asked = 0;
let redraw = () => {};

function put(name, text, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

function say(text, isNotice = false) {
  get("status").textContent = text;
  get("status").classList.toggle("notice", isNotice);
  get("ways").hidden = !isNotice;
  get("last")?.remove();
}

function fillFigures(id, figures) {
  get(id).replaceChildren(...figures.map(([name, value]) => put("li", "", put("span", name), put("strong", value))));
}

function fillTable(id, caption, names, rows) {
  const head = put("tr", "", ...names.map((name) => Object.assign(put("th", name), { scope: "col" })));
  const body = rows.map(([first, ...rest]) =>
    put("tr", "", Object.assign(put("th", first), { scope: "row" }), ...rest.map((cell) => put("td", cell))));
  get(id).replaceChildren(put("caption", caption), put("thead", "", head), put("tbody", "", ...body));
}

function fillFacts(title, facts) {
  const pairs = facts.flatMap(([name, value]) => [put("dt", name), put("dd", value)]);
  return put("div", "", put("h3", title), put("dl", "", ...pairs));
}

const isSeen = (step) => step.observed !== null && step.observed !== undefined;

function showDay(day, observed) {
  const seen = new Map(observed.map((step) => [step.time, step.observed]));
  const steps = day.data.map((step) => ({ ...step, observed: seen.get(step.time) ?? null }));
  const zone = day.timezone;
  const place = get("location").selectedOptions[0].textContent;
  const title = `${place}, ${longDay(day.date)}`;
  const level = Math.round(100 * day.forecasts[0].level);
  const known = steps.filter(isSeen);
  const low = Math.min(...steps.map((step) => step.temperature_2m));
  const high = Math.max(...steps.map((step) => step.temperature_2m));
  const errors = known.map((step) => Math.abs(step.temperature_2m - step.observed));
  const sentence = `Predicted between ${degrees(low)} and ${degrees(high)}; `
    + (known.length ? `observed in ${known.length} of ${steps.length} steps, mean absolute error ${degrees(mean(errors), 2)}.` : "not observed yet.");
  get("day-title").textContent = title;
  get("interval-name").textContent = `${level} % interval`;
  fillFigures("day-figures", [
    ["predicted, lowest", degrees(low)],
    ["predicted, highest", degrees(high)],
    ["steps observed", `${known.length} of ${steps.length}`],
    ["mean absolute error", degrees(mean(errors), 2)],
  ]);
  fillTable("day-table", `${title}; °C, means of 3 hours, ${zone}`, ["From – to", "Predicted", "Lower", "Upper", "Observed", "Error"], steps.map((step) => {
    const start = Date.parse(step.time);
    const error = isSeen(step) ? signed(step.temperature_2m - step.observed) : "–";
    return [`${hour(start, zone)} – ${hour(start + STEP, zone)}`, number(step.temperature_2m), number(step.lower), number(step.upper), number(step.observed), error];
  }));
  say(`${title}. ${sentence}`);
  return () => drawDay(get("day-chart"), steps, zone, title, sentence);
}

const nameGroup = ({ data_age, method }) => `${method === "model" ? "" : `${method}, `}data ${data_age} h old`;

function showWeeks(period) {
  const { scores, timezone } = period;
  const known = period.data.filter(isSeen);
  get("weeks").hidden = false;
  get("weeks").classList.toggle("is-empty", !known.length);
  if (!known.length) return () => {};
  // The figures are those of one data age and method; the sentence above them names the others.
  const main = scores.by_data_age.reduce((most, group) => (group.count > most.count ? group : most));
  const alike = known.filter((step) => step.data_age === main.data_age && step.method === main.method);
  const inside = alike.filter((step) => step.lower <= step.observed && step.observed <= step.upper);
  const others = scores.by_data_age.filter((group) => group !== main).map((group) =>
    ` ${nameGroup(group)}: mean absolute error ${degrees(group.mae, 2)} over ${group.count} observed steps.`);
  get("weeks-ages").textContent = `Figures: ${nameGroup(main)}, ${main.count} observed steps.${others.join("")}`;
  const errors = Map.groupBy(known, (step) => dayOf(step.time, timezone));
  const days = daysUntil(period.end, WEEKS_DAYS).map((day) => {
    const found = errors.get(day) ?? [];
    const ages = [...new Set(found.map((step) => step.data_age))].join(", ");
    return { day, ages, count: found.length, mae: mean(found.map((step) => Math.abs(step.error))), bias: mean(found.map((step) => step.error)) };
  });
  fillFigures("weeks-figures", [
    ["mean absolute error", degrees(main.mae, 2)],
    ["root mean square", degrees(main.rmse, 2)],
    ["mean error", `${signed(main.bias)} °C`],
    ["within the interval", `${Math.round((100 * inside.length) / alike.length)} %`],
  ]);
  const rows = days.filter(({ count }) => count).map(({ day, ages, count, mae, bias }) => [shortDay(day), ages, String(count), number(mae, 2), signed(bias)]);
  fillTable("weeks-table", `Errors by day, °C; an error is predicted minus observed; ${timezone}`, ["Day", "Data age (h)", "Steps observed", "Mean absolute error", "Mean error"], rows);
  const title = `Mean absolute error by day, ${shortDay(period.start)} to ${shortDay(period.end)}`;
  const description = `${degrees(main.mae, 2)} over ${main.count} observed steps (${nameGroup(main)}).`;
  return () => drawWeeks(get("weeks-chart"), days, chosen.date, main.mae, title, description);
}

const nameModel = (model) => `${model.name}, version ${model.version} (${model.algorithm}), ${model.stage}`;
const nameTraining = (model) => `data from ${calendar(model.train_start, "UTC")} until ${calendar(model.train_end, "UTC")}`;

function nameMethods(steps) {
  const others = steps.filter((step) => step.method !== "model");
  return others.length ? `${others[0].method} in ${others.length} of ${steps.length} steps: the model cannot reach them from its data` : "model";
}

function showOrigin(day, models, zone) {
  const columns = [];
  const forecast = day?.forecasts[0];
  if (forecast) {
    columns.push(fillFacts("This forecast", [
      ["model", nameModel(forecast.model)],
      ["issued", moment(forecast.issued_at, zone)],
      ["data until", `${moment(forecast.known_until, zone)}, ${forecast.data_age} h before`],
      ["forecast by", nameMethods(day.data)],
      ["written", moment(forecast.created_at, zone)],
      ["trained on", nameTraining(forecast.model)],
    ]));
  }
  const live = models.find((model) => model.stage === "production" && model.locations.includes(chosen.location));
  columns.push(live
    ? fillFacts("The model that is live here", [
      ["model", nameModel(live)],
      ["trained", moment(live.created_at, zone)],
      ["trained on", nameTraining(live)],
      ["approved by", live.approved_by ?? "–"],
    ])
    : put("p", "No model is in production for this location. “kedro model promote” puts one there; /models lists those that there are."));
  get("origins").replaceChildren(...columns);
  get("origin").hidden = false;
}

function askForKey() {
  get("controls").hidden = true;
  get("key-form").hidden = false;
  say(get("key").value ? "The service did not take this key. Look whether it is whole, or ask who runs the service." : "The figures need the key of this service.");
  get("key").focus();
}

// What is not there is no failure of the page: it is said, and the last day there is offered.
function explain(error) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) {
    askForKey();
    return;
  }
  say(error.message, true);
  const last = error.allowed?.match(/\d{4}-\d\d-\d\d$/)?.[0];
  if (!last) return;
  const button = Object.assign(put("button", `Go to ${longDay(last)}`), { id: "last", type: "button" });
  button.addEventListener("click", () => choose({ date: last }));
  get("ways").append(button);
}

const orNothing = (error) => {
  if (error.status === 404) return null;
  throw error;
};

async function read() {
  const { location, date, tz } = chosen;
  const start = shiftDay(date, 1 - WEEKS_DAYS);
  const [day, period, models] = await Promise.all([
    ask("predictions", { location, date, tz }).catch((error) => (error.status === 404 ? error : Promise.reject(error))),
    ask("predictions/observed", { location, start, end: date, tz }).catch(orNothing),
    ask("models"),
  ]);
  return { day, period, models: models.data };
}

async function show(mayMove = false) {
  const turn = ++asked;
  get("date").value = chosen.date;
  get("location").value = chosen.location;
  document.querySelector(`[name=tz][value=${chosen.tz}]`).checked = true;
  try {
    const { day, period, models } = await read();
    if (turn !== asked) return;
    const last = mayMove && day instanceof Refusal && day.allowed?.match(/\d{4}-\d\d-\d\d$/)?.[0];
    if (last) return choose({ date: last });
    const zone = period?.timezone ?? day.timezone ?? "UTC";
    const isThere = !(day instanceof Refusal);
    get("day").hidden = !isThere;
    get("weeks").hidden = true;
    showOrigin(isThere ? day : null, models, zone);
    const draws = [isThere ? showDay(day, period?.data ?? []) : () => {}, period ? showWeeks(period) : () => {}];
    redraw = () => draws.forEach((draw) => draw());
    redraw();
    if (!isThere) explain(day);
  } catch (error) {
    if (turn !== asked) return;
    for (const id of ["day", "weeks", "origin"]) get(id).hidden = true;
    explain(error);
  }
}

function choose(change, mayMove = false) {
  Object.assign(chosen, change);
  history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
  return show(mayMove);
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
  say("Reading…");
  get("key-form").hidden = true;
  try {
    const [places, { version }] = await Promise.all([ask("locations", { limit: 10_000 }), ask("version")]);
    get("version").textContent = `Version ${version}.`;
    if (!places.count) throw new Refusal(404, "There is no location and no forecast yet. Run the pipelines (kedro run), then try again.");
    get("location").replaceChildren(...places.data.map((place) => Object.assign(put("option", place.name), { value: place.location })));
    get("controls").hidden = false;
    const slugs = places.data.map((place) => place.location);
    window.onhashchange = () => choose(readAddress(slugs));
    await choose(readAddress(slugs), !window.location.hash);
  } catch (error) {
    explain(error);
  }
}

const move = (days) => choose({ date: shiftDay(chosen.date, days) });
get("before").addEventListener("click", () => move(-1));
get("after").addEventListener("click", () => move(1));
get("location").addEventListener("change", (event) => choose({ location: event.target.value }));
get("date").addEventListener("change", (event) => event.target.value && choose({ date: event.target.value }));
for (const radio of document.querySelectorAll("[name=tz]")) radio.addEventListener("change", () => choose({ tz: radio.value }));
get("again").addEventListener("click", () => (chosen.date ? show() : begin()));
get("controls").addEventListener("submit", (event) => event.preventDefault());
get("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepKey(get("key").value);
  begin();
});
document.addEventListener("keydown", (event) => {
  const days = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isTaken = event.target.closest("input, select, summary, .scroll") || event.altKey || event.ctrlKey || event.metaKey;
  if (days && chosen.date && !isTaken) move(days);
});
new ResizeObserver(() => redraw()).observe(document.querySelector("main"));
begin();
