// The views of photos and reviews: accuracy, confusion matrix, and the errors of the model in production.

import { downloadCsv, fetchJson } from "./api.js";
import { create, fillMetrics, fillTable, get, setStatus } from "./elements.js";
import { percent } from "./format.js";

const LIMIT = 10_000;
const SHOWN_ERRORS = 50;

function fillConfusion(items, classes) {
  const head = ["true class", ...classes.map((name) => `predicted ${name}`), "recall"];
  const rows = classes.map((truth) => {
    const found = items.filter((item) => item.true_label === truth);
    const counts = classes.map((label) => found.filter((item) => item.label === label).length);
    return { truth, counts, recall: found.length ? counts[classes.indexOf(truth)] / found.length : null, total: found.length };
  });
  const precision = classes.map((label, n) => {
    const predicted = rows.reduce((sum, { counts }) => sum + counts[n], 0);
    return predicted ? rows[n].counts[n] / predicted : null;
  });
  const body = rows.map(({ truth, counts, recall }) => [truth, ...counts.map(String), percent(recall)]);
  fillTable("confusion", "Counts by true and predicted class", head, [...body, ["precision", ...precision.map(percent), ""]]);
  // Colours of at most 40 %, on which the counts stay legible.
  rows.forEach(({ counts, total }, row) => counts.forEach((count, column) => {
    const cell = get("confusion").tBodies[0].rows[row].cells[column + 1];
    cell.classList.add(row === column ? "is-right" : "is-wrong");
    cell.style.setProperty("--share", `${total ? Math.round((40 * count) / total) : 0}%`);
  }));
}

function fillModels(models, name) {
  get("choice").hidden = models.length < 2;
  get("model").replaceChildren(...models.map((each) => new Option(`${each.name}, version ${each.version}`, each.name)));
  get("model").value = name;
}

// Read and show the predictions of a model in production, the first by default; nothing is drawn again on resize.
export async function showClasses({ view, path, items: noun, chosen, isCurrent }) {
  const { models } = await fetchJson(path, { limit: 1 });
  if (!isCurrent()) return null;
  const name = chosen || models[0].name;
  fillModels(models, name);
  const page = await fetchJson(path, { limit: LIMIT, model: name });
  for (let { next } = page; next;) {
    const more = await fetchJson(next.slice(1));
    page.data.push(...more.data);
    next = more.next;
  }
  if (!isCurrent()) return null;
  const [model] = page.models;
  const [split] = Object.keys(model.metrics);
  const items = page.data.filter((item) => item.split === split && item.true_label !== null);
  const wrong = items.filter((item) => item.label !== item.true_label);
  const classes = Object.keys(items[0]?.probabilities ?? {});
  const title = `${view}: ${model.name}, version ${model.version} (${model.algorithm}), ${model.stage}`;
  get("classes-title").textContent = title;
  fillMetrics("classes-metrics", [
    [`${noun} of the split ${split}`, String(items.length)],
    ["correct", String(items.length - wrong.length)],
    ["accuracy", percent(items.length ? 1 - wrong.length / items.length : null)],
  ]);
  fillConfusion(items, classes);
  const bySureness = wrong.sort((a, b) => b.probabilities[b.label] - a.probabilities[a.label]).slice(0, SHOWN_ERRORS);
  fillTable("errors-table", `Wrong predictions, the most confident first${wrong.length > SHOWN_ERRORS ? ` (${SHOWN_ERRORS} of ${wrong.length})` : ""}`,
    ["Item", "True class", "Predicted", "Probability"], bySureness.map((item) => [item.item, item.true_label, item.label, percent(item.probabilities[item.label])]));
  get("classes-csv").onclick = () => downloadCsv(path, { limit: LIMIT, model: model.name }, `${noun}.csv`).catch((error) => setStatus(error.message, true));
  get("classes").hidden = false;
  setStatus(`${title}. ${items.length - wrong.length} of ${items.length} ${noun} correct.`);
  return () => {};
}
