"""Writes hashes.json: perceptual hashes of pictures made by a formula, with numpy and scipy's cosine transform.

Areas are averaged exactly, by repeating every pixel 32 times and taking means of blocks.
Made with scipy 1.17, numpy 2.4. Run: python make_hash_reference.py
"""

import json

import numpy as np
from scipy import fft


def picture(height, width, kind):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * x * (3 + kind) + y * y * 5 + x * y * 7 * kind) // 64 % 256).astype(np.float64)


def perceptual_hash(image):
    height, width = image.shape
    large = image.repeat(32, axis=0).repeat(32, axis=1)
    small = large.reshape(32, height, 32, width).mean(axis=(1, 3))
    waves = fft.dctn(small, type=2)[:16, :16]
    is_low = np.zeros((16, 16), bool)
    is_low[:8, :8] = True
    return [word(waves[is_low]), word(waves[~is_low])]


def word(values):
    return "".join("1" if bit else "0" for bit in values > np.median(values))


cases = []
for height, width, kind in [(64, 64, 1), (100, 75, 2), (32, 32, 3), (20, 29, 1), (321, 200, 0)]:
    bits, detail = perceptual_hash(picture(height, width, kind))
    cases.append(dict(height=height, width=width, kind=kind, bits=bits, detail=detail))
with open("hashes.json", "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
