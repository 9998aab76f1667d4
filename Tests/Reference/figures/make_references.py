"""Writes colours of matplotlib 3.11's maps at 33 places, and widths of text in DejaVu Sans 2.37, as JSON.

Run in this folder: python make_references.py (matplotlib brings the font).
"""
import json
import os

import matplotlib
from PIL import ImageFont

places = [i / 32 for i in range(33)]
maps = {
    name: [[round(255 * part) for part in matplotlib.colormaps[name](place)[:3]] for place in places]
    for name in ["inferno", "viridis"]
}
fonts = os.path.join(os.path.dirname(matplotlib.__file__), "mpl-data", "fonts", "ttf")
texts = ["enlarged_cardiomediastinum", "True positive rate  TP / (TP + FN)", "0.916 (0.883–0.948)", "−1e−5 ≤ 12 %", "µ ÄÖß é"]
widths = {}
for kind, name in [("regular", "DejaVuSans"), ("bold", "DejaVuSans-Bold")]:
    font = ImageFont.truetype(os.path.join(fonts, name + ".ttf"), 2048, layout_engine=ImageFont.Layout.BASIC)
    widths[kind] = [font.getlength(text) / 2048 for text in texts]
with open("figures.json", "w") as file:
    json.dump({"maps": maps, "texts": texts, "widths": widths}, file, ensure_ascii=False)
    file.write("\n")
