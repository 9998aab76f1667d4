"""Every network method of dicomweb-client with its default arguments: what comes back is what pydicom reads.

    python Tests/Clients/dicomweb.py PROGRAM [FILES...]

FILES are DICOM files or folders of them; pydicom's own test files unless told. Written for dicomweb-client 0.61 and
pydicom 3.0.
"""
import copy
import gzip
import fnmatch
import io
import json
import re
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


def searches(client, datasets):
    """Wildcards, ranges, fuzzy names and modalities. A study's attributes are those of its first instance."""
    first = {}
    for dataset in datasets.values():
        first.setdefault(dataset.StudyInstanceUID, dataset)

    def found(**parameters):
        result = attempt(f"search {parameters}", lambda: client.search_for_studies(get_remaining=True, **parameters))
        return {study["0020000D"]["Value"][0] for study in result or []}

    def where(condition):
        return {uid for uid, dataset in first.items() if condition(dataset)}

    def name(dataset):
        return str(dataset.get("PatientName", "")).rstrip("^").casefold()

    letter = next(name(dataset)[0] for dataset in first.values() if name(dataset)[:1].isascii() and name(dataset)[:1].isalpha())
    expected = where(lambda dataset: name(dataset).startswith(letter))
    check(expected and found(search_filters={"PatientName": letter.upper() + "*"}) == expected, "wildcard in a name")
    word = re.split(r"\W+", next(name(dataset) for dataset in first.values() if "^" in name(dataset)))[1][:2]
    expected = where(lambda dataset: any(part.startswith(word) for part in re.split(r"[\W_]+", name(dataset))))
    check(expected <= found(search_filters={"PatientName": word}, fuzzymatching=True), "fuzzy name")
    dates = sorted(d for d in (str(dataset.get("StudyDate") or "") for dataset in first.values()) if len(d) == 8)
    low, high = dates[len(dates) // 4], dates[len(dates) // 2]
    expected = where(lambda dataset: low <= str(dataset.get("StudyDate") or "") <= high)
    check(found(search_filters={"StudyDate": f"{low}-{high}"}) == expected, "range of dates")
    expected = {d.StudyInstanceUID for d in datasets.values() if d.get("Modality") == "CT"}
    check(expected and found(search_filters={"ModalitiesInStudy": "CT"}) == expected, "modality in the study")
    expected = {d.SeriesInstanceUID for d in datasets.values() if d.get("Modality") == "MR"}
    result = client.search_for_series(search_filters={"Modality": "MR"}, get_remaining=True)
    check({series["0020000E"]["Value"][0] for series in result} == expected, "modality of a series")
    ids = [str(dataset.get("PatientID") or "") for dataset in first.values()]
    pattern = next(text for text in ids if len(text) > 2 and text.isalnum())[:-1] + "?"
    expected = where(lambda dataset: fnmatch.fnmatchcase(str(dataset.get("PatientID") or ""), pattern))
    check(expected and found(search_filters={"PatientID": pattern}) == expected, "one letter open in an ID")


def over_http(url, datasets):
    """What dicomweb-client has no method for."""
    path, dataset = next((p, d) for p, d in datasets.items() if "PixelData" in d and d.get("NumberOfFrames") is None)
    place = f"{url}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"
    for level in (place, place.split("/instances")[0], place.split("/series")[0], place + "/frames/1"):
        picture = Image.open(io.BytesIO(requests.get(level + "/thumbnail", timeout=60).content))
        check(max(picture.size) <= 200, "thumbnail")
    picture = Image.open(io.BytesIO(requests.get(place + "/rendered?viewport=64,48", timeout=60).content))
    check(picture.size[0] <= 64 and picture.size[1] <= 48 and max(picture.size[0] / 64, picture.size[1] / 48) == 1, "viewport")
    wanted = {"Accept": "application/dicom; transfer-syntax=*"}
    whole = requests.get(place, headers=wanted, timeout=60)
    check(whole.content == path.read_bytes(), "one instance alone is the file")
    again = requests.get(place, headers={**wanted, "If-None-Match": whole.headers["ETag"]}, timeout=60)
    check(again.status_code == 304 and not again.content, "If-None-Match")
    part = requests.get(place, headers={**wanted, "Range": "bytes=100-299"}, timeout=60)
    check(part.status_code == 206 and part.content == path.read_bytes()[100:300], "Range")
    # DICOM JSON with its pixels as a part of their own.
    dataset = next(d for d in datasets.values() if d.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
                   and "PixelData" in d and as_json(d))
    uid = pydicom.uid.generate_uid()
    json_form = {**as_json(dataset), "00080018": {"vr": "UI", "Value": [uid]},
                 "7FE00010": {"vr": dataset["PixelData"].VR, "BulkDataURI": "pixels"}}
    body = (b'--b\r\nContent-Type: application/dicom+json\r\n\r\n' + json.dumps([json_form]).encode()
            + b'\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels\r\n\r\n'
            + dataset.PixelData + b'\r\n--b--')
    answer = requests.post(url + "/studies", data=body, timeout=60, headers={
        "Content-Type": 'multipart/related; type="application/dicom+json"; boundary=b', "Accept": "application/dicom+json"})
    check(answer.status_code == 200, "DICOM JSON is stored")
    place = f"{url}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{uid}"
    stored = pydicom.dcmread(io.BytesIO(requests.get(place, headers=wanted, timeout=60).content))
    check(stored.PixelData == dataset.PixelData and stored.SOPInstanceUID == uid, "and has its pixels")
    other = copy.deepcopy(stored)
    other.InstanceNumber = 4711
    file = io.BytesIO()
    other.save_as(file)
    answer = requests.post(url + "/studies", data=file.getvalue(), timeout=60, headers={"Content-Type": "application/dicom"})
    failed = answer.json().get("00081198", {}).get("Value", [{}])[0]
    check(answer.status_code == 409 and failed.get("00081197", {}).get("Value") == [0x0111], "another content is refused")
    check(requests.delete(place, timeout=60).status_code == 204 and requests.get(place, timeout=60).status_code == 404, "deleted")


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
    packed = requests.post(
        url + "/studies", data=gzip.compress(next(iter(datasets)).read_bytes()), timeout=60,
        headers={"Content-Type": "application/dicom", "Content-Encoding": "gzip"},
    )
    check(packed.status_code == 200, "a packed body is unpacked, and the same instance is no conflict")
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
    searches(client, datasets)
    over_http(url, datasets)
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
