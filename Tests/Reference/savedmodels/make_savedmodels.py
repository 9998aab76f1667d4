"""Writes the SavedModels that the tests of SavedModels read, what TensorFlow answers for them, and what its own
inspection tool says of them.

TensorFlow 2.21 (Python 3.11): python make_savedmodels.py [FORM...]. The weights come from a fixed formula, so that
running it again changes only the names that TensorFlow makes up.
"""
import io
import json
import os
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
v1 = tf.compat.v1


# Pictures: smooth, so that a decoder's last bit does not decide a test

def picture(height, width, channels, seed):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [
        127 + 80 * np.sin(x / (5 + c + seed)) * np.cos(y / (7 + 2 * c)) + 40 * np.sin((x + y + 9 * seed) / 11)
        for c in range(channels)
    ]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def images():
    """name -> encoded bytes"""
    named = {
        "colour": picture(37, 52, 3, 0), "grey": picture(30, 26, 1, 1), "wide": picture(24, 64, 3, 2),
    }
    encoded = {name + ".png": tf.io.encode_png(pixels).numpy() for name, pixels in named.items()}
    encoded |= {
        name + ".jpg": tf.io.encode_jpeg(pixels, quality=92).numpy() for name, pixels in named.items()}
    return encoded


# Networks: a few small convolutions

def weights(name, shape):
    """The same numbers each time, by name."""
    seed = sum((i + 1) * b for i, b in enumerate(name.encode()))
    count = int(np.prod(shape))
    values = np.sin(np.arange(count) * 0.7 + seed) * 1.3 / np.sqrt(max(1, count / shape[-1]))
    return values.reshape(shape).astype(np.float32)


def v1_network(images, resource, depth=3):
    with v1.variable_scope("net", use_resource=resource):
        def variable(name, shape):
            return v1.get_variable(name, initializer=weights(name, shape))
        x = tf.nn.conv2d(images, variable("conv1/kernel", (3, 3, depth, 6)), 2, "SAME")
        x = tf.nn.relu(tf.nn.bias_add(x, variable("conv1/bias", (6,))))
        x, _, _ = v1.nn.fused_batch_norm(
            x, variable("norm/gamma", (6,)) + 1, variable("norm/beta", (6,)),
            tf.abs(variable("norm/mean", (6,))), tf.abs(variable("norm/variance", (6,))) + 0.5, is_training=False)
        x = tf.nn.depthwise_conv2d(x, variable("depth/kernel", (3, 3, 6, 1)), (1, 1, 1, 1), "SAME")
        x = tf.nn.relu(tf.nn.conv2d(x, variable("point/kernel", (1, 1, 6, 8)), 1, "VALID"))
        vector = tf.reduce_max(x, axis=[1, 2])
        scores = tf.nn.softmax(tf.matmul(vector, variable("dense/kernel", (8, 3))))
    return vector, scores


class Network(tf.Module):
    """The same in TensorFlow 2."""

    def __init__(self, depth=3):
        super().__init__("net")
        self.kernel1 = tf.Variable(weights("conv1/kernel", (3, 3, depth, 6)))
        self.bias1 = tf.Variable(weights("conv1/bias", (6,)))
        self.kernel2 = tf.Variable(weights("point/kernel", (1, 1, 6, 8)))
        self.dense = tf.Variable(weights("dense/kernel", (8, 3)))

    @tf.function
    def __call__(self, images):
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(images, self.kernel1, 2, "SAME"), self.bias1))
        x = tf.nn.relu(tf.nn.conv2d(x, self.kernel2, 1, "VALID"))
        vector = tf.reduce_max(x, axis=[1, 2])
        return vector, tf.nn.softmax(tf.matmul(vector, self.dense))


# The exports

