// Requests to this server, and what goes wrong with them in words.

/** The sentence in an error's answer: `{"error": "text"}` or `{"error": {"message": "text"}}`. */
function words(answer, status) {
  const error = answer && answer.error;
  if (typeof error === "string") return error;
  if (error && typeof error.message === "string") return error.message;
  return `The server answered with ${status}.`;
}

export class CallError extends Error {
  constructor(message, status, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Fetches and throws a CallError for anything but success. */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new CallError("The server cannot be reached. Is it still running?", 0);
  }
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  return response;
}

async function failure(response) {
  let answer = null;
  try { answer = await response.json(); } catch { /* not JSON: the status says enough */ }
  return new CallError(words(answer, response.status), response.status, Number(response.headers.get("Retry-After")) || 1);
}

/** A call with a JSON answer. Busy servers (429, 503) are asked again up to four times. */
export async function call(method, path, body) {
  for (let attempt = 0; ; attempt += 1) {
    const options = { method, headers: { Accept: "application/json" } };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers["Content-Type"] = "application/json";
    }
    const response = await request(path, options);
    if (response.ok) {
      const answer = await response.json();
      if (answer && typeof answer.error === "string") throw new CallError(answer.error, 200);
      return answer;
    }
    const error = await failure(response);
    const isBusy = error.status === 429 || error.status === 503;
    if (!isBusy || attempt >= 4) throw error;
    await pause(1000 * Math.min(error.retryAfter, 10));
  }
}

/** The bytes of something. */
export async function bytes(path, type) {
  const response = await request(path, { headers: { Accept: type } });
  if (!response.ok) throw await failure(response);
  return response.arrayBuffer();
}

/** The answer to a body of JSON, as a Blob. */
export async function file(path, body) {
  const response = await request(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  if (!response.ok) throw await failure(response);
  return response.blob();
}

/** Markup from a page of this server. */
export async function text(path) {
  const response = await request(path, {});
  if (!response.ok) throw await failure(response);
  return response.text();
}

/** The picture that the server makes of a file, as a Blob. */
export async function rendered(file) {
  const response = await request("/render", {
    method: "POST", body: file, headers: { "Content-Type": "application/octet-stream", Accept: "image/png" },
  });
  if (!response.ok) throw await failure(response);
  return response.blob();
}

/** The answer card of an image as a file of some format, as a Blob. */
export async function cardFile(file, asked, format) {
  const query = new URLSearchParams({ format, name: file.name });
  if (asked.version) query.set("version", asked.version);
  const response = await request(`/answers/${encodeURIComponent(asked.model)}?${query}`, {
    method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" },
  });
  if (!response.ok) throw await failure(response);
  return response.blob();
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
