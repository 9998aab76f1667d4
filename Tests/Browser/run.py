"""Drives the pages of a real server in a headless browser, with a model trained for it.

    python3 Tests/Browser/run.py [path of the lightbox program]

Needs Debian's chromium and chromium-driver; nothing else beside Python.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from test_pages import Pages

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lightbox")
TESTS = ROOT / "Tests/Browser/test_pages.py"
JOB_TEST = "test_job_is_followed_to_its_end"


def lightbox(home, *arguments):
    subprocess.run([PROGRAM, *arguments, "--quiet"], check=True, env={**os.environ, "LIGHTBOX_HOME": home})


def prepare(home):
    """A model that makes heat maps, and records for a batch job. Six steps teach it little, which nobody asks here."""
    films = home + "/films"
    lightbox(home, "phantoms", "--patients", "12", "--seed", "3", "--output", films)
    lightbox(home, "train", "classifier", "--network", "densenet63", "--labels", "chexpert14", "--images", films,
             "--view", "frontal", "--shape", "128,128,1", "--pooling", "avg", "--batch-size", "4", "--max-steps", "6",
             "--output", home + "/run")
    lightbox(home, "models", "create", "chest")
    lightbox(home, "versions", "create", "v1", "--model", "chest", "--origin", home + "/run")
    lightbox(home, "records", "write", "--images", films, "--shape", "128,128,1", "--output", home + "/records/films")
    return next(pathlib.Path(films).rglob("*.dcm"))


def serve(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([PROGRAM, "serve", "--port", str(port), "--home", home],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(address + "/readyz").read()
            return server, address
        except OSError:
            time.sleep(0.05)
    sys.exit("the server did not start")


def submit(address, home):
    """A job long enough to be looked at: the same records many times over."""
    records = [str(path) for path in pathlib.Path(home, "records").iterdir()]
    body = {"jobId": "nightly", "predictionInput": {
        "dataFormat": "TF_RECORD", "inputPaths": records * 60, "outputPath": home + "/answers",
        "region": "us-central1", "modelName": "projects/lightbox/models/chest", "batchSize": "8"}}
    request = urllib.request.Request(address + "/v1/projects/lightbox/jobs", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()


def main():
    with tempfile.TemporaryDirectory(prefix="lightbox-browser-") as home:
        film = prepare(home)
        server, address = serve(home)
        try:
            known = [sys.executable, str(TESTS), "--address", address, "--model", "chest", "--dicom", str(film)]
            submit(address, home)
            codes = [subprocess.run([*known, "--job", "nightly", JOB_TEST]).returncode]
            others = [name for name in dir(Pages) if name.startswith("test_") and name != JOB_TEST]
            codes.append(subprocess.run([*known, *others]).returncode)
        finally:
            server.terminate()
            server.wait()
    sys.exit(max(codes))


main()