def graph_form(name, build, requests, loops=True):
    """TensorFlow 1: a graph, a session, simple_save. `loops`: as control flow in the graph, the form of 1.0 to 1.15."""
    def write(folder):
        (v1.disable_control_flow_v2 if loops else v1.enable_control_flow_v2)()
        with tf.Graph().as_default(), v1.Session() as session:
            inputs, outputs = build()
            session.run(v1.global_variables_initializer())
            v1.saved_model.simple_save(session, folder, inputs=inputs, outputs=outputs)
        def answer(request):
            with tf.Graph().as_default(), v1.Session() as session:
                graph = v1.saved_model.load(session, ["serve"], folder)
                signature = graph.signature_def["serving_default"]
                return session.run(
                    {key: value.name for key, value in signature.outputs.items()},
                    {signature.inputs[key].name: value for key, value in request.items()})
        return {"serving_default": [(request, answer(request)) for request in requests]}
    return name, write


def function_form(name, build, requests):
    """TensorFlow 2: an object with functions; `build` gives it and its signatures."""
    def write(folder):
        module, signatures = build()
        v1.enable_control_flow_v2()
        tf.saved_model.save(module, folder, signatures)
        loaded = tf.saved_model.load(folder)
        answers = {}
        for signature in signatures:
            call = loaded.signatures[signature]
            chosen = requests[signature] if isinstance(requests, dict) else requests
            answers[signature] = [
                (request, {key: value.numpy() for key, value in
                           call(**{k: tf.constant(v) for k, v in request.items()}).items()})
                for request in chosen]
        return answers
    return name, write


KEYS = ("study", "series", "instance")


def example(**features):
    def feature(value):
        if isinstance(value, (bytes, str)):
            value = value if isinstance(value, bytes) else value.encode()
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value[0], float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=value))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=value))
    return tf.train.Example(
        features=tf.train.Features(feature={k: feature(v) for k, v in features.items()})).SerializeToString()


def examples(files, **more):
    return np.array([
        example(**{"png_bytes": IMAGES[file], **{k: f"{k}-{i}" for k in KEYS}, **more})
        for i, file in enumerate(files)], dtype=object)


def strings(*values):
    return np.array(values, dtype=object)


def v1_png(height=24, width=28):
    def parse(bytes):
        image = tf.image.decode_png(bytes, channels=3)
        return v1.image.resize_images(image, (height, width)) / 127.5 - 1
    return parse


def example_graph(resource):
    def build():
        spec = {key: v1.FixedLenFeature(shape=[], dtype=tf.string) for key in ("png_bytes", *KEYS)}
        serialized = v1.placeholder(tf.string, shape=[None])
        if resource:
            features = v1.parse_example(serialized, spec)
        else:
            # The operation that TensorFlow wrote up to 2.0.
            names = sorted(spec)
            parsed = tf.raw_ops.ParseExample(
                serialized=serialized, names=[], sparse_keys=[], dense_keys=names, sparse_types=[],
                dense_defaults=[tf.constant([], tf.string)] * len(names), dense_shapes=[[]] * len(names))
            features = dict(zip(names, parsed.dense_values))
        outputs = {key: tf.identity(features[key]) for key in KEYS}
        images = v1.map_fn(v1_png(), features["png_bytes"], dtype=tf.float32, back_prop=False)
        outputs["feature_vector"], outputs["scores"] = v1_network(images, resource)
        return {"example": serialized}, outputs
    return build


def keyed_graph():
    key = v1.placeholder(tf.string, shape=[None], name="key")
    bytes = v1.placeholder(tf.string, shape=[None], name="image_bytes")

    def parse(bytes):
        image = tf.image.decode_jpeg(bytes, channels=3, dct_method="INTEGER_ACCURATE")
        image = tf.image.convert_image_dtype(image, tf.float32)
        image = v1.image.resize_bilinear(tf.expand_dims(image, 0), [20, 20], align_corners=True)
        image = tf.squeeze(image, [0])
        return tf.multiply(tf.subtract(image, 0.5), 2.0)
    images = v1.map_fn(parse, bytes, dtype=tf.float32)
    vector, scores = v1_network(images, True)
    return {"key": key, "image_bytes": bytes}, {"key": tf.identity(key), "scores": scores}


