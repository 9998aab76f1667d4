#!/usr/bin/env python3
"""Writes actions.csv: the actions of the basic profile as dicom-anonymizer 2.1.0 has them (edition 2024b; what
the product takes from its edition 2026c would be compared with itself).

    pip install dicom-anonymizer==2.1.0 && python3 make_actions_reference.py > actions.csv
"""
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2024b

SETS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}
actions = {}
for name, action in SETS.items():
    for tag in getattr(dicomfields_2024b, name):
        if len(tag) == 2:  # longer ones are ranges: curves and overlays
            actions.setdefault("%04x%04x" % tag, action)
print("tag,action")
for row in sorted(actions.items()):
    print(",".join(row))
