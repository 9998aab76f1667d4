"""The rows of `Benchmarks/run` for a DICOM store: the network, DICOMweb and a large index, beside Debian's Orthanc
(apt-get install orthanc orthanc-dicomweb dcmtk wrk). Both take the same films of 525 kB, ten to a study.
"""
import http.client
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time

from served import Served, free_port

FILMS = 300  # of each of the three sets: one association, four associations, STOW
INDEXED = 1_000_000
ASKED = "2.25.7000007"  # the study that both are asked for


def write_films(folder, python):
    """Three sets of films, each an instance of its own."""
    subprocess.run([python, "-c", f"""
import os, pydicom, sys
from pydicom.dataset import Dataset, FileMetaDataset
for kind, name in enumerate(("one", "four", "stow")):
    os.makedirs(os.path.join({folder!r}, name))
    for number in range({FILMS}):
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
        d.StudyInstanceUID = f"2.25.{{7 + kind}}{{number // 10:06d}}"
        d.SeriesInstanceUID = d.StudyInstanceUID + ".1"
        d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = f"{{d.SeriesInstanceUID}}.{{number + 1}}"
        d.PatientID, d.PatientName, d.Modality = f"PAT{{kind}}{{number // 10}}", f"Film^{{number // 10}}", "CR"
        d.StudyDate, d.StudyTime, d.AccessionNumber = "20240102", "120000", str(number // 10)
        d.PatientBirthDate, d.PatientSex, d.StudyID, d.ReferringPhysicianName = "", "", "1", ""
        d.SeriesNumber, d.InstanceNumber = 1, number
        d.Rows = d.Columns = 512
        d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.PixelData = os.urandom(2 * 512 * 512)
        d.save_as(os.path.join({folder!r}, name, f"{{number}}.dcm"), enforce_file_format=True)
"""], check=True)


def stores_per_second(port, folder, associations):
    """DCMTK's storescu, as many processes as associations, each with a share of the films."""
    films = sorted(os.listdir(folder))
    shares = [[os.path.join(folder, name) for name in films[part::associations]] for part in range(associations)]
    start = time.perf_counter()
    senders = [subprocess.Popen(["storescu", "-aec", "ANY", "127.0.0.1", str(port), *share]) for share in shares]
    if any(sender.wait() != 0 for sender in senders):
        sys.exit("storescu failed")
    return len(films) / (time.perf_counter() - start)


