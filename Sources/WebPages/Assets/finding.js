// Finds points by a part of their names.
import { call } from "/assets/calls.js";

const [form, field, said] = ["search", "words", "found"].map((id) => document.getElementById(id));

/**
 * Wires the form. `state()` is what the address of a question needs; `onFound` is called with null or
 * `{words, count, list, marks}`: the numbers of the points, and a mark for each of all; `onChoose` with such a list.
 *
 * Returns a function that finds words as if they had been typed.
 */
export function wireFinding(root, all, state, { onFound, onChoose }) {
  let isFinding = false;

  async function find(words) {
    field.value = words;
    said.textContent = "";
    isFinding = words !== "";
    let found = null;
    try {
      if (isFinding) found = await answer(words);
    } catch (error) {
      said.textContent = error.message;
    }
    if (found) tell(found);
    onFound(found);
  }

  async function answer(words) {
    const { count, ranges } = await call("GET", `${root}/search?${new URLSearchParams({ ...state(), q: words })}`);
    const [list, marks] = [[], new Uint8Array(all)];
    for (let at = 0; at < ranges.length; at += 2) {
      for (let index = ranges[at]; index < ranges[at] + ranges[at + 1]; index += 1) list.push(index);
    }
    for (const index of list) marks[index] = 1;
    return { words, count, list, marks };
  }

  function tell({ count, list }) {
    const words = document.createElement("span");
    words.textContent = count === 0 ? "No name has this in it." : `${count.toLocaleString("en")} found. `;
    said.replaceChildren(words);
    if (count === 0) return;
    const button = document.createElement("button");
    [button.type, button.className, button.textContent] = ["button", "quiet small", "Choose them"];
    button.addEventListener("click", () => {
      onChoose(list);
      void find("");
    });
    said.append(button);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void find(field.value.trim());
  });
  field.addEventListener("input", () => { if (field.value === "" && isFinding) void find(""); });
  return find;
}
