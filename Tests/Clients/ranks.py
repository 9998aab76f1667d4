"""Training on several machines: two network namespaces joined by a veth pair, each with a loopback of its own, stand
for two machines. Where namespaces cannot be made (no root, no iproute2) both ranks run over the loopback address.

    python3 Tests/Clients/ranks.py [path of the lightbox program]
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lightbox").resolve())
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-ranks-"))
LOST = 9
SILENCE = 4
# Of a run of some nine seconds, so that it is still going when harm comes to it.
STEPS = 700


def fail(text):
    raise SystemExit("FAILED: " + text)


def check(condition, text):
    if not condition:
        fail(text)


# Two machines


class Network:
    """Where a rank runs, and the address of rank 0."""

    def __init__(self):
        self.names = []
        self.address = "127.0.0.1"
        name = f"lb{os.getpid()}"
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            for side in "ab":
                ip("netns", "add", name + side)
                self.names.append(name + side)
            ip("link", "add", name + "va", "netns", name + "a", "type", "veth", "peer", "name", name + "vb", "netns",
               name + "b")
            for number, side in enumerate("ab", 1):
                inside = self.inside(number - 1)
                subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
                subprocess.run([*inside, "ip", "addr", "add", f"10.87.6.{number}/24", "dev", name + "v" + side], check=True)
                subprocess.run([*inside, "ip", "link", "set", name + "v" + side, "up"], check=True)
            self.link = name + "vb"
            self.address = "10.87.6.1"
        self.is_real = self.address != "127.0.0.1"
        if not self.is_real:
            self.close()

    def inside(self, rank):
        return ["ip", "netns", "exec", self.names[rank]] if len(self.names) == 2 else []

    def set_link(self, state):
        subprocess.run([*self.inside(1), "ip", "link", "set", self.link, state], check=True)

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)
        self.names = []


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# Data and commands


def png(path, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def make_data():
    """300 small pictures: noise, for one half of them brighter at the right."""
    source = random.Random(1)
    (FOLDER / "images").mkdir()
    lines = ["path,label,patient"]
    for number in range(300):
        lift = 40 * (number % 2)
        rows = [[min(255, max(0, int(source.gauss(90 + lift * (x > 16), 30)))) for x in range(32)] for _ in range(32)]
        png(FOLDER / f"images/{number}.png", rows)
        lines.append(f"images/{number}.png,{'right' if lift else 'none'},p{number}")
    (FOLDER / "labels.csv").write_text("\n".join(lines) + "\n")
    (FOLDER / "fewer.csv").write_text("\n".join(lines[:-20]) + "\n")


def command(output, *more, steps=None, images="labels.csv"):
    return [PROGRAM, "train", "classifier", "--home", str(FOLDER / "home"), "--network", "tiny", "--images",
            str(FOLDER / images), "--classes", "none,right", "--shape", "32,32,3", "--batch-size", "10", "--holdout", "0.5",
            "--precision", "f32", "--threads", "1", "--seed", "3", "--max-steps", str(steps or STEPS), "--checkpoint-seconds", "1", "--output",
            str(FOLDER / output), *more]


class Run:
    """A process and what it says."""

    running = []

    def __init__(self, arguments, inside=(), **environment):
        self.log = FOLDER / f"log{len(Run.running)}"
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "RANK", "WORLD"))}
        settings = {"LIGHTBOX_ENGINE_THREADS": "1", "LIGHTBOX_GROUP_SILENCE": str(SILENCE)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*inside, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=plain | settings | environment)
        Run.running.append(self)

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    def wait(self, limit=60):
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail(f"no end after {limit} s:\n" + self.text)

    def expect(self, code, *words, limit=60):
        found = self.wait(limit)
        check(found == code, f"ended with {found}, not {code}:\n" + self.text)
        for word in words:
            check(word in self.text, f"does not say '{word}':\n" + self.text)


def rank(number, arguments, count=2, port=None, **environment):
    """One rank in its own machine. `ip netns exec` becomes the program, so signals reach it."""
    settings = {"RANK": number, "WORLD_SIZE": count, "MASTER_ADDR": NETWORK.address, "MASTER_PORT": port} | environment
    return Run(arguments, NETWORK.inside(number % 2), **{name: str(value) for name, value in settings.items()})


def pair(output, *more, **settings):
    """Both ranks, each with a folder of its own: the second machine does not see the first one's."""
    port = free_port()
    return [rank(number, command(f"{output}/{number}", *more, **settings), port=port) for number in range(2)]


def tensors(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: data[8 + length + place["data_offsets"][0]:8 + length + place["data_offsets"][1]]
            for name, place in header.items()}


def last(output):
    return tensors(FOLDER / output / "checkpoints/last.safetensors")


def wait_for(condition, text, limit=60):
    deadline = time.time() + limit
    while not condition():
        check(time.time() < deadline, text)
        time.sleep(0.002)


def has_checkpoint(output):
    return (FOLDER / output / "0/checkpoints/last.safetensors").exists()


