#!/usr/bin/env python3
"""Writes the reference numbers of AnalysisTests: reference.json.

usage: make_reference.py    (made with scikit-learn 1.9.1, umap-learn 0.5.12, numpy 2.4.6)

The rows are those of `blobs` here and in AnalysisTests/Rows.swift: SplitMix64 as in LightboxCore's SeededGenerator.
"""
import json
import os
import sys
import warnings

import numpy as np
from scipy import special
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import adjusted_rand_score, log_loss, normalized_mutual_info_score
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../evaluation"))
from samples import uniform  # noqa: E402

warnings.simplefilter("ignore")


def blobs(rows, columns, classes):
    """Uniform noise around a centre for each class, rounded to 32 bits; classes in turn."""
    centres = 2 * uniform(7, classes * columns).reshape(classes, columns)
    noise = 3 * uniform(8, rows * columns).reshape(rows, columns)
    labels = np.arange(rows) % classes
    return (centres[labels] + noise).astype(np.float32), labels


def objective(model, x, y, c, weights):
    scores = model.decision_function(x)
    if scores.ndim == 1:
        scores = np.stack([-scores / 2, scores / 2], 1)
    losses = special.logsumexp(scores, axis=1) - scores[np.arange(len(y)), y]
    return c * (weights * losses).sum() + 0.5 * (model.coef_**2).sum()


def main():
    x, y = blobs(240, 12, 4)
    wide = x.astype(np.float64)
    found = {"rows": len(x), "columns": x.shape[1], "classes": 4, "first": x[0].tolist()}
    for name, rows in (("pca", wide), ("pca_few", wide[:8])):
        pca = PCA(5, svd_solver="full").fit(rows)
        found[name] = {"variance": pca.explained_variance_.tolist(), "ratio": pca.explained_variance_ratio_.tolist(),
                       "projected": np.abs(pca.transform(wide)).round(6).ravel().tolist()}
    found["kmeans"] = KMeans(4, n_init=20, random_state=0).fit(wide).inertia_
    # The best of many starts: what is compared is how likely the rows become.
    found["gmm"] = {kind: max(GaussianMixture(4, covariance_type=kind, random_state=seed, tol=1e-6, max_iter=2000, reg_covar=1e-6)
                              .fit(wide).score(wide) for seed in range(10)) for kind in ("full", "diag")}
    tsne = TSNE(init="pca", random_state=0, perplexity=20).fit(wide)
    found["tsne"] = {"divergence": float(tsne.kl_divergence_), "trustworthiness": trustworthiness(wide, tsne.embedding_)}
    import umap
    found["umap"] = {"trustworthiness": trustworthiness(wide, umap.UMAP(random_state=0).fit_transform(wide)),
                     "curves": [[d, *umap.umap_.find_ab_params(1.0, d)] for d in (0.0, 0.1, 0.5)]}
    few = y.copy()
    few[(y == 3) & (np.arange(len(y)) % 8 != 3)] = 2  # class 3 is rare
    balanced = len(few) / (4 * np.bincount(few))[few]
    for name, c, weights in (("logistic", 1.0, None), ("logistic_balanced", 0.1, "balanced")):
        model = LogisticRegression(C=c, class_weight=weights, tol=1e-8, max_iter=10000).fit(wide, few)
        found[name] = {"objective": objective(model, wide, few, c, balanced if weights else np.ones(len(few))),
                       "probabilities": model.predict_proba(wide).round(6).ravel().tolist()}
    two = (y > 1).astype(int)
    for name, kernel in (("svm", "rbf"), ("svm_linear", "linear")):
        model = SVC(kernel=kernel, C=2.0, tol=1e-6).fit(wide, two)
        found[name] = {"decisions": model.decision_function(wide).round(6).tolist(), "vectors": int(model.n_support_.sum())}
    model = SVC(C=1.0, class_weight="balanced", tol=1e-6).fit(wide, (few == 3).astype(int))
    found["svm_rare"] = model.decision_function(wide).round(6).tolist()
    found["mlp"] = min(MLPClassifier((8,), solver="lbfgs", alpha=1.0, max_iter=5000, tol=1e-9, random_state=seed).fit(wide, y).loss_
                       for seed in range(10))
    found["agreement"] = {"rand": adjusted_rand_score(y, few), "information": normalized_mutual_info_score(y, few)}
    with open(os.path.join(HERE, "reference.json"), "w") as file:
        json.dump(found, file, indent=None, separators=(",", ":"))
        file.write("\n")


main()
