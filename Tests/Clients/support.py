"""What the client checks share: a server of their own on a free port, with a home that goes away, and models to serve.

    python Tests/Clients/ml_v1.py [path of the lightbox program]
"""
import atexit
import contextlib
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/lightbox")
SAVED_MODELS = ROOT / "Tests/Reference/savedmodels"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Lightbox:
    """`lightbox serve` on a home folder of its own."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="lightbox-clients-")
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()
        atexit.register(self.end)

    def start(self, *options):
        self.log = open(pathlib.Path(self.home) / "server.log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(self.port), "--home", self.home, *options], stdout=self.log, stderr=self.log)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.address + "/readyz", timeout=1).read()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise SystemExit("the server did not start:\n" + (pathlib.Path(self.home) / "server.log").read_text())

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def command(self, *arguments):
        return subprocess.run(
            [PROGRAM, *arguments, "--home", self.home], check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def without_reactor(association):
    """Keeps the thread of a pynetdicom association asleep, which under load takes an answer away from the call that
    waits for it (3.0.4: `_is_paused` is already set when the thread passes its checkpoint)."""
    checkpoint = association._reactor_checkpoint
    checkpoint.clear()
    time.sleep(0.05)
    checkpoint.set = lambda: None
    try:
        yield
    finally:
        del checkpoint.set
        checkpoint.set()


def varint(number):
    out = b""
    while True:
        byte, number = number & 127, number >> 7
        out += bytes([byte | (128 if number else 0)])
        if not number:
            return out


def field(number, value):
    """One field of a protobuf message: an int, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def doubling_onnx(path):
    """y = x · 2E for rows of four numbers, as an ONNX file written by hand, so that no package is needed for it."""
    values = struct.pack("<16f", *[2.0 if row == column else 0.0 for row in range(4) for column in range(4)])

    def port(name):
        dims = field(1, field(2, "n")) + field(1, field(1, 4))
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    tensor = field(1, 4) + field(1, 4) + field(2, 1) + field(8, "W") + field(9, values)
    node = field(1, "x") + field(1, "W") + field(2, "y") + field(4, "MatMul")
    graph = field(1, node) + field(2, "doubling") + field(5, tensor) + field(11, port("x")) + field(12, port("y"))
    model = field(1, 9) + field(7, graph) + field(8, field(2, 17))
    pathlib.Path(path).write_bytes(model)
    return str(path)


def check(condition, what):
    print(("ok    " if condition else "WRONG ") + what)
    if not condition:
        sys.exit(1)
