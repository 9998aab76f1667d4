// Scores as bars, a heat map over its picture.

const shownScores = 14;

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

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

/** The scores, the highest first, and the labels found. */
export function showScores(place, list) {
  place.querySelector(".found").replaceChildren(...list.filter((score) => score.isFound).map((score) => element("li", "", score.label)));
  place.querySelector(".scores").replaceChildren(...list.slice(0, shownScores).map(scoreItem));
  const rest = list.slice(shownScores);
  const more = place.querySelector(".more");
  more.hidden = rest.length === 0;
  more.querySelector("summary").textContent = `${rest.length} lower scores`;
  more.querySelector(".scores").replaceChildren(...rest.slice(0, 1000).map(scoreItem));
}

/** The heat map over a picture, and the slider that fades it; nothing where the model gives none. */
export function showHeat(overlay, controls, prediction, best) {
  const data = prediction.heatmap_png_bytes?.b64;
  if (typeof data !== "string") return;
  overlay.src = `data:image/png;base64,${data}`;
  const slider = controls.querySelector("input");
  const output = controls.querySelector("output");
  const set = () => {
    overlay.style.setProperty("--heat", slider.value / 100);
    output.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
  };
  slider.oninput = set;
  set();
  if (best) controls.querySelector(".quiet").textContent = `Where the score of ${best.label} comes from.`;
  overlay.alt = best ? `Heat map of ${best.label}` : "Heat map";
  overlay.hidden = false;
  controls.hidden = false;
}

/** An answer of a form that nobody knows. */
export function showRaw(raw, prediction) {
  raw.hidden = false;
  raw.textContent = JSON.stringify(prediction, (key, value) =>
    value && typeof value.b64 === "string" ? `${value.b64.length} characters of base64` : value, 1).slice(0, 20000);
}
