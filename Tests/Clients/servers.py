"""Servers side by side for checks: PostgreSQL, `lightbox serve`, HAProxy before them, all on loopback, all gone with the
check."""
import atexit
import collections
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

from support import ROOT, free_port
from support import PROGRAM as NAMED_PROGRAM

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-servers-", dir="/tmp"))
PROGRAM = os.path.abspath(NAMED_PROGRAM)
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


def ask(address, body=None, timeout=60, kind="application/json", method=None, accept=None):
    headers = {"Content-Type": kind} if body else {}
    if accept:
        headers["Accept"] = accept
    request = urllib.request.Request(address, data=body, headers=headers, method=method)
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
    """`lightbox serve` with the home and the settings of an environment."""

    def __init__(self, environment):
        self.environment = environment
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        log = open(FOLDER / f"server-{self.port}.log", "ab")
        self.process = start(PROGRAM, "serve", "--port", str(self.port), "--drain", "2", env=self.environment, stdout=log,
                             stderr=log)
        wait("the server", lambda: ask(self.address + "/readyz")[0] == 200)

    def restart(self):
        self.process.send_signal(signal.SIGTERM)
        wait("the word that the server goes", lambda: ask(self.address + "/readyz")[0] == 503, 10)
        check(self.process.wait(60) == 0, "a server that was asked to end has ended in order")
        self.start()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def command(self, *arguments, fails=False):
        done = subprocess.run([PROGRAM, *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                              cwd=FOLDER)
        if (done.returncode != 0) != fails:
            raise SystemExit(f"lightbox {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if fails else "")


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


def rolling_restart(servers, request, threads=6):
    """Restarts one server after the other while threads go on asking.

    `request` gets a number and says what came of it; all have to be "right".
    """
    answers, stop = collections.Counter(), threading.Event()
    numbers = iter(range(10**9))

    def load():
        while not stop.is_set():
            answers[request(next(numbers))] += 1
    workers = [threading.Thread(target=load) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        for server in servers:
            server.restart()
            time.sleep(1)  # the balancer looks every half second
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    if set(answers) != {"right"}:
        print((FOLDER / "haproxy.log").read_text())
    check(set(answers) == {"right"} and answers.total() > 100, f"all of {answers.total()} requests were answered: {dict(answers)}")
