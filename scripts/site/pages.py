"""The pages of the site that are no files in docs/: notebooks, and the API reference as docc wrote it."""
import json
import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / ".build/api/archive/data"
LIBRARY = "doc://lightbox"


def on_config(config):
    """Modules and notebooks take their places in the navigation."""
    modules = [{name: f"api/{name}/index.md"} for name in module_names()]
    notebooks = [f"lessons/notebooks/{path.stem}.md" for path in notebook_paths()]
    for section in config.nav:
        for title, entries in section.items() if isinstance(section, dict) else []:
            if title == "Developing":
                entries[entries.index("api/index.md")] = {"Library": ["api/index.md", *modules]}
            if title == "Lessons":
                entries[entries.index("lessons/notebooks/index.md")] = {
                    "Notebooks": ["lessons/notebooks/index.md", *notebooks]}
    return config


def on_files(files, config):
    for source in ("Sources/WebPages/Assets/icon.svg", "scripts/site/site.css", "scripts/site/iframe-worker.js"):
        path = ROOT / source
        files.append(File.generated(config, path.name, content=path.read_text()))
    for path in notebook_paths():
        files.append(File.generated(config, f"lessons/notebooks/{path.stem}.md", content=notebook(path)))
    for place, text in reference().items():
        files.append(File.generated(config, place, content=text))
    return files


# Notebooks


def notebook_paths():
    return sorted((ROOT / "docs/lessons/notebooks").glob("*.ipynb"))


