// Asks a model about the bytes of an image, and reads its answer.
import { call } from "/assets/calls.js";

// What a model has refused is not asked for again.
const refused = new Map();

/** The model that a list of choices stands at. */
export const chosen = (select) => JSON.parse(select.selectedOptions[0].dataset.choice);

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("The file cannot be read."));
    reader.readAsDataURL(file);
  });
}

export function extras(asked) {
  const without = refused.get(asked.url) ?? new Set();
  return asked.extras.filter((name) => !without.has(name));
}

/** Asks; a model that refuses an extra output is asked again without it. */
export async function predict(file, asked) {
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
      without.add(["card", "nearest", "heatmap"].find((name) => wanted.includes(name)) ?? wanted[0]);
      refused.set(asked.url, without);
    }
  }
}

/** Scores with their names, the highest first; empty for an answer of another form. */
export function scores(prediction, asked) {
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
