#!/usr/bin/env python3
"""Compares the stored values of every test file with each of pydicom's decoding plug-ins, sample by sample,
and writes the result into docs/dicom-conformance.md between its two markers.

    scripts/pixel-conformance.py [PYDICOM_TEST_FILES [DICOM_DATA]]

Needs the packages that Tests/Reference/pixels/make_pixel_reference.py names; runs `swift test` for
Lightbox's own values. The folders default to .native/pydicom/test_files and ../shared/data/dicom.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root / "Tests/Reference/pixels"))
from make_pixel_reference import decoded, integers, read_files  # noqa: E402

START, END = "<!-- pixels: written by scripts/pixel-conformance.py -->", "<!-- end of pixels -->"


def lightbox_values(folder):
    environment = dict(os.environ, LIGHTBOX_PIXEL_DUMP=str(folder))
    command = ["swift", "test", "--filter", "StoredValuesTests"] + os.environ.get("SWIFT_TEST_FLAGS", "").split()
    subprocess.run(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compared(name, dataset, folder):
    """("equal" | "differs" | "alone" | "refused", what to say of it)."""
    base = folder / name.replace("/", "__")
    results = decoded(dataset)
    arrays = {plugin: integers(a).reshape(-1) for plugin, a in results.items() if isinstance(a, np.ndarray)}
    refused = base.with_name(base.name + ".refused")
    if refused.exists():
        others = f"decoded by {', '.join(sorted(arrays))}" if arrays else "no plug-in decodes it either"
        return "refused", f"refused, and {others}: {refused.read_text()}"
    values = base.with_name(base.name + ".values")
    if not values.exists():
        return None, None
    if not arrays:
        return "alone", "no plug-in decodes it"
    raw = values.read_bytes()
    differences = {}
    for plugin, array in arrays.items():
        ours = np.frombuffer(raw, array.dtype)
        if ours.size != array.size:
            differences[plugin] = None
        elif not np.array_equal(ours, array, equal_nan=array.dtype.kind == "f"):
            apart = np.abs(ours.astype(np.int64) - array.astype(np.int64))
            differences[plugin] = (int(apart.max()), 100 * float(np.count_nonzero(apart)) / apart.size)
    equal = sorted(set(arrays) - set(differences))
    told = [f"equal to {', '.join(equal)}"] if equal else []
    for plugin, found in sorted(differences.items()):
        told.append(f"another number of samples than {plugin}" if found is None else
                    f"up to {found[0]} from {plugin}, in {found[1]:.2f} % of the samples")
    return ("equal" if equal else "differs"), "; ".join(told) if differences else ""


def main():
    folders = [Path(a) for a in sys.argv[1:]] or [root / ".native/pydicom/test_files", root / "../shared/data/dicom"]
    counts, notes = defaultdict(lambda: defaultdict(int)), []
    with tempfile.TemporaryDirectory() as temporary:
        lightbox_values(temporary)
        for name, dataset in read_files(*folders):
            outcome, note = compared(name, dataset, Path(temporary))
            if outcome is None:
                continue
            syntax = dataset.file_meta.TransferSyntaxUID
            label = syntax.name.split(" [")[0] if syntax.name != syntax else "Deflated Image Frame Compression"
            key = (tuple(int(part) for part in syntax.split(".")), label.replace("(Process 14", "(Process 14)"))
            counts[key][outcome] += 1
            if note:
                notes.append(f"* `{name}` ({syntax.name.split(' (')[0]}): {note}")
    lines = ["| transfer syntax | files | equal | differs | no plug-in decodes it | refused |", "|---|---|---|---|---|---|"]
    kinds = ("equal", "differs", "alone", "refused")
    for (_, syntax_name), row in sorted(counts.items()):
        total = sum(row[kind] for kind in kinds)
        lines.append(f"| {syntax_name} | {total} | " + " | ".join(str(row[kind] or "") for kind in kinds) + " |")
    totals = [sum(row[kind] for row in counts.values()) for kind in kinds]
    lines.append(f"| **all** | {sum(totals)} | " + " | ".join(map(str, totals)) + " |")
    page = root / "docs/dicom-conformance.md"
    before, rest = page.read_text().split(START)
    text = "\n".join(lines) + "\n\nEvery file that is not simply equal to all plug-ins that decode it:\n\n" + "\n".join(notes)
    page.write_text(before + START + "\n\n" + text + "\n\n" + END + rest.split(END)[1])
    print("\n".join(lines))


if __name__ == "__main__":
    main()
