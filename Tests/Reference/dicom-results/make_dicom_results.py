"""Small images that results are about, and what highdicom makes of the same predictions and maps.

    python Tests/Reference/dicom-results/make_dicom_results.py

Writes the images beside itself and reference.json: what each result takes over from its image (read by pydicom), the
tree of the report, and the attributes of the segmentation. Written with highdicom 0.28.2 and pydicom 3.0.2.
"""
import json
import pathlib

import highdicom as hd
import numpy as np
import pydicom
from highdicom.sr import CodedConcept as Code
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

FOLDER = pathlib.Path(__file__).resolve().parent
ROWS, COLUMNS = 6, 8


def image(name, number, sop_class, modality, frames=1, syntax=ExplicitVRLittleEndian, **more):
    d = Dataset()
    d.SOPClassUID = sop_class
    d.SOPInstanceUID = f"1.2.826.0.1.3680043.10.1.{number}.3"
    d.SeriesInstanceUID = f"1.2.826.0.1.3680043.10.1.{number}.2"
    d.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1.{number}.1"
    d.Modality = modality
    d.InstanceNumber = 4
    d.SeriesNumber = 2
    for keyword, value in more.items():
        setattr(d, keyword, value)
    d.Rows, d.Columns = ROWS, COLUMNS
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    if frames > 1:
        d.NumberOfFrames = frames
    d.PixelData = (np.arange(frames * ROWS * COLUMNS, dtype="<u2") * 17 % 4096).tobytes()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = syntax
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.save_as(FOLDER / f"{name}.dcm", enforce_file_format=True)
    return pydicom.dcmread(FOLDER / f"{name}.dcm")


def code(value, scheme, meaning):
    d = Dataset()
    d.CodeValue, d.CodingSchemeDesignator, d.CodeMeaning = value, scheme, meaning
    return d


def plane(position):
    d = Dataset()
    d.PlanePositionSequence = [Dataset()]
    d.PlanePositionSequence[0].ImagePositionPatient = position
    d.FrameContentSequence = [Dataset()]
    return d


def shared():
    d = Dataset()
    d.PixelMeasuresSequence = [Dataset()]
    d.PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.75]
    d.PixelMeasuresSequence[0].SliceThickness = 2.5
    d.PlaneOrientationSequence = [Dataset()]
    d.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    return d


ORIENTATION = [1, 0, 0, 0, 1, 0]
complete = dict(PatientBirthDate="19500102", PatientSex="F", StudyDate="20200304", StudyTime="101112",
                AccessionNumber="A-1", StudyID="S1", ReferringPhysicianName="")
SOURCES = {
    # names in three scripts by ISO 2022, a procedure with texts of its own within a sequence
    "film": image(
        "film", 1, "1.2.840.10008.5.1.4.1.1.1.1", "DX", SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", PatientID="P-1", StudyDescription="胸部正面",
        ProcedureCodeSequence=[code("399208008", "SCT", "胸部X線")], ViewPosition="PA", PatientOrientation=["L", "F"],
        BodyPartExamined="CHEST", BurnedInAnnotation="NO", PatientAge="070Y", TimezoneOffsetFromUTC="+0900", **complete),
    "utf8": image(
        "utf8", 2, "1.2.840.10008.5.1.4.1.1.1", "CR", syntax=ImplicitVRLittleEndian, SpecificCharacterSet="ISO_IR 192",
        PatientName="Wałęsa^Łucja", PatientID="ż-2", LossyImageCompression="01", LossyImageCompressionRatio=12.5,
        LossyImageCompressionMethod="ISO_10918_1", **complete),
    # nothing but what an image cannot do without
    "bare": image("bare", 3, "1.2.840.10008.5.1.4.1.1.1", "CR"),
    "slice": image(
        "slice", 4, "1.2.840.10008.5.1.4.1.1.2", "CT", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jürgen",
        PatientID="P-3", FrameOfReferenceUID="1.2.826.0.1.3680043.10.1.9", PositionReferenceIndicator="",
        ImagePositionPatient=[-10, 20.25, 7], ImageOrientationPatient=ORIENTATION, PixelSpacing=[0.5, 0.75],
        SliceThickness=2.5, **complete),
    "frames": image(
        "frames", 5, "1.2.840.10008.5.1.4.1.1.3.1", "US", frames=3, PatientName="Doe^Jane", PatientID="P-4", **complete),
    "volume": image(
        "volume", 6, "1.2.840.10008.5.1.4.1.1.2.1", "CT", frames=2, PatientName="Doe^Jane", PatientID="P-5",
        FrameOfReferenceUID="1.2.826.0.1.3680043.10.1.10", PositionReferenceIndicator="",
        SharedFunctionalGroupsSequence=[shared()],
        PerFrameFunctionalGroupsSequence=[plane([0, 0, 5]), plane([0, 0, 2.5])], **complete),
}
INHERITED = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID", "StudyDate",
             "StudyTime", "AccessionNumber", "StudyID", "StudyDescription", "ReferringPhysicianName",
             "TimezoneOffsetFromUTC"]

