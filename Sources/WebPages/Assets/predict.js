// Images in, a card with the answer for each. Two are asked for at a time, so that the first answer comes soon.
import { chosen, extras, predict, scores } from "/assets/asking.js";
import { rendered } from "/assets/calls.js";
import { keepCard, showCard } from "/assets/card.js";
import { element, showHeat, showRaw, showScores } from "/assets/scores.js";
import { copy, curl, python } from "/assets/snippets.js";

const atOnce = 2;

const form = document.getElementById("predict");
const select = document.getElementById("choice");
const input = document.getElementById("files");
const drop = document.getElementById("drop");
const results = document.getElementById("results");
const summary = document.getElementById("summary");
const clear = document.getElementById("clear");
const template = document.getElementById("card");

const choice = () => chosen(select);
const part = (card, selector) => card.querySelector(selector);

// MARK: Files

/** What a browser shows by itself; everything else is drawn by the server. */
async function isPicture(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const starts = (...values) => values.every((value, index) => bytes[index] === value);
  return starts(0x89, 0x50, 0x4e, 0x47) || starts(0xff, 0xd8, 0xff);
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

// MARK: Cards

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
    if (!prediction.heatmap_png_bytes) showRaw(part(card, ".raw"), prediction);
  }
  if (typeof prediction === "object") {
    showHeat(part(card, ".overlay"), part(card, ".heat"), prediction, list[0]);
    showNearest(card, prediction);
    showCard(card, prediction.card);
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
    if (event.target.dataset?.card) return keepCard(event.target, file, asked, said);
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
