// Images in, a card with the answer for each. Two are asked for at a time, so that the first answer comes soon.
import { call, rendered } from "/assets/calls.js";
import { copy, curl, python } from "/assets/snippets.js";

const shownScores = 14;
const atOnce = 2;

const form = document.getElementById("predict");
const select = document.getElementById("choice");
const input = document.getElementById("files");
const drop = document.getElementById("drop");
const results = document.getElementById("results");
const summary = document.getElementById("summary");
const clear = document.getElementById("clear");
const template = document.getElementById("card");

// What a model has refused is not asked for again.
const refused = new Map();

const choice = () => JSON.parse(select.selectedOptions[0].dataset.choice);
const part = (card, selector) => card.querySelector(selector);

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// MARK: Files

/** What a browser shows by itself; everything else is drawn by the server. */
async function isPicture(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const starts = (...values) => values.every((value, index) => bytes[index] === value);
  return starts(0x89, 0x50, 0x4e, 0x47) || starts(0xff, 0xd8, 0xff);
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("The file cannot be read."));
    reader.readAsDataURL(file);
  });
}

async function show(file, card) {
  const image = part(card, ".image");
  image.alt = `The image ${file.name}`;
  try {
    image.src = URL.createObjectURL((await isPicture(file)) ? file : await rendered(file));
  } catch (error) {
    image.alt = `No picture of ${file.name}: ${error.message}`;
  }
}

// MARK: Calls

function extras(asked) {
  const without = refused.get(asked.url) ?? new Set();
  return asked.extras.filter((name) => !without.has(name));
}

/** Asks; a model that refuses an extra output is asked again without it. */
async function predict(file, asked) {
  const instance = { [asked.input]: { b64: await base64(file) } };
  for (;;) {
    const wanted = extras(asked);
    const body = { instances: [instance] };
    if (wanted.length > 0) body.extras = wanted;
    try {
      const answer = await call("POST", asked.url, body);
      return { prediction: answer.predictions[0], extras: wanted };
    } catch (error) {
      const isRefusal = error.status === 400 && /extra/.test(error.message) && wanted.length > 0;
      if (!isRefusal) throw error;
      const without = refused.get(asked.url) ?? new Set();
      // The costly one first: scores and labels are what the page is for.
      without.add(["nearest", "heatmap"].find((name) => wanted.includes(name)) ?? wanted[0]);
      refused.set(asked.url, without);
    }
  }
}

/** Scores with their names, the highest first; empty for an answer of another form. */
function scores(prediction, asked) {
  const values = Array.isArray(prediction) ? prediction : prediction.probabilities ?? prediction.scores;
  if (!Array.isArray(values) || !values.every((value) => typeof value === "number")) return [];
  const labels = Array.isArray(prediction.labels) ? prediction.labels : asked.labels;
  const best = values.indexOf(Math.max(...values));
  return values.map((value, index) => {
    const label = labels[index] ?? (labels.length > 0 ? "none of these" : `score ${index + 1}`);
    const threshold = asked.thresholds[label];
    let isFound = threshold !== undefined && value >= threshold;
    if (Array.isArray(prediction.found)) isFound = prediction.found[index] === true;
    else if (asked.isExclusive && Object.keys(asked.thresholds).length === 0) isFound = index === best;
    return { label, value, threshold, isFound };
  }).sort((first, second) => second.value - first.value);
}

// MARK: Cards

function scoreItem({ label, value, threshold, isFound }) {
  const item = element("li", isFound ? "is-found" : "");
  item.append(element("b", "", label));
  const number = element("span", "value", value.toFixed(3));
  const remark = (isFound ? " ✓ found" : "") + (threshold === undefined ? "" : `, from ${threshold.toFixed(2)}`);
  if (remark) number.append(element("span", "", remark.startsWith(",") && !isFound ? ` ${remark.slice(2)}` : remark));
  item.append(number);
  const bar = element("span", "bar");
  bar.ariaHidden = "true";
  const fill = element("i");
  fill.style.setProperty("--share", Math.max(0, Math.min(1, value)));
  bar.append(fill);
  if (threshold !== undefined && threshold >= 0 && threshold <= 1) {
    const mark = element("u");
    mark.style.setProperty("--at", threshold);
    bar.append(mark);
  }
  item.append(bar);
  return item;
}

function showScores(card, list) {
  part(card, ".found").replaceChildren(...list.filter((score) => score.isFound).map((score) => element("li", "", score.label)));
  part(card, ".scores").replaceChildren(...list.slice(0, shownScores).map(scoreItem));
  const rest = list.slice(shownScores);
  const more = part(card, ".more");
  more.hidden = rest.length === 0;
  part(more, "summary").textContent = `${rest.length} lower scores`;
  part(more, ".scores").replaceChildren(...rest.slice(0, 1000).map(scoreItem));
}

function showHeat(card, prediction, best) {
  const data = prediction.heatmap_png_bytes?.b64;
  if (typeof data !== "string") return;
  const overlay = part(card, ".overlay");
  const controls = part(card, ".heat");
  overlay.src = `data:image/png;base64,${data}`;
  const slider = part(controls, "input");
  const output = part(controls, "output");
  const set = () => {
    overlay.style.setProperty("--heat", slider.value / 100);
    output.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
  };
  slider.addEventListener("input", set);
  set();
  if (best) part(controls, ".quiet").textContent = `Where the score of ${best.label} comes from.`;
  overlay.alt = best ? `Heat map of ${best.label}` : "Heat map";
  overlay.hidden = false;
  controls.hidden = false;
}

