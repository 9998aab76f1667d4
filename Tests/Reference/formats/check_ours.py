"""TensorFlow 2.21 reads the compressed file of this folder that Lightbox wrote.

Run in this folder: python check_ours.py
The uncompressed file and NPY need no check here: the tests hold that they equal TensorFlow's and NumPy's to the byte.
"""
import tensorflow as tf

theirs = [record.numpy() for record in tf.data.TFRecordDataset("tensorflow.tfrecord")]
ours = [record.numpy() for record in tf.data.TFRecordDataset("lightbox.tfrecord.gz", "GZIP")]
assert ours == theirs
for record in ours:
    tf.train.Example.FromString(record)
vector = tf.io.parse_single_example(ours[3], {"vector": tf.io.FixedLenFeature([2048], tf.float32)})["vector"]
assert vector.shape == (2048,)
print("TensorFlow", tf.__version__, "reads what Lightbox writes:", len(ours), "records")