LABELS = {"Pneumonia": Code("233604007", "SCT", "Pneumonia"), "No Finding": Code("No Finding", "99LIGHTBOX", "No Finding"),
          "Pleural Effusion": Code("60046008", "SCT", "Pleural effusion"),
          "an outlandish label of the user's own": Code("an outlandish label of the user's own", "99LIGHTBOX",
                                                        "an outlandish label of the user's own")}
SCORES = {"Pneumonia": (0.8125, True), "No Finding": (1.5e-05, False), "Pleural Effusion": (0.33333334, None),
          "an outlandish label of the user's own": (1.0, True)}
MODEL_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bb822cd15d6c15b0f00a0"


def lines(item, depth=0):
    """A tree of content items, one a line, without the UIDs that each writer makes for itself."""
    name = item.ConceptNameCodeSequence[0]
    kind = item.ValueType
    value = ""
    if kind == "TEXT":
        value = item.TextValue
    elif kind == "CODE":
        value = coded(item.ConceptCodeSequence[0])
    elif kind == "NUM":
        measured = item.MeasuredValueSequence[0]
        value = f"{float(measured.NumericValue)!r} {coded(measured.MeasurementUnitsCodeSequence[0])}"
    elif kind == "IMAGE":
        reference = item.ReferencedSOPSequence[0]
        value = f"{reference.ReferencedSOPInstanceUID} {reference.get('ReferencedFrameNumber', '')}".strip()
    elif kind == "CONTAINER":
        template = item.get("ContentTemplateSequence")
        value = f"{template[0].MappingResource} {template[0].TemplateIdentifier}" if template else ""
    yield "  " * depth + " | ".join([item.get("RelationshipType", "-"), kind, coded(name), value]).rstrip(" |")
    for child in item.get("ContentSequence", []):
        yield from lines(child, depth + 1)


def coded(item):
    value = item.get("CodeValue") or item.get("LongCodeValue")
    return f"({value}, {item.CodingSchemeDesignator}, {item.CodeMeaning})"


def report(source, frames):
    device = hd.sr.ObserverContext(
        codes.DCM.Device, hd.sr.DeviceObserverIdentifyingAttributes(
            uid="2.25.1", name="Lightbox", manufacturer_name="Lightbox", model_name="Lightbox 0.0.1"))
    groups = []
    for frame in frames:
        measurements = [
            hd.sr.Measurement(name=LABELS[label], value=score, unit=Code("{probability}", "UCUM", "probability"),
                              derivation=Code("122157", "DCM", "Probability"))
            for label, (score, _) in SCORES.items()]
        evaluations = [
            hd.sr.QualitativeEvaluation(LABELS[label], codes.SCT.Present if found else codes.SCT.Absent)
            for label, (_, found) in SCORES.items() if found is not None]
        groups.append(hd.sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=hd.sr.TrackingIdentifier(
                uid="2.25.2", identifier=f"Frame {frame}" if frame else "Whole image"),
            algorithm_id=hd.sr.AlgorithmIdentification(
                name="chest", version="v3",
                parameters=[f"SHA-256 of the model: {MODEL_HASH}", "threshold of Pneumonia: 0.5"]),
            source_images=[hd.sr.SourceImageForMeasurementGroup(
                source.SOPClassUID, source.SOPInstanceUID, [frame] if frame else None)],
            measurements=measurements, qualitative_evaluations=evaluations))
    procedure = source.get("ProcedureCodeSequence")
    if procedure:
        c = procedure[0]
        procedure = Code(c.CodeValue, c.CodingSchemeDesignator, str(c.CodeMeaning))
    elif source.Modality in ("CR", "DX"):
        procedure = Code("168537006", "SCT", "Plain radiography")
    else:
        procedure = Code("363679005", "SCT", "Imaging procedure")
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=device), procedure_reported=procedure,
        imaging_measurements=groups, title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(
            Code("en", "RFC5646", "English")))
    return list(lines(content[0]))


