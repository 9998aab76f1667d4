#!/usr/bin/env python3
"""Writes whole Keras models as others train them, pictures, and reference.json: what Keras says of the pictures
before and after one step of going on training.

made with keras 3.15.1, tensorflow-cpu 2.21.0, numpy 2.4.6, pillow 13.0.0

findings.h5       a small DenseNet, grey 24 x 24, three findings (sigmoid); its stem has trainable=False
logits.h5         the same ending in logits, as workflows that put the sigmoid into the loss save it
flowers.keras     a sequence that scales its images itself, colour 24 x 24, two classes (softmax)
lambda.keras      a model with a Lambda, which is refused

The step is one of plain gradient descent on all eight pictures; `loss` is that of the step,
`lossAfter` that of the next, both with the batch's statistics in the norms.
"""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
from PIL import Image

layers = keras.layers


def fill(model):
    random = np.random.default_rng(11)
    for layer in model.layers:
        arrays = []
        for weight in layer.weights:
            values = random.normal(0, 0.4, weight.shape)
            if weight.path.endswith(("gamma", "moving_variance")):
                values = 1 + 0.2 * np.abs(values)
            arrays.append(values.astype(np.float32))
        layer.set_weights(arrays)


def densenet(activation):
    norm = lambda name, **more: layers.BatchNormalization(epsilon=1.001e-5, name=name, **more)
    image = layers.Input((24, 24, 1))
    x = layers.Conv2D(6, 5, strides=2, padding="same", use_bias=False, name="conv1_conv", trainable=False)(image)
    x = layers.Activation("relu", name="conv1_relu")(norm("conv1_bn", trainable=False)(x))
    for block in (1, 2):
        name = f"conv2_block{block}"
        y = layers.Activation("relu", name=name + "_0_relu")(norm(name + "_0_bn")(x))
        y = layers.Conv2D(4, 3, padding="same", use_bias=False, name=name + "_1_conv")(y)
        x = layers.Concatenate(name=name + "_concat")([x, y])
    x = layers.AveragePooling2D(2, name="pool2_pool")(x)
    x = layers.Activation("relu", name="relu")(norm("bn")(x))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(image, layers.Dense(3, activation=activation, name="findings")(x), name="densenet_small")


def sequence():
    return keras.Sequential([
        layers.Input((24, 24, 3)), layers.Rescaling(1 / 127.5, offset=-1),
        layers.Conv2D(6, 3, activation="relu"), layers.MaxPooling2D(2), layers.BatchNormalization(),
        layers.Conv2D(8, 3, strides=2), layers.ReLU(), layers.Flatten(), layers.Dense(2, activation="softmax"),
    ], name="flowers")


def with_lambda():
    image = layers.Input((24, 24, 1))
    x = layers.Flatten()(layers.Lambda(lambda x: x / 2, name="halve")(image))
    return keras.Model(image, layers.Dense(3, activation="sigmoid")(x))


def pictures():
    """Bright squares on noise: in which half they are is the class, where and how bright the findings."""
    random = np.random.default_rng(5)
    images, findings, classes = [], [], []
    for index in range(8):
        image = random.integers(0, 80, (24, 24, 3))
        row, column = 2 + 12 * (index % 2), 2 + 12 * (index // 2 % 2)
        image[row:row + 8, column:column + 8] += 60 + 15 * index
        images.append(image.clip(0, 255).astype(np.uint8))
        findings.append([index % 2, index // 2 % 2, int(index > 3)])
        classes.append(index % 2)
    return np.stack(images), np.array(findings, np.float32), np.array(classes)


def step(model, loss, rate, x, y):
    model.compile(keras.optimizers.SGD(rate), loss)
    before = model.predict(x, verbose=0).tolist()
    first = float(model.train_on_batch(x, y))
    after = model.predict(x, verbose=0).tolist()
    return {"rate": rate, "before": before, "loss": first, "after": after,
            "lossAfter": float(loss(y, model(x, training=True)))}


colour, findings, classes = pictures()
grey = colour.mean(axis=3).astype(np.uint8)
os.makedirs(os.path.join(HERE, "images"), exist_ok=True)
with open(os.path.join(HERE, "findings.csv"), "w") as f:
    f.write("path,edema,effusion,fracture\n")
    for index, states in enumerate(findings):
        Image.fromarray(grey[index]).save(os.path.join(HERE, f"images/grey{index}.png"))
        f.write(f"images/grey{index}.png," + ",".join(str(int(s)) for s in states) + "\n")
with open(os.path.join(HERE, "flowers.csv"), "w") as f:
    f.write("path,label\n")
    for index, name in enumerate(np.array(["daisy", "tulip"])[classes]):
        Image.fromarray(colour[index]).save(os.path.join(HERE, f"images/colour{index}.png"))
        f.write(f"images/colour{index}.png,{name}\n")

films = grey[..., None].astype(np.float32) / 255
reference = {}
for name, activation in [("findings.h5", "sigmoid"), ("logits.h5", "linear")]:
    model = densenet(activation)
    fill(model)
    model.save(os.path.join(HERE, name))
    loss = keras.losses.BinaryCrossentropy(from_logits=activation == "linear")
    reference[name] = step(model, loss, 0.1, films, findings)
model = sequence()
fill(model)
model.save(os.path.join(HERE, "flowers.keras"))
reference["flowers.keras"] = step(
    model, keras.losses.CategoricalCrossentropy(), 0.001, colour.astype(np.float32),
    np.eye(2, dtype=np.float32)[classes])
with_lambda().save(os.path.join(HERE, "lambda.keras"))
with open(os.path.join(HERE, "reference.json"), "w") as f:
    json.dump(reference, f, indent=1)
