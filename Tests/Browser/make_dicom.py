"""Writes DICOM files whose every pixel is known: make_dicom.py FOLDER. Python's standard library only.

Two patients: a computed tomography of five slices with a cine loop, a colour picture and a film that is white at zero in
one study, and a plain film in another. `stored` gives the values again, for tests.
"""

import os
import struct
import sys

ROOT = "1.2.826.0.1.3680043.10.1234"
WIDTH, HEIGHT, SLICES, FRAMES = 64, 48, 5, 6
SLOPE, INTERCEPT = 2, -1000
WINDOWS = [(40, 400), (-600, 1500)]
MARKUP = "<img src=x onerror=alert(1)>"


def stored(kind, x, y, z=0):
    """The stored value of a pixel; `z` counts slices and frames from 0."""
    if kind == "tomography":
        return (x * 37 + y * 11 + z * 101) % 2000 - 200
    if kind == "cine":
        return (x * 5 + y * 3 + z * 40) % 256
    return (x * 61 + y * 7) % 4096  # of 12 bits


def encoded(tag, vr, value):
    """One element, explicit VR little endian."""
    group, element = tag >> 16, tag & 0xFFFF
    if vr == "SQ":
        data = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in value)
    elif isinstance(value, bytes):
        data = value
    elif vr in ("US", "UL"):
        data = struct.pack("<H" if vr == "US" else "<I", value)
    else:
        data = str(value).encode("utf-8")
    if len(data) % 2:
        data += b"\0" if vr in ("UI", "OB") else b" "
    head = struct.pack("<HH", group, element) + vr.encode()
    is_long = vr in ("OB", "OW", "SQ", "UN", "UT")
    return head + (struct.pack("<HI", 0, len(data)) if is_long else struct.pack("<H", len(data))) + data


def write(path, elements):
    values = {tag: (vr, value) for tag, vr, value in elements}
    meta = b"".join(encoded(*item) for item in [
        (0x00020001, "OB", b"\0\1"), (0x00020002, "UI", values[0x00080016][1]), (0x00020003, "UI", values[0x00080018][1]),
        (0x00020010, "UI", "1.2.840.10008.1.2.1"), (0x00020012, "UI", ROOT)])
    body = b"".join(encoded(tag, *values[tag]) for tag in sorted(values))
    with open(path, "wb") as file:
        file.write(b"\0" * 128 + b"DICM" + encoded(0x00020000, "UL", len(meta)) + meta + body)


def instance(folder, patient, study, series, number, sop_class, modality, description, pixels):
    names = {1: ("Phantom^Ada", "LB-001", "20240131", "Chest " + MARKUP), 2: ("Kowalski^Jan=コワルスキ^ヤン", "LB-002", "20230505", "Thorax")}
    name, identifier, date, title = names[patient]
    study_uid = f"{ROOT}.{study}"
    uid = f"{study_uid}.{series}.{number}"
    write(os.path.join(folder, uid + ".dcm"), [
        (0x00080005, "CS", "ISO_IR 192"), (0x00080016, "UI", sop_class), (0x00080018, "UI", uid), (0x00080020, "DA", date),
        (0x00080030, "TM", "101530"), (0x00080050, "SH", f"A{study}"), (0x00080060, "CS", modality),
        (0x00081030, "LO", title), (0x0008103E, "LO", description), (0x00100010, "PN", name), (0x00100020, "LO", identifier),
        (0x00100030, "DA", "19700101"), (0x00100040, "CS", "O"), (0x0020000D, "UI", study_uid),
        (0x0020000E, "UI", f"{study_uid}.{series}"), (0x00200011, "IS", series), (0x00200013, "IS", number),
        (0x00400275, "SQ", [encoded(0x00400007, "LO", "Request of a thorax")]),
        (0x00091001, "LO", "kept apart"), (0x00090010, "LO", "LIGHTBOX TEST"),
    ] + pixels)


def grid(width, height, value, form):
    return struct.pack(f"<{width * height}{form}", *(value(x, y) for y in range(height) for x in range(width)))


def image(rows, columns, photometric, bits, used, is_signed=0, samples=1):
    return [
        (0x00280002, "US", samples), (0x00280004, "CS", photometric), (0x00280010, "US", rows), (0x00280011, "US", columns),
        (0x00280100, "US", bits), (0x00280101, "US", used), (0x00280102, "US", used - 1), (0x00280103, "US", is_signed)]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for z in range(SLICES):
        pixels = grid(WIDTH, HEIGHT, lambda x, y: stored("tomography", x, y, z), "h")
        instance(folder, 1, 1, 1, z + 1, "1.2.840.10008.5.1.4.1.1.2", "CT", "Axial", image(HEIGHT, WIDTH, "MONOCHROME2", 16, 16, 1) + [
            (0x00280030, "DS", "0.5\\0.5"), (0x00281050, "DS", "\\".join(str(center) for center, _ in WINDOWS)),
            (0x00281051, "DS", "\\".join(str(width) for _, width in WINDOWS)), (0x00281052, "DS", INTERCEPT),
            (0x00281053, "DS", SLOPE), (0x00281055, "LO", "Mediastinum\\Wide"), (0x7FE00010, "OW", pixels)])
    frames = b"".join(grid(40, 30, lambda x, y: stored("cine", x, y, z), "B") for z in range(FRAMES))
    instance(folder, 1, 1, 2, 1, "1.2.840.10008.5.1.4.1.1.3.1", "US", "Cine", image(30, 40, "MONOCHROME2", 8, 8) + [
        (0x00280008, "IS", FRAMES), (0x7FE00010, "OB", frames)])
    colours = bytes(value for y in range(24) for x in range(32) for value in (x * 8, y * 10, 128))
    instance(folder, 1, 1, 3, 1, "1.2.840.10008.5.1.4.1.1.7", "OT", "Colour", image(24, 32, "RGB", 8, 8, samples=3) + [
        (0x00280006, "US", 0), (0x7FE00010, "OB", colours)])
    # An overlay stands in the four bits above the values.
    film = grid(WIDTH, HEIGHT, lambda x, y: stored("film", x, y) | ((x + y) % 16) << 12, "H")
    for patient, study in ((1, 1), (2, 2)):
        instance(folder, patient, study, 4, 1, "1.2.840.10008.5.1.4.1.1.1", "CR", "Film", image(HEIGHT, WIDTH, "MONOCHROME1", 16, 12) + [
            (0x00181164, "DS", "0.2\\0.2"), (0x7FE00010, "OW", film)])


if __name__ == "__main__":
    main(sys.argv[1])
