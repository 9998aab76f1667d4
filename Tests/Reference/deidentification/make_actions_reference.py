#!/usr/bin/env python3
"""Writes actions.csv: the actions of the basic profile as dicom-anonymizer 2.1.0 has them (editions 2024b and 2026c).

    pip install dicom-anonymizer==2.1.0 && python3 make_actions_reference.py > actions.csv
"""
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2024b, dicomfields_2026c

SETS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}
actions = {}
for edition, module in (("2024b", dicomfields_2024b), ("2026c", dicomfields_2026c)):
    for name, action in SETS.items():
        for tag in getattr(module, name):
            if len(tag) == 2:  # longer ones are ranges: curves and overlays
                actions.setdefault("%04x%04x" % tag, (edition, action))
print("tag,edition,action")
for tag, row in sorted(actions.items()):
    print(",".join((tag, *row)))
