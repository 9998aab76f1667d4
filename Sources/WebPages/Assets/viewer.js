// The viewer: which image stands on the stage, how it is shown, and what mouse, fingers and keys change of it.
import { showAttributes } from "/assets/attributes.js";
import { followPointers, followWheel } from "/assets/gestures.js";
import { Frames } from "/assets/pixels.js";
import { forget, wire } from "/assets/reading.js";
import { copy } from "/assets/snippets.js";
import { ruler, View } from "/assets/view.js";
import { draw, fullWindow, tomographyWindows } from "/assets/window.js";

const get = (id) => document.getElementById(id);
const [viewer, stage, canvas, plain] = ["viewer", "stage", "canvas", "plain"].map(get);
const neighbours = [1, -1, 2];

/** Every picture of the series: an image with its frame. */
const pictures = JSON.parse(viewer.dataset.images)
  .flatMap(([uid, count], image) => Array.from({ length: count }, (_, frame) => ({ uid, image, frame: frame + 1, count })));
const frames = new Frames(viewer.dataset.root);
const view = new View(stage, get("film"));
const address = new URLSearchParams(location.search);

let at = pictures.findIndex(({ image, frame }) => image === Number(viewer.dataset.index) && frame === Number(viewer.dataset.frame));
let chosenWindow = parsedWindow(viewer.dataset.window); // null: the file's own
let isTurned = address.get("invert") === "1";
let shown = null; // {facts, frame, picture} on the stage

function parsedWindow(words) {
  const [center, width] = words.split(",").map(Number);
  return words && Number.isFinite(center) && width > 0 ? { center, width } : null;
}

// MARK: Drawing

/** The window that the picture is shown by. */
function currentWindow() {
  if (chosenWindow) return chosenWindow;
  if (shown.facts.windows.length > 0) return shown.facts.windows[0];
  return shown.frame ? fullWindow(shown.frame, shown.facts) : { center: 128, width: 256 };
}

/** Whether the server's picture is the one to show: colours, and what goes through a table. */
const isServers = () => !shown.frame || (!chosenWindow && !isTurned && shown.facts.windows.length === 0 && shown.facts.hasTable);

const rendered = (picture) => `${frames.path(picture.uid, picture.frame)}/rendered`;
const windowText = ({ center, width }) => `${Number(center.toFixed(2))},${Number(width.toFixed(2))}`;

let serverTimer = 0;
function showServers() {
  const isOwn = chosenWindow && shown.facts.isGrey;
  const source = rendered(shown.picture) + (isOwn ? `?window=${windowText(chosenWindow)}` : "");
  if (plain.getAttribute("src") !== source) {
    clearTimeout(serverTimer);
    serverTimer = setTimeout(() => { plain.src = source; }, isOwn ? 120 : 0);
  }
}

let isPlanned = false;
function redraw() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    if (shown) paint();
  });
}

function paint() {
  const { facts, frame, picture } = shown;
  const window = currentWindow();
  if (isServers()) showServers();
  else draw(canvas, frame, facts, window, isTurned);
  canvas.hidden = isServers();
  plain.hidden = !isServers();
  plain.classList.toggle("is-turned", isTurned);
  get("said-window").textContent = facts.isGrey ? `C ${format(window.center)} W ${format(window.width)}` : "Colour";
  fill("center", window.center);
  fill("width", window.width);
  for (const id of ["preset", "center", "width"]) get(id).disabled = !facts.isGrey;
  get("invert").setAttribute("aria-pressed", String(isTurned));
  selectPreset(window);
  viewer.dataset.drawn = `${picture.uid} ${picture.frame}`;
  viewer.dataset.shownWindow = windowText(window);
  remember();
}

function format(value) { return String(Number(value.toPrecision(5))); }
function fill(id, value) { if (document.activeElement !== get(id)) get(id).value = format(value); }

// MARK: From picture to picture