# The checks


def two_equal_one():
    Run(command("one", steps=20)).expect(0)
    for each in pair("two", steps=20):
        each.expect(0)
    one, two = last("one"), last("two/0")
    check(one.keys() == two.keys(), "one process and two keep other arrays")
    furthest = 0
    for name in one:
        if name.startswith("weights/"):
            pairs = zip(struct.iter_unpack("<f", one[name]), struct.iter_unpack("<f", two[name]))
            furthest = max([furthest] + [abs(a - b) for (a,), (b,) in pairs])
    check(furthest < 1e-5, f"weights of one process and of two differ by {furthest}")
    check(not (FOLDER / "two/1/checkpoints").exists(), "rank 1 wrote a checkpoint")
    print(f"  weights after 20 steps differ from one process by {furthest:.1e} at most")


def choose_length():
    global STEPS
    begun = time.time()
    for each in pair("pace", steps=200):
        each.expect(0)
    STEPS = min(20_000, max(300, int(9 * 200 / max(0.2, time.time() - begun - 0.8))))


def lost(name, victim, moment, harm=lambda run: run.process.kill(), words=(), survivors=None):
    """One rank comes to harm; the other says which, ends, and both go on to the same bits."""
    runs = pair(name)
    moment(runs, name)
    harm(runs[victim])
    begun = time.time()
    other = runs[1 - victim]
    other.expect(LOST, f"rank {victim} on", "--resume", *words, limit=SILENCE + 12)
    seconds = time.time() - begun
    if survivors:
        survivors(runs[victim])
    elif runs[victim].process.poll() is None:
        runs[victim].process.kill()
    runs[victim].wait()
    for each in pair(name, "--resume"):
        each.expect(0, limit=120)
    check(last(f"{name}/0") == REFERENCE, f"{name}: the run that went on ends with other bits")
    print(f"  {name}: noticed after {seconds:.1f} s; went on to the same bits")


def at_start(runs, _):
    """As soon as rank 1 has been let in: it then waits for connections of its own."""
    wait_for(lambda: sockets(runs[1], 1), "rank 1 does not come")


def in_first_steps(runs, _):
    wait_for(lambda: "epoch 2" in runs[0].text, "no second epoch")


def after_checkpoint(runs, name):
    wait_for(lambda: has_checkpoint(name), "no checkpoint")
    time.sleep(random.uniform(0, 0.5))


def in_checkpoint(runs, name):
    """While the file is half written, or a moment later."""
    folder = FOLDER / name / "0/checkpoints"
    wait_for(lambda: folder.exists() and any(f.name.endswith(".part") for f in folder.iterdir()), "no checkpoint begun")


def launched(name):
    """--processes: one of three is killed; no process stays behind."""
    run = Run(command(name + "/0", "--batch-size", "12", "--processes", "3"))
    wait_for(lambda: has_checkpoint(name), "no checkpoint")
    children = [int(child) for child in subprocess.run(
        ["pgrep", "-P", str(run.process.pid)], capture_output=True, text=True).stdout.split()]
    check(len(children) == 3, f"{len(children)} children")
    os.kill(children[1], signal.SIGKILL)
    run.expect(LOST, "rank 1 was ended by signal 9", "rank 1 on", "--resume", limit=15)
    check(not any(pathlib.Path(f"/proc/{child}").exists() for child in children), "a child is left")
    Run(command(name + "/0", "--batch-size", "12", "--processes", "3", "--resume")).expect(0)
    Run(command(name + "/whole", "--batch-size", "12", "--processes", "3")).expect(0)
    check(last(name + "/0") == last(name + "/whole"), "the run that went on ends with other bits")
    # The launcher itself dies: the others save and end.
    run = Run(command(name + "/orphans", "--batch-size", "12", "--processes", "3"))
    time.sleep(1)
    children = subprocess.run(["pgrep", "-P", str(run.process.pid)], capture_output=True, text=True).stdout.split()
    run.process.kill()
    run.process.wait()
    wait_for(lambda: all(is_gone(child) for child in children), "children outlive their launcher", limit=15)
    # Ctrl-C
    run = Run(command(name + "/stopped", "--batch-size", "12", "--processes", "3"))
    wait_for(lambda: "epoch 2" in run.text, "no second epoch")
    run.process.send_signal(signal.SIGINT)
    run.expect(130, limit=15)


def is_gone(process):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z"
    return True


