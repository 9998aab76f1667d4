#!/usr/bin/env python3
"""Writes stored_values.json and rendered.json: what pydicom reads from and shows of every file.

Made with Python 3.11, pydicom 3.0.2, numpy 2.4.6, Pillow 13.0.0, python-gdcm 3.2.6, pylibjpeg 2.1.0 with
libjpeg 2.5.0, openjpeg 2.6.0 and rle 2.2.0. Run it from anywhere:

    make_pixel_reference.py PYDICOM_TEST_FILES DICOM_DATA

PYDICOM_TEST_FILES is pydicom's own folder of test files (pydicom/data/test_files of its wheel), DICOM_DATA
a folder of more files, whose names are kept with "data/" before them.

stored_values.json: file -> transfer syntax, and per decoding plug-in either the reason of its refusal or
"shape" and "sha256" of pixel_array(raw=True): all stated frames, little-endian, as int32 (uint32 wraps
around) or, for float pixel data, as it is. Lossy files and files on which plug-ins differ also have "values":
64 samples at equal distances over the whole array.

rendered.json: file -> sha256 of the first frame as 8-bit grey or RGB, and 64 samples of it at equal distances.
"""

import hashlib
import json
import logging
import sys
import warnings
import zlib
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.rle import _rle_decode_segment
from pydicom.pixels.processing import (
    apply_color_lut, apply_modality_lut, apply_voi, apply_windowing, convert_color_space)

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

LOSSY = {"1.2.840.10008.1.2.4." + number for number in ("50", "51", "81", "91", "203")}
KINDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def samples(array, count=64):
    flat = array.reshape(-1)
    at = np.arange(count) * (flat.size - 1) // (count - 1)
    return flat[at].tolist()


def integers(array):
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(array.astype(np.int64).astype("<i4"))


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def short(error):
    """The error's first telling line, without what it quotes from the file."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[1] if len(lines) > 1 and "all available" in lines[0] else lines[0] if lines else ""
    return f"{type(error).__name__}: {text}"[:120]


def deflated_frames(dataset):
    """Deflated Image Frame Compression, which pydicom 3.0.2 does not read: zlib, one bit a pixel."""
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    pixels = dataset.Rows * dataset.Columns
    frames = [
        np.unpackbits(np.frombuffer(zlib.decompress(frame, -15), "u1"), bitorder="little")[:pixels]
        for frame in generate_frames(dataset.PixelData, number_of_frames=count)]
    return np.stack(frames).reshape(count, dataset.Rows, dataset.Columns)


def packed_rle(dataset):
    """RLE of one bit a pixel, which pydicom 3.0.2 has the parts for but does not put together."""
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    pixels = dataset.Rows * dataset.Columns
    frames = []
    for frame in generate_frames(dataset.PixelData, number_of_frames=count):
        packed = np.frombuffer(bytes(_rle_decode_segment(frame[64:])), "u1")
        frames.append(np.unpackbits(packed, bitorder="little")[:pixels])
    return np.stack(frames).reshape(count, dataset.Rows, dataset.Columns)


def whole_file_by_gdcm(dataset):
    """GDCM without pydicom, whose plug-in holds it back from 12-bit JPEG."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(dataset.filename))
    if not reader.Read():
        raise ValueError("not read")
    buffer = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(buffer, "<u2").reshape(dataset.Rows, dataset.Columns)


def decoded(dataset):
    """Plug-in -> array of stored values or error."""
    syntax = dataset.file_meta.TransferSyntaxUID
    results = {}
    try:
        if syntax == "1.2.840.10008.1.2.8.1":
            return {"zlib": deflated_frames(dataset)}
        if syntax == "1.2.840.10008.1.2.5" and dataset.BitsAllocated == 1:
            return {"pydicom segments": packed_rle(dataset)}
        decoder = get_decoder(syntax)
    except Exception as error:
        return {"pydicom": error}
    for plugin in sorted(decoder.available_plugins) if syntax.is_encapsulated else [""]:
        try:
            array, _ = decoder.as_array(
                dataset, raw=True, decoding_plugin=plugin, allow_excess_frames=False)
            results[plugin or "pydicom"] = array
        except Exception as error:
            results[plugin or "pydicom"] = error
    if syntax == "1.2.840.10008.1.2.4.51" and dataset.BitsStored > 8:
        results["gdcm alone"] = whole_file_by_gdcm(dataset)
    return results


