// Where the image stands on its stage: fitted, enlarged, moved. Measures are CSS pixels.

const largest = 64; // screen pixels to a pixel of the image

export class View {
  zoom = 1;
  x = 0; // from the middle of the stage
  y = 0;
  #stage;
  #film;
  #columns = 1;
  #rows = 1;
  #height = 1; // of the image, in columns: pixels need not be square
  onChange = () => {};

  constructor(stage, film) {
    this.#stage = stage;
    this.#film = film;
    new ResizeObserver(() => this.place()).observe(stage);
  }

  /** The image's own size; `aspect` is how much higher than wide a pixel is. */
  setSize(columns, rows, aspect) {
    [this.#columns, this.#rows, this.#height] = [columns, rows, rows * aspect];
    this.place();
  }

  /** Screen pixels to a column of the image, as it is fitted. */
  get #fitted() {
    return Math.min(this.#stage.clientWidth / this.#columns, this.#stage.clientHeight / this.#height);
  }

  /** Screen pixels to a column of the image. */
  get scale() { return this.#fitted * this.zoom; }

  place() {
    const [width, height] = [this.#columns * this.scale, this.#height * this.scale];
    // Some of the image stays on the stage.
    const reach = (size, room) => Math.max(0, (size + room) / 2 - 40);
    const within = (value, limit) => Math.max(-limit, Math.min(limit, value));
    this.x = within(this.x, reach(width, this.#stage.clientWidth));
    this.y = within(this.y, reach(height, this.#stage.clientHeight));
    const { style } = this.#film;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.left = `${(this.#stage.clientWidth - width) / 2 + this.x}px`;
    style.top = `${(this.#stage.clientHeight - height) / 2 + this.y}px`;
    this.#film.classList.add("is-placed");
    this.#film.classList.toggle("is-large", this.scale >= 3);
    this.onChange();
  }

  /** Enlarges around a point of the page, the middle of the stage otherwise. */
  enlarge(factor, point) {
    const box = this.#stage.getBoundingClientRect();
    const from = point ?? { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const [x, y] = [from.x - box.x - box.width / 2, from.y - box.y - box.height / 2];
    const zoom = Math.max(0.25, Math.min(Math.max(1, largest / this.#fitted), this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.place();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  reset() { this.set(1, 0, 0); }

  set(zoom, x, y) {
    [this.zoom, this.x, this.y] = [zoom, x, y];
    this.place();
  }

  /** The pixel under a point of the page; null beside the image. */
  pixel({ clientX, clientY }) {
    const box = this.#film.getBoundingClientRect();
    const column = Math.floor(((clientX - box.x) / box.width) * this.#columns);
    const row = Math.floor(((clientY - box.y) / box.height) * this.#rows);
    return column >= 0 && row >= 0 && column < this.#columns && row < this.#rows ? { column, row } : null;
  }
}

/** A length that makes a good ruler: 1, 2 or 5 of some power of ten millimetres, at most `room` pixels long. */
export function ruler(pixelsToMillimetre, room) {
  let best = null;
  for (let power = -2; power <= 3; power += 1) {
    for (const digit of [1, 2, 5]) {
      const length = digit * 10 ** power;
      if (length * pixelsToMillimetre <= room) best = { length, pixels: length * pixelsToMillimetre };
    }
  }
  return best && { pixels: best.pixels, text: best.length >= 10 ? `${Math.round(best.length / 10)} cm` : `${Number(best.length.toFixed(2))} mm` };
}
