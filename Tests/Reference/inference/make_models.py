"""Makes the small models of InferenceTests and what other programs compute with them.

Needs onnx 1.23, onnxruntime 1.31, tensorflow 2.21, openvino 2026.4. Run in this folder: python make_models.py
Weights and inputs follow formulas, so that no random generator has to be the same.
"""
import json, os, shutil

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T, helper as h, numpy_helper as n


def wave(*shape, step=0.37, scale=0.5):
    """sin(0.37 i) / 2, reshaped."""
    return (np.sin(np.arange(int(np.prod(shape))) * step) * scale).astype(np.float32).reshape(shape)


def save(name, nodes, inputs, outputs, constants):
    graph = h.make_graph(nodes, name, inputs, outputs, [n.from_array(v, k) for k, v in constants.items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], producer_name="lightbox")
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")
    return onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])


reference = {}


def record(name, session, feed):
    results = session.run(None, feed)
    reference[name] = {
        "inputs": {k: {"shape": list(v.shape), "type": str(v.dtype), "values": v.ravel().tolist()} for k, v in feed.items()},
        "outputs": {
            o.name: {"shape": list(r.shape), "values": r.astype(np.float64).ravel().tolist()}
            for o, r in zip(session.get_outputs(), results)
        },
    }


# A convolution with its nonlinearity and pooling: any number of 8 × 8 RGB images, channels last, to 4 features.
conv = save(
    "conv",
    [
        h.make_node("Transpose", ["image"], ["t"], perm=[0, 3, 1, 2]),
        h.make_node("Conv", ["t", "w", "b"], ["c"], kernel_shape=[3, 3], pads=[0, 0, 1, 1], strides=[2, 2]),
        h.make_node("Relu", ["c"], ["r"]),
        h.make_node("ReduceMean", ["r"], ["features"], axes=[2, 3], keepdims=0),
    ],
    [h.make_tensor_value_info("image", T.FLOAT, ["n", 8, 8, 3])],
    [h.make_tensor_value_info("features", T.FLOAT, ["n", 4])],
    {"w": wave(4, 3, 3, 3), "b": wave(4, scale=0.1)},
)
record("conv", conv, {"image": wave(3, 8, 8, 3, step=0.11, scale=1)})

# Integer inputs: bytes and 64-bit indices; two outputs, one of them integer.
mixed = save(
    "mixed",
    [
        h.make_node("Cast", ["bytes"], ["f"], to=T.FLOAT),
        h.make_node("Gather", ["table", "indices"], ["rows"], axis=0),
        h.make_node("Add", ["f", "rows"], ["sum"]),
        h.make_node("ArgMax", ["sum"], ["largest"], axis=1, keepdims=0),
    ],
    [h.make_tensor_value_info("bytes", T.UINT8, ["n", 5]), h.make_tensor_value_info("indices", T.INT64, ["n"])],
    [h.make_tensor_value_info("sum", T.FLOAT, ["n", 5]), h.make_tensor_value_info("largest", T.INT64, ["n"])],
    {"table": wave(6, 5, scale=100)},
)
record("mixed", mixed, {
    "bytes": (np.arange(10) * 53 % 256).astype(np.uint8).reshape(2, 5), "indices": np.array([4, 1], np.int64)})

# A feature map with channels first, open height and width: the image itself.
save(
    "map",
    [h.make_node("Relu", ["image"], ["r"]), h.make_node("Neg", ["image"], ["m"]), h.make_node("Relu", ["m"], ["s"]),
     h.make_node("Sub", ["r", "s"], ["features"])],
    [h.make_tensor_value_info("image", T.FLOAT, ["n", 3, "h", "w"])],
    [h.make_tensor_value_info("features", T.FLOAT, ["n", 3, "h", "w"])],
    {},
)

# The convolution in the other formats.
import openvino, tensorflow as tf

shutil.rmtree("conv_saved_model", ignore_errors=True)
ir = openvino.convert_model("conv.onnx")
openvino.save_model(ir, "conv.xml", compress_to_fp16=False)


class Module(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32, name="image")])
    def serve(self, image):
        kernel = tf.constant(wave(4, 3, 3, 3).transpose(2, 3, 1, 0))
        padded = tf.pad(image, [[0, 0], [0, 1], [0, 1], [0, 0]])
        x = tf.nn.relu(tf.nn.conv2d(padded, kernel, 2, "VALID") + wave(4, scale=0.1))
        return {"features": tf.reduce_mean(x, [1, 2])}


module = Module()
tf.saved_model.save(module, "conv_saved_model", signatures=module.serve)
shutil.rmtree("conv_saved_model/assets", ignore_errors=True)
concrete = tf.function(module.serve.python_function, input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.float32, name="image")])
converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete.get_concrete_function()], module)
open("conv.tflite", "wb").write(converter.convert())

json.dump(reference, open("models.json", "w"), indent=None, separators=(",", ":"))
