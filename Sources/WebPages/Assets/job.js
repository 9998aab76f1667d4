// A job's page listens to its events; the list of jobs looks again every few seconds while one is open.
import { pause, text } from "/assets/calls.js";

const keptLines = 2000;

/** Markup of this server, in which all foreign text is escaped. */
function markup(source) {
  const made = document.createElement("template");
  made.innerHTML = source;
  return made.content;
}

function follow(page) {
  const get = (id) => document.getElementById(id);
  const log = get("log");
  let lastLine = Number(page.dataset.line);
  const toEnd = () => { if (get("follow").checked) log.scrollTop = log.scrollHeight; };
  toEnd();
  if (page.dataset.final === "true") return;
  const events = new EventSource(`${page.dataset.events}?after=${lastLine}`);

  events.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    const state = get("state");
    // A status is read aloud when it changes, so it stays untouched while it does not.
    if (state.dataset.state !== job.state) {
      state.dataset.state = job.state;
      state.replaceChildren(markup(job.badge));
    }
    get("progress").replaceChildren(markup(job.progress));
    document.title = document.title.replace(/^(\d+ % )?/, job.total > 0 && !job.isFinal
      ? `${Math.floor((100 * (job.completed + job.errors)) / job.total)} % ` : "");
    get("problem").hidden = job.error === "";
    get("problem").textContent = job.error;
    if (job.isFinal || job.state === "cancelling") get("cancel").replaceChildren();
    page.dataset.updates = Number(page.dataset.updates ?? 0) + 1;
    if (job.isFinal) {
      page.dataset.final = "true";
      events.close();
    }
  });

  events.addEventListener("log", (event) => {
    const line = JSON.parse(event.data);
    if (line.number <= lastLine) return; // sent again after the line was cut
    lastLine = line.number;
    log.append(markup(line.line));
    while (log.children.length > keptLines) log.firstElementChild.remove();
    toEnd();
  });

  events.addEventListener("curves", async () => {
    try {
      get("curves").replaceChildren(markup(await text(page.dataset.curves)));
      get("curves-section").hidden = false;
    } catch { /* the next event asks again */ }
  });
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
if (page) follow(page);
if (list) void refresh(list);
