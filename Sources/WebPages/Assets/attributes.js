// The table of a file's attributes: fetched, and narrowed to rows with some words.
import { text } from "/assets/calls.js";

const place = document.getElementById("attributes");
const field = document.getElementById("filter");
const said = document.getElementById("filter-count");

/** What a row says itself, without the items in it. */
const own = (row) => [...row.cells]
  .map((cell) => (cell.querySelector("details") ? cell.firstChild.textContent : cell.textContent)).join(" ").toLowerCase();

/** Hides what has none of the words; counts the rows that have all of them. */
function narrow(table, words) {
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    const isMatch = words.every((word) => own(row).includes(word));
    let within = 0;
    for (const item of row.querySelectorAll(":scope > td > details")) {
      const found = narrow(item.querySelector("table"), words);
      // A sequence that is found itself shows all that is in it.
      if (isMatch && found === 0) narrow(item.querySelector("table"), []);
      item.open = words.length > 0 && found > 0;
      within += found;
    }
    row.hidden = !isMatch && within === 0;
    count += within + (isMatch ? 1 : 0);
  }
  return count;
}

function apply() {
  const table = place.querySelector("table");
  if (!table) return;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const count = narrow(table, words);
  said.textContent = words.length === 0 ? "" : count === 0 ? "nothing is like that" : `${count} found`;
}

let wanted = "";

/** Shows the attributes of another instance; the filter stays. */
export async function showAttributes(address) {
  if (wanted === address) return;
  wanted = address;
  try {
    const made = document.createElement("template");
    made.innerHTML = await text(address); // of this server, in which all foreign text is escaped
    if (wanted !== address) return;
    const scrolled = place.querySelector(".table")?.scrollTop ?? 0;
    place.replaceChildren(made.content);
    place.dataset.of = address;
    apply();
    place.querySelector(".table").scrollTop = scrolled;
  } catch (error) {
    if (wanted === address) place.textContent = error.message;
  }
}

field.closest(".filter").hidden = false;
field.addEventListener("input", apply);
apply();
