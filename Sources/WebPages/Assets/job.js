// A job's page listens to its events; the list of jobs looks again every few seconds while one is open.
import { pause, text } from "/assets/calls.js";

const keptLines = 2000;
const between = 500; // milliseconds from one look at the job to the next

/** Markup of this server, in which all foreign text is escaped. */
function markup(source) {
  const made = document.createElement("template");
  made.innerHTML = source;
  return made.content;
}

function logLine(number, { time, severity, text: words }) {
  const line = document.createElement("li");
  line.dataset.number = number;
  line.className = severity.toLowerCase();
  const clock = document.createElement("time");
  clock.dateTime = time;
  clock.textContent = time.slice(11, 19);
  line.append(clock, " ");
  if (line.className !== "info") {
    const sign = document.createElement("strong");
    sign.textContent = line.className === "error" ? "Error: " : "Warning: ";
    line.append(sign);
  }
  line.append(words);
  return line;
}

/** Replaces what differs, so that a screen reader hears of changes only and the focus stays where it is. */
async function update(page) {
  const fresh = markup(await text(page.dataset.live));
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
  const bar = page.querySelector("[data-part=progress] progress");
  document.title = document.title.replace(/^(\d+ % )?/, bar && bar.position < 1 && page.dataset.final !== "true"
    ? `${Math.floor(100 * bar.position)} % ` : "");
  page.dataset.updates = Number(page.dataset.updates ?? 0) + 1;
}

function follow(page) {
  const log = document.getElementById("log");
  const toEnd = () => { if (document.getElementById("follow").checked) log.scrollTop = log.scrollHeight; };
  toEnd();
  if (page.dataset.final === "true") return;
  const events = new EventSource(page.dataset.events);

  let isPlanned = false;
  async function look() {
    if (isPlanned) return;
    isPlanned = true;
    await pause(between);
    isPlanned = false;
    await update(page).catch(() => { /* the next event looks again */ });
  }

  events.addEventListener("progress", look);
  events.addEventListener("log", (event) => {
    log.append(logLine(event.lastEventId, JSON.parse(event.data)));
    while (log.children.length > keptLines) log.firstElementChild.remove();
    toEnd();
    void look(); // a training says how it goes in its log
  });
  events.addEventListener("end", async () => {
    events.close();
    page.dataset.final = "true";
    await update(page).catch(() => location.reload());
    page.dataset.ended = "true";
  });
}

/** For work that has no events: looks until it has ended. */
async function look(page) {
  while (page.dataset.final !== "true") {
    await pause(between);
    await update(page).catch(() => { /* the server may be busy */ });
    if (page.querySelector("[data-part=state] [data-state]").dataset.state !== "running") page.dataset.final = "true";
  }
  page.dataset.ended = "true";
}

async function refresh(list) {
  while (list.dataset.jobs === "open") {
    await pause(3000);
    if (document.hidden || list.contains(document.activeElement)) continue;
    try {
      const page = new DOMParser().parseFromString(await text(location.href), "text/html");
      const next = page.querySelector("[data-jobs]");
      list.replaceChildren(...next.children);
      list.dataset.jobs = next.dataset.jobs;
    } catch { /* the server may be starting anew */ }
  }
}

const page = document.getElementById("job");
const list = document.querySelector("[data-jobs]");
if (page?.dataset.events) follow(page);
else if (page) void look(page);
if (list) void refresh(list);
