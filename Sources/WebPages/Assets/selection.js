// The points that are chosen, and what they are made of.
import { number } from "/assets/colouring.js";
import { element } from "/assets/scores.js";

export class Selection {
  count = 0;
  onChange = () => {};

  constructor(count) { this.chosen = new Uint8Array(count); }

  has(index) { return this.chosen[index] === 1; }

  /** - points: numbers of points; - mode: "replace", "add" or "remove". */
  take(points, mode) {
    if (mode === "replace") this.chosen.fill(0);
    const value = mode === "remove" ? 0 : 1;
    for (const point of points) this.chosen[point] = value;
    this.#tell();
  }

  clear() {
    this.chosen.fill(0);
    this.#tell();
  }

  #tell() {
    this.count = this.chosen.reduce((sum, value) => sum + value, 0);
    this.onChange();
  }
}

/** Lists what a selection is made of, by the groups of the colouring. */
export function showComposition(place, selection, colouring) {
  const rows = [];
  if (selection.count > 0 && colouring.isNumber) rows.push(...measures(selection, colouring.column.values));
  else if (selection.count > 0 && colouring.column) {
    const counts = new Array(colouring.groups.length).fill(0);
    selection.chosen.forEach((value, index) => { if (value) counts[colouring.groupOf(index)] += 1; });
    const order = [...counts.keys()].filter((group) => counts[group] > 0).sort((left, right) => counts[right] - counts[left]);
    for (const group of order) rows.push(row(colouring.groups[group], counts[group], selection.count));
  }
  place.replaceChildren(...rows);
}

function row(group, count, all) {
  const item = element("li", "", "");
  const share = count / all;
  const bar = element("i", "", "");
  bar.style.setProperty("--share", String(share));
  bar.style.background = group.css;
  item.append(element("span", "name", group.name), element("span", "count", `${count.toLocaleString("en")} · ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`), bar);
  return item;
}

function measures(selection, values) {
  let [count, sum, least, greatest] = [0, 0, Infinity, -Infinity];
  selection.chosen.forEach((value, index) => {
    if (!value || Number.isNaN(values[index])) return;
    count += 1;
    sum += values[index];
    least = Math.min(least, values[index]);
    greatest = Math.max(greatest, values[index]);
  });
  const facts = count > 0 ? [["mean", number(sum / count)], ["from", number(least)], ["to", number(greatest)]] : [];
  if (count < selection.count) facts.push(["no value", (selection.count - count).toLocaleString("en")]);
  return facts.map(([name, words]) => {
    const item = element("li", "", "");
    item.append(element("span", "name", name), element("span", "count", words));
    return item;
  });
}
