// The card beside the pointer: the picture of a point, its name, and what the column says of it.

const mostKept = 400;
const delay = 70; // milliseconds that the pointer rests before anything is asked for

export class HoverCard {
  #card = document.getElementById("card");
  #picture = document.getElementById("card-picture");
  #none = document.getElementById("card-none");
  #kept = new Map(); // point → {facts, picture}, the oldest first
  #point = -1;
  #timer = 0;
  #asked = null; // what is under way
  #path;

  /** - path: the address of something of a point: `path(7, "/picture")`. */
  constructor(path) { this.#path = path; }

  get point() { return this.#point; }

  /** Shows a point at a place of the stage; `words` is what the column says of it. */
  show(point, [left, top], words, colour) {
    this.#place(left, top);
    if (point === this.#point) return;
    this.hide();
    this.#point = point;
    document.getElementById("card-value").textContent = words;
    this.#card.style.setProperty("--of-point", colour);
    document.getElementById("card-name").textContent = "";
    this.#card.hidden = false;
    this.#blank("");
    const known = this.#kept.get(point);
    if (known) this.#fill(known);
    else this.#timer = setTimeout(() => void this.#load(point), delay);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#asked = null;
    this.#point = -1;
    this.#card.hidden = true;
  }

  /** The page of a point: the viewer, or its picture. */
  async page(point) {
    const known = this.#kept.get(point) ?? { facts: await this.#facts(point) };
    return known.facts.page ?? null;
  }

  #place(left, top) {
    const { clientWidth: width, clientHeight: height } = this.#card.parentElement;
    const [mine, high] = [this.#card.offsetWidth || 190, this.#card.offsetHeight || 240];
    const beside = left + 18 + mine < width ? left + 18 : Math.max(4, left - 18 - mine);
    this.#card.style.left = `${beside}px`;
    this.#card.style.top = `${Math.max(4, Math.min(height - high - 4, top - high / 2))}px`;
  }

  async #facts(point, signal) {
    const response = await fetch(this.#path(point, ""), { credentials: "same-origin", signal });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error?.message ?? "The server does not know this point.");
    return answer;
  }

  async #image(point, signal) {
    const response = await fetch(this.#path(point, "/picture"), { credentials: "same-origin", signal });
    if (response.ok) return { picture: URL.createObjectURL(await response.blob()) };
    const answer = await response.json().catch(() => null);
    return { problem: answer?.error?.message ?? "No picture." };
  }

  async #load(point) {
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      const facts = await this.#facts(point, signal);
      if (point === this.#point) this.#name(facts);
      const image = facts.page ? await this.#image(point, signal) : { problem: "The table names no picture." };
      this.#keep(point, { facts, ...image });
    } catch (error) {
      if (error.name === "AbortError" || point !== this.#point) return;
      this.#blank(error.message);
    }
    const known = this.#kept.get(point);
    if (known && point === this.#point) this.#fill(known);
  }

  #keep(point, known) {
    this.#kept.set(point, known);
    if (this.#kept.size <= mostKept) return;
    const [oldest, { picture }] = this.#kept.entries().next().value;
    if (picture) URL.revokeObjectURL(picture);
    this.#kept.delete(oldest);
  }

  #name({ names }) {
    const shown = ["path", "image", "id", "instance", "sopinstanceuid", "file"].map((column) => names.find((name) => name.column.toLowerCase() === column))
      .find(Boolean) ?? names[0];
    const frame = names.find((name) => name.column === "frame");
    document.getElementById("card-name").textContent = (shown?.text ?? "") + (frame ? `, frame ${frame.text}` : "");
  }

  #fill({ facts, picture, problem }) {
    this.#name(facts);
    if (!picture) {
      this.#blank(problem);
      return;
    }
    this.#none.textContent = "";
    this.#picture.src = picture;
    this.#picture.hidden = false;
  }

  #blank(words) {
    this.#picture.hidden = true;
    this.#picture.removeAttribute("src");
    this.#none.textContent = words;
  }
}
