#!/usr/bin/env python3
"""What pydicom's to_json_dict says of every DICOM file at hand, as one digest a file: json.csv.

    pip install pydicom==3.0.2
    make_json_reference.py PYDICOM_DATA SHARED_DICOM [DUMP_FOLDER]

PYDICOM_DATA holds test_files and charset_files, SHARED_DICOM is the optional folder of more files. The digest
is the SHA-256 of a canonical text, one line an attribute, that the Swift test builds from its own JSON:

* numbers as the bits of a double, so that spelling does not matter; empty values all alike;
* binary values as digests;
* pixel data and group lengths left out, and Specific Character Set, which Lightbox rewrites for UTF-8.

pydicom's private dictionary is switched off, since Lightbox keeps private values of unknown VR as bytes.
Words in big-endian files are turned around, as the JSON model wants them and pydicom does not. Lookup table
descriptors are compared modulo 65536. An attribute that pydicom cannot convert is left out and counted.
"""
import base64
import csv
import hashlib
import pathlib
import struct
import sys
import warnings

import pydicom
import pydicom.hooks
from pydicom.config import logger

warnings.simplefilter("ignore")
logger.setLevel("CRITICAL")


def no_private_dictionary(*_):
    raise KeyError


pydicom.hooks.private_dictionary_VR = no_private_dictionary
DESCRIPTORS = {"00281101", "00281102", "00281103", "00283002"}
WORD = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8, "US or OW": 2, "OB or OW": 2, "US or SS or OW": 2}
AMBIGUOUS = {"US or OW": "OW", "OB or OW": "OW", "US or SS or OW": "OW"}


def number(value):
    if value == "" or value is None:
        return ""
    return struct.pack(">d", float(value)).hex()


def name(value):
    value = value or {}
    groups = [value.get(key, "").rstrip(" \0") for key in ("Alphabetic", "Ideographic", "Phonetic")]
    while groups and not groups[-1]:
        groups.pop()
    return "=".join(groups)


def text(tag, vr, value):
    if vr == "PN":
        return name(value)
    if vr in ("DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "UV", "SV"):
        return number(value % 65536 if tag in DESCRIPTORS and value != "" else value)
    return "" if value is None else str(value).rstrip(" \0")


def lines(dataset, place, swaps, failures):
    for element_tag in sorted(dataset.keys()):
        tag = f"{int(element_tag):08X}"
        if tag.endswith("0000") or tag == "00080005":
            continue
        try:
            element = dataset[element_tag]
            if element.VR == "SQ":
                yield f"{place}{tag}|SQ"
                for index, item in enumerate(element.value):
                    yield from lines(item, f"{place}{tag}/{index}/", swaps, failures)
                continue
            json = element.to_json_dict(None, 0)
        except Exception:
            failures.append(place + tag)
            continue
        vr = AMBIGUOUS.get(json["vr"], json["vr"])
        if "InlineBinary" in json:
            data = base64.b64decode(json["InlineBinary"])
            size = WORD.get(json["vr"], 1)
            if swaps and size > 1:
                data = b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))
            yield f"{place}{tag}|{vr}|{hashlib.sha256(data).hexdigest()}"
        else:
            values = [text(tag, vr, value) for value in json.get("Value", [])]
            yield f"{place}{tag}|{vr}|" + ("\\".join(values) if any(values) else "")


def is_dicom(path):
    if not path.is_file():
        return False
    return path.suffix == ".dcm" or path.read_bytes()[128:132] == b"DICM"


def canonical(path):
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    failures = []
    swaps = not dataset.original_encoding[1]
    return list(lines(dataset, "", swaps, failures)), failures


def main():
    roots = {"pydicom": pathlib.Path(sys.argv[1]), "shared": pathlib.Path(sys.argv[2])}
    dump = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    rows = []
    for root, folder in roots.items():
        for path in sorted(path for path in folder.rglob("*") if is_dicom(path)):
            relative = f"{root}/{path.relative_to(folder)}"
            content, failures = canonical(path)
            body = "\n".join(content)
            if dump:
                target = dump / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body)
            digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
            rows.append([relative, len(content), digest, " ".join(failures)])
    target = pathlib.Path(__file__).with_name("json.csv")
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "attributes", "sha256", "skipped"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
