#!/usr/bin/env python3
"""Writes appearance.json: what `Image.appearance()` gives for pictures by formula.

usage: make_appearance_reference.py    (made with numpy 2.4.6)
"""
import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
y, x = np.mgrid[:224, :224]
PICTURES = {"waves": ((x * x + 3 * y * y) // 97 + x * y % 23) % 256, "ramp": (x + y) // 2, "even": np.full((224, 224), 90)}


def sharpness(plane):
    limits = np.quantile(plane, [0.25, 0.5, 0.75])
    middle = plane[1:-1, 1:-1]
    edges = np.abs(4 * middle - plane[:-2, 1:-1] - plane[2:, 1:-1] - plane[1:-1, :-2] - plane[1:-1, 2:])
    quarter = np.digitize(middle, limits)
    return [float(np.log(1e-4 + (edges[quarter == q].mean() if (quarter == q).any() else 0))) for q in range(4)]


def appearance(picture):
    plane = picture.astype(np.float32) / np.float32(255)
    quantiles = np.quantile(plane.astype(float), [0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98])
    away = (plane.astype(float) - plane.astype(float).mean()) / (plane.astype(float).std() + 1e-3)
    half = plane.reshape(112, 2, 112, 2).mean((1, 3))
    return [*quantiles, *np.log(quantiles + 0.02), (away**3).mean(), np.log((away**4).mean() + 0.1), *sharpness(plane),
            *sharpness(half)]


with open(os.path.join(HERE, "appearance.json"), "w") as file:
    json.dump({name: np.round(appearance(picture), 6).tolist() for name, picture in PICTURES.items()}, file)
    file.write("\n")
