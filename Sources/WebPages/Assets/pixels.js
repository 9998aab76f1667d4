// Frames and what their data sets say of them, fetched from DICOMweb and kept while there is room.
import { bytes, call } from "/assets/calls.js";

const keptBytes = 256 << 20;
const keptDataSets = 64;

// MARK: DICOM JSON

const values = (data, tag) => data?.[tag]?.Value ?? [];
const numbers = (data, tag) => values(data, tag).map(Number).filter(Number.isFinite);
const text = (data, tag) => String(values(data, tag)[0] ?? "");

/** The item of a functional group: the frame's own, else the one that all frames share (PS3.3 C.7.6.16). */
function group(data, tag, frame) {
  const own = values(values(data, "52009230")[frame - 1], tag)[0];
  return own ?? values(values(data, "52009229")[0], tag)[0];
}

function windows(data) {
  const [centers, widths] = [numbers(data, "00281050"), numbers(data, "00281051")];
  const names = values(data, "00281055");
  const kind = text(data, "00281056").toUpperCase() || "LINEAR";
  return centers.slice(0, widths.length)
    .map((center, index) => ({ center, width: widths[index], function: kind, name: String(names[index] ?? "") }))
    .filter(({ width }) => (kind === "LINEAR" ? width >= 1 : width > 0));
}

/** Millimetres from row to row and from column to column; of a radiograph without a magnification, at the detector. */
function spacing(data, frame) {
  const measures = group(data, "00289110", frame);
  for (const [source, tag] of [[measures, "00280030"], [data, "00280030"], [data, "00181164"]]) {
    const [row, column] = numbers(source, tag);
    if (row > 0 && column > 0) return { row, column, isAtDetector: tag === "00181164" };
  }
  return null;
}

/** What has to be known of a frame to show it. */
export function factsOf(data, frame) {
  const number = (tag, otherwise) => numbers(data, tag)[0] ?? otherwise;
  const transform = group(data, "00289145", frame) ?? data;
  const [slope, intercept] = [numbers(transform, "00281053")[0], numbers(transform, "00281052")[0]];
  const isRescaled = Boolean(slope) && intercept !== undefined;
  const photometric = text(data, "00280004");
  const isGrey = photometric === "MONOCHROME1" || photometric === "MONOCHROME2";
  const bits = number("00280100", 8);
  const voi = group(data, "00289132", frame) ?? data;
  const modality = text(data, "00080060");
  const [aspectRows, aspectColumns] = numbers(data, "00280034");
  const distance = spacing(data, frame);
  return {
    rows: number("00280010", 0), columns: number("00280011", 0), isGrey, modality, bits,
    stored: number("00280101", bits), highBit: number("00280102", bits - 1),
    isSigned: number("00280103", 0) === 1, isFloat: "7FE00008" in data, isDouble: "7FE00009" in data,
    slope: isRescaled ? slope : 1, intercept: isRescaled ? intercept : 0,
    // Tables are left to the server, and so is what it alone can decode.
    canBeDrawn: isGrey && !("00283000" in data) && [1, 8, 16, 32, 64].includes(bits),
    hasTable: values(voi, "00283010").length > 0, windows: windows(voi),
    isInverted: photometric === "MONOCHROME1" || text(data, "20500020").toUpperCase() === "INVERSE",
    padding: numbers(data, "00280120")[0], paddingLimit: numbers(data, "00280121")[0], spacing: distance,
    // How much higher than wide a pixel is.
    aspect: distance ? distance.row / distance.column : aspectColumns > 0 ? aspectRows / aspectColumns : 1,
    unit: modality === "CT" && isRescaled ? "HU" : text(transform, "00281054").replace(/^US$/, ""),
  };
}

// MARK: Stored values

