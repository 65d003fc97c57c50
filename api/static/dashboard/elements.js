// Parts of the page: metrics, tables, facts and the status line.

export const get = (id) => document.getElementById(id);

export function create(name, text, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

export function setStatus(text, isNotice = false) {
  get("status").textContent = text;
  get("status").classList.toggle("notice", isNotice);
  get("retry-line").hidden = !isNotice;
  get("last")?.remove();
}

export function fillMetrics(id, metrics) {
  get(id).replaceChildren(...metrics.map(([name, value]) => create("li", "", create("span", name), create("strong", value))));
}

const header = (text, scope) => Object.assign(create("th", text), { scope });

export function fillTable(id, caption, names, rows) {
  const body = rows.map(([first, ...rest]) => create("tr", "", header(first, "row"), ...rest.map((cell) => create("td", cell))));
  get(id).replaceChildren(
    create("caption", caption),
    create("thead", "", create("tr", "", ...names.map((name) => header(name, "col")))),
    create("tbody", "", ...body),
  );
}

export function createFacts(title, facts) {
  const pairs = facts.flatMap(([name, value]) => [create("dt", name), create("dd", value)]);
  return create("div", "", create("h3", title), create("dl", "", ...pairs));
}