def stored_entry(dataset):
    syntax = dataset.file_meta.TransferSyntaxUID
    results = decoded(dataset)
    arrays = {name: integers(array) for name, array in results.items() if isinstance(array, np.ndarray)}
    keeps_values = syntax in LOSSY or len({digest(array) for array in arrays.values()}) > 1
    entry = {"syntax": str(syntax), "plugins": {}}
    for name, result in results.items():
        if name not in arrays:
            entry["plugins"][name] = {"refused": short(result)}
            continue
        entry["plugins"][name] = {"shape": list(result.shape), "sha256": digest(arrays[name])}
        if keeps_values:
            entry["plugins"][name]["values"] = samples(arrays[name])
    return entry


def eight_bits(values, low, high):
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return np.clip(np.floor((values - low) / (high - low) * 255 + 0.5), 0, 255).astype(np.uint8)


def with_functional_groups(dataset):
    """The dataset with what the first frame's functional groups say of rescaling and windows."""
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for macro in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            group = dataset.get(groups)
            if group and group[0].get(macro):
                for element in group[0].get(macro)[0]:
                    dataset[element.tag] = element
    return dataset


def in_little_endian(dataset):
    """pydicom reads the words of a palette as they stand in a big-endian file."""
    for colour in ("Red", "Green", "Blue"):
        name = colour + "PaletteColorLookupTableData"
        if name in dataset and not dataset.file_meta.TransferSyntaxUID.is_little_endian:
            dataset[name].value = np.frombuffer(dataset[name].value, ">u2").astype("<u2").tobytes()
    return dataset


def first_frame(dataset):
    """Stored values and photometric interpretation."""
    results = {name: a for name, a in decoded(dataset).items() if isinstance(a, np.ndarray)}
    for name in ("gdcm alone", "zlib", "pydicom segments"):
        if name in results:
            array = results[name]
            return array[0] if array.ndim == 3 else array, dataset.PhotometricInterpretation
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    array, properties = decoder.as_array(dataset, raw=True, index=0)
    return array, properties["photometric_interpretation"]


def shown(dataset):
    """The first frame as a display has it: first window, else VOI LUT, else the full range."""
    array, interpretation = first_frame(dataset)
    if interpretation == "PALETTE COLOR":
        palette = apply_color_lut(array, in_little_endian(dataset))
        return (palette >> 8 if palette.dtype == np.uint16 else palette).astype(np.uint8)
    if dataset.get("SamplesPerPixel") == 3:
        top = 2.0 ** dataset.BitsStored - 1
        scaled = array if top == 255 else np.floor(array / top * 255 + 0.5).astype(np.uint8)
        return convert_color_space(scaled, interpretation, "RGB") if "YBR" in interpretation else scaled
    dataset = with_functional_groups(dataset)
    values = apply_modality_lut(array, dataset)
    if dataset.get("WindowWidth"):
        dataset.BitsStored = dataset.get("BitsStored", 16)
        dataset.PixelRepresentation = dataset.get("PixelRepresentation", 0)
        ends = apply_windowing(np.array([-1e30, 1e30]), dataset)
        gray = eight_bits(apply_windowing(values, dataset), ends[0], ends[1])
    elif dataset.get("VOILUTSequence"):
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
        gray = eight_bits(apply_voi(values, dataset), 0, 2.0 ** bits - 1)
    else:
        padding = dataset.get("PixelPaddingValue")
        inside = values if padding is None else values[array != padding]
        inside = inside if inside.size else values
        gray = eight_bits(values.astype(np.float64), inside.min(), inside.max())
    inverted = interpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"
    return 255 - gray if inverted else gray


def read_files(pydicom_files, data):
    """(name, dataset) of each file of the two folders that holds pixels."""
    for prefix, root in (("", Path(pydicom_files)), ("data/", Path(data))):
        for path in sorted(root.rglob("*")):
            try:
                dataset = pydicom.dcmread(path)
            except Exception:
                continue
            if any(kind in dataset for kind in KINDS) and "TransferSyntaxUID" in dataset.file_meta:
                yield prefix + path.relative_to(root).as_posix(), dataset


def main():
    stored, rendered = {}, {}
    for name, dataset in read_files(sys.argv[1], sys.argv[2]):
        stored[name] = stored_entry(dataset)
        try:
            picture = shown(dataset)
            rendered[name] = {"sha256": digest(picture), "values": samples(picture)}
        except Exception as error:
            print("not rendered:", name, short(error), file=sys.stderr)
    here = Path(__file__).parent
    for file, content in (("stored_values.json", stored), ("rendered.json", rendered)):
        lines = ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in content.items())
        (here / file).write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
