// The map page: loads the points, draws them, and ties the pointer, the legend and the selection together.
import { Colouring } from "/assets/colouring.js";
import { columnOf, fillColumns, hasColumn, likelyColumn } from "/assets/columns.js";
import { wireFinding } from "/assets/finding.js";
import { Grid } from "/assets/grid.js";
import { HoverCard } from "/assets/hover.js";
import { followMap } from "/assets/lasso.js";
import { showLegend } from "/assets/legend.js";
import { drawMarks } from "/assets/marks.js";
import { whenSchemeChanges } from "/assets/palette.js";
import { Plane } from "/assets/plane.js";
import { makePlot } from "/assets/plot.js";
import { loadColumn, loadPoints } from "/assets/points.js";
import { poster } from "/assets/poster.js";
import { Selection, showComposition } from "/assets/selection.js";
import { copy } from "/assets/snippets.js";
import { wireWriting } from "/assets/writing.js";

const get = (id) => document.getElementById(id);
const [page, stage, marks] = ["map", "stage", "marks"].map(get);
const list = get("colour");
const { table, root, axes } = page.dataset;
const reach = 14; // pixels around the pointer in which a point is found
const mostWhileMoving = 250000; // points that are drawn while the map moves
const mostRings = 300;

const plane = new Plane();
const address = new URLSearchParams(location.hash.slice(1));
let points;
let plot;
let grid;
let colouring;
let selection;
let card;
let gestures;
let found = null; // those that were searched for: a mark for each point, and how many
let tool = "move";
let shape = null; // being drawn

// MARK: Drawing

const ratio = () => Math.min(2, window.devicePixelRatio || 1);

/** The diameter of a point in CSS pixels: small where there are many, larger as one comes nearer. */
function pointSize() {
  const count = points.count;
  const base = count <= 500 ? 9 : count <= 3000 ? 7 : count <= 20000 ? 5 : count <= 60000 ? 4 : count <= 300000 ? 3 : 2;
  return Math.min(14, base * Math.max(1, plane.zoom ** 0.3));
}

let isPlanned = false;
let isRecoloured = true;
let lastMove = 0;
let restTimer = 0;

function redraw() {
  if (isPlanned || !plot) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    paint();
  });
}

function recolour() {
  isRecoloured = true;
  redraw();
}

function paint() {
  if (isRecoloured) {
    isRecoloured = false;
    const isPale = found?.count > 0 ? (index) => !found.marks[index]
      : selection.count > 0 ? (index) => !selection.chosen[index] : null;
    plot.setColours(colouring.fill(plot.order, points.count > 2000 ? 0.82 : 0.9, isPale));
  }
  const isMoving = performance.now() - lastMove < 120;
  const count = isMoving ? Math.min(points.count, mostWhileMoving) : points.count;
  plot.draw(plane, { count, size: pointSize() * ratio(), ratio: ratio(), paper: colouring.colours.paper });
  clearTimeout(restTimer);
  if (count < points.count) restTimer = setTimeout(redraw, 150);
  drawOver();
  page.dataset.frames = Number(page.dataset.frames ?? 0) + 1;
  page.dataset.drawn = plot.kind;
}

function drawOver() {
  const ringed = found && found.count <= mostRings ? found.list.filter((index) => colouring.isShown(index)) : [];
  drawMarks(marks, ratio(), plane, {
    places: points.places, size: pointSize(), ringed, pointed: card?.point ?? -1, shape, colours: colouring.colours,
  });
}

new ResizeObserver(() => {
  plane.setSize(stage.clientWidth, stage.clientHeight);
  for (const each of [get("canvas"), marks]) {
    each.width = Math.max(1, Math.round(stage.clientWidth * ratio()));
    each.height = Math.max(1, Math.round(stage.clientHeight * ratio()));
  }
  // A canvas is empty after it has got another size.
  if (plot) paint();
}).observe(stage);

plane.onChange = () => {
  lastMove = performance.now();
  redraw();
  remember();
};

// MARK: The address

let addressTimer = 0;
/** The address tells what is seen, so that it can be sent; browsers allow few changes a second. */
function remember() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const state = new URLSearchParams();
    state.set("by", list.value);
    if (colouring.column?.asked) state.set("as", colouring.column.asked);
    if (plane.zoom !== 1 || plane.x !== 0 || plane.y !== 0) {
      state.set("zoom", plane.zoom.toPrecision(4));
      state.set("x", plane.x.toPrecision(6));
      state.set("y", plane.y.toPrecision(6));
    }
    if (colouring.hidden.size > 0) state.set("hide", [...colouring.hidden].join(","));
    if (found) state.set("find", found.words);
    history.replaceState(null, "", `${location.pathname}${location.search}#${state}`);
    page.dataset.remembered = String(state);
  }, 200);
}