def single_graph():
    """One picture, no loop, any size: as a fully convolutional network is exported."""
    bytes = v1.placeholder(tf.string, shape=[], name="image_bytes")
    image = tf.cast(tf.image.decode_jpeg(bytes, channels=1, dct_method="INTEGER_ACCURATE"), tf.float32) / 255.0
    vector, scores = v1_network(tf.expand_dims(image, 0), False, depth=1)
    return {"image_bytes": bytes}, {"scores": scores}


def frozen_graph():
    """Weights as constants, a learning phase that nobody feeds, and a batch of which only the first picture counts."""
    bytes = v1.placeholder(tf.string, shape=[None], name="image_bytes")
    training = v1.placeholder_with_default(False, shape=[], name="learning_phase")
    image = tf.image.convert_image_dtype(tf.image.decode_jpeg(bytes[0], channels=3), tf.float32)
    x = v1.image.resize_images(tf.expand_dims(image, 0), (16, 16))
    x = tf.nn.relu(tf.nn.conv2d(x, tf.constant(weights("conv1/kernel", (3, 3, 3, 6))), 2, "SAME"))
    x = v1.cond(training, lambda: tf.nn.dropout(x, rate=0.5), lambda: tf.identity(x))
    x = tf.reshape(x, (-1, 8 * 8 * 6)) * tf.constant(0.1)
    x = tf.matmul(x, tf.constant(weights("dense/kernel", (384, 3)))) + tf.constant([0.1, 0.2, 0.3])
    return {"image_bytes": bytes}, {"scores": tf.nn.softmax(x), "best": tf.argmax(x, axis=-1), "good": x > 0.2}


def plain_graph():
    images = v1.placeholder(tf.float32, shape=[None, 16, 16, 3], name="images")
    key = v1.placeholder(tf.int64, shape=[None], name="key")
    vector, scores = v1_network(images, True)
    return {"images": images, "key": key}, {"key": tf.identity(key), "scores": scores}


def mapped_module():
    module = tf.Module()
    module.network = Network()

    def parse(bytes):
        image = tf.io.decode_jpeg(bytes, channels=3, dct_method="INTEGER_ACCURATE")
        return tf.image.resize(image, (24, 20)) / 255.0

    def decode_any(bytes):
        image = tf.io.decode_image(bytes, channels=3, expand_animations=False)
        image = tf.image.resize(tf.image.convert_image_dtype(image, tf.float32), (24, 20), antialias=True)
        image.set_shape((24, 20, 3))
        return image

    @tf.function(input_signature=[
        tf.TensorSpec([None], tf.string, "image_bytes"), tf.TensorSpec([None], tf.string, "key")])
    def serve(image_bytes, key):
        images = tf.map_fn(parse, image_bytes, fn_output_signature=tf.float32)
        vector, scores = module.network(tf.ensure_shape(images, (None, 24, 20, 3)))
        return {"scores": scores, "vector": vector, "key": key}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def any_kind(image_bytes):
        images = tf.map_fn(decode_any, image_bytes, fn_output_signature=tf.TensorSpec((24, 20, 3), tf.float32))
        return {"scores": module.network(images)[1]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def from_examples(examples):
        features = tf.io.parse_example(examples, {
            "png_bytes": tf.io.FixedLenFeature([], tf.string),
            "study": tf.io.FixedLenFeature([], tf.string, default_value="unknown"),
            "gain": tf.io.FixedLenFeature([1], tf.float32, default_value=[1.0]),
        })

        def parse(bytes):
            image = tf.io.decode_png(bytes, channels=3)
            return tf.image.resize(image, (24, 20), method="nearest")
        images = tf.map_fn(parse, features["png_bytes"], fn_output_signature=tf.uint8)
        images = tf.cast(images, tf.float32) / 127.5 - 1.0
        images = images * tf.reshape(features["gain"], (-1, 1, 1, 1))
        return {"scores": module.network(images)[1], "study": features["study"]}

    @tf.function(input_signature=[tf.TensorSpec([None, 24, 20, 3], tf.float32, "images")])
    def numbers(images):
        return {"scores": module.network(images)[1]}
    return module, {
        "serving_default": serve, "any_kind": any_kind, "examples": from_examples, "numbers": numbers}


def keras_module():
    import keras
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, name="conv")(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="dense")(x))
    for variable in model.variables:
        offset = 1.5 if "variance" in variable.path or "gamma" in variable.path else 0
        variable.assign(weights(variable.path.split("/", 1)[-1], variable.shape) + offset)
    module = tf.Module()
    module.model = model
    module.parts = [v.value for v in model.variables]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def serve(image_bytes):
        def parse(bytes):
            image = tf.io.decode_png(bytes, channels=3)
            image = tf.image.resize(image, (16, 16), method="bicubic")
            return tf.cast(image, tf.float32) * (1 / 255.0)
        images = tf.map_fn(parse, image_bytes, fn_output_signature=tf.float32)
        return {"scores": model(tf.reshape(images, (-1, 16, 16, 3)), training=False)}
    return module, {"serving_default": serve}