def segmentation(source, frames, labels):
    """Maps for the first label of all frames, then for the second and so on; values count up."""
    stack = np.zeros((len(frames), ROWS, COLUMNS, len(labels)), dtype=np.float32)
    for l in range(len(labels)):
        for f in range(len(frames)):
            stack[f, :, :, l] = pixels(l, f) / 255
    source = pydicom.Dataset(source)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
                    "AccessionNumber", "StudyID", "ReferringPhysicianName"):
        if keyword not in source:
            setattr(source, keyword, "")
    source.SpecificCharacterSet = "ISO_IR 192"
    algorithm = hd.AlgorithmIdentificationSequence("chest", codes.DCM.ArtificialIntelligence, "v3")
    seg = hd.seg.Segmentation(
        [source], stack, "FRACTIONAL",
        [hd.seg.SegmentDescription(n + 1, label, codes.SCT.MorphologicallyAbnormalStructure, LABELS[label], "AUTOMATIC",
                                   algorithm) for n, label in enumerate(labels)],
        "2.25.5", 9103, "2.25.6", 1, "Lightbox", "Lightbox", "0.0.1", "0.0.1", fractional_type="PROBABILITY",
        max_fractional_value=255, omit_empty_frames=False)
    frames_out = []
    for group, plane_pixels in zip(seg.PerFrameFunctionalGroupsSequence, np.atleast_3d(seg.pixel_array).reshape(
            -1, ROWS, COLUMNS)):
        derived = group.DerivationImageSequence[0]
        reference = derived.SourceImageSequence[0]
        frame = {
            "segment": int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber),
            "source": reference.ReferencedSOPInstanceUID,
            "sourceFrame": int(reference.get("ReferencedFrameNumber", 0)),
            "purpose": coded(reference.PurposeOfReferenceCodeSequence[0]),
            "derivation": coded(derived.DerivationCodeSequence[0]),
            "sum": int(plane_pixels.astype(int).sum()),
        }
        if "PlanePositionSequence" in group:
            frame["position"] = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
        frames_out.append(frame)
    # Writers order frames by different coordinates: compared by segment and source frame.
    frames_out.sort(key=lambda f: (f["segment"], f["sourceFrame"]))
    common = seg.SharedFunctionalGroupsSequence[0]
    out = {
        "type": [seg.SegmentationType, seg.SegmentationFractionalType, int(seg.MaximumFractionalValue)],
        "segments": [[s.SegmentLabel, s.SegmentAlgorithmType, s.SegmentAlgorithmName,
                      coded(s.SegmentedPropertyCategoryCodeSequence[0]), coded(s.SegmentedPropertyTypeCodeSequence[0])]
                     for s in seg.SegmentSequence],
        "frameOfReference": seg.get("FrameOfReferenceUID", ""),
        "frames": frames_out,
        "instances": [seg.ReferencedSeriesSequence[0].SeriesInstanceUID,
                      seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID],
    }
    if "PixelMeasuresSequence" in common and "FrameOfReferenceUID" in seg:
        out["spacing"] = [float(v) for v in common.PixelMeasuresSequence[0].PixelSpacing]
        out["orientation"] = [float(v) for v in common.PlaneOrientationSequence[0].ImageOrientationPatient]
    return out


def pixels(label, frame):
    return (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) * 5 + 40 * label + 3 * frame) % 256


def main():
    result = {}
    for name, source in SOURCES.items():
        count = int(source.get("NumberOfFrames", 1))
        frames = list(range(1, count + 1)) if count > 1 else [None]
        result[name] = {
            "file": pathlib.Path(source.filename).name,
            "inherited": {k: str(source.get(k, "")) for k in INHERITED},
            "report": report(source, frames),
        }
        try:
            result[name]["segmentation"] = segmentation(source, frames, ["Pneumonia", "No Finding"])
        except Exception as error:  # noqa: BLE001: what highdicom does not write, it may still read
            print(f"{name}: highdicom writes no segmentation: {error}")
    (FOLDER / "reference.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


main()