function restore() {
  const [x, y, zoom] = ["x", "y", "zoom"].map((name) => Number(address.get(name)));
  if (zoom > 0 && Number.isFinite(x) && Number.isFinite(y)) plane.set(x, y, zoom);
  const hidden = (address.get("hide") ?? "").split(",").filter(Boolean).map(Number);
  const groups = hidden.filter((group) => group >= 0 && group < colouring.groups.length);
  if (groups.length < colouring.groups.length) colouring.hidden = new Set(groups);
}

// MARK: Colours

let colourTurn = 0;
async function colour(value, asked = null) {
  const mine = (colourTurn += 1);
  get("colour-problem").textContent = "";
  let column = null;
  if (value !== "") {
    const [from, name] = JSON.parse(value);
    const query = { axes, version: points.version, from, name };
    if (asked) query.as = asked;
    try {
      column = { ...await loadColumn(root, query), title: name, asked };
    } catch (error) {
      if (mine === colourTurn) get("colour-problem").textContent = error.message;
      return;
    }
  }
  if (mine !== colourTurn) return;
  list.value = value;
  colouring = new Colouring(column, points.count);
  renewLegend();
  const from = list.selectedOptions[0]?.parentElement.label ?? table;
  get("colour-from").textContent = from === table ? "" : `from ${from}`;
  page.dataset.colour = column?.title ?? "";
}

function renewLegend() {
  showLegend(get("legend"), colouring, {
    onChange: () => {
      hover(null);
      recolour();
      remember();
    },
    onLook: (group) => {
      colouring.looked = group;
      recolour();
    },
    onKind: (kind) => void colour(list.value, kind),
  });
  showComposition(get("composition"), selection, colouring);
  recolour();
}

list.addEventListener("change", async () => {
  await colour(list.value);
  remember();
});
whenSchemeChanges(() => {
  if (!plot) return;
  colouring.renew();
  renewLegend();
});

// MARK: Pointer

function pointAt([left, top]) {
  const [x, y] = plane.toPlane(left, top);
  return grid.nearest(x, y, (reach + pointSize() / 2) / plane.scale, (index) => colouring.isShown(index));
}

function hover(place) {
  const before = card.point;
  const point = place ? pointAt(place) : -1;
  if (point < 0) card.hide();
  else card.show(point, plane.toScreen(points.places[2 * point], points.places[2 * point + 1]), colouring.words(point), colouring.cssOf(point));
  stage.classList.toggle("is-on-point", point >= 0 && tool === "move");
  if (point !== before) drawOver();
  page.dataset.point = point;
}

async function open(point) {
  try {
    const path = await card.page(point);
    if (path) window.open(path, "_blank", "noopener");
  } catch (error) {
    get("said-drawing").textContent = error.message;
  }
}

function click(place, event) {
  const point = pointAt(place);
  if (point < 0) return;
  // A finger sees the card first.
  const isSeen = event.pointerType === "mouse" || card.point === point;
  hover(place);
  if (isSeen) void open(point);
}

function drawShape(outline, mode, isFinished) {
  shape = outline && !isFinished ? { points: outline, mode } : null;
  if (isFinished) {
    const inside = [];
    grid.within(outline.map(([left, top]) => plane.toPlane(left, top)), (index) => {
      if (colouring.isShown(index)) inside.push(index);
    });
    selection.take(inside, mode);
  }
  drawOver();
}

function takeTool(name) {
  tool = name;
  for (const each of ["move", "lasso", "box"]) get(`tool-${each}`).setAttribute("aria-pressed", String(each === name));
  stage.dataset.tool = name;
  hover(null);
}

// MARK: Selection

function tellSelection() {
  const words = selection.count === 0 ? "Nothing is chosen. Draw around points with the lasso."
    : `${selection.count.toLocaleString("en")} of ${points.count.toLocaleString("en")} points are chosen.`;
  get("chosen").textContent = words;
  for (const id of ["choose-none", "export", "writing"]) get(id).hidden = selection.count === 0;
  get("choose-shown").hidden = selection.count > 0;
  showComposition(get("composition"), selection, colouring);
  page.dataset.chosen = selection.count;
  recolour();
}

/** After labels were written: they colour the map, or are gone. */
async function showLabels(labels, column, rows) {
  await fillColumns(list, root, axes);
  const value = columnOf(list, `table:${labels}`, column);
  if (value !== null) await colour(value);
  else if (rows === 0) await colour(likelyColumn(list));
  remember();
}

