"""Writes losses.json: the loss of chest-film labels as TensorFlow computes it.

Versions: tensorflow 2.21.0, numpy as it brings along.

    python losses.py > losses.json
"""
import itertools
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
random = np.random.default_rng(20)
LABELS = 14


def weighted(states, logits, u, w):
    """tf.compat.v1.losses over the lookup tables of the four states."""
    probabilities = tf.gather(tf.constant([0.0, 0.0, u, 1.0]), states)
    weights = tf.gather(tf.constant([1.0, 1.0, w, 1.0]), states)
    return float(tf.compat.v1.losses.sigmoid_cross_entropy(
        probabilities, tf.constant(logits), weights,
        reduction=tf.compat.v1.losses.Reduction.SUM_OVER_BATCH_SIZE))


cases = []
single = []
for state, (u, w) in itertools.product(range(4), [(0, 0), (0, 1), (1, 1), (0.25, 0.5), (0.4, 0.75), (0.9, 0.1)]):
    logit = float(np.float32(random.normal() * 3))
    single.append({"state": state, "u": u, "w": w, "logit": logit,
                   "loss": weighted([[state]], np.float32([[logit]]), u, w)})
for images, (u, w) in zip([1, 3, 8, 16, 32], [(0, 0), (0, 1), (1, 1), (0.25, 0.5), (0.4, 0.75)]):
    logits = (random.normal(size=(images, LABELS)) * 4).astype(np.float32)
    logits[0, 0] = 40
    logits[0, 1] = -40
    states = random.integers(0, 4, size=(images, LABELS))
    cases.append({"u": u, "w": w, "logits": logits.tolist(), "states": states.tolist(),
                  "loss": weighted(states, logits, u, w)})

# A weight of positives, as tf.nn.weighted_cross_entropy_with_logits has it.
positive = []
for state, weight in itertools.product(range(4), [0.5, 3.0]):
    logit, u, w = float(np.float32(random.normal())), 0.3, 0.6
    ce = tf.nn.weighted_cross_entropy_with_logits(
        tf.constant([0.0, 0.0, u, 1.0][state]), tf.constant(logit), weight)
    positive.append({"state": state, "u": u, "w": w, "positive": weight, "logit": logit,
                     "loss": float(ce) * [1, 1, w, 1][state]})

softmax = []
for classes in [2, 3, 6]:
    logits = (random.normal(size=(5, classes)) * 3).astype(np.float32)
    labels = random.integers(0, classes, size=5)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    softmax.append({"logits": logits.tolist(), "labels": labels.tolist(), "loss": float(loss)})

print(json.dumps({"single": single, "batches": cases, "positive": positive, "softmax": softmax}))
