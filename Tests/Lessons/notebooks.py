"""Runs every cell of the notebooks in docs/lessons/notebooks against a server of its own, made as their page says.

    .venv-clients/bin/python Tests/Lessons/notebooks.py [path of the lightbox program] [names]

A cell that fails, also by an `assert`, ends it. Names: those of notebooks without .ipynb; all when left out.
"""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "docs/lessons/notebooks"
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lightbox").resolve()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def prepared(folder, port):
    """Runs the commands of the notebooks' page; the server that they start ends with the shell's input."""
    page = (NOTEBOOKS / "index.md").read_text()
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIGHTBOX")}
    environment |= {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "LIGHTBOX_HOME": str(folder / "home"),
                    "PORT": str(port), "NO_COLOR": "1"}
    script = f"set -e\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n{commands}\ntouch ready\nread -r end <&3 || true\n"
    end, stay = os.pipe()
    log = open(folder / "log", "w")
    shell = subprocess.Popen(
        ["bash", "-c", f"exec 3<&{end}\n{script}"], cwd=folder, env=environment, stdout=log, stderr=log, pass_fds=[end])
    os.close(end)
    while not (folder / "ready").exists():
        if shell.poll() is not None:
            sys.exit((folder / "log").read_text())
        time.sleep(0.05)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).read()
            return shell, stay
        except OSError:
            time.sleep(0.05)
    sys.exit("the server did not start:\n" + (folder / "log").read_text())


def run(path, folder):
    begin = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    if any(cell.get("outputs") for cell in notebook.cells):
        return f"{path}: has outputs; clear them before committing"
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    manager = client.create_kernel_manager()
    manager.transport, manager.ip = "ipc", str(folder / f"kernel-{path.stem[0]}")  # files that nobody else can open
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{path}:\n{error}"
    print(f"ok    {path.stem}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells, "
          f"{time.monotonic() - begin:.0f} s", flush=True)
    return None


def main():
    names = sys.argv[2:] or sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    with tempfile.TemporaryDirectory(prefix="lightbox-notebooks-") as temporary:
        folder, port = pathlib.Path(temporary), free_port()
        shell, stay = prepared(folder, port)
        os.environ |= {"LIGHTBOX": f"http://127.0.0.1:{port}", "MPLBACKEND": "agg", "JUPYTER_PLATFORM_DIRS": "1"}
        try:
            wrong = [told for name in names if (told := run(NOTEBOOKS / f"{name}.ipynb", folder))]
        finally:
            os.close(stay)
            shell.wait(60)
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
