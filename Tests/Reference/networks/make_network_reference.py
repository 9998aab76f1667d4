#!/usr/bin/env python3
"""Writes reference.json: what Keras computes with the weights and images of FormulaWeights.swift.

usage: make_network_reference.py [NAME...]    (made with keras 3.15.1, tensorflow-cpu 2.21.0, numpy 2.4.6)

Every network of keras.applications that Lightbox knows, at its usual size, and `densenet121` at 320 x 320 x 1,
with weights that follow from layer name and index. Stored: some of the features for each pooling, their mean
and largest magnitude, and the order of Keras's own layers.
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras
import numpy as np
from keras import applications as apps
from keras import layers

IMAGES = 2
SAMPLES = 48


def numbers(name, count):
    """`count` numbers in -1..<1 from the FNV-1a hash of the name and the index (MurmurHash3's finaliser)."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = np.uint32(seed) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x = (x ^ (x >> 16)) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
    x ^= x >> 16
    return (x >> 8).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)


def array(layer, weight, shape, gain):
    middle, spread = 0, 0.1
    if weight in ("kernel", "pointwise_kernel"):
        spread = np.float32(gain) * np.sqrt(np.float32(6 / np.prod(shape[:-1])))
    elif weight == "depthwise_kernel":
        spread = np.float32(gain) * np.sqrt(np.float32(6 / np.prod(shape[:2])))
    elif weight in ("gamma", "moving_variance"):
        middle, spread = 1, 0.2
    values = numbers(f"{layer}/{weight}", int(np.prod(shape)))
    return (np.float32(middle) + np.float32(spread) * values).reshape(shape)


def weight_name(layer, weight):
    """As in weight files: Keras 3 calls a depthwise kernel just `kernel`."""
    return "depthwise_kernel" if isinstance(layer, layers.DepthwiseConv2D) and weight.name == "kernel" else weight.name


def automatic_names(model, names):
    """What Lightbox calls each layer: Keras's name, or class and counter in order of creation."""
    result, counters = {}, {}
    for layer in sorted(model.layers, key=lambda layer: creation[id(layer)]):
        base = keras.src.utils.naming.to_snake_case(layer.__class__.__name__)
        if layer.name not in names:
            result[id(layer)] = layer.name
            continue
        count = counters.get(base, 0)
        counters[base] = count + 1
        result[id(layer)] = base if count == 0 else f"{base}_{count}"
    return result


creation = {}
given_names = set()
original = layers.Layer.__init__


def remember(self, *arguments, **named):
    creation[id(self)] = len(creation)
    if named.get("name"):
        given_names.add(named["name"])
    original(self, *arguments, **named)


layers.Layer.__init__ = remember


def images(shape):
    height, width, channels = shape
    rows, columns = (height + 7) // 8, (width + 7) // 8
    coarse = numbers("image/coarse", IMAGES * rows * columns * channels).reshape(IMAGES, rows, columns, channels)
    coarse = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]
    fine = numbers("image/fine", IMAGES * height * width * channels).reshape(IMAGES, *shape)
    return np.float32(0.75) * coarse + np.float32(0.25) * fine


def heatmap(input_shape, **_):
    image = layers.Input(input_shape)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    return keras.Model(image, layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="Output")(x))


