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
function makeHeaders(accept) {
  const key = sessionStorage.getItem(STORED);
  const headers = { Accept: accept };
  if (key) headers["X-API-Key"] = String.fromCharCode(...new TextEncoder().encode(key));
  return headers;
}

async function request(path, parameters, accept) {
  const query = new URLSearchParams(parameters).toString();
  let response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { headers: makeHeaders(accept) });
  } catch {
    throw new ApiError(0, "The service does not answer. Check your connection and whether the service runs, then try again.");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const reason = body.detail ?? `The service responded with status ${response.status}. Try again later.`;
  throw new ApiError(response.status, reason, body.type, body.errors?.[0]?.allowed);
}

export async function fetchJson(path, parameters = {}) {
  return (await request(path, parameters, "application/json")).json();
}

// A request with the key, which a plain link could not send, saved as a file.
export async function downloadCsv(path, parameters, name) {
  const response = await request(path, parameters, "text/csv");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
