"""A Flask page with Keras behind it, the peer of the serving rows of `make bench`.

    python serve.py PORT                     listens on loopback until it is ended
    python serve.py --bodies FOLDER          writes the requests that both servers are sent

Needs flask, waitress, pillow and tensorflow-cpu. Weights are made up: the speed does not depend on them.
"""
import base64
import io
import json
import os
import sys

import numpy as np

TENSOR = (299, 299, 3)


def bodies(folder):
    from PIL import Image

    random = np.random.default_rng(1)
    # A smooth picture with some grain compresses about as a photograph does.
    coarse = Image.fromarray(random.integers(0, 255, (24, 32, 3), np.uint8)).resize((500, 375), Image.BICUBIC)
    grain = random.normal(0, 6, (375, 500, 3))
    picture = Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    requests = {
        "trivial": [[[[0.5]]]],
        "image": [{"image_bytes": {"b64": base64.b64encode(jpeg.getvalue()).decode()}}],
        "tensor": [np.round(random.random(TENSOR), 6).tolist()],
    }
    for name, instances in requests.items():
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump({"instances": instances}, file)


def serve(port):
    import tensorflow as tf
    from flask import Flask, jsonify, request
    from PIL import Image
    from waitress import serve as listen

    network = tf.keras.applications.MobileNetV2(weights=None)
    infer = tf.function(lambda images: network(images, training=False),
                        input_signature=[tf.TensorSpec([None, 224, 224, 3], tf.float32)])
    infer(np.zeros((1, 224, 224, 3), np.float32))
    app = Flask(__name__)

    @app.post("/trivial")
    def trivial():
        values = np.asarray(request.get_json()["instances"], np.float32)
        return jsonify(predictions=values.mean(axis=(1, 2)).tolist())

    @app.post("/tensor")
    def tensor():
        values = np.asarray(request.get_json()["instances"], np.float32)
        return jsonify(predictions=values.mean(axis=(1, 2)).tolist())

    @app.post("/image")
    def image():
        images = []
        for instance in request.get_json()["instances"]:
            picture = Image.open(io.BytesIO(base64.b64decode(instance["image_bytes"]["b64"]))).convert("RGB")
            images.append(np.asarray(picture.resize((224, 224), Image.BILINEAR), np.float32) / 127.5 - 1)
        return jsonify(predictions=infer(np.stack(images)).numpy().tolist())

    listen(app, host="127.0.0.1", port=port, threads=4)


if sys.argv[1] == "--bodies":
    bodies(sys.argv[2])
else:
    serve(int(sys.argv[1]))
