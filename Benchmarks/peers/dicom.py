"""pydicom's half of the DICOM rows of `make bench`, one thread.

    python dicom.py metadata FILE COPIES      dcmread + to_json_dict + json.dumps
    python dicom.py render FILE TIMES         window with numpy, PNG with Pillow at its default level
"""
import io
import json
import os
import shutil
import sys
import tempfile
import time

import numpy
import pydicom
from PIL import Image


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


def best(body, rounds=3):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return min(times)


def metadata(path, copies):
    with tempfile.TemporaryDirectory() as folder:
        paths = [shutil.copy(path, os.path.join(folder, f"{i}.dcm")) for i in range(copies)]

        def walk():
            for path in paths:
                data_set = pydicom.dcmread(path, stop_before_pixels=True)
                json.dumps(data_set.to_json_dict(suppress_invalid_tags=True))

        report("metadata to JSON", copies / best(walk), "files/s")


def render(path, times):
    def walk():
        for _ in range(times):
            data_set = pydicom.dcmread(path)
            values = data_set.pixel_array.astype(numpy.float32)
            values = values * float(data_set.get("RescaleSlope", 1)) + float(data_set.get("RescaleIntercept", 0))
            low, high = values.min(), values.max()
            grey = ((values - low) / max(high - low, 1) * 255).round().astype(numpy.uint8)
            Image.fromarray(grey).save(io.BytesIO(), "PNG")

    report("CT to PNG", times / best(walk), "files/s")


{"metadata": metadata, "render": render}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
