"""Bounded load for a while on one `lightbox serve` and one `lightbox dicom listen`: memory, descriptors and threads
have to stay flat, and every answer has to be right.

    python Tests/Clients/soak.py PROGRAM [SECONDS]

Instances are stored and deleted over DICOMweb and stored over DIMSE, while others search, fetch frames and pictures,
and ask a small model for predictions. What grows after the first two minutes (two fifths of a shorter run) is a leak:
more than 10 % and 20 MB of memory, 8 descriptors or 4 threads.
"""
import io
import json
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time
import warnings

import pydicom
import requests
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from pynetdicom import AE, build_context
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, Verification

from support import PROGRAM, Lightbox, check, doubling_onnx, free_port, without_reactor

warnings.filterwarnings("ignore")
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 600
WARM = min(120.0, 0.4 * SECONDS)
INTERVAL = 3.0
STORE = "soak/films"

server = Lightbox()
root = f"{server.address}/dicomweb/{STORE}"
server.command("phantoms", "--patients", "8", "--output", server.home + "/films")
server.command("dicom", "import", server.home + "/films", "--store", STORE)
server.command("models", "create", "doubling")
server.command("versions", "create", "v1", "--model", "doubling", "--origin",
               doubling_onnx(pathlib.Path(server.home) / "doubling.onnx"))
port = free_port()
listener = subprocess.Popen(
    [PROGRAM, "dicom", "listen", "--store", STORE, "--port", str(port), "--home", server.home],
    stdout=subprocess.DEVNULL, stderr=open(pathlib.Path(server.home) / "listen.log", "ab"))

for _ in range(200):
    association = AE("SOAK").associate("127.0.0.1", port, [build_context(Verification)], ae_title="LIGHTBOX")
    if association.is_established:
        association.release()
        break
    time.sleep(0.1)

films = [(item["0020000D"]["Value"][0], item["0020000E"]["Value"][0], item["00080018"]["Value"][0])
         for item in requests.get(root + "/instances?limit=1000", timeout=60).json()]
check(len(films) > 8, f"{len(films)} films to look at")
stop, lock = threading.Event(), threading.Lock()
counts, failures = {}, []


