// The routes of the API, and why they may not answer.

const KEPT = "triptych-api-key";

export class Refusal extends Error {
  constructor(status, message, type = "", allowed = "") {
    super(message);
    Object.assign(this, { status, type, allowed });
  }
}

export function keepKey(key) {
  sessionStorage.setItem(KEPT, key);
}

// A header holds bytes: those of the key in UTF-8, as the service reads it.
function writeHeaders() {
  const key = sessionStorage.getItem(KEPT);
  const headers = { Accept: "application/json" };
  if (key) headers["X-API-Key"] = String.fromCharCode(...new TextEncoder().encode(key));
  return headers;
}

export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  let response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { headers: writeHeaders() });
  } catch {
    throw new Refusal(0, "The service does not answer. Look at your connection, or whether the service runs; then try again.");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const reason = body.detail ?? `The service answered ${response.status}. Try again later.`;
  throw new Refusal(response.status, reason, body.type, body.errors?.[0]?.allowed);
}
