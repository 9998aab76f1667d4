"""Results as DICOM objects: dciodvfy finds no error in them, highdicom and pydicom read them.

    python Tests/Clients/dicom_results.py [path of the lightbox program]

Needs `dciodvfy` (Debian: dicom3tools). The images are made-up films and the small ones of Tests/Reference/dicom-results,
the model is one of Tests/Reference/whole-models.
"""
import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy
import PIL.Image
import pydicom
from highdicom.seg import segread
from highdicom.sr import srread
from pynetdicom import AE, AllStoragePresentationContexts, evt
from support import PROGRAM, ROOT, check, free_port

MODEL = ROOT / "Tests/Reference/whole-models/findings.h5"
IMAGES = ROOT / "Tests/Reference/dicom-results"
LABELS = ["Pneumonia", "Edema", "Lung Lesion"]
CODES = {"Pneumonia": ("233604007", "SCT"), "Edema": ("19242006", "SCT"), "Lung Lesion": ("Lung Lesion", "99LIGHTBOX")}
# A study's own series and number are the archive's, not ours; the rest of its patient and study has to agree.
SAME = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime",
        "AccessionNumber", "StudyID"]

home = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-results-"))


def lightbox(*arguments, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments), "--home", str(home / "home")], capture_output=True, text=True)
    if done.returncode != code:
        raise SystemExit(f"lightbox {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def results(*arguments, code=0):
    return json.loads(lightbox("dicom", "results", *arguments, "--model", MODEL, "--labels", ",".join(LABELS), "--scaling",
                               "zero-to-one", "--json", code=code).splitlines()[-1])


def verify(path):
    """What dciodvfy calls an error."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def read(folder):
    return [pydicom.dcmread(path) for path in sorted(pathlib.Path(folder).rglob("*.dcm"))]


def scores():
    """What `lightbox predict` says of every image, by file."""
    lines = lightbox("predict", "--model", MODEL, "--labels", ",".join(LABELS), "--scaling", "zero-to-one", "--json",
                     *[source.filename for source in sources.values()]).splitlines()
    said = [json.loads(line) for line in lines]
    return {pathlib.Path(line["key"].split("#")[0]).resolve(): line["scores"] for line in said}


def check_report(path, source, frames, expected):
    report = srread(path).content
    groups = report.get_image_measurement_groups()
    check(len(groups) == len(frames), f"{path.name}: a measurement group for each of {len(frames)} frames")
    for group, frame in zip(groups, frames):
        image = next(item for item in group[0].ContentSequence if item.ValueType == "IMAGE").ReferencedSOPSequence[0]
        check(image.ReferencedSOPInstanceUID == source.SOPInstanceUID and image.get("ReferencedFrameNumber") == frame,
              "it refers to its image")
        measurements = group.get_measurements()
        check([(m.name.value, m.name.scheme_designator) for m in measurements] == [CODES[label] for label in LABELS],
              "a coded probability for each label")
        if frame in (None, 1):
            check([float(m.value) for m in measurements] == expected, f"the scores are those of predict: {expected}")
        check(all(m.unit.value == "{probability}" for m in measurements), "their unit is that of a probability")
    check(report.get_observer_contexts()[0].observer_identifying_attributes.name == "Lightbox", "the observer is the program")


def check_segmentation(path, source, frames):
    segmentation = segread(path)
    count = segmentation.number_of_segments
    labels = [segmentation.get_segment_description(n + 1).segment_label for n in range(count)]
    check(set(labels) <= set(LABELS) and count == len(set(labels)), f"{path.name}: segments {labels}")
    if len(frames) > 1:
        values = segmentation.get_pixels_by_source_frame(
            source.SOPInstanceUID, frames, ignore_spatial_locations=True, assert_missing_frames_are_empty=True)
    else:
        values = segmentation.get_pixels_by_source_instance(
            [source.SOPInstanceUID], ignore_spatial_locations=True)
    check(values.shape == (len(frames), source.Rows, source.Columns, count), "its maps have the image's size")
    check(0.9 < float(values.max()) <= 1.0, "the hottest place of a map is 1")
    check(("FrameOfReferenceUID" in segmentation) == ("FrameOfReferenceUID" in source), "it has the image's frame of reference")


# matplotlib's inferno at seventeen places from 0 to 1.
INFERNO = ["000004", "0b0724", "210c4a", "3d0965", "57106e", "71196e", "8a226a", "a32c61", "bc3754", "d24644", "e45a31",
           "f1731d", "f98e09", "fcac11", "f9cb35", "f2ea69", "fcffa4"]


def check_overlay(capture, segmentation, film):
    """Six tenths of the map's value is the colour's share, the rest the film's."""
    colours = numpy.array([[int(c[n:n + 2], 16) for n in (0, 2, 4)] for c in INFERNO], float)
    heat = segmentation / 255
    colour = numpy.stack([numpy.interp(heat, numpy.linspace(0, 1, 17), colours[:, n]) for n in range(3)], axis=-1)
    expected = film[..., None] + 0.6 * heat[..., None] * (colour - film[..., None])
    check(numpy.abs(capture - expected).max() <= 1, "the picture is the film with the map over it")


def check_captures(captures, source):
    for capture in captures:
        pixels = capture.pixel_array
        check(pixels.shape == (source.Rows, source.Columns, 3) and pixels.dtype == numpy.uint8, "a picture of the image's size")
        check(capture.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID, "it refers to its image")


films = home / "films"
lightbox("phantoms", "--patients", 2, "--output", films)
for path in IMAGES.glob("*.dcm"):
    shutil.copy(path, films / path.name)
sources = {source.SOPInstanceUID: source for source in read(films)}
expected = scores()
check(len(sources) == len(expected) > 10, f"{len(sources)} images")

for heatmaps in ("seg", "sc"):
    output = home / heatmaps
    report = results(films, "--heatmaps", heatmaps, "--frames", "all", "--output", output)
    written = read(output)
    check(report["written"] == len(written) and report["problems"] == [], f"{heatmaps}: {len(written)} objects")
    errors = {str(d.filename): found for d in written if (found := verify(d.filename))}
    for path, found in errors.items():
        print(path, *found, sep="\n  ")
    check(not errors, f"{heatmaps}: dciodvfy finds no error")
    for source in sources.values():
        count = int(source.get("NumberOfFrames", 1))
        frames = list(range(1, count + 1)) if count > 1 else [None]
        mine = [d for d in written if d.StudyInstanceUID == source.StudyInstanceUID and source.SOPInstanceUID in str(d)]
        by = {modality: [d for d in mine if d.Modality == modality] for modality in ("SR", "SEG", "OT")}
        check(all(str(d.get(k, "")) == str(source.get(k, "")) for d in mine for k in SAME), "patient and study agree")
        check(len(by["SR"]) == 1, "one report for each image")
        check_report(pathlib.Path(by["SR"][0].filename), source, frames, expected[pathlib.Path(source.filename).resolve()])
        if heatmaps == "seg":
            check(len(by["SEG"]) == 1, "one segmentation for each image")
            check_segmentation(pathlib.Path(by["SEG"][0].filename), source, [f or 1 for f in frames])
        else:
            check(len(by["OT"]) == len(frames), "one picture for each frame's label")
            check_captures(by["OT"], source)

lightbox("dicom", "import", films, "--store", "films")
lightbox("dicom", "export", "--store", "films", "--to", home / "png")
compared = 0
for capture in read(home / "sc"):
    source = sources[capture.SourceImageSequence[0].ReferencedSOPInstanceUID] if capture.Modality == "OT" else None
    if source is None or "NumberOfFrames" in source or source.Rows < 100:
        continue
    maps = next(d for d in read(home / "seg") if d.Modality == "SEG" and d.StudyInstanceUID == source.StudyInstanceUID
                and d.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID)
    film = next((home / "png").rglob(f"{source.SOPInstanceUID}.png"))
    check_overlay(capture.pixel_array, maps.pixel_array, numpy.asarray(PIL.Image.open(film)))
    compared += 1
check(compared > 4, f"so are {compared} pictures")

again = results(films, "--heatmaps", "seg", "--frames", "all", "--output", home / "seg")
check((again["written"], again["unchanged"]) == (0, 2 * len(sources)), "a second run writes nothing")
first = results("--store", "films", "--heatmaps", "sc", "--view", "frontal")
frontal = sum(source.get("ViewPosition") in ("PA", "AP") for source in sources.values())
check(first["written"] == 2 * frontal > 0, f"a report and a picture of each of {frontal} frontal films go into the store")
second = results("--store", "films", "--heatmaps", "sc", "--view", "frontal")
check((second["written"], second["unchanged"]) == (0, 2 * frontal), "a second run takes none of them for a film")

received = []
archive = AE("ARCHIVE")
archive.supported_contexts = AllStoragePresentationContexts
port = free_port()
server = archive.start_server(("127.0.0.1", port), block=False, evt_handlers=[
    (evt.EVT_C_STORE, lambda event: received.append(str(event.dataset.SOPInstanceUID)) or 0)])
lightbox("dicom", "send", home / "seg", "--to", f"ARCHIVE@127.0.0.1:{port}")
server.shutdown()
check(sorted(received) == sorted(str(d.SOPInstanceUID) for d in read(home / "seg")), f"pynetdicom takes {len(received)} objects")

(films / "broken.dcm").write_bytes((IMAGES / "film.dcm").read_bytes()[:700])
broken = results(films, "--output", home / "broken", code=3)
check([pathlib.Path(p["source"]).name for p in broken["problems"]] == ["broken.dcm"], "a broken file is reported")
check(broken["written"] == len(sources), "and the others have their reports")
shutil.rmtree(home)
