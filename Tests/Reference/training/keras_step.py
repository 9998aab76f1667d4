#!/usr/bin/env python3
"""Writes step_NETWORK.json: one training step in Keras from weights, images and labels made by formula.

usage: keras_step.py [NETWORK...]    (made with keras 3.15.1, tensorflow-cpu 2.21.0, numpy 2.4.6)

Network: the architecture without its classifier, maximum over rows and columns (`max_pool`), dense layer of 14
(`predictions`), no activation. Weights: Tests/NetworksTests/FormulaWeights.swift, that is `array` of
../networks/make_network_reference.py, with the file's `gain`, and with its `beta` added to every norm's beta.
(So most values lie far from where ReLU and ReLU6 bend: around 0 one value more or less that is let through,
which rounding decides, changes a gradient by a percent. Still some are cut off.) Images: Formula.images, `batch`
of them.
Labels: `numbers("targets", batch * 14)` is t, the target is (t + 1) / 2; `numbers("weights", batch * 14)` is w,
the weight is 1 + w / 2. Loss: sum of weight x sigmoid cross-entropy / (batch * 14).

Stored, from a run in double precision (weights and images are the same numbers):
  loss        of the forward pass in training mode (norms use the batch's own mean and variance)
  gradients   per trainable weight "layer/weight": L2 norm, sum (compare it beside norm x sqrt(count), as its
              terms cancel), and `entries` (compare beside the largest or norm / sqrt(count)): the elements at
              count * k // 5 for k = 0...4, and the last
  statistics  per norm layer after the step: L2 norm and `entries` of moving_mean and moving_variance. Keras
              moves the variance towards the batch's biased one (divided by n, not n - 1)
  faint       weights left out above, whose gradient is rounding or blurred by it (over 1e-4 between single and
              double precision, norm below 1e-4 of the largest): constants that a later norm takes away again.
              With each its norm, and above all `largest`; what is found should be within 1e-6 of that
  float32     the same in single precision, against double: largest relative difference (L2 norm of the
              difference / L2 norm) over all gradients that are not faint, over the statistics, and of the loss.
              The script ends unless all are below 2e-4, so a comparison at 1e-3 measures the other side
  adam        MobileNetV2 only: after 3 steps with Adam (learning rate 1e-3, Keras's defaults) on the same batch:
              the loss before each step, and per weight L2 norm, L2 norm of the change, `entries`. Adam divides
              a gradient by its own size, so where a gradient is about 0 the sign of rounding decides: `float32`
              holds per weight how far single precision is from double, relative to the change
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "networks"))
import make_network_reference as formula
import keras
import numpy as np
import tensorflow as tf
from keras import applications as apps
from keras import layers

tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(1)

CLASSES = 14
# Function, height = width, batch, gain of the kernels, what is added to beta.
STEPS = {
    "xception": (apps.Xception, 96, 4, 1, 3),
    "inception_v3": (apps.InceptionV3, 139, 4, 1, 2.5),
    "densenet121": (apps.DenseNet121, 64, 4, 1, 2),
    "mobilenet_v2": (apps.MobileNetV2, 64, 4, 1, 3),
}


def array(layer, kind, shape, gain, beta):
    values = formula.array(layer, kind, shape, gain)
    return values + np.float32(beta) if kind == "beta" else values


def build(function, size, gain, beta, precision):
    keras.config.set_floatx(precision)
    formula.creation.clear()
    formula.given_names.clear()
    keras.backend.clear_session()
    body = function(weights=None, include_top=False, input_shape=(size, size, 3))
    x = layers.GlobalMaxPooling2D(name="max_pool")(body.output)
    model = keras.Model(body.input, layers.Dense(CLASSES, name="predictions")(x))
    names = formula.automatic_names(model, {layer.name for layer in model.layers} - formula.given_names)
    paths = {}
    for layer in model.layers:
        for weight in layer.weights:
            kind = formula.weight_name(layer, weight)
            paths[id(weight)] = f"{names[id(layer)]}/{kind}"
            weight.assign(array(names[id(layer)], kind, weight.shape, gain, beta).astype(precision))
    return model, paths


def loss_of(logits, targets, weights):
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    return tf.reduce_sum(weights * entropy) / (logits.shape[0] * CLASSES)


def run(name, precision):
    function, size, batch, gain, beta = STEPS[name]
    formula.IMAGES = batch
    model, paths = build(function, size, gain, beta, precision)
    images = formula.images((size, size, 3)).astype(precision)
    label = lambda kind: formula.numbers(kind, batch * CLASSES).astype(precision).reshape(batch, CLASSES)
    targets, weights = (label("targets") + 1) / 2, 1 + label("weights") / 2

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = loss_of(model(images, training=True), targets, weights)
        return loss, tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    loss, gradients = step()
    result = {"loss": float(loss), "gradients": {}, "statistics": {}}
    for variable, gradient in zip(model.trainable_variables, gradients):
        result["gradients"][paths[id(variable)]] = gradient.numpy()
    for variable in model.non_trainable_variables:
        result["statistics"][paths[id(variable)]] = variable.numpy().copy()
    if name == "mobilenet_v2":
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(model.trainable_variables)
        before = [variable.numpy().copy() for variable in model.trainable_variables]
        losses = [float(loss)]
        for index in range(3):
            optimizer.apply(gradients, model.trainable_variables)
            loss, gradients = step()
            losses.append(float(loss))
        result["losses"] = losses
        result["adam"] = {
            paths[id(variable)]: (variable.numpy(), variable.numpy() - old)
            for variable, old in zip(model.trainable_variables, before)}
    return result


def short(value):
    return float(f"{value:.8g}")


def entries(array):
    flat = array.reshape(-1)
    return [short(flat[index]) for index in [len(flat) * k // 5 for k in range(5)] + [len(flat) - 1]]


def distance(found, expected):
    size = np.linalg.norm(expected.reshape(-1))
    return float(np.linalg.norm((found - expected).reshape(-1)) / max(1e-300, size))


def reference(name):
    _, size, batch, gain, beta = STEPS[name]
    double, single = run(name, "float64"), run(name, "float32")
    largest = max(np.linalg.norm(gradient) for gradient in double["gradients"].values())
    differences = {path: distance(single["gradients"][path], value) for path, value in double["gradients"].items()}
    norms = {path: np.linalg.norm(value) for path, value in double["gradients"].items()}
    faint = [path for path, off in differences.items() if off > 1e-4 and norms[path] < 1e-4 * largest]
    kept = [path for path in norms if path not in faint]
    statistics = {
        path: distance(single["statistics"][path], value) for path, value in double["statistics"].items()}
    result = {
        "made_with": f"keras {keras.__version__}", "network": name, "input": [size, size, 3], "batch": batch,
        "classes": CLASSES, "gain": gain, "beta": beta, "loss": double["loss"],
        "gradients": {
            path: {"norm": short(np.linalg.norm(value)), "sum": short(value.sum()), "entries": entries(value)}
            for path, value in double["gradients"].items() if path in kept},
        "faint": {path: short(norms[path]) for path in faint}, "largest": short(largest),
        "statistics": {
            path: {"norm": short(np.linalg.norm(value)), "entries": entries(value)}
            for path, value in double["statistics"].items()},
        "float32": {
            "gradients": short(max(differences[path] for path in kept)),
            "statistics": short(max(statistics.values())),
            "loss": short(abs(single["loss"] / double["loss"] - 1))},
    }
    print(name, "loss", double["loss"], "float32", result["float32"], "faint", result["faint"], "largest", largest)
    assert max(result["float32"].values()) < 2e-4
    if "adam" in double:
        result["adam"] = {
            "losses": [short(loss) for loss in double["losses"]],
            "weights": {
                path: {
                    "norm": short(np.linalg.norm(value)), "change": short(np.linalg.norm(change)),
                    "entries": entries(value),
                    "float32": short(distance(single["adam"][path][1], change))}
                for path, (value, change) in double["adam"].items() if path in kept}}
        off = sorted(weight["float32"] for weight in result["adam"]["weights"].values())
        print("  adam losses", double["losses"], single["losses"], "float32", off[0], off[len(off) // 2], off[-1])
    return result


def main():
    for name in sys.argv[1:] or STEPS:
        path = os.path.join(HERE, f"step_{name}.json")
        with open(path, "w") as file:
            json.dump(reference(name), file, separators=(",", ":"))
            file.write("\n")
        print(" ", os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
