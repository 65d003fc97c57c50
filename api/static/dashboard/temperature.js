// The view of temperatures: a week of forecasts and observations, today and tomorrow, and the errors.

import { ApiError, downloadCsv, fetchJson } from "./api.js";
import { STEP, drawDailyErrors, drawForecast, drawLeadErrors } from "./chart.js";
import { create, createFacts, fillMetrics, fillTable, get, setStatus } from "./elements.js";
import { calendar, dayOf, daysAround, degrees, hour, isKnown, longDay, mean, moment, number, percent, shiftDay, shortDay, signed } from "./format.js";

export const extraLines = ["nwp_mean", "seasonal_naive", "climatology"];
const DAYS_BEFORE = 7;
const ERROR_DAYS = 28;
const BASELINES = { skill_day: "seasonal naive", skill_climatology: "climatology", skill_persistence: "persistence" };
const isObserved = (step) => isKnown(step.observed);
const errorOf = (step) => step.temperature_2m - step.observed;

// What the last observed day says of each step: the same hour of the day, as it was when issued.
function addSeasonalNaive(steps) {
  const observed = new Map(steps.filter(isObserved).map((step) => [Date.parse(step.time), step.observed]));
  const day = 24 * 3_600_000;
  return steps.map((step) => {
    const start = Date.parse(step.time);
    const known = Date.parse(step.issued_at) - step.data_age * 3_600_000;
    const back = Math.max(Math.ceil((start + STEP - known) / day), 1);
    return { ...step, seasonal_naive: observed.get(start - back * day) ?? null };
  });
}

function summarizeDay(steps) {
  const temperatures = steps.map((step) => step.temperature_2m);
  const known = steps.filter(isObserved);
  return { low: Math.min(...temperatures), high: Math.max(...temperatures), known: known.length, count: steps.length, mae: mean(known.map((step) => Math.abs(errorOf(step)))) };
}

const showRange = (day) => (day ? `${number(day.low)} to ${degrees(day.high)}` : "no forecast");

function showForecast(place, day, steps, lines) {
  const zone = day.timezone;
  const byDay = Map.groupBy(steps, (step) => dayOf(step.time, zone));
  const shown = daysAround(day.date, DAYS_BEFORE, 1).flatMap((each) => byDay.get(each) ?? []);
  const [today, tomorrow] = [day.date, shiftDay(day.date, 1)].map((each) => byDay.get(each)).map((found) => found && summarizeDay(found));
  const title = `${place.name}, ${longDay(day.date)}`;
  const sentence = `Predicted between ${degrees(today.low)} and ${degrees(today.high)}; `
    + (today.known ? `observed in ${today.known} of ${today.count} steps, mean absolute error ${degrees(today.mae, 2)}.` : "not observed yet.");
  const past = shown.filter((step) => dayOf(step.time, zone) < day.date && isObserved(step));
  get("forecast-title").textContent = title;
  get("interval-name").textContent = `${percent(day.forecasts[0].level)} interval`;
  fillMetrics("forecast-metrics", [
    ["this day", showRange(today)],
    ["the day after", showRange(tomorrow)],
    ["steps observed", `${today.known} of ${today.count}`],
    ["mean absolute error, 7 days before", degrees(mean(past.map((step) => Math.abs(errorOf(step)))), 2)],
  ]);
  const columns = ["From – to", "Predicted", "Lower", "Upper", "Observed", "Error"];
  fillTable("forecast-table", `${place.name}; °C, means of 3 hours, ${zone}`, ["Day", ...columns], shown.map((step) => {
    const start = Date.parse(step.time);
    const cells = [step.temperature_2m, step.lower, step.upper, step.observed].map((value) => number(value));
    return [shortDay(dayOf(start, zone)), `${hour(start, zone)} – ${hour(start + STEP, zone)}`, ...cells, isObserved(step) ? signed(errorOf(step)) : "–"];
  }));
  const hindcasts = new Set(shown.filter((step) => step.hindcast).map((step) => dayOf(step.time, zone)));
  get("hindcasts").textContent = hindcasts.size ? `Hindcasts (made afterwards, by a model that had not seen these days): ${hindcasts.size} of the days shown.` : "";
  setStatus(`${title}. ${sentence}`);
  return () => drawForecast(get("forecast-chart"), { steps: shown, chosen: day.date, zone, title: `${title}: the week before, this day and the next`, description: sentence, extra: lines });
}

