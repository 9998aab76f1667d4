"""Keras's half of the embedding rows of `make bench`: TFRecords in, JSON lines out, f32, batches of 8.

    python embed.py --noise RECORDS.tfrecord COUNT     writes records of made-up 299 × 299 PNGs
    python embed.py RECORDS.tfrecord [SECONDS]         prints images per second

Needs tensorflow 2.21 (CPU). The weights are made up: the speed does not depend on them.
"""
import json
import os
import sys
import tempfile
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

SIZE = 299


def make(path, count):
    """Smooth pictures with some noise, as PNGs: as slow to decode as photographs."""
    random = tf.random.Generator.from_seed(1)
    with tf.io.TFRecordWriter(path) as writer:
        for index in range(count):
            smooth = tf.image.resize(random.uniform([8, 8, 3], 0, 230), [SIZE, SIZE], "bicubic")
            noisy = tf.clip_by_value(smooth + random.uniform([SIZE, SIZE, 3], 0, 6), 0, 255)
            png = tf.io.encode_png(tf.cast(noisy, tf.uint8)).numpy()
            feature = {
                "instance": tf.train.Feature(bytes_list=tf.train.BytesList(value=[str(index).encode()])),
                "png_bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def parse(record):
    example = tf.io.parse_single_example(record, {
        "instance": tf.io.FixedLenFeature([], tf.string), "png_bytes": tf.io.FixedLenFeature([], tf.string)})
    image = tf.image.resize(tf.io.decode_png(example["png_bytes"], 3), [SIZE, SIZE])
    return example["instance"], image / 127.5 - 1


def measure(path, seconds):
    import keras

    model = keras.applications.Xception(weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3))
    data = tf.data.TFRecordDataset([path]).repeat().map(parse, num_parallel_calls=2).batch(8).prefetch(2)
    forward = tf.function(lambda x: model(x, training=False))
    count = 0
    with tempfile.TemporaryFile("w") as output:
        for step, (names, images) in enumerate(data):
            vectors = forward(images).numpy()
            for name, vector in zip(names.numpy(), vectors):
                output.write(json.dumps({"instance": name.decode(), "feature_vector": vector.tolist()}) + "\n")
            if step == 1:  # The first batches build the graph.
                start, processor = time.time(), time.process_time()
            elif step > 1:
                count += len(vectors)
                if time.time() - start > seconds:
                    break
    rate, cost = count / (time.time() - start), 1000 * (time.process_time() - processor) / count
    print(json.dumps({"name": "xception", "value": rate, "unit": "images/s"}))
    print(json.dumps({"name": "xception processor", "value": cost, "unit": "ms"}))


if sys.argv[1] == "--noise":
    make(sys.argv[2], int(sys.argv[3]))
else:
    measure(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 10)
