#!/usr/bin/env python3
"""Loads .h5 models that Lightbox wrote, with Keras 3 and Keras 2, and compares what they compute.

usage: check_written.py MODEL.h5...    (checked with keras 3.15.1, tf_keras 2.21.0, h5py 3.14.0)

Where MODEL.onnx stands beside MODEL.h5 (the same model, exported to ONNX), its outputs by ONNX Runtime must be
within 1e-4 of Keras's, relative to the largest; otherwise the two generations of Keras are compared.
"""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import h5py
import keras
import numpy as np
import tf_keras


def images(shape):
    index = np.arange(2 * np.prod(shape)) * 37 % 101
    return (index.astype(np.float32) / np.float32(50) - np.float32(1)).reshape(2, *shape)


def onnx_outputs(path, batch):
    import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})[0]


def main():
    for path in sys.argv[1:]:
        with h5py.File(path) as file:
            arrays = []
            file.visititems(lambda _, item: arrays.append(item[...]) if isinstance(item, h5py.Dataset) else None)
        outputs = []
        for k in (keras, tf_keras):
            model = k.models.load_model(path, compile=False)
            batch = images(model.input_shape[1:])
            outputs.append(np.asarray(model(batch, training=False)))
        beside = os.path.splitext(path)[0] + ".onnx"
        if os.path.exists(beside):
            outputs.append(onnx_outputs(beside, batch))
        largest = np.abs(outputs[0]).max()
        off = max(np.abs(other - outputs[0]).max() for other in outputs[1:]) / largest
        print(f"{path}: {len(arrays)} arrays, {outputs[0].shape}, {len(outputs)} ways, apart by {off:.2g}")
        assert off < 1e-4, "the outputs differ"


if __name__ == "__main__":
    main()
