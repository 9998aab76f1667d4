#!/usr/bin/env python3
"""Checks with pydicom that files written by Lightbox hold what the originals hold; writes written.csv.

    LIGHTBOX_DUMP=FOLDER swift test --filter WritingTests
    check_written.py PYDICOM_DATA SHARED_DICOM FOLDER

FOLDER has a folder for each transfer syntax. Every attribute of the original must come back with the same
value and every pixel byte too (turned around where the byte order changed). A private attribute of an
implicit original may come back as UN. Three files are left out: two hold a private value of odd length, which gains a
byte, and one lacks the last delimiter, without which pydicom drops the pixel data. written.csv then lists the SHA-256 of each file that passed.
"""
import csv
import hashlib
import pathlib
import sys
import warnings

import pydicom
import pydicom.hooks
from pydicom.config import logger

from make_json_reference import canonical

warnings.simplefilter("ignore")
logger.setLevel("CRITICAL")


def pixels(path):
    dataset = pydicom.dcmread(path, force=True)
    if "PixelData" not in dataset:
        return b""
    data = dataset.PixelData
    if dataset.original_encoding[1] or dataset["PixelData"].VR == "OB":
        return data
    size = max(2, dataset.get("BitsAllocated", 16) // 8)
    return b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))


LEFT_OUT = {"meta_missing_tsyntax.dcm", "nested_priv_SQ.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm"}


def main():
    roots = {"pydicom": pathlib.Path(sys.argv[1]), "shared": pathlib.Path(sys.argv[2])}
    folder = pathlib.Path(sys.argv[3])
    rows, bad = [], 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        syntax, root, *rest = path.relative_to(folder).parts
        original = roots[root].joinpath(*rest)
        if original.name in LEFT_OUT:
            continue
        before, skipped = canonical(original)
        after, _ = canonical(path)
        before, after = ([line for line in lines if line.split("|")[0] not in skipped] for lines in (before, after))
        differences = [pair for pair in zip(before, after) if pair[0] != pair[1]]
        one, other = pixels(original), pixels(path)
        if len(before) != len(after) or differences or one != other[: len(one)] or len(other) - len(one) > 1:
            bad += 1
            print(syntax, original.name, len(before), len(after), differences[:2], one == other)
            continue
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == syntax
        name = "/".join([root, *rest])
        rows.append([name, syntax, hashlib.sha256(path.read_bytes()).hexdigest()])
    with pathlib.Path(__file__).with_name("written.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "transfer syntax", "sha256"])
        writer.writerows(rows)
    print(len(rows), "files agree,", bad, "do not")


if __name__ == "__main__":
    main()
