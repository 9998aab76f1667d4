"""Writes augment.json: affine warps by scipy, contrast and brightness by numpy, both in double precision.

Made with scipy 1.17, numpy 2.4. Run: python make_augment_reference.py
"""

import base64
import json
import math

import numpy as np
from scipy import ndimage


def picture(height, width, channels):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return ((x * 37 + y * 101 + c * 53 + x * y * 7 + x * x * y) % 256).astype(np.float64)


def stored(array):
    array = np.asarray(array, dtype="<f4")
    return {"shape": list(array.shape), "values": base64.b64encode(array.tobytes()).decode()}


def warp(image, degrees, shift, zoom, flip, mode):
    """Turned about the centre, enlarged, mirrored, shifted: the inverse map for scipy."""
    height, width = image.shape[:2]
    a = math.radians(degrees)
    # On the screen, rows downwards: a counter-clockwise turn of (row, column), then zoom, then mirror.
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    forward = np.diag([1, -1 if flip else 1]) @ (zoom * turn)
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    place = centre + np.array([shift[0] * height, shift[1] * width])
    inverse = np.linalg.inv(forward)
    offset = centre - inverse @ place
    keywords = dict(order=1, mode="nearest") if mode is None else dict(order=1, mode="grid-constant", cval=mode)
    planes = [
        ndimage.affine_transform(image[:, :, c], inverse, offset=offset, **keywords) for c in range(image.shape[2])
    ]
    return np.stack(planes, axis=-1)


warps = []
for height, width, channels, degrees, shift, zoom, flip, fill in [
    (24, 31, 1, 7, (0.05, -0.1), 1.1, False, None),
    (24, 31, 1, -12, (0, 0), 0.85, False, 0.0),
    (17, 16, 3, 30, (0.2, 0.1), 1.0, True, None),
    (17, 16, 3, -3, (-0.03, 0.02), 0.93, False, 90.0),
    (9, 9, 1, 90, (0, 0), 1.0, False, None),
    (5, 8, 1, 0, (0, 0), 1.0, True, None),
    (20, 20, 1, 0, (0.25, -0.5), 1.0, False, 10.0),
]:
    image = picture(height, width, channels)
    warps.append(
        dict(
            degrees=degrees, rows=shift[0], columns=shift[1], zoom=zoom, flip=flip, fill=fill,
            height=height, width=width, channels=channels,
            result=stored(warp(image, degrees, shift, zoom, flip, fill)),
        )
    )

tones = []
for channels, brightness, contrast in [(1, 20.0, 1.2), (3, -35.0, 0.7), (1, 0.0, 1.5), (3, 60.0, 1.0)]:
    image = picture(12, 13, channels)
    mean = image.mean(axis=(0, 1), keepdims=True)
    result = np.clip((image - mean) * contrast + mean + brightness, 0, 255)
    tones.append(dict(channels=channels, brightness=brightness, contrast=contrast, result=stored(result)))

with open("augment.json", "w") as file:
    json.dump({"warps": warps, "tones": tones}, file, indent=1)
    file.write("\n")
