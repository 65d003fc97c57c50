// Numbers, instants and days as text.

const DAY = 86_400_000;

export const isKnown = (value) => value !== null && value !== undefined;

export const number = (value, digits = 1) =>
  !isKnown(value) ? "–" : value.toFixed(digits).replace("-", "−");

export const degrees = (value, digits = 1) =>
  !isKnown(value) ? "–" : `${number(value, digits)} °C`;

export const signed = (value, digits = 1) => {
  const text = number(value, digits);
  return value > 0 && Number(value.toFixed(digits)) ? `+${text}` : text.replace(/^−(0(\.0+)?)$/, "$1");
};

const write = (instant, zone, options) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(new Date(instant));

export const hour = (instant, zone) =>
  write(instant, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const calendar = (instant, zone) =>
  write(instant, zone, { day: "numeric", month: "short", year: "numeric" });

export const moment = (instant, zone) =>
  `${calendar(instant, zone)}, ${hour(instant, zone)} ${zone === "UTC" ? "UTC" : "local time"}`;

export const longDay = (iso) =>
  write(iso, "UTC", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export const weekday = (iso) => write(iso, "UTC", { weekday: "short", day: "numeric" });

export const percent = (share) => (!isKnown(share) ? "–" : `${Math.round(100 * share)} %`);

export const shortDay = (iso) => write(iso, "UTC", { day: "numeric", month: "short" });

// The day of an instant in a zone, YYYY-MM-DD.
export const dayOf = (instant, zone) => {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const found = Object.fromEntries(parts.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${found.year}-${found.month}-${found.day}`;
};

export const shiftDay = (iso, days) =>
  new Date(Date.parse(iso) + days * DAY).toISOString().slice(0, 10);

export const daysAround = (day, before, after) =>
  Array.from({ length: before + after + 1 }, (_, n) => shiftDay(day, n - before));

export const mean = (values) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
