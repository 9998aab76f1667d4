"""Lightbox on a real Spark cluster: a master and two workers on loopback, and the same bytes as on one machine.

    python Tests/Spark/spark.py [path of the lightbox program] [names of the checks to run]
"""
import atexit
import filecmp
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

import pyspark

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lightbox")
DATA = pathlib.Path(os.environ.get("LIGHTBOX_TEST_DATA", ROOT.parent / "shared/data"))
SPARK = pathlib.Path(pyspark.__file__).parent
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-spark-"))
HOME = FOLDER / "home"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def processes():
    """(pid, parent, command line) of everything that runs."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                yield int(entry.name), parent, (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                pass


def below(pid, word):
    """The processes that `pid` began, and those that they began, whose command line has `word` in it."""
    known, found, listed = {pid}, [], list(processes())
    for _ in range(8):
        for child, parent, command in listed:
            if parent in known and child not in known:
                known.add(child)
                if word in command:
                    found.append(child)
    return found


class Cluster:
    def __init__(self):
        self.port = free_port()
        self.daemons = []
        self.environment = os.environ | {
            "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
        atexit.register(self.end)
        self.daemon("master", "master.Master", "--host", "127.0.0.1", "--port", self.port, "--webui-port", free_port())
        self.wait("master", "New state: ALIVE")
        self.workers = [self.worker(number) for number in range(2)]

    def daemon(self, name, kind, *arguments):
        with open(FOLDER / f"{name}.log", "w") as log:
            daemon = subprocess.Popen(
                [SPARK / "bin/spark-class", f"org.apache.spark.deploy.{kind}", *map(str, arguments)],
                env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.daemons.append(daemon)
        return daemon

    def worker(self, number):
        name = f"worker{number}-{time.monotonic_ns()}"
        worker = self.daemon(
            name, "worker.Worker", "--host", "127.0.0.1", "--cores", 1, "--memory", "1g", "--work-dir",
            FOLDER / name, "--webui-port", free_port(), self.master)
        self.wait(name, "Successfully registered with master")
        return worker

    def wait(self, name, text):
        log = FOLDER / f"{name}.log"
        for _ in range(300):
            if text in log.read_text():
                return
            time.sleep(0.2)
        raise SystemExit(f"{name} did not start:\n{log.read_text()[-2000:]}")

    @property
    def master(self):
        return f"spark://127.0.0.1:{self.port}"

    def end(self):
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()
        if os.environ.get("KEEP"):
            print(f"kept: {FOLDER}")
        else:
            shutil.rmtree(FOLDER, ignore_errors=True)


def lightbox(*arguments, code=0):
    ended = subprocess.run([PROGRAM, *map(str, arguments), "--home", HOME], capture_output=True, text=True)
    if ended.returncode != code:
        raise AssertionError(f"{arguments} ended with {ended.returncode}, not {code}:\n{ended.stdout}\n{ended.stderr}")
    return ended


def on_spark(images=40, master=None):
    options = ["--runner", "spark", "--spark-master", master or cluster.master, "--spark-home", sys.prefix,
               "--images-per-task", str(images)]
    for setting in ["driver.host=127.0.0.1", "driver.bindAddress=127.0.0.1", "ui.enabled=false",
                    "executor.memory=512m", "worker.timeout=10"]:
        options += ["--spark-conf", "spark." + setting]
    return options


def make_images():
    """Real photographs and radiographs where there are some, made-up ones otherwise; and a few that nobody can read."""
    folder = FOLDER / "in"
    folder.mkdir()
    found = sorted(DATA.glob("photos/daisy/*.jpg")) + sorted(DATA.glob("chest-xrays/images/*"))
    if not found:
        lightbox("phantoms", "--output", FOLDER / "phantoms", "--patients", 100, "--quiet")
        found = sorted(path for path in (FOLDER / "phantoms").rglob("*.dcm"))
    for number, path in enumerate(found):
        os.symlink(path, folder / f"{number % 7}-{path.name}")
    whole = found[0].read_bytes()
    (folder / f"1-cut{found[0].suffix}").write_bytes(whole[:len(whole) // 2])
    (folder / "2-a\nb\r\u2028 'quoted' \"twice\" \\N ${HOME} \u00e4.png").write_bytes(b"no picture")
    (folder / f"3-\t\u4e2d\U0001f600{found[0].suffix}").write_bytes(whole)
    return folder


def same_folder(left, right):
    names = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) for folder in (left, right)]
    assert names[0] == names[1], names
    for name in names[0]:
        if (left / name).is_file():
            assert filecmp.cmp(left / name, right / name, shallow=False), name
    return len(names[0])


def same_embedding(local, spark):
    for name in local.iterdir():
        assert filecmp.cmp(name, spark / name.name, shallow=False), name.name
    assert sorted(os.listdir(local)) == sorted(os.listdir(spark)), os.listdir(spark)


QUICK = ["--network", "tiny", "--untrained", "--precision", "f32"]
# Some hundredths of a second an image, so that there is a middle of the job to kill something in.
SLOW = ["--network", "xception", "--shape", "160,160,3", "--untrained", "--precision", "f32"]


def embed(name, *options, network=QUICK, code=3):
    folder = FOLDER / name
    output = folder / "vectors.jsonl"
    ended = lightbox("embed", *network, "--input", images, "--output", output, *options, "--json", "--quiet", code=code)
    return folder, json.loads(ended.stdout) if ended.stdout else ended


def check_embed():
    for form in ["jsonl", "npy"]:
        for folder, options in [("local", []), ("spark", on_spark())]:
            lightbox("embed", *QUICK, "--input", images, "--output", FOLDER / f"{form}-{folder}" / f"v.{form}",
                     *options, "--quiet", code=3)
        same_embedding(FOLDER / f"{form}-local", FOLDER / f"{form}-spark")


def check_weights():
    weights = DATA / "weights/mobilenet_2_5_224_tf_no_top.h5"
    if not weights.exists():
        return "left out: no weights in LIGHTBOX_TEST_DATA"
    network = ["--network", "mobilenet_0.25", "--weights", weights, "--precision", "int8"]
    local, told = embed("weights-local", network=network)
    spark, report = embed("weights-spark", *on_spark(), network=network)
    same_embedding(local, spark)
    assert (report["written"], report["problems"]) == (told["written"], told["problems"])


def check_records():
    for place, runner in [("local", []), ("spark", on_spark())]:
        lightbox("records", "write", "--images", images, "--shape", "48,48,1", "--output",
                 FOLDER / f"records-{place}" / "r", "--shards", 4, *runner, "--quiet", code=3)
    assert same_folder(FOLDER / "records-local", FOLDER / "records-spark") == 5


def check_export():
    lightbox("phantoms", "--output", FOLDER / "scans", "--patients", 30, "--quiet")
    lightbox("dicom", "import", FOLDER / "scans", "--store", "scans", "--quiet")
    for place, runner in [("local", []), ("spark", on_spark(images=10))]:
        lightbox("dicom", "export", "--store", "scans", "--to", FOLDER / f"export-{place}", *runner, "--quiet")
    assert same_folder(FOLDER / "export-local", FOLDER / "export-spark") >= 60


def check_predict_set():
    model = ROOT / "Tests/Reference/keras-models/densenet_k3.h5"
    for table, runner in [("p_local", []), ("p_spark", on_spark())]:
        lightbox("predict-set", "--model", model, "--labels", "chexpert14", "--scaling", "minus-one-to-one", "--images", images,
                 "--table", table, *runner, "--quiet", code=3)
    rows = [lightbox("query", f"SELECT * FROM {table} ORDER BY rowid", "--json").stdout
            for table in ("p_local", "p_spark")]
    assert rows[0] == rows[1] and len(rows[0]) > 10_000


def begin(name, *options):
    """A slow job, up to the moment when the first tasks are done and others are under way."""
    job = subprocess.Popen(
        [PROGRAM, "embed", *SLOW, "--input", images, "--output", FOLDER / name / "vectors.jsonl", *on_spark(images=16),
         *options, "--home", HOME, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if len(list((FOLDER / name).glob("lightbox-run-*/*.done"))) >= 2 and begun():
            return job
        if job.poll() is not None:
            break
        time.sleep(0.1)
    job.kill()
    raise AssertionError("no task was done in a minute:\n" + job.communicate()[1])


def begun():
    return [pid for daemon in cluster.daemons for pid in below(daemon.pid, "lightbox worker")]


def slow_local():
    if not (FOLDER / "slow-local").exists():
        embed("slow-local", network=SLOW)
    return FOLDER / "slow-local"


def killed(name, victims):
    local = slow_local()
    job = begin(name)
    pids = victims()
    assert pids, "nothing there to kill"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    _, errors = job.communicate(timeout=300)
    assert job.returncode == 3, errors
    same_embedding(local, FOLDER / name)


def check_killed_child():
    killed("killed-child", lambda: begun()[:1])


def check_killed_executor():
    killed("killed-executor", lambda: [
        pid for worker in cluster.workers for pid in below(worker.pid, "CoarseGrainedExecutorBackend")][:1])


def check_killed_worker():
    # The whole worker at once, as when a machine goes: its daemon, its executor, the program under it.
    killed("killed-worker", lambda: [cluster.workers[0].pid] + below(cluster.workers[0].pid, ""))
    cluster.workers[0] = cluster.worker(0)


def check_cancelled():
    local = slow_local()
    job = begin("cancelled")
    job.send_signal(signal.SIGINT)
    _, errors = job.communicate(timeout=60)
    assert job.returncode == 130 and "stopped" in errors, errors
    for _ in range(100):
        if not begun():
            break
        time.sleep(0.1)
    assert not begun(), "workers go on"
    left = [path.name for path in (FOLDER / "cancelled").rglob(".*.part")]
    assert not left and not (FOLDER / "cancelled/vectors.jsonl").exists(), left
    _, report = embed("cancelled", *on_spark(images=16), network=SLOW)
    assert report["unchanged"] >= 20, report
    same_embedding(local, FOLDER / "cancelled")


def check_killed_driver():
    local = slow_local()
    job = begin("killed-driver")
    refused = lightbox("embed", *SLOW, "--input", images, "--output", FOLDER / "killed-driver/vectors.jsonl",
                       *on_spark(images=16), code=5)
    assert "another run is writing" in refused.stderr, refused.stderr
    orphans = below(job.pid, "SparkSubmit")
    job.kill()
    job.communicate()
    # The next one goes on with what is done, and the workers of the first end when they meet its name.
    _, report = embed("killed-driver", *on_spark(images=16), network=SLOW)
    assert report["unchanged"] >= 20, report
    same_embedding(local, FOLDER / "killed-driver")
    for pid in orphans:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def with_archive(change, name):
    """The words of a run whose archive was changed by `change`."""
    [archive] = (HOME / "cache/workers").glob("lightbox-*.tar.gz")
    kept, content = FOLDER / "kept.tar.gz", FOLDER / "content"
    os.rename(archive, kept)
    try:
        with tarfile.open(kept) as packed:
            packed.extractall(content, filter="fully_trusted")
        change(content)
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
            packed.add(content, ".")
        _, ended = embed(name, *on_spark(), code=1)
        return ended.stderr
    finally:
        shutil.rmtree(content, ignore_errors=True)
        os.rename(kept, archive)


def check_program_missing():
    words = with_archive(lambda content: os.unlink(content / "lightbox"), "missing")
    assert "No such file" in words and "lightbox" in words, words


def check_library_damaged():
    words = with_archive(lambda content: (content / "libdcmjpls.so.17").write_text("cut short"), "no-library")
    assert "libdcmjpls.so.17" in words, words


def check_early_end():
    # A program that takes its rows, answers none and says that all is well.
    def lie(content):
        os.unlink(content / "lightbox")
        (content / "lightbox").write_text("#!/bin/sh\nread line\nexit 0\n")
        (content / "lightbox").chmod(0o755)
    words = with_archive(lie, "early-end")
    assert "0 of" in words and "tasks" in words, words


def check_no_master():
    start = time.monotonic()
    _, ended = embed("nobody", *on_spark(master=f"spark://127.0.0.1:{free_port()}"), code=4)
    assert "no Spark master answers there" in ended.stderr and time.monotonic() - start < 20, ended.stderr
    ended = lightbox("embed", *QUICK, "--input", images, "--output", FOLDER / "x.jsonl", "--runner", "spark",
                     "--spark-master", cluster.master, "--spark-home", FOLDER, code=4)
    assert "no spark-sql" in ended.stderr, ended.stderr


def check_unseen_folder():
    # A folder whose name Spark would read as a pattern is refused; one elsewhere does.
    output = FOLDER / "[odd] 'name'" / "v.jsonl"
    ended = lightbox("embed", *QUICK, "--input", images, "--output", output, *on_spark(), code=2)
    assert "--shared-folder" in ended.stderr, ended.stderr
    lightbox("embed", *QUICK, "--input", images, "--output", output, *on_spark(), "--shared-folder", FOLDER / "shared",
             "--quiet", code=3)
    local, _ = embed("odd-local")
    assert filecmp.cmp(output, local / "vectors.jsonl", shallow=False)
    assert not list((FOLDER / "shared").iterdir())


checks = [value for name, value in globals().items() if name.startswith("check_")]
wanted = sys.argv[2:]
images = make_images()
cluster = Cluster()
print(f"Spark {pyspark.__version__} at {cluster.master}, {len(os.listdir(images))} images", flush=True)
for check in checks:
    name = check.__name__.removeprefix("check_")
    if not wanted or name in wanted:
        start = time.monotonic()
        said = check()
        print(f"  {name}: {said or 'as it should be'} ({time.monotonic() - start:.0f} s)", flush=True)
