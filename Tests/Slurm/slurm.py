"""Lightbox on a real Slurm: a controller and two nodes on loopback, and the same bytes as on one machine.

    python Tests/Slurm/slurm.py [path of the lightbox program] [names of the checks to run]
"""
import filecmp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Spread"))
import spread
from cluster import Cluster
from spread import FEW, FOLDER, HOME, IMAGES, PROGRAM, QUICK, SLOW
from spread import embed, lightbox, processes, same_embedding, slow_local


def on_slurm(images=40):
    return ["--runner", "slurm", "--images-per-task", str(images), "--slurm-memory", "2G"]


def workers(word="lightbox worker", node="node"):
    """Processes of this cluster's jobs: Slurm's own daemons are not above them."""
    found = []
    for pid, _, command in processes():
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if word in command and f"SLURM_CONF={cluster.configuration}".encode() in environment and any(
                text.startswith(f"SLURMD_NODENAME={node}".encode()) for text in environment):
            found.append(pid)
    return found


def begun_just_now():
    """A worker that cannot be done yet, and the script above it."""
    earlier, found = workers(), []
    until(lambda: found.extend(pid for pid in workers() if pid not in earlier) or found)
    [script] = [parent for pid, parent, _ in processes() if pid == found[0]]
    return found[0], script


def kill_element():
    worker, script = begun_just_now()
    for pid in script, worker:
        os.kill(pid, signal.SIGKILL)


def begin(name, *options):
    return spread.begin(name, *options, begun=workers)


def queue():
    return cluster.said("squeue", "--noheader", "--format=%A %j").splitlines()


def until(is_true, seconds=60):
    for _ in range(10 * seconds):
        if is_true():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s; the queue: {queue()}")


def told(name):
    """What the run's folder notes of its jobs."""
    [note] = (FOLDER / name).glob("lightbox-run-*/slurm.json")
    return json.loads(note.read_text())


def ends_well(job, name, seconds=300):
    output, errors = job.communicate(timeout=seconds)
    assert job.returncode == 3, errors
    same_embedding(slow_local(), FOLDER / name)
    return json.loads(output)


def check_many_tasks():
    # More tasks than an array may have elements (MaxArraySize is 21), one job at a time, without the driver's environment.
    local, _ = embed("many-local")
    spread_, report = embed("many", *on_slurm(4), "--workers", "1", "--slurm-option", "export=NIL")
    same_embedding(local, spread_)
    assert report["unchanged"] == 0, report


def check_killed_worker():
    job = begin("killed-worker")
    os.kill(begun_just_now()[0], signal.SIGKILL)
    ends_well(job, "killed-worker")
    assert not list(FOLDER.glob("killed-worker/lightbox-run*"))


def check_killed_script():
    # The whole element, which Slurm does not begin again: what is missing is dealt out in a second round.
    slow_local()
    job = begin("killed-script")
    first = told("killed-script")
    kill_element()
    until(lambda: told("killed-script")["round"] == 2)
    assert told("killed-script")["array"] != first["array"]
    ends_well(job, "killed-script")


def check_killed_node():
    slow_local()
    job = begin("killed-node")
    until(lambda: workers(node=cluster.nodes[1]))
    cluster.stop(f"slurmd {cluster.nodes[1]}")
    lost = workers("", cluster.nodes[1])
    # Above each script stands Slurm's own process of that job.
    steps = [parent for pid, parent, command in processes() if pid in lost and "slurm_script" in command]
    for pid in steps + lost:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until(lambda: "down" in cluster.said("sinfo", "-h", "-n", cluster.nodes[1], "-o", "%T"), 120)
    # Slurm lets a job that begins again wait two minutes.
    array = told("killed-node")["array"]
    until(lambda: cluster.said("scontrol", "update", f"JobId={array}", "StartTime=now") or job.poll() is not None, 120)
    ends_well(job, "killed-node")
    cluster.start_node(cluster.nodes[1])


def check_restarted_controller():
    slow_local()
    job = begin("controller")
    daemon = cluster.daemons.pop("slurmctld")
    daemon.terminate()
    daemon.wait()
    time.sleep(3)
    cluster.start_controller()
    ends_well(job, "controller")


def check_interrupted():
    local = slow_local()
    job = begin("interrupted")
    job.send_signal(signal.SIGINT)
    _, errors = job.communicate(timeout=90)
    assert job.returncode == 130 and "stopped" in errors, errors
    assert not workers() and not queue(), queue()
    left = [path.name for path in (FOLDER / "interrupted").rglob(".*.part")]
    assert not left and not (FOLDER / "interrupted/vectors.jsonl").exists(), left
    _, report = embed("interrupted", *on_slurm(16), network=SLOW)
    assert report["unchanged"] >= 20, report
    same_embedding(local, FOLDER / "interrupted")


def check_cancelled_by_another():
    slow_local()
    job = begin("cancelled")
    cluster.said("scancel", told("cancelled")["array"])
    _, errors = job.communicate(timeout=60)
    assert job.returncode == 1 and "was cancelled" in errors and "goes on" in errors, errors
    _, report = embed("cancelled", *on_slurm(16), network=SLOW)
    assert report["unchanged"] >= 20, report
    same_embedding(slow_local(), FOLDER / "cancelled")


def check_killed_driver():
    slow_local()
    job = begin("killed-driver")
    refused = lightbox("embed", *SLOW, "--input", FEW, "--output", FOLDER / "killed-driver/vectors.jsonl",
                       *on_slurm(16), code=5)
    assert "another run is writing" in refused.stderr, refused.stderr
    job.kill()
    job.communicate()
    array = told("killed-driver")["array"]
    # The next one goes on with the same jobs.
    job = begin("killed-driver")
    assert told("killed-driver")["array"] == array and len({line.split()[0] for line in queue()}) >= 1
    ends_well(job, "killed-driver")


