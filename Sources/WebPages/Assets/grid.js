// Finds points by their place without a look at all of them: a grid of cells, each with the numbers of its points.

const pointsToCell = 4;

export class Grid {
  #places;
  #side; // cells along each direction
  #starts;
  #numbers;

  /** - places: x and y of each point, between -1 and 1. */
  constructor(places) {
    const count = places.length / 2;
    this.#places = places;
    this.#side = Math.max(1, Math.min(1024, Math.round(Math.sqrt(count / pointsToCell))));
    const cells = new Uint32Array(count);
    this.#starts = new Uint32Array(this.#side * this.#side + 1);
    for (let index = 0; index < count; index += 1) {
      cells[index] = this.#cell(places[2 * index + 1]) * this.#side + this.#cell(places[2 * index]);
      this.#starts[cells[index] + 1] += 1;
    }
    for (let cell = 0; cell < this.#starts.length - 1; cell += 1) this.#starts[cell + 1] += this.#starts[cell];
    const next = this.#starts.slice();
    this.#numbers = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) {
      this.#numbers[next[cells[index]]] = index;
      next[cells[index]] += 1;
    }
  }

  #cell(value) { return Math.max(0, Math.min(this.#side - 1, Math.floor(((value + 1) / 2) * this.#side))); }

  #visit(left, bottom, right, top, body) {
    const [first, last] = [this.#cell(left), this.#cell(right)];
    for (let row = this.#cell(bottom); row <= this.#cell(top); row += 1) {
      const end = this.#starts[row * this.#side + last + 1];
      for (let at = this.#starts[row * this.#side + first]; at < end; at += 1) body(this.#numbers[at]);
    }
  }

  /** The nearest of the points for which `isShown` holds; -1 when none is so near. */
  nearest(x, y, radius, isShown) {
    let [best, distance] = [-1, radius * radius];
    this.#visit(x - radius, y - radius, x + radius, y + radius, (index) => {
      const [right, up] = [this.#places[2 * index] - x, this.#places[2 * index + 1] - y];
      const square = right * right + up * up;
      if (square <= distance && isShown(index)) [best, distance] = [index, square];
    });
    return best;
  }

  /** Calls `body` with each point inside a polygon: `[[x, y], …]`, inside by the even-odd rule. */
  within(polygon, body) {
    if (polygon.length < 3) return;
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const limits = (list) => list.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const [[left, right], [bottom, top]] = [limits(xs), limits(ys)];
    this.#visit(left, bottom, right, top, (index) => {
      const [x, y] = [this.#places[2 * index], this.#places[2 * index + 1]];
      if (x < left || x > right || y < bottom || y > top) return;
      if (isInside(xs, ys, x, y)) body(index);
    });
  }
}

function isInside(xs, ys, x, y) {
  let inside = false;
  for (let now = 0, before = xs.length - 1; now < xs.length; before = now, now += 1) {
    if ((ys[now] > y) !== (ys[before] > y)
      && x < ((xs[before] - xs[now]) * (y - ys[now])) / (ys[before] - ys[now]) + xs[now]) inside = !inside;
  }
  return inside;
}
