#!/usr/bin/env python3
"""Writes the reference numbers of EvaluationTests.

usage: make_reference.py    (made with scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6, statsmodels 0.15.0)

Small cases are stored whole; large ones follow from a seed (samples.py, Samples.swift) and only sums are stored.
Where no library has a method (DeLong, Obuchowski, expected calibration error), it is written here from its
definition, by double loops over pairs of cases and not by ranks.
"""
import json
import os
import warnings

import numpy as np
from scipy import optimize, special, stats
from sklearn import calibration, metrics
from statsmodels.stats.multitest import multipletests
from types import SimpleNamespace

from samples import below, sample, splitmix, uniform

warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


def plain(value):
    """JSON has no NaN and no infinity: null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(plain(value), file, separators=(",", ":"))
        file.write("\n")


# --- Curves


def curves(scores, truths):
    result = {"scores": scores, "truths": [bool(t) for t in truths]}
    for key, drop in (("roc", False), ("roc_dropped", True)):
        fpr, tpr, thresholds = metrics.roc_curve(truths, scores, pos_label=1, drop_intermediate=drop)
        result[key] = {"x": fpr, "y": tpr, "thresholds": thresholds}
    for key, drop in (("pr", False), ("pr_dropped", True)):
        precision, recall, thresholds = metrics.precision_recall_curve(
            truths, scores, pos_label=1, drop_intermediate=drop)
        result[key] = {"x": recall, "y": precision, "thresholds": thresholds}
    result["area"] = metrics.roc_auc_score(truths, scores) if len(set(truths)) == 2 else None
    # scikit-learn says 0 for no positive case; here that is undefined.
    result["average_precision"] = metrics.average_precision_score(truths, scores) if any(truths) else None
    return result


def small_cases():
    cases = {
        "two": ([0.2, 0.8], [0, 1]),
        "documentation": ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]),
        "ties across classes": ([0.5, 0.5, 0.5, 0.2, 0.2, 0.9], [1, 0, 1, 0, 1, 1]),
        "all tied": ([0.3] * 5, [1, 0, 0, 1, 0]),
        "perfect": ([0.9, 0.8, 0.7, 0.2, 0.1], [1, 1, 1, 0, 0]),
        "inverted": ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]),
        "one positive": ([0.3, 0.6, 0.1, 0.9], [0, 1, 0, 0]),
        "one negative": ([0.3, 0.6, 0.1, 0.9], [1, 0, 1, 1]),
        "no positive": ([0.3, 0.6, 0.1], [0, 0, 0]),
        "no negative": ([0.3, 0.6, 0.1], [1, 1, 1]),
        "signed zeros": ([0.0, -0.0, 0.0, -1.0, 1.0], [1, 0, 0, 0, 1]),
        "far apart": ([1e300, -1e300, 1e-300, 5e-324, 0.0, 1e-300], [1, 0, 1, 0, 0, 0]),
        "neighbouring numbers": ([1.0, np.nextafter(1.0, 2), np.nextafter(1.0, 0), 1.0], [1, 0, 1, 0]),
        "straight lines": ([8, 7, 6, 5, 4, 3, 2, 1], [1, 1, 1, 0, 0, 1, 0, 0]),
    }
    for seed in range(1, 9):
        truths, scores = sample(seed, 60, 0.3, 0.4, levels=0 if seed % 2 else 12)
        cases[f"random {seed}"] = (list(scores), [int(t) for t in truths])
    return [dict(name=name, **curves(*case)) for name, case in cases.items()]


def generated(seed, count, prevalence, shift, levels):
    truths, scores = sample(seed, count, prevalence, shift, levels)
    fpr, tpr, _ = metrics.roc_curve(truths, scores, drop_intermediate=False)
    kept, _, kept_thresholds = metrics.roc_curve(truths, scores)
    precision, recall, _ = metrics.precision_recall_curve(truths, scores)
    predicted = scores >= 0.5
    tn, fp, fn, tp = metrics.confusion_matrix(truths, predicted).ravel()
    return {
        "seed": seed, "count": count, "prevalence": prevalence, "shift": shift, "levels": levels,
        "positives": int(truths.sum()),
        "points": len(fpr), "kept_points": len(kept), "kept_threshold_sum": np.sum(kept_thresholds[1:]),
        "fpr_sum": np.sum(fpr), "tpr_sum": np.sum(tpr), "precision_sum": np.sum(precision),
        "recall_sum": np.sum(recall),
        "area": metrics.roc_auc_score(truths, scores),
        "average_precision": metrics.average_precision_score(truths, scores),
        "brier": metrics.brier_score_loss(truths, scores),
        "log_loss": metrics.log_loss(truths, scores, labels=[0, 1]),
        "confusion": [tp, fp, tn, fn],
        "accuracy": metrics.accuracy_score(truths, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truths, predicted),
        "f1": metrics.f1_score(truths, predicted),
        "mcc": metrics.matthews_corrcoef(truths, predicted),
        "kappa": metrics.cohen_kappa_score(truths, predicted),
    }


# --- DeLong


def placements(truths, scores):
    """By definition, every pair of a positive and a negative case."""
    positive, negative = scores[truths], scores[~truths]
    pairs = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    return pairs.mean(axis=1), pairs.mean(axis=0)


def delong(truths, scores, level=0.95):
    v10, v01 = placements(truths, scores)
    area = v10.mean()
    variance = v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)
    z = stats.norm.ppf((1 + level) / 2)
    error = np.sqrt(variance)
    logit_error = error / (area * (1 - area))
    return {
        "area": area, "variance": variance,
        "lower": max(0, area - z * error), "upper": min(1, area + z * error),
        "logit_lower": special.expit(special.logit(area) - z * logit_error),
        "logit_upper": special.expit(special.logit(area) + z * logit_error),
    }


def delong_test(truths, first, second):
    """With the 2 x 2 covariance matrix of the paper."""
    a, b = placements(truths, first), placements(truths, second)
    s10 = np.cov(np.stack([a[0], b[0]]))
    s01 = np.cov(np.stack([a[1], b[1]]))
    s = s10 / len(a[0]) + s01 / len(a[1])
    contrast = np.array([1, -1])
    variance = contrast @ s @ contrast
    z = (a[0].mean() - b[0].mean()) / np.sqrt(variance)
    return {"difference": a[0].mean() - b[0].mean(), "variance": variance, "z": z, "p": 2 * stats.norm.sf(abs(z))}


def obuchowski(truths, scores, clusters):
    """Obuchowski 1997, equations 4 to 7, cluster by cluster."""
    positive, negative = np.flatnonzero(truths), np.flatnonzero(~truths)
    v10, v01 = placements(truths, scores)
    v10, v01 = dict(zip(positive, v10)), dict(zip(negative, v01))
    area = np.mean(list(v10.values()))
    names = sorted(set(clusters))
    x, y, hasx, hasy = [], [], [], []
    for name in names:
        members = [i for i, c in enumerate(clusters) if c == name]
        pos = [i for i in members if truths[i]]
        neg = [i for i in members if not truths[i]]
        x.append(sum(v10[i] for i in pos) - len(pos) * area)
        y.append(sum(v01[i] for i in neg) - len(neg) * area)
        hasx.append(bool(pos))
        hasy.append(bool(neg))
    m, n, i, i10, i01 = len(positive), len(negative), len(names), sum(hasx), sum(hasy)
    x, y = np.array(x), np.array(y)
    s10 = i10 / ((i10 - 1) * m) * np.sum(x[hasx] ** 2)
    s01 = i01 / ((i01 - 1) * n) * np.sum(y[hasy] ** 2)
    s11 = i / (i - 1) * np.sum(x * y)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


def delong_cases():
    result = []
    for seed, count, prevalence, shift, levels in ((11, 40, 0.5, 0.3, 0), (12, 300, 0.2, 0.4, 0), (13, 300, 0.3, 0.2, 10),
                                                   (14, 2000, 0.05, 0.5, 50)):
        truths, scores = sample(seed, count, prevalence, shift, levels)
        noise = uniform(seed + 1000, count)
        second = 0.7 * scores + 0.3 * noise
        clusters = below(seed + 2000, count, max(2, count // 3))
        result.append({
            "seed": seed, "count": count, "prevalence": prevalence, "shift": shift, "levels": levels,
            "first": delong(truths, scores), "second": delong(truths, second),
            "test": delong_test(truths, scores, second),
            "clustered_variance": obuchowski(truths, scores, clusters),
        })
    return result


# --- Bootstrap: the same draws as Bootstrap.swift


def draw(seed, strata):
    """Case numbers of one replicate."""
    count = sum(len(units) for units in strata)
    numbers = [int(x) for x in splitmix(seed, count)]
    chosen, place = [], 0
    for units in strata:
        for _ in units:
            chosen += units[(numbers[place] * len(units)) >> 64]
            place += 1
    return chosen


def units_of(truths, patients, stratified):
    members = {}
    for index in range(len(truths)):
        members.setdefault(patients[index] if patients is not None else index, []).append(index)
    members = list(members.values())
    if not stratified:
        return [members]
    return [[u for u in members if any(truths[u])], [u for u in members if not any(truths[u])]]


def bootstrap_case(seed, count, prevalence, shift, levels, clustered, stratified, statistic, replicates=400):
    truths, scores = sample(seed, count, prevalence, shift, levels)
    patients = below(seed + 2000, count, count // 2) if clustered else None
    strata = units_of(truths, patients, stratified)
    metric = metrics.roc_auc_score if statistic == "auc" else metrics.average_precision_score
    # Rounded, so that a replicate that equals the estimate does so here as well.
    function = lambda truths, scores: round(metric(truths, scores), 12)
    values = []
    for replicate_seed in splitmix(99, replicates):
        chosen = draw(int(replicate_seed), strata)
        values.append(function(truths[chosen], scores[chosen]))
    values = np.array(values)
    # scipy's own BCa and percentile steps, given these replicates; its jackknife runs over unit numbers.
    cases = [np.arange(len(units)) for units in strata]

    def of_units(*chosen, axis=-1):
        chosen = np.broadcast_arrays(*[np.asarray(c) for c in chosen]) if len(strata) == 1 else chosen
        lead = np.asarray(chosen[0]).shape[:-1]
        result = np.empty(lead)
        for at in np.ndindex(*lead):
            index = []
            for units, rows in zip(strata, chosen):
                row = np.broadcast_to(rows, lead + (rows.shape[-1],))[at]
                for unit in row:
                    index += units[int(unit)]
            result[at] = function(truths[index], scores[index])
        return result

    given = SimpleNamespace(bootstrap_distribution=values)
    result = {"seed": seed, "count": count, "prevalence": prevalence, "shift": shift, "levels": levels,
              "clustered": clustered, "stratified": stratified, "statistic": statistic, "replicates": replicates,
              "first_values": values[:5]}
    for method in ("percentile", "BCa"):
        interval = stats.bootstrap(cases, of_units, n_resamples=0, method=method, confidence_level=0.95,
                                   bootstrap_result=given, vectorized=True, axis=-1).confidence_interval
        result[method.lower()] = [interval.low, interval.high]
    return result


# --- Intervals and the normal distribution


def intervals():
    table = []
    for k, n in ((0, 1), (1, 1), (0, 10), (1, 10), (5, 10), (10, 10), (3, 7), (48, 50), (99, 1000), (12345, 200000),
                 (1, 200000), (0, 200000), (199999, 200000), (100000, 200000)):
        for level in (0.9, 0.95, 0.99):
            wilson = stats.binomtest(k, n).proportion_ci(level, method="wilson")
            tail = (1 - level) / 2
            lower = 0.0 if k == 0 else stats.beta.ppf(tail, k, n - k + 1)
            upper = 1.0 if k == n else stats.beta.isf(tail, k + 1, n - k)
            table.append({"k": k, "n": n, "level": level, "wilson": [wilson.low, wilson.high],
                          "clopper_pearson": [lower, upper]})
    z = [-37.5, -20, -8.3, -3.1, -1.96, -0.5, -1e-9, 0, 1e-3, 0.7, 1.6448536269514722, 2.5, 6, 8]
    p = [1e-300, 1e-100, 1e-20, 1e-9, 0.001, 0.024999999999999994, 0.025, 0.1, 0.3, 0.5, 0.500001, 0.7, 0.975, 0.999999]
    ps = [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5], [0.02], [0.001, 0.001, 0.9, 0.04, 0.02]]
    return {"proportions": table, "normal": [{"z": v, "cdf": special.ndtr(v), "two_sided": 2 * special.ndtr(-abs(v))} for v in z],
            "quantiles": [{"p": v, "z": special.ndtri(v)} for v in p],
            "holm": [{"p": v, "adjusted": multipletests(v, method="holm")[1]} for v in ps]}


# --- Calibration


def reliability(truths, scores, strategy, bins):
    observed, predicted = calibration.calibration_curve(truths, scores, n_bins=bins, strategy=strategy)
    edges = (np.linspace(0, 1, bins + 1) if strategy == "uniform"
             else np.percentile(scores, np.linspace(0, 1, bins + 1) * 100))
    counts = np.bincount(np.searchsorted(edges[1:-1], scores), minlength=bins)
    counts = counts[counts > 0]
    gaps = np.abs(observed - predicted)
    overall = truths.mean()
    return {"observed": observed, "predicted": predicted, "counts": counts, "expected": np.sum(counts * gaps) / len(scores),
            "maximum": gaps.max(), "reliability": np.sum(counts * gaps**2) / len(scores),
            "resolution": np.sum(counts * (observed - overall) ** 2) / len(scores)}


def temperature(logits, truths):
    signs = np.where(truths, 1.0, -1.0)
    slope = lambda inverse: -np.sum(signs * logits * special.expit(-inverse * signs * logits))
    inverse = optimize.brentq(slope, 1e-6, 1e3, xtol=1e-15, rtol=1e-15)
    loss = lambda inverse: np.mean(np.logaddexp(0, -inverse * signs * logits))
    return {"temperature": 1 / inverse, "before": loss(1), "after": loss(inverse)}


def class_temperature(logits, classes):
    truth = logits[np.arange(len(classes)), classes]

    def slope(inverse):
        return np.sum(np.sum(logits * special.softmax(logits * inverse, axis=1), axis=1) - truth)

    inverse = optimize.brentq(slope, 1e-6, 1e3, xtol=1e-15, rtol=1e-15)
    loss = lambda inverse: np.mean(special.logsumexp(logits * inverse, axis=1) - truth * inverse)
    return {"temperature": 1 / inverse, "before": loss(1), "after": loss(inverse)}


def calibration_cases():
    result = []
    for seed, count, levels, bins in ((21, 50, 0, 10), (22, 1000, 0, 15), (23, 1000, 10, 10), (24, 200_000, 0, 10),
                                      (25, 1001, 20, 7)):
        truths, scores = sample(seed, count, 0.3, 0.4, levels)
        if levels:  # edges, with 0 and 1 among them
            scores[:2] = (0, 1)
        entry = {"seed": seed, "count": count, "levels": levels, "bins": bins,
                 "brier": metrics.brier_score_loss(truths, scores),
                 "log_loss": metrics.log_loss(truths, scores, labels=[0, 1])}
        for strategy in ("uniform", "quantile"):
            entry[strategy] = reliability(truths, scores, strategy, bins)
        clipped = np.clip(scores, np.finfo(float).eps, 1 - np.finfo(float).eps)
        entry["temperature"] = temperature(special.logit(clipped), truths)
        result.append(entry)
    return result


# --- Classes


def classes(seed, count, number):
    u = uniform(seed, count * (number + 1)).reshape(count, number + 1)
    truths = np.minimum((u[:, 0] ** 2 * number).astype(int), number - 1)
    raw = u[:, 1:] + 0.5 * np.eye(number)[truths]
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    chosen = probabilities.argmax(axis=1)
    auc = lambda average: metrics.roc_auc_score(truths, probabilities, multi_class="ovr", average=average)
    return {
        "seed": seed, "count": count, "classes": number,
        "matrix": metrics.confusion_matrix(truths, chosen, labels=range(number)),
        "accuracy": metrics.accuracy_score(truths, chosen),
        "balanced_accuracy": metrics.balanced_accuracy_score(truths, chosen),
        "macro_f1": metrics.f1_score(truths, chosen, average="macro"),
        "mcc": metrics.matthews_corrcoef(truths, chosen),
        "kappa": metrics.cohen_kappa_score(truths, chosen),
        "kappa_linear": metrics.cohen_kappa_score(truths, chosen, weights="linear"),
        "kappa_quadratic": metrics.cohen_kappa_score(truths, chosen, weights="quadratic"),
        "macro_auc": auc("macro"), "weighted_auc": auc("weighted"),
        "log_loss": metrics.log_loss(truths, probabilities, labels=range(number)),
        "temperature": class_temperature(np.log(probabilities), truths),
    }


def main():
    write("curves.json", small_cases())
    write("generated.json", [
        generated(1, 1000, 0.3, 0.5, 0), generated(2, 5000, 0.02, 0.3, 20), generated(3, 200_000, 0.1, 0.4, 0),
        generated(4, 200_000, 0.3, 0.2, 1000), generated(5, 200_000, 0.00005, 0.4, 0)])
    write("delong.json", delong_cases())
    write("bootstrap.json", [
        bootstrap_case(31, 80, 0.3, 0.4, 0, False, True, "auc"),
        bootstrap_case(32, 80, 0.4, 0.3, 12, False, False, "auc"),
        bootstrap_case(33, 120, 0.3, 0.4, 20, True, True, "auc"),
        bootstrap_case(34, 120, 0.4, 0.4, 0, True, False, "auc"),
        bootstrap_case(35, 80, 0.3, 0.4, 0, False, True, "ap"),
        bootstrap_case(36, 90, 0.4, 0.4, 9, True, True, "ap")])
    write("intervals.json", intervals())
    write("calibration.json", calibration_cases())
    write("classes.json", [classes(41, 200, 3), classes(42, 3000, 6)])


if __name__ == "__main__":
    main()
