"""Cases by formula, the same as Samples.swift makes: SplitMix64 as in LightboxCore's SeededGenerator."""
import numpy as np


def splitmix(seed, count):
    """The first `count` 64-bit numbers of a seed."""
    state = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, count):
    return (splitmix(seed, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def sample(seed, count, prevalence, shift, levels=0):
    """Truths, and scores in 0...1 that are `shift` higher for positives; on a grid of `levels` when not 0."""
    u = uniform(seed, 2 * count)
    truths = u[0::2] < prevalence
    scores = (u[1::2] + shift * truths) / (1 + shift)
    if levels:
        scores = np.floor(scores * levels) / levels
    return truths, scores


def below(seed, count, bound):
    """`count` integers in 0..<bound: the high half of the product."""
    return [(int(x) * bound) >> 64 for x in splitmix(seed, count)]