def notebook(path):
    """A notebook as Markdown, with the way to the file."""
    parts = []
    for cell in json.loads(path.read_text())["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    parts.insert(1, f"[{path.name}]({path.name}) is the notebook itself; [how to run it](index.md).")
    return "\n\n".join(parts)


def on_page_markdown(markdown, page, **_):
    """Links to notebooks lead to their pages, which link to the files."""
    return markdown.replace(".ipynb)", ".md)") if page.file.src_uri == "lessons/notebooks/index.md" else markdown


# API reference


def module_names():
    """In the order in which the architecture's table lists them."""
    table = (ROOT / "docs/architecture.md").read_text()
    present = {json.loads(path.read_text())["metadata"]["title"] for path in (ARCHIVE / "documentation").glob("*.json")}
    return [name for name in dict.fromkeys(re.findall(r"`(\w+)`", table)) if name in present]


def page_name(title):
    return re.sub(r"[^A-Za-z0-9_]+", "-", title).strip("-") or "operator"


class Symbol:
    """One page of docc: its JSON says what belongs to it, its Markdown what is said of it."""

    def __init__(self, identifier):
        self.identifier = identifier
        self.parts = identifier.removeprefix(LIBRARY + "/documentation/").split("/")
        path = ARCHIVE / "documentation" / "/".join(self.parts).lower()
        self.page = json.loads(path.with_name(path.name + ".json").read_text())
        markdown = path.with_name(path.name + ".md")
        self.markdown = markdown.read_text() if markdown.exists() else ""
        self.title = self.page["metadata"]["title"]
        self.kind = self.page["metadata"].get("roleHeading", "")

    @property
    def members(self):
        """(title of the group, identifiers), types after what belongs to the symbol itself"""
        groups = [(group["title"], group["identifiers"]) for group in self.page.get("topicSections", [])]
        types = ("Classes", "Structures", "Enumerations", "Protocols")
        return sorted(groups, key=lambda group: group[0] in types)

    @property
    def place(self):
        """Page and anchor."""
        if len(self.parts) == 1:
            return f"api/{self.parts[0]}/index.md", ""
        page = f"api/{self.parts[0]}/{page_name(self.parts[1])}.md"
        # Underscores would be emphasis in Markdown.
        return page, "-".join(page_name(part.replace("_", "x")) for part in self.parts[2:]).lower()

    @property
    def abstract(self):
        return "".join(part.get("text") or part.get("code") or "" for part in self.page.get("abstract", []))

    def text(self, level):
        """What docc's Markdown says, without its heading, as part of a page."""
        text = re.sub(r"^<!--.*?-->\n*", "", self.markdown, flags=re.DOTALL)
        text = re.sub(r"^# [^\n]*\n*", "", text)
        text = re.sub(r"^## (Overview|Discussion|Return Value)(?=[>|*-])", r"## \1\n\n", text, flags=re.MULTILINE)
        text = re.sub(r"^## (Overview|Discussion)\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^## (.+)$", r"**\1**", text, flags=re.MULTILINE)
        text = re.sub(r"^(`[^`\n]+`)\n\n(?=[^\s`])", r"\1: ", text, flags=re.MULTILINE)
        text = re.sub(r"^> (Throws|Precondition|Note|Warning|Important): ", r"**\1** ", text, flags=re.MULTILINE)
        return re.sub(r"^```\n(?=[^\n])", "```swift\n", text, count=1).strip()


def reference():
    """Place of each page: its Markdown."""
    pages, places, symbols = {}, {}, {}

    def load(identifier):
        if identifier not in symbols:
            symbols[identifier] = Symbol(identifier)
            places["/".join(symbols[identifier].parts).lower()] = symbols[identifier].place
        return symbols[identifier]

    def write(symbol, level):
        parts = []
        for title, identifiers in symbol.members:
            if title != "Default Implementations":
                for identifier in identifiers:
                    member = load(identifier)
                    if member.title == "init(from:)":  # of Decodable
                        continue
                    anchor = member.place[1]
                    heading = "#" * min(level, 6)
                    parts += [f"{heading} `{member.title}` {{ #{anchor} }}", member.text(level), *write(member, level + 1)]
        return parts

    names = module_names()
    for name in names:
        module = load(f"{LIBRARY}/documentation/{name}")
        lines = [f"# {name}", purpose(name), ""]
        for title, identifiers in module.members:
            if title.startswith("Extended"):
                continue
            lines += ["", f"## {title}", "", "| | |", "|---|---|"]
            for identifier in identifiers:
                symbol = load(identifier)
                place = symbol.place[0]
                pages[place] = "\n\n".join(
                    ["---\nsearch:\n  boost: 0.2\n---", f"# {symbol.title}", f"{symbol.kind} of [{name}](index.md)",
                     symbol.text(2), *write(symbol, 2)])
                lines.append(f"| [`{symbol.title}`]({pathlib.Path(place).name}) | {symbol.abstract} |".replace("\n", " "))
        pages[f"api/{name}/index.md"] = "\n".join(lines)
    pages["api/index.md"] = "\n".join(
        ["# Library", "", "Lightbox is a set of Swift modules; `lightbox` is one program on top of them. Pages are made from the "
         "comments in the sources by DocC, the compiler of Swift's documentation. [Architecture](../architecture.md) says how "
         "the modules build on one another.", "", "| module | what it is for |", "|---|---|",
         *(f"| [{name}]({name}/index.md) | {purpose(name)} |" for name in names)])
    return {place: linked(text, place, places) for place, text in pages.items()}


def purpose(module):
    table = (ROOT / "docs/architecture.md").read_text()
    found = re.search(rf"^\|[^|]*\|[^|]*`{module}`[^|]*\|\s*(.*?)\s*\|$", table, re.MULTILINE)
    return found[1] if found else ""


def linked(text, page, places):
    """docc's links as links between the pages."""
    def target(path):
        found = places.get(path.lower())
        if not found:
            return None
        here = pathlib.PurePosixPath(page).parent
        place = pathlib.PurePosixPath("../" * len(here.parts)) / found[0]
        return f"{place}#{found[1]}" if found[1] else str(place)

    def link(match):
        address = target(match["path"])
        label = match["label"] if "label" in match.groupdict() else f"`{match['path'].split('/')[-1]}`"
        return f"[{label}]({address})" if address else label
    text = re.sub(r"\[(?P<label>`[^`]+`)\]\(/documentation/(?P<path>[^\s`()]+(?:\([^\s()]*\)[^\s`()]*)?)\)", link, text)
    return re.sub(rf"``{LIBRARY}/documentation/(?P<path>[^`]+)``", link, text)
