// The answer card beside a prediction: how far it can be taken at its word, and where it comes from.
import { cardFile } from "/assets/calls.js";
import { element } from "/assets/scores.js";

const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
const both = (part) => (part ? `${percent(part.value)} (${percent(part.lower).slice(0, -2)}–${percent(part.upper)})` : "–");

function table(labels) {
  const made = element("table");
  const head = element("tr");
  head.append(...["Label", "Probability", "Sensitivity", "Specificity"].map((name) => element("th", "", name)));
  const rows = [...labels].sort((first, second) => second.score - first.score).slice(0, 14).map((label) => {
    const row = element("tr");
    const share = element("td", "", both(label.calibration?.probability));
    if (label.calibration) {
      share.append(element("div", "quiet", `${label.calibration.positives} of ${label.calibration.cases} with such a score`));
    }
    row.append(element("td", "", label.label), share, element("td", "", both(label.sensitivity)), element("td", "", both(label.specificity)));
    return row;
  });
  made.append(head, ...rows);
  return made;
}

function facts(card) {
  const { answer, making } = card;
  const list = element("dl");
  const add = (name, value) => list.append(element("dt", "", name), element("dd", "", value));
  add("Model", answer.model.version ? `${answer.model.name}, version ${answer.model.version}` : answer.model.name);
  add("Model’s file", answer.model.sha256);
  const prepared = answer.model.preprocessing;
  add("Preprocessing", `${prepared.height} × ${prepared.width} × ${prepared.channels}, ${prepared.scaling}`);
  add("Image", answer.image.sha256);
  add("Answer", card.sha256);
  add("Computed", `${making.time}, Lightbox ${making.lightbox}, ${making.engine}, ${answer.model.precision}`);
  return list;
}

/** Shows what `card` says; nothing where the model gives none. */
export function showCard(place, card) {
  if (!card) return;
  const { answer, drift } = card;
  const note = place.querySelector(".novelty");
  const said = [];
  const { novelty } = answer;
  if (novelty) {
    const share = percent(novelty.p_value);
    said.push(novelty.is_strange
      ? `Unlike what the model was made from: of its ${novelty.cases} cases no more than ${share} are as strange. Do not rely on the scores.`
      : `Like what the model was made from: ${share} of its ${novelty.cases} cases are at least as strange.`);
    note.classList.toggle("strange", novelty.is_strange);
  }
  if (drift?.is_drifting) {
    said.push(`The ${drift.images} images since the service began, taken together, are unlike what the model was made from.`);
    note.classList.add("strange");
  }
  note.textContent = said.join(" ");
  note.hidden = said.length === 0;

  const judged = answer.model.evaluation;
  const proof = place.querySelector(".proof");
  proof.querySelector(".evidence").replaceChildren(
    ...(judged
      ? [table(answer.labels), element("p", "quiet", `Found on ${judged.cases} images: ${judged.data_set}. It holds for images like those.`)]
      : [element("p", "quiet", "The model was not evaluated, so that its scores are no probabilities: lightbox evaluate --keep.")]),
    facts(card));
  proof.querySelector('[data-card="dicom"]').hidden = answer.image.kind !== "dicom";
  proof.hidden = false;
}

/** Has the card made as a file, for the reader to keep. */
export async function keepCard(button, file, asked, said) {
  const format = button.dataset.card;
  button.disabled = true;
  try {
    const address = URL.createObjectURL(await cardFile(file, asked, format));
    const link = element("a");
    link.href = address;
    link.download = `${file.name.replace(/\.[^.]+$/, "")}-card.${format === "dicom" ? "dcm" : format}`;
    link.click();
    said.textContent = `${link.download} is kept.`;
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (error) {
    said.textContent = `✕ ${error.message}`;
  }
  button.disabled = false;
}