def refused_module():
    """Reads a file that the caller names."""
    module = tf.Module()
    module.network = Network()

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, "path")])
    def serve(path):
        image = tf.io.decode_png(tf.io.read_file(path), channels=3)
        return {"scores": module.network(tf.cast(image, tf.float32)[tf.newaxis])[1]}
    return module, {"serving_default": serve}


def steps_module():
    """What else a graph may do to one picture before the network; the picture itself is the answer."""
    steps = {
        "area": lambda image: v1.image.resize_area(image[tf.newaxis], (9, 11))[0],
        "lanczos": lambda image: tf.image.resize(image, (9, 11), method="lanczos3", antialias=True),
        "gaussian": lambda image: tf.image.resize(image, (9, 11), method="gaussian"),
        "enlarged": lambda image: tf.image.resize(image, (9, 11), method="mitchellcubic", antialias=True) / 4,
        "padded": lambda image: tf.image.resize_with_pad(image, 10, 12),
        "cropped": lambda image: tf.image.central_crop(image, 0.3)[..., ::-1],
        "box": lambda image: tf.cast(tf.image.crop_to_bounding_box(image, 2, 3, 8, 9), tf.float32),
        "standard": lambda image: tf.image.per_image_standardization(image[:9, :8]),
        "grey": lambda image: tf.image.rgb_to_grayscale(tf.cast(image, tf.float32))[::3, ::4],
        "flipped": lambda image: tf.image.flip_left_right(tf.cast(image, tf.float32))[3:12, -8:],
        "corners": lambda image: v1.image.resize_nearest_neighbor(image[tf.newaxis], (9, 11), align_corners=True)[0],
        "cubic": lambda image: v1.image.resize_bicubic(image[tf.newaxis], (50, 9))[0, ::4],
        "chosen": lambda image: tf.cond(
            tf.shape(image)[0] > tf.shape(image)[1], lambda: tf.cast(image, tf.float32)[:5, :6],
            lambda: tf.cast(image, tf.float32)[:5, 6:12] - 1),
        "rows": lambda image: tf.concat([image[:2], image[4:6]], axis=0)[:, 5:9],
        "centred": lambda image: (tf.cast(image, tf.float32) - tf.constant([103.939, 116.779, 123.68]))[:4, :6],
    }
    module = tf.Module()
    functions = {}

    def serving(step):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "image_bytes")])
        def serve(image_bytes):
            return {"image": step(tf.io.decode_png(image_bytes, channels=3))}
        return serve
    for name, step in steps.items():
        functions[name] = serving(step)
        setattr(module, name, functions[name])
    return module, functions


