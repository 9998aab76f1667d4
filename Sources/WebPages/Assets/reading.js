// What a model says of the image on the stage, and its heat map over it.
import { chosen, predict, scores } from "/assets/asking.js";
import { showHeat, showRaw, showScores } from "/assets/scores.js";
import { bytes } from "/assets/calls.js";

const form = document.getElementById("ask");
const reading = document.getElementById("reading");
const overlay = document.getElementById("heat");
let asked = 0;

/** Takes the reading away, for another image. */
export function forget() {
  asked += 1;
  if (reading) reading.hidden = true;
  overlay.hidden = true;
}

/** The picture that models see: the server's own, by the file's window, whatever is shown here. */
async function ask(picture) {
  const [turn, model] = [(asked += 1), chosen(form.querySelector("select"))];
  const state = reading.querySelector(".state");
  reading.hidden = false;
  reading.dataset.state = "waiting";
  state.classList.remove("problem");
  state.textContent = `Asking ${model.model} …`;
  for (const name of [".found", ".scores", ".more .scores"]) reading.querySelector(name).replaceChildren();
  for (const name of [".heat", ".raw", ".more"]) reading.querySelector(name).hidden = true;
  overlay.hidden = true;
  try {
    const start = performance.now();
    const image = new Blob([await bytes(picture, "image/png")]);
    const { prediction } = await predict(image, { ...model, extras: model.extras.filter((name) => name !== "nearest") });
    if (turn !== asked) return;
    const list = scores(prediction, model);
    const found = list.filter((score) => score.isFound).length;
    const time = `${Math.round(performance.now() - start)} ms`;
    state.textContent = list.length === 0 ? `Answered in ${time}.`
      : found > 0 ? `Found, in ${time}:` : `Nothing reaches its threshold (${time}).`;
    if (list.length > 0) showScores(reading, list);
    else if (!prediction.heatmap_png_bytes) showRaw(reading.querySelector(".raw"), prediction);
    if (prediction && typeof prediction === "object") showHeat(overlay, reading.querySelector(".heat"), prediction, list[0]);
    reading.dataset.scores = JSON.stringify(list.map(({ label, value }) => [label, value]));
    reading.dataset.state = "done";
  } catch (error) {
    if (turn !== asked) return;
    state.textContent = `✕ ${error.message}`;
    state.classList.add("problem");
    reading.dataset.state = "failed";
  }
}

/** `picture()`: the address of the picture on the stage. */
export function wire(picture) {
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask(picture());
  });
}
