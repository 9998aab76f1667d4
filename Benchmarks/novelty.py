#!/usr/bin/env python3
"""Plants shifts in images and measures how well `lightbox analyze novelty` and `analyze drift` see them.

usage: novelty.py LIGHTBOX WEIGHTS IMAGES.csv [--other NAME=FOLDER ...] [--colour] [--work DIR]

IMAGES.csv has the columns path and, if several images are of one patient, patient. Needs numpy and Pillow. Each of five parts
of the patients is held against the others: their images as they are and with each shift. AUROC is the mean of the parts;
"flagged" is the share with a p-value up to 0.05. Drift is tested in windows of 20 and of 50 images, drawn from one part.
"""
import argparse
import csv
import io
import json
import os
import subprocess

import numpy as np
from PIL import Image, ImageFilter

PARTS = 5


def table(values):
    return lambda im: im.point([int(max(0, min(255, round(values(v))))) for v in range(256)] * len(im.getbands()))


def gamma(g):
    return table(lambda v: 255 * (v / 255) ** g)


def blur(pixels):
    """In pixels of the network's input, as are noise and resolution."""
    return lambda im: im.filter(ImageFilter.GaussianBlur(pixels * min(im.size) / 224))


def noise(deviation):
    def apply(im):
        values = np.asarray(im).astype(float)
        grain = max(1, round(min(im.size) / 224))
        shape = [-(-values.shape[0] // grain), -(-values.shape[1] // grain), *values.shape[2:]]
        drawn = np.random.default_rng(int(values.sum()) % 2**32).normal(0, deviation, shape)
        drawn = drawn.repeat(grain, 0).repeat(grain, 1)[:values.shape[0], :values.shape[1]]
        return Image.fromarray(np.clip(values + drawn, 0, 255).astype(np.uint8))
    return apply


def resolution(pixels):
    def apply(im):
        share = pixels / min(im.size)
        small = im.resize([max(1, round(side * share)) for side in im.size], Image.BILINEAR)
        return small.resize(im.size, Image.BILINEAR)
    return apply


def crop(share):
    def apply(im):
        (w, h), cut = im.size, (1 - share) / 2
        return im.crop((round(w * cut), round(h * cut), round(w * (1 - cut)), round(h * (1 - cut))))
    return apply


def jpeg(quality):
    def apply(im):
        file = io.BytesIO()
        im.save(file, "JPEG", quality=quality)
        return Image.open(io.BytesIO(file.getvalue())).convert(im.mode)
    return apply


def shifts(colour):
    found = {"as they are": lambda im: im}
    found |= {f"gamma {g}": gamma(g) for g in (0.5, 0.55, 0.7, 0.85, 1.2, 1.4, 1.8, 2.0)}
    found |= {"inverted": table(lambda v: 255 - v), "contrast halved": table(lambda v: 128 + (v - 128) / 2),
              "brightness +40": table(lambda v: v + 40)}
    found |= {f"blur {s}": blur(s) for s in (1, 2, 4)} | {f"noise {s}": noise(s) for s in (10, 25, 50)}
    found |= {f"resolution {n}": resolution(n) for n in (64, 32)} | {"JPEG quality 10": jpeg(10)}
    found |= {"rotated 15°": lambda im: im.rotate(15, Image.BILINEAR), "rotated 180°": lambda im: im.rotate(180),
              "middle quarter": crop(0.5), "middle 75 %": crop(0.75)}
    if colour:
        found["grey"] = lambda im: im.convert("L").convert("RGB")
    return found


def plant(arguments):
    """Writes the shifted images; returns a row for each: path, patient, part, shift."""
    mode = "RGB" if arguments.colour else "L"
    with open(arguments.images) as file:
        images = [(os.path.join(os.path.dirname(os.path.abspath(arguments.images)), row["path"]), row.get("patient"))
                  for row in csv.DictReader(file)]
    patients = sorted({patient or path for path, patient in images})
    order = np.random.default_rng(0).permutation(len(patients))
    part = {patients[p]: place % PARTS for place, p in enumerate(order)}
    rows = []
    for name, change in shifts(arguments.colour).items():
        folder = os.path.join(arguments.work, "images", name)
        os.makedirs(folder, exist_ok=True)
        for number, (path, patient) in enumerate(images):
            target = os.path.abspath(f"{folder}/{number:05}.png")
            if not os.path.exists(target):
                change(Image.open(path).convert(mode)).save(target, compress_level=1)
            rows.append((target, patient or path, part[patient or path], name))
    for other in arguments.other:
        name, folder = other.split("=", 1)
        for path in sorted(os.listdir(folder)):
            rows.append((os.path.abspath(os.path.join(folder, path)), "", -1, name))
    return rows


def area(normal, shifted):
    """Of the ROC curve, ties counting half."""
    both = np.concatenate([normal, shifted])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(normal), len(shifted)
    return (ranks[n:].sum() - m * (m + 1) / 2) / (n * m)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("lightbox", "weights", "images"):
        parser.add_argument(name)
    parser.add_argument("--other", action="append", default=[])
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--work", default="novelty-work")
    arguments = parser.parse_args()
    home = os.path.abspath(os.path.join(arguments.work, "home"))

    def lightbox(*words):
        return subprocess.run([arguments.lightbox, *words, "--home", home, "--quiet"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    rows = plant(arguments)
    listing = os.path.join(arguments.work, "shifted.csv")
    with open(listing, "w") as file:
        csv.writer(file).writerows([("path", "patient", "part", "shift"), *rows])
    lightbox("embed", "--network", "mobilenet_v2", "--weights", arguments.weights, "--precision", "f32", "--input", listing,
             "--appearance", "--output", "sql:shifted", "--overwrite")
    lightbox("load", listing, "--table", "shifts", "--overwrite")
    joined = "SELECT v.*, s.part, s.shift FROM shifted AS v JOIN shifts AS s ON v.path = s.path"
    if "patient" not in lightbox("query", "SELECT * FROM shifted LIMIT 1").splitlines()[0]:
        joined = joined.replace("s.part", "s.patient, s.part")

    names = list(dict.fromkeys(row[3] for row in rows))
    signals = ("novelty", "features_distance", "neighbours_distance", "appearance_distance")
    areas = {name: {signal: [] for signal in signals} for name in names}
    flagged = {name: [] for name in names}
    for part in range(PARTS):
        training = f"SELECT * FROM ({joined}) AS t WHERE shift = 'as they are' AND part <> {part}"
        scored = os.path.join(arguments.work, f"part{part}.csv")
        lightbox("analyze", "novelty", f"SELECT * FROM ({joined}) AS t WHERE part IN ({part}, -1)", "--against", training,
                 "--group", "patient", "--rate", "0.05", "--output", scored)
        with open(scored) as file:
            found = list(csv.DictReader(file))
        for name in names:
            own = [row for row in found if row["shift"] == name]
            flagged[name] += [float(row["novelty_p"]) <= 0.05 for row in own]
            for signal in signals:
                normal = [float(row[signal]) for row in found if row["shift"] == names[0]]
                areas[name][signal].append(area(np.array(normal), np.array([float(row[signal]) for row in own])))
    drifts = drift(lightbox, joined, names, rows)
    print("| shift | n | AUROC | features | neighbours | appearance | flagged | windows of 20 | of 50 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names:
        cells = [f"{np.mean(areas[name][signal]):.3f}" if name != names[0] else "" for signal in signals]
        n = sum(row[3] == name for row in rows)
        print(f"| {name} | {n} | " + " | ".join(cells) + f" | {100 * np.mean(flagged[name]):.0f} % | "
              + " | ".join(f"{100 * np.mean(drifts[name][size]):.0f} %" for size in (20, 50)) + " |")


def drift(lightbox, joined, names, rows):
    """For each shift the share of windows in which drift is found at a rate of 0.01.

    A window is drawn from patients that are not among the training cases: one half of them against the other.
    """
    found = {name: {20: [], 50: []} for name in names}
    patients = sorted({row[1] for row in rows if row[1]})
    for draw in range(6):
        random = np.random.default_rng(draw)
        half = set(random.permutation(patients)[:len(patients) // 2])
        quoted = ", ".join("'" + patient.replace("'", "''") + "'" for patient in sorted(half))
        training = f"SELECT * FROM ({joined}) AS t WHERE shift = 'as they are' AND patient NOT IN ({quoted})"
        for size in (20, 50):
            windows = []
            for name in names:
                own = [row[0] for row in rows if row[3] == name and (row[1] in half or not row[1])]
                picked = random.permutation(own)[:size]
                windows += [(path, name) for path in picked]
            listing = os.path.join(os.path.dirname(rows[0][0]), f"../../windows{draw}-{size}.csv")
            with open(listing, "w") as file:
                csv.writer(file).writerows([("path", "drawn"), *windows])
            lightbox("load", listing, "--table", "windows", "--overwrite")
            query = f"SELECT t.*, w.drawn FROM ({joined}) AS t JOIN windows AS w ON w.path = t.path"
            summary = json.loads(lightbox("analyze", "drift", query, "--against", training, "--by", "drawn", "--group", "patient",
                                          "--json"))
            for part in summary["parts"]:
                found[part["name"]][size].append(part["isDrifted"])
    return found


main()
