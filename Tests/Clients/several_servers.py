"""Two servers over one PostgreSQL and one home, behind HAProxy as deploy/haproxy.cfg sets it up: what one is told the other
knows, a job runs once, and restarting one after the other loses no request.

    python3 Tests/Clients/several_servers.py [path of the lightbox program]
"""
import atexit
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import support
from support import PROGRAM, ROOT, free_port

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-servers-", dir="/tmp"))
BODY = json.dumps({"instances": [[1, 2, 3, 4]]}).encode()
running = []


@atexit.register
def end():
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(FOLDER, ignore_errors=True)


def start(*command, **options):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    running.append(process)
    return process


def ask(address, body=None, timeout=60, kind="application/json"):
    request = urllib.request.Request(address, data=body, headers={"Content-Type": kind} if body else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def wait(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"FAILED: {what} did not come in {seconds} s")
        time.sleep(0.05)


def check(condition, what):
    print("ok   " if condition else "FAILED", what, flush=True)
    if not condition:
        raise SystemExit(1)


def postgres():
    """The address of a server that ends with this process."""
    binaries = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    place = FOLDER / "postgres"
    place.mkdir()
    FOLDER.chmod(0o755)
    user = []
    if os.geteuid() == 0:
        shutil.chown(place, "nobody")
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    subprocess.run([*user, binaries / "initdb", "-D", place / "data", "-U", "lightbox", "-A", "trust"], check=True,
                   cwd="/", stdout=subprocess.DEVNULL)
    log = open(FOLDER / "postgres.log", "wb")
    start(*user, binaries / "postgres", "-D", place / "data", "-k", place, "-c", "listen_addresses=", cwd="/",
          stdout=log, stderr=log)
    wait("PostgreSQL", lambda: subprocess.run([binaries / "pg_isready", "-q", "-h", place]).returncode == 0)
    return f"postgres:///postgres?host={place}&user=lightbox&schema=ward"


class Server:
    def __init__(self):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        log = open(FOLDER / f"server-{self.port}.log", "ab")
        self.process = start(PROGRAM, "serve", "--port", str(self.port), "--drain", "2", env=ENVIRONMENT, stdout=log,
                             stderr=log)
        wait("the server", lambda: ask(self.address + "/readyz")[0] == 200)

    def restart(self):
        self.process.send_signal(signal.SIGTERM)
        wait("the word that the server goes", lambda: ask(self.address + "/readyz")[0] == 503, 10)
        check(self.process.wait(60) == 0, "a server that was asked to end has ended in order")
        self.start()


def balancer(servers):
    """HAProxy before the servers; its address."""
    port = free_port()
    text = (ROOT / "deploy/haproxy.cfg").read_text().replace("bind :8080", f"bind 127.0.0.1:{port}")
    for number, server in enumerate(servers, 1):
        text = text.replace(f"lightbox-{number}:8080", f"127.0.0.1:{server.port}")
    (FOLDER / "haproxy.cfg").write_text(text)
    log = open(FOLDER / "haproxy.log", "wb")
    start("haproxy", "-db", "-f", FOLDER / "haproxy.cfg", stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    wait("HAProxy", lambda: ask(address + "/readyz")[0] == 200)
    return address


def jobs(address):
    """Twelve jobs, handed to whoever takes them."""
    rows = FOLDER / "home/buckets/data"
    rows.mkdir(parents=True)
    (rows / "rows.json").write_text("".join(f"[{n}, 0, 0, 0]\n" for n in range(200)))
    names = [f"job_{number}" for number in range(12)]
    for name in names:
        work = {"dataFormat": "JSON", "region": "here", "modelName": "projects/p/models/doubling",
                "inputPaths": ["gs://data/rows.json"], "outputPath": f"gs://data/{name}"}
        status, _ = ask(address + "/v1/projects/p/jobs", json.dumps({"jobId": name, "predictionInput": work}).encode())
        check(status == 200, f"{name} is taken")

    def described(name):
        return json.loads(ask(f"{address}/v1/projects/p/jobs/{name}")[1])
    wait("the end of all jobs", lambda: all(described(name)["state"] == "SUCCEEDED" for name in names), 120)
    for name in names:
        lines = (rows / name / "prediction.results-00000-of-00001").read_text().splitlines()
        log = json.loads(subprocess.run([PROGRAM, "jobs", "describe", name, "--json"], env=ENVIRONMENT, check=True,
                                        capture_output=True).stdout)
        check(len(lines) == 200 and "taken up again" not in json.dumps(log), f"{name} was done once")


def rolling_restart(address, servers):
    answers, stop = collections.Counter(), threading.Event()

    def load():
        while not stop.is_set():
            status, body = ask(address + "/v1/models/doubling:predict", BODY)
            answers[status if body == b'{"predictions": [[2.0, 4.0, 6.0, 8.0]]}' or status != 200 else "wrong"] += 1
    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for server in servers:
            server.restart()
            time.sleep(1)  # the balancer looks every half second
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if set(answers) != {200}:
        print((FOLDER / "haproxy.log").read_text())
    check(set(answers) == {200} and answers[200] > 100, f"all of {answers.total()} requests were answered: {dict(answers)}")


ENVIRONMENT = {**os.environ, "LIGHTBOX_HOME": str(FOLDER / "home"), "LIGHTBOX_DATABASE": postgres()}
servers = [Server(), Server()]
address = balancer(servers)
support.doubling_onnx(FOLDER / "doubling.onnx")
first, second = servers
status, _ = ask(first.address + "/v1/projects/p/models", b'{"name": "doubling"}')
made = {"name": "v1", "deploymentUri": str(FOLDER / "doubling.onnx")}
status, answer = ask(first.address + "/v1/projects/p/models/doubling/versions", json.dumps(made).encode())
operation = json.loads(answer)["name"]
wait("the version", lambda: json.loads(ask(f"{second.address}/v1/{operation}")[1]).get("done"))
check(ask(second.address + "/v1/models/doubling:predict", BODY)[0] == 200, "a model made by one is served by the other")
subprocess.run([PROGRAM, "stores", "create", "ward/films"], env=ENVIRONMENT, check=True, capture_output=True)
subprocess.run([PROGRAM, "phantoms", "--patients", "3", "--output", FOLDER / "films"], env=ENVIRONMENT, check=True,
               capture_output=True)
for number, film in enumerate(sorted((FOLDER / "films").rglob("*.dcm")), 1):
    status, _ = ask(first.address + "/dicomweb/ward/films/studies", film.read_bytes(), kind="application/dicom")
    found = json.loads(ask(second.address + "/dicomweb/ward/films/instances")[1])
    check(status == 200 and len(found) == number, f"film {number} stored by one is found by the other at once")
jobs(address)
rolling_restart(address, servers)
