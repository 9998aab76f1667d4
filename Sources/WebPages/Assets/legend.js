// The legend: which colour is what, how many there are, and what is shown.
import { number } from "/assets/colouring.js";
import { css } from "/assets/palette.js";
import { element } from "/assets/scores.js";

/**
 * Shows the legend of a colouring. `onChange` is called when other groups are shown, `onLook` when one is looked at, `onKind`
 * with the kind that the column is to be told as instead.
 */
export function showLegend(place, colouring, { onChange, onLook, onKind }) {
  const parts = [];
  if (colouring.isNumber) parts.push(bar(colouring));
  const isList = !colouring.isNumber || colouring.groups.length > 1;
  if (isList && colouring.column) parts.push(list(colouring, onChange, onLook));
  const other = colouring.isNumber ? (colouring.column.mayBeCategory ? "category" : null) : colouring.column?.mayBeNumber ? "number" : null;
  if (other) {
    const button = element("button", "quiet small", other === "number" ? "As a scale of numbers" : "As categories");
    button.type = "button";
    button.addEventListener("click", () => onKind(other));
    parts.push(button);
  }
  place.replaceChildren(...parts);
}

function list(colouring, onChange, onLook) {
  const rows = element("ul", "groups");
  rows.setAttribute("aria-label", "Groups");
  const renew = () => {
    [...rows.children].forEach((row, index) => {
      const isShown = !colouring.hidden.has(index);
      row.classList.toggle("is-hidden", !isShown);
      row.querySelector(".toggle").setAttribute("aria-pressed", String(isShown));
      const isOnly = isShown && colouring.hidden.size === colouring.groups.length - 1;
      row.querySelector(".only").textContent = isOnly ? "all" : "only";
    });
    onChange();
  };
  const toggle = (index) => {
    if (!colouring.hidden.delete(index)) colouring.hidden.add(index);
    if (colouring.hidden.size === colouring.groups.length) colouring.hidden.clear();
    renew();
  };
  const only = (index) => {
    const isOnly = !colouring.hidden.has(index) && colouring.hidden.size === colouring.groups.length - 1;
    colouring.hidden = new Set(isOnly ? [] : colouring.groups.keys());
    colouring.hidden.delete(index);
    renew();
  };
  colouring.groups.forEach((group, index) => {
    if (colouring.isNumber && group.isRange) {
      rows.append(hiddenRow());
      return;
    }
    const row = element("li", "");
    const button = element("button", "toggle", "");
    button.type = "button";
    const swatch = element("i", "", "");
    swatch.style.background = group.css;
    button.append(swatch, element("span", "name", group.name), element("span", "count", group.count.toLocaleString("en")));
    button.title = group.name;
    button.addEventListener("click", () => toggle(index));
    button.addEventListener("dblclick", () => only(index));
    const single = element("button", "only", "only");
    single.type = "button";
    single.setAttribute("aria-label", `Show ${group.name} alone, or all`);
    single.addEventListener("click", () => only(index));
    row.append(button, single);
    if (!colouring.isNumber) {
      row.addEventListener("pointerenter", () => onLook(index));
      row.addEventListener("pointerleave", () => onLook(-1));
    }
    rows.append(row);
  });
  renewOnce(rows, colouring);
  return rows;
}

/** The row of what a scale shows, which has no button. */
function hiddenRow() {
  const row = element("li", "");
  row.hidden = true;
  row.append(element("button", "toggle", ""), element("button", "only", ""));
  return row;
}

function renewOnce(rows, colouring) {
  [...rows.children].forEach((row, index) => {
    row.classList.toggle("is-hidden", colouring.hidden.has(index));
    row.querySelector(".toggle").setAttribute("aria-pressed", String(!colouring.hidden.has(index)));
  });
}

function bar(colouring) {
  const figure = element("div", "scale-bar", "");
  const canvas = element("canvas", "", "");
  [canvas.width, canvas.height] = [256, 1];
  const context = canvas.getContext("2d");
  colouring.shades.forEach((shade, step) => {
    context.fillStyle = css(shade);
    context.fillRect(step, 0, 1, 1);
  });
  const [low, high] = colouring.range;
  const { least, greatest } = colouring.column;
  const ends = element("p", "ends", "");
  ends.append(
    element("span", "", low > least ? `≤ ${number(low)}` : number(low)), element("span", "", number(Number(((low + high) / 2).toPrecision(2)))),
    element("span", "", high < greatest ? `≥ ${number(high)}` : number(high)));
  figure.append(canvas, ends);
  return figure;
}