const describeGroup = ({ data_age, method }) => `${method === "model" ? "" : `${method}, `}data ${data_age} h old`;

function showDailyErrors(period, last) {
  const { scores, timezone } = period;
  const known = period.data.filter(isObserved);
  get("daily").hidden = false;
  get("daily").classList.toggle("is-empty", !known.length);
  if (!known.length) return () => {};
  // The metrics are those of one data age and method; the sentence above lists the others.
  const main = scores.by_data_age.reduce((most, group) => (group.count > most.count ? group : most));
  const alike = known.filter((step) => step.data_age === main.data_age && step.method === main.method);
  const inside = alike.filter((step) => step.lower <= step.observed && step.observed <= step.upper);
  const others = scores.by_data_age.filter((group) => group !== main).map((group) =>
    ` ${describeGroup(group)}: mean absolute error ${degrees(group.mae, 2)} over ${group.count} observed steps.`);
  get("daily-ages").textContent = `Figures: ${describeGroup(main)}, ${main.count} observed steps.${others.join("")}`;
  const errors = Map.groupBy(known, (step) => dayOf(step.time, timezone));
  const days = daysAround(last, ERROR_DAYS - 1, 0).map((day) => {
    const found = errors.get(day) ?? [];
    const ages = [...new Set(found.map((step) => step.data_age))].join(", ");
    return { day, ages, count: found.length, mae: mean(found.map((step) => Math.abs(step.error))), bias: mean(found.map((step) => step.error)) };
  });
  fillMetrics("daily-metrics", [
    ["mean absolute error", degrees(main.mae, 2)],
    ["root mean square error", degrees(main.rmse, 2)],
    ["mean error", `${signed(main.bias, 2)} °C`],
    ["within the interval", percent(inside.length / alike.length)],
  ]);
  const rows = days.filter(({ count }) => count).map(({ day, ages, count, mae, bias }) => [shortDay(day), ages, String(count), number(mae, 2), signed(bias, 2)]);
  fillTable("daily-table", `Errors by day, °C; an error is predicted minus observed; ${timezone}`, ["Day", "Data age (h)", "Steps observed", "Mean absolute error", "Mean error"], rows);
  const title = `Mean absolute error by day, ${shortDay(days[0].day)} to ${shortDay(last)}`;
  const description = `${degrees(main.mae, 2)} over ${main.count} observed steps (${describeGroup(main)}).`;
  return () => drawDailyErrors(get("daily-chart"), { days, chosen: last, average: main.mae, title, description });
}

const baselineRmse = (row, skill) => (isKnown(row[skill]) && row[skill] < 1 ? row.rmse / (1 - row[skill]) : null);
const LEAD_NAMES = { "1-8": "today", "9-16": "tomorrow", all: "all leads" };

// Scores of the last 30 days: by lead at the data age of most steps, and by data age.
function showScores(scores) {
  get("scores").hidden = !scores.length;
  if (!scores.length) return () => {};
  const window = scores.some((row) => row.window === "30d") ? "30d" : scores[0].window;
  const rows = scores.filter((row) => row.window === window && row.model_id === scores[0].model_id);
  const names = Object.keys(LEAD_NAMES);
  const ranges = rows.filter((row) => row.lead in LEAD_NAMES).sort((a, b) => names.indexOf(a.lead) - names.indexOf(b.lead) || a.data_age - b.data_age);
  const main = ranges.reduce((most, row) => (row.lead === "1-8" && row.count > most.count ? row : most), ranges[0]);
  const byLead = rows.filter((row) => row.data_age === main.data_age && !(row.lead in LEAD_NAMES));
  const lines = [{ kind: "predicted", name: main.name, values: byLead.map((row) => [Number(row.lead), row.rmse]) }];
  for (const [skill, name] of Object.entries(BASELINES)) {
    const values = byLead.map((row) => [Number(row.lead), baselineRmse(row, skill)]).filter(([, value]) => value !== null);
    if (values.length) lines.push({ kind: skill, name, values });
  }
  get("scores-caption").textContent = `Root mean square error by lead, data ${main.data_age} h old, ${main.days} days until ${calendar(Date.parse(main.window_end) - 1, "UTC")}`;
  const columns = ["Leads", "Data age (h)", "Days", "RMSE (°C)", ...Object.values(BASELINES).map((name) => `${name} (°C)`), "Mean error (°C)", "Within the interval"];
  fillTable("scores-table", `${main.name}, version ${main.version}: errors of issued forecasts and of the baselines on the same steps`, columns, ranges.map((row) => [
    LEAD_NAMES[row.lead], String(row.data_age), String(row.days), number(row.rmse, 2),
    ...Object.keys(BASELINES).map((skill) => number(baselineRmse(row, skill), 2)), signed(row.bias, 2), percent(row.coverage),
  ]));
  const description = `${main.name}: ${degrees(main.rmse, 2)} over leads ${main.lead}.`;
  get("scores-chart").replaceChildren();
  return () => byLead.length && drawLeadErrors(get("scores-chart"), { lines, title: get("scores-caption").textContent, description });
}