def detach(name, *options, network=SLOW, code=0):
    ended = lightbox("embed", *network, "--input", FEW, "--output", FOLDER / name / "vectors.jsonl", *on_slurm(16),
                     *options, "--detach", "--json", code=code)
    return json.loads(ended.stdout) if code == 0 else ended.stderr


def is_written(name):
    return lambda: (FOLDER / name / "vectors.jsonl").exists() and not queue()


def check_detached():
    slow_local()
    work = detach("detached", "--precision", "auto")
    assert work["stage"] == "embed" and not (FOLDER / "detached/vectors.jsonl").exists(), work
    until(is_written("detached"), 180)
    log = pathlib.Path(work["log"]).read_text()
    assert "written" in log and not list(FOLDER.glob("detached/lightbox-run-*/")), log
    # What was measured when the work was planned holds to the end.
    lines = [len((FOLDER / name / "vectors.jsonl").read_text().splitlines()) for name in ("slow-local", "detached")]
    assert lines[0] == lines[1], lines
    pathlib.Path(work["log"]).unlink()


def check_detached_then_awaited():
    local = slow_local()
    work = detach("awaited")
    errors = detach("awaited", code=5)
    assert f"job {work['job']}" in errors and "--detach" in errors, errors
    until(lambda: len(list((FOLDER / "awaited").glob("lightbox-run-*/*.done"))) >= 2)
    folder, report = embed("awaited", *on_slurm(16), network=SLOW)
    assert report["unchanged"] >= 10, report
    assert not any(line.startswith(work["finish"]) for line in queue()), queue()
    same_embedding(local, folder)


def check_detached_in_rounds():
    slow_local()
    work = detach("rounds")
    until(lambda: len(list((FOLDER / "rounds").glob("lightbox-run-*/*.done"))) >= 2)
    kill_element()
    until(is_written("rounds"), 240)
    pathlib.Path(work["log"]).unlink()
    same_embedding(slow_local(), FOLDER / "rounds")


def check_detached_and_cancelled():
    slow_local()
    work = detach("given-up")
    until(lambda: len(list((FOLDER / "given-up").glob("lightbox-run-*/*.done"))) >= 2)
    cluster.said("scancel", work["job"])
    until(lambda: not queue(), 60)
    log = pathlib.Path(work["log"])
    assert "was cancelled" in log.read_text() and not (FOLDER / "given-up/vectors.jsonl").exists(), log.read_text()
    log.unlink()
    folder, report = embed("given-up", *on_slurm(16), network=SLOW)
    assert report["unchanged"] >= 20, report
    same_embedding(slow_local(), folder)


def check_out_of_memory():
    # Long enough for Slurm, which looks at the memory once in two seconds.
    _, ended = embed("no-memory", *on_slurm(100000), "--slurm-memory", "60M", network=SLOW, code=8)
    assert "--slurm-memory" in ended.stderr and "needed more memory" in ended.stderr, ended.stderr
    _, report = embed("no-memory", *on_slurm(16), network=SLOW)
    same_embedding(slow_local(), FOLDER / "no-memory")


def check_out_of_time():
    # One task whose worker is stopped, so that its minute passes without any work.
    job = subprocess.Popen(
        [PROGRAM, "embed", *SLOW, "--input", FEW, "--output", FOLDER / "late/vectors.jsonl", *on_slurm(100000),
         "--slurm-time", "1", "--home", HOME], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(workers)
    os.kill(workers()[0], signal.SIGSTOP)
    _, errors = job.communicate(timeout=240)
    assert job.returncode == 8 and "--slurm-time" in errors and "--images-per-task" in errors, errors
    assert not workers() and not queue()


def check_refused():
    for options, words in [
            (["--slurm-partition", "nosuch"], "nvalid partition"), (["--slurm-memory", "900G"], "not available"),
            (["--slurm-option", "constraint=gpu"], "feature"), (["--slurm-option", "nosuch=1"], "nosuch")]:
        start = time.monotonic()
        _, ended = embed("refused", *on_slurm(), *options, code=2)
        assert words in ended.stderr and time.monotonic() - start < 30, ended.stderr
    for options in [["--slurm-option", "array=3"], ["--slurm-option", "--x"], ["--slurm-option", "a b"]]:
        embed("refused", *on_slurm(), *options, code=2)
    path = os.environ["PATH"]
    os.environ["PATH"] = str(FOLDER)
    try:
        _, ended = embed("refused", *on_slurm(), code=4)
    finally:
        os.environ["PATH"] = path
    assert "on the PATH" in ended.stderr, ended.stderr


def check_unseen_folder():
    if os.getuid() != 0:
        return "left out: only root makes a folder that the nodes do not see"
    hidden = FOLDER / "hidden"
    hidden.mkdir()
    command = [PROGRAM, "embed", *QUICK, "--input", IMAGES, "--output", hidden / "v.jsonl", *on_slurm(), "--home", HOME]
    ended = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && "$@"', hidden, *command],
                           capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and "does not see" in ended.stderr and "--shared-folder" in ended.stderr, ended.stderr
    folder = FOLDER / "odd 100% %N 'name'\n\"$HOME\" \u00e4"
    lightbox("embed", *QUICK, "--input", IMAGES, "--output", folder / "vectors.jsonl", *on_slurm(), "--quiet", code=3)
    local, _ = embed("odd-local")
    same_embedding(local, folder)


spread.runner = on_slurm
spread.make_images()
cluster = Cluster()
print(f"{cluster.said('sbatch', '--version')}, {len(os.listdir(IMAGES))} images", flush=True)
spread.run(spread.SHARED + [value for name, value in list(globals().items()) if name.startswith("check_")])
