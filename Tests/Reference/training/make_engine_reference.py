#!/usr/bin/env python3
"""Writes engine.json: what single layers, losses and optimizers give in Keras, in double precision.

usage: make_engine_reference.py    (made with keras 3.15.1, tensorflow-cpu 2.21.0, numpy 2.4.6)

layers: each case is one or a few layers on an image of 7 x 8 x 3 (rows that `same` pads evenly under stride 2,
columns that it does not), 2 of them, numbers("image", 336) of ../networks/make_network_reference.py. Weights are
numbers("CASE/INDEX", count), in Keras's order; of moving variances 1.5 is added. The value differentiated is
sum(output x numbers("probe", count)). Stored: output, gradient of the image, gradients of the trainable weights
and, of norms, what they remember after the step, all rounded to 8 digits.
losses: logits 4 x numbers("logits", 15) in 5 x 3, targets (numbers("targets", 15) + 1) / 2, weights
numbers("weights", 15) + 1; for the softmax targets divided by their row's sum, weights of rows the first five.
optimizers: two weights of 3 and 2 x 2 from numbers("first", 3) and numbers("second", 4), 4 steps with the gradients
numbers("gradient/STEP/first", 3) and so on, learning rate 0.01. Stored: the weights after each step.
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
from keras import layers as L

keras.config.set_floatx("float64")


def numbers(name, count):
    return formula.numbers(name, count).astype("float64")


def norm(**settings):
    return L.BatchNormalization(**{"epsilon": 1e-3, "momentum": 0.9, **settings})


CASES = {
    "conv_same_stride2": [L.Conv2D(4, 3, strides=2, padding="same", use_bias=True)],
    "conv_same_even": [L.Conv2D(4, 2, padding="same", use_bias=False)],
    "conv_wide": [L.Conv2D(4, (1, 7), padding="same", use_bias=False)],
    "conv_valid_stride": [L.Conv2D(2, 3, strides=(2, 1), use_bias=True)],
    "depthwise_multiplier": [L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)],
    "separable": [L.SeparableConv2D(5, 3, padding="same")],
    "max_same": [L.MaxPooling2D(3, 2, padding="same")],
    "max_valid": [L.MaxPooling2D(2, 2)],
    "average_same_stride2": [L.AveragePooling2D(3, 2, padding="same")],
    "average_same_even": [L.AveragePooling2D(2, 1, padding="same")],
    "average_same": [L.AveragePooling2D(3, 1, padding="same")],
    "zero_padding": [L.ZeroPadding2D(((1, 0), (2, 3)))],
    "dense": [L.Flatten(), L.Dense(4, activation=None)],
    "reshape": [L.Reshape((14, 4, 3)), L.Conv2D(2, 3, use_bias=False)],
    "global_max": [L.GlobalMaxPooling2D()],
    "global_average_kept": [L.GlobalAveragePooling2D(keepdims=True), L.Conv2D(2, 1, use_bias=False)],
    "norm_relu": [norm(), L.ReLU()],
    "norm_relu6": [norm(), L.ReLU(6.0)],
    "norm_plain": [norm()],
    "norm_without_scale": [norm(scale=False)],
    "norm_without_offset": [norm(center=False), L.ReLU()],
    "norm_of_vectors": [L.Flatten(), L.Dense(5, use_bias=False), norm(epsilon=1.0)],
    "frozen_norm": [norm(trainable=False), L.ReLU()],
    "softmax": [L.Activation("softmax")],
    "tanh_sigmoid": [L.Activation("tanh"), L.Activation("sigmoid")],
}


def digits(array):
    return [float(f"{value:.8g}") for value in np.asarray(array).reshape(-1)]


def layer_case(name, stack):
    image = tf.constant(numbers("image", 336).reshape(2, 7, 8, 3))
    model = keras.Sequential([keras.Input((7, 8, 3)), *stack])
    for index, weight in enumerate(model.weights):
        values = numbers(f"{name}/{index}", int(np.prod(weight.shape))).reshape(weight.shape)
        weight.assign(values + 1.5 if "moving_variance" in weight.path else values)
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = model(image, training=True)
        value = tf.reduce_sum(output * numbers("probe", int(np.prod(output.shape))).reshape(output.shape))
    trainable = [weight.value for weight in model.trainable_weights]
    gradients = tape.gradient(value, [image, *trainable])
    return {
        "shape": list(output.shape), "output": digits(output), "image": digits(gradients[0]),
        "weights": [digits(gradient) for gradient in gradients[1:]],
        "remembered": [digits(weight) for weight in model.non_trainable_weights],
    }


def losses():
    logits, targets = 4 * numbers("logits", 15).reshape(5, 3), (numbers("targets", 15).reshape(5, 3) + 1) / 2
    weights = numbers("weights", 15).reshape(5, 3) + 1
    shares = targets / targets.sum(1, keepdims=True)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    mean = keras.losses.BinaryCrossentropy()
    categorical = keras.losses.CategoricalCrossentropy(from_logits=True)
    v1 = tf.compat.v1.losses
    batch = v1.Reduction.SUM_OVER_BATCH_SIZE
    return {
        "sigmoid": float(tf.reduce_mean(entropy)),
        "sigmoid_weighted": float(v1.sigmoid_cross_entropy(targets, logits, weights, reduction=batch)),
        "softmax": float(categorical(shares, logits)),
        "softmax_weighted": float(categorical(shares, logits, sample_weight=weights.reshape(-1)[:5])),
        "binary": float(mean(targets, tf.sigmoid(logits))),
        "squared": float(tf.reduce_mean((logits - targets) ** 2)),
    }


def optimizers():
    settings = {
        "adam": keras.optimizers.Adam(0.01),
        "adam_clipped": keras.optimizers.Adam(0.01, global_clipnorm=0.5),
        "adam_epsilon": keras.optimizers.Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=0.1),
        "adamW": keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "sgd": keras.optimizers.SGD(0.01),
        "sgd_momentum": keras.optimizers.SGD(0.01, momentum=0.9, weight_decay=0.1),
        "sgd_nesterov": keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    }
    result = {}
    for name, optimizer in settings.items():
        weights = [keras.Variable(numbers("first", 3)), keras.Variable(numbers("second", 4).reshape(2, 2))]
        optimizer.build(weights)
        steps = []
        for step in range(4):
            gradients = [numbers(f"gradient/{step}/first", 3), numbers(f"gradient/{step}/second", 4).reshape(2, 2)]
            optimizer.apply([tf.constant(gradient) for gradient in gradients], weights)
            steps.append([digits(weight) for weight in weights])
        result[name] = steps
    return result


def main():
    result = {
        "made_with": f"keras {keras.__version__}",
        "layers": {name: layer_case(name, stack) for name, stack in CASES.items()},
        "losses": losses(), "optimizers": optimizers(),
    }
    with open(os.path.join(HERE, "engine.json"), "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
