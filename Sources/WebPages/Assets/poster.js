// The map as a picture of its own, with its legend.
import { number } from "/assets/colouring.js";
import { css } from "/assets/palette.js";

const font = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** A PNG of what is drawn on `canvas`, with a title and the legend beside it. */
export function poster(canvas, ratio, { title, column, colouring }) {
  const groups = colouring.column ? colouring.groups.filter((group, index) => !colouring.hidden.has(index) && !group.isRange) : [];
  const width = 230 * ratio;
  const hasLegend = Boolean(colouring.column);
  const picture = document.createElement("canvas");
  picture.width = canvas.width + (hasLegend ? width : 0);
  picture.height = canvas.height + 46 * ratio;
  const context = picture.getContext("2d");
  context.fillStyle = css(colouring.colours.paper);
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(canvas, 0, 46 * ratio);
  context.scale(ratio, ratio);
  context.textBaseline = "middle";
  context.fillStyle = css(colouring.colours.ink);
  context.font = `600 18px ${font}`;
  context.fillText(title, 16, 25, canvas.width / ratio - 32);
  if (hasLegend) {
    const left = canvas.width / ratio + 10;
    context.font = `600 14px ${font}`;
    context.fillText(column, left, 66, 210);
    let top = 92;
    if (colouring.isNumber) top = scale(context, colouring, left, top);
    context.font = `13px ${font}`;
    for (const group of groups) {
      context.fillStyle = group.css;
      context.beginPath();
      context.arc(left + 7, top, 6, 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = css(colouring.colours.ink);
      context.fillText(`${group.name} (${group.count.toLocaleString("en")})`, left + 22, top, 190);
      top += 22;
    }
  }
  return new Promise((resolve) => { picture.toBlob(resolve, "image/png"); });
}

function scale(context, colouring, left, top) {
  const [low, high] = colouring.range;
  colouring.shades.forEach((shade, step, { length }) => {
    context.fillStyle = css(shade);
    context.fillRect(left + (step * 190) / length, top - 8, 190 / length + 1, 14);
  });
  context.font = `13px ${font}`;
  context.fillStyle = css(colouring.colours.ink);
  context.fillText(number(low), left, top + 20);
  context.textAlign = "right";
  context.fillText(number(high), left + 190, top + 20);
  context.textAlign = "left";
  return top + 46;
}
