// What is done with chosen points: a file, a table of their keys, labels; and undone again.
import { call, file } from "/assets/calls.js";
import { ranges } from "/assets/points.js";

const get = (id) => document.getElementById(id);

/** - onLabelled: called with table and column after labels were written or taken away. */
export function wireWriting(root, selection, state, { table, onLabelled }) {
  let undo = null;
  const problem = (words) => { get("selection-problem").textContent = words; };

  function done(words, back) {
    get("said-done").textContent = words;
    get("done").hidden = false;
    get("undo").hidden = !back;
    undo = back;
  }

  /** Does something with the buttons off. */
  async function doing(body) {
    problem("");
    const buttons = [...get("selection").querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      await body();
    } catch (error) {
      problem(error.status === 409 && /changed/.test(error.message) ? `${error.message} Reload the page.` : error.message);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  const points = (count) => `${count.toLocaleString("en")} ${count === 1 ? "point" : "points"}`;

  get("export").addEventListener("click", () => doing(async () => {
    const blob = await file(`${root}/export`, { ...state(), ranges: ranges(selection.chosen) });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${table}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }));

  get("table-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void doing(async () => {
      const name = get("table-name").value.trim();
      const made = await call("POST", `${root}/selections`, { ...state(), name, ranges: ranges(selection.chosen) });
      done(`Wrote the table ${made.table}: ${made.rows.toLocaleString("en")} rows.`, async () => {
        await call("DELETE", `${root}/selections/${encodeURIComponent(made.table)}?${new URLSearchParams({ mark: made.mark })}`);
        done(`Removed the table ${made.table} again.`, null);
      });
    });
  });

  async function label(changes, words) {
    const where = { table: get("label-table").value.trim(), column: get("label-column").value.trim() };
    const write = (list) => call("POST", `${root}/labels`, { ...state(), ...where, changes: list });
    const made = await write(changes);
    const isEmpty = made.rows === 0 ? " The table has no labels left and is gone." : "";
    done(`${words(made)}${isEmpty}`, made.previous.length === 0 ? null : async () => {
      const back = await write(made.previous);
      done(`Undone: ${points(back.changed)} as before.`, null);
      await onLabelled(where.table, where.column, back.rows);
    });
    await onLabelled(where.table, where.column, made.rows);
  }

  get("label-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = get("label-value").value.trim();
    if (value === "") return;
    void doing(() => label([{ value, ranges: ranges(selection.chosen) }], (made) =>
      `Labelled ${points(selection.count)} “${value}” in ${made.table}.${made.column}.`));
  });
  get("unlabel")?.addEventListener("click", () => void doing(() =>
    label([{ value: null, ranges: ranges(selection.chosen) }], (made) => `Took the label of ${points(made.changed)} away.`)));

  const tellPlace = () => { get("label-place").textContent = `${get("label-table").value}.${get("label-column").value}`; };
  for (const id of ["label-table", "label-column"]) get(id)?.addEventListener("input", tellPlace);
  if (get("label-form")) tellPlace();

  get("undo").addEventListener("click", () => doing(async () => {
    const back = undo;
    undo = null;
    if (back) await back();
  }));
}
