// What colour each point has: that of its category or its number, paler beside what is chosen or looked for.
import { css, mix, mostColours, packed, palette, shade } from "/assets/palette.js";

const steps = 256; // of the colours of numbers

/** The groups of a column's points and their colours. A group is a category, all rarer ones, or the points without a value. */
export class Colouring {
  /** Numbers of groups that are not shown. */
  hidden = new Set();
  /** The group that the legend is looked at for; -1 for none. */
  looked = -1;
  #groupOfCode = new Uint8Array(256);

  /** - column: as loadColumn gives it; null for one colour. */
  constructor(column, count) {
    this.column = column;
    this.count = count;
    this.groups = [];
    if (!column) this.groups.push({ name: "points", count });
    else if (column.codes) this.#addCategories(column);
    else {
      this.groups.push({ name: "with a value", count: count - column.missing, isRange: true });
      if (column.missing > 0) this.groups.push({ name: "no value", count: column.missing, isMissing: true });
    }
    this.renew();
  }

  get isNumber() { return Boolean(this.column?.values); }

  #addCategories({ names, counts, others, otherValues, missing }) {
    const shown = Math.min(mostColours, names.length);
    for (let code = 0; code < shown; code += 1) this.groups.push({ name: names[code], count: counts[code] });
    this.#groupOfCode.fill(shown);
    for (let code = 0; code < shown; code += 1) this.#groupOfCode[code] = code;
    const rest = counts.slice(shown).reduce((sum, number) => sum + number, others);
    if (rest > 0) this.groups.push({ name: `${(names.length - shown + otherValues).toLocaleString("en")} others`, count: rest, isRest: true });
    this.#groupOfCode[names.length + 1] = this.groups.length;
    if (missing > 0) this.groups.push({ name: "no value", count: missing, isMissing: true });
  }

  /** Takes the colours anew, which are others on dark paper. */
  renew() {
    this.colours = palette();
    this.groups.forEach((group, index) => {
      group.colour = group.isMissing ? this.colours.missing : group.isRest ? this.colours.others
        : this.isNumber ? shade(0.5) : this.colours.categories[index];
      group.css = css(group.colour);
    });
    this.shades = Array.from({ length: steps }, (_, step) => shade(step / (steps - 1)));
  }

  groupOf(index) {
    if (!this.column) return 0;
    if (this.column.codes) return this.#groupOfCode[this.column.codes[index]];
    return Number.isNaN(this.column.values[index]) ? 1 : 0;
  }

  isShown(index) { return this.hidden.size === 0 || !this.hidden.has(this.groupOf(index)); }

  /** The ends of the colours of numbers: few outliers do not take them all. */
  get range() {
    const { least, low, high, greatest } = this.column;
    const isWide = high > low && greatest - least > 3 * (high - low);
    return isWide ? [low, high] : [least, greatest];
  }

  #step(value) {
    const [low, high] = this.range;
    return Math.round(Math.max(0, Math.min(1, high > low ? (value - low) / (high - low) : 0.5)) * (steps - 1));
  }

  /** The colour of one point. */
  cssOf(index) {
    const value = this.column?.values?.[index];
    return value === undefined || Number.isNaN(value) ? this.groups[this.groupOf(index)].css : css(this.shades[this.#step(value)]);
  }

  /** What the column says of a point, in words; null where another must be asked. */
  words(index) {
    if (!this.column) return "";
    if (this.column.values) {
      const value = this.column.values[index];
      return Number.isNaN(value) ? "no value" : number(value);
    }
    const code = this.column.codes[index];
    if (code < this.column.names.length) return this.column.names[code];
    return code === this.column.names.length ? "another value" : "no value";
  }

  /** Colours of all points in the order in which they are drawn; `isPale` says which stand back. */
  fill(order, opacity, isPale) {
    const result = new Uint32Array(order.length);
    const tables = [1, 0].map((full) => {
      const tone = (colour) => (full ? packed(colour, opacity) : packed(mix(colour, this.colours.paper, 0.78), opacity));
      return { groups: this.groups.map((group) => tone(group.colour)), shades: this.shades.map(tone) };
    });
    const values = this.column?.values;
    for (let at = 0; at < order.length; at += 1) {
      const index = order[at];
      const group = this.groupOf(index);
      if (this.hidden.has(group)) continue;
      const isBack = (this.looked >= 0 && this.looked !== group) || (isPale && isPale(index));
      const table = tables[isBack ? 1 : 0];
      result[at] = values && group === 0 ? table.shades[this.#step(values[index])] : table.groups[group];
    }
    return result;
  }
}

/** A number of few digits. */
export function number(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
}
