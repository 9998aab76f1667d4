"""Every network method of dicomweb-client with its default arguments: what comes back is what pydicom reads.

    python Tests/Clients/dicomweb.py PROGRAM [FILES...]

FILES are DICOM files or folders of them; pydicom's own test files unless told. Written for dicomweb-client 0.61 and
pydicom 3.0.
"""
import copy
import io
import sys
import warnings
from pathlib import Path

import numpy
import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from support import ROOT, Lightbox

warnings.filterwarnings("ignore")
failures = []
checks = 0


def check(is_right, what):
    global checks
    checks += 1
    if not is_right:
        failures.append(what)
        print("DIFFERS", what)


def attempt(what, body):
    try:
        return body()
    except Exception as error:  # noqa: BLE001: every kind of failure is a finding
        check(False, f"{what}: {type(error).__name__} {str(error)[:200]}")
        return None


BINARY = {"OB", "OW", "UN", "OD", "OF", "OL", "OV"}


def comparable(json):
    """Without binary values, spelling of numbers and empty components, which JSON writers are free in."""
    result = {}
    for key, element in json.items():
        if key == "00080005" or element["vr"] in BINARY or "BulkDataURI" in element or "InlineBinary" in element:
            continue
        if key[4:] == "0000" or key[:4] == "0002":
            continue
        values = element.get("Value", [])
        if element["vr"] == "SQ":
            values = [comparable(item or {}) for item in values]
        elif element["vr"] == "PN":
            values = [{k: v.rstrip("^ ") for k, v in (value or {}).items() if v.rstrip("^ ")} for value in values]
            values = [value for value in values if value]
        elif element["vr"] in ("DS", "IS", "FL", "FD"):
            values = [float(numpy.float32(value)) if value not in (None, "") else None for value in values]
        else:
            values = [value.rstrip(" \0") if isinstance(value, str) else value for value in values]
            values = [None if value == "" else value for value in values]
        if not any(value not in (None, {}) for value in values) and element["vr"] != "SQ":
            values = []
        result[key] = (element["vr"], values)
    return result