def tiny(input_shape, **_):
    image = layers.Input(input_shape)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv1")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization(name="conv1_bn")(x))
    shortcut = layers.Conv2D(16, 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = layers.BatchNormalization()(shortcut)
    x = layers.SeparableConv2D(16, 3, padding="same", use_bias=False, name="sepconv2")(x)
    x = layers.Activation("relu")(layers.BatchNormalization(name="sepconv2_bn")(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)
    x = layers.add([x, shortcut])
    context = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.DepthwiseConv2D(3, use_bias=False, name="dwconv3")(x)
    x = layers.Activation("relu")(layers.BatchNormalization(name="dwconv3_bn")(x))
    x = layers.concatenate([x, context], name="mixed")
    x = layers.Activation("relu")(layers.BatchNormalization(name="bn4")(x))
    x = layers.AveragePooling2D(2, strides=2, name="pool4")(x)
    x = layers.Activation("relu")(layers.Conv2D(32, 1, name="conv5")(x))
    return keras.Model(image, x)


def of(function, **settings):
    return lambda input_shape: function(weights=None, include_top=False, input_shape=input_shape, **settings)


NETWORKS = {
    "xception": (of(apps.Xception), (299, 299, 3)),
    "inception_v3": (of(apps.InceptionV3), (299, 299, 3)),
    "densenet121": (of(apps.DenseNet121), (224, 224, 3)),
    "densenet169": (of(apps.DenseNet169), (224, 224, 3)),
    "densenet201": (of(apps.DenseNet201), (224, 224, 3)),
    "resnet50": (of(apps.ResNet50), (224, 224, 3)),
    "heatmap": (heatmap, (128, 128, 3)),
    "tiny": (tiny, (32, 32, 3)),
    "densenet121 320x320x1": (of(apps.DenseNet121), (320, 320, 1)),
    "mobilenet_v2 97x131x1": (of(apps.MobileNetV2), (97, 131, 1)),
    "mobilenet 97x131x1": (of(apps.MobileNet), (97, 131, 1)),
    "xception 90x121x1": (of(apps.Xception), (90, 121, 1)),
    "inception_v3 90x121x1": (of(apps.InceptionV3), (90, 121, 1)),
    "tiny 17x22x1": (tiny, (17, 22, 1)),
}
for width, suffix in ((1.0, ""), (0.25, "_0.25"), (0.5, "_0.5"), (0.75, "_0.75")):
    NETWORKS["mobilenet" + suffix] = (of(apps.MobileNet, alpha=width), (224, 224, 3))
for width, suffix in ((1.0, ""), (0.35, "_0.35"), (0.5, "_0.5"), (0.75, "_0.75"), (1.3, "_1.3"), (1.4, "_1.4")):
    NETWORKS["mobilenet_v2" + suffix] = (of(apps.MobileNetV2, alpha=width), (224, 224, 3))


def sampled(values):
    """Evenly spread elements of the flattened array, its mean and its largest magnitude."""
    flat = values.reshape(-1).astype(np.float64)
    picked = flat[np.arange(SAMPLES) * len(flat) // SAMPLES]
    return {
        "shape": list(values.shape), "samples": [float(f"{value:.7g}") for value in picked],
        "mean": float(flat.mean()), "largest": float(np.abs(flat).max()),
    }


def reference(name):
    build, shape = NETWORKS[name]
    creation.clear()
    given_names.clear()
    keras.backend.clear_session()
    model = build(shape)
    # Carried around linear bottlenecks, full kernels would drown in ReLU6's upper end.
    gain = 0.85 if name.startswith("mobilenet_v2") else 1
    unnamed = {layer.name for layer in model.layers} - given_names
    names = automatic_names(model, unnamed)
    order = []
    for layer in model.layers:
        if layer.weights:
            order.append(names[id(layer)])
            layer.set_weights([
                array(names[id(layer)], weight_name(layer, weight), weight.shape, gain) for weight in layer.weights])
    features = np.asarray(model(images(shape), training=False))
    spread = features.std() / max(1e-30, np.abs(features).mean())
    print(f"{name}: {features.shape} mean {features.mean():.4g} max {features.max():.4g} spread {spread:.3g}")
    return {
        "input": list(shape), "gain": gain, "parameters": model.count_params(), "order": order,
        "none": sampled(features), "avg": sampled(features.mean(axis=(1, 2), dtype=np.float64)),
        "max": sampled(features.max(axis=(1, 2))),
    }


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "reference.json")
    stored = {}
    if os.path.exists(path):
        with open(path) as file:
            stored = json.load(file)["networks"]
    for name in sys.argv[1:] or NETWORKS:
        stored[name] = reference(name)
    with open(path, "w") as file:
        json.dump({"made_with": f"keras {keras.__version__}", "networks": stored}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
