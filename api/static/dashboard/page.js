// The dashboard: the selection is in the fragment of the URL, so that a view can be shared.

import { ApiError, fetchJson, storeKey } from "./api.js";
import { showClasses } from "./classes.js";
import { create, get, setStatus } from "./elements.js";
import { shiftDay } from "./format.js";
import { extraLines, findDay, readScores, showTemperature } from "./temperature.js";

const FOUND_PLACES = 20;
const CLASSES = {
  photos: { view: "Photos", path: "images/predictions", items: "photos" },
  reviews: { view: "Reviews", path: "texts/predictions", items: "reviews" },
};
const VIEWS = ["temperature", ...Object.keys(CLASSES)];
const selection = { view: "temperature", location: "", date: "", tz: "utc", lines: "", model: "" };
let place = null;
let scores = [];
let turn = 0;
let redraw = () => {};

function requestKey() {
  for (const id of ["controls", "choice", "views"]) get(id).hidden = true;
  get("key-form").hidden = false;
  setStatus(get("key").value ? "The service did not take this key. Check that it is complete, or ask the operator of the service." : "The figures need the key of this service.");
  get("key").focus();
}

function explain(error) {
  if (!(error instanceof ApiError)) throw error;
  for (const section of document.querySelectorAll("main > section")) section.hidden = true;
  if (error.status === 401) requestKey();
  else setStatus(error.message, true);
}

const writeAddress = () => history.replaceState(null, "", `#${new URLSearchParams(Object.entries(selection).filter(([, value]) => value))}`);

function fillControls() {
  get("controls").hidden = selection.view !== "temperature" || !place;
  if (place) get("location").value = place.name;
  get("date").value = selection.date;
  document.querySelector(`[name=tz][value=${selection.tz}]`).checked = true;
  for (const name of extraLines) get(name).checked = selection.lines.split(",").includes(name);
  // The models of another view, until those of this one are read.
  if (!get(`view-${selection.view}`).hasAttribute("aria-current")) get("choice").hidden = true;
  for (const view of VIEWS) {
    if (view === selection.view) get(`view-${view}`).setAttribute("aria-current", "page");
    else get(`view-${view}`).removeAttribute("aria-current");
  }
}

const search = async (text) => (await fetchJson("locations", { limit: FOUND_PLACES, ...(text && { search: text }) })).data;

async function choosePlace(isCurrent) {
  const slug = selection.location;
  if (place && place.location === slug) return;
  const found = await search(slug);
  const chosen = slug ? found.find((each) => each.location === slug) : found[0];
  if (!chosen && slug) get("controls").hidden = false;
  if (!chosen) throw new ApiError(404, slug ? `There is no location ${slug}. Choose another one.` : "There is no location and no forecast yet. Run the pipelines (kedro run), then try again.");
  const read = await readScores(chosen.location);
  if (isCurrent()) [place, scores, selection.location] = [chosen, read, chosen.location];
}

async function show() {
  const current = ++turn;
  const isCurrent = () => current === turn;
  const sections = selection.view === "temperature" ? ["classes", "choice"] : ["forecast", "scores", "daily", "provenance", "classes"];
  for (const id of sections) get(id).hidden = true;
  try {
    let draw;
    if (selection.view === "temperature") {
      await choosePlace(isCurrent);
      if (!isCurrent()) return;
      if (!selection.date) selection.date = await findDay(place.location, selection.tz);
      if (!isCurrent()) return;
      fillControls();
      const lines = selection.lines.split(",").filter((name) => extraLines.includes(name));
      draw = await showTemperature({ ...selection, place, scores, lines, isCurrent, select });
    } else {
      fillControls();
      draw = await showClasses({ ...CLASSES[selection.view], chosen: selection.model, isCurrent });
    }
    if (!draw) return;
    writeAddress();
    redraw = draw;
    redraw();
  } catch (error) {
    if (isCurrent()) explain(error);
  }
}

function select(change) {
  Object.assign(selection, change);
  writeAddress();
  return show();
}

function readAddress() {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const date = given.get("date") ?? "";
  return {
    view: VIEWS.includes(given.get("view")) ? given.get("view") : "temperature",
    location: given.get("location") ?? selection.location,
    date: Number.isNaN(Date.parse(date)) ? selection.date : date,
    tz: given.get("tz") === "local" ? "local" : "utc",
    lines: given.get("lines") ?? "",
    model: given.get("model") ?? "",
  };
}

async function begin() {
  setStatus("Reading…");
  get("key-form").hidden = true;
  get("views").hidden = false;
  try {
    get("version").textContent = `Version ${(await fetchJson("version")).version}.`;
    Object.assign(selection, readAddress());
    await show();
  } catch (error) {
    explain(error);
  }
}

// The list of places is the server's answer to what was typed, however many there are.
let found = [];
async function suggest() {
  found = await search(get("location").value.trim()).catch(() => []);
  get("places").replaceChildren(...found.map((each) => Object.assign(create("option", each.location), { value: each.name })));
}

function takePlace() {
  const text = get("location").value.trim().toLowerCase();
  const chosen = found.find((each) => [each.name.toLowerCase(), each.location].includes(text)) ?? (text && found[0]);
  if (chosen) select({ location: chosen.location });
  else get("location").value = place?.name ?? "";
}

const move = (days) => select({ date: shiftDay(selection.date, days) });
get("before").addEventListener("click", () => move(-1));
get("after").addEventListener("click", () => move(1));
get("location").addEventListener("focus", (event) => { event.target.select(); suggest(); });
get("location").addEventListener("input", suggest);
get("location").addEventListener("change", async () => { await suggest(); takePlace(); });
get("date").addEventListener("change", (event) => event.target.value && select({ date: event.target.value }));
for (const radio of document.querySelectorAll("[name=tz]")) radio.addEventListener("change", () => select({ tz: radio.value }));
for (const name of extraLines) get(name).addEventListener("change", () => select({ lines: extraLines.filter((each) => get(each).checked).join(",") }));
for (const view of VIEWS) get(`view-${view}`).addEventListener("click", (event) => { event.preventDefault(); select({ view, model: "" }); });
get("model").addEventListener("change", (event) => select({ model: event.target.value }));
get("again").addEventListener("click", () => (place ? show() : begin()));
get("controls").addEventListener("submit", (event) => event.preventDefault());
get("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  storeKey(get("key").value);
  begin();
});
document.addEventListener("keydown", (event) => {
  const days = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isInputKey = event.target.closest("input, select, summary, .scroll") || event.altKey || event.ctrlKey || event.metaKey;
  if (days && selection.date && selection.view === "temperature" && !isInputKey) move(days);
});
// A link to #status would replace the selection in the fragment.
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); get("status").focus(); });
window.addEventListener("hashchange", () => select(readAddress()));
new ResizeObserver(() => redraw()).observe(document.querySelector("main"));
begin();