def readable(path):
    try:
        dataset = pydicom.dcmread(path)
        if not all(dataset.get(name) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
            return None
        uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
        if not all(uid.is_valid for uid in uids) or "TransferSyntaxUID" not in dataset.file_meta:
            return None
        return dataset
    except Exception:  # noqa: BLE001: not a file that this test can use
        return None


def as_json(dataset):
    """None where pydicom cannot write a file as JSON."""
    try:
        return dataset.to_json_dict(bulk_data_threshold=10**9)
    except Exception:  # noqa: BLE001: values that are no numbers, mostly
        return None


def same_attributes(left, right):
    return comparable(as_json(left) or {}) == comparable(as_json(right) or {})


def instance(client, dataset, path):
    uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    name = Path(path).name
    stored = attempt(f"{name} instance", lambda: client.retrieve_instance(*uids))
    if stored is not None:
        check(stored.file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID, f"{name} as stored")
        check(same_attributes(stored, dataset), f"{name} attributes as stored")
    metadata = attempt(f"{name} metadata", lambda: client.retrieve_instance_metadata(*uids))
    expected = as_json(dataset)
    if metadata is not None and expected is not None:
        expected = comparable(expected)
        found = comparable(metadata)
        differing = [
            key
            for key in set(expected) | set(found)
            if expected.get(key) != found.get(key) and key not in metadata.keys() - expected.keys()
        ]
        differing = [k for k in differing if "BulkDataURI" not in metadata.get(k, {})]
        check(not differing, f"{name} metadata {differing[:5]}")
    if metadata is not None:
        for key, element in metadata.items():
            if "BulkDataURI" in element and key != "7FE00010":
                value = attempt(f"{name} bulk data {key}", lambda: client.retrieve_bulkdata(element["BulkDataURI"]))
                raw = dataset[key].value
                if value and isinstance(raw, bytes):
                    check(value[0].rstrip(b"\0") == raw.rstrip(b"\0"), f"{name} bulk data {key}")
    if "PixelData" not in dataset:
        return
    try:
        pixels = pydicom.pixels.pixel_array(dataset, raw=True)
    except Exception:  # noqa: BLE001: no plug-in of pydicom reads it
        return
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    frames = pixels if count > 1 else pixels[None]
    numbers = list(range(1, min(count, 5) + 1))
    got = attempt(f"{name} frames", lambda: client.retrieve_instance_frames(*uids, numbers))
    if got is not None and dataset.BitsAllocated >= 8:
        check(len(got) == len(numbers), f"{name} number of frames")
        native = not dataset.file_meta.TransferSyntaxUID.is_encapsulated
        for number, data in zip(numbers, got):
            if native and dataset.get("PhotometricInterpretation", "").endswith("422"):
                continue
            array = numpy.frombuffer(data, frames.dtype.newbyteorder("<"))[: frames[number - 1].size]
            frame = frames[number - 1]
            if native and dataset.get("PlanarConfiguration", 0) == 1 and frame.ndim == 3:
                frame = frame.transpose(2, 0, 1)
            distance = numpy.abs(array.astype("i8") - frame.reshape(-1).astype("i8")).max()
            # Decoders of lossy JPEG differ by one.
            check(distance <= 1, f"{name} frame {number}: off by {distance}")
    decoded = attempt(
        f"{name} decoded",
        lambda: client.retrieve_instance(*uids, media_types=(("application/dicom", ExplicitVRLittleEndian),)),
    )
    if decoded is not None and dataset.BitsAllocated >= 8:
        array = attempt(f"{name} decoded pixels", lambda: pydicom.pixels.pixel_array(decoded, raw=True))
        if array is not None and array.shape == pixels.shape:
            distance = numpy.abs(array.astype("i8") - pixels.astype("i8")).max()
            check(distance <= 1, f"{name} decoded: off by {distance}")
    picture = attempt(f"{name} rendered", lambda: client.retrieve_instance_rendered(*uids))
    if picture:
        image = attempt(f"{name} picture", lambda: Image.open(io.BytesIO(picture)))
        if image:
            check(image.size == (dataset.Columns, dataset.Rows), f"{name} rendered size")
    picture = attempt(
        f"{name} frame rendered",
        lambda: client.retrieve_instance_frames_rendered(*uids, [1], media_types=("image/png",)),
    )
    if picture:
        check(picture[:4] == b"\x89PNG", f"{name} frame rendered as PNG")


def main():
    names = sys.argv[2:] or [ROOT / ".native/pydicom/test_files"]
    server = Lightbox()
    server.command("phantoms", "--patients", "1", "--output", server.home + "/films")
    server.command("dicom", "import", server.home + "/films", "--store", "test/films")
    url = server.address + "/dicomweb/test/films"
    client = DICOMwebClient(url)
    for study in client.search_for_studies(get_remaining=True):
        client.delete_study(study["0020000D"]["Value"][0])
    paths = [p for n in names for p in ([Path(n)] if Path(n).is_file() else sorted(Path(n).rglob("*"))) if p.is_file()]
    datasets = {}
    for path in paths:
        dataset = readable(path)
        if dataset is not None and dataset.SOPInstanceUID not in {d.SOPInstanceUID for d in datasets.values()}:
            datasets[path] = dataset
    print(len(datasets), "instances")
    # One by one and unchanged, since pydicom writes some files otherwise than it read them.
    for path, dataset in list(datasets.items()):
        answer = requests.post(
            url + "/studies", data=path.read_bytes(), headers={"Content-Type": "application/dicom"}, timeout=60
        )
        if answer.status_code != 200:
            print("not stored:", path.name, answer.status_code, answer.text[:160])
            del datasets[path]
    again = [d for d in datasets.values() if d.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian][:1]
    for dataset in again:
        other = copy.deepcopy(dataset)
        other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        uids = (other.StudyInstanceUID, other.SeriesInstanceUID, other.SOPInstanceUID)
        result = attempt("store_instances", lambda: client.store_instances([other]))
        if result is not None:
            check(len(result.ReferencedSOPSequence) == 1, "store_instances reports one")
        attempt("delete_instance", lambda: client.delete_instance(*uids))
    studies = {d.StudyInstanceUID for d in datasets.values()}
    series = {(d.StudyInstanceUID, d.SeriesInstanceUID) for d in datasets.values()}
    found = client.search_for_studies(get_remaining=True)
    check({s["0020000D"]["Value"][0] for s in found} == studies, "search_for_studies")
    found = client.search_for_series(get_remaining=True)
    check({(s["0020000D"]["Value"][0], s["0020000E"]["Value"][0]) for s in found} == series, "search_for_series")
    found = client.search_for_instances(get_remaining=True)
    check(len(found) == len(datasets), "search_for_instances")
    for path, dataset in datasets.items():
        uid = dataset.StudyInstanceUID
        of_study = [d for d in datasets.values() if d.StudyInstanceUID == uid]
        for filters in (
            {"StudyInstanceUID": uid},
            {"PatientID": dataset.get("PatientID", "")},
            {"PatientName": str(dataset.get("PatientName", ""))},
            {"StudyDate": dataset.get("StudyDate", "")},
        ):
            if "." in str(filters.get("StudyDate", "")):
                continue
            result = attempt("search", lambda: client.search_for_studies(search_filters=filters, get_remaining=True))
            if result is not None:
                check(uid in {s["0020000D"]["Value"][0] for s in result}, f"{path.name} found by {list(filters)[0]}")
        result = client.search_for_instances(uid, fields=["all"])
        check(len(result) == len(of_study), f"{path.name} instances of the study")
        instance(client, dataset, path)
    for uid in studies:
        of_study = [d for d in datasets.values() if d.StudyInstanceUID == uid]
        got = attempt("retrieve_study", lambda: client.retrieve_study(uid))
        if got is not None:
            check({d.SOPInstanceUID for d in got} == {d.SOPInstanceUID for d in of_study}, f"study {uid}")
        check(len(client.retrieve_study_metadata(uid)) == len(of_study), f"study metadata {uid}")
        check(sum(1 for _ in client.iter_study(uid)) == len(of_study), f"iter_study {uid}")
    for study, uid in series:
        of_series = [d for d in datasets.values() if d.SeriesInstanceUID == uid and d.StudyInstanceUID == study]
        got = attempt("retrieve_series", lambda: client.retrieve_series(study, uid))
        if got is not None:
            check(len(got) == len(of_series), f"series {uid}")
        check(len(client.retrieve_series_metadata(study, uid)) == len(of_series), f"series metadata {uid}")
        check(sum(1 for _ in client.iter_series(study, uid)) == len(of_series), f"iter_series {uid}")
        if any("PixelData" in d and "truncated" not in str(p) for p, d in datasets.items() if d in of_series):
            attempt("retrieve_series_rendered", lambda: client.retrieve_series_rendered(study, uid))
    for study, uid in list(series)[::2]:
        attempt("delete_series", lambda: client.delete_series(study, uid))
    for study in {s["0020000D"]["Value"][0] for s in client.search_for_studies(get_remaining=True)}:
        attempt("delete_study", lambda: client.delete_study(study))
    check(client.search_for_instances() == [], "everything deleted")
    print(f"{checks} checks, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