def _post(port, path, names):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for name in names:
        with open(name, "rb") as file:
            body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file.read() + b"\r\n--b--\r\n"
        connection.request("POST", path, body, {
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=b', "Accept": "application/dicom+json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"STOW: {answer.status}")


def stow_per_second(port, path, folder, workers=4):
    names = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    start = time.perf_counter()
    with multiprocessing.Pool(workers) as pool:
        pool.starmap(_post, [(port, path, names[part::workers]) for part in range(workers)])
    return len(names) / (time.perf_counter() - start)


def milliseconds(port, paths, accept):
    """The mean of single requests, one after another on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for path in paths:
        start = time.perf_counter()
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - start)
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status}")
    return 1e3 * sum(times[5:]) / len(times[5:])


def frames(prefix):
    return [f"{prefix}/studies/2.25.7{n // 10:06d}/series/2.25.7{n // 10:06d}.1/instances/2.25.7{n // 10:06d}.1.{n + 1}/frames/1"
            for n in range(FILMS)]


FRAME = 'multipart/related; type="application/octet-stream"'


def orthanc(folder, films, **environment):
    """Figures of Orthanc, in a folder of its own."""
    port = free_port()
    settings = {
        "StorageDirectory": folder, "IndexDirectory": folder, "DicomPort": port, "DicomAlwaysAllowStore": True,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "KeepAlive": True,
        "Plugins": ["/usr/share/orthanc/plugins"], "DicomWeb": {"Enable": True}}
    os.makedirs(folder)

    def command(http_port):
        with open(os.path.join(folder, "settings.json"), "w") as file:
            json.dump({**settings, "HttpPort": http_port}, file)
        return ["Orthanc", os.path.join(folder, "settings.json")]

    with Served(command, lambda query: "/dicom-web/studies?" + query, env={**os.environ, **environment}) as server:
        found = {"one": stores_per_second(port, os.path.join(films, "one"), 1)}
        if not environment:
            return found
        found["four"] = stores_per_second(port, os.path.join(films, "four"), 4)
        found["stow"] = stow_per_second(server.port, "/dicom-web/studies", os.path.join(films, "stow"))
        found["frame"] = milliseconds(server.port, frames("/dicom-web"), FRAME)
        found["qido"] = server.load(f"StudyInstanceUID={ASKED}", None, 8)[0]
        return found


def lightbox(program, home, films):
    environment = {**os.environ, "LIGHTBOX_HOME": home}
    listen = lambda port: [program, "dicom", "listen", "--store", "bench/films", "--port", str(port), "--quiet"]
    with Served(listen, str, env=environment) as server:
        found = {"one": stores_per_second(server.port, os.path.join(films, "one"), 1),
                 "four": stores_per_second(server.port, os.path.join(films, "four"), 4)}
    serve = lambda port: [program, "serve", "--port", str(port), "--log-only-failures"]
    with Served(serve, lambda query: "/dicomweb/bench/index/studies?" + query, env=environment) as server:
        found["stow"] = stow_per_second(server.port, "/dicomweb/bench/films/studies", os.path.join(films, "stow"))
        found["frame"] = milliseconds(server.port, frames("/dicomweb/bench/films"), FRAME)
        # The same films as Orthanc has, among a million others.
        _post(server.port, "/dicomweb/bench/index/studies",
              [os.path.join(films, "one", f"{number}.dcm") for number in range(70, 80)])
        found["qido"] = server.load(f"StudyInstanceUID={ASKED}", None, 8)[0]
        numbers = [random.Random(1).randrange(INDEXED // 10) for _ in range(200)]
        found["exact"] = milliseconds(
            server.port, [f"/dicomweb/bench/index/studies?PatientID=PAT{n // 2}" for n in numbers], "*/*")
        found["page"] = milliseconds(
            server.port, [f"/dicomweb/bench/index/studies?limit=100&offset={n % 5000}" for n in numbers], "*/*")
    return found


def rows(folder, program, ours, python):
    for command in ("Orthanc", "storescu", "wrk"):
        if not shutil.which(command):
            sys.exit(f"the store rows need {command}: apt-get install orthanc orthanc-dicomweb dcmtk wrk")
    films, home = os.path.join(folder, "films"), os.path.join(folder, "store-home")
    write_films(films, python())
    size = ours("store-index", home, INDEXED)["index"]
    shipped = orthanc(os.path.join(folder, "shipped"), films)
    theirs = orthanc(os.path.join(folder, "orthanc"), films, TCP_NODELAY="1")
    mine = lightbox(program, home, films)
    yield "C-STORE, one association; Orthanc as shipped", "instances/s", shipped["one"], mine["one"], "≥ 180/s"
    yield "  … Orthanc with TCP_NODELAY=1", "instances/s", theirs["one"], mine["one"], "≥ 180/s"
    yield "C-STORE, four associations; Orthanc with TCP_NODELAY=1", "instances/s", theirs["four"], mine["four"], "≥ 220/s"
    yield "STOW-RS, four workers", "instances/s", theirs["stow"], mine["stow"], "≥ 400/s"
    yield "A frame of 512 × 512 × 16 bits over WADO-RS", "ms", theirs["frame"], mine["frame"], "< 3 ms"
    yield "QIDO-RS, one study; Orthanc with 90 studies, Lightbox with 100,000", "requests/s", theirs["qido"], mine["qido"], "≥ 4,000/s"
    yield "QIDO-RS by patient, 1,000,000 instances", "ms", None, mine["exact"], "< 10 ms"
    yield "  … a page of 100 studies", "ms", None, mine["page"], "< 20 ms"
    yield "  … the index", "B/instance", None, size, "< 2,000 B"