def made():
    """A fresh instance of a fresh study."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID = meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = generate_uid(), generate_uid(), "OT"
    data.PatientID, data.PatientName, data.StudyDate = "P1", "Soak^Made", "20240131"
    data.Rows = data.Columns = 128
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.PixelData = random.randbytes(2 * 128 * 128)
    return data


def want(answer, what, *statuses):
    if answer.status_code not in statuses:
        raise RuntimeError(f"{what}: {answer.status_code} {answer.text[:200]}")
    return answer


def delete(session, study):
    want(session.delete(f"{root}/studies/{study}"), "delete", 204)


def store(session):
    data, out = made(), io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    file = out.getvalue()
    body = b"--b0\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n--b0--\r\n"
    want(session.post(root + "/studies", data=body, headers={
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b0'}), "STOW", 200)
    place = f"{root}/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    back = want(session.get(place, headers={"Accept": "application/dicom; transfer-syntax=*"}), "WADO", 200)
    if back.content != file:
        raise RuntimeError("an instance came back otherwise")
    delete(session, data.StudyInstanceUID)
    want(session.get(place + "/metadata"), "after a deletion", 404)


def search(session):
    query = random.choice(["/studies?PatientName=*a*&limit=10", "/series?Modality=DX", "/instances?limit=50&offset=5",
                           "/studies?PatientID=none", "/studies?StudyDate=20000101-20301231&includefield=all",
                           "/studies?fuzzymatching=true&PatientName=made"])
    want(session.get(root + query), "QIDO", 200, 204)


def look(session):
    study, series, instance = random.choice(films)
    place = f"{root}/studies/{study}/series/{series}/instances/{instance}"
    path, accept = random.choice([
        ("/frames/1", 'multipart/related; type="application/octet-stream"'), ("/rendered", "image/jpeg"),
        ("/rendered?viewport=200,200", "image/png"), ("/thumbnail", "image/jpeg"),
        ("/metadata", "application/dicom+json"), ("", "application/dicom; transfer-syntax=*")])
    want(session.get(place + path, headers={"Accept": accept}), path, 200)


def predict(session):
    answer = want(session.post(server.address + "/v1/models/doubling:predict", json={"instances": [[1, 2, 3, 4]] * 8}),
                  "predict", 200)
    if answer.json()["predictions"][0] != [2, 4, 6, 8]:
        raise RuntimeError("a wrong prediction")


def send(session):
    contexts = [build_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian),
                build_context(StudyRootQueryRetrieveInformationModelFind)]
    association = AE("SOAK").associate("127.0.0.1", port, contexts, ae_title="LIGHTBOX")
    if not association.is_established:
        raise RuntimeError("no association")
    some = [made() for _ in range(10)]
    query = pydicom.Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID, query.PatientName = "STUDY", some[0].StudyInstanceUID, ""
    with without_reactor(association):
        for number, data in enumerate(some):
            asked, answer = time.time(), association.send_c_store(data)
            if answer.get("Status") != 0:
                raise RuntimeError(f"C-STORE {number}: {answer}, after {time.time() - asked:.1f} s")
        found = [item for _, item in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind) if item]
    association.release()
    if len(found) != 1:
        raise RuntimeError("C-FIND")
    for data in some:
        delete(session, data.StudyInstanceUID)


def repeat(work, pause):
    session = requests.Session()
    while not stop.is_set():
        try:
            work(session)
            with lock:
                counts[work.__name__] = counts.get(work.__name__, 0) + 1
        except Exception as error:  # noqa: BLE001: every kind of failure is a finding
            with lock:
                failures.append(f"{work.__name__}: {type(error).__name__} {str(error)[:300]}")
            if len(failures) > 20:
                return
        stop.wait(pause)


def sample(process):
    """Megabytes of memory, descriptors, threads."""
    place = pathlib.Path(f"/proc/{process.pid}")
    status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024, len(list((place / "fd").iterdir())), int(status["Threads"])


processes = {"serve": server.process, "listen": listener}
samples = {name: [] for name in processes}
work = [(store, 0.03), (store, 0.05), (search, 0.02), (look, 0.02), (look, 0.05), (predict, 0.02), (send, 0.2), (send, 0.5)]
threads = [threading.Thread(target=repeat, args=entry, daemon=True) for entry in work]
for thread in threads:
    thread.start()
start = told = time.time()
while time.time() - start < SECONDS and len(failures) <= 20:
    time.sleep(INTERVAL)
    for name, process in processes.items():
        samples[name].append((time.time() - start, *sample(process)))
    if time.time() - told >= 30:
        told = time.time()
        state = "; ".join(f"{name} {now[-1][1]:.0f} MB, {now[-1][2]} descriptors, {now[-1][3]} threads"
                          for name, now in samples.items())
        print(f"{told - start:5.0f} s  {state}; {sum(counts.values())} done", flush=True)
stop.set()
for thread in threads:
    thread.join(60)

print("done: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
for failure in failures[:10]:
    print("      " + failure)
if failures:
    lines = (pathlib.Path(server.home) / "listen.log").read_text().splitlines()
    print("\n".join("      " + line for line in lines 
                    if "ended, 10 stored" not in line and ": association" not in line and ": find 1" not in line))
check(not failures, "every answer was right")
check(all(counts.get(entry.__name__) for entry, _ in work), "every kind of work was done")
window = max(15.0, 0.1 * SECONDS)
for name, all_samples in samples.items():
    early = [entry for entry in all_samples if WARM <= entry[0] < WARM + window]
    late = [entry for entry in all_samples if entry[0] >= all_samples[-1][0] - window]
    before, after = (statistics.median(entry[1] for entry in part) for part in (early, late))
    check(after <= 1.1 * before + 20, f"{name}: {before:.0f} MB of memory became {after:.0f} MB")
    for index, what, slack in ((2, "descriptors", 8), (3, "threads", 4)):
        before, after = (max(entry[index] for entry in part) for part in (early, late))
        check(after <= before + slack, f"{name}: {before} {what} became {after}")
report = json.loads(server.command("dicom", "verify", "--store", STORE, "--json"))
check(report["intact"] == len(films) and not report["missing"] and not report["changed"] and not report["orphaned"],
      "the store holds the films it began with, and nothing else")
listener.terminate()
check(listener.wait(60) == 0, "the listener ends when it is asked")
check(server.stop() == 0, "the server ends when it is asked")