let turn = 0;
async function show(index) {
  at = Math.max(0, Math.min(pictures.length - 1, index));
  const picture = pictures[at];
  const mine = (turn += 1);
  tellImage();
  forget();
  let loaded;
  try {
    loaded = await frames.load(picture.uid, picture.frame);
  } catch (error) {
    if (mine === turn) get("said-problem").textContent = error.message;
    return;
  }
  if (mine !== turn) return;
  get("said-problem").textContent = "";
  const isFirst = !shown;
  shown = { ...loaded, picture };
  view.setSize(shown.facts.columns, shown.facts.rows, shown.facts.aspect);
  if (isFirst) restore();
  fillPresets();
  paint();
  for (const step of neighbours) {
    const next = pictures[at + step];
    if (next) frames.load(next.uid, next.frame).catch(() => { /* told when it is looked at */ });
  }
  tellFile();
}

function tellImage() {
  const words = `Image ${at + 1} of ${pictures.length}`;
  get("said-image").textContent = words;
  canvas.setAttribute("aria-label", words);
  plain.alt = words;
  stage.setAttribute("aria-label", words);
  const slider = get("position");
  if (slider) {
    slider.value = at + 1;
    slider.setAttribute("aria-valuetext", words);
    get("previous").disabled = at === 0;
    get("next").disabled = at === pictures.length - 1;
  }
}

let fileTimer = 0;
/** What stands beside the image, once one stays at it. */
function tellFile() {
  clearTimeout(fileTimer);
  fileTimer = setTimeout(() => {
    const { uid } = pictures[at];
    const page = `${viewer.dataset.page}${viewer.dataset.series}/instances/${uid}`;
    get("details").href = page;
    get("file").href = `${viewer.dataset.root}/instances/${uid}?accept=${encodeURIComponent("application/dicom; transfer-syntax=*")}`;
    get("file").download = `${uid}.dcm`;
    get("png").download = `${uid}.png`;
    void showAttributes(`${page}/attributes`);
  }, 150);
}

// MARK: The address

let addressTimer = 0;
/** The address tells the view, so that it can be sent; browsers allow few changes a second. */
function remember() {
  const window = chosenWindow && shown.facts.isGrey ? `&window=${windowText(chosenWindow)}` : "";
  get("png").href = `${rendered(pictures[at])}?accept=image%2Fpng${window}`;
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const picture = pictures[at];
    const query = new URLSearchParams({ series: viewer.dataset.series, instance: picture.uid });
    if (picture.count > 1) query.set("frame", picture.frame);
    if (chosenWindow) query.set("window", windowText(chosenWindow));
    if (view.zoom !== 1) query.set("zoom", view.zoom.toFixed(3));
    if (view.x !== 0 || view.y !== 0) {
      query.set("x", (view.x / view.scale).toFixed(1)); // in columns of the image
      query.set("y", (view.y / view.scale).toFixed(1));
    }
    if (isTurned) query.set("invert", "1");
    history.replaceState(null, "", `?${query}`);
  }, 200);
}

/** What the address says of zoom and place. */
function restore() {
  const zoom = Number(address.get("zoom"));
  if (!(zoom >= 0.25 && zoom <= 1000)) return;
  view.set(zoom, 0, 0);
  view.move(...["x", "y"].map((name) => (Number(address.get(name)) || 0) * view.scale));
}

// MARK: Windows

function presets() {
  const { facts, frame } = shown;
  const own = facts.windows.map((window, index) => ({ ...window, name: window.name || (index === 0 ? "File" : `File ${index + 1}`) }));
  const full = frame ? [{ ...fullWindow(frame, facts), name: "Full range" }] : [];
  return [...own, ...full, ...(facts.unit === "HU" ? tomographyWindows : [])];
}

function fillPresets() {
  const options = [...presets().map(({ name }, index) => new Option(name, index)), new Option("Own", "own")];
  get("preset").replaceChildren(...options);
}

const isSame = (left, right) => Math.abs(left.center - right.center) < 0.01 && Math.abs(left.width - right.width) < 0.01;
function selectPreset(window) {
  const index = presets().findIndex((preset) => isSame(preset, window));
  get("preset").value = index < 0 ? "own" : index;
}

function setWindow(center, width) {
  if (!shown?.facts.isGrey || !Number.isFinite(center) || !Number.isFinite(width)) return;
  chosenWindow = { center, width: Math.max(shown.frame && !shown.frame.isWhole ? 1e-6 : 1, width) };
  if (shown.frame && !shown.frame.isWhole) chosenWindow.function = "LINEAR_EXACT";
  redraw();
}

