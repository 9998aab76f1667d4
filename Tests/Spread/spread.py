"""What the checks of every cluster share: the same stages, on real images, here and there, compared byte for byte.

A script imports this, sets `runner`, and calls `run` with its checks.
"""
import atexit
import filecmp
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lightbox")
DATA = pathlib.Path(os.environ.get("LIGHTBOX_TEST_DATA", ROOT.parent / "shared/data"))
NAME = pathlib.Path(sys.argv[0]).stem
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix=f"lightbox-{NAME}-"))
HOME = FOLDER / "home"
IMAGES = FOLDER / "in"
# For what takes its time.
FEW = FOLDER / "few"
if os.environ.get("KEEP"):
    print(f"kept: {FOLDER}")
else:
    atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def runner(images=40):
    """The options of a run on the cluster, with so many images in a task."""
    raise NotImplementedError


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


def lightbox(*arguments, code=0):
    ended = subprocess.run([PROGRAM, *map(str, arguments), "--home", HOME], capture_output=True, text=True)
    if ended.returncode != code:
        raise AssertionError(f"{arguments} ended with {ended.returncode}, not {code}:\n{ended.stdout}\n{ended.stderr}")
    return ended


def make_images():
    """Real photographs and radiographs where there are some, made-up ones otherwise; and a few that nobody can read."""
    IMAGES.mkdir()
    found = sorted(DATA.glob("photos/daisy/*.jpg")) + sorted(DATA.glob("chest-xrays/images/*"))
    if not found:
        lightbox("phantoms", "--output", FOLDER / "phantoms", "--patients", 100, "--quiet")
        found = sorted(path for path in (FOLDER / "phantoms").rglob("*.dcm"))
    for number, path in enumerate(found):
        os.symlink(path, IMAGES / f"{number % 7}-{path.name}")
    whole = found[0].read_bytes()
    (IMAGES / f"1-cut{found[0].suffix}").write_bytes(whole[:len(whole) // 2])
    (IMAGES / "2-a\nb\r\u2028 'quoted' \"twice\" \\N ${HOME} \u00e4.png").write_bytes(b"no picture")
    (IMAGES / f"3-\t\u4e2d\U0001f600{found[0].suffix}").write_bytes(whole)
    FEW.mkdir()
    for path in sorted(IMAGES.iterdir())[::2]:
        os.symlink(path, FEW / path.name)


def same_folder(left, right):
    names = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) for folder in (left, right)]
    assert names[0] == names[1], names
    for name in names[0]:
        if (left / name).is_file():
            assert filecmp.cmp(left / name, right / name, shallow=False), name
    return len(names[0])


def same_embedding(local, spread):
    for name in local.iterdir():
        assert filecmp.cmp(name, spread / name.name, shallow=False), name.name
    assert sorted(os.listdir(local)) == sorted(os.listdir(spread)), os.listdir(spread)


QUICK = ["--network", "tiny", "--untrained", "--precision", "f32"]
# Some hundredths of a second an image, so that there is a middle of the job to kill something in.
SLOW = ["--network", "xception", "--shape", "160,160,3", "--untrained", "--precision", "f32"]


def embed(name, *options, network=QUICK, code=3):
    folder = FOLDER / name
    output = folder / "vectors.jsonl"
    ended = lightbox("embed", *network, "--input", FEW if network == SLOW else IMAGES, "--output", output, *options,
                     "--json", "--quiet", code=code)
    return folder, json.loads(ended.stdout) if ended.stdout else ended


def check_embed():
    for form in ["jsonl", "npy"]:
        for folder, options in [("local", []), ("spread", runner())]:
            lightbox("embed", *QUICK, "--input", IMAGES, "--output", FOLDER / f"{form}-{folder}" / f"v.{form}",
                     *options, "--quiet", code=3)
        same_embedding(FOLDER / f"{form}-local", FOLDER / f"{form}-spread")


def check_weights():
    weights = DATA / "weights/mobilenet_2_5_224_tf_no_top.h5"
    if not weights.exists():
        return "left out: no weights in LIGHTBOX_TEST_DATA"
    network = ["--network", "mobilenet_0.25", "--weights", weights, "--precision", "int8"]
    local, told = embed("weights-local", network=network)
    spread, report = embed("weights-spread", *runner(), network=network)
    same_embedding(local, spread)
    assert (report["written"], report["problems"]) == (told["written"], told["problems"])


def check_records():
    for place, options in [("local", []), ("spread", runner())]:
        lightbox("records", "write", "--images", IMAGES, "--shape", "48,48,1", "--output",
                 FOLDER / f"records-{place}" / "r", "--shards", 4, *options, "--quiet", code=3)
    assert same_folder(FOLDER / "records-local", FOLDER / "records-spread") == 5


def check_export():
    lightbox("phantoms", "--output", FOLDER / "scans", "--patients", 30, "--quiet")
    lightbox("dicom", "import", FOLDER / "scans", "--store", "scans", "--quiet")
    for place, options in [("local", []), ("spread", runner(10))]:
        lightbox("dicom", "export", "--store", "scans", "--to", FOLDER / f"export-{place}", *options, "--quiet")
    assert same_folder(FOLDER / "export-local", FOLDER / "export-spread") >= 60


def check_predict_set():
    model = ROOT / "Tests/Reference/keras-models/densenet_k3.h5"
    for table, options in [("p_local", []), ("p_spread", runner())]:
        lightbox("predict-set", "--model", model, "--labels", "chexpert14", "--scaling", "minus-one-to-one", "--images", IMAGES,
                 "--table", table, *options, "--quiet", code=3)
    rows = [lightbox("query", f"SELECT * FROM {table} ORDER BY rowid", "--json").stdout
            for table in ("p_local", "p_spread")]
    assert rows[0] == rows[1] and len(rows[0]) > 10_000


def begin(name, *options, begun):
    """A slow job, up to the moment when the first tasks are done and others are under way."""
    job = subprocess.Popen(
        [PROGRAM, "embed", *SLOW, "--input", FEW, "--output", FOLDER / name / "vectors.jsonl", *runner(16), *options,
         "--home", HOME, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if len(list((FOLDER / name).glob("lightbox-run-*/*.done"))) >= 2 and begun():
            return job
        if job.poll() is not None:
            break
        time.sleep(0.1)
    job.kill()
    raise AssertionError("no task was done in a minute:\n" + job.communicate()[1])


def slow_local():
    if not (FOLDER / "slow-local").exists():
        embed("slow-local", network=SLOW)
    return FOLDER / "slow-local"


SHARED = [check_embed, check_weights, check_records, check_export, check_predict_set]


def run(checks):
    """Those whose names are on the command line, or all."""
    wanted = sys.argv[2:]
    for check in checks:
        name = check.__name__.removeprefix("check_")
        if not wanted or name in wanted:
            start = time.monotonic()
            said = check()
            print(f"  {name}: {said or 'as it should be'} ({time.monotonic() - start:.0f} s)", flush=True)