// MARK: Commands

const step = 60; // pixels
const commands = {
  ArrowLeft: () => plane.move(step, 0), ArrowRight: () => plane.move(-step, 0), ArrowUp: () => plane.move(0, step),
  ArrowDown: () => plane.move(0, -step), "+": () => plane.enlarge(1.3), "=": () => plane.enlarge(1.3), "-": () => plane.enlarge(1 / 1.3),
  0: () => plane.reset(), Home: () => plane.reset(), m: () => takeTool("move"), l: () => takeTool("lasso"), b: () => takeTool("box"),
  Escape: () => { if (!gestures.giveUp()) selection.clear(); },
  Enter: () => {
    const point = card.point >= 0 ? card.point : pointAt([plane.width / 2, plane.height / 2]);
    if (point >= 0) void open(point);
  },
};

function saveAs(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** The picture that "Save as PNG" saves. */
async function picture() {
  paint(); // what WebGL has drawn is there until the frame ends
  return poster(plot.canvas, ratio(), { title: table, column: colouring.column?.title ?? "", colouring });
}

function wireCommands() {
  const buttons = {
    "zoom-in": () => plane.enlarge(1.4), "zoom-out": () => plane.enlarge(1 / 1.4), reset: () => plane.reset(),
    "tool-move": () => takeTool("move"), "tool-lasso": () => takeTool("lasso"), "tool-box": () => takeTool("box"),
    save: async () => saveAs(await picture(), `${table}.png`),
    copy: async () => { get("copied").textContent = (await copy(location.href)) ? "Copied." : "The browser does not allow it."; },
    "choose-none": () => selection.clear(),
    "choose-shown": () => selection.take([...points.all()].filter((index) => colouring.isShown(index)), "replace"),
  };
  for (const [id, action] of Object.entries(buttons)) get(id).addEventListener("click", action);
  stage.addEventListener("dblclick", () => { if (tool === "move") plane.reset(); });
  document.addEventListener("keydown", (event) => {
    const isLetter = event.key.length === 1;
    const command = commands[isLetter ? event.key.toLowerCase() : event.key];
    if (!command || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isLetter || event.key === "Escape" ? event.target.closest("input, select, textarea") : event.target !== stage) return;
    event.preventDefault();
    command();
  });
  get("plane")?.addEventListener("change", ({ target }) => {
    location.assign(`${location.pathname}?${new URLSearchParams({ axes: target.value })}`);
  });
  get("tools").hidden = false;
}

// MARK: The beginning

function tellCount() {
  const left = points.leftOut === 0 ? "" : `, and ${points.leftOut.toLocaleString("en")} rows without a place`;
  get("said-count").textContent = points.count.toLocaleString("en") + left;
}

async function begin() {
  points = await loadPoints(root, axes);
  points.all = function* all() { for (let index = 0; index < points.count; index += 1) yield index; };
  tellCount();
  plane.setBounds(points.bounds);
  plane.setSize(stage.clientWidth, stage.clientHeight);
  grid = new Grid(points.places);
  selection = new Selection(points.count);
  selection.onChange = tellSelection;
  colouring = new Colouring(null, points.count);
  const view = () => ({ axes, version: points.version });
  card = new HoverCard((point, part) => `${root}/points/${point}${part}?${new URLSearchParams(view())}`);
  plot = makePlot(get("canvas"), points.places);
  plot.onLost = recolour;
  paint();
  get("waiting").hidden = points.count > 0;
  get("waiting").textContent = points.count > 0 ? "" : "No row of this table has two coordinates.";
  gestures = followMap(stage, plane, { tool: () => tool, onHover: hover, onClick: click, onShape: drawShape });
  wireCommands();
  wireWriting(root, selection, view, { table, onLabelled: showLabels });
  await fillColumns(list, root, axes);
  await colour(hasColumn(list, address.get("by")) ? address.get("by") : likelyColumn(list), address.get("as"));
  restore();
  renewLegend();
  const find = wireFinding(root, points.count, view, {
    onFound: (other) => {
      found = other;
      recolour();
      remember();
    },
    onChoose: (list) => selection.take(list, "replace"),
  });
  if (address.get("find")) await find(address.get("find"));
  page.dataset.ready = "true";
}

begin().catch((error) => {
  get("waiting").hidden = false;
  get("waiting").classList.add("is-problem");
  get("waiting").textContent = error.message;
  page.dataset.ready = "failed";
});
