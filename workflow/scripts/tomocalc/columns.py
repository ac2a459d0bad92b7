"""Columns of the sheets that the workflow reads, in the order in which it writes them."""

from __future__ import annotations

VOLUMES = [
    "volume_id",
    "patient_id",
    "laterality",
    "view",
    "path",
    "pixel_spacing_mm",
    "slice_spacing_mm",
    "site",
]
ANNOTATIONS = [
    "volume_id",
    "slice",
    "x",
    "y",
    "radius",
    "width",
    "height",
    "mask",
    "kind",
    "pathology",
]
