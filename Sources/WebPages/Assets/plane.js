// Which part of the plane is seen. Points lie between -1 and 1, y upwards; the screen has CSS pixels, y downwards.

const margin = 28;
const [least, most] = [0.5, 20000];

export class Plane {
  x = 0; // in the middle of the screen
  y = 0;
  zoom = 1; // 1 shows all
  width = 1;
  height = 1;
  #bounds = { width: 2, height: 2 };
  onChange = () => {};

  setBounds(bounds) { this.#bounds = bounds; }

  setSize(width, height) { [this.width, this.height] = [width, height]; }

  /** Pixels to a unit. */
  get scale() {
    const fit = Math.min(
      (this.width - 2 * margin) / Math.max(this.#bounds.width, 1e-6),
      (this.height - 2 * margin) / Math.max(this.#bounds.height, 1e-6));
    return Math.max(fit, 1) * this.zoom;
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  toPlane(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  /** Enlarges around a point of the screen. */
  enlarge(factor, [left, top] = [this.width / 2, this.height / 2]) {
    const [x, y] = this.toPlane(left, top);
    this.zoom = Math.max(least, Math.min(most, this.zoom * factor));
    this.x = x - (left - this.width / 2) / this.scale;
    this.y = y + (top - this.height / 2) / this.scale;
    this.#keep();
  }

  /** Moves what is seen by pixels. */
  move(right, down) {
    this.x -= right / this.scale;
    this.y += down / this.scale;
    this.#keep();
  }

  set(x, y, zoom) {
    [this.x, this.y, this.zoom] = [x, y, Math.max(least, Math.min(most, zoom))];
    this.#keep();
  }

  reset() { this.set(0, 0, 1); }

  // Some of the map stays in sight.
  #keep() {
    this.x = Math.max(-1.2, Math.min(1.2, this.x));
    this.y = Math.max(-1.2, Math.min(1.2, this.y));
    this.onChange();
  }
}
