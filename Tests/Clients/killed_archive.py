"""An archive whose process is killed (kill -9) at random moments of import, STOW and C-STORE.

    python Tests/Clients/killed_archive.py PROGRAM [ROUNDS [SEED]]

After each kill, and through a server that was started again: what had been acknowledged is there byte for byte, what
else can be seen is whole, `lightbox dicom verify` misses nothing, and sending everything again completes the store
and takes in the files that the crash left over.
"""
import concurrent.futures
import io
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pydicom
import requests
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE, build_context

from support import PROGRAM, Lightbox, check, free_port, without_reactor

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
chance = random.Random(SEED)
# Stands for the UID in the template; every UID that replaces it is as long.
PLACE = "1.2.826.0.1.3680043.10.543.100000.10000"
SIDE = 96


def template():
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, PLACE
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = SecondaryCaptureImageStorage, PLACE, "OT"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.826.0.1.3680043.10.543.1", "1.2.826.0.1.3680043.10.543.2"
    data.PatientID, data.PatientName, data.StudyDate = "P1", "Made^Up", "20240131"
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.PixelData = bytes(2 * SIDE * SIDE)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()[: -2 * SIDE * SIDE]


HEAD = template()


def instances(number, count):
    """Files of one round by their UID."""
    files = {}
    for index in range(count):
        uid = f"1.2.826.0.1.3680043.10.543.{100001 + number}.{10000 + index}"
        files[uid] = HEAD.replace(PLACE.encode(), uid.encode()) + chance.randbytes(2 * SIDE * SIDE)
    return files


def data_set(file):
    """Behind the file meta information, which each sender's software writes as it likes."""
    source = io.BytesIO(file)
    pydicom.filereader.read_preamble(source, False)
    pydicom.filereader._read_file_meta_info(source)
    return source.read()


def insist(condition, what):
    """A check that is silent when it holds."""
    if not condition:
        check(False, what)


server = Lightbox()
work = pathlib.Path(server.home) / "work"
work.mkdir()


def run(*arguments):
    return subprocess.run(
        [PROGRAM, *map(str, arguments), "--home", server.home], capture_output=True, text=True)


def root(store):
    return f"{server.address}/dicomweb/{store}"


def visible(store):
    """UIDs that a search finds; None where there is no store yet."""
    found, page = [], 1000
    while True:
        answer = requests.get(root(store) + "/instances", params={"limit": page, "offset": len(found)}, timeout=60)
        if answer.status_code == 404:
            return None
        if answer.status_code == 204:
            return set(found)
        insist(answer.status_code == 200, f"{store}: a search is answered {answer.status_code}")
        some = [item["00080018"]["Value"][0] for item in answer.json()]
        found += some
        if len(some) < page:
            return set(found)


def wait_for(done, count):
    """Until some of `count` are acknowledged, and a moment longer."""
    wanted, patience = chance.randrange(count), time.time() + 20
    while len(done) < wanted and time.time() < patience:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.04))


