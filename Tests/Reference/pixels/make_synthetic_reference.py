#!/usr/bin/env python3
"""Writes synthetic.json: small images with one rarity each, as whole DICOM files in base64, and what pydicom's
functions make of them.

Made with Python 3.11, pydicom 3.0.2 and numpy 2.4.6; the JPEG files with process 14 also with dcmcjpeg of
DCMTK 3.6.7. Keys of a case: "file", "stored" (pixel_array(raw=True), frames one behind the other), "window"
(as written on the command line), "bits", and "shown" (grey, or RGB side by side; first frame only).
"""

import base64
import io
import json
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import get_decoder
from pydicom.pixels.processing import (
    apply_color_lut, apply_modality_lut, apply_voi, apply_windowing, convert_color_space)
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian

warnings.simplefilter("ignore")
random = np.random.default_rng(20240501)
cases = {}


def image(array, interpretation="MONOCHROME2", stored=None, syntax=ExplicitVRLittleEndian, frames=None, **extra):
    """A data set around `array`: (rows, columns[, 3]) or with frames before that."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID("1.2.826.0.1.3680043.8.498.1")
    shape = array.shape[1:] if frames else array.shape
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.SamplesPerPixel = 3 if len(shape) == 3 else 1
    dataset.PhotometricInterpretation = interpretation
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = 0
    if frames:
        dataset.NumberOfFrames = frames
    dataset.BitsAllocated = array.dtype.itemsize * 8
    dataset.BitsStored = stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(array.dtype.kind == "i")
    order = "<" if syntax != ExplicitVRBigEndian else ">"
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    for name, value in extra.items():
        setattr(dataset, name, value)
    return dataset


def table(entries, first, bits, vr="US"):
    """An item of a modality or VOI LUT sequence."""
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = [int(entry) for entry in entries] if vr == "US" else np.asarray(entries, "<u2").tobytes()
    item["LUTData"].VR = vr
    return item


def palette(dataset, red, green, blue, first, bits):
    for name, entries in (("Red", red), ("Green", green), ("Blue", blue)):
        setattr(dataset, name + "PaletteColorLookupTableDescriptor", [len(entries) % 65536, first, bits])
        dataset[name + "PaletteColorLookupTableDescriptor"].VR = "SS" if first < 0 else "US"
        data = np.asarray(entries, "<u2" if bits == 16 else "u1").tobytes()
        setattr(dataset, name + "PaletteColorLookupTableData", data + b"\0" * (len(data) % 2))
        dataset[name + "PaletteColorLookupTableData"].VR = "OW"
    return dataset


def display(values, low, high, bits):
    top = 2 ** bits - 1
    if high <= low:
        return np.zeros(values.shape, int)
    return np.clip(np.floor((values - low) / (high - low) * top + 0.5), 0, top).astype(int)


def grey(dataset, array, window, bits):
    """pydicom's modality and VOI steps, brought to the display's range."""
    values = apply_modality_lut(array, dataset)
    if window == "full":
        padding = dataset.get("PixelPaddingValue")
        limit = dataset.get("PixelPaddingRangeLimit", padding)
        inside = values if padding is None else values[(array < min(padding, limit)) | (array > max(padding, limit))]
        shown = display(values, inside.min(), inside.max(), bits)
    elif "," in window or dataset.get("WindowWidth"):
        index = int(window[5:]) - 1 if window.startswith("file:") else 0
        if "," in window:
            dataset = pydicom.Dataset(dataset)
            dataset.WindowCenter, dataset.WindowWidth = window.split(",")
            dataset.VOILUTFunction = "LINEAR"
        function = dataset.get("VOILUTFunction", "LINEAR")
        ends = apply_windowing(np.array([-1e30, 1e30]), dataset, index)
        shown = display(apply_windowing(values, dataset, index), ends[0], ends[1], bits)
        assert function in ("LINEAR", "LINEAR_EXACT", "SIGMOID")
    else:
        depth = dataset.VOILUTSequence[0].LUTDescriptor[2]
        shown = display(apply_voi(values, dataset), 0, 2 ** depth - 1, bits)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"
    return 2 ** bits - 1 - shown if inverted else shown


def add(name, dataset, window="file", bits=8, shown=True):
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    # Read again, so that pydicom sees what Lightbox sees.
    dataset = pydicom.dcmread(io.BytesIO(buffer.getvalue()))
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    stored, properties = decoder.as_array(dataset, raw=True)
    case = {"file": base64.b64encode(buffer.getvalue()).decode(), "stored": stored.reshape(-1).tolist()}
    first = stored[0] if dataset.get("NumberOfFrames", 1) > 1 else stored
    if shown:
        interpretation = properties["photometric_interpretation"]
        if interpretation == "PALETTE COLOR":
            picture = apply_color_lut(first, dataset)
            picture = picture >> 8 if picture.dtype == np.uint16 else picture
        elif properties["samples_per_pixel"] == 3:
            top = 2 ** dataset.BitsStored - 1
            picture = first if top == 255 else np.floor(first / top * 255 + 0.5).astype(np.uint8)
            if "YBR" in interpretation:
                picture = convert_color_space(picture, interpretation, "RGB")
        else:
            picture = grey(dataset, first, window, bits)
        case |= {"window": window, "bits": bits, "shown": np.asarray(picture).reshape(-1).tolist()}
    cases[name] = case


def grey_cases():
    ramp = np.linspace(-1024, 3071, 64).astype("<i2").reshape(8, 8)
    scaled = dict(RescaleSlope="1", RescaleIntercept="-24")
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        for bits in (8, 16):
            add(f"{function} {bits}", image(
                ramp, VOILUTFunction=function, WindowCenter="40.5", WindowWidth="777", **scaled), bits=bits)
    add("second window", image(ramp, WindowCenter=["40", "300"], WindowWidth=["400", "1500"], **scaled), "file:2")
    add("custom window", image(ramp, WindowCenter="40", WindowWidth="400", **scaled), "-600.0,1600.0")
    add("window of width 1", image(ramp, WindowCenter="100", WindowWidth="1"))
    add("MONOCHROME1", image(ramp, "MONOCHROME1", WindowCenter="40", WindowWidth="400", **scaled))
    add("MONOCHROME1 of shape INVERSE", image(
        ramp, "MONOCHROME1", WindowCenter="40", WindowWidth="400", PresentationLUTShape="INVERSE"))
    add("shape INVERSE", image(ramp, WindowCenter="40", WindowWidth="400", PresentationLUTShape="INVERSE"))
    add("fractional slope", image(
        ramp, RescaleSlope="0.0123", RescaleIntercept="-7.5", WindowCenter="3", WindowWidth="17.25"))
    add("negative slope", image(ramp, RescaleSlope="-2", RescaleIntercept="100"), "full")
    add("padding", image(np.where(ramp > 2500, -2000, ramp).astype("<i2"), PixelPaddingValue=-2000), "full")
    add("padding range", image(
        np.where(ramp > 2500, -2000, ramp).astype("<i2"), PixelPaddingValue=-2000, PixelPaddingRangeLimit=-500), "full")
    add("constant", image(np.full((4, 4), 7, "<u2")), "full")
    add("32 bits signed", image(ramp.astype("<i4") * 100000, RescaleSlope="1e-3", RescaleIntercept="0"), "full", 16)
    add("8 bits signed", image(ramp.astype(np.int64).astype("i1"), WindowCenter="3", WindowWidth="60"))


def lookup_cases():
    levels = random.integers(0, 256, (8, 8)).astype("<u2")
    curve = lambda count, top: (np.sqrt(np.arange(count) / (count - 1)) * top).astype(int)
    for bits, vr in ((8, "US"), (12, "US"), (16, "OW")):
        item = table(curve(200, 2 ** bits - 1), 20, bits, vr)
        add(f"VOI LUT of {bits} bits, {vr}", image(levels, VOILUTSequence=[item]))
    signed = (levels.astype(int) - 128).astype("<i2")
    add("VOI LUT from -100", image(signed, VOILUTSequence=[table(curve(150, 4095), -100, 12)]))
    modality = [table(curve(256, 65535), 0, 16, "OW")]
    modality[0].ModalityLUTType = "US"
    add("modality LUT", image(levels, ModalityLUTSequence=modality, WindowCenter="30000", WindowWidth="50000"))
    add("modality LUT from -50", image(
        signed, ModalityLUTSequence=[table(curve(100, 4000), -50, 16)], WindowCenter="2000", WindowWidth="3000"))


def colour_cases():
    entry = np.arange(200)
    indices = random.integers(0, 256, (8, 8))
    channels = (entry * 327, 65535 - entry * 327, (entry % 7) * 9000)
    add("palette of 16 bits", palette(image(indices.astype("u1"), "PALETTE COLOR"), *channels, 30, 16))
    add("palette for 16-bit pixels", palette(
        image((indices * 2).astype("<u2"), "PALETTE COLOR"), *channels, 100, 16))
    add("palette of 8 bits", palette(
        image(indices.astype("u1"), "PALETTE COLOR"), *(c // 257 for c in channels), 0, 8))
    add("palette from -40", palette(
        image((indices - 128).astype("<i2"), "PALETTE COLOR"), *channels, -40, 16))
    # Five values, lines of 40 to 60000 and of 75 to 100, 136 values.
    words = [0, 5, 1, 2, 3, 500, 1000, 1, 40, 60000, 1, 75, 100, 0, 136] + list(range(0, 136 * 400, 400))
    # Three values, lines of 40 to 200 and of 40 to 9, both lines once more (from byte 5), 93 values.
    octets = [0, 3, 10, 20, 30, 1, 40, 200, 1, 40, 9, 2, 2, 5, 0, 0, 0, 0, 93] + list(range(93))
    for numbers, bits in ((words, 16), (octets, 8)):
        segmented = image(indices.astype("u1"), "PALETTE COLOR")
        data = np.asarray(numbers, "<u2" if bits == 16 else "u1").tobytes()
        for name in ("Red", "Green", "Blue"):
            setattr(segmented, name + "PaletteColorLookupTableDescriptor", [256, 0, bits])
            setattr(segmented, f"Segmented{name}PaletteColorLookupTableData", data + b"\0" * (len(data) % 2))
        add(f"segmented palette of {bits} bits", segmented)
    colours = random.integers(0, 256, (8, 8, 3)).astype("u1")
    add("RGB", image(colours, "RGB"))
    planar = image(np.ascontiguousarray(colours.transpose(2, 0, 1)).reshape(8, 8, 3), "RGB")
    planar.PlanarConfiguration = 1
    add("RGB in planes", planar)
    add("RGB of 16 bits", image(random.integers(0, 65536, (8, 8, 3)).astype("<u2"), "RGB"))
    add("RGB of 12 bits", image(random.integers(0, 4096, (8, 8, 3)).astype("<u2"), "RGB", stored=12))
    add("YBR_FULL", image(colours, "YBR_FULL"))
    halved = image(colours, "YBR_FULL_422")
    halved.PixelData = colours.reshape(-1)[:128].tobytes()
    add("YBR_FULL_422", halved)


def stored_cases():
    rubbish = random.integers(0, 65536, (8, 8))
    add("12 of 16 bits", image(rubbish.astype("<u2"), stored=12), shown=False)
    add("12 of 16 bits, signed", image(rubbish.astype("<u2").view("<i2"), stored=12), shown=False)
    add("5 of 8 bits, signed", image(rubbish.astype("u1").view("i1"), stored=5), shown=False)
    add("20 of 32 bits, signed", image((rubbish * 65537).astype("<u4").view("<i4"), stored=20), shown=False)
    add("big endian, 32 bits", image(
        (rubbish * 65537).astype("<u4"), syntax=ExplicitVRBigEndian), shown=False)
    add("big endian, frames", image(
        random.integers(0, 65536, (3, 4, 5)).astype("<u2"), syntax=ExplicitVRBigEndian, frames=3), shown=False)
    odd = image(random.integers(0, 256, (3, 3, 3)).astype("u1"), syntax=ExplicitVRBigEndian, frames=3)
    odd["PixelData"].VR = "OW"
    odd.PixelData = np.frombuffer(odd.PixelData, "<u2").byteswap().tobytes()
    add("big endian words of odd 8-bit frames", odd, shown=False)
    bits = image(np.zeros((3, 5), "u1"), stored=1)
    bits.BitsAllocated, bits.NumberOfFrames, bits.PixelData = 1, 3, b"\xa5\x3c\x5a\xf1\x0e\x77"
    add("one bit, frames inside bytes", bits, shown=False)


def process_14_cases():
    smooth = (np.add.outer(np.arange(16) ** 2, np.arange(16) * 40) + random.integers(0, 30, (16, 16))).astype("<u2")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.dcm", Path(folder) / "out.dcm"
        for name, dataset in (("16 bits", image(smooth)), ("RGB", image(
                random.integers(0, 256, (8, 8, 3)).astype("u1"), "RGB"))):
            dataset.save_as(source, enforce_file_format=True)
            for predictor in (1, 4, 7):
                subprocess.run(
                    ["dcmcjpeg", "+el", "+sv", str(predictor), "+un", source, target], check=True)
                add(f"JPEG process 14, predictor {predictor}, {name}", pydicom.dcmread(target), shown=False)


def main():
    grey_cases()
    lookup_cases()
    colour_cases()
    stored_cases()
    process_14_cases()
    lines = ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in cases.items())
    (Path(__file__).parent / "synthetic.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
