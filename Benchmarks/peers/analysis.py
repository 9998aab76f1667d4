"""What people use now for maps, classifiers and searches of vectors: scikit-learn and NumPy.

    analysis.py maps
    analysis.py similar COUNT LENGTH
"""
import json
import sys
import time

import numpy as np


def report(name, value):
    print(json.dumps({"name": name, "value": value}), flush=True)


def seconds(work, rounds):
    best = float("inf")
    for _ in range(rounds):
        start = time.monotonic()
        work()
        best = min(best, time.monotonic() - start)
    return best


def groups(rows, columns):
    random = np.random.default_rng(2)
    centres = 0.3 * random.standard_normal((10, columns))
    of = np.arange(rows) % 10
    return (centres[of] + random.standard_normal((rows, columns))).astype(np.float32), of


def maps():
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.manifold import TSNE

    wide, _ = groups(20_000, 2048)
    report("50 components", seconds(lambda: PCA(50, svd_solver="randomized", random_state=0).fit(wide), 2))
    narrow, _ = groups(10_000, 50)
    report("t-SNE", seconds(lambda: TSNE(init="pca", random_state=0).fit_transform(narrow), 1))
    middle, of = groups(10_000, 256)
    report("logistic regression", seconds(lambda: LogisticRegression(max_iter=1000).fit(middle, of), 2))


def similar(count, length):
    random = np.random.default_rng(1)
    centres = random.standard_exponential((50, length), dtype=np.float32)
    vectors = np.empty((count, length), np.float32)
    for start in range(0, count, 10_000):
        of = np.arange(start, min(start + 10_000, count)) % 50
        vectors[start:start + len(of)] = 0.7 * centres[of] + 0.3 * random.standard_exponential((len(of), length), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def search(query):
        likeness = vectors @ query
        ten = np.argpartition(-likeness, 10)[:10]
        return ten[np.argsort(-likeness[ten])]
    times = sorted(seconds(lambda: search(vectors[number]), 1) for number in range(40))
    report("ten nearest", 1000 * times[20])


if sys.argv[1] == "maps":
    maps()
else:
    similar(int(sys.argv[2]), int(sys.argv[3]))
