"""Lightbox on a real Spark cluster: a master and two workers on loopback, and the same bytes as on one machine.

    python Tests/Spark/spark.py [path of the lightbox program] [names of the checks to run]
"""
import atexit
import filecmp
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time

import pyspark

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Spread"))
import spread
from spread import FEW, FOLDER, HOME, IMAGES, QUICK, SLOW, below, embed, lightbox, same_embedding, slow_local

SPARK = pathlib.Path(pyspark.__file__).parent


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


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


def on_spark(images=40, master=None):
    options = ["--runner", "spark", "--spark-master", master or cluster.master, "--spark-home", sys.prefix,
               "--images-per-task", str(images)]
    for setting in ["driver.host=127.0.0.1", "driver.bindAddress=127.0.0.1", "ui.enabled=false",
                    "executor.memory=512m", "worker.timeout=10"]:
        options += ["--spark-conf", "spark." + setting]
    return options


def begun():
    return [pid for daemon in cluster.daemons for pid in below(daemon.pid, "lightbox worker")]


def killed(name, victims):
    local = slow_local()
    job = spread.begin(name, begun=begun)
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
    job = spread.begin("cancelled", begun=begun)
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
    job = spread.begin("killed-driver", begun=begun)
    refused = lightbox("embed", *SLOW, "--input", FEW, "--output", FOLDER / "killed-driver/vectors.jsonl",
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
    ended = lightbox("embed", *QUICK, "--input", IMAGES, "--output", FOLDER / "x.jsonl", "--runner", "spark",
                     "--spark-master", cluster.master, "--spark-home", FOLDER, code=4)
    assert "no spark-sql" in ended.stderr, ended.stderr


def check_unseen_folder():
    # A folder whose name Spark would read as a pattern is refused; one elsewhere does.
    output = FOLDER / "[odd] 'name'" / "v.jsonl"
    ended = lightbox("embed", *QUICK, "--input", IMAGES, "--output", output, *on_spark(), code=2)
    assert "--shared-folder" in ended.stderr, ended.stderr
    lightbox("embed", *QUICK, "--input", IMAGES, "--output", output, *on_spark(), "--shared-folder", FOLDER / "shared",
             "--quiet", code=3)
    local, _ = embed("odd-local")
    assert filecmp.cmp(output, local / "vectors.jsonl", shallow=False)
    assert not list((FOLDER / "shared").iterdir())


spread.runner = on_spark
spread.make_images()
cluster = Cluster()
print(f"Spark {pyspark.__version__} at {cluster.master}, {len(os.listdir(IMAGES))} images", flush=True)
spread.run(spread.SHARED + [value for name, value in list(globals().items()) if name.startswith("check_")])