def unfit_module():
    """What is refused, each for a reason of its own."""
    module = tf.Module()
    module.network = Network()
    names = tf.constant(["a", "b", "c"])

    @tf.function(input_signature=[tf.TensorSpec([None, 24, 20, 3], tf.float32, "images")])
    def labels(images):
        return {"label": tf.gather(names, tf.argmax(module.network(images)[1], axis=-1))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def contrast(image_bytes):
        def one(bytes):
            return tf.image.adjust_contrast(tf.cast(tf.io.decode_png(bytes, channels=3), tf.float32), 2.0)
        return {"scores": module.network(tf.map_fn(one, image_bytes, fn_output_signature=tf.float32))[1]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def inside(image_bytes):
        def one(bytes):
            image = tf.cast(tf.io.decode_png(bytes, channels=3), tf.float32)
            return module.network(image[tf.newaxis])[1][0]
        return {"scores": tf.map_fn(one, image_bytes, fn_output_signature=tf.float32)}
    return module, {"labels": labels, "contrast": contrast, "inside": inside}


def python_module():
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def serve(x):
        return {"y": tf.ensure_shape(tf.py_function(lambda v: v + 1, [x], tf.float32), [None])}
    return module, {"serving_default": serve}


def forms():
    pngs, jpegs = ["colour.png", "grey.png", "wide.png"], ["colour.jpg", "wide.jpg"]
    jpeg = strings(*[IMAGES[file] for file in jpegs])
    yield graph_form("tf1-example", example_graph(False), [{"example": examples(pngs)}])
    yield graph_form("tf1-example-resource", example_graph(True), [{"example": examples(pngs[:1])}], loops=False)
    yield graph_form("tf1-keyed", keyed_graph, [{"image_bytes": jpeg, "key": strings(b"a", b"b")}])
    yield graph_form("tf1-single", single_graph, [{"image_bytes": IMAGES["grey.jpg"]}])
    yield graph_form("tf1-frozen", frozen_graph, [{"image_bytes": jpeg[:1]}])
    yield graph_form("tf1-plain", plain_graph, [
        {"images": np.stack([picture(16, 16, 3, s) for s in range(2)]).astype(np.float32) / 255,
         "key": np.array([7, 8])}])
    yield function_form("tf2-mapped", mapped_module, {
        "serving_default": [{"image_bytes": jpeg, "key": strings(b"a", b"b")}],
        "any_kind": [{"image_bytes": strings(IMAGES["colour.png"], IMAGES["wide.png"])}],
        "examples": [{"examples": strings(
            example(png_bytes=IMAGES["colour.png"], study="1.2.3", gain=[0.5]),
            example(png_bytes=IMAGES["grey.png"]))}],
        "numbers": [{"images": np.stack([picture(24, 20, 3, 3)]).astype(np.float32) / 255}],
    })
    yield function_form("tf2-keras", keras_module, [
        {"image_bytes": strings(*[IMAGES[f] for f in pngs])}])
    yield function_form("tf2-reads-file", refused_module, {"serving_default": []})
    steps = steps_module()
    yield function_form("tf2-steps", lambda: steps, {name: [{"image_bytes": IMAGES["colour.png"]}] for name in steps[1]})
    yield function_form("tf2-unfit", unfit_module, {"labels": [], "contrast": [], "inside": []})
    yield function_form("tf2-python", python_module, {"serving_default": []})


def as_json(value):
    import base64
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind in "SU":
        data = [base64.b64encode(v if isinstance(v, bytes) else str(v).encode()).decode() for v in array.reshape(-1)]
        return {"type": "string", "shape": list(array.shape), "base64": data}
    return {"type": str(array.dtype), "shape": list(array.shape),
            "values": [float(f"{v:.8g}") for v in array.reshape(-1)]}


def described(folder):
    from contextlib import redirect_stdout
    from tensorflow.python.tools import saved_model_cli
    text = io.StringIO()
    with redirect_stdout(text):
        saved_model_cli._show_all(folder)
    return text.getvalue()


if __name__ == "__main__":
    IMAGES = images()
    for name, write in forms():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        folder = os.path.join(HERE, name)
        shutil.rmtree(folder, ignore_errors=True)
        answers = write(folder)
        for extra in ("fingerprint.pb", "assets"):
            path = os.path.join(folder, extra)
            shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
        with open(folder + ".json", "w") as file:
            json.dump({signature: [{"inputs": {k: as_json(v) for k, v in request.items()},
                                    "outputs": {k: as_json(v) for k, v in answer.items()}}
                                   for request, answer in pairs] for signature, pairs in answers.items()},
                      file, indent=0)
        with open(folder + ".txt", "w") as file:
            file.write(described(folder))
        print(name)