def wrong_settings():
    port = free_port()
    a = rank(0, command("w1/0"), port=port)
    b = rank(1, command("w1/1", "--learning-rate", "0.5"), port=port)
    b.expect(5, "--learning-rate", "differs between rank 1 and rank 0")
    a.expect(LOST, "rank 1 on", "--learning-rate")
    port = free_port()
    a, b = rank(0, command("w2/0"), port=port), rank(1, command("w2/1", images="fewer.csv"), port=port)
    b.expect(5, "training data", "differs between rank 1 and rank 0")
    a.expect(LOST, "rank 1 on")
    few = {"LIGHTBOX_GROUP_PATIENCE": 2}
    rank(0, command("w3"), port=free_port(), **few).expect(1, "1 of 2 came in 2 s; missing: rank 1")
    rank(1, command("w3"), port=free_port(), **few).expect(1, "Rank 0 does not answer in 2 s")
    rank(1, command("w3"), port=free_port(), MASTER_ADDR="no-such-host.invalid", **few).expect(1, "leads to no address")
    rank(0, command("w3"), port=free_port(), MASTER_ADDR="192.0.2.7").expect(1, "not an address of this machine")
    # A port in use, the same rank twice, another size.
    port = free_port()
    a = rank(0, command("w4/0"), count=3, port=port)
    wait_for(lambda: listens(a, port), "rank 0 does not listen")
    rank(0, command("w4/b"), count=3, port=port).expect(1, "The port is in use")
    twins = [rank(1, command(f"w4/{twin}"), count=3, port=port) for twin in "cd"]
    for each in [a, *twins]:
        each.expect(1, "Rank 1 came twice")
    port = free_port()
    a, b = rank(0, command("w5/0"), count=3, port=port), rank(1, command("w5/1"), port=port)
    for each in [a, b]:
        each.expect(1, "WORLD_SIZE=2, rank 0 with 3")
    Run([PROGRAM, "train", "transfer", "--images", str(FOLDER / "labels.csv"), "--output", str(FOLDER / "w6"),
         "--home", str(FOLDER / "home")], RANK="0", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT="1").expect(
             7, "runs in one process")


def sockets(run, machine=0, state="0A"):
    """Own addresses of a process's sockets: those that listen, or in another state."""
    inside = NETWORK.inside(machine)
    text = subprocess.run([*inside, "cat", "/proc/net/tcp", "/proc/net/tcp6"], capture_output=True, text=True).stdout
    lines = [line.split() for line in text.splitlines() if ":" in line]
    own = set()
    for entry in pathlib.Path(f"/proc/{run.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            own.add(os.readlink(entry))
    return [line[1] for line in lines if len(line) > 9 and line[3] == state and f"socket:[{line[9]}]" in own]


def listens(run, port):
    return any(int(place.rsplit(":", 1)[1], 16) == port for place in sockets(run))


def listens_there_only():
    runs = pair("listen")
    in_first_steps(runs, "listen")
    own = socket.inet_aton(NETWORK.address)[::-1].hex().upper()
    places = sockets(runs[0])
    check(places and all(place.split(":")[0] == own for place in places), f"listens at {places}, not only at {own}")
    runs[1].process.send_signal(signal.SIGINT)  # one is asked, both save and end
    for each in runs:
        each.expect(130)


def slurm():
    shared = {"SLURM_NTASKS": "2", "SLURM_NODELIST": NETWORK.address + ",other", "SLURM_JOB_ID": str(free_port())}
    runs = [Run(command(f"slurm/{number}", steps=20), NETWORK.inside(number), SLURM_PROCID=str(number), **shared)
            for number in range(2)]
    for each in runs:
        each.expect(0)
    check(last("slurm/0") == last("two/0"), "under Slurm's variables the bits differ")


def main():
    make_data()
    print("  " + ("two network namespaces joined by a veth pair" if NETWORK.is_real else
                  "no network namespaces here (root and iproute2 are needed): both ranks over the loopback address"))
    two_equal_one()
    choose_length()
    slurm()
    listens_there_only()
    wrong_settings()
    for each in pair("whole"):
        each.expect(0, limit=120)
    global REFERENCE
    REFERENCE = last("whole/0")
    lost("rank 1 killed at the start", 1, at_start)
    lost("rank 0 killed at the start", 0, at_start)
    lost("rank 1 killed in the first epochs", 1, in_first_steps)
    lost("rank 1 killed later", 1, after_checkpoint, words=["Its process has ended"])
    lost("rank 0 killed later", 0, after_checkpoint, words=["Its process has ended"])
    lost("rank 0 killed in a checkpoint", 0, in_checkpoint)
    lost("rank 1 stopped", 1, after_checkpoint, lambda run: run.process.send_signal(signal.SIGSTOP),
         ["There was no sign of life"], continued)
    if NETWORK.is_real:
        lost("link down", 1, after_checkpoint, lambda run: NETWORK.set_link("down"), ["There was no sign of life"],
             reconnected)
    launched("launched")


def continued(run):
    """A stopped process that runs again finds itself left, and ends."""
    run.process.send_signal(signal.SIGCONT)
    run.expect(LOST, "rank 0 on", limit=SILENCE + 12)


def reconnected(run):
    run.expect(LOST, "rank 0 on", "There was no sign of life", limit=SILENCE + 12)
    NETWORK.set_link("up")


NETWORK = Network()
try:
    main()
    print("training on several machines: all checks passed")
finally:
    for each in Run.running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
    NETWORK.close()
    shutil.rmtree(FOLDER, ignore_errors=True)