function typed(buffer, facts) {
  if (facts.isFloat) return new Float32Array(buffer);
  if (facts.isDouble) return new Float64Array(buffer);
  switch (facts.bits) {
    case 1: {
      const packed = new Uint8Array(buffer);
      return Uint8Array.from({ length: facts.rows * facts.columns }, (_, index) => (packed[index >> 3] >> (index & 7)) & 1);
    }
    case 8: return facts.isSigned ? new Int8Array(buffer) : new Uint8Array(buffer);
    case 16: return facts.isSigned ? new Int16Array(buffer) : new Uint16Array(buffer);
    default: return facts.isSigned ? new Int32Array(buffer) : new Uint32Array(buffer);
  }
}

/** Takes away bits that are none of the value's, and carries the sign on (PS3.5 section 8.1.1). */
function cleaned(stored, facts) {
  const { bits, stored: used, highBit } = facts;
  if (facts.isFloat || facts.isDouble || bits === 1 || bits > 16 || used >= bits) return stored;
  const [left, down] = [32 - 1 - highBit, 32 - used];
  return facts.isSigned ? stored.map((value) => (value << left) >> down) : stored.map((value) => (value << left) >>> down);
}

/** A frame's stored values, in rows, with the least and the greatest of them. */
function frameOf(buffer, facts) {
  const all = cleaned(typed(buffer, facts), facts);
  const count = facts.rows * facts.columns;
  if (all.length < count) throw new Error("The frame is shorter than its size says.");
  const stored = all.subarray(0, count);
  let [lowest, highest, least, greatest] = [Infinity, -Infinity, Infinity, -Infinity];
  const ends = [facts.padding ?? NaN, facts.paddingLimit ?? facts.padding ?? NaN];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  for (let index = 0; index < count; index += 1) {
    const value = stored[index];
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    if (value >= first && value <= last) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (least > greatest) [least, greatest] = [lowest, highest];
  return { values: stored, lowest, highest, least, greatest, isWhole: !facts.isFloat && !facts.isDouble };
}

// MARK: What was fetched

/** The frames of a series, at `/dicomweb/DATASET/STORE/studies/X/series/Y`. */
export class Frames {
  #root;
  #dataSets = new Map();
  #frames = new Map();
  #size = 0;

  constructor(root) { this.#root = root; }

  path(uid, frame) { return `${this.#root}/instances/${uid}/frames/${frame}`; }

  dataSet(uid) {
    let found = this.#dataSets.get(uid);
    if (!found) {
      found = call("GET", `${this.#root}/instances/${uid}/metadata`).then((list) => list[0]);
      found.catch(() => this.#dataSets.delete(uid));
    }
    this.#dataSets.delete(uid); // so that it stands behind what was used before
    this.#dataSets.set(uid, found);
    if (this.#dataSets.size > keptDataSets) this.#dataSets.delete(this.#dataSets.keys().next().value);
    return found;
  }

  /** `{facts, frame, problem}`; `frame` is null for what only the server can draw, or what came to grief. */
  load(uid, number) {
    const key = `${uid} ${number}`;
    let found = this.#frames.get(key);
    if (!found) {
      found = this.#fetch(uid, number);
      found.then(({ frame }) => this.#count(key, frame?.values.byteLength ?? 0), () => this.#frames.delete(key));
    }
    this.#frames.delete(key);
    this.#frames.set(key, found);
    return found;
  }

  async #fetch(uid, number) {
    const pixels = bytes(this.path(uid, number), "application/octet-stream");
    pixels.catch(() => { /* told below, where they are needed */ });
    const facts = factsOf(await this.dataSet(uid), number);
    if (!facts.canBeDrawn) return { facts, frame: null };
    try {
      return { facts, frame: frameOf(await pixels, facts) };
    } catch (error) {
      return { facts, frame: null, problem: error.message };
    }
  }

  #count(key, size) {
    const found = this.#frames.get(key);
    if (!found) return;
    found.size = size;
    this.#size += size;
    for (const [old, other] of this.#frames) {
      if (this.#size <= keptBytes || old === key) break;
      if (other.size === undefined) continue; // under way
      this.#frames.delete(old);
      this.#size -= other.size;
    }
  }
}