get("preset").addEventListener("change", ({ target }) => {
  const preset = presets()[target.value];
  if (!preset) return;
  // The file's first window is each image's own.
  chosenWindow = Number(target.value) === 0 && shown.facts.windows.length > 0 ? null : { ...preset };
  redraw();
});
for (const id of ["center", "width"]) {
  get(id).addEventListener("change", () => setWindow(Number(get("center").value), Number(get("width").value)));
}

// MARK: Commands

function reset() {
  [chosenWindow, isTurned] = [null, false];
  view.reset();
  redraw();
}

function invert() {
  isTurned = !isTurned;
  redraw();
}

const commands = {
  ArrowLeft: () => show(at - 1), ArrowUp: () => show(at - 1), PageUp: () => show(at - 10),
  ArrowRight: () => show(at + 1), ArrowDown: () => show(at + 1), PageDown: () => show(at + 10),
  Home: () => show(0), End: () => show(pictures.length - 1),
  "+": () => view.enlarge(1.25), "=": () => view.enlarge(1.25), "-": () => view.enlarge(0.8), r: reset, i: invert,
};
const buttons = {
  previous: commands.ArrowLeft, next: commands.ArrowRight, "zoom-in": commands["+"], "zoom-out": commands["-"], invert, reset,
};
for (const [id, action] of Object.entries(buttons)) get(id)?.addEventListener("click", action);
get("position")?.addEventListener("input", ({ target }) => show(Number(target.value) - 1));

document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1;
  const command = commands[isLetter ? event.key.toLowerCase() : event.key];
  if (!command || event.ctrlKey || event.metaKey || event.altKey) return;
  // Fields take what is typed into them; without the focus on the image the arrows move the page.
  if (isLetter ? event.target.closest("input, select, textarea") : event.target !== stage) return;
  event.preventDefault();
  command();
});

// MARK: Mouse and fingers

followWheel(stage, view, { isAlone: () => pictures.length === 1, step: (count) => void show(at + count) });
followPointers(stage, view, { window: () => (shown ? currentWindow() : null), setWindow });
stage.addEventListener("dblclick", reset);

stage.addEventListener("pointermove", (event) => {
  const place = view.pixel(event);
  if (!place || !shown) return tellPixel("");
  const { facts, frame } = shown;
  const where = `${place.column}, ${place.row}`;
  if (!frame) return tellPixel(where);
  const value = frame.values[place.row * facts.columns + place.column] * facts.slope + facts.intercept;
  return tellPixel(`${where}: ${format(value)} ${facts.unit}`.trimEnd());
});
stage.addEventListener("pointerleave", () => tellPixel(""));
function tellPixel(words) { get("said-pixel").textContent = words; }

// MARK: The view

view.onChange = () => {
  get("said-zoom").textContent = `${Math.round(100 * view.scale)} %`;
  const spacing = shown?.facts.spacing;
  const length = spacing && ruler(view.scale / spacing.column, Math.min(200, stage.clientWidth / 4));
  const scale = get("scale");
  scale.hidden = !length;
  if (length) {
    scale.querySelector("i").style.width = `${length.pixels}px`;
    scale.querySelector("span").textContent = length.text + (spacing.isAtDetector ? " at the detector" : "");
  }
  if (shown) remember();
};

plain.addEventListener("error", () => {
  if (shown && isServers()) get("said-problem").textContent = shown.problem ?? "The server cannot draw this image.";
});

get("copy").hidden = false;
get("copy").addEventListener("click", async () => {
  get("copied").textContent = (await copy(location.href)) ? "Copied." : "The browser does not allow it.";
});
for (const image of document.querySelectorAll(".series img")) {
  const replace = () => {
    const words = document.createElement("span");
    words.className = "no-picture";
    words.textContent = "no picture";
    image.replaceWith(words);
  };
  if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") replace();
  image.addEventListener("error", replace);
}

get("tools").hidden = false;
wire(() => rendered(pictures[at]));
void show(at);
