// From stored values to what a display shows: modality values, a window, eight bits (PS3.3 C.11).

/** Windows that readers of computed tomography know, in Hounsfield units. */
export const tomographyWindows = [
  { name: "Lung", center: -600, width: 1500 },
  { name: "Bone", center: 400, width: 1800 },
  { name: "Brain", center: 40, width: 80 },
  { name: "Soft tissue", center: 40, width: 400 },
];

function ramp(value, center, width) {
  if (value > center + width / 2) return 255;
  return value > center - width / 2 ? ((value - center) / width + 0.5) * 255 : 0;
}

/** The display value, 0...255, not rounded; a window's function is LINEAR where none is named. */
function displayValue(value, { center, width, function: kind, low, high }) {
  if (low !== undefined) return high > low ? ((value - low) / (high - low)) * 255 : 0;
  if (kind === "SIGMOID") return 255 / (1 + Math.exp((-4 * (value - center)) / width));
  if (kind === "LINEAR_EXACT") return ramp(value, center, width);
  return ramp(value, center - 0.5, width - 1);
}

/** All values of the picture, from black to white; its ends are kept, so that it rounds as the server does. */
export function fullWindow({ least, greatest }, facts) {
  const ends = [least, greatest].map((stored) => stored * facts.slope + facts.intercept);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const isWhole = Number.isInteger(low) && Number.isInteger(high);
  if (isWhole) return { center: (low + high + 1) / 2, width: high - low + 1, low, high };
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6), low, high };
}

function shade(stored, facts, window, isInverted) {
  const shown = displayValue(stored * facts.slope + facts.intercept, window);
  const grey = shown > 0 ? Math.floor(Math.min(shown + 0.5, 255)) : 0;
  return isInverted ? 255 - grey : grey;
}

/** Draws a frame: one look-up a pixel where the values are whole numbers of 16 bits, else one computation. */
export function draw(canvas, frame, facts, window, isTurned) {
  const isInverted = facts.isInverted !== isTurned;
  const { values, lowest, highest } = frame;
  if (canvas.width !== facts.columns || canvas.height !== facts.rows) {
    canvas.width = facts.columns;
    canvas.height = facts.rows;
  }
  const context = canvas.getContext("2d", { alpha: false });
  const picture = context.createImageData(facts.columns, facts.rows);
  const pixels = new Uint32Array(picture.data.buffer);
  const grey = (value) => 0xff000000 | (value << 16) | (value << 8) | value;
  if (frame.isWhole && highest - lowest < 65536) {
    const table = new Uint32Array(highest - lowest + 1);
    for (let index = 0; index < table.length; index += 1) table[index] = grey(shade(index + lowest, facts, window, isInverted));
    for (let index = 0; index < pixels.length; index += 1) pixels[index] = table[values[index] - lowest];
  } else {
    for (let index = 0; index < pixels.length; index += 1) pixels[index] = grey(shade(values[index], facts, window, isInverted));
  }
  context.putImageData(picture, 0, 0);
}
