#!/usr/bin/env python3
"""Writes the small Keras files that KerasFilesTests reads, all of the network `tiny`, some with a classifier.

made with keras 3.15.1, tensorflow-cpu 2.21.0, h5py 3.14.0; weights by the formula of make_network_reference.py
"""
import os
import shutil

import make_network_reference as formula
import h5py
import keras
import numpy as np
from keras import layers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")


def model(top):
    formula.creation.clear()
    formula.given_names.clear()
    keras.backend.clear_session()
    result = formula.tiny((32, 32, 3))
    if top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(result.output)
        result = keras.Model(result.input, layers.Dense(10, activation="softmax", name="predictions")(x))
    unnamed = {layer.name for layer in result.layers} - formula.given_names
    names = formula.automatic_names(result, unnamed)
    for layer in result.layers:
        layer.set_weights([
            formula.array(names[id(layer)], formula.weight_name(layer, weight), weight.shape, 1)
            for weight in layer.weights])
    return result


def main():
    os.makedirs(HERE, exist_ok=True)
    path = lambda name: os.path.join(HERE, name)
    with_top = model(True)
    with_top.save_weights(path("top.weights.h5"))
    with_top.save(path("top.keras"))
    with_top.save(path("top_model.h5"))
    keras.src.legacy.saving.legacy_h5_format.save_weights_to_hdf5_group(h5py.File(path("top.h5"), "w"), with_top)
    body = model(False)
    keras.src.legacy.saving.legacy_h5_format.save_weights_to_hdf5_group(h5py.File(path("no_top.h5"), "w"), body)

    # A model inside a model: one group holds all arrays.
    outer = keras.Sequential([layers.Input((32, 32, 3)), body, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    outer.save(path("nested_model.h5"))

    # As Keras 3 wrote it at first: class and counter only; and compressed, as some tools do.
    shutil.copy(path("top.weights.h5"), path("nameless.weights.h5"))
    with h5py.File(path("nameless.weights.h5"), "a") as file:
        file.visititems(lambda name, item: item.attrs.pop("name", None) if name.endswith("/vars") else None)
    with h5py.File(path("no_top.h5")) as source, h5py.File(path("compressed.h5"), "w") as target:
        for name, value in source.attrs.items():
            target.attrs[name] = value

        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                target.create_dataset(name, data=item[...], compression="gzip", shuffle=True, chunks=item.shape)
            else:
                target.require_group(name).attrs.update(item.attrs)
        source.visititems(copy)

    # A session that had made other layers before: Keras's counters do not start at zero.
    keras.backend.clear_session()
    shifted = h5py.File(path("counted_on.h5"), "w")
    with h5py.File(path("no_top.h5")) as source:
        rename = {"conv2d": "conv2d_94", "batch_normalization": "batch_normalization_100"}
        listed = [rename.get(name, name) for name in source.attrs["layer_names"].astype(str)]
        shifted.attrs["layer_names"] = [name.encode() for name in listed]
        for old, new in zip(source.attrs["layer_names"].astype(str), listed):
            source.copy(old, shifted, new)
    shifted.close()
    # As the public DenseNet files: `/` in names, another name for the classifier.
    with h5py.File(path("slashes.h5"), "w") as file:
        written = {"conv1/conv": [(3, 3, 3, 4)], "conv1/bn": [(4,)] * 4, "fc1000": [(4, 10), (10,)]}
        file.attrs["layer_names"] = [name.encode() for name in written]
        for name, shapes in written.items():
            names = [f"{name}/{index}:0" for index in range(len(shapes))]
            file.create_group(name).attrs["weight_names"] = [weight.encode() for weight in names]
            for weight, shape in zip(names, shapes):
                file[name].create_dataset(weight, data=formula.numbers(weight, int(np.prod(shape))).reshape(shape))

    # The same 7 x 5 numbers in every form of storage: n / 4 at index n.
    numbers = (np.arange(35, dtype=np.float64) / 4).reshape(7, 5)
    forms = [
        {"dtype": "<f4"}, {"dtype": "<f2"}, {"dtype": "<f8"}, {"dtype": ">f4"}, {"dtype": ">f8"},
        {"dtype": "<f4", "chunks": (3, 2)}, {"dtype": "<f4", "chunks": (3, 2), "compression": "gzip"},
        {"dtype": "<f8", "chunks": (1, 5), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"dtype": "<f4", "chunks": (2, 2), "maxshape": (None, None)},
    ]
    with h5py.File(path("forms.weights.h5"), "w") as file:
        variables = file.create_group("layers/dense/vars")
        for index, form in enumerate(forms):
            variables.create_dataset(str(index), data=numbers, **form)
        file.create_dataset("layers/seed_generator/vars/0", data=np.arange(2, dtype=np.uint32))
    with h5py.File(path("latest.weights.h5"), "w", libver="latest") as file:
        file.create_dataset("layers/dense/vars/0", data=numbers)
    with h5py.File(path("linked.weights.h5"), "w") as file:
        file.create_group("layers/dense/vars")["0"] = h5py.ExternalLink("forms.weights.h5", "/layers/dense/vars/0")
        file["layers/dense/vars/1"] = h5py.SoftLink("/layers/dense/vars/2")
    for name in sorted(os.listdir(HERE)):
        print(name, os.path.getsize(path(name)))


if __name__ == "__main__":
    main()
