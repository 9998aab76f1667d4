"""Writes TFRecord and NPY files with TensorFlow 2.21 and NumPy, and what they hold as JSON.

Run in this folder: python make_references.py
"""
import base64
import json

import numpy as np
import tensorflow as tf

Feature = tf.train.Feature


def as_bytes(*values):
    return Feature(bytes_list=tf.train.BytesList(value=values))


def as_floats(values):
    return Feature(float_list=tf.train.FloatList(value=values))


def as_ints(values):
    return Feature(int64_list=tf.train.Int64List(value=values))


rng = np.random.default_rng(7)
contents = [
    {
        "study": as_bytes(b"1.2.840.1"),
        "series": as_bytes(b"1.2.840.1.2"),
        "instance": as_bytes(b"1.2.840.1.2.3"),
        "png_bytes": as_bytes(bytes(rng.integers(0, 256, 300, dtype=np.uint8))),
        "label": as_ints([2]),
    },
    {
        "floats": as_floats([0.0, -0.0, 1.5, 3.4028235e38, 1e-45, float("inf")]),
        "ints": as_ints([0, 1, -1, 127, 128, 2**63 - 1, -(2**63)]),
        "several": as_bytes(b"", b"a", bytes(range(256))),
        "Größe ✓": as_bytes("naïve".encode()),
    },
    {"no bytes": as_bytes(), "no floats": as_floats([]), "no ints": as_ints([]), "z": as_ints([5])},
    {"vector": as_floats(rng.standard_normal(2048).astype(np.float32))},
    {},
]


def describe(feature):
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value
    if kind == "bytes_list":
        return {"bytes": [base64.b64encode(value).decode() for value in values]}
    if kind == "float_list":
        return {"floats": base64.b64encode(np.array(values, "<f4").tobytes()).decode()}
    return {"ints": [str(value) for value in values]}


examples = [tf.train.Example(features=tf.train.Features(feature=content)) for content in contents]
for name, compression in [("tensorflow.tfrecord", ""), ("tensorflow.tfrecord.gz", "GZIP")]:
    with tf.io.TFRecordWriter(name, compression) as writer:
        for example in examples:
            writer.write(example.SerializeToString(deterministic=True))
with open("examples.json", "w") as file:
    json.dump([{name: describe(feature) for name, feature in content.items()} for content in contents], file, indent=1)

# The wire form without packing, which proto2 writers produce: one key before each value.
unpacked = b"".join(b"\x0d" + np.float32(value).tobytes() for value in (1.0, 2.5))
feature = b"\x12" + bytes([len(unpacked)]) + unpacked
entry = b"\x0a\x01f\x12" + bytes([len(feature)]) + feature
ints = b"\x08\x05\x08\x80\x01"
int_feature = b"\x1a" + bytes([len(ints)]) + ints
int_entry = b"\x0a\x01i\x12" + bytes([len(int_feature)]) + int_feature
features = b"\x0a" + bytes([len(entry)]) + entry + b"\x0a" + bytes([len(int_entry)]) + int_entry
message = b"\x0a" + bytes([len(features)]) + features
parsed = tf.train.Example.FromString(message)
assert list(parsed.features.feature["f"].float_list.value) == [1.0, 2.5]
assert list(parsed.features.feature["i"].int64_list.value) == [5, 128]
with open("unpacked.example", "wb") as file:
    file.write(message)

np.save("matrix.npy", (np.arange(12, dtype="<f4") / 8 - 0.5).reshape(3, 4))
np.save("vector.npy", np.arange(5, dtype="<f4"))
np.save("empty.npy", np.zeros((0, 2048), dtype="<f4"))
np.save("double.npy", np.array([[0.1, 2.0], [-3.0, 4.0]]))
np.save("columns.npy", np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)))
print("TensorFlow", tf.__version__, "NumPy", np.__version__)
