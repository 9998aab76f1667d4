// Buttons that change something: a question where one is due, the call, then the page that shows the outcome.
import { call, pause } from "/assets/calls.js";

const dialog = document.getElementById("confirm");
const question = document.getElementById("confirm-question");
const remark = document.getElementById("confirm-remark");
const problem = document.getElementById("confirm-problem");
const yes = document.getElementById("confirm-yes");
let button = null;

/** Calls, and waits for the operation where the answer is one. */
async function carryOut({ method, call: path, next }) {
  let answer = await call(method, path, method === "POST" ? {} : undefined);
  while (typeof answer.name === "string" && answer.name.includes("/operations/") && !answer.done) {
    await pause(400);
    answer = await call("GET", `/v1/${answer.name}`);
  }
  if (answer.error) throw new Error(answer.error.message);
  location.assign(next);
}

async function run() {
  yes.disabled = true;
  problem.textContent = "";
  try {
    await carryOut(button.dataset);
  } catch (error) {
    if (!dialog.open) dialog.showModal();
    problem.textContent = error.message;
  } finally {
    yes.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("[data-call]");
  if (!pressed) return;
  button = pressed;
  problem.textContent = "";
  question.textContent = pressed.dataset.question ?? pressed.textContent;
  remark.textContent = pressed.dataset.remark ?? "";
  yes.textContent = pressed.textContent;
  if (pressed.dataset.question) dialog.showModal();
  else void run();
});

yes.addEventListener("click", run);
document.getElementById("confirm-no").addEventListener("click", () => dialog.close());
