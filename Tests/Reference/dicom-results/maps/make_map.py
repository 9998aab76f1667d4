"""A class activation map by Keras: the last feature map times the weights of the label with the highest score.

    python Tests/Reference/dicom-results/maps/make_map.py

Writes square.dcm, a picture of whole-models as a DICOM image, and map.json. Written with Keras 3.15 on PyTorch.
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import ExplicitVRLittleEndian  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
MODELS = FOLDER.parents[1] / "whole-models"


def resized(values, size):
    """Bilinear, half-pixel centres, ends held."""
    places = (np.arange(size) + 0.5) * len(values) / size - 0.5
    lower = np.clip(np.floor(places), 0, len(values) - 1).astype(int)
    upper = np.clip(np.ceil(places), 0, len(values) - 1).astype(int)
    share = (places - np.floor(places)).reshape(-1, *[1] * (values.ndim - 1))
    return values[lower] + (values[upper] - values[lower]) * share


image = np.asarray(Image.open(MODELS / "images/grey3.png").convert("L"))
d = Dataset()
d.SOPClassUID, d.Modality = "1.2.840.10008.5.1.4.1.1.1", "CR"
d.StudyInstanceUID, d.SeriesInstanceUID = "1.2.826.0.1.3680043.10.1.20.1", "1.2.826.0.1.3680043.10.1.20.2"
d.SOPInstanceUID = "1.2.826.0.1.3680043.10.1.20.3"
d.Rows, d.Columns = image.shape
d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, "MONOCHROME2", 0
d.BitsAllocated, d.BitsStored, d.HighBit = 8, 8, 7
d.WindowCenter, d.WindowWidth = 128, 256
d.add_new("PixelData", "OB", image.tobytes())
d.file_meta = FileMetaDataset()
d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
d.file_meta.MediaStorageSOPClassUID, d.file_meta.MediaStorageSOPInstanceUID = d.SOPClassUID, d.SOPInstanceUID
d.save_as(FOLDER / "square.dcm", enforce_file_format=True)

model = keras.models.load_model(MODELS / "findings.h5", compile=False)
pool = next(layer for layer in model.layers if layer.name == "avg_pool")
opened = keras.Model(model.input, [model.output, pool.input])
scores, features = [np.asarray(t.detach()) for t in opened((image / np.float32(255))[None, :, :, None])]
label = int(scores[0].argmax())
kernel = model.layers[-1].get_weights()[0][:, label]
small = np.maximum(0, features[0] @ kernel)
small /= small.max()
large = resized(resized(small, image.shape[0]).T, image.shape[1]).T
(FOLDER / "map.json").write_text(json.dumps({
    "label": label, "scores": scores[0].tolist(), "rows": [[round(255 * v) for v in row] for row in large.tolist()]}) + "\n")
print(small.round(3), label, scores)
