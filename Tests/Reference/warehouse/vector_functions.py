"""Writes vector_functions.json: what numpy (2.x, float64 over float32 inputs) says of pairs of vectors.

Number i of a vector with a seed is ((i * 7919 + seed * 104729) mod 2003 - 1001) / 500, rounded to float32.
"""
import json
import os

import numpy as np


def vector(seed, count):
    numbers = (np.arange(count, dtype=np.int64) * 7919 + seed * 104729) % 2003 - 1001
    return numbers.astype(np.float32) / np.float32(500)


rows = []
for count in (1, 2, 7, 8, 9, 33, 300, 1024, 1025, 2048, 4099):
    for first, second in ((1, 2), (3, 3), (4, 5)):
        a, b = vector(first, count).astype(np.float64), vector(second, count).astype(np.float64)
        rows.append({
            "count": count, "seeds": [first, second],
            "dot": float(a @ b),
            "cosine": float(a @ b / np.sqrt((a @ a) * (b @ b))),
            "l2": float(np.linalg.norm(a - b)),
        })
samples = [3.5, -1.25, 1e6 + 0.5, 1e6 + 0.25, 7.0, 0.0]
spread = {
    "samples": samples, "variance": float(np.var(samples, ddof=1)), "stddev": float(np.std(samples, ddof=1)),
    "var_pop": float(np.var(samples)), "stddev_pop": float(np.std(samples)),
}
with open(os.path.join(os.path.dirname(__file__), "vector_functions.json"), "w") as file:
    json.dump({"numpy": np.__version__, "pairs": rows, "spread": spread}, file, indent=1)
