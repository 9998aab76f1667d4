// The same call for a terminal and for Python, as text to copy.

const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
// A JSON string is a Python string too, but for the slash, which JSON.stringify leaves alone.
const pythonQuoted = (text) => JSON.stringify(text);

/** Inside the format of printf, within single quotes. */
function template(choice, extras) {
  const body = { instances: [{ [choice.input]: { b64: "\u0000" } }] };
  if (extras.length > 0) body.extras = extras;
  return JSON.stringify(body).replaceAll("\\u0000", "\u0000").replaceAll("\\", "\\\\").replaceAll("%", "%%")
    .replace("\u0000", "%s");
}

export function curl(origin, choice, extras, fileName) {
  return [
    `printf ${shellQuoted(template(choice, extras))} "$(base64 < ${shellQuoted(fileName)} | tr -d '\\n')" |`,
    `  curl -sS -H 'Content-Type: application/json' --data-binary @- \\`,
    `  ${shellQuoted(origin + choice.url)}`,
    "",
  ].join("\n");
}

export function python(origin, choice, extras, fileName) {
  const more = extras.length > 0 ? `, "extras": ${JSON.stringify(extras)}` : "";
  return [
    "import base64, json, urllib.request",
    "",
    `with open(${pythonQuoted(fileName)}, "rb") as file:`,
    "    image = base64.b64encode(file.read()).decode()",
    `body = {"instances": [{${pythonQuoted(choice.input)}: {"b64": image}}]${more}}`,
    "request = urllib.request.Request(",
    `    ${pythonQuoted(origin + choice.url)}, json.dumps(body).encode(), {"Content-Type": "application/json"})`,
    "with urllib.request.urlopen(request) as answer:",
    '    print(json.load(answer)["predictions"][0])',
    "",
  ].join("\n");
}

/** Puts a text on the clipboard, also where the page was not loaded over TLS. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-text";
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}
