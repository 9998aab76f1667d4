"""Writes small PNG and JPEG files, and the numbers TensorFlow 2.21, Keras and Pillow give for them.

Run in this folder: python make_references.py
Arrays are stored as base64 of little-endian values with their shape.
"""
import base64
import io
import json
import struct
import zlib

import numpy as np
import PIL
import tensorflow as tf
from PIL import Image


def stored(array):
    kind = {"uint8": "u1", "uint16": "<u2", "float32": "<f4"}[array.dtype.name]
    return {"shape": list(array.shape), "values": base64.b64encode(array.astype(kind).tobytes()).decode()}


def pattern(height, width, channels, top):
    """The formula that the tests repeat: no picture has to be stored."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return (x * 37 + y * 101 + c * 53 + x * y * 7 + x * x * y) % top


# PNG: every colour type and depth, written without a library so that each kind is certain.
def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def packed_rows(samples, bits):
    """Rows of (height, width, channels) samples, filter 0."""
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if bits == 16:
            content = row.astype(">u2").tobytes()
        elif bits == 8:
            content = row.astype("u1").tobytes()
        else:
            digits = "".join(format(value, f"0{bits}b") for value in row)
            digits += "0" * (-len(digits) % 8)
            content = bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits), 8))
        rows += b"\0" + content
    return rows


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def write_png(name, samples, bits, colour, palette=None, key=None, interlaced=False, extra=b""):
    height, width, _ = samples.shape
    content = b"\x89PNG\r\n\x1a\n"
    content += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))
    content += extra
    if palette is not None:
        content += chunk(b"PLTE", bytes(palette))
    if key is not None:
        content += chunk(b"tRNS", bytes(key))
    if interlaced:
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7]
        rows = b"".join(packed_rows(part, bits) for part in parts if part.size)
    else:
        rows = packed_rows(samples, bits)
    content += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    with open(f"png/{name}.png", "wb") as file:
        file.write(content)


names = []
for colour, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
    for bits in depths:
        samples = pattern(7, 9, channels, min(2**bits, 65521))
        if bits == 16:
            samples = samples * 61 % 65521
        colours = list((np.arange(3 * 2 ** min(bits, 8)) * 89 + 17) % 256) if colour == 3 else None
        for interlaced in (False, True):
            name = f"type{colour}_{bits}" + ("_interlaced" if interlaced else "")
            write_png(name, samples, bits, colour, colours, interlaced=interlaced)
            names.append(name)
write_png("grey_key", pattern(7, 9, 1, 256), 8, 0, key=[0, 37])
write_png("rgb_key", pattern(7, 9, 3, 256), 8, 2, key=[0, 0, 0, 53, 0, 106])
write_png("palette_key", pattern(7, 9, 1, 4), 2, 3, palette=list(range(10, 130, 10)), key=[0, 128])
write_png("text", pattern(7, 9, 1, 256), 8, 0, extra=chunk(b"tEXt", b"Comment\0secret") + chunk(b"gAMA", struct.pack(">I", 45455)))
names += ["grey_key", "rgb_key", "palette_key", "text"]

png = {}
for name in names:
    content = open(f"png/{name}.png", "rb").read()
    png[name] = {}
    for channels in (1, 3, 4):
        for dtype in (tf.uint8, tf.uint16):
            if dtype == tf.uint16 and not (name.endswith("16") or "16_" in name):
                continue
            decoded = tf.image.decode_png(content, channels=channels, dtype=dtype).numpy()
            png[name][f"{channels}_{dtype.name}"] = stored(decoded)
json.dump(png, open("png.json", "w"), indent=0)

# JPEG: a smooth picture with some texture, odd sizes.
y, x = np.mgrid[0:45, 0:61]
rgb = np.stack([128 + 100 * np.sin(x / 9 + y / 17), 4 * x + y, 255 - 3 * y - x + 20 * np.cos(x * y / 40)], -1)
rgb = Image.fromarray(np.clip(rgb, 0, 255).astype("uint8"))
jpegs = {
    "grey": (rgb.convert("L"), {}), "rgb444": (rgb, {"subsampling": 0}), "rgb422": (rgb, {"subsampling": 1}),
    "rgb420": (rgb, {"subsampling": 2}), "progressive": (rgb, {"progressive": True}),
    "restarts": (rgb, {"restart_marker_rows": 1}), "cmyk": (rgb.convert("CMYK"), {}),
}
exif = Image.Exif()
exif[0x0112] = 6
jpegs["rotated"] = (rgb, {"exif": exif})
jpeg = {}
for name, (image, options) in jpegs.items():
    image.save(f"jpeg/{name}.jpg", quality=90, **options)
    content = open(f"jpeg/{name}.jpg", "rb").read()
    jpeg[name] = {}
    for channels in (3,) if name == "cmyk" else (1, 3):  # TensorFlow makes no grey of inks
        default, fast, accurate = (
            tf.io.decode_jpeg(content, channels=channels, dct_method=method).numpy()
            for method in ("", "INTEGER_FAST", "INTEGER_ACCURATE")
        )
        assert np.array_equal(default, fast)
        jpeg[name][f"fast_{channels}"] = stored(fast)
        jpeg[name][f"accurate_{channels}"] = stored(accurate)
    opened = Image.open(io.BytesIO(content))
    opened = np.atleast_3d(np.array(opened.convert("RGB") if opened.mode == "CMYK" else opened))
    pillow = stored(opened)
    assert pillow == jpeg[name][f"accurate_{opened.shape[2]}"]  # Pillow is the accurate one, exactly
json.dump(jpeg, open("jpeg.json", "w"), indent=0)

# Resizing, and Keras's scaling behind it.
resize = []
for height, width, channels, top, new in [
    (16, 16, 1, 256, (8, 8)), (16, 16, 1, 256, (31, 47)), (37, 23, 3, 256, (15, 29)), (61, 45, 1, 65521, (19, 17)),
    (5, 7, 3, 256, (5, 7)), (1, 1, 1, 256, (3, 4)), (2, 3, 3, 65521, (9, 8)), (300, 400, 1, 256, (33, 21)),
    (101, 77, 4, 256, (24, 24)),
]:
    dtype = np.uint8 if top == 256 else np.uint16
    image = pattern(height, width, channels, top).astype(dtype)
    resize.append({
        "input": [height, width, channels, top],
        "bilinear": stored(tf.image.resize(image, new, method="bilinear").numpy()),
        "legacy": stored(tf.compat.v1.image.resize_bilinear(image[None], new).numpy()[0]),
    })
json.dump(resize, open("resize.json", "w"), indent=0)

image = tf.image.resize(pattern(37, 23, 3, 256).astype(np.uint8), (12, 10))
apps = tf.keras.applications
preprocessing = {
    "minusOneToOne": stored(apps.xception.preprocess_input(image.numpy())),
    "imageNetStandardised": stored(apps.densenet.preprocess_input(image.numpy())),
    "caffe": stored(apps.resnet50.preprocess_input(image.numpy())),
    "zeroToOne": stored(image.numpy() / np.float32(255)),
    "none": stored(image.numpy()),
    "luma": stored(tf.image.rgb_to_grayscale(image).numpy()),
}
json.dump(preprocessing, open("preprocessing.json", "w"), indent=0)
print("TensorFlow", tf.__version__, "Pillow", PIL.__version__, "NumPy", np.__version__)