const describeModel = (model) => `${model.name}, version ${model.version} (${model.algorithm}), ${model.stage}`;
const describeTraining = (model) => `data from ${calendar(model.train_start, "UTC")} until ${calendar(model.train_end, "UTC")}`;

function describeMethods(steps) {
  const others = steps.filter((step) => step.method !== "model");
  return others.length ? `${others[0].method} in ${others.length} of ${steps.length} steps: its data are too old for them` : "model";
}

function showProvenance(day) {
  const [forecast] = day.forecasts;
  const zone = day.timezone;
  get("provenance-facts").replaceChildren(
    createFacts("Data", [
      ["issued", moment(forecast.issued_at, zone) + (forecast.hindcast ? " (hindcast: made afterwards)" : "")],
      ["data until", `${moment(forecast.known_until, zone)}, ${forecast.data_age} h before`],
      ["sources", forecast.sources.join("; ") || "not recorded"],
      ["written", moment(forecast.created_at, zone)],
    ]),
    createFacts("Model", [
      ["model", describeModel(forecast.model)],
      ["trained on", describeTraining(forecast.model)],
      ["forecast by", describeMethods(day.data)],
    ]),
  );
}

const unlessNotFound = (error) => {
  if (error.status === 404) return error;
  throw error;
};
const nullIfNotFound = (error) => (unlessNotFound(error), null);
const lastDay = (error) => error.allowed?.match(/\d{4}-\d\d-\d\d$/)?.[0];

// Today if it has a forecast, otherwise the day on which the last forecast was issued.
export async function findDay(location, tz) {
  const date = dayOf(Date.now(), "UTC");
  const found = await fetchJson("predictions", { location, date, tz }).catch(unlessNotFound);
  const last = found instanceof ApiError && lastDay(found);
  if (!last) return date;
  const { forecasts, timezone } = await fetchJson("predictions", { location, date: last, tz });
  const issued = dayOf(forecasts[0].issued_at, timezone);
  return issued < last ? issued : last;
}

export const readScores = (location) => fetchJson("scores", { location }).then(({ data }) => data, (error) => nullIfNotFound(error) ?? []);

// Read and show a day; returns the function that draws its charts.
export async function showTemperature({ place, date, tz, lines, scores, isCurrent, select }) {
  const { location } = place;
  const periodOf = (days) => ({ location, start: shiftDay(date, 1 - days), end: shiftDay(date, 1), tz });
  const [day, period] = await Promise.all([
    fetchJson("predictions", { location, date, tz }).catch(unlessNotFound),
    fetchJson("predictions/observed", periodOf(ERROR_DAYS)).catch(nullIfNotFound),
  ]);
  if (!isCurrent()) return null;
  const isFound = !(day instanceof ApiError);
  for (const id of ["forecast", "provenance"]) get(id).hidden = !isFound;
  get("daily").hidden = true;
  get("forecast-csv").onclick = () => downloadCsv("predictions/observed", periodOf(DAYS_BEFORE + 1), `${location}-${date}.csv`).catch((error) => setStatus(error.message, true));
  const draws = [showScores(scores)];
  if (isFound) draws.push(showForecast(place, day, addSeasonalNaive(period?.data ?? []), lines));
  if (isFound) showProvenance(day);
  if (period) draws.push(showDailyErrors(period, date));
  if (!isFound) offerLastDay(day, select);
  return () => draws.forEach((draw) => draw());
}

// A missing forecast is not an error of the page: show the message and offer the last day.
function offerLastDay(error, select) {
  setStatus(error.message, true);
  const last = lastDay(error);
  if (!last) return;
  const button = Object.assign(create("button", `Go to ${longDay(last)}`), { id: "last", type: "button" });
  button.addEventListener("click", () => select({ date: last }));
  get("retry-line").append(button);
}
