#!/usr/bin/env python3
"""Writes the reference numbers of NoveltyTests and DriftTests: novelty.json.

usage: make_novelty_reference.py    (made with scikit-learn 1.9.1, numpy 2.4.6)

The rows are those of AnalysisTests/Rows.swift, and `wide`: more columns than rows.
"""
import json
import os
import sys

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../evaluation"))
from samples import uniform  # noqa: E402


def blobs(rows, columns, classes):
    centres = 2 * uniform(7, classes * columns).reshape(classes, columns)
    noise = 3 * uniform(8, rows * columns).reshape(rows, columns)
    return (centres[np.arange(rows) % classes] + noise).astype(np.float32)


def left_out(x, fitted, groups):
    """Each row by the mean and the covariance of the rows outside its group, with the shrinkage and sphere of all rows."""
    sphere = np.trace(np.cov(x.T, bias=True)) / x.shape[1]
    found = []
    for row, group in zip(x, groups):
        rest = x[groups != group]
        covariance = (1 - fitted.shrinkage_) * np.cov(rest.T, bias=True) + fitted.shrinkage_ * sphere * np.eye(x.shape[1])
        away = row - rest.mean(0)
        found.append(np.sqrt(away @ np.linalg.solve(covariance, away)))
    return found


def left_out_neighbours(x, groups, k):
    distances = euclidean_distances(x)
    return [np.sort(distances[i][groups != group])[k - 1] for i, group in enumerate(groups)]


def novelty(training, queries, groups, k):
    x, q = normalize(training.astype(float)), normalize(queries.astype(float))
    fitted = LedoitWolf().fit(x)
    near = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(q)[0][:, -1]
    features, neighbours = left_out(x, fitted, groups), left_out_neighbours(x, groups, k)
    means = lambda f, n: ((np.log(f) - np.log(features).mean()) / np.log(features).std()
                          + (np.log(n) - np.log(neighbours).mean()) / np.log(neighbours).std()) / 2
    calibration, scores = means(features, neighbours), means(np.sqrt(fitted.mahalanobis(q)), near)
    return {"shrinkage": fitted.shrinkage_, "features": np.sqrt(fitted.mahalanobis(q)).tolist(), "neighbours": near.tolist(),
            "left_out": features, "left_out_neighbours": neighbours, "statistic": scores.tolist(),
            "p": [(1 + int((calibration >= s).sum())) / (len(x) + 1) for s in scores]}


def discrepancy(training, window):
    """Unbiased, with a Gaussian of the training rows' median squared distance."""
    x, y = normalize(training.astype(float)), normalize(window.astype(float))
    pairs = np.sort(euclidean_distances(x, squared=True)[np.triu_indices(len(x), 1)])
    gamma = 1 / pairs[len(pairs) // 2]
    n, m = len(x), len(y)
    inside = lambda a: (rbf_kernel(a, gamma=gamma).sum() - len(a)) / (len(a) * (len(a) - 1))
    return inside(x) + inside(y) - 2 * rbf_kernel(x, y, gamma=gamma).mean()


def procedure(p, training):
    """Shiryaev and Roberts' sums over five bets, on ranks among the training cases and all earlier ones."""
    powers, sums, found, ranks = np.array([0.1, 0.3, 0.5, 0.7, 0.9]), np.zeros(5), [], []
    for count, value in enumerate(p):
        rank = round(value * (training + 1))
        own = (rank + sum(r <= rank for r in ranks)) / (training + count + 1)
        ranks.append(rank)
        sums = (1 + sums) * powers * own ** (powers - 1)
        found.append(sums.mean())
    return found


def main():
    x = blobs(240, 12, 4)
    wide = uniform(9, 40 * 60).reshape(40, 60).astype(np.float32)
    p = (np.floor(uniform(10, 60) * 101) + 1) / 101
    p[40:] = np.maximum(1 / 101, np.round(p[40:] ** 3 * 101) / 101)
    found = {
        "tall": novelty(x[:200], np.concatenate([x[200:210], 1.5 * x[210:220] - 1]), np.arange(200), 1),
        "grouped": novelty(x[:200], x[200:220], np.arange(200) // 3, 4),
        "wide": novelty(wide[:30], wide[30:] ** 2, np.arange(30) // 2, 2),
        "discrepancy": [discrepancy(x[:200], x[200:]), discrepancy(x[:200], x[200:] ** 2)],
        "p": p.tolist(), "procedure": procedure(p, 100),
    }
    with open(os.path.join(HERE, "novelty.json"), "w") as file:
        json.dump(found, file, separators=(",", ":"))
        file.write("\n")


main()