/** `nearest`: a list of `{id, similarity, labels, picture}`; the picture may be missing. */
function showNearest(card, prediction) {
  if (!Array.isArray(prediction.nearest) || prediction.nearest.length === 0) return;
  const box = part(card, ".nearest");
  box.hidden = false;
  part(box, "ol").replaceChildren(...prediction.nearest.slice(0, 3).map((known) => {
    const item = element("li");
    if (typeof known.picture === "string" && /^\/(?!\/)/.test(known.picture)) {
      const image = element("img");
      image.src = known.picture;
      image.alt = "";
      item.append(image);
    }
    item.append(element("strong", "", String(known.id)));
    if (Array.isArray(known.labels)) item.append(element("div", "", known.labels.join(", ") || "no label"));
    if (typeof known.similarity === "number") item.append(element("div", "quiet", `similarity ${known.similarity.toFixed(3)}`));
    return item;
  }));
}

function showRaw(card, prediction) {
  const raw = part(card, ".raw");
  raw.hidden = false;
  raw.textContent = JSON.stringify(prediction, (key, value) =>
    value && typeof value.b64 === "string" ? `${value.b64.length} characters of base64` : value, 1).slice(0, 20000);
}

function showAnswer(card, file, asked, { prediction, extras: wanted }, milliseconds) {
  const list = scores(prediction, asked);
  const state = part(card, ".state");
  const found = list.filter((score) => score.isFound);
  const time = `${Math.round(milliseconds)} ms`;
  if (list.length > 0) {
    showScores(card, list);
    state.textContent = found.length > 0 ? `Found, in ${time}:` : `Nothing reaches its threshold (${time}).`;
  } else {
    state.textContent = `Answered in ${time}.`;
    if (!prediction.heatmap_png_bytes) showRaw(card, prediction);
  }
  if (typeof prediction === "object") {
    showHeat(card, prediction, list[0]);
    showNearest(card, prediction);
  }
  card.dataset.extras = JSON.stringify(wanted);
  card.dataset.state = "done";
  const words = found.map((score) => `${score.label} ${score.value.toFixed(2)}`).join(", ");
  return `${file.name}: ${list.length === 0 ? "answered" : words || "nothing found"}`;
}

function showProblem(card, file, error) {
  const state = part(card, ".state");
  state.textContent = `✕ ${error.message}`;
  state.classList.add("problem");
  card.dataset.state = "failed";
  return `${file.name}: it did not work. ${error.message}`;
}

function makeCard(file, asked) {
  const card = template.content.firstElementChild.cloneNode(true);
  part(card, "h2").textContent = file.name;
  part(card, ".state").textContent = `Waiting for ${asked.model} …`;
  card.dataset.state = "waiting";
  const said = part(card, ".copied");
  card.addEventListener("click", async (event) => {
    const kind = event.target.dataset?.copy;
    if (!kind) return;
    const wanted = card.dataset.extras ? JSON.parse(card.dataset.extras) : extras(asked);
    const text = (kind === "curl" ? curl : python)(location.origin, asked, wanted, file.name);
    card.dataset.copied = text;
    said.textContent = (await copy(text)) ? "Copied." : "The browser does not allow it; the text stands below.";
    if (!said.textContent.startsWith("Copied")) {
      part(card, ".raw").hidden = false;
      part(card, ".raw").textContent = text;
    }
  });
  return card;
}

// MARK: From files to cards

const waiting = [];
let running = 0;

async function work() {
  if (running >= atOnce) return;
  running += 1;
  for (let item = waiting.shift(); item; item = waiting.shift()) {
    const { file, card, asked } = item;
    part(card, ".state").textContent = `Asking ${asked.model} …`;
    void show(file, card);
    const start = performance.now();
    let words;
    try {
      words = showAnswer(card, file, asked, await predict(file, asked), performance.now() - start);
    } catch (error) {
      words = showProblem(card, file, error);
    }
    summary.textContent = waiting.length > 0 ? `${words} – ${waiting.length} to go.` : words;
  }
  running -= 1;
}

function take(files) {
  const list = [...files];
  if (list.length === 0) return;
  const asked = choice();
  const cards = list.map((file) => ({ file, asked, card: makeCard(file, asked) }));
  results.prepend(...cards.map(({ card }) => card));
  clear.hidden = false;
  summary.textContent = list.length === 1 ? `Asking ${asked.model} …` : `Asking ${asked.model} for ${list.length} images …`;
  waiting.push(...cards);
  for (let worker = 0; worker < atOnce; worker += 1) void work();
}

form.addEventListener("submit", (event) => event.preventDefault());
input.addEventListener("change", () => {
  take(input.files);
  input.value = ""; // so that the same file can be chosen again
});

let depth = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragenter", (event) => {
  if (!hasFiles(event)) return;
  depth += 1;
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => {
  depth = Math.max(0, depth - 1);
  if (depth === 0) drop.classList.remove("over");
});
document.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => take(event.clipboardData?.files ?? []));

clear.addEventListener("click", () => {
  waiting.length = 0;
  for (const image of results.querySelectorAll(".image")) URL.revokeObjectURL(image.src);
  results.replaceChildren();
  summary.textContent = "";
  clear.hidden = true;
  input.focus();
});
