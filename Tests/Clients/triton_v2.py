"""tritonclient[http] against `lightbox serve`: health, metadata, inference as JSON and as binary data."""
import pathlib

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from support import SAVED_MODELS, Lightbox, check, doubling_onnx

server = Lightbox()
server.command("models", "create", "doubling")
server.command("versions", "create", "v1", "--model", "doubling", "--origin",
               doubling_onnx(pathlib.Path(server.home) / "doubling.onnx"))
server.command("models", "create", "mapped")
server.command("versions", "create", "v1", "--model", "mapped", "--origin", str(SAVED_MODELS / "tf2-mapped"))

client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
check(client.is_server_live() and client.is_server_ready(), "the server is live and ready")
check(client.get_server_metadata()["name"] == "lightbox", "server metadata")
check(client.is_model_ready("doubling") and client.is_model_ready("doubling", "v1"), "the model is ready")
check(not client.is_model_ready("none"), "another one is not")
metadata = client.get_model_metadata("doubling")
check(metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}], "model metadata")

values = np.arange(12, dtype=np.float32).reshape(3, 4)
for binary_in in (False, True):
    for binary_out in (False, True):
        given = triton.InferInput("x", values.shape, "FP32")
        given.set_data_from_numpy(values, binary_data=binary_in)
        wanted = triton.InferRequestedOutput("y", binary_data=binary_out)
        result = client.infer("doubling", [given], outputs=[wanted], request_id="r1")
        check(np.array_equal(result.as_numpy("y"), 2 * values) and result.get_response()["id"] == "r1",
              f"infer, binary input {binary_in}, binary output {binary_out}")
given = triton.InferInput("x", values.shape, "FP32")
given.set_data_from_numpy(values)
check(np.array_equal(client.infer("doubling", [given]).as_numpy("y"), 2 * values), "all outputs where none is named")
check(np.array_equal(client.infer("doubling", [given], model_version="v1", request_compression_algorithm="gzip")
                     .as_numpy("y"), 2 * values), "a packed request")


def fails(call):
    try:
        call()
    except InferenceServerException as error:
        return error.status() or str(error)
    return ""


wrong = triton.InferInput("z", values.shape, "FP32")
wrong.set_data_from_numpy(values)
check("400" in str(fails(lambda: client.infer("doubling", [wrong]))), "an unknown input is 400")
wrong = triton.InferInput("x", [3, 4], "FP64")
wrong.set_data_from_numpy(values.astype(np.float64))
check("400" in str(fails(lambda: client.infer("doubling", [wrong]))), "another type is 400")
check("404" in str(fails(lambda: client.infer("none", [given]))), "an unknown model is 404")

# Strings: images in an Example-free SavedModel.
metadata = client.get_model_metadata("mapped")
check(metadata["inputs"][0]["datatype"] == "BYTES", "a SavedModel that takes images: " + str(metadata["inputs"]))
client.close()
