// Requests to the API, and their errors.

const STORED = "triptych-api-key";

export class ApiError extends Error {
  constructor(status, message, type = "", allowed = "") {
    super(message);
    Object.assign(this, { status, type, allowed });
  }
}

export function storeKey(key) {
  sessionStorage.setItem(STORED, key);
}

// A header holds bytes: the key in UTF-8, as the service reads it.
function makeHeaders() {
  const key = sessionStorage.getItem(STORED);
  const headers = { Accept: "application/json" };
  if (key) headers["X-API-Key"] = String.fromCharCode(...new TextEncoder().encode(key));
  return headers;
}

export async function fetchJson(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  let response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { headers: makeHeaders() });
  } catch {
    throw new ApiError(0, "The service does not answer. Check your connection and whether the service runs, then try again.");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const reason = body.detail ?? `The service responded with status ${response.status}. Try again later.`;
  throw new ApiError(response.status, reason, body.type, body.errors?.[0]?.allowed);
}
