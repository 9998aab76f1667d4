"""Writes a file with every element type that Lightbox reads, with safetensors 0.8 and PyTorch 2.15.

Run in this folder: python make_safetensors.py
"""
import torch
from safetensors.torch import save_file

values = torch.tensor([0.0, -0.0, 1.0, -1.5, 3.14159274, 1e-3, 65504.0, 0.333333343])
arrays = {
    "f32": values.reshape(2, 4),
    "f64": values.double() / 3,
    "f16": values.half(),
    "bf16": values.bfloat16(),
    "i64": torch.tensor([-(2**53) - 1, 2**62]),
    "i32": torch.tensor([[-(2**31)], [2**31 - 1]], dtype=torch.int32),
    "u8": torch.tensor([0, 128, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
    "block2/kernel:0": torch.zeros(0, 3),
    "Größe \"x\"\n": torch.tensor(2.5),
}
save_file(arrays, "package.safetensors", metadata={"format": "lightbox \"1\" ß"})
