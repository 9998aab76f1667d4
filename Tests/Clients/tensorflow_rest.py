"""The requests that TensorFlow Serving's page on its REST API documents, against `lightbox serve`.

https://www.tensorflow.org/tfx/serving/api_rest
"""
import base64
import json
import pathlib
import subprocess

import numpy as np
import requests

from support import SAVED_MODELS, Lightbox, check, doubling_onnx

server = Lightbox()
server.command("models", "create", "doubling")
for version in ("1", "2"):
    server.command("versions", "create", version, "--model", "doubling", "--origin",
                   doubling_onnx(pathlib.Path(server.home) / "doubling.onnx"))
model = server.address + "/v1/models/doubling"

answer = requests.get(model)
versions = answer.json()["model_version_status"]
check(answer.status_code == 200 and [v["version"] for v in versions] == ["1", "2"]
      and versions[0]["state"] == "AVAILABLE" and versions[0]["status"] == {"error_code": "OK", "error_message": ""},
      "model status")
check(len(requests.get(model + "/versions/2").json()["model_version_status"]) == 1, "version status")
metadata = requests.get(model + "/metadata").json()
signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
check(metadata["model_spec"]["name"] == "doubling" and signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
      and [d["size"] for d in signature["inputs"]["x"]["tensor_shape"]["dim"]] == ["-1", "4"], "metadata")

rows = [[1.0, 2.0, 3.0, 4.0], [5.0, 0.0, 0.0, 0.0]]
doubled = [[2 * value for value in row] for row in rows]
predict = model + ":predict"
check(requests.post(predict, json={"instances": rows}).json() == {"predictions": doubled}, "rows, bare")
check(requests.post(predict, json={"signature_name": "serving_default", "instances": [{"x": r} for r in rows]}).json()
      == {"predictions": doubled}, "rows, named")
check(requests.post(predict, json={"inputs": {"x": rows}}).json() == {"outputs": doubled}, "columns, named")
check(requests.post(predict, json={"inputs": rows}).json() == {"outputs": doubled}, "columns, bare")
check(requests.post(model + "/versions/1:predict", json={"instances": rows}).json() == {"predictions": doubled},
      "one version")
check(requests.post(predict, data=json.dumps({"instances": rows})).status_code == 200, "without a content type")

answer = requests.post(predict, json={"instances": [[1, 2]]})
check(answer.status_code == 400 and isinstance(answer.json()["error"], str), "errors are a text")
check(requests.post(predict, data="{").status_code == 400, "no JSON is 400")
check(requests.post(server.address + "/v1/models/none:predict", json={"instances": rows}).status_code == 404,
      "an unknown model is 404")
check(requests.post(model + "/versions/9:predict", json={"instances": rows}).status_code == 404,
      "an unknown version is 404")

answer = requests.post(model + ":classify", json={"examples": [{"x": rows[0]}, {"x": rows[1]}]})
check(answer.status_code == 200 and answer.json()["result"][0] == [["0", 2.0], ["1", 4.0], ["2", 6.0], ["3", 8.0]],
      "classify gives labels with scores")
answer = requests.post(model + ":classify", json={"context": {"x": rows[0]}, "examples": [{}, {"x": rows[1]}]})
check(answer.json()["result"][1][0] == ["0", 10.0], "features of the context are shared")
check(requests.post(model + ":regress", json={"examples": [{"x": rows[0]}]}).status_code == 400,
      "regress needs one number an example")

# Every SavedModel of the references, through the server, against TensorFlow's own numbers.
def strings(port):
    return [base64.b64decode(text) for text in port["base64"]]


def nested(values, shape):
    for length in reversed(shape[1:]):
        values = [values[start:start + length] for start in range(0, len(values), length)]
    return values if shape else values[0]


def request_value(port):
    if "base64" in port:
        return nested([{"b64": text} for text in port["base64"]], port["shape"])
    return nested(port["values"], port["shape"])


def close(found, port, name):
    flat = np.array(found).reshape(-1)
    if "base64" in port:
        wanted = strings(port)
        return [base64.b64decode(v["b64"]) if isinstance(v, dict) else v.encode() for v in flat] == wanted
    return np.allclose(flat.astype(float), port["values"], rtol=1e-3, atol=1e-3)


STEPS = {"tf2-steps"}  # single images to single arrays, which have no place in a batch: the unit tests hold them
REFUSED = {"tf2-python", "tf2-reads-file", "tf2-unfit"}  # Python in the graph, files, and what cannot be cut

for place in sorted(SAVED_MODELS.glob("*.json")):
    if place.stem in STEPS:
        continue
    name = place.stem.replace("-", "_")
    server.command("models", "create", name)
    creation = ("versions", "create", "v1", "--model", name, "--origin", str(SAVED_MODELS / place.stem))
    if place.stem in REFUSED:
        try:
            server.command(*creation)
            check(False, f"{place.stem} is refused")
        except subprocess.CalledProcessError:
            check(True, f"{place.stem} is refused")
        continue
    server.command(*creation)
    for signature, cases in json.loads(place.read_text()).items():
        for case in cases:
            values = {key: request_value(port) for key, port in case["inputs"].items()}
            # A signature of single values takes an instance at a time.
            single = any(port["shape"] == [] for port in case["inputs"].values())
            form = {"instances": [values]} if single else {"inputs": values}
            body = {"signature_name": signature, **form}
            answer = requests.post(f"{server.address}/v1/models/{name}:predict", json=body)
            outputs = answer.json().get("predictions", [None])[0] if single else answer.json().get("outputs")
            if len(case["outputs"]) == 1 and not (isinstance(outputs, dict) and set(outputs) == set(case["outputs"])):
                outputs = {next(iter(case["outputs"])): outputs}
            good = answer.status_code == 200 and all(
                close(outputs[key], port, key) for key, port in case["outputs"].items())
            check(good, f"{place.stem} {signature} as TensorFlow answers" + ("" if good else ": " + answer.text[:300]))
