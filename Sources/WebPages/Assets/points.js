// What a map loads: where its points lie, and what colours them. Numbers come as they lie in memory.
import { bytes } from "/assets/calls.js";

/** A JSON text with its length before it, then numbers of one kind. */
async function parts(path, Numbers) {
  const buffer = await bytes(path, "application/octet-stream");
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = 4 + length;
  const Kind = Numbers(header);
  return { header, numbers: new Kind(buffer, start, (buffer.byteLength - start) / Kind.BYTES_PER_ELEMENT) };
}

/**
 * The points: `places` holds x and y of each, moved and scaled so that all lie between -1 and 1, and `toData` says how to
 * go back.
 */
export async function loadPoints(root, axes) {
  const { header, numbers } = await parts(`${root}/points?${new URLSearchParams({ axes })}`, () => Float32Array);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let index = 0; index < numbers.length; index += 2) {
    const [x, y] = [numbers[index], numbers[index + 1]];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  const middle = numbers.length > 0 ? [(left + right) / 2, (bottom + top) / 2] : [0, 0];
  const half = Math.max((right - left) / 2, (top - bottom) / 2) || 1;
  const places = new Float32Array(numbers.length);
  for (let index = 0; index < numbers.length; index += 2) {
    places[index] = (numbers[index] - middle[0]) / half;
    places[index + 1] = (numbers[index + 1] - middle[1]) / half;
  }
  const bounds = numbers.length > 0
    ? { width: (right - left) / half, height: (top - bottom) / half } : { width: 2, height: 2 };
  return { ...header, places, bounds, middle, half };
}

/** What colours each point: `codes` of categories, or `values`. */
export async function loadColumn(root, query) {
  const kind = (header) => (header.kind === "category" ? Uint8Array : Float32Array);
  const { header, numbers } = await parts(`${root}/column?${new URLSearchParams(query)}`, kind);
  return header.kind === "category" ? { ...header, codes: numbers } : { ...header, values: numbers };
}

/** Chosen points as start and length of each run. */
export function ranges(chosen) {
  const runs = [];
  for (let index = 0; index < chosen.length; index += 1) {
    if (!chosen[index]) continue;
    const start = index;
    while (index < chosen.length && chosen[index]) index += 1;
    runs.push(start, index - start);
  }
  return runs;
}
