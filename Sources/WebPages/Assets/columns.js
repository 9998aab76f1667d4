// The list of columns that can colour a map. An option's value is the source of a column and its name, as JSON.
import { call } from "/assets/calls.js";

const preferred = ["label", "labels", "cluster", "class", "predicted", "finding", "modality"];

/** Fills the list anew and keeps what is selected, where it is still there. */
export async function fillColumns(list, root, axes) {
  const groups = await call("GET", `${root}/columns?${new URLSearchParams({ axes })}`);
  const kept = list.value;
  list.replaceChildren(new Option("one colour", ""));
  for (const { from, title, columns } of groups) {
    if (columns.length === 0) continue;
    const part = document.createElement("optgroup");
    part.label = title;
    for (const { name } of columns) part.append(new Option(name, JSON.stringify([from, name])));
    list.append(part);
  }
  list.value = hasColumn(list, kept) ? kept : "";
  list.disabled = false;
}

export const hasColumn = (list, value) => [...list.options].some((option) => option.value === value);

/** The value of a column that is likely to be wanted: labels, then clusters; empty for none. */
export function likelyColumn(list) {
  const options = [...list.options].filter(({ value }) => value !== "");
  for (const word of preferred) {
    const option = options.find(({ text }) => text.toLowerCase() === word);
    if (option) return option.value;
  }
  return "";
}

/** The value of a column of a source, in any spelling; null where there is none. */
export function columnOf(list, from, name) {
  const option = [...list.options].find(({ value }) => {
    if (value === "") return false;
    const [theirs, column] = JSON.parse(value);
    return theirs.toLowerCase() === from.toLowerCase() && column.toLowerCase() === name.toLowerCase();
  });
  return option?.value ?? null;
}
