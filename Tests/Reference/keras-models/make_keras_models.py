#!/usr/bin/env python3
"""Writes small whole models as each generation of Keras saves them, and reference.json: what they compute.

made with keras 3.15.1, tf_keras 2.21.0 (Keras 2), tensorflow-cpu 2.21.0, h5py 3.14.0

Weights by the formula of ../networks/make_network_reference.py. `outputs` are of two images, whose number at
index i of the flattened array is (37 i mod 101) / 50 - 1.
densenet_tf1.h5 is Keras 2's file with its configuration spelled as TensorFlow 1.13 did.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "networks"))
import make_network_reference as formula
import h5py
import keras
import numpy as np
import tf_keras


def images(shape):
    index = np.arange(2 * np.prod(shape)) * 37 % 101
    return (index.astype(np.float32) / np.float32(50) - np.float32(1)).reshape(2, *shape)


def fill(model, prefix=""):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            fill(layer, prefix + layer.name + "/")
        elif layer.weights:
            kinds = [weight.name.split("/")[-1].split(":")[0] for weight in layer.weights]
            if "DepthwiseConv2D" in type(layer).__name__:
                kinds[0] = "depthwise_kernel"
            layer.set_weights([
                formula.array(prefix + layer.name, kind, tuple(weight.shape), 1)
                for kind, weight in zip(kinds, layer.weights)])


def densenet(k):
    """As keras.applications builds DenseNet, with two blocks of two: grey 40 x 40 images, 14 logits."""
    layers = k.layers
    norm = lambda name: layers.BatchNormalization(axis=3, epsilon=1.001e-5, name=name)
    image = layers.Input((40, 40, 1))
    x = layers.ZeroPadding2D(padding=((3, 3), (3, 3)))(image)
    x = layers.Conv2D(8, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = layers.Activation("relu", name="conv1_relu")(norm("conv1_bn")(x))
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(layers.ZeroPadding2D(padding=((1, 1), (1, 1)))(x))
    for stage in (2, 3):
        for block in (1, 2):
            name = f"conv{stage}_block{block}"
            y = layers.Activation("relu", name=name + "_0_relu")(norm(name + "_0_bn")(x))
            y = layers.Conv2D(12, 1, use_bias=False, name=name + "_1_conv")(y)
            y = layers.Activation("relu", name=name + "_1_relu")(norm(name + "_1_bn")(y))
            y = layers.Conv2D(4, 3, padding="same", use_bias=False, name=name + "_2_conv")(y)
            x = layers.Concatenate(axis=3, name=name + "_concat")([x, y])
        if stage == 2:
            x = layers.Activation("relu", name="pool2_relu")(norm("pool2_bn")(x))
            x = layers.Conv2D(8, 1, use_bias=False, name="pool2_conv")(x)
            x = layers.AveragePooling2D(2, strides=2, name="pool2_pool")(x)
    x = layers.Activation("relu", name="relu")(norm("bn")(x))
    x = layers.GlobalMaxPooling2D(name="max_pool")(x)
    return k.Model(image, layers.Dense(14, activation="linear")(x), name="densenet_small")


def every_layer(k):
    layers = k.layers
    image = layers.Input((18, 22, 3))
    x = layers.RandomFlip()(layers.Rescaling(1 / 2, offset=-0.25)(image))
    x = layers.Conv2D(8, (3, 5), strides=(2, 1), padding="same", activation="relu", name="first")(x)
    y = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization(scale=False, momentum=0.9)(y))
    y = layers.Conv2D(8, 1, use_bias=False, activation="sigmoid")(y)
    z = layers.SeparableConv2D(8, 3, padding="same", activation="tanh", name="separable")(x)
    x = x + layers.Add()([y, z, x])
    x = layers.Concatenate()([
        layers.MaxPooling2D((3, 2), strides=1, padding="same")(x),
        layers.AveragePooling2D(3, strides=1, padding="same")(x)])
    x = layers.GaussianNoise(0.1)(layers.BatchNormalization(center=False)(layers.ZeroPadding2D(1)(x)))
    x = layers.MaxPooling2D()(x)
    a = layers.GlobalAveragePooling2D(keepdims=True)(x)
    a = layers.Conv2D(4, 1, name="squeeze")(a)
    a = layers.Reshape((-1,))(a)
    b = layers.Dense(6, activation="relu6", name="wide")(layers.Flatten()(x))
    c = layers.GlobalMaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.Concatenate(axis=1)([a, b, c]))
    return k.Model(image, layers.Softmax()(layers.Dense(5, name="scores")(x)), name="every_layer")


def nested(k):
    """A body of its own, taken over whole and frozen, for images of any size; norms run on what they remember."""
    layers = k.layers
    image = layers.Input((None, None, 3))
    x = layers.Conv2D(6, 3, strides=2, use_bias=False)(image)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Add()([x, layers.Conv2D(6, 3, padding="same", activation="relu")(x)])
    body = k.Model(image, x, name="body")
    body.trainable = False
    point = [layers.Input((None, None, 3)), layers.Conv2D(3, 1), layers.BatchNormalization()]
    stem = k.Sequential(point, name="stem")
    image = layers.Input((None, None, 3))
    x = layers.Conv2D(3, 3, name="conv2d")(image)
    x = layers.GlobalAveragePooling2D()(body(stem(x), training=False))
    return k.Model(image, layers.Dense(4, activation="softmax")(x), name="nested")


def sequence(k):
    """The first layer is a model."""
    layers = k.layers
    image = layers.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    body = k.Model(image, layers.BatchNormalization(name="norm")(x), name="body")
    return k.Sequential([body, layers.Flatten(), layers.Dense(3, activation="sigmoid")], name="sequence")


MODELS = {"densenet": densenet, "every_layer": every_layer, "nested": nested, "sequence": sequence}
LEFT_OUT = {"densenet_k2.h5", "densenet_k2.keras", "densenet_k3.keras", "every_layer_k2.keras"}
SIZES = {"nested": (20, 17, 3)}


def as_tensorflow_1(path):
    """class `Model`, norms with a version and a list of axes, no settings that came later."""
    with h5py.File(path) as old, h5py.File(path + ".new", "w") as file:
        old.copy("model_weights", file)
        file.attrs["backend"] = "tensorflow"
        config = json.loads(old.attrs["model_config"])
        config["class_name"] = "Model"
        for layer in config["config"]["layers"]:
            for key in ("groups", "keepdims"):
                layer["config"].pop(key, None)
            if layer["class_name"] == "BatchNormalization":
                layer["class_name"] = "BatchNormalizationV1"
                layer["config"]["axis"] = [3]
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = "2.2.4-tf"
    os.replace(path + ".new", path)


def stored(shape, outputs):
    return {"shape": list(shape), "outputs": [[float(f"{x:.7g}") for x in row] for row in outputs.tolist()]}


def main():
    reference = {}
    for name, build in MODELS.items():
        for k, files in ((keras, ["k3.h5", "k3.keras"]), (tf_keras, ["k2.h5", "k2.keras"])):
            k.backend.clear_session()
            model = build(k)
            model(np.zeros((1,) + SIZES.get(name, model.input_shape[1:]), np.float32))
            if name == "sequence":
                # A model that was trained brings its optimizer's and its metrics' arrays along.
                model.compile(optimizer="sgd", loss="mse")
                model.train_on_batch(np.zeros((1, 16, 16, 3), np.float32), np.zeros((1, 3), np.float32))
            fill(model)
            shape = SIZES.get(name, model.input_shape[1:])
            outputs = np.asarray(model(images(shape), training=False))
            for file in files:
                if f"{name}_{file}" in LEFT_OUT:
                    continue
                model.save(os.path.join(HERE, f"{name}_{file}"))
                reference[f"{name}_{file}"] = stored(shape, outputs)
        print(name, model.count_params(), outputs)
    model = densenet(tf_keras)
    fill(model)
    path = os.path.join(HERE, "densenet_tf1.h5")
    model.save(path)
    as_tensorflow_1(path)
    outputs = np.asarray(tf_keras.models.load_model(path, compile=False, custom_objects={
        "BatchNormalizationV1": tf_keras.layers.BatchNormalization})(images((40, 40, 1)), training=False))
    reference["densenet_tf1.h5"] = stored((40, 40, 1), outputs)
    with open(os.path.join(HERE, "reference.json"), "w") as file:
        json.dump(reference, file, separators=(",", ":"))
        file.write("\n")
    for name in sorted(reference):
        print(name, os.path.getsize(os.path.join(HERE, name)))


if __name__ == "__main__":
    main()