# What is killed; each gives the UIDs that were acknowledged.
def killed_import(store, files, folder):
    process = subprocess.Popen(
        [PROGRAM, "dicom", "import", str(folder), "--store", store, "--home", server.home],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Somewhere in its course, or soon after its first commit, which another process sees.
    moment, waits, seen = time.time() + chance.uniform(0.2, 1.2) * whole_import, chance.random() < 0.5, set()
    while process.poll() is None and (not seen if waits else time.time() < moment):
        seen |= visible(store) or set()
    time.sleep(chance.uniform(0, 0.05))
    process.kill()
    return set(files) if process.wait() == 0 else seen


def killed_stow(store, files, folder):
    uids = list(files)
    cuts = [uids[start:start + size] for size in (1, 3, 8) for start in range(0, len(uids), size)][:len(uids)]
    chance.shuffle(cuts)
    done, lock = set(), threading.Lock()

    def send(mine):
        session = requests.Session()
        for part in mine:
            body = b"".join(b"--b0\r\nContent-Type: application/dicom\r\n\r\n" + files[uid] + b"\r\n" for uid in part)
            try:
                answer = session.post(
                    root(store) + "/studies", data=body + b"--b0--", timeout=60,
                    headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b0',
                             "Accept": "application/dicom+json"})
            except requests.RequestException:
                return
            if answer.status_code in (200, 202):
                with lock:
                    done.update(item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for worker in range(4):
            pool.submit(send, cuts[worker::4])
        wait_for(done, len(files))
        server.stop(signal.SIGKILL)
    server.start()
    return done


def listener(store):
    port = free_port()
    return port, subprocess.Popen(
        [PROGRAM, "dicom", "listen", "--store", store, "--port", str(port), "--home", server.home],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def associate(port, process):
    """An association with a listener that may be starting, or dead."""
    context = build_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
    while True:
        association = AE("KILLER").associate("127.0.0.1", port, [context], ae_title="LIGHTBOX")
        if association.is_established or process.poll() is not None:
            return association
        time.sleep(0.05)


def killed_store(store, files, folder):
    port, process = listener(store)
    done, uids, ready = set(), list(files), threading.Semaphore(0)

    def send(mine):
        association = associate(port, process)
        ready.release()
        with without_reactor(association):
            for uid in mine:
                try:
                    if association.send_c_store(pydicom.dcmread(io.BytesIO(files[uid]))).Status == 0:
                        done.add(uid)
                except (AttributeError, RuntimeError, ValueError):  # the association has ended
                    return

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for worker in range(3):
            pool.submit(send, uids[worker::3])
        ready.acquire(timeout=20)
        wait_for(done, len(files))
        process.kill()
    process.wait()
    return done


def import_again(store, folder):
    return run("dicom", "import", folder, "--store", store)


def send_again(store, folder):
    port, process = listener(store)
    associate(port, process).release()
    done = run("dicom", "send", folder, "--to", f"LIGHTBOX@127.0.0.1:{port}")
    process.terminate()
    process.wait()
    return done


def look(store, files, acknowledged, same):
    """What the server shows is whole, and nothing that was acknowledged is missing."""
    there = visible(store) or set()
    insist(acknowledged <= there, f"{store}: {len(acknowledged - there)} acknowledged instances are lost")
    insist(there <= set(files), f"{store}: something is there that nobody sent")
    session = requests.Session()
    for uid in there:
        answer = session.get(
            f"{root(store)}/studies/1.2.826.0.1.3680043.10.543.1/series/1.2.826.0.1.3680043.10.543.2/instances/{uid}",
            headers={"Accept": "application/dicom; transfer-syntax=*"}, timeout=60)
        insist(answer.status_code == 200 and same(answer.content, files[uid]),
               f"{store}: {uid} is {answer.status_code}, {len(answer.content)} bytes, and not what was sent")
    return there


def verify(store):
    done = run("dicom", "verify", "--store", store, "--json")
    report = json.loads(done.stdout)
    insist(done.returncode == 0 and not report["missing"] and not report["changed"],
           f"{store}: verify finds {len(report['missing'])} missing, {len(report['changed'])} changed")
    return report


kinds = [
    ("import", killed_import, import_again, 700, lambda left, right: left == right),
    ("STOW", killed_stow, import_again, 250, lambda left, right: left == right),
    ("C-STORE", killed_store, send_again, 150, lambda left, right: data_set(left) == data_set(right)),
]
print(f"seed {SEED}")
for uid, file in instances(-1, 700).items():
    (work / uid).write_bytes(file)
start = time.time()
insist(import_again("killed/measured", work).returncode == 0, "an import that nobody kills ends well")
whole_import = time.time() - start
totals = {name: [0, 0, 0, 0] for name, *_ in kinds}
for number in range(ROUNDS):
    name, kill, again, count, same = kinds[number % 3]
    store, files, folder = f"killed/r{number}", instances(number, count), work / str(number)
    folder.mkdir()
    for uid, file in files.items():
        (folder / uid).write_bytes(file)
    if name == "STOW":
        made = run("dicom", "import", folder / next(iter(files)), "--store", store)
        insist(made.returncode == 0, f"{store} is made")
    acknowledged = kill(store, files, folder)
    there = look(store, files, acknowledged, same)
    left = len(verify(store)["orphaned"]) if visible(store) is not None else 0
    # Once more and whole: the repeat meets what the crash left.
    done = again(store, folder)
    insist(done.returncode == 0, f"{store}: a repeat ends with {done.returncode}: {done.stderr[-500:]}")
    insist(look(store, files, set(files), same) == set(files), f"{store}: a repeat completes it")
    over = len(verify(store)["orphaned"])
    insist(over == 0, f"{store}: {over} files are left over after a repeat")
    waiting = [path for path in pathlib.Path(server.home).rglob(f"r{number}/incoming/*") if path.is_dir()]
    insist(len(waiting) <= 1, f"{store}: {len(waiting)} folders of killed processes are left")
    shutil.rmtree(folder)
    for index, count in enumerate((1, len(acknowledged), len(there), left)):
        totals[name][index] += count
    if (number + 1) % 15 == 0:
        print(f"      {number + 1} kills", flush=True)
for name, (kills, acknowledged, there, left) in totals.items():
    check(kills == 0 or acknowledged > 0,
          f"{name}: {kills} kills, all {acknowledged} acknowledged instances are there, all {there} that can be seen "
          f"are whole, {left} files left over and taken in again")
